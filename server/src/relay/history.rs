//! Comparison of the server's history with what a client knows of it, at the start of a session.

use recado_shared::epoch::{self, Agreement};
use recado_shared::limits::{MAX_AGREED_PER_FRAME, MAX_EPOCHS};
use recado_shared::{
    AgreedPage, Continuity, ConversationId, Epoch, EpochsFrame, ProtocolVersion, Seq, ServerFrame,
    Stamp,
};

use super::session::HeadsReading;
use super::{Relay, SessionId};
use crate::store::Read;

impl Relay {
    /// Tells a client the epochs, how far its logs are still those of the server, and then its heads: those
    /// that changed since, or all if it may have seen another history.
    pub(super) fn resume(&mut self, id: SessionId, known: &[Epoch], since: Option<Stamp>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.version < ProtocolVersion::V4 {
            self.read_heads(id, since);
            return;
        }
        let user = session.user;
        // The heads that follow the places make up for all that happens meanwhile.
        session.heads = HeadsReading::Reading { stamp: None };
        let agreement = if known.is_empty() {
            Agreement::Full
        } else {
            epoch::compare(&self.epochs, known)
        };
        let newest = self.epochs.len().saturating_sub(MAX_EPOCHS);
        let frame = EpochsFrame {
            epochs: self.epochs[newest..].to_vec(),
            continuity: match agreement {
                Agreement::Full => Continuity::Same,
                Agreement::UpTo(_) => Continuity::Compared,
                Agreement::None => Continuity::Unknown,
            },
        };
        self.send(id, ServerFrame::Epochs(frame));
        match agreement {
            Agreement::Full => self.read_heads(id, since),
            Agreement::None => self.read_heads(id, None),
            Agreement::UpTo(place) => self.queue_read(Read::Agreed {
                session: id,
                user,
                place,
            }),
        }
    }

    pub(super) fn places_read(&mut self, id: SessionId, places: &[(ConversationId, Seq)]) {
        let mut pages: Vec<_> = places
            .chunks(MAX_AGREED_PER_FRAME)
            .map(<[_]>::to_vec)
            .collect();
        let last = pages.pop().unwrap_or_default();
        let pages = pages.into_iter().map(|page| (page, false));
        for (places, is_last) in pages.chain([(last, true)]) {
            self.send(id, ServerFrame::Agreed(AgreedPage { places, is_last }));
        }
        // With those of rooms that the user has left, as the client may not know that.
        self.read_heads(id, Some(Stamp(0)));
    }
}
