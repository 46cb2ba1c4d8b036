//! What the relay asks of the store, and what the store answers: plain values.
//!
//! This is the seam behind which the log lives. Nothing outside `store/` knows how it is kept.

use std::collections::BTreeMap;

use recado_shared::rules::membership::MemberState;
use recado_shared::{
    Content, ConversationId, CursorUpdate, Device, DeviceKey, DeviceName, DisplayName, Entry, Head,
    HistoryVisibility, InviteToken, LogId, MemberCursors, MessageId, Mute, PageRange, Refusal,
    RequestError, RequestNumber, Role, RoomId, RoomName, RoomSummary, Seq, Setting, Stamp,
    Timestamp, UserId, UserName, Visibility,
};

use crate::id::{SessionId, Ticket};
use crate::store::values::admin::{Change, ChangeError, Changed};

/// A request of a session, so that its answer finds the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Which session asked.
    pub session: SessionId,
    /// The number it gave the request.
    pub number: RequestNumber,
}

/// Work for the only writer. Whatever queued while the last commit ran is the next commit; each
/// is answered by one [`Written`] after that commit is synced to disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Find the user of a device key, or register a new one.
    Login(Login),
    /// Append an entry.
    Append {
        /// Who waits for it.
        origin: Origin,
        /// The author.
        author: UserId,
        /// Where to. The author is a member.
        conversation: ConversationId,
        /// The author's id.
        id: MessageId,
        /// What.
        content: Content,
        /// When.
        time: Timestamp,
        /// Whether the author may delete the messages of others there.
        moderates: bool,
    },
    /// Make a room.
    CreateRoom {
        /// Who waits for it.
        origin: Origin,
        /// Which.
        new: NewRoom,
    },
    /// Move a member's cursors forward, no further than the newest entry.
    Advance {
        /// Whose. A member.
        user: UserId,
        /// Where, and to where.
        advance: CursorUpdate,
    },
    /// Change a user's devices.
    Device {
        /// Who waits for it.
        origin: Origin,
        /// Whose.
        user: UserId,
        /// Which of them asks.
        by: DeviceKey,
        /// What.
        change: DeviceChange,
        /// When.
        time: Timestamp,
    },
    /// Change something about a user for themselves.
    Person {
        /// Who waits for it.
        origin: Origin,
        /// Whom.
        user: UserId,
        /// What.
        change: PersonChange,
    },
    /// Change something for an administrator.
    Admin {
        /// Who waits for it.
        ticket: Ticket,
        /// What.
        change: Change,
        /// When.
        time: Timestamp,
    },
}

/// What users change about their devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChange {
    /// Make a device theirs.
    Link {
        /// Its key. The device asks for it.
        key: DeviceKey,
        /// What to call it.
        name: Option<DeviceName>,
    },
    /// Give one of them a name.
    Name {
        /// Its key.
        key: DeviceKey,
        /// What to call it.
        name: DeviceName,
    },
    /// Take one from them, but not the last.
    Revoke(DeviceKey),
}

/// What users change about themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonChange {
    /// One of their settings.
    Set(Setting),
    /// That this person may write to them.
    Accept(UserId),
    /// What they want to be called.
    Display(Option<DisplayName>),
}

/// What came of a [`PersonChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonChanged {
    /// The setting has this value.
    Set(Setting),
    /// The person may write to them.
    Accepted {
        /// Whether that was asked for.
        is_new: bool,
    },
    /// They are called like this.
    Display {
        /// Their name.
        name: UserName,
        /// What they want to be called.
        display: Option<DisplayName>,
    },
}

/// A room that somebody makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    /// Its first owner.
    pub author: UserId,
    /// The author's id of its first entry.
    pub id: MessageId,
    /// Its name.
    pub name: RoomName,
    /// Who can find it and come in.
    pub visibility: Visibility,
    /// What new members see of the past.
    pub history: HistoryVisibility,
    /// When.
    pub time: Timestamp,
}

/// The state that the relay keeps in memory, as the store has it at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredMemberships {
    /// All rooms.
    pub rooms: Vec<StoredRoom>,
    /// Each user who blocks another one, with that one.
    pub blocks: Vec<(UserId, UserId)>,
    /// Users whose account is disabled or removed.
    pub closed: Vec<UserId>,
    /// Display names, except those that look like the name of another user.
    pub displays: Vec<StoredDisplay>,
}

/// A user with a display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDisplay {
    /// Who.
    pub user: UserId,
    /// Under which name.
    pub name: UserName,
    /// What they want to be called.
    pub display: DisplayName,
}

