//! Where files live unless a flag or a setting says otherwise: the XDG base directories.

use std::path::PathBuf;

use etcetera::{BaseStrategy as _, HomeDirError, base_strategy::Xdg};

/// There is no home directory to look in.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot find your home directory: {0}. Set HOME, or name the folder with --data and --config"
)]
pub struct PathsError(#[from] HomeDirError);

/// The places of a server's files, for the user who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The data folder.
    pub data_dir: PathBuf,
    /// The configuration file, which need not exist.
    pub config_file: PathBuf,
    /// Where the ticket for clients of the same user on this machine may be, best place first.
    /// Servers leave it in the first that they can use, clients look in all of them.
    pub local_tickets: Vec<PathBuf>,
}

impl Paths {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`PathsError`] if it names no home directory.
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
