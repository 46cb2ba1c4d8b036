//! The client core: takes events, changes itself, returns effects. It knows no terminal, socket,
//! file, clock, task or random source.

#![deny(clippy::wildcard_enum_match_arm, clippy::disallowed_methods)]

pub mod action;
mod acts;
mod attention;
mod catch_up;
mod command;
mod completion;
pub mod composer;
mod confirm;
mod contacts;
mod conversation;
mod counting;
mod cursors;
pub(crate) mod devices;
mod drafts;
pub mod effect;
pub mod event;
mod folding;
pub mod ids;
mod items;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "key codes are the list of another crate, and most of them have no binding"
)]
pub mod keymap;
mod keys;
mod link;
mod log;
mod mention;
mod names;
mod navigation;
mod outbox;
mod panel;
mod picker;
mod ranges;
mod receive;
mod requests;
mod room;
pub mod screen;
mod search;
mod selection;
mod sending;
mod settings;
mod switcher;
mod switcher_rooms;
mod sync;
#[cfg(test)]
mod tests;
mod unread;
mod unsaved;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::tz::TimeZone;
use recado_shared::{ClientFrame, ConversationId, DeviceKey, Emoji, Now, SyncPoint, UserId};

use crate::store::{PendingState, Save, Snapshot, StoredMe};
use command::Commands;
use completion::Completion;
use contacts::Contacts;
use conversation::Conversation;
use counting::Counting;
use cursors::CursorPace;
use drafts::Drafts;
use ids::IdSupply;
use keymap::Keymap;
use link::Link;
use names::Names;
use navigation::Navigation;
use outbox::Outbox;
use requests::Requests;
use search::Searches;
use settings::UserSettings;
use switcher::OverlayState;
use sync::Directory;
use unsaved::Unsaved;

pub use effect::{Effect, Scroll};
pub use event::{ClickTarget, Event, Viewed};

/// Most conversations that the app keeps. A server that names more is not believed.
const MAX_CONVERSATIONS: usize = 10_000;

/// What the program is told once, at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name to show before the server has said one.
    pub name: String,
    /// The bindings in force.
    pub keymap: Keymap,
    /// Where the random part of message ids starts; differs with every start.
    pub seed: u64,
    /// Whether to ring the bell when somebody writes and the terminal has no focus.
    pub bell: bool,
    /// Where the user lives: what "yesterday" means in a search.
    pub time_zone: TimeZone,
    /// The key of this device, to know it in the list of all.
    pub device: DeviceKey,
    /// What the user should know at once, until the next key.
    pub notice: Option<String>,
}

/// Everything the client knows and decides.
///
/// Feed it with [`handle`](Self::handle) and carry out the effects in order; call it with
/// [`Event::Deadline`] at [`next_deadline`](Self::next_deadline); draw [`screen`](Self::screen).
#[derive(Debug)]
pub struct App {
    settings: Settings,
    me: Option<StoredMe>,
    since: Option<SyncPoint>,
    conversations: BTreeMap<ConversationId, Conversation>,
    /// Conversations that the event at hand changed, so that cursors are looked at once.
    touched: BTreeSet<ConversationId>,
    contacts: Contacts,
    counting: Counting,
    cursor_pace: CursorPace,
    outbox: Outbox,
    requests: Requests,
    commands: Commands,
    searches: Searches,
    user_settings: UserSettings,
    drafts: Drafts,
    /// What the composer offers.
    completion: Option<Completion>,
    /// The emoji that were used last for reactions in this run, the last one first.
    recent_emoji: Vec<Emoji>,
    directory: Directory,
    names: Names,
    ids: IdSupply,
    link: Link,
    nav: Navigation,
    overlay: Option<OverlayState>,
    unsaved: Unsaved,
    /// Stored drafts that have no conversation before it is known who the user is.
    homeless_drafts: Vec<(ConversationId, String)>,
    /// What just happened, until the next key.
    message: Option<String>,
    /// Said for as long as nothing else is: nothing more is kept on disk.
    store_failure: Option<String>,
    effects: Vec<Effect>,
}

