//! Logs, to a file and never to the terminal. Bodies and secrets are not logged anywhere.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::FileError;
use crate::files::{at, make_folder};

/// What is logged unless the environment says otherwise.
const DEFAULT_FILTER: &str = "warn,recado=info";

/// The variable that says otherwise, such as `recado=debug`.
pub const FILTER_VARIABLE: &str = "RECADO_LOG";

/// A log that is longer than this at the start of the program begins anew.
const MAX_LOG_LEN: u64 = 1024 * 1024;

/// Starts logging to `recado.log` in a folder and returns the file's path. A filter that cannot
/// be read is replaced by the default one, and the log says so.
///
/// # Errors
/// [`FileError`] if the file cannot be opened.
pub fn init(folder: &Path) -> Result<PathBuf, FileError> {
    make_folder(folder)?;
    let path = folder.join("recado.log");
    let is_long = path.metadata().is_ok_and(|file| file.len() > MAX_LOG_LEN);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))?;
    if is_long {
        file.set_len(0).map_err(at(&path))?;
    }
    let filter = std::env::var(FILTER_VARIABLE).ok();
    let filter = filter.map(|text| text.parse::<Targets>());
    let targets = match &filter {
        Some(Ok(targets)) => targets.clone(),
        Some(Err(_)) | None => DEFAULT_FILTER.parse().expect("the default is a filter"),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Arc::new(file))
        .with_ansi(false);
    // Only a second call in one process fails, and then the first one's logging goes on.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(targets)
        .try_init();
    if let Some(Err(error)) = filter {
        tracing::warn!(%error, "{FILTER_VARIABLE} is no filter");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_begins_anew_and_a_short_one_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = init(folder.path()).unwrap();
        std::fs::write(&path, "short").unwrap();
        init(folder.path()).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("short"));
        std::fs::write(&path, "x".repeat(1024 * 1024 + 1)).unwrap();
        init(folder.path()).unwrap();
        assert!(path.metadata().unwrap().len() < 1024);
    }
}
