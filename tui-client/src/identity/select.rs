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
pub enum Choice {
    /// An identity that exists.
    Known(Identity),
    /// The server of the same user on this machine lets a new name in: this one, or one to be
    /// asked for.
    Local {
        /// The ticket of that server.
        ticket: Invite,
        /// The name, if it was given.
        name: Option<UserName>,
    },
}

/// Reasons for which no identity was found.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// An identity cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The name cannot be one.
    #[error("{name:?} is not a valid name: {error}")]
    Name {
        /// The name as given.
        name: String,
        /// The rule that it breaks.
        error: NameError,
    },
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
        /// The name that was given, if one was.
        name: String,
        /// The server that was given, if one was.
        server: Option<ServerAddress>,
        /// The identities on this machine.
        known: String,
    },
}

fn at_server(server: Option<&ServerAddress>) -> String {
    server.map_or_else(String::new, |server| format!(" on {server}"))
}

/// Finds what is meant.
///
/// # Errors
/// [`SelectError`] says what to do if nothing fits.
pub fn select(paths: &Paths, selector: &IdentitySelector) -> Result<Choice, SelectError> {
    let identities = all(paths)?;
    let ticket = local_ticket(&paths.local_tickets);
    choose(identities, ticket, selector)
}

fn choose(
    identities: Vec<Identity>,
    ticket: Option<Invite>,
    selector: &IdentitySelector,
) -> Result<Choice, SelectError> {
    let folded = selector.name.as_deref().map(name::fold);
    let known = describe(&identities);
    let found = identities.into_iter().find(|identity| {
        let is_named = folded
            .as_ref()
            .is_none_or(|folded| identity.server.name.folded() == *folded);
        let is_there = selector
            .server
            .as_ref()
            .is_none_or(|server| identity.server.address == *server);
        is_named && is_there && !is_left_behind(identity, ticket.as_ref())
    });
    if let Some(identity) = found {
        return Ok(Choice::Known(identity));
    }
    let is_elsewhere = |ticket: &Invite| {
        let server = selector.server.as_ref();
        server.is_some_and(|server| *server != ticket.address)
    };
    match ticket {
        Some(ticket) if !is_elsewhere(&ticket) => {
            let name = selector.name.as_deref().map(user_name).transpose()?;
            Ok(Choice::Local { ticket, name })
        }
        _ if known.is_empty() => Err(SelectError::Nothing),
        _ => Err(SelectError::Unknown {
            name: selector.name.clone().unwrap_or_default(),
            server: selector.server.clone(),
            known,
        }),
    }
}

/// Whether an identity belongs to a local server that another one has taken the place of.
fn is_left_behind(identity: &Identity, ticket: Option<&Invite>) -> bool {
    let server = &identity.server;
    server.is_local && ticket.is_some_and(|ticket| ticket.fingerprint != server.fingerprint)
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
