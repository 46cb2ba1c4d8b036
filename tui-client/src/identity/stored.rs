//! Stored identities: the folder of each with its key, its pinned server, its lock and its last use.
//! Knows no network and no choice between identities.

use std::cmp::Reverse;
use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use recado_shared::io_reason::describe;
use recado_shared::secret::{self, Exposed, SecretError};
use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Fingerprint, Invite, ServerAddress, UserName};
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::net::{KnownState, LastReached, Locate, NetConfig, ReportLogin};
use crate::output::complain;
use crate::paths::Paths;

pub(super) const KEY_FILE: &str = "device.key";
pub(super) const SERVER_FILE: &str = "server.toml";
const STORE_FILE: &str = "recado.db";
const LOCK_FILE: &str = "lock";
/// Its modification time says when the identity was last made the default.
const USED_FILE: &str = "used";
/// The network address that worked last, of a server whose host has several.
const REACHED_FILE: &str = "reached";
/// The reason for which the server no longer admits the identity. Absent while it does.
const DENIED_FILE: &str = "denied";
/// Ends the name of a folder whose user name is not known to be granted yet.
const UNCONFIRMED: &str = ".new";

/// An identity that the server has welcomed.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) folder: PathBuf,
    pub(crate) server: KnownServer,
    pub(crate) key: Arc<DeviceIdentity>,
    /// Whether the server refused it at the last attempt, for good.
    pub(crate) is_denied: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownServer {
    pub(crate) address: ServerAddress,
    pub(crate) fingerprint: Fingerprint,
    /// The user's name there.
    pub(crate) name: UserName,
    /// Whether it is the server of the same user on this machine, which moves: its ticket has the
    /// address.
    pub(crate) is_local: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct ServerFile {
    address: String,
    fingerprint: String,
    name: String,
    local: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "{} is damaged ({reason}). Restore it from a backup, or remove the folder and join again.", 
        .path.display()
    )]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "{name} is already open in another window. Use that one, or open another name with \
         'recado NAME'."
    )]
    InUse { name: UserName },
    #[error(
        "'recado link' is already running in another window. Use the code there, or stop it first."
    )]
    IsLinking,
    #[error(
        "This name is being registered in another window. Finish there, or close that window first."
    )]
    IsRegistering,
    #[error("Refused: {0}")]
    Exposed(Exposed),
    #[error("Cannot create a key: the random source of the operating system fails.")]
    Random,
}

