//! `/goto`: the jump to the first message of the open conversation at or after a time.
//!
//! Times grow with places, so the place is found by bisection. An entry that this device holds is
//! looked at in memory or in the local store, any other is asked of the server: at most one for each
//! bit of the length of the log.

use recado_shared::{ConversationId, Entry, PageRange, Request, Seq, Timestamp};

use super::lookup::conversation_of;
use crate::app::command::{Call, CommandResult, DateSearch, PendingRequest};
use crate::app::date;
use crate::app::parts::Parts;
use crate::store::{LoadedEntries, StoreRead};
use crate::strings;

impl Parts<'_> {
    pub(super) fn run_goto(&mut self, call: &Call, text: String) -> CommandResult {
        let id = conversation_of(call)?;
        let zone = &self.settings.time_zone;
        let time = date::moment(&text, self.cx.now.wall, zone)
            .ok_or_else(|| strings::commands::not_a_moment(&text))?;
        self.go_to_time(id, time, text)
    }

    /// Begins to search the open conversation; `text` is the time as it was typed.
    pub(crate) fn go_to_time(
        &mut self,
        id: ConversationId,
        time: Timestamp,
        text: String,
    ) -> CommandResult {
        let Some(conversation) = self.chats.conversations.get(&id) else {
            return Ok(());
        };
        let log = &conversation.log;
        if log.newest_time < time {
            return Err(strings::commands::nothing_since(&text));
        }
        self.search_date(DateSearch {
            conversation: id,
            time,
            text,
            from: log.first,
            to: log.newest.next(),
            line: self.pending_requests.running.clone(),
        })
    }

    /// Narrows the search down as far as it goes without waiting.
    fn search_date(&mut self, mut search: DateSearch) -> CommandResult {
        let id = search.conversation;
        let conversation = self.chats.conversations.get(&id);
        // The user went elsewhere.
        let is_open = self.chats.navigation.open == Some(id);
        let Some(conversation) = conversation.filter(|_| is_open) else {
            return Ok(());
        };
        while search.from < search.to {
            let middle = search.middle();
            let range = PageRange::After(middle.prev());
            if let Some(entry) = conversation.log.entry(middle) {
                search.narrow(Some(entry));
            } else if conversation.log.held().contains(middle) {
                let read = StoreRead {
                    conversation: id,
                    range,
                    limit: 1,
                };
                self.cx.load(read);
                self.pending_requests.date = Some((read, search));
                return Ok(());
            } else {
                return self.ask_date(search);
            }
        }
        if search.to > conversation.log.newest {
            return Err(strings::commands::nothing_since(&search.text));
        }
        self.chats.jump_to_first_message(id, search.to, self.cx);
        Ok(())
    }

    fn ask_date(&mut self, search: DateSearch) -> CommandResult {
        if !self.session.link.is_up() {
            return Err(strings::commands::NOT_ON_THIS_DEVICE.to_owned());
        }
        let request = Request::Page {
            conversation: search.conversation,
            range: PageRange::After(search.middle().prev()),
            limit: 1,
        };
        self.ask_for(request, PendingRequest::Date(search))
    }

    /// The server's entry at or after the middle.
    pub(super) fn on_date_page(&mut self, mut search: DateSearch, page: &[Entry]) -> CommandResult {
        search.narrow(page.first());
        self.search_date(search)
    }

    /// The local store's answer. Returns whether it belongs to such a search.
    pub(crate) fn take_date_read(&mut self, loaded: &LoadedEntries) -> bool {
        let is_awaited = |(read, _): &mut (StoreRead, DateSearch)| *read == loaded.read;
        let Some((_, mut search)) = self.pending_requests.date.take_if(is_awaited) else {
            return false;
        };
        let line = search.line.clone();
        self.pending_requests.running.clone_from(&line);
        let entry = loaded.entries.first();
        let result = match entry.filter(|entry| entry.seq == search.middle()) {
            Some(entry) => {
                search.narrow(Some(entry));
                self.search_date(search)
            }
            // The store lacks what it should have.
            None => self.ask_date(search),
        };
        self.pending_requests.running = None;
        if let Err(why) = result {
            self.fail(why, line.as_ref());
        }
        true
    }
}

impl DateSearch {
    fn middle(&self) -> Seq {
        Seq(self.from.0 + (self.to.0 - self.from.0) / 2)
    }

    /// Takes over the first entry at or after the middle; `None` if there is none.
    fn narrow(&mut self, entry: Option<&Entry>) {
        let middle = self.middle();
        match entry.filter(|entry| entry.seq >= middle && entry.time < self.time) {
            Some(early) => self.from = early.seq.next().min(self.to),
            None => self.to = middle,
        }
    }
}
