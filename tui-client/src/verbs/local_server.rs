//! `recado host` and `recado demo`: a server in this process. With its invites, the only part that
//! uses the server's library.

mod invites;

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use clap::Args;
use futures_util::FutureExt as _;
use recado_server::{
    Config, ListenAddress, ListenError, PublicAddressChoice, Server, ServerError,
    paths as server_paths,
};
use recado_shared::{ConversationId, Invite, UserName, Welcome};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

pub(crate) use self::invites::{ServerInvites, public_address};
use super::VerbContext;
use super::ask::{login_name, parse_name};
use super::companions;
use super::join::claim;
use super::open::{Opening, require_terminal, show};
use crate::app::InviteTerms;
use crate::app::action::{Action, KeyContext};
use crate::config::Config as ClientConfig;
use crate::driver::InviteMaker;
use crate::exit::{Exit, Failure, general_failures};
use crate::identity::{self, Identity};
use crate::net::Link;
use crate::output::tell;
use crate::paths::Paths;
use crate::store::{self, StoreWrite, StoredMe, StoredPerson};
use crate::strings;
use crate::terminal::StopSignals;

const DEMO_NAME: &str = "you";

const DEMO_FOLDER: &str = "recado-demo-";

/// The file in the folder of a demo that is locked while it runs.
const DEMO_LOCK: &str = "lock";

general_failures!(ServerError, ListenError, server_paths::PathsError);

/// Runs a client beside a server in this process, and then stops the server, so that everything
/// acknowledged reaches the disk.
async fn run_with_server(
    server: Server,
    client: impl AsyncFnOnce(&Invite) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let ticket = server.local_ticket();
    let (stop, stopped) = oneshot::channel::<()>();
    // A sender that is dropped stops the server.
    let task = tokio::spawn(server.serve(stopped.map(drop)));
    let ended = client(&ticket).await;
    drop(stop);
    let stopped = task.await.unwrap_or(Err(ServerError::Panicked));
    ended.and(stopped.map_err(Failure::from))
}

/// Options of `recado host`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HostOptions {
    /// Port to listen on, or HOST:PORT; port 0 takes a free one [default: 7322]
    #[arg(long, value_name = "[HOST:]PORT")]
    listen: Option<ListenAddress>,
    /// Address used in invites, from now on; `auto` is the machine's own [default: auto]
    #[arg(long, value_name = "HOST[:PORT]")]
    public_address: Option<PublicAddressChoice>,
}

impl fmt::Display for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(listen) = &self.listen {
            write!(f, " --listen {listen}")?;
        }
        match &self.public_address {
            Some(address) => write!(f, " --public-address {address}"),
            None => Ok(()),
        }
    }
}

/// Runs the server of this user on its usual folder, with the client of its first user.
pub(crate) async fn host(context: &VerbContext, options: HostOptions) -> Result<(), Failure> {
    require_terminal()?;
    let name = context.name()?;
    let server_paths = server_paths::Paths::of_user()?;
    let mut config = Config::new(&server_paths.data_dir);
    config.ticket_places = server_paths.local_tickets;
    if let Some(choice) = &options.public_address {
        config.public_address = choice.address().cloned();
        config.remembers_public_address = true;
    }
    recado_server::raise_open_files(config.limits.max_connections());
    let server = Server::prepare(bind(options.listen.clone())?, config).await?;
    let invites = ServerInvites::of(server.fingerprint());
    let client = async |ticket: &Invite| {
        let ended = host_client(context, ticket, name.clone(), &invites).await;
        tell(&last_words(&options, name.as_ref(), &invites).await);
        ended
    };
    run_with_server(server, client).await
}

async fn host_client(
    context: &VerbContext,
    ticket: &Invite,
    name: Option<UserName>,
    invites: &ServerInvites,
) -> Result<(), Failure> {
    let paths = &context.paths;
    let known = identity::all(paths)?.into_iter().find(|identity| {
        let server = &identity.server;
        let is_meant = name.as_ref().map_or(!identity.is_denied, |name| {
            name.folded() == server.name.folded()
        });
        server.fingerprint == ticket.fingerprint && is_meant
    });
    let mut identity = match known {
        Some(identity) => identity,
        None => claim(paths, ticket, name, true).await?,
    };
    identity.set_address(ticket.address.clone())?;
    let maker = invites.clone();
    let link = spawn_blocking(move || maker.link(InviteTerms::default())).await;
    let opening = Opening {
        invite_link: Some(link.unwrap_or_else(|_| Err(ServerError::Panicked.into()))?),
        invite_maker: Some(invites.maker()),
        keeps_default: context.keeps_default,
        ..Opening::default()
    };
    show(paths, identity, opening).await
}

