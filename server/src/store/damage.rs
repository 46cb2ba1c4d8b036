//! Damage that requests found: each damaged thing is logged once, with its name, and counted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use recado_shared::{ConversationId, RoomId, UserId};
use rusqlite::{Connection, Error};
use tracing::error;

use crate::store::tables::{rooms, users};
use crate::store::values::{Counters, Query, Read, Write};

/// Most damaged things that are logged and counted, each with its own line: 48 KiB.
const MAX_SUBJECTS: usize = 1_000;

/// What a request needed when it met damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Conversation(ConversationId),
    /// A conversation whose own row cannot be read, by the number of that row.
    ConversationRow(i64),
    Room(RoomId),
    /// The account, the devices, the settings or the list of conversations of a user.
    User(UserId),
    /// Accounts, names, devices or invites, as far as a login or a search reads them.
    Directory,
}

impl Subject {
    pub(crate) fn of_read(read: &Read) -> Self {
        match read {
            Read::Heads { user, .. } | Read::MoreHeads { user, .. } | Read::Agreed { user, .. } => {
                Self::User(*user)
            }
            Read::Query { user, query, .. } => match query {
                Query::Page { conversation, .. } | Query::Resend { conversation, .. } => {
                    Self::Conversation(*conversation)
                }
                Query::Members { room, .. } => Self::Room(*room),
                Query::Users(_) | Query::FindUsers(_) | Query::FindRooms(_) => Self::Directory,
                Query::Invitations | Query::Devices | Query::Settings { .. } => Self::User(*user),
            },
        }
    }

    pub(crate) fn of_write(write: &Write) -> Self {
        match write {
            Write::Append { new, .. } => Self::Conversation(new.conversation),
            Write::Advance { advance, .. } => Self::Conversation(advance.conversation),
            Write::Device { user, .. } | Write::User { user, .. } => Self::User(*user),
            Write::Admin { .. }
            | Write::Erase { .. }
            | Write::Login(_)
            | Write::CreateRoom { .. } => Self::Directory,
        }
    }

    /// A text for the operator, with names as far as they can be read.
    pub(crate) fn describe(self, db: &Connection) -> String {
        match self {
            Self::Conversation(ConversationId::Room(room)) | Self::Room(room) => {
                format!("room {}", room_name(db, room))
            }
            Self::Conversation(ConversationId::Direct(pair)) => format!(
                "the direct conversation of {} and {}",
                user_name(db, pair.low()),
                user_name(db, pair.high())
            ),
            Self::ConversationRow(row) => format!("conversation {row}, whose row is unreadable"),
            Self::User(user) => format!("user {}", user_name(db, user)),
            Self::Directory => "the directory of users and rooms".to_owned(),
        }
    }
}

fn room_name(db: &Connection, room: RoomId) -> String {
    let name = rooms::name(db, room).ok().flatten();
    name.map_or_else(|| format!("number {}", room.0), |name| format!("#{name}"))
}

fn user_name(db: &Connection, user: UserId) -> String {
    let name = users::name(db, user).ok().flatten();
    name.map_or_else(|| format!("user {}", user.0), |name| name.to_string())
}

/// Damaged things that requests met since the start.
#[derive(Debug)]
pub(crate) struct DamageLog {
    subjects: Mutex<BTreeSet<Subject>>,
    counters: Arc<Counters>,
}

impl DamageLog {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self {
            subjects: Mutex::default(),
            counters,
        }
    }

    /// Logs and counts a damaged thing, unless it is known.
    pub(crate) fn report(&self, db: &Connection, subject: Subject, reason: &Error) {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        if subjects.len() < MAX_SUBJECTS && subjects.insert(subject) {
            self.counters.update(|stats| stats.damaged += 1);
            let damaged = subject.describe(db);
            error!(
                %damaged, %reason,
                "the database is damaged: run `recado-server verify` for what to do"
            );
        }
    }
}
