use recado_shared::{Seq, UserId};

use super::support::*;
use crate::app::chats::state::SAVE_AFTER;
use crate::app::screen::{Focus, ItemId, ListView, Overlay, Pane, Place};
use crate::app::{ClickTarget, Effect, Event, Scroll};
use crate::store::{Snapshot, StoreWrite};

/// Twenty conversations of one entry each; user 21 wrote last.
fn twenty() -> Client {
    let users = (2..=21).map(UserId);
    let heads = users.map(|user| head(user, user.0, user.0, 0)).collect();
    let mut client = Client::connected(vec![]);
    client.heads(heads);
    client
}

fn click(client: &mut Client, peer: UserId) -> Vec<Effect> {
    client.handle(Event::Click(ClickTarget::Contact(with(peer))))
}

#[test]
fn alt_and_a_digit_opens_by_position() {
    let mut client = twenty();
    client.keys("alt-1");
    assert_eq!(client.open(), with(UserId(21)));
    client.keys("alt-9");
    assert_eq!(client.open(), with(UserId(13)));
    let mut client = Client::connected(vec![]);
    client.keys("alt-5");
    assert!(client.message().contains("no conversation 5"));
}

#[test]
fn next_and_previous_follow_the_list_and_stop_at_its_ends() {
    let mut client = twenty();
    client.keys("alt-1 alt-up");
    assert_eq!(client.open(), with(UserId(21)));
    client.keys("alt-down alt-down ctrl-n");
    assert_eq!(client.open(), with(UserId(18)));
    client.keys("ctrl-p");
    assert_eq!(client.open(), with(UserId(19)));
    for _ in 0..30 {
        client.keys("alt-down");
    }
    assert_eq!(client.open(), with(BOB));
}

#[test]
fn arrivals_change_neither_what_is_open_nor_where_the_text_goes() {
    let mut client = twenty();
    client.keys("alt-3");
    let open = client.open();
    client.type_text("half a sen");
    client.entry(BOB, entry(3, BOB));
    client.entry(CAROL, entry(4, CAROL));
    assert_eq!(client.open(), open);
    client.type_text("tence");
    assert_eq!(client.composer(), "half a sentence");
    assert_eq!(appends(&client.keys("enter"))[0].2, open);
}

#[test]
fn next_unread_goes_to_the_most_recent_and_back_returns() {
    let mut client = twenty();
    click(&mut client, UserId(21));
    client.entry(UserId(5), entry(6, UserId(5)));
    client.entry(UserId(9), entry(10, UserId(9)));
    client.keys("alt-a");
    assert_eq!(client.open(), with(UserId(9)));
    client.viewed(10, 10);
    client.keys("alt-a");
    assert_eq!(client.open(), with(UserId(5)));
    client.keys("alt-/");
    assert_eq!(client.open(), with(UserId(9)));
    client.keys("alt-/");
    assert_eq!(client.open(), with(UserId(21)));
    client.keys("alt-/");
    assert_eq!(client.open(), with(UserId(21)));
    assert!(client.message().contains("no previous place"));
}

#[test]
fn each_conversation_keeps_its_text_and_its_undo() {
    let mut client = Client::connected(vec![]);
    click(&mut client, BOB);
    client.type_text("for bob");
    click(&mut client, CAROL);
    assert_eq!(client.composer(), "");
    client.type_text("for carol");
    click(&mut client, BOB);
    assert_eq!(client.composer(), "for bob");
    client.keys("ctrl-u");
    click(&mut client, CAROL);
    click(&mut client, BOB);
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "for bob");
}

#[test]
fn drafts_are_saved_a_moment_after_typing_and_at_once_on_leaving() {
    let mut client = Client::talking(0);
    let draft = |text: &str| StoreWrite::Draft {
        conversation: with(BOB),
        text: text.to_owned(),
    };
    assert_eq!(saved(&client.type_text("hel")), []);
    assert_eq!(
        client.app.next_deadline(),
        Some(client.now.instant + SAVE_AFTER)
    );
    assert_eq!(saved(&client.pass(SAVE_AFTER)), [draft("hel")]);
    assert_eq!(saved(&client.pass(SAVE_AFTER)), []);
    client.type_text("lo");
    assert!(saved(&click(&mut client, CAROL)).contains(&draft("hello")));
    click(&mut client, BOB);
    client.keys("backspace");
    let effects = client.handle(Event::Terminate);
    assert!(saved(&effects).contains(&draft("hell")));
    assert_eq!(effects.last(), Some(&Effect::Quit));
    assert_eq!(client.keys("ctrl-q").last(), Some(&Effect::Quit));
}

#[test]
fn a_draft_of_an_earlier_run_is_there_again() {
    let mut snapshot = snapshot(vec![stored(BOB, entries(1..=2, BOB), 2)]);
    snapshot.drafts = vec![(with(BOB), "unsent".to_owned())];
    snapshot.open = Some(with(BOB));
    let client = Client::new(snapshot);
    assert_eq!(client.composer(), "unsent");
    assert!(client.rows()[0].has_draft);
}

