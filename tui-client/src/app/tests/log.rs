use std::collections::BTreeSet;

use recado_shared::{
    Entry, MessageBody, PageRange, RequestError, Seq, ServerFrame, Stamp, Timestamp, UserId,
};

use super::support::*;
use crate::app::App;
use crate::app::conversation::log::{OPEN_LOADED, UNOPENED_LOADED};
use crate::app::screen::{Item, ItemId, MessageView, Place};
use crate::app::{ClickTarget, Effect, Event, Scroll};
use crate::net::NetEvent;
use crate::store::{LoadedEntries, Pending, PendingState, Snapshot, StoreRead, StoreWrite};

#[test]
fn an_entry_that_comes_twice_is_shown_once() {
    let mut client = Client::talking(1);
    assert!(!saved(&client.entry(BOB, entry(2, BOB))).is_empty());
    assert_eq!(saved(&client.entry(BOB, entry(2, BOB))), []);
    assert_eq!(client.items(), ["m1", "m2"]);
}

#[test]
fn a_gap_is_shown_and_filled() {
    let mut client = Client::talking(1);
    let effects = client.entry(BOB, entry(4, BOB));
    assert_eq!(client.items(), ["m1", "[missing 2]", "m4"]);
    let (number, conversation, range, limit) = pages(&effects)[0];
    assert_eq!(
        (conversation, range, limit),
        (with(BOB), PageRange::Before(Seq(4)), 2)
    );
    // The entry in between comes by itself, late: the page brings it again.
    client.entry(BOB, entry(3, BOB));
    assert_eq!(client.items(), ["m1", "[missing 1]", "m3", "m4"]);
    let effects = client.page(number, entries(2..=3, BOB), 4);
    assert_eq!(client.items(), ["m1", "m2", "m3", "m4"]);
    let [
        StoreWrite::Entries {
            entries,
            held: runs,
            ..
        },
    ] = &saved(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(entries, &[entry(2, BOB)]);
    assert_eq!(runs, &[held(1, 4)]);
    assert_eq!(pages(&effects), []);
}

#[test]
fn the_whole_log_is_fetched_newest_first_one_page_at_a_time() {
    let mut client = Client::connected(vec![]);
    let effects = client.heads(vec![head(BOB, 450, 450, 0)]);
    let mut asked = pages(&effects);
    let mut ends = Vec::new();
    while let [(number, _, PageRange::Before(before), limit)] = asked[..] {
        let last = before.0 - 1;
        let first = before.0 - u64::from(limit);
        ends.push((first, last));
        asked = pages(&client.page(number, entries(first..=last, BOB), 450));
    }
    assert_eq!(ends, [(401, 450), (201, 400), (1, 200)]);
    let conversation = &client.app.chats.conversations[&with(BOB)];
    assert_eq!(conversation.log.held().to_held(), [held(1, 450)]);
    assert_eq!(conversation.log.loaded().len(), UNOPENED_LOADED);
}

#[test]
fn at_most_four_pages_are_asked_for_the_open_conversation_first() {
    let mut client = Client::connected(vec![]);
    client.handle(Event::Click(ClickTarget::Contact(with(CAROL))));
    let mut heads: Vec<_> = (10..20)
        .map(|user| head(UserId(user), user, 0, 1))
        .collect();
    heads.push(head(CAROL, 5, 0, 1));
    let effects = client.heads(heads);
    let asked = pages(&effects);
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[0].1, with(CAROL));
    // Then the most recent one.
    assert_eq!(asked[1].1, with(UserId(19)));
}

#[test]
fn a_page_that_is_lost_with_the_link_is_asked_for_again() {
    let mut client = Client::talking(1);
    let first = pages(&client.entry(BOB, entry(4, BOB)))[0];
    client.handle(offline());
    let again = pages(&client.connect(vec![]))[0];
    assert_eq!((again.1, again.2), (first.1, first.2));
    client.page(first.0, entries(2..=3, BOB), 4);
    assert_eq!(client.items(), ["m1", "[missing 2]", "m4"]);
    client.page(again.0, entries(2..=3, BOB), 4);
    assert_eq!(client.items(), ["m1", "m2", "m3", "m4"]);
}

