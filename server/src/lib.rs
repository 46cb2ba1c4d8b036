//! The headless relay server of Recado.
//!
//! - [`Server`] opens a data folder, then serves it on a listener made by [`listen`], until it is stopped.
//! - `listener` accepts connections, [`connections`] bounds them, [`net`] is their transport,
//!   [`connection_log`] bounds their log lines, [`session`] is a task per connection, `driver` owns the [`relay`] core and the handle of the [`store`], and applies the effects of the core.
//! - [`admin`] is the socket by which the operator administers a running server.
//! - [`config`] has the configuration, [`invite`] makes invites, [`paths`] has the places of files.
//! - `cli` and `settings` belong to the program `recado-server`. Nothing else is global to a
//!   process, so one process can run several servers.
//!
//! # Bounds
//!
//! Everything that can grow, with its bound. Names in capitals are constants, the others settings.
//!
//! | Resource | Bound | At the bound |
//! |---|---|---|
//! | connections | `max_sessions` + `max_unauthenticated` + `CLOSING_CONNECTIONS` | wait in the queue of the system |
//! | connections without a session | `max_unauthenticated` | the address with the most that have waited for `LEAST_WAIT` loses its longest waiting one; without any, new ones wait in the queue of the system |
//! | new connections per address | `connections_per_minute` | refused with the reason, `MAX_REFUSALS` at a time; more are dropped |
//! | addresses whose rate of connections is kept | `MAX_RATED_NETWORKS` | those within their rate are forgotten, else all |
//! | TLS handshakes | each within `HANDSHAKE_TIMEOUT` and `MAX_INCOMING` unprocessed bytes | closed |
//! | handshakes that compute at the same time | one per worker of the runtime | addresses take turns, at most `HANDSHAKE_TIMEOUT` |
//! | log lines of connections | one per address, `LINES_PER_USER` per user, for each kind of event and `SUMMARY_INTERVAL` | counted, and logged as one line |
//! | addresses and users that are counted for it | `MAX_SOURCES` | the others share a line |
//! | hellos that wait for the driver | `MAX_PENDING_HELLOS` | wait, at most `HANDSHAKE_TIMEOUT` |
//! | lost connections being reported | `MAX_PENDING_DISCONNECTS` | wait for each other |
//! | sessions; users | `max_sessions`; `max_users` | refused with the reason |
//! | sessions of a user, of a device; of users with a session already | `max_sessions_per_user`, `max_sessions_per_device`; `max_shared_sessions` | the newest is refused with the reason |
//! | new users per address, and in all, policy `open` | `registrations_per_hour`, `registrations_per_hour_in_all` | refused with the reason |
//! | devices of a user; revoked keys that are remembered | `MAX_DEVICES`; `MAX_REVOKED` | refused with the reason; the oldest is forgotten |
//! | devices that wait to be linked, in all and per address | `MAX_PENDING_LINKS`, `PENDING_LINKS_PER_ADDRESS`, each for `PENDING_LINK_TTL` after its last hello, and at most `PENDING_LINK_LIMIT` | the longest waiting device, of that address or of the one with the most, loses its place until it asks again |
//! | length of a frame | `MAX_FRAME_LEN_BEFORE_WELCOME`, `MAX_FRAME_LEN` | the session is closed with the reason |
//! | frames, by their cost, and bytes of a user | `frames_per_second`, `bytes_per_second` and bursts | throttled, with a notice |
//! | unanswered requests of a session | `MAX_REQUESTS_IN_FLIGHT`; a page counts as `PAGE_WEIGHT` | the session reads nothing |
//! | rooms of a user; members, invitations and bans of a room | `MAX_ROOMS_OF_USER`; `MAX_ROOM_MEMBERS`, `MAX_ROOM_INVITES`, `MAX_ROOM_BANS`; requests in flight can exceed them | refused with the reason |
//! | bytes and rooms that a user adds in a day, invitations in an hour | `bytes_per_day`, `rooms_per_day`; `invitations_per_hour` | refused with the reason |
//! | watched users of a session, and of a user | `MAX_WATCHED`, `MAX_WATCHED_OF_USER` | the first ones are watched, with a notice |
//! | settings of a user | `MAX_SETTINGS` | default values are dropped, oldest first; then new ones are refused with the reason |
//! | messages to a user before the message request is accepted | `MAX_MESSAGES_BEFORE_ACCEPTANCE` | refused with the reason, except for deletions |
//! | events of sessions for the driver | `INBOX_CAPACITY`, each with at most `MAX_FRAMES_TOGETHER` frames | sessions wait, and further frames wait in their sockets |
//! | events of sessions in the turns of their users | `fair_queue::CAPACITY` | the driver takes no more of them |
//! | requests of a user to the store | `fair_queue::MAX_IN_STORE`; a query counts as `PAGE_WEIGHT` | the user's other frames wait |
//! | requests to the store | `STORE_WINDOW` | the driver takes no events of sessions; reads of heads wait, one per session |
//! | pending wakes of sessions | one per session | |
//! | live frames for a session | `PUSH_CAPACITY` | dropped; the session is behind and then gets heads |
//! | answers and heads for a session | `RESERVED_CAPACITY`, which live frames leave free | not reached: requests in flight bound them |
//! | admin connections; their requests and answers | `MAX_ADMINS`; `MAX_REQUEST_LEN`, `MAX_ANSWER_LEN` | wait in the queue of the system; the connection is closed |
//! | a connection that takes no byte | `WRITE_STALL` | closed |
//! | a dead link; a silent client | `DEAD_AFTER`, which the system watches; `SERVER_PING_AFTER`, then `PONG_WITHIN` | closed |
//! | rows in the writer's row cache | `MAX_CACHED_ROWS` and those of one batch | evicted before the next batch |
//! | connections accepted, sessions woken, frames taken from a session, its reads per turn | `ACCEPTS_PER_TURN`; `WAKES_PER_TURN`; `MAX_FRAMES_TOGETHER`, or 16 KiB; `MAX_READS`, `MAX_EMPTY_READS` | the task yields and goes on later |
//! | bytes of an incomplete TLS record | `MAX_INCOMING` | closed |
//! | free buffers of a thread | `MAX_POOLED` | freed |
//! | unwritten pongs, pings and notices of a session | `MAX_LOCAL_FRAMES` | the session reads nothing |
//! | free space on the disk of the data | `disk_reserve` | messages, rooms and settings are refused, reading goes on |
//! | write-ahead log | `CheckpointThresholds::restart_pages` pages | checkpointed from `busy_pages` on; there the writer stops for the last ones, and readers of older pages let it grow |
//! | a drain | `DRAIN_LIMIT`, then `CLOSE_TIMEOUT` | ends without clients that do not respond |

mod address;
pub mod admin;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod connection_log;
pub mod connections;
mod driver;
mod fair_queue;
mod files;
pub mod id;
pub mod invite;
mod listener;
pub mod local;
pub mod net;
pub mod paths;
mod process;
mod public_address;
pub mod relay;
mod server;
pub mod session;
#[cfg(feature = "cli")]
mod settings;
pub mod store;

pub use config::{Config, Limits, Policy, Reloadable};
pub use files::FileError;
pub use net::socket::{ListenError, listen};
pub use net::{ListenAddress, ListenAddressError};
pub use process::raise_open_files;
pub use public_address::{PublicAddress, PublicAddressChoice};
pub use server::{Reloader, Server, ServerError};
