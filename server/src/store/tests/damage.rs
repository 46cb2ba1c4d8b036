//! Damaged pages, and a disk without space: what fails, and what goes on.

use std::fs;
use std::os::unix::fs::FileExt as _;

use recado_shared::{HistoryVisibility, PageRange, RequestError};
use rusqlite::params;

use super::rooms::new_room;
use super::*;
use crate::store::folder::wal_checkpoint;
use crate::store::tables::epochs;
use crate::store::values::column;

const PAGE_LEN: usize = 4_096;
/// Entries of each conversation: those of one fill pages of their own.
const ENTRIES: u64 = 300;

/// Overwrites a page of the database file with garbage.
fn destroy(dir: &Path, page: usize) {
    let file = fs::File::options()
        .write(true)
        .open(dir.join("recado.db"))
        .unwrap();
    let garbage: Vec<u8> = (0..PAGE_LEN)
        .map(|at| u8::try_from(at * 151 % 251).unwrap())
        .collect();
    let start = u64::try_from((page - 1) * PAGE_LEN).unwrap();
    file.write_all_at(&garbage, start).unwrap();
}

/// The leaf pages of a table, in the order of its rows
/// (<https://www.sqlite.org/fileformat2.html#b_tree_pages>).
fn leaves(dir: &Path, table: &str) -> Vec<usize> {
    let path = dir.join("recado.db");
    let db = Connection::open(&path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let root = db.query_row(sql, [table], |row| column::count(row, 0));
    let mut leaves = Vec::new();
    collect_leaves(&fs::read(path).unwrap(), root.unwrap(), &mut leaves);
    leaves
}

fn collect_leaves(file: &[u8], number: usize, leaves: &mut Vec<usize>) {
    let page = &file[(number - 1) * PAGE_LEN..][..PAGE_LEN];
    let child = |at: usize| u32::from_be_bytes(page[at..at + 4].try_into().unwrap()) as usize;
    match page[0] {
        // An interior page: its cells begin with their left child, the header ends with the last one.
        0x05 => {
            let pointer = |at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
            for cell in 0..pointer(3) {
                collect_leaves(file, child(pointer(12 + 2 * cell)), leaves);
            }
            collect_leaves(file, child(8), leaves);
        }
        _ => leaves.push(number),
    }
}

/// Three users; the first one writes to the second one, then to the third one.
fn two_conversations() -> (Desk, [UserId; 3]) {
    let mut desk = Desk::new();
    let users = ["alice", "bob", "carol"].map(|name| desk.register(name));
    let [alice, bob, carol] = users;
    for id in 1..=ENTRIES {
        desk.say(alice, bob, id, "to bob");
    }
    for id in 1..=ENTRIES {
        desk.say(alice, carol, ENTRIES + id, "to carol");
    }
    (desk, users)
}

/// Ends with everything in the database file.
fn close(desk: Desk) -> TempDir {
    wal_checkpoint(&desk.writer.db, "TRUNCATE").unwrap();
    desk.close()
}

/// Destroys the page of the first entries of the first conversation.
fn with_damage(desk: Desk) -> Desk {
    let devices = desk.devices;
    let dir = close(desk);
    let first = leaves(dir.path(), "entries")[0];
    destroy(dir.path(), first);
    Desk {
        devices,
        ..Desk::open(dir)
    }
}

fn page(desk: &mut Desk, user: UserId, peer: UserId, after: u64) -> Result<usize, RequestError> {
    let read = Read::Query {
        origin: ORIGIN,
        user,
        query: Query::Page {
            conversation: ConversationId::direct(user, peer),
            range: PageRange::After(Seq(after)),
            limit: 10,
        },
    };
    let ReadResult::Answer { result, .. } = desk.read(read) else {
        panic!("a query is answered by an answer");
    };
    match result? {
        Answer::Page { entries, .. } => Ok(entries.len()),
        other => panic!("a page is answered by a page: {other:?}"),
    }
}

#[test]
fn a_damaged_page_fails_only_the_requests_that_read_it() {
    let (desk, [alice, bob, carol]) = two_conversations();
    let mut desk = with_damage(desk);
    assert_eq!(page(&mut desk, bob, alice, 0), Err(RequestError::Damaged));
    assert_eq!(page(&mut desk, alice, bob, 0), Err(RequestError::Damaged));
    assert_eq!(page(&mut desk, bob, alice, ENTRIES - 10), Ok(10));
    assert_eq!(page(&mut desk, carol, alice, 0), Ok(10));
    // Both requests met the damage of one conversation.
    assert_eq!(desk.writer.counters.stats().damaged, 1);
}

#[test]
fn the_writes_beside_one_that_meets_damage_are_committed() {
    let (desk, [alice, bob, carol]) = two_conversations();
    let mut desk = with_damage(desk);
    let deletion = |to, id, target| {
        let mut write = message(alice, to, id, "deletion");
        if let Write::Append { new, .. } = &mut write {
            new.content = Content::Deletion { target };
        }
        write
    };
    let batch = [
        message(alice, bob, 1_001, "before"),
        deletion(bob, 1_002, Seq(1)),
        message(alice, carol, 1_003, "beside"),
        deletion(carol, 1_004, Seq(1)),
        message(alice, bob, 1_005, "after"),
    ];
    let written = desk.writer.commit(&batch).unwrap();
    let results = written.into_iter().map(|written| match written {
        WriteResult::Append { result, stamp, .. } => {
            (result.map(|stored| stored.entry.seq.0), stamp.0)
        }
        other => panic!("an append is answered by an append: {other:?}"),
    });
    let before = 2 * ENTRIES;
    let expected = [
        (Ok(ENTRIES + 1), before + 1),
        (Err(RequestError::Damaged), before),
        (Ok(ENTRIES + 1), before + 2),
        (Ok(ENTRIES + 2), before + 3),
        (Ok(ENTRIES + 2), before + 4),
    ];
    assert_eq!(results.collect::<Vec<_>>(), expected);
    let mut desk = desk.reopen();
    assert_eq!(page(&mut desk, bob, alice, ENTRIES), Ok(2));
    assert_eq!(desk.say(bob, carol, 1, "new").entry.seq, Seq(1));
}

#[test]
fn a_server_starts_without_the_rooms_that_it_cannot_read() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let rooms: Vec<_> = (0..200)
        .map(|number| {
            let name = format!("a-room-with-a-long-name-{number}");
            let new = new_room(alice, number, &name, HistoryVisibility::Visible);
            desk.create(new).unwrap().0
        })
        .collect();
    let dir = close(desk);
    let page = *leaves(dir.path(), "rooms").last().unwrap();
    destroy(dir.path(), page);
    let mut desk = Desk::open(dir);
    let stored = desk.writer.memberships().unwrap();
    let (read, damaged) = (stored.rooms.len(), stored.damaged_rooms.len());
    assert_eq!(read + damaged, rooms.len());
    assert!(read > 50 && damaged > 10, "{read} rooms, {damaged} damaged");
    assert!(!stored.damaged_rooms.contains(&rooms[0]));

    // The heads of the other rooms are there.
    let heads = Read::Heads {
        session: SESSION,
        user: alice,
        since: None,
    };
    let ReadResult::Heads { heads, stamp, .. } = desk.read(heads) else {
        panic!("heads are answered by heads");
    };
    assert_eq!((heads.len(), stamp), (read, desk.writer.stamp));
}

