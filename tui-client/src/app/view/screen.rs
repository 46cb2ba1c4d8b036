//! The screen: a description of one frame, made from the app and drawn by `ui`.
//!
//! Both sides agree on these values alone. Text in them is as it came and may be hostile; `ui`
//! neutralises it.

#![expect(
    missing_docs,
    reason = "plain values to draw, named after what they show"
)]

use std::borrow::Cow;
use std::ops::Range;

use recado_shared::{ConversationId, Membership, Presence, Timestamp};

pub use crate::app::chats::contacts::Section;
pub use crate::app::chats::position::Pane;
pub use crate::app::chats::settings::Attention;
use crate::app::composer::Composer;
pub use crate::app::input::completion::CompletionView;
pub use crate::app::session::link::LinkView;
pub use crate::model::{ItemId, Place};

#[derive(Clone, Debug)]
pub struct Screen<'a> {
    pub me: &'a str,
    pub contacts: Vec<ContactRow<'a>>,
    pub conversation: Option<ConversationView<'a>>,
    pub link: LinkView<'a>,
    /// How many messages, in all conversations, are not accepted yet, and how many failed.
    pub waiting: usize,
    pub failed: usize,
    /// One line that explains what just happened, until the next key.
    pub message: Option<&'a str>,
    /// Keys worth knowing here, as (key, what it does), most useful first.
    pub hints: Vec<(String, &'static str)>,
    pub focus: Focus,
    /// Which pane to show where only one fits.
    pub pane: Pane,
    pub completion: Option<CompletionView<'a>>,
    pub overlay: Option<Overlay<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Composer,
    Selection(ItemId),
    Overlay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent marks that are drawn side by side"
)]
pub struct ContactRow<'a> {
    /// What a click or Enter opens.
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
    pub attention: Attention,
    pub section: Section,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct ConversationView<'a> {
    pub id: ConversationId,
    /// Its title: the other person's name, or the room's with `#` before it.
    pub title: &'a str,
    /// What the other person wants to be called, beside the name.
    pub display: Option<&'a str>,
    /// Of a room: what to say of it besides.
    pub room: Option<RoomView<'a>>,
    pub is_request: bool,
    pub is_blocked: bool,
    pub attention: Attention,
    /// The other person's presence, `None` while offline ourselves.
    pub presence: Option<Presence>,
    /// What is loaded, oldest first: entries, gaps, then the outbox.
    pub items: Vec<Item<'a>>,
    /// The first item after the line that says "n new", and n.
    pub new_from: Option<(ItemId, u64)>,
    pub typing: Vec<&'a str>,
    /// Where the scroll stood when the conversation was last left. The view uses it when it
    /// shows the conversation for the first time.
    pub place: Place,
    /// Whether the log has nothing older than the first item.
    pub is_complete: bool,
    /// Whether nothing newer than the last item is left out, so that arrivals appear below it.
    pub follows_newest: bool,
    /// The text being written there.
    pub composer: &'a Composer,
    /// What that is for; `None` for a new message.
    pub purpose: Option<PurposeView<'a>>,
}

