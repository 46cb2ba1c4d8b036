//! Requests to the local store and their answers: plain values without SQL.

use recado_shared::{
    Content, ConversationId, DisplayName, Entry, Epoch, Head, LogId, MemberCursors, MessageId,
    PageRange, Seq, Setting, SettingKey, Stamp, SyncPoint, Timestamp, UserId, UserName,
};
use serde::{Deserialize, Serialize};

use crate::model::Place;

/// A message that is not accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Drawn when the message was typed, and kept through every resend.
    pub id: MessageId,
    pub conversation: ConversationId,
    pub content: Content,
    pub typed: Timestamp,
    pub state: PendingState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingState {
    /// Is sent as soon as there is a link.
    Waiting,
    /// The server refused it for this reason; only the user can retry it.
    Failed(String),
}

/// A gapless range of a log on this device, both ends included. Stored as it is written here, so the
/// fields keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRange {
    pub first: Seq,
    pub last: Seq,
}

/// The end of a log that the server does not have any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollBack {
    pub conversation: ConversationId,
    /// The last place where this device and the server agree.
    pub agreed: Seq,
    /// The cached entries up to here stay: up to `agreed`, or none if a dropped entry erased others,
    /// which the server then has with their texts again.
    pub keep: Seq,
    /// Why own messages in the outbox wait for the user.
    pub reason: String,
}

/// What a [`RollBack`] took from a log, as the conversation shows it from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostTail {
    pub conversation: ConversationId,
    /// The last place that was left.
    pub after: Seq,
    /// Messages that were lost, of all authors.
    pub messages: u64,
    /// When the first one of them was accepted.
    pub since: Timestamp,
}

/// The outcome of a [`StoreWrite::RollBack`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolledBack {
    /// Own messages that are in the outbox again, oldest first.
    pub pending: Vec<Pending>,
    pub lost: Vec<LostTail>,
}

/// Most announcements that are kept until the user opens them. Beyond it the oldest is dropped.
pub const MAX_ANNOUNCEMENTS: usize = 20;

/// A change to the store. Changes are applied in order, each in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreWrite {
    /// The user and the log of the server. Another log than before removes cached entries, heads
    /// and people; drafts and the outbox stay.
    Me(StoredMe),
    /// Adds a message to the outbox and removes the draft that it was.
    Queue(Pending),
    SetPending {
        id: MessageId,
        state: PendingState,
    },
    /// Notes the command that a queued change came from.
    Command(StoredCommand),
    /// Replaces the content of what waits in the outbox.
    Reword(MessageId, Content),
    /// Removes a message from the outbox and sets the draft of its conversation.
    TakeBack {
        id: MessageId,
        conversation: ConversationId,
        draft: String,
    },
    /// Adds entries, and removes the user's own ones from the outbox.
    Entries {
        conversation: ConversationId,
        /// Known entries among them stay as they are.
        entries: Vec<Entry>,
        /// The held ranges afterwards, ascending.
        held: Vec<HeldRange>,
        /// Messages to remove from the outbox, because the server accepted them.
        settled: Vec<MessageId>,
    },
    /// Removes the oldest entries of a log, to keep the store within its limit.
    Forget {
        conversation: ConversationId,
        /// The last place that goes.
        up_to: Seq,
        /// The held ranges afterwards, ascending.
        held: Vec<HeldRange>,
    },
    Heads {
        heads: Vec<Head>,
        /// Set if these and all earlier heads are a complete set.
        complete: Option<SyncPoint>,
    },
    /// The history of the server that all cached entries are of, once the heads are complete.
    Epochs(Vec<Epoch>),
    /// Drops the ends of logs that the server does not have any more. Own messages among them return
    /// to the outbox. Answered by [`StoreEvent::RolledBack`].
    RollBack(Vec<RollBack>),
    /// The server's data has another history. Removes what [`StoreWrite::Me`] with another log does.
    ForgetLog,
    Cursors(ConversationId, MemberCursors),
    Users(Vec<StoredPerson>),
    /// Settings of the server. An unsent setting keeps its local value.
    Settings {
        settings: Vec<Setting>,
        /// The stamp up to which settings are synchronised; `None` leaves it.
        stamp: Option<Stamp>,
    },
    UnsentSetting(Setting),
    /// The server has the setting, and no later change of it waits.
    SentSetting(SettingKey),
    /// An empty text removes the draft.
    Draft {
        conversation: ConversationId,
        text: String,
    },
    Place(ConversationId, Place),
    Open(ConversationId),
    /// Adds an announcement, and drops the oldest beyond [`MAX_ANNOUNCEMENTS`].
    Announcement(Timestamp, String),
    /// The user has opened all announcements: removes them.
    AnnouncementsSeen,
    /// Erases the texts that these entries erase, without adding the entries: they are the rest of a
    /// [`StoreWrite::Entries`] that is dropped.
    Erasures {
        conversation: ConversationId,
        entries: Vec<Entry>,
    },
}