#[test]
fn pages_that_make_no_sense_are_not_believed_and_not_asked_for_for_ever() {
    let hole = vec![entry(2, BOB), entry(4, BOB)];
    let elsewhere = entries(7..=8, BOB);
    for page in [Vec::new(), hole, elsewhere] {
        let mut client = Client::talking(1);
        let number = pages(&client.entry(BOB, entry(5, BOB)))[0].0;
        let effects = client.page(number, page, 5);
        assert_eq!(effects, []);
        assert_eq!(client.items(), ["m1", "[missing 3]", "m5"]);
        assert_eq!(pages(&client.heads(vec![head(BOB, 5, 1, 4)])).len(), 1);
    }
}

#[test]
fn the_third_page_in_a_row_that_fills_nothing_is_reported() {
    let mut client = Client::talking(1);
    let mut asked = pages(&client.entry(BOB, entry(5, BOB)));
    let reported = "Cannot load messages of bob: the server answered with something else";
    for (attempt, fills) in (1..).zip([false, false, true, false, false, false]) {
        let page = if fills { vec![entry(4, BOB)] } else { vec![] };
        let effects = client.page(asked[0].0, page, 5);
        assert_eq!(
            client.message().starts_with(reported),
            attempt == 6,
            "{attempt}"
        );
        asked = pages(&effects);
        if asked.is_empty() {
            client.handle(offline());
            asked = pages(&client.connect(vec![]));
        }
    }
}

#[test]
fn a_page_that_is_refused_is_asked_for_again_in_the_next_session() {
    let mut client = Client::talking(1);
    let number = pages(&client.entry(BOB, entry(3, BOB)))[0].0;
    let result = Err(RequestError::Unavailable);
    assert_eq!(
        pages(&client.frame(ServerFrame::Answer { number, result })),
        []
    );
    client.handle(offline());
    assert_eq!(pages(&client.connect(vec![])).len(), 1);
}

#[test]
fn entries_of_strangers_and_impossible_places_are_ignored() {
    let mut client = Client::talking(1);
    assert_eq!(client.entry(BOB, entry(2, CAROL)), []);
    assert_eq!(client.entry(BOB, entry(u64::MAX, BOB)), []);
    assert_eq!(client.entry(BOB, entry(0, BOB)), []);
    let conversation = recado_shared::ConversationId::direct(BOB, CAROL);
    let effects = client.frame(ServerFrame::Entry {
        conversation,
        entry: entry(1, BOB),
    });
    assert_eq!(effects, []);
    let effects = client.heads(vec![head(CAROL, u64::MAX, 0, u64::MAX)]);
    assert_eq!(pages(&effects), []);
    assert_eq!(client.contacts(), ["bob", "carol"]);
}

#[test]
fn cursors_that_no_log_reaches_are_ignored() {
    let mut client = Client::talking(2);
    let far = cursors(ME, u64::MAX, u64::MAX);
    let mut impossible = head(BOB, 4, 2, 2);
    impossible.cursors = vec![far, cursors(BOB, u64::MAX, u64::MAX)];
    client.heads(vec![impossible]);
    for cursors in [far, cursors(ME, 2, u64::MAX), cursors(BOB, 2, u64::MAX)] {
        client.frame(ServerFrame::Cursors {
            conversation: with(BOB),
            cursors,
        });
    }
    client.handle(Event::Focus(false));
    client.entry(BOB, entry(3, BOB));
    assert_eq!(client.unread(BOB), 1);
}

#[test]
fn entries_beyond_the_servers_head_come_from_a_lost_future_and_go() {
    let mut client = Client::talking(5);
    client.handle(offline());
    let effects = client.connect(vec![head(BOB, 3, 3, 0)]);
    let lost = StoreWrite::Entries {
        conversation: with(BOB),
        entries: vec![],
        held: vec![held(1, 3)],
        settled: vec![],
    };
    assert!(saved(&effects).contains(&lost), "{effects:?}");
    assert_eq!(client.items(), ["m1", "m2", "m3"]);
    let other = Entry {
        content: body("another"),
        ..entry(4, BOB)
    };
    client.entry(BOB, other);
    assert_eq!(client.items(), ["m1", "m2", "m3", "another"]);
}