#[test]
fn drafts_of_a_store_that_was_replaced_are_there_once_the_user_is_known() {
    let mut client = Client::new(Snapshot {
        drafts: vec![(with(BOB), "unsent".to_owned())],
        ..Snapshot::default()
    });
    client.connect(vec![]);
    click(&mut client, BOB);
    assert_eq!(client.composer(), "unsent");
    client.type_text("!");
    let conversation = with(BOB);
    let text = "unsent!".to_owned();
    assert!(saved(&client.pass(SAVE_AFTER)).contains(&StoreWrite::Draft { conversation, text }));
}

#[test]
fn opening_saves_what_is_open_and_the_place_that_was_left() {
    let mut client = Client::talking(3);
    let place = Place::At {
        item: ItemId::Entry(Seq(2)),
        row: 1,
    };
    client.viewed_at(2, 3, place, false);
    let effects = click(&mut client, CAROL);
    let left = StoreWrite::Place(with(BOB), place);
    assert!(saved(&effects).contains(&left), "{effects:?}");
    assert!(saved(&effects).contains(&StoreWrite::Open(with(CAROL))));
    click(&mut client, BOB);
    assert_eq!(
        client.app.screen(client.now).conversation.unwrap().place,
        place
    );
}

#[test]
fn opening_shows_the_first_unread_without_moving_a_kept_place() {
    let mut client = Client::talking(1);
    client.keys("ctrl-k");
    let number = pages(&client.heads(vec![head(CAROL, 3, 1, 2)]))[0].0;
    client.page(number, entries(1..=3, CAROL), 3);
    client.keys("esc");
    let effects = click(&mut client, CAROL);
    let second = ItemId::Entry(Seq(2));
    assert!(
        effects.contains(&Effect::Scroll(Scroll::Show(second))),
        "{effects:?}"
    );
    assert_eq!(client.keys("alt-u"), [Effect::Scroll(Scroll::Top(second))]);
    client.viewed_at(
        1,
        1,
        Place::At {
            item: ItemId::Entry(Seq(1)),
            row: 0,
        },
        false,
    );
    click(&mut client, BOB);
    let effects = click(&mut client, CAROL);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Scroll(_))),
        "{effects:?}"
    );
}

#[test]
fn the_first_unread_is_loaded_before_it_is_scrolled_to() {
    let mut far = stored(BOB, entries(1..=500, BOB), 100);
    far.entries.drain(..400);
    let mut client = Client::new(snapshot(vec![far]));
    let effects = click(&mut client, BOB);
    let load = effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Load(load) => Some(*load),
            _ => None,
        })
        .unwrap();
    let entries = entries(101..=300, BOB);
    let effects = client.handle(Event::Loaded(crate::store::LoadedEntries {
        read: load,
        entries,
        about: Vec::new(),
    }));
    let first = ItemId::Entry(Seq(101));
    assert!(
        effects.contains(&Effect::Scroll(Scroll::Show(first))),
        "{effects:?}"
    );
    assert_eq!(client.new_line(), Some((101, 400)));
}

#[test]
fn the_switcher_shows_who_is_unread_first_and_finds_by_letters() {
    let mut client = Client::connected(vec![head(CAROL, 2, 2, 0), head(BOB, 1, 0, 1)]);
    let rows = |client: &Client| match client.app.screen(client.now).overlay {
        Some(Overlay::Switcher(ListView { rows, .. })) => rows
            .iter()
            .map(|row| row.label.to_owned())
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    client.keys("ctrl-k");
    assert_eq!(client.app.screen(client.now).focus, Focus::Overlay);
    assert_eq!(rows(&client)[..2], ["bob", "carol"]);
    client.type_text("crl");
    assert_eq!(rows(&client)[0], "carol");
    client.keys("enter");
    assert_eq!(client.open(), with(CAROL));
    assert_eq!(client.app.screen(client.now).focus, Focus::Composer);
    client.keys("ctrl-k");
    client.type_text("quit");
    assert_eq!(client.keys("enter").last(), Some(&Effect::Quit));
}

#[test]
fn typing_where_nothing_is_open_opens_the_switcher() {
    let mut client = Client::connected(vec![]);
    client.type_text("car");
    client.keys("enter");
    assert_eq!(client.open(), with(CAROL));
    assert_eq!(client.composer(), "");
}

#[test]
fn the_panes_of_a_narrow_terminal_take_turns() {
    let mut client = Client::talking(1);
    let pane = |client: &Client| client.app.screen(client.now).pane;
    client.type_text("x");
    client.keys("esc");
    assert_eq!(
        (pane(&client), client.composer()),
        (Pane::Conversation, "x".to_owned())
    );
    client.keys("backspace esc esc");
    assert_eq!(pane(&client), Pane::Conversation, "Esc leads to the box");
    client.keys("tab");
    assert_eq!(pane(&client), Pane::Contacts);
    client.keys("esc tab down");
    assert_eq!(
        (pane(&client), client.open()),
        (Pane::Contacts, with(CAROL))
    );
    client.keys("enter");
    assert_eq!(pane(&client), Pane::Conversation);
    client.keys("tab");
    assert_eq!(pane(&client), Pane::Contacts);
}

#[test]
fn the_jump_list_is_bounded() {
    let mut client = Client::connected(vec![]);
    for user in 100..300 {
        click(&mut client, UserId(user));
    }
    for _ in 0..50 {
        client.keys("alt-/");
    }
    assert_eq!(client.open(), with(UserId(249)));
    client.keys("alt-/");
    assert_eq!(client.open(), with(UserId(249)));
}
