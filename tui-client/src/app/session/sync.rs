//! What to ask the server for: the missing stretches of every log, the visible conversation
//! first, and the directory once a session.

use recado_shared::limits::{MAX_PAGE_ENTRIES, MAX_USERS_PER_PAGE};
use recado_shared::{
    ClientFrame, ConversationId, Entry, PageRange, Request, Seq, UserName, UserProfile,
};

use crate::app::App;
use crate::app::conversation::state::Conversation;
use crate::app::session::requests::Asked;

/// Most pages that are on their way at a time.
const MAX_PAGES: usize = 4;

/// Most people that a session asks the directory for.
const MAX_DIRECTORY: usize = 1_000;

/// How far the reading of the directory has got.
#[derive(Debug, Default)]
pub(in crate::app) struct Directory {
    found: usize,
    next: NextAsk,
}

/// What to ask the directory for next.
#[derive(Debug, Default)]
enum NextAsk {
    #[default]
    Nothing,
    FromStart,
    After(UserName),
}

impl Directory {
    pub(in crate::app) fn begin_session(&mut self) {
        self.found = 0;
        self.next = NextAsk::FromStart;
    }
}

impl App {
    /// Asks the server for something; the answer is told apart by what was asked. Without a link
    /// the question is lost: what must arrive is in the outbox.
    pub(in crate::app) fn ask(&mut self, request: Request, asked: Asked) {
        let number = self.session.requests.ask(asked);
        self.send(ClientFrame::Request { number, request });
    }

    /// Asks for missing pages as far as the limits allow: at most one for each conversation.
    pub(in crate::app) fn ask_pages(&mut self) {
        if !self.session.link.is_synced() {
            return;
        }
        let mut busy: Vec<_> = self.session.requests.pages().collect();
        let listed = self.chats.contacts.order().iter().map(|&(id, _)| id);
        let candidates: Vec<_> = self.chats.nav.open.into_iter().chain(listed).collect();
        for id in candidates {
            if busy.len() >= MAX_PAGES {
                return;
            }
            if busy.contains(&id) {
                continue;
            }
            let conversation = self.chats.conversations.get(&id);
            let Some((range, missing)) = conversation.and_then(Conversation::wanted_page) else {
                continue;
            };
            busy.push(id);
            self.ask_page(id, range, missing);
        }
    }

    fn ask_page(&mut self, conversation: ConversationId, range: PageRange, missing: u64) {
        let limit = u16::try_from(missing).map_or(MAX_PAGE_ENTRIES, |m| m.min(MAX_PAGE_ENTRIES));
        let request = Request::Page {
            conversation,
            range,
            limit,
        };
        self.ask(request, Asked::Page(conversation, range));
    }

    /// A page came. One that does not continue what was asked is not believed.
    pub(in crate::app) fn on_page(
        &mut self,
        id: ConversationId,
        range: PageRange,
        entries: Vec<Entry>,
        newest: Seq,
    ) {
        let is_extending = self.wants_older(id);
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        if !is_continuing(range, &entries)
            || entries.is_empty()
            || entries.last().is_some_and(|last| last.seq > newest)
        {
            conversation.is_stalled = true;
            return;
        }
        if is_extending {
            conversation.log.extend_down_to(&entries);
        }
        self.take_entries(id, entries);
    }

    /// A page was refused. Nothing is asked there until the next session or head.
    pub(in crate::app) fn on_page_refused(&mut self, id: ConversationId) {
        if let Some(conversation) = self.chats.conversations.get_mut(&id) {
            conversation.is_stalled = true;
        }
    }

    /// Asks for the next stretch of the directory.
    pub(in crate::app) fn ask_directory(&mut self) {
        if !self.session.link.is_up() {
            return;
        }
        let after = match std::mem::take(&mut self.session.directory.next) {
            NextAsk::Nothing => return,
            NextAsk::FromStart => None,
            NextAsk::After(name) => Some(name),
        };
        let request = Request::FindUsers {
            prefix: String::new(),
            after,
            limit: MAX_USERS_PER_PAGE,
        };
        self.ask(request, Asked::Users);
    }

    pub(in crate::app) fn on_people(&mut self, people: Vec<UserProfile>, has_more: bool) {
        self.session.directory.found += people.len();
        if let Some(last) = people.last()
            && has_more
            && self.session.directory.found < MAX_DIRECTORY
        {
            self.session.directory.next = NextAsk::After(last.name.clone());
        }
        self.take_people(people);
    }
}

/// Whether entries are ascending without a hole and next to the place that was asked about.
fn is_continuing(range: PageRange, entries: &[Entry]) -> bool {
    let is_dense = entries
        .windows(2)
        .all(|pair| pair[1].seq.0.checked_sub(pair[0].seq.0) == Some(1));
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return true;
    };
    let is_next = match range {
        PageRange::Before(seq) => last.seq == seq.prev(),
        PageRange::After(seq) => first.seq == seq.next(),
    };
    is_dense && is_next && first.seq > Seq::ZERO
}
