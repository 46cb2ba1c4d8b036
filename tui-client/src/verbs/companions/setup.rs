//! Rooms of the demo before the user joins: the script, and the requests that carry it out.

use std::collections::BTreeMap;

use recado_shared::{
    Answer, Content, ConversationId, Emoji, HistoryVisibility, MessageBody, Request, RoomEvent,
    RoomName, Seq, Topic, Visibility,
};

use self::Step::{Delete, Edit, Emote, Join, Kick, React, Reply, Say, SetTopic};
use super::script::Placeholders;
use crate::client::wall_time;
use crate::model::MessageIdSource;
use crate::net::{Session, SessionError};

/// An entry of the room. A `usize` is the index of the step that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Join,
    SetTopic(&'static str),
    Say(&'static str),
    Emote(&'static str),
    Reply(usize, &'static str),
    Edit(usize, &'static str),
    Delete(usize),
    React(usize, &'static str),
    Kick(&'static str),
}

/// The public room and its creator.
const ROOM: (&str, &str) = ("workshop", "ada");

/// A room that is not found by search, to which the user is invited, and its creator.
const PRIVATE_ROOM: (&str, &str) = ("tea-time", "basil");

/// The name of the user among the names of the companions.
pub(super) const USER: &str = "";

const STEPS: &[(&str, Step)] = &[
    (
        "ada",
        SetTopic("the release on Friday · be kind to the build"),
    ),
    ("basil", Join),
    ("ハルカ", Join),
    ("carmen", Join),
    ("mallory", Join),
    ("mallory", Say("FREE HATS! click everything! FREE HATS!")),
    ("ada", Kick("mallory")),
    ("ada", Delete(5)),
    (
        "basil",
        Say("the build is green. on Tuesday's branch, that is"),
    ),
    ("ハルカ", React(8, "🎉")),
    ("carmen", React(8, "🎉")),
    (
        "carmen",
        Say("I take the release notes, there is a train before lunch"),
    ),
    ("ada", Reply(11, "Please do. Short ones.")),
    ("carmen", React(12, "👍")),
    ("basil", Emote("waters the plants")),
    (USER, Join),
    ("basil", Say("o look, someone new")),
    ("basil", Edit(16, "oh look, someone new")),
    (
        "ハルカ",
        Say("ようこそ @{person}！ここは #workshop です 🌸"),
    ),
    ("basil", React(18, "🌸")),
    (
        "ada",
        Reply(
            8,
            "@{person}, is Friday fine for you? Select this line with {select}, then {react} reacts \
             to it and {reply} replies.",
        ),
    ),
];

struct Setup<'a> {
    sessions: &'a mut BTreeMap<&'static str, Session>,
    placeholders: &'a Placeholders,
    ids: MessageIdSource,
    /// The entry of each step so far.
    places: Vec<Seq>,
}

/// Carries out all steps and returns the public room, and the newest place there.
pub(super) async fn make_rooms(
    sessions: &mut BTreeMap<&'static str, Session>,
    placeholders: &Placeholders,
    seed: u64,
) -> Result<(ConversationId, Seq), SessionError> {
    let mut setup = Setup {
        sessions,
        placeholders,
        ids: MessageIdSource::new(seed),
        places: Vec::new(),
    };
    let room = setup.create(ROOM, Visibility::Public).await?;
    let mut newest = Seq::ZERO;
    for (who, step) in STEPS {
        if let Some(content) = setup.content(*step) {
            newest = setup.append(who, room, content).await?;
        }
        setup.places.push(newest);
    }
    let private = setup.create(PRIVATE_ROOM, Visibility::Private).await?;
    let user = setup.sessions[USER].welcome().user;
    let invited = Content::Room(RoomEvent::Invited(user));
    setup.append(PRIVATE_ROOM.1, private, invited).await?;
    Ok((room, newest))
}

impl Setup<'_> {
    fn session(&mut self, name: &str) -> &mut Session {
        self.sessions
            .get_mut(name)
            .expect("the steps name no other user")
    }

    async fn create(
        &mut self,
        (name, creator): (&str, &str),
        visibility: Visibility,
    ) -> Result<ConversationId, SessionError> {
        let request = Request::CreateRoom {
            id: self.ids.draw(wall_time()),
            name: RoomName::new(name).expect("the name is valid"),
            visibility,
            history: HistoryVisibility::default(),
        };
        match self.session(creator).request(request).await? {
            Answer::RoomCreated { room, .. } => Ok(ConversationId::Room(room)),
            _ => Err(SessionError::unexpected_answer()),
        }
    }

    /// The content of a step; `None` if its text cannot be sent, which a test excludes.
    fn content(&self, step: Step) -> Option<Content> {
        let at = |index: usize| self.places.get(index).copied();
        let body = |text: &str| MessageBody::new(self.placeholders.fill_in(text)).ok();
        Some(match step {
            Join => Content::Room(RoomEvent::Joined),
            SetTopic(text) => Content::Room(RoomEvent::Topic(Some(Topic::new(text).ok()?))),
            Say(text) => Content::Message(body(text)?),
            Emote(text) => Content::Emote(body(text)?),
            Reply(to, text) => {
                let (to, body) = (at(to)?, body(text)?);
                Content::Reply { to, body }
            }
            Edit(target, text) => {
                let (target, body) = (at(target)?, body(text)?);
                Content::Edit { target, body }
            }
            Delete(target) => {
                let target = at(target)?;
                Content::Deletion { target }
            }
            React(target, text) => {
                let (target, emoji) = (at(target)?, Emoji::new(text).ok()?);
                Content::ReactionAdded { target, emoji }
            }
            Kick(name) => Content::Room(RoomEvent::Kicked(self.sessions[name].welcome().user)),
        })
    }

    async fn append(
        &mut self,
        author: &str,
        conversation: ConversationId,
        content: Content,
    ) -> Result<Seq, SessionError> {
        let id = self.ids.draw(wall_time());
        let session = self.session(author);
        let (seq, _) = session.append(conversation, id, content).await?;
        Ok(seq)
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::SCRIPTS;
    use super::*;
    use crate::app::keymap::Keymap;

    #[test]
    fn every_step_can_be_sent_and_is_about_what_came_before() {
        let placeholders = Placeholders::new(&Keymap::default(), "anon");
        for (place, (who, step)) in STEPS.iter().enumerate() {
            assert!(*who == USER || SCRIPTS.iter().any(|script| script.name == *who));
            let (about, text) = match *step {
                Join | Kick(_) => (None, None),
                SetTopic(text) => {
                    Topic::new(text).unwrap();
                    (None, None)
                }
                Say(text) | Emote(text) => (None, Some(text)),
                Reply(to, text) | Edit(to, text) => (Some(to), Some(text)),
                Delete(target) => (Some(target), None),
                React(target, emoji) => {
                    Emoji::new(emoji).unwrap();
                    (Some(target), None)
                }
            };
            if let Some(text) = text {
                let text = placeholders.fill_in(text);
                assert!(!text.contains(['{', '}']), "{text}");
                MessageBody::new(text).unwrap();
            }
            if let Some(about) = about {
                assert!(about < place);
                let (_, step) = STEPS[about];
                assert!(matches!(step, Say(_) | Reply(..)), "{place}");
            }
        }
    }
}
