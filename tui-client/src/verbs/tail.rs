//! `recado tail`: prints entries as they arrive, from now on or after a resume token, each once,
//! through reconnects. Printed entries count as delivered, never as read.

use jiff::tz::TimeZone;

use super::line::{self, Kind};
use crate::cli::TailArguments;
use crate::client::link::Link;
use crate::client::{After, AfterError, Client};
use crate::exit::{Exit, Failure};
use crate::identity::Wanted;
use crate::output::{ReaderGone, complain, print};
use crate::paths::Paths;

pub(crate) async fn tail(
    paths: &Paths,
    wanted: &Wanted,
    arguments: TailArguments,
) -> Result<(), Failure> {
    let after = arguments.after.as_deref().map(str::parse::<After>);
    let after = after
        .transpose()
        .map_err(|error: AfterError| Failure::new(Exit::Usage, error))?;
    let mut client = Client::over(Link::of(paths, wanted).await?);
    client.on_interruption(complain);
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
        if !is_wanted(&arguments.kinds, Kind::of(&event.content)) {
            continue;
        }
        let names = client.names();
        let line = if arguments.json {
            let after = client.after().map(|after| after.to_string());
            line::json(&event, names, after)
        } else {
            line::plain(&event, names, &zone, "%H:%M")
        };
        if let Err(ReaderGone) = print(&line) {
            client.leave_unread().await;
            return Ok(());
        }
    }
}

fn is_wanted(kinds: &[Kind], kind: Kind) -> bool {
    kinds.is_empty() || kinds.contains(&kind)
}
