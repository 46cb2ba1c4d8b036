//! Pages as they arrive, and requests for names and settings. Which pages are asked for is up to
//! `backfill.rs`.

use recado_shared::limits::MAX_USERS_PER_PAGE;
use recado_shared::{ClientFrame, ConversationId, Entry, PageRange, Request, Seq};

use super::backfill::Wanted;
use super::requests::RequestKind;
use crate::app::{Chats, Context, Session};
use crate::store::Stored;
use crate::strings;

/// Failed pages of one conversation, in a row, after which the user is told. A single one may be due to a
/// change of the user's membership that is on its way.
pub(super) const REPORTED_FAILURE: u8 = 3;

/// Whether entries are ascending without a hole, next to the place that was asked about, and not
/// after the newest one.
fn is_continuing(range: PageRange, entries: &[Entry], newest: Seq) -> bool {
    let is_dense = entries
        .windows(2)
        .all(|pair| pair[1].seq.0.checked_sub(pair[0].seq.0) == Some(1));
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return false;
    };
    let is_next = match range {
        PageRange::Before(seq) => last.seq == seq.prev(),
        PageRange::After(seq) => first.seq == seq.next(),
    };
    is_dense && is_next && first.seq > Seq::ZERO && last.seq <= newest
}

impl Session {
    pub(super) fn ask_names(&mut self, chats: &mut Chats, cx: &mut Context) {
        while self.link.is_synced() && !chats.names.wanted.is_empty() {
            let mut batch = Vec::new();
            while batch.len() < MAX_USERS_PER_PAGE.into()
                && let Some(user) = chats.names.wanted.pop_first()
            {
                if chats.contacts.add_unnamed(user) {
                    chats.names.asked.insert(user);
                    batch.push(user);
                }
            }
            if !batch.is_empty() {
                self.ask(Request::Users(batch), RequestKind::Names, cx);
            }
        }
    }

    /// Sends a request. Without a link it is lost: what must arrive is in the outbox.
    pub(crate) fn ask(&mut self, request: Request, asked: RequestKind, cx: &mut Context) {
        let number = self.requests.ask(asked);
        cx.send(ClientFrame::Request { number, request });
    }

    /// Tells the server whose presence is shown, whenever that set changes.
    pub(super) fn send_watch(&mut self, chats: &mut Chats, cx: &mut Context) {
        if self.link.is_synced()
            && let Some(me) = chats.user()
            && let Some(users) = chats.contacts.watch_list(me, chats.navigation.open)
        {
            cx.send(ClientFrame::Watch(users));
        }
    }

    /// Notes what is on the disk, and makes room in a store that is over its limit.
    pub(crate) fn on_stored(&mut self, chats: &mut Chats, stored: Stored, cx: &mut Context) {
        self.backfill.note_stored(stored);
        if self.backfill.is_over_limit() {
            chats.forget_oldest(cx);
        }
    }

    /// Asks for missing pages as far as the limits allow: at most one for each conversation.
    pub(super) fn ask_pages(&mut self, chats: &Chats, cx: &mut Context) {
        if !self.link.is_synced() {
            return;
        }
        let mut busy: Vec<_> = self.requests.pages().collect();
        while let Some((id, wanted)) = self.backfill.next(chats, &busy) {
            busy.push(id);
            let Wanted { range, limit, .. } = wanted;
            let request = Request::Page {
                conversation: id,
                range,
                limit,
            };
            self.ask(request, RequestKind::Page(id, range), cx);
        }
    }

    /// Takes over a page that continues what was asked for.
    pub(super) fn on_page(
        &mut self,
        chats: &mut Chats,
        id: ConversationId,
        range: PageRange,
        entries: Vec<Entry>,
        newest: Seq,
        cx: &mut Context,
    ) {
        let is_extending = chats.wants_older(id);
        let Some(conversation) = chats.conversations.get_mut(&id) else {
            return;
        };
        if !is_continuing(range, &entries, newest) {
            return Self::on_page_failed(chats, id, strings::errors::WRONG_PAGE, cx);
        }
        conversation.failed_pages = 0;
        if is_extending {
            conversation.log.extend_down_to(&entries);
        }
        self.take_entries(chats, id, entries, cx);
    }

    /// Asks for no more pages of a conversation until its next head or the next session, and reports
    /// the [`REPORTED_FAILURE`]th failure in a row.
    pub(super) fn on_page_failed(
        chats: &mut Chats,
        id: ConversationId,
        why: &str,
        cx: &mut Context,
    ) {
        let Some(conversation) = chats.conversations.get_mut(&id) else {
            return;
        };
        conversation.is_stalled = true;
        conversation.failed_pages = conversation.failed_pages.saturating_add(1);
        if conversation.failed_pages == REPORTED_FAILURE {
            cx.notice = Some(strings::errors::pages_failed(chats.title(id), why));
        }
    }

    /// Asks for the settings that changed elsewhere, then sends those that changed here.
    pub(crate) fn exchange_settings(&mut self, chats: &mut Chats, cx: &mut Context) {
        while self.link.is_up()
            && self.history.is_settled()
            && let Some(request) = chats.settings.next_request()
        {
            let kind = if let Request::Set(setting) = &request {
                RequestKind::Set(setting.clone())
            } else {
                RequestKind::Settings
            };
            self.ask(request, kind, cx);
        }
    }
}
