//! Command-line parser: global arguments, the list of verbs, and their dispatch.

mod devices;
mod reading;
mod room;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use recado_shared::{MessageId, Seq, ServerAddress};

use crate::config::{self, Config};
use crate::exit::Failure;
use crate::identity::Wanted;
pub use crate::output::complain;
use crate::output::print;
use crate::paths::Paths;
use crate::verbs;
use crate::verbs::{FIELDS, Kind};

pub(crate) use self::devices::DeviceAct;
use self::devices::{DEVICES_HELP, DevicesArguments, LINK_HELP};
use self::reading::{EXPORT_HELP, HISTORY_HELP};
pub(crate) use self::reading::{ExportArguments, Format, HistoryArguments};
pub(crate) use self::room::{InRoom, InRoomAbout, RoomAct};
use self::room::{ROOM_HELP, ROOMS_FIELDS, RoomArguments};

const EXIT_CODES: &str = "\
Exit codes: 0 success, 1 failure on this machine, 2 wrong usage, 3 refused by the server,
4 no connection, 5 timeout, 6 the server's key has changed.";

/// A private chat for the terminal.
///
/// Opens the chat as NAME (default: the last one used). On a machine that runs a server, a new NAME
/// joins it.
#[derive(Debug, Parser)]
#[command(name = "recado", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Identity to open, like --as
    name: Option<String>,
    #[command(flatten)]
    who: WhoArguments,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Selection of one of the identities on this machine.
#[derive(Args, Clone, Debug)]
pub(crate) struct WhoArguments {
    /// Identity to use
    #[arg(id = "as", long = "as", value_name = "NAME", global = true)]
    pub(crate) name: Option<String>,
    /// Server address
    #[arg(long, value_name = "HOST:PORT", global = true)]
    pub(crate) server: Option<ServerAddress>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Join a server with an invite and open Recado
    Join {
        /// The invite: a line that starts with recado://
        invite: String,
    },
    /// Start a server here and open Recado
    Host {
        /// Address to listen on; port 0 takes a free port [default: port 7322 on all addresses]
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<SocketAddr>,
    },
    /// Try Recado on a temporary server with a few scripted companions
    Demo,
    /// Send a message
    #[command(after_help = format!("{SEND_HELP}\n\n{EXIT_CODES}"))]
    Send(SendArguments),
    /// Print messages as they arrive
    #[command(after_help = format!("{}\n\n{TAIL_HELP}\n\n{EXIT_CODES}", FIELDS))]
    Tail(TailArguments),
    /// Print the history of a conversation
    #[command(after_help = format!("{}\n\n{HISTORY_HELP}\n\n{EXIT_CODES}", FIELDS))]
    History(HistoryArguments),
    /// Export whole conversations
    #[command(after_help = format!("{EXPORT_HELP}\n\n{EXIT_CODES}"))]
    Export(ExportArguments),
    /// List your rooms and public rooms
    #[command(after_help = format!("{ROOMS_FIELDS}\n\n{EXIT_CODES}"))]
    Rooms {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Create, join and manage rooms
    #[command(after_help = format!("{ROOM_HELP}\n\n{EXIT_CODES}"))]
    Room(RoomArguments),
    /// Print a configuration file with all settings, keys and defaults
    Config,
    /// Link this machine to your account on another device
    #[command(after_help = format!("{LINK_HELP}\n\n{EXIT_CODES}"))]
    Link {
        /// The line that 'recado devices' prints on a linked device, or the address of a server
        /// that this machine knows [default: the server on this machine]
        #[arg(value_name = "SERVER")]
        place: Option<String>,
    },
    /// List, link, rename and revoke your devices
    #[command(after_help = format!("{DEVICES_HELP}\n\n{EXIT_CODES}"))]
    Devices(DevicesArguments),
    /// List users and their presence
    #[command(after_help = WHO_FIELDS)]
    Who {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
}

const SEND_HELP: &str = "\
Fields of the JSON object with --json: conversation, seq, id and time (as in 'recado tail --json').";

const TAIL_HELP: &str = "\
With --json, each line also has a resume token in the field 'after'. To continue after that line,
however long ago it was printed, run 'recado tail --json --after TOKEN' with the same other
arguments. A token has a few dozen characters, and more only while tail catches up on many
conversations.";

const WHO_FIELDS: &str = "\
Fields of a JSON line: name; id (the user's number as a string); presence (online, away or offline);
own (whether it is you).";

/// Arguments of `recado send`.
#[derive(Args, Debug)]
pub(crate) struct SendArguments {
    /// Recipient: a user name, '#room' in quotes, or room:NAME
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// The text [default: standard input without its last line break]
    pub(crate) text: Option<String>,
    /// When to return
    #[arg(long, value_enum, default_value_t = WaitFor::Accepted)]
    pub(crate) wait: WaitFor,
    /// Message to reply to: its seq in that conversation, or its id
    #[arg(long, value_name = "SEQ-OR-ID")]
    pub(crate) reply_to: Option<ReplyTo>,
    /// Print the sent message as a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds to keep trying
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

/// The point at which `recado send` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// The message is on the server's disk
    Accepted,
    /// It is on a device of the recipient; in a room, of every other member
    Delivered,
}

/// The message that a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyTo {
    /// The message with this seq.
    Seq(Seq),
    /// The message with this id.
    Id(MessageId),
}

impl std::str::FromStr for ReplyTo {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 32 {
            let digits = u128::from_str_radix(text, 16).map_err(|_| "not a message id")?;
            return Ok(Self::Id(MessageId(digits.to_be_bytes())));
        }
        match text.parse() {
            Ok(0) | Err(_) => Err("neither a seq (a number from 1) nor a message id"),
            Ok(seq) => Ok(Self::Seq(Seq(seq))),
        }
    }
}

