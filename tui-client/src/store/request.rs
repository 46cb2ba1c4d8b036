//! What the app asks of the local store, and what it gets back: plain values.

use recado_shared::{
    ConversationId, Entry, Head, LogId, MemberCursors, MessageBody, MessageId, PageRange, Seq,
    Since, Timestamp, UserId, UserName,
};

use crate::app::screen::Place;

/// A message that is not accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id, drawn when it was typed and kept through every resend.
    pub id: MessageId,
    /// Where to.
    pub conversation: ConversationId,
    /// What.
    pub body: MessageBody,
    /// When it was typed.
    pub typed: Timestamp,
    /// Whether it may go out.
    pub state: PendingState,
}

/// Whether a pending message may go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingState {
    /// As soon as there is a link.
    Waiting,
    /// Only when the user says so: the server refused it, for this reason.
    Failed(String),
}

/// A stretch of a log that is held without a hole, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The first entry.
    pub first: Seq,
    /// The last entry.
    pub last: Seq,
}

/// A change to the store. Each is one transaction; they are carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Save {
    /// Who the user is on this server, and whose log this is. If the log is another one than
    /// before, cached entries, heads and people go; drafts and the outbox stay.
    Me(StoredMe),
    /// Put a message in the outbox and clear the draft that it was.
    Queue(Pending),
    /// Change the state of a message in the outbox.
    SetPending {
        /// Which one.
        id: MessageId,
        /// Its state.
        state: PendingState,
    },
    /// Take a message out of the outbox and make its text the conversation's draft.
    TakeBack {
        /// Which one.
        id: MessageId,
        /// Where.
        conversation: ConversationId,
        /// The draft afterwards.
        draft: String,
    },
    /// Add entries; take those that are the user's own out of the outbox.
    Entries {
        /// Where.
        conversation: ConversationId,
        /// What. Entries that are already there stay as they are.
        entries: Vec<Entry>,
        /// What is held afterwards, ascending.
        held: Vec<Held>,
        /// Messages that are accepted now.
        settled: Vec<MessageId>,
    },
    /// Where conversations stand.
    Heads {
        /// The heads.
        heads: Vec<Head>,
        /// Set once these and all before them make a complete set.
        complete: Option<Since>,
    },
    /// A member's cursors moved.
    Cursors {
        /// Where.
        conversation: ConversationId,
        /// Whose, and to where.
        cursors: MemberCursors,
    },
    /// Names of people.
    People(Vec<(UserId, UserName)>),
    /// The text in a composer; empty removes the draft.
    Draft {
        /// Where.
        conversation: ConversationId,
        /// What.
        text: String,
    },
    /// Where a scroll stands.
    Place {
        /// Where.
        conversation: ConversationId,
        /// The place.
        place: Place,
    },
    /// Which conversation is open.
    Open(ConversationId),
}

/// A stretch of a cached log to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Which stretch.
    pub range: PageRange,
    /// Most entries wanted.
    pub limit: u16,
}

/// What was read. Entries that are held but not contiguous are given as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What was asked.
    pub load: Load,
    /// Ascending.
    pub entries: Vec<Entry>,
}

/// Who the user is on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMe {
    /// The number.
    pub user: UserId,
    /// The name.
    pub name: UserName,
    /// The identity of the server's data.
    pub log: LogId,
}

/// Everything that the first frame needs, read before any network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Who the user is; `None` before the first `Welcome`.
    pub me: Option<StoredMe>,
    /// What to name in the next `Hello`.
    pub since: Option<Since>,
    /// Names of people.
    pub people: Vec<(UserId, UserName)>,
    /// All conversations.
    pub conversations: Vec<StoredConversation>,
    /// In the order in which it was typed.
    pub outbox: Vec<Pending>,
    /// Drafts, also of conversations without an entry.
    pub drafts: Vec<(ConversationId, String)>,
    /// Which conversation was open.
    pub open: Option<ConversationId>,
}

/// A conversation as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConversation {
    /// Where it stands.
    pub head: Head,
    /// What is held of it.
    pub held: Vec<Held>,
    /// Where its scroll stood.
    pub place: Place,
    /// Entries around that place, or the newest ones: enough for a large screen.
    pub entries: Vec<Entry>,
}
