//! Registration of a name. The key is on the disk before it is used, and stays there whenever the
//! server may have granted the name; a refused name leaves nothing behind.

use std::sync::Arc;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Invite, UserName};

use super::stored::{
    Identity, IdentityError, KnownServer, SERVER_FILE, confirm, discard, folder_of, lock_folder,
    read_or_make_key, unconfirmed_folder,
};
use crate::files;
use crate::net::{ConnectError, Link, NetConfig};
use crate::paths::Paths;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// Claims `name` on the server of an invite, or resumes it if an earlier attempt claimed it.
pub(crate) async fn register(
    paths: &Paths,
    invite: &Invite,
    name: &UserName,
    is_local: bool,
) -> Result<Identity, RegisterError> {
    let folder = folder_of(paths, &name.folded(), invite.fingerprint);
    if folder.join(SERVER_FILE).exists() {
        let mut known = Identity::read(&folder)?;
        known.set_address(invite.address.clone())?;
        return Ok(known);
    }
    let unconfirmed = unconfirmed_folder(&folder);
    files::make_folder(&unconfirmed).map_err(IdentityError::from)?;
    let _lock = lock_folder(&unconfirmed, name)?;
    let key = Arc::new(read_or_make_key(&unconfirmed)?);
    let granted = claim_name(invite, &key, name).await.inspect_err(|error| {
        if !may_be_granted(error) {
            discard(&unconfirmed);
        }
    })?;
    let server = KnownServer {
        address: invite.address.clone(),
        fingerprint: invite.fingerprint,
        name: granted,
        is_local,
    };
    confirm(&unconfirmed, &folder, &server).map_err(IdentityError::from)?;
    Ok(Identity {
        folder,
        server,
        key,
    })
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

async fn claim_name(
    invite: &Invite,
    key: &Arc<DeviceIdentity>,
    name: &UserName,
) -> Result<UserName, ConnectError> {
    let config = NetConfig::of_invite(invite, Arc::clone(key), name.as_str());
    let session = Link::new(config)?.connect().await?;
    let granted = session.welcome().name.clone();
    session.leave().await;
    Ok(granted)
}
