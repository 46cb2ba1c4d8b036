//! `recado tail`: prints entries as they arrive, from now on or after a resume token, each once,
//! through reconnects. Printed entries count as delivered, never as read.

use clap::Args;
use jiff::tz::TimeZone;

use super::VerbContext;
use super::line::{self, Kind};
use crate::client::ResumeToken;
use crate::exit::Failure;
use crate::identity::Access;
use crate::output::{ReaderGone, complain, print};

pub(crate) const HELP: &str = "\
With --json, each line also has a resume token in the field 'after'. To continue after that line,
however long ago it was printed, run 'recado tail --json --after TOKEN' with the same other
arguments. A token has a few dozen characters, and more only while tail catches up on many
conversations.";

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Only this conversation: a user name, '#room' in quotes, or room:NAME
    #[arg(value_name = "TO")]
    to: Option<String>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Continue after the line with this resume token
    #[arg(long, value_name = "TOKEN")]
    after: Option<String>,
    /// Only entries of these kinds, separated by commas [default: all]
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<Kind>,
}

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    let after = arguments.after.as_deref().map(str::parse::<ResumeToken>);
    let after = after.transpose().map_err(Failure::usage)?;
    let mut client = context.client(Access::Read).await?;
    if let Some(after) = after {
        client.resume_after(after)?;
    }
    if let Some(to) = &arguments.to {
        let only = client.find(to).await?;
        client.follow_only(only);
    }
    client.ready().await?;
    // Entries accepted from here on are printed; scripts may wait for this line.
    complain(&format!("following as {}", client.me().1));
    let zone = TimeZone::system();
    loop {
        let event = client.next().await?;
        if !Kind::is_among(&arguments.kinds, &event) {
            continue;
        }
        let names = &client.names;
        let line = if arguments.json {
            let after = client.after().map(|after| after.to_string());
            line::json(&event, names, after)
        } else {
            line::plain(&event, names, &zone, "%H:%M")
        };
        if let Err(ReaderGone) = print(&line) {
            client.leave_undelivered().await;
            return Ok(());
        }
    }
}
