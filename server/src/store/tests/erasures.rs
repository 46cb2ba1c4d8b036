//! Erasures in steps: what is seen in between, and what goes on after a stop.

use recado_shared::{ErasedKind, PageRange, RoomEvent};

use super::erase::count_in_files;
use super::rooms::{in_room, room_name};
use super::*;

const MESSAGES: u64 = 1_500;
const SECRET: &str = "a secret of hers";

/// A conversation with many messages of Alice, and some of Bob between them.
fn long_talk() -> (Desk, UserId, UserId) {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let batch: Vec<_> = (1..=MESSAGES)
        .map(|id| match id % 10 {
            0 => message(bob, alice, id, "a word of his"),
            _ => message(alice, bob, id, SECRET),
        })
        .collect();
    desk.writer.commit(&batch).unwrap();
    (desk, alice, bob)
}

/// Entries of Alice that are not erased.
fn left_of_alice(desk: &Desk) -> u64 {
    let sql = "SELECT count(*) FROM entries WHERE author = 1 AND is_message AND erased IS NULL";
    let count: i64 = desk.reader.query_one(sql, [], |row| row.get(0)).unwrap();
    count.unsigned_abs()
}

/// All that a user reads there, page by page.
fn page(desk: &mut Desk, user: UserId, conversation: ConversationId) -> Vec<Content> {
    let (mut all, mut after) = (Vec::new(), Seq::ZERO);
    loop {
        let query = Query::Page {
            conversation,
            range: PageRange::After(after),
            limit: 1_000,
        };
        let Answer::Page { entries, .. } = desk.query(user, query) else {
            panic!("a page is answered by a page");
        };
        let Some(last) = entries.last() else {
            return all;
        };
        after = last.seq;
        all.extend(entries.into_iter().map(|entry| entry.content));
    }
}

fn step(desk: &mut Desk) -> Option<Left> {
    let time = Timestamp(5_000);
    match desk.write(Write::Erase { time }) {
        WriteResult::Erased { left, .. } => left,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_removed_user_is_erased_in_steps_and_hidden_from_the_first() {
    let (mut desk, alice, bob) = long_talk();
    let talk = ConversationId::direct(alice, bob);
    let removed = desk.change(AdminChange::Remove(name("alice")));
    assert_eq!(removed, Ok(AdminOutcome::Removed { user: alice }));
    assert_eq!(desk.login(login(1, Some("alice"))), Err(Refusal::Revoked));
    let taken = desk.login(login(7, Some("alice")));
    assert_eq!(taken, Err(Refusal::NameTaken));
    let mut left = left_of_alice(&desk);
    assert!(left > MESSAGES / 2, "{left}");
    let seen = page(&mut desk, bob, talk);
    assert!(!seen.contains(&text(SECRET)) && seen.contains(&text("a word of his")));
    let mut steps = 0;
    while step(&mut desk).is_some() {
        let now = left_of_alice(&desk);
        // A step erases at most as many as its cost allows, and those of one range more.
        assert!(
            now < left && left - now <= 2_000 / 8 + 64,
            "{left} to {now}"
        );
        (left, steps) = (now, steps + 1);
        desk.say(bob, bob, 10_000 + steps, "others go on");
    }
    assert!(steps > 2, "{steps}");
    assert_eq!(left_of_alice(&desk), 0);
    let seen = page(&mut desk, bob, talk);
    let erased = Content::Erased(ErasedKind::Message);
    let count = seen.iter().filter(|content| **content == erased).count();
    assert_eq!(count as u64, MESSAGES / 10 * 9);
    assert_eq!(seen.last(), Some(&Content::AuthorRemoved));
    desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(count_in_files(desk.dir(), SECRET), 0);
}

#[test]
fn an_erasure_goes_on_after_a_stop() {
    let (mut desk, _, _) = long_talk();
    desk.change(AdminChange::Remove(name("alice"))).unwrap();
    step(&mut desk);
    let left = left_of_alice(&desk);
    let mut desk = desk.reopen();
    assert!(desk.writer.memberships().unwrap().has_erasures);
    step(&mut desk);
    assert!(left_of_alice(&desk) < left);
    while step(&mut desk).is_some() {}
    assert_eq!(left_of_alice(&desk), 0);
    assert!(!desk.writer.memberships().unwrap().has_erasures);
}

#[test]
fn the_commands_of_a_stopped_server_finish_an_erasure() {
    let (desk, _, _) = long_talk();
    let dir = desk.close();
    let removed = administer(dir.path(), AdminChange::Remove(name("alice")), Timestamp(9));
    assert!(removed.unwrap().is_ok());
    assert_eq!(count_in_files(dir.path(), SECRET), 0);
}

#[test]
fn a_closed_room_is_erased_in_steps_and_hidden_from_the_first() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let room = desk.room(alice, "tea");
    let joined = Content::Room(RoomEvent::Joined);
    desk.append(in_room(room, bob, 1, joined)).unwrap();
    let batch: Vec<_> = (2..=MESSAGES)
        .map(|id| in_room(room, alice, id, text(SECRET)))
        .collect();
    desk.writer.commit(&batch).unwrap();
    let close = AdminChange::CloseRoom(room_name("tea"));
    assert!(desk.change(close).is_ok());
    assert!(left_of_alice(&desk) > MESSAGES / 2);
    let seen = page(&mut desk, bob, ConversationId::Room(room));
    assert!(!seen.contains(&text(SECRET)));
    while step(&mut desk).is_some() {}
    assert_eq!(left_of_alice(&desk), 0);
}

/// Length of the database file in bytes.
fn len_of_file(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("recado.db")).unwrap().len()
}

