//! The lost ends of logs, and caches that are put aside.

use recado_shared::{Epoch, EpochId};

use super::*;
use crate::store::engine::Engine;

const REASON: &str = "lost";

fn log_back(agreed: u64, keep: u64) -> StoreWrite {
    StoreWrite::RollBack(vec![RollBack {
        conversation: TALK,
        agreed: Seq(agreed),
        keep: Seq(keep),
        reason: REASON.to_owned(),
    }])
}

fn with_content(seq: u64, author: UserId, content: Content) -> Entry {
    Entry {
        content,
        ..entry(seq, author, seq)
    }
}

/// A store with these entries, all held, whose cursors are at the end.
fn store_with(entries: Vec<Entry>) -> Engine {
    let mut engine = Engine::in_memory().unwrap();
    let newest = entries.last().unwrap().seq.0;
    let head = Head {
        cursors: vec![cursors(ME, newest, newest), cursors(BOB, newest, newest)],
        ..head(newest)
    };
    let complete = Some(SyncPoint {
        log: LogId([1; 16]),
        stamp: Stamp(5),
    });
    let heads = vec![head];
    engine
        .save(&[
            StoreWrite::Me(me(1)),
            StoreWrite::Heads { heads, complete },
            StoreWrite::Entries {
                conversation: TALK,
                entries,
                held: vec![held(1, newest)],
                settled: vec![],
            },
        ])
        .unwrap();
    engine
}

#[test]
fn a_lost_tail_leaves_the_cache_and_own_messages_return_to_the_outbox() {
    let text = |text| Content::Message(body(text));
    let edit = |target, text| Content::Edit {
        target: Seq(target),
        body: body(text),
    };
    let mut engine = store_with(vec![
        entry(1, BOB, 1),
        with_content(2, ME, text("kept")),
        entry(3, BOB, 3),
        with_content(4, ME, text("one")),
        with_content(5, ME, edit(4, "first")),
        with_content(
            6,
            ME,
            Content::Reply {
                to: Seq(3),
                body: body("second"),
            },
        ),
        with_content(7, ME, edit(2, "kept, edited")),
        with_content(8, ME, Content::Deletion { target: Seq(4) }),
        with_content(9, ME, Content::Emote(body("waves"))),
    ]);
    // The deletion erased the text of 4 and of its edit.
    let outcome = engine.save(&[log_back(2, 2)]).unwrap().pop().unwrap();
    let pending = |seq: u64, content, state| Pending {
        id: id(seq),
        conversation: TALK,
        content,
        typed: Timestamp(1000 + seq),
        state,
    };
    let failed = || PendingState::Failed(REASON.to_owned());
    let expected = [
        pending(6, text("second"), failed()),
        pending(7, edit(2, "kept, edited"), PendingState::Waiting),
        pending(9, Content::Emote(body("waves")), failed()),
    ];
    assert_eq!(outcome.pending, expected);
    let lost = LostTail {
        conversation: TALK,
        after: Seq(2),
        messages: 4,
        since: Timestamp(1003),
    };
    assert_eq!(outcome.lost, [lost]);
    let snapshot = engine.snapshot().unwrap();
    assert_eq!(snapshot.outbox, expected);
    assert_eq!((snapshot.lost, snapshot.since), (vec![lost], None));
    let [stored] = &snapshot.conversations[..] else {
        panic!("one conversation");
    };
    assert_eq!(
        (stored.head.newest, &stored.held[..]),
        (Seq(2), &[held(1, 2)][..])
    );
    assert_eq!(stored.head.cursors, [cursors(ME, 2, 2), cursors(BOB, 2, 2)]);
    assert_eq!(stored.entries.len(), 2);
    // Rolling back once more changes nothing: the program may have ended in between.
    assert_eq!(
        engine.save(&[log_back(2, 2)]).unwrap(),
        [RolledBack::default()]
    );
    assert_eq!(engine.snapshot().unwrap().lost, [lost]);
}

#[test]
fn edits_of_a_lost_message_are_in_the_text_to_send_again() {
    let edit = Content::Edit {
        target: Seq(1),
        body: body("edited"),
    };
    let mut engine = store_with(vec![entry(1, ME, 1), with_content(2, ME, edit)]);
    let outcome = engine.save(&[log_back(0, 0)]).unwrap().pop().unwrap();
    let contents: Vec<_> = outcome.pending.into_iter().map(|p| p.content).collect();
    assert_eq!(contents, [Content::Message(body("edited"))]);
}

#[test]
fn the_newest_entry_that_erased_others_is_known_after_a_start() {
    let mut log: Vec<_> = (1..=300).map(|seq| entry(seq, BOB, seq)).collect();
    log[100].content = Content::Deletion { target: Seq(7) };
    log[40].content = Content::AuthorRemoved;
    let engine = store_with(log);
    let snapshot = engine.snapshot().unwrap();
    assert_eq!(snapshot.conversations[0].last_erasing, Seq(101));
    let mut engine = store_with(vec![entry(1, BOB, 1)]);
    assert_eq!(
        engine.snapshot().unwrap().conversations[0].last_erasing,
        Seq::ZERO
    );
    let epochs = vec![Epoch {
        id: EpochId([3; 8]),
        start: 70,
    }];
    engine.save(&[StoreWrite::Epochs(epochs.clone())]).unwrap();
    assert_eq!(engine.snapshot().unwrap().epochs, epochs);
}

#[test]
fn the_outcome_is_told_after_it_is_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let Opened {
        handle, mut events, ..
    } = open(&path).unwrap();
    handle.save(StoreWrite::Me(me(1)));
    handle.save(StoreWrite::Entries {
        conversation: TALK,
        entries: vec![entry(1, ME, 1)],
        held: vec![held(1, 1)],
        settled: vec![],
    });
    handle.save(log_back(0, 0));
    let Some(StoreEvent::RolledBack(outcome)) = events.blocking_recv() else {
        panic!("an outcome");
    };
    assert_eq!(outcome.pending.len(), 1);
    drop(handle);
    assert_eq!(open(&path).unwrap().snapshot.outbox, outcome.pending);
}

#[test]
fn the_cache_of_another_log_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let Opened { handle, .. } = open(&path).unwrap();
    let entries = |log| {
        handle.save(StoreWrite::Me(me(log)));
        handle.save(StoreWrite::Entries {
            conversation: TALK,
            entries: vec![entry(1, BOB, 1)],
            held: vec![held(1, 1)],
            settled: vec![],
        });
        handle.flush();
    };
    entries(1);
    handle.save(StoreWrite::Queue(pending(7, "unsent")));
    entries(2);
    handle.save(StoreWrite::ForgetLog);
    handle.flush();
    drop(handle);
    let names = [1, 2].map(|n| dir.path().join(format!("store.db.before-reset-{n}")));
    for (copy, log) in names.iter().zip([1, 2]) {
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let kept = open(copy).unwrap().snapshot;
        assert_eq!(kept.me, Some(me(log)));
        assert_eq!(kept.conversations[0].entries.len(), 1);
    }
    let now = open(&path).unwrap().snapshot;
    assert_eq!((now.conversations.len(), now.outbox.len()), (0, 1));
}
