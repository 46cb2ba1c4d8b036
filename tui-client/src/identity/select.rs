//! Selection of an identity by name and server, or of the local server to join.

use recado_shared::{Invite, ServerAddress, UserName, name};

use super::stored::{Identity, KnownServer, all, local_ticket};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;

/// The identity that the user asks for.
#[derive(Clone, Debug, Default)]
pub struct IdentitySelector {
    /// The name, from `NAME` or `--as`.
    pub name: Option<String>,
    /// The server, from `--server`.
    pub server: Option<ServerAddress>,
}

/// The identity to open, or the way to get it.
#[derive(Debug)]
pub(crate) enum Choice {
    Known(Identity),
    /// The server of the same user on this machine lets a new name in.
    Local {
        ticket: Invite,
        /// `None` if it has to be asked for.
        name: Option<UserName>,
    },
}

const FIRST_STEPS: &str = "\
You have not joined a server yet. To get started:
  recado demo            try Recado with a few scripted companions
  recado join INVITE     join a server with an invite
  recado host            start a server here and open Recado
  recado-server          start a server that keeps running, then run 'recado NAME'";

pub(crate) fn select(paths: &Paths, selector: &IdentitySelector) -> Result<Choice, Failure> {
    let identities = all(paths)?;
    let ticket = local_ticket(&paths.local_tickets);
    let folded = selector.name.as_deref().map(name::fold);
    let address = selector.server.as_ref();
    let known = identities.iter().map(|Identity { server, .. }| {
        let KnownServer { name, address, .. } = server;
        format!("{name} on {address}")
    });
    let known = known.collect::<Vec<_>>().join(", ");
    let found = identities.into_iter().find(|Identity { server, .. }| {
        let is_named = folded
            .as_ref()
            .is_none_or(|name| server.name.folded() == *name);
        let is_there = address.is_none_or(|address| server.address == *address);
        // Another local server has taken the place of this one.
        let is_replaced = server.is_local
            && ticket
                .as_ref()
                .is_some_and(|ticket| ticket.fingerprint != server.fingerprint);
        is_named && is_there && !is_replaced
    });
    if let Some(identity) = found {
        return Ok(Choice::Known(identity));
    }
    match ticket.filter(|ticket| address.is_none_or(|address| *address == ticket.address)) {
        Some(ticket) => {
            let name = selector.name.as_deref().map(user_name).transpose()?;
            Ok(Choice::Local { ticket, name })
        }
        None if known.is_empty() => Err(Failure::new(Exit::Failure, FIRST_STEPS)),
        None => {
            let name = selector.name.as_deref().unwrap_or_default();
            let place = address.map_or_else(String::new, |address| format!(" on {address}"));
            let text = format!(
                "There is no identity {name:?}{place} on this machine. Join with 'recado join \
                 INVITE'. Identities here: {known}"
            );
            Err(Failure::new(Exit::Failure, text))
        }
    }
}

fn user_name(text: &str) -> Result<UserName, Failure> {
    let failed = |error| Failure::usage(format!("{text:?} is not a valid name: {error}"));
    UserName::new(text).map_err(failed)
}