#[test]
fn a_destroyed_schema_is_refused_with_what_to_do() {
    let dir = close(Desk::new());
    destroy(dir.path(), 1);
    let error = Folder::claim(dir.path())
        .and_then(|folder| folder.open_writer())
        .unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("recado-server verify"));
}

#[test]
fn without_space_writes_are_refused_and_known_users_come_in_to_read() {
    let (mut desk, [alice, bob, _]) = two_conversations();
    desk.writer.checkpoint_if_due(true).unwrap();
    limit_pages(&desk.writer.db, 1);
    let long = "x".repeat(15_000);
    let refused = desk.append(message(alice, bob, 1_001, &long));
    assert_eq!(refused, Err(RequestError::Unavailable));
    assert_eq!(
        desk.append(message(alice, bob, 1_001, &long)),
        Err(RequestError::Unavailable),
        "each batch tries again"
    );
    assert_eq!(page(&mut desk, bob, alice, ENTRIES - 10), Ok(10));
    let [known, unknown] = [login(1, None), login(99, Some("dave"))];
    let batch = [
        Write::Login(known),
        message(alice, bob, 1_002, &long),
        Write::Login(unknown),
    ];
    let logins: Vec<_> = desk
        .writer
        .commit(&batch)
        .unwrap()
        .into_iter()
        .filter_map(|written| match written {
            WriteResult::Login { result, .. } => Some(result.map(|known| known.user)),
            _ => None,
        })
        .collect();
    assert_eq!(logins, [Ok(alice), Err(Refusal::Unavailable)]);

    limit_pages(&desk.writer.db, 10_000);
    let stored = desk.append(message(alice, bob, 1_001, &long)).unwrap();
    assert_eq!((stored.entry.seq, stored.is_new), (Seq(ENTRIES + 1), true));
    assert_eq!(desk.login(login(99, Some("dave"))).unwrap().user, UserId(4));
}

