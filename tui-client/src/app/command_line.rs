//! The line of a slash command, kept until the command is done.

use recado_shared::ConversationId;

/// A slash command as it was typed: it returns to its composer if the command fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// `None` if no conversation was open.
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) text: String,
}
