//! The client core: takes events, changes itself, returns effects. It knows no terminal, socket,
//! file, clock, task or random source.

#![deny(clippy::wildcard_enum_match_arm, clippy::disallowed_methods)]

mod chats;
mod command;
pub mod composer;
mod context;
mod conversation;
pub mod effect;
pub mod event;
mod input;
mod overlay;
mod session;
pub mod settings;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeSet;
use std::time::Instant;

use recado_shared::{ClientFrame, ConversationId, Emoji, Now, SyncPoint, UserId};

use self::chats::Chats;
use self::chats::contacts::Contacts;
use self::chats::settings::UserSettings;
use self::command::Commands;
use self::context::Context;
use self::conversation::state::Conversation;
use self::input::Input;
use self::overlay::search::Searches;
use self::overlay::switcher::OverlayState;
use self::session::Session;
use self::session::cursors::CursorPace;
use self::session::link::Link;
use self::session::outbox::Outbox;
use self::session::requests::Requests;
use self::session::sync::Directory;
use crate::model::MessageIdSource;
use crate::store::{PendingState, Save, Snapshot};

pub(crate) use self::command::devices;
pub use self::input::{action, keymap};
pub use self::view::screen;
pub use effect::{Effect, Scroll};
pub use event::{ClickTarget, Event, Viewed};
pub use settings::Settings;

/// Most conversations that the app keeps. A server that names more is not believed.
const MAX_CONVERSATIONS: usize = 10_000;

/// Everything the client knows and decides.
///
/// Feed it with [`handle`](Self::handle) and carry out the effects in order; call it with
/// [`Event::Deadline`] at [`next_deadline`](Self::next_deadline); draw [`screen`](Self::screen).
#[derive(Debug)]
pub struct App {
    settings: Settings,
    chats: Chats,
    session: Session,
    commands: Commands,
    input: Input,
    overlay: Option<OverlayState>,
    searches: Searches,
    /// The emoji that were used last for reactions in this run, the last one first.
    recent_emoji: Vec<Emoji>,
    /// Said for as long as nothing else is: nothing more is kept on disk.
    store_failure: Option<String>,
    cx: Context,
}

