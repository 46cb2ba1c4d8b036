//! The conversations with what belongs to them, and the changes that concern several of its parts.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::limits::TYPING_SHOWN_FOR;
use recado_shared::{
    ConversationId, MemberCursors, Presence, RoomId, RoomName, Seq, Timestamp, UserId,
};

use crate::app::chats::contacts::Contacts;
use crate::app::chats::counting::Counting;
use crate::app::chats::drafts::Drafts;
use crate::app::chats::names::{NameRequests, authors};
use crate::app::chats::position::{Navigation, Pane};
use crate::app::chats::settings::UserSettings;
use crate::app::chats::unsaved::{SAVE_AFTER, Unsaved};
use crate::app::context::Context;
use crate::app::conversation::progress::Progress;
use crate::app::conversation::state::Conversation;
use crate::app::event::Viewed;
use crate::model::ItemId;
use crate::store::{LoadedEntries, StoreWrite, StoredMe};

/// Most conversations that the app keeps. A server that names more is not believed.
const MAX_CONVERSATIONS: usize = 10_000;

/// Most conversations for which a session repeats cursors that the server probably has.
const MAX_REPEATED: usize = 200;

/// The conversations and what belongs to them.
#[derive(Debug, Default)]
pub(crate) struct Chats {
    /// `None` before the first session.
    pub(crate) me: Option<StoredMe>,
    /// Shown as the own name before the first session.
    pub(crate) configured_name: String,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    /// Conversations that the current event changed: their cursors are moved at its end.
    pub(crate) dirty: BTreeSet<ConversationId>,
    pub(crate) contacts: Contacts,
    pub(crate) counting: Counting,
    pub(crate) settings: UserSettings,
    pub(crate) drafts: Drafts,
    pub(crate) names: NameRequests,
    pub(crate) navigation: Navigation,
    pub(crate) unsaved: Unsaved,
    /// Rooms that the server named, besides those that the user has heads of.
    pub(crate) found_rooms: BTreeMap<RoomId, RoomName>,
    /// Stored drafts that get their conversations once the user is known.
    pub(crate) unattached_drafts: Vec<(ConversationId, String)>,
}

impl Chats {
    /// Drops hints that have expired, places and saves drafts, and sorts the contact list.
    pub(crate) fn reconcile(
        &mut self,
        queued: &BTreeMap<ConversationId, Timestamp>,
        cx: &mut Context,
    ) {
        for conversation in self.conversations.values_mut() {
            conversation.expire_typing(cx.now.instant);
        }
        self.take_drafts(cx);
        self.refresh_contacts(queued);
        self.save_due(cx);
        self.share_due_drafts(cx);
    }

