//! Registration of a name. The key is on the disk before it is used, and stays there whenever the
//! server may have granted the name; a refused name leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Hello, Invite, UserName, Welcome};

use super::stored::{
    Identity, IdentityError, KEY_FILE, KnownServer, SERVER_FILE, UNCONFIRMED, folder_of,
    lock_folder, read_key,
};
use crate::files;
use crate::net::{self, ConnectError, Connector};
use crate::paths::Paths;

/// Reasons for which a name was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// This device's files cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// There was no session.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The random source of the operating system fails.
    #[error("Cannot create a key: the random source of the operating system fails.")]
    Random,
}

/// Claims `name` on the server of an invite, or resumes it if an earlier attempt claimed it.
///
/// # Errors
/// [`RegisterError`] says why not.
pub async fn register(
    paths: &Paths,
    invite: &Invite,
    name: &UserName,
    is_local: bool,
) -> Result<Identity, RegisterError> {
    let folder = folder_of(paths, name, invite.fingerprint);
    if folder.join(SERVER_FILE).exists() {
        let mut known = Identity::read(&folder)?;
        known.set_address(invite.address.clone())?;
        return Ok(known);
    }
    let unconfirmed = with_suffix(&folder);
    files::make_folder(&unconfirmed).map_err(IdentityError::from)?;
    let lock = lock_folder(&unconfirmed, name)?;
    let key = read_or_make_key(&unconfirmed)?;
    let welcome = match open_session(&key, invite, name).await {
        Ok(welcome) => welcome,
        Err(error) => {
            if !may_be_granted(&error) {
                discard(&unconfirmed);
            }
            return Err(error.into());
        }
    };
    let server = KnownServer {
        address: invite.address.clone(),
        fingerprint: invite.fingerprint,
        name: welcome.name,
        is_local,
    };
    let write = || {
        server.write(&unconfirmed.join(SERVER_FILE))?;
        fs::rename(&unconfirmed, &folder).map_err(files::at(&folder))?;
        files::sync_folder(&folder)
    };
    write().map_err(IdentityError::from)?;
    drop(lock);
    Ok(Identity {
        folder,
        server,
        key: Arc::new(key),
    })
}

async fn open_session(
    key: &DeviceIdentity,
    invite: &Invite,
    name: &UserName,
) -> Result<Welcome, ConnectError> {
    let hello = Hello {
        name: Some(name.as_str().to_owned()),
        token: invite.token.clone(),
        ..net::hello()
    };
    let connector = Connector::new(key, invite.fingerprint)?;
    let session = connector.open(&invite.address, hello).await?;
    let welcome = session.welcome().clone();
    session.leave().await;
    Ok(welcome)
}

/// Whether the hello may have arrived, so that the key may have a name by now.
fn may_be_granted(error: &ConnectError) -> bool {
    match error {
        ConnectError::Broken { .. } | ConnectError::Timeout { .. } => true,
        ConnectError::Resolve { .. }
        | ConnectError::ConnectionRefused { .. }
        | ConnectError::Unreachable { .. }
        | ConnectError::NotRecado { .. }
        | ConnectError::WrongKey { .. }
        | ConnectError::Refused { .. }
        | ConnectError::AccessRevoked { .. }
        | ConnectError::Key(_) => false,
    }
}

pub(super) fn read_or_make_key(folder: &Path) -> Result<DeviceIdentity, RegisterError> {
    let path = folder.join(KEY_FILE);
    if path.exists() {
        return Ok(read_key(folder)?);
    }
    let key = DeviceIdentity::generate().map_err(|_| RegisterError::Random)?;
    files::write(&path, key.pkcs8()).map_err(IdentityError::from)?;
    Ok(key)
}

pub(super) fn discard(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        tracing::warn!(%error, "cannot remove an unused identity");
    }
}

fn with_suffix(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(UNCONFIRMED);
    name.into()
}
