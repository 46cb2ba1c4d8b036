//! Damage of a write-ahead log that a server left behind. `SQLite` takes its frames up to the first broken
//! one and overwrites the rest, so that a flipped byte drops all later commits in silence
//! (<https://www.sqlite.org/fileformat2.html#walformat>).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const HEADER_LEN: usize = 32;
const FRAME_HEADER_LEN: usize = 24;
/// Page size of a log whose header is unreadable: that of all databases of this server.
const PAGE_LEN: usize = 4_096;
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;

/// Most damaged logs that are kept; an older one is removed.
const MAX_KEPT: usize = 3;

/// The log of the database, in its folder.
pub(crate) const LOG: &str = "recado.db-wal";

/// Start of the name of a kept log; the time in milliseconds follows.
const PREFIX: &str = "recado.db-wal.damaged-";

/// Commits of a write-ahead log that `SQLite` will drop though they look whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LostCommits {
    /// Commits that can be read.
    pub(crate) kept: u64,
    /// Commits behind the first broken frame, or the broken one itself if it is the last. A single one
    /// can also be the remains of a power cut, which no client was told of.
    pub(crate) lost: u64,
}

/// Finds commits behind a broken frame. `None` if there are none, or no log. Needs the memory of a frame.
pub(crate) fn inspect(path: &Path) -> io::Result<Option<LostCommits>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER_LEN];
    if !read_whole(&mut reader, &mut header)? {
        return Ok(None);
    }
    let mut scan = Scan::begin(&header);
    let mut frame = vec![0; FRAME_HEADER_LEN + scan.page_len];
    while read_whole(&mut reader, &mut frame)? {
        scan.take(&frame);
    }
    Ok((scan.commits.lost > 0).then_some(scan.commits))
}

/// Returns false if the file ends before the buffer is full.
fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The frames so far. The checksum of each continues that of the one before it.
struct Scan {
    page_len: usize,
    is_big_endian: bool,
    /// Of this generation of the log; `None` until a frame tells, if the header is broken.
    salt: Option<[u8; 8]>,
    /// The checksum of the last frame as stored, whether it is right or not.
    last: Checksum,
    is_whole: bool,
    commits: LostCommits,
}

type Checksum = (u32, u32);

impl Scan {
    fn begin(header: &[u8; HEADER_LEN]) -> Self {
        let magic = number(header, 0);
        let is_big_endian = magic == MAGIC | 1;
        let last = checksum_at(header, 24);
        let is_whole = magic & !1 == MAGIC
            && number(header, 4) == VERSION
            && add(is_big_endian, (0, 0), &header[..24]) == last;
        let page_len = number(header, 8) as usize;
        Self {
            page_len: if is_whole { page_len } else { PAGE_LEN },
            is_big_endian,
            salt: is_whole.then(|| salt_at(header, 16)),
            last,
            is_whole,
            commits: LostCommits::default(),
        }
    }

    fn take(&mut self, frame: &[u8]) {
        let (head, page) = frame.split_at(FRAME_HEADER_LEN);
        let stored = checksum_at(head, 16);
        let sum = add(self.is_big_endian, self.last, &head[..8]);
        let is_right = add(self.is_big_endian, sum, page) == stored;
        let has_salt = *self.salt.get_or_insert_with(|| salt_at(head, 8)) == salt_at(head, 8);
        let is_commit = number(head, 4) != 0;
        self.last = stored;
        if self.is_whole && is_right && has_salt {
            self.commits.kept += u64::from(is_commit);
            return;
        }
        // Frames of an older generation, which the log overwrites in turn, have neither.
        let is_first_broken = std::mem::take(&mut self.is_whole) && (is_right || has_salt);
        if is_commit && (is_first_broken || (is_right && has_salt)) {
            self.commits.lost += 1;
        }
    }
}

/// Adds bytes to a checksum
/// (<https://www.sqlite.org/fileformat2.html#checksum_algorithm>).
fn add(is_big_endian: bool, (mut first, mut second): Checksum, bytes: &[u8]) -> Checksum {
    let word = |bytes: &[u8]| {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    };
    for pair in bytes.chunks_exact(8) {
        first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
        second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
    }
    (first, second)
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn checksum_at(bytes: &[u8], at: usize) -> Checksum {
    (number(bytes, at), number(bytes, at + 4))
}

fn salt_at(bytes: &[u8], at: usize) -> [u8; 8] {
    let mut salt = [0; 8];
    salt.copy_from_slice(&bytes[at..at + 8]);
    salt
}

/// Copies a damaged log of a folder that no server uses, before anything overwrites it. Returns the copy.
pub(crate) fn keep_damaged(dir: &Path) -> io::Result<Option<(LostCommits, PathBuf)>> {
    let log = dir.join(LOG);
    let Some(commits) = inspect(&log)? else {
        return Ok(None);
    };
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_millis());
    // The same length for all, so that their names sort by time.
    let copy = dir.join(format!("{PREFIX}{millis:015}"));
    write_copy(&log, &copy).inspect_err(|_| drop(fs::remove_file(&copy)))?;
    let kept = kept(dir)?;
    for old in kept.iter().rev().skip(MAX_KEPT) {
        fs::remove_file(old)?;
    }
    Ok(Some((commits, copy)))
}

/// The damaged logs that were kept, oldest first.
pub(crate) fn kept(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    for file in fs::read_dir(dir)? {
        let file = file?;
        if file
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
        {
            kept.push(file.path());
        }
    }
    kept.sort();
    Ok(kept)
}

fn write_copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut copy = options.open(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}
