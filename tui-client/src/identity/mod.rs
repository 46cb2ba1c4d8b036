//! Identities of this machine: one name on one server each, a folder with the key of the device, the
//! pinned server, and the local store. Reads and writes these files; knows no network.

mod linking;
mod register;
mod select;
mod stored;
#[cfg(test)]
mod tests;

pub use linking::Linking;
pub use register::{RegisterError, register};
pub use select::{Choice, IdentitySelector, SelectError, select};
pub use stored::{Identity, IdentityError, KnownServer, Lock, all, local_ticket};