/// A room with the relations of its users to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRoom {
    /// Its id.
    pub room: RoomId,
    /// Who can find and join it.
    pub visibility: Visibility,
    /// Whether the operator closed it.
    pub is_closed: bool,
    /// All users with a relation to it.
    pub members: BTreeMap<UserId, MemberState>,
}

/// A device that wants in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// For which session.
    pub session: SessionId,
    /// The key that the device proved to hold.
    pub key: DeviceKey,
    /// What it would like to be called, if it comes in for the first time.
    pub device_name: Option<DeviceName>,
    /// The name it claims or resumes.
    pub name: Option<UserName>,
    /// The token that it shows. One that was made for an existing user makes the device theirs,
    /// whatever the admission says.
    pub token: Option<InviteToken>,
    /// Whether it may register if its key is unknown.
    pub admission: Admission,
    /// Most users that the server may have.
    pub max_users: u64,
    /// When.
    pub time: Timestamp,
}

/// What the relay's policy says of a device whose key is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may register, unless it was taken from a user before: that needs an invite.
    Granted,
    /// It may register if this token is good, which uses the token up by one.
    ByInvite(InviteToken),
    /// It may not, and this is what it is told.
    Denied(Refusal),
}

/// The committed outcome of a [`Write`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Of [`Write::Login`].
    Login {
        /// For which session.
        session: SessionId,
        /// Who it is, or why it is not let in.
        result: Result<Admitted, Refusal>,
    },
    /// Of [`Write::Append`].
    Append {
        /// Who waits for it.
        origin: Origin,
        /// Where.
        conversation: ConversationId,
        /// The entry as stored, or why not.
        result: Result<Appended, RequestError>,
        /// The change that this was.
        stamp: Stamp,
    },
    /// Of [`Write::CreateRoom`].
    CreateRoom {
        /// Who waits for it.
        origin: Origin,
        /// What was asked.
        new: NewRoom,
        /// The room and its first entry as stored, or why not.
        result: Result<(RoomId, Appended), RequestError>,
        /// The change that this was.
        stamp: Stamp,
    },
    /// Of [`Write::Advance`].
    Advance {
        /// Where.
        conversation: ConversationId,
        /// The member's cursors as they are now, or `None` if nothing moved.
        moved: Option<MemberCursors>,
        /// The change that this was.
        stamp: Stamp,
    },
    /// Of [`Write::Device`].
    Device {
        /// Who waits for it.
        origin: Origin,
        /// Whose.
        user: UserId,
        /// What was asked.
        change: DeviceChange,
        /// Whether it is done, or why not.
        result: Result<(), RequestError>,
    },
    /// Of [`Write::Person`].
    Person {
        /// Who waits for it.
        origin: Origin,
        /// Whom.
        user: UserId,
        /// What was changed, or why nothing.
        result: Result<PersonChanged, RequestError>,
        /// The change that this was.
        stamp: Stamp,
    },
    /// Of [`Write::Admin`].
    Admin {
        /// Who waits for it.
        ticket: Ticket,
        /// What was changed, or why nothing.
        result: Result<Changed, ChangeError>,
        /// What was appended to the logs for it.
        entries: Vec<(ConversationId, Entry)>,
        /// The newest change before this one.
        since: Stamp,
    },
}

/// A device that the store knows, now or since before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its user.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// Whether this login registered the user.
    pub registered: bool,
    /// The identity of the store's data.
    pub log: LogId,
    /// The newest change committed before this login was.
    pub stamp: Stamp,
}

/// An entry in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// As stored; the first time's if `is_new` is not set.
    pub entry: Entry,
    /// Whether this request appended it. A resend did not, and is not relayed again.
    pub is_new: bool,
    /// Whether the author asks by it to write to the other person, who has not accepted that.
    pub is_request: bool,
}

impl Appended {
    /// An entry that an earlier request appended.
    pub(crate) const fn resent(entry: Entry) -> Self {
        Self {
            entry,
            is_new: false,
            is_request: false,
        }
    }
}

