//! The store: the conversation logs, cursors, users and invites on disk. Nothing outside this folder
//! knows SQL.
//!
//! Layers, each of which imports only from those before it: `values` holds plain values and errors,
//! `tables` the SQL of each table, `folder` the data folder, `answers` the channel from the threads,
//! `damage` the damage that they met, `checkpoint`, `writer` and `readers` the threads. `handle` starts them.

mod answers;
mod backup;
mod checkpoint;
mod compact;
mod damage;
mod engine;
mod folder;
mod handle;
mod operator;
mod readers;
mod reserve;
mod tables;
#[cfg(test)]
mod tests;
mod values;
mod verify;
mod wal;
mod writer;

pub use answers::StoreEvent;
pub(crate) use backup::begin_anew;
pub use backup::{BackupError, Restored, back_up, restore};
pub use compact::{Compacted, compact};
pub use engine::Engine;
pub(crate) use folder::{has_database, has_users};
pub use handle::{NotQueued, StoreEvents, StoreHandle, open};
pub use operator::{administer, create_invite, invite_uses_left, open_admin};
pub use tables::overview::{
    Admin, ErasureProgress, InviteInfo, RoomInfo, UserDetail, UserInfo, UserState,
};
pub use values::{
    AdminChange, AdminOutcome, Admission, AuthenticatedUser, ChangeError, CheckpointThresholds,
    ClockCheck, DeviceChange, HeadsRest, Left, Login, NameSearch, NewEntry, NewRoom, Origin, Query,
    Read, ReadResult, STORE_WINDOW, StoreConfig, StoreError, StoreStats, StoredDisplay,
    StoredEntry, StoredMemberships, StoredRoom, UserChange, UserOutcome, Write, WriteResult,
};
pub use verify::{MAX_PROBLEMS, Problem, Progress, Verification, verify};
