//! `recado export`: whole conversations, written as they are read, so that no log has to fit into
//! memory.

mod markdown;
mod output;
mod transcript;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use recado_shared::{ConversationId, Membership, Seq};

use self::output::{Output, Stop};
use self::transcript::Transcript;
use super::reader::Reader;
use super::{VerbContext, line};
use crate::client::Target;
use crate::exit::Failure;

pub(crate) const HELP: &str = "\
jsonl has one line for each entry of the log, with the fields of 'recado tail --json'.
markdown has the messages as they read now, with reactions and marks for edited and deleted ones;
times are in the time zone of this machine.
Messages that arrive during the export are not included. The file is written atomically: it appears
only when it is complete. On standard output a failed export is incomplete, and the error says so.";

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Print one JSON object per line, for programs.
    Jsonl,
    /// A Markdown document, for people
    Markdown,
}

/// Complete parts of an export, for the error if it fails.
#[derive(Debug, Default)]
struct Progress {
    conversations: usize,
    total_conversations: usize,
    entries: u64,
}

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    let to = arguments.to.as_deref().map(str::parse::<Target>);
    let to = to.transpose()?;
    let interruption = output::interruption()?;
    // Before anything else, so that a file that cannot be written fails at once.
    let mut output = Output::open(arguments.output.as_deref(), arguments.force)?;
    let mut progress = Progress::default();
    let source = (to, arguments.format);
    let ended = tokio::select! {
        ended = write_all(context, source, &mut output, &mut progress) => ended,
        failure = interruption => Err(Stop::Failed(failure)),
    };
    match ended.and_then(|()| output.finish()) {
        Ok(()) | Err(Stop::ReaderGone) => Ok(()),
        Err(Stop::Failed(failure)) => Err(incomplete(failure, &arguments, &progress)),
    }
}

fn incomplete(failure: Failure, arguments: &Arguments, progress: &Progress) -> Failure {
    let Failure { exit, text } = failure;
    let left = match &arguments.output {
        Some(path) => format!("{} was not written", path.display()),
        None if progress.entries == 0 => return Failure { exit, text },
        None => format!(
            "the output is incomplete: {} entries, {} of {} conversations complete",
            progress.entries, progress.conversations, progress.total_conversations
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
    progress.total_conversations = conversations.len();
    let zone = TimeZone::system();
    for conversation in conversations {
        match format {
            Format::Jsonl => write_lines(&mut reader, conversation, output, progress).await?,
            Format::Markdown => {
                let mut transcript = Transcript::begin(&mut reader, conversation, &zone).await?;
                let entries = &mut progress.entries;
                transcript.write(&mut reader, output, entries).await?;
            }
        }
        progress.conversations += 1;
    }
    reader.session.leave().await;
    Ok(())
}

/// Everything that the user may read, direct conversations first.
fn all(reader: &Reader) -> Vec<ConversationId> {
    let readable = reader.heads.values().filter(|head| {
        let room = head.room.as_ref();
        room.is_none_or(|info| info.membership == Membership::Member)
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
    while let Some(events) = reader.next_events(conversation, &mut after, newest).await? {
        for event in &events {
            output.write(&format!("{}\n", line::json(event, &reader.names, None)))?;
            progress.entries += 1;
        }
    }
    Ok(())
}