impl Identity {
    pub(super) fn read(folder: &Path) -> Result<Self, IdentityError> {
        Ok(Self {
            key: Arc::new(read_key(folder)?),
            server: KnownServer::read(&folder.join(SERVER_FILE))?,
            is_denied: folder.join(DENIED_FILE).exists(),
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.folder.join(STORE_FILE)
    }

    /// Keeps other processes from opening the identity while the file is held. Verbs that only talk
    /// to the server do without.
    pub(crate) fn lock(&self) -> Result<File, IdentityError> {
        lock_folder(&self.folder, &self.server.name)
    }

    /// Makes it the one that opens when no name is given.
    pub(crate) fn make_default(&self) -> Result<(), FileError> {
        files::write(&self.folder.join(USED_FILE), b"")
    }

    /// How to reach its server. A local one is found by its ticket, also after a restart. The key says
    /// who it is: with a name, a server that lost its data would register it again.
    pub(crate) fn net_config(&self, paths: &Paths) -> NetConfig {
        let server = &self.server;
        let locate = || locate_local(paths.local_tickets.clone(), server.fingerprint);
        NetConfig {
            address: server.address.clone(),
            fingerprint: server.fingerprint,
            identity: Arc::clone(&self.key),
            name: None,
            token: None,
            known: KnownState::default(),
            locate: server.is_local.then(locate),
            last_reached: last_reached(&self.folder),
            report: Some(self.report()),
        }
    }

    /// Keeps the answer of the server to each login: the name, which its operator may have changed, or
    /// the reason of a refusal. Writes only changes.
    fn report(&self) -> ReportLogin {
        let folder = self.folder.clone();
        Arc::new(move |login| {
            if let Err(error) = keep_login(&folder, login) {
                tracing::warn!(%error, "cannot keep the answer of the server");
            }
        })
    }

    pub(crate) fn set_address(&mut self, address: ServerAddress) -> Result<(), IdentityError> {
        if self.server.address != address {
            self.server.address = address;
            self.server.write(&self.folder)?;
        }
        Ok(())
    }

    /// The order of [`all`]: the default first, then the others that were it, then by age.
    fn rank(&self) -> (Reverse<Option<SystemTime>>, Option<SystemTime>) {
        let modified = |name| fs::metadata(self.folder.join(name)).and_then(|file| file.modified());
        (Reverse(modified(USED_FILE).ok()), modified(KEY_FILE).ok())
    }
}

fn keep_login(folder: &Path, login: Result<&UserName, &str>) -> Result<(), FileError> {
    let denied = folder.join(DENIED_FILE);
    match login {
        Err(reason) => return files::write(&denied, reason.as_bytes()),
        Ok(_) if denied.exists() => fs::remove_file(&denied).map_err(files::at(&denied))?,
        Ok(_) => {}
    }
    match (login, KnownServer::read(&folder.join(SERVER_FILE))) {
        (Ok(name), Ok(mut server)) if server.name != *name => {
            server.name = name.clone();
            server.write(folder)
        }
        _ => Ok(()),
    }
}

impl KnownServer {
    fn read(path: &Path) -> Result<Self, IdentityError> {
        let text = fs::read_to_string(path).map_err(files::at(path))?;
        Self::parse(&text).map_err(|reason| damaged(path, &*reason))
    }

    fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let file: ServerFile = toml::from_str(text)?;
        Ok(Self {
            address: file.address.parse()?,
            fingerprint: file.fingerprint.parse()?,
            name: UserName::new(&file.name)?,
            is_local: file.local,
        })
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), FileError> {
        let file = ServerFile {
            address: self.address.to_string(),
            fingerprint: self.fingerprint.to_string(),
            name: self.name.as_str().to_owned(),
            local: self.is_local,
        };
        let text = toml::to_string(&file).expect("plain text can be written as TOML");
        files::write(&folder.join(SERVER_FILE), text.as_bytes())
    }
}

/// The network address that a folder remembers, which may be that of an identity to come.
pub(super) fn last_reached(folder: &Path) -> LastReached {
    let path = folder.join(REACHED_FILE);
    let text = fs::read_to_string(&path).ok();
    LastReached {
        address: text.and_then(|text| text.trim().parse().ok()),
        save: Some(Arc::new(move |address| {
            // Without the file, the next start tries the addresses in the order of the resolver.
            if let Err(error) = files::write(&path, format!("{address}\n").as_bytes()) {
                tracing::debug!(%error, "cannot save the network address of the server");
            }
        })),
    }
}

/// Reads the ticket that a running server of the same user has left, if there is one.
pub(crate) fn local_ticket(places: &[PathBuf]) -> Option<Invite> {
    let read = |path: &PathBuf| fs::read_to_string(path).ok()?.trim().parse().ok();
    places.iter().find_map(read)
}

fn locate_local(places: Vec<PathBuf>, fingerprint: Fingerprint) -> Locate {
    Arc::new(move || local_ticket(&places).filter(|ticket| ticket.fingerprint == fingerprint))
}

fn identities_folder(paths: &Paths) -> PathBuf {
    paths.data_dir.join("identities")
}

/// All identities, the default first. Leaves out names that were never granted, and reports
/// damaged identities on standard error, so that they do not keep the others closed.
pub(crate) fn all(paths: &Paths) -> Result<Vec<Identity>, IdentityError> {
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
    identities.sort_by_cached_key(Identity::rank);
    Ok(identities)
}

/// The folder of an identity. Folded names are letters, digits, '-', '_' and '.' between them,
/// fingerprints are URL-safe, so nothing in it means anything to a file system.
pub(super) fn folder_of(paths: &Paths, folded_name: &str, fingerprint: Fingerprint) -> PathBuf {
    let fingerprint = fingerprint.to_string();
    let short: String = fingerprint.chars().take(16).collect();
    identities_folder(paths).join(format!("{folded_name}@{short}"))
}

pub(super) fn unconfirmed_folder(folder: &Path) -> PathBuf {
    let mut name = OsString::from(folder);
    name.push(UNCONFIRMED);
    name.into()
}

/// The identity of this name on a server, also if its folder has an earlier name of the user.
pub(super) fn find(
    paths: &Paths,
    name: &UserName,
    fingerprint: Fingerprint,
) -> Result<Option<Identity>, IdentityError> {
    let is_meant = |server: &KnownServer| {
        server.fingerprint == fingerprint && server.name.folded() == name.folded()
    };
    let mut identities = all(paths)?.into_iter();
    Ok(identities.find(|identity| is_meant(&identity.server)))
}

/// Keeps a key that the server has admitted, as that of this user. An identity that this machine had
/// under the name, and whose device was revoked, goes on with the new key: its history and drafts
/// stay. If it fails, the key stays in the unconfirmed folder.
pub(super) fn keep_key(
    paths: &Paths,
    unconfirmed: &Path,
    key: &DeviceIdentity,
    server: &KnownServer,
) -> Result<Identity, IdentityError> {
    let known = find(paths, &server.name, server.fingerprint)?;
    let folder = if let Some(Identity { folder, .. }) = known {
        let _lock = lock_folder(&folder, &server.name)?;
        files::write(&folder.join(KEY_FILE), key.pkcs8())?;
        server.write(&folder)?;
        keep_login(&folder, Ok(&server.name))?;
        if let Ok(reached) = fs::read(unconfirmed.join(REACHED_FILE)) {
            files::write(&folder.join(REACHED_FILE), &reached)?;
        }
        discard(unconfirmed);
        folder
    } else {
        let folder = folder_of(paths, &server.name.folded(), server.fingerprint);
        confirm(unconfirmed, &folder, server)?;
        folder
    };
    Identity::read(&folder)
}

/// Gives the folder its final name, after `server.toml` is written: a folder without the suffix is
/// always complete.
fn confirm(unconfirmed: &Path, folder: &Path, server: &KnownServer) -> Result<(), FileError> {
    server.write(unconfirmed)?;
    fs::rename(unconfirmed, folder).map_err(files::at(folder))?;
    files::sync_folder(folder)
}

pub(super) fn discard(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(error = describe(&error), "cannot remove an unused identity");
    }
}

