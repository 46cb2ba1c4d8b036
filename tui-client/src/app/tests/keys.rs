use recado_shared::Seq;

use super::support::*;
use crate::app::screen::{Focus, ItemId, Overlay};
use crate::app::{ClickTarget, Clipboard, Effect, Event, Scroll};

fn selected(client: &Client) -> Option<u64> {
    match client.app.screen(client.now).focus {
        Focus::Selection(ItemId::Entry(seq)) => Some(seq.0),
        Focus::Selection(ItemId::Pending(_))
        | Focus::Composer
        | Focus::Contacts
        | Focus::Overlay => None,
    }
}

fn show(seq: u64) -> Effect {
    Effect::Scroll(Scroll::Show(ItemId::Entry(Seq(seq))))
}

#[test]
fn up_in_an_empty_composer_selects_and_down_returns() {
    let mut client = Client::talking(3);
    assert_eq!(client.keys("up"), [show(3)]);
    assert_eq!(client.keys("up k"), [show(2), show(1)]);
    assert_eq!(client.keys("up"), []);
    assert_eq!(selected(&client), Some(1));
    client.keys("down j down");
    assert_eq!(selected(&client), None);
    assert_eq!(client.app.screen(client.now).focus, Focus::Composer);
}

#[test]
fn up_in_a_text_moves_in_the_text() {
    let mut client = Client::talking(3);
    client.handle(Event::Paste("one\ntwo".to_owned()));
    client.keys("up up");
    assert_eq!(selected(&client), None);
    client.type_text("!");
    assert_eq!(client.composer(), "one!\ntwo");
}

#[test]
fn a_selected_message_is_copied() {
    let mut client = Client::talking(3);
    client.keys("up up");
    assert_eq!(client.keys("y"), [Effect::Copy("m2".to_owned())]);
    assert_eq!(client.message(), "");
    client.handle(Event::Copied(Clipboard::Terminal));
    assert_eq!(client.message(), "Sent to the terminal's clipboard");
    client.handle(Event::Click(ClickTarget::Item(ItemId::Entry(Seq(3)))));
    assert_eq!(client.keys("y"), [Effect::Copy("m3".to_owned())]);
}

#[test]
fn a_letter_without_a_meaning_returns_to_the_composer() {
    let mut client = Client::talking(3);
    client.keys("up");
    client.type_text("hi");
    assert_eq!(selected(&client), None);
    assert_eq!(client.composer(), "hi");
}

#[test]
fn esc_destroys_no_text() {
    let mut client = Client::talking(3);
    client.type_text("keep me");
    client.keys("esc esc ctrl-k esc f1 esc esc");
    assert_eq!(client.composer(), "keep me");
}

#[test]
fn a_selection_follows_its_message_into_the_log() {
    let mut client = Client::talking(1);
    let number = appends(&client.say("hi"))[0].0;
    client.keys("up");
    client.answer(
        number,
        recado_shared::Answer::Accepted {
            seq: Seq(2),
            time: recado_shared::Timestamp(1),
        },
    );
    assert_eq!(selected(&client), Some(2));
}

#[test]
fn the_wheel_and_the_page_keys_scroll() {
    let mut client = Client::talking(1);
    let lines = |n| Effect::Scroll(Scroll::Lines(n));
    assert_eq!(client.handle(Event::Wheel(-3)), [lines(-3)]);
    assert_eq!(client.keys("pageup"), [Effect::Scroll(Scroll::Pages(-1))]);
    assert_eq!(client.keys("end"), [Effect::Scroll(Scroll::Newest)]);
}

#[test]
fn the_help_scrolls_and_closes() {
    let mut client = Client::talking(1);
    let scroll = |client: &Client| match client.app.screen(client.now).overlay {
        Some(Overlay::Help { scroll, tables, .. }) => {
            // The keys that one needs come first.
            assert_eq!((tables[0].0, tables[0].1.len()), ("", 20));
            scroll.get()
        }
        other => panic!("{other:?}"),
    };
    client.keys("f1 down down up");
    assert_eq!(scroll(&client), 1);
    client.keys("end");
    assert_eq!(scroll(&client), u16::MAX, "the view makes it the last page");
    client.keys("home");
    assert_eq!(scroll(&client), 0);
    client.keys("f1");
    assert!(client.app.screen(client.now).overlay.is_none());
}

#[test]
fn the_help_is_searched() {
    let mut client = Client::talking(1);
    let rows = |client: &Client| match client.app.screen(client.now).overlay {
        Some(Overlay::Help { tables, .. }) => {
            tables.into_iter().flat_map(|(_, rows)| rows).collect()
        }
        _ => Vec::new(),
    };
    client.keys("f1");
    let all = rows(&client).len();
    client.keys("/");
    client.type_text("kick");
    assert_eq!(
        rows(&client),
        [("/kick NAME".to_owned(), "remove a member")]
    );
    client.keys("ctrl-u");
    client.type_text("ctrl+k");
    assert!(
        rows(&client)
            .iter()
            .all(|(keys, _)| keys.contains("Ctrl+K"))
    );
    client.type_text("q?");
    assert_eq!(rows(&client), []);
    // Esc ends the search, then closes.
    client.keys("esc");
    assert_eq!(rows(&client).len(), all);
    client.keys("esc");
    assert_eq!(rows(&client), []);
    assert_eq!(client.composer(), "");
}

