//! Tests that a batch with a row cache has the same outcome as each of its writes alone.

use std::fmt::Write as _;

use proptest::prelude::*;
use recado_shared::{
    DisplayName, DraftText, Emoji, Entry, HistoryVisibility, LogId, RequestError, Role, RoomEvent,
    RoomId, RoomName, Setting, Stamp, Topic, Visibility,
};

use super::*;
use crate::id::Ticket;
use crate::store::folder;
use crate::store::tables::schema;
use crate::store::writer::row_cache::{MAX_CACHED_ROWS, RowCache};

const PEOPLE: u64 = 4;

/// A generated write: kind, author, target, and a free number.
type Step = (u8, u64, u64, u64, u64);

fn step() -> impl Strategy<Value = Step> {
    (0..64u8, 1..=PEOPLE, 0..=PEOPLE, 0..8u64, 0..24u64)
}

fn write(step: Step, time: u64) -> Write {
    let (kind, who, other, number, id) = step;
    let (user, about) = (UserId(who), UserId(other));
    let conversation = match other {
        0 => ConversationId::Room(RoomId(1)),
        _ => ConversationId::direct(user, about),
    };
    let seq = Seq(number + 1);
    let body = MessageBody::new(format!("text {}", number % 2)).unwrap();
    let content = match kind {
        0..=17 => Content::Message(body),
        18..=20 => Content::Reply { to: seq, body },
        21..=22 => Content::Edit { target: seq, body },
        23 => Content::ReactionAdded {
            target: seq,
            emoji: Emoji::new("👍").unwrap(),
        },
        24..=25 => Content::Deletion { target: seq },
        26..=34 => {
            let event = room_event(number, about, id);
            return append(user, ConversationId::Room(RoomId(1)), id, event, time);
        }
        35..=50 => {
            let advance = CursorUpdate {
                conversation,
                delivered: Seq(id),
                read: Seq(if kind < 40 { 0 } else { number * 2 }),
            };
            return Write::Advance { user, advance };
        }
        51..=57 => return person(user, about, conversation, number),
        58 => return admin(&format!("user{other}"), number, time),
        _ => return other_kinds(step, time),
    };
    append(user, conversation, id, content, time)
}

pub(super) fn append(
    author: UserId,
    conversation: ConversationId,
    id: u64,
    content: Content,
    time: u64,
) -> Write {
    Write::Append {
        origin: ORIGIN,
        new: NewEntry {
            author,
            by: device_of(author),
            conversation,
            id: message_id(id),
            content,
            time: Timestamp(time / 3 * 2),
        },
    }
}

fn room_event(number: u64, about: UserId, id: u64) -> Content {
    let names = ["kitchen", "garden"];
    Content::Room(match number {
        0 | 1 => RoomEvent::Joined,
        2 => RoomEvent::Left,
        3 => RoomEvent::Kicked(about),
        4 => RoomEvent::Invited(about),
        5 => RoomEvent::Renamed(RoomName::new(names[usize::from(id.is_multiple_of(2))]).unwrap()),
        6 => RoomEvent::Topic(Some(Topic::new("soup").unwrap())),
        _ => RoomEvent::Role {
            user: about,
            role: if id.is_multiple_of(2) {
                Role::Owner
            } else {
                Role::Member
            },
        },
    })
}

fn person(user: UserId, about: UserId, conversation: ConversationId, number: u64) -> Write {
    let change = match number {
        0 | 1 => UserChange::Accept(about),
        2..=4 => UserChange::Set(Setting::FirstContact { ask: number != 2 }),
        5 => UserChange::Display(Some(DisplayName::new("Another Name").unwrap())),
        _ => UserChange::Set(Setting::Draft {
            conversation,
            text: DraftText::new("perhaps").unwrap(),
        }),
    };
    let origin = ORIGIN;
    Write::User {
        origin,
        user,
        by: device_of(user),
        change,
    }
}

fn admin(user: &str, number: u64, time: u64) -> Write {
    let user = UserName::new(user).unwrap();
    let change = match number {
        0 => AdminChange::Remove(user),
        1 => AdminChange::CloseRoom(RoomName::new("room").unwrap()),
        2 | 3 => AdminChange::Disable(user),
        4 => AdminChange::RenameRoom {
            room: RoomName::new("room").unwrap(),
            to: RoomName::new("cellar").unwrap(),
        },
        5 => AdminChange::Rename {
            to: UserName::new(&format!("{user}x")).unwrap(),
            user,
        },
        _ => AdminChange::Enable(user),
    };
    Write::Admin {
        ticket: Ticket::default(),
        change,
        time: Timestamp(time),
    }
}

fn other_kinds((kind, who, _, number, id): Step, time: u64) -> Write {
    if kind < 61 {
        let new = NewRoom {
            author: UserId(who),
            by: device_of(UserId(who)),
            id: message_id(id),
            name: RoomName::new(&format!("room{number}")).unwrap(),
            visibility: Visibility::Public,
            history: HistoryVisibility::Visible,
            time: Timestamp(time),
        };
        let origin = ORIGIN;
        return Write::CreateRoom { origin, new };
    }
    let device = u8::try_from(who).unwrap();
    Write::Login(login(device, None))
}

