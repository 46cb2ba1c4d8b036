//! The names of people and rooms that were heard of.

use std::collections::BTreeMap;

use recado_shared::limits::{MAX_ROOMS_OF_USER, MAX_USERS_PER_PAGE};
use recado_shared::{
    Answer, Content, ConversationId, Entry, Request, RoomId, RoomName, UserId, UserName,
    UserProfile,
};

use super::link::{MAX_PEOPLE, directory};
use crate::net::SessionError;
use crate::net::session::Session;

/// Names by numbers. When there are too many, all are forgotten and learned again as needed.
#[derive(Debug, Default)]
pub(crate) struct Names {
    people: BTreeMap<UserId, UserName>,
    rooms: BTreeMap<RoomId, RoomName>,
}

impl Names {
    pub(crate) fn person(&self, user: UserId) -> Option<UserName> {
        self.people.get(&user).cloned()
    }

    pub(crate) fn room(&self, conversation: ConversationId) -> Option<RoomName> {
        self.rooms.get(&conversation.room()?).cloned()
    }

    pub(crate) fn learn(&mut self, people: Vec<UserProfile>) {
        for person in people {
            if self.people.len() >= MAX_PEOPLE {
                self.people.clear();
            }
            self.people.insert(person.user, person.name);
        }
    }

    pub(crate) fn learn_room(&mut self, room: RoomId, name: RoomName) {
        if self.rooms.len() >= 2 * MAX_ROOMS_OF_USER {
            self.rooms.clear();
        }
        self.rooms.insert(room, name);
    }

    /// Asks for the names that belong to an entry, where they are not known.
    pub(super) async fn complete(
        &mut self,
        session: &mut Session,
        conversation: ConversationId,
        entry: &Entry,
    ) -> Result<(), SessionError> {
        let me = session.welcome().user;
        let people = [
            Some(entry.author),
            conversation.peer_of(me),
            subject(&entry.content),
        ];
        let people = people.into_iter().flatten();
        let unknown: Vec<_> = people
            .filter(|user| !self.people.contains_key(user))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        self.ask(session, unknown).await
    }

    /// Learns these people's names. Whom the server does not know stays without one.
    pub(crate) async fn ask(
        &mut self,
        session: &mut Session,
        users: Vec<UserId>,
    ) -> Result<(), SessionError> {
        for some in users.chunks(MAX_USERS_PER_PAGE.into()) {
            match session.request(Request::Users(some.to_vec())).await {
                Ok(Answer::Users { people, .. }) => self.learn(people),
                Ok(_) => {
                    let reason = "an answer to another question".to_owned();
                    return Err(SessionError::Malformed(reason));
                }
                Err(SessionError::Request(_)) => self.learn(directory(session).await?),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whom something that happened to a room is about.
pub(crate) const fn subject(content: &Content) -> Option<UserId> {
    match content {
        Content::Room(event) => event.subject(),
        _ => None,
    }
}
