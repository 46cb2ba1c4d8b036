//! The inputs of the relay, which come from sessions, the store and the driver, and its outputs, which the
//! driver carries out.

use std::net::IpAddr;

use recado_shared::{ClientFrame, DeviceKey, Hello, ServerFrame};

use crate::admin::request::{AdminAnswer, AdminRequest, Present};
use crate::config::Reloadable;
use crate::id::{SessionId, Ticket};
use crate::store::{Read, ReadResult, Write, WriteResult};

/// The other side of a connection, as the handshake showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The key that it proved to own.
    pub key: DeviceKey,
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
    /// A session has written a page of heads.
    HeadsWritten(SessionId),
    Written(WriteResult),
    Read(ReadResult),
    Admin {
        ticket: Ticket,
        request: AdminRequest,
    },
    /// The operator changed the configuration.
    Reload(Reloadable),
    /// The store failed and will answer nothing more.
    StoreFailed,
    Drain,
    /// The moment of [`Relay::next_deadline`](super::Relay::next_deadline) has come.
    Deadline,
}

/// An output of [`Relay::handle`](super::Relay::handle), to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send one session a frame that must reach it, such as a welcome, an answer or heads. There is always
    /// room in its outbox, because requests in flight bound such frames. A refusal and a close end the
    /// session; [`Event::CaughtUp`] follows [`ServerFrame::Behind`], and [`Event::HeadsWritten`]
    /// [`ServerFrame::Heads`].
    Send {
        to: SessionId,
        frame: ServerFrame,
    },
    /// Send a live frame, encoded once, to each of these sessions. For a session without room the
    /// driver answers [`Event::OutboxFull`].
    Push {
        to: Vec<SessionId>,
        frame: ServerFrame,
    },
    Write(Write),
    Read(Read),
    AdminAnswer {
        ticket: Ticket,
        answer: AdminAnswer,
    },
    /// Answer the operator with statistics: these, and those of the driver.
    AdminStats {
        ticket: Ticket,
        present: Present,
    },
    /// Stop the server once the sessions have written what their outboxes hold.
    Stop,
}
