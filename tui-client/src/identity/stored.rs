//! Stored identities: the folder of each with its key, its pinned server, its lock and its last use.
//! Knows no network and no choice between identities.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Fingerprint, Invite, ServerAddress, UserName};
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::net::{Locate, Located, NetConfig};
use crate::output::complain;
use crate::paths::Paths;

pub(super) const KEY_FILE: &str = "device.key";
pub(super) const SERVER_FILE: &str = "server.toml";
const STORE_FILE: &str = "recado.db";
const LOCK_FILE: &str = "lock";
/// Its modification time says when the identity was last opened.
const USED_FILE: &str = "used";
/// Ends the name of a folder whose name is not known to be granted yet.
pub(super) const UNCONFIRMED: &str = ".new";

/// An identity that the server has welcomed.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The folder with its files.
    pub folder: PathBuf,
    /// The pinned server and the name there.
    pub server: KnownServer,
    /// The key of this device.
    pub key: Arc<DeviceIdentity>,
}

/// What an identity knows of its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownServer {
    /// Where it was last.
    pub address: ServerAddress,
    /// The only key it may have.
    pub fingerprint: Fingerprint,
    /// The user's name there.
    pub name: UserName,
    /// Whether it is the server of the same user on this machine, which moves: its ticket says
    /// where it is.
    pub is_local: bool,
}

/// The file `server.toml` as written.
#[derive(Debug, Serialize, Deserialize)]
struct ServerFile {
    address: String,
    fingerprint: String,
    name: String,
    local: bool,
}

/// Why an identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The operating system refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file holds something else.
    #[error(
        "{} is damaged ({reason}). Restore it from a backup, or remove the folder and join again.", 
        .path.display()
    )]
    Damaged {
        /// The file that is damaged.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process has it open.
    #[error(
        "{name} is already open in another window. Use that one, or open another name with \
         'recado NAME'."
    )]
    InUse {
        /// The name of the identity.
        name: UserName,
    },
    /// Another process waits to be linked to the same server.
    #[error(
        "'recado link' is already running in another window. Use the code there, or stop it first."
    )]
    IsLinking,
}

/// Keeps other processes from opening the same identity, for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Identity {
    /// Reads an identity from its folder.
    pub(super) fn read(folder: &Path) -> Result<Self, IdentityError> {
        let key = read_key(folder)?;
        let server = KnownServer::read(&folder.join(SERVER_FILE))?;
        Ok(Self {
            folder: folder.to_owned(),
            server,
            key: Arc::new(key),
        })
    }

    /// Where its local store is.
    pub fn store_path(&self) -> PathBuf {
        self.folder.join(STORE_FILE)
    }

    /// Keeps it for this process. Verbs that only talk to the server do without.
    ///
    /// # Errors
    /// [`IdentityError::InUse`] if another process has it.
    pub fn lock(&self) -> Result<Lock, IdentityError> {
        let file = lock_folder(&self.folder, &self.server.name)?;
        files::write(&self.folder.join(USED_FILE), b"")?;
        Ok(Lock { _file: file })
    }

    /// How to reach its server. A local one is found by its ticket, also after a restart.
    pub fn net_config(&self, paths: &Paths) -> NetConfig {
        let mut config = NetConfig {
            address: self.server.address.clone(),
            fingerprint: self.server.fingerprint,
            identity: Arc::clone(&self.key),
            name: Some(self.server.name.as_str().to_owned()),
            token: None,
            since: None,
            locate: None,
        };
        if self.server.is_local {
            config.locate = Some(locate_local(
                paths.local_tickets.clone(),
                config.fingerprint,
            ));
        }
        config
    }

    /// Notes where the server is by now.
    ///
    /// # Errors
    /// [`IdentityError::File`] if it cannot be written.
    pub fn set_address(&mut self, address: ServerAddress) -> Result<(), IdentityError> {
        if self.server.address != address {
            self.server.address = address;
            self.server.write(&self.folder.join(SERVER_FILE))?;
        }
        Ok(())
    }

    fn last_used(&self) -> std::time::SystemTime {
        let modified = |name| fs::metadata(self.folder.join(name)).and_then(|file| file.modified());
        modified(USED_FILE)
            .or_else(|_| modified(SERVER_FILE))
            .unwrap_or(std::time::UNIX_EPOCH)
    }
}