/// The way to start the server again, with the invite if a new start keeps its port.
async fn last_words(
    options: &HostOptions,
    name: Option<&UserName>,
    invites: &ServerInvites,
) -> String {
    let server_options = options.to_string();
    let name = name.map_or_else(String::new, |name| format!(" --as {name}"));
    let keeps_port = options
        .listen
        .as_ref()
        .is_none_or(|listen| listen.port != 0);
    let invites = invites.clone();
    let link = spawn_blocking(move || invites.last_link()).await;
    let link = link.ok().and_then(Result::ok).flatten();
    let link = link.filter(|_| keeps_port);
    let invite = link.as_ref().map(|link| (link.line.as_str(), link.uses));
    strings::host::server_stopped(&format!("{server_options}{name}"), &server_options, invite)
}

fn bind(address: Option<ListenAddress>) -> Result<TcpListener, Failure> {
    recado_server::listen(address).map_err(|error| {
        let advice = match error.error.kind() {
            io::ErrorKind::AddrInUse => {
                "If a server already runs there, open it with 'recado NAME'. Otherwise choose another port \
                 with --listen"
            }
            _ => error.advice(),
        };
        Failure::new(Exit::Failure, format!("{error}. {advice}."))
    })
}

/// Opens Recado on a temporary folder and server, with scripted companions.
pub(crate) async fn demo(name: Option<String>) -> Result<(), Failure> {
    require_terminal()?;
    let name = match name {
        Some(name) => parse_name(&name)?,
        None => login_name().unwrap_or_else(|| UserName::new(DEMO_NAME).expect("it is one")),
    };
    // From here on a signal ends the demo in order, so that its folder is removed.
    let stop = StopSignals::new()?;
    remove_ended_demos(&std::env::temp_dir());
    let folder = tempfile::Builder::new().prefix(DEMO_FOLDER).tempdir()?;
    let _lock = lock_demo(folder.path())?;
    let shown = run_demo(folder.path(), &name, stop).await;
    let removed = folder.close().map_err(Failure::from);
    shown.and(removed)
}

fn lock_demo(folder: &Path) -> io::Result<File> {
    let lock = File::create(folder.join(DEMO_LOCK))?;
    lock.try_lock()?;
    Ok(lock)
}

/// Removes the folders of this user's demos that were killed: their locks are free. A folder without a
/// lock is that of a demo which starts at this moment.
fn remove_ended_demos(parent: &Path) {
    let me = rustix::process::getuid().as_raw();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_demo = entry.file_name().to_string_lossy().starts_with(DEMO_FOLDER);
        // Others can write to the folder of temporary files. This is the entry itself, and no link.
        let is_own = || {
            let found = entry.metadata();
            found.is_ok_and(|found| found.is_dir() && found.uid() == me)
        };
        if !is_demo || !is_own() {
            continue;
        }
        let path = entry.path();
        if let Ok(lock) = File::open(path.join(DEMO_LOCK))
            && lock.try_lock().is_ok()
        {
            // What cannot be removed now is left to the next demo.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

async fn run_demo(folder: &Path, name: &UserName, stop: StopSignals) -> Result<(), Failure> {
    let mut paths = Paths::below(folder);
    // The user's own keys.
    if let Ok(user) = Paths::of_user() {
        paths.config_file = user.config_file;
    }
    let listener = recado_server::listen(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()))?;
    let server = Server::prepare(listener, Config::new(folder.join("server"))).await?;
    run_with_server(server, async |ticket| {
        show_client(&paths, ticket, name, stop).await
    })
    .await
}

async fn show_client(
    paths: &Paths,
    ticket: &Invite,
    name: &UserName,
    mut stop: StopSignals,
) -> Result<(), Failure> {
    let keymap = ClientConfig::read(&paths.config_file)?.keymap;
    let prepare = async {
        let identity = identity::register(paths, ticket, name, false).await?;
        let session = Link::new(identity.net_config(paths))?.connect().await?;
        let me = session.welcome().clone();
        let seed = fastrand::u64(..);
        let (companions, guide) = companions::start(ticket, session, &keymap, seed).await?;
        open_at(&identity, me, guide)?;
        Ok::<_, Failure>((identity, companions))
    };
    let (identity, _companions) = tokio::select! {
        prepared = prepare => prepared?,
        () = stop.received() => return Ok(()),
    };
    let help_key = keymap.key_of(KeyContext::Global, Action::Help);
    let opening = Opening {
        notice: Some(strings::host::demo_notice(&help_key)),
        invite_maker: Some(InviteMaker::new(|_| {
            Err(strings::host::DEMO_HAS_NO_INVITES.to_owned())
        })),
        stop: Some(stop),
        is_temporary: true,
        ..Opening::default()
    };
    show(paths, identity, opening).await
}

/// Makes the conversation with the guide the one that the client opens with.
fn open_at(identity: &Identity, me: Welcome, guide: Welcome) -> Result<(), Failure> {
    let store = store::open(&identity.store_path())?;
    let Welcome {
        user, name, log, ..
    } = me;
    let direct = ConversationId::direct(user, guide.user);
    store
        .handle
        .save(StoreWrite::Me(StoredMe { user, name, log }));
    let people = vec![StoredPerson::named(guide.user, guide.name)];
    store.handle.save(StoreWrite::Users(people));
    store.handle.save(StoreWrite::Open(direct));
    Ok(())
}
