//! Registration of a name. The key is on the disk before it is used to claim one, and stays there
//! whenever the server may have granted it; a refused name leaves nothing behind.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Invite, Refusal, ServerAddress, UserName};

use super::stored::{
    Identity, IdentityError, KnownServer, discard, find, folder_of, keep_key, lock_at,
    read_or_draw_key, unconfirmed_folder, write_key,
};
use crate::files;
use crate::net::{ConnectError, Link, NetConfig};
use crate::paths::Paths;

/// Begins the name of the folder of a name that is not chosen yet. No user name has it.
const NO_NAME: &str = "+";

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// A new device, before its server has given it a name.
#[derive(Debug)]
pub(crate) struct Registration {
    invite: Invite,
    is_local: bool,
    key: Arc<DeviceIdentity>,
    folder: PathBuf,
    /// Held from the moment at which the key is on the disk.
    lock: Option<File>,
    /// Whether the server may know the key by a name, so that it must not be lost.
    may_be_granted: bool,
}

impl Registration {
    /// Draws a key, or takes the one of an attempt under this name that was broken off. Writes
    /// nothing.
    pub(crate) fn new(
        paths: &Paths,
        invite: &Invite,
        name: Option<&UserName>,
        is_local: bool,
    ) -> Result<Self, IdentityError> {
        let name = name.map_or_else(|| NO_NAME.to_owned(), UserName::folded);
        let folder = unconfirmed_folder(&folder_of(paths, &name, invite.fingerprint));
        Ok(Self {
            invite: invite.clone(),
            is_local,
            key: Arc::new(read_or_draw_key(&folder)?),
            folder,
            lock: None,
            may_be_granted: false,
        })
    }

    /// Reaches the server without a claim, and returns the name that it knows the key by. An invite
    /// of the operator for a user who lost all devices makes the key that of this user, so that
    /// the key is on the disk first if there is an invite.
    ///
    /// # Errors
    /// The server cannot be reached, or admits no new user by this invite.
    pub(crate) async fn reach(&mut self) -> Result<Option<UserName>, RegisterError> {
        if !self.is_local {
            self.keep()?;
        }
        match self.log_in(None).await {
            Ok(name) => Ok(Some(name)),
            Err(RegisterError::Connect(ConnectError::Refused {
                refusal: Refusal::NameNeeded,
                ..
            })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Claims a name, and returns it as the server wrote it. May be called again after a refusal.
    pub(crate) async fn claim(&mut self, name: &UserName) -> Result<UserName, RegisterError> {
        self.keep()?;
        self.log_in(Some(name)).await
    }

    /// Makes the key an identity of this machine.
    pub(crate) fn finish(
        mut self,
        paths: &Paths,
        name: UserName,
    ) -> Result<Identity, IdentityError> {
        self.keep()?;
        let server = KnownServer {
            address: self.invite.address.clone(),
            fingerprint: self.invite.fingerprint,
            name,
            is_local: self.is_local,
        };
        keep_key(paths, &self.folder, &self.key, &server)
    }

    /// The address of the server.
    pub(crate) fn address(&self) -> &ServerAddress {
        &self.invite.address
    }

    fn keep(&mut self) -> Result<(), IdentityError> {
        if self.lock.is_none() {
            files::make_folder(&self.folder)?;
            self.lock = Some(lock_at(&self.folder)?.ok_or(IdentityError::IsRegistering)?);
            write_key(&self.folder, &self.key)?;
        }
        Ok(())
    }

    async fn log_in(&mut self, name: Option<&UserName>) -> Result<UserName, RegisterError> {
        let config = NetConfig::of_invite(
            &self.invite,
            Arc::clone(&self.key),
            name.map(UserName::as_str),
        );
        let granted = match Link::new(config) {
            Ok(mut link) => link.connect().await,
            Err(error) => Err(error),
        };
        match granted {
            Ok(session) => {
                self.may_be_granted = true;
                let granted = session.welcome().name.clone();
                session.leave().await;
                Ok(granted)
            }
            Err(error) => {
                self.may_be_granted = may_be_granted(&error);
                Err(error.into())
            }
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.lock.is_some() && !self.may_be_granted {
            discard(&self.folder);
        }
    }
}

/// Claims `name` on the server of an invite, or resumes it if an earlier attempt claimed it.
pub(crate) async fn register(
    paths: &Paths,
    invite: &Invite,
    name: &UserName,
    is_local: bool,
) -> Result<Identity, RegisterError> {
    if let Some(mut known) = find(paths, name, invite.fingerprint)? {
        known.set_address(invite.address.clone())?;
        return Ok(known);
    }
    let mut registration = Registration::new(paths, invite, Some(name), is_local)?;
    let granted = registration.claim(name).await?;
    Ok(registration.finish(paths, granted)?)
}

/// Whether the hello may have arrived, so that the key may have the name by now. Names every error,
/// so that a new one cannot delete a key unseen.
const fn may_be_granted(error: &ConnectError) -> bool {
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