    /// Asks for no page there until the next session or head.
    pub(crate) fn stop_paging(&mut self, id: ConversationId) {
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.is_stalled = true;
        }
    }

    pub(crate) fn user(&self) -> Option<UserId> {
        self.me.as_ref().map(|me| me.user)
    }

    /// The conversation, made if it is new; `None` if the user is no member or there are too many.
    pub(crate) fn conversation_or_new(&mut self, id: ConversationId) -> Option<&mut Conversation> {
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
        self.dirty.insert(id);
        self.conversations.get_mut(&id)
    }

    pub(crate) fn opened(&self) -> Option<&Conversation> {
        self.conversations.get(&self.navigation.open?)
    }

    pub(crate) fn open_conversation(&mut self) -> Option<&mut Conversation> {
        self.conversations.get_mut(&self.navigation.open?)
    }

    /// Keeps only the open conversation and those with unsent text, empty.
    pub(crate) fn forget_log_chats(&mut self) {
        self.contacts = Contacts::default();
        self.settings.forget_log();
        self.drafts.forget_log();
        let me = self.user();
        for (id, mut old) in std::mem::take(&mut self.conversations) {
            let Some(mut fresh) = me.and_then(|me| Conversation::new(id, me)) else {
                continue;
            };
            fresh.composer = std::mem::take(&mut old.composer);
            if !fresh.composer.is_empty() || self.navigation.open == Some(id) {
                self.contacts.add_peer(&fresh);
                self.conversations.insert(id, fresh);
            }
        }
        self.navigation
            .forget(|id| self.conversations.contains_key(id));
    }

    /// Saves what is due, or notes when it will be.
    fn save_due(&mut self, cx: &mut Context) {
        if self.unsaved.is_empty() {
            self.unsaved.due = None;
        } else if let Some(due) = self.unsaved.due {
            if due <= cx.now.instant {
                self.save_all(cx);
            }
        } else {
            self.unsaved.due = Some(cx.now.instant + SAVE_AFTER);
        }
    }

    /// Saves everything that is not saved yet.
    pub(crate) fn save_all(&mut self, cx: &mut Context) {
        let unsaved = std::mem::take(&mut self.unsaved);
        for id in unsaved.drafts {
            if let Some(conversation) = self.conversations.get(&id) {
                let text = conversation.draft().to_owned();
                let conversation = id;
                cx.save(StoreWrite::Draft { conversation, text });
            }
        }
        for id in unsaved.places {
            if let Some(conversation) = self.conversations.get(&id) {
                cx.save(StoreWrite::Place(id, conversation.place));
            }
        }
    }

    /// Whether a person can see what arrives in this conversation.
    pub(crate) fn is_looking_at(&self, id: ConversationId, cx: &mut Context) -> bool {
        let is_hidden = self.navigation.pane == Pane::Contacts
            && (self.navigation.viewed).is_some_and(|viewed| viewed.visible.is_none());
        self.navigation.open == Some(id)
            && self.navigation.has_focus
            && !cx.is_covered
            && !is_hidden
    }

    pub(crate) fn on_viewed(&mut self, viewed: Viewed, cx: &mut Context) {
        if self.navigation.open != Some(viewed.conversation) {
            return;
        }
        let Some(conversation) = self.conversations.get_mut(&viewed.conversation) else {
            return;
        };
        if conversation.place != viewed.place {
            conversation.place = viewed.place;
            self.unsaved.place(viewed.conversation);
        }
        let shown = viewed
            .visible
            .and_then(|(_, last)| last_entry(conversation, last));
        self.navigation.viewed = Some(viewed);
        self.navigation.shown = shown;
        self.load_more(cx);
        self.dirty.insert(viewed.conversation);
    }

    /// Saves where a conversation stands: cursors and unread count belong together.
    pub(crate) fn save_head(&mut self, id: ConversationId, cx: &mut Context) {
        if let Some(conversation) = self.conversations.get(&id) {
            let heads = vec![conversation.head()];
            let complete = None;
            cx.save(StoreWrite::Heads { heads, complete });
        }
    }

    /// The heads of a session are complete: says again what an earlier session may have lost.
    pub(crate) fn repeat_cursors(&mut self) {
        let is_unsure = |conversation: &&mut Conversation| conversation.is_ack_unsure;
        for conversation in self
            .conversations
            .values_mut()
            .filter(is_unsure)
            .take(MAX_REPEATED)
        {
            // What the server really knows is never more than this, so the cursors go out again.
            conversation.is_ack_unsure = false;
            conversation.sent = Progress::default();
        }
        self.dirty.extend(self.conversations.keys());
    }

    pub(crate) fn on_cursors(
        &mut self,
        id: ConversationId,
        cursors: MemberCursors,
        cx: &mut Context,
    ) {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let before = conversation.unread();
        if !conversation.set_cursors(cursors) {
            return;
        }
        self.dirty.insert(id);
        if conversation.unread() == before {
            let cursors = own_first(conversation, cursors);
            cx.save(StoreWrite::Cursors(id, cursors));
        } else {
            self.save_head(id, cx);
        }
    }

    pub(crate) fn on_presence(&mut self, user: UserId, presence: Presence) {
        self.contacts.set_presence(user, presence);
        let Some(me) = self.user().filter(|_| presence == Presence::Offline) else {
            return;
        };
        if let Some(left) = self
            .conversations
            .get_mut(&ConversationId::direct(me, user))
        {
            left.stop_typing(user);
        }
    }

    pub(crate) fn on_typing(&mut self, id: ConversationId, user: UserId, cx: &mut Context) {
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.set_typing(user, cx.now.instant + TYPING_SHOWN_FOR);
            if id.room().is_some() {
                self.request_name(user);
            }
        }
    }

    /// The local store read something.
    pub(crate) fn on_loaded(&mut self, loaded: LoadedEntries, cx: &mut Context) {
        let id = loaded.load.conversation;
        let is_open = self.navigation.open == Some(id);
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let before = conversation.unread();
        self.counting.answered(&loaded, conversation);
        let people: Vec<_> = authors(&loaded.entries)
            .chain(authors(&loaded.about))
            .collect();
        let (about, entries) = (loaded.about.clone(), loaded.entries.clone());
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        conversation.add_loaded(loaded);
        conversation.trim(is_open);
        if conversation.unread() != before {
            self.save_head(id, cx);
        }
        if id.room().is_some() {
            for user in people {
                self.request_name(user);
            }
        }
        self.note_mentions(id, &about);
        self.note_mentions(id, &entries);
        self.finish_jump(id, cx);
    }
}

/// The last entry or gap up to an item of the screen.
fn last_entry(conversation: &Conversation, last: ItemId) -> Option<Seq> {
    match last {
        ItemId::Entry(seq) => Some(conversation.shown_through(seq)),
        ItemId::Pending(_) => conversation.log.last_loaded(),
    }
}

/// A member's cursors as stored: the user's own are never behind what is known here.
fn own_first(conversation: &Conversation, cursors: MemberCursors) -> MemberCursors {
    let progress = conversation.progress_of(cursors.user);
    MemberCursors {
        user: cursors.user,
        delivered: progress.delivered,
        read: progress.read,
    }
}
