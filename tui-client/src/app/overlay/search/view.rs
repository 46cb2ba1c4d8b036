//! The description of the search for the screen.

use std::borrow::Cow;

use recado_shared::{ConversationId, Entry};

use super::{Search, Shown, State, is_gone};
use crate::app::messages::selection::body_of;
use crate::app::reader::Reader;
use crate::app::view::screen::{HitRow, Overlay, Quote};
use crate::strings;

impl Search {
    pub(super) fn describe<'a>(&'a self, app: &Reader<'a>) -> Overlay<'a> {
        Overlay::Search {
            title: match self.scope {
                Some(id) => strings::overlays::search_in(app.chats.title(id)),
                None => strings::overlays::SEARCH_EVERYWHERE.to_owned(),
            },
            query: &self.query,
            is_kept: self.is_kept,
            hits: self.hits.iter().map(|shown| hit_row(shown, app)).collect(),
            chosen: self.choice.index(),
            has_more: self.has_more,
            note: match &self.state {
                State::Empty => Cow::Borrowed(strings::overlays::SEARCH_HELP),
                State::Wrong(why) => Cow::Borrowed(why),
                State::Waiting(_) => Cow::Borrowed(strings::overlays::SEARCHING),
                State::Answered if self.scope.is_some() => {
                    let key = app.search_everywhere_key();
                    Cow::Owned(strings::overlays::no_results_here(&key))
                }
                State::Answered => Cow::Borrowed(strings::overlays::NO_RESULTS),
            },
        }
    }
}

fn hit_row<'a>(shown: &'a Shown, app: &Reader<'a>) -> HitRow<'a> {
    let hit = &shown.hit;
    let neighbour = |entry: &'a Option<Entry>| {
        let entry = entry.as_ref()?;
        neighbour(hit.conversation, entry, app)
    };
    HitRow {
        author: app.chats.name_of(hit.entry.author),
        is_own: Some(hit.entry.author) == app.chats.user(),
        place: app.chats.title(hit.conversation),
        time: hit.entry.time,
        text: &hit.text,
        matched: &shown.matched,
        before: neighbour(&hit.before),
        after: neighbour(&hit.after),
    }
}

fn neighbour<'a>(id: ConversationId, entry: &'a Entry, app: &Reader<'a>) -> Option<Quote<'a>> {
    let is_there = !is_gone(id, entry, app);
    is_there.then(|| Quote {
        author: app.chats.name_of(entry.author),
        text: body_of(&entry.content),
    })
}
