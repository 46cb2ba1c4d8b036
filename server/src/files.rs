//! Private files of the server: its key, the local ticket and its last address. Each is written
//! atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use recado_shared::io_reason::{describe, file_advice};
use recado_shared::secret::{self, Exposed, SecretError};
use recado_shared::tls::Identity;
use recado_shared::{Invite, ServerAddress};
use tracing::warn;

use crate::local::note_of;
use crate::public_address::PublicAddress;

/// The server's Ed25519 key as PKCS #8, in the data folder.
const KEY_FILE: &str = "server.key";

/// The public address of the last run, in the data folder, for commands that make invites.
const ADDRESS_FILE: &str = "address";

/// The public address that an operator set last, in the data folder, for later starts.
const PUBLIC_ADDRESS_FILE: &str = "public-address";

/// A file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(
        "cannot use {}: {}. {}",
        path.display(),
        describe(.reason),
        file_advice(.reason)
    )]
    Io { path: PathBuf, reason: io::Error },
    #[error(
        "the key file {} is damaged. Restore it from a backup: clients refuse a server with another key",
        path.display()
    )]
    Key { path: PathBuf },
    #[error(transparent)]
    Exposed(#[from] Exposed),
    #[error("cannot make a key: the random number generator of the system failed")]
    Random,
}

impl FileError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |reason| Self::Io { path, reason }
    }
}

pub(crate) fn key_in(data_dir: &Path) -> PathBuf {
    data_dir.join(KEY_FILE)
}

/// Replaces the server's key. The caller holds the lock of the data folder.
pub(crate) fn write_key(data_dir: &Path, key: &Identity) -> Result<(), FileError> {
    let path = key_in(data_dir);
    write_private(&path, key.pkcs8()).map_err(FileError::io(&path))
}

/// Reads the server's key. `None` if there is no file.
pub(crate) fn read_key(data_dir: &Path) -> Result<Option<Identity>, FileError> {
    let path = key_in(data_dir);
    match secret::read(&path) {
        Ok(bytes) => Identity::from_pkcs8(&bytes)
            .map(Some)
            .map_err(|_| FileError::Key { path }),
        Err(SecretError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(SecretError::Io(error)) => Err(FileError::io(&path)(error)),
        Err(SecretError::Exposed(exposed)) => Err(exposed.into()),
    }
}

/// Reads the server's key, or makes one. The caller holds the lock of the data folder.
pub(crate) fn read_or_make_key(data_dir: &Path) -> Result<Identity, FileError> {
    if let Some(identity) = read_key(data_dir)? {
        return Ok(identity);
    }
    let identity = Identity::generate().map_err(|_| FileError::Random)?;
    write_key(data_dir, &identity)?;
    Ok(identity)
}

pub(crate) fn write_address(data_dir: &Path, address: &ServerAddress) -> Result<(), FileError> {
    let path = data_dir.join(ADDRESS_FILE);
    write_private(&path, format!("{address}\n").as_bytes()).map_err(FileError::io(&path))
}

/// The public address of the server's last run, if known.
pub(crate) fn read_address(data_dir: &Path) -> Option<ServerAddress> {
    let line = fs::read_to_string(data_dir.join(ADDRESS_FILE)).ok()?;
    line.trim().parse().ok()
}

/// Remembers the public address for later starts, or forgets it. The caller holds the lock of the data
/// folder.
pub(crate) fn remember_public_address(
    data_dir: &Path,
    address: Option<&PublicAddress>,
) -> Result<(), FileError> {
    let path = data_dir.join(PUBLIC_ADDRESS_FILE);
    let written = match address {
        Some(address) => write_private(&path, format!("{address}\n").as_bytes()),
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    written.map_err(FileError::io(&path))
}

/// The remembered public address. `None` also if the file cannot be read.
pub(crate) fn remembered_public_address(data_dir: &Path) -> Option<PublicAddress> {
    let line = fs::read_to_string(data_dir.join(PUBLIC_ADDRESS_FILE)).ok()?;
    line.trim().parse().ok()
}

/// The local ticket on disk. Dropping it removes the file, unless another server has replaced it.
#[derive(Debug)]
pub(crate) struct TicketFile {
    path: PathBuf,
    ticket: Invite,
}

impl TicketFile {
    /// Writes a ticket to the first usable place. `None` without any: clients then need an invite.
    pub(crate) fn write_first(
        places: &[PathBuf],
        ticket: &Invite,
        data_dir: &Path,
    ) -> Option<Self> {
        places.iter().find_map(|path| {
            Self::write(path, ticket, data_dir)
                .inspect_err(|error| warn!(%error, "cannot write the local ticket there"))
                .ok()
        })
    }

    fn write(path: &Path, ticket: &Invite, data_dir: &Path) -> Result<Self, FileError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        make_private_folder(folder).map_err(FileError::io(folder))?;
        let note = note_of(path);
        // A client on this machine may have another working directory.
        let data_dir = std::path::absolute(data_dir).map_err(FileError::io(data_dir))?;
        let data_dir = data_dir.as_os_str().as_encoded_bytes();
        write_private(&note, data_dir).map_err(FileError::io(&note))?;
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
            // A ticket that remains is harmless: its token is valid only while this server runs.
            let _ = fs::remove_file(&self.path);
            let _ = fs::remove_file(note_of(&self.path));
        }
    }
}

/// Makes a folder and its parents for their owner only. Existing ones keep their permissions.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path)
}

/// Writes a file that only its owner can read: synced to disk, then renamed to `path`.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    write_new(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        // The first error matters more than one of the clean-up.
        .inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A crash may have left one.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
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
        write_private(&path, b"damaged").unwrap();
        let error = read_or_make_key(dir.path()).unwrap_err();
        assert!(matches!(error, FileError::Key { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"damaged");
    }

    #[test]
    fn a_ticket_is_removed_by_its_own_server_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run").join("local.ticket");
        let first = TicketFile::write(&path, &ticket(1), dir.path()).unwrap();
        #[cfg(unix)]
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let second = TicketFile::write(&path, &ticket(2), dir.path()).unwrap();
        // The token is a secret, and debug output gets into logs.
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
    fn a_ticket_is_written_to_the_first_usable_place() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let places = [file.join("local.ticket"), dir.path().join("local.ticket")];
        let written = TicketFile::write_first(&places, &ticket(1), dir.path()).unwrap();
        assert_eq!(written.path, places[1]);
        assert!(TicketFile::write_first(&places[..1], &ticket(1), dir.path()).is_none());
    }

    #[test]
    fn the_address_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_address(dir.path()), None);
        let address = "chat.example:1".parse().unwrap();
        write_address(dir.path(), &address).unwrap();
        assert_eq!(read_address(dir.path()), Some(address));
    }
}
