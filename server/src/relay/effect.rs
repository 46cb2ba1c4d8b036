//! Everything the relay can do to the world.

use recado_shared::{CloseReason, Refusal, ServerFrame};

use crate::admin::request::{AdminAnswer, Present};
use crate::id::{SessionId, Ticket};
use crate::store::{Read, Write};

/// An output of [`Relay::handle`](super::Relay::handle), to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send one session a frame that must not be left out: a welcome, an answer, heads. There is
    /// always room, because such frames are bounded by requests in flight.
    Send {
        /// To whom.
        to: SessionId,
        /// What.
        frame: ServerFrame,
    },
    /// Send a live frame, encoded once, to each of these sessions. One without room does not get
    /// it; the driver answers with [`Event::OutboxFull`](super::Event::OutboxFull).
    Push {
        /// To whom.
        to: Vec<SessionId>,
        /// What.
        frame: ServerFrame,
    },
    /// Queue [`ServerFrame::Behind`] for a session, and report
    /// [`Event::CaughtUp`](super::Event::CaughtUp) once it is written.
    MarkBehind(SessionId),
    /// Refuse a greeting and close its connection.
    Refuse {
        /// Whom.
        session: SessionId,
        /// Why.
        refusal: Refusal,
    },
    /// Say why and close a session, after what is queued for it.
    Close {
        /// Whom.
        session: SessionId,
        /// Why.
        farewell: CloseReason,
    },
    /// Queue work for the writer.
    Write(Write),
    /// Queue work for a reader.
    Read(Read),
    /// Answer the person who runs the server.
    AdminAnswer {
        /// The number of the request.
        ticket: Ticket,
        /// What came of it.
        answer: AdminAnswer,
    },
    /// Tell the person who runs the server how much it does: this, and what the driver knows.
    AdminStats {
        /// The number of the request.
        ticket: Ticket,
        /// Who is connected.
        present: Present,
    },
    /// Everything is said: end the program once the sessions have written what is queued.
    Stop,
}
