//! Handle to the store: limits, queues and flushes requests, and hands out answers. Its threads own
//! the database.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use recado_shared::LogId;
use tokio::sync::{Semaphore, mpsc};

use crate::store::answers::{Answers, StoreEvent};
use crate::store::folder::Folder;
use crate::store::readers::read::run_reader;
use crate::store::values::{
    Counters, Read, StoreConfig, StoreError, StoreStats, StoredMemberships, Write,
};
use crate::store::writer::thread::Writer;

/// Reason why a request was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotQueued {
    /// The window is full: take answers first.
    #[error("too many requests wait for the store")]
    Full,
    /// The store failed and sent [`StoreEvent::Failed`].
    #[error("the store has stopped")]
    Stopped,
}

/// The queues to the threads. Dropping it ends the threads after the requests that they have;
/// [`join`](Self::join) also flushes and waits.
#[derive(Debug)]
pub struct StoreHandle {
    pub(crate) log: LogId,
    pub(crate) memberships: StoredMemberships,
    pub(super) counters: Arc<Counters>,
    /// Writes for the next [`flush`](Self::flush).
    unsent: Vec<Write>,
    write_queue: mpsc::Sender<Vec<Write>>,
    read_queue: mpsc::Sender<Read>,
    /// One permit per request that may still be queued.
    permits: Arc<Semaphore>,
    threads: Vec<JoinHandle<()>>,
}

/// The answers of the threads, one per request unless the store fails. No thread waits to send one:
/// the handle queues at most `window` requests, and each thread has one place more for its failure.
#[derive(Debug)]
pub struct StoreEvents {
    events: mpsc::Receiver<StoreEvent>,
    permits: Arc<Semaphore>,
}

/// Opens or creates the data folder, and starts the threads, which lock it until they end. It blocks.
///
/// # Errors
/// [`StoreError`] if the folder cannot be used.
pub fn open(dir: &Path, config: StoreConfig) -> Result<(StoreHandle, StoreEvents), StoreError> {
    let folder = Folder::claim(dir)?;
    let writer = Writer::open(&folder, &config)?;
    let checkpointer = folder.open_checkpointer()?;
    let readers = (0..config.readers.max(1))
        .map(|_| folder.open_reader())
        .collect::<Result<Vec<_>, _>>()?;

    let (write_queue, queued_writes) = mpsc::channel(config.window);
    let (read_queue, queued_reads) = mpsc::channel(config.window);
    let (sender, events) = mpsc::channel(config.window + 2 + readers.len());
    let mut handle = StoreHandle {
        log: writer.log,
        memberships: writer.memberships().map_err(StoreError::database(dir))?,
        counters: Arc::clone(&writer.counters),
        unsent: Vec::new(),
        write_queue,
        read_queue,
        permits: Arc::new(Semaphore::new(config.window)),
        threads: Vec::new(),
    };
    let damage = Arc::clone(&writer.damage);
    let checkpoints = writer.checkpoints.clone();
    let thread = start(&folder, "store-writer", &sender, move |answers| {
        writer.run(queued_writes, answers);
    });
    handle.threads.push(thread?);
    let thread = start(&folder, "store-checkpoint", &sender, move |answers| {
        checkpoints.run(&checkpointer, answers);
    });
    handle.threads.push(thread?);
    let queued_reads = Arc::new(Mutex::new(queued_reads));
    for reader in readers {
        let (queue, damage) = (Arc::clone(&queued_reads), Arc::clone(&damage));
        let thread = start(&folder, "store-reader", &sender, move |answers| {
            run_reader(&reader, &queue, &damage, answers);
        });
        handle.threads.push(thread?);
    }
    let permits = Arc::clone(&handle.permits);
    Ok((handle, StoreEvents { events, permits }))
}

/// Starts a thread that keeps the folder locked until it ends.
fn start(
    folder: &Folder,
    name: &'static str,
    sender: &mpsc::Sender<StoreEvent>,
    run: impl FnOnce(&Answers) + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let lock = folder.clone();
    let answers = Answers::new(sender, name);
    let run = move || {
        run(&answers);
        drop(lock);
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(StoreError::folder(&folder.dir))
}

impl StoreHandle {
    pub fn stats(&self) -> StoreStats {
        self.counters.stats()
    }

    /// How many requests can be queued. Only taking answers makes it more.
    pub fn capacity(&self) -> usize {
        self.permits.available_permits()
    }

    /// Keeps a write for the next [`flush`](Self::flush), which makes one batch of all.
    ///
    /// # Errors
    /// [`NotQueued`]; then there is no answer.
    pub fn write(&mut self, write: Write) -> Result<(), NotQueued> {
        self.take_permit(self.write_queue.is_closed())?;
        self.unsent.push(write);
        Ok(())
    }

    /// Queues the kept writes as one batch. A failed writer has sent [`StoreEvent::Failed`].
    pub fn flush(&mut self) {
        if !self.unsent.is_empty() {
            // There is room: each is at least one of the requests that may be unanswered.
            let _ = self.write_queue.try_send(std::mem::take(&mut self.unsent));
        }
    }

    /// Queues a read, which sees all writes answered before.
    ///
    /// # Errors
    /// [`NotQueued`]; then there is no answer.
    pub fn read(&self, read: Read) -> Result<(), NotQueued> {
        self.take_permit(self.read_queue.is_closed())?;
        // There is room, as for writes.
        self.read_queue
            .try_send(read)
            .map_err(|_| NotQueued::Stopped)
    }

    fn take_permit(&self, is_stopped: bool) -> Result<(), NotQueued> {
        // What waited for a thread that failed keeps its permits: that is no full window.
        if is_stopped {
            return Err(NotQueued::Stopped);
        }
        let permit = self.permits.try_acquire().map_err(|_| NotQueued::Full)?;
        // Its answer gives it back.
        permit.forget();
        Ok(())
    }

    /// Blocks until the queues are empty and the folder is unlocked. The answers can still be taken.
    pub fn join(mut self) {
        self.flush();
        drop((self.write_queue, self.read_queue));
        for thread in self.threads {
            // A thread that panicked has said so to the receiver of events.
            let _ = thread.join();
        }
    }
}

impl StoreEvents {
    /// The next event, or `None` once the threads have ended. Cancel safe.
    pub async fn recv(&mut self) -> Option<StoreEvent> {
        let event = self.events.recv().await;
        match &event {
            Some(StoreEvent::Written(written)) => self.permits.add_permits(written.len()),
            Some(StoreEvent::Read(_)) => self.permits.add_permits(1),
            Some(StoreEvent::Failed(_)) | None => {}
        }
        event
    }
}
