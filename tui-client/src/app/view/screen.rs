//! The screen: a description of one frame, made from the app and drawn by `ui`. Text in it is as
//! it came and may be hostile; `ui` neutralises it.

#![expect(
    missing_docs,
    reason = "plain values to draw, named after what they show"
)]

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

pub use recado_shared::NotificationLevel;
use recado_shared::rules::folding::ReactionCount;
use recado_shared::{ConversationId, Membership, Presence, RoomInfo, Timestamp};

pub use crate::app::chats::contact_order::Section;
pub use crate::app::chats::navigation::Pane;
use crate::app::chats::unread_totals::notable;
use crate::app::composer::Composer;
pub use crate::app::composer::vi::ViMode;
pub use crate::app::input::completion::CompletionView;
use crate::app::keymap::HelpTable;
pub use crate::app::session::link::LinkView;
pub use crate::app::settings::ListSize;
use crate::model::InviteLink;
pub use crate::model::{ItemId, Place};

#[derive(Clone, Debug)]
pub struct Screen<'a> {
    pub me: &'a str,
    pub contacts: Rc<dyn ContactRows<'a> + 'a>,
    pub conversation: Option<ConversationView<'a>>,
    pub link: LinkView<'a>,
    /// Messages of all conversations that are not accepted yet.
    pub waiting: usize,
    pub failed: usize,
    /// One line that explains what just happened, until the next key.
    pub message: Option<&'a str>,
    /// Keys worth knowing here, as (key, what it does), most useful first.
    pub hints: Vec<(String, &'static str)>,
    pub focus: Focus,
    pub pane: Pane,
    /// The mode of the input box; `None` without vi keys.
    pub vi: Option<ViMode>,
    pub list: ListSize,
    pub completion: Option<CompletionView<'a>>,
    pub overlay: Option<Overlay<'a>>,
}

impl Screen<'_> {
    /// The key of a hint; empty where it has none.
    pub(crate) fn key_of(&self, hint: &str) -> &str {
        let hint = self.hints.iter().find(|(_, does)| *does == hint);
        hint.map_or("", |(key, _)| key)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Composer,
    /// The contact list: the arrows move in it, and there is no cursor.
    Contacts,
    Selection(ItemId),
    Overlay,
}

/// The contact list. A row is made when it is asked for: a frame shows few of them.
pub trait ContactRows<'a>: fmt::Debug {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at an index from the top.
    fn row(&self, index: usize) -> Option<ContactRow<'a>>;

    /// The open conversation and its index, where it is listed.
    fn open(&self) -> Option<(ConversationId, usize)>;

    /// Rows at the end that are hidden.
    fn hidden(&self) -> usize {
        0
    }

    /// Unread messages that notify the user, in all conversations but the open one.
    fn unread_elsewhere(&self) -> u64;
}

/// Rows that are made already.
impl<'a> ContactRows<'a> for Vec<ContactRow<'a>> {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn row(&self, index: usize) -> Option<ContactRow<'a>> {
        self.get(index).copied()
    }

    fn open(&self) -> Option<(ConversationId, usize)> {
        let index = self.iter().position(|row| row.is_open)?;
        Some((self[index].conversation, index))
    }

    fn unread_elsewhere(&self) -> u64 {
        let others = self.iter().filter(|row| !row.is_open);
        others
            .map(ContactRow::notable_unread)
            .fold(0, u64::saturating_add)
    }
}

impl ContactRow<'_> {
    /// How many of the unread messages notify the user.
    pub(crate) fn notable_unread(&self) -> u64 {
        notable(
            self.unread,
            || self.mentions,
            self.notification_level,
            self.is_blocked,
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent marks that are drawn side by side"
)]
pub struct ContactRow<'a> {
    pub conversation: ConversationId,
    /// The person's name, or the room's with `#` before it.
    pub name: &'a str,
    /// The person's presence, `None` while offline ourselves.
    pub presence: Option<Presence>,
    pub unread: u64,
    pub mentions: u64,
    /// When the newest entry was accepted; `None` for people without a conversation.
    pub last: Option<Timestamp>,
    pub is_open: bool,
    pub has_draft: bool,
    pub has_failed: bool,
    pub is_typing: bool,
    pub room: Option<Membership>,
    pub is_request: bool,
    pub is_blocked: bool,
    pub is_favourite: bool,
    pub notification_level: NotificationLevel,
    pub section: Section,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct ConversationView<'a> {
    pub id: ConversationId,
    pub title: &'a str,
    pub display: Option<&'a str>,
    pub room: Option<&'a RoomInfo>,
    pub is_request: bool,
    pub is_blocked: bool,
    /// Whether the room was closed for good.
    pub is_closed: bool,
    /// Whether the account of the other user was removed.
    pub is_removed: bool,
    /// The name of the member who invited the user to this room, if it is known.
    pub inviter: Option<&'a str>,
    pub notification_level: NotificationLevel,
    /// The other user's presence; `None` in rooms and while this client is offline.
    pub presence: Option<Presence>,
    /// What is loaded, oldest first: entries, gaps, then the outbox.
    pub items: Vec<Item<'a>>,
    /// The first item after the line that says "n new", and n.
    pub new_from: Option<(ItemId, u64)>,
    pub typing: Vec<&'a str>,
    /// The scroll position to begin with.
    pub place: Place,
    /// Whether the log has nothing older than the first item.
    pub is_complete: bool,
    /// Whether nothing newer than the last item is left out, so that arrivals appear below it.
    pub follows_newest: bool,
    pub composer: &'a Composer,
    pub purpose: Option<PurposeView<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    Message(MessageView<'a>),
    /// A room event, as a sentence.
    Event {
        id: ItemId,
        time: Timestamp,
        text: String,
    },
    /// Entries that are not here yet; `id` is that of the first one.
    Gap {
        id: ItemId,
        missing: u64,
    },
}

