//! Rolling back of cached logs to where the server's agree with them, before anything is taken or sent.
//! Until it is done, live entries are only noted: their places may hold other entries here.

use std::collections::BTreeMap;

use recado_shared::{AgreedPage, Continuity, ConversationId, Entry, EpochsFrame, Seq};

use super::history::State;
use crate::app::{Chats, Context, Session};
use crate::model::content_after_roll_back;
use crate::store::{LostTail, Pending, RollBack, RolledBack, StoreWrite};
use crate::strings;

impl Session {
    pub(super) fn on_epochs(&mut self, chats: &mut Chats, frame: EpochsFrame, cx: &mut Context) {
        self.history.server = frame.epochs;
        self.history.state = match frame.continuity {
            Continuity::Same => State::Settled,
            Continuity::Compared => State::Comparing(BTreeMap::new()),
            Continuity::Unknown => {
                cx.save(StoreWrite::ForgetLog);
                if let Some(me) = chats.me.clone() {
                    cx.save(StoreWrite::Me(me));
                }
                self.forget_log(chats, cx);
                State::Settled
            }
        };
    }

    pub(super) fn on_agreed(&mut self, chats: &mut Chats, page: AgreedPage, cx: &mut Context) {
        let State::Comparing(agreed) = &mut self.history.state else {
            return;
        };
        agreed.extend(page.places);
        if page.is_last {
            let agreed = std::mem::take(agreed);
            self.history.state = State::Settled;
            self.roll_back_all(chats, &agreed, cx);
        }
    }

    /// Drops what is cached beyond the places where both histories agree. A conversation without such a
    /// place is not on the server.
    fn roll_back_all(
        &mut self,
        chats: &mut Chats,
        agreed: &BTreeMap<ConversationId, Seq>,
        cx: &mut Context,
    ) {
        let mut rolled_back = Vec::new();
        for (id, conversation) in &mut chats.conversations {
            let agreed = agreed.get(id).copied().unwrap_or_default();
            // Cursors that the server told here may be lost, too.
            conversation.is_ack_unsure = true;
            if let Some(keep) = conversation.roll_back(agreed) {
                rolled_back.push(RollBack {
                    conversation: *id,
                    agreed,
                    keep,
                    reason: strings::errors::ROLLED_BACK.to_owned(),
                });
            }
        }
        self.since = None;
        chats.pull_all(cx);
        for log in &rolled_back {
            chats.navigation.forget_item(log.conversation);
            chats.counting.mark_uncertain(log.conversation);
            chats.dirty.insert(log.conversation);
            self.repair_outbox(chats, log, cx);
        }
        if !rolled_back.is_empty() {
            cx.notify(strings::status::ROLLED_BACK);
            cx.save(StoreWrite::RollBack(rolled_back));
        }
    }

    /// Changes what waits in the outbox and names a lost place.
    fn repair_outbox(&mut self, chats: &mut Chats, log: &RollBack, cx: &mut Context) {
        let of_log: Vec<Pending> = self.outbox.of(log.conversation).cloned().collect();
        for pending in of_log {
            let content = content_after_roll_back(pending.content.clone(), log.agreed);
            match content {
                // Room events name no place.
                _ if pending
                    .content
                    .target()
                    .or(pending.content.reply_to())
                    .is_none() => {}
                Some(content) if content == pending.content => {}
                Some(content) => {
                    cx.save(StoreWrite::Reword(pending.id, content.clone()));
                    let pending = Pending { content, ..pending };
                    self.outbox.push(pending, false);
                }
                None => self.remove_pending(chats, pending.id, log.conversation, cx),
            }
        }
    }

    /// A live entry while its place may hold another one here: it is fetched once that is known.
    pub(super) fn note_entry(chats: &mut Chats, id: ConversationId, entry: &Entry) {
        if let Some(conversation) = chats.conversation_or_new(id) {
            conversation.log.note(entry);
        }
    }

    /// Takes over what the store did to the lost ends of logs.
    pub(crate) fn on_rolled_back(&mut self, chats: &mut Chats, outcome: RolledBack) {
        for pending in outcome.pending {
            chats.dirty.insert(pending.conversation);
            // Meanwhile another device may have sent it.
            let is_back = chats
                .conversations
                .get(&pending.conversation)
                .is_some_and(|conversation| conversation.has_loaded(pending.id));
            if !is_back {
                self.outbox.push(pending, true);
            }
        }
        chats.note_lost(outcome.lost);
    }
}

impl Chats {
    /// Shows in conversations what the server lost of them.
    pub(crate) fn note_lost(&mut self, tails: Vec<LostTail>) {
        for lost in tails {
            if let Some(conversation) = self.conversations.get_mut(&lost.conversation) {
                conversation.lost = Some(lost);
                self.dirty.insert(lost.conversation);
            }
        }
    }
}
