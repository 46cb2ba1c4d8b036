//! `recado history`: prints stored entries of one conversation, the oldest first.

use std::num::NonZeroU64;

use clap::Args;
use jiff::tz::TimeZone;
use recado_shared::client::NameCache;
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{ConversationId, PageRange, Seq};

use super::VerbContext;
use super::line::{self, Kind};
use super::reader::Reader;
use crate::client::{Event, Target};
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
    let newest = reader.newest(conversation).await?;
    let range = EntryRange {
        conversation,
        last: newest.min(before.prev()),
        arguments: &arguments,
    };
    let after = match arguments.after {
        Some(after) => Seq(after),
        None => range.start(&mut reader).await?,
    };
    range.print(&mut reader, after).await?;
    reader.session.leave().await;
    Ok(())
}

/// The entries to print.
struct EntryRange<'a> {
    conversation: ConversationId,
    last: Seq,
    arguments: &'a Arguments,
}

impl EntryRange<'_> {
    /// The place before the newest entries, as many as the limit allows.
    async fn start(&self, reader: &mut Reader) -> Result<Seq, SessionError> {
        let mut missing = self.arguments.limit.get();
        if self.arguments.kinds.is_empty() {
            return Ok(Seq(self.last.0.saturating_sub(missing)));
        }
        let mut before = self.last.next();
        while before > Seq(1) {
            let range = PageRange::Before(before);
            let page = reader.page(self.conversation, range, MAX_PAGE_ENTRIES);
            let (events, _) = page.await?;
            let Some(first) = events.first() else {
                break;
            };
            before = first.seq;
            for event in events.iter().rev().filter(|event| self.has(event)) {
                missing -= 1;
                if missing == 0 {
                    return Ok(event.seq.prev());
                }
            }
        }
        Ok(Seq::ZERO)
    }

    async fn print(&self, reader: &mut Reader, mut after: Seq) -> Result<(), SessionError> {
        let zone = TimeZone::system();
        let mut left = self.arguments.limit.get();
        let (conversation, last) = (self.conversation, self.last);
        while let Some(events) = reader.next_events(conversation, &mut after, last).await? {
            for event in events.iter().filter(|event| self.has(event)) {
                // A reader that has gone has seen what it wanted.
                if print(&self.line(&reader.names, event, &zone)).is_err() {
                    return Ok(());
                }
                left -= 1;
                if left == 0 {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn has(&self, event: &Event) -> bool {
        event.seq <= self.last && Kind::is_among(&self.arguments.kinds, event)
    }

    fn line(&self, names: &NameCache, event: &Event, zone: &TimeZone) -> String {
        if self.arguments.json {
            return line::json(event, names, None);
        }
        let text = line::plain(event, names, zone, "%Y-%m-%d %H:%M");
        format!("{:>6} {text}", event.seq.0)
    }
}
