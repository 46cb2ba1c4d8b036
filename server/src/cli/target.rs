//! The server that a command is for: its data folder, and the way to it whether it runs or not.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use recado_shared::{ServerAddress, Timestamp};

use super::FileArguments;
use super::exit::Refused;
use crate::admin::client::{self, CallError};
use crate::admin::request::{AdminAnswer, AdminRequest};
use crate::paths::Paths;
use crate::store::{self, Admin, AdminChange, AdminOutcome, StoreError};

pub(super) struct Target {
    pub(super) data_dir: PathBuf,
    /// The address in invites, if the configuration sets it.
    pub(super) public_address: Option<ServerAddress>,
}

impl Target {
    pub(super) fn of(files: &FileArguments) -> Result<Self> {
        let paths = Paths::of_user()?;
        let settings = files.settings(&paths)?;
        Ok(Self {
            data_dir: files.data_dir(&settings, &paths),
            public_address: settings.public_address,
        })
    }

    /// Opens the data to read it, also while the server runs.
    pub(super) fn open(&self) -> Result<Admin> {
        Ok(store::open_admin(&self.data_dir)?)
    }

    /// Asks the running server.
    pub(super) fn ask(&self, request: &AdminRequest) -> Result<AdminAnswer> {
        Ok(self.call(request)??)
    }

    fn call(&self, request: &AdminRequest) -> Result<Result<AdminAnswer, CallError>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        match runtime.block_on(client::call(&self.data_dir, request)) {
            Ok(AdminAnswer::Stopping) => bail!(
                "the server is stopping. Wait until it has stopped, check whether the change was made, and \
                 try again"
            ),
            answer => Ok(answer),
        }
    }

    /// Makes a change through the running server, or in the data of a stopped one.
    pub(super) fn change(&self, change: AdminChange) -> Result<AdminOutcome> {
        let result = match self.call(&AdminRequest::Change(change.clone()))? {
            Ok(AdminAnswer::Changed(result)) => result,
            Ok(_) => return Err(unexpected_answer()),
            Err(CallError::NotRunning { .. }) => self.change_data(change)?,
            Err(error) => return Err(error.into()),
        };
        Ok(result.map_err(Refused::from)?)
    }

    fn change_data(&self, change: AdminChange) -> Result<Result<AdminOutcome, store::ChangeError>> {
        let result = match store::administer(&self.data_dir, change, now()?) {
            Err(StoreError::InUse { path }) => bail!(
                "a server uses {} but has no admin socket; its log says why. Stop it and try again",
                path.display()
            ),
            result => result?,
        };
        if result.is_ok() {
            writeln!(
                io::stderr(),
                "Note: the server is not running; changed its data in {}",
                self.data_dir.display()
            )?;
        }
        Ok(result)
    }
}

/// The answer does not belong to the request.
pub(super) fn unexpected_answer() -> anyhow::Error {
    anyhow::anyhow!("unexpected answer: the server may have another version than this program")
}

pub(super) fn now() -> Result<Timestamp> {
    let millis = jiff::Timestamp::now().as_millisecond();
    Ok(Timestamp(u64::try_from(millis)?))
}
