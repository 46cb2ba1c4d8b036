//! Start of the full screen for an identity: puts its settings, store, network and terminal together
//! and gives them to the driver.

use std::time::Instant;

use recado_shared::{Now, Timestamp};

use super::VerbContext;
use super::create::Creation;
use super::local_server::ServerInvites;
use super::time_zone::time_zone;
use crate::app::{App, InviteLink, Settings};
use crate::client::wall_time;
use crate::config::Config;
use crate::driver::{self, Calibration, Client, DriverError, Editor, InviteMaker, Themes};
use crate::exit::{Exit, Failure};
use crate::identity::{Access, Accounts, Identity, KnownServer};
use crate::net::{self, NetConfig};
use crate::output::tell;
use crate::paths::Paths;
use crate::strings::{accounts as strings, errors, status};
use crate::terminal::{StopSignals, Tmux};
use crate::ui::{NameColours, TerminalColours, ViewState, parse_colour};
use crate::{store, telemetry, terminal};

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Connect(error) => error.into(),
            error @ DriverError::Denied(_) => Self::new(Exit::Refused, error),
            error @ (DriverError::Terminal(_) | DriverError::Gone(_)) => {
                Self::new(Exit::Failure, error)
            }
        }
    }
}

pub(crate) async fn run(context: &VerbContext, creation: &Creation) -> Result<(), Failure> {
    let VerbContext {
        paths, selector, ..
    } = context;
    if selector.name.is_none() {
        require_terminal()?;
    }
    let mut accounts = Accounts::read(paths)?;
    let chosen = accounts.choose(selector, Access::Read)?.first().copied();
    let Some(identity) = chosen.cloned() else {
        if selector.name.is_none() && accounts.has_denied() {
            return Err(accounts.missing(selector, ""));
        }
        let identity = creation.run(context, &accounts).await?;
        return show_or_tell(context, creation, identity, true).await;
    };
    if selector.name.is_some() {
        return show_or_tell(context, creation, identity, false).await;
    }
    open_default(context, &mut accounts, identity).await
}

async fn show_or_tell(
    context: &VerbContext,
    creation: &Creation,
    identity: Identity,
    is_new: bool,
) -> Result<(), Failure> {
    if creation.yes && !has_terminal() {
        let server = &identity.server;
        let text = if is_new {
            strings::created(&server.name, &server.address)
        } else {
            strings::known_here(&server.name)
        };
        tell(&strings::open_with(&text, &server.name));
        return Ok(());
    }
    let opening = Opening {
        keeps_default: context.keeps_default,
        ..Opening::default()
    };
    show(&context.paths, identity, opening).await
}

/// Opens an identity that the user did not name. If its server turns out to refuse it, opens the
/// next one and says so there; the first frame waits for no server.
async fn open_default(
    context: &VerbContext,
    accounts: &mut Accounts,
    mut identity: Identity,
) -> Result<(), Failure> {
    let VerbContext {
        paths, selector, ..
    } = context;
    let mut notice = None;
    loop {
        let opening = Opening {
            notice: notice.take(),
            ends_if_denied: true,
            ..Opening::default()
        };
        let KnownServer { name, address, .. } = identity.server.clone();
        let folder = identity.folder.clone();
        let why = match run_driver(paths, identity, opening).await? {
            Err(DriverError::Denied(why)) => why,
            ended => return tell_unsent(ended),
        };
        let skipped = strings::skipped(&name, &address, &why);
        accounts.note_denial(&folder);
        let Some(next) = accounts.choose(selector, Access::Read)?.first().copied() else {
            let hint = strings::refused_default(&skipped, &name);
            return Err(Failure::new(Exit::Refused, hint));
        };
        identity = next.clone();
        notice = Some(skipped);
    }
}

pub(super) fn has_terminal() -> bool {
    terminal::is_usable()
}

pub(crate) fn require_terminal() -> Result<(), Failure> {
    if has_terminal() {
        return Ok(());
    }
    Err(Failure::usage(errors::NEEDS_TERMINAL))
}

