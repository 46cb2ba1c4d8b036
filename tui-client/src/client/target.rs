//! To whom or where: what is typed as TO, and which conversation that is.

use std::fmt;
use std::str::FromStr;

use recado_shared::{
    Answer, ConversationId, Request, RequestError, RoomId, RoomName, UserName, text,
};

use crate::exit::{Exit, Failure};
use crate::net::SessionError;
use crate::net::session::Session;

/// A person, or a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `bob`.
    Person(UserName),
    /// `#room`, or `room:room` where a shell would take the `#` for a comment.
    Room(RoomName),
}

impl FromStr for Target {
    type Err = Failure;

    fn from_str(given: &str) -> Result<Self, Failure> {
        let bad = |error: recado_shared::NameError| {
            let given = text::neutralise(given);
            Failure::new(Exit::Usage, format!("{given:?} cannot be a name: {error}"))
        };
        match given.strip_prefix('#').or(given.strip_prefix("room:")) {
            Some(name) => RoomName::new(name).map(Self::Room).map_err(bad),
            None => UserName::new(given).map(Self::Person).map_err(bad),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => name.fmt(f),
            Self::Room(name) => write!(f, "#{name}"),
        }
    }
}

impl Target {
    /// Which conversation that is; `None` if there is no such person, or no such room that the
    /// user may see.
    pub(crate) async fn find(
        &self,
        session: &mut Session,
    ) -> Result<Option<ConversationId>, SessionError> {
        match self {
            Self::Person(name) => {
                let person = session.find_person(name.as_str()).await?;
                let me = session.welcome().user;
                Ok(person.map(|person| ConversationId::direct(me, person.user)))
            }
            Self::Room(name) => Ok(find_room(session, name).await?.map(ConversationId::Room)),
        }
    }

    /// What to say if it is not there.
    pub(crate) fn missing(&self) -> Failure {
        let text = match self {
            Self::Person(name) => {
                format!("there is no {name} on this server: 'recado who' lists people")
            }
            Self::Room(_) => {
                format!("there is no room {self} that you may see: 'recado rooms' lists rooms")
            }
        };
        Failure::new(Exit::Refused, text)
    }
}

/// Finds a room by name, without regard to case.
pub(crate) async fn find_room(
    session: &mut Session,
    name: &RoomName,
) -> Result<Option<RoomId>, SessionError> {
    let request = Request::FindRooms {
        prefix: name.as_str().to_owned(),
        after: None,
        limit: 1,
    };
    // Names are ordered by their folded form, so an exact match precedes longer ones.
    match session.request(request).await {
        Ok(Answer::Rooms { rooms, .. }) => Ok(rooms
            .into_iter()
            .find(|room| room.name.folded() == name.folded())
            .map(|room| room.room)),
        Ok(_) => {
            let reason = "an answer to another question".to_owned();
            Err(SessionError::Malformed(reason))
        }
        Err(SessionError::Request(RequestError::UnknownRoom)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_marked_and_a_person_is_not() {
        let read = |text: &str| text.parse::<Target>().map(|target| target.to_string());
        assert_eq!(read("Bob").unwrap(), "Bob");
        assert_eq!(read("#builds").unwrap(), "#builds");
        assert_eq!(read("room:builds").unwrap(), "#builds");
        for bad in ["", "#", "room:", "a b", "#-"] {
            assert_eq!(read(bad).unwrap_err().exit, Exit::Usage, "{bad}");
        }
    }
}
