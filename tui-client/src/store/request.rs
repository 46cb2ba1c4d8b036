//! What the app asks of the local store, and what it gets back: plain values.

use recado_shared::{
    Content, ConversationId, DisplayName, Entry, Head, LogId, MemberCursors, MessageId, PageRange,
    Seq, Setting, SettingKey, Stamp, SyncPoint, Timestamp, UserId, UserName,
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
    pub content: Content,
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
        complete: Option<SyncPoint>,
    },
    /// A member's cursors moved.
    Cursors {
        /// Where.
        conversation: ConversationId,
        /// Whose, and to where.
        cursors: MemberCursors,
    },
    /// Names of people.
    Users(Vec<StoredPerson>),
    /// What the user has set, as the server has it, and how far it has been read. A setting that
    /// waits to be sent stays as it is here.
    Settings {
        /// The settings.
        settings: Vec<Setting>,
        /// What to ask for settings after; `None` leaves it.
        stamp: Option<Stamp>,
    },
    /// What the user has set here and the server does not have yet.
    UnsentSetting(Setting),
    /// The server has it, and no later change of it waits.
    SentSetting(SettingKey),
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
    /// Held entries elsewhere in the log that belong to these, ascending: those that edit, delete
    /// or react to one of them, the messages that one of them replies to, and the edits of those.
    pub about: Vec<Entry>,
}

/// A question to everything that was ever received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Chosen by the app and repeated by the answer.
    pub number: u32,
    /// Words that a message has all of, folded as the index folds them; the last one may be the
    /// beginning of a word.
    pub words: Vec<String>,
    /// Only what this person wrote.
    pub from: Option<UserId>,
    /// Only this conversation.
    pub conversation: Option<ConversationId>,
    /// Only before this time.
    pub before: Option<Timestamp>,
    /// Only from this time on.
    pub after: Option<Timestamp>,
    /// Most hits wanted.
    pub limit: u16,
}

/// What a [`Query`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The query's number.
    pub number: u32,
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Whether there are more than the limit.
    pub more: bool,
}

/// A message that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub conversation: ConversationId,
    /// The message.
    pub entry: Entry,
    /// Its text as it reads now, after edits.
    pub text: String,
    /// The message before it, if it is here.
    pub before: Option<Entry>,
    /// The message after it, if it is here.
    pub after: Option<Entry>,
}

/// A person as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPerson {
    /// The number.
    pub user: UserId,
    /// The unique name.
    pub name: UserName,
    /// What they want to be called.
    pub display: Option<DisplayName>,
}

impl StoredPerson {
    /// A person who is called by the unique name.
    pub fn named(user: UserId, name: UserName) -> Self {
        Self {
            user,
            name,
            display: None,
        }
    }
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
    pub since: Option<SyncPoint>,
    /// Names of people.
    pub people: Vec<StoredPerson>,
    /// What the user has set.
    pub settings: Vec<StoredSetting>,
    /// What to ask the server for settings after.
    pub settings_stamp: Stamp,
    /// All conversations.
    pub conversations: Vec<StoredConversation>,
    /// In the order in which it was typed.
    pub outbox: Vec<Pending>,
    /// Drafts, also of conversations without an entry.
    pub drafts: Vec<(ConversationId, String)>,
    /// Which conversation was open.
    pub open: Option<ConversationId>,
}

/// A setting as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSetting {
    /// The setting with its value.
    pub setting: Setting,
    /// Whether the server does not have it yet.
    pub is_unsent: bool,
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
