//! The contact list: its order and sections, and the names and presence of the people in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use recado_shared::{ConversationId, Membership, Timestamp, UserProfile};

use crate::app::chats::Chats;
use crate::app::chats::contacts::Section;
use crate::app::context::Context;
use crate::app::conversation::state::Conversation;
use crate::store::{StoreWrite, StoredPerson};

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

    /// Puts the contact list in order, if anything changed that it depends on.
    pub(crate) fn refresh_contacts(&mut self, queued: &BTreeMap<ConversationId, Timestamp>) {
        if !std::mem::take(&mut self.contacts.is_stale) {
            return;
        }
        let Some(me) = self.user() else {
            return;
        };
        let logged = self
            .conversations
            .values()
            .filter_map(|conversation| Some((conversation.id, conversation.last_change()?)));
        let mut last: BTreeMap<ConversationId, Timestamp> = logged.collect();
        for (id, typed) in queued {
            let time = last.entry(*id).or_insert(*typed);
            *time = (*time).max(*typed);
        }
        for id in self.settings.favourites() {
            // Also users without a conversation.
            if self.conversations.contains_key(&id) || id.peer_of(me).is_some() {
                last.entry(id).or_insert(Timestamp(0));
            }
        }
        let mut active: Vec<_> = last
            .into_iter()
            .map(|(id, time)| (id, Reverse(time)))
            .collect();
        active.retain(|(id, _)| self.is_listed(*id, queued));
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
        let people = self.contacts.without(me, &taken).into_iter();
        self.contacts.order = active
            .into_iter()
            .map(|(id, _)| (id, self.section(id)))
            .chain(people.map(|user| (ConversationId::direct(me, user), Section::People)))
            .collect();
    }

    /// Whether a conversation stands in the list. A room that the user has left does so while it
    /// is open or has text of theirs.
    pub(super) fn is_listed(
        &self,
        id: ConversationId,
        queued: &BTreeMap<ConversationId, Timestamp>,
    ) -> bool {
        self.conversations.get(&id).is_none_or(|conversation| {
            conversation.membership() != Membership::Left
                || self.navigation.open == Some(id)
                || !conversation.composer.is_empty()
                || queued.contains_key(&id)
        })
    }

    pub(crate) fn section(&self, id: ConversationId) -> Section {
        if self.settings.is_favourite(id) {
            Section::Favourites
        } else {
            Section::Conversations
        }
    }

    /// Sort key within the list: invitations and message requests first; blocked users and rooms
    /// that the user is not in last.
    pub(crate) fn rank(&self, id: ConversationId) -> u8 {
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
