//! First contact: people who ask to be asked before strangers write to them. Pure SQL inside the
//! caller's transaction.

use recado_shared::limits::MAX_MESSAGES_BEFORE_ACCEPTANCE;
use recado_shared::{Content, ConversationId, RequestError, SettingKey, Stamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::store::tables::entries::{self, Conversation, NewEntry};
use crate::store::tables::settings;
use crate::store::values::column::{int, uint};

type Outcome<T> = Result<std::result::Result<T, RequestError>>;

/// Says whether an entry of a direct conversation asks to write to the other person, who has not
/// accepted that. The first entry decides whether there is something to accept; a message of the
/// other person accepts it. Of the author's entries only the first few may stand in the log until
/// then, and deletions.
pub(crate) fn check(
    db: &Connection,
    conversation: &Conversation,
    new: &NewEntry<'_>,
) -> Outcome<bool> {
    let author = new.author;
    let Some(peer) = new.conversation.peer_of(author) else {
        return Ok(Ok(false));
    };
    if peer == author {
        return Ok(Ok(false));
    }
    if conversation.is_empty() {
        let asks = settings::is_on(db, peer, SettingKey::FirstContact)?;
        if asks {
            set_request(db, conversation.row, peer)?;
        }
        return Ok(Ok(asks));
    }
    if new.content.is_message() {
        clear_request(db, conversation.row, author)?;
    }
    if !is_request(db, conversation.row, peer)? {
        return Ok(Ok(false));
    }
    let is_deletion = matches!(new.content, Content::Deletion { .. });
    if !is_deletion && written(db, conversation.row, author)? >= MAX_MESSAGES_BEFORE_ACCEPTANCE {
        return Ok(Err(RequestError::RequestPending));
    }
    Ok(Ok(true))
}

/// Accepts that another person writes to a user. Returns whether they asked for it.
pub(crate) fn accept(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    from: UserId,
) -> Outcome<bool> {
    let conversation = entries::find(db, ConversationId::direct(user, from))?;
    let Some(conversation) = conversation.filter(|found| !found.is_empty()) else {
        return Ok(Err(RequestError::Invalid));
    };
    if !clear_request(db, conversation.row, user)? {
        return Ok(Ok(false));
    }
    stamp.0 += 1;
    db.prepare_cached("UPDATE members SET changed = ?3 WHERE conversation = ?1 AND user = ?2")?
        .execute(params![conversation.row, int(user.0), int(stamp.0)])?;
    Ok(Ok(true))
}

/// Accepts all who ask, as part of the change that `stamp` is.
pub(crate) fn accept_all(db: &Connection, stamp: Stamp, user: UserId) -> Result<()> {
    db.prepare_cached(
        "UPDATE members SET is_request = 0, changed = ?2 WHERE user = ?1 AND is_request",
    )?
    .execute(params![int(user.0), int(stamp.0)])?;
    Ok(())
}

fn set_request(db: &Connection, conversation: i64, user: UserId) -> Result<()> {
    db.prepare_cached("UPDATE members SET is_request = 1 WHERE conversation = ?1 AND user = ?2")?
        .execute(params![conversation, int(user.0)])?;
    Ok(())
}

fn clear_request(db: &Connection, conversation: i64, user: UserId) -> Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE members SET is_request = 0
             WHERE conversation = ?1 AND user = ?2 AND is_request",
        )?
        .execute(params![conversation, int(user.0)])?;
    Ok(changed > 0)
}

fn is_request(db: &Connection, conversation: i64, user: UserId) -> Result<bool> {
    let found = db
        .prepare_cached("SELECT is_request FROM members WHERE conversation = ?1 AND user = ?2")?
        .query_one(params![conversation, int(user.0)], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(false))
}

/// How many entries of somebody are in a log. There are few while this is asked.
pub(crate) fn written(db: &Connection, conversation: i64, author: UserId) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM entries WHERE conversation = ?1 AND author = ?2")?
        .query_one(params![conversation, int(author.0)], |row| uint(row, 0))
}
