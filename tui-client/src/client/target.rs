//! Recipient argument TO: a user or a room, and the conversation that it names.

use std::fmt;
use std::str::FromStr;

use recado_shared::{ConversationId, RoomName, UserName, text};

use crate::exit::{Exit, Failure};
use crate::net::{Session, SessionError};

/// A user or a room as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A user, as `bob`.
    Person(UserName),
    /// `#room`, or `room:room` where a shell would take the `#` for a comment.
    Room(RoomName),
}

impl FromStr for Target {
    type Err = Failure;

    fn from_str(given: &str) -> Result<Self, Failure> {
        let bad = |error: recado_shared::NameError| {
            let given = text::neutralise(given);
            Failure::usage(format!("{given:?} is not a valid name: {error}"))
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
    /// The conversation, or the error for a target that does not exist or that the user may not see.
    pub(crate) async fn find(
        &self,
        session: &mut Session,
    ) -> Result<Result<ConversationId, Failure>, SessionError> {
        let found = match self {
            Self::Person(name) => {
                let user = session.find_user(name.as_str()).await?;
                let me = session.welcome().user;
                user.map(|user| ConversationId::direct(me, user.user))
            }
            Self::Room(name) => match session.find_room(name).await? {
                Some(room) if room.name.folded() != name.folded() => {
                    let text = format!("#{name} was renamed to #{0}. Use #{0}.", room.name);
                    return Ok(Err(Failure::new(Exit::Refused, text)));
                }
                room => room.map(|room| ConversationId::Room(room.room)),
            },
        };
        Ok(found.ok_or_else(|| self.missing()))
    }

    fn missing(&self) -> Failure {
        let text = match self {
            Self::Person(name) => {
                format!("There is no user \"{name}\" on this server. 'recado who' lists users.")
            }
            Self::Room(_) => {
                format!("No such room, or you have no access: {self}. 'recado rooms' lists rooms.")
            }
        };
        Failure::new(Exit::Refused, text)
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
