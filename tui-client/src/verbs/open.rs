//! Start of the full screen for an identity: puts its settings, store, network and terminal together
//! and gives them to the driver.

use std::time::Instant;

use jiff::tz::TimeZone;
use recado_shared::Now;

use super::VerbContext;
use super::ask::{is_interactive, login_name};
use super::join::claim;
use super::local_server::ServerInvites;
use crate::app::{App, InviteLink, Settings};
use crate::client::wall_time;
use crate::config::Config;
use crate::driver::{self, Client, DriverError, InviteMaker};
use crate::exit::{Exit, Failure};
use crate::identity::{Choice, Identity, select};
use crate::net::{self, NetConfig};
use crate::paths::Paths;
use crate::strings::errors;
use crate::terminal::StopSignals;
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
    open_identity(&context.paths, identity, Opening::default()).await
}

pub(crate) fn require_terminal() -> Result<(), Failure> {
    if terminal::is_usable() {
        return Ok(());
    }
    Err(Failure::usage(errors::NEEDS_TERMINAL))
}

/// What the full screen shows and offers besides the identity.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// Shown at the start, until a key is pressed.
    pub(crate) notice: Option<String>,
    /// Shown at the start, until it is closed.
    pub(crate) invite_link: Option<InviteLink>,
    /// `None` for the server of the identity, if it belongs to this user.
    pub(crate) invite_maker: Option<InviteMaker>,
    /// Signals that a caller listens to already.
    pub(crate) stop: Option<StopSignals>,
    /// Whether a report of a panic would outlive the folders of the client.
    pub(crate) is_temporary: bool,
}

/// Shows the full screen until the user quits.
pub(crate) async fn open_identity(
    paths: &Paths,
    identity: Identity,
    opening: Opening,
) -> Result<(), Failure> {
    let config = Config::read(&paths.config_file)?;
    let _lock = identity.lock()?;
    if let Err(error) = telemetry::init(&paths.state_dir) {
        // Without a log the client works all the same.
        crate::output::complain(&error.to_string());
    }
    if opening.is_temporary {
        terminal::install_panic_hook_without_files();
    } else {
        terminal::install_panic_hook(paths.state_dir.clone());
    }
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
        notice: store.notice.or(opening.notice),
        invite_link: opening.invite_link,
    };
    let theme = Theme::new(terminal::wants_colours());
    let client = Client {
        app: App::new(store.snapshot, settings, now),
        view: ViewState::new(TimeZone::system(), theme, now.wall),
        store: store.handle,
        store_events: store.events,
        invite_maker: opening.invite_maker.unwrap_or_else(|| {
            let invites = ServerInvites::of(identity.server.fingerprint);
            invites.maker()
        }),
    };
    let net_config = identity.net_config(paths);
    let stop = opening.stop.map_or_else(StopSignals::new, Ok);
    let terminal_io = stop.and_then(terminal::open_with);
    let terminal_io = terminal_io.map_err(DriverError::from)?;
    let connect = |since| {
        net::spawn(NetConfig {
            since,
            ..net_config
        })
    };
    Ok(driver::run(terminal_io, client, connect).await?)
}
