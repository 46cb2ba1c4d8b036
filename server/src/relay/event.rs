//! The inputs of the relay, which come from sessions, the store and the driver.

use std::net::IpAddr;

use recado_shared::{ClientFrame, DeviceKey, Hello};

use crate::admin::request::AdminRequest;
use crate::id::{SessionId, Ticket};
use crate::store::{ReadResult, WriteResult};

/// The other side of a connection, as the handshake showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The key that it proved to own.
    pub key: DeviceKey,
    /// Where it connects from.
    pub address: IpAddr,
}

/// An input of [`Relay::handle`](super::Relay::handle).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection finished its TLS handshake and sent its hello.
    Hello {
        session: SessionId,
        peer: Peer,
        hello: Hello,
    },
    /// A session sent a frame that its version allows. The session task answers pings, pongs, leaves and
    /// second hellos itself.
    Frame {
        session: SessionId,
        frame: ClientFrame,
    },
    /// A session's connection is gone.
    Closed(SessionId),
    /// The outbox of a session had no room for a live frame.
    OutboxFull(SessionId),
    /// A session has written everything up to its `Behind`.
    CaughtUp(SessionId),
    /// The store committed something.
    Written(WriteResult),
    /// The store read something.
    Read(ReadResult),
    /// The operator sent a request.
    Admin {
        ticket: Ticket,
        request: AdminRequest,
    },
    /// The store failed and will answer nothing more.
    StoreFailed,
    /// The server is to stop.
    Drain,
    /// The moment of [`Relay::next_deadline`](super::Relay::next_deadline) has come.
    Deadline,
}
