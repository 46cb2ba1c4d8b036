//! Command-line parser: global arguments, the list of verbs, their dispatch, and the entry of the
//! program. Each verb defines its own arguments in `verbs`.

use std::ffi::OsString;
use std::pin::Pin;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use recado_shared::io_reason::describe;
use recado_shared::{Invite, InviteError, ServerAddress, secret};
use tokio::runtime::Runtime;

use crate::config;
use crate::exit::{Exit, Failure};
use crate::identity::IdentitySelector;
pub use crate::output::complain;
use crate::output::print;
use crate::paths::Paths;
use crate::spelling::nearest;
use crate::strings::accounts::did_you_mean;
use crate::verbs::create::Creation;
use crate::verbs::line::FIELDS;
use crate::verbs::{
    VerbContext, devices, export, history, join, link, local_server, open, room, rooms, send, tail,
    who,
};

const EXIT_CODES: &str = "\
Exit codes: 0 success, 1 failure on this machine, 2 wrong usage, 3 refused by the server,
4 no connection, 5 timeout, 6 the server's key has changed.";

/// A private chat for the terminal.
///
/// Opens the chat as NAME (default: the last one opened). On a machine that runs a server, it asks
/// whether to create an account for a new NAME.
#[derive(Debug, Parser)]
#[command(name = "recado", version, after_help = EXIT_CODES)]
struct Arguments {
    /// Account to open
    #[arg(conflicts_with = "as")]
    name: Option<String>,
    /// Create the account without asking if NAME is new. Without a terminal, do not open it
    #[arg(long, visible_alias = "create")]
    yes: bool,
    #[command(flatten)]
    identity: IdentityArguments,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Args, Clone, Debug)]
