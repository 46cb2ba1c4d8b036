//! Epochs: an opening of the data starts one, and they tell how far an older state of it reaches.

use std::fs;

use recado_shared::epoch::{Agreement, compare};
use recado_shared::{ConversationId, Epoch, UserId};

use super::*;

impl Desk {
    fn epochs(&self) -> Vec<Epoch> {
        self.writer.memberships().unwrap().epochs
    }

    fn agreed(&mut self, user: UserId, known: &[Epoch]) -> Vec<(ConversationId, Seq)> {
        let Agreement::UpTo(place) = compare(&self.epochs(), known) else {
            panic!("the histories differ");
        };
        let session = SESSION;
        let read = Read::Agreed {
            session,
            user,
            place,
        };
        match self.read(read) {
            ReadResult::Agreed { places, .. } => places,
            other @ (ReadResult::Heads { .. } | ReadResult::Answer { .. }) => panic!("{other:?}"),
        }
    }
}

/// The files of a closed folder.
fn files(dir: &Path) -> [Vec<u8>; 2] {
    ["recado.db", "recado.db-wal"].map(|name| fs::read(dir.join(name)).unwrap_or_default())
}

/// Puts a closed folder back to the state of a copy of its files.
fn put_back(dir: &Path, [database, wal]: &[Vec<u8>; 2]) {
    let _ = fs::remove_file(dir.join("recado.db-shm"));
    fs::write(dir.join("recado.db"), database).unwrap();
    fs::write(dir.join("recado.db-wal"), wal).unwrap();
}

#[test]
fn each_opening_starts_an_epoch_after_the_entries_that_there_are() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    desk.say(alice, bob, 1, "one");
    desk.say(alice, bob, 2, "two");
    let before = desk.epochs();
    let desk = desk.reopen();
    let after = desk.epochs();
    assert_eq!((before.len(), before[0].start), (1, 0));
    assert_eq!((&after[..1], after[1].start), (&before[..], 2));
    assert_ne!(after[0].id, after[1].id);
}

#[test]
fn data_that_was_put_back_agrees_up_to_where_it_had_come() {
    let mut desk = Desk::new();
    let users = ["alice", "bob", "carol", "dave"].map(|name| desk.register(name));
    let [alice, bob, carol, dave] = users;
    for id in 1..=3 {
        desk.say(alice, bob, id, "kept");
    }
    desk.say(alice, carol, 4, "kept");
    let dir = desk.close();
    let copy = files(dir.path());

    let mut desk = Desk::open(dir);
    for id in 5..=8 {
        desk.say(alice, bob, id, "lost");
    }
    desk.say(alice, dave, 9, "lost");
    let known = desk.epochs();
    assert_eq!(compare(&known, &known), Agreement::Full);
    let dir = desk.close();

    put_back(dir.path(), &copy);
    let mut desk = Desk::open(dir);
    let agreed = |seq: u64, to| (ConversationId::direct(alice, to), Seq(seq));
    let expected = [agreed(3, bob), agreed(1, carol)];
    assert_eq!(desk.agreed(alice, &known), expected);
    for id in 11..=12 {
        desk.say(alice, bob, id, "new");
    }
    desk.say(carol, bob, 13, "new");
    assert_eq!(desk.agreed(alice, &known), expected);
    let new = (ConversationId::direct(bob, carol), Seq::ZERO);
    assert_eq!(desk.agreed(bob, &known), [agreed(3, bob), new]);

    // A start without a loss: all that the client may have is still there.
    let known = desk.epochs();
    let mut desk = desk.reopen();
    assert_eq!(
        desk.agreed(alice, &known),
        [agreed(5, bob), agreed(1, carol)]
    );
}
