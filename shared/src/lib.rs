//! The wire protocol of Recado between its server and its clients, and the rules that both apply.
//!
//! It opens no socket, reads no clock and keeps no state. Its only file is that of a key ([`secret`]).
//!
//! # The flow of a session
//!
//! - TCP, then TLS 1.3 with keys on both sides ([`tls`]). The server now knows the device's key,
//!   the client knows that it reached the server whose key it pinned.
//! - The client sends [`Hello`]: the versions it speaks, the name it claims or resumes, perhaps a
//!   token, and which heads it has. Until it is answered, frames may have
//!   [`limits::MAX_FRAME_LEN_BEFORE_WELCOME`] bytes, then [`limits::MAX_FRAME_LEN`].
//! - The server answers [`Welcome`], or [`Refusal`] and closes.
//! - The server sends [`ServerFrame::Heads`]: the heads of the conversations that changed since.
//!   The client pulls with [`Request::Page`] what it misses. Live frames flow at the same time.
//! - The client sends [`Request::Append`]; the server commits the entry, syncs it to disk, answers
//!   [`Answer::Accepted`] and then relays [`ServerFrame::Entry`] to every other session of the
//!   members. A client that got no answer sends the same [`MessageId`] again in its next session.
//! - [`CursorUpdate`] moves the user's delivered and read cursors, which the server relays as
//!   [`ServerFrame::Cursors`].
//! - Presence and typing are hints: never stored, coalesced, and lost without harm.
//! - A session that cannot keep up gets [`ServerFrame::Behind`] in place of live frames, and heads
//!   once it has read what was queued.
//! - Each side's operating system watches the link and gives it up after about
//!   [`limits::DEAD_AFTER`] without an answer. A client that waits for an answer pings after
//!   [`limits::PING_AFTER`] of silence, and every [`limits::QUIET_PING_AFTER`] in any case; a
//!   server pings after [`limits::SERVER_PING_AFTER`] of silence. A side that hears
//!   nothing for [`limits::PONG_WITHIN`] after a ping gives up.
//! - A session ends with [`ClientFrame::Leave`], with [`CloseReason`], or with the connection.
//!
//! # Heads, pages and stamps: a worked example
//!
//! Alice (user 1) and Bob (user 2) have one direct conversation with two entries, `Seq` 1 and 2. The
//! server's counter of changes stands at `Stamp` 7. Bob's client has both entries and the sync point
//! (log L, stamp 7). His laptop goes to sleep.
//!
//! 1. Alice sends `Append`. The server commits `Seq` 3 with stamp 8, answers `Accepted { seq: 3 }` to her
//!    and pushes `Entry` to her other sessions. She sends another one: `Seq` 4, stamp 9.
//! 2. Bob's client connects and sends `Hello { since: (L, 7) }`. The server sends `Welcome` and reads the
//!    heads that changed after stamp 7.
//! 3. The server sends one `Heads` frame: `newest: 4`, `unread: 2`, Bob's cursors at 2, `complete: 9`. A
//!    conversation without a change after stamp 7 is not in it.
//! 4. The head shows that 3 and 4 are missing. The client asks for `Page { After(2) }` and gets both. Only
//!    then, and after `complete`, does it store the sync point (L, 9).
//! 5. It sends `UpdateCursors { delivered: 4, read: 2 }`, and `read: 4` once Bob saw them. Alice's client gets
//!    `Cursors` and shows *delivered*, then *read*. Each move is a change with a stamp of its own.
//!
//! If the log were not L, or the server were started in between, the server would send all heads, as to
//! a client that has none; and before them, how far both logs agree ([`epoch`]).
//!
//! `docs/decisions` in the repository has the rules for versions, rooms, settings, erasing, message requests and
//! device links, with their reasons.

#![deny(missing_docs)]

pub mod body;
pub mod client;
pub mod codec;
pub mod content;
pub mod device;
pub mod epoch;
pub mod frame;
pub mod hello;
pub mod id;
pub mod invite;
pub mod io_reason;
pub mod limits;
pub mod line;
pub mod name;
pub mod profile;
pub mod request;
pub mod room;
pub mod rules;
pub mod script;
pub mod secret;
pub mod setting;
pub mod text;
pub mod tls;

pub use body::{BodyError, DraftText, MessageBody};
pub use content::{Content, ContentClass, Emoji, EmojiError, Entry, ErasedKind, RoomEvent};
pub use device::{Device, LinkCode, LinkCodeError, PendingDevice};
pub use epoch::{AgreedPage, Continuity, Epoch, EpochsFrame};
pub use frame::{
    Activity, ClientFrame, CloseReason, CursorUpdate, Head, HeadsPage, MemberCursors, Notice,
    ServerFrame,
};
pub use hello::{Extension, Hello, InviteToken, ProtocolVersion, Refusal, SyncPoint, Welcome};
pub use id::{
    ConversationId, DeviceKey, DirectPair, EpochId, LogId, MessageId, Now, RequestNumber, RoomId,
    Seq, Stamp, Timestamp, UserId,
};
pub use invite::{DEFAULT_PORT, Invite, InviteError, ServerAddress};
pub use line::{DeviceName, DisplayName, LineError, Topic};
pub use name::{NameError, NameKey, UserName};
pub use profile::{Presence, UserProfile};
pub use request::{Answer, Limit, PageRange, Request, RequestError};
pub use room::{
    HistoryVisibility, Invitation, Membership, Mute, Role, RoomInfo, RoomMember, RoomName,
    RoomSummary, Visibility,
};
pub use setting::{NotificationLevel, Setting, SettingKey};
pub use tls::Fingerprint;