/// What there is to see of a room besides its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomView<'a> {
    pub topic: Option<&'a str>,
    pub members: u32,
    pub membership: Membership,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    Message {
        id: ItemId,
        /// Who wrote it: "you" is up to the view.
        author: &'a str,
        is_own: bool,
        /// When it was accepted, or typed if it is not accepted yet.
        time: Timestamp,
        body: &'a str,
        /// How far it has got; for the user's own.
        mark: Option<Mark<'a>>,
        details: Details<'a>,
    },
    /// Something that happened to the room.
    Event {
        id: ItemId,
        time: Timestamp,
        /// What, in a sentence.
        text: String,
    },
    /// Entries that are not here yet.
    Gap {
        /// The identity of the first missing one.
        id: ItemId,
        missing: u64,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details<'a> {
    pub kind: MessageKind,
    pub quote: Option<Quote<'a>>,
    /// Whether the text is not the first one.
    pub is_edited: bool,
    /// How people react to it, in the order in which they began.
    pub reactions: Vec<Reaction<'a>>,
    /// The bytes of the text that call the user.
    pub mentions: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageKind {
    #[default]
    Plain,
    /// Something done, told in the third person.
    Emote,
    /// It was taken back; the text says so.
    Deleted,
    /// A message of a blocked user; the text says so.
    Hidden,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// Who wrote it; empty where that is not known.
    pub author: &'a str,
    /// What it says, or what is to be said in its place.
    pub text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction<'a> {
    pub emoji: &'a str,
    pub count: usize,
    pub is_mine: bool,
}

/// What the text in the composer is for, besides a new message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurposeView<'a> {
    /// A reply to this message.
    Reply(Quote<'a>),
    /// Another text for an earlier message.
    Edit,
}

/// How far one of the user's messages has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    Waiting,
    /// On the server's disk.
    Accepted,
    /// On a device of the recipient.
    Delivered,
    /// Seen by the recipient.
    Read,
    /// Refused for this reason; it stays in the outbox until sent again or taken back.
    Failed(&'a str),
}

#[derive(Clone, Debug)]
pub enum Overlay<'a> {
    /// The fuzzy switcher, and the picker of reactions.
    Switcher {
        /// What is looked for.
        title: &'static str,
        /// What to say where nothing matches.
        none: &'static str,
        query: &'a Composer,
        rows: Vec<SwitcherRow<'a>>,
        chosen: usize,
    },
    /// The keys: heading, then (keys, what they do).
    Help {
        /// A table per context.
        tables: Vec<(&'static str, Vec<(String, &'static str)>)>,
        /// Rows scrolled away at the top; the view clamps it.
        scroll: u16,
    },
    /// What a message was before it was edited.
    Versions {
        /// Its texts, each with its time, the first one first; none if it was taken back.
        texts: Vec<(Timestamp, &'a str)>,
        /// Rows scrolled away at the top; the view clamps it.
        scroll: u16,
    },
    Panel {
        title: String,
        rows: Vec<PanelRow>,
        chosen: usize,
        /// What to say where there is no row.
        note: &'static str,
    },
    UnreadOverview {
        rows: Vec<UnreadRow<'a>>,
        /// The chosen row, never a heading.
        chosen: usize,
        /// What to say where there is no row.
        note: &'static str,
    },
    Search {
        title: String,
        query: &'a Composer,
        /// Whether the next letter takes the place of all that.
        is_kept: bool,
        /// What matches, newest first.
        hits: Vec<HitRow<'a>>,
        chosen: usize,
        /// Whether there are more hits than these.
        has_more: bool,
        /// What to say where there is no hit.
        note: Cow<'a, str>,
    },
    /// A question that Enter answers with yes.
    Confirm { question: &'a str, answers: String },
}

/// A row of the unread overview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadRow<'a> {
    /// The conversation that the rows below it are of.
    Conversation {
        /// The person's name, or the room's with `#` before it.
        title: &'a str,
        unread: u64,
    },
    Line {
        /// Why it is worth a look.
        why: Notable,
        /// Who wrote it, or reacts.
        author: &'a str,
        time: Timestamp,
        /// The message, or the emoji and the user's message that it is about.
        text: Cow<'a, str>,
    },
    /// Unread messages that have no row.
    More {
        count: u64,
        /// Whether the user keeps the conversation quiet.
        is_quiet: bool,
    },
}

/// Why something new is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notable {
    /// It calls the user by name.
    Mention,
    /// It answers the user.
    Reply,
    /// It is a reaction to what the user wrote.
    Reaction,
    Message,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitRow<'a> {
    /// Who wrote it: "you" is up to the view.
    pub author: &'a str,
    pub is_own: bool,
    /// The conversation: the person's name, or the room's with `#` before it.
    pub place: &'a str,
    pub time: Timestamp,
    pub text: &'a str,
    /// The bytes of the text that match, ascending.
    pub matched: &'a [Range<usize>],
    /// The message before it, where it is here.
    pub before: Option<Quote<'a>>,
    /// The message after it, where it is here.
    pub after: Option<Quote<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelRow {
    /// A name, and what belongs to it.
    pub label: String,
    /// What else there is to know, in a word or two.
    pub detail: String,
    pub time: Option<Timestamp>,
    /// How reachable, where that is known.
    pub presence: Option<Presence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitcherRow<'a> {
    /// A person's name or a command's title.
    pub label: &'a str,
    /// For people; `None` for commands and while offline.
    pub presence: Option<Presence>,
    pub unread: u64,
    /// The key that does the same, for commands.
    pub key: String,
    /// Byte offsets into `label` of the characters that matched.
    pub matched: Vec<usize>,
}
