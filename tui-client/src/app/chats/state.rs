//! The conversations with what belongs to them, and the changes that concern several of its parts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use recado_shared::limits::TYPING_SHOWN_FOR;
use recado_shared::{ConversationId, MemberCursors, Presence, RoomId, RoomName, UserId};

use super::contacts::Contacts;
use super::counting::Counting;
use super::navigation::{Navigation, Pane};
use super::settings::UserSettings;
use super::typing::Typing;
use super::unread_totals::UnreadTotals;
use crate::app::conversation::progress::Progress;
use crate::app::{Context, Conversation, Viewed};
use crate::model::ItemId;
use crate::store::{LoadedEntries, StoreWrite, StoredMe};

/// How long a changed draft or scroll position may wait until it is saved: they change often.
pub(crate) const SAVE_AFTER: Duration = Duration::from_millis(500);

/// Most conversations that the app keeps. A server that names more is not believed.
const MAX_CONVERSATIONS: usize = 10_000;

/// Entries that leave a full store at a time, so that one step does not hold up what is saved after it.
const FORGOTTEN_AT_ONCE: u64 = 4_000;

/// Most conversations for which a session repeats cursors that the server probably has.
const MAX_REPEATED: usize = 200;

/// Most people whose names one session asks for. Further ones keep their numbers.
const MAX_ASKED: usize = 5_000;

/// Drafts and scroll positions that differ from the local store. They are saved at once on leaving
/// a conversation or the program.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    pub(crate) due: Option<Instant>,
    pub(crate) drafts: BTreeSet<ConversationId>,
    pub(crate) places: BTreeSet<ConversationId>,
}

/// Drafts that differ from those of the other devices.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    /// Changed here since the other devices were told.
    pub(crate) changed: BTreeSet<ConversationId>,
    pub(super) due: Option<Instant>,
    pub(super) is_urgent: bool,
    /// Changed elsewhere, with the text here that it takes the place of.
    pub(super) offered: BTreeMap<ConversationId, String>,
}

impl Drafts {
    /// Shares a text at once that was sent: elsewhere it must not be sent again.
    pub(crate) fn end(&mut self, id: ConversationId) {
        self.changed.insert(id);
        self.is_urgent = true;
    }
}

/// Users who are seen in rooms and whose names are unknown.
#[derive(Debug, Default)]
pub(crate) struct NameRequests {
    pub(crate) wanted: BTreeSet<UserId>,
    /// Asked for in this session, whatever the answer was.
    pub(crate) asked: BTreeSet<UserId>,
}

impl NameRequests {
    /// A new session asks again for those who are still not known.
    pub(crate) fn begin_session(&mut self) {
        self.wanted.append(&mut self.asked);
    }

