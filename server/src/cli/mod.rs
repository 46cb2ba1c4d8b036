//! Command line of `recado-server`: it reads arguments and the configuration, and runs a command.

mod admin;
mod backup;
mod compact;
mod confirm;
mod refused;
mod run;
mod show;
mod target;
mod verify;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use jiff::{Span, Zoned};
use recado_shared::{ServerAddress, Timestamp, UserName, io_reason};

use self::admin::{ListArguments, RoomVerb, UserVerb};
use self::refused::Refused;
use self::target::Target;
use crate::admin::client::CallError;
use crate::config::Policy;
use crate::invite::{self, InviteTerms};
use crate::net::ListenAddress;
use crate::paths::Paths;
use crate::public_address::PublicAddressChoice;
use crate::settings::{self, Settings};
use crate::store::ChangeError;

/// Log filter without `--log`.
const DEFAULT_FILTER: &str = "warn,recado_server=info";

/// Exit code of an error on this machine. Exit codes are a stable interface: they keep their meaning, and new
/// ones are added at the end. Clap exits with 2 after an invalid command line.
const FAILURE: u8 = 1;
/// Exit code of a request that cannot be done: there is no such name, or it is taken.
const REFUSED: u8 = 3;
/// Exit code of a command that needs a running server.
const NOT_RUNNING: u8 = 4;

/// Server of Recado, a private chat for the terminal. Without a command it starts the server
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Data folder [default: $XDG_DATA_HOME/recado-server]
    #[arg(long, value_name = "DIR", global = true, display_order = 100)]
    data: Option<PathBuf>,
    /// Configuration file [default: $XDG_CONFIG_HOME/recado-server/config.toml]
    #[arg(long, value_name = "FILE", global = true, display_order = 101)]
    config: Option<PathBuf>,
    /// Port to listen on, or HOST:PORT; with port 0 the system chooses one [default: 7322]
    #[arg(long, value_name = "[HOST:]PORT")]
    listen: Option<ListenAddress>,
    /// Who may register [default: invite]
    #[arg(long)]
    policy: Option<Policy>,
    /// Address used in invites, from now on; `auto` is the machine's own [default: auto]
    #[arg(long, value_name = "HOST[:PORT]")]
    public_address: Option<PublicAddressChoice>,
    /// Start even if the clock is far from that of the last run: it is right
    #[arg(long)]
    accept_clock: bool,
    /// Log level (error, warn, info, debug, trace), or `TARGET=LEVEL` for one module
    #[arg(long, value_name = "FILTER", default_value = DEFAULT_FILTER)]
    log: String,
    /// Start a new server if the key or the database is missing, and move the other one aside
    #[arg(long)]
    new: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create, list and revoke invites
    Invite(InviteCommand),
    /// Manage users
    #[command(subcommand)]
    User(UserVerb),
    /// Manage rooms
    #[command(subcommand)]
    Room(RoomVerb),
    /// Show or set who may register, on the running server
    Policy {
        /// Who may register, until the server stops [default: show the current policy]
        policy: Option<Policy>,
    },
    /// Send an announcement to all connected users
    Announce {
        /// Text of the announcement
        text: String,
    },
    /// List connected clients
    Sessions(ListArguments),
    /// Show statistics since start
    Stats(ListArguments),
    /// Check the data for damage, also while the server runs
    ///
    /// Checks structure, references, the order of entries and their checksums. Exits with 1 if there is
    /// damage, and says which conversations have it and what to do.
    Verify(ListArguments),
    /// Copy all data and the server's key to one file, while the server runs or not
    Backup {
        /// Name of the new file. Keep it secret: with its key another server can pose as this one
        file: PathBuf,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
    },
    /// Put a backup into the data folder of a stopped server, and move the present data aside
    Restore {
        /// A file of `backup`, or a copy of recado.db
        file: PathBuf,
    },
    /// Rewrite the database of a stopped server, and give the space of erased messages back
    ///
    /// A running server uses that space for new messages, as far as it can. The command needs twice as much free
    /// space as the database takes.
    Compact,
    /// Print a configuration file with all settings and their defaults
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
    /// Create an invite and print it (the default)
    Create(InviteArguments),
    /// List all invites, with used and expired ones
    List(ListArguments),
    /// Revoke an invite, so that it cannot be used any more
    Revoke {
        /// Start of the invite's id, as shown by `invite list`
        id: String,
    },
}

#[derive(Debug, Args)]
struct InviteArguments {
    /// How many people can register with it
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,
    #[command(flatten)]
    invite: InviteOptions,
    /// Register only this user name [default: any]
    #[arg(long)]
    name: Option<UserName>,
}

