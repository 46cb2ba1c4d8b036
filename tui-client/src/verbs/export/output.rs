//! Destination of an export: standard output, or a file that gets its name once it is complete.

use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use recado_shared::io_reason::describe;
use tempfile::NamedTempFile;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::files::{parent, sync_folder};

#[derive(Debug)]
pub(super) enum Stop {
    /// The reader of the output has gone, which is no failure.
    ReaderGone,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

#[derive(Debug)]
pub(super) enum Output {
    Standard(BufWriter<Stdout>),
    /// A file without its name; it is gone if it is dropped.
    File {
        writer: BufWriter<NamedTempFile>,
        path: PathBuf,
        replaces: bool,
    },
}

impl Output {
    /// Creates the file in the folder in which it will be, or takes standard output.
    pub(super) fn open(path: Option<&Path>, replaces: bool) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::Standard(BufWriter::new(io::stdout())));
        };
        if path.is_dir() {
            let text = format!("{} is a folder. Name a file in it.", path.display());
            return Err(Failure::usage(text));
        }
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(already_exists(path));
        }
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".recado-export-").tempfile_in(parent(path));
        let file = file.map_err(|error| cannot_write(path, &error))?;
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
                .map_err(|error| cannot_print(&error)),
            Self::File { writer, path, .. } => {
                let written = writer.write_all(text.as_bytes());
                Ok(written.map_err(|error| cannot_write(path, &error))?)
            }
        }
    }

    pub(super) fn finish(self) -> Result<(), Stop> {
        let (mut writer, path, replaces) = match self {
            Self::Standard(mut out) => return out.flush().map_err(|error| cannot_print(&error)),
            Self::File {
                writer,
                path,
                replaces,
            } => (writer, path, replaces),
        };
        let flushed = writer.flush();
        let synced = flushed.and_then(|()| writer.get_ref().as_file().sync_all());
        synced.map_err(|error| cannot_write(&path, &error))?;
        let (file, _) = writer.into_parts();
        let named = if replaces {
            file.persist(&path)
        } else {
            file.persist_noclobber(&path)
        };
        named.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => already_exists(&path),
            _ => cannot_write(&path, &error.error),
        })?;
        Ok(sync_folder(&path)?)
    }
}

fn cannot_print(error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::ReaderGone;
    }
    let text = format!("Cannot write to standard output: {}", describe(error));
    Stop::Failed(Failure::new(Exit::Failure, text))
}

fn already_exists(path: &Path) -> Failure {
    let path = path.display();
    Failure::usage(format!("{path} exists. Use --force to replace it."))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let text = format!(
        "Cannot write {}: {}. Check the folder, its permissions and the free space.",
        path.display(),
        describe(error)
    );
    Failure::new(Exit::Failure, text)
}

/// Waits for a signal to end the program. From the call on, signals do not end it by themselves,
/// so that nothing is left of a file.
pub(super) fn interruption() -> io::Result<impl Future<Output = Failure>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Failure::new(Exit::Failure, "Interrupted")
    })
}
