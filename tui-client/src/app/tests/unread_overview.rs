use recado_shared::{
    Content, ConversationId, Emoji, Entry, Head, MessageBody, NotificationLevel, PageRange, Seq,
    Setting, UserId,
};

use super::support::*;
use crate::app::screen::{ItemId, ListView, Notable, Overlay, UnreadRow};
use crate::app::{ClickTarget, Effect, Event, Scroll};
use crate::store::{LoadedEntries, StoreRead, StoreWrite, StoredConversation};

fn said(seq: u64, author: UserId, text: &str) -> Entry {
    Entry {
        content: body(text),
        ..entry(seq, author)
    }
}

fn reply(seq: u64, author: UserId, to: u64, text: &str) -> Entry {
    let content = Content::Reply {
        to: Seq(to),
        body: MessageBody::new(text).unwrap(),
    };
    Entry {
        content,
        ..entry(seq, author)
    }
}

fn reaction(seq: u64, author: UserId, target: u64, is_on: bool) -> Entry {
    let (target, emoji) = (Seq(target), Emoji::new("🎉").unwrap());
    let content = if is_on {
        Content::ReactionAdded { target, emoji }
    } else {
        Content::ReactionRemoved { target, emoji }
    };
    Entry {
        content,
        ..entry(seq, author)
    }
}

/// A client with news from bob and the room, with carol's conversation open.
fn with_news() -> Client {
    let mut snapshot = snapshot(vec![
        stored(BOB, entries(1..=2, BOB), 2),
        stored(CAROL, entries(1..=1, CAROL), 1),
    ]);
    snapshot.open = Some(with(CAROL));
    let mut client = Client::new(snapshot);
    client.connect_with(
        vec![head(BOB, 2, 2, 0), head(CAROL, 1, 1, 0), room_head(0)],
        vec![],
    );
    client.room_entry(said(1, ME, "tea at four?"));
    client.room_entry(said(2, BOB, "first"));
    client.room_entry(reply(3, BOB, 1, "yes"));
    client.room_entry(reaction(4, CAROL, 1, true));
    client.room_entry(said(5, CAROL, "@alice bring cake"));
    client.room_entry(reaction(6, BOB, 2, true));
    client.entry(BOB, said(3, BOB, "are you there?"));
    client
}

/// The rows of the list: headings in brackets, the chosen row with an arrow.
fn rows(client: &Client) -> Vec<String> {
    let Some(Overlay::UnreadOverview(ListView { rows, chosen, .. })) =
        client.app.screen(client.now).overlay
    else {
        panic!("the list is not open");
    };
    let row = |(at, row): (usize, &UnreadRow<'_>)| {
        let text = match row {
            UnreadRow::Conversation { title, unread } => format!("[{title} {unread}]"),
            UnreadRow::Line {
                why, author, text, ..
            } => {
                let mark = match why {
                    Notable::Mention => "@ ",
                    Notable::Reply => "> ",
                    Notable::Reaction => "+ ",
                    Notable::Message => "",
                };
                format!("{mark}{author}: {text}")
            }
            UnreadRow::More { count, is_quiet } => {
                format!("{count} more{}", if *is_quiet { ", quiet" } else { "" })
            }
        };
        if at == chosen {
            format!("→ {text}")
        } else {
            text
        }
    };
    rows.iter().enumerate().map(row).collect()
}

fn loads(effects: &[Effect]) -> Vec<StoreRead> {
    let loads = effects.iter().filter_map(|effect| match effect {
        Effect::Load(load) => Some(*load),
        _ => None,
    });
    loads.collect()
}

fn loaded(client: &mut Client, load: StoreRead, entries: Vec<Entry>) -> Vec<Effect> {
    client.handle(Event::Loaded(LoadedEntries {
        read: load,
        entries,
        about: Vec::new(),
    }))
}

/// The read cursors that were saved, by conversation.
fn reads(effects: &[Effect]) -> Vec<(ConversationId, u64)> {
    let heads = saved(effects).into_iter().flat_map(|save| match save {
        StoreWrite::Heads { heads, .. } => heads,
        _ => Vec::new(),
    });
    let read = |head: Head| {
        let own = head.cursors.iter().find(|cursors| cursors.user == ME);
        (head.conversation, own.unwrap().read.0)
    };
    heads.map(read).collect()
}

#[test]
fn what_is_new_is_listed_by_conversation_and_importance() {
    let mut client = with_news();
    client.keys("alt-i");
    let listed = [
        "[#lobby 3]",
        "→ @ carol: @alice bring cake",
        "> bob: yes",
        "+ carol: 🎉 tea at four?",
        "bob: first",
        "[bob 1]",
        "bob: are you there?",
    ];
    assert_eq!(rows(&client), listed);
    client.keys("esc");
    client.say("/catchup");
    assert_eq!(rows(&client), listed);
    client.keys("alt-i");
    assert!(client.app.screen(client.now).overlay.is_none());
}

#[test]
fn enter_goes_there_and_back_returns() {
    let mut client = with_news();
    client.keys("alt-i down down");
    assert_eq!(rows(&client)[3], "→ + carol: 🎉 tea at four?");
    let effects = client.keys("enter");
    assert_eq!(client.open(), ROOM);
    let show = Effect::Scroll(Scroll::Amid(ItemId::Entry(Seq(1))));
    assert!(effects.contains(&show), "{effects:?}");
    client.keys("alt-/");
    assert_eq!(client.open(), with(CAROL));
}

