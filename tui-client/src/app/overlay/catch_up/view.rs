//! How the rows of the list read.

use std::borrow::Cow;

use recado_shared::Content;

use super::{CatchUp, Line, Row, Why};
use crate::app::App;
use crate::app::conversation::state::Conversation;
use crate::app::view::screen::{CatchUpRow, Notable, Overlay};

impl App {
    pub(in crate::app) fn catch_up_view<'a>(&'a self, list: &'a CatchUp) -> Overlay<'a> {
        let row = |row: &Row| match *row {
            Row::Heading(conversation) => {
                let known = self.chats.conversations.get(&conversation);
                CatchUpRow::Conversation {
                    title: self.chats.title(conversation),
                    unread: known.map_or(0, Conversation::unread),
                }
            }
            Row::Line(line) => self.line_view(list, &line),
            Row::More {
                count, is_quiet, ..
            } => CatchUpRow::More { count, is_quiet },
        };
        Overlay::CatchUp {
            rows: list.rows.iter().map(row).collect(),
            chosen: list.chosen,
            note: if list.is_loading() {
                "Looking…"
            } else {
                "Nothing is new."
            },
        }
    }

    fn line_view<'a>(&'a self, list: &'a CatchUp, line: &Line) -> CatchUpRow<'a> {
        let conversation = self.chats.conversations.get(&line.conversation);
        let entry = |seq| conversation.and_then(|of| list.entry(of, seq));
        let text = conversation.zip(entry(line.target));
        let text = text.map_or("", |(of, entry)| of.folding.text(entry));
        let text = match entry(line.seq).map(|entry| &entry.content) {
            Some(Content::ReactionAdded { emoji, .. }) => Cow::Owned(format!("{emoji} {text}")),
            Some(_) | None => Cow::Borrowed(text),
        };
        CatchUpRow::Line {
            why: match line.why {
                Why::Called => Notable::Mention,
                Why::Answered => Notable::Reply,
                Why::Reacted => Notable::Reaction,
                Why::Said => Notable::Message,
            },
            author: self.chats.name_of(line.author),
            time: line.time,
            text,
        }
    }
}
