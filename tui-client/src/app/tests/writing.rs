//! Writing: selected text, what was sent before, the order of completions, the recipient, the editor.

use recado_shared::{
    Answer, Content, Entry, Request, RoomEvent, RoomId, RoomName, RoomSummary, Seq,
};

use super::commands::{contents, requests};
use super::support::*;
use crate::app::composer::MAX_LEN;
use crate::app::screen::{Focus, Overlay, ViMode};
use crate::app::{Effect, Event};

/// The labels of the open list.
fn listed(client: &Client) -> Vec<String> {
    match client.app.screen(client.now).overlay {
        Some(Overlay::Switcher(list)) => {
            let rows = list.rows.iter();
            rows.map(|row| row.label.to_owned()).collect()
        }
        other => panic!("no list: {other:?}"),
    }
}

#[test]
fn selected_text_is_replaced_cut_and_copied() {
    let mut client = Client::talking(1);
    client.type_text("one two three");
    client.keys("shift-left ctrl-shift-left");
    assert_eq!(client.keys("alt-w"), [Effect::Copy("three".to_owned())]);
    client.type_text("3");
    assert_eq!(client.composer(), "one two 3");
    client.keys("home ctrl-shift-right ctrl-w end ctrl-y");
    assert_eq!(client.composer(), " two 3one");
    client.keys("ctrl-x h");
    client.type_text("new");
    assert_eq!(client.composer(), "new");
    client.keys("ctrl-7");
    assert_eq!(client.composer(), " two 3one");
    // Without a selection the key means what it means elsewhere.
    assert_eq!(client.keys("end ctrl-c"), []);
    assert!(client.message().contains("Ctrl+Q"), "{}", client.message());
}

