//! One task per connection: handshake, frames, heartbeat, throttle and close, over any byte stream.
//! It turns bytes into frames for the driver and back. It does not interpret requests, and leaves
//! TLS to the listener.

mod context;
pub(crate) mod cost;
mod open;
mod outbox;
mod stream;
mod task;
mod throttle;
mod window;

pub use context::{AdmissionLimits, MAX_FRAMES_TOGETHER, SessionContext, SessionEvent};
pub use outbox::{
    AfterWrite, HEADS_CAPACITY, OUTBOX_CAPACITY, Outbox, OutboxFull, OutboxReader, Outboxes,
    OutgoingFrame, PUSH_CAPACITY, RESERVED_CAPACITY, outbox,
};
pub use stream::WRITE_STALL;
pub use task::{DisconnectNotice, HANDSHAKE_TIMEOUT, refuse, run};
pub use throttle::{THROTTLE_NOTICE_INTERVAL, UserRates};
pub use window::PAGE_WEIGHT;
