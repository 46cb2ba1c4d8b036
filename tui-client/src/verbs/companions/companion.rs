//! One companion: carries out what its [`Mind`] decides.

use std::time::Duration;

use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::tls::Identity;
use recado_shared::{
    Activity, ClientFrame, Content, ConversationId, CursorUpdate, Emoji, Entry, Hello, Invite,
    MessageBody, PageRange, Refusal, Seq, ServerFrame, UserId,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::cast::Character;
use super::keys::Words;
use super::mind::{Act, Mind, Place};
use crate::client::link::wall_time;
use crate::model::MessageIdSource;
use crate::net::session::Session;
use crate::net::{self, ConnectError, Connector, SessionError};

/// How long a companion whose connection broke waits before it comes back.
const RETURN_AFTER: Duration = Duration::from_secs(2);

pub(super) struct Companion {
    ticket: Invite,
    name: String,
    connector: Connector,
    person: UserId,
    mind: Mind,
    ids: MessageIdSource,
    /// Where it and the person write.
    places: Vec<Spot>,
}

/// A conversation, as far as the companion knows it.
struct Spot {
    place: Place,
    conversation: ConversationId,
    /// The last entry that was thought about.
    seen: Seq,
}

impl Companion {
    pub(super) fn new(
        ticket: &Invite,
        character: &'static Character,
        person: UserId,
        words: Words,
        seed: u64,
    ) -> Result<Self, ConnectError> {
        let key = Identity::generate().map_err(|error| ConnectError::Key(error.to_string()))?;
        Ok(Self {
            ticket: ticket.clone(),
            name: character.name.to_owned(),
            connector: Connector::new(&key, ticket.fingerprint)?,
            person,
            mind: Mind::new(character, words, seed),
            ids: MessageIdSource::new(seed),
            places: Vec::new(),
        })
    }

    /// Lives until the task is dropped; it has seen the room up to this entry.
    pub(super) async fn run(mut self, room: ConversationId, seen: Seq) {
        self.places.push(Spot {
            place: Place::Room,
            conversation: room,
            seen,
        });
        if let Err(error) = self.live().await {
            tracing::warn!(name = self.name, %error, "a companion is gone");
        }
    }

    /// Comes and goes until the task is dropped, or until the server wants it no more.
    async fn live(&mut self) -> Result<(), ConnectError> {
        loop {
            let mut session = match self.connect().await {
                Ok(session) => session,
                Err(error) if error.is_temporary() => {
                    sleep(RETURN_AFTER).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.mind.arrive(now());
            let absence = match self.stay(&mut session).await {
                Ok(absence) => {
                    session.leave().await;
                    absence
                }
                Err(error) => {
                    tracing::info!(name = self.name, %error, "a companion lost its session");
                    RETURN_AFTER
                }
            };
            sleep(absence).await;
        }
    }

    pub(super) async fn connect(&mut self) -> Result<Session, ConnectError> {
        loop {
            let hello = Hello {
                name: Some(self.name.clone()),
                token: self.ticket.token.clone(),
                ..net::hello()
            };
            match self.connector.open(&self.ticket.address, hello).await {
                // The person has that name, or one that looks like it.
                Err(ConnectError::Refused {
                    refusal: Refusal::NameTaken | Refusal::NameTooSimilar,
                    ..
                }) if self.name.len() < 24 => self.name.push_str("-2"),
                result => return result,
            }
        }
    }

    /// One visit. Returns for how long to stay away after it.
    async fn stay(&mut self, session: &mut Session) -> Result<Duration, SessionError> {
        self.know_talk(session.welcome().user);
        loop {
            let next = self.mind.next_at();
            tokio::select! {
                frame = session.next_frame() => self.take(session, frame?).await?,
                () = until(next) => {
                    for act in self.mind.due(now()) {
                        if let Act::Leave(absence) = act {
                            return Ok(absence);
                        }
                        self.carry_out(session, act).await?;
                    }
                }
            }
        }
    }

    fn know_talk(&mut self, me: UserId) {
        let talk = |spot: &Spot| spot.place == Place::Talk;
        if !self.places.iter().any(talk) {
            self.places.push(Spot {
                place: Place::Talk,
                conversation: ConversationId::direct(me, self.person),
                seen: Seq::ZERO,
            });
        }
    }

    async fn take(
        &mut self,
        session: &mut Session,
        frame: ServerFrame,
    ) -> Result<(), SessionError> {
        match frame {
            ServerFrame::Entry {
                conversation,
                entry,
            } => self.think_about(conversation, &entry),
            ServerFrame::Heads(page) => {
                for head in &page.heads {
                    self.catch_up(session, head.conversation, head.newest)
                        .await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads what came while it was away. A page is plenty for what one person writes meanwhile.
    async fn catch_up(
        &mut self,
        session: &mut Session,
        conversation: ConversationId,
        newest: Seq,
    ) -> Result<(), SessionError> {
        let here = |spot: &&Spot| spot.conversation == conversation && spot.seen < newest;
        let Some(spot) = self.places.iter().find(here) else {
            return Ok(());
        };
        let range = PageRange::After(spot.seen);
        let (entries, _) = session.page(conversation, range, MAX_PAGE_ENTRIES).await?;
        for entry in &entries {
            self.think_about(conversation, entry);
        }
        Ok(())
    }

    fn think_about(&mut self, conversation: ConversationId, entry: &Entry) {
        let here = |spot: &&mut Spot| spot.conversation == conversation && spot.seen < entry.seq;
        let Some(spot) = self.places.iter_mut().find(here) else {
            return;
        };
        spot.seen = entry.seq;
        let is_said = entry.content.is_message() && entry.author == self.person;
        if let (true, Some(body)) = (is_said, entry.content.body()) {
            self.mind.hear(now(), spot.place, entry.seq, body.as_str());
        }
    }

    async fn carry_out(&mut self, session: &mut Session, act: Act) -> Result<(), SessionError> {
        match act {
            Act::Say { place, to, text } => {
                let Ok(body) = MessageBody::new(text) else {
                    return Ok(());
                };
                let content = match to {
                    Some(to) => Content::Reply { to, body },
                    None => Content::Message(body),
                };
                self.append(session, place, content).await
            }
            Act::React { place, to, emoji } => match Emoji::new(emoji) {
                Ok(emoji) => {
                    let content = Content::ReactionAdded { target: to, emoji };
                    self.append(session, place, content).await
                }
                Err(_) => Ok(()),
            },
            Act::Type(place) => match self.conversation(place) {
                Some(conversation) => session.send(&ClientFrame::Typing(conversation)).await,
                None => Ok(()),
            },
            Act::Receive(place, delivered) => {
                self.advance(session, place, delivered, Seq::ZERO).await
            }
            Act::Read(place, read) => self.advance(session, place, read, read).await,
            Act::BeAway(is_away) => {
                let activity = if is_away {
                    Activity::Away
                } else {
                    Activity::Active
                };
                session.send(&ClientFrame::Activity(activity)).await
            }
            Act::Leave(_) => Ok(()),
        }
    }

    fn conversation(&self, place: Place) -> Option<ConversationId> {
        let spot = self.places.iter().find(|spot| spot.place == place);
        spot.map(|spot| spot.conversation)
    }

    /// Puts something into the log. What is refused, because the message that it is about was
    /// deleted meanwhile, is left.
    async fn append(
        &mut self,
        session: &mut Session,
        place: Place,
        content: Content,
    ) -> Result<(), SessionError> {
        let Some(conversation) = self.conversation(place) else {
            return Ok(());
        };
        let id = self.ids.draw(wall_time());
        match session.append(conversation, id, content).await {
            Ok(_) | Err(SessionError::Request(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn advance(
        &mut self,
        session: &mut Session,
        place: Place,
        delivered: Seq,
        read: Seq,
    ) -> Result<(), SessionError> {
        let Some(conversation) = self.conversation(place) else {
            return Ok(());
        };
        let advance = CursorUpdate {
            conversation,
            delivered,
            read,
        };
        session.send(&ClientFrame::UpdateCursors(advance)).await
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

async fn until(moment: Option<std::time::Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
