//! Identities of this machine: one name on one server each, a folder with the key of the device, the
//! pinned server, and the local store. Reads and writes these files; knows no network.

mod linking;
mod register;
mod select;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use linking::Linking;
pub(crate) use register::{RegisterError, Registration, register};
pub use select::IdentitySelector;
pub(crate) use select::{Access, Accounts, local_server};
pub(crate) use stored::{Identity, IdentityError, KnownServer, all, local_ticket};
