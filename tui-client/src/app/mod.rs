//! The client core: takes events, changes itself, returns effects. It knows no terminal, socket,
//! file, clock, task or random source.

#![deny(clippy::wildcard_enum_match_arm, clippy::disallowed_methods)]

pub mod action;
mod chats;
mod command;
mod command_line;
pub mod composer;
mod context;
mod conversation;
mod date;
pub mod effect;
pub mod event;
mod input;
mod intent;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "key codes are the list of another crate, and most of them have no binding"
)]
pub mod keymap;
mod memory;
mod messages;
mod overlay;
mod parts;
mod reader;
mod route;
mod run;
mod session;
pub mod settings;
#[cfg(test)]
mod tests;
mod view;

use std::time::Instant;

use recado_shared::{ClientFrame, ConversationId, Now, ProtocolVersion};

use self::chats::focus::TerminalFocus;
use self::chats::settings::UserSettings;
use self::command::PendingRequests;
use self::input::InputState;
use self::input::completion::Completion;
use self::memory::Memory;
use self::overlay::Overlay;
use self::session::announcements::Announcements;
use self::session::backfill::Backfill;
use self::session::cursors::CursorPace;
use self::session::directory::Directory;
use self::session::history::History;
use self::session::link::Link;
use self::session::outbox::Outbox;
use self::session::requests::Requests;
use crate::model::MessageIdSource;
use crate::net::{KnownState, NetEvent};
use crate::store::Snapshot;
use crate::strings;

pub(crate) use self::action::{Action, Edit, Hint, KeyContext};
pub(in crate::app) use self::chats::Chats;
pub(crate) use self::command::devices;
pub(in crate::app) use self::context::Context;
pub(in crate::app) use self::conversation::state::Conversation;
pub(crate) use self::parts::Parts;
pub(crate) use self::reader::Reader;
pub(in crate::app) use self::session::Session;
pub use self::view::screen;
pub use effect::{Effect, Scroll};
pub use event::{ClickTarget, Clipboard, Event, PaneState, Viewed};
pub use settings::Settings;

pub use crate::model::{InviteLink, InviteTerms};

/// Everything the client knows and decides.
///
/// Feed it with [`handle`](Self::handle) and carry out the effects in order; call it with
/// [`Event::Deadline`] at [`next_deadline`](Self::next_deadline); draw [`screen`](Self::screen).
#[derive(Debug)]
pub struct App {
    settings: Settings,
    chats: Chats,
    session: Session,
    pending_requests: PendingRequests,
    completion: Option<Completion>,
    input: InputState,
    overlay: Option<Box<dyn Overlay>>,
    /// Whether something was pushed since the overlay was refreshed.
    is_overlay_stale: bool,
    memory: Memory,
    /// Said for as long as nothing else is: nothing more is kept on disk.
    store_failure: Option<String>,
    cx: Context,
}

impl App {
    /// The app as the local store remembers it, not connected.
    pub fn new(snapshot: Snapshot, settings: Settings, now: Now) -> Self {
        let mut ids = MessageIdSource::new(settings.seed);
        let outbox = Outbox::new(snapshot.outbox, snapshot.commands);
        if let Some(last) = outbox.last_id() {
            ids.follow(last);
        }
        let mut app = Self {
            chats: Chats {
                me: snapshot.me,
                configured_name: settings.name.clone(),
                settings: UserSettings::from_stored(snapshot.settings, snapshot.settings_stamp),
                unattached_drafts: snapshot.drafts,
                ..Chats::default()
            },
            session: Session {
                link: Link::new(),
                requests: Requests::default(),
                outbox,
                ids,
                since: snapshot.since,
                history: History::new(snapshot.epochs),
                directory: Directory::default(),
                backfill: Backfill::new(settings.store_limit),
                version: ProtocolVersion::OLDEST,
                cursor_pace: CursorPace::default(),
                has_bell: settings.bell,
                announcements: Announcements::new(
                    settings
                        .keymap
                        .key_of(KeyContext::Global, Action::Announcements),
                    snapshot.announcements,
                ),
            },
            pending_requests: PendingRequests::default(),
            completion: None,
            input: InputState::default(),
            overlay: None,
            is_overlay_stale: false,
            memory: Memory::new(settings.list),
            store_failure: None,
            cx: Context::new(now, settings.notice.clone()),
            settings,
        };
        for person in snapshot.people {
            app.chats.contacts.set_names(person);
        }
        if let Some(me) = app.chats.me.as_ref().map(|me| me.user) {
            for stored in snapshot.conversations {
                if let Some(conversation) = Conversation::from_stored(stored, me) {
                    let id = conversation.id;
                    let loaded: Vec<_> = conversation.log.loaded().cloned().collect();
                    app.chats.contacts.add_peer(&conversation);
                    app.chats.counting.mark_uncertain(id);
                    app.chats.conversations.insert(id, conversation);
                    app.chats.note_entries(id, &loaded, &mut app.cx);
                }
            }
        }
        app.chats.note_lost(snapshot.lost);
        app.session.place_unsent(&mut app.chats);
        app.chats.compare_drafts();
        app.chats
            .refresh_changed(|| app.session.outbox.last_typed(), now);
        app.chats.navigation.focus = TerminalFocus::new(app.settings.is_in_tmux);
        if let Some(open) = snapshot.open {
            app.chats.restore_open(open, &mut app.cx);
        }
        if let Some(link) = app.settings.invite_link.clone() {
            app.show_invite_link(Ok(link));
        }
        app
    }

