//! Clients of a scenario: registering, disconnecting and reconnecting them, a few at a time.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use recado_shared::{ConversationId, UserId};
use rustls::ClientConfig;

use crate::connection::{Connection, To, device};
use crate::opening;
use crate::subject::Endpoint;

/// Connections in progress at a time.
const CONCURRENT: usize = 64;

/// A client with an open session.
pub(crate) struct Client {
    pub(crate) number: u32,
    /// Its user on the server; 0 on the baseline relay.
    pub(crate) user: UserId,
    /// Users whose presence it watches after it reconnects.
    pub(crate) watched: Vec<UserId>,
    pub(crate) connection: Connection,
    /// The device's key and its TLS session tickets. `None` on the baseline relay.
    config: Option<Arc<ClientConfig>>,
}

/// A disconnected client, which can reconnect.
pub(crate) struct OfflineClient {
    number: u32,
    user: UserId,
    watched: Vec<UserId>,
    config: Option<Arc<ClientConfig>>,
}

/// Registers a client for each number, and waits until all are in sync.
pub(crate) async fn connect_all(endpoint: &Endpoint, numbers: Range<u32>) -> Result<Vec<Client>> {
    for_each(numbers, async |number| register(endpoint, number).await).await
}

/// Runs `act` for each item, for a few at a time.
pub(crate) async fn for_each<I, T>(
    items: impl IntoIterator<Item = I>,
    act: impl AsyncFn(I) -> Result<T>,
) -> Result<Vec<T>> {
    let act = &act;
    let acting = stream::iter(items).map(move |item| act(item));
    acting.buffered(CONCURRENT).try_collect().await
}

/// Registers a client as a new user.
pub(crate) async fn register(endpoint: &Endpoint, number: u32) -> Result<Client> {
    let Some(ticket) = &endpoint.ticket else {
        return OfflineClient::on_plain(number).reconnect(endpoint).await;
    };
    let config = device(ticket)?;
    let name = format!("user{number}");
    let (connection, welcome) =
        opening::open(ticket, Arc::clone(&config), Some(&name), &[]).await?;
    Ok(Client {
        number,
        user: welcome.user,
        watched: Vec::new(),
        connection,
        config: Some(config),
    })
}

impl Client {
    pub(crate) fn disconnect(self) -> OfflineClient {
        OfflineClient {
            number: self.number,
            user: self.user,
            watched: self.watched,
            config: self.config,
        }
    }

    /// The destination of messages to another client.
    pub(crate) fn to(&self, other: &Self) -> To {
        match self.config {
            None => To::Number(other.number),
            Some(_) => To::Conversation(self.direct(other.user)),
        }
    }

    /// The direct conversation with another user.
    pub(crate) fn direct(&self, other: UserId) -> ConversationId {
        ConversationId::direct(self.user, other)
    }
}

impl OfflineClient {
    fn on_plain(number: u32) -> Self {
        Self {
            number,
            user: UserId(0),
            watched: Vec::new(),
            config: None,
        }
    }

    /// Connects again, and waits for everything that a client requests then.
    pub(crate) async fn reconnect(self, endpoint: &Endpoint) -> Result<Client> {
        let Self {
            number,
            user,
            watched,
            config,
        } = self;
        let connection = match (&endpoint.ticket, &config) {
            (Some(ticket), Some(config)) => {
                let config = Arc::clone(config);
                opening::open(ticket, config, None, &watched).await?.0
            }
            _ => Connection::plain(endpoint.address, number).await?,
        };
        Ok(Client {
            number,
            user,
            watched,
            connection,
            config,
        })
    }
}
