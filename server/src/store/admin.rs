//! What an administrator's commands do to a data folder, on a connection of their own, whether or
//! not a server is using it.

use std::path::Path;

use recado_shared::{Timestamp, Token, UserName};
use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;
use super::{folder, invite};

/// A connection to the data of a running or stopped server.
#[derive(Debug)]
pub struct Admin {
    db: Connection,
}

/// Opens the data of a running or stopped server. It needs no lock, and waits while the server
/// commits.
///
/// # Errors
/// [`StoreError::Missing`] if no server ever used the folder, [`StoreError::OlderSchema`] and
/// [`StoreError::NewerSchema`] if another version did, [`StoreError::Database`].
pub fn open_admin(dir: &Path) -> Result<Admin, StoreError> {
    let db = folder::open_beside(dir)?;
    Ok(Admin { db })
}

/// Stores an invite in a server's data: `uses` new users may come in with the token, until it
/// expires, under any name or this one. Only a digest of the token is kept.
///
/// # Errors
/// As [`open_admin`].
pub fn create_invite(
    dir: &Path,
    token: &Token,
    uses: u32,
    expires: Option<Timestamp>,
    name: Option<&UserName>,
) -> Result<(), StoreError> {
    let mut admin = open_admin(dir)?;
    admin
        .create_invite(token, uses, expires, name)
        .map_err(StoreError::database(dir))
}

impl Admin {
    /// Stores an invite, as [`create_invite`] does.
    ///
    /// # Errors
    /// What the database says, also if the token was stored before.
    pub fn create_invite(
        &mut self,
        token: &Token,
        uses: u32,
        expires: Option<Timestamp>,
        name: Option<&UserName>,
    ) -> rusqlite::Result<()> {
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        invite::insert(&tx, token, uses, expires, name)?;
        tx.commit()
    }
}
