//! Columns of the conversation pane: how wide each is, and what a message leaves empty in them
//! because the message above it says the same.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::clock::ClockFormat;
use super::text::{columns, local};
use crate::app::screen::{ConversationView, Item, MessageKind, MessageView};
use crate::cells;
use crate::strings;

/// Below this width there is no time, and names are truncated.
pub(super) const TIMES_FROM: u16 = 28;

/// Most cells of a name.
pub(super) const MAX_NAME: u16 = 12;

/// Most columns of text: longer lines are hard to read.
const MAX_BODY: u16 = 100;

/// Cells for a mark and the space before it.
pub(super) const MARK: u16 = 3;

/// Widths of the columns of a message, from the left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub(super) margin: u16,
    pub(super) time: u16,
    pub(super) name: u16,
    gap: u16,
    pub(super) body: u16,
}

impl Columns {
    /// The name column is as wide as the longest name of an author, within bounds. It has room
    /// for the other user of a direct conversation before that one writes.
    pub(super) fn new(width: u16, conversation: &ConversationView<'_>, clock: ClockFormat) -> Self {
        let mut longest = longest_name(&conversation.items);
        if conversation.id.room().is_none() {
            longest = longest.max(name_width(conversation.title));
        }
        let (margin, time, name, gap) = if width < TIMES_FROM {
            (0, 0, longest.min(4), 1)
        } else {
            (
                1,
                clock.width() + 1,
                longest.clamp(4, MAX_NAME.min(width / 5)),
                2,
            )
        };
        let body = width - 2 * margin - time - name - gap - MARK;
        Self {
            margin,
            time,
            name,
            gap,
            body: body.min(MAX_BODY),
        }
    }

    pub(super) const fn name_at(self) -> u16 {
        self.margin + self.time
    }

    pub(super) const fn body_at(self) -> u16 {
        self.name_at() + self.name + self.gap
    }

    pub(super) const fn mark_at(self) -> u16 {
        self.body_at() + self.body + 1
    }
}

/// The name in front of a message, in any characters.
pub(super) fn name_of<'a>(message: &MessageView<'a>) -> Cow<'a, str> {
    let name = if message.is_own {
        strings::conversation::YOU
    } else {
        message.author
    };
    match message.details.kind {
        MessageKind::Emote => Cow::Owned(format!("* {name}")),
        MessageKind::Plain
        | MessageKind::Deleted
        | MessageKind::Hidden
        | MessageKind::Invisible => Cow::Borrowed(name),
    }
}

fn name_width(any: &str) -> u16 {
    columns(&cells::truncate(any, MAX_NAME.into()))
}

/// Cells of the longest name, at least those of the user's own and at most [`MAX_NAME`].
fn longest_name(items: &[Item<'_>]) -> u16 {
    let mut longest = columns(strings::conversation::YOU);
    for item in items {
        if let Item::Message(message) = item
            && longest < MAX_NAME
        {
            let name = name_of(message);
            // A name takes no more cells than bytes, so that few are measured in a frame.
            if name.len() > usize::from(longest) {
                longest = longest.max(name_width(&name));
            }
        }
    }
    longest
}

/// What the first row of a message repeats of the row above it, and leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Repeated {
    pub(super) name: bool,
    pub(super) time: bool,
}

impl Repeated {
    /// A reply names its author again, because the name in its quote is another one.
    pub(super) fn new(
        before: &MessageView<'_>,
        message: &MessageView<'_>,
        zone: &TimeZone,
    ) -> Self {
        let minute = |message: &MessageView<'_>| {
            local(message.time, zone).map(|time| (time.hour(), time.minute()))
        };
        let is_one_author =
            before.is_own == message.is_own && (message.is_own || before.author == message.author);
        let is_emote = |message: &MessageView<'_>| message.details.kind == MessageKind::Emote;
        let name = is_one_author
            && !is_emote(before)
            && !is_emote(message)
            && message.details.quote.is_none();
        Self {
            name,
            time: name && minute(before) == minute(message),
        }
    }
}
