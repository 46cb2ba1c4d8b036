//! State of the clients before a storm: direct conversations, rooms, favourites and watched contacts.

use std::time::Duration;

use anyhow::Result;
use recado_shared::{Request, Setting};
use tokio::time::sleep;

use crate::clients::{self, Client};
use crate::connection::To;
use crate::recorder::LatencyRecorder;
use crate::room;

/// Clients in a group in which each has a direct conversation with each other.
const GROUP: usize = 4;

/// Messages of each client in each direct conversation.
const MESSAGES: usize = 5;

/// Members of each room.
const MEMBERS: usize = 50;

/// Messages of each member in the room.
const ROOM_MESSAGES: usize = 1;

/// Time for the server to store the cursors.
const SETTLE: Duration = Duration::from_secs(2);

/// Creates the state, and returns once all clients have all messages and have reported that.
pub(crate) async fn warm_up(clients: &mut [Client]) -> Result<()> {
    let recorder = LatencyRecorder::new();
    let rooms = clients.chunks_mut(MEMBERS).enumerate();
    clients::for_each(rooms, async |(number, members)| {
        fill_room(number, members, &recorder).await?;
        for group in members.chunks_mut(GROUP) {
            fill_directs(group, &recorder).await?;
        }
        Ok(())
    })
    .await?;
    clients::for_each(clients.iter_mut(), async |client| {
        let connection = &mut client.connection;
        // Everything that was sent before the pong has arrived with it.
        connection.ping().await?;
        connection.report_delivered()?;
        connection.ping().await
    })
    .await?;
    sleep(SETTLE).await;
    Ok(())
}

async fn fill_room(
    number: usize,
    members: &mut [Client],
    recorder: &LatencyRecorder,
) -> Result<()> {
    let Some((owner, others)) = members.split_first_mut() else {
        return Ok(());
    };
    let room = room::create(&mut owner.connection, &format!("room{number}")).await?;
    for other in others {
        room::join(&mut other.connection, room).await?;
    }
    for member in members {
        member.connection.enter_room(MEMBERS);
        for _ in 0..ROOM_MESSAGES {
            let to = To::Conversation(room);
            member.connection.queue_message(to, &recorder.text())?;
        }
        member.connection.answers(ROOM_MESSAGES).await?;
    }
    Ok(())
}

/// Each client writes to each other one, watches it, and has the first as a favourite.
async fn fill_directs(group: &mut [Client], recorder: &LatencyRecorder) -> Result<()> {
    let users: Vec<_> = group.iter().map(|client| client.user).collect();
    for client in group {
        let others = users.iter().copied().filter(|user| *user != client.user);
        client.watched = others.collect();
        let mut requests = 0;
        for (place, &other) in client.watched.iter().enumerate() {
            let conversation = client.direct(other);
            if place == 0 {
                let is_on = true;
                client
                    .connection
                    .queue_request(Request::Set(Setting::Favourite {
                        conversation,
                        is_on,
                    }))?;
                requests += 1;
            }
            for _ in 0..MESSAGES {
                let to = To::Conversation(conversation);
                client.connection.queue_message(to, &recorder.text())?;
            }
            requests += MESSAGES;
        }
        client.connection.answers(requests).await?;
    }
    Ok(())
}
