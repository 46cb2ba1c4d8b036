//! The queue of the store's thread, and the end of a store that has more queued than it has time for.

use std::time::Duration;

use super::*;

const CAROL: UserId = UserId(3);
const OTHER: ConversationId = ConversationId::direct(ME, CAROL);

fn draft(text: &str) -> StoreWrite {
    StoreWrite::Draft {
        conversation: TALK,
        text: text.to_owned(),
    }
}

fn of_other(range: std::ops::RangeInclusive<u64>) -> StoreWrite {
    StoreWrite::Entries {
        conversation: OTHER,
        entries: range.clone().map(|seq| entry(seq, CAROL, seq)).collect(),
        held: vec![held(*range.start(), *range.end())],
        settled: vec![],
    }
}

fn deletion(seq: u64, target: u64) -> Entry {
    let target = Seq(target);
    Entry {
        content: Content::Deletion { target },
        ..entry(seq, BOB, 1_000 + seq)
    }
}

/// Runs the thread of a store on a queue to its end.
fn work_off(path: &Path, queue: &Queue) {
    queue.close();
    let (answers, stored, mut events) = events::channel();
    let failure = answers.try_reserve_owned().unwrap();
    let connection = schema::open(path).unwrap();
    Worker::new(connection, path, failure, stored).run(queue);
    assert_eq!(events.try_recv().ok(), None, "the store failed");
}

#[test]
fn a_discarded_cache_takes_nothing_with_it_that_only_this_device_has() {
    let (_folder, path) = place();
    after(&path, [StoreWrite::Me(me(1)), entries(1..=3)]);
    let queue = Queue::default();
    let at = Place::At {
        item: ItemId::Entry(Seq(2)),
        row: 0,
    };
    for write in [
        entries(4..=9),
        StoreWrite::Draft {
            conversation: OTHER,
            text: "half a thought".to_owned(),
        },
        StoreWrite::Heads {
            heads: vec![head(9)],
            complete: None,
        },
        StoreWrite::Queue(pending(7, "unsent")),
        StoreWrite::Place(TALK, at),
        StoreWrite::Open(TALK),
        StoreWrite::Entries {
            conversation: TALK,
            entries: vec![deletion(10, 2)],
            held: vec![held(1, 10)],
            settled: vec![],
        },
    ] {
        queue.push(Request::Write(write, None));
    }
    queue.discard_cache();
    // What comes later is treated alike.
    queue.push(Request::Write(entries(11..=12), None));
    work_off(&path, &queue);
    let snapshot = open(&path).unwrap().snapshot;
    assert_eq!(snapshot.drafts, [(OTHER, "half a thought".to_owned())]);
    assert_eq!(snapshot.outbox, [pending(7, "unsent")]);
    assert_eq!(snapshot.open, Some(TALK));
    let [talk] = &snapshot.conversations[..] else {
        panic!("{snapshot:?}");
    };
    assert_eq!((talk.place, &talk.held[..]), (at, &[held(1, 3)][..]));
    let seqs: Vec<_> = talk.entries.iter().map(|entry| entry.seq.0).collect();
    assert_eq!(seqs, [1, 2, 3]);
    let is_erased = |entry: &Entry| matches!(entry.content, Content::Erased(_));
    let erased: Vec<_> = talk.entries.iter().map(is_erased).collect();
    assert_eq!(erased, [false, true, false]);
}

/// Far more than a disk takes in the time in which they are queued.
const PAGES: u64 = 200;

#[test]
fn a_store_that_is_closed_amid_a_sync_keeps_what_was_written_here_and_agrees_with_itself() {
    let (_folder, path) = place();
    let opened = open(&path).unwrap();
    opened.handle.save(StoreWrite::Me(me(1)));
    for page in 0..PAGES {
        opened.handle.save(StoreWrite::Entries {
            conversation: TALK,
            entries: (page * 100 + 1..=page * 100 + 100)
                .map(|seq| entry(seq, BOB, seq))
                .collect(),
            held: vec![held(1, page * 100 + 100)],
            settled: vec![],
        });
        opened.handle.save(draft(&format!("thought {page}")));
        opened.handle.save(of_other(page + 1..=page + 1));
    }
    opened.handle.close(Duration::ZERO);
    let opened = open(&path).unwrap();
    let drafts = &opened.snapshot.drafts;
    let last = format!("thought {}", PAGES - 1);
    assert_eq!(drafts[..], [(TALK, last)]);
    for stored in &opened.snapshot.conversations {
        let last = stored.held.last().map_or(0, |run| run.last.0);
        assert!(last < PAGES * 100, "the cache was waited for");
        let read = StoreRead {
            conversation: stored.head.conversation,
            range: PageRange::After(Seq::ZERO),
            limit: u16::MAX,
        };
        let loaded = load::load(&schema::open(&path).unwrap(), read).unwrap();
        assert_eq!(loaded.entries.last().map_or(0, |entry| entry.seq.0), last);
    }
}

#[test]
fn a_full_queue_says_so_until_it_is_worked_off() {
    let queue = Queue::default();
    let mut pages = 0;
    while !queue.is_full() {
        queue.push(Request::Write(entries(1..=200), None));
        pages += 1;
        assert!(pages < 10_000, "it is never full");
    }
    queue.push(Request::Write(draft("still taken"), None));
    assert!(queue.pop().is_some());
    assert!(!queue.is_full());
    while queue.pop().is_some() {}
    queue.push(Request::Write(entries(1..=200), None));
    assert!(!queue.is_full(), "what left still counts");
}

#[test]
fn a_read_overtakes_what_it_does_not_see() {
    let (answers, _stored, _events) = events::channel();
    let queue = Queue::default();
    let read = StoreRead {
        conversation: TALK,
        range: PageRange::After(Seq::ZERO),
        limit: 1,
    };
    for write in [of_other(1..=1), entries(1..=1), of_other(2..=2), draft("x")] {
        queue.push(Request::Write(write, None));
    }
    let room = answers.try_reserve_owned().unwrap();
    queue.push(Request::Read(read, room));
    let order = std::iter::from_fn(|| queue.pop()).map(|request| match request {
        Request::Write(StoreWrite::Entries { conversation, .. }, _) => Some(conversation),
        Request::Read(read, _) => {
            assert_eq!(read.conversation, TALK);
            None
        }
        _ => Some(ConversationId::direct(BOB, CAROL)),
    });
    let last = ConversationId::direct(BOB, CAROL);
    assert_eq!(
        order.collect::<Vec<_>>(),
        [Some(OTHER), Some(TALK), None, Some(OTHER), Some(last)]
    );
}
