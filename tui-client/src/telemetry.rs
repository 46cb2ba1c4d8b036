//! Logs, to a file and never to the terminal. Bodies and secrets are not logged anywhere.

mod log_file;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::log_file::LogFile;
use crate::FileError;

/// What is logged unless the environment says otherwise.
const DEFAULT_FILTER: &str = "warn,recado=info";

/// The variable that says otherwise, such as `recado=debug`.
pub const FILTER_VARIABLE: &str = "RECADO_LOG";

/// Starts logging to `recado.log` in a folder and returns the file's path. A filter that cannot
/// be read is replaced by the default one, and the log says so.
///
/// # Errors
/// [`FileError`] if the file cannot be opened.
pub fn init(folder: &Path) -> Result<PathBuf, FileError> {
    let file = LogFile::open(folder)?;
    let path = file.path().to_owned();
    let filter = std::env::var(FILTER_VARIABLE).ok();
    let filter = filter.map(|text| text.parse::<Targets>());
    let targets = match &filter {
        Some(Ok(targets)) => targets.clone(),
        Some(Err(_)) | None => DEFAULT_FILTER.parse().expect("the default is a filter"),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Mutex::new(file))
        // They would be written over the screen.
        .log_internal_errors(false)
        .with_ansi(false);
    // Only a second call in one process fails, and then the first one's logging goes on.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(targets)
        .try_init();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    if let Some(Err(error)) = filter {
        tracing::warn!(%error, "{FILTER_VARIABLE} is no filter");
    }
    Ok(path)
}
