//! The network task's handle: events out, frames in, through bounded channels.

use std::time::Duration;

use recado_shared::{Fingerprint, Refusal, ServerFrame, Welcome};

/// What the network task tells the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// An attempt begins.
    Connecting,
    /// A session is open. Frames follow.
    Welcomed(Welcome),
    /// A frame other than ping and pong.
    Frame(ServerFrame),
    /// How long a ping took.
    RoundTrip(Duration),
    /// The link is down or could not be made; the next attempt follows after `retry_in`.
    Offline {
        /// What happened, in words for the user.
        why: String,
        /// Until the next attempt.
        retry_in: Duration,
    },
    /// The server refused the session. Temporary refusals arrive as `Offline`; after this one
    /// there is no further attempt until the app asks for it.
    Refused(Refusal),
    /// The server's key is not the pinned one. No further attempt.
    WrongKey {
        /// The fingerprint it showed.
        seen: Fingerprint,
        /// The fingerprint that was pinned.
        pinned: Fingerprint,
    },
}
