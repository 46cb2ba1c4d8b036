//! People: their names and presence, the order of the contact list, and whose presence the
//! server is asked to tell.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use recado_shared::limits::MAX_WATCHED;
use recado_shared::{
    ClientFrame, ConversationId, DisplayName, Membership, Presence, Timestamp, UserId, UserName,
    UserProfile,
};

use crate::app::App;
use crate::app::conversation::state::Conversation;
use crate::app::view::screen::Section;
use crate::store::{Save, StoredPerson};

/// Most people that the app keeps besides those it has conversations with.
const MAX_PEOPLE: usize = 5_000;

/// A person.
#[derive(Debug)]
pub(in crate::app) struct Contact {
    name: Option<UserName>,
    /// What the person wants to be called besides.
    pub(in crate::app) display: Option<DisplayName>,
    /// What is shown: the name, or the number while no name is known.
    pub(in crate::app) label: String,
    folded: String,
    /// As last heard; means nothing while the link is down.
    pub(in crate::app) presence: Option<Presence>,
    /// Whether the person stands in the list without a name: one of a direct conversation.
    is_peer: bool,
}

impl Contact {
    fn unnamed(user: UserId) -> Self {
        let label = format!("user {user}");
        Self {
            name: None,
            display: None,
            folded: label.clone(),
            label,
            presence: None,
            is_peer: false,
        }
    }
}

/// Everybody the app knows of.
#[derive(Debug, Default)]
pub(in crate::app) struct Contacts {
    people: BTreeMap<UserId, Contact>,
    /// The rows of the contact list from the top.
    order: Vec<(ConversationId, Section)>,
    is_stale: bool,
    /// What the server was asked to tell in this session.
    watched: Option<BTreeSet<UserId>>,
    is_watch_stale: bool,
}

impl Contacts {
    fn add(&mut self, user: UserId) {
        self.people
            .entry(user)
            .or_insert_with(|| Contact::unnamed(user))
            .is_peer = true;
        self.mark_stale();
    }

    /// The other person of a direct conversation is known.
    pub(in crate::app) fn add_peer(&mut self, conversation: &Conversation) {
        match conversation.peer() {
            Some(peer) => self.add(peer),
            None => self.mark_stale(),
        }
    }

    /// Somebody writes in a room, or something there is about them. Returns whether their name
    /// is not known.
    pub(in crate::app) fn meet(&mut self, user: UserId) -> bool {
        if self.people.len() < MAX_PEOPLE {
            let contact = self.people.entry(user);
            let contact = contact.or_insert_with(|| Contact::unnamed(user));
            return contact.name.is_none();
        }
        !self.people.contains_key(&user)
    }

    /// The person who has this name, without regard to case.
    pub(in crate::app) fn find_by_name(&self, name: &UserName) -> Option<UserId> {
        let folded = name.folded();
        let is_it = |(_, contact): &(&UserId, &Contact)| contact.folded == folded;
        self.people.iter().find(is_it).map(|(user, _)| *user)
    }

    /// Takes over the names of a person. Returns whether one is news.
    pub(in crate::app) fn set_names(&mut self, person: StoredPerson) -> bool {
        let StoredPerson {
            user,
            name,
            display,
        } = person;
        if self.people.len() >= MAX_PEOPLE && !self.people.contains_key(&user) {
            return false;
        }
        self.mark_stale();
        let contact = self.people.entry(user);
        let contact = contact.or_insert_with(|| Contact::unnamed(user));
        if contact.name.as_ref() == Some(&name) && contact.display == display {
            return false;
        }
        contact.display = display;
        name.as_str().clone_into(&mut contact.label);
        contact.folded = name.folded();
        contact.name = Some(name);
        true
    }

    /// Takes over a presence. People who are not known stay unknown.
    pub(in crate::app) fn set_presence(&mut self, user: UserId, presence: Presence) {
        if let Some(contact) = self.people.get_mut(&user)
            && contact.presence != Some(presence)
        {
            contact.presence = Some(presence);
            self.is_stale = true;
        }
    }

    pub(in crate::app) fn find(&self, user: UserId) -> Option<&Contact> {
        self.people.get(&user)
    }

    pub(in crate::app) fn label(&self, user: UserId) -> &str {
        self.find(user).map_or("somebody", |contact| &contact.label)
    }

    pub(in crate::app) fn order(&self) -> &[(ConversationId, Section)] {
        &self.order
    }

    pub(in crate::app) fn mark_stale(&mut self) {
        self.is_stale = true;
        self.is_watch_stale = true;
    }

    pub(in crate::app) fn begin_session(&mut self) {
        self.watched = None;
        self.is_watch_stale = true;
    }

