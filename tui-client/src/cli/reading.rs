//! What `recado history` and `recado export` take.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::verbs::Kind;

pub(crate) const HISTORY_HELP: &str = "\
Without --after the newest entries are printed, or those right before --before; with --after those
right after it, so that the last seq of one call leads to the next. The oldest comes first in either
case. A text that was deleted since is gone here too: its entry is erased. 'recado tail' has what
comes, 'recado export' everything.";

pub(crate) const EXPORT_HELP: &str = "\
jsonl has every entry of the log on a line of its own, with the fields of 'recado tail --json'.
markdown is for people: each message as it reads now, marked if it was edited, with its reactions;
what is left of a deleted one; times in the zone of this machine.
What is being said meanwhile is left out. A file appears under its name once it is whole, and
nothing is left of it if something fails; standard output then has a part, and the error says so.";

/// Which entries to print.
#[derive(Args, Debug)]
pub(crate) struct HistoryArguments {
    /// With whom, or in which room ('#room' or room:room)
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// How many at most
    #[arg(long, value_name = "N", default_value = "50")]
    pub(crate) limit: NonZeroU64,
    /// Only what stands before this seq
    #[arg(long, value_name = "SEQ")]
    pub(crate) before: Option<u64>,
    /// Only what stands after this seq
    #[arg(long, value_name = "SEQ")]
    pub(crate) after: Option<u64>,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Only these kinds, with commas between them [default: all]
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,
}

/// What to export, and where to.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// With whom, or which room ('#room' or room:room)
    #[arg(
        value_name = "TO",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub(crate) to: Option<String>,
    /// Every conversation
    #[arg(long)]
    pub(crate) all: bool,
    /// In which form
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    pub(crate) format: Format,
    /// Into a new file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line, for programs.
    Jsonl,
    /// A page of Markdown, for people.
    Markdown,
}
