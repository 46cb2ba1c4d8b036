//! How the search looks.

use std::borrow::Cow;

use recado_shared::{ConversationId, Entry};

use super::{Search, Shown, State};
use crate::app::App;
use crate::app::input::selection::body_of;
use crate::app::view::screen::{HitRow, Overlay, Quote};

const HOW: &str = "Write words that the message has, or the beginning of the last one. \
                   \"Quotes\" keep words together. from:NAME, in:ROOM, before:2026-11-21 and \
                   after:7d narrow it.";

impl App {
    pub(in crate::app) fn search_view<'a>(&'a self, search: &'a Search) -> Overlay<'a> {
        Overlay::Search {
            title: match search.scope {
                Some(id) => format!("search in {}", self.chats.title(id)),
                None => "search everywhere".to_owned(),
            },
            query: &search.query,
            is_kept: search.is_kept,
            hits: search
                .hits
                .iter()
                .map(|shown| self.hit_row(shown))
                .collect(),
            chosen: search.chosen,
            has_more: search.has_more,
            note: match &search.state {
                State::Empty => Cow::Borrowed(HOW),
                State::Wrong(why) => Cow::Borrowed(why),
                State::Waiting(_) => Cow::Borrowed("Looking…"),
                State::Answered if search.scope.is_some() => {
                    let key = self.search_everywhere_key();
                    Cow::Owned(format!("Nothing found here. {key} searches everywhere."))
                }
                State::Answered => Cow::Borrowed("Nothing found in what this device has received."),
            },
        }
    }

    fn hit_row<'a>(&'a self, shown: &'a Shown) -> HitRow<'a> {
        let hit = &shown.hit;
        let neighbour = |entry: &'a Option<Entry>| {
            let entry = entry.as_ref()?;
            self.neighbour(hit.conversation, entry)
        };
        HitRow {
            author: self.chats.name_of(hit.entry.author),
            is_own: Some(hit.entry.author) == self.chats.user(),
            place: self.chats.title(hit.conversation),
            time: hit.entry.time,
            text: &hit.text,
            matched: &shown.matched,
            before: neighbour(&hit.before),
            after: neighbour(&hit.after),
        }
    }

    fn neighbour<'a>(&'a self, id: ConversationId, entry: &'a Entry) -> Option<Quote<'a>> {
        let is_there = !self.is_gone(id, entry);
        is_there.then(|| Quote {
            author: self.chats.name_of(entry.author),
            text: body_of(&entry.content),
        })
    }
}