pub(super) fn empty_store() -> Writer {
    let db = folder::open_in_memory().unwrap();
    schema::set_identity(&db, LogId([1; 16])).unwrap();
    let mut writer = Writer::new(db, StoreConfig::default().checkpoints, None).unwrap();
    let people = (1..=PEOPLE).map(|who| {
        let device = u8::try_from(who).unwrap();
        Write::Login(login(device, Some(&format!("user{who}"))))
    });
    let mut first: Vec<_> = people.collect();
    first.push(Write::CreateRoom {
        origin: ORIGIN,
        new: NewRoom {
            author: UserId(1),
            by: device_of(UserId(1)),
            id: message_id(1_000),
            name: RoomName::new("room").unwrap(),
            visibility: Visibility::Public,
            history: HistoryVisibility::Hidden,
            time: Timestamp(1),
        },
    });
    writer.commit(&first).unwrap();
    writer
}

/// Commits one write as a batch of its own, with an empty row cache.
fn commit_alone(writer: &mut Writer, write: &Write) -> WriteResult {
    writer.rows = RowCache::with_capacity(MAX_CACHED_ROWS);
    let batch = std::slice::from_ref(write);
    writer.commit(batch).unwrap().remove(0)
}

/// Ids of entries that the operator appends are random.
fn without_drawn_ids(mut written: WriteResult) -> WriteResult {
    if let WriteResult::Admin { entries, .. } = &mut written {
        for (_, entry) in entries {
            entry.id = message_id(0);
        }
    }
    written
}

/// All that is stored, but for drawn ids.
fn dump(db: &Connection) -> String {
    let mut dump = String::new();
    for (table, columns) in [
        ("meta", "*"),
        ("users", "*"),
        ("rooms", "*"),
        ("conversations", "*"),
        ("members", "*"),
        ("settings", "*"),
        (
            "entries",
            "id, conversation, seq, author, time, hex(content), messages, is_message, target, erased",
        ),
    ] {
        let mut statement = db
            .prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let count = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let _ = write!(dump, "\n{table}");
            for column in 0..count {
                let _ = write!(dump, " {:?}", row.get_ref(column).unwrap());
            }
        }
    }
    dump
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_batch_does_what_its_writes_do_one_by_one(
        steps in prop::collection::vec(step(), 1..120),
        lengths in prop::collection::vec(1..30usize, 120),
        kept in prop_oneof![Just(usize::MAX), 0..6usize],
    ) {
        let times = 1..;
        let writes: Vec<_> = times.zip(&steps).map(|(time, step)| write(*step, time)).collect();
        let (mut batches, mut singles) = (empty_store(), empty_store());
        batches.rows = RowCache::with_capacity(kept);
        let mut rest = &writes[..];
        for length in lengths {
            let (batch, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            let written = batches.commit(batch).unwrap();
            for (write, written) in batch.iter().zip(written) {
                let alone = commit_alone(&mut singles, write);
                prop_assert_eq!(
                    without_drawn_ids(written),
                    without_drawn_ids(alone),
                    "{:?}", write
                );
            }
        }
        prop_assert_eq!(dump(&batches.db), dump(&singles.db), "{:#?}", writes);
    }
}

/// The results of appends: the place and whether it is new, or why not.
fn results(written: Vec<WriteResult>) -> Vec<Result<(u64, bool), RequestError>> {
    let result = |written| match written {
        WriteResult::Append { result, .. } => {
            result.map(|appended| (appended.entry.seq.0, appended.is_new))
        }
        other => panic!("{other:?}"),
    };
    written.into_iter().map(result).collect()
}

#[test]
fn what_cannot_be_appended_any_more_is_found_if_it_was() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    desk.say(alice, bob, 1, "first");
    let talk = ConversationId::direct(alice, bob);
    let reply = |id, to| {
        let content = Content::Reply {
            to: Seq(to),
            body: MessageBody::new("yes").unwrap(),
        };
        append(bob, talk, id, content, 9)
    };
    let deletion = append(alice, talk, 7, Content::Deletion { target: Seq(1) }, 9);
    let batch = [reply(1, 1), deletion, reply(1, 1), reply(2, 1)];
    let written = desk.writer.commit(&batch).unwrap();
    assert_eq!(
        results(written),
        [
            Ok((2, true)),
            Ok((3, true)),
            Ok((2, false)),
            Err(RequestError::NoSuchMessage)
        ]
    );
}

#[test]
fn what_is_written_beside_the_writer_is_noticed() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    // From the second on they stay in mind.
    desk.say(alice, bob, 1, "before");
    desk.say(alice, bob, 2, "before");
    let beside = Connection::open(desk.dir().join("recado.db")).unwrap();
    beside
        .execute("UPDATE users SET is_disabled = 1 WHERE id = 1", [])
        .unwrap();
    assert_eq!(
        desk.append(message(alice, bob, 3, "after")),
        Err(RequestError::Unavailable)
    );
}

#[test]
fn a_batch_that_fails_is_forgotten() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    desk.say(alice, bob, 1, "before");
    desk.say(alice, bob, 2, "before");
    let broken = "CREATE TEMP TRIGGER broken BEFORE INSERT ON entries WHEN NEW.time = 666
                  BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END";
    desk.writer.db.execute_batch(broken).unwrap();
    let batch = [
        message(alice, bob, 3, "good"),
        message(alice, bob, 666, "bad"),
    ];
    assert!(desk.writer.commit(&batch).is_err());
    let entry: Entry = desk.say(bob, alice, 4, "after").entry;
    assert_eq!((entry.seq, desk.writer.stamp), (Seq(3), Stamp(3)));
}
