//! Tests of the store, all on real files.

mod admin;
mod batch;
mod clock;
mod contacts;
mod crash;
mod damage;
mod device;
mod display;
mod engine;
mod epochs;
mod erase;
mod erasures;
mod handle;
mod harm;
mod log;
mod login;
mod model;
mod permissions;
pub(super) mod plans;
mod read;
mod reserve;
mod rooms;
mod settings;

use std::path::Path;

use recado_shared::{
    Answer, Content, ConversationId, CursorUpdate, DeviceKey, MemberCursors, MessageBody,
    MessageId, Refusal, RequestNumber, Seq, Timestamp, UserId, UserName,
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::id::SessionId;
use crate::store::folder::Folder;
use crate::store::writer::thread::Writer;

/// The writer and a reader on a folder of their own, without their threads, so that a test
/// decides what is in a batch.
pub(crate) struct Desk {
    pub(crate) writer: Writer,
    pub(crate) reader: Connection,
    folder: Folder,
    dir: TempDir,
    devices: u8,
}

pub(crate) const SESSION: SessionId = SessionId(7);
pub(crate) const ORIGIN: Origin = Origin {
    session: SESSION,
    number: RequestNumber(1),
};

impl Desk {
    pub(crate) fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    pub(crate) fn open(dir: TempDir) -> Self {
        let folder = Folder::claim(dir.path()).unwrap();
        Self {
            writer: Writer::open(&folder, &StoreConfig::default()).unwrap(),
            reader: folder.open_reader().unwrap(),
            folder,
            dir,
            devices: 0,
        }
    }

    /// Closes everything and opens the same folder again.
    pub(crate) fn reopen(self) -> Self {
        let Self {
            writer,
            reader,
            folder,
            dir,
            devices,
        } = self;
        drop((writer, reader, folder));
        let desk = Self::open(dir);
        Self { devices, ..desk }
    }

    /// Closes everything, and leaves the folder.
    pub(crate) fn close(self) -> TempDir {
        let Self {
            writer,
            reader,
            folder,
            dir,
            ..
        } = self;
        drop((writer, reader, folder));
        dir
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&mut self, write: Write) -> WriteResult {
        self.writer.commit(&[write]).unwrap().pop().unwrap()
    }

    pub(crate) fn read(&mut self, read: Read) -> ReadResult {
        readers::read::answer_undamaged(&self.reader, read, &self.writer.damage).unwrap()
    }

    pub(crate) fn query(&mut self, user: UserId, query: Query) -> Answer {
        let read = Read::Query {
            origin: ORIGIN,
            user,
            query,
        };
        let ReadResult::Answer {
            origin: ORIGIN,
            result,
        } = self.read(read)
        else {
            panic!("a query is answered by an answer");
        };
        result.unwrap()
    }

    pub(crate) fn login(&mut self, login: Login) -> Result<AuthenticatedUser, Refusal> {
        let WriteResult::Login { result, .. } = self.write(Write::Login(login)) else {
            panic!("a login is answered by a login");
        };
        result
    }

    /// Registers a new device under a name.
    pub(crate) fn register(&mut self, name: &str) -> UserId {
        self.devices += 1;
        self.login(login(self.devices, Some(name))).unwrap().user
    }

    pub(crate) fn append(
        &mut self,
        write: Write,
    ) -> Result<StoredEntry, recado_shared::RequestError> {
        let WriteResult::Append { result, .. } = self.write(write) else {
            panic!("an append is answered by an append");
        };
        result
    }

    pub(crate) fn say(&mut self, from: UserId, to: UserId, id: u64, text: &str) -> StoredEntry {
        self.append(message(from, to, id, text)).unwrap()
    }

    pub(crate) fn advance(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        delivered: u64,
        read: u64,
    ) -> Option<MemberCursors> {
        let advance = CursorUpdate {
            conversation,
            delivered: Seq(delivered),
            read: Seq(read),
        };
        let WriteResult::Advance { moved, .. } = self.write(Write::Advance { user, advance })
        else {
            panic!("an advance is answered by an advance");
        };
        moved
    }
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

/// A device that comes in freely.
pub(crate) fn login(device: u8, claimed: Option<&str>) -> Login {
    Login {
        session: SESSION,
        key: DeviceKey([device; 32]),
        device_name: None,
        name: claimed.map(name),
        token: None,
        admission: Admission::Granted,
        max_users: 100,
        time: Timestamp(1_000),
    }
}

/// The device of a user, if the nth device of the test registered the nth user.
pub(crate) fn device_of(user: UserId) -> DeviceKey {
    DeviceKey([u8::try_from(user.0).unwrap_or(u8::MAX); 32])
}

pub(crate) fn text(text: &str) -> Content {
    Content::Message(MessageBody::new(text).unwrap())
}

pub(crate) fn message_id(id: u64) -> MessageId {
    MessageId(u128::from(id).to_be_bytes())
}

/// A direct message, accepted at a time that is its id.
pub(crate) fn message(from: UserId, to: UserId, id: u64, body: &str) -> Write {
    Write::Append {
        origin: ORIGIN,
        new: NewEntry {
            author: from,
            by: device_of(from),
            conversation: ConversationId::direct(from, to),
            id: message_id(id),
            content: text(body),
            time: Timestamp(id),
        },
    }
}
