//! The headless relay server of Recado.
//!
//! - [`run`] serves a data folder on a listener, as [`listen`] makes one, until it is told to stop;
//!   [`Server`] does the same in two steps, for those who need the fingerprint and the ticket first.
//! - `listener` accepts connections, [`net`] is what carries them, [`session`] is a task per
//!   connection, `driver` owns the [`relay`] core and the handle of the [`store`], and carries out
//!   what the core decides.
//! - [`admin`] is the socket by which the person who runs the server administers it.
//! - [`config`] holds the settings, [`invite`] makes invites, [`paths`] says where files live.
//! - [`cli`] and [`telemetry`] belong to the program `recado-server`. Nothing else here is global
//!   to a process, so that several servers can live in one.

mod address;
pub mod admin;
pub mod cli;
pub mod config;
mod driver;
mod files;
pub mod id;
pub mod invite;
mod listener;
pub mod net;
pub mod paths;
mod policy;
pub mod relay;
mod server;
pub mod session;
pub mod settings;
pub mod store;
pub mod telemetry;

pub use config::{Config, Limits};
pub use files::FileError;
pub use net::socket::{ListenError, listen};
pub use policy::Policy;
pub use server::{Server, ServerError, run};
