//! Choice of an identity by name and server, from what is stored alone. It creates no account and
//! asks no server.

use std::path::Path;

use recado_shared::{Invite, ServerAddress, name};

use super::stored::{Identity, IdentityError, all, local_ticket};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::spelling::nearest;
use crate::strings::accounts as strings;

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

    /// The identities that may be used, the first choice first; empty if this machine has none that
    /// fits. Only a [`Read`](Access::Read) without a name gets several.
    ///
    /// # Errors
    /// Several fit, and the user has to say which one is to write.
    pub(crate) fn choose(
        &self,
        selector: &IdentitySelector,
        access: Access,
    ) -> Result<Vec<&Identity>, Failure> {
        let mut found = self.matching(selector);
        let admitted = found.iter().filter(|identity| !identity.is_denied).count();
        if access == Access::Write && admitted > 1 {
            let text = strings::choose_one(selector.name.as_deref(), &list(&found));
            return Err(Failure::usage(text));
        }
        if selector.name.is_some() {
            found.truncate(1);
        }
        Ok(found)
    }

    /// Leaves an identity out from now on unless its name is given, because its server has refused it.
    pub(crate) fn note_denial(&mut self, folder: &Path) {
        let mut identities = self.identities.iter_mut();
        if let Some(identity) = identities.find(|identity| identity.folder == folder) {
            identity.is_denied = true;
        }
    }

    /// Whether an identity of a server that is still in its place was refused.
    pub(crate) fn has_denied(&self) -> bool {
        let mut identities = self.identities.iter();
        identities.any(|identity| identity.is_denied && !self.is_replaced(identity))
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
