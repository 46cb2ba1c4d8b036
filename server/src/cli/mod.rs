//! The command line of `recado-server`: reads arguments and the configuration, runs a verb, and
//! speaks to the person who started it.

mod admin;
mod exit;
mod show;
mod target;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Parser, Subcommand};
use jiff::{Span, Zoned};
use recado_shared::{ServerAddress, Timestamp, UserName};
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use self::admin::{RoomVerb, UserVerb};
pub use self::exit::code_of;
use self::target::Target;
use crate::invite::{self, InviteTerms};
use crate::net::socket;
use crate::paths::Paths;
use crate::policy::Policy;
use crate::server::Server;
use crate::settings::{self, Settings};
use crate::{address, telemetry};

/// Headless relay server of Recado, a private chat for the terminal.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(flatten)]
    serve: ServeArguments,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Args)]
struct ServeArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Where to listen; port 0 takes a free one [default: port 7322 of all addresses]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Who may claim a new name [default: invite]
    #[arg(long)]
    policy: Option<Policy>,
    /// The address that invites name [default: the machine's own]
    #[arg(long, value_name = "HOST:PORT")]
    public_address: Option<ServerAddress>,
    /// What to log, like 'debug', or 'warn' for less
    #[arg(long, value_name = "FILTER", default_value = telemetry::DEFAULT_FILTER)]
    log: String,
}

/// Which server is meant.
#[derive(Debug, Args)]
struct PlaceArguments {
    /// The folder with the server's data [default: $XDG_DATA_HOME/recado-server]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file [default: $XDG_CONFIG_HOME/recado-server/config.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make an invite and print it, while the server runs or not; list and revoke invites
    Invite(InviteCommand),
    /// Look at people, and change what they may
    #[command(subcommand)]
    User(UserVerb),
    /// Look at rooms, rename and close them
    #[command(subcommand)]
    Room(RoomVerb),
    /// Show or change who may claim a new name, while the server runs
    Policy(admin::PolicyArguments),
    /// Tell everybody who is connected something
    Announce(admin::AnnounceArguments),
    /// List who is connected
    Sessions(admin::ListArguments),
    /// Show how much the server does, and has done since it was started
    Stats(admin::ListArguments),
    /// Print a configuration file with every setting and its default
    Config,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
struct InviteCommand {
    #[command(flatten)]
    create: InviteArguments,
    #[command(subcommand)]
    verb: Option<InviteVerb>,
}

#[derive(Debug, Subcommand)]
enum InviteVerb {
    /// Make an invite and print it, as without a verb
    Create(InviteArguments),
    /// List the invites, also those that are used up
    List(admin::ListArguments),
    /// Delete an invite, so that it lets nobody in
    Revoke(admin::RevokeArguments),
}

#[derive(Debug, Args)]
struct InviteArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// How many new people it lets in
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,
    /// For how long, like 7d or 12h
    #[arg(long, value_name = "TIME", default_value = "7d")]
    expires: Span,
    /// Only under this name
    #[arg(long)]
    name: Option<UserName>,
    /// The address that it names [default: the server's own]
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<ServerAddress>,
}

/// Does what the arguments say.
///
/// # Errors
/// What went wrong, for the person who started the program.
pub fn run(arguments: Arguments) -> Result<()> {
    match arguments.verb {
        None => serve(arguments.serve),
        Some(Verb::Invite(command)) => match command.verb {
            None => make_invite(command.create),
            Some(InviteVerb::Create(arguments)) => make_invite(arguments),
            Some(InviteVerb::List(arguments)) => admin::list_invites(&arguments),
            Some(InviteVerb::Revoke(arguments)) => admin::revoke_invite(&arguments),
        },
        Some(Verb::User(verb)) => admin::user(verb),
        Some(Verb::Room(verb)) => admin::room(verb),
        Some(Verb::Policy(arguments)) => admin::policy(&arguments),
        Some(Verb::Announce(arguments)) => admin::announce(&arguments),
        Some(Verb::Sessions(arguments)) => admin::sessions(&arguments),
        Some(Verb::Stats(arguments)) => admin::stats(&arguments),
        Some(Verb::Config) => print(&settings::template()),
    }
}

