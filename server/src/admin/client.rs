//! The command line's side of the socket.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{SinkExt as _, StreamExt as _};
use recado_shared::codec::{self, CodecError};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::request::{AdminAnswer, AdminRequest};
use super::{ANSWER_LIMIT, MAX_ANSWER_LEN, MAX_REQUEST_LEN, PATIENCE, note_in, socket_in};

/// Why a running server did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no server to ask.
    #[error(
        "no server is running with {}: start recado-server, or name its folder with --data",
        data_dir.display()
    )]
    NotRunning {
        /// The folder.
        data_dir: PathBuf,
    },
    /// The socket cannot be used.
    #[error("cannot use the server's socket {}: {source}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It took the request, and nothing came of it.
    #[error(
        "the server did not answer: {0}. It may be stopping, or of another version than this \
         program"
    )]
    NoAnswer(String),
}

/// Asks the server that uses a data folder.
///
/// # Errors
/// [`CallError`] says why there is no answer.
pub async fn call(data_dir: &Path, request: &AdminRequest) -> Result<AdminAnswer, CallError> {
    let path = find(data_dir);
    let mut stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => {
            let data_dir = data_dir.to_owned();
            return Err(CallError::NotRunning { data_dir });
        }
        Err(source) => return Err(CallError::Socket { path, source }),
    };
    exchange(&mut stream, request).await
}

/// Where the socket is: in the folder, or where it says.
fn find(data_dir: &Path) -> PathBuf {
    fs::read_to_string(note_in(data_dir)).map_or_else(|_| socket_in(data_dir), PathBuf::from)
}

/// Nobody listens. A path that is too long for a socket never had one.
fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput
    )
}

async fn exchange(
    stream: &mut UnixStream,
    request: &AdminRequest,
) -> Result<AdminAnswer, CallError> {
    let (read, write) = stream.split();
    let mut requests = FramedWrite::new(write, codec::framing(MAX_REQUEST_LEN));
    let mut answers = FramedRead::new(read, codec::framing(MAX_ANSWER_LEN));
    let fault = |error: &dyn std::fmt::Display| CallError::NoAnswer(error.to_string());
    let payload = codec::encode(request).map_err(|error| fault(&error))?;
    match timeout(PATIENCE, requests.send(payload)).await {
        Ok(sent) => sent.map_err(|error| fault(&error))?,
        Err(_) => return Err(fault(&"it does not read")),
    }
    match timeout(ANSWER_LIMIT, answers.next()).await {
        Ok(Some(payload)) => payload
            .map_err(CodecError::from)
            .and_then(|payload| codec::decode(&payload))
            .map_err(|error| fault(&error)),
        Ok(None) => Err(fault(&"it closed the connection")),
        Err(_) => Err(fault(&"it took too long")),
    }
}
