//! Places of files: the XDG base directories. Reads the environment and touches no file.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy as _, HomeDirError, base_strategy::Xdg};

/// There is no home directory to look in.
#[derive(Debug, thiserror::Error)]
#[error("Cannot find your home directory ({0}). Set HOME.")]
pub struct PathsError(#[from] HomeDirError);

/// The places of a client's files, for the user who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// What must not be lost: device keys, drafts, outboxes.
    pub data_dir: PathBuf,
    /// The configuration file, which need not exist.
    pub config_file: PathBuf,
    pub state_dir: PathBuf,
    /// Where a server of the same user leaves its ticket, likelier place first.
    pub local_tickets: Vec<PathBuf>,
}

impl Paths {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`PathsError`] if it names no home directory.
    pub fn of_user() -> Result<Self, PathsError> {
        let xdg = Xdg::new()?;
        let data_dir = xdg.data_dir().join("recado");
        let ticket = |base: &Path| base.join("recado").join("local.ticket");
        // The server may have been started where the runtime directory is not set, as by cron.
        let bases = xdg.runtime_dir().into_iter().chain([xdg.data_dir()]);
        Ok(Self {
            config_file: xdg.config_dir().join("recado").join("config.toml"),
            state_dir: xdg
                .state_dir()
                .map_or_else(|| data_dir.clone(), |base| base.join("recado")),
            local_tickets: bases.map(|base| ticket(&base)).collect(),
            data_dir,
        })
    }

    /// The same below one folder, for a client that must leave no trace elsewhere.
    pub fn below(folder: &Path) -> Self {
        Self {
            data_dir: folder.join("client"),
            config_file: folder.join("config.toml"),
            state_dir: folder.join("state"),
            local_tickets: vec![folder.join("local.ticket")],
        }
    }
}
