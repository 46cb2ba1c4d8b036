//! Creation of an account on the server of this machine, for `recado NAME` alone: it reaches the server,
//! asks, and claims the name.

use std::time::Duration;

use recado_shared::{Invite, Refusal, UserName, name};
use tokio::time::{Instant, sleep};

use super::VerbContext;
use super::ask::{ask_name, confirm, is_interactive, login_name, parse_name};
use super::join::claim_name;
use super::open::require_terminal;
use crate::exit::Failure;
use crate::identity::{Accounts, Identity, RegisterError, Registration, local_server};
use crate::net::ConnectError;
use crate::output::tell;
use crate::spelling::nearest;
use crate::strings::accounts as strings;

/// Bound of the wait for a server that was started just before. It writes its ticket as soon as its
/// data is open, and accepts connections after that.
const START_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two looks at the ticket.
const START_POLL: Duration = Duration::from_millis(50);

/// The verbs of `recado-server`, which new users try with `recado`.
const SERVER_VERBS: [&str; 6] = ["invite", "user", "policy", "announce", "sessions", "stats"];

/// The permission to create an account, and the words that are no names.
pub(crate) struct Creation {
    /// Whether the user has agreed on the command line.
    pub(crate) yes: bool,
    /// The verbs of this program.
    pub(crate) verbs: Vec<String>,
}

impl Creation {
    /// Creates the account that the command line names, or one with a name that it asks for.
    pub(super) async fn run(
        &self,
        context: &VerbContext,
        accounts: &Accounts,
    ) -> Result<Identity, Failure> {
        let VerbContext {
            paths, selector, ..
        } = context;
        let Some(given) = selector.name.as_deref() else {
            let found = reach(context, None, false).await?;
            let (registration, known) = found.ok_or_else(|| accounts.missing(selector, ""))?;
            if let Some(name) = known {
                return Ok(registration.finish(paths, name)?);
            }
            let name = ask_name(strings::CHOOSE_NAME, login_name().as_ref())?;
            return claim_name(paths, registration, name).await;
        };
        let verb = self.verbs.iter().find(|verb| name::fold(given) == **verb);
        if let Some(verb) = verb.filter(|_| !context.keeps_default) {
            return Err(Failure::usage(strings::is_a_verb(given, verb)));
        }
        let name = parse_name(given)?;
        let hint = self.hint(given, accounts);
        let has_server = accounts.has_local_server(selector);
        if has_server && !self.yes && !is_interactive() {
            return Err(Failure::usage(strings::not_created(&name, &hint)));
        }
        // Nothing is asked on a terminal that could not show the account afterwards.
        if !self.yes && is_interactive() && hint.is_empty() {
            require_terminal()?;
        }
        let waits = self.yes || (is_interactive() && hint.is_empty());
        let found = reach(context, Some(&name), waits).await?;
        let (registration, known) = found.ok_or_else(|| accounts.missing(selector, &hint))?;
        if let Some(name) = known {
            return Ok(registration.finish(paths, name)?);
        }
        if !self.yes {
            if !hint.is_empty() {
                tell(&strings::unknown_name(&name, &hint));
            }
            let question = strings::create(&name, registration.address());
            confirm(&question, &strings::not_created(&name, &hint))?;
        }
        claim_name(paths, registration, name).await
    }

    /// A suggestion for a word that is almost a verb or an account, or empty.
    fn hint(&self, given: &str, accounts: &Accounts) -> String {
        let near = |program: &str, word: &str| strings::did_you_mean(&format!("{program} {word}"));
        let verbs = self.verbs.iter().map(String::as_str);
        let verb = nearest(given, verbs).map(|verb| near("recado", verb));
        let account = || accounts.nearest(given).map(|name| near("recado", name));
        let of_server =
            || nearest(given, SERVER_VERBS.into_iter()).map(|verb| near("recado-server", verb));
        let hint = verb.or_else(account).or_else(of_server);
        hint.unwrap_or_default()
    }
}

/// Reaches the server on this machine with a new key; `None` without a server. A server that starts
/// is waited for: its ticket may be missing, or that of an earlier run, and its port closed.
async fn reach(
    context: &VerbContext,
    name: Option<&UserName>,
    waits: bool,
) -> Result<Option<(Registration, Option<UserName>)>, Failure> {
    let paths = &context.paths;
    let deadline = Instant::now() + START_TIMEOUT;
    let mut tried: Option<(Invite, RegisterError)> = None;
    let mut has_told = false;
    loop {
        if let Some(ticket) = local_server(paths, &context.selector)
            && tried
                .as_ref()
                .is_none_or(|(old, error)| *old != ticket || is_starting(error))
        {
            let mut registration = Registration::new(paths, &ticket, name, true)?;
            match registration.reach().await {
                Ok(known) => return Ok(Some((registration, known))),
                Err(error) if is_starting(&error) || is_stale(&error) => {
                    tried = Some((ticket, error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if (!waits && tried.is_none()) || Instant::now() >= deadline {
            return tried.map_or(Ok(None), |(_, error)| Err(error.into()));
        }
        if !std::mem::replace(&mut has_told, true) {
            tell(strings::WAITING_FOR_SERVER);
        }
        sleep(START_POLL).await;
    }
}

/// Whether the server may be about to accept connections.
fn is_starting(error: &RegisterError) -> bool {
    matches!(
        error,
        RegisterError::Connect(
            ConnectError::ConnectionRefused { .. } | ConnectError::Broken { .. }
        )
    )
}

/// Whether the ticket may be that of an earlier run.
fn is_stale(error: &RegisterError) -> bool {
    matches!(
        error,
        RegisterError::Connect(
            ConnectError::WrongKey { .. }
                | ConnectError::Refused {
                    refusal: Refusal::InviteNeeded
                        | Refusal::InviteUnknown
                        | Refusal::Closed
                        | Refusal::ShuttingDown,
                    ..
                }
        )
    )
}
