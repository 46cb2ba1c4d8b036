//! Questions on the terminal: a line, a name, yes or no.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use recado_shared::UserName;

use crate::exit::{Exit, Failure};
use crate::output::tell;
use crate::strings::accounts::NAME_NEEDED;

/// Longest line that is read, in bytes: a name is far shorter.
const MAX_LINE: u64 = 4096;

pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The name of the operating system's user, if it is valid here.
pub(super) fn login_name() -> Option<UserName> {
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    UserName::new(&name.ok()?).ok()
}

pub(super) fn parse_name(text: &str) -> Result<UserName, Failure> {
    UserName::new(text).map_err(|error| {
        let text = recado_shared::text::neutralise(text);
        Failure::usage(format!("{text:?} is not a valid name: {error}"))
    })
}

/// Asks for a line on the terminal; `None` at the end of the input.
pub(super) fn prompt(question: &str) -> io::Result<Option<String>> {
    let mut err = io::stderr();
    write!(err, "{question} ")?;
    err.flush()?;
    let mut line = String::new();
    let read = io::Read::take(io::stdin().lock(), MAX_LINE).read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

/// Asks before something that cannot be undone. `unattended` says what to do without a terminal.
///
/// # Errors
/// Wrong usage without a terminal; otherwise that the answer was not yes.
pub(super) fn confirm(question: &str, unattended: &str) -> Result<(), Failure> {
    if !is_interactive() {
        return Err(Failure::usage(unattended));
    }
    let answer = prompt(&format!("{question} [y/N]"))?.unwrap_or_default();
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Exit::Failure, "Nothing was changed.")),
    }
}

/// Asks until there is a valid name. Fails if there is no terminal to ask on.
pub(super) fn ask_name(question: &str, proposal: Option<&UserName>) -> Result<UserName, Failure> {
    if !is_interactive() {
        return Err(Failure::usage(NAME_NEEDED));
    }
    let question = match proposal {
        Some(name) => format!("{question} [{name}]"),
        None => question.to_owned(),
    };
    loop {
        let answer = prompt(&question)?.ok_or_else(|| Failure::usage(NAME_NEEDED))?;
        match proposal {
            Some(name) if answer.is_empty() => return Ok(name.clone()),
            _ => match UserName::new(&answer) {
                Ok(name) => return Ok(name),
                Err(error) => tell(&error.to_string()),
            },
        }
    }
}