/// A conversation of Alice and Bob with 4 MB of hers in long messages, of which she is removed.
fn long_messages() -> (Desk, UserId, UserId) {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let body = SECRET.repeat(800);
    let batch: Vec<_> = (1..=300).map(|id| message(alice, bob, id, &body)).collect();
    desk.writer.commit(&batch).unwrap();
    desk.say(bob, alice, 1, "a word of his");
    desk.writer.checkpoints.wal.note_erased();
    desk.writer.checkpoint_if_due(true).unwrap();
    desk.change(AdminChange::Remove(name("alice"))).unwrap();
    while step(&mut desk).is_some() {}
    (desk, alice, bob)
}

#[test]
fn new_messages_take_the_space_of_erased_ones() {
    let (mut desk, _, bob) = long_messages();
    let before = len_of_file(desk.dir());
    assert!(before > 4_000_000, "{before}");
    let body = "another text ".repeat(800);
    let batch: Vec<_> = (1_000..1_300)
        .map(|id| message(bob, bob, id, &body))
        .collect();
    desk.writer.commit(&batch).unwrap();
    desk.writer.checkpoints.wal.note_erased();
    desk.writer.checkpoint_if_due(true).unwrap();
    let grown = len_of_file(desk.dir()).saturating_sub(before);
    assert!(grown < 200_000, "{grown}");
}

#[test]
fn a_stopped_server_is_compacted() {
    let (desk, alice, bob) = long_messages();
    let error = compact(desk.dir()).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    let dir = desk.close();
    let before = len_of_file(dir.path());
    let compacted = compact(dir.path()).unwrap();
    let after = len_of_file(dir.path());
    assert_eq!(compacted, Compacted { before, after });
    assert!(after < before / 10, "{after} of {before}");
    assert_eq!(count_in_files(dir.path(), SECRET), 0);
    let mut desk = Desk::open(dir);
    let seen = page(&mut desk, bob, ConversationId::direct(alice, bob));
    assert!(seen.contains(&text("a word of his")), "{seen:?}");
}

/// Messages of all lengths on the same pages, erased one after the other: no copy of a text stays where its row moved.
#[test]
fn rows_that_become_shorter_leave_no_copy_of_their_neighbours() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let batch: Vec<_> = (1..=400)
        .map(|id| {
            let length = usize::try_from(id * 37 % 400).unwrap();
            message(alice, bob, id, &format!("{SECRET}{}", ".".repeat(length)))
        })
        .collect();
    desk.writer.commit(&batch).unwrap();
    for id in 1..=400 {
        // 89 and 400 have no common divisor: the order is mixed.
        let target = Seq(1 + id * 89 % 400);
        let Write::Append { origin, mut new } = message(alice, bob, 1_000 + id, "x") else {
            unreachable!()
        };
        new.content = Content::Deletion { target };
        desk.append(Write::Append { origin, new }).unwrap();
    }
    desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(count_in_files(desk.dir(), SECRET), 0);
}
