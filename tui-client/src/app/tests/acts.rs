use recado_shared::{
    Answer, ClientFrame, Content, Emoji, MessageBody, PageRange, Request, RequestError, Role,
    RoomEvent, Seq, ServerFrame, Timestamp,
};

use super::support::*;
use crate::app::screen::{Focus, Item, ItemId, MessageView, Overlay, PurposeView};
use crate::app::{App, Clipboard, Effect, Event};
use crate::store::{LoadedEntries, StoredConversation};

fn contents(effects: &[Effect]) -> Vec<Content> {
    let frames = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            request: Request::Append { content, .. },
            ..
        } => Some(content),
        _ => None,
    });
    frames.collect()
}

fn text(text: &str) -> MessageBody {
    MessageBody::new(text).unwrap()
}

fn purpose(client: &Client) -> String {
    let screen = client.app.screen(client.now);
    match screen.conversation.unwrap().purpose {
        None => String::new(),
        Some(PurposeView::Edit) => "edit".to_owned(),
        Some(PurposeView::Reply(quote)) => format!("{}: {}", quote.author, quote.text),
    }
}

fn reactions(client: &Client) -> Vec<(String, usize, bool)> {
    let screen = client.app.screen(client.now);
    let items = screen.conversation.unwrap().items;
    let Some(Item::Message(MessageView { details, .. })) = items.last() else {
        panic!("a message is there");
    };
    let reactions = details.reactions.iter();
    reactions
        .map(|r| (r.emoji.to_string(), r.count, r.is_mine))
        .collect()
}

#[test]
fn a_reply_says_to_what() {
    let mut client = Client::in_room(2);
    client.keys("up up r");
    assert_eq!(purpose(&client), "bob: m1");
    client.keys("alt-2 alt-/");
    assert_eq!(purpose(&client), "bob: m1", "it waits with its text");
    client.keys("esc");
    assert_eq!(purpose(&client), "");
    client.keys("up r");
    let effects = client.say("yes");
    let (to, body) = (Seq(2), text("yes"));
    assert_eq!(contents(&effects), [Content::Reply { to, body }]);
    assert_eq!(purpose(&client), "");
}

#[test]
fn an_edit_brings_back_what_was_being_written() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, ME));
    client.type_text("a draft");
    client.keys("ctrl-up e");
    assert_eq!(
        (purpose(&client), client.composer()),
        ("edit".into(), "m1".into())
    );
    client.type_text(" indeed");
    client.keys("esc");
    assert_eq!(
        (purpose(&client), client.composer()),
        (String::new(), "a draft".into())
    );
    client.keys("ctrl-u up e");
    let effects = client.say("!");
    let (target, body) = (Seq(1), text("m1!"));
    assert_eq!(contents(&effects), [Content::Edit { target, body }]);
    assert_eq!(
        client.items(),
        ["m1! waiting"],
        "shown before it is accepted"
    );
    client.keys("up e");
    let effects = client.keys("enter");
    assert_eq!(contents(&effects), []);
    assert_eq!(client.message(), "The text has not changed");
}

#[test]
fn a_draft_outlives_an_edit() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, ME));
    client.type_text("a draft");
    client.handle(Event::Click(crate::app::ClickTarget::Item(ItemId::Entry(
        Seq(1),
    ))));
    client.keys("e");
    client.type_text("!");
    let effects = client.pass(crate::app::chats::state::SAVE_AFTER);
    let drafts: Vec<_> = saved(&effects)
        .into_iter()
        .filter_map(|save| match save {
            crate::store::StoreWrite::Draft { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(drafts, ["a draft"], "the disk keeps the draft");
    client.keys("enter");
    assert_eq!(client.composer(), "a draft");
}

#[test]
fn others_messages_are_not_edited() {
    let mut client = Client::in_room(1);
    client.keys("up e");
    assert_eq!(client.message(), "Only its author can edit a message");
    assert_eq!(client.composer(), "");
}

#[test]
fn a_message_is_deleted_after_a_question() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, ME));
    let effects = client.keys("up d");
    assert_eq!(contents(&effects), []);
    assert_eq!(client.question(), "Delete \"m1\" for everyone?");
    let effects = client.keys("esc d d");
    assert_eq!(contents(&effects), [], "only Enter is a yes");
    let effects = client.keys("enter");
    assert_eq!(contents(&effects), [Content::Deletion { target: Seq(1) }]);
    assert_eq!(client.items(), ["message deleted waiting"]);
}

