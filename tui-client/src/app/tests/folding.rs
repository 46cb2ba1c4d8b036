use recado_shared::{Content, Emoji, Entry, ErasedKind, MessageBody, RoomEvent, Seq, UserId};

use super::support::*;
use crate::app::screen::{Details, Item, MessageKind, MessageView};
use crate::app::{Effect, Event};
use crate::store::LoadedEntries;

fn text(text: &str) -> MessageBody {
    MessageBody::new(text).unwrap()
}

fn thumb() -> Emoji {
    Emoji::new("👍").unwrap()
}

fn with_content(seq: u64, author: UserId, content: Content) -> Entry {
    Entry {
        content,
        ..entry(seq, author)
    }
}

fn edit(seq: u64, author: UserId, target: u64, body: &str) -> Entry {
    let (target, body) = (Seq(target), text(body));
    with_content(seq, author, Content::Edit { target, body })
}

fn reaction(seq: u64, author: UserId, target: u64, is_on: bool) -> Entry {
    let (target, emoji) = (Seq(target), thumb());
    let content = if is_on {
        Content::ReactionAdded { target, emoji }
    } else {
        Content::ReactionRemoved { target, emoji }
    };
    with_content(seq, author, content)
}

/// What stands around the text of the message at a position, in words.
fn around(client: &Client, index: usize) -> String {
    let screen = client.app.screen(client.now);
    let items = screen.conversation.expect("a conversation is open").items;
    let Item::Message(MessageView { details, .. }) = &items[index] else {
        panic!("a message stands at {index}");
    };
    let Details {
        kind,
        quote,
        is_edited,
        reactions,
        mentions,
    } = details;
    let mut words = Vec::new();
    match kind {
        MessageKind::Plain => {}
        MessageKind::Emote => words.push("emote".to_owned()),
        MessageKind::Deleted => words.push("deleted".to_owned()),
        MessageKind::Hidden => words.push("hidden".to_owned()),
        MessageKind::Invisible => words.push("invisible".to_owned()),
    }
    words.extend(quote.map(|quote| format!("[{}: {}]", quote.author, quote.text)));
    words.extend(is_edited.then(|| "edited".to_owned()));
    for reaction in reactions {
        let mine = if reaction.is_mine { " mine" } else { "" };
        words.push(format!("{} {}{mine}", reaction.emoji, reaction.count));
    }
    words.extend(mentions.iter().map(|range| format!("{range:?}")));
    words.join(" ")
}

#[test]
fn edits_and_reactions_go_into_their_message() {
    let mut client = Client::in_room(2);
    client.room_entry(edit(3, BOB, 1, "better"));
    client.room_entry(reaction(4, CAROL, 1, true));
    client.room_entry(reaction(5, ME, 1, true));
    assert_eq!(client.items(), ["better", "m2"]);
    assert_eq!(around(&client, 0), "edited 👍 2 mine");
    client.room_entry(reaction(6, ME, 1, false));
    assert_eq!(around(&client, 0), "edited 👍 1");
    client.room_entry(edit(7, BOB, 1, "best"));
    assert_eq!(client.items(), ["best", "m2"]);
}

#[test]
fn what_is_known_twice_or_in_another_order_is_the_same() {
    let mut client = Client::in_room(1);
    let log = [
        edit(2, BOB, 1, "second"),
        edit(3, BOB, 1, "third"),
        reaction(4, BOB, 1, true),
        reaction(5, BOB, 1, false),
    ];
    for entry in log.iter().rev().chain(&log) {
        client.room_entry(entry.clone());
    }
    assert_eq!(client.items()[0], "third");
    assert_eq!(around(&client, 0), "edited");
}

#[test]
fn a_deletion_leaves_nothing_of_the_text() {
    let mut client = Client::in_room(2);
    client.room_entry(edit(3, BOB, 1, "better"));
    client.room_entry(with_content(4, BOB, Content::Deletion { target: Seq(1) }));
    assert_eq!(client.items(), ["message deleted", "m2"]);
    assert_eq!(around(&client, 0), "deleted");
    client.room_entry(edit(5, BOB, 1, "again"));
    assert_eq!(client.items()[0], "message deleted");
    assert!(!format!("{:?}", client.app).contains("better"));
    assert!(!format!("{:?}", client.app).contains("m1"));
}

