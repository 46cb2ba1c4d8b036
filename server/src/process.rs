//! Limits of this process that the operating system keeps.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Open files beside connections: the database with its readers, locks, logs, the admin socket, the runtime.
const OTHER_FILES: u64 = 64;

/// Raises the limit of open files (`ulimit -n`) to what the connections need, as far as the system allows.
/// With less, the server runs, and the log says how many clients it can take.
pub fn raise_open_files(connections: usize) {
    let needed = connections as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    // `None` is no limit.
    let Some(current) = limit.current.filter(|&current| current < needed) else {
        return;
    };
    let allowed = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = Rlimit {
        current: Some(allowed),
        maximum: limit.maximum,
    };
    let open_files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => allowed,
        Err(_) => current,
    };
    if open_files < needed {
        warn!(
            open_files,
            needed,
            "the limits allow {connections} connections, but the system allows fewer open files: raise \
             `ulimit -Hn` (with systemd, LimitNOFILE), or lower max_sessions and max_unauthenticated"
        );
    }
}