    /// Takes an event, returns what is to be done, in order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.cx.now = now;
        let before = self.recipient_before(&event);
        let (is_push, is_frame) = (event.is_push(), event == Event::Frame);
        match event {
            Event::Key(key) => self.on_key(key, now),
            Event::Paste(text) => self.on_paste(&text, now),
            Event::Copied(clipboard) => self.on_copied(clipboard),
            Event::Click(target) => self.on_click(target, now),
            Event::Wheel(lines) => self.on_wheel(lines, now),
            Event::Focus(has_focus) => self.on_focus(has_focus, now),
            Event::Pane {
                state,
                reports_focus,
            } => self.on_pane(state, reports_focus),
            Event::Viewed(viewed) => self.chats.on_viewed(viewed, &mut self.cx),
            Event::Net(event) => {
                let is_welcome = matches!(event, NetEvent::Welcomed(_));
                let is_frame = matches!(event, NetEvent::Frame(_) | NetEvent::RoundTrip(_));
                self.with_parts(|app| {
                    if is_welcome {
                        app.forget_command_requests();
                    } else if !is_frame {
                        app.return_commands();
                    }
                });
                if let Some((number, result)) =
                    self.session.on_net(&mut self.chats, event, &mut self.cx)
                {
                    self.with_parts(|app| app.on_command_answer(number, result));
                }
            }
            Event::Loaded(loaded) => {
                let mut is_taken = false;
                self.with_parts(|app| is_taken = app.take_date_read(&loaded));
                if !is_taken {
                    self.with_overlay(|overlay, _| overlay.loaded(&loaded));
                    self.chats.on_loaded(loaded, &mut self.cx);
                }
            }
            Event::Theme(Ok(text) | Err(text)) => self.cx.notify(text),
            Event::Edited(outcome) => self.on_edited(outcome, now),
            Event::InviteLink(link) => self.show_invite_link(link),
            Event::StoreFailed(why) => {
                self.store_failure = Some(strings::status::store_failed(&why));
            }
            Event::Stored(stored) => self
                .session
                .on_stored(&mut self.chats, stored, &mut self.cx),
            Event::RolledBack(outcome) => self.session.on_rolled_back(&mut self.chats, outcome),
            Event::Found(found) => self.with_overlay(|overlay, app| overlay.found(found, app)),
            Event::Frame | Event::Deadline => {}
            Event::Terminate => self.quit(),
        }
        self.reconcile();
        self.note_recipient(&before);
        // An overlay may look at every conversation: what is pushed reaches it once a frame.
        if is_push {
            self.is_overlay_stale = true;
        } else if !is_frame || std::mem::take(&mut self.is_overlay_stale) {
            self.with_overlay(|overlay, app| overlay.refresh(app));
        }
        std::mem::take(&mut self.cx.effects)
    }

    /// When to call [`handle`](Self::handle) with [`Event::Deadline`] if nothing else happens.
    pub fn next_deadline(&self) -> Option<Instant> {
        let typing = self.chats.typing.next_deadline().into_iter();
        typing
            .chain(self.session.link.next_deadline(&self.cx))
            .chain(self.chats.unsaved.due)
            .chain(self.chats.contacts.hold.deadline())
            .chain(self.chats.navigation.focus.deadline())
            .chain(self.session.cursor_pace.next_deadline())
            .chain(
                self.session
                    .outbox
                    .paused_until
                    .filter(|_| self.session.link.is_up()),
            )
            .chain(self.chats.settings.next_deadline(self.session.link.is_up()))
            .chain(self.chats.drafts_deadline(self.cx.last_input.instant))
            .min()
    }

    /// What the app has of the server's data, for the next `Hello`.
    pub fn known_state(&self) -> KnownState {
        KnownState {
            since: self.session.since,
            epochs: self.session.history.known.clone(),
        }
    }

    /// How many messages wait and are not expected to be accepted at any moment.
    pub fn unsent(&self) -> usize {
        self.session.unsent(self.cx.now.instant)
    }

    /// The open conversation, which an [`Effect::Scroll`] is about.
    pub fn opened(&self) -> Option<ConversationId> {
        self.chats.navigation.open
    }

    /// Brings every part up to date after an event: it does what has become possible or due.
    fn reconcile(&mut self) {
        self.chats.reconcile(&mut self.cx);
        self.session.reconcile(&mut self.chats, &mut self.cx);
        self.parts().check_selection();
        self.check_completion();
        let question = self.chats.navigation.focus.ask(self.cx.now.instant);
        self.cx.effects.extend(question);
    }

    /// Saves what is not saved yet and leaves.
    fn quit(&mut self) {
        for line in self.pending_requests.take_lines() {
            self.chats.give_back(&line);
        }
        self.chats.remember_place();
        self.chats.save_all(&mut self.cx);
        self.chats.share_drafts(&mut self.cx);
        self.session
            .exchange_settings(&mut self.chats, &mut self.cx);
        if self.session.link.is_up() {
            self.cx.send(ClientFrame::Leave);
        }
        self.cx.effects.push(Effect::Quit);
    }
}