/// Approximate bytes of a value besides its texts.
const VALUE_BYTES: usize = 96;

impl StoreWrite {
    /// The part that a program that ends must not drop: all but the cache, of which only erasures are
    /// kept. What is dropped comes from the server again.
    pub fn without_cache(&self) -> Option<Self> {
        match self {
            Self::Queue(_)
            | Self::SetPending { .. }
            | Self::Command(_)
            | Self::TakeBack { .. }
            | Self::Reword(..)
            | Self::UnsentSetting(_)
            | Self::SentSetting(_)
            | Self::Draft { .. }
            | Self::Place(..)
            | Self::Open(_)
            | Self::Announcement(..)
            | Self::AnnouncementsSeen
            | Self::RollBack(_)
            | Self::ForgetLog
            | Self::Erasures { .. } => Some(self.clone()),
            Self::Entries {
                conversation,
                entries,
                ..
            } => {
                let erasing = entries.iter().filter(|entry| is_erasing(&entry.content));
                let entries: Vec<_> = erasing.cloned().collect();
                (!entries.is_empty()).then_some(Self::Erasures {
                    conversation: *conversation,
                    entries,
                })
            }
            Self::Me(_)
            | Self::Forget { .. }
            | Self::Heads { .. }
            | Self::Epochs(_)
            | Self::Cursors(..)
            | Self::Users(_)
            | Self::Settings { .. } => None,
        }
    }

    /// Whether a read of the entries of a conversation may depend on it.
    pub(super) fn is_seen_in(&self, id: ConversationId) -> bool {
        match self {
            Self::Me(_) | Self::ForgetLog => true,
            Self::RollBack(logs) => logs.iter().any(|log| log.conversation == id),
            Self::Heads { heads, .. } => heads.iter().any(|head| head.conversation == id),
            Self::Entries { conversation, .. } | Self::Erasures { conversation, .. } => {
                *conversation == id
            }
            _ => false,
        }
    }

    /// How many entries it adds.
    pub(super) fn entry_count(&self) -> usize {
        match self {
            Self::Entries { entries, .. } => entries.len(),
            _ => 0,
        }
    }

    /// Approximate bytes in memory.
    pub(super) fn size(&self) -> usize {
        let content =
            |content: &Content| VALUE_BYTES + content.body().map_or(0, |body| body.as_str().len());
        match self {
            Self::Entries { entries, .. } | Self::Erasures { entries, .. } => {
                entries.iter().map(|entry| content(&entry.content)).sum()
            }
            Self::Queue(pending) => content(&pending.content),
            Self::Reword(_, reworded) => content(reworded),
            Self::Command(StoredCommand { text, .. })
            | Self::TakeBack { draft: text, .. }
            | Self::Draft { text, .. }
            | Self::Announcement(_, text) => VALUE_BYTES + text.len(),
            Self::Heads { heads, .. } => heads
                .iter()
                .map(|head| VALUE_BYTES * (2 + head.cursors.len()))
                .sum(),
            Self::Users(people) => VALUE_BYTES * people.len(),
            Self::RollBack(logs) => VALUE_BYTES * logs.len(),
            Self::Epochs(epochs) => VALUE_BYTES * epochs.len(),
            Self::Settings { settings, .. } => VALUE_BYTES * (1 + settings.len()),
            _ => VALUE_BYTES,
        }
    }
}

/// Whether an entry erases texts of others or of itself.
pub(super) const fn is_erasing(content: &Content) -> bool {
    matches!(
        content,
        Content::Deletion { .. } | Content::AuthorRemoved | Content::Erased(_)
    )
}

/// A range of a cached log to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreRead {
    pub conversation: ConversationId,
    pub range: PageRange,
    pub limit: u16,
}