impl App {
    /// The app as the local store remembers it, not connected.
    pub fn new(snapshot: Snapshot, settings: Settings, now: Now) -> Self {
        let mut ids = MessageIdSource::new(settings.seed);
        let outbox = Outbox::new(snapshot.outbox);
        if let Some(last) = outbox.last_id() {
            ids.follow(last);
        }
        let mut app = Self {
            chats: Chats {
                me: snapshot.me,
                settings: UserSettings::from_stored(snapshot.settings, snapshot.settings_stamp),
                unattached_drafts: snapshot.drafts,
                ..Chats::default()
            },
            session: Session {
                link: Link::new(now),
                requests: Requests::default(),
                outbox,
                ids,
                since: snapshot.since,
                directory: Directory::default(),
                cursor_pace: CursorPace::default(),
            },
            commands: Commands::default(),
            input: Input {
                keymap: settings.keymap.clone(),
                completion: None,
            },
            overlay: None,
            searches: Searches::default(),
            recent_emoji: Vec::new(),
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
                    app.chats.contacts.add_peer(&conversation);
                    app.chats.counting.doubt(id);
                    app.chats.conversations.insert(id, conversation);
                    app.meet_loaded(id);
                    app.note_loaded_calls(id);
                }
            }
        }
        app.place_unsent();
        app.compare_drafts();
        app.refresh_contacts();
        if let Some(open) = snapshot.open {
            app.restore_open(open);
        }
        app
    }

    /// Gives stored drafts and waiting messages their conversations, once it is known who the
    /// user is. A store that was replaced has them and does not know that.
    fn place_unsent(&mut self) {
        if self.chats.me.is_none() {
            return;
        }
        for (id, draft) in std::mem::take(&mut self.chats.unattached_drafts) {
            if let Some(conversation) = self.conversation_or_new(id) {
                conversation.composer = composer::Composer::with_text(&draft);
            }
        }
        let pending: BTreeSet<_> = self.session.outbox.all().map(|p| p.conversation).collect();
        for id in pending {
            self.conversation_or_new(id);
        }
    }

    /// Takes an event, returns what is to be done, in order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.cx.now = now;
        match event {
            Event::Key(key) => self.on_key(key, now),
            Event::Paste(text) => self.on_paste(&text, now),
            Event::Click(target) => self.on_click(target, now),
            Event::Wheel(lines) => self.on_wheel(lines, now),
            Event::Focus(has_focus) => self.on_focus(has_focus, now),
            Event::Viewed(viewed) => self.on_viewed(viewed),
            Event::Net(event) => self.on_net(event, now),
            Event::Loaded(loaded) => self.on_loaded(loaded),
            Event::StoreFailed(why) => {
                self.store_failure = Some(format!(
                    "nothing more is kept on this disk: {why}. Copy what you need, then restart"
                ));
            }
            Event::Found(found) => self.on_found(found),
            Event::Deadline => {}
            Event::Terminate => self.quit(now),
        }
        self.follow_up(now);
        std::mem::take(&mut self.cx.effects)
    }

    /// When to call [`handle`](Self::handle) with [`Event::Deadline`] if nothing else happens.
    pub fn next_deadline(&self) -> Option<Instant> {
        let typing = self
            .chats
            .conversations
            .values()
            .filter_map(Conversation::typing_until);
        typing
            .chain(self.session.link.next_deadline())
            .chain(self.chats.unsaved.due())
            .chain(self.session.cursor_pace.next_deadline())
            .chain(
                self.session
                    .outbox
                    .paused_until
                    .filter(|_| self.session.link.is_up()),
            )
            .chain(self.chats.settings.next_deadline(self.session.link.is_up()))
            .chain(self.drafts_deadline())
            .min()
    }

    /// Which set of heads the app has, for the next `Hello`.
    pub fn since(&self) -> Option<SyncPoint> {
        self.session.since
    }

    /// The open conversation, which an [`Effect::Scroll`] is about.
    pub fn opened(&self) -> Option<ConversationId> {
        self.chats.nav.open
    }

    /// Does what may have become possible or due, whatever the event was.
    fn follow_up(&mut self, now: Now) {
        self.expire(now);
        self.check_selection();
        self.check_completion();
        self.check_hits();
        self.take_drafts(now);
        self.refresh_contacts();
        self.move_cursors();
        self.refresh_catch_up(now);
        self.send_appends(now);
        self.send_cursors(now);
        self.ask_pages();
        self.ask_directory();
        self.ask_names();
        self.ask_panel();
        self.ask_switcher();
        self.count_next();
        self.send_watch();
        self.save_due(now);
        self.share_due_drafts(now);
        self.exchange_settings(now);
    }

    fn expire(&mut self, now: Now) {
        for conversation in self.chats.conversations.values_mut() {
            conversation.expire_typing(now.instant);
        }
        if self
            .session
            .outbox
            .paused_until
            .is_some_and(|until| until <= now.instant)
        {
            self.session.outbox.paused_until = None;
        }
        if let Some(frame) = self.session.link.follow_clock(now.instant) {
            self.send(frame);
        }
    }

    fn send(&mut self, frame: ClientFrame) {
        self.cx.send(frame);
    }

    fn save(&mut self, save: Save) {
        self.cx.save(save);
    }

    fn user(&self) -> Option<UserId> {
        self.chats.me.as_ref().map(|me| me.user)
    }

    /// The conversation, made if it is new; `None` if the user is no member or there are too many.
    fn conversation_or_new(&mut self, id: ConversationId) -> Option<&mut Conversation> {
        let me = self.user()?;
        if !self.chats.conversations.contains_key(&id) {
            if self.chats.conversations.len() >= MAX_CONVERSATIONS {
                return None;
            }
            let conversation = Conversation::new(id, me)?;
            self.chats.contacts.add_peer(&conversation);
            self.chats.conversations.insert(id, conversation);
            self.offer_first_draft(id);
        }
        self.chats.dirty.insert(id);
        self.chats.conversations.get_mut(&id)
    }

    fn open_conversation(&mut self) -> Option<&mut Conversation> {
        self.chats.conversations.get_mut(&self.chats.nav.open?)
    }

    /// Saves what is not saved yet and leaves.
    fn quit(&mut self, now: Now) {
        self.remember_place();
        self.save_all();
        self.share_drafts();
        self.exchange_settings(now);
        if self.session.link.is_up() {
            self.send(ClientFrame::Leave);
        }
        self.cx.effects.push(Effect::Quit);
    }

    /// The server's data is another one than before: nothing cached belongs to it. What waited
    /// may be meant for somebody who has another number there, so the person decides again.
    fn forget_log(&mut self) {
        let message = "the server's data was replaced: check to whom you write before you send";
        self.cx.notice = Some(message.to_owned());
        self.session.since = None;
        self.chats.contacts = Contacts::default();
        self.chats.settings.forget_log();
        self.chats.drafts.forget_log();
        let me = self.user();
        for (id, mut old) in std::mem::take(&mut self.chats.conversations) {
            let Some(mut fresh) = me.and_then(|me| Conversation::new(id, me)) else {
                continue;
            };
            fresh.composer = std::mem::take(&mut old.composer);
            if !fresh.composer.is_empty() || self.chats.nav.open == Some(id) {
                self.chats.contacts.add_peer(&fresh);
                self.chats.conversations.insert(id, fresh);
            }
        }
        self.chats
            .nav
            .forget(|id| self.chats.conversations.contains_key(id));
        let waiting: Vec<_> = self
            .session
            .outbox
            .all()
            .filter(|pending| pending.state == PendingState::Waiting)
            .map(|pending| pending.id)
            .collect();
        for id in waiting {
            let why = "the server's data was replaced: check the recipient, then send again";
            self.set_pending(id, PendingState::Failed(why.to_owned()));
        }
    }
}
