//! Reads of the state with which the app starts.

use std::collections::BTreeMap;

use recado_shared::{
    ConversationId, DisplayName, Epoch, EpochId, Head, LogId, MemberCursors, MessageId, PageRange,
    Seq, Stamp, SyncPoint, Timestamp, UserId, UserName,
};
use rusqlite::{Connection, Row};

use super::request::{
    LostTail, Pending, PendingState, Snapshot, StoredCommand, StoredConversation, StoredMe,
    StoredPerson,
};
use super::value::{DbError, blob, bytes, column, number, query, query_first};
use super::{announcements, load, settings};
use crate::model::Place;

/// Entries read at the start for the conversation that was open: enough for a large screen.
const OPEN_WINDOW: u16 = 120;

/// Entries read at the start for every other conversation: enough until more are read.
const OTHER_WINDOW: u16 = 20;

/// Entries above the top row of a scroll that does not stand at the newest one.
const ABOVE_PLACE: u64 = 20;

/// Most entries read at the start from above such a place to the newest one.
const PLACE_WINDOW: u16 = 500;

pub(super) fn read(db: &Connection) -> Result<Snapshot, DbError> {
    let open = query_first(db, "SELECT conversation FROM open", [], |row| {
        column(row, 0)
    })?;
    let (settings, settings_stamp) = settings::read(db)?;
    let people = "SELECT user, name, display, is_removed FROM people ORDER BY user";
    Ok(Snapshot {
        me: query_first(db, "SELECT user, name, log FROM me", [], |row| {
            Ok(StoredMe {
                user: UserId(number(row, 0)?),
                name: user_name(row, 1)?,
                log: LogId(bytes(row, 2)?),
            })
        })?,
        since: query_first(db, "SELECT log, stamp FROM since", [], |row| {
            Ok(SyncPoint {
                log: LogId(bytes(row, 0)?),
                stamp: Stamp(number(row, 1)?),
            })
        })?,
        epochs: query(
            db,
            "SELECT id, start FROM epochs ORDER BY position",
            [],
            |row| {
                Ok(Epoch {
                    id: EpochId(bytes(row, 0)?),
                    start: number(row, 1)?,
                })
            },
        )?,
        lost: query(
            db,
            "SELECT conversation, after, messages, since FROM lost_tails",
            [],
            |row| {
                Ok(LostTail {
                    conversation: column(row, 0)?,
                    after: Seq(number(row, 1)?),
                    messages: number(row, 2)?,
                    since: Timestamp(number(row, 3)?),
                })
            },
        )?,
        people: query(db, people, [], |row| {
            let display: Option<String> = row.get(2)?;
            Ok(StoredPerson {
                user: UserId(number(row, 0)?),
                name: user_name(row, 1)?,
                display: display.and_then(|text| DisplayName::stored(&text).ok()),
                is_removed: row.get(3)?,
            })
        })?,
        settings,
        settings_stamp,
        conversations: read_conversations(db, open)?,
        outbox: query(db, OUTBOX, [], read_pending)?,
        commands: query(db, COMMANDS, [], |row| {
            Ok(StoredCommand {
                id: MessageId(bytes(row, 0)?),
                conversation: column(row, 1)?,
                text: row.get(2)?,
            })
        })?,
        drafts: query(db, DRAFTS, [], read_draft)?,
        open,
        announcements: query(db, announcements::ALL, [], announcements::read_row)?,
    })
}

pub(super) const OUTBOX: &str =
    "SELECT id, conversation, content, typed, failed FROM outbox ORDER BY position";

const COMMANDS: &str =
    "SELECT id, typed_in, command FROM outbox WHERE command IS NOT NULL ORDER BY position";

/// Reads a row of [`OUTBOX`].
pub(super) fn read_pending(row: &Row<'_>) -> Result<Pending, DbError> {
    let failed: Option<String> = row.get(4)?;
    Ok(Pending {
        id: MessageId(bytes(row, 0)?),
        conversation: column(row, 1)?,
        content: column(row, 2)?,
        typed: Timestamp(number(row, 3)?),
        state: failed.map_or(PendingState::Waiting, PendingState::Failed),
    })
}

pub(super) const DRAFTS: &str = "SELECT conversation, text FROM drafts";

/// Reads a row of [`DRAFTS`].
pub(super) fn read_draft(row: &Row<'_>) -> Result<(ConversationId, String), DbError> {
    Ok((column(row, 0)?, row.get(1)?))
}

fn read_conversations(
    db: &Connection,
    open: Option<ConversationId>,
) -> Result<Vec<StoredConversation>, DbError> {
    let mut cursors = BTreeMap::<ConversationId, Vec<MemberCursors>>::new();
    let sql = "SELECT conversation, user, delivered, read FROM cursors";
    query(db, sql, [], |row| {
        cursors
            .entry(column(row, 0)?)
            .or_default()
            .push(MemberCursors {
                user: UserId(number(row, 1)?),
                delivered: Seq(number(row, 2)?),
                read: Seq(number(row, 3)?),
            });
        Ok(())
    })?;
    let sql = "SELECT conversation, place FROM places";
    let places = query(db, sql, [], |row| Ok((column(row, 0)?, column(row, 1)?)))?;
    let mut places: BTreeMap<ConversationId, Place> = places.into_iter().collect();
    let sql = "SELECT conversation, max(seq) FROM entries INDEXED BY erasing_entries
         WHERE kind IN (6, 10) GROUP BY conversation";
    let last = query(db, sql, [], |row| {
        Ok((column(row, 0)?, Seq(number(row, 1)?)))
    })?;
    let mut last_erasing: BTreeMap<ConversationId, Seq> = last.into_iter().collect();
    let mut conversations = query(
        db,
        "SELECT conversation, newest, newest_time, unread, held, first, room, is_request
         FROM conversations",
        [],
        |row| {
            let conversation = column(row, 0)?;
            Ok(StoredConversation {
                head: Head {
                    conversation,
                    newest: Seq(number(row, 1)?),
                    newest_time: Timestamp(number(row, 2)?),
                    unread: number(row, 3)?,
                    cursors: cursors.remove(&conversation).unwrap_or_default(),
                    first: Seq(number(row, 5)?),
                    room: column(row, 6)?,
                    is_request: row.get(7)?,
                },
                held: column(row, 4)?,
                place: places.remove(&conversation).unwrap_or_default(),
                entries: Vec::new(),
                last_erasing: last_erasing.remove(&conversation).unwrap_or_default(),
            })
        },
    )?;
    for stored in &mut conversations {
        let is_open = open == Some(stored.head.conversation);
        let (range, limit) = window(stored, is_open);
        let key = blob(&stored.head.conversation);
        stored.entries = load::stretch(db, &key, range, limit)?;
    }
    Ok(conversations)
}

/// The entries that a conversation starts with: around its scroll position, else the newest.
fn window(stored: &StoredConversation, is_open: bool) -> (PageRange, u16) {
    if let Some(seq) = stored.place.entry() {
        let above = Seq(seq.0.saturating_sub(ABOVE_PLACE + 1));
        return (PageRange::After(above), PLACE_WINDOW);
    }
    let limit = if is_open { OPEN_WINDOW } else { OTHER_WINDOW };
    (PageRange::Before(Seq(u64::MAX)), limit)
}

fn user_name(row: &Row<'_>, index: usize) -> Result<UserName, DbError> {
    UserName::new(&row.get::<_, String>(index)?).map_err(DbError::value)
}
