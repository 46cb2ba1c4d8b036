use std::sync::LazyLock;

use recado_shared::rules::folding::ReactionCount;
use recado_shared::{
    Emoji, HistoryVisibility, Membership, Role, RoomInfo, RoomName, Topic, Visibility,
};

use super::*;
use crate::app::screen::{MessageKind, PurposeView, Quote};

fn detailed<'a>(mut item: Item<'a>, with: Details<'a>) -> Item<'a> {
    if let Item::Message(message) = &mut item {
        message.details = with;
    }
    item
}

static EMOJI: LazyLock<[Emoji; 2]> =
    LazyLock::new(|| ["👍", "🎉"].map(|emoji| Emoji::new(emoji).unwrap()));

fn reaction(emoji: &Emoji, count: usize, is_mine: bool) -> ReactionCount<'_> {
    ReactionCount {
        emoji,
        first: Seq(1),
        count,
        is_mine,
    }
}

fn info() -> RoomInfo {
    RoomInfo {
        name: RoomName::new("lobby").unwrap(),
        topic: Some(Topic::new("the release").unwrap()),
        visibility: Visibility::Public,
        history: HistoryVisibility::Visible,
        members: 3,
        membership: Membership::Member,
        role: Role::Member,
        mute: None,
    }
}

/// A room with everything that a message can have around it.
fn room<'a>(composer: &'a Composer, info: &'a RoomInfo) -> Screen<'a> {
    let time = "2026-11-21T09:41:00Z";
    let items = vec![
        Item::Event {
            id: ItemId::Entry(Seq(1)),
            time: at(time),
            text: "alice created the room".to_owned(),
        },
        detailed(
            message(2, "bob", time, "shall we ship on Friday, @alice?"),
            Details {
                mentions: std::iter::once(25..31).collect(),
                reactions: vec![reaction(&EMOJI[0], 2, true), reaction(&EMOJI[1], 1, false)],
                ..Details::default()
            },
        ),
        detailed(
            message(3, "alice", time, "yes"),
            Details {
                quote: Some(Quote {
                    author: "bob",
                    text: "shall we ship on Friday, @alice?",
                }),
                is_edited: true,
                ..Details::default()
            },
        ),
        detailed(
            message(4, "carol", time, "message deleted"),
            Details {
                kind: MessageKind::Deleted,
                ..Details::default()
            },
        ),
        detailed(
            message(5, "carol", time, "waves"),
            Details {
                kind: MessageKind::Emote,
                ..Details::default()
            },
        ),
    ];
    let id = ConversationId::Room(recado_shared::RoomId(9));
    let mut open = conversation("#lobby", items, composer);
    open.id = id;
    open.room = Some(info);
    let mut lobby = contact(2, "#lobby");
    lobby.conversation = id;
    lobby.room = Some(Membership::Member);
    lobby.is_open = true;
    let mut invited = contact(3, "#ops");
    invited.room = Some(Membership::Invited);
    Screen {
        contacts: Rc::new(vec![invited, lobby, contact(4, "bob")]),
        conversation: Some(open),
        ..screen()
    }
}

#[test]
fn everything_around_messages_at_every_size() {
    let (composer, info) = (Composer::with_text(""), info());
    for (width, height) in [(80, 24), (40, 16), (20, 12)] {
        let name = format!("room_{width}x{height}");
        insta::assert_snapshot!(name, frame(&room(&composer, &info), width, height));
    }
}

#[test]
fn a_reply_and_an_edit_are_named_above_the_composer() {
    let (composer, info) = (Composer::with_text("of course"), info());
    let mut screen = room(&composer, &info);
    let open = screen.conversation.as_mut().unwrap();
    open.purpose = Some(PurposeView::Reply(Quote {
        author: "bob",
        text: "shall we ship?\nor not",
    }));
    let drawn = frame(&screen, 80, 24);
    assert!(
        drawn.contains(" to #lobby, reply ┃ bob: shall we ship? "),
        "{drawn}"
    );
    screen.conversation.as_mut().unwrap().purpose = Some(PurposeView::Edit);
    screen.hints = vec![("Enter".to_owned(), "save"), ("Esc".to_owned(), "cancel")];
    let drawn = frame(&screen, 80, 24);
    assert!(
        drawn.contains(" to #lobby, editing: Enter saves, Esc cancels"),
        "{drawn}"
    );
}

#[test]
fn no_size_is_too_small_for_any_of_it() {
    let (composer, info) = (Composer::with_text(""), info());
    let screen = room(&composer, &info);
    for width in 20..90 {
        for height in 6..26 {
            drawn(&screen, &mut view(), width, height);
        }
    }
}

/// The rows of a frame that hold any of these words.
fn rows_with(frame: &str, words: &[&str]) -> Vec<String> {
    let is_wanted = |line: &&str| words.iter().any(|word| line.contains(word));
    let columns = |line: &str| line.chars().skip_while(|c| *c == '│').collect();
    frame.lines().filter(is_wanted).map(columns).collect()
}

#[test]
fn names_and_times_stand_once_where_the_next_message_repeats_them() {
    let composer = Composer::with_text("");
    let items = vec![
        message(1, "bob", "2026-11-21T09:41:10Z", "one"),
        message(2, "bob", "2026-11-21T09:41:50Z", "two"),
        message(3, "bob", "2026-11-21T09:42:00Z", "three"),
        message(4, "carol", "2026-11-21T09:42:00Z", "four"),
        detailed(
            message(5, "carol", "2026-11-21T09:42:00Z", "five"),
            Details {
                quote: Some(Quote {
                    author: "bob",
                    text: "one",
                }),
                ..Details::default()
            },
        ),
        detailed(
            message(6, "carol", "2026-11-21T09:42:00Z", "waves"),
            Details {
                kind: MessageKind::Emote,
                ..Details::default()
            },
        ),
        message(7, "carol", "2026-11-21T09:42:00Z", "six"),
    ];
    let mut narrow = screen();
    narrow.pane = Pane::Conversation;
    narrow.conversation = Some(conversation("bob", items, &composer));
    let shown = frame(&narrow, 40, 14);
    insta::assert_snapshot!("grouped_40x14", shown);
    // The first row of the pane names its author, whatever is above it.
    let shown = frame(&narrow, 40, 9);
    insta::assert_snapshot!("grouped_40x9", shown);
}

#[test]
fn text_of_a_wide_pane_is_at_most_100_columns_wide_with_its_mark_beside_it() {
    let composer = Composer::with_text("");
    let long = "word ".repeat(40);
    let items = vec![
        message(1, "alice", "2026-11-21T09:41:00Z", &long),
        message(2, "bartholomew the third", "2026-11-21T09:42:00Z", "yes"),
    ];
    let mut wide = screen();
    wide.conversation = Some(conversation("bob", items, &composer));
    let shown = frame(&wide, 200, 12);
    let rows = rows_with(&shown, &["word", "yes"]);
    let text = "word ".repeat(20);
    let name = "bartholomew…";
    let expected = [
        format!("09:41 you           {text}"),
        format!("                    {text} ✓✓"),
        format!("09:42 {name}  yes"),
    ];
    let found = rows.iter().zip(&expected);
    for (row, expected) in found {
        assert!(row.contains(expected.as_str()), "{row:?}: {expected:?}");
    }
    assert_eq!(rows.len(), expected.len());
}