/// Work for a reader; never waits behind writes. Each is answered by one [`ReadResult`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Where a user's conversations stand.
    Heads {
        /// Who waits for them.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Leave out what has not changed since.
        since: Option<Stamp>,
    },
    /// A stretch of a log.
    Page {
        /// Who waits for it.
        origin: Origin,
        /// Who asks: only what this member may read is given.
        user: UserId,
        /// Of which conversation.
        conversation: ConversationId,
        /// Which stretch.
        range: PageRange,
        /// Most entries, already within the wire's limit.
        limit: u16,
    },
    /// Whether an entry that its author may not append any more was appended before: what was
    /// accepted stays accepted.
    Sent {
        /// Who waits for it.
        origin: Origin,
        /// What.
        sent: Sent,
    },
    /// Who these users are.
    Names {
        /// Who waits for it.
        origin: Origin,
        /// The users, already within the wire's limit.
        users: Vec<UserId>,
    },
    /// A stretch of the list of rooms that a user may find.
    Rooms {
        /// Who waits for it.
        origin: Origin,
        /// Which.
        find: FindRooms,
    },
    /// A stretch of the members of a room.
    Members {
        /// Who waits for it.
        origin: Origin,
        /// Of which room. The asker is a member.
        room: RoomId,
        /// Continue after this member.
        after: Option<UserId>,
        /// Most members, already within the wire's limit.
        limit: u16,
    },
    /// The devices of a user.
    Devices {
        /// Who waits for it.
        origin: Origin,
        /// Whose.
        user: UserId,
    },
    /// A user's settings, oldest change first.
    Settings {
        /// Who waits for it.
        origin: Origin,
        /// Whose.
        user: UserId,
        /// Only what changed after this.
        after: Stamp,
    },
    /// A stretch of the directory.
    Users {
        /// Who waits for it.
        origin: Origin,
        /// The beginning of the folded name.
        prefix: String,
        /// Continue after this name.
        after: Option<UserName>,
        /// Most people, already within the wire's limit.
        limit: u16,
    },
}

/// An entry that may have been appended by an earlier request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The author.
    pub author: UserId,
    /// Where to.
    pub conversation: ConversationId,
    /// The author's id.
    pub id: MessageId,
    /// What.
    pub content: Content,
    /// Why it cannot be appended now.
    pub refusal: RequestError,
}

/// Rooms that somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindRooms {
    /// Who.
    pub user: UserId,
    /// The beginning of the folded name.
    pub prefix: String,
    /// Continue after this name.
    pub after: Option<RoomName>,
    /// Most rooms, already within the wire's limit.
    pub limit: u16,
}

/// The outcome of a [`Read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadResult {
    /// Of [`Read::Heads`].
    Heads {
        /// Who waits for them.
        session: SessionId,
        /// The heads, newest conversation first.
        heads: Vec<Head>,
        /// The names of all members of those conversations.
        people: Vec<(UserId, UserName)>,
        /// How far these heads go.
        stamp: Stamp,
    },
    /// Of [`Read::Page`].
    Page {
        /// Who waits for it.
        origin: Origin,
        /// Ascending, without a hole, together at most
        /// [`MAX_PAGE_LEN`](recado_shared::limits::MAX_PAGE_LEN) bytes encoded.
        entries: Vec<Entry>,
        /// The newest place of the conversation; 0 if it has no entry.
        newest: Seq,
    },
    /// Of [`Read::Sent`].
    Sent {
        /// Who waits for it.
        origin: Origin,
        /// The entry as stored the first time, or why it is not.
        result: Result<Entry, RequestError>,
    },
    /// Of [`Read::Users`] and of [`Read::Names`], which has no more.
    Users {
        /// Who waits for it.
        origin: Origin,
        /// In the order of their folded names.
        people: Vec<(UserId, UserName)>,
        /// Whether there are more.
        more: bool,
    },
    /// Of [`Read::Settings`].
    Settings {
        /// Who waits for it.
        origin: Origin,
        /// Oldest change first, together at most
        /// [`MAX_PAGE_LEN`](recado_shared::limits::MAX_PAGE_LEN) bytes encoded.
        settings: Vec<Setting>,
        /// The change that the last of them was.
        stamp: Stamp,
        /// Whether there are more.
        more: bool,
    },
    /// Of [`Read::Rooms`].
    Rooms {
        /// Who waits for it.
        origin: Origin,
        /// In the order of their folded names.
        rooms: Vec<RoomSummary>,
        /// Whether there are more.
        more: bool,
    },
    /// Of [`Read::Devices`].
    Devices {
        /// Who waits for it.
        origin: Origin,
        /// Oldest first. The store does not know who is online.
        devices: Vec<Device>,
    },
    /// Of [`Read::Members`].
    Members {
        /// Who waits for it.
        origin: Origin,
        /// In the order of their numbers.
        members: Vec<StoredMember>,
        /// Whether there are more.
        more: bool,
    },
}

/// A member of a room as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMember {
    /// Who.
    pub user: UserId,
    /// Under which name.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
    /// Whether they have no voice.
    pub mute: Option<Mute>,
}
