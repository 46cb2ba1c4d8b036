//! Appending and cursors.

use recado_shared::{Entry, RequestError, Stamp};

use super::*;

fn two_people() -> (Desk, UserId, UserId) {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    (desk, alice, bob)
}

fn stamp(written: &WriteResult) -> Stamp {
    match written {
        WriteResult::Append { stamp, .. }
        | WriteResult::CreateRoom { stamp, .. }
        | WriteResult::User { stamp, .. }
        | WriteResult::Advance { stamp, .. } => *stamp,
        WriteResult::Device { .. } => panic!("a device is no change"),
        WriteResult::Admin { since, .. } | WriteResult::Erased { since, .. } => *since,
        WriteResult::Login { result, .. } => result.as_ref().unwrap().stamp,
    }
}

#[test]
fn each_conversation_counts_densely_from_one() {
    let (mut desk, alice, bob) = two_people();
    let carol = desk.register("carol");
    for seq in 1..=3 {
        assert_eq!(desk.say(alice, bob, seq, "to bob").entry.seq, Seq(seq));
        assert_eq!(desk.say(bob, carol, seq, "to carol").entry.seq, Seq(seq));
    }
    let mut desk = desk.reopen();
    assert_eq!(desk.say(bob, alice, 4, "back").entry.seq, Seq(4));
}

#[test]
fn an_entry_is_stored_as_it_was_sent() {
    let (mut desk, alice, bob) = two_people();
    let appended = desk.say(alice, bob, 9, "two\nlines 👩‍👩‍👧");
    let entry = Entry {
        seq: Seq(1),
        author: alice,
        id: message_id(9),
        time: Timestamp(9),
        content: text("two\nlines 👩‍👩‍👧"),
    };
    let expected = StoredEntry {
        entry,
        is_new: true,
        is_request: false,
    };
    assert_eq!(appended, expected);
    let resent = desk.reopen().say(alice, bob, 9, "two\nlines 👩‍👩‍👧");
    let expected = StoredEntry {
        is_new: false,
        is_request: false,
        ..expected
    };
    assert_eq!(resent, expected);
}

