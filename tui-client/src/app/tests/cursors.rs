use recado_shared::limits::UNHEARD_CURSOR_INTERVAL;
use recado_shared::{CursorUpdate, Head, LogId, Membership, Seq, ServerFrame};

use super::support::*;
use crate::app::screen::{ItemId, Place};
use crate::app::session::cursors::CURSOR_INTERVAL;
use crate::app::{ClickTarget, Effect, Event, Scroll, Viewed};
use crate::store::LoadedEntries;
use crate::store::{HeldRange, StoreWrite};

#[test]
fn delivered_follows_what_is_held_without_a_hole() {
    let mut client = Client::connected(vec![]);
    client.heads(vec![head(BOB, 1, 0, 1)]);
    let effects = client.entry(BOB, entry(2, BOB));
    assert_eq!(advances(&effects), []);
    let number = {
        client.handle(offline());
        pages(&client.connect(vec![head(BOB, 2, 0, 2)]))[0].0
    };
    let effects = client.page(number, entries(1..=1, BOB), 2);
    assert_eq!(advances(&effects), [advance(BOB, 2, 0)]);
}

#[test]
fn read_follows_what_was_on_the_screen() {
    let mut client = Client::talking(1);
    let effects = client.entry(BOB, entry(2, BOB));
    assert_eq!(advances(&effects), [advance(BOB, 2, 1)]);
    assert_eq!(client.unread(BOB), 1);
    client.pass(CURSOR_INTERVAL);
    let effects = client.viewed(1, 2);
    assert_eq!(advances(&effects), [advance(BOB, 2, 2)]);
    let head = Head {
        cursors: vec![cursors(ME, 2, 2), cursors(BOB, 0, 0)],
        ..head(BOB, 2, 2, 0)
    };
    let (heads, complete) = (vec![head], None);
    assert_eq!(saved(&effects), [StoreWrite::Heads { heads, complete }]);
    assert_eq!(client.unread(BOB), 0);
    assert_eq!(client.viewed(1, 2), []);
}

#[test]
fn a_burst_of_entries_moves_the_cursors_once() {
    let mut client = Client::talking(1);
    assert_eq!(advances(&client.entry(BOB, entry(2, BOB))).len(), 1);
    for seq in 3..=20 {
        assert_eq!(advances(&client.entry(BOB, entry(seq, BOB))), []);
    }
    let due = client.now.instant + CURSOR_INTERVAL;
    assert_eq!(client.app.next_deadline(), Some(due));
    assert_eq!(
        advances(&client.pass(CURSOR_INTERVAL)),
        [advance(BOB, 20, 1)]
    );
    // What waits when the link goes is said after the next heads.
    client.entry(BOB, entry(21, BOB));
    client.handle(offline());
    assert_eq!(advances(&client.pass(CURSOR_INTERVAL)), []);
    assert_eq!(advances(&client.connect(vec![])), [advance(BOB, 21, 1)]);
}

#[test]
fn a_large_room_hears_seldom_how_far_it_got_and_at_once_what_was_read() {
    let in_large = |seq| Head {
        cursors: vec![cursors(ME, seq, seq)],
        room: Some(facts(33, Membership::Member)),
        ..room_head(seq)
    };
    let of_room = |delivered, read| CursorUpdate {
        conversation: ROOM,
        delivered: Seq(delivered),
        read: Seq(read),
    };
    let mut client = Client::connected(vec![in_large(0)]);
    for seq in 1..=3 {
        assert_eq!(advances(&client.room_entry(entry(seq, BOB))), []);
    }
    let due = client.now.instant + UNHEARD_CURSOR_INTERVAL;
    assert_eq!(client.app.next_deadline(), Some(due));
    assert_eq!(advances(&client.pass(CURSOR_INTERVAL)), []);
    let effects = client.pass(UNHEARD_CURSOR_INTERVAL);
    assert_eq!(advances(&effects), [of_room(3, 0)]);

    client.room_entry(entry(4, BOB));
    client.keys("alt-1");
    client.pass(CURSOR_INTERVAL);
    let viewed = Viewed {
        conversation: ROOM,
        visible: Some((ItemId::Entry(Seq(1)), ItemId::Entry(Seq(4)))),
        place: Place::Newest,
        at_oldest: true,
    };
    let effects = client.handle(Event::Viewed(viewed));
    assert_eq!(advances(&effects), [of_room(4, 4)]);
    assert_eq!(advances(&client.pass(UNHEARD_CURSOR_INTERVAL)), []);
}

