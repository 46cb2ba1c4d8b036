//! State of one session: its user and device, what it watches, and whether it keeps up.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Instant;

use recado_shared::{
    Activity, ConversationId, DeviceKey, ProtocolVersion, Stamp, Timestamp, UserId,
};

/// The state of one session, freed as a whole when it closes.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: UserId,
    pub(super) key: DeviceKey,
    pub(super) version: ProtocolVersion,
    pub(super) address: IpAddr,
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
    pub(super) flow: Flow,
    pub(super) heads: HeadsReading,
}

/// Whether a session gets live frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Live,
    /// It gets none until it has read its queue; heads since this stamp make up for them.
    Behind {
        /// The newest change before the first frame that the outbox had no room for.
        since: Stamp,
    },
}

/// The reading of a session's heads. One at a time, so that a session has at most three sets of
/// pages in its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HeadsReading {
    pub(super) is_reading: bool,
    /// The stamp from which to read once more after the reading under way.
    pub(super) again: Option<Stamp>,
}