fn limit_pages(db: &Connection, limit: i64) {
    let sql = format!("PRAGMA max_page_count = {limit}");
    db.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap();
}

#[test]
fn an_epoch_without_space_is_stored_with_the_first_commit() {
    let (desk, [alice, bob, _]) = two_conversations();
    let dir = close(desk);
    let folder = Folder::claim(dir.path()).unwrap();
    let db = folder.open_writer().unwrap();
    limit_pages(&db, 1);
    // The first ones have room in the page of the last one.
    let mut begun = (0..10_000).map(|_| folder.begin_epoch(&db).unwrap());
    let pending = begun.find_map(|epoch| epoch).expect("the disk is full");
    drop(begun);

    let checkpoints = StoreConfig::default().checkpoints;
    let mut writer = Writer::new(db, checkpoints, Some(pending)).unwrap();
    let newest = |writer: &Writer| writer.memberships().unwrap().epochs.last().copied();
    let epoch = newest(&writer).unwrap();
    assert_eq!((epoch.id, epoch.start), (pending, 2 * ENTRIES));
    let stored = |writer: &Writer| epochs::all(&writer.db).unwrap().last().copied();
    assert_ne!(stored(&writer), Some(epoch));
    let hello = message(alice, bob, 1_001, "hello");
    let refused = writer.commit(std::slice::from_ref(&hello)).unwrap();
    let result = |written: &[WriteResult]| match &written[0] {
        WriteResult::Append { result, .. } => result.clone().map(|stored| stored.is_new),
        other => panic!("an append is answered by an append: {other:?}"),
    };
    assert_eq!(result(&refused), Err(RequestError::Unavailable));
    assert_ne!(stored(&writer), Some(epoch));

    limit_pages(&writer.db, 10_000);
    assert_eq!(result(&writer.commit(&[hello]).unwrap()), Ok(true));
    assert_eq!(
        (stored(&writer), newest(&writer)),
        (Some(epoch), Some(epoch))
    );
}

#[test]
fn a_conversation_that_lost_its_place_takes_no_entries_and_disturbs_no_other() {
    let (desk, [alice, bob, carol]) = two_conversations();
    let devices = desk.devices;
    let dir = close(desk);
    let db = Connection::open(dir.path().join("recado.db")).unwrap();
    db.execute(
        "UPDATE conversations SET newest = 100 WHERE high = ?1",
        params![i64::try_from(bob.0).unwrap()],
    )
    .unwrap();
    drop(db);
    let mut desk = Desk {
        devices,
        ..Desk::open(dir)
    };
    let refused = desk.append(message(alice, bob, 1_001, "where?"));
    assert_eq!(refused, Err(RequestError::Damaged));
    assert_eq!(
        desk.say(alice, carol, 1_002, "here").entry.seq,
        Seq(ENTRIES + 1)
    );
}
