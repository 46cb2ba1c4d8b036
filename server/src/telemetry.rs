//! Logs, to standard error; a journal or a terminal captures them. Only the program sets them up.

use std::io;

use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged unless `--log` says otherwise.
pub const DEFAULT_FILTER: &str = "warn,recado_server=info";

/// The argument of `--log` is no filter.
#[derive(Debug, thiserror::Error)]
#[error(
    "--log {filter:?} is no filter: {source}. Write a level (error, warn, info, debug, trace), or 'recado_server=debug'"
)]
pub struct FilterError {
    filter: String,
    source: ParseError,
}

/// Starts logging.
///
/// # Errors
/// [`FilterError`] if the filter is none.
pub fn init(filter: &str) -> Result<(), FilterError> {
    let targets: Targets = filter.parse().map_err(|source| FilterError {
        filter: filter.to_owned(),
        source,
    })?;
    let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(is_terminal);
    // Only a second call in one process fails, and then the first one's logging goes on.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(targets)
        .try_init();
    Ok(())
}