/// Tells a person on standard error what went wrong.
pub fn complain(error: &anyhow::Error) {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "recado-server: {error:#}");
}

impl PlaceArguments {
    fn settings(&self, paths: &Paths) -> Result<Settings> {
        let path = self.config.as_ref().unwrap_or(&paths.config_file);
        Ok(settings::read(path, self.config.is_some())?)
    }

    fn data_dir(&self, settings: &Settings, paths: &Paths) -> PathBuf {
        let data = self.data.as_ref().or(settings.data.as_ref());
        data.unwrap_or(&paths.data_dir).clone()
    }
}

fn serve(arguments: ServeArguments) -> Result<()> {
    telemetry::init(&arguments.log)?;
    let paths = Paths::of_user()?;
    let settings = arguments.place.settings(&paths)?;
    let data_dir = arguments.place.data_dir(&settings, &paths);
    let mut config = settings.config(data_dir.clone())?;
    config.policy = arguments.policy.unwrap_or(config.policy);
    config.public_address = arguments.public_address.or(config.public_address);
    config.ticket_places = paths.local_tickets;
    let listen = arguments.listen.or(settings.listen);
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let shutdown = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            notify(NotifyState::Stopping);
        };
        let listener = bind(listen)?;
        let server = Server::prepare(listener, config).await?;
        introduce(&server, &data_dir)?;
        notify(NotifyState::Ready);
        Ok(server.serve(shutdown).await?)
    });
    // Whoever is still waited for by now does not answer.
    runtime.shutdown_background();
    result
}

/// Tells the service manager, if there is one.
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "the service manager cannot be told");
    }
}

fn bind(address: Option<SocketAddr>) -> Result<TcpListener> {
    socket::listen(address).map_err(|error| {
        anyhow!(
            "{error}: another program may have the port, or this machine not the address. Choose \
             another with --listen"
        )
    })
}

/// Tells a person what is needed to get in.
fn introduce(server: &Server, data_dir: &Path) -> Result<()> {
    let (listening, public) = (server.listening(), server.public_address());
    let mut err = io::stderr();
    writeln!(err, "recado-server listens on {listening}")?;
    writeln!(err, "  data         {}", data_dir.display())?;
    writeln!(err, "  fingerprint  {}", server.fingerprint())?;
    writeln!(err, "  on this machine       recado NAME")?;
    writeln!(
        err,
        "  for anybody else      recado-server invite   (names {public})"
    )?;
    if address::is_only_local(public) {
        writeln!(err, "{}", only_local(public))?;
    }
    Ok(())
}

fn only_local(address: &ServerAddress) -> String {
    format!(
        "note: {address} is reached from this machine only; listen on another address, or name one \
         with --public-address, to let others in"
    )
}

fn make_invite(arguments: InviteArguments) -> Result<()> {
    let target = Target::of(&arguments.place)?;
    let address = arguments.address.or(target.public_address);
    let terms = InviteTerms {
        uses: arguments.uses,
        expires: Some(from_now(arguments.expires)?),
        name: arguments.name,
    };
    let invite = invite::make(&target.data_dir, address, &terms)?;
    if address::is_only_local(&invite.address) {
        writeln!(io::stderr(), "{}", only_local(&invite.address))?;
    }
    print(&format!("{invite}\n"))
}

fn from_now(span: Span) -> Result<Timestamp> {
    let now = Zoned::now();
    let end = now.checked_add(span);
    let end = end.context("--expires is too far away: name a shorter time")?;
    let millis = end.timestamp().as_millisecond();
    anyhow::ensure!(end > now, "--expires must be a time to come, like 7d");
    Ok(Timestamp(u64::try_from(millis)?))
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
