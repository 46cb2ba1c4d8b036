//! `recado host` and `recado demo`: a server in this process. The only file that uses the
//! server's library.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use recado_server::invite::{self, InviteTerms, MakeInviteError};
use recado_server::{Config, ListenError, Server, ServerError, paths as server_paths};
use recado_shared::{ConversationId, Invite, Timestamp, UserName, Welcome};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use super::VerbContext;
use super::ask::{login_name, parse_name};
use super::companions::{self, StartError};
use super::join::claim;
use super::open::{open_identity, require_terminal};
use crate::app::action::{Action, KeyContext};
use crate::client::link::wall_time;
use crate::config::Config as ClientConfig;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::identity::{self, Identity};
use crate::net::{self, Connector};
use crate::output::tell;
use crate::paths::Paths;
use crate::store::{self, StoreWrite, StoredMe, StoredPerson};

/// Uses of the invite that is shown.
const INVITE_USES: u32 = 10;

/// Lifetime of that invite in milliseconds: a week.
const INVITE_LIFETIME: u64 = 7 * 24 * 60 * 60 * 1000;

/// The invite as a file, in the server's data folder.
const INVITE_FILE: &str = "invite.txt";

/// The name of the user in a demo if the login name cannot be used.
const DEMO_NAME: &str = "you";

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl From<ListenError> for Failure {
    fn from(error: ListenError) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl From<MakeInviteError> for Failure {
    fn from(error: MakeInviteError) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Connect(error) => error.into(),
            StartError::Scene(error) => error.into(),
        }
    }
}

/// A server that runs in this process until it is stopped.
struct Hosted {
    ticket: Invite,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServerError>>,
}

impl Hosted {
    fn start(server: Server) -> Self {
        let ticket = server.local_ticket();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // A sender that is dropped stops the server too.
            let _ = stopped.await;
        };
        let task = tokio::spawn(server.serve(shutdown));
        Self { ticket, stop, task }
    }

    /// Lets everything acknowledged reach the disk.
    async fn stop(self) -> Result<(), Failure> {
        drop(self.stop);
        match self.task.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(ServerError::Panicked.into()),
        }
    }
}

/// Runs the server of this user on its usual folder, with the client of its first user.
pub(crate) async fn host(context: &VerbContext, listen: Option<SocketAddr>) -> Result<(), Failure> {
    require_terminal()?;
    let name = context
        .selector
        .name
        .as_deref()
        .map(parse_name)
        .transpose()?;
    let server_paths =
        server_paths::Paths::of_user().map_err(|error| Failure::new(Exit::Failure, error))?;
    let mut config = Config::new(&server_paths.data_dir);
    config.ticket_places = server_paths.local_tickets;
    let server = Server::prepare(bind(listen)?, config).await?;
    let data_dir = server_paths.data_dir;
    let invite = spawn_blocking(move || make_invite(&data_dir))
        .await
        .unwrap_or_else(|_| Err(ServerError::Panicked.into()))?;
    let hosted = Hosted::start(server);
    let ended = host_client(&context.paths, &hosted.ticket, name, &invite).await;
    let stopped = hosted.stop().await;
    ended.and(stopped)
}

/// Makes an invite and leaves it in a file too, for a screen that is too small to copy from.
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
        server.fingerprint == ticket.fingerprint
            && name
                .as_ref()
                .is_none_or(|name| name.folded() == server.name.folded())
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
        None => demo_name(),
    };
    let folder = tempfile::Builder::new().prefix("recado-demo-").tempdir()?;
    let shown = show(folder.path(), name).await;
    let removed = folder.close().map_err(Failure::from);
    shown.and(removed)
}

fn demo_name() -> UserName {
    login_name().unwrap_or_else(|| UserName::new(DEMO_NAME).expect("it is one"))
}

async fn show(folder: &Path, name: UserName) -> Result<(), Failure> {
    let mut paths = Paths::below(folder);
    // A person's own keys, and a place for logs that outlives the folder.
    if let Ok(user) = Paths::of_user() {
        paths.config_file = user.config_file;
        paths.state_dir = user.state_dir;
    }
    let listener = recado_server::listen(Some((Ipv4Addr::LOCALHOST, 0).into()))?;
    let server = Server::prepare(listener, Config::new(folder.join("server"))).await?;
    let hosted = Hosted::start(server);
    let ended = show_client(&paths, &hosted.ticket, &name).await;
    let stopped = hosted.stop().await;
    ended.and(stopped)
}

async fn show_client(paths: &Paths, ticket: &Invite, name: &UserName) -> Result<(), Failure> {
    let keymap = ClientConfig::read(&paths.config_file)?.keymap;
    let identity = identity::register(paths, ticket, name, false).await?;
    let connector = Connector::new(&identity.key, identity.server.fingerprint)?;
    let opening = connector.open(&identity.server.address, net::hello());
    let mut session = opening.await?;
    let me = session.welcome().clone();
    let seed = fastrand::u64(..);
    let (_companions, guide) = companions::start(ticket, &mut session, &keymap, seed).await?;
    session.leave().await;
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
    let talk = ConversationId::direct(me.user, guide.user);
    store.handle.save(StoreWrite::Me(StoredMe {
        user: me.user,
        name: me.name,
        log: me.log,
    }));
    let people = vec![StoredPerson::named(guide.user, guide.name)];
    store.handle.save(StoreWrite::Users(people));
    store.handle.save(StoreWrite::Open(talk));
    Ok(())
}
