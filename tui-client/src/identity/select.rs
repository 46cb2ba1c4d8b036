//! Choice of an identity by name and server. It creates no account.

use std::time::Duration;

use recado_shared::{Invite, ServerAddress, name};
use tokio::time::timeout;

use super::stored::{Identity, IdentityError, KnownServer, all, local_ticket};
use crate::exit::{Exit, Failure};
use crate::net::Link;
use crate::output::complain;
use crate::paths::Paths;
use crate::spelling::nearest;
use crate::strings::accounts as strings;

/// Bound of the question to a server whether it still admits the default identity. A server that is
/// slower than that is not waited for: its answer only shows in the full screen.
const ADMISSION_TIMEOUT: Duration = Duration::from_secs(1);

/// The identity that the user asks for.
#[derive(Clone, Debug, Default)]
pub struct IdentitySelector {
    /// The name, from `NAME` or `--as`.
    pub name: Option<String>,
    /// The server, from `--server`.
    pub server: Option<ServerAddress>,
}

/// The use that a verb makes of its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// With several identities, the default one is good enough.
    Read,
    /// Others see the author, so that the user has to name one of several identities.
    Write,
}

/// All identities of this machine, the default first, and the ticket of the server on it.
#[derive(Debug)]
pub(crate) struct Accounts {
    identities: Vec<Identity>,
    ticket: Option<Invite>,
}

impl Accounts {
    pub(crate) fn read(paths: &Paths) -> Result<Self, IdentityError> {
        Ok(Self {
            identities: all(paths)?,
            ticket: local_ticket(&paths.local_tickets),
        })
    }

    /// The identities that fit, the default first. Without a name, those that their server refused
    /// are left out, as are those of an earlier server on this machine.
    fn matching(&self, selector: &IdentitySelector) -> Vec<&Identity> {
        let folded = selector.name.as_deref().map(name::fold);
        let is_meant = |identity: &&Identity| {
            let server = &identity.server;
            let has_name = |name: &String| server.name.folded() == *name;
            let is_named = folded.as_ref().map_or(!identity.is_denied, has_name);
            let is_there = selector
                .server
                .as_ref()
                .is_none_or(|it| server.address == *it);
            is_named && is_there && !self.is_replaced(identity)
        };
        let mut found: Vec<_> = self.identities.iter().filter(is_meant).collect();
        found.sort_by_key(|identity| identity.is_denied);
        found
    }

    /// Whether another local server has taken the place of its server.
    fn is_replaced(&self, identity: &Identity) -> bool {
        let is_other = |ticket: &Invite| ticket.fingerprint != identity.server.fingerprint;
        identity.server.is_local && self.ticket.as_ref().is_some_and(is_other)
    }

    /// The identity to use; `None` if this machine has none that fits.
    ///
    /// # Errors
    /// Several fit, and the user has to say which one is to write.
    pub(crate) async fn choose(
        &self,
        paths: &Paths,
        selector: &IdentitySelector,
        access: Access,
    ) -> Result<Option<Identity>, Failure> {
        let found = self.matching(selector);
        let admitted = found.iter().filter(|identity| !identity.is_denied).count();
        match found[..] {
            [] => Ok(None),
            _ if access == Access::Write && admitted > 1 => {
                let text = strings::choose_one(selector.name.as_deref(), &list(&found));
                Err(Failure::usage(text))
            }
            [_, _, ..] if selector.name.is_none() => {
                Ok(first_admitted(paths, &found).await.cloned())
            }
            [first, ..] => Ok(Some(first.clone())),
        }
    }

    /// The error for a name that this machine does not have, or for no name where none can be opened.
    /// `hint` suggests another name or verb, or is empty.
    pub(crate) fn missing(&self, selector: &IdentitySelector, hint: &str) -> Failure {
        let known = list(&self.identities.iter().collect::<Vec<_>>());
        let text = match (&selector.name, known.is_empty(), &self.ticket) {
            (_, true, None) => strings::first_steps(hint),
            (None, true, Some(_)) => strings::NO_ACCOUNT_HERE.to_owned(),
            (None, false, _) => strings::none_to_open(&known),
            (Some(name), ..) => strings::no_account(name, selector.server.as_ref(), hint, &known),
        };
        Failure::new(Exit::Failure, text)
    }

    /// The name of an identity that is spelled almost like this one.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.identities.iter();
        nearest(name, names.map(|identity| identity.server.name.as_str()))
    }

    /// Whether a server of the same user runs on this machine and is the one that is meant.
    pub(crate) fn has_local_server(&self, selector: &IdentitySelector) -> bool {
        let ticket = self.ticket.as_ref();
        ticket.is_some_and(|ticket| is_meant(ticket, selector))
    }
}

/// The ticket of the server on this machine, if that is the one that is meant.
pub(crate) fn local_server(paths: &Paths, selector: &IdentitySelector) -> Option<Invite> {
    local_ticket(&paths.local_tickets).filter(|ticket| is_meant(ticket, selector))
}

fn is_meant(ticket: &Invite, selector: &IdentitySelector) -> bool {
    selector
        .server
        .as_ref()
        .is_none_or(|server| ticket.address == *server)
}

/// The first identity that its server does not refuse. Asks each in turn, because a server may have
/// removed the user since the last session.
async fn first_admitted<'a>(paths: &Paths, identities: &[&'a Identity]) -> Option<&'a Identity> {
    for &identity in identities {
        let Ok(mut link) = Link::new(identity.net_config(paths)) else {
            continue;
        };
        match timeout(ADMISSION_TIMEOUT, link.connect()).await {
            Ok(Err(error)) if error.is_denial() => {
                let KnownServer { name, address, .. } = &identity.server;
                complain(&strings::skipped(name, address, &error.summary()));
            }
            Ok(Ok(session)) => {
                session.leave().await;
                return Some(identity);
            }
            Ok(Err(_)) | Err(_) => return Some(identity),
        }
    }
    None
}

fn list(identities: &[&Identity]) -> String {
    let describe = |identity: &&Identity| {
        let server = &identity.server;
        strings::account(&server.name, &server.address, identity.is_denied)
    };
    identities
        .iter()
        .map(describe)
        .collect::<Vec<_>>()
        .join(", ")
}
