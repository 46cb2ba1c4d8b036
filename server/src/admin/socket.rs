//! Server side of the admin socket: it binds the socket, and runs a task per connection that passes one
//! request to the driver and returns the answer.

use std::fs;
use std::io;
use std::iter;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recado_shared::LogId;
use recado_shared::codec::CodecError;
use recado_shared::io_reason::describe;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::request::{AdminAnswer, AdminRequest};
use super::{
    IO_TIMEOUT, MAX_ADMINS, MAX_ANSWER_LEN, MAX_REQUEST_LEN, path_note, read, socket_path, write,
};
use crate::files;

#[derive(Debug)]
pub(crate) struct AdminCall {
    pub(crate) request: AdminRequest,
    /// Dropped by a driver that has stopped.
    pub(crate) answer: oneshot::Sender<AdminAnswer>,
}

/// A bound socket. Connections queue until it runs.
#[derive(Debug)]
pub(crate) struct AdminSocket {
    listener: StdListener,
    file: SocketFile,
}

/// The socket's file, removed on drop. The server holds the lock of the data folder for longer, so the
/// file is its own.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    note: Option<PathBuf>,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The next server replaces a file that remains.
        let _ = fs::remove_file(&self.path);
        if let Some(note) = &self.note {
            let _ = fs::remove_file(note);
        }
    }
}

impl AdminSocket {
    /// Binds the socket in the data folder, whose lock the caller holds, and replaces a file that a crash
    /// left. If that path is too long for a socket, it uses the first usable one of the other folders, and
    /// notes the path in the data folder. `None` if no folder is usable: the server also runs without a
    /// socket.
    pub(crate) fn bind(data_dir: &Path, others: &[PathBuf], log: LogId) -> Option<Self> {
        let note = path_note(data_dir);
        let _ = fs::remove_file(&note);
        let others = others
            .iter()
            .map(|folder| folder.join(format!("admin-{log}.sock")));
        let noted = others.map(|path| (path, Some(note.clone())));
        for (path, note) in iter::once((socket_path(data_dir), None)).chain(noted) {
            match Self::bind_at(path.clone(), note) {
                Ok(socket) => return Some(socket),
                Err(error) => {
                    warn!(path = %path.display(), error = describe(&error), "cannot bind the admin socket there; the path may be too long");
                }
            }
        }
        warn!(
            "no admin socket: use a data folder with a shorter path to administer a running server"
        );
        None
    }

    /// Sets the permissions before the socket gets its name, so that no other user can connect earlier.
    fn bind_at(path: PathBuf, note: Option<PathBuf>) -> io::Result<Self> {
        if note.is_some()
            && let Some(folder) = path.parent()
        {
            files::make_private_folder(folder)?;
        }
        let unready = path.with_extension("new");
        let _ = fs::remove_file(&unready);
        let listener = StdListener::bind(&unready)?;
        let mut file = SocketFile {
            path: unready,
            note: None,
        };
        listener.set_nonblocking(true)?;
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o600))?;
        fs::rename(&file.path, &path)?;
        file.path = path;
        if let Some(note) = note {
            files::write_private(&note, file.path.as_os_str().as_encoded_bytes())?;
            info!(path = %file.path.display(), "admin socket is in another folder");
            file.note = Some(note);
        }
        Ok(Self { listener, file })
    }

    pub(crate) async fn run(self, calls: mpsc::Sender<AdminCall>, stop: CancellationToken) {
        let Self { listener, file } = self;
        let listener = match UnixListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return warn!(error = describe(&error), "no admin socket"),
        };
        let permits = Arc::new(Semaphore::new(MAX_ADMINS));
        let tasks = TaskTracker::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                (stream, permit) = accept(&listener, &permits) => {
                    let (calls, stop) = (calls.clone(), stop.clone());
                    tasks.spawn(async move {
                        serve(stream, &calls, &stop).await;
                        drop(permit);
                    });
                }
            }
        }
        drop(file);
        tasks.close();
        tasks.wait().await;
    }
}

async fn accept(
    listener: &UnixListener,
    permits: &Arc<Semaphore>,
) -> (UnixStream, OwnedSemaphorePermit) {
    let permit = Arc::clone(permits).acquire_owned().await;
    let permit = permit.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => {
                warn!(
                    error = describe(&error),
                    "cannot accept an admin connection"
                );
                sleep(IO_TIMEOUT / 10).await;
            }
        }
    }
}

/// Whether the peer is the server's own user or root. Some systems ignore the permissions of a socket.
fn is_authorized(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

async fn serve(mut stream: UnixStream, calls: &mpsc::Sender<AdminCall>, stop: &CancellationToken) {
    if !is_authorized(&stream) {
        return warn!("admin connection of another user refused");
    }
    let (reading, writing) = stream.split();
    let request = timeout(IO_TIMEOUT, read(reading, MAX_REQUEST_LEN));
    let Some(request) = stop.run_until_cancelled(request).await else {
        return;
    };
    let request = match request {
        Ok(Ok(Some(request))) => request,
        Ok(Ok(None)) | Err(_) => return debug!("admin connection without a request"),
        Ok(Err(error)) => return warn!(%error, "invalid admin request"),
    };
    let answer = ask(request, calls).await;
    match timeout(IO_TIMEOUT, write(writing, &answer, MAX_ANSWER_LEN)).await {
        Ok(Ok(())) => {}
        // The operator's command has ended, or does not read.
        Ok(Err(CodecError::Io(_))) | Err(_) => debug!("admin answer not read"),
        Ok(Err(error)) => warn!(%error, "admin answer cannot be encoded"),
    }
}

async fn ask(request: AdminRequest, calls: &mpsc::Sender<AdminCall>) -> AdminAnswer {
    let (answer, answered) = oneshot::channel();
    if calls.send(AdminCall { request, answer }).await.is_err() {
        return AdminAnswer::Stopping;
    }
    answered.await.unwrap_or(AdminAnswer::Stopping)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: LogId = LogId([7; 16]);

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_socket_is_private_and_removed_with_its_server() {
        let dir = tempfile::tempdir().unwrap();
        let path = socket_path(dir.path());
        // As a killed server leaves it.
        drop(StdListener::bind(&path).unwrap());
        let socket = AdminSocket::bind(dir.path(), &[], LOG).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(std::os::unix::net::UnixStream::connect(&path).is_ok());
        drop(socket);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn with_a_too_long_path_another_folder_is_noted() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("x".repeat(120));
        fs::create_dir(&data).unwrap();
        assert!(AdminSocket::bind(&data, &[], LOG).is_none());
        let run = dir.path().join("run");
        let socket = AdminSocket::bind(&data, std::slice::from_ref(&run), LOG).unwrap();
        let noted = fs::read_to_string(path_note(&data)).unwrap();
        let path = run.join(format!("admin-{LOG}.sock"));
        assert_eq!((Path::new(&noted), mode(&path)), (path.as_path(), 0o600));
        drop(socket);
        assert!(!path.exists() && !path_note(&data).exists());
    }
}
