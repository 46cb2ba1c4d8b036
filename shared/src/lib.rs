//! The message crate of Recado: what its server and its clients say to each other.
//!
//! It holds frames, identifiers, limits and the codec, values that cannot hold what the wire
//! forbids, and the TLS configurations. It opens no socket, reads no clock and keeps no state.
//!
//! # The flow of a session
//!
//! - TCP, then TLS 1.3 with keys on both sides ([`tls`]). The server now knows the device's key,
//!   the client knows that it reached the server whose key it pinned.
//! - The client sends [`Hello`]: the versions it speaks, the name it claims or resumes, perhaps a
//!   token, and which heads it has. Until it is answered, frames may have
//!   [`limits::MAX_FRAME_LEN_BEFORE_WELCOME`] bytes, then [`limits::MAX_FRAME_LEN`].
//! - The server answers [`Welcome`], or [`Refusal`] and closes.
//! - The server sends [`ServerFrame::Heads`]: where each conversation stands that changed since.
//!   The client pulls with [`Request::Page`] what it misses. Live frames flow at the same time.
//! - The client sends [`Request::Append`]; the server commits the entry, syncs it to disk, answers
//!   [`Answer::Accepted`] and then relays [`ServerFrame::Entry`] to every other session of the
//!   members. A client that got no answer sends the same [`MessageId`] again in its next session.
//! - [`Advance`] moves the user's delivered and read cursors, which the server relays as
//!   [`ServerFrame::Cursors`].
//! - Presence and typing are hints: never stored, coalesced, and lost without harm.
//! - A session that cannot keep up gets [`ServerFrame::Behind`] in place of live frames, and heads
//!   once it has read what was queued.
//! - Each side's operating system watches the link and gives it up after about
//!   [`limits::DEAD_AFTER`] without an answer. A client that waits for an answer pings after
//!   [`limits::PING_AFTER`] of silence, and every [`limits::QUIET_PING_AFTER`] in any case; a
//!   server pings after [`limits::SERVER_PING_AFTER`] of silence. Who hears nothing for
//!   [`limits::PONG_WITHIN`] after a ping gives up.
//! - A session ends with [`ClientFrame::Leave`], with [`Farewell`], or with the connection.
//!
//! # Version rules
//!
//! - The major version is in the ALPN name: another major version cannot connect at all.
//! - [`Hello`] never changes shape. The server picks the newest version that both speak; each side
//!   sends only frames of that version or older ([`ClientFrame::since`], [`ServerFrame::since`])
//!   and refuses others.
//! - Postcard writes an enum variant as its position and a struct as its fields in order. So
//!   variants are appended, never moved or removed; a retired one keeps its place; a struct that
//!   was shipped never changes.
//! - Bytes left over after a value are an error.

#![deny(missing_docs)]

pub mod body;
pub mod codec;
pub mod content;
pub mod device;
pub mod frame;
pub mod hello;
pub mod id;
pub mod invite;
pub mod limits;
pub mod line;
pub mod name;
pub mod request;
pub mod room;
pub mod setting;
pub mod text;
pub mod time;
pub mod tls;

pub use body::{BodyError, MessageBody};
pub use content::{Content, Emoji, EmojiError, Erased, RoomEvent};
pub use device::{Device, LinkCode, LinkCodeError, PendingDevice};
pub use frame::{
    Activity, Advance, ClientFrame, Entry, Farewell, Head, HeadsPage, MemberCursors, Notice,
    Person, Presence, ServerFrame,
};
pub use hello::{Extension, Hello, ProtocolVersion, Refusal, Since, Token, Welcome};
pub use id::{
    ConversationId, DeviceKey, DirectPair, LogId, MessageId, RequestNumber, RoomId, Seq, Stamp,
    Timestamp, UserId,
};
pub use invite::{DEFAULT_PORT, Invite, InviteError, ServerAddress};
pub use line::{DeviceName, DisplayName, LineError, Topic};
pub use name::{NameError, NameKey, UserName};
pub use request::{Answer, Limit, PageRange, Request, RequestError};
pub use room::{
    History, Mute, Role, RoomFacts, RoomMember, RoomName, RoomSummary, Standing, Visibility,
};
pub use setting::{DraftText, Level, Setting, SettingKey};
pub use time::Now;
pub use tls::Fingerprint;
