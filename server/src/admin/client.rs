//! Client of the admin socket, for the command line.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recado_shared::io_reason::describe;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::request::{AdminAnswer, AdminRequest};
use super::{
    ANSWER_TIMEOUT, IO_TIMEOUT, MAX_ANSWER_LEN, MAX_REQUEST_LEN, path_note, read, socket_path,
    write,
};

/// The server did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(
        "no server is running for data folder {}. Start recado-server, or choose the folder with --data",
        data_dir.display()
    )]
    NotRunning { data_dir: PathBuf },
    #[error("cannot use the admin socket {}: {}", path.display(), describe(.reason))]
    Socket { path: PathBuf, reason: io::Error },
    /// The server took the request and sent no answer.
    #[error(
        "the server did not answer: {0}. It may be stopping, or have another version than this program"
    )]
    NoAnswer(String),
}

/// Sends a request to the server that runs for a data folder.
///
/// # Errors
/// There is no answer.
pub async fn call(data_dir: &Path, request: &AdminRequest) -> Result<AdminAnswer, CallError> {
    let path = find(data_dir);
    let mut stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error) if is_not_running(&error) => {
            let data_dir = data_dir.to_owned();
            return Err(CallError::NotRunning { data_dir });
        }
        Err(reason) => return Err(CallError::Socket { path, reason }),
    };
    let (reading, writing) = stream.split();
    let fault = |error: &dyn fmt::Display| CallError::NoAnswer(error.to_string());
    match timeout(IO_TIMEOUT, write(writing, request, MAX_REQUEST_LEN)).await {
        Ok(sent) => sent.map_err(|error| fault(&error))?,
        Err(_) => return Err(fault(&"it does not read")),
    }
    match timeout(ANSWER_TIMEOUT, read(reading, MAX_ANSWER_LEN)).await {
        Ok(Ok(Some(answer))) => Ok(answer),
        Ok(Ok(None)) => Err(fault(&"it closed the connection")),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(fault(&"it took too long")),
    }
}

/// The path of the socket: in the folder, or as noted there.
fn find(data_dir: &Path) -> PathBuf {
    fs::read_to_string(path_note(data_dir)).map_or_else(|_| socket_path(data_dir), PathBuf::from)
}

/// Whether no server listens. A path that is too long for a socket never had one.
fn is_not_running(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput
    )
}
