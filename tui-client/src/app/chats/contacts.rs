//! People: their names and presence, the order and sections of the contact list, and the users whose
//! presence the server is asked to tell.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use recado_shared::limits::MAX_WATCHED;
use recado_shared::{
    ConversationId, DisplayName, Membership, Now, Presence, Timestamp, UserId, UserName,
    UserProfile,
};

use super::contact_order::{ContactOrder, RowChange, RowKey};
use super::list_hold::ListHold;
use crate::app::{Chats, Context, Conversation};
use crate::store::{StoreWrite, StoredPerson};
use crate::strings;

/// Rows that are moved one by one, beyond an eighth of the list.
const MAX_MOVED: usize = 16;

/// Most people that the app keeps besides those it has conversations with.
const MAX_PEOPLE: usize = 5_000;

#[derive(Debug)]
pub(crate) struct Contact {
    name: Option<UserName>,
    pub(crate) display: Option<DisplayName>,
    /// What is shown: the name, or the number while no name is known.
    pub(crate) label: String,
    folded: String,
    /// As last heard; means nothing while the link is down.
    pub(crate) presence: Option<Presence>,
    /// Whether the person stands in the list without a name: one of a direct conversation.
    is_peer: bool,
    /// Whether the operator removed the account: the person stands in no list.
    is_removed: bool,
}

