//! Creation of invites in the data of a server, which may run or not.

use std::path::Path;

use recado_shared::{Invite, InviteToken, ServerAddress, Timestamp, UserName};

use crate::files::{self, FileError};
use crate::store::{self, StoreError};

/// Terms of an invite. By default it registers one user with any name, and does not expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteTerms {
    /// Registrations, at least 1.
    pub uses: u32,
    pub expires: Option<Timestamp>,
    /// The only name that may be registered. `None`: any.
    pub name: Option<UserName>,
}

/// The invite cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeInviteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "the server's address is not known. Use --address HOST:PORT, or set public_address in the \
         configuration"
    )]
    NoAddress,
}

impl Default for InviteTerms {
    fn default() -> Self {
        Self {
            uses: 1,
            expires: None,
            name: None,
        }
    }
}

/// Makes an invite, by default with the public address of the server's last run. It blocks on the disk.
///
/// # Errors
/// There is no server's data, a file cannot be used, or the address is not known.
pub fn make(
    data_dir: &Path,
    address: Option<ServerAddress>,
    terms: &InviteTerms,
) -> Result<Invite, MakeInviteError> {
    let (invite, token) = prepare(data_dir, address)?;
    let name = terms.name.as_ref();
    store::create_invite(data_dir, &token, terms.uses, terms.expires, name)?;
    Ok(invite)
}

/// Registrations that are left for an invite at a time; 0 if it is used up, expired or revoked. It blocks on
/// the disk.
///
/// # Errors
/// The data of the server cannot be read.
pub fn uses_left(data_dir: &Path, invite: &Invite, time: Timestamp) -> Result<u32, StoreError> {
    match &invite.token {
        Some(token) => store::invite_uses_left(data_dir, token, time),
        None => Ok(0),
    }
}

/// An invite with a new token, which the store does not know yet.
pub(crate) fn prepare(
    data_dir: &Path,
    address: Option<ServerAddress>,
) -> Result<(Invite, InviteToken), MakeInviteError> {
    let path = data_dir.to_owned();
    let identity = files::read_key(data_dir)?.ok_or(StoreError::Missing { path })?;
    let address = address
        .or_else(|| files::read_address(data_dir))
        .ok_or(MakeInviteError::NoAddress)?;
    let token = random_token()?;
    let invite = Invite {
        address,
        fingerprint: identity.fingerprint(),
        token: Some(token.clone()),
    };
    Ok((invite, token))
}

pub(crate) fn random_token() -> Result<InviteToken, FileError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| FileError::Random)?;
    Ok(InviteToken(bytes))
}
