//! The history of the server that the cached entries are of, and its comparison with the server's own at
//! the start of a session.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, Epoch, ProtocolVersion, Seq};

use crate::app::Context;
use crate::store::StoreWrite;

/// The epochs of the server, and what is still to be compared.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The history that the cached entries are of, for the next `Hello`.
    pub(crate) known: Vec<Epoch>,
    /// That of the server, as it says in this session.
    pub(super) server: Vec<Epoch>,
    pub(super) state: State,
}

/// How far the comparison has got.
#[derive(Debug, Default)]
pub(super) enum State {
    /// The server has not named its epochs yet.
    Unknown,
    /// It has not said yet of all logs how far they agree.
    Comparing(BTreeMap<ConversationId, Seq>),
    #[default]
    Settled,
}

impl History {
    pub(crate) fn new(known: Vec<Epoch>) -> Self {
        Self {
            known,
            ..Self::default()
        }
    }

    pub(super) fn begin_session(&mut self, version: ProtocolVersion) {
        self.server.clear();
        self.state = if version >= ProtocolVersion::V4 {
            State::Unknown
        } else {
            State::Settled
        };
    }

    /// Whether the cached entries are known to be of the server's history.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self.state, State::Settled)
    }

    /// The heads are complete: from here on all cached entries are of the server's history.
    pub(super) fn on_complete(&mut self, cx: &mut Context) {
        if !self.server.is_empty() && self.server != self.known {
            self.known.clone_from(&self.server);
            cx.save(StoreWrite::Epochs(self.known.clone()));
        }
    }
}