#[test]
fn a_head_that_is_older_than_a_live_entry_takes_nothing_back() {
    let mut client = Client::talking(2);
    client.handle(offline());
    client.handle(welcome(LOG));
    client.entry(BOB, entry(3, BOB));
    client.heads(vec![head(BOB, 2, 2, 0)]);
    assert_eq!(client.items(), ["m1", "m2", "m3"]);
    assert_eq!(client.unread(BOB), 1);
}

#[test]
fn behind_needs_nothing_but_the_heads_that_follow() {
    let mut client = Client::talking(1);
    assert_eq!(client.frame(ServerFrame::Behind), []);
    assert_eq!(pages(&client.heads(vec![head(BOB, 9, 1, 8)])).len(), 1);
    assert_eq!(client.unread(BOB), 8);
}

#[test]
fn heads_are_saved_and_the_last_page_completes_them() {
    let mut client = Client::connected(vec![]);
    let effects = client.heads(vec![head(BOB, 2, 0, 2)]);
    let since = recado_shared::hello::SyncPoint {
        log: LOG,
        stamp: Stamp(1),
    };
    assert!(saved(&effects).contains(&StoreWrite::Heads {
        heads: vec![head(BOB, 2, 0, 2)],
        complete: Some(since),
    }));
    assert_eq!(client.app.known_state().since, Some(since));
}

#[test]
fn another_log_drops_what_is_cached() {
    let mut client = Client::talking(3);
    client.handle(welcome(recado_shared::LogId([9; 16])));
    assert_eq!(client.items(), Vec::<String>::new());
    client.heads(vec![head(BOB, 1, 0, 1)]);
    assert_eq!(client.items(), ["[missing 1]"]);
}

fn with_older(newest: u64, loaded_from: u64) -> Client {
    let log = entries(1..=newest, BOB);
    let mut stored = stored(BOB, log, newest);
    stored
        .entries
        .drain(..usize::try_from(loaded_from - 1).unwrap());
    let mut snapshot = snapshot(vec![stored]);
    snapshot.open = Some(with(BOB));
    Client::new(snapshot)
}

fn load(range: PageRange) -> StoreRead {
    StoreRead {
        conversation: with(BOB),
        range,
        limit: 200,
    }
}

#[test]
fn older_entries_are_read_from_the_local_store_when_they_come_into_sight() {
    let mut client = with_older(30, 21);
    assert!(
        !client
            .app
            .screen(client.now)
            .conversation
            .unwrap()
            .is_complete
    );
    assert_eq!(client.viewed(25, 30), []);
    let older = load(PageRange::Before(Seq(21)));
    let effects = client.viewed_at(21, 30, Place::Newest, true);
    assert_eq!(effects, [Effect::Load(older)]);
    // Not twice.
    assert!(
        !client
            .viewed_at(21, 29, Place::Newest, true)
            .contains(&Effect::Load(older))
    );
    client.handle(Event::Loaded(LoadedEntries {
        read: older,
        entries: entries(1..=20, BOB),
        about: Vec::new(),
    }));
    assert_eq!(client.items().len(), 30);
    assert!(
        client
            .app
            .screen(client.now)
            .conversation
            .unwrap()
            .is_complete
    );
}

