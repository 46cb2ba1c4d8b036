//! The server that a command is about: its folder, and the way to it while it runs or not.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use recado_shared::{ServerAddress, Timestamp};

use super::PlaceArguments;
use super::exit::Refused;
use crate::admin::client::{self, CallError};
use crate::admin::request::{AdminAnswer, AdminRequest};
use crate::paths::Paths;
use crate::store::{self, Admin, Change, Changed, StoreError};

/// A server's data folder, whether the server runs or not.
pub(super) struct Target {
    pub(super) data_dir: PathBuf,
    /// The address that invites name, if it is set.
    pub(super) public_address: Option<ServerAddress>,
}

impl Target {
    pub(super) fn of(place: &PlaceArguments) -> Result<Self> {
        let paths = Paths::of_user()?;
        let settings = place.settings(&paths)?;
        Ok(Self {
            data_dir: place.data_dir(&settings, &paths),
            public_address: settings.public_address()?,
        })
    }

    /// Opens the data to look at it, beside the server if it runs.
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
                "the server is stopping. Look whether it was done once it has stopped, and try again"
            ),
            answer => Ok(answer),
        }
    }

    /// Changes something through the running server, or in the data of a stopped one.
    pub(super) fn change(&self, change: Change) -> Result<Changed> {
        let result = match self.call(&AdminRequest::Change(change.clone()))? {
            Ok(AdminAnswer::Changed(result)) => result,
            Ok(_) => return Err(unexpected()),
            Err(CallError::NotRunning { .. }) => self.change_data(change)?,
            Err(error) => return Err(error.into()),
        };
        Ok(result.map_err(Refused::from)?)
    }

    fn change_data(&self, change: Change) -> Result<Result<Changed, store::ChangeError>> {
        let result = match store::administer(&self.data_dir, change, now()?) {
            Err(StoreError::InUse { path }) => bail!(
                "a server is using {} and cannot be asked: its log says why it has no admin.sock. \
                 Stop it, then say this again",
                path.display()
            ),
            result => result?,
        };
        if result.is_ok() {
            let dir = self.data_dir.display();
            writeln!(
                io::stderr(),
                "note: the server is not running; changed its data in {dir}"
            )?;
        }
        Ok(result)
    }
}

/// The server answered something else than was asked.
pub(super) fn unexpected() -> anyhow::Error {
    anyhow::anyhow!("the server's answer makes no sense: it may be of another version")
}

pub(super) fn now() -> Result<Timestamp> {
    let millis = jiff::Timestamp::now().as_millisecond();
    Ok(Timestamp(u64::try_from(millis)?))
}
