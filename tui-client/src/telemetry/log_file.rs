//! Log file of one running client, with a bound: it rolls over while the program runs, and the log of the last
//! start is kept. A file lock keeps clients that run at the same time from sharing one.

use std::cmp::Reverse;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::files::{FileError, at, make_folder};

/// Bound of a file. A start has two, and that of the last one as much again: 2 MiB together.
const MAX_LEN: u64 = 512 * 1024;

/// Most clients of a user that log at the same time.
const MAX_CLIENTS: u32 = 64;

/// Logs of clients that ran beside others and have ended, which a start keeps: the newest ones.
const MAX_ENDED: usize = 2;

/// The places of one client's log: `recado.log`, or `recado-2.log` while another client has that one.
#[derive(Debug)]
struct Places {
    /// Held by the client for as long as it runs, while the files beside it change.
    lock: PathBuf,
    newest: PathBuf,
    /// Lines of this start from before the last roll-over.
    older: PathBuf,
    /// All that is left of the start before.
    last_start: PathBuf,
}

impl Places {
    fn of(folder: &Path, number: u32) -> Self {
        let stem = match number {
            1 => "recado".to_owned(),
            number => format!("recado-{number}"),
        };
        Self {
            lock: folder.join(format!("{stem}.log.lock")),
            newest: folder.join(format!("{stem}.log")),
            older: folder.join(format!("{stem}.older.log")),
            last_start: folder.join(format!("{stem}.last-start.log")),
        }
    }

    /// When the log was written last; `None` if there is none.
    fn written(&self) -> Option<SystemTime> {
        fs::metadata(&self.newest).ok()?.modified().ok()
    }

    /// Removes all files of a log; the lock last, while it is held.
    fn remove(&self) {
        for path in [&self.newest, &self.older, &self.last_start, &self.lock] {
            // What cannot be removed is tried again by the next start.
            let _ = fs::remove_file(path);
        }
    }

    /// The lock, unless another client holds it or has just removed its file.
    fn try_lock(&self) -> io::Result<Option<File>> {
        let lock = open(&self.lock)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let id = |file: &Metadata| (file.dev(), file.ino());
        let named = fs::metadata(&self.lock).ok();
        let is_named = named.as_ref().map(id) == Some(id(&lock.metadata()?));
        Ok(is_named.then_some(lock))
    }

    /// Puts the log of the last start aside, in one file.
    fn keep_last_start(&self) -> io::Result<()> {
        match fs::rename(&self.older, &self.last_start) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return fs::rename(&self.newest, &self.last_start);
            }
            renamed => renamed?,
        }
        let mut last_start = OpenOptions::new().append(true).open(&self.last_start)?;
        io::copy(&mut File::open(&self.newest)?, &mut last_start)?;
        fs::remove_file(&self.newest)
    }
}

/// A log that is written in whole lines.
#[derive(Debug)]
pub(super) struct LogFile {
    places: Places,
    _lock: File,
    file: File,
    len: u64,
    max_len: u64,
}

impl LogFile {
    /// Opens the first log in a folder that no other client writes.
    pub(super) fn open(folder: &Path) -> Result<Self, FileError> {
        Self::with_bound(folder, MAX_LEN)
    }

    fn with_bound(folder: &Path, max_len: u64) -> Result<Self, FileError> {
        make_folder(folder)?;
        for places in (1..=MAX_CLIENTS).map(|number| Places::of(folder, number)) {
            if let Some(log) = Self::start(places, max_len)? {
                remove_ended(folder);
                return Ok(log);
            }
        }
        Err(at(folder)(io::ErrorKind::ResourceBusy.into()))
    }

