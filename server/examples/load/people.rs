//! The clients of a scenario, let in a few at a time.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use recado_shared::{ConversationId, UserId};
use rustls::ClientConfig;

use crate::connection::{Connection, To, device};
use crate::opening;
use crate::subject::Door;

/// How many are let in at once.
const AT_ONCE: usize = 64;

/// A client that is in.
pub(crate) struct Person {
    pub(crate) number: u32,
    /// Of a server's user.
    pub(crate) user: UserId,
    /// Whose presence this one wants to know after coming back.
    pub(crate) watched: Vec<UserId>,
    pub(crate) connection: Connection,
    /// The device's key and the tickets that the server gave it, to come back with.
    config: Option<Arc<ClientConfig>>,
}

/// A client that was in and can come back.
pub(crate) struct Away {
    number: u32,
    user: UserId,
    watched: Vec<UserId>,
    config: Option<Arc<ClientConfig>>,
}

/// Lets people with these numbers in, each a user of their own, and waits until all are in sync.
pub(crate) async fn let_in(door: &Door, numbers: Range<u32>) -> Result<Vec<Person>> {
    each(numbers, async |number| open(door, number).await).await
}

/// Does something for each, for a few at once.
pub(crate) async fn each<I, T>(
    items: impl IntoIterator<Item = I>,
    act: impl AsyncFn(I) -> Result<T>,
) -> Result<Vec<T>> {
    let act = &act;
    let acting = stream::iter(items).map(move |item| act(item));
    acting.buffered(AT_ONCE).try_collect().await
}

/// Lets one in as a new user.
pub(crate) async fn open(door: &Door, number: u32) -> Result<Person> {
    let Some(ticket) = &door.ticket else {
        return Away::on_plain(number).come_back(door).await;
    };
    let config = device(ticket)?;
    let name = format!("user{number}");
    let (connection, welcome) =
        opening::open(ticket, Arc::clone(&config), Some(&name), &[]).await?;
    Ok(Person {
        number,
        user: welcome.user,
        watched: Vec::new(),
        connection,
        config: Some(config),
    })
}

impl Person {
    /// Cuts the connection off.
    pub(crate) fn cut_off(self) -> Away {
        Away {
            number: self.number,
            user: self.user,
            watched: self.watched,
            config: self.config,
        }
    }

    /// Where this one writes to the other.
    pub(crate) fn to(&self, other: &Self) -> To {
        match self.config {
            None => To::Number(other.number),
            Some(_) => To::Conversation(self.direct(other.user)),
        }
    }

    /// This one's conversation with another user of the server's.
    pub(crate) fn direct(&self, other: UserId) -> ConversationId {
        ConversationId::direct(self.user, other)
    }
}

impl Away {
    fn on_plain(number: u32) -> Self {
        Self {
            number,
            user: UserId(0),
            watched: Vec::new(),
            config: None,
        }
    }

    /// Connects again, and waits for all that a client asks for then.
    pub(crate) async fn come_back(self, door: &Door) -> Result<Person> {
        let Self {
            number,
            user,
            watched,
            config,
        } = self;
        let connection = match (&door.ticket, &config) {
            (Some(ticket), Some(config)) => {
                let config = Arc::clone(config);
                opening::open(ticket, config, None, &watched).await?.0
            }
            _ => Connection::plain(door.address, number).await?,
        };
        Ok(Person {
            number,
            user,
            watched,
            connection,
            config,
        })
    }
}