#[test]
fn who_was_removed_leaves_tombstones() {
    let mut client = Client::in_room(2);
    client.room_entry(entry(3, CAROL));
    client.room_entry(with_content(4, BOB, Content::AuthorRemoved));
    assert_eq!(client.items(), ["message deleted", "message deleted", "m3"]);
    let erased = with_content(5, CAROL, Content::Erased(ErasedKind::Message));
    client.room_entry(erased);
    assert_eq!(client.items()[3], "message deleted");
}

#[test]
fn replies_quote_what_is_here_and_say_what_is_not() {
    let mut client = Client::in_room(1);
    let reply = |seq, to| {
        let body = text("yes");
        with_content(seq, CAROL, Content::Reply { to: Seq(to), body })
    };
    client.room_entry(edit(2, BOB, 1, "really?"));
    client.room_entry(reply(3, 1));
    assert_eq!(around(&client, 1), "[bob: really?]");
    client.room_entry(with_content(4, BOB, Content::Deletion { target: Seq(1) }));
    assert_eq!(around(&client, 1), "[: deleted message]");
    client.room_entry(reply(9, 7));
    let last = client.items().len() - 1;
    assert_eq!(around(&client, last), "[: … earlier message]");
}

#[test]
fn a_text_of_which_nothing_is_visible_is_noted_wherever_it_is_shown() {
    let mut client = Client::in_room(0);
    let message = |seq, body| with_content(seq, BOB, Content::Message(text(body)));
    let bodies = ["\u{200b}\u{3164}", "\u{2800} \u{301}", "\u{200e}hi"];
    for (seq, body) in (1..).zip(bodies) {
        client.room_entry(message(seq, body));
    }
    let body = text("what?");
    client.room_entry(with_content(4, CAROL, Content::Reply { to: Seq(1), body }));
    let note = "(no visible text)";
    assert_eq!(client.items(), [note, note, "\u{200e}hi", "what?"]);
    assert_eq!(around(&client, 0), "invisible");
    assert_eq!(around(&client, 2), "");
    assert_eq!(around(&client, 3), "[bob: (no visible text)]");
    client.room_entry(edit(5, BOB, 1, "hello"));
    client.room_entry(edit(6, BOB, 3, "\u{200e}"));
    assert_eq!(client.items()[0], "hello");
    assert_eq!(around(&client, 2), "invisible edited");
}

#[test]
fn the_store_gives_what_belongs_to_what_it_read() {
    let mut snapshot = snapshot(vec![stored(BOB, entries(1..=3, BOB), 9)]);
    snapshot.conversations[0].held = vec![held(1, 9)];
    snapshot.conversations[0].head.newest = Seq(9);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    let effects = client.viewed(1, 3);
    let load = effects.into_iter().find_map(|effect| match effect {
        Effect::Load(load) => Some(load),
        _ => None,
    });
    let load = load.expect("what comes after is read");
    let body = text("about that");
    let reply = with_content(4, BOB, Content::Reply { to: Seq(8), body });
    client.handle(Event::Loaded(LoadedEntries {
        read: load,
        entries: vec![reply],
        about: vec![entry(8, BOB), edit(9, BOB, 8, "m8, as it reads now")],
    }));
    assert_eq!(around(&client, 3), "[bob: m8, as it reads now]");
}

#[test]
fn what_happens_to_a_room_is_told() {
    let mut client = Client::in_room(0);
    client.room_entry(event(1, BOB, RoomEvent::Invited(ME)));
    client.room_entry(event(2, ME, RoomEvent::Topic(None)));
    client.room_entry(with_content(3, BOB, Content::Emote(text("waves"))));
    assert_eq!(
        client.items(),
        ["* bob invited you", "* you removed the topic", "waves"]
    );
    assert_eq!(around(&client, 2), "emote");
}

#[test]
fn those_who_call_the_user_are_marked() {
    let mut client = Client::in_room(0);
    let content = Content::Message(text("hi @Alice"));
    client.room_entry(with_content(1, BOB, content.clone()));
    client.room_entry(with_content(2, ME, content));
    assert_eq!(around(&client, 0), "3..9");
    assert_eq!(around(&client, 1), "", "no user mentions themselves");
}

#[test]
fn what_is_not_shown_is_read_with_what_is_before_it() {
    let mut client = Client::talking(1);
    client.entry(BOB, entry(2, BOB));
    client.entry(BOB, reaction(3, BOB, 1, true));
    client.viewed(1, 2);
    let effects = client.pass(std::time::Duration::from_secs(1));
    let last = advances(&effects);
    assert!(last.is_empty() || last == [advance(BOB, 3, 3)], "{last:?}");
    assert_eq!(client.unread(BOB), 0);
}