impl Item<'_> {
    pub const fn id(&self) -> ItemId {
        match self {
            Self::Message(message) => message.id,
            Self::Event { id, .. } | Self::Gap { id, .. } => *id,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView<'a> {
    pub id: ItemId,
    pub author: &'a str,
    pub is_own: bool,
    /// When it was accepted, or typed if it is not accepted yet.
    pub time: Timestamp,
    pub body: &'a str,
    /// `None` for messages of others.
    pub mark: Option<Mark<'a>>,
    pub details: Details<'a>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details<'a> {
    pub kind: MessageKind,
    pub quote: Option<Quote<'a>>,
    pub is_edited: bool,
    /// In the order of their first users.
    pub reactions: Vec<ReactionCount<'a>>,
    /// The bytes of the text that mention the user.
    pub mentions: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageKind {
    #[default]
    Plain,
    Emote,
    /// The text says that it was deleted.
    Deleted,
    /// The text says that its author is blocked.
    Hidden,
    /// The text says that nothing of it is visible.
    Invisible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// Empty where it is not known.
    pub author: &'a str,
    /// The body, or why it is not shown.
    pub text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurposeView<'a> {
    Reply(Quote<'a>),
    Edit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    Waiting,
    Accepted,
    /// On a device of the recipient.
    Delivered,
    Read,
    /// Refused for this reason; it stays in the outbox until sent again or taken back.
    Failed(&'a str),
}

#[derive(Clone, Debug)]
pub enum Overlay<'a> {
    /// The fuzzy switcher, and the picker of reactions.
    Switcher(ListView<'a, SwitcherRow<'a>>),
    Panel(ListView<'a, PanelRow>),
    InviteLink {
        link: &'a InviteLink,
        /// Empty if no key copies it.
        copy_key: String,
    },
    /// The chosen row is never a heading.
    UnreadOverview(ListView<'a, UnreadRow<'a>>),
    /// The hits, newest first.
    Search(ListView<'a, HitRow<'a>>),
    Help {
        /// Headings, each with (keys, what they do). The first table has none.
        tables: Vec<HelpTable>,
        /// The text that is searched for in the help.
        query: Option<&'a str>,
        /// Rows scrolled away at the top; the view clamps it.
        scroll: &'a Cell<u16>,
    },
    Versions {
        /// The texts of a message, each with its time, the first one first; none if it was deleted.
        texts: Vec<(Timestamp, &'a str)>,
        /// Rows scrolled away at the top; the view clamps it.
        scroll: u16,
    },
    Announcements {
        /// Each with its time, the newest first.
        texts: Vec<(Timestamp, &'a str)>,
        /// Rows scrolled away at the top; the view clamps it.
        scroll: u16,
    },
    /// A question that Enter answers with yes.
    Confirm {
        question: &'a str,
        answers: String,
    },
}

#[derive(Clone, Debug)]
pub struct ListView<'a, R> {
    pub title: Cow<'a, str>,
    /// `None` for a list that is not searched.
    pub query: Option<&'a Composer>,
    /// Whether the next letter replaces the query.
    pub is_replaced: bool,
    pub rows: Vec<R>,
    pub chosen: usize,
    pub has_more: bool,
    /// Shown when there is no row.
    pub note: Cow<'a, str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadRow<'a> {
    Conversation {
        title: &'a str,
        unread: u64,
    },
    Line {
        why: Notable,
        /// The author of the message, or of the reaction.
        author: &'a str,
        time: Timestamp,
        /// The message, or the emoji and the user's message that it is about.
        text: Cow<'a, str>,
    },
    /// Unread messages that have no row.
    More {
        count: u64,
        is_quiet: bool,
    },
}

/// Why an unread entry is listed, the most important reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notable {
    Mention,
    Reply,
    /// A reaction to a message of the user.
    Reaction,
    Message,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitRow<'a> {
    pub author: &'a str,
    pub is_own: bool,
    pub place: &'a str,
    pub time: Timestamp,
    pub text: &'a str,
    /// The bytes of the text that match, ascending.
    pub matched: &'a [Range<usize>],
    /// The messages around it, where they are on this device.
    pub before: Option<Quote<'a>>,
    pub after: Option<Quote<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelRow {
    pub label: String,
    /// A word or two behind the label, before the time.
    pub detail: String,
    pub time: Option<Timestamp>,
    pub presence: Option<Presence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitcherRow<'a> {
    pub label: &'a str,
    /// A user's presence; `None` for rooms and commands, and while this client is offline.
    pub presence: Option<Presence>,
    pub unread: u64,
    /// The key of a command, or another detail.
    pub key: String,
    /// Byte offsets into `label` of the characters that matched.
    pub matched: Vec<usize>,
}
