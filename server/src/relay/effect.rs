//! The outputs of the relay, which the driver carries out.

use recado_shared::{CloseReason, Refusal, ServerFrame};

use crate::admin::request::{AdminAnswer, Present};
use crate::id::{SessionId, Ticket};
use crate::store::{Read, Write};

/// An output of [`Relay::handle`](super::Relay::handle), to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send one session a frame that must reach it: a welcome, an answer, heads. There is always room
    /// in its outbox, because requests in flight bound such frames.
    Send { to: SessionId, frame: ServerFrame },
    /// Send a live frame, encoded once, to each of these sessions. For a session without room the
    /// driver answers [`Event::OutboxFull`](super::Event::OutboxFull).
    Push {
        to: Vec<SessionId>,
        frame: ServerFrame,
    },
    /// Queue [`ServerFrame::Behind`] for a session, and report
    /// [`Event::CaughtUp`](super::Event::CaughtUp) once it is written.
    MarkBehind(SessionId),
    /// Refuse a hello and close its connection.
    Refuse {
        session: SessionId,
        refusal: Refusal,
    },
    /// Close a session with a reason, after the frames that its outbox holds.
    Close {
        session: SessionId,
        reason: CloseReason,
    },
    /// Queue work for the writer.
    Write(Write),
    /// Queue work for a reader.
    Read(Read),
    /// Answer a request of the operator.
    AdminAnswer { ticket: Ticket, answer: AdminAnswer },
    /// Answer the operator with statistics: these, and those of the driver.
    AdminStats { ticket: Ticket, present: Present },
    /// Stop the server once the sessions have written what their outboxes hold.
    Stop,
}
