//! `recado send`: one message, sent again under the same id until it is accepted.

use std::io::{self, IsTerminal as _, Read as _};

use recado_shared::limits::MAX_BODY_LEN;
use recado_shared::{
    ConversationId, MemberCursors, MessageBody, MessageId, Seq, ServerFrame, UserId, UserName, text,
};
use tokio::time::timeout;

use super::ask::parse_name;
use super::link::{Link, wall_time};
use crate::app::ids::IdSupply;
use crate::cli::{SendArguments, WaitFor};
use crate::exit::{Exit, Failure};
use crate::identity::Wanted;
use crate::net::SessionError;
use crate::net::session::Session;
use crate::paths::Paths;

/// Most of standard input that is read: more is too long for a message however it is counted.
const MAX_INPUT: u64 = 1024 * 1024;

/// How far the message has got, so that a timeout can say so.
#[derive(Debug, Default)]
struct Progress {
    was_connected: bool,
    accepted: Option<Seq>,
    last_error: Option<Failure>,
}

pub(crate) async fn send(
    paths: &Paths,
    wanted: &Wanted,
    arguments: SendArguments,
) -> Result<(), Failure> {
    let to = parse_name(&arguments.to)?;
    let body = read_body(arguments.text)?;
    let mut link = Link::of(paths, wanted).await?;
    let id = IdSupply::new(fastrand::u64(..)).draw(wall_time());
    let mut message = Message {
        to,
        wait: arguments.wait,
        id,
        body,
        progress: Progress::default(),
    };
    match timeout(arguments.timeout, message.deliver(&mut link)).await {
        Ok(result) => result,
        Err(_) => Err(message.timed_out(arguments.timeout.as_secs_f64())),
    }
}

/// A message on its way.
struct Message {
    to: UserName,
    wait: WaitFor,
    id: MessageId,
    body: MessageBody,
    progress: Progress,
}

impl Message {
    /// Tries until it is where it should get, or until trying again is of no use.
    async fn deliver(&mut self, link: &mut Link) -> Result<(), Failure> {
        loop {
            match link.open(None).await {
                Ok(mut session) => {
                    self.progress.was_connected = true;
                    match self.attempt(&mut session).await? {
                        Ok(()) => {
                            session.leave().await;
                            return Ok(());
                        }
                        Err(error) => self.progress.last_error = Some(error.into()),
                    }
                }
                Err(error) if error.is_temporary() => {
                    self.progress.last_error = Some(error.into());
                }
                Err(error) => return Err(error.into()),
            }
            link.pause().await;
        }
    }

    /// One attempt. The outer error is final, the inner one is worth another attempt.
    async fn attempt(
        &mut self,
        session: &mut Session,
    ) -> Result<Result<(), SessionError>, Failure> {
        match self.try_once(session).await {
            Ok(Some(())) => Ok(Ok(())),
            Ok(None) => {
                let to = &self.to;
                let error = format!("there is no {to} on this server: 'recado who' lists people");
                Err(Failure::new(Exit::Refused, error))
            }
            Err(SessionError::Request(error))
                if error != recado_shared::RequestError::Unavailable =>
            {
                Err(error.into())
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Sends and waits; `None` means that there is nobody of that name.
    async fn try_once(&mut self, session: &mut Session) -> Result<Option<()>, SessionError> {
        let Some(person) = session.find_person(self.to.as_str()).await? else {
            return Ok(None);
        };
        let conversation = ConversationId::direct(session.welcome().user, person.user);
        let append = session.append(conversation, self.id, self.body.clone());
        let (seq, _) = append.await?;
        self.progress.accepted = Some(seq);
        // What is written to oneself is where it should be.
        if self.wait == WaitFor::Delivered && person.user != session.welcome().user {
            wait_delivered(session, conversation, person.user, seq).await?;
        }
        Ok(Some(()))
    }

    fn timed_out(self, seconds: f64) -> Failure {
        let last = self.progress.last_error;
        match (self.progress.accepted, last) {
            (Some(_), _) => {
                let text = format!(
                    "the message is accepted, but no device of the recipient had it after \
                     {seconds} s: it will get there when one connects"
                );
                Failure::new(Exit::Timeout, text)
            }
            (None, Some(error)) if !self.progress.was_connected => {
                Failure::new(error.exit, format!("{error} (tried for {seconds} s)"))
            }
            (None, last) => {
                let why = last.map_or_else(String::new, |error| format!(" ({error})"));
                let text = format!(
                    "the message was not acknowledged within {seconds} s{why}: it may have \
                     arrived or not; 'recado' shows the conversation"
                );
                Failure::new(Exit::Timeout, text)
            }
        }
    }
}

async fn wait_delivered(
    session: &mut Session,
    conversation: ConversationId,
    recipient: UserId,
    seq: Seq,
) -> Result<(), SessionError> {
    let has_it = |cursors: &MemberCursors| cursors.user == recipient && cursors.delivered >= seq;
    loop {
        match session.next_frame().await? {
            ServerFrame::Cursors {
                conversation: moved,
                cursors,
            } if moved == conversation && has_it(&cursors) => return Ok(()),
            // After another attempt the cursors come with the heads.
            ServerFrame::Heads(page)
                if page.heads.iter().any(|head| {
                    head.conversation == conversation && head.cursors.iter().any(has_it)
                }) =>
            {
                return Ok(());
            }
            _ => {}
        }
    }
}

/// The text to send, made fit as a paste is: without control characters.
fn read_body(argument: Option<String>) -> Result<MessageBody, Failure> {
    let input = match argument {
        Some(text) => text,
        None => read_input()?,
    };
    MessageBody::new(text::sanitise_input(&input)).map_err(|error| Failure::new(Exit::Usage, error))
}

fn read_input() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        crate::output::tell("Write the message, then Ctrl+D on a line of its own.");
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_INPUT).read_to_end(&mut bytes)?;
    let mut input = String::from_utf8(bytes).map_err(|_| {
        let text = format!(
            "standard input is no text in UTF-8, or longer than the {MAX_BODY_LEN} bytes that a \
             message may have"
        );
        Failure::new(Exit::Usage, text)
    })?;
    if input.ends_with('\n') {
        input.pop();
        if input.ends_with('\r') {
            input.pop();
        }
    }
    Ok(input)
}