#[test]
fn nothing_is_done_with_a_message_whose_deletion_waits() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, ME));
    client.handle(offline());
    client.keys("up d enter");
    for key in ["r", "e", "+", "d"] {
        client.keys(key);
        assert_eq!(client.message(), "That message was deleted", "{key}");
        assert!(client.app.screen(client.now).overlay.is_none(), "{key}");
    }
    assert_eq!(client.items(), ["message deleted waiting"]);
    client.keys("t up r");
    assert_eq!(purpose(&client), "alice: m1", "the deletion was taken back");
}

#[test]
fn moderators_delete_what_others_wrote() {
    let mut client = Client::in_room(1);
    client.keys("up d");
    assert_eq!(
        client.message(),
        "Only its author or a moderator of the room can delete a message"
    );
    let role = Role::Moderator;
    client.room_entry(event(2, BOB, RoomEvent::Role { user: ME, role }));
    let effects = client.keys("d enter");
    assert_eq!(contents(&effects), [Content::Deletion { target: Seq(1) }]);
}

#[test]
fn a_reaction_is_taken_back_by_the_same_key() {
    let mut client = Client::in_room(1);
    let emoji = Emoji::new("👍").unwrap();
    let target = Seq(1);
    client.keys("up");
    let react = |app: &mut App| app.parts().react(target, emoji.clone());
    react(&mut client.app);
    assert_eq!(reactions(&client), [("👍".to_owned(), 1, true)]);
    react(&mut client.app);
    assert_eq!(reactions(&client), []);
    let effects = client.handle(Event::Deadline);
    assert_eq!(
        contents(&effects),
        [
            Content::ReactionAdded {
                target,
                emoji: emoji.clone()
            },
            Content::ReactionRemoved { target, emoji },
        ]
    );
}

#[test]
fn enter_goes_to_what_a_reply_is_about_and_back() {
    let mut client = Client::in_room(3);
    client.keys("up up up r");
    let effects = client.say("yes");
    let number = sent(&effects).into_iter().find_map(|frame| match frame {
        ClientFrame::Request { number, .. } => Some(number),
        _ => None,
    });
    let (seq, time) = (Seq(4), Timestamp(1));
    client.answer(number.unwrap(), Answer::Accepted { seq, time });
    let shown = |effects: &[Effect]| {
        let scrolls = effects.iter().filter_map(|effect| match effect {
            Effect::Scroll(scroll) => Some(format!("{scroll:?}")),
            _ => None,
        });
        scrolls.collect::<Vec<_>>()
    };
    client.keys("up");
    assert_eq!(shown(&client.keys("enter")), ["Amid(Entry(Seq(1)))"]);
    assert_eq!(shown(&client.keys("alt-/")), ["Amid(Entry(Seq(4)))"]);
}

fn versions(client: &Client) -> Option<Vec<(Timestamp, &str)>> {
    match client.app.screen(client.now).overlay {
        Some(Overlay::Versions { texts, .. }) => Some(texts),
        _ => None,
    }
}

#[test]
fn versions_of_a_message_that_is_deleted_meanwhile_are_gone() {
    let mut client = Client::in_room(1);
    let (target, body) = (Seq(1), text("another"));
    client.room_entry(recado_shared::Entry {
        content: Content::Edit { target, body },
        ..entry(2, BOB)
    });
    client.keys("up v down");
    assert_eq!(versions(&client).map(|texts| texts.len()), Some(2));
    client.room_entry(recado_shared::Entry {
        content: Content::Deletion { target },
        ..entry(3, BOB)
    });
    assert_eq!(versions(&client), Some(vec![]));
}

#[test]
fn a_reply_quotes_its_message_also_when_that_is_not_loaded_any_more() {
    let mut client = Client::talking(1);
    client.keys("up r");
    // More than an open conversation keeps loaded.
    for seq in 2..=5_010 {
        client.entry(BOB, entry(seq, BOB));
    }
    assert_eq!(purpose(&client), "bob: m1");
}