impl KnownServer {
    pub(super) fn read(path: &Path) -> Result<Self, IdentityError> {
        let text = fs::read_to_string(path).map_err(files::at(path))?;
        Self::parse(&text).map_err(|reason| IdentityError::Damaged {
            path: path.to_owned(),
            reason,
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: ServerFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let invite_error = |error: recado_shared::InviteError| error.to_string();
        Ok(Self {
            address: file.address.parse().map_err(invite_error)?,
            fingerprint: file.fingerprint.parse().map_err(invite_error)?,
            name: UserName::new(&file.name).map_err(|error| error.to_string())?,
            is_local: file.local,
        })
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), FileError> {
        let file = ServerFile {
            address: self.address.to_string(),
            fingerprint: self.fingerprint.to_string(),
            name: self.name.as_str().to_owned(),
            local: self.is_local,
        };
        let text = toml::to_string(&file).expect("plain text can be written as TOML");
        files::write(path, text.as_bytes())
    }
}

/// Reads the ticket that a running server of the same user has left, if there is one.
pub fn local_ticket(places: &[PathBuf]) -> Option<Invite> {
    let read = |path: &PathBuf| fs::read_to_string(path).ok()?.trim().parse().ok();
    places.iter().find_map(read)
}

fn locate_local(places: Vec<PathBuf>, fingerprint: Fingerprint) -> Locate {
    Arc::new(move || {
        let ticket = local_ticket(&places)?;
        (ticket.fingerprint == fingerprint).then_some(Located {
            address: ticket.address,
            token: ticket.token,
        })
    })
}

pub(super) fn identities_folder(paths: &Paths) -> PathBuf {
    paths.data_dir.join("identities")
}

/// All identities, the one last used first. Folders of names that were never granted are left
/// out, and damaged ones, which the person is told about: they must not keep the others closed.
///
/// # Errors
/// [`IdentityError`] if the folder of all of them cannot be read.
pub fn all(paths: &Paths) -> Result<Vec<Identity>, IdentityError> {
    let folder = identities_folder(paths);
    let found = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(files::at(&folder))?,
    };
    let mut identities = Vec::new();
    for entry in found {
        let path = entry.map_err(files::at(&folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(UNCONFIRMED) || !path.join(SERVER_FILE).exists() {
            continue;
        }
        match Identity::read(&path) {
            Ok(identity) => identities.push(identity),
            Err(error) => complain(&error.to_string()),
        }
    }
    identities.sort_by_key(|identity| std::cmp::Reverse(identity.last_used()));
    Ok(identities)
}

/// Names the folder of an identity. Names are letters, digits, '-', '_' and '.' between them,
/// fingerprints are URL-safe, so nothing in it means anything to a file system.
pub(super) fn folder_of(paths: &Paths, name: &UserName, fingerprint: Fingerprint) -> PathBuf {
    let fingerprint = fingerprint.to_string();
    let short: String = fingerprint.chars().take(16).collect();
    identities_folder(paths).join(format!("{}@{short}", name.folded()))
}

pub(super) fn read_key(folder: &Path) -> Result<DeviceIdentity, IdentityError> {
    let path = folder.join(KEY_FILE);
    let bytes = fs::read(&path).map_err(files::at(&path))?;
    DeviceIdentity::from_pkcs8(&bytes).map_err(|error| IdentityError::Damaged {
        path,
        reason: error.to_string(),
    })
}

pub(super) fn lock_folder(folder: &Path, name: &UserName) -> Result<File, IdentityError> {
    lock_at(folder)?.ok_or_else(|| IdentityError::InUse { name: name.clone() })
}

/// The lock of a folder, unless another process holds it.
pub(super) fn lock_at(folder: &Path) -> Result<Option<File>, IdentityError> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(files::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(files::at(&path)(error).into()),
    }
}