#[test]
fn what_was_sent_is_searched_and_written_again() {
    let own = Entry {
        content: body("the first"),
        ..entry(1, ME)
    };
    let mut snapshot = snapshot(vec![stored(BOB, vec![own, entry(2, BOB)], 2)]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    client.connect(vec![head(BOB, 2, 2, 0)]);
    client.say("/nosuch");
    client.keys("ctrl-u");
    client.say("the second");
    client.say("//slash");
    client.type_text("draft");
    client.keys("ctrl-r");
    assert_eq!(listed(&client), ["/slash", "the second", "the first"]);
    client.type_text("the");
    assert_eq!(listed(&client), ["the second", "the first"]);
    client.keys("ctrl-r enter");
    assert_eq!(client.composer(), "the first");
    client.keys("ctrl-7");
    assert_eq!(client.composer(), "draft");
    client.keys("ctrl-r enter");
    assert_eq!(client.composer(), "//slash", "it is no command");
    // A deleted message is not kept for this either.
    client.entry(
        BOB,
        Entry {
            content: Content::Deletion { target: Seq(1) },
            ..entry(3, ME)
        },
    );
    client.keys("ctrl-r");
    assert_eq!(listed(&client), ["/slash", "the second"]);
}

#[test]
fn enter_asks_once_after_the_conversation_changed_while_the_user_wrote() {
    let mut client = Client::in_room(0);
    client.room_entry(event(1, ME, RoomEvent::Left));
    for (room, name, typed, asks) in [
        (70, "tea", "", false),
        (71, "garden", "for the old room", true),
    ] {
        client.keys("alt-1");
        let asked = requests(&client.say(&format!("/join {name}")));
        let [(number, Request::FindRooms { .. })] = &asked[..] else {
            panic!("the server is asked: {asked:?}");
        };
        client.type_text(typed);
        let room = RoomSummary {
            room: RoomId(room),
            name: RoomName::new(name).unwrap(),
            topic: None,
            members: 2,
        };
        let (rooms, more) = (vec![room], false);
        client.answer(*number, Answer::Rooms { rooms, more });
        assert_eq!(client.message(), "");
        client.type_text("hello");
        assert_eq!(contents(&client.keys("enter")).is_empty(), asks, "{typed}");
        if asks {
            assert!(
                client.message().contains("Enter again"),
                "{}",
                client.message()
            );
            assert_eq!(contents(&client.keys("enter")).len(), 1);
        }
    }
}

#[test]
fn what_is_completed_often_comes_first() {
    let mut client = Client::talking(1);
    let first = |client: &Client| {
        let list = client.app.screen(client.now).completion.unwrap();
        list.rows[0].0.to_owned()
    };
    client.type_text("/un");
    let before = first(&client);
    client.type_text("quiet");
    client.keys("tab ctrl-u");
    client.type_text("/un");
    assert_ne!(before, first(&client));
    assert!(first(&client).starts_with("/unquiet"), "{}", first(&client));
}

#[test]
fn an_edited_text_comes_back_to_its_conversation() {
    let mut client = Client::talking(1);
    client.type_text("draft");
    let effects = client.keys("ctrl-x ctrl-e");
    assert!(
        effects.contains(&Effect::OpenEditor("draft".to_owned())),
        "{effects:?}"
    );
    client.handle(Event::Edited(Err("it failed".to_owned())));
    assert_eq!(
        (client.composer(), client.message()),
        ("draft".to_owned(), "it failed".to_owned())
    );
    client.keys("alt-e");
    client.keys("alt-down");
    client.handle(Event::Edited(Ok("in the\neditor".to_owned())));
    client.keys("alt-1");
    assert_eq!(client.composer(), "in the\neditor");
    client.keys("alt-e");
    client.handle(Event::Edited(Ok("x".repeat(MAX_LEN - 1))));
    assert_eq!(client.composer().len(), MAX_LEN - 1, "it is kept");
    assert!(
        client.message().contains("shorten or split"),
        "{}",
        client.message()
    );
    client.keys("alt-e");
    client.handle(Event::Edited(Ok("x".repeat(MAX_LEN + 1))));
    assert_eq!(client.composer().len(), MAX_LEN);
    assert!(
        client.message().contains("left out"),
        "{}",
        client.message()
    );
}

#[test]
fn nothing_is_seen_while_the_editor_has_the_terminal() {
    let mut client = Client::talking(1);
    client.handle(Event::Focus(true));
    client.keys("alt-e");
    let effects = client.entry(BOB, entry(2, BOB));
    assert!(effects.contains(&Effect::Bell), "{effects:?}");
    client.handle(Event::Edited(Ok(String::new())));
    let effects = client.entry(BOB, entry(3, BOB));
    assert!(!effects.contains(&Effect::Bell), "{effects:?}");
}

#[test]
fn vi_keys_are_commands_in_normal_mode_and_text_in_insert_mode() {
    let mut client = Client::with_keys("keys = \"vim\"");
    let mode = |client: &Client| client.app.screen(client.now).vi.unwrap();
    client.type_text("one two");
    assert_eq!(mode(&client), ViMode::Insert);
    client.keys("esc");
    assert_eq!(mode(&client), ViMode::Normal);
    client.type_text("bcw");
    assert_eq!(mode(&client), ViMode::Insert);
    client.type_text("three");
    client.keys("esc");
    client.type_text("0x");
    assert_eq!(client.composer(), "ne three");
    client.type_text("u");
    assert_eq!(client.composer(), "one three");
    client.keys("ctrl-r");
    assert_eq!(client.composer(), "ne three");
    // Enter sends in each mode; above an empty text are the messages.
    assert_eq!(contents(&client.keys("enter")).len(), 1);
    client.type_text("k");
    let focus = client.app.screen(client.now).focus;
    assert!(matches!(focus, Focus::Selection(_)), "{focus:?}");
    client.keys("esc");
    client.type_text("ihi");
    assert_eq!(client.composer(), "hi");
    // The list of completions takes Esc first.
    client.type_text(" @");
    client.keys("esc");
    assert_eq!(mode(&client), ViMode::Insert);
    client.keys("esc");
    assert_eq!(mode(&client), ViMode::Normal);
}