#[test]
fn a_resend_in_the_same_batch_is_found_too() {
    let (mut desk, alice, bob) = two_people();
    let batch = [
        message(alice, bob, 1, "once"),
        message(alice, bob, 2, "between"),
        message(alice, bob, 1, "once"),
        message(alice, bob, 2, "other words"),
    ];
    let written = desk.writer.commit(&batch).unwrap();
    let results: Vec<_> = written
        .into_iter()
        .map(|written| match written {
            WriteResult::Append { result, stamp, .. } => (
                result.map(|appended| (appended.entry.seq.0, appended.is_new)),
                stamp.0,
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        results,
        [
            (Ok((1, true)), 1),
            (Ok((2, true)), 2),
            (Ok((1, false)), 2),
            (Err(RequestError::IdReused), 2)
        ]
    );
}

#[test]
fn an_id_names_one_entry_of_its_author_for_ever() {
    let (mut desk, alice, bob) = two_people();
    desk.say(alice, bob, 1, "first");
    let again = |desk: &mut Desk, from, to, words| {
        desk.append(message(from, to, 1, words))
            .map(|appended| (appended.entry.seq.0, appended.is_new))
    };
    assert_eq!(
        again(&mut desk, alice, bob, "second"),
        Err(RequestError::IdReused)
    );
    assert_eq!(
        again(&mut desk, alice, alice, "first"),
        Err(RequestError::IdReused)
    );
    assert_eq!(again(&mut desk, bob, alice, "mine"), Ok((2, true)));
    assert_eq!(again(&mut desk, alice, bob, "first"), Ok((1, false)));
}

#[test]
fn who_is_not_there_gets_nothing() {
    let (mut desk, alice, bob) = two_people();
    for unknown in [UserId(0), UserId(99), UserId(u64::MAX)] {
        let result = desk.append(message(alice, unknown, 1, "hello?"));
        assert_eq!(result, Err(RequestError::UnknownUser), "{unknown}");
    }
    let mut intruding = message(alice, bob, 1, "hello");
    if let Write::Append { new, .. } = &mut intruding {
        new.author = desk.register("carol");
        new.by = device_of(new.author);
    }
    assert_eq!(desk.append(intruding), Err(RequestError::NotAMember));
    assert_eq!(desk.say(alice, bob, 1, "hello").entry.seq, Seq(1));
}

#[test]
fn a_note_to_oneself_is_a_conversation_of_one() {
    let (mut desk, alice, _) = two_people();
    let note = ConversationId::direct(alice, alice);
    assert_eq!(desk.say(alice, alice, 1, "buy milk").entry.seq, Seq(1));
    let ReadResult::Heads { heads, people, .. } = desk.read(Read::Heads {
        session: SESSION,
        user: alice,
        since: None,
    }) else {
        panic!("heads are answered by heads");
    };
    assert_eq!(people, [(alice, name("alice"))]);
    assert_eq!(
        (
            heads[0].conversation,
            heads[0].unread,
            heads[0].cursors.len()
        ),
        (note, 0, 1)
    );
    assert!(desk.advance(alice, note, 1, 1).is_some());
}

#[test]
fn time_is_held_back_by_seconds_and_never_by_more() {
    let (mut desk, alice, bob) = two_people();
    let mut time = |now| desk.say(alice, bob, now, "tick").entry.time.0;
    // Tests use the id as the time. The clock is set back by five seconds, then by one more.
    assert_eq!(time(9_000), 9_000);
    assert_eq!(time(4_000), 9_000);
    assert_eq!(time(3_999), 3_999);
    assert_eq!(time(6_000), 6_000);
    // One message of the year 2100, which is about 130 years after 1970.
    let year_2100 = 130 * 365 * 24 * 3_600_000;
    assert_eq!(time(year_2100), year_2100);
    assert_eq!(time(7_000), 7_000);
}

#[test]
fn cursors_move_forward_only_and_not_beyond_the_newest() {
    let (mut desk, alice, bob) = two_people();
    let direct = ConversationId::direct(alice, bob);
    let moved = |delivered, read| {
        Some(MemberCursors {
            user: bob,
            delivered: Seq(delivered),
            read: Seq(read),
        })
    };
    assert_eq!(desk.advance(bob, direct, 1, 1), None, "no entry yet");
    for id in 1..=5 {
        desk.say(alice, bob, id, "x");
    }
    assert_eq!(desk.advance(bob, direct, 2, 0), moved(2, 0));
    assert_eq!(desk.advance(bob, direct, 1, 0), None);
    assert_eq!(desk.advance(bob, direct, 0, 3), moved(3, 3));
    assert_eq!(desk.advance(bob, direct, 4, 1), moved(4, 3));
    assert_eq!(desk.advance(bob, direct, u64::MAX, 0), moved(5, 3));
    assert_eq!(desk.advance(bob, direct, 0, u64::MAX), moved(5, 5));
    assert_eq!(desk.advance(bob, direct, u64::MAX, u64::MAX), None);
    assert_eq!(desk.advance(UserId(99), direct, 9, 9), None, "no member");
}

#[test]
fn every_change_has_a_stamp_of_its_own_and_nothing_else_has() {
    let (mut desk, alice, bob) = two_people();
    let advance = |read| Write::Advance {
        user: bob,
        advance: CursorUpdate {
            conversation: ConversationId::direct(alice, bob),
            delivered: Seq(read),
            read: Seq(read),
        },
    };
    let writes = [
        (message(alice, bob, 1, "a"), 1),
        (message(alice, bob, 1, "a"), 1),
        (message(alice, bob, 1, "b"), 1),
        (advance(1), 2),
        (advance(1), 2),
        (message(bob, alice, 1, "c"), 3),
    ];
    for (write, expected) in writes {
        assert_eq!(stamp(&desk.write(write)), Stamp(expected));
    }
    let mut desk = desk.reopen();
    assert_eq!(
        stamp(&desk.write(Write::Login(login(1, None)))),
        Stamp(3),
        "the counter survives"
    );
    assert_eq!(stamp(&desk.write(message(bob, alice, 2, "d"))), Stamp(4));
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let (mut desk, alice, bob) = two_people();
    desk.say(alice, bob, 1, "before");
    let beside = Connection::open(desk.dir().join("recado.db")).unwrap();
    beside
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON entries WHEN NEW.time = 666
             BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END",
        )
        .unwrap();
    let carol = Write::Login(login(77, Some("carol")));
    let batch = [
        carol.clone(),
        message(alice, bob, 2, "good"),
        message(alice, bob, 666, "bad"),
    ];
    assert!(desk.writer.commit(&batch).is_err());

    let WriteResult::Append { result, stamp, .. } = desk.write(message(bob, alice, 3, "after"))
    else {
        panic!("an append is answered by an append");
    };
    assert_eq!((result.unwrap().entry.seq, stamp), (Seq(2), Stamp(2)));
    assert!(desk.login(login(77, Some("carol"))).unwrap().registered);
}

/// A small generator with a seed (Marsaglia, "Xorshift RNGs"), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn unread_counts_the_entries_of_others_behind_the_read_cursor() {
    for seed in 1..=8 {
        let (mut desk, alice, bob) = two_people();
        let direct = ConversationId::direct(alice, bob);
        let mut dice = Dice(seed);
        let mut authors = Vec::new();
        let mut read = [0, 0];
        for step in 0..120 {
            let who = usize::from(dice.below(2) == 1);
            let (me, other) = if who == 0 { (alice, bob) } else { (bob, alice) };
            if dice.below(3) < 2 {
                desk.say(me, other, step + 1, "x");
                authors.push(me);
            } else {
                let to = dice.below(u64::try_from(authors.len()).unwrap() + 3);
                desk.advance(me, direct, 0, to);
                read[who] = usize::try_from(to)
                    .unwrap()
                    .min(authors.len())
                    .max(read[who]);
            }
            for (user, read) in [(alice, read[0]), (bob, read[1])] {
                let naive = authors[read..].iter().filter(|&&a| a != user).count();
                assert_eq!(
                    unread(&mut desk, user),
                    u64::try_from(naive).unwrap(),
                    "seed {seed}, step {step}, user {user}"
                );
            }
        }
    }
}

fn unread(desk: &mut Desk, user: UserId) -> u64 {
    let question = Read::Heads {
        session: SESSION,
        user,
        since: None,
    };
    match desk.read(question) {
        ReadResult::Heads { heads, .. } => heads.first().map_or(0, |head| head.unread),
        other @ (ReadResult::Agreed { .. } | ReadResult::Answer { .. }) => panic!("{other:?}"),
    }
}
