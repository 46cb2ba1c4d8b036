//! Reader threads: each answers one request at a time, from one transaction.

use std::sync::{Arc, Mutex, PoisonError};

use recado_shared::{RequestError, Stamp, UserId};
use rusqlite::{Connection, Result};
use tokio::sync::mpsc;

use super::heads;
use crate::id::SessionId;
use crate::store::answers::{Answers, StoreEvent};
use crate::store::damage::{DamageLog, Subject};
use crate::store::tables::epochs;
use crate::store::values;
use crate::store::values::{Fault, HeadsRest, Origin, Read, ReadResult};

/// Answers a request from one transaction, so that the answer is consistent.
pub(crate) fn answer(db: &Connection, read: Read) -> Result<ReadResult> {
    #[cfg(test)]
    crate::store::tests::plans::begin();
    db.prepare_cached("BEGIN")?.execute([])?;
    let result = match read {
        Read::Heads {
            session,
            user,
            since,
        } => heads::first(db, session, user, since),
        Read::MoreHeads {
            session,
            user,
            rest,
        } => heads::more(db, session, user, rest),
        Read::Agreed {
            session,
            user,
            place,
        } => epochs::newest_up_to(db, user, place, |_, error| Err(error))
            .map(|places| ReadResult::Agreed { session, places }),
        Read::Query {
            origin,
            user,
            query,
        } => values::answer(query.answer(db, user))
            .map(|result| ReadResult::Answer { origin, result }),
    };
    // There is nothing to undo, but a lock to give back. After damage SQLite refuses to commit.
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = db.prepare_cached(end)?.execute([]);
    let result = result?;
    ended?;
    #[cfg(test)]
    crate::store::tests::plans::check(db);
    Ok(result)
}

/// Answers a request as far as the database can be read. Damage fails only what needs the damaged
/// data, and is reported.
pub(crate) fn answer_undamaged(
    db: &Connection,
    read: Read,
    damage: &DamageLog,
) -> Result<ReadResult> {
    let subject = Subject::of_read(&read);
    let retry = match read {
        Read::Heads {
            session,
            user,
            since,
        } => Retry::Heads(session, user, since),
        Read::MoreHeads {
            session,
            user,
            ref rest,
        } => Retry::MoreHeads(session, user, rest.clone()),
        Read::Agreed {
            session,
            user,
            place,
        } => Retry::Agreed(session, user, place),
        Read::Query { origin, .. } => Retry::None(origin),
    };
    match answer(db, read) {
        Err(error) if Fault::of(&error) == Fault::Damage => match retry {
            Retry::Heads(session, user, since) => {
                heads::first_undamaged(db, session, user, since, damage)
            }
            Retry::MoreHeads(session, user, rest) => {
                heads::more_undamaged(db, session, user, &rest, damage)
            }
            Retry::Agreed(session, user, place) => agreed(db, session, user, place, damage),
            Retry::None(origin) => {
                damage.report(db, subject, &error);
                let result = Err(RequestError::Damaged);
                Ok(ReadResult::Answer { origin, result })
            }
        },
        result => result,
    }
}

/// What can be done about a request that met damage.
enum Retry {
    /// Each head is read by itself.
    Heads(SessionId, UserId, Option<Stamp>),
    MoreHeads(SessionId, UserId, HeadsRest),
    /// A damaged log counts as agreed.
    Agreed(SessionId, UserId, u64),
    /// It fails with [`RequestError::Damaged`].
    None(Origin),
}

fn agreed(
    db: &Connection,
    session: SessionId,
    user: UserId,
    place: u64,
    damage: &DamageLog,
) -> Result<ReadResult> {
    let places = epochs::newest_up_to(db, user, place, |conversation, error| {
        damage.report(db, Subject::Conversation(conversation), &error);
        match Fault::of(&error) {
            Fault::Damage => Ok(()),
            Fault::NoSpace | Fault::Fatal => Err(error),
        }
    })?;
    Ok(ReadResult::Agreed { session, places })
}

/// Answers requests until the queue that all readers share is closed and empty, or the database
/// fails.
pub(crate) fn run_reader(
    db: &Connection,
    queue: &Arc<Mutex<mpsc::Receiver<Read>>>,
    damage: &DamageLog,
    answers: &Answers,
) {
    loop {
        // One reader waits at the queue, the others wait for its place.
        let read = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(read) = read else { return };
        match answer_undamaged(db, read, damage) {
            Ok(result) => answers.send(StoreEvent::Read(result)),
            Err(error) => return answers.fail(&error),
        }
    }
}
