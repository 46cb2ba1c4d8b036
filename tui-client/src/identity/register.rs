//! Registration of a name. The key is on the disk before it is used to claim one, and stays there
//! whenever the server may have granted it; a refused name leaves nothing behind.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Invite, Refusal, ServerAddress, UserName};

use super::stored::{
    Identity, IdentityError, KEY_FILE, KnownServer, discard, find, folder_of, keep_key,
    last_reached, lock_at, read_or_draw_key, unconfirmed_folder, write_key,
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
            // A key that is there already was kept because the server may have granted it a name.
            may_be_granted: folder.join(KEY_FILE).exists(),
            folder,
            lock: None,
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

    fn config(&self, name: Option<&UserName>) -> NetConfig {
        let name = name.map(UserName::as_str);
        let mut config = NetConfig::of_invite(&self.invite, Arc::clone(&self.key), name);
        if self.lock.is_some() {
            config.last_reached = last_reached(&self.folder);
        }
        config
    }

    async fn log_in(&mut self, name: Option<&UserName>) -> Result<UserName, RegisterError> {
        let granted = match Link::new(self.config(name)) {
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
                self.may_be_granted = may_be_granted(&error).unwrap_or(self.may_be_granted);
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

/// Whether the key may have the name by now: yes if the hello may have arrived, no after a final answer
/// of the pinned server. `None` if the attempt says nothing about it. Names every error, so that a new
/// one cannot delete a key unseen.
fn may_be_granted(error: &ConnectError) -> Option<bool> {
    match error {
        ConnectError::Broken { .. } | ConnectError::Timeout { .. } => Some(true),
        ConnectError::Refused { .. } | ConnectError::AccessRevoked { .. } => {
            error.is_denial().then_some(false)
        }
        ConnectError::Resolve { .. }
        | ConnectError::ConnectionRefused { .. }
        | ConnectError::Unreachable { .. }
        | ConnectError::NotRecado { .. }
        | ConnectError::WrongKey { .. }
        | ConnectError::Key(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use recado_shared::Fingerprint;
    use tokio::net::TcpListener;

    use super::*;

    fn invite(port: u16) -> Invite {
        Invite {
            address: format!("127.0.0.1:{port}").parse().unwrap(),
            fingerprint: Fingerprint([1; 32]),
            token: None,
        }
    }

    #[tokio::test]
    async fn a_key_that_may_own_a_name_outlives_a_retry_that_reaches_no_server() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        let name = UserName::new("alice").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let invite = invite(listener.local_addr().unwrap().port());
        let closing = tokio::spawn(async move { drop(listener.accept().await) });
        let error = register(&paths, &invite, &name, false).await.unwrap_err();
        assert!(
            matches!(&error, RegisterError::Connect(ConnectError::Broken { .. })),
            "{error}"
        );
        closing.await.unwrap();
        let unconfirmed = unconfirmed_folder(&folder_of(&paths, "alice", invite.fingerprint));
        let key = fs::read(unconfirmed.join(KEY_FILE)).unwrap();
        let error = register(&paths, &invite, &name, false).await.unwrap_err();
        let refused = ConnectError::ConnectionRefused {
            address: invite.address.clone(),
        };
        assert_eq!(error.to_string(), refused.to_string());
        assert_eq!(fs::read(unconfirmed.join(KEY_FILE)).unwrap(), key);
        // A first attempt that reached no server leaves nothing.
        let bob = UserName::new("bob").unwrap();
        register(&paths, &invite, &bob, false).await.unwrap_err();
        let unconfirmed = unconfirmed_folder(&folder_of(&paths, "bob", invite.fingerprint));
        assert!(!unconfirmed.exists());
    }

    #[test]
    fn the_network_address_that_worked_is_kept_with_a_new_name_and_with_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        let name = UserName::new("alice").unwrap();
        // The second time, the name has a folder.
        for reached in ["192.0.2.1:7322", "[2001:db8::1]:7322"] {
            let reached = reached.parse().unwrap();
            let registration = Registration::new(&paths, &invite(7322), Some(&name), false);
            let mut registration = registration.unwrap();
            registration.keep().unwrap();
            registration.may_be_granted = true;
            let last = registration.config(Some(&name)).last_reached;
            last.save.unwrap()(reached);
            let identity = registration.finish(&paths, name.clone()).unwrap();
            let last = identity.net_config(&paths).last_reached;
            assert_eq!(last.address, Some(reached));
        }
    }
}
