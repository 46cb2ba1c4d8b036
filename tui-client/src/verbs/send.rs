//! `recado send`: a message, or one for each line of the input, sent again under the same id until it is
//! accepted.

mod lines;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Read as _};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use recado_shared::limits::{MAX_BODY_LEN, MAX_MEMBERS_WITH_CURSORS, MAX_PAGE_ENTRIES};
use recado_shared::{
    BodyError, Content, ConversationId, MemberCursors, MessageBody, MessageId, PageRange, Seq,
    ServerFrame, text,
};
use tokio::time::timeout;

use super::VerbContext;
use super::line::print_sent;
use crate::client::{Client, Sent, Target, wall_time};
use crate::exit::{Exit, Failure};
use crate::identity::Access;
use crate::model::MessageIdSource;
use crate::net::{Session, SessionError};
use crate::output::tell;

pub(crate) const HELP: &str = "\
Fields of the JSON object with --json: conversation, seq, id and time (as in 'recado tail --json').";

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Recipient: a user name, '#room' in quotes, or room:NAME
    #[arg(value_name = "TO")]
    to: String,
    /// The text [default: standard input without its last line break]
    text: Option<String>,
    /// Send each line of standard input as a message of its own, as it comes; blank lines are left out,
    /// and a line over 5 KiB is sent in parts
    #[arg(long, conflicts_with_all = ["text", "wait", "reply_to"])]
    each_line: bool,
    /// When to return
    #[arg(long, value_enum, default_value_t = WaitFor::Accepted)]
    wait: WaitFor,
    /// Message to reply to: its seq in that conversation, or its id
    #[arg(long, value_name = "SEQ-OR-ID")]
    reply_to: Option<ReplyTo>,
    /// Print the sent message as a JSON object
    #[arg(long)]
    json: bool,
    /// Seconds to keep trying [default: 30; with --each-line 30 for the first connection, then no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WaitFor {
    /// The message is on the server's disk
    Accepted,
    /// It is on a device of the recipient; in a room, of every other member
    Delivered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReplyTo {
    Seq(Seq),
    Id(MessageId),
}

impl FromStr for ReplyTo {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 32 {
            let digits = u128::from_str_radix(text, 16).map_err(|_| "not a message id")?;
            return Ok(Self::Id(MessageId(digits.to_be_bytes())));
        }
        match text.parse() {
            Ok(0) | Err(_) => Err("neither a seq (a number from 1) nor a message id"),
            Ok(seq) => Ok(Self::Seq(Seq(seq))),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|wait| !wait.is_zero())
        .ok_or_else(|| "must be more than 0 and a reasonable time".to_owned())
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of standard input that are read: more is too long for a message however it is counted.
const MAX_INPUT: u64 = 1024 * 1024;

/// Pages that are searched for a message id.
const MAX_PAGES: usize = 50;

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    if arguments.each_line {
        return send_lines(context, arguments).await;
    }
    let message = Message {
        to: arguments.to.parse()?,
        wait: arguments.wait,
        reply_to: arguments.reply_to,
        id: MessageIdSource::new(fastrand::u64(..)).draw(wall_time()),
        body: read_body(arguments.text)?,
    };
    let mut client = Client::over(context.link(Access::Write).await?);
    client.is_patient = true;
    let mut accepted = None;
    let sending = client.retry(async |session| message.attempt(session, &mut accepted).await);
    let limit = arguments.timeout.unwrap_or(DEFAULT_TIMEOUT);
    let ended = if let Ok(sent) = timeout(limit, sending).await {
        sent.and_then(|result| result?)
    } else {
        let seconds = limit.as_secs_f64();
        Err(message.timed_out(seconds, accepted.is_some(), &client))
    };
    if let (true, Some(sent)) = (arguments.json, &accepted) {
        print_sent(sent, None);
    }
    if ended.is_ok() {
        client.leave().await;
    }
    ended
}

/// Sends each line once the one before it is accepted, so the input is read no faster than the server
/// accepts it.
async fn send_lines(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    let mut client = context.client(Access::Write).await?;
    client.is_patient = true;
    let limit = arguments.timeout.unwrap_or(DEFAULT_TIMEOUT);
    let Ok(conversation) = timeout(limit, client.find(&arguments.to)).await else {
        return Err(not_connected(limit, &client));
    };
    let conversation = conversation?;
    let mut lines = lines::read_stdin()?;
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = client.idle() => continue,
        };
        let Some(line) = line.transpose()? else {
            break;
        };
        let body = match MessageBody::new(text::sanitise_input(&line.text)) {
            Ok(body) => body,
            Err(BodyError::Empty) => continue,
            Err(error) => return Err(Failure::usage(error)),
        };
        let sending = client.append(conversation, Content::Message(body));
        let limit = arguments.timeout.unwrap_or(Duration::MAX);
        let sent = match timeout(limit, sending).await {
            Ok(sent) => sent,
            Err(_) => Err(not_confirmed(limit)),
        };
        let sent = sent.map_err(|failure| stopped_at(line.number, &failure))?;
        if arguments.json {
            print_sent(&sent, None);
        }
    }
    client.leave_undelivered().await;
    Ok(())
}

