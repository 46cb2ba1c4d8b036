//! Tests of heads, stamps and cursors against a model in memory that shares no code with the store.

use std::collections::BTreeMap;

use proptest::prelude::*;
use recado_shared::{Entry, Head, RequestError, Stamp};

use super::batch::{append, empty_store};
use super::*;

const USERS: u64 = 3;

/// A generated write: kind, user, peer, a free number, and the id of an append.
type Step = (u8, u64, u64, u64, u64);

fn step() -> impl Strategy<Value = Step> {
    (0..3u8, 1..=USERS, 1..=USERS, 0..12u64, 0..30u64)
}

fn write((kind, user, peer, number, id): Step, time: u64) -> Write {
    let user = UserId(user);
    let conversation = ConversationId::direct(user, UserId(peer));
    if kind < 2 {
        let body = text(&format!("text {}", number % 2));
        return append(user, conversation, id, body, time);
    }
    let advance = CursorUpdate {
        conversation,
        delivered: Seq(id),
        read: Seq(number),
    };
    Write::Advance { user, advance }
}

#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    cursors: BTreeMap<UserId, MemberCursors>,
    changed: Stamp,
}

impl Log {
    fn newest(&self) -> Seq {
        Seq(self.entries.len() as u64)
    }

    fn cursors(&self, user: UserId) -> MemberCursors {
        let none = MemberCursors {
            user,
            delivered: Seq::ZERO,
            read: Seq::ZERO,
        };
        self.cursors.get(&user).copied().unwrap_or(none)
    }
}

struct Model {
    stamp: Stamp,
    logs: BTreeMap<ConversationId, Log>,
    sent: BTreeMap<(UserId, MessageId), (ConversationId, Entry)>,
}

impl Model {
    fn commit(&mut self, write: &Write) -> WriteResult {
        match write {
            Write::Append { origin, new } => WriteResult::Append {
                origin: *origin,
                conversation: new.conversation,
                result: self.append(new),
                stamp: self.stamp,
            },
            Write::Advance { user, advance } => WriteResult::Advance {
                conversation: advance.conversation,
                moved: self.advance(*user, *advance),
                stamp: self.stamp,
            },
            other => panic!("not generated: {other:?}"),
        }
    }

    fn append(&mut self, new: &NewEntry) -> Result<StoredEntry, RequestError> {
        let key = (new.author, new.id);
        if let Some((conversation, entry)) = self.sent.get(&key) {
            return if *conversation == new.conversation && entry.content == new.content {
                Ok(StoredEntry::resent(entry.clone()))
            } else {
                Err(RequestError::IdReused)
            };
        }
        let log = self.logs.entry(new.conversation).or_default();
        let last = log.entries.last().map_or(Timestamp(0), |last| last.time);
        let entry = Entry {
            seq: log.newest().next(),
            author: new.author,
            id: new.id,
            time: new.time.max(last),
            content: new.content.clone(),
        };
        log.entries.push(entry.clone());
        self.stamp = self.stamp.next();
        log.changed = self.stamp;
        let sent = (new.conversation, entry.clone());
        self.sent.insert(key, sent);
        Ok(StoredEntry {
            entry,
            is_new: true,
            is_request: false,
        })
    }

    fn advance(&mut self, user: UserId, to: CursorUpdate) -> Option<MemberCursors> {
        let log = self.logs.get_mut(&to.conversation)?;
        let mut cursors = log.cursors(user);
        let newest = log.newest();
        cursors.read = cursors.read.max(to.read.min(newest));
        cursors.delivered = cursors.delivered.max(to.delivered.min(newest));
        cursors.delivered = cursors.delivered.max(cursors.read);
        if cursors == log.cursors(user) {
            return None;
        }
        log.cursors.insert(user, cursors);
        self.stamp = self.stamp.next();
        log.changed = self.stamp;
        Some(cursors)
    }

    fn heads(&self, user: UserId, since: Stamp) -> Vec<Head> {
        let mut heads = Vec::new();
        for (&conversation, log) in &self.logs {
            let pair = conversation.pair().unwrap();
            if conversation.peer_of(user).is_none() || log.changed <= since {
                continue;
            }
            let read = log.cursors(user).read;
            let unread = log.entries.iter();
            let unread = unread.filter(|entry| entry.seq > read && entry.author != user);
            heads.push(Head {
                conversation,
                newest: log.newest(),
                newest_time: log.entries.last().unwrap().time,
                unread: unread.count() as u64,
                cursors: pair.members().map(|member| log.cursors(member)).collect(),
                first: Seq(1),
                room: None,
                is_request: false,
            });
        }
        heads
    }
}

/// The heads of direct conversations in the order of the model.
fn stored_heads(writer: &Writer, user: UserId, since: Stamp) -> Vec<Head> {
    let read = Read::Heads {
        session: SESSION,
        user,
        since: Some(since),
    };
    let ReadResult::Heads { mut heads, .. } = readers::read::answer(&writer.db, read).unwrap()
    else {
        panic!("heads are answered by heads");
    };
    heads.retain(|head| head.room.is_none());
    heads.sort_by_key(|head| head.conversation);
    heads
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn heads_stamps_and_cursors_are_those_of_the_model(
        steps in prop::collection::vec(step(), 1..120),
        lengths in prop::collection::vec(1..30usize, 120),
        since in 0..60u64,
    ) {
        let times = 1..;
        let writes: Vec<_> = times.zip(&steps).map(|(time, step)| write(*step, time)).collect();
        let mut writer = empty_store();
        let mut model = Model {
            stamp: writer.stamp,
            logs: BTreeMap::new(),
            sent: BTreeMap::new(),
        };
        let mut rest = &writes[..];
        for length in lengths {
            let (batch, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            for (write, written) in batch.iter().zip(writer.commit(batch).unwrap()) {
                prop_assert_eq!(written, model.commit(write), "{:?}", write);
            }
        }
        prop_assert_eq!(writer.stamp, model.stamp);
        for user in (1..=USERS).map(UserId) {
            for since in [Stamp(0), Stamp(since)] {
                prop_assert_eq!(stored_heads(&writer, user, since), model.heads(user, since));
            }
        }
    }
}
