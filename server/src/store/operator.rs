//! The operator's access to a data folder, beside a running server or without one. Changes of users and
//! rooms go through the server, or through [`administer`] if none runs.

use std::path::Path;

use recado_shared::{InviteToken, Timestamp, UserName};

use crate::id::Ticket;
use crate::store::folder::{self, Folder};
use crate::store::tables::invites;
use crate::store::tables::overview::Admin;
use crate::store::values::{
    AdminChange, AdminOutcome, ChangeError, Left, StoreConfig, StoreError, Write, WriteResult,
};
use crate::store::writer::thread::Writer;

/// Opens the data of a running or stopped server without its lock.
///
/// # Errors
/// [`StoreError::Missing`] if no server ever used the folder, [`StoreError::OlderSchema`] and
/// [`StoreError::NewerSchema`] if another version did, or [`StoreError::Database`].
pub fn open_admin(dir: &Path) -> Result<Admin, StoreError> {
    folder::open_beside(dir).map(Admin)
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
    let mut writer = Writer::open(&folder, &StoreConfig::default())?;
    let write = Write::Admin {
        ticket: Ticket::default(),
        change,
        time,
    };
    let error = || StoreError::database(dir);
    let mut written = writer.commit(&[write]).map_err(error())?;
    // No server continues the erasures.
    let step = [Write::Erase { time }];
    while let [
        WriteResult::Erased {
            left: Some(Left::Now),
            ..
        },
    ] = writer.commit(&step).map_err(error())?.as_slice()
    {}
    writer.checkpoint_if_due(true).map_err(error())?;
    match written.pop() {
        Some(WriteResult::Admin { result, .. }) => Ok(result),
        written => unreachable!("a change is answered by a change, not {written:?}"),
    }
}

/// Registrations that are left for an invite; 0 if it is used up, expired or deleted.
///
/// # Errors
/// As [`open_admin`].
pub fn invite_uses_left(
    dir: &Path,
    token: &InviteToken,
    time: Timestamp,
) -> Result<u32, StoreError> {
    let Admin(db) = open_admin(dir)?;
    let left = invites::uses_left(&db, token, time);
    left.map_err(StoreError::database(dir))
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
    let Admin(db) = open_admin(dir)?;
    let inserted = invites::insert(&db, token, uses, expires, name);
    inserted.map(drop).map_err(StoreError::database(dir))
}
