//! `recado export`: whole conversations, written as they are read, so that no log has to fit into
//! memory.

mod markdown;
mod output;
mod write;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use recado_shared::{ConversationId, Membership, PageRange, Seq};

use self::output::{Interruption, Output, Stop};
use self::write::Page;
use super::reading::Reader;
use super::{VerbContext, line};
use crate::client::Target;
use crate::exit::{Exit, Failure};

pub(crate) const HELP: &str = "\
jsonl has one line for each entry of the log, with the fields of 'recado tail --json'.
markdown has the messages as they read now, with reactions and marks for edited and deleted ones;
times are in the time zone of this machine.
Messages that arrive during the export are not included. The file is written atomically: it appears
only when it is complete. On standard output a failed export is incomplete, and the error says so.";

/// Arguments of `recado export`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Conversation: a user name, '#room' in quotes, or room:NAME
    #[arg(
        value_name = "TO",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    to: Option<String>,
    /// Export all conversations
    #[arg(long)]
    all: bool,
    /// Format of the export
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "output")]
    force: bool,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Print one JSON object per line, for programs.
    Jsonl,
    /// A Markdown document, for people
    Markdown,
}

/// How far an export has got, so that a failure can say so.
#[derive(Debug, Default)]
struct Progress {
    conversations: usize,
    of: usize,
    entries: u64,
}

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    let to = arguments.to.as_deref().map(str::parse::<Target>);
    let to = to.transpose()?;
    let mut interruption = Interruption::expect()?;
    // Before anything else, so that a file that cannot be written fails at once.
    let mut output = Output::open(arguments.output.as_deref(), arguments.force)?;
    let mut progress = Progress::default();
    let writing = write_all(context, (to, arguments.format), &mut output, &mut progress);
    let ended = tokio::select! {
        ended = writing => ended,
        failure = interruption.wait() => Err(Stop::Failed(failure)),
    };
    match ended.and_then(|()| output.finish()) {
        Ok(()) | Err(Stop::ReaderGone) => Ok(()),
        Err(Stop::Failed(failure)) => Err(incomplete(failure, &arguments, &progress)),
    }
}

/// Says what is there of an export that failed.
fn incomplete(failure: Failure, arguments: &Arguments, progress: &Progress) -> Failure {
    let Failure { exit, text } = failure;
    let left = match &arguments.output {
        Some(path) => format!("{} was not written", path.display()),
        None if progress.entries == 0 => return Failure { exit, text },
        None => format!(
            "the output is incomplete: {} entries, {} of {} conversations complete",
            progress.entries, progress.conversations, progress.of
        ),
    };
    Failure::new(exit, format!("{text}; {left}"))
}

async fn write_all(
    context: &VerbContext,
    (to, format): (Option<Target>, Format),
    output: &mut Output,
    progress: &mut Progress,
) -> Result<(), Stop> {
    let mut reader = Reader::open(context).await?;
    let conversations = match to {
        Some(to) => vec![reader.find(&to).await?],
        None => all(&reader),
    };
    progress.of = conversations.len();
    let zone = TimeZone::system();
    for conversation in conversations {
        match format {
            Format::Jsonl => write_lines(&mut reader, conversation, output, progress).await?,
            Format::Markdown => {
                let mut page = Page::begin(&mut reader, conversation, &zone).await?;
                page.write(&mut reader, output, &mut progress.entries)
                    .await?;
            }
        }
        progress.conversations += 1;
    }
    reader.leave().await;
    Ok(())
}

/// Everything that the user may read, people first.
fn all(reader: &Reader) -> Vec<ConversationId> {
    let is_read = |membership: Membership| membership == Membership::Member;
    let heads = reader.heads().values();
    let readable = heads.filter(|head| {
        let room = head.room.as_ref();
        room.is_none_or(|facts| is_read(facts.membership))
    });
    readable.map(|head| head.conversation).collect()
}

async fn write_lines(
    reader: &mut Reader,
    conversation: ConversationId,
    output: &mut Output,
    progress: &mut Progress,
) -> Result<(), Stop> {
    let newest = reader.newest(conversation).await?;
    let mut after = Seq::ZERO;
    while after < newest {
        let page = reader.page(conversation, PageRange::After(after)).await?;
        let Some(last) = page.events.last() else {
            break;
        };
        after = last.seq;
        for event in page.events.iter().filter(|event| event.seq <= newest) {
            output.write(&format!("{}\n", line::json(event, reader.names(), None)))?;
            progress.entries += 1;
        }
    }
    Ok(())
}

/// More is done with messages than is kept.
fn too_much(most: usize) -> Failure {
    let text = format!(
        "The conversation has more than {most} edits, deletions and reactions, too many for \
         Markdown. Use --format jsonl."
    );
    Failure::new(Exit::Failure, text)
}