fn not_connected(limit: Duration, client: &Client) -> Failure {
    let seconds = limit.as_secs_f64();
    match &client.last_error {
        Some(error) => Failure::new(error.exit, format!("{error} (tried for {seconds} s)")),
        None => Failure::new(Exit::Timeout, format!("No answer within {seconds} s.")),
    }
}

fn not_confirmed(limit: Duration) -> Failure {
    let seconds = limit.as_secs_f64();
    let text = format!("The server did not confirm the message within {seconds} s.");
    Failure::new(Exit::Timeout, text)
}

fn stopped_at(line: u64, failure: &Failure) -> Failure {
    let text = format!("{failure} Stopped at line {line}; all lines before it were sent.");
    Failure::new(failure.exit, text)
}

struct Message {
    to: Target,
    wait: WaitFor,
    reply_to: Option<ReplyTo>,
    id: MessageId,
    body: MessageBody,
}

impl Message {
    /// Sends and waits. The outer error is worth another attempt or is the server's refusal, the
    /// inner one is final.
    async fn attempt(
        &self,
        session: &mut Session,
        accepted: &mut Option<Sent>,
    ) -> Result<Result<(), Failure>, SessionError> {
        let conversation = match self.to.find(session).await? {
            Ok(conversation) => conversation,
            Err(missing) => return Ok(Err(missing)),
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
        let id = self.id;
        let (seq, time) = session.append(conversation, id, content).await?;
        *accepted = Some(Sent {
            conversation,
            seq,
            id,
            time,
        });
        match self.wait {
            WaitFor::Accepted => Ok(Ok(())),
            WaitFor::Delivered => wait_delivered(session, conversation, seq).await,
        }
    }

    fn timed_out(&self, seconds: f64, is_accepted: bool, client: &Client) -> Failure {
        match client.last_error.as_ref() {
            _ if is_accepted => {
                let (missing, who) = match self.to {
                    Target::Person(_) => ("not delivered", "the recipient connects"),
                    Target::Room(_) => ("not delivered to every member", "they connect"),
                };
                let text = format!(
                    "Sent, but {missing} within {seconds} s. It will be delivered when {who}."
                );
                Failure::new(Exit::Timeout, text)
            }
            Some(error) if client.me.is_none() => {
                Failure::new(error.exit, format!("{error} (tried for {seconds} s)"))
            }
            last => {
                let why = last.map_or_else(String::new, |error| format!(" ({error})"));
                let text = format!(
                    "The server did not confirm the message within {seconds} s{why}. It may or \
                     may not have been sent; check the conversation in Recado."
                );
                Failure::new(Exit::Timeout, text)
            }
        }
    }
}

async fn find_message(
    session: &mut Session,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<Seq>, SessionError> {
    let mut before = Seq(u64::MAX);
    for _ in 0..MAX_PAGES {
        let range = PageRange::Before(before);
        let (entries, _) = session.page(conversation, range, MAX_PAGE_ENTRIES).await?;
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
    let text = format!("There is no recent message with the id {id}. Use its seq with --reply-to.");
    Failure::new(Exit::Refused, text)
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
    // `None` until the members are known.
    let mut recipients = peer.map(|peer| vec![peer]);
    let mut have = BTreeSet::new();
    let has_it = |cursors: &MemberCursors| cursors.delivered >= seq;
    loop {
        if let Some(recipients) = &recipients
            && recipients.iter().all(|user| have.contains(user))
        {
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
                let mut heads = page.heads.iter();
                let Some(head) = heads.find(|head| head.conversation == conversation) else {
                    continue;
                };
                let members = head.room.as_ref().map_or(0, |room| room.members);
                if usize::try_from(members).unwrap_or(usize::MAX) > MAX_MEMBERS_WITH_CURSORS {
                    return Ok(Err(too_many()));
                }
                let delivered = head.cursors.iter().filter(|cursors| has_it(cursors));
                have.extend(delivered.map(|cursors| cursors.user));
                recipients.get_or_insert_with(|| {
                    let users = head.cursors.iter().map(|cursors| cursors.user);
                    users.filter(|&user| user != me).collect()
                });
            }
            _ => {}
        }
    }
}

fn too_many() -> Failure {
    Failure::usage(format!(
        "Sent, but rooms of more than {MAX_MEMBERS_WITH_CURSORS} members do not report delivery. \
         Leave out --wait delivered."
    ))
}

/// The text to send without control characters, as from a paste.
fn read_body(argument: Option<String>) -> Result<MessageBody, Failure> {
    let input = argument.map_or_else(read_input, Ok)?;
    MessageBody::new(text::sanitise_input(&input)).map_err(Failure::usage)
}

fn read_input() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        tell("Type the message, then press Ctrl+D on an empty line.");
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_INPUT).read_to_end(&mut bytes)?;
    let input = String::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!(
            "Standard input is not UTF-8 text, or longer than the {MAX_BODY_LEN} bytes of a message."
        ))
    })?;
    let line = input.strip_suffix('\n');
    let line = line.map(|line| line.strip_suffix('\r').unwrap_or(line));
    Ok(line.unwrap_or(&input).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_positive_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "nan", "inf", "soon", "1e99"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
