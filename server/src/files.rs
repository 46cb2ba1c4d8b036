//! Small private files of the server: its key, the local ticket, the note of its address. Each is
//! written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use recado_shared::tls::Identity;
use recado_shared::{Invite, ServerAddress};
use tracing::warn;

/// The server's key, in its data folder.
const KEY_FILE: &str = "server.key";

/// The address that the server had when it ran last, in its data folder.
const ADDRESS_FILE: &str = "address";

/// A file of the server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refuses.
    #[error("cannot use {}: {source}. Check that it is yours and that the disk has room", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// The key file holds no key.
    #[error(
        "{} is damaged. Put it back from a backup; without it all clients would see another \
         server and refuse it", path.display()
    )]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The system's random source fails.
    #[error("cannot make a key: the random source of the operating system fails")]
    Random,
}

impl FileError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// Reads the server's key, if there is one.
pub(crate) fn read_key(data_dir: &Path) -> Result<Option<Identity>, FileError> {
    let path = data_dir.join(KEY_FILE);
    match fs::read(&path) {
        Ok(bytes) => match Identity::from_pkcs8(&bytes) {
            Ok(identity) => Ok(Some(identity)),
            Err(_) => Err(FileError::Key { path }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::io(&path)(error)),
    }
}

/// Reads the server's key, or makes one. The caller holds the lock of the folder.
pub(crate) fn read_or_make_key(data_dir: &Path) -> Result<Identity, FileError> {
    if let Some(identity) = read_key(data_dir)? {
        return Ok(identity);
    }
    let identity = Identity::generate().map_err(|_| FileError::Random)?;
    let path = data_dir.join(KEY_FILE);
    write_private(&path, identity.pkcs8()).map_err(FileError::io(&path))?;
    Ok(identity)
}

/// Notes the server's address for commands that make invites.
pub(crate) fn note_address(data_dir: &Path, address: &ServerAddress) -> Result<(), FileError> {
    let path = data_dir.join(ADDRESS_FILE);
    write_private(&path, format!("{address}\n").as_bytes()).map_err(FileError::io(&path))
}

/// The address that the server noted, if it did.
pub(crate) fn noted_address(data_dir: &Path) -> Option<ServerAddress> {
    let note = fs::read_to_string(data_dir.join(ADDRESS_FILE)).ok()?;
    note.trim().parse().ok()
}

/// The local ticket on disk: what lets the same user of this machine in. Removed when dropped, if
/// it is still this server's.
#[derive(Debug)]
pub(crate) struct TicketFile {
    path: PathBuf,
    ticket: Invite,
}

impl TicketFile {
    /// Leaves a ticket in the first of these places that can be used. A server without a ticket
    /// still serves all who bring an invite.
    pub(crate) fn leave_in_one_of(places: &[PathBuf], ticket: &Invite) -> Option<Self> {
        places.iter().find_map(|path| {
            Self::leave(path, ticket)
                .inspect_err(|error| warn!(%error, "no ticket for this machine there"))
                .ok()
        })
    }

    /// Leaves a ticket, in place of what an earlier server may have left.
    fn leave(path: &Path, ticket: &Invite) -> Result<Self, FileError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        make_private_folder(folder).map_err(FileError::io(folder))?;
        write_private(path, format!("{ticket}\n").as_bytes()).map_err(FileError::io(path))?;
        Ok(Self {
            path: path.to_owned(),
            ticket: ticket.clone(),
        })
    }
}

impl Drop for TicketFile {
    fn drop(&mut self) {
        let line = fs::read_to_string(&self.path);
        let is_ours = line.is_ok_and(|line| line.parse().as_ref() == Ok(&self.ticket));
        if is_ours {
            // A ticket that stays behind admits nobody: its token ends with this server.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a folder, and those above it, for its owner only; one that exists keeps its rights.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file that only its owner may read, synced to disk before it gets its name.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let result = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return result;
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a crash left behind.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use recado_shared::{Fingerprint, InviteToken};

    use super::*;

    fn ticket(token: u8) -> Invite {
        Invite {
            address: "127.0.0.1:7322".parse().unwrap(),
            fingerprint: Fingerprint([1; 32]),
            token: Some(InviteToken([token; 16])),
        }
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_key_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = read_or_make_key(dir.path()).unwrap();
        let again = read_or_make_key(dir.path()).unwrap();
        assert_eq!(made.fingerprint(), again.fingerprint());
        #[cfg(unix)]
        assert_eq!(mode(&dir.path().join(KEY_FILE)), 0o600);
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(KEY_FILE);
        fs::write(&path, "damaged").unwrap();
        let error = read_or_make_key(dir.path()).unwrap_err();
        assert!(matches!(error, FileError::Key { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"damaged");
    }

    #[test]
    fn a_ticket_goes_with_its_server_and_no_other_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run").join("local.ticket");
        let first = TicketFile::leave(&path, &ticket(1)).unwrap();
        #[cfg(unix)]
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let second = TicketFile::leave(&path, &ticket(2)).unwrap();
        // The token is a secret, and debug forms get into logs.
        let line = ticket(2).to_string();
        let (_, secret) = line.rsplit_once('.').unwrap();
        assert!(!format!("{second:?}").contains(secret));
        drop(first);
        let line = fs::read_to_string(&path).unwrap();
        assert_eq!(line.trim().parse(), Ok(ticket(2)));
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn a_ticket_goes_where_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let places = [file.join("local.ticket"), dir.path().join("local.ticket")];
        let left = TicketFile::leave_in_one_of(&places, &ticket(1)).unwrap();
        assert_eq!(left.path, places[1]);
        assert!(TicketFile::leave_in_one_of(&places[..1], &ticket(1)).is_none());
    }

    #[test]
    fn the_noted_address_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(noted_address(dir.path()), None);
        let address = "chat.example:1".parse().unwrap();
        note_address(dir.path(), &address).unwrap();
        assert_eq!(noted_address(dir.path()), Some(address));
    }
}