    /// Begins a log; `None` while another client writes it.
    fn start(places: Places, max_len: u64) -> Result<Option<Self>, FileError> {
        let Some(lock) = places.try_lock().map_err(at(&places.lock))? else {
            return Ok(None);
        };
        let failed = |error| at(&places.newest)(error);
        if fs::metadata(&places.newest).is_ok_and(|newest| newest.len() > 0) {
            places.keep_last_start().map_err(failed)?;
        }
        let file = open(&places.newest).map_err(failed)?;
        Ok(Some(Self {
            places,
            _lock: lock,
            file,
            len: 0,
            max_len,
        }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.places.newest
    }

    /// Begins the file anew. The older half is dropped if the folder cannot be written any more.
    fn roll_over(&mut self) -> io::Result<()> {
        let renamed = fs::rename(&self.places.newest, &self.places.older);
        match renamed.and_then(|()| open(&self.places.newest)) {
            Ok(file) => self.file = file,
            Err(_) => self.file.set_len(0)?,
        }
        self.len = 0;
        Ok(())
    }
}

/// Removes the logs of clients that ran beside others and have ended, but for the newest ones.
fn remove_ended(folder: &Path) {
    let all = (2..=MAX_CLIENTS).map(|number| Places::of(folder, number));
    let left = all.filter(|places| places.lock.exists());
    let mut ended: Vec<_> = left
        .filter_map(|places| {
            let lock = places.try_lock().ok().flatten()?;
            Some((places.written(), places, lock))
        })
        .collect();
    ended.sort_by_key(|(written, ..)| Reverse(*written));
    for (_, places, _lock) in ended.into_iter().skip(MAX_ENDED) {
        places.remove();
    }
}

/// A file for appending that only its owner can read.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600).open(path)
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let len = line.len() as u64;
        if self.len > 0 && self.len + len > self.max_len {
            self.roll_over()?;
        }
        self.file.write_all(line)?;
        self.len += len;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BOUND: u64 = 1000;

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    fn total(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum()
    }

    #[test]
    fn a_log_has_a_bound_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFile::with_bound(folder.path(), BOUND).unwrap();
        for number in 0..1000 {
            writeln!(log, "line {number}").unwrap();
            assert!(total(folder.path()) <= 2 * BOUND);
        }
        let newest = read(folder.path(), "recado.log");
        assert!(newest.ends_with("line 999\n"), "{newest}");
        let older = read(folder.path(), "recado.older.log");
        let all: Vec<_> = older
            .lines()
            .chain(newest.lines())
            .map(str::to_owned)
            .collect();
        let first = 1000 - all.len();
        let expected: Vec<_> = (first..1000)
            .map(|number| format!("line {number}"))
            .collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn the_log_of_the_last_start_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        for start in 0..3 {
            let mut log = LogFile::with_bound(folder.path(), BOUND).unwrap();
            let last = read(folder.path(), "recado.last-start.log");
            match start {
                0 => assert_eq!(last, ""),
                _ => assert!(
                    last.ends_with(&format!("start {} line 299\n", start - 1)),
                    "{last}"
                ),
            }
            // The part from before the roll-over is kept too.
            assert_eq!(read(folder.path(), "recado.older.log"), "");
            assert!(start == 0 || last.len() as u64 > BOUND, "{last}");
            for number in 0..300 {
                writeln!(log, "start {start} line {number}").unwrap();
            }
            assert!(total(folder.path()) <= 4 * BOUND);
        }
    }

    #[test]
    fn a_short_log_is_kept_as_that_of_the_last_start() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(folder.path()).unwrap();
        writeln!(log, "before").unwrap();
        drop(log);
        let mut log = LogFile::open(folder.path()).unwrap();
        writeln!(log, "after").unwrap();
        assert_eq!(read(folder.path(), "recado.last-start.log"), "before\n");
        assert_eq!(read(folder.path(), "recado.log"), "after\n");
    }

    #[test]
    fn clients_at_the_same_time_have_logs_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = LogFile::open(folder.path()).unwrap();
        let mut second = LogFile::open(folder.path()).unwrap();
        writeln!(first, "first").unwrap();
        writeln!(second, "second").unwrap();
        assert_eq!(read(folder.path(), "recado.log"), "first\n");
        assert_eq!(read(folder.path(), "recado-2.log"), "second\n");
        assert_eq!(second.path(), folder.path().join("recado-2.log"));
    }

    #[test]
    fn logs_of_clients_beside_others_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let open = || LogFile::open(folder.path()).unwrap();
        let mut clients: Vec<_> = (0..6).map(|_| open()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            writeln!(client, "client").unwrap();
            let written = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64);
            client.file.set_modified(written).unwrap();
        }
        // The first three and the fifth end; the fourth goes on.
        let running = clients.remove(3);
        drop(clients);
        let first = open();
        assert_eq!(first.path(), folder.path().join("recado.log"));
        let names = fs::read_dir(folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let stem = |name: String| Some(name.strip_suffix(".log.lock")?.to_owned());
        let mut stems: Vec<_> = names.filter_map(stem).collect();
        stems.sort();
        assert_eq!(stems, ["recado", "recado-4", "recado-5", "recado-6"]);
        assert!(!folder.path().join("recado-2.log").exists());
        assert_eq!(read(folder.path(), "recado-6.log"), "client\n");
        // A number that is free again is used again.
        assert_eq!(open().path(), folder.path().join("recado-2.log"));
        drop(running);
    }

    #[test]
    fn a_folder_that_is_gone_is_not_made_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("state");
        let mut log = LogFile::with_bound(&folder, BOUND).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        for number in 0..1000 {
            writeln!(log, "line {number}").unwrap();
        }
        assert!(!folder.exists());
    }
}
