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
//! - [`CursorUpdate`] moves the user's delivered and read cursors, which the server relays as
//!   [`ServerFrame::Cursors`].
//! - Presence and typing are hints: never stored, coalesced, and lost without harm.
//! - A session that cannot keep up gets [`ServerFrame::Behind`] in place of live frames, and heads
//!   once it has read what was queued.
//! - Each side's operating system watches the link and gives it up after about
//!   [`limits::DEAD_AFTER`] without an answer. A client that waits for an answer pings after
//!   [`limits::PING_AFTER`] of silence, and every [`limits::QUIET_PING_AFTER`] in any case; a
//!   server pings after [`limits::SERVER_PING_AFTER`] of silence. Who hears nothing for
//!   [`limits::PONG_WITHIN`] after a ping gives up.
//! - A session ends with [`ClientFrame::Leave`], with [`CloseReason`], or with the connection.
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
//!
//! # Rooms, and what people do with messages
//!
//! - **One log, many kinds of entry** (`shared::content`). Replies, edits, deletions, reactions and everything that happens
//!   to a room are entries of the conversation's log. A client asks for any of them with `Append`, so one path has the
//!   idempotence, the order, the offline outbox and the permission check. Only `Created`, `ErasedKind`, `AuthorRemoved` and
//!   `Closed` are the server's to write.
//! - **One permission table** (`server::relay::permission`): a pure function of the request and of how the asker (and the
//!   person or message it is about) stands. The relay asks it before anything else. It knows members, roles, mutes, bans and
//!   blocks from its roster, which is read from the store at the start and follows what was committed. What only the log knows
//!   (whose message a target is) the store checks in the transaction that appends.
//! - **Unread counts messages only.** Each entry carries how many messages its log has up to it, each member how many of those
//!   lie at the read cursor, so no append touches a row per member.
//! - **Deleting erases.** The transaction that appends a `Deletion` overwrites the body of the target and of its edits in
//!   place, in the server's and in every client's database; what is left says `ErasedKind`. `secure_delete` is on, the write-ahead
//!   log is truncated right after, and the search index forgets the words, in the same transaction.
//! - **Rooms end for a member without ending for the log.** A member row stays with its standing (left, kicked, banned) and
//!   the places between which it may read, so heads can say so to a device that was away. Who was banned without ever being
//!   in or invited hears nothing of it. Whoever comes first into a room that everybody left owns it, and shows nobody what its
//!   members had hidden from newcomers.
//! - **Settings** (favourites, levels, mutes, drafts, blocks) are values of a user, not entries: the last one that reached the
//!   server holds, and every device pulls what changed after a stamp. A change applies at once and offline, and waits as unsent
//!   until the server has answered for that same value. Drafts come only into composers in which nobody writes, and by an edit
//!   that can be undone.
//! - **Blocked people** cannot write to the user alone, nor invite them, nor see live their presence, that they type or read; they are
//!   told the same as whoever writes to a closed account. In rooms their messages are folded into a dim line, and neither
//!   ring nor count as mentions. Who blocks somebody may still write to them.
//! - **First contact.** The first entry of a direct conversation decides whether it is a request, by what the recipient has
//!   set then. The recipient gets heads in place of live entries until they write back, accept, or ask no longer.
//! - **Display names** are not unique, but the server takes none that looks like somebody else's name, and shows one no longer
//!   once somebody takes a name that looks like it.
//! - **A new device asks again until it is approved.** Its `Hello` says that it wants to be linked, it is refused with
//!   `LinkPending` and repeats it. The code that people compare is made from its key, on both sides. Who waits stands only in
//!   the relay's memory. A revoked key is remembered: it is let in when it is linked again or brings an invite, and never
//!   registers a new name merely because the policy is `open`.
//! - **Administration** goes through a socket in the data folder, whose file permissions are the permission.

#![deny(missing_docs)]

pub mod body;
pub mod client;
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
pub mod rules;
pub mod setting;
pub mod text;
pub mod time;
pub mod tls;

pub use body::{BodyError, MessageBody};
pub use content::{Content, ContentClass, Emoji, EmojiError, ErasedKind, RoomEvent};
pub use device::{Device, LinkCode, LinkCodeError, PendingDevice};
pub use frame::{
    Activity, ClientFrame, CloseReason, CursorUpdate, Entry, Head, HeadsPage, MemberCursors,
    Notice, Presence, ServerFrame, UserProfile,
};
pub use hello::{Extension, Hello, InviteToken, ProtocolVersion, Refusal, SyncPoint, Welcome};
pub use id::{
    ConversationId, DeviceKey, DirectPair, LogId, MessageId, RequestNumber, RoomId, Seq, Stamp,
    Timestamp, UserId,
};
pub use invite::{DEFAULT_PORT, Invite, InviteError, ServerAddress};
pub use line::{DeviceName, DisplayName, LineError, Topic};
pub use name::{NameError, NameKey, UserName};
pub use request::{Answer, Limit, PageRange, Request, RequestError};
pub use room::{
    HistoryVisibility, Membership, Mute, Role, RoomInfo, RoomMember, RoomName, RoomSummary,
    Visibility,
};
pub use setting::{DraftText, NotificationLevel, Setting, SettingKey};
pub use time::Now;
pub use tls::Fingerprint;
