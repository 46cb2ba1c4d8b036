//! `recado send`: one message, sent again under the same id until it is accepted.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Read as _};

use recado_shared::limits::{MAX_BODY_LEN, MAX_MEMBERS_WITH_CURSORS, MAX_PAGE_ENTRIES};
use recado_shared::{
    Answer, Content, ConversationId, Head, MemberCursors, MessageBody, MessageId, PageRange,
    Request, RequestError, Seq, ServerFrame, Timestamp, UserId, text,
};
use serde::Serialize;
use tokio::time::timeout;

use super::line::{conversation_text, timestamp};
use crate::cli::{ReplyTo, SendArguments, WaitFor};
use crate::client::Target;
use crate::client::link::{Link, wall_time};
use crate::exit::{Exit, Failure};
use crate::identity::Wanted;
use crate::model::MessageIdSource;
use crate::net::SessionError;
use crate::net::session::Session;
use crate::output::print;
use crate::paths::Paths;

/// Most of standard input that is read: more is too long for a message however it is counted.
const MAX_INPUT: u64 = 1024 * 1024;

/// Most pages in which the message with an id is looked for.
const MAX_PAGES: usize = 50;

/// What `--json` prints: a stable interface.
#[derive(Serialize)]
struct Line {
    conversation: String,
    seq: u64,
    id: String,
    time: String,
}

/// How far the message has got, so that a timeout can say so.
#[derive(Debug, Default)]
struct Progress {
    was_connected: bool,
    accepted: Option<(ConversationId, Seq, Timestamp)>,
    last_error: Option<Failure>,
}

pub(crate) async fn send(
    paths: &Paths,
    wanted: &Wanted,
    arguments: SendArguments,
) -> Result<(), Failure> {
    let to: Target = arguments.to.parse()?;
    let body = read_body(arguments.text)?;
    let mut link = Link::of(paths, wanted).await?;
    let id = MessageIdSource::new(fastrand::u64(..)).draw(wall_time());
    let mut message = Message {
        to,
        wait: arguments.wait,
        reply_to: arguments.reply_to,
        id,
        body,
        progress: Progress::default(),
    };
    let ended = match timeout(arguments.timeout, message.deliver(&mut link)).await {
        Ok(result) => result,
        Err(_) => Err(message.timed_out(arguments.timeout.as_secs_f64())),
    };
    if let (true, Some((conversation, seq, time))) = (arguments.json, message.progress.accepted) {
        let printed = Line {
            conversation: conversation_text(conversation),
            seq: seq.0,
            id: id.to_string(),
            time: timestamp(time).to_string(),
        };
        let printed = serde_json::to_string(&printed).expect("plain values can be written as JSON");
        // A reader that has gone does not want to know.
        let _ = print(&printed);
    }
    ended
}

/// A message on its way.
struct Message {
    to: Target,
    wait: WaitFor,
    reply_to: Option<ReplyTo>,
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
            Ok(result) => result.map(Ok),
            Err(SessionError::Request(error)) if error != RequestError::Unavailable => {
                Err(error.into())
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Sends and waits. The outer error is the session's or the server's, the inner one says that
    /// what is meant is not there.
    async fn try_once(
        &mut self,
        session: &mut Session,
    ) -> Result<Result<(), Failure>, SessionError> {
        let Some(conversation) = self.to.find(session).await? else {
            return Ok(Err(self.to.missing()));
        };
        let body = self.body.clone();
        let content = match self.reply_to {
            None => Content::Message(body),
            Some(ReplyTo::Seq(to)) => Content::Reply { to, body },
            Some(ReplyTo::Id(id)) => match find_message(session, conversation, id).await? {
                Some(to) => Content::Reply { to, body },
                None => return Ok(Err(no_message(id))),
            },
        };
        let request = Request::Append {
            conversation,
            id: self.id,
            content,
        };
        let Answer::Accepted { seq, time } = session.request(request).await? else {
            return Err(unasked());
        };
        self.progress.accepted = Some((conversation, seq, time));
        match self.wait {
            WaitFor::Accepted => Ok(Ok(())),
            WaitFor::Delivered => wait_delivered(session, conversation, seq).await,
        }
    }

    fn timed_out(&mut self, seconds: f64) -> Failure {
        let last = self.progress.last_error.take();
        match (self.progress.accepted, last) {
            (Some(_), _) => {
                let who = match self.to {
                    Target::Person(_) => "no device of the recipient",
                    Target::Room(_) => "not every member",
                };
                let text = format!(
                    "the message is accepted, but {who} had it after {seconds} s: it will get \
                     there when one connects"
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

/// Where the message with an id stands, if that is not too long ago.
async fn find_message(
    session: &mut Session,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<Seq>, SessionError> {
    let mut before = Seq(u64::MAX);
    for _ in 0..MAX_PAGES {
        let request = Request::Page {
            conversation,
            range: PageRange::Before(before),
            limit: MAX_PAGE_ENTRIES,
        };
        let Answer::Page { entries, .. } = session.request(request).await? else {
            return Err(unasked());
        };
        if let Some(entry) = entries.iter().find(|entry| entry.id == id) {
            return Ok(Some(entry.seq));
        }
        match entries.first() {
            Some(first) if first.seq > Seq(1) => before = first.seq,
            _ => break,
        }
    }
    Ok(None)
}

fn no_message(id: MessageId) -> Failure {
    let text = format!(
        "no message with the id {id} is among the last ones there: name its seq with --reply-to"
    );
    Failure::new(Exit::Refused, text)
}

fn unasked() -> SessionError {
    SessionError::Malformed("an answer to another question".to_owned())
}

/// Waits until every other member has the message on a device.
async fn wait_delivered(
    session: &mut Session,
    conversation: ConversationId,
    seq: Seq,
) -> Result<Result<(), Failure>, SessionError> {
    let me = session.welcome().user;
    let peer = conversation.peer_of(me);
    // What is written to oneself is where it should be.
    if peer == Some(me) {
        return Ok(Ok(()));
    }
    let mut known = peer.is_some();
    let mut missing: BTreeSet<UserId> = peer.into_iter().collect();
    let mut have = BTreeSet::new();
    let has_it = |cursors: &MemberCursors| cursors.delivered >= seq;
    loop {
        if known && missing.is_subset(&have) {
            return Ok(Ok(()));
        }
        match session.next_frame().await? {
            ServerFrame::Cursors {
                conversation: moved,
                cursors,
            } if moved == conversation && has_it(&cursors) => {
                have.insert(cursors.user);
            }
            ServerFrame::Heads(page) => {
                let is_here = |head: &&Head| head.conversation == conversation;
                let Some(head) = page.heads.iter().find(is_here) else {
                    continue;
                };
                if head
                    .room
                    .as_ref()
                    .is_some_and(|room| !tells_cursors(room.members))
                {
                    return Ok(Err(too_many()));
                }
                have.extend(
                    head.cursors
                        .iter()
                        .filter(|it| has_it(it))
                        .map(|it| it.user),
                );
                if !known {
                    let users = head.cursors.iter().map(|cursors| cursors.user);
                    missing = users.filter(|&user| user != me).collect();
                    known = true;
                }
            }
            _ => {}
        }
    }
}

fn tells_cursors(members: u32) -> bool {
    usize::try_from(members).is_ok_and(|members| members <= MAX_MEMBERS_WITH_CURSORS)
}

fn too_many() -> Failure {
    let text = format!(
        "the message is accepted, but in rooms of more than {MAX_MEMBERS_WITH_CURSORS} members \
         nobody is told who has it: leave out --wait"
    );
    Failure::new(Exit::Usage, text)
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