fn read_key(folder: &Path) -> Result<DeviceIdentity, IdentityError> {
    let path = folder.join(KEY_FILE);
    let bytes = secret::read(&path).map_err(|error| match error {
        SecretError::Io(error) => files::at(&path)(error).into(),
        SecretError::Exposed(exposed) => IdentityError::Exposed(exposed),
    })?;
    DeviceIdentity::from_pkcs8(&bytes).map_err(|error| damaged(&path, &error))
}

/// The key of an attempt that was broken off, or a new one, which is not on the disk yet.
pub(super) fn read_or_draw_key(folder: &Path) -> Result<DeviceIdentity, IdentityError> {
    if folder.join(KEY_FILE).exists() {
        return read_key(folder);
    }
    DeviceIdentity::generate().map_err(|_| IdentityError::Random)
}

pub(super) fn write_key(folder: &Path, key: &DeviceIdentity) -> Result<(), FileError> {
    files::write(&folder.join(KEY_FILE), key.pkcs8())
}

fn damaged(path: &Path, reason: &dyn Error) -> IdentityError {
    IdentityError::Damaged {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

pub(super) fn lock_folder(folder: &Path, name: &UserName) -> Result<File, IdentityError> {
    lock_at(folder)?.ok_or_else(|| IdentityError::InUse { name: name.clone() })
}

/// The lock of a folder, unless another process holds it.
pub(super) fn lock_at(folder: &Path) -> Result<Option<File>, IdentityError> {
    let path = folder.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(&path).map_err(files::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(files::at(&path)(error).into()),
    }
}
