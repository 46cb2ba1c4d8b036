//! How a session begins: a client says hello, and asks for all that the real one asks for then.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use recado_shared::{ClientFrame, Hello, Invite, ProtocolVersion, Request, Stamp, UserId, Welcome};
use rustls::ClientConfig;

use crate::connection::{Arrival, Connection};

/// What a client has been told so far.
#[derive(Debug, Default)]
struct Told {
    welcome: Option<Welcome>,
    are_heads_complete: bool,
    are_settings_known: bool,
    is_ping_answered: bool,
    /// Of whom it wants to know the presence, and does not yet.
    unknown: BTreeSet<UserId>,
}

impl Told {
    fn take(&mut self, arrival: Arrival<'_>) {
        match arrival {
            Arrival::Welcome(welcome) => self.welcome = Some(welcome),
            Arrival::HeadsComplete => self.are_heads_complete = true,
            // Nothing else was asked for.
            Arrival::Answer(_) => self.are_settings_known = true,
            Arrival::Pong => self.is_ping_answered = true,
            Arrival::Presence(user) => {
                self.unknown.remove(&user);
            }
            Arrival::Message(_) | Arrival::Other => {}
        }
    }

    fn is_all(&self) -> bool {
        self.are_heads_complete
            && self.are_settings_known
            && self.is_ping_answered
            && self.unknown.is_empty()
    }
}

/// Connects to a server, asks for everything anew, and watches the presence of these people. Returns
/// once all of that has come.
pub(crate) async fn open(
    ticket: &Invite,
    config: Arc<ClientConfig>,
    name: Option<&str>,
    watched: &[UserId],
) -> Result<(Connection, Welcome)> {
    let mut connection = Connection::tls(ticket, config).await?;
    connection.queue(&ClientFrame::Hello(Hello {
        oldest: ProtocolVersion::OLDEST,
        newest: ProtocolVersion::NEWEST,
        software: "load".to_owned(),
        name: name.map(str::to_owned),
        token: ticket.token.clone(),
        since: None,
        extensions: Vec::new(),
    }))?;
    let mut told = Told {
        unknown: watched.iter().copied().collect(),
        ..Told::default()
    };
    let welcome = loop {
        if let Some(welcome) = told.welcome.take() {
            break welcome;
        }
        connection.turn(|arrival| told.take(arrival)).await?;
    };
    connection.queue_ping()?;
    connection.queue_request(Request::Settings { after: Stamp(0) })?;
    while !told.are_heads_complete {
        connection.turn(|arrival| told.take(arrival)).await?;
    }
    if !watched.is_empty() {
        connection.queue(&ClientFrame::Watch(watched.to_vec()))?;
    }
    while !told.is_all() {
        connection.turn(|arrival| told.take(arrival)).await?;
    }
    Ok((connection, welcome))
}
