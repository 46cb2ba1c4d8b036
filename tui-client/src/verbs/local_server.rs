//! `recado host` and `recado demo`: a server in this process. The only file that uses the
//! server's library.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use futures_util::FutureExt as _;
use recado_server::invite::{self, InviteTerms, MakeInviteError};
use recado_server::{Config, ListenError, Server, ServerError, paths as server_paths};
use recado_shared::{ConversationId, Invite, Timestamp, UserName, Welcome};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::VerbContext;
use super::ask::{login_name, parse_name};
use super::companions;
use super::join::claim;
use super::open::{open_identity, require_terminal};
use crate::app::action::{Action, KeyContext};
use crate::client::wall_time;
use crate::config::Config as ClientConfig;
use crate::exit::{Exit, Failure, general_failures};
use crate::files;
use crate::identity::{self, Identity};
use crate::net::Link;
use crate::output::tell;
use crate::paths::Paths;
use crate::store::{self, StoreWrite, StoredMe, StoredPerson};

const INVITE_USES: u32 = 10;

/// A week in milliseconds.
const INVITE_LIFETIME: u64 = 7 * 24 * 60 * 60 * 1000;

const INVITE_FILE: &str = "invite.txt";

const DEMO_NAME: &str = "you";

general_failures!(
    ServerError,
    ListenError,
    MakeInviteError,
    server_paths::PathsError
);

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

/// Runs the server of this user on its usual folder, with the client of its first user.
pub(crate) async fn host(context: &VerbContext, listen: Option<SocketAddr>) -> Result<(), Failure> {
    require_terminal()?;
    let name = context.name()?;
    let server_paths = server_paths::Paths::of_user()?;
    let mut config = Config::new(&server_paths.data_dir);
    config.ticket_places = server_paths.local_tickets;
    let server = Server::prepare(bind(listen)?, config).await?;
    let data_dir = server_paths.data_dir;
    let invite = spawn_blocking(move || make_invite(&data_dir))
        .await
        .unwrap_or_else(|_| Err(ServerError::Panicked.into()))?;
    let client = async |ticket: &Invite| host_client(&context.paths, ticket, name, &invite).await;
    run_with_server(server, client).await
}

/// Makes an invite and writes it to a file too, for a screen that is too small to copy from.
fn make_invite(data_dir: &Path) -> Result<Invite, Failure> {
    let terms = InviteTerms {
        uses: INVITE_USES,
        expires: Some(Timestamp(wall_time().0.saturating_add(INVITE_LIFETIME))),
        name: None,
    };
    let invite = invite::make(data_dir, None, &terms)?;
    let path = data_dir.join(INVITE_FILE);
    files::write(&path, format!("{invite}\n").as_bytes())?;
    Ok(invite)
}

async fn host_client(
    paths: &Paths,
    ticket: &Invite,
    name: Option<UserName>,
    invite: &Invite,
) -> Result<(), Failure> {
    let known = identity::all(paths)?.into_iter().find(|identity| {
        let server = &identity.server;
        let name = name.as_ref().map(UserName::folded);
        server.fingerprint == ticket.fingerprint
            && name.is_none_or(|name| name == server.name.folded())
    });
    let mut identity = match known {
        Some(identity) => identity,
        None => claim(paths, ticket, name, true).await?,
    };
    identity.set_address(ticket.address.clone())?;
    let text = format!("Others join with:  recado join '{invite}'");
    tell(&text);
    let ended = open_identity(paths, identity, Some(text)).await;
    tell(&format!(
        "The server has stopped. While it runs, up to {INVITE_USES} people can join within a week:\n  \
         recado join '{invite}'\nStart it again with 'recado host', or keep it running with \
         'recado-server'."
    ));
    ended
}

fn bind(address: Option<SocketAddr>) -> Result<TcpListener, Failure> {
    recado_server::listen(address).map_err(|error| {
        let text = format!(
            "{error}. If a server already runs there, open it with 'recado NAME'. Otherwise choose \
             another port with --listen."
        );
        Failure::new(Exit::Failure, text)
    })
}

/// Opens Recado on a temporary folder and server, with scripted companions.
pub(crate) async fn demo(name: Option<String>) -> Result<(), Failure> {
    require_terminal()?;
    let name = match name {
        Some(name) => parse_name(&name)?,
        None => login_name().unwrap_or_else(|| UserName::new(DEMO_NAME).expect("it is one")),
    };
    let folder = tempfile::Builder::new().prefix("recado-demo-").tempdir()?;
    let shown = show(folder.path(), &name).await;
    let removed = folder.close().map_err(Failure::from);
    shown.and(removed)
}

async fn show(folder: &Path, name: &UserName) -> Result<(), Failure> {
    let mut paths = Paths::below(folder);
    // The user's own keys, and a place for logs that outlives the folder.
    if let Ok(user) = Paths::of_user() {
        paths.config_file = user.config_file;
        paths.state_dir = user.state_dir;
    }
    let listener = recado_server::listen(Some((Ipv4Addr::LOCALHOST, 0).into()))?;
    let server = Server::prepare(listener, Config::new(folder.join("server"))).await?;
    run_with_server(server, async |ticket| {
        show_client(&paths, ticket, name).await
    })
    .await
}

async fn show_client(paths: &Paths, ticket: &Invite, name: &UserName) -> Result<(), Failure> {
    let keymap = ClientConfig::read(&paths.config_file)?.keymap;
    let identity = identity::register(paths, ticket, name, false).await?;
    let session = Link::new(identity.net_config(paths))?.connect().await?;
    let me = session.welcome().clone();
    let seed = fastrand::u64(..);
    let (_companions, guide) = companions::start(ticket, session, &keymap, seed).await?;
    open_at(&identity, me, guide)?;
    let notice = format!(
        "Demo: nothing leaves this machine or is kept. Press {} for help.",
        keymap.key_of(KeyContext::Global, Action::Help)
    );
    open_identity(paths, identity, Some(notice)).await
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
