//! Linking of this machine to an existing user. The key is on the disk before its code is shown, so that
//! a program that is killed meanwhile goes on with the same code.

use std::fs::File;
use std::path::PathBuf;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Fingerprint, LinkCode, ServerAddress, UserName};

use super::stored::{
    Identity, IdentityError, KnownServer, discard, folder_of, keep_key, lock_at, read_or_draw_key,
    unconfirmed_folder, write_key,
};
use crate::files;
use crate::paths::Paths;

/// A key that is not approved yet.
#[derive(Debug)]
pub(crate) struct Linking {
    pub(crate) key: DeviceIdentity,
    fingerprint: Fingerprint,
    folder: PathBuf,
    _lock: File,
}

impl Linking {
    /// Makes a key for a server, or takes the one of an attempt that was broken off. Fails if
    /// another process does the same.
    pub(crate) fn begin(paths: &Paths, fingerprint: Fingerprint) -> Result<Self, IdentityError> {
        let folder = unconfirmed_folder(&folder_of(paths, "", fingerprint));
        files::make_folder(&folder)?;
        let lock = lock_at(&folder)?.ok_or(IdentityError::IsLinking)?;
        let key = read_or_draw_key(&folder)?;
        write_key(&folder, &key)?;
        Ok(Self {
            key,
            fingerprint,
            folder,
            _lock: lock,
        })
    }

    pub(crate) fn code(&self) -> LinkCode {
        LinkCode::of(&self.key.key())
    }

    pub(crate) fn discard(self) {
        discard(&self.folder);
    }

    /// Keeps the key as that of this user, see [`keep_key`]. If it fails, beginning again goes on
    /// with it.
    pub(crate) fn finish(
        self,
        paths: &Paths,
        address: ServerAddress,
        name: UserName,
        is_local: bool,
    ) -> Result<Identity, IdentityError> {
        let server = KnownServer {
            address,
            fingerprint: self.fingerprint,
            name,
            is_local,
        };
        keep_key(paths, &self.folder, &self.key, &server)
    }
}
