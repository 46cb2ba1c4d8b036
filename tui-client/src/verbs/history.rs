//! `recado history`: prints stored entries of one conversation, the oldest first.

use std::num::NonZeroU64;

use clap::Args;
use jiff::tz::TimeZone;
use recado_shared::{ConversationId, PageRange, Seq};

use super::VerbContext;
use super::line::{self, Kind};
use super::reading::Reader;
use crate::client::{Event, Target};
use crate::exit::Failure;
use crate::net::SessionError;
use crate::output::{ReaderGone, print};

pub(crate) const HELP: &str = "\
Prints the newest entries, or those right before --before. With --after, it prints those right after
it, so that the last seq of one call continues with the next. The oldest entry always comes first.
Deleted messages appear as erased entries without their text.
Use 'recado tail' to follow new messages and 'recado export' for the whole history.";

/// Arguments of `recado history`.
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
    let newest = reader.newest(conversation).await?;
    let last = newest.min(before.prev());
    let stretch = Stretch {
        conversation,
        last,
        arguments: &arguments,
    };
    let after = match arguments.after {
        Some(after) => Seq(after),
        None => stretch.beginning(&mut reader).await?,
    };
    // A reader that has gone has seen what it wanted.
    let _ = stretch.print(&mut reader, after).await?;
    reader.leave().await;
    Ok(())
}

/// The entries to print.
struct Stretch<'a> {
    conversation: ConversationId,
    last: Seq,
    arguments: &'a Arguments,
}

impl Stretch<'_> {
    /// The place before the wanted ones, if the last ones are wanted.
    async fn beginning(&self, reader: &mut Reader) -> Result<Seq, SessionError> {
        let mut missing = self.arguments.limit.get();
        if self.arguments.kinds.is_empty() {
            return Ok(Seq(self.last.0.saturating_sub(missing)));
        }
        let mut before = self.last.next();
        while before > Seq(1) {
            let range = PageRange::Before(before);
            let page = reader.page(self.conversation, range).await?;
            let Some(first) = page.events.first() else {
                break;
            };
            before = first.seq;
            for event in page.events.iter().rev().filter(|event| self.has(event)) {
                missing -= 1;
                if missing == 0 {
                    return Ok(event.seq.prev());
                }
            }
        }
        Ok(Seq::ZERO)
    }

    async fn print(
        &self,
        reader: &mut Reader,
        mut after: Seq,
    ) -> Result<Result<(), ReaderGone>, SessionError> {
        let zone = TimeZone::system();
        let mut left = self.arguments.limit.get();
        while after < self.last {
            let page = reader
                .page(self.conversation, PageRange::After(after))
                .await?;
            let Some(end) = page.events.last() else {
                break;
            };
            after = end.seq;
            for event in page.events.iter().filter(|event| self.has(event)) {
                if print(&self.line(reader, event, &zone)).is_err() {
                    return Ok(Err(ReaderGone));
                }
                left -= 1;
                if left == 0 {
                    return Ok(Ok(()));
                }
            }
        }
        Ok(Ok(()))
    }

    fn has(&self, event: &Event) -> bool {
        let kinds = &self.arguments.kinds;
        event.seq <= self.last && (kinds.is_empty() || kinds.contains(&Kind::of(&event.content)))
    }

    fn line(&self, reader: &Reader, event: &Event, zone: &TimeZone) -> String {
        let names = reader.names();
        if self.arguments.json {
            line::json(event, names, None)
        } else {
            let told = line::plain(event, names, zone, "%Y-%m-%d %H:%M");
            format!("{:>6} {told}", event.seq.0)
        }
    }
}
