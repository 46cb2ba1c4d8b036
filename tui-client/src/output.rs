//! Standard output and standard error of the verbs. A reader that went away ends the verb
//! quietly; it is never an error of ours.

use std::io::{self, Write as _};

/// The reader of the output has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderGone;

/// Prints lines and hands each over at once.
///
/// # Errors
/// [`ReaderGone`] if the reader has gone; other failures count as that too.
pub(crate) fn print(text: &str) -> Result<(), ReaderGone> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|error| {
        if error.kind() != io::ErrorKind::BrokenPipe {
            complain(&format!("Cannot write to standard output: {error}"));
        }
        ReaderGone
    })
}

/// Prints a message for the user on standard error.
pub fn complain(text: &str) {
    // With standard error closed there is no place to report to.
    let _ = writeln!(io::stderr(), "recado: {text}");
}

/// The same in full lines, without the name of the program.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
