//! Reserve of space in the data folder: what a server needs to start and to let users read on a disk that
//! others have filled.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Size of the reserve: the index of the write-ahead log takes 32 KiB for each 16 MiB of it, and
/// the files of a start a few KiB.
const LEN: usize = 256 << 10;

fn path(dir: &Path) -> PathBuf {
    dir.join("recado.reserve")
}

/// Makes the reserve if there is none, as far as there is space.
pub(crate) fn make(dir: &Path) {
    let path = path(dir);
    let make = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        // Zeros would take no space on some file systems.
        file.write_all(&vec![0x52; LEN])?;
        file.sync_all()
    };
    if let Err(error) = make()
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        let _ = fs::remove_file(&path);
    }
}

/// Gives the space of the reserve back. Returns false if there was none.
pub(crate) fn release(dir: &Path) -> bool {
    fs::remove_file(path(dir)).is_ok()
}