#[test]
fn a_place_in_the_middle_is_read_on_both_sides() {
    let mut stored = stored(BOB, entries(1..=100, BOB), 100);
    stored.entries = entries(40..=60, BOB);
    let item = ItemId::Entry(Seq(45));
    stored.place = Place::At { item, row: 0 };
    let mut snapshot = snapshot(vec![stored]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    let effects = client.viewed_at(45, 60, Place::At { item, row: 0 }, false);
    let newer = load(PageRange::After(Seq(60)));
    assert_eq!(effects, [Effect::Load(newer)]);
    // What arrives does not show among what is far older.
    client.connect(vec![head(BOB, 100, 100, 0)]);
    client.entry(BOB, entry(101, BOB));
    assert_eq!(client.items().last().unwrap(), "m60");
    client.handle(Event::Loaded(LoadedEntries {
        read: newer,
        entries: entries(61..=101, BOB),
        about: Vec::new(),
    }));
    assert_eq!(client.items().last().unwrap(), "m101");
    client.entry(BOB, entry(102, BOB));
    assert_eq!(client.items().last().unwrap(), "m102");
}

#[test]
fn what_waits_is_not_shown_among_what_is_far_older() {
    let mut far = stored(BOB, entries(1..=500, BOB), 100);
    far.entries.drain(..400);
    let mut snapshot = snapshot(vec![far]);
    snapshot.outbox = vec![Pending {
        id: entry(1, ME).id,
        conversation: with(BOB),
        content: recado_shared::Content::Message(MessageBody::new("waiting").unwrap()),
        typed: Timestamp(1),
        state: PendingState::Waiting,
    }];
    let mut client = Client::new(snapshot);
    // Opens at the first unread entry, which is far above what is loaded.
    client.handle(Event::Click(ClickTarget::Contact(with(BOB))));
    let first = load(PageRange::After(Seq(100)));
    client.handle(Event::Loaded(LoadedEntries {
        read: first,
        entries: entries(101..=300, BOB),
        about: Vec::new(),
    }));
    assert_eq!(client.items().last().unwrap(), "m300");
    client.keys("end");
    let newest = load(PageRange::Before(Seq(501)));
    client.handle(Event::Loaded(LoadedEntries {
        read: newest,
        entries: entries(301..=500, BOB),
        about: Vec::new(),
    }));
    let items = client.items();
    assert_eq!(items[items.len() - 2..], ["m500", "waiting waiting"]);
}

#[test]
fn the_newest_key_leaves_the_middle() {
    let mut stored = stored(BOB, entries(1..=100, BOB), 100);
    stored.entries = entries(40..=60, BOB);
    stored.place = Place::At {
        item: ItemId::Entry(Seq(45)),
        row: 0,
    };
    let mut snapshot = snapshot(vec![stored]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    let newest = load(PageRange::Before(Seq(101)));
    assert_eq!(client.keys("end"), [Effect::Load(newest)]);
    // Until the page is read, the middle stays on the screen, and later scrolls wait.
    assert_eq!(client.items().len(), 21);
    assert_eq!(client.keys("pageup"), []);
    let effects = client.handle(Event::Loaded(LoadedEntries {
        read: newest,
        entries: entries(60..=100, BOB),
        about: Vec::new(),
    }));
    let scrolls = [Scroll::Newest, Scroll::Pages(-1)].map(Effect::Scroll);
    assert_eq!(effects, scrolls);
    assert_eq!(client.items().len(), 41);
}

#[test]
fn what_arrives_during_a_jump_to_the_newest_is_there_after_it() {
    let mut stored = stored(BOB, entries(1..=100, BOB), 100);
    stored.entries = entries(40..=60, BOB);
    let mut snapshot = snapshot(vec![stored]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    client.connect(vec![head(BOB, 100, 100, 0)]);
    client.keys("end");
    client.entry(BOB, entry(101, BOB));
    assert_eq!(client.items().last().unwrap(), "m60");
    client.handle(Event::Loaded(LoadedEntries {
        read: load(PageRange::Before(Seq(101))),
        entries: entries(60..=100, BOB),
        about: Vec::new(),
    }));
    assert_eq!(client.items().last().unwrap(), "m101");
    assert_eq!(client.items().len(), 42);
}

#[test]
fn a_jump_within_what_is_loaded_is_not_undone_by_an_arrival() {
    let last = OPEN_LOADED as u64;
    let far_from = |seq: u64| {
        let mut client = Client::talking(last);
        let item = ItemId::Entry(Seq(seq));
        client.viewed_at(1, 20, Place::At { item, row: 0 }, false);
        client
    };
    for seq in [1, last] {
        let mut client = far_from(last + 1 - seq);
        let (chats, cx) = (&mut client.app.chats, &mut client.app.cx);
        chats.jump_to_entry(with(BOB), Seq(seq), cx);
        client.entry(BOB, entry(last + 1, BOB));
        let open = &client.app.chats.conversations[&with(BOB)];
        assert!(open.log.entry(Seq(seq)).is_some(), "{seq}");
    }
    let mut client = far_from(1);
    client.keys("end");
    client.entry(BOB, entry(last + 1, BOB));
    assert_eq!(client.items().last().unwrap(), &format!("m{}", last + 1));
}

#[test]
fn a_jump_to_what_the_server_has_not_given_asks_for_it_first() {
    let newest = 10_000;
    let mut client = Client::new(Snapshot::default());
    let asked = pages(&client.connect(vec![head(BOB, newest, newest, 0)]));
    let (number, _, _, limit) = asked[0];
    client.handle(Event::Click(ClickTarget::Contact(with(BOB))));
    client.keys("ctrl-home");
    // The page that was on its way before comes first.
    let page = entries(newest + 1 - u64::from(limit)..=newest, BOB);
    let asked = pages(&client.page(number, page, newest));
    let (number, id, range, _) = asked[0];
    assert_eq!((id, range), (with(BOB), PageRange::After(Seq(0))));
    let effects = client.page(number, entries(1..=200, BOB), newest);
    let top = Scroll::Top(ItemId::Entry(Seq(1)));
    assert!(effects.contains(&Effect::Scroll(top)), "{effects:?}");
    assert_eq!(client.items()[0], "m1");
}

#[test]
fn the_open_conversation_has_a_bound_too() {
    let mut client = Client::talking(0);
    let mut seq = 0;
    while seq < OPEN_LOADED as u64 + 100 {
        seq += 1;
        client.entry(BOB, entry(seq, BOB));
    }
    assert_eq!(client.items().len(), OPEN_LOADED);
    assert_eq!(client.items().last().unwrap(), &format!("m{seq}"));
    assert!(
        !client
            .app
            .screen(client.now)
            .conversation
            .unwrap()
            .is_complete
    );
}

#[test]
fn a_large_log_that_is_read_at_its_old_end_keeps_that_end() {
    let mut client = Client::talking(0);
    let last = OPEN_LOADED as u64;
    for seq in 1..=last {
        client.entry(BOB, entry(seq, BOB));
    }
    let place = Place::At {
        item: ItemId::Entry(Seq(1)),
        row: 0,
    };
    client.viewed_at(1, 20, place, true);
    client.entry(BOB, entry(last + 1, BOB));
    let screen = client.app.screen(client.now);
    let items = screen.conversation.unwrap().items;
    assert!(matches!(
        items[0],
        Item::Message(MessageView { body: "m1", .. })
    ));
    assert!(items.len() <= OPEN_LOADED);
}

#[test]
fn frames_after_the_end_of_a_session_are_ignored() {
    let mut client = Client::talking(1);
    client.handle(offline());
    assert_eq!(client.entry(BOB, entry(2, BOB)), []);
    assert_eq!(client.items(), ["m1"]);
}

#[test]
fn times_are_those_of_the_server() {
    let mut client = Client::talking(1);
    let late = Entry {
        time: Timestamp(77),
        ..entry(2, BOB)
    };
    client.entry(BOB, late);
    let screen = client.app.screen(client.now);
    let item = &screen.conversation.unwrap().items[1];
    assert!(matches!(
        item,
        Item::Message(MessageView {
            time: Timestamp(77),
            ..
        })
    ));
}

#[test]
fn an_entry_concerns_only_its_conversation_and_the_open_one() {
    let users = (10..510).map(UserId);
    let mut client = Client::connected(users.map(|user| head(user, 1, 1, 0)).collect());
    client.keys("alt-1");
    let (open, author) = (client.open(), UserId(300));
    let frame = ServerFrame::Entry {
        conversation: with(author),
        entry: entry(2, author),
    };
    let App {
        session, chats, cx, ..
    } = &mut client.app;
    session.on_net(chats, NetEvent::Frame(frame), cx);
    session.move_cursors(chats, cx);
    assert_eq!(chats.dirty, BTreeSet::from([open, with(author)]));
}
