//! The local store: a cache of the logs, and the only home of drafts, outbox and places.

mod request;

pub use request::{
    Held, Load, Loaded, Pending, PendingState, Save, Snapshot, StoredConversation, StoredMe,
};