impl Contact {
    fn unnamed(user: UserId) -> Self {
        let label = strings::conversation::user_number(user);
        Self {
            name: None,
            display: None,
            folded: label.clone(),
            label,
            presence: None,
            is_peer: false,
            is_removed: false,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Contacts {
    people: BTreeMap<UserId, Contact>,
    pub(crate) order: ContactOrder,
    pub(crate) hold: ListHold,
    /// Whether people without a conversation are not shown.
    pub(crate) is_people_hidden: bool,
    /// People whose rows may have changed since the list was put in order.
    changed: BTreeSet<UserId>,
    /// Whether every row may have changed.
    is_stale: bool,
    /// What the server was asked to tell in this session.
    watched: Option<BTreeSet<UserId>>,
    is_watch_stale: bool,
}

impl Contacts {
    /// All users that have a name here.
    pub(crate) fn users(&self) -> BTreeSet<UserId> {
        let named = self
            .people
            .iter()
            .filter(|(_, contact)| contact.name.is_some());
        named.map(|(user, _)| *user).collect()
    }

    /// Whether a user has this name here, without regard to case.
    pub(crate) fn is_called(&self, user: UserId, name: &UserName) -> bool {
        self.get(user)
            .is_some_and(|contact| contact.name.is_some() && contact.folded == name.folded())
    }

    /// The unique name of a user; `None` while it is unknown.
    pub(crate) fn name(&self, user: UserId) -> Option<&UserName> {
        self.get(user)?.name.as_ref()
    }

    pub(crate) fn is_removed(&self, user: UserId) -> bool {
        self.get(user).is_some_and(|contact| contact.is_removed)
    }

    pub(crate) fn get(&self, user: UserId) -> Option<&Contact> {
        self.people.get(&user)
    }

    fn entry(&mut self, user: UserId) -> &mut Contact {
        let contact = self.people.entry(user);
        contact.or_insert_with(|| Contact::unnamed(user))
    }

    pub(crate) fn add_peer(&mut self, conversation: &Conversation) {
        if let Some(peer) = conversation.peer() {
            self.entry(peer).is_peer = true;
            self.changed.insert(peer);
        }
    }

    /// Adds a user seen in a room. Returns whether their name is unknown.
    pub(crate) fn add_unnamed(&mut self, user: UserId) -> bool {
        if self.people.len() < MAX_PEOPLE {
            return self.entry(user).name.is_none();
        }
        !self.people.contains_key(&user)
    }

    /// The person who has this name, without regard to case.
    pub(super) fn find_by_name(&self, name: &UserName) -> Option<UserId> {
        let folded = name.folded();
        let is_it = |(_, contact): &(&UserId, &Contact)| contact.folded == folded;
        self.people.iter().find(is_it).map(|(user, _)| *user)
    }

    /// Whether another user has this name, without regard to case.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let name = UserName::new(name);
        name.is_ok_and(|name| self.find_by_name(&name).is_some())
    }

    /// Takes over the names of a person. Returns whether one is news.
    pub(crate) fn set_names(&mut self, person: StoredPerson) -> bool {
        if self.people.len() >= MAX_PEOPLE && !self.people.contains_key(&person.user) {
            return false;
        }
        self.changed.insert(person.user);
        let contact = self.entry(person.user);
        if contact.name.as_ref() == Some(&person.name) && contact.display == person.display {
            return false;
        }
        contact.display = person.display;
        contact.is_removed = person.is_removed;
        person.name.as_str().clone_into(&mut contact.label);
        contact.folded = person.name.folded();
        contact.name = Some(person.name);
        true
    }

    /// Takes over a presence. People who are not known stay unknown.
    pub(super) fn set_presence(&mut self, user: UserId, presence: Presence) {
        if let Some(contact) = self.people.get_mut(&user)
            && contact.presence != Some(presence)
        {
            contact.presence = Some(presence);
            self.changed.insert(user);
        }
    }

    pub(crate) fn label(&self, user: UserId) -> &str {
        self.get(user)
            .map_or(strings::conversation::UNKNOWN_USER, |contact| {
                &contact.label
            })
    }

    /// How many rows are shown.
    pub(crate) fn shown_len(&self) -> usize {
        if self.is_people_hidden {
            self.order.conversation_count()
        } else {
            self.order.len()
        }
    }

    /// Notes that every row may have changed.
    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// Notes that another conversation is open, whose user is watched first.
    pub(crate) fn note_opened(&mut self) {
        self.is_watch_stale = true;
    }

    pub(crate) fn begin_session(&mut self) {
        self.watched = None;
        self.is_watch_stale = true;
    }

    /// The users whose presence the server is asked to tell: that of the open conversation and
    /// recent ones first. `None` while that set is the one that it was asked for.
    pub(crate) fn watch_list(
        &mut self,
        me: UserId,
        open: Option<ConversationId>,
    ) -> Option<Vec<UserId>> {
        if !mem::take(&mut self.is_watch_stale) {
            return None;
        }
        let listed = self.order.ids();
        let mut wanted: Vec<UserId> = Vec::new();
        let mut seen = BTreeSet::new();
        for id in open.into_iter().chain(listed) {
            if let Some(peer) = id.peer_of(me)
                && wanted.len() < MAX_WATCHED
                && seen.insert(peer)
            {
                wanted.push(peer);
            }
        }
        if self.watched.as_ref() == Some(&seen) || wanted.is_empty() {
            return None;
        }
        self.watched = Some(seen);
        Some(wanted)
    }

    /// Those of these users who stand in the list, in its order, at most so many.
    pub(crate) fn listed(&self, me: UserId, among: &BTreeSet<UserId>, most: usize) -> Vec<UserId> {
        let peers = self.order.ids().filter_map(|id| id.peer_of(me));
        peers
            .filter(|peer| among.contains(peer))
            .take(most)
            .collect()
    }

    /// The key of a row that is listed: during a hold the one that it has, within its section. What is
    /// listed anew or no longer is, is so at once.
    fn key_in_hold(&mut self, id: ConversationId, key: RowKey, is_held: bool) -> RowKey {
        match self.order.key_of(id) {
            Some(old) if is_held && *old != key && old.section() == key.section() => {
                self.hold.keep(id);
                old.clone()
            }
            Some(_) | None => key,
        }
    }

    /// Puts one row where it belongs, or takes it out of the list.
    fn set_row(&mut self, id: ConversationId, peer: Option<UserId>, key: Option<RowKey>) {
        let change = self.order.set(id, key);
        let is_watched = |peer| {
            self.watched
                .as_ref()
                .is_some_and(|watched| watched.contains(&peer))
        };
        // While all are watched, their order does not matter.
        let has_more = self.order.len() > MAX_WATCHED;
        self.is_watch_stale |= match (change, peer) {
            (RowChange::Unchanged, _) | (_, None) => false,
            (RowChange::Listed, Some(_)) => true,
            (RowChange::Up, Some(peer)) => has_more && !is_watched(peer),
            (RowChange::Down, Some(peer)) => has_more && is_watched(peer),
        };
    }

    /// The key of a person without a conversation.
    fn person_key(&self, user: UserId) -> Option<RowKey> {
        let contact = self.people.get(&user)?;
        let is_listed = !contact.is_removed && (contact.is_peer || contact.name.is_some());
        let presence = contact.presence.unwrap_or(Presence::Offline);
        is_listed.then(|| RowKey::Person(presence, contact.folded.clone()))
    }
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            order: ContactOrder::default(),
            hold: ListHold::default(),
            is_people_hidden: false,
            changed: BTreeSet::new(),
            is_stale: true,
            watched: None,
            is_watch_stale: true,
        }
    }
}

impl Chats {
    /// Takes over people as the server names them, and saves the names that are news.
    pub(crate) fn take_people(&mut self, people: Vec<UserProfile>, cx: &mut Context) {
        let mut news = Vec::new();
        for person in people {
            let named = StoredPerson {
                user: person.user,
                name: person.name,
                display: person.display,
                is_removed: self.contacts.is_removed(person.user),
            };
            if self.contacts.set_names(named.clone()) {
                news.push(named);
            }
            self.contacts.set_presence(person.user, person.presence);
        }
        if !news.is_empty() {
            cx.save(StoreWrite::Users(news));
        }
    }

    /// Takes a removed user out of the lists. Their name stays with what they did.
    pub(crate) fn mark_removed(&mut self, user: UserId, cx: &mut Context) {
        if self.user() != Some(user) {
            self.contacts.entry(user);
            self.set_removed(user, true, cx);
        }
    }

    /// Puts a user back into the lists who was taken for removed.
    pub(crate) fn unmark_removed(&mut self, user: UserId, cx: &mut Context) {
        self.set_removed(user, false, cx);
    }

