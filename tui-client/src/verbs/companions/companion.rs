//! Session of one companion: carries out what its [`Behaviour`] plans, and connects again.

use std::collections::BTreeMap;
use std::time::Duration;

use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{
    Activity, ClientFrame, Content, ConversationId, CursorUpdate, Emoji, Entry, Head, MessageBody,
    PageRange, Refusal, Seq, ServerFrame, UserId,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::behaviour::{Action, Behaviour, Place};
use crate::client::wall_time;
use crate::model::MessageIdSource;
use crate::net::{ConnectError, Link, Session, SessionError};

const RECONNECT_AFTER: Duration = Duration::from_secs(2);

/// Connects, under another name if the user has that one, or one that looks like it.
pub(super) async fn connect(link: &mut Link) -> Result<Session, ConnectError> {
    loop {
        match (link.connect().await, &mut link.config.name) {
            (
                Err(ConnectError::Refused {
                    refusal: Refusal::NameTaken | Refusal::NameTooSimilar,
                    ..
                }),
                Some(name),
            ) if name.len() < 24 => name.push_str("-2"),
            (result, _) => return result,
        }
    }
}

pub(super) struct Companion {
    pub(super) link: Link,
    /// The user of the demo.
    pub(super) user: UserId,
    pub(super) behaviour: Behaviour,
    pub(super) ids: MessageIdSource,
    pub(super) direct: ConversationId,
    pub(super) room: ConversationId,
    /// The last entry of each conversation that the behaviour knows of.
    pub(super) seen: BTreeMap<ConversationId, (Place, Seq)>,
}

impl Companion {
    /// Runs until the task is dropped or the server refuses the companion.
    pub(super) async fn run(mut self) {
        loop {
            let absence = match connect(&mut self.link).await {
                Ok(session) => self.stay(session).await,
                Err(error) if error.is_temporary() => RECONNECT_AFTER,
                Err(error) => {
                    tracing::warn!(name = self.link.config.name, %error, "a companion is gone");
                    return;
                }
            };
            sleep(absence).await;
        }
    }

    /// Drives one session, and returns for how long to be offline after it.
    async fn stay(&mut self, mut session: Session) -> Duration {
        self.behaviour.connected(now());
        match self.drive(&mut session).await {
            Ok(absence) => {
                session.leave().await;
                absence
            }
            Err(error) => {
                tracing::info!(name = self.link.config.name, %error, "a companion lost its session");
                RECONNECT_AFTER
            }
        }
    }

    async fn drive(&mut self, session: &mut Session) -> Result<Duration, SessionError> {
        loop {
            let next = self.behaviour.next_at();
            let due = sleep_until(next.unwrap_or_else(now).into());
            tokio::select! {
                frame = session.next_frame() => match frame? {
                    ServerFrame::Entry { conversation, entry } => self.hear(conversation, &entry),
                    ServerFrame::Heads(page) => self.catch_up(session, &page.heads).await?,
                    _ => {}
                },
                () = due, if next.is_some() => match self.behaviour.take_due(now()) {
                    Some(Action::Disconnect(absence)) => return Ok(absence),
                    Some(action) => self.perform(session, action).await?,
                    None => {}
                },
            }
        }
    }

    /// Reads what came while it was offline. A page is plenty for what one user writes meanwhile.
    async fn catch_up(
        &mut self,
        session: &mut Session,
        heads: &[Head],
    ) -> Result<(), SessionError> {
        for &Head {
            conversation,
            newest,
            ..
        } in heads
        {
            let seen = self.seen.get(&conversation);
            let Some(&(_, seen)) = seen.filter(|(_, seen)| *seen < newest) else {
                continue;
            };
            let range = PageRange::After(seen);
            let (entries, _) = session.page(conversation, range, MAX_PAGE_ENTRIES).await?;
            for entry in &entries {
                self.hear(conversation, entry);
            }
        }
        Ok(())
    }

    fn hear(&mut self, conversation: ConversationId, entry: &Entry) {
        let seen = self.seen.get_mut(&conversation);
        let Some((place, seen)) = seen.filter(|(_, seen)| *seen < entry.seq) else {
            return;
        };
        *seen = entry.seq;
        let is_message = entry.content.is_message() && entry.author == self.user;
        if let Some(body) = entry.content.body().filter(|_| is_message) {
            self.behaviour.hear(now(), *place, entry.seq, body.as_str());
        }
    }

    async fn perform(&mut self, session: &mut Session, action: Action) -> Result<(), SessionError> {
        let frame = match action {
            Action::Say { place, to, text } => {
                let content = MessageBody::new(text).ok().map(|body| match to {
                    Some(to) => Content::Reply { to, body },
                    None => Content::Message(body),
                });
                return self.append(session, place, content).await;
            }
            Action::React { place, to, emoji } => {
                let emoji = Emoji::new(emoji).ok();
                let content = emoji.map(|emoji| Content::ReactionAdded { target: to, emoji });
                return self.append(session, place, content).await;
            }
            Action::NotifyTyping(place) => ClientFrame::Typing(self.conversation(place)),
            Action::MarkDelivered(place, delivered) => self.cursors(place, delivered, Seq::ZERO),
            Action::MarkRead(place, read) => self.cursors(place, read, read),
            Action::SetAway(true) => ClientFrame::Activity(Activity::Away),
            Action::SetAway(false) => ClientFrame::Activity(Activity::Active),
            Action::Disconnect(_) => return Ok(()),
        };
        session.send(&frame).await
    }

    fn conversation(&self, place: Place) -> ConversationId {
        match place {
            Place::Direct => self.direct,
            Place::Room => self.room,
        }
    }

    fn cursors(&self, place: Place, delivered: Seq, read: Seq) -> ClientFrame {
        ClientFrame::UpdateCursors(CursorUpdate {
            conversation: self.conversation(place),
            delivered,
            read,
        })
    }

    /// Appends an entry, if its text is valid. The server may refuse it, because the message that
    /// it is about was deleted meanwhile.
    async fn append(
        &mut self,
        session: &mut Session,
        place: Place,
        content: Option<Content>,
    ) -> Result<(), SessionError> {
        let Some(content) = content else {
            return Ok(());
        };
        let id = self.ids.draw(wall_time());
        match session.append(self.conversation(place), id, content).await {
            Ok(_) | Err(SessionError::Request(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
