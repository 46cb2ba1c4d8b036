//! Pushes of an entry to the outboxes of sessions.

use futures_util::FutureExt as _;
use recado_server::id::SessionId;
use recado_server::session::{OutboxReader, Outboxes, outbox};
use recado_shared::{ConversationId, RoomId, ServerFrame};

use super::{Meter, entry};

const SESSIONS: u64 = 1_000;

/// An entry is pushed to all sessions, each of which waits for a frame and is woken.
pub(super) fn push(meter: impl Meter) {
    let mut outboxes = Outboxes::default();
    let mut readers = Vec::new();
    let sessions: Vec<_> = (1..=SESSIONS).map(SessionId).collect();
    for &session in &sessions {
        let (outbox, reader) = outbox();
        outboxes.insert(session, outbox);
        readers.push(reader);
    }
    let frame = ServerFrame::Entry {
        conversation: ConversationId::Room(RoomId(1)),
        entry: entry(1),
    };
    meter.measure(
        || readers.iter().for_each(drain),
        |()| {
            let left_out = outboxes.push(&sessions, &frame);
            assert!(left_out.is_empty(), "each outbox has room");
            outboxes.wake(sessions.len());
        },
    );
}

/// Takes the queued frames and registers its waker.
fn drain(reader: &OutboxReader) {
    while reader.next().now_or_never().is_some() {}
}
