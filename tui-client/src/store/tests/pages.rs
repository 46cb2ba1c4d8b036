//! Pages of entries, whose erasures and edits are read once for the whole page.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::hooks::Authorization;

use super::rooms::{deletion, edit, message, save, with};
use super::*;
use crate::store::wal_residue::WalResidue;

fn found(opened: &mut Opened, word: &str) -> Vec<(ConversationId, Seq, String)> {
    assert!(opened.handle.search(SearchQuery {
        words: vec![word.to_owned()],
        limit: 10,
        ..SearchQuery::default()
    }));
    let Some(StoreEvent::Found(found)) = opened.events.blocking_recv() else {
        panic!("the search was not answered");
    };
    let hits = found.hits.into_iter();
    hits.map(|hit| (hit.conversation, hit.entry.seq, hit.text))
        .collect()
}

#[test]
fn a_text_that_its_own_page_erases_never_gets_to_the_disk() {
    let db = schema::open_in_memory().unwrap();
    let page = [
        with(1, BOB, message("kept")),
        with(2, BOB, message("taken back")),
        with(3, BOB, edit(2, "taken back soon")),
        with(4, ME, message("of a user who is gone")),
        with(5, BOB, deletion(2)),
        with(6, ME, Content::AuthorRemoved),
    ];
    let residue = entries::add(&db, TALK, &page, &[held(1, 6)], &[]).unwrap();
    assert_eq!(residue, WalResidue::None);
    let read = StoreRead {
        conversation: TALK,
        range: PageRange::After(Seq::ZERO),
        limit: 10,
    };
    let loaded = load::load(&db, read).unwrap().entries;
    let texts = loaded.iter().filter_map(|entry| entry.content.body());
    assert_eq!(texts.map(MessageBody::as_str).collect::<Vec<_>>(), ["kept"]);
}

#[test]
fn a_message_that_comes_after_its_edit_is_found_as_it_reads_now() {
    let (_folder, path) = place();
    let mut opened = open(&path).unwrap();
    let newer = vec![
        with(3, BOB, edit(1, "second thought")),
        with(4, BOB, edit(1, "third thought")),
        with(5, ME, edit(1, "not the author's")),
    ];
    opened.handle.save(save(newer, 5));
    opened
        .handle
        .save(save(vec![with(1, BOB, message("first thought"))], 5));
    opened.handle.flush();
    assert_eq!(found(&mut opened, "first"), []);
    let hit = (TALK, Seq(1), "third thought".to_owned());
    assert_eq!(found(&mut opened, "thought"), [hit]);
}

#[test]
fn messages_of_one_millisecond_are_all_found_the_newest_of_a_conversation_first() {
    let (_folder, path) = place();
    let mut opened = open(&path).unwrap();
    let other = ConversationId::direct(ME, UserId(3));
    let text = |seq: u64| Entry {
        time: Timestamp(5),
        ..with(seq, ME, message("echo"))
    };
    for conversation in [TALK, other] {
        opened.handle.save(StoreWrite::Entries {
            conversation,
            entries: vec![text(1), text(2)],
            held: vec![held(1, 2)],
            settled: vec![],
        });
    }
    opened.handle.flush();
    let hits = found(&mut opened, "echo");
    assert_eq!(hits.len(), 4, "{hits:?}");
    let of_talk = hits.iter().filter(|hit| hit.0 == TALK);
    assert_eq!(
        of_talk.map(|hit| hit.1).collect::<Vec<_>>(),
        [Seq(2), Seq(1)]
    );
    // What is known already is stored and found once.
    opened.handle.save(StoreWrite::Entries {
        conversation: other,
        entries: vec![text(1), text(2)],
        held: vec![held(1, 2)],
        settled: vec![],
    });
    opened.handle.flush();
    assert_eq!(found(&mut opened, "echo").len(), 4);
}

#[test]
fn the_oldest_entries_can_be_forgotten_and_their_space_is_reported() {
    let (_folder, path) = place();
    let mut opened = open(&path).unwrap();
    let log: Vec<_> = (1..=200)
        .map(|seq| {
            with(
                seq,
                BOB,
                message(&format!("long {seq} {}", "x".repeat(5_000))),
            )
        })
        .collect();
    opened.handle.save(save(log, 200));
    opened.handle.flush();
    let full = used(&mut opened);
    opened.handle.save(StoreWrite::Forget {
        conversation: TALK,
        up_to: Seq(150),
        held: vec![held(151, 200)],
    });
    opened.handle.flush();
    assert!(used(&mut opened) < full / 2);
    assert_eq!(found(&mut opened, "150"), []);
    assert_eq!(found(&mut opened, "151").len(), 1);
    drop(opened);
    let stored = &open(&path).unwrap().snapshot.conversations[0];
    assert_eq!(stored.held, [held(151, 200)]);
    assert_eq!(stored.head.newest, Seq(200));
}

/// The bytes of the store after its last transaction.
fn used(opened: &mut Opened) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let report = runtime.unwrap().block_on(opened.events.recv());
    let Some(StoreEvent::Stored(stored)) = report else {
        panic!("{report:?}");
    };
    stored.bytes
}

#[test]
fn no_statement_is_prepared_for_a_page_like_an_earlier_one() {
    let (_folder, path) = place();
    let mut db = schema::open(&path).unwrap();
    // `SQLite` asks the authorizer while it prepares.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let authorizer = move |_: rusqlite::hooks::AuthContext<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        Authorization::Allow
    };
    db.authorizer(Some(authorizer)).unwrap();
    let mut prepared = Vec::new();
    for first in [1, 101, 201] {
        let page: Vec<_> = (first..first + 100)
            .map(|seq| match seq % 4 {
                0 => with(seq, BOB, message(&format!("message {seq}"))),
                1 => with(seq, ME, message("一封信")),
                2 => with(seq, BOB, edit(seq - 2, &format!("changed {seq}"))),
                _ => with(seq, ME, deletion(seq - 2)),
            })
            .collect();
        apply::apply(&db, &save(page, first + 99)).unwrap();
        prepared.push(asked.swap(0, Ordering::Relaxed));
    }
    assert_ne!(prepared[0], 0);
    assert_eq!(prepared[1..], [0; 2]);
}