#[test]
fn a_click_goes_there_and_headings_are_no_rows() {
    let mut client = with_news();
    client.keys("alt-i up up");
    assert_eq!(rows(&client)[1], "→ @ carol: @alice bring cake");
    client.keys("down down down down");
    assert_eq!(rows(&client)[6], "→ bob: are you there?");
    client.keys("up");
    assert_eq!(rows(&client)[4], "→ bob: first");
    client.handle(Event::Click(ClickTarget::SwitcherRow(6)));
    assert_eq!(client.open(), with(BOB));
}

#[test]
fn a_line_is_read_with_all_before_it_and_nothing_after() {
    let mut client = with_news();
    client.keys("alt-i down");
    let effects = client.keys("r");
    assert_eq!(reads(&effects), [(ROOM, 3)]);
    assert_eq!(
        rows(&client),
        [
            "[#lobby 1]",
            "@ carol: @alice bring cake",
            "→ + carol: 🎉 tea at four?",
            "[bob 1]",
            "bob: are you there?",
        ]
    );
    let effects = client.pass(crate::app::session::cursors::CURSOR_INTERVAL);
    let told: Vec<_> = advances(&effects)
        .into_iter()
        .filter(|advance| advance.conversation == ROOM)
        .map(|advance| advance.read)
        .collect();
    assert_eq!(told, [Seq(3)]);
}

#[test]
fn all_is_read_at_once_also_offline() {
    let mut client = with_news();
    client.handle(offline());
    client.keys("alt-i");
    let effects = client.keys("a");
    let mut read = reads(&effects);
    read.sort_unstable();
    assert_eq!(read, [(with(BOB), 3), (ROOM, 6)]);
    assert_eq!(rows(&client), [""; 0]);
    client.keys("r");
    assert_eq!(client.message(), "There is nothing to mark as read");
    assert!(client.rows().iter().all(|row| row.unread == 0));
}

#[test]
fn what_comes_while_it_is_open_is_added_and_the_choice_stays() {
    let mut client = with_news();
    client.keys("alt-i down");
    client.room_entry(said(7, BOB, "@alice and tea"));
    assert_eq!(rows(&client)[2], "@ bob: @alice and tea");
    assert_eq!(rows(&client)[3], "→ > bob: yes");
    client.room_entry(reaction(8, CAROL, 1, false));
    let deletion = Content::Deletion { target: Seq(7) };
    client.room_entry(Entry {
        content: deletion,
        ..entry(9, BOB)
    });
    let rows = rows(&client);
    assert_eq!(
        rows[..3],
        ["[#lobby 4]", "@ carol: @alice bring cake", "→ > bob: yes"]
    );
    assert!(!rows.iter().any(|row| row.contains('🎉')));
}

#[test]
fn what_is_not_in_memory_is_read_from_the_store() {
    let mut client = Client::new(snapshot(vec![StoredConversation {
        entries: vec![entry(300, BOB)],
        last_erasing: Seq::ZERO,
        ..stored(BOB, entries(1..=300, BOB), 10)
    }]));
    client.connect_with(vec![head(BOB, 300, 10, 290)], vec![]);
    let effects = client.keys("alt-i");
    let load = StoreRead {
        conversation: with(BOB),
        range: PageRange::After(Seq(10)),
        limit: 200,
    };
    assert_eq!(loads(&effects), [load]);
    let mut found = entries(11..=210, BOB);
    found[1] = reaction(12, BOB, 5, true);
    let effects = loaded(&mut client, load, found);
    let target = StoreRead {
        conversation: with(BOB),
        range: PageRange::Before(Seq(6)),
        limit: 1,
    };
    assert!(loads(&effects).contains(&target), "{effects:?}");
    loaded(&mut client, target, vec![said(5, ME, "mine")]);
    let rows = rows(&client);
    assert_eq!(rows[1..3], ["→ + bob: 🎉 mine", "bob: m11"]);
    assert_eq!(rows.len(), 22);
    assert!(rows[21].ends_with(" more"), "{rows:?}");
}

#[test]
fn what_the_server_has_not_given_is_counted_and_read_when_it_comes() {
    let mut client = Client::new(snapshot(vec![]));
    client.connect_with(vec![head(BOB, 3, 0, 3)], vec![]);
    let number = pages(&client.heads(vec![head(BOB, 3, 0, 3)]));
    assert_eq!(number, [], "it is on its way");
    client.keys("alt-i");
    assert_eq!(rows(&client), ["[bob 3]", "→ 3 more"]);
    client.keys("a");
    assert!(client.message().contains("marked as read when they arrive"));
    assert_eq!(rows(&client), ["[bob 3]", "→ 3 more"]);
    for entry in entries(1..=3, BOB) {
        client.entry(BOB, entry);
    }
    assert_eq!(rows(&client), [""; 0]);
    assert_eq!(client.unread(BOB), 0);
}

#[test]
fn quiet_conversations_come_last_and_are_only_counted() {
    let mut client = with_news();
    let conversation = ROOM;
    let level = NotificationLevel::Nothing;
    client.frame(recado_shared::ServerFrame::Setting {
        setting: Setting::NotificationLevel {
            conversation,
            level,
        },
        stamp: recado_shared::Stamp(1),
    });
    client.keys("alt-i");
    assert_eq!(
        rows(&client),
        [
            "[bob 1]",
            "→ bob: are you there?",
            "[#lobby 3]",
            "3 more, quiet"
        ]
    );
}

#[test]
fn nothing_new_is_said() {
    let mut client = Client::talking(1);
    client.keys("alt-i");
    match client.app.screen(client.now).overlay {
        Some(Overlay::UnreadOverview(ListView { rows, note, .. })) => {
            assert_eq!((rows.len(), &*note), (0, "Nothing new"));
        }
        other => panic!("{other:?}"),
    }
    client.keys("enter");
    assert_eq!(client.open(), with(BOB));
}