#[test]
fn nothing_is_read_without_the_focus() {
    let mut client = Client::talking(1);
    client.handle(Event::Focus(false));
    client.entry(BOB, entry(2, BOB));
    assert_eq!(advances(&client.viewed(1, 2)), []);
    assert_eq!(client.unread(BOB), 1);
    client.pass(CURSOR_INTERVAL);
    // The frame that was drawn meanwhile is what the person sees on coming back.
    assert_eq!(
        advances(&client.handle(Event::Focus(true))),
        [advance(BOB, 2, 2)]
    );
}

#[test]
fn nothing_is_read_below_an_overlay_or_in_another_conversation() {
    let mut client = Client::talking(1);
    client.keys("ctrl-k");
    client.entry(BOB, entry(2, BOB));
    assert_eq!(advances(&client.viewed(1, 2)), []);
    client.pass(CURSOR_INTERVAL);
    assert_eq!(advances(&client.keys("esc")), [advance(BOB, 2, 2)]);

    client.handle(Event::Click(ClickTarget::Contact(with(CAROL))));
    client.entry(BOB, entry(3, BOB));
    let late = Viewed {
        conversation: with(BOB),
        visible: Some((ItemId::Entry(Seq(1)), ItemId::Entry(Seq(3)))),
        place: Place::Newest,
        at_oldest: false,
    };
    assert_eq!(client.handle(Event::Viewed(late)), []);
    assert_eq!(client.unread(BOB), 1);
}

#[test]
fn only_what_was_visible_is_read() {
    let mut client = Client::talking(1);
    for seq in 2..=9 {
        client.entry(BOB, entry(seq, BOB));
    }
    client.pass(CURSOR_INTERVAL);
    client.pass(CURSOR_INTERVAL);
    let place = Place::At {
        item: ItemId::Entry(Seq(1)),
        row: 0,
    };
    assert_eq!(
        advances(&client.viewed_at(1, 4, place, false)),
        [advance(BOB, 9, 4)]
    );
    assert_eq!(client.unread(BOB), 5);
    // Scrolling back takes nothing back.
    assert_eq!(advances(&client.viewed_at(1, 2, place, false)), []);
    assert_eq!(client.unread(BOB), 5);
}

#[test]
fn an_entry_that_fills_a_visible_gap_is_read() {
    let mut client = Client::talking(1);
    let number = pages(&client.heads(vec![head(BOB, 2, 1, 1)]))[0].0;
    assert_eq!(client.items(), ["m1", "[missing 1]"]);
    assert_eq!(advances(&client.viewed(1, 2)), []);
    // The gap had the identity of the entry, so the view has nothing new to report.
    let effects = client.page(number, entries(2..=2, BOB), 2);
    assert_eq!(advances(&effects), [advance(BOB, 2, 2)]);
}

