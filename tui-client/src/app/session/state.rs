//! The state of the session and what outlives it until the next one.

use recado_shared::SyncPoint;

use crate::app::chats::Chats;
use crate::app::context::Context;
use crate::app::session::cursor_pace::CursorPace;
use crate::app::session::directory::Directory;
use crate::app::session::link::Link;
use crate::app::session::outbox::Outbox;
use crate::app::session::requests::Requests;
use crate::model::MessageIdSource;

/// The session and what outlives it until the next one.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) link: Link,
    pub(crate) requests: Requests,
    pub(crate) outbox: Outbox,
    pub(crate) ids: MessageIdSource,
    /// The set of heads that the client has, for the next `Hello`.
    pub(crate) since: Option<SyncPoint>,
    pub(crate) directory: Directory,
    pub(crate) cursor_pace: CursorPace,
    /// Whether messages ring the bell while the terminal has no focus.
    pub(crate) has_bell: bool,
}

impl Session {
    /// Moves cursors, sends what waits, and asks the server for what is missing.
    pub(crate) fn reconcile(&mut self, chats: &mut Chats, cx: &mut Context) {
        let paused_until = self.outbox.paused_until;
        self.outbox.paused_until = paused_until.filter(|until| *until > cx.now.instant);
        self.link.follow_clock(cx);
        self.move_cursors(chats, cx);
        chats.counting.count_next(&chats.conversations, cx);
        self.send_appends(cx);
        self.send_cursors(chats, cx);
        self.ask_pages(chats, cx);
        self.ask_directory(cx);
        self.ask_names(chats, cx);
        self.send_watch(chats, cx);
        self.exchange_settings(chats, cx);
    }
}
