//! Arguments and help of `recado history` and `recado export`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::verbs::Kind;

pub(crate) const HISTORY_HELP: &str = "\
Prints the newest entries, or those right before --before. With --after, it prints those right after
it, so that the last seq of one call continues with the next. The oldest entry always comes first.
Deleted messages appear as erased entries without their text.
Use 'recado tail' to follow new messages and 'recado export' for the whole history.";

pub(crate) const EXPORT_HELP: &str = "\
jsonl has one line for each entry of the log, with the fields of 'recado tail --json'.
markdown has the messages as they read now, with reactions and marks for edited and deleted ones;
times are in the time zone of this machine.
Messages that arrive during the export are not included. The file is written atomically: it appears
only when it is complete. On standard output a failed export is incomplete, and the error says so.";

/// Arguments of `recado history`.
#[derive(Args, Debug)]
pub(crate) struct HistoryArguments {
    /// Conversation: a user name, '#room' in quotes, or room:NAME
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// Maximum number of entries
    #[arg(long, value_name = "N", default_value = "50")]
    pub(crate) limit: NonZeroU64,
    /// Only entries before this seq
    #[arg(long, value_name = "SEQ")]
    pub(crate) before: Option<u64>,
    /// Only entries after this seq
    #[arg(long, value_name = "SEQ")]
    pub(crate) after: Option<u64>,
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Only entries of these kinds, separated by commas [default: all]
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,
}

/// Arguments of `recado export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// Conversation: a user name, '#room' in quotes, or room:NAME
    #[arg(
        value_name = "TO",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub(crate) to: Option<String>,
    /// Export all conversations
    #[arg(long)]
    pub(crate) all: bool,
    /// Format of the export
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    pub(crate) format: Format,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Print one JSON object per line, for programs.
    Jsonl,
    /// A Markdown document, for people
    Markdown,
}
