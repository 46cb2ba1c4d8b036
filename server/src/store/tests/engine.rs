//! The store without its threads.

use recado_shared::{Entry, LogId, PageRange};

use super::*;

#[test]
fn a_store_in_memory_commits_batches_and_answers() {
    let mut engine = Engine::in_memory(LogId([7; 16])).unwrap();
    let enter = |device, name| Write::Login(login(device, Some(name)));
    let written = engine
        .commit(&[enter(1, "alice"), enter(2, "bob")])
        .unwrap();
    let users: Vec<_> = written
        .into_iter()
        .map(|written| match written {
            WriteResult::Login { result, .. } => result.unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(users.iter().all(|admitted| admitted.log == LogId([7; 16])));
    let (alice, bob) = (users[0].user, users[1].user);
    engine.commit(&[message(alice, bob, 1, "hello")]).unwrap();
    let page = Read::Query {
        origin: ORIGIN,
        user: bob,
        query: Query::Page {
            conversation: ConversationId::direct(alice, bob),
            range: PageRange::After(Seq::ZERO),
            limit: 10,
        },
    };
    let entries = entries_of(engine.answer(page).unwrap());
    assert_eq!(entries[0].content, text("hello"));
    let StoredMemberships { epochs, rooms, .. } = engine.memberships().unwrap();
    assert_eq!((epochs.len(), rooms), (1, Vec::new()));
}

#[test]
fn a_store_in_a_folder_keeps_it_locked_and_what_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).unwrap();
    let is_locked = |opened| matches!(opened, Err(StoreError::InUse { .. }));
    assert!(is_locked(Engine::open(dir.path()).map(drop)));
    let (alice, bob) = (UserId(1), UserId(2));
    let enter = |device, name| Write::Login(login(device, Some(name)));
    engine
        .commit(&[
            enter(1, "alice"),
            enter(2, "bob"),
            message(alice, bob, 1, "hello"),
        ])
        .unwrap();
    engine.tidy(true).unwrap();
    drop(engine);
    let page = Read::Query {
        origin: ORIGIN,
        user: bob,
        query: Query::Page {
            conversation: ConversationId::direct(alice, bob),
            range: PageRange::After(Seq::ZERO),
            limit: 10,
        },
    };
    let answer = Engine::open(dir.path()).unwrap().answer(page).unwrap();
    let entries = entries_of(answer);
    assert_eq!(entries[0].content, text("hello"));
}

fn entries_of(page: ReadResult) -> Vec<Entry> {
    match page {
        ReadResult::Answer {
            result: Ok(Answer::Page { entries, .. }),
            ..
        } => entries,
        other => panic!("no page: {other:?}"),
    }
}
