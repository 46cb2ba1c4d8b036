//! Handle to the store: checks that there is room, queues requests and hands out answers. The threads
//! behind it own the database.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use recado_shared::LogId;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};

use crate::store::folder::Folder;
use crate::store::readers::thread::run_reader;
use crate::store::values::answers::{Answers, StoreEvent};
use crate::store::values::config::StoreConfig;
use crate::store::values::error::StoreError;
use crate::store::values::request::{Read, StoredMemberships, Write};
use crate::store::values::stats::{Counters, StoreStats};
use crate::store::writer::thread::Writer;

/// Why a request was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotQueued {
    /// As many requests are unanswered as may be: take answers first.
    #[error("too many requests wait for the store")]
    Full,
    /// The store failed, and said so.
    #[error("the store has stopped")]
    Stopped,
}

/// Opens data folders.
#[derive(Clone, Copy, Debug)]
pub struct Store;

/// Where requests go. Dropping it ends the threads, after they have finished what they were handed;
/// [`join`](Self::join) also hands them the rest and waits for them.
#[derive(Debug)]
pub struct StoreHandle {
    log: LogId,
    memberships: StoredMemberships,
    pub(super) counters: Arc<Counters>,
    /// Writes that are not handed to the writer yet.
    unsent: Vec<Write>,
    write_queue: mpsc::Sender<Vec<Write>>,
    read_queue: mpsc::Sender<Read>,
    /// One permit for each request more that may be queued.
    room: Arc<Semaphore>,
    threads: Vec<JoinHandle<()>>,
}

/// Where answers come from: one for each request, unless the store fails.
///
/// There is always room for them. A request is only queued while fewer than the window are
/// unanswered, each makes at most one event, and each thread has one place more to say that it
/// failed; so the threads never wait for this side, and no answer is lost.
#[derive(Debug)]
pub struct StoreEvents {
    events: mpsc::Receiver<StoreEvent>,
    room: Arc<Semaphore>,
}

impl Store {
    /// Opens the data folder, making what is missing, and starts the threads. No other server can
    /// open it until they have ended.
    ///
    /// This waits for the disk: not for an async task.
    ///
    /// # Errors
    /// [`StoreError`] says why the folder cannot be used.
    pub fn open(dir: &Path, config: StoreConfig) -> Result<(StoreHandle, StoreEvents), StoreError> {
        let folder = Folder::claim(dir)?;
        let writer = Writer::new(folder.open_writer()?, config.checkpoints)
            .map_err(StoreError::database(dir))?;
        let readers = (0..config.readers.max(1))
            .map(|_| folder.open_reader())
            .collect::<Result<Vec<_>, _>>()?;

        let (write_queue, queued_writes) = mpsc::channel(config.window);
        let (read_queue, queued_reads) = mpsc::channel(config.window);
        let (sender, events) = mpsc::channel(config.window + 1 + readers.len());
        let log = writer.log();
        let counters = writer.counters();
        let memberships = writer.memberships().map_err(StoreError::database(dir))?;
        let mut threads = Vec::new();
        let answers = Answers::new(&sender, "store-writer");
        threads.push(start(dir, &folder, "store-writer", move || {
            writer.run(queued_writes, &answers);
        })?);
        let queued_reads = Arc::new(Mutex::new(queued_reads));
        for reader in readers {
            let answers = Answers::new(&sender, "store-reader");
            let queue = Arc::clone(&queued_reads);
            threads.push(start(dir, &folder, "store-reader", move || {
                run_reader(&reader, &queue, &answers);
            })?);
        }
        let room = Arc::new(Semaphore::new(config.window));
        let handle = StoreHandle {
            log,
            memberships,
            counters,
            unsent: Vec::new(),
            write_queue,
            read_queue,
            room: Arc::clone(&room),
            threads,
        };
        Ok((handle, StoreEvents { events, room }))
    }
}

/// Starts a thread that keeps the folder locked until it ends.
fn start(
    dir: &Path,
    folder: &Folder,
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let folder = folder.clone();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            run();
            drop(folder);
        })
        .map_err(StoreError::folder(dir))
}

impl StoreHandle {
    /// The identity of the data.
    pub fn log(&self) -> LogId {
        self.log
    }

    /// Takes the rooms and people as they stood when the folder was opened.
    pub fn take_memberships(&mut self) -> StoredMemberships {
        std::mem::take(&mut self.memberships)
    }

    /// What was done since the folder was opened.
    pub fn stats(&self) -> StoreStats {
        self.counters.stats()
    }

    /// How many more requests can be queued. Only taking answers makes more room.
    pub fn room(&self) -> usize {
        self.room.available_permits()
    }

    /// Takes a write, behind those taken before. The writer gets it with the next
    /// [`flush`](Self::flush), so that what belongs together becomes one commit.
    ///
    /// # Errors
    /// [`NotQueued`]; then there will be no answer.
    pub fn write(&mut self, write: Write) -> Result<(), NotQueued> {
        self.take_room(self.write_queue.is_closed())?;
        self.unsent.push(write);
        Ok(())
    }

    /// Hands the writer what was taken since the last time. A writer that has stopped has said so
    /// among the events.
    pub fn flush(&mut self) {
        if !self.unsent.is_empty() {
            // There is room: each is at least one of the requests that may be unanswered.
            let _ = self.write_queue.try_send(std::mem::take(&mut self.unsent));
        }
    }

    /// Queues a read. It sees everything that was answered as written before.
    ///
    /// # Errors
    /// [`NotQueued`]; then there will be no answer.
    pub fn read(&self, read: Read) -> Result<(), NotQueued> {
        self.take_room(self.read_queue.is_closed())?;
        self.read_queue.try_send(read).map_err(|error| match error {
            TrySendError::Full(_) => NotQueued::Full,
            TrySendError::Closed(_) => NotQueued::Stopped,
        })
    }

    fn take_room(&self, is_stopped: bool) -> Result<(), NotQueued> {
        // What waited for a thread that failed keeps its permits: that is no full window.
        if is_stopped {
            return Err(NotQueued::Stopped);
        }
        let permit = self.room.try_acquire().map_err(|_| NotQueued::Full)?;
        // Its answer gives it back.
        permit.forget();
        Ok(())
    }

    /// Waits until everything queued is done and the data folder is free. The answers can still
    /// be taken afterwards.
    ///
    /// This waits for the disk: not for an async task.
    pub fn join(mut self) {
        self.flush();
        let Self {
            write_queue,
            read_queue,
            threads,
            ..
        } = self;
        drop((write_queue, read_queue));
        for thread in threads {
            // A thread that panicked has said so to the receiver of events.
            let _ = thread.join();
        }
    }
}

impl StoreEvents {
    /// Takes the next event, or `None` once the threads have ended. Nothing is lost if the wait
    /// is given up.
    pub async fn recv(&mut self) -> Option<StoreEvent> {
        let event = self.events.recv().await;
        self.make_room(event.as_ref());
        event
    }

    fn make_room(&self, event: Option<&StoreEvent>) {
        match event {
            Some(StoreEvent::Written(written)) => self.room.add_permits(written.len()),
            Some(StoreEvent::Read(_)) => self.room.add_permits(1),
            Some(StoreEvent::Failed(_)) | None => {}
        }
    }
}
