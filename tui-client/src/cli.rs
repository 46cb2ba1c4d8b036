//! The command line: what can be typed, and which verb does it.

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
Exit codes: 0 done, 1 failure on this machine, 2 wrong usage, 3 refused by the server,
4 no connection, 5 timeout, 6 the server's key is not the pinned one.";

/// A private chat for the terminal.
///
/// Without a verb: opens the client for NAME, for the name used last, or for a new name on the
/// server of this machine.
#[derive(Debug, Parser)]
#[command(name = "recado", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Under which name to open the client, like --as
    name: Option<String>,
    #[command(flatten)]
    who: WhoArguments,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Which identity is meant, where a machine has several.
#[derive(Args, Clone, Debug)]
pub(crate) struct WhoArguments {
    /// Under which name
    #[arg(id = "as", long = "as", value_name = "NAME", global = true)]
    pub(crate) name: Option<String>,
    /// On which server
    #[arg(long, value_name = "HOST:PORT", global = true)]
    pub(crate) server: Option<ServerAddress>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Join a server with an invite, and open the client
    Join {
        /// The line that starts with recado://
        invite: String,
    },
    /// Start a server in this process and open the client as its first user
    Host {
        /// Where to listen; port 0 takes a free one [default: port 7322 of all addresses]
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<SocketAddr>,
    },
    /// Look around on a throw-away server, with a few scripted companions
    Demo,
    /// Send a message and wait until it is accepted
    #[command(after_help = format!("{SEND_HELP}\n\n{EXIT_CODES}"))]
    Send(SendArguments),
    /// Print messages as they arrive
    #[command(after_help = format!("{}\n\n{TAIL_HELP}\n\n{EXIT_CODES}", FIELDS))]
    Tail(TailArguments),
    /// Print what was said in a conversation
    #[command(after_help = format!("{}\n\n{HISTORY_HELP}\n\n{EXIT_CODES}", FIELDS))]
    History(HistoryArguments),
    /// Write out whole conversations
    #[command(after_help = format!("{EXPORT_HELP}\n\n{EXIT_CODES}"))]
    Export(ExportArguments),
    /// Print the rooms that you are in or can come into
    #[command(after_help = format!("{ROOMS_FIELDS}\n\n{EXIT_CODES}"))]
    Rooms {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Make a room, come and go, and keep order in it
    #[command(after_help = format!("{ROOM_HELP}\n\n{EXIT_CODES}"))]
    Room(RoomArguments),
    /// Print a configuration file with every setting, key and default
    Config,
    /// Make this machine another device of a user who exists
    #[command(after_help = format!("{LINK_HELP}\n\n{EXIT_CODES}"))]
    Link {
        /// The line that 'recado devices' prints on a device that is linked, or the address of a
        /// server that this machine knows [default: the server of this machine]
        #[arg(value_name = "SERVER")]
        place: Option<String>,
    },
    /// List your devices; approve, name and revoke them
    #[command(after_help = format!("{DEVICES_HELP}\n\n{EXIT_CODES}"))]
    Devices(DevicesArguments),
    /// Print people and whether they are there
    #[command(after_help = WHO_FIELDS)]
    Who {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

const SEND_HELP: &str = "\
Fields of the JSON object: conversation, seq, id and time, as 'recado tail --json' has them.";

const TAIL_HELP: &str = "\
With --json, each line also has after, a token: 'recado tail --json --after TOKEN', with the same
other arguments, goes on behind that line, however long ago that was. It names the time up to which
everything was printed and, of conversations with something newer, the place; so it has a few dozen
characters, and more only while much that was missed is printed.";

const WHO_FIELDS: &str = "\
Fields of a JSON line: name; id, the person's number as a string; presence, which is online, away
or offline; own, whether it is you.";

/// What to send.
#[derive(Args, Debug)]
pub(crate) struct SendArguments {
    /// To whom, or to which room: 'name', '#room' in quotes, or room:room
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// The text [default: standard input, less one line end at its end]
    pub(crate) text: Option<String>,
    /// What to wait for
    #[arg(long, value_enum, default_value_t = WaitFor::Accepted)]
    pub(crate) wait: WaitFor,
    /// The message that this one answers: its seq in that conversation, or its id
    #[arg(long, value_name = "SEQ-OR-ID")]
    pub(crate) reply_to: Option<ReplyTo>,
    /// Print what was sent as a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// For how many seconds, with as many attempts as fit
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

/// How far a message has to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// It is on the server's disk.
    Accepted,
    /// It is on a device of the recipient; in a room, of every other member.
    Delivered,
}

/// Which message a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyTo {
    /// The one at this place.
    Seq(Seq),
    /// The one with this id.
    Id(MessageId),
}

impl std::str::FromStr for ReplyTo {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 32 {
            let digits = u128::from_str_radix(text, 16).map_err(|_| "it is no id")?;
            return Ok(Self::Id(MessageId(digits.to_be_bytes())));
        }
        match text.parse() {
            Ok(0) | Err(_) => Err("it is no seq, which is a number from 1, and no id"),
            Ok(seq) => Ok(Self::Seq(Seq(seq))),
        }
    }
}

/// What to print.
#[derive(Args, Debug)]
pub(crate) struct TailArguments {
    /// Only what is said with this person, or in this room ('#room' or room:room)
    #[arg(value_name = "TO")]
    pub(crate) to: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Go on after the line with this token
    #[arg(long, value_name = "TOKEN")]
    pub(crate) after: Option<String>,
    /// Only these kinds, with commas between them [default: all]
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|wait| !wait.is_zero())
        .ok_or_else(|| "it must be above 0, and less than an age".to_owned())
}

/// Does what the arguments say.
///
/// # Errors
/// [`Failure`] has the exit code and the text for the person.
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
