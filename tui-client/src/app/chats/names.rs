//! The names of people whom the app meets in rooms: heads do not carry them, so they are asked
//! for, each once a session and many at a time.

use std::collections::BTreeSet;

use recado_shared::limits::MAX_USERS_PER_PAGE;
use recado_shared::{Content, ConversationId, Entry, Request, RoomEvent, Timestamp, UserId};

use crate::app::App;
use crate::app::session::requests::Asked;
use crate::strings::rooms;

/// Most people whose names one session asks for. Further ones keep their numbers.
const MAX_ASKED: usize = 5_000;

/// Whose names are wanted.
#[derive(Debug, Default)]
pub(in crate::app) struct Names {
    wanted: BTreeSet<UserId>,
    /// Asked for in this session, whatever the answer was.
    asked: BTreeSet<UserId>,
}

impl Names {
    /// A new session asks again for those who are still not known.
    pub(in crate::app) fn begin_session(&mut self) {
        self.wanted.append(&mut self.asked);
    }

    fn want(&mut self, user: UserId) {
        let known = self.wanted.len() + self.asked.len();
        if known < MAX_ASKED && !self.asked.contains(&user) {
            self.wanted.insert(user);
        }
    }
}

/// Who wrote entries, and whom they are about.
pub(in crate::app) fn authors(entries: &[Entry]) -> impl Iterator<Item = UserId> + '_ {
    entries.iter().flat_map(|entry| {
        let about = match &entry.content {
            Content::Room(event) => event.subject(),
            Content::Message(_)
            | Content::Reply { .. }
            | Content::Emote(_)
            | Content::Edit { .. }
            | Content::Deletion { .. }
            | Content::ReactionAdded { .. }
            | Content::ReactionRemoved { .. }
            | Content::Erased(_)
            | Content::AuthorRemoved => None,
        };
        [entry.author].into_iter().chain(about)
    })
}

impl App {
    /// A room event as a sentence about `you` and others.
    pub(in crate::app) fn event_text(
        &self,
        author: UserId,
        event: &RoomEvent,
        time: Timestamp,
    ) -> String {
        rooms::describe_event(author, event, time, |user| {
            let is_me = self.user() == Some(user);
            let name = if is_me { "you" } else { self.name_of(user) };
            name.to_owned()
        })
    }

    /// Somebody may be shown whose name may not be known.
    pub(in crate::app) fn meet(&mut self, user: UserId) {
        if self.user() != Some(user) && self.chats.contacts.meet(user) {
            self.chats.names.want(user);
        }
    }

    /// Entries of a conversation came.
    pub(in crate::app) fn meet_authors(&mut self, id: ConversationId, entries: &[Entry]) {
        if id.room().is_some() {
            authors(entries).for_each(|user| self.meet(user));
        }
    }

    /// A conversation of the local store is loaded.
    pub(in crate::app) fn meet_loaded(&mut self, id: ConversationId) {
        let Some(conversation) = self
            .chats
            .conversations
            .get(&id)
            .filter(|c| c.room().is_some())
        else {
            return;
        };
        let entries: Vec<Entry> = conversation.log.loaded().cloned().collect();
        self.meet_authors(id, &entries);
    }

    /// Asks for the next names.
    pub(in crate::app) fn ask_names(&mut self) {
        while self.session.link.is_synced() && !self.chats.names.wanted.is_empty() {
            let mut batch = Vec::new();
            while batch.len() < MAX_USERS_PER_PAGE.into()
                && let Some(user) = self.chats.names.wanted.pop_first()
            {
                let is_unknown = self.chats.contacts.meet(user);
                if is_unknown {
                    self.chats.names.asked.insert(user);
                    batch.push(user);
                }
            }
            if !batch.is_empty() {
                self.ask(Request::Users(batch), Asked::Names);
            }
        }
    }
}