struct IdentityArguments {
    /// Account to use this time; the default stays
    #[arg(id = "as", long = "as", value_name = "NAME", global = true)]
    name: Option<String>,
    /// Server address
    #[arg(long, value_name = "HOST:PORT", global = true)]
    server: Option<ServerAddress>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Join a server with an invite and open Recado
    Join {
        /// The invite: a line that starts with recado:// [default: asks for it, or reads standard
        /// input, also with '-']. An argument is visible to other users of this machine
        invite: Vec<String>,
    },
    /// Start a server here and open Recado
    Host(local_server::HostOptions),
    /// Try Recado on a temporary server with a few scripted companions
    Demo,
    /// Send a message
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", send::HELP))]
    Send(send::Arguments),
    /// Print messages as they arrive
    #[command(after_help = format!("{FIELDS}\n\n{}\n\n{EXIT_CODES}", tail::HELP))]
    Tail(tail::Arguments),
    /// Print the history of a conversation
    #[command(after_help = format!("{FIELDS}\n\n{}\n\n{EXIT_CODES}", history::HELP))]
    History(history::Arguments),
    /// Export whole conversations
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", export::HELP))]
    Export(export::Arguments),
    /// List your rooms and public rooms
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", rooms::HELP))]
    Rooms {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Create, join and manage rooms
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", room::HELP))]
    Room(room::Arguments),
    /// Print a configuration file with all settings, keys and defaults
    Config,
    /// Link this machine to your account on another device
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", link::HELP))]
    Link {
        /// The line that 'recado devices' prints on a linked device, or the address of a server
        /// that this machine knows [default: the server on this machine]
        #[arg(value_name = "SERVER")]
        place: Vec<String>,
    },
    /// List, link, rename and revoke your devices
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", devices::HELP))]
    Devices(devices::Arguments),
    /// List users and their presence
    #[command(after_help = who::HELP)]
    Who {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
}

/// Parses the command line, runs the verb or opens the chat, and reports a failure on standard error.
pub fn main() -> ExitCode {
    secret::protect_process();
    let line = with_whole_invite(std::env::args_os());
    let arguments = match Arguments::try_parse_from(&line) {
        Ok(arguments) => arguments,
        Err(error) => {
            // With standard error closed there is no place to report to.
            let _ = error.print();
            if let Some(verb) = misspelled_verb(&error, &line) {
                complain(&did_you_mean(&format!("recado {verb}")));
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            let reason = describe(&error);
            complain(&format!("Cannot start the runtime: {reason}"));
            return Exit::Failure.into();
        }
    };
    // Behind a pointer, the large future of the verbs is compiled once, not for each caller in the runtime.
    let verb: Pin<Box<dyn Future<Output = Result<(), Failure>>>> = Box::pin(run(arguments));
    let exit = match runtime.block_on(verb) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            complain(&failure.text);
            failure.exit
        }
    };
    // A thread that waits for standard input would otherwise be waited for.
    runtime.shutdown_background();
    exit.into()
}

/// The arguments with the pieces of an invite as one: a shell divides it where it is wrapped, and a
/// piece may look like an option.
fn with_whole_invite(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let is_incomplete = |text: &OsString| match text.to_str().map(str::parse::<Invite>) {
        Some(Ok(invite)) => invite.token.is_none(),
        Some(Err(error)) => error == InviteError::Incomplete,
        None => false,
    };
    let is_option = |text: &OsString| {
        let text = text.to_string_lossy();
        ["--as", "--server", "--help"].iter().any(|option| {
            let rest = text.strip_prefix(option);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        })
    };
    let mut whole: Vec<OsString> = Vec::new();
    for argument in arguments {
        match whole.last_mut() {
            Some(last) if is_incomplete(last) && !is_option(&argument) => last.push(argument),
            _ => whole.push(argument),
        }
    }
    whole
}

/// The verb that was meant, if the first word of the line is taken for a name and others follow.
fn misspelled_verb(error: &clap::Error, line: &[OsString]) -> Option<String> {
    let mut words = line.iter().skip(1).map(|word| word.to_string_lossy());
    let first = words.find(|word| !word.starts_with('-'))?;
    let verbs = verbs();
    let verb = nearest(&first, verbs.iter().map(String::as_str))?;
    let is_meant = error.kind() == ErrorKind::UnknownArgument && first != verb;
    is_meant.then(|| verb.to_owned())
}

fn verbs() -> Vec<String> {
    let mut command = Arguments::command();
    command.build();
    let verbs = command.get_subcommands();
    verbs.map(|verb| verb.get_name().to_owned()).collect()
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let keeps_default = arguments.identity.name.is_some();
    let selector = IdentitySelector {
        name: arguments.identity.name.or(arguments.name),
        server: arguments.identity.server,
    };
    let context = |selector| VerbContext::of_user(selector, keeps_default);
    match arguments.verb {
        None => {
            let creation = Creation {
                yes: arguments.yes,
                verbs: verbs(),
            };
            open::run(&context(selector)?, &creation).await
        }
        Some(Verb::Join { invite }) => join::run(&context(selector)?, &invite).await,
        Some(Verb::Host(options)) => {
            Box::pin(local_server::host(&context(selector)?, options)).await
        }
        Some(Verb::Config) => {
            // A reader that has gone has seen what it wanted.
            let _ = print(&config::template());
            Ok(())
        }
        Some(Verb::Demo) => Box::pin(local_server::demo(selector.name)).await,
        Some(Verb::Send(arguments)) => send::run(&context(selector)?, arguments).await,
        Some(Verb::Tail(arguments)) => tail::run(&context(selector)?, arguments).await,
        Some(Verb::History(arguments)) => history::run(&context(selector)?, arguments).await,
        Some(Verb::Export(arguments)) => export::run(&context(selector)?, arguments).await,
        Some(Verb::Rooms { json }) => rooms::run(&context(selector)?, json).await,
        Some(Verb::Room(arguments)) => room::run(&context(selector)?, arguments).await,
        Some(Verb::Link { place }) => link::run(&Paths::of_user()?, &place).await,
        Some(Verb::Devices(arguments)) => devices::run(&context(selector)?, arguments).await,
        Some(Verb::Who { json }) => who::run(&context(selector)?, json).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_invite_in_pieces_is_one_argument() {
        let whole = |line: &str| with_whole_invite(line.split(' ').map(OsString::from));
        let (key, token) = ("A".repeat(43), "A".repeat(22));
        let invite = format!("recado://here:1/#{key}.{token}");
        let pieces = format!(
            "recado join <recado://here: 1/#{key}. -{} --as bob",
            &token[1..]
        );
        let read = whole(&pieces);
        assert_eq!(read[2..].len(), 3, "{read:?}");
        assert_eq!(read[3..], ["--as", "bob"]);
        let whole_line = format!("recado join {invite} --as bob");
        assert_eq!(whole(&whole_line).len(), 5);
        assert_eq!(whole("recado join recado://here --as bob").len(), 5);
    }

    #[test]
    fn a_name_opens_the_client_unless_it_is_a_verb() {
        let parse = |line: &str| Arguments::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(parse("recado alice").name.as_deref(), Some("alice"));
        assert!(matches!(
            parse("recado who").verb,
            Some(Verb::Who { json: false })
        ));
        let both = parse("recado send bob hi --as alice --server here:1");
        assert_eq!(both.identity.name.as_deref(), Some("alice"));
        assert!(both.identity.server.is_some());
    }
}
