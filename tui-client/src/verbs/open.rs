//! Start of the full screen for an identity: puts its settings, store, network and terminal together
//! and gives them to the driver.

use std::time::Instant;

use jiff::tz::TimeZone;
use recado_shared::Now;

use super::VerbContext;
use super::ask::{is_interactive, login_name};
use super::join::claim;
use crate::app::{App, Settings};
use crate::client::wall_time;
use crate::config::Config;
use crate::driver::{self, Client, DriverError};
use crate::exit::{Exit, Failure};
use crate::identity::{Choice, Identity, select};
use crate::net::{self, NetConfig};
use crate::paths::Paths;
use crate::strings::errors;
use crate::ui::{Theme, ViewState};
use crate::{store, telemetry, terminal};

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Connect(error) => error.into(),
            error @ (DriverError::Terminal(_) | DriverError::Gone(_)) => {
                Self::new(Exit::Failure, error)
            }
        }
    }
}

pub(crate) async fn run(context: &VerbContext) -> Result<(), Failure> {
    require_terminal()?;
    let identity = match select(&context.paths, &context.selector)? {
        Choice::Known(identity) => identity,
        Choice::Local { ticket, name } => {
            let unasked = || login_name().filter(|_| !is_interactive());
            claim(&context.paths, &ticket, name.or_else(unasked), true).await?
        }
    };
    open_identity(&context.paths, identity, None).await
}

pub(crate) fn require_terminal() -> Result<(), Failure> {
    if terminal::is_usable() {
        return Ok(());
    }
    Err(Failure::usage(errors::NEEDS_TERMINAL))
}

/// Shows the full screen until the user quits. `notice` is shown at the start.
pub(crate) async fn open_identity(
    paths: &Paths,
    identity: Identity,
    notice: Option<String>,
) -> Result<(), Failure> {
    let config = Config::read(&paths.config_file)?;
    let _lock = identity.lock()?;
    if let Err(error) = telemetry::init(&paths.state_dir) {
        // Without a log the client works all the same.
        crate::output::complain(&error.to_string());
    }
    terminal::install_panic_hook(paths.state_dir.clone());
    let store = store::open(&identity.store_path())?;
    let now = Now {
        instant: Instant::now(),
        wall: wall_time(),
    };
    let settings = Settings {
        name: identity.server.name.as_str().to_owned(),
        keymap: config.keymap,
        seed: fastrand::u64(..),
        bell: config.bell,
        time_zone: TimeZone::system(),
        device: identity.key.key(),
        // A store that had to be replaced is the more urgent news.
        notice: store.notice.or(notice),
    };
    let theme = Theme::new(terminal::wants_colours());
    let client = Client {
        app: App::new(store.snapshot, settings, now),
        view: ViewState::new(TimeZone::system(), theme, now.wall),
        store: store.handle,
        store_events: store.events,
    };
    let net_config = identity.net_config(paths);
    let terminal_io = terminal::open().map_err(DriverError::from)?;
    let connect = |since| {
        net::spawn(NetConfig {
            since,
            ..net_config
        })
    };
    Ok(driver::run(terminal_io, client, connect).await?)
}
