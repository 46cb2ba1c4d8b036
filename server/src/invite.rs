//! Makes invites, against a running or a stopped server.

use std::path::Path;

use recado_shared::{Invite, InviteToken, ServerAddress, Timestamp, UserName};

use crate::files::{self, FileError};
use crate::store::{self, StoreError};

/// Whom an invite lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteTerms {
    /// How many new people; at least one.
    pub uses: u32,
    /// Until when.
    pub expires: Option<Timestamp>,
    /// Only under this name.
    pub name: Option<UserName>,
}

/// Why there is no invite.
#[derive(Debug, thiserror::Error)]
pub enum MakeInviteError {
    /// The data cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file beside the data cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nobody said which address the invite shall name.
    #[error(
        "the address of the server is not known. Name it with --address HOST:PORT, or set \
         public_address in its configuration"
    )]
    NoAddress,
}

/// One person, for ever, any name.
impl Default for InviteTerms {
    fn default() -> Self {
        Self {
            uses: 1,
            expires: None,
            name: None,
        }
    }
}

/// Makes an invite in a server's data. Without an address it names the one that the server noted
/// when it ran last. This waits for the disk: not for an async task.
///
/// # Errors
/// [`MakeInviteError`] says what is missing.
pub fn make(
    data_dir: &Path,
    address: Option<ServerAddress>,
    terms: &InviteTerms,
) -> Result<Invite, MakeInviteError> {
    let invite = prepare(data_dir, address)?;
    if let Some(token) = &invite.token {
        let name = terms.name.as_ref();
        store::create_invite(data_dir, token, terms.uses, terms.expires, name)?;
    }
    Ok(invite)
}

/// The text of an invite, with a new token that admits nobody yet.
pub(crate) fn prepare(
    data_dir: &Path,
    address: Option<ServerAddress>,
) -> Result<Invite, MakeInviteError> {
    let missing = || StoreError::Missing {
        path: data_dir.to_owned(),
    };
    let identity = files::read_key(data_dir)?.ok_or_else(missing)?;
    let address = address
        .or_else(|| files::noted_address(data_dir))
        .ok_or(MakeInviteError::NoAddress)?;
    let token = random_token()?;
    Ok(Invite {
        address,
        fingerprint: identity.fingerprint(),
        token: Some(token),
    })
}

pub(crate) fn random_token() -> Result<InviteToken, FileError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| FileError::Random)?;
    Ok(InviteToken(bytes))
}
