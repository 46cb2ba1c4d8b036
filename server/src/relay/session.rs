//! State of one session: its user and device, what it watches, and whether it keeps up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use recado_shared::{
    Activity, ConversationId, DeviceKey, ProtocolVersion, Stamp, Timestamp, UserId,
};

use super::event::Peer;
use crate::store::{HeadsRest, Origin};

#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: UserId,
    pub(super) peer: Peer,
    pub(super) version: ProtocolVersion,
    pub(super) since: Timestamp,
    pub(super) activity: Activity,
    /// At most [`MAX_WATCHED`](recado_shared::limits::MAX_WATCHED) users.
    pub(super) watching: BTreeSet<UserId>,
    /// Users of `watching` whose presence the session does not have yet.
    pub(super) unannounced: BTreeSet<UserId>,
    /// When the next burst of `unannounced` is due.
    pub(super) announce_at: Option<Instant>,
    /// When the session last sent a typing notification, by conversation.
    pub(super) typing: BTreeMap<ConversationId, Instant>,
    /// Set while the session does not keep up: it gets no live frames, and heads since this stamp, the
    /// newest before the first frame that its outbox had no room for, make up for them.
    pub(super) behind_since: Option<Stamp>,
    pub(super) heads: HeadsReading,
    /// The stamp from which to read heads once more after the reading under way.
    pub(super) read_heads_again: Option<Stamp>,
}

/// Progress of the set of heads for one session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeadsReading {
    Idle,
    /// A page is being read. `stamp` is that of the first page, once there was one.
    Reading {
        stamp: Option<Stamp>,
    },
    /// A page waits to be written. The rest is read after that.
    Writing {
        stamp: Stamp,
        rest: HeadsRest,
    },
}

/// The user and the device that made a request, with the place to which its answer goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) origin: Origin,
    pub(super) user: UserId,
    pub(super) device: DeviceKey,
}