/// The entries of a [`StoreRead`], ascending, which may have gaps between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedEntries {
    pub read: StoreRead,
    pub entries: Vec<Entry>,
    /// Entries elsewhere in the log that belong to these, ascending: those that edit, delete
    /// or react to one of them, the messages that one of them replies to, and the edits of those.
    pub about: Vec<Entry>,
}

impl LoadedEntries {
    /// The answer to a read that found nothing.
    pub(super) const fn empty(read: StoreRead) -> Self {
        Self {
            read,
            entries: Vec::new(),
            about: Vec::new(),
        }
    }
}

/// A full-text query over all stored messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Chosen by the app and repeated by the answer.
    pub number: u32,
    /// Words that a message must all contain, folded as the index folds them; the last one may be a
    /// prefix.
    pub words: Vec<String>,
    /// Only messages of this user.
    pub from: Option<UserId>,
    pub conversation: Option<ConversationId>,
    /// Only before this time.
    pub before: Option<Timestamp>,
    /// Only from this time on.
    pub after: Option<Timestamp>,
    pub limit: u16,
}

/// The result of a [`SearchQuery`], newest hit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchResult {
    pub number: u32,
    pub hits: Vec<SearchHit>,
    /// Whether there are more than the limit.
    pub more: bool,
    /// While the index is being built: words of messages before this time are not found yet.
    pub missing_before: Option<Timestamp>,
}

/// A message that matches a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub conversation: ConversationId,
    pub entry: Entry,
    /// The current text, after edits.
    pub text: String,
    /// The stored message before it.
    pub before: Option<Entry>,
    /// The stored message after it.
    pub after: Option<Entry>,
}

/// A slash command that put a change into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCommand {
    /// Of the change in the outbox.
    pub id: MessageId,
    /// Where the command was typed.
    pub conversation: ConversationId,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPerson {
    pub user: UserId,
    pub name: UserName,
    pub display: Option<DisplayName>,
    /// Whether the operator removed the account.
    pub is_removed: bool,
}

impl StoredPerson {
    /// A user without a display name, who is not removed.
    pub fn named(user: UserId, name: UserName) -> Self {
        Self {
            user,
            name,
            display: None,
            is_removed: false,
        }
    }
}

/// The user of this identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMe {
    pub user: UserId,
    pub name: UserName,
    pub log: LogId,
}

/// The stored state with which the app starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// `None` before the first `Welcome`.
    pub me: Option<StoredMe>,
    /// The sync point for the next `Hello`.
    pub since: Option<SyncPoint>,
    /// The history that the cached entries are of, oldest first.
    pub epochs: Vec<Epoch>,
    /// What the server lost when it was put back to an earlier state.
    pub lost: Vec<LostTail>,
    pub people: Vec<StoredPerson>,
    pub settings: Vec<StoredSetting>,
    /// The stamp up to which settings are synchronised.
    pub settings_stamp: Stamp,
    pub conversations: Vec<StoredConversation>,
    /// In the order of typing.
    pub outbox: Vec<Pending>,
    /// The commands that some of these came from.
    pub commands: Vec<StoredCommand>,
    /// Drafts, also of conversations without an entry.
    pub drafts: Vec<(ConversationId, String)>,
    pub open: Option<ConversationId>,
    /// Announcements that the user has not opened yet, oldest first.
    pub announcements: Vec<(Timestamp, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSetting {
    pub setting: Setting,
    /// Whether the server does not have it yet.
    pub is_unsent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConversation {
    pub head: Head,
    pub held: Vec<HeldRange>,
    pub place: Place,
    /// Entries around the place, or the newest ones: enough for a large screen.
    pub entries: Vec<Entry>,
    /// The newest cached entry that erased others; zero without one.
    pub last_erasing: Seq,
}

/// What the store has done since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Entries of [`StoreWrite::Entries`] whose transaction has ended.
    pub entries: usize,
    /// Bytes of the database that are in use, without its write-ahead log. 0 before the first measurement.
    pub bytes: u64,
}

/// An answer or a failure of the store, for the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    Loaded(LoadedEntries),
    Found(SearchResult),
    RolledBack(RolledBack),
    /// Progress of the writing, after each transaction.
    Stored(Stored),
    /// A save failed, with the notice for the user. Sent once; later saves are discarded.
    Failed(String),
}
