//! Standard output and standard error of the verbs. A reader that went away ends the verb
//! quietly; it is never an error of ours.

use std::fmt::Display;
use std::io::{self, Write as _};

use recado_shared::io_reason::describe;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderGone;

/// Prints lines and flushes them. Any failure counts as [`ReaderGone`].
pub(crate) fn print(text: &str) -> Result<(), ReaderGone> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|error| {
        if error.kind() != io::ErrorKind::BrokenPipe {
            let reason = describe(&error);
            complain(&format!("Cannot write to standard output: {reason}"));
        }
        ReaderGone
    })
}

pub(crate) fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values can be written as JSON")
}

/// Prints one of several results as JSON for programs or as text for people.
pub(crate) fn print_result<T: Serialize + Display>(
    result: &T,
    json: bool,
) -> Result<(), ReaderGone> {
    let text = if json {
        json_text(result)
    } else {
        result.to_string()
    };
    print(&text)
}

/// Prints a message for the user on standard error.
pub fn complain(text: &str) {
    // With standard error closed there is no place to report to.
    let _ = writeln!(io::stderr(), "recado: {text}");
}

/// Prints full lines on standard error, without the name of the program.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
