//! `recado history`: prints stored entries of one conversation, the oldest first.

use std::num::NonZeroU64;

use clap::Args;
use jiff::tz::TimeZone;
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{ConversationId, PageRange, Seq};

use super::VerbContext;
use super::line::{self, Kind};
use super::reader::Reader;
use crate::client::Target;
use crate::exit::Failure;
use crate::net::SessionError;
use crate::output::print;

pub(crate) const HELP: &str = "\
Prints the newest entries, or those right before --before. With --after, it prints those right after
it, so that the last seq of one call continues with the next. The oldest entry always comes first.
Deleted messages appear as erased entries without their text.
Use 'recado tail' to follow new messages and 'recado export' for the whole history.";

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Conversation: a user name, '#room' in quotes, or room:NAME
    #[arg(value_name = "TO")]
    to: String,
    /// Maximum number of entries
    #[arg(long, value_name = "N", default_value = "50")]
    limit: NonZeroU64,
    /// Only entries before this seq
    #[arg(long, value_name = "SEQ")]
    before: Option<u64>,
    /// Only entries after this seq
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Only entries of these kinds, separated by commas [default: all]
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<Kind>,
}

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    let to: Target = arguments.to.parse()?;
    let mut reader = Reader::open(context).await?;
    let conversation = reader.find(&to).await?;
    let before = arguments.before.map_or(Seq(u64::MAX), Seq);
    // Entries that arrive meanwhile are left out.
    let last = reader.newest(conversation).await?.min(before.prev());
    let mut after = match arguments.after {
        Some(after) => Seq(after),
        None => start(&mut reader, conversation, last, &arguments).await?,
    };
    let zone = TimeZone::system();
    let mut left = arguments.limit.get();
    'pages: while let Some(events) = reader.next_events(conversation, &mut after, last).await? {
        for event in events
            .iter()
            .filter(|it| Kind::is_among(&arguments.kinds, it))
        {
            let line = if arguments.json {
                line::json(event, &reader.names, None)
            } else {
                let text = line::plain(event, &reader.names, &zone, "%Y-%m-%d %H:%M");
                format!("{:>6} {text}", event.seq.0)
            };
            left -= 1;
            // A reader that has gone has seen what it wanted.
            if print(&line).is_err() || left == 0 {
                break 'pages;
            }
        }
    }
    reader.session.leave().await;
    Ok(())
}

/// The place before the newest entries up to `last`, as many as the limit allows.
async fn start(
    reader: &mut Reader,
    conversation: ConversationId,
    last: Seq,
    arguments: &Arguments,
) -> Result<Seq, SessionError> {
    let mut missing = arguments.limit.get();
    if arguments.kinds.is_empty() {
        return Ok(Seq(last.0.saturating_sub(missing)));
    }
    let mut before = last.next();
    while before > Seq(1) {
        let range = PageRange::Before(before);
        let (events, _) = reader.page(conversation, range, MAX_PAGE_ENTRIES).await?;
        let Some(first) = events.first() else {
            break;
        };
        before = first.seq;
        let kinds = &arguments.kinds;
        for event in events.iter().rev().filter(|it| Kind::is_among(kinds, it)) {
            missing -= 1;
            if missing == 0 {
                return Ok(event.seq.prev());
            }
        }
    }
    Ok(Seq::ZERO)
}
