//! Requests that wait for their answer, and the numbers that join the two.
//!
//! An answer finds its request only in the session that it was asked in.

use std::collections::BTreeMap;

use recado_shared::{
    Answer, ConversationId, MessageId, PageRange, RequestError, RequestNumber, Setting, UserId,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Append(MessageId),
    Page(ConversationId, PageRange),
    /// A stretch of the directory.
    Users,
    /// The user of this contact's name.
    Contact(UserId),
    /// Contacts whose names the directory does not have.
    Missing,
    Names,
    Invitations,
    Set(Setting),
    Settings,
    /// A request of a command or an overlay, which knows its number.
    Command,
}

/// The answer to a request that a command or an overlay made.
pub(crate) type CommandAnswer = (RequestNumber, Result<Answer, RequestError>);

#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// Never starts over with a session, so that a late answer meets no younger request.
    last: u32,
    pub(super) in_flight: BTreeMap<RequestNumber, RequestKind>,
}

impl Requests {
    pub(crate) fn ask(&mut self, asked: RequestKind) -> RequestNumber {
        self.last = self.last.wrapping_add(1);
        let number = RequestNumber(self.last);
        self.in_flight.insert(number, asked);
        number
    }

    pub(crate) fn take(&mut self, number: RequestNumber) -> Option<RequestKind> {
        self.in_flight.remove(&number)
    }

    pub(crate) fn appends(&self) -> usize {
        let is_append = |asked: &&RequestKind| matches!(asked, RequestKind::Append(_));
        self.in_flight.values().filter(is_append).count()
    }

    /// The conversations for which a page is on its way.
    pub(crate) fn pages(&self) -> impl Iterator<Item = ConversationId> {
        self.in_flight.values().filter_map(|asked| {
            if let RequestKind::Page(conversation, _) = asked {
                return Some(*conversation);
            }
            None
        })
    }
}
