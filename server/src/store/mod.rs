//! The store: the conversation logs, cursors, users and invites on disk.

mod request;

pub use request::{Admission, Admitted, Appended, Login, Origin, Read, ReadResult, Write, Written};
