//! The contact list under the user's hand: places that stay, hidden people, its size.

use recado_shared::{Entry, Timestamp};

use super::support::*;
use crate::app::chats::list_hold::HOLD_FOR;
use crate::app::screen::ListSize;

fn names(client: &Client) -> Vec<&str> {
    client.rows().iter().map(|row| row.name).collect()
}

fn later(seq: u64, author: recado_shared::UserId, by: u64) -> Entry {
    let entry = entry(seq, author);
    Entry {
        time: Timestamp(entry.time.0 + 1_000 * by),
        ..entry
    }
}

#[test]
fn rows_stay_for_a_moment_after_a_key_of_the_list() {
    let mut client = Client::connected(vec![head(BOB, 9, 9, 0), head(CAROL, 1, 1, 0)]);
    assert_eq!(names(&client), ["bob", "carol"]);
    for (by, key) in (1..).zip(["alt-1", "alt-up", "alt-c"]) {
        let (before, below) = (client.rows()[0].conversation, client.rows()[1].conversation);
        let peer = below.peer_of(ME).unwrap();
        client.keys(key);
        let seq = if peer == BOB { 10 } else { 2 };
        client.entry(
            peer,
            later(if key == "alt-c" { seq + 1 } else { seq }, peer, by),
        );
        assert_eq!(client.rows()[0].conversation, before, "{key}");
        let deadline = client.app.next_deadline().unwrap();
        assert!(deadline <= client.now.instant + HOLD_FOR);
        client.pass(HOLD_FOR);
        assert_eq!(client.rows()[0].conversation, below, "{key}");
    }
}

#[test]
fn a_message_moves_its_row_at_once_while_the_list_is_not_used() {
    let mut client = Client::connected(vec![head(BOB, 9, 9, 0), head(CAROL, 1, 1, 0)]);
    client.entry(CAROL, later(2, CAROL, 1));
    assert_eq!(names(&client), ["carol", "bob"]);
}

#[test]
fn people_without_a_conversation_are_hidden_and_not_stepped_to() {
    let mut client = Client::connected(vec![head(BOB, 9, 9, 0)]);
    assert_eq!(names(&client), ["bob", "carol"]);
    client.keys("alt-1 alt-c left");
    assert_eq!(names(&client), ["bob"]);
    client.keys("down");
    assert_eq!(client.open(), with(BOB));
    client.keys("right down");
    assert_eq!(client.open(), with(CAROL));
}

#[test]
fn the_list_is_hidden_and_resized_by_keys() {
    let mut client = Client::talking(1);
    let size = |client: &Client| client.app.screen(client.now).list;
    assert_eq!(size(&client), ListSize::default());
    client.keys("alt-0 alt-= alt-= alt--");
    let expected = ListSize {
        is_hidden: true,
        width: Some(26),
    };
    assert_eq!(size(&client), expected);
    for _ in 0..40 {
        client.keys("alt--");
    }
    assert_eq!(size(&client).width, Some(12));
}
