use std::time::Duration;

use super::support::*;
use crate::app::chats::focus::{PRESENCE_AFTER_INPUT, QUESTION_INTERVAL};
use crate::app::{Effect, Event, PaneState};

const HIDDEN: Event = answer(PaneState::Hidden);
const ACTIVE: Event = answer(PaneState::Active);
const UNKNOWN: Event = answer(PaneState::Unknown);

const fn answer(state: PaneState) -> Event {
    Event::Pane {
        state,
        reports_focus: Some(false),
    }
}

/// A client in a pane of tmux with the conversation with bob open, and the answer to its first
/// question.
fn in_tmux(first: Event) -> Client {
    let mut client = Client::in_tmux(1);
    client.handle(first);
    client.pass(QUESTION_INTERVAL);
    client
}

fn unread(client: &Client) -> u64 {
    client.app.chats.conversations[&with(BOB)].unread()
}

fn asks(effects: &[Effect]) -> usize {
    let is_question = |effect: &&Effect| **effect == Effect::AskPane;
    effects.iter().filter(is_question).count()
}

fn rings(effects: &[Effect]) -> bool {
    effects.contains(&Effect::Bell)
}

#[test]
fn without_reports_a_minute_without_input_is_no_focus() {
    let mut client = Client::talking(1);
    client.pass(Duration::from_millis(59_999));
    assert!(!rings(&client.entry(BOB, entry(2, BOB))));
    client.viewed(1, 2);
    assert_eq!(unread(&client), 0);
    client.pass(Duration::from_millis(1));
    assert!(rings(&client.entry(BOB, entry(3, BOB))));
    client.viewed(1, 3);
    assert_eq!(unread(&client), 1);
    client.keys("esc");
    assert_eq!(unread(&client), 0);
}

#[test]
fn reports_are_believed_for_as_long_as_they_say() {
    let mut client = Client::talking(1);
    client.handle(Event::Focus(true));
    client.pass(2 * PRESENCE_AFTER_INPUT);
    assert!(!rings(&client.entry(BOB, entry(2, BOB))));
    client.viewed(1, 2);
    assert_eq!(unread(&client), 0);
    client.handle(Event::Focus(false));
    assert!(rings(&client.entry(BOB, entry(3, BOB))));
}

#[test]
fn tmux_is_asked_when_something_arrives_and_nothing_is_read_before_it_answers() {
    let mut client = in_tmux(ACTIVE);
    let effects = client.entry(BOB, entry(2, BOB));
    assert_eq!((asks(&effects), rings(&effects)), (1, false));
    client.viewed(1, 2);
    assert_eq!(unread(&client), 1);
    assert!(!rings(&client.handle(ACTIVE)));
    assert_eq!(unread(&client), 0);
    client.pass(QUESTION_INTERVAL);
    client.entry(BOB, entry(3, BOB));
    client.viewed(1, 3);
    assert!(rings(&client.handle(HIDDEN)));
    assert_eq!(unread(&client), 1);
    // A key here is a sign of the user.
    client.keys("esc");
    assert_eq!(unread(&client), 0);
}

#[test]
fn questions_have_one_answer_each_and_a_pause() {
    let mut client = in_tmux(ACTIVE);
    let mut asked = 0;
    for seq in 2..100 {
        asked += asks(&client.entry(BOB, entry(seq, BOB)));
    }
    assert_eq!(asked, 1);
    client.handle(HIDDEN);
    assert_eq!(asks(&client.entry(BOB, entry(100, BOB))), 0);
    assert_eq!(asks(&client.pass(QUESTION_INTERVAL)), 1);
    client.viewed(1, 100);
    client.handle(ACTIVE);
    assert_eq!(unread(&client), 0);
}

#[test]
fn an_answer_from_before_the_last_key_is_not_used() {
    let mut client = in_tmux(ACTIVE);
    client.entry(BOB, entry(2, BOB));
    client.keys("esc");
    assert!(!rings(&client.handle(HIDDEN)));
    client.viewed(1, 2);
    assert_eq!(unread(&client), 0);
    // What arrives between the key and the old answer is asked about anew.
    client.pass(QUESTION_INTERVAL);
    client.entry(BOB, entry(3, BOB));
    client.keys("esc");
    client.entry(BOB, entry(4, BOB));
    client.viewed(1, 4);
    client.handle(ACTIVE);
    assert_eq!(unread(&client), 2);
    assert_eq!(asks(&client.pass(QUESTION_INTERVAL)), 1);
    assert!(rings(&client.handle(HIDDEN)));
}

#[test]
fn where_tmux_does_not_know_recent_input_decides() {
    let mut client = in_tmux(UNKNOWN);
    client.entry(BOB, entry(2, BOB));
    client.viewed(1, 2);
    client.handle(UNKNOWN);
    assert_eq!(unread(&client), 0);
    client.pass(PRESENCE_AFTER_INPUT);
    client.entry(BOB, entry(3, BOB));
    assert!(rings(&client.handle(UNKNOWN)));
}

#[test]
fn reports_of_tmux_are_believed_only_if_they_are_complete() {
    let complete = Event::Pane {
        state: PaneState::Active,
        reports_focus: Some(true),
    };
    // A client attaches: tmux says so in any case, and says no more if another window is shown.
    let mut client = Client::in_tmux(1);
    client.handle(Event::Focus(true));
    client.handle(ACTIVE);
    client.pass(QUESTION_INTERVAL);
    assert_eq!(asks(&client.entry(BOB, entry(2, BOB))), 1);
    client.viewed(1, 2);
    assert!(rings(&client.handle(HIDDEN)));
    assert_eq!(unread(&client), 1);

    let mut client = Client::in_tmux(1);
    client.handle(Event::Focus(true));
    client.handle(complete);
    client.pass(QUESTION_INTERVAL);
    assert_eq!(asks(&client.entry(BOB, entry(2, BOB))), 0);
    client.viewed(1, 2);
    assert_eq!(unread(&client), 0);
    client.handle(Event::Focus(false));
    assert!(rings(&client.entry(BOB, entry(3, BOB))));
}

#[test]
fn a_client_that_detaches_leaves_its_messages_unread() {
    let mut client = in_tmux(ACTIVE);
    client.entry(BOB, entry(2, BOB));
    assert!(rings(&client.handle(Event::Focus(false))));
    client.viewed(1, 2);
    client.handle(ACTIVE);
    assert_eq!(unread(&client), 1);
}

#[test]
fn the_helpful_setting_of_tmux_is_named_once() {
    let mut client = in_tmux(ACTIVE);
    assert_eq!(client.message(), "");
    client.entry(BOB, entry(2, BOB));
    client.handle(ACTIVE);
    assert!(client.message().contains("'set -g focus-events on'"));
    client.keys("esc");
    client.pass(QUESTION_INTERVAL);
    client.entry(BOB, entry(3, BOB));
    client.handle(ACTIVE);
    assert_eq!(client.message(), "");
    let mut client = in_tmux(ACTIVE);
    client.entry(BOB, entry(2, BOB));
    client.handle(Event::Pane {
        state: PaneState::Active,
        reports_focus: Some(true),
    });
    assert_eq!(client.message(), "");
}
