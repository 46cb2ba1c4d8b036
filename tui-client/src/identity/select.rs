//! Selection of an identity by name and server, or of the local server to join.

use recado_shared::{Invite, NameError, ServerAddress, UserName, name};

use super::stored::{Identity, IdentityError, all, local_ticket};
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

#[derive(Debug, thiserror::Error)]
pub(crate) enum SelectError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("{name:?} is not a valid name: {error}")]
    Name { name: String, error: NameError },
    /// There is neither an identity nor a local server.
    #[error(
        "You have not joined a server yet. To get started:\n\
         \x20 recado demo            try Recado with a few scripted companions\n\
         \x20 recado join INVITE     join a server with an invite\n\
         \x20 recado host            start a server here and open Recado\n\
         \x20 recado-server          start a server that keeps running, then run 'recado NAME'"
    )]
    Nothing,
    /// There are identities, but not this one, and no local server to register it with.
    #[error(
        "There is no identity {name:?}{} on this machine. Join with 'recado join INVITE'. \
         Identities here: {known}", at_server(.server.as_ref())
    )]
    Unknown {
        name: String,
        server: Option<ServerAddress>,
        /// The identities on this machine.
        known: String,
    },
}

fn at_server(server: Option<&ServerAddress>) -> String {
    server.map_or_else(String::new, |server| format!(" on {server}"))
}

pub(crate) fn select(paths: &Paths, selector: &IdentitySelector) -> Result<Choice, SelectError> {
    let identities = all(paths)?;
    let ticket = local_ticket(&paths.local_tickets);
    let folded = selector.name.as_deref().map(name::fold);
    let address = selector.server.as_ref();
    let known = describe(&identities);
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
        None if known.is_empty() => Err(SelectError::Nothing),
        None => Err(SelectError::Unknown {
            name: selector.name.clone().unwrap_or_default(),
            server: selector.server.clone(),
            known,
        }),
    }
}

fn user_name(text: &str) -> Result<UserName, SelectError> {
    UserName::new(text).map_err(|error| SelectError::Name {
        name: text.to_owned(),
        error,
    })
}

fn describe(identities: &[Identity]) -> String {
    let each = identities.iter().map(|identity| {
        let server = &identity.server;
        format!("{} on {}", server.name, server.address)
    });
    each.collect::<Vec<_>>().join(", ")
}
