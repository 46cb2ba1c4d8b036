//! What people have behind them before a scenario: conversations with each of a few others, a room,
//! and something that they set.

use std::time::Duration;

use anyhow::Result;
use recado_shared::{Request, Setting};
use tokio::time::sleep;

use crate::connection::To;
use crate::course::Course;
use crate::people::{self, Person};
use crate::room;

/// So many people talk with each other alone, everybody with everybody.
const CIRCLE: usize = 4;

/// Messages that each of them writes to each other one.
const MESSAGES: usize = 5;

/// Members of a room.
const MEMBERS: usize = 50;

/// Messages that each member writes there.
const ROOM_MESSAGES: usize = 1;

/// Until the server has stored how far everybody got.
const SETTLE: Duration = Duration::from_secs(2);

/// Lets people live, and returns once everybody has everything and has said so.
pub(crate) async fn live(people: &mut [Person]) -> Result<()> {
    let course = Course::new();
    let rooms = people.chunks_mut(MEMBERS).enumerate();
    people::each(rooms, async |(number, members)| {
        share_room(number, members, &course).await?;
        for circle in members.chunks_mut(CIRCLE) {
            talk(circle, &course).await?;
        }
        Ok(())
    })
    .await?;
    people::each(people.iter_mut(), async |person| {
        let connection = &mut person.connection;
        // What was sent before the answer has arrived with it.
        connection.ping().await?;
        connection.report_delivered()?;
        connection.ping().await
    })
    .await?;
    sleep(SETTLE).await;
    Ok(())
}

/// They make a room and write there.
async fn share_room(number: usize, members: &mut [Person], course: &Course) -> Result<()> {
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
            member.connection.queue_message(to, &course.text())?;
        }
        member.connection.answers(ROOM_MESSAGES).await?;
    }
    Ok(())
}

/// Each writes to each other one alone, watches them, and has one of them on top of the list.
async fn talk(circle: &mut [Person], course: &Course) -> Result<()> {
    let users: Vec<_> = circle.iter().map(|person| person.user).collect();
    for person in circle {
        let others = users.iter().copied().filter(|user| *user != person.user);
        person.watched = others.collect();
        let mut questions = 0;
        for (place, &other) in person.watched.iter().enumerate() {
            let conversation = person.direct(other);
            if place == 0 {
                let is_on = true;
                person
                    .connection
                    .queue_request(Request::Set(Setting::Favourite {
                        conversation,
                        is_on,
                    }))?;
                questions += 1;
            }
            for _ in 0..MESSAGES {
                let to = To::Conversation(conversation);
                person.connection.queue_message(to, &course.text())?;
            }
            questions += MESSAGES;
        }
        person.connection.answers(questions).await?;
    }
    Ok(())
}
