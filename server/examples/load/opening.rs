//! Start of a session: the hello, and everything that the real client requests after the welcome.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use recado_shared::client;
use recado_shared::{ClientFrame, Hello, Invite, Request, Stamp, UserId, Welcome};
use rustls::ClientConfig;

use crate::connection::{Connection, Incoming};

/// Parts of the state that have arrived.
#[derive(Debug, Default)]
struct OpeningState {
    welcome: Option<Welcome>,
    are_heads_complete: bool,
    are_settings_known: bool,
    is_ping_answered: bool,
    /// Watched users whose presence is not known yet.
    unknown: BTreeSet<UserId>,
}

impl OpeningState {
    fn take(&mut self, arrival: Incoming<'_>) {
        match arrival {
            Incoming::Welcome(welcome) => self.welcome = Some(welcome),
            Incoming::HeadsComplete => self.are_heads_complete = true,
            // The only request.
            Incoming::Answer(_) => self.are_settings_known = true,
            Incoming::Pong => self.is_ping_answered = true,
            Incoming::Presence(user) => {
                self.unknown.remove(&user);
            }
            Incoming::Message(_) | Incoming::Other => {}
        }
    }

    fn is_all(&self) -> bool {
        self.are_heads_complete
            && self.are_settings_known
            && self.is_ping_answered
            && self.unknown.is_empty()
    }
}

/// Connects to a server, requests the whole state, and watches these users. Returns once all of it has
/// arrived.
pub(crate) async fn open(
    ticket: &Invite,
    config: Arc<ClientConfig>,
    name: Option<&str>,
    watched: &[UserId],
) -> Result<(Connection, Welcome)> {
    let mut connection = Connection::tls(ticket, config).await?;
    connection.queue(&ClientFrame::Hello(Hello {
        name: name.map(str::to_owned),
        token: ticket.token.clone(),
        ..client::hello("load")
    }))?;
    let mut state = OpeningState {
        unknown: watched.iter().copied().collect(),
        ..OpeningState::default()
    };
    let welcome = loop {
        if let Some(welcome) = state.welcome.take() {
            break welcome;
        }
        connection.exchange(|arrival| state.take(arrival)).await?;
    };
    connection.queue_ping()?;
    connection.queue_request(Request::Settings { after: Stamp(0) })?;
    while !state.are_heads_complete {
        connection.exchange(|arrival| state.take(arrival)).await?;
    }
    if !watched.is_empty() {
        connection.queue(&ClientFrame::Watch(watched.to_vec()))?;
    }
    while !state.is_all() {
        connection.exchange(|arrival| state.take(arrival)).await?;
    }
    Ok((connection, welcome))
}