/// Circumstances of the full screen.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Shown at the start, in the status line.
    pub(super) notice: Option<String>,
    /// Whether another identity stays the default.
    pub(super) keeps_default: bool,
    /// Shown at the start, until it is closed.
    pub(super) invite_link: Option<InviteLink>,
    /// `None` for the server of the identity, if it belongs to this user.
    pub(super) invite_maker: Option<InviteMaker>,
    /// Signals that a caller listens to already.
    pub(super) stop: Option<StopSignals>,
    /// Whether a server that refuses the identity ends it, because another one may be opened.
    pub(super) ends_if_denied: bool,
    /// Whether a report of a panic would outlive the folders of the client.
    pub(super) is_temporary: bool,
}

/// Shows the full screen until the user quits.
pub(super) async fn show(
    paths: &Paths,
    identity: Identity,
    opening: Opening,
) -> Result<(), Failure> {
    tell_unsent(run_driver(paths, identity, opening).await?)
}

fn tell_unsent(ended: Result<usize, DriverError>) -> Result<(), Failure> {
    let unsent = ended?;
    if unsent > 0 {
        tell(&status::unsent(unsent));
    }
    Ok(())
}

/// Shows the full screen. The outer error is one from before it.
async fn run_driver(
    paths: &Paths,
    identity: Identity,
    opening: Opening,
) -> Result<Result<usize, DriverError>, Failure> {
    require_terminal()?;
    let config = Config::read(&paths.config_file)?;
    let _lock = identity.lock()?;
    if !opening.keeps_default {
        identity.make_default()?;
    }
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
    let (mut view, themes, theme_notice) = themed_view(paths, &config, now.wall);
    let widths_file = (!opening.is_temporary).then(|| paths.state_dir.join("terminals"));
    let variable = |name: &str| std::env::var(name).ok();
    let calibration = Calibration::new(
        config.symbols,
        terminal::has_utf8_locale(),
        widths_file,
        variable,
    );
    view.glyphs = calibration.glyphs();
    view.reorders_bidi = config.bidi.reorders(variable);
    let settings = Settings {
        name: identity.server.name.as_str().to_owned(),
        keymap: config.keymap,
        seed: fastrand::u64(..),
        bell: config.bell,
        store_limit: config.store_limit,
        list: config.list,
        is_in_tmux: Tmux::from_environment().is_some(),
        time_zone: time_zone(),
        device: identity.key.key(),
        // A store that had to be replaced is the more urgent news.
        notice: store.notice.or(theme_notice).or(opening.notice),
        invite_link: opening.invite_link,
    };
    let client = Client {
        app: App::new(store.snapshot, settings, now),
        view,
        themes,
        calibration,
        store: store.handle,
        store_events: store.events,
        invite_maker: opening.invite_maker.unwrap_or_else(|| {
            let invites = ServerInvites::of(identity.server.fingerprint);
            invites.maker()
        }),
        editor: Editor::from_environment(identity.folder.join("editor")),
        ends_if_denied: opening.ends_if_denied,
    };
    let net_config = identity.net_config(paths);
    let stop = opening.stop.map_or_else(StopSignals::new, Ok);
    let terminal_io = stop.and_then(terminal::open_with);
    let terminal_io = terminal_io.map_err(DriverError::from)?;
    let connect = |known| {
        net::spawn(NetConfig {
            known,
            ..net_config
        })
    };
    // The app is in it, which is large to move about.
    Ok(Box::pin(driver::run(terminal_io, client, connect)).await)
}

/// The view before the first frame with the theme of the configuration, and what is wrong with that.
fn themed_view(
    paths: &Paths,
    config: &Config,
    now: Timestamp,
) -> (ViewState, Themes, Option<String>) {
    let colours = TerminalColours::from_variables(|name| std::env::var(name).ok());
    let folder = paths.config_file.with_file_name("themes");
    let themes = Themes::new(config.theme.clone(), folder, colours);
    let (theme, notice) = themes.theme();
    let mut view = ViewState::new(time_zone(), theme, now);
    let names = config.names.iter().filter_map(|(name, colour)| {
        let colour = parse_colour(colour, colours.depth)?;
        Some((name.clone(), colour))
    });
    view.set_names(NameColours::new(names));
    view.clock = config.clock.format(|name| std::env::var(name).ok());
    (view, themes, notice)
}
