//! Plays the [`scene`](super::scene): makes the rooms and what was said in them.

use recado_shared::{
    Answer, Content, ConversationId, Emoji, HistoryVisibility, MessageBody, Request, RoomEvent,
    RoomName, Seq, Topic, UserId, Visibility,
};

use super::keys::Words;
use super::scene::{PERSON, PRIVATE_ROOM, ROOM, SCENE, Step};
use crate::client::link::wall_time;
use crate::model::MessageIdSource;
use crate::net::SessionError;
use crate::net::session::Session;

/// The cast and the person, on the stage.
struct Stage<'a> {
    cast: &'a mut [(&'static str, Session)],
    person: &'a mut Session,
    words: &'a Words,
    ids: MessageIdSource,
    /// The place in the log of each step of the scene so far.
    places: Vec<Seq>,
}

/// Plays the scene and returns its room, and the newest place there.
///
/// # Errors
/// [`SessionError`] if a session ends, or the server does not grant something.
pub(super) async fn play(
    cast: &mut [(&'static str, Session)],
    person: &mut Session,
    words: &Words,
    seed: u64,
) -> Result<(ConversationId, Seq), SessionError> {
    let mut stage = Stage {
        cast,
        person,
        words,
        ids: MessageIdSource::new(seed),
        places: Vec::new(),
    };
    let (guide, _) = stage.cast[0];
    let room = stage.make(guide, ROOM, Visibility::Public).await?;
    for (who, step) in SCENE {
        let content = stage.content(*step);
        let place = match content {
            Some(content) => stage.append(who, room, content).await?,
            None => Seq::ZERO,
        };
        stage.places.push(place);
    }
    let (name, host) = PRIVATE_ROOM;
    let private = stage.make(host, name, Visibility::Private).await?;
    let invited = RoomEvent::Invited(stage.person.welcome().user);
    stage.append(host, private, Content::Room(invited)).await?;
    Ok((room, stage.places.last().copied().unwrap_or(Seq::ZERO)))
}

impl Stage<'_> {
    fn session(&mut self, who: &str) -> &mut Session {
        if who == PERSON {
            return self.person;
        }
        let mut cast = self.cast.iter_mut();
        let known = cast.find(|(name, _)| *name == who);
        known
            .map(|(_, session)| session)
            .expect("the scene names no other user")
    }

    fn user(&mut self, who: &str) -> UserId {
        self.session(who).welcome().user
    }

    async fn make(
        &mut self,
        who: &str,
        name: &str,
        visibility: Visibility,
    ) -> Result<ConversationId, SessionError> {
        let request = Request::CreateRoom {
            id: self.ids.draw(wall_time()),
            name: RoomName::new(name).expect("the scene names rooms rightly"),
            visibility,
            history: HistoryVisibility::default(),
        };
        match self.session(who).request(request).await? {
            Answer::RoomCreated { room, .. } => Ok(ConversationId::Room(room)),
            _ => Err(SessionError::Malformed("it did not make a room".to_owned())),
        }
    }

    /// The log content of a step; `None` if its text cannot be sent, which a test excludes.
    fn content(&mut self, step: Step) -> Option<Content> {
        let at = |place: usize| self.places.get(place).copied();
        let body = |text: &str| MessageBody::new(self.words.fill_in(text)).ok();
        let emoji = |text: &str| Emoji::new(text).ok();
        Some(match step {
            Step::Join => Content::Room(RoomEvent::Joined),
            Step::Topic(text) => Content::Room(RoomEvent::Topic(Some(Topic::new(text).ok()?))),
            Step::Say(text) => Content::Message(body(text)?),
            Step::Emote(text) => Content::Emote(body(text)?),
            Step::Reply(to, text) => Content::Reply {
                to: at(to)?,
                body: body(text)?,
            },
            Step::Edit(target, text) => Content::Edit {
                target: at(target)?,
                body: body(text)?,
            },
            Step::Delete(target) => Content::Deletion {
                target: at(target)?,
            },
            Step::React(target, text) => Content::ReactionAdded {
                target: at(target)?,
                emoji: emoji(text)?,
            },
            Step::Kick(who) => Content::Room(RoomEvent::Kicked(self.user(who))),
        })
    }

    async fn append(
        &mut self,
        who: &str,
        conversation: ConversationId,
        content: Content,
    ) -> Result<Seq, SessionError> {
        let id = self.ids.draw(wall_time());
        let session = self.session(who);
        let (seq, _) = session.append(conversation, id, content).await?;
        Ok(seq)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cast::CAST;
    use super::*;
    use crate::app::keymap::Keymap;

    #[test]
    fn everything_in_the_scene_can_be_sent_and_is_about_what_came_before() {
        let words = Words::of(&Keymap::default(), "anon");
        for (place, (who, step)) in SCENE.iter().enumerate() {
            assert!(*who == PERSON || CAST.iter().any(|character| character.name == *who));
            let (about, text) = match *step {
                Step::Join | Step::Kick(_) => (None, None),
                Step::Topic(text) => {
                    Topic::new(text).unwrap();
                    (None, None)
                }
                Step::Say(text) | Step::Emote(text) => (None, Some(text)),
                Step::Reply(to, text) | Step::Edit(to, text) => (Some(to), Some(text)),
                Step::Delete(target) => (Some(target), None),
                Step::React(target, emoji) => {
                    Emoji::new(emoji).unwrap();
                    (Some(target), None)
                }
            };
            if let Some(text) = text {
                let text = words.fill_in(text);
                assert!(!text.contains(['{', '}']), "{text}");
                MessageBody::new(text).unwrap();
            }
            if let Some(about) = about {
                assert!(about < place);
                let (_, step) = SCENE[about];
                assert!(matches!(step, Step::Say(_) | Step::Reply(..)), "{place}");
            }
        }
    }
}