#[test]
fn enter_goes_to_an_original_that_is_not_loaded_and_back() {
    let mut log = entries(901..=1000, BOB);
    let (to, body) = (Seq(100), text("that one"));
    log[99].content = Content::Reply { to, body };
    let mut snapshot = snapshot(vec![StoredConversation {
        held: vec![held(1, 1000)],
        ..stored(BOB, log, 1000)
    }]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    let loaded = |client: &mut Client, effects: &[Effect]| {
        let load = effects.iter().rev().find_map(|effect| match effect {
            Effect::Load(load) => Some(*load),
            _ => None,
        });
        let load = load.expect("something is loaded");
        let PageRange::After(before) = load.range else {
            panic!("{load:?}");
        };
        let last = (before.0 + u64::from(load.limit)).min(1000);
        client.handle(Event::Loaded(LoadedEntries {
            read: load,
            entries: entries(before.0 + 1..=last, BOB),
            about: Vec::new(),
        }))
    };
    let selected = |client: &Client| client.app.screen(client.now).focus;
    let effects = client.keys("up enter");
    loaded(&mut client, &effects);
    assert_eq!(selected(&client), Focus::Selection(ItemId::Entry(to)));
    let effects = client.keys("alt-/");
    loaded(&mut client, &effects);
    let reply = Focus::Selection(ItemId::Entry(Seq(1000)));
    assert_eq!(selected(&client), reply);
}

#[test]
fn earlier_versions_and_links_are_at_hand() {
    let mut client = Client::in_room(1);
    let (target, body) = (Seq(1), text("see https://a.example/x."));
    client.keys("up v");
    assert_eq!(client.message(), "This message has no earlier versions");
    client.room_entry(recado_shared::Entry {
        content: Content::Edit { target, body },
        ..entry(2, BOB)
    });
    client.keys("v");
    let first = entry(1, BOB).time;
    let later = entry(2, BOB).time;
    let texts = [(first, "m1"), (later, "see https://a.example/x.")];
    assert_eq!(versions(&client), Some(texts.to_vec()));
    client.keys("esc");
    let effects = client.keys("o");
    assert!(effects.contains(&Effect::Copy("https://a.example/x".to_owned())));
    client.handle(Event::Copied(Clipboard::TmuxAndTerminal));
    assert_eq!(
        client.message(),
        "Copied to tmux's buffer: https://a.example/x"
    );
}

#[test]
fn every_link_of_a_message_is_copied_in_turn() {
    let mut client = Client::in_room(2);
    let (target, body) = (
        Seq(2),
        text("HTTPS://a.example/b_(c), mailto:d@e.example。 no more"),
    );
    client.room_entry(recado_shared::Entry {
        content: Content::Edit { target, body },
        ..entry(3, BOB)
    });
    client.keys("up");
    let copied = |client: &mut Client| {
        let effects = client.keys("o");
        let copied = effects.into_iter().find_map(|effect| match effect {
            Effect::Copy(link) => Some(link),
            _ => None,
        });
        if copied.is_some() {
            client.handle(Event::Copied(Clipboard::Terminal));
        }
        (copied, client.message())
    };
    let next = "press the key again for the next";
    let first = "HTTPS://a.example/b_(c)";
    let second = "mailto:d@e.example";
    for (number, link) in [(1, first), (2, second), (1, first)] {
        let said = format!("Sent to the terminal's clipboard: link {number} of 2, {next}: {link}");
        assert_eq!(copied(&mut client), (Some(link.to_owned()), said));
    }
    client.keys("up");
    assert_eq!(
        copied(&mut client),
        (None, "This message has no link".to_owned())
    );
    client.keys("down");
    assert_eq!(
        copied(&mut client).0.as_deref(),
        Some(first),
        "from the first one on"
    );
}

#[test]
fn a_refused_edit_says_why_and_comes_back_into_the_composer() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, ME));
    client.keys("up e");
    let effects = client.say("!");
    let number = sent(&effects).into_iter().find_map(|frame| match frame {
        ClientFrame::Request { number, .. } => Some(number),
        _ => None,
    });
    let number = number.expect("the edit goes out");
    client.frame(ServerFrame::Answer {
        number,
        result: Err(RequestError::NotAMember),
    });
    assert_eq!(client.items(), ["m1! failed"]);
    client.keys("up t");
    assert_eq!(client.items(), ["m1 accepted"]);
    assert_eq!(client.composer(), "m1!");
}
