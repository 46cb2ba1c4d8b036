//! Invite of `join` and `link` as the user gives it: on the command line, on standard input or pasted
//! into the terminal, so that its token is in no list of processes and no history of a shell.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};

use recado_shared::{Invite, InviteError};

use super::ask::prompt;
use crate::exit::Failure;
use crate::output::complain;
use crate::strings::accounts as strings;

/// Bytes of standard input that are read: a mail with an invite in it is shorter.
const MAX_INPUT: u64 = 64 * 1024;

/// The invite in the words of the command line. None, or `-`, reads it from standard input.
pub(super) fn read(words: &[String]) -> Result<Invite, Failure> {
    if !words.is_empty() && words != ["-"] {
        // A shell divides a line that was not put in quotes.
        return parse(&words.join(" ")).map_err(failure);
    }
    if io::stdin().is_terminal() {
        return ask();
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_INPUT).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Err(Failure::usage(strings::NO_INVITE));
    }
    let invite = parse(&text).map_err(failure)?;
    take_terminal();
    Ok(invite)
}

fn parse(text: &str) -> Result<Invite, InviteError> {
    text.parse()
}

pub(super) fn failure(error: InviteError) -> Failure {
    Failure::usage(strings::bad_invite(error))
}

/// Reads lines from the terminal until they hold an invite. A line without a token may be the first
/// part of a wrapped one.
fn ask() -> Result<Invite, Failure> {
    let mut text = String::new();
    let mut question = strings::PASTE_INVITE;
    loop {
        let line = prompt(question)?.unwrap_or_default();
        let is_end = line.is_empty();
        text.push_str(&line);
        match parse(&text) {
            Ok(invite) if is_end || invite.token.is_some() => {
                forget_typed();
                return Ok(invite);
            }
            _ if text.is_empty() => return Err(Failure::usage(strings::NO_INVITE)),
            Err(error) if is_end => return Err(failure(error)),
            Ok(_) | Err(InviteError::Incomplete) => question = strings::PASTE_THE_REST,
            Err(InviteError::Scheme) => {
                // Words in front of the invite.
                text.push(' ');
                question = strings::PASTE_THE_REST;
            }
            Err(error) => {
                complain(&failure(error).text);
                text.clear();
                question = strings::PASTE_INVITE;
            }
        }
    }
}

/// Forgets lines that were pasted behind the invite, so that they do not answer the next question.
fn forget_typed() {
    // At worst they are read.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Makes the terminal the standard input, for questions and for the full screen. Without a terminal,
/// both say that they need one.
fn take_terminal() {
    if io::stderr().is_terminal()
        && let Ok(terminal) = File::open("/dev/tty")
    {
        let _ = rustix::stdio::dup2_stdin(terminal);
    }
}
