//! Standard output and standard error of the verbs. A reader that went away ends the verb
//! quietly; it is never an error of ours.

use std::io::{self, Write as _};

/// Whoever read the output has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderGone;

/// Prints lines and hands each over at once.
///
/// # Errors
/// [`ReaderGone`] if nobody reads them; other failures count as that too.
pub(crate) fn print(text: &str) -> Result<(), ReaderGone> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|error| {
        if error.kind() != io::ErrorKind::BrokenPipe {
            complain(&format!("cannot write to standard output: {error}"));
        }
        ReaderGone
    })
}

/// Tells the person something that is not part of the output.
pub fn complain(text: &str) {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "recado: {text}");
}

/// Tells the person something in full lines, without the program's name.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
