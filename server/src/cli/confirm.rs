//! The question before a change that cannot be undone.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use anyhow::Result;
use clap::Args;

use super::refused::Refused;

/// Longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 100;

#[derive(Debug, Args)]
pub(super) struct Confirmation {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Asks on the terminal, unless `--yes` is given.
    ///
    /// # Errors
    /// If the answer is not yes, or there is no terminal to ask on.
    pub(super) fn require(&self, question: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            let text = "this cannot be undone. Add --yes to confirm it";
            return Err(Refused(text.to_owned()).into());
        }
        let mut err = io::stderr();
        write!(err, "{question} This cannot be undone. [y/N] ")?;
        err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        Err(Refused("nothing was changed".to_owned()).into())
    }
}
