//! The outbox: messages that are not accepted yet, in the order in which they were typed.
//!
//! It knows which of them may go out next; sending and settling them is `sending.rs`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use recado_shared::{ConversationId, MessageId, Timestamp};

use crate::app::command_line::CommandLine;
use crate::store::{Pending, PendingState, StoredCommand};

/// Most messages that may wait. Beyond it the text stays in the composer.
pub(crate) const MAX_OUTBOX: usize = 1_000;

/// Time after which a sent message without an answer counts as unsent: a server that works answers
/// in milliseconds, and in a few hundred on the slowest networks.
pub(crate) const LATE_AFTER: Duration = Duration::from_secs(1);

/// A message and how far it has got in this session.
#[derive(Debug)]
pub(crate) struct OutboxMessage {
    pub(crate) pending: Pending,
    /// When it was sent in this session; `None` before, and once it is answered.
    sent_at: Option<Instant>,
    /// Sent at some time, perhaps by an earlier run, so that it may have been accepted.
    pub(crate) was_sent: bool,
    /// The user has been told so when taking it back.
    pub(crate) is_warned: bool,
    /// The command that it came from, if it has no text of its own.
    pub(crate) line: Option<CommandLine>,
}

impl OutboxMessage {
    pub(crate) fn is_failed(&self) -> bool {
        is_failed(&self.pending)
    }
}

/// The messages. Ids grow with time, so the order of ids is the order of typing.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: BTreeMap<MessageId, OutboxMessage>,
    /// Nothing goes out before this moment: the server could not store anything.
    pub(crate) paused_until: Option<Instant>,
}

impl Outbox {
    pub(crate) fn new(pending: Vec<Pending>, commands: Vec<StoredCommand>) -> Self {
        let mut outbox = Self::default();
        for pending in pending {
            // The store does not say which of them an earlier run sent.
            outbox.push(pending, true);
        }
        for command in commands {
            let line = CommandLine {
                conversation: Some(command.conversation),
                text: command.text,
            };
            outbox.set_line(command.id, line);
        }
        outbox
    }

    pub(crate) fn push(&mut self, pending: Pending, was_sent: bool) {
        let queued = OutboxMessage {
            pending,
            sent_at: None,
            was_sent,
            is_warned: false,
            line: None,
        };
        self.items.insert(queued.pending.id, queued);
    }

    pub(crate) fn find(&self, id: MessageId) -> Option<&OutboxMessage> {
        self.items.get(&id)
    }

    pub(crate) fn set_line(&mut self, id: MessageId, line: CommandLine) {
        if let Some(queued) = self.items.get_mut(&id) {
            queued.line = Some(line);
        }
    }

    pub(crate) fn remove(&mut self, id: MessageId) -> Option<Pending> {
        self.items.remove(&id).map(|queued| queued.pending)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= MAX_OUTBOX
    }

    pub(crate) fn last_id(&self) -> Option<MessageId> {
        self.items.keys().next_back().copied()
    }

    /// How many wait and are not expected to be accepted at any moment: they were not sent in this
    /// session, or the server does not answer.
    pub(crate) fn unsent(&self, now: Instant) -> usize {
        let is_unsent = |queued: &&OutboxMessage| {
            let is_late = |at: Instant| now.saturating_duration_since(at) >= LATE_AFTER;
            queued.pending.state == PendingState::Waiting && queued.sent_at.is_none_or(is_late)
        };
        self.items.values().filter(is_unsent).count()
    }

    /// The oldest message that waits and is not on its way; it is on its way from here on.
    pub(crate) fn next_to_send(&mut self, now: Instant) -> Option<&Pending> {
        let is_next = |queued: &&mut OutboxMessage| {
            queued.sent_at.is_none() && queued.pending.state == PendingState::Waiting
        };
        let queued = self.items.values_mut().find(is_next)?;
        queued.sent_at = Some(now);
        queued.was_sent = true;
        Some(&queued.pending)
    }

    /// Notes that the user knows that a message may have arrived. Returns whether that is new.
    pub(crate) fn warn(&mut self, id: MessageId) -> bool {
        let queued = self.items.get_mut(&id);
        queued.is_some_and(|queued| !std::mem::replace(&mut queued.is_warned, true))
    }

    /// A session began: whatever was not answered goes out again, in order.
    pub(super) fn unsend_all(&mut self) {
        self.paused_until = None;
        for queued in self.items.values_mut() {
            queued.sent_at = None;
        }
    }

    /// Sets the state of a message that is not on its way any more. Returns whether it is there.
    pub(super) fn set_state(&mut self, id: MessageId, state: PendingState) -> bool {
        let Some(queued) = self.items.get_mut(&id) else {
            return false;
        };
        queued.sent_at = None;
        queued.pending.state = state;
        true
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Pending> {
        self.items.values().map(|queued| &queued.pending)
    }

    pub(crate) fn of(&self, id: ConversationId) -> impl DoubleEndedIterator<Item = &Pending> {
        self.all().filter(move |pending| pending.conversation == id)
    }

    /// The conversations with queued messages, and when the last one was typed in each.
    pub(crate) fn last_typed(&self) -> BTreeMap<ConversationId, Timestamp> {
        let mut typed = BTreeMap::new();
        for pending in self.all() {
            let last = typed.entry(pending.conversation).or_insert(pending.typed);
            *last = pending.typed.max(*last);
        }
        typed
    }

    /// How many messages wait, and how many failed.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let failed = self.all().filter(|pending| is_failed(pending)).count();
        (self.items.len() - failed, failed)
    }
}

pub(crate) fn is_failed(pending: &Pending) -> bool {
    matches!(pending.state, PendingState::Failed(_))
}
