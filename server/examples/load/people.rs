//! The clients of a scenario, let in a few at a time.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use recado_shared::UserId;
use rustls::ClientConfig;

use crate::connection::{Arrival, Connection, device};
use crate::subject::{Kind, Subject};

/// How many are let in at once.
const AT_ONCE: usize = 64;

/// A client that is in.
pub(crate) struct Person {
    pub(crate) number: u32,
    /// Of a server's user.
    pub(crate) user: UserId,
    pub(crate) connection: Connection,
    /// The device's key, to come back with.
    pub(crate) config: Option<Arc<ClientConfig>>,
}

/// Lets this many in, each a user of their own, and waits until all are in sync.
pub(crate) async fn let_in(subject: &Subject, count: usize) -> Result<Vec<Person>> {
    let numbers = 0..u32::try_from(count)?;
    let opening = stream::iter(numbers).map(|number| open(subject, number));
    let mut people: Vec<Person> = opening.buffer_unordered(AT_ONCE).try_collect().await?;
    people.sort_by_key(|person| person.number);
    Ok(people)
}

async fn open(subject: &Subject, number: u32) -> Result<Person> {
    if subject.kind == Kind::Plain {
        let connection = Connection::plain(subject.address, number).await?;
        return Ok(Person {
            number,
            user: UserId(0),
            connection,
            config: None,
        });
    }
    let ticket = subject.ticket.as_ref().context("a server has a ticket")?;
    let config = device(ticket)?;
    let name = format!("user{number}");
    let seed = u128::from(number) + 1;
    let opened = Connection::open(ticket, Arc::clone(&config), Some(&name), seed).await;
    let (mut connection, welcome) = opened?;
    in_sync(&mut connection).await?;
    Ok(Person {
        number,
        user: welcome.user,
        connection,
        config: Some(config),
    })
}

/// Waits for the end of the heads.
pub(crate) async fn in_sync(connection: &mut Connection) -> Result<()> {
    loop {
        let arrivals = connection.arrivals().await?;
        if arrivals.iter().any(|a| matches!(a, Arrival::InSync)) {
            return Ok(());
        }
    }
}
