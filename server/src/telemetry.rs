//! Logging to standard error, which a journal or a terminal captures. Only the binary sets it up.

use std::io;

use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Log filter without `--log`.
pub const DEFAULT_FILTER: &str = "warn,recado_server=info";

/// The argument of `--log` is not a filter.
#[derive(Debug, thiserror::Error)]
#[error(
    "invalid --log {filter:?}: {reason}. Use a level (error, warn, info, debug, trace), or TARGET=LEVEL, \
     like recado_server=debug"
)]
pub struct FilterError {
    filter: String,
    reason: ParseError,
}

/// Starts logging, once per process.
///
/// # Errors
/// The filter is invalid.
pub fn init(filter: &str) -> Result<(), FilterError> {
    let targets: Targets = filter.parse().map_err(|reason| FilterError {
        filter: filter.to_owned(),
        reason,
    })?;
    let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(is_terminal);
    // Only a second call in a process fails; the first one stays in effect.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(targets)
        .try_init();
    Ok(())
}
