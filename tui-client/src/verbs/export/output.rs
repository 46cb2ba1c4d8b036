//! Destination of an export: standard output, or a file that gets its name once it is complete.

use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use recado_shared::RequestError;
use tempfile::NamedTempFile;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::files::sync_folder;
use crate::net::SessionError;

/// Reasons for which an export stops early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The reader of the output has gone, which is no failure.
    ReaderGone,
    /// It cannot be made.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<SessionError> for Stop {
    fn from(error: SessionError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        Self::Failed(error.into())
    }
}

/// An export on its way.
#[derive(Debug)]
pub(super) enum Output {
    /// Handed over as it is made.
    Standard(BufWriter<Stdout>),
    /// A file without its name; it is gone if it is dropped.
    File {
        writer: BufWriter<NamedTempFile>,
        path: PathBuf,
        replaces: bool,
    },
}

impl Output {
    /// Makes the file in the folder in which it will be, or takes standard output.
    pub(super) fn open(path: Option<&Path>, replaces: bool) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::Standard(BufWriter::new(io::stdout())));
        };
        if path.is_dir() {
            let text = format!("{} is a folder. Name a file in it.", path.display());
            return Err(Failure::new(Exit::Usage, text));
        }
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(is_there(path));
        }
        let parent = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".recado-export-").tempfile_in(folder);
        let file = file.map_err(|error| failed(path, &error))?;
        Ok(Self::File {
            writer: BufWriter::new(file),
            path: path.to_owned(),
            replaces,
        })
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), Stop> {
        match self {
            Self::Standard(out) => out
                .write_all(text.as_bytes())
                .map_err(|error| printing_failed(&error)),
            Self::File { writer, path, .. } => {
                let written = writer.write_all(text.as_bytes());
                written.map_err(|error| Stop::Failed(failed(path, &error)))
            }
        }
    }

    /// Hands over what is left, or gives the file its name.
    pub(super) fn finish(self) -> Result<(), Stop> {
        let (writer, path, replaces) = match self {
            Self::Standard(mut out) => return out.flush().map_err(|error| printing_failed(&error)),
            Self::File {
                writer,
                path,
                replaces,
            } => (writer, path, replaces),
        };
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error);
        let file = file.and_then(|file| file.as_file().sync_all().map(|()| file));
        let file = file.map_err(|error| failed(&path, &error))?;
        let named = if replaces {
            file.persist(&path)
        } else {
            file.persist_noclobber(&path)
        };
        match named {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(is_there(&path).into());
            }
            Err(error) => return Err(failed(&path, &error.error).into()),
        }
        let parent = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if parent.is_some() {
            sync_folder(&path).map_err(Failure::from)?;
        }
        Ok(())
    }
}

fn printing_failed(error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::ReaderGone;
    }
    let text = format!("Cannot write to standard output: {error}");
    Stop::Failed(Failure::new(Exit::Failure, text))
}

fn is_there(path: &Path) -> Failure {
    let path = path.display();
    let text = format!("{path} exists. Use --force to replace it.");
    Failure::new(Exit::Usage, text)
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let text = format!(
        "Cannot write {}: {error}. Check the folder, its permissions and the free space.",
        path.display()
    );
    Failure::new(Exit::Failure, text)
}

/// What ends the program from outside, so that nothing is left of a file then.
#[derive(Debug)]
pub(super) struct Interruption([Signal; 3]);

impl Interruption {
    /// From here on the program ends by itself.
    pub(super) fn expect() -> io::Result<Self> {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    /// Waits until that is wanted.
    pub(super) async fn wait(&mut self) -> Failure {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Failure::new(Exit::Failure, "Interrupted")
    }
}
