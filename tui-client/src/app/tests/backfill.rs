//! Order and pace of the pages of a first sync.

use std::collections::{BTreeMap, VecDeque};

use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{ConversationId, PageRange, RequestNumber, Seq, UserId};

use super::support::*;
use crate::app::conversation::log::UNOPENED_LOADED;
use crate::app::screen::Place;
use crate::app::session::backfill::TAIL;
use crate::app::{ClickTarget, Effect, Event};
use crate::store::{StoreWrite, Stored};

/// Messages of each conversation here.
const NEWEST: u64 = 2_000;

/// Far more pages than may wait for the disk.
const MANY: usize = 1_000;

type Asked = (RequestNumber, ConversationId, PageRange, u16);

/// A client with an empty store and conversations with users from 10 on.
fn syncing(count: u64) -> (Client, VecDeque<Asked>) {
    let mut client = Client::connected(vec![]);
    let heads = (0..count).map(|n| head(UserId(10 + n), NEWEST, NEWEST, 0));
    let effects = client.heads(heads.collect());
    (client, pages(&effects).into())
}

/// Answers the oldest page that was asked for.
fn answer(client: &mut Client, asked: &mut VecDeque<Asked>) -> Option<(Asked, Vec<Effect>)> {
    let page = asked.pop_front()?;
    let (number, id, PageRange::Before(before), limit) = page else {
        panic!("{page:?}");
    };
    let author = id.peer_of(ME).unwrap();
    let last = before.prev().0;
    let first = last + 1 - u64::from(limit);
    let effects = client.page(number, entries(first..=last, author), NEWEST);
    asked.extend(pages(&effects));
    Some((page, effects))
}

fn stored_entries(entries: usize) -> Event {
    Event::Stored(Stored { entries, bytes: 0 })
}

/// The store's report that it has this size.
fn stored_bytes(bytes: u64) -> Event {
    Event::Stored(Stored { entries: 0, bytes })
}

fn entries_saved(effects: &[Effect]) -> usize {
    let saved = saved(effects).into_iter().map(|save| match save {
        StoreWrite::Entries { entries, .. } => entries.len(),
        _ => 0,
    });
    saved.sum()
}

#[test]
fn the_tails_of_all_conversations_come_before_anything_older() {
    let (mut client, mut asked) = syncing(20);
    let mut sequence = Vec::new();
    while let Some((page, effects)) = answer(&mut client, &mut asked) {
        sequence.push(page);
        let stored = entries_saved(&effects);
        asked.extend(pages(&client.handle(stored_entries(stored))));
    }
    let (tails, older) = sequence.split_at(20);
    let end = PageRange::Before(Seq(NEWEST + 1));
    let tail = u16::try_from(TAIL).unwrap();
    for (_, _, range, limit) in tails {
        assert_eq!((*range, *limit), (end, tail));
    }
    // Then a page of each in turn, none twice before all had one.
    let of_each: Vec<_> = older.chunks(20).collect();
    assert_eq!(of_each.len(), 10);
    for round in of_each {
        let mut talks: Vec<_> = round.iter().map(|page| page.1).collect();
        talks.sort();
        talks.dedup();
        assert_eq!(talks.len(), 20);
    }
}

#[test]
fn pages_are_asked_for_no_faster_than_they_are_stored() {
    let (mut client, mut asked) = syncing(100);
    let mut waiting = 0;
    for _ in 0..MANY {
        let Some((_, effects)) = answer(&mut client, &mut asked) else {
            break;
        };
        waiting += entries_saved(&effects);
    }
    assert!((10_000..=16_000).contains(&waiting), "{waiting} wait");
    let page = usize::from(MAX_PAGE_ENTRIES);
    // As soon as there is room for a page, one is asked for.
    assert_eq!(pages(&client.handle(stored_entries(page))).len(), 1);
    let effects = client.handle(stored_entries(waiting - page));
    assert_eq!(pages(&effects).len(), 3);
}

#[test]
fn what_the_user_looks_at_does_not_wait_for_the_disk() {
    let (mut client, mut asked) = syncing(100);
    for _ in 0..MANY {
        answer(&mut client, &mut asked);
    }
    assert_eq!(asked, []);
    let open = with(UserId(50));
    let effects = client.handle(Event::Click(ClickTarget::Contact(open)));
    assert_eq!(pages(&effects), [], "its tail is here");
    let first = NEWEST - TAIL + 1;
    let effects = client.viewed_at(first, NEWEST, Place::Newest, true);
    let [(_, id, ..)] = pages(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(id, open);
}

#[test]
fn a_full_store_forgets_the_oldest_and_does_not_pull_it_again() {
    let (mut client, mut asked) = syncing(3);
    while let Some((_, effects)) = answer(&mut client, &mut asked) {
        let stored = entries_saved(&effects);
        asked.extend(pages(&client.handle(stored_entries(stored))));
    }
    let mut forgotten = BTreeMap::new();
    // The last one goes on though nothing is left to forget.
    for _ in 0..4 {
        let effects = client.handle(stored_bytes(STORE_LIMIT + 1));
        assert_eq!(pages(&effects), []);
        for write in saved(&effects) {
            let StoreWrite::Forget {
                conversation,
                up_to,
                held,
            } = write
            else {
                panic!("{write:?}");
            };
            assert_eq!(held, [super::support::held(up_to.0 + 1, NEWEST)]);
            assert!(forgotten.insert(conversation, up_to).is_none());
        }
    }
    let last: Vec<_> = forgotten.values().collect();
    let tail = NEWEST - u64::try_from(UNOPENED_LOADED).unwrap();
    assert_eq!(last, [&Seq(tail); 3], "what is loaded stays");
    assert_eq!(pages(&client.handle(stored_bytes(STORE_LIMIT - 1))), []);
    // What the user looks at is pulled all the same.
    client.handle(Event::Click(ClickTarget::Contact(with(UserId(10)))));
    let asked = pages(&client.viewed_at(tail + 1, NEWEST, Place::Newest, true));
    assert_eq!(asked.len(), 1, "{asked:?}");
}
