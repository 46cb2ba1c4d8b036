//! The description of the unread overview for the screen.

use std::borrow::Cow;

use recado_shared::Content;

use super::{Line, Row, UnreadOverview, Why};
use crate::app::conversation::state::Conversation;
use crate::app::reader::Reader;
use crate::app::view::screen::{Notable, Overlay, UnreadRow};
use crate::strings;

impl UnreadOverview {
    pub(super) fn describe<'a>(&'a self, app: &Reader<'a>) -> Overlay<'a> {
        let row = |row: &Row| match *row {
            Row::Heading(conversation) => {
                let known = app.chats.conversations.get(&conversation);
                UnreadRow::Conversation {
                    title: app.chats.title(conversation),
                    unread: known.map_or(0, Conversation::unread),
                }
            }
            Row::Line(line) => self.line_view(&line, app),
            Row::More {
                count, is_quiet, ..
            } => UnreadRow::More { count, is_quiet },
        };
        Overlay::UnreadOverview {
            rows: self.rows.iter().map(row).collect(),
            chosen: self.choice.index(),
            note: if self.is_loading() {
                strings::overlays::LOADING
            } else {
                strings::overlays::NOTHING_NEW
            },
        }
    }

    fn line_view<'a>(&'a self, line: &Line, app: &Reader<'a>) -> UnreadRow<'a> {
        let conversation = app.chats.conversations.get(&line.conversation);
        let entry = |seq| conversation.and_then(|of| self.entry(of, seq));
        let text = conversation.zip(entry(line.target));
        let text = text.map_or("", |(of, entry)| of.folding.text(entry));
        let text = match entry(line.seq).map(|entry| &entry.content) {
            Some(Content::ReactionAdded { emoji, .. }) => Cow::Owned(format!("{emoji} {text}")),
            Some(_) | None => Cow::Borrowed(text),
        };
        UnreadRow::Line {
            why: match line.why {
                Why::Called => Notable::Mention,
                Why::Answered => Notable::Reply,
                Why::Reacted => Notable::Reaction,
                Why::Said => Notable::Message,
            },
            author: app.chats.name_of(line.author),
            time: line.time,
            text,
        }
    }
}
