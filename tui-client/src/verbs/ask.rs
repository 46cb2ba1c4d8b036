//! Prompts for a name on the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use recado_shared::UserName;

use crate::exit::{Exit, Failure};
use crate::output::tell;

/// Longest line that is read: a name is far shorter.
const MAX_LINE: u64 = 4096;

/// Whether standard input and standard error are terminals.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The name of the operating system's user, if it can be one here.
pub(crate) fn login_name() -> Option<UserName> {
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    UserName::new(&name.ok()?).ok()
}

/// A name from the command line.
pub(crate) fn parse_name(text: &str) -> Result<UserName, Failure> {
    UserName::new(text).map_err(|error| {
        let text = recado_shared::text::neutralise(text);
        Failure::new(
            Exit::Usage,
            format!("{text:?} is not a valid name: {error}"),
        )
    })
}

/// Asks until there is a name that can be one.
pub(crate) fn ask_name(question: &str) -> Result<UserName, Failure> {
    let proposal = login_name();
    loop {
        let mut err = io::stderr();
        match &proposal {
            Some(name) => write!(err, "{question} [{name}] ")?,
            None => write!(err, "{question} ")?,
        }
        err.flush()?;
        let mut line = String::new();
        let read = io::Read::take(io::stdin().lock(), MAX_LINE).read_line(&mut line)?;
        if read == 0 {
            return Err(Failure::new(
                Exit::Usage,
                "A name is needed. Give one with --as NAME.",
            ));
        }
        match (line.trim(), &proposal) {
            ("", Some(name)) => return Ok(name.clone()),
            (text, _) => match UserName::new(text) {
                Ok(name) => return Ok(name),
                Err(error) => tell(&error.to_string()),
            },
        }
    }
}
