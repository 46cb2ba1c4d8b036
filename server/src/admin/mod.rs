//! Administration of a running server: a socket in its data folder, whose rights are the
//! permission. One request, one answer; a private matter between two runs of this program.
//!
//! `request` holds what is asked and answered, `socket` the server's side, `client` the side of
//! the command line.

pub mod client;
pub mod request;
pub(crate) mod socket;

use std::path::{Path, PathBuf};
use std::time::Duration;

use recado_shared::limits::MAX_FRAME_LEN;

/// Most administrators connected at a time; more wait in the system's queue.
pub const MAX_ADMINS: usize = 8;

/// Longest request: the longest announcement fits.
const MAX_REQUEST_LEN: usize = MAX_FRAME_LEN;

/// Longest answer: the sessions of a full server fit.
const MAX_ANSWER_LEN: usize = 4 << 20;

/// How long the other side of the socket may take to send or to read something.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer may take: removing somebody erases all that they wrote.
const ANSWER_LIMIT: Duration = Duration::from_mins(10);

fn socket_in(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// Names the socket's place where the data folder's own path is too long for one.
fn note_in(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.path")
}
