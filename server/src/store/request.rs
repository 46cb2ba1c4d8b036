//! What the relay asks of the store, and what the store answers: plain values.
//!
//! This is the seam behind which the log lives. Nothing outside `store/` knows how it is kept.

use recado_shared::{
    Advance, Content, ConversationId, DeviceKey, Entry, Head, LogId, MemberCursors, MessageId,
    PageRange, Refusal, RequestError, RequestNumber, Seq, Stamp, Timestamp, Token, UserId,
    UserName,
};

use crate::id::SessionId;

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
    },
    /// Move a member's cursors forward, no further than the newest entry.
    Advance {
        /// Whose. A member.
        user: UserId,
        /// Where, and to where.
        advance: Advance,
    },
}

/// A device that wants in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// For which session.
    pub session: SessionId,
    /// The key that the device proved to hold.
    pub key: DeviceKey,
    /// The name it claims or resumes.
    pub name: Option<UserName>,
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
    /// It may register.
    Granted,
    /// It may register if this token is good, which uses the token up by one.
    ByInvite(Token),
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
    /// Of [`Write::Advance`].
    Advance {
        /// Where.
        conversation: ConversationId,
        /// The member's cursors as they are now, or `None` if nothing moved.
        moved: Option<MemberCursors>,
        /// The change that this was.
        stamp: Stamp,
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
        /// Of which conversation. The asker is a member.
        conversation: ConversationId,
        /// Which stretch.
        range: PageRange,
        /// Most entries, already within the wire's limit.
        limit: u16,
    },
    /// A stretch of the directory.
    People {
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
    /// Of [`Read::People`].
    People {
        /// Who waits for it.
        origin: Origin,
        /// In the order of their folded names.
        people: Vec<(UserId, UserName)>,
        /// Whether there are more.
        more: bool,
    },
}
