//! Reader thread of the store.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::store::answers::{Answers, StoreEvent};
use crate::store::readers::read::{self, Read};

/// Answers requests until the queue that all readers share is closed and empty, or the database
/// fails.
pub(crate) fn run_reader(
    db: &Connection,
    queue: &Arc<Mutex<mpsc::Receiver<Read>>>,
    answers: &Answers,
) {
    loop {
        // One reader waits at the queue, the others wait for its place.
        let question = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(question) = question else { return };
        match read::answer(db, question) {
            Ok(result) => answers.send(StoreEvent::Read(result)),
            Err(error) => return answers.fail(&error),
        }
    }
}