    /// The people without a conversation, who is online first, then by name.
    fn without(&self, me: UserId, taken: &BTreeSet<UserId>) -> Vec<UserId> {
        let is_listed = |contact: &Contact| contact.is_peer || contact.name.is_some();
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

impl App {
    /// Takes over people as the server names them, and saves the names that are news.
    pub(in crate::app) fn take_people(&mut self, people: Vec<UserProfile>) {
        let mut news = Vec::new();
        for person in people {
            let named = StoredPerson {
                user: person.user,
                name: person.name,
                display: person.display,
            };
            if self.chats.contacts.set_names(named.clone()) {
                news.push(named);
            }
            self.chats
                .contacts
                .set_presence(person.user, person.presence);
        }
        if !news.is_empty() {
            self.save(Save::Users(news));
        }
    }

    /// Puts the contact list in order, if anything changed that it depends on.
    pub(in crate::app) fn refresh_contacts(&mut self) {
        if !std::mem::take(&mut self.chats.contacts.is_stale) {
            return;
        }
        let Some(me) = self.user() else {
            return;
        };
        let logged = self
            .chats
            .conversations
            .values()
            .filter_map(|conversation| Some((conversation.id, conversation.last_change()?)));
        let mut last: BTreeMap<ConversationId, Timestamp> = logged.collect();
        for pending in self.session.outbox.all() {
            let time = last.entry(pending.conversation).or_insert(pending.typed);
            *time = pending.typed.max(*time);
        }
        for id in self.chats.settings.favourites() {
            // Also people with whom there is no conversation.
            if self.chats.conversations.contains_key(&id) || id.peer_of(me).is_some() {
                last.entry(id).or_insert(Timestamp(0));
            }
        }
        let mut active: Vec<_> = last
            .into_iter()
            .map(|(id, time)| (id, Reverse(time)))
            .collect();
        active.retain(|(id, _)| self.is_listed(*id));
        active.sort_by_cached_key(|&(id, time)| match self.section(id) {
            // They stay where they are, whatever happens in them.
            section @ Section::Favourites => (
                section,
                self.title(id).to_lowercase(),
                0,
                Reverse(Timestamp(0)),
                id,
            ),
            section @ (Section::Conversations | Section::People) => {
                (section, String::new(), self.rank(id), time, id)
            }
        });
        let taken: BTreeSet<_> = active.iter().filter_map(|(id, _)| id.peer_of(me)).collect();
        let people = self.chats.contacts.without(me, &taken).into_iter();
        self.chats.contacts.order = active
            .into_iter()
            .map(|(id, _)| (id, self.section(id)))
            .chain(people.map(|user| (ConversationId::direct(me, user), Section::People)))
            .collect();
    }

    /// Whether a conversation stands in the list. A room that the user has left does so while it
    /// is open or has text of theirs.
    fn is_listed(&self, id: ConversationId) -> bool {
        self.chats
            .conversations
            .get(&id)
            .is_none_or(|conversation| {
                conversation.membership() != Membership::Left
                    || self.chats.nav.open == Some(id)
                    || !conversation.composer.is_empty()
                    || self.session.outbox.of(id).next().is_some()
            })
    }

    fn section(&self, id: ConversationId) -> Section {
        if self.chats.settings.is_favourite(id) {
            Section::Favourites
        } else {
            Section::Conversations
        }
    }

    /// Where a conversation stands in the list: invitations and requests to write first, rooms that the user is out of
    /// and people whom they have blocked last.
    fn rank(&self, id: ConversationId) -> u8 {
        let conversation = self.chats.conversations.get(&id);
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

    /// Tells the server whose presence is shown, the open conversation and recent ones first,
    /// whenever that set changes.
    pub(in crate::app) fn send_watch(&mut self) {
        if !self.session.link.is_synced()
            || !std::mem::take(&mut self.chats.contacts.is_watch_stale)
        {
            return;
        }
        let Some(me) = self.user() else {
            return;
        };
        let listed = self.chats.contacts.order.iter().map(|&(id, _)| id);
        let mut wanted: Vec<UserId> = Vec::new();
        let mut seen = BTreeSet::new();
        for id in self.chats.nav.open.into_iter().chain(listed) {
            if let Some(peer) = id.peer_of(me)
                && wanted.len() < MAX_WATCHED
                && seen.insert(peer)
            {
                wanted.push(peer);
            }
        }
        if self.chats.contacts.watched.as_ref() != Some(&seen) && !wanted.is_empty() {
            self.chats.contacts.watched = Some(seen);
            self.send(ClientFrame::Watch(wanted));
        }
    }
}
