//! Default places of the server's files, by the XDG base directory specification.

use std::path::PathBuf;

use etcetera::{BaseStrategy as _, HomeDirError, base_strategy::Xdg};

/// The user has no home directory.
#[derive(Debug, thiserror::Error)]
#[error("cannot find your home directory: {0}. Set HOME, or use --data and --config")]
pub struct PathsError(#[from] HomeDirError);

/// Default places of a server's files, for the operating-system user who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub data_dir: PathBuf,
    /// The configuration file, which may not exist.
    pub config_file: PathBuf,
    /// Places of the local ticket, best first. Servers write it to the first that they can use; clients
    /// look in all.
    pub local_tickets: Vec<PathBuf>,
}

impl Paths {
    /// Reads the environment.
    ///
    /// # Errors
    /// The environment names no home directory.
    pub fn of_user() -> Result<Self, PathsError> {
        let xdg = Xdg::new()?;
        let ticket_dirs = xdg.runtime_dir().into_iter().chain([xdg.data_dir()]);
        Ok(Self {
            data_dir: xdg.data_dir().join("recado-server"),
            config_file: xdg.config_dir().join("recado-server").join("config.toml"),
            local_tickets: ticket_dirs
                .map(|dir| dir.join("recado").join("local.ticket"))
                .collect(),
        })
    }
}
