//! Plain values of the store and its errors. Nothing here knows the database but by its error type.

mod admin;
pub(crate) mod checksum;
pub(crate) mod column;
mod config;
mod error;
mod failure;
mod fault;
mod read;
mod refused;
mod request;
mod stats;

pub use admin::{AdminChange, AdminOutcome, ChangeError};
pub use config::{CheckpointThresholds, ClockCheck, STORE_WINDOW, StoreConfig};
pub use error::StoreError;
pub(crate) use failure::{Failure, Rejection, answer, ensure};
pub(crate) use fault::Fault;
pub use read::{HeadsRest, NameSearch, Query, Read, ReadResult};
pub(crate) use refused::Refused;
pub use request::{
    Admission, AuthenticatedUser, DeviceChange, Left, Login, NewEntry, NewRoom, Origin,
    StoredDisplay, StoredEntry, StoredMemberships, StoredRoom, UserChange, UserOutcome, Write,
    WriteResult,
};
pub(crate) use stats::Counters;
pub use stats::StoreStats;
