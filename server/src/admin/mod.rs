//! Admin socket: a Unix socket in the data folder by which the operator's commands reach a running
//! server. One request and one answer per connection; the file's permissions are the authorization. The
//! format is private to one version of the program.

pub mod client;
pub mod request;
pub(crate) mod socket;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use recado_shared::codec::{self, CodecError};
use recado_shared::limits::MAX_FRAME_LEN;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{FramedRead, FramedWrite};

/// Most admin connections at a time; more wait in the queue of the system.
pub const MAX_ADMINS: usize = 8;

/// Longest request, in bytes: the longest announcement fits.
const MAX_REQUEST_LEN: usize = MAX_FRAME_LEN;

/// Longest answer, in bytes: the sessions of a full server fit.
const MAX_ANSWER_LEN: usize = 4 << 20;

/// Time for the other side of the socket to send or to read.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for an answer, also of a server that is busy.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// The file with the path of the socket, where the data folder's own path is too long for a socket.
fn path_note(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.path")
}

/// Reads one value. `None` if the peer closed the connection.
async fn read<T: DeserializeOwned>(
    stream: impl AsyncRead + Unpin,
    max_len: usize,
) -> Result<Option<T>, CodecError> {
    let payload = FramedRead::new(stream, codec::framing(max_len))
        .next()
        .await;
    let payload = payload.transpose()?;
    payload.map(|payload| codec::decode(&payload)).transpose()
}

async fn write(
    stream: impl AsyncWrite + Unpin,
    value: &impl Serialize,
    max_len: usize,
) -> Result<(), CodecError> {
    let payload = codec::encode(value)?;
    Ok(FramedWrite::new(stream, codec::framing(max_len))
        .send(payload)
        .await?)
}
