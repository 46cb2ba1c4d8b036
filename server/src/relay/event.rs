//! Everything that can happen to the relay.

use std::net::IpAddr;

use recado_shared::{ClientFrame, DeviceKey, Hello};

use crate::admin::request::AdminRequest;
use crate::id::{SessionId, Ticket};
use crate::store::{ReadResult, Written};

/// What the handshake showed of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The key that it proved to hold.
    pub key: DeviceKey,
    /// Where it connects from.
    pub address: IpAddr,
}

/// An input of [`Relay::handle`](super::Relay::handle).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection finished its handshake and greeted.
    Hello {
        /// Its number.
        session: SessionId,
        /// Who it is.
        peer: Peer,
        /// What it said.
        hello: Hello,
    },
    /// A session that was welcomed sent a frame that its version allows.
    Frame {
        /// From whom.
        session: SessionId,
        /// What. Pings, pongs, leaves and second hellos are the session task's business and do
        /// not get here.
        frame: ClientFrame,
    },
    /// A session's connection is gone.
    Closed(SessionId),
    /// The outbox of a session had no room for a live frame, which was left out.
    OutboxFull(SessionId),
    /// A session has written everything up to the `Behind` that it was sent.
    CaughtUp(SessionId),
    /// The store committed something.
    Written(Written),
    /// The store read something.
    Read(ReadResult),
    /// The person who runs the server asked for something.
    Admin {
        /// The number that the answer repeats.
        ticket: Ticket,
        /// What.
        request: AdminRequest,
    },
    /// The store failed and will answer nothing more.
    StoreFailed,
    /// The server was told to stop.
    Drain,
    /// The moment that [`Relay::next_deadline`](super::Relay::next_deadline) named has come.
    Deadline,
}
