//! Linking of this machine to an existing user. The key is on the disk before its code is shown, so that
//! a program that is killed meanwhile goes on with the same code.

use std::fs::{self, File};
use std::path::PathBuf;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Fingerprint, LinkCode, ServerAddress, UserName};

use super::register::{RegisterError, discard, read_or_make_key};
use super::stored::{
    Identity, IdentityError, KEY_FILE, KnownServer, SERVER_FILE, UNCONFIRMED, folder_of,
    identities_folder, lock_at, lock_folder,
};
use crate::files;
use crate::paths::Paths;

/// A key that is not approved yet.
#[derive(Debug)]
pub struct Linking {
    /// The new device's key.
    pub key: DeviceIdentity,
    fingerprint: Fingerprint,
    folder: PathBuf,
    _lock: File,
}

impl Linking {
    /// Makes a key for a server, or takes the one of an attempt that was broken off.
    ///
    /// # Errors
    /// [`RegisterError`]; [`IdentityError::IsLinking`] if another process does the same.
    pub fn begin(paths: &Paths, fingerprint: Fingerprint) -> Result<Self, RegisterError> {
        let short: String = fingerprint.to_string().chars().take(16).collect();
        let folder = identities_folder(paths).join(format!("@{short}{UNCONFIRMED}"));
        files::make_folder(&folder).map_err(IdentityError::from)?;
        let lock = lock_at(&folder)?.ok_or(IdentityError::IsLinking)?;
        Ok(Self {
            key: read_or_make_key(&folder)?,
            fingerprint,
            folder,
            _lock: lock,
        })
    }

    /// The code that users compare.
    pub fn code(&self) -> LinkCode {
        LinkCode::of(&self.key.key())
    }

    /// Deletes the key from the disk.
    pub fn discard(self) {
        discard(&self.folder);
    }

    /// Keeps the key as that of this user. An identity that this machine had under the name, and
    /// whose device was revoked, goes on with the new key: its history and drafts stay.
    ///
    /// # Errors
    /// [`IdentityError`]. The key stays then, and beginning again goes on with it.
    pub fn finish(
        self,
        paths: &Paths,
        address: ServerAddress,
        name: UserName,
        is_local: bool,
    ) -> Result<Identity, IdentityError> {
        let folder = folder_of(paths, &name, self.fingerprint);
        let server = KnownServer {
            address,
            fingerprint: self.fingerprint,
            name,
            is_local,
        };
        if folder.join(SERVER_FILE).exists() {
            let _lock = lock_folder(&folder, &server.name)?;
            files::write(&folder.join(KEY_FILE), self.key.pkcs8())?;
            server.write(&folder.join(SERVER_FILE))?;
            discard(&self.folder);
        } else {
            server.write(&self.folder.join(SERVER_FILE))?;
            fs::rename(&self.folder, &folder).map_err(files::at(&folder))?;
            files::sync_folder(&folder)?;
        }
        Identity::read(&folder)
    }
}
