//! The operator's access to a data folder. Queries and invites use a connection of their own,
//! beside a running server or without one. Other changes go through the server, or through
//! [`administer`] if none runs.

use std::path::Path;

use recado_shared::{InviteToken, RoomName, Timestamp, UserName};
use rusqlite::{Connection, TransactionBehavior};

use crate::id::Ticket;
use crate::store::folder;
use crate::store::folder::Folder;
use crate::store::tables::invites;
use crate::store::values::config::StoreConfig;
use crate::store::values::error::StoreError;
use crate::store::values::request::{Write, WriteResult};
use crate::store::writer::thread::Writer;

use crate::store::tables::overview;
pub use crate::store::tables::overview::{InviteInfo, RoomInfo, UserDetail, UserInfo, UserState};
use crate::store::values::admin::{AdminChange, AdminOutcome, ChangeError};

/// A connection to the data of a running or stopped server.
#[derive(Debug)]
pub struct Admin {
    db: Connection,
}

/// Opens the data of a running or stopped server without its lock.
///
/// # Errors
/// [`StoreError::Missing`] if no server ever used the folder, [`StoreError::OlderSchema`] and
/// [`StoreError::NewerSchema`] if another version did, or [`StoreError::Database`].
pub fn open_admin(dir: &Path) -> Result<Admin, StoreError> {
    let db = folder::open_beside(dir)?;
    Ok(Admin { db })
}

/// Applies a change to the data of a stopped server.
///
/// # Errors
/// [`StoreError::Missing`] if no server ever used the folder, [`StoreError::InUse`] if one runs, or
/// another [`StoreError`].
pub fn administer(
    dir: &Path,
    change: AdminChange,
    time: Timestamp,
) -> Result<Result<AdminOutcome, ChangeError>, StoreError> {
    folder::expect_data(dir)?;
    let folder = Folder::claim(dir)?;
    let error = || StoreError::database(dir);
    let checkpoints = StoreConfig::default().checkpoints;
    let mut writer = Writer::new(folder.open_writer()?, checkpoints).map_err(error())?;
    let ticket = Ticket::default();
    let write = Write::Admin {
        ticket,
        change,
        time,
    };
    let mut written = writer.commit(&[write]).map_err(error())?;
    writer.checkpoint_if_due(true).map_err(error())?;
    match written.pop() {
        Some(WriteResult::Admin { result, .. }) => Ok(result),
        written => unreachable!("a change is answered by a change, not {written:?}"),
    }
}

/// Stores an invite for `uses` new users, of any name or of this one. Only a digest of the token is
/// kept.
///
/// # Errors
/// As [`open_admin`].
pub fn create_invite(
    dir: &Path,
    token: &InviteToken,
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
    /// As [`create_invite`].
    ///
    /// # Errors
    /// If the database fails or has the token.
    pub fn create_invite(
        &mut self,
        token: &InviteToken,
        uses: u32,
        expires: Option<Timestamp>,
        name: Option<&UserName>,
    ) -> rusqlite::Result<()> {
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        invites::insert(&tx, token, uses, expires, name)?;
        tx.commit()
    }

    /// All users, also removed ones, by folded name.
    ///
    /// # Errors
    /// If the database fails.
    pub fn users(&self) -> rusqlite::Result<Vec<UserInfo>> {
        overview::users(&self.db)
    }

    /// # Errors
    /// If the database fails.
    pub fn user(&self, name: &UserName) -> rusqlite::Result<Option<UserDetail>> {
        overview::user_detail(&self.db, name)
    }

    /// All rooms, also closed ones, by folded name.
    ///
    /// # Errors
    /// If the database fails.
    pub fn rooms(&self) -> rusqlite::Result<Vec<RoomInfo>> {
        overview::rooms(&self.db)
    }

    /// # Errors
    /// If the database fails.
    pub fn room(&self, name: &RoomName) -> rusqlite::Result<Option<RoomInfo>> {
        overview::find_room(&self.db, name)
    }

    /// All invites, also used ones, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn invites(&self) -> rusqlite::Result<Vec<InviteInfo>> {
        overview::invites(&self.db)
    }

    /// Deletes an invite by the digest of its token; false if there is none.
    ///
    /// # Errors
    /// If the database fails.
    pub fn revoke_invite(&mut self, digest: &str) -> rusqlite::Result<bool> {
        invites::delete(&self.db, digest)
    }
}