impl App {
    /// The app as the local store remembers it, not connected.
    pub fn new(snapshot: Snapshot, settings: Settings, now: Now) -> Self {
        let mut ids = IdSupply::new(settings.seed);
        let outbox = Outbox::new(snapshot.outbox);
        if let Some(last) = outbox.last_id() {
            ids.follow(last);
        }
        let message = settings.notice.clone();
        let mut app = Self {
            settings,
            me: snapshot.me,
            since: snapshot.since,
            conversations: BTreeMap::new(),
            touched: BTreeSet::new(),
            contacts: Contacts::default(),
            counting: Counting::default(),
            cursor_pace: CursorPace::default(),
            outbox,
            requests: Requests::default(),
            commands: Commands::default(),
            searches: Searches::default(),
            user_settings: UserSettings::from_stored(snapshot.settings, snapshot.settings_stamp),
            drafts: Drafts::default(),
            completion: None,
            recent_emoji: Vec::new(),
            directory: Directory::default(),
            names: Names::default(),
            ids,
            link: Link::new(now),
            nav: Navigation::default(),
            overlay: None,
            unsaved: Unsaved::default(),
            homeless_drafts: snapshot.drafts,
            message,
            store_failure: None,
            effects: Vec::new(),
        };
        for person in snapshot.people {
            app.contacts.set_names(person);
        }
        if let Some(me) = app.me.as_ref().map(|me| me.user) {
            for stored in snapshot.conversations {
                if let Some(conversation) = Conversation::from_stored(stored, me) {
                    let id = conversation.id;
                    app.contacts.add_peer(&conversation);
                    app.counting.doubt(id);
                    app.conversations.insert(id, conversation);
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
        if self.me.is_none() {
            return;
        }
        for (id, draft) in std::mem::take(&mut self.homeless_drafts) {
            if let Some(conversation) = self.conversation_or_new(id) {
                conversation.composer = composer::Composer::with_text(&draft);
            }
        }
        let pending: BTreeSet<_> = self.outbox.all().map(|p| p.conversation).collect();
        for id in pending {
            self.conversation_or_new(id);
        }
    }

    /// Takes an event, returns what is to be done, in order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
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
        std::mem::take(&mut self.effects)
    }

    /// When to call [`handle`](Self::handle) with [`Event::Deadline`] if nothing else happens.
    pub fn next_deadline(&self) -> Option<Instant> {
        let typing = self
            .conversations
            .values()
            .filter_map(Conversation::typing_until);
        typing
            .chain(self.link.next_deadline())
            .chain(self.unsaved.due())
            .chain(self.cursor_pace.next_deadline())
            .chain(self.outbox.paused_until.filter(|_| self.link.is_up()))
            .chain(self.user_settings.next_deadline(self.link.is_up()))
            .chain(self.drafts_deadline())
            .min()
    }

    /// Which set of heads the app has, for the next `Hello`.
    pub fn since(&self) -> Option<SyncPoint> {
        self.since
    }

    /// The open conversation, which an [`Effect::Scroll`] is about.
    pub fn opened(&self) -> Option<ConversationId> {
        self.nav.open
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
        for conversation in self.conversations.values_mut() {
            conversation.expire_typing(now.instant);
        }
        if self
            .outbox
            .paused_until
            .is_some_and(|until| until <= now.instant)
        {
            self.outbox.paused_until = None;
        }
        if let Some(frame) = self.link.follow_clock(now.instant) {
            self.send(frame);
        }
    }

    fn send(&mut self, frame: ClientFrame) {
        self.effects.push(Effect::Send(frame));
    }

    fn save(&mut self, save: Save) {
        self.effects.push(Effect::Save(save));
    }

    fn user(&self) -> Option<UserId> {
        self.me.as_ref().map(|me| me.user)
    }

    /// The conversation, made if it is new; `None` if the user is no member or there are too many.
    fn conversation_or_new(&mut self, id: ConversationId) -> Option<&mut Conversation> {
        let me = self.user()?;
        if !self.conversations.contains_key(&id) {
            if self.conversations.len() >= MAX_CONVERSATIONS {
                return None;
            }
            let conversation = Conversation::new(id, me)?;
            self.contacts.add_peer(&conversation);
            self.conversations.insert(id, conversation);
            self.offer_first_draft(id);
        }
        self.touched.insert(id);
        self.conversations.get_mut(&id)
    }

    fn open_conversation(&mut self) -> Option<&mut Conversation> {
        self.conversations.get_mut(&self.nav.open?)
    }

    /// Saves what is not saved yet and leaves.
    fn quit(&mut self, now: Now) {
        self.remember_place();
        self.save_all();
        self.share_drafts();
        self.exchange_settings(now);
        if self.link.is_up() {
            self.send(ClientFrame::Leave);
        }
        self.effects.push(Effect::Quit);
    }

    /// The server's data is another one than before: nothing cached belongs to it. What waited
    /// may be meant for somebody who has another number there, so the person decides again.
    fn forget_log(&mut self) {
        let message = "the server's data was replaced: check to whom you write before you send";
        self.message = Some(message.to_owned());
        self.since = None;
        self.contacts = Contacts::default();
        self.user_settings.forget_log();
        self.drafts.forget_log();
        let me = self.user();
        for (id, mut old) in std::mem::take(&mut self.conversations) {
            let Some(mut fresh) = me.and_then(|me| Conversation::new(id, me)) else {
                continue;
            };
            fresh.composer = std::mem::take(&mut old.composer);
            if !fresh.composer.is_empty() || self.nav.open == Some(id) {
                self.contacts.add_peer(&fresh);
                self.conversations.insert(id, fresh);
            }
        }
        self.nav.forget(|id| self.conversations.contains_key(id));
        let waiting: Vec<_> = self
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
