//! People: their names and presence, the order of the contact list, and whose presence the
//! server is asked to tell.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::limits::MAX_WATCHED;
use recado_shared::{ConversationId, DisplayName, Presence, UserId, UserName};

use crate::app::conversation::state::Conversation;
use crate::store::StoredPerson;
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
    pub(super) name: Option<UserName>,
    /// What the person wants to be called besides.
    pub(crate) display: Option<DisplayName>,
    /// What is shown: the name, or the number while no name is known.
    pub(crate) label: String,
    pub(super) folded: String,
    /// As last heard; means nothing while the link is down.
    pub(crate) presence: Option<Presence>,
    /// Whether the person stands in the list without a name: one of a direct conversation.
    pub(super) is_peer: bool,
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
        }
    }
}

/// All users that the app knows.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    pub(super) people: BTreeMap<UserId, Contact>,
    /// The rows of the contact list from the top.
    pub(super) order: Vec<(ConversationId, Section)>,
    pub(super) is_stale: bool,
    /// What the server was asked to tell in this session.
    pub(super) watched: Option<BTreeSet<UserId>>,
    pub(super) is_watch_stale: bool,
}

impl Contacts {
    pub(super) fn add(&mut self, user: UserId) {
        self.people
            .entry(user)
            .or_insert_with(|| Contact::unnamed(user))
            .is_peer = true;
        self.mark_stale();
    }

    /// The other person of a direct conversation is known.
    pub(crate) fn add_peer(&mut self, conversation: &Conversation) {
        match conversation.peer() {
            Some(peer) => self.add(peer),
            None => self.mark_stale(),
        }
    }

    /// Adds a user seen in a room. Returns whether their name is unknown.
    pub(crate) fn add_unnamed(&mut self, user: UserId) -> bool {
        if self.people.len() < MAX_PEOPLE {
            let contact = self.people.entry(user);
            let contact = contact.or_insert_with(|| Contact::unnamed(user));
            return contact.name.is_none();
        }
        !self.people.contains_key(&user)
    }

    /// The person who has this name, without regard to case.
    pub(super) fn find_by_name(&self, name: &UserName) -> Option<UserId> {
        let folded = name.folded();
        let is_it = |(_, contact): &(&UserId, &Contact)| contact.folded == folded;
        self.people.iter().find(is_it).map(|(user, _)| *user)
    }

    /// Takes over the names of a person. Returns whether one is news.
    pub(crate) fn set_names(&mut self, person: StoredPerson) -> bool {
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
    pub(super) fn set_presence(&mut self, user: UserId, presence: Presence) {
        if let Some(contact) = self.people.get_mut(&user)
            && contact.presence != Some(presence)
        {
            contact.presence = Some(presence);
            self.is_stale = true;
        }
    }

    pub(crate) fn find(&self, user: UserId) -> Option<&Contact> {
        self.people.get(&user)
    }

    pub(crate) fn label(&self, user: UserId) -> &str {
        self.find(user)
            .map_or(strings::conversation::UNKNOWN_USER, |contact| {
                &contact.label
            })
    }

    pub(crate) fn order(&self) -> &[(ConversationId, Section)] {
        &self.order
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

    /// The people without a conversation, who is online first, then by name.
    pub(super) fn without(&self, me: UserId, taken: &BTreeSet<UserId>) -> Vec<UserId> {
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