/// Arguments of `recado tail`.
#[derive(Args, Debug)]
pub(crate) struct TailArguments {
    /// Only this conversation: a user name, '#room' in quotes, or room:NAME
    #[arg(value_name = "TO")]
    pub(crate) to: Option<String>,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Continue after the line with this resume token
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<String>,
    /// Only entries of these kinds, separated by commas [default: all]
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|wait| !wait.is_zero())
        .ok_or_else(|| "must be more than 0 and a reasonable time".to_owned())
}

/// Runs the verb of the arguments, or opens the chat.
///
/// # Errors
/// [`Failure`] has the exit code and the text for the user.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let wanted = Wanted {
        name: arguments.who.name.or(arguments.name),
        server: arguments.who.server,
    };
    let paths = Paths::of_user;
    match arguments.verb {
        None => verbs::open(&paths()?, &wanted).await,
        Some(Verb::Join { invite }) => verbs::join(&paths()?, &invite, wanted.name).await,
        Some(Verb::Host { listen }) => verbs::host(&paths()?, listen, wanted.name).await,
        Some(Verb::Config) => {
            // A reader that has gone has seen what it wanted.
            let _ = print(&config::template());
            Ok(())
        }
        Some(Verb::Demo) => verbs::demo(wanted.name).await,
        Some(Verb::Send(send)) => verbs::send(&paths()?, &wanted, send).await,
        Some(Verb::Tail(tail)) => verbs::tail(&paths()?, &wanted, tail).await,
        Some(Verb::History(history)) => verbs::history(&paths()?, &wanted, history).await,
        Some(Verb::Export(export)) => verbs::export(&paths()?, &wanted, export).await,
        Some(Verb::Rooms { json }) => verbs::rooms(&paths()?, &wanted, json).await,
        Some(Verb::Room(room)) => verbs::room(&paths()?, &wanted, room.act).await,
        Some(Verb::Link { place }) => verbs::link(&paths()?, place.as_deref()).await,
        Some(Verb::Devices(devices)) => {
            verbs::devices(&paths()?, &wanted, devices.act, devices.json).await
        }
        Some(Verb::Who { json }) => verbs::who(&paths()?, &wanted, json).await,
    }
}

/// Reads the settings that the full screen needs.
pub(crate) fn read_config(paths: &Paths) -> Result<Config, Failure> {
    Ok(Config::read(&paths.config_file)?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
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
        assert_eq!(both.who.name.as_deref(), Some("alice"));
        assert!(both.who.server.is_some());
    }

    #[test]
    fn a_time_is_a_positive_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "nan", "inf", "soon", "1e99"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
