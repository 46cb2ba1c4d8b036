//! Panic hook, for any thread: the terminal is given back, a report is written
//! and named, and the client is told to stop.

use std::backtrace::Backtrace;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use rustix::process::{Signal, getpid, kill_process};

use crate::files;

/// Whether anything panicked, after which nothing may be drawn.
pub(super) static HAS_PANICKED: AtomicBool = AtomicBool::new(false);

/// Installs a hook that gives the terminal back, writes a report with a backtrace into a folder,
/// and says on standard error where it is.
pub fn install_panic_hook(folder: PathBuf) {
    install(Some(folder));
}

/// Installs the hook for a program that must leave no files: the report goes to standard error.
pub fn install_panic_hook_without_files() {
    install(None);
}

fn install(folder: Option<PathBuf>) {
    std::panic::set_hook(Box::new(move |info| {
        HAS_PANICKED.store(true, Ordering::SeqCst);
        let was_ours = super::restore();
        let report = report(info);
        let place = info.location().map(ToString::to_string);
        let place = place.unwrap_or_else(|| "an unknown place".to_owned());
        let written = folder.as_deref().map(|folder| write(folder, &report));
        let said = match written {
            None => format!("recado failed unexpectedly:\n{report}\n"),
            Some(Ok(path)) => format!(
                "recado failed unexpectedly: at {place}\nWhat you wrote is kept. A report is in {}\n",
                path.display()
            ),
            Some(Err(error)) => format!("recado failed unexpectedly, and {error}:\n{report}\n"),
        };
        // If standard error is closed, there is no other place for the report.
        let _ = std::io::stderr().write_all(said.as_bytes());
        if was_ours {
            // The loop may be waiting for input and has to hear of it. It listens to this signal
            // for as long as the terminal is ours; without it, it stops at the next event.
            let _ = kill_process(getpid(), Signal::TERM);
        }
    }));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    format!(
        "recado {}\nthread {}\n{info}\n\n{}\n",
        env!("CARGO_PKG_VERSION"),
        thread.name().unwrap_or("without a name"),
        Backtrace::force_capture()
    )
}

fn write(folder: &Path, report: &str) -> Result<PathBuf, crate::FileError> {
    files::make_folder(folder)?;
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let path = folder.join(format!("panic-{seconds}-{}.log", std::process::id()));
    files::write(&path, report.as_bytes())?;
    Ok(path)
}
