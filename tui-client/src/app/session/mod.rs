//! The session with the server: link, requests, outbox, cursors and what is synchronised.

pub(in crate::app) mod cursors;
pub(in crate::app) mod link;
pub(in crate::app) mod outbox;
pub(in crate::app) mod receive;
pub(in crate::app) mod requests;
pub(in crate::app) mod sending;
pub(in crate::app) mod sync;

use recado_shared::SyncPoint;

use self::cursors::CursorPace;
use self::link::Link;
use self::outbox::Outbox;
use self::requests::Requests;
use self::sync::Directory;
use crate::model::MessageIdSource;

/// The session and what outlives it until the next one.
#[derive(Debug)]
pub(in crate::app) struct Session {
    pub(in crate::app) link: Link,
    pub(in crate::app) requests: Requests,
    pub(in crate::app) outbox: Outbox,
    pub(in crate::app) ids: MessageIdSource,
    /// The set of heads that the client has, for the next `Hello`.
    pub(in crate::app) since: Option<SyncPoint>,
    pub(in crate::app) directory: Directory,
    pub(in crate::app) cursor_pace: CursorPace,
}
