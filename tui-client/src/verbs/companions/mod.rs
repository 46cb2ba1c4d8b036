//! The scripted companions of `recado demo`: real clients over TLS in tasks of their own. What
//! they say is in [`cast`], when they say it in [`mind`]; this file only carries it out.

mod cast;
mod mind;

use std::time::Duration;

use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::tls::Identity;
use recado_shared::{
    Activity, Advance, Answer, ClientFrame, ConversationId, Entry, Invite, MessageBody, PageRange,
    Refusal, Request, Seq, ServerFrame, UserId, Welcome,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use self::cast::{CAST, Character};
use self::mind::{Act, Mind};
use crate::app::ids::IdSupply;
use crate::app::keymap::Keymap;
use crate::client::link::wall_time;
use crate::net::session::Session;
use crate::net::{ConnectError, Connector, Greeting, SessionError};

/// How long a companion whose connection broke waits before it comes back.
const RETURN_AFTER: Duration = Duration::from_secs(2);

/// The companions, for as long as it lives.
#[derive(Debug)]
pub(super) struct Companions {
    /// Dropping it ends the tasks.
    _tasks: JoinSet<()>,
}

/// Lets all companions in, the guide first, who is returned as the server knows it. They talk to
/// `person` only; `seed` decides all that varies.
pub(super) async fn start(
    ticket: &Invite,
    person: UserId,
    keymap: &Keymap,
    seed: u64,
) -> Result<(Companions, Welcome), ConnectError> {
    let mut tasks = JoinSet::new();
    let mut cast = Vec::new();
    for (character, number) in CAST.iter().zip(1..) {
        let seed = seed.wrapping_add(number);
        cast.push(Companion::new(ticket, character, person, keymap, seed)?);
    }
    let guide = cast.first_mut().expect("there is a cast");
    let session = guide.connect().await?;
    let welcome = session.welcome().clone();
    session.leave().await;
    for companion in cast {
        tasks.spawn(companion.run());
    }
    Ok((Companions { _tasks: tasks }, welcome))
}

struct Companion {
    ticket: Invite,
    name: String,
    connector: Connector,
    person: UserId,
    mind: Mind,
    ids: IdSupply,
    /// The last entry that was thought about.
    seen: Seq,
}

impl Companion {
    fn new(
        ticket: &Invite,
        character: &'static Character,
        person: UserId,
        keymap: &Keymap,
        seed: u64,
    ) -> Result<Self, ConnectError> {
        let key = Identity::generate().map_err(|error| ConnectError::Key(error.to_string()))?;
        Ok(Self {
            ticket: ticket.clone(),
            name: character.name.to_owned(),
            connector: Connector::new(&key, ticket.fingerprint)?,
            person,
            mind: Mind::new(character, keymap, seed),
            ids: IdSupply::new(seed),
            seen: Seq::ZERO,
        })
    }

    async fn run(mut self) {
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

    async fn connect(&mut self) -> Result<Session, ConnectError> {
        loop {
            let greeting = Greeting {
                name: Some(self.name.clone()),
                token: self.ticket.token.clone(),
                ..Greeting::default()
            };
            match self.connector.open(&self.ticket.address, greeting).await {
                // The person has that name, or one that looks like it.
                Err(ConnectError::Refused {
                    refusal: Refusal::NameTaken | Refusal::NameResembles,
                    ..
                }) if self.name.len() < 24 => self.name.push_str("-2"),
                result => return result,
            }
        }
    }

    /// One visit. Returns for how long to stay away after it.
    async fn stay(&mut self, session: &mut Session) -> Result<Duration, SessionError> {
        let me = session.welcome().user;
        let talk = ConversationId::direct(me, self.person);
        loop {
            let next = self.mind.next_at();
            tokio::select! {
                frame = session.next_frame() => self.take(session, talk, frame?).await?,
                () = until(next) => {
                    for act in self.mind.due(now()) {
                        if let Act::Leave(absence) = act {
                            return Ok(absence);
                        }
                        self.carry_out(session, talk, act).await?;
                    }
                }
            }
        }
    }

    async fn take(
        &mut self,
        session: &mut Session,
        talk: ConversationId,
        frame: ServerFrame,
    ) -> Result<(), SessionError> {
        match frame {
            ServerFrame::Entry {
                conversation,
                entry,
            } if conversation == talk => self.think_about(&entry),
            ServerFrame::Heads(page) => {
                let is_behind = |newest: Seq| newest > self.seen;
                if page
                    .heads
                    .iter()
                    .any(|head| head.conversation == talk && is_behind(head.newest))
                {
                    self.catch_up(session, talk).await?;
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
        talk: ConversationId,
    ) -> Result<(), SessionError> {
        let request = Request::Page {
            conversation: talk,
            range: PageRange::After(self.seen),
            limit: MAX_PAGE_ENTRIES,
        };
        if let Answer::Page { entries, .. } = session.request(request).await? {
            for entry in &entries {
                self.think_about(entry);
            }
        }
        Ok(())
    }

    fn think_about(&mut self, entry: &Entry) {
        if entry.seq <= self.seen {
            return;
        }
        self.seen = entry.seq;
        if let (true, Some(body)) = (entry.author == self.person, entry.content.body()) {
            self.mind.hear(now(), entry.seq, body.as_str());
        }
    }

    async fn carry_out(
        &mut self,
        session: &mut Session,
        talk: ConversationId,
        act: Act,
    ) -> Result<(), SessionError> {
        match act {
            Act::Say(text) => {
                let id = self.ids.draw(wall_time());
                if let Ok(body) = MessageBody::new(text) {
                    session.append(talk, id, body).await?;
                }
                Ok(())
            }
            Act::Type => session.send(&ClientFrame::Typing(talk)).await,
            Act::Receive(delivered) => advance(session, talk, delivered, Seq::ZERO).await,
            Act::Read(read) => advance(session, talk, read, read).await,
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
}

async fn advance(
    session: &mut Session,
    conversation: ConversationId,
    delivered: Seq,
    read: Seq,
) -> Result<(), SessionError> {
    let advance = Advance {
        conversation,
        delivered,
        read,
    };
    session.send(&ClientFrame::Advance(advance)).await
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
