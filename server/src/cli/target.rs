//! The server that a command is for: its data folder, and the way to it whether it runs or not.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use recado_shared::{DEFAULT_PORT, ServerAddress, Timestamp};

use super::{Arguments, is_not_running};
use crate::admin::client;
use crate::admin::request::{AdminAnswer, AdminRequest};
use crate::files;
use crate::paths::Paths;
use crate::store::{self, Admin, AdminChange, StoreError};

pub(super) struct Target {
    pub(super) data_dir: PathBuf,
    /// The address in invites, if the configuration sets it.
    pub(super) public_address: Option<ServerAddress>,
}

impl Target {
    pub(super) fn of(arguments: &Arguments) -> Result<Self> {
        let paths = Paths::of_user()?;
        let (settings, data_dir) = arguments.read(&paths)?;
        // A port that is not set is that of the listener, as the last run knew it.
        let last = || files::read_address(&data_dir).map_or(DEFAULT_PORT, |last| last.port);
        let public_address = settings.public_address.map(|it| it.of_listener(last()));
        Ok(Self {
            data_dir,
            public_address,
        })
    }

    /// Opens the data to read it, also while the server runs.
    pub(super) fn open(&self) -> Result<Admin> {
        Ok(store::open_admin(&self.data_dir)?)
    }

    /// Asks the running server, and takes the value of the expected answer.
    pub(super) fn ask<T>(
        &self,
        request: &AdminRequest,
        expected: impl FnOnce(AdminAnswer) -> Option<T>,
    ) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        match runtime.block_on(client::call(&self.data_dir, request))? {
            AdminAnswer::Stopping => bail!(
                "the server is stopping. Wait until it has stopped, check whether the change was made, and \
                 try again"
            ),
            answer => expected(answer).context(
                "unexpected answer: the server may have another version than this program",
            ),
        }
    }

    /// Makes a change through the running server, or in the data of a stopped one.
    pub(super) fn change(&self, change: AdminChange) -> Result<()> {
        let request = AdminRequest::Change(change.clone());
        match self.ask(&request, AdminAnswer::try_as_changed) {
            Err(error) if is_not_running(&error) => self.change_data(change),
            result => Ok(result?.map(drop)?),
        }
    }

    fn change_data(&self, change: AdminChange) -> Result<()> {
        match store::administer(&self.data_dir, change, now()?) {
            Err(StoreError::InUse { path }) => bail!(
                "a server uses {} but has no admin socket; its log says why. Stop it and try again",
                path.display()
            ),
            result => result??,
        };
        writeln!(
            io::stderr(),
            "Note: the server is not running; changed its data in {}",
            self.data_dir.display()
        )?;
        Ok(())
    }
}

pub(super) fn now() -> Result<Timestamp> {
    let millis = jiff::Timestamp::now().as_millisecond();
    Ok(Timestamp(u64::try_from(millis)?))
}
