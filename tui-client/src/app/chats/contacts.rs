//! People: their names and presence, the order and sections of the contact list, and the users whose
//! presence the server is asked to tell.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use recado_shared::limits::MAX_WATCHED;
use recado_shared::{
    ConversationId, DisplayName, Membership, Presence, Timestamp, UserId, UserName, UserProfile,
};

use crate::app::{Chats, Context, Conversation};
use crate::store::{StoreWrite, StoredPerson};
use crate::strings;

/// A part of the contact list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Conversations that the user keeps on top, by name: they stay where they are.
    Favourites,
    /// Conversations with the newest ones first.
    Conversations,
    /// People of this server without a conversation: who is online first, then by name.
    People,
}

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

#[derive(Debug, Default)]
pub(crate) struct Contacts {
    people: BTreeMap<UserId, Contact>,
    /// The rows of the contact list from the top.
    pub(crate) order: Vec<(ConversationId, Section)>,
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
        }
        self.mark_stale();
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
        self.mark_stale();
        let contact = self.entry(person.user);
        if contact.name.as_ref() == Some(&person.name) && contact.display == person.display {
            return false;
        }
        contact.display = person.display;
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
            self.is_stale = true;
        }
    }

    pub(crate) fn label(&self, user: UserId) -> &str {
        self.get(user)
            .map_or(strings::conversation::UNKNOWN_USER, |contact| {
                &contact.label
            })
    }

    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
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
        if !std::mem::take(&mut self.is_watch_stale) {
            return None;
        }
        let listed = self.order.iter().map(|&(id, _)| id);
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

    /// The people outside of `taken`, who is online first, then by name.
    fn without(&self, me: UserId, taken: &BTreeSet<UserId>) -> Vec<UserId> {
        let is_listed =
            |contact: &Contact| !contact.is_removed && (contact.is_peer || contact.name.is_some());
        let is_free =
            |user: &UserId| *user != me && !taken.contains(user) && is_listed(&self.people[user]);
        let mut users: Vec<_> = self.people.keys().copied().filter(is_free).collect();
        users.sort_by_key(|user| {
            let contact = &self.people[user];
            let presence = contact.presence.unwrap_or(Presence::Offline);
            (presence, &contact.folded, *user)
        });
        users
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
    pub(crate) fn mark_removed(&mut self, user: UserId) {
        if self.user() != Some(user) && !self.contacts.is_removed(user) {
            self.contacts.entry(user).is_removed = true;
            self.contacts.mark_stale();
        }
    }

    /// Puts the contact list in order, if anything changed that it depends on.
    pub(crate) fn refresh_contacts(&mut self, queued: &BTreeMap<ConversationId, Timestamp>) {
        if !std::mem::take(&mut self.contacts.is_stale) {
            return;
        }
        let Some(me) = self.user() else {
            return;
        };
        let mut last = queued.clone();
        for conversation in self.conversations.values() {
            if let Some(changed) = conversation.last_change() {
                let time = last.entry(conversation.id).or_insert(changed);
                *time = changed.max(*time);
            }
        }
        for id in self.settings.favourites() {
            // Also users without a conversation.
            if self.conversations.contains_key(&id) || id.peer_of(me).is_some() {
                last.entry(id).or_insert(Timestamp(0));
            }
        }
        last.retain(|id, _| self.is_listed(*id, queued));
        let mut active: Vec<_> = last.into_iter().collect();
        active.sort_by_cached_key(|&(id, time)| {
            let section = self.section(id);
            let (title, rank, time) = match section {
                // They stay where they are, whatever happens in them.
                Section::Favourites => (self.title(id).to_lowercase(), 0, Timestamp(0)),
                Section::Conversations | Section::People => (String::new(), self.rank(id), time),
            };
            (section, title, rank, Reverse(time), id)
        });
        let taken: BTreeSet<_> = active.iter().filter_map(|(id, _)| id.peer_of(me)).collect();
        let people = self.contacts.without(me, &taken).into_iter();
        self.contacts.order = active
            .into_iter()
            .map(|(id, _)| (id, self.section(id)))
            .chain(people.map(|user| (ConversationId::direct(me, user), Section::People)))
            .collect();
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

    fn section(&self, id: ConversationId) -> Section {
        if self.settings.is_favourite(id) {
            Section::Favourites
        } else {
            Section::Conversations
        }
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