#[derive(Debug, Args)]
struct InviteOptions {
    /// How long the invite is valid, like 7d or 12h
    #[arg(long, value_name = "TIME", default_value = "7d")]
    expires: Span,
    /// Server address in the invite [default: the server's own]
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<ServerAddress>,
}

/// Runs the command line of this process. An error is printed in one line.
pub fn main() -> ExitCode {
    let Err(error) = run(Arguments::parse()) else {
        return ExitCode::SUCCESS;
    };
    // A closed standard error leaves no way to report.
    let _ = writeln!(io::stderr(), "recado-server: {}", text_of(&error));
    code_of(&error)
}

fn is_not_running(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(CallError::NotRunning { .. }))
}

/// The error with its causes, in one line.
fn text_of(error: &anyhow::Error) -> String {
    let text = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(error) => io_reason::describe(error),
        None => cause.to_string(),
    };
    let causes: Vec<_> = error.chain().map(text).collect();
    causes.join(": ")
}

fn code_of(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(match error {
        error if error.is::<Refused>() || error.is::<ChangeError>() => REFUSED,
        error if is_not_running(error) => NOT_RUNNING,
        _ => FAILURE,
    })
}

fn run(mut arguments: Arguments) -> Result<()> {
    let Some(verb) = arguments.verb.take() else {
        return run::server(arguments);
    };
    let target = || Target::of(&arguments);
    match verb {
        Verb::Invite(InviteCommand { create, verb }) => {
            match verb.unwrap_or(InviteVerb::Create(create)) {
                InviteVerb::Create(arguments) => create_invite(&target()?, arguments),
                InviteVerb::List(arguments) => admin::list_invites(&target()?, &arguments),
                InviteVerb::Revoke { id } => admin::revoke_invite(&target()?, &id),
            }
        }
        Verb::User(verb) => admin::user(&target()?, verb),
        Verb::Room(verb) => admin::room(&target()?, verb),
        Verb::Policy { policy } => admin::policy(&target()?, policy),
        Verb::Announce { text } => admin::announce(&target()?, &text),
        Verb::Sessions(arguments) => admin::sessions(&target()?, &arguments),
        Verb::Stats(arguments) => admin::stats(&target()?, &arguments),
        Verb::Verify(arguments) => {
            let is_undamaged = verify::verify(&target()?, &arguments)?;
            anyhow::ensure!(is_undamaged, "the data is damaged");
            Ok(())
        }
        Verb::Backup { file, force } => backup::make(&target()?, &file, force),
        Verb::Restore { file } => backup::restore(&target()?, &file),
        Verb::Compact => compact::compact(&target()?),
        Verb::Config => print(&settings::template()),
    }
}

impl Arguments {
    fn config_path<'a>(&'a self, paths: &'a Paths) -> &'a PathBuf {
        self.config.as_ref().unwrap_or(&paths.config_file)
    }

    /// The settings, and the data folder by this command line.
    fn read(&self, paths: &Paths) -> Result<(Settings, PathBuf)> {
        let path = self.config_path(paths);
        let settings = settings::read(path, self.config.is_some())?;
        let data_dir = self.data.as_ref().or(settings.data.as_ref());
        let data_dir = data_dir.unwrap_or(&paths.data_dir).clone();
        Ok((settings, data_dir))
    }
}

fn warn_if_local(address: &ServerAddress) -> Result<()> {
    if address.is_loopback() {
        writeln!(
            io::stderr(),
            "Note: only this machine can reach {address}. To invite others, listen on another address, \
             or set one with --public-address"
        )?;
    }
    Ok(())
}

fn create_invite(target: &Target, arguments: InviteArguments) -> Result<()> {
    let InviteOptions { expires, address } = arguments.invite;
    let terms = InviteTerms {
        uses: arguments.uses,
        expires: Some(from_now(expires)?),
        name: arguments.name,
    };
    let address = address.or_else(|| target.public_address.clone());
    let invite = invite::make(&target.data_dir, address, &terms)?;
    warn_if_local(&invite.address)?;
    print(&format!("{invite}\n"))
}

fn from_now(span: Span) -> Result<Timestamp> {
    let now = Zoned::now();
    let end = now.checked_add(span);
    let end = end.context("--expires is too long: use a shorter time")?;
    let millis = end.timestamp().as_millisecond();
    anyhow::ensure!(end > now, "--expires must be in the future, like 7d");
    Ok(Timestamp(u64::try_from(millis)?))
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_is_told_without_its_number() {
        let error = || anyhow::Error::from(io::Error::from_raw_os_error(24));
        assert_eq!(text_of(&error()), "too many open files");
        let error = error().context("cannot start the runtime");
        let text = "cannot start the runtime: too many open files";
        assert_eq!(text_of(&error), text);
    }
}
