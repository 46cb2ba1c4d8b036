//! Cache of the names of users and rooms that a client shows, filled from frames and answers.
//! It asks for nothing itself: it says which names are missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::content::{Content, Entry, RoomEvent};
use crate::frame::ServerFrame;
use crate::id::{ConversationId, RoomId, UserId};
use crate::limits::{MAX_ROOMS_OF_USER, MAX_USERS_PER_PAGE};
use crate::name::UserName;
use crate::profile::UserProfile;
use crate::room::RoomName;

/// Users whose names are kept. One more empties the cache, and names are learned again as needed.
const MAX_CACHED_USERS: usize = 10_000;

/// Names of users and rooms by their ids.
#[derive(Debug, Default)]
pub struct NameCache {
    users: BTreeMap<UserId, UserName>,
    rooms: BTreeMap<RoomId, RoomName>,
    /// Users that the server did not name.
    nameless: BTreeSet<UserId>,
}

impl NameCache {
    /// The name of a user; `None` until it is learned.
    pub fn user(&self, user: UserId) -> Option<&UserName> {
        self.users.get(&user)
    }

    /// Whether one of the learned users has this name, without regard to case.
    pub fn has_user(&self, name: &str) -> bool {
        let folded = crate::name::fold(name);
        self.users.values().any(|user| user.folded() == folded)
    }

    /// The name of a room; `None` until it is learned, and for a direct conversation.
    pub fn room(&self, conversation: ConversationId) -> Option<&RoomName> {
        self.rooms.get(&conversation.room()?)
    }

    /// Learns the names of users.
    pub fn insert_users<'a>(&mut self, users: impl IntoIterator<Item = &'a UserProfile>) {
        for profile in users {
            if self.users.len() >= MAX_CACHED_USERS {
                self.users.clear();
            }
            self.users.insert(profile.user, profile.name.clone());
        }
    }

    /// Learns the name of a room.
    pub fn insert_room(&mut self, room: RoomId, name: RoomName) {
        if self.rooms.len() >= 2 * MAX_ROOMS_OF_USER {
            self.rooms.clear();
        }
        self.rooms.insert(room, name);
    }

    /// Learns the names that a frame carries: those of heads and profiles.
    pub fn on_frame(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Heads(page) => {
                self.insert_users(&page.people);
                for head in &page.heads {
                    if let (Some(room), Some(info)) = (head.conversation.room(), &head.room) {
                        self.insert_room(room, info.name.clone());
                    }
                }
            }
            ServerFrame::User(profile) => self.insert_users([profile]),
            _ => {}
        }
    }

    /// Learns the new name of a room that an entry renames.
    pub fn on_entry(&mut self, conversation: ConversationId, entry: &Entry) {
        if let (Content::Room(RoomEvent::Renamed(name)), Some(room)) =
            (&entry.content, conversation.room())
        {
            self.insert_room(room, name.clone());
        }
    }

    /// The pages of [`Request::Users`](crate::Request::Users) that name the authors and subjects of these
    /// entries, and the other user of a direct conversation, as far as they are unknown.
    pub fn missing(
        &self,
        me: UserId,
        conversation: ConversationId,
        entries: &[Entry],
    ) -> Vec<Vec<UserId>> {
        let of_entries = entries.iter().flat_map(|entry| {
            let concerned = match &entry.content {
                Content::Room(event) => event.subject(),
                _ => None,
            };
            [Some(entry.author), concerned]
        });
        let needed = of_entries.chain([conversation.peer_of(me)]).flatten();
        let unknown: BTreeSet<UserId> = needed
            .filter(|user| !self.users.contains_key(user) && !self.nameless.contains(user))
            .collect();
        let unknown: Vec<UserId> = unknown.into_iter().collect();
        let pages = unknown.chunks(MAX_USERS_PER_PAGE.into());
        pages.map(<[UserId]>::to_vec).collect()
    }

    /// Learns an answer. A user that it does not name is not [missing](Self::missing) again.
    pub fn on_answer(&mut self, asked: &[UserId], found: &[UserProfile]) {
        self.insert_users(found);
        if self.nameless.len() + asked.len() > MAX_CACHED_USERS {
            self.nameless.clear();
        }
        let is_found = |user: &UserId| found.iter().any(|profile| profile.user == *user);
        self.nameless
            .extend(asked.iter().filter(|user| !is_found(user)));
    }
}
