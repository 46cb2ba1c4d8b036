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
//!
//! # Bounds
//!
//! What can grow, what bounds it, and what happens there. Names in capitals are constants, the others
//! settings.
//!
//! | Server | Bound | At the bound |
//! |---|---|---|
//! | connections | `max_sessions` + `CONNECTIONS_BEYOND_SESSIONS` | they wait in the system's queue |
//! | connections of one address | `max_connections_per_address` | refused with the reason |
//! | TLS handshakes, of all and of one address | `max_handshakes`, `max_handshakes_per_address` | they wait, at most `HANDSHAKE_TIMEOUT` |
//! | greetings before the driver | `MAX_GREETINGS` | they wait, at most `HANDSHAKE_TIMEOUT` |
//! | sessions that end at a time because their connection is gone | `MAX_PARTINGS` | they wait for each other |
//! | sessions; users | `max_sessions`; `max_users` | refused with the reason |
//! | new names of one address, policy `open` | `registrations_per_hour` | refused with the reason |
//! | devices of a user; keys remembered as taken from them | `MAX_DEVICES`; `MAX_REVOKED` | refused with the reason; the oldest is forgotten |
//! | devices that wait to be linked, of all and of one address | `MAX_PENDING_LINKS`, `PENDING_LINKS_PER_ADDRESS`, each for `PENDING_LINK_TTL` | the address with the most gives one up; else refused with the reason |
//! | length of a frame | `MAX_FRAME_LEN_BEFORE_WELCOME`, `MAX_FRAME_LEN` | the session ends with the reason |
//! | frames and bytes of a session | `frames_per_second`, `bytes_per_second` and bursts | read more slowly, and told |
//! | unanswered requests of a session | `MAX_REQUESTS_IN_FLIGHT`; a page counts as `PAGE_WEIGHT` | nothing more is read from it |
//! | rooms that a user is in; members of a room, its open invitations and its bans | `MAX_ROOMS_OF_USER`; `MAX_ROOM_MEMBERS`, `MAX_ROOM_INVITES`, `MAX_ROOM_BANS`; requests in flight can pass them by as many | refused with the reason |
//! | watched people of a session | `MAX_WATCHED` | the first ones are watched, and it is told |
//! | settings of a user | `MAX_SETTINGS` | those that say nothing go, oldest first; then new ones are refused with the reason |
//! | entries to somebody who asks first, until they accept | `MAX_MESSAGES_BEFORE_ACCEPTANCE` | refused with the reason, but for deletions |
//! | pieces of frames for the driver | `INBOX_ROOM`, each of at most `MAX_FRAMES_TOGETHER` | sessions wait, and what comes meanwhile gathers in their connections |
//! | requests to the store | `STORE_WINDOW` | the driver takes nothing from sessions; heads that a commit makes due wait, one reading for each session |
//! | sessions that are to be woken | each once | it stays one of them until its turn |
//! | live frames for a session | `PUSH_ROOM` | left out; the session is told that it is behind, then gets heads |
//! | answers and heads for a session | `RESERVED_ROOM`, which live frames leave free | never reached: requests in flight bound them |
//! | administrators at the socket; their requests and answers | `MAX_ADMINS`; `MAX_REQUEST_LEN`, `MAX_ANSWER_LEN` | they wait in the system's queue; the connection ends |
//! | a connection that takes no byte | `WRITE_STALL` | closed |
//! | a link on which nothing answers; a program that says nothing | `DEAD_AFTER`, which the system watches for; `SERVER_PING_AFTER`, then `PONG_WITHIN` | closed |
//! | rows of conversations and members that the writer remembers | `MAX_KEPT` of its row cache, and those of one batch | forgotten before the next batch |
//! | connections accepted, sessions woken to write, frames taken from a session, reads of it, at a time | `ACCEPTS_PER_TURN`; `WAKES_PER_TURN`; `MAX_FRAMES_TOGETHER`, or 16 KiB; `READS`, `FRUITLESS_READS` | others have their turn, then it goes on |
//! | handshakes that compute at a time | one for each worker of the runtime | they wait, at most `HANDSHAKE_TIMEOUT` |
//! | bytes of a connection that are no whole record | `MAX_INCOMING` | the connection ends |
//! | buffers that a thread keeps to lend | `KEPT` | given up |
//! | pongs and the like of a session that are not written | `LOCAL_ROOM` | nothing more is read from it |
//! | write-ahead log | `Checkpoints::at_most` pages | moved into the database, also while commits wait |
//! | a drain | `DRAIN_LIMIT`, then `GOODBYE_LIMIT` | ends without whoever does not answer |

mod address;
pub mod admin;
#[cfg(feature = "cli")]
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
#[cfg(feature = "cli")]
pub mod settings;
pub mod store;
#[cfg(feature = "cli")]
pub mod telemetry;

pub use config::{Config, Limits};
pub use files::FileError;
pub use net::socket::{ListenError, listen};
pub use policy::Policy;
pub use server::{Server, ServerError, run};