    fn set_removed(&mut self, user: UserId, is_removed: bool, cx: &mut Context) {
        let contact = self.contacts.people.get_mut(&user);
        let Some(contact) = contact.filter(|contact| contact.is_removed != is_removed) else {
            return;
        };
        contact.is_removed = is_removed;
        // A user without a name is saved with it.
        if let Some(name) = contact.name.clone() {
            let display = contact.display.clone();
            cx.save(StoreWrite::Users(vec![StoredPerson {
                user,
                name,
                display,
                is_removed,
            }]));
        }
        self.contacts.changed.insert(user);
    }

    /// Puts the rows of what changed where they belong in the contact list, and counts the unread
    /// messages there again. `queued` says when the last message that waits was typed in each
    /// conversation that has one.
    pub(crate) fn refresh_changed(
        &mut self,
        queued: impl FnOnce() -> BTreeMap<ConversationId, Timestamp>,
        now: Now,
    ) {
        let Some(me) = self.user() else {
            return;
        };
        let people = mem::take(&mut self.contacts.changed).into_iter();
        self.dirty
            .extend(people.map(|user| ConversationId::direct(me, user)));
        let mut changed = mem::take(&mut self.dirty);
        let is_stale = mem::take(&mut self.contacts.is_stale);
        let waited = self.contacts.hold.check(now.instant);
        let is_held = waited.is_none();
        changed.extend(waited.into_iter().flatten());
        // Many rows are sorted at once rather than moved one by one.
        if is_stale || changed.len() > MAX_MOVED + self.contacts.order.len() / 8 {
            let rows = self.all_rows(me, &queued()).into_iter();
            let rows: Vec<_> = rows
                .map(|(id, key)| (id, self.contacts.key_in_hold(id, key, is_held)))
                .collect();
            self.contacts.order.replace(rows.into_iter());
            self.contacts.is_watch_stale = true;
            self.count_all_notable(now);
        } else if !changed.is_empty() {
            let queued = queued();
            for id in changed {
                let key = self.row_key(id, me, &queued);
                let key = key.map(|key| self.contacts.key_in_hold(id, key, is_held));
                self.contacts.set_row(id, id.peer_of(me), key);
                self.count_notable(id, now);
            }
        }
    }

    /// The rows of the contact list, in any order.
    pub(in crate::app) fn all_rows(
        &self,
        me: UserId,
        queued: &BTreeMap<ConversationId, Timestamp>,
    ) -> BTreeMap<ConversationId, RowKey> {
        let people = self.contacts.people.keys();
        let people = people.map(|user| ConversationId::direct(me, *user));
        let known = self.conversations.keys().chain(queued.keys()).copied();
        let all = known.chain(self.settings.favourites()).chain(people);
        all.filter_map(|id| Some((id, self.row_key(id, me, queued)?)))
            .collect()
    }

    /// The place of a row in the contact list; `None` where it is not listed.
    fn row_key(
        &self,
        id: ConversationId,
        me: UserId,
        queued: &BTreeMap<ConversationId, Timestamp>,
    ) -> Option<RowKey> {
        let peer = id.peer_of(me);
        let conversation = self.conversations.get(&id);
        let changed = conversation.and_then(Conversation::last_change);
        let is_favourite = self.settings.is_favourite(id);
        // A favourite may be a user without a conversation.
        let is_known = conversation.is_some() || peer.is_some();
        let kept = (is_favourite && is_known).then_some(Timestamp(0));
        let time = changed.max(queued.get(&id).copied()).max(kept);
        match time.filter(|_| self.is_listed(id, queued)) {
            Some(_) if is_favourite => Some(RowKey::Favourite(self.title(id).to_lowercase())),
            Some(time) => Some(RowKey::Conversation(self.rank(id), Reverse(time))),
            None => self.contacts.person_key(peer.filter(|peer| *peer != me)?),
        }
    }

    /// Whether a conversation stands in the list. A room that the user has left, and that with a
    /// removed user, does so while it is open, has unread messages, or text of the user.
    fn is_listed(&self, id: ConversationId, queued: &BTreeMap<ConversationId, Timestamp>) -> bool {
        let peer = self.user().and_then(|me| id.peer_of(me));
        let is_over = peer.is_some_and(|peer| self.contacts.is_removed(peer));
        self.conversations
            .get(&id)
            .map_or(!is_over, |conversation| {
                !(is_over || conversation.membership() == Membership::Left)
                    || conversation.unread() > 0
                    || self.navigation.open == Some(id)
                    || !conversation.composer.is_empty()
                    || queued.contains_key(&id)
            })
    }

    /// Sort key within the list: invitations and message requests first; blocked users and rooms
    /// that the user is not in last.
    fn rank(&self, id: ConversationId) -> u8 {
        let conversation = self.conversations.get(&id);
        if self.is_blocked_in(id) {
            return 2;
        }
        if conversation.is_some_and(|c| c.is_request) {
            return 0;
        }
        match conversation.map_or(Membership::Member, Conversation::membership) {
            Membership::Invited => 0,
            Membership::Member => 1,
            Membership::Left | Membership::Kicked | Membership::Banned => 2,
        }
    }
}