#[test]
fn what_is_read_offline_is_said_after_the_heads() {
    let mut snapshot = snapshot(vec![stored(BOB, entries(1..=4, BOB), 1)]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    let effects = client.viewed(1, 4);
    assert_eq!(advances(&effects), []);
    assert_eq!(client.unread(BOB), 0);
    assert_eq!(advances(&client.handle(welcome(LOG))), []);
    let effects = client.heads(vec![head(BOB, 4, 1, 3)]);
    assert_eq!(advances(&effects), [advance(BOB, 4, 4)]);
    assert_eq!(client.unread(BOB), 0);
}

#[test]
fn cursors_of_an_earlier_run_are_repeated_once_where_heads_say_nothing() {
    let mut client = Client::new(snapshot(vec![stored(BOB, entries(1..=4, BOB), 4)]));
    assert_eq!(advances(&client.connect(vec![])), [advance(BOB, 4, 4)]);
    client.frame(ServerFrame::Cursors {
        conversation: with(BOB),
        cursors: cursors(ME, 4, 4),
    });
    client.handle(offline());
    assert_eq!(advances(&client.connect(vec![])), []);
}

#[test]
fn a_cursor_that_was_lost_with_the_link_is_sent_again() {
    let mut client = Client::talking(1);
    assert_eq!(advances(&client.entry(BOB, entry(2, BOB))).len(), 1);
    client.handle(offline());
    assert_eq!(advances(&client.connect(vec![])), [advance(BOB, 2, 1)]);
}

#[test]
fn own_entries_alone_move_no_cursor_on_the_wire() {
    let mut client = Client::talking(1);
    assert_eq!(advances(&client.entry(BOB, entry(2, ME))), []);
    assert_eq!(advances(&client.viewed(1, 2)), []);
    assert_eq!(client.unread(BOB), 0);
    // With the next entry of another user they move together.
    assert_eq!(
        advances(&client.entry(BOB, entry(3, BOB))),
        [advance(BOB, 3, 2)]
    );
}

#[test]
fn another_device_of_the_user_reads_for_this_one() {
    let mut client = Client::talking(1);
    client.handle(Event::Focus(false));
    client.entry(BOB, entry(2, BOB));
    client.entry(BOB, entry(3, BOB));
    client.frame(ServerFrame::Cursors {
        conversation: with(BOB),
        cursors: cursors(ME, 3, 2),
    });
    assert_eq!(client.unread(BOB), 1);
}

#[test]
fn unread_agrees_with_the_heads_until_all_is_held_and_then_is_exact() {
    let mut client = Client::connected(vec![]);
    let effects = client.heads(vec![head(BOB, 6, 1, 3)]);
    assert_eq!(client.contacts(), ["bob 3", "carol"]);
    let number = pages(&effects)[0].0;
    let mut log = entries(1..=6, BOB);
    log[1].author = ME;
    log[4].author = ME;
    client.page(number, log, 6);
    assert_eq!(client.unread(BOB), 3);
    client.entry(BOB, entry(7, BOB));
    assert_eq!(client.unread(BOB), 4);
    client.entry(BOB, entry(8, ME));
    assert_eq!(client.unread(BOB), 4);
}

#[test]
fn unread_of_an_earlier_run_is_shown_before_any_network() {
    let client = Client::new(snapshot(vec![stored(BOB, entries(1..=5, BOB), 2)]));
    assert_eq!(client.unread(BOB), 3);
    // Even where the entries themselves are not loaded.
    let mut far = stored(BOB, entries(1..=5, BOB), 2);
    far.entries.truncate(1);
    let client = Client::new(snapshot(vec![far]));
    assert_eq!(client.unread(BOB), 3);
}

#[test]
fn held_entries_that_are_not_loaded_are_counted_by_reading_them() {
    let mut log = entries(1..=9, BOB);
    log[4].author = ME;
    log[5].author = ME;
    let mut far = stored(BOB, log.clone(), 2);
    // A crash left a count that is too large.
    far.head.unread = 7;
    far.entries.drain(..8);
    let mut client = Client::new(snapshot(vec![far]));
    let effects = client.handle(Event::Focus(true));
    let [Effect::Load(load)] = effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(load.range, recado_shared::PageRange::After(Seq(2)));
    let entries = log[2..].to_vec();
    client.handle(Event::Loaded(LoadedEntries {
        read: load,
        entries,
        about: Vec::new(),
    }));
    assert_eq!(client.unread(BOB), 5);
    assert_eq!(client.handle(Event::Focus(true)), []);
}

#[test]
fn the_new_line_stands_where_it_was_on_opening_until_one_leaves() {
    let mut client = Client::connected(vec![]);
    let number = pages(&client.heads(vec![head(BOB, 3, 1, 2)]))[0].0;
    client.page(number, entries(1..=3, BOB), 3);
    client.handle(Event::Click(ClickTarget::Contact(with(BOB))));
    assert_eq!(client.new_line(), Some((2, 2)));
    client.viewed(1, 3);
    assert_eq!(client.unread(BOB), 0);
    client.entry(BOB, entry(4, BOB));
    client.viewed(1, 4);
    assert_eq!(client.new_line(), Some((2, 2)));
    client.handle(Event::Click(ClickTarget::Contact(with(CAROL))));
    client.handle(Event::Click(ClickTarget::Contact(with(BOB))));
    assert_eq!(client.new_line(), None);
}

#[test]
fn the_new_line_appears_where_the_first_unread_arrived_unseen() {
    let mut client = Client::talking(2);
    client.viewed(1, 2);
    client.handle(Event::Focus(false));
    client.entry(BOB, entry(3, BOB));
    client.entry(BOB, entry(4, BOB));
    assert_eq!(client.new_line(), Some((3, 2)));
    client.handle(Event::Focus(true));
    client.viewed(1, 4);
    assert_eq!(client.new_line(), Some((3, 2)));
    // Sending makes it go.
    client.say("hi");
    assert_eq!(client.new_line(), None);
}

#[test]
fn what_arrives_behind_the_contact_list_is_new() {
    let mut client = Client::talking(2);
    client.viewed(1, 2);
    client.keys("tab");
    client.handle(Event::Viewed(Viewed {
        conversation: with(BOB),
        visible: None,
        place: Place::Newest,
        at_oldest: false,
    }));
    client.entry(BOB, entry(3, BOB));
    assert_eq!(client.new_line(), Some((3, 1)));
    assert_eq!(client.unread(BOB), 1);
}

#[test]
fn no_new_line_appears_under_the_eyes_of_the_person() {
    let mut client = Client::talking(2);
    client.viewed(1, 2);
    client.entry(BOB, entry(3, BOB));
    assert_eq!(client.new_line(), None);
}

#[test]
fn what_came_while_there_was_no_link_is_new_and_is_not_passed_over() {
    let mut client = Client::talking(2);
    client.viewed(1, 2);
    client.handle(offline());
    let effects = client.connect(vec![head(BOB, 60, 2, 58)]);
    let third = ItemId::Entry(Seq(3));
    assert_eq!(client.new_line(), Some((3, 58)));
    let number = pages(&effects)[0].0;
    let effects = client.page(number, entries(21..=60, BOB), 60);
    // The newest ones are drawn for a moment, while the first of the new ones is still missing.
    client.viewed(40, 60);
    let effects = client.page(pages(&effects)[0].0, entries(3..=20, BOB), 60);
    assert!(
        effects.contains(&Effect::Scroll(Scroll::Show(third))),
        "{effects:?}"
    );
    assert_eq!(client.unread(BOB), 58);
    let at_first = Place::At {
        item: third,
        row: 0,
    };
    client.viewed_at(3, 20, at_first, false);
    assert_eq!(client.unread(BOB), 40);
}

#[test]
fn a_scroll_meanwhile_cancels_the_jump_to_the_first_new_message() {
    let mut client = Client::talking(2);
    client.viewed(1, 2);
    client.handle(offline());
    let effects = client.connect(vec![head(BOB, 60, 2, 58)]);
    client.keys("end");
    let effects = client.page(pages(&effects)[0].0, entries(3..=60, BOB), 60);
    let is_scroll = |effect: &Effect| matches!(effect, Effect::Scroll(_));
    assert!(!effects.iter().any(is_scroll), "{effects:?}");
    client.viewed(40, 60);
    assert_eq!(client.unread(BOB), 0);
}

#[test]
fn the_first_unseen_message_stays_in_sight() {
    let mut client = Client::talking(2);
    client.viewed(1, 2);
    client.handle(Event::Focus(false));
    let third = ItemId::Entry(Seq(3));
    for seq in 3..=4 {
        let effects = client.entry(BOB, entry(seq, BOB));
        assert!(
            effects.contains(&Effect::Scroll(Scroll::Show(third))),
            "{effects:?}"
        );
    }
}

#[test]
fn a_log_of_which_only_the_end_is_held_counts_from_the_servers_cursor() {
    let mut far = stored(BOB, entries(1..=10, BOB), 6);
    far.held = vec![HeldRange {
        first: Seq(8),
        last: Seq(10),
    }];
    far.entries.drain(..7);
    far.head.cursors = vec![cursors(ME, 6, 6)];
    let mut client = Client::new(snapshot(vec![far]));
    assert_eq!(client.unread(BOB), 4);
    let effects = client.connect(vec![head(BOB, 10, 6, 4)]);
    assert_eq!(advances(&effects), []);
    let number = pages(&effects)[0].0;
    assert_eq!(
        advances(&client.page(number, entries(1..=7, BOB), 10)),
        [advance(BOB, 10, 6)]
    );
}

#[test]
fn the_unread_count_is_saved_before_the_entries_that_it_counts() {
    let mut client = Client::talking(1);
    client.handle(Event::Focus(false));
    let effects = saved(&client.entry(BOB, entry(2, BOB)));
    let [StoreWrite::Heads { heads, .. }, StoreWrite::Entries { .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!((heads[0].newest, heads[0].unread), (Seq(2), 1));
}

#[test]
fn a_replaced_log_starts_with_fresh_cursors() {
    let mut client = Client::talking(9);
    client.handle(welcome(LogId([9; 16])));
    let effects = client.heads(vec![head(BOB, 1, 0, 1)]);
    let number = pages(&effects)[0].0;
    assert_eq!(client.unread(BOB), 1);
    let effects = client.page(number, entries(1..=1, BOB), 1);
    assert_eq!(advances(&effects), [advance(BOB, 1, 0)]);
}