#[test]
fn the_next_key_clears_the_message() {
    let mut client = Client::talking(1);
    client.keys("up y");
    client.handle(Event::Copied(Clipboard::Tmux));
    assert_eq!(
        client.message(),
        "Copied to tmux's buffer: prefix ] pastes it"
    );
    client.keys("esc");
    assert_eq!(client.message(), "");
}

#[test]
fn hints_are_made_from_the_keys_in_force() {
    let client = Client::talking(1);
    let screen = client.app.screen(client.now);
    assert!(
        screen.hints.contains(&("Ctrl+K".to_owned(), "go to")),
        "{:?}",
        screen.hints
    );
}

#[test]
fn the_hints_say_that_the_arrows_move_in_the_list() {
    let mut client = Client::talking(1);
    client.keys("tab");
    let hint = |client: &Client, what| {
        let screen = client.app.screen(client.now);
        screen.hints.iter().any(|(_, does)| *does == what)
    };
    assert!(hint(&client, "next") && hint(&client, "write"));
    client.keys("tab");
    assert!(hint(&client, "select") && !hint(&client, "next"));
}

#[test]
fn a_paste_over_the_panes_goes_nowhere_without_a_word() {
    let mut client = Client::talking(3);
    client.keys("f1");
    client.handle(Event::Paste("one".to_owned()));
    assert!(client.message().contains("Close the help"));
    client.keys("esc ctrl-k");
    client.handle(Event::Paste("one\rtwo".to_owned()));
    assert!(client.message().contains("Close this first"));
    client.handle(Event::Paste("carol\n".to_owned()));
    client.keys("enter");
    assert_eq!(client.open(), with(CAROL));
    assert_eq!(client.composer(), "");
}

/// tmux sends Esc and the next letter as one key with Alt if less than its escape-time is between.
#[test]
fn a_letter_with_alt_and_no_binding_is_esc_and_the_letter() {
    let mut client = Client::connected(vec![head(BOB, 0, 0, 0), head(CAROL, 3, 0, 3)]);
    client.keys("ctrl-k");
    client.type_text("bob");
    client.keys("enter alt-i alt-h");
    assert!(client.app.screen(client.now).overlay.is_none());
    let effects = client.say("i 🦀");
    assert_eq!(client.open(), with(BOB));
    assert_eq!(texts(&effects), ["hi 🦀"]);
    // A selected message is left in the same way.
    client.keys("up");
    assert_eq!(client.keys("alt-y"), []);
    assert_eq!(client.composer(), "y");
}

#[test]
fn a_message_is_selected_also_from_a_draft() {
    let mut client = Client::talking(3);
    client.type_text("draft");
    client.keys("ctrl-up");
    assert_eq!(selected(&client), Some(3));
    client.keys("esc");
    assert_eq!(client.composer(), "draft");
}

#[test]
fn enter_in_the_list_goes_to_the_box_and_sends_nothing() {
    let mut client = Client::talking(1);
    client.type_text("half a sen");
    client.keys("alt-c");
    assert_eq!(client.app.screen(client.now).focus, Focus::Contacts);
    assert_eq!(texts(&client.keys("down up enter")), [""; 0]);
    assert_eq!(client.app.screen(client.now).focus, Focus::Composer);
    assert_eq!(
        (client.open(), client.composer()),
        (with(BOB), "half a sen".to_owned())
    );
    // Keys that edit are no keys of the list, and Esc leads back.
    client.keys("tab ctrl-w backspace ctrl-u");
    assert_eq!(client.composer(), "half a sen");
    client.keys("esc");
    assert_eq!(client.app.screen(client.now).focus, Focus::Composer);
    // With something selected, too.
    client.keys("ctrl-up alt-c");
    assert_eq!(client.app.screen(client.now).focus, Focus::Contacts);
}

#[test]
fn the_keys_that_end_other_programs_say_how_to_quit() {
    for keys in [
        "ctrl-c",
        "ctrl-d",
        "tab ctrl-c",
        "f1 ctrl-c",
        "alt-i ctrl-d",
        "ctrl-k ctrl-c",
    ] {
        let mut client = Client::talking(1);
        assert_eq!(client.keys(keys), [], "{keys}");
        assert_eq!(client.message(), "Press Ctrl+Q to quit", "{keys}");
    }
    let mut client = Client::talking(1);
    client.type_text("ab");
    client.keys("left ctrl-d");
    assert_eq!(
        (client.composer(), client.message()),
        ("a".to_owned(), String::new())
    );
}