    pub(crate) fn want(&mut self, user: UserId) {
        let known = self.wanted.len() + self.asked.len();
        if known < MAX_ASKED && !self.asked.contains(&user) {
            self.wanted.insert(user);
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Chats {
    /// `None` before the first session.
    pub(crate) me: Option<StoredMe>,
    /// Shown as the own name before the first session.
    pub(crate) configured_name: String,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    /// Conversations that the current event changed. At its end their rows and cursors are moved,
    /// and their unread messages counted.
    pub(crate) dirty: BTreeSet<ConversationId>,
    pub(crate) typing: Typing,
    pub(crate) totals: UnreadTotals,
    pub(crate) contacts: Contacts,
    pub(crate) counting: Counting,
    pub(crate) settings: UserSettings,
    pub(crate) drafts: Drafts,
    pub(crate) names: NameRequests,
    pub(crate) navigation: Navigation,
    pub(crate) unsaved: Unsaved,
    /// The members who sent the open invitations, as far as the server said.
    pub(crate) inviters: BTreeMap<RoomId, UserId>,
    /// Rooms that the server named, besides those that the user has heads of.
    pub(crate) found_rooms: BTreeMap<RoomId, RoomName>,
    /// Stored drafts that get their conversations once the user is known.
    pub(crate) unattached_drafts: Vec<(ConversationId, String)>,
}

impl Chats {
    /// Drops hints that have expired, and places and saves drafts.
    pub(crate) fn reconcile(&mut self, cx: &mut Context) {
        self.typing.expire(cx.now.instant);
        if self.settings.follow_clock(cx.now) {
            self.mark_all_dirty();
        }
        self.take_drafts(cx);
        self.save_due(cx);
        self.share_due_drafts(cx);
    }

    /// Notes a change that may concern every conversation.
    pub(crate) fn mark_all_dirty(&mut self) {
        self.dirty.extend(self.conversations.keys());
        self.contacts.mark_stale();
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

    /// Removes some of the oldest entries of the conversation that has most beside its window.
    pub(crate) fn forget_oldest(&mut self, cx: &mut Context) {
        let unloaded = |conversation: &&mut Conversation| conversation.log.unloaded_count();
        let Some(largest) = self.conversations.values_mut().max_by_key(unloaded) else {
            return;
        };
        if let Some(up_to) = largest.log.oldest_unloaded(FORGOTTEN_AT_ONCE) {
            largest.log.forget_up_to(up_to);
            cx.save(StoreWrite::Forget {
                conversation: largest.id,
                up_to,
                held: largest.log.held().to_held(),
            });
        }
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
        self.typing.clear();
        self.totals = UnreadTotals::default();
        self.settings.forget_log();
        self.drafts = Drafts::default();
        let me = self.user();
        for (id, mut old) in std::mem::take(&mut self.conversations) {
            let Some(mut fresh) = me.and_then(|me| Conversation::new(id, me)) else {
                continue;
            };
            old.drop_purpose();
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
        let unsaved = &mut self.unsaved;
        if unsaved.drafts.is_empty() && unsaved.places.is_empty() {
            unsaved.due = None;
        } else if cx.start_or_check_timer(&mut unsaved.due, SAVE_AFTER) {
            self.save_all(cx);
        }
    }

    /// Saves everything that is not saved yet.
    pub(crate) fn save_all(&mut self, cx: &mut Context) {
        let unsaved = std::mem::take(&mut self.unsaved);
        for conversation in unsaved.drafts {
            if let Some(edited) = self.conversations.get(&conversation) {
                let text = edited.draft().to_owned();
                cx.save(StoreWrite::Draft { conversation, text });
            }
        }
        for id in unsaved.places {
            if let Some(conversation) = self.conversations.get(&id) {
                cx.save(StoreWrite::Place(id, conversation.place));
            }
        }
    }

    /// Whether the user can see what arrives in this conversation.
    pub(crate) fn is_looking_at(&self, id: ConversationId, cx: &mut Context) -> bool {
        let is_hidden = self.navigation.pane == Pane::Contacts
            && (self.navigation.viewed).is_some_and(|viewed| viewed.visible.is_none());
        self.navigation.open == Some(id)
            && self.navigation.focus.has_focus(cx.now, cx.last_input)
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
        conversation.jumped_to = None;
        if conversation.place != viewed.place {
            conversation.place = viewed.place;
            self.unsaved.places.insert(viewed.conversation);
        }
        let shown = viewed.visible.and_then(|(_, last)| match last {
            ItemId::Entry(seq) => Some(conversation.shown_through(seq)),
            ItemId::Pending(_) => conversation.log.last_loaded(),
        });
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

    /// Repeats cursors that an earlier session may have lost, once the heads are complete.
    pub(crate) fn repeat_cursors(&mut self) {
        let conversations = self.conversations.values_mut();
        let unsure = conversations.filter(|conversation| conversation.is_ack_unsure);
        for conversation in unsure.take(MAX_REPEATED) {
            // What the server really knows is never more than this, so the cursors go out again.
            conversation.is_ack_unsure = false;
            conversation.sent = Progress::default();
        }
        self.mark_all_dirty();
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
            // The user's own cursors are never behind what is known here, so the stored value is
            // used.
            let cursors = conversation.cursors_of(cursors.user);
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
        self.typing.remove(ConversationId::direct(me, user), user);
    }

    pub(crate) fn on_typing(&mut self, id: ConversationId, user: UserId, cx: &mut Context) {
        let conversation = self.conversations.get(&id);
        if conversation.is_some_and(|conversation| conversation.may_type(user)) {
            let until = cx.now.instant + TYPING_SHOWN_FOR;
            self.typing.note(id, user, until);
            if id.room().is_some() {
                self.request_name(user);
            }
        }
    }

    pub(crate) fn on_loaded(&mut self, loaded: LoadedEntries, cx: &mut Context) {
        let id = loaded.read.conversation;
        let is_open = self.navigation.open == Some(id);
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        self.dirty.insert(id);
        let before = conversation.unread();
        self.counting.on_loaded(&loaded, conversation);
        let (about, entries) = (loaded.about.clone(), loaded.entries.clone());
        conversation.add_loaded(loaded);
        conversation.trim(is_open);
        if conversation.unread() != before {
            self.save_head(id, cx);
        }
        self.note_entries(id, &about, cx);
        self.note_entries(id, &entries, cx);
        self.finish_jump(id, cx);
    }
}
