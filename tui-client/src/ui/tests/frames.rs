use std::cell::Cell;

use std::time::Duration;

use ratatui::style::{Color, Modifier};
use recado_shared::Membership;

use super::*;
use crate::app::ClickTarget;
use crate::app::keymap::Keymap;
use crate::app::screen::{CompletionView, Overlay, PanelRow, SwitcherRow};

#[test]
fn busy_at_every_size() {
    let composer = Composer::with_text("");
    for (width, height) in [(80, 24), (100, 30), (40, 12), (20, 6), (60, 6)] {
        let name = format!("busy_{width}x{height}");
        insta::assert_snapshot!(name, frame(&busy(&composer), width, height));
    }
}

#[test]
fn a_narrow_terminal_shows_the_contacts_alone() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.pane = Pane::Contacts;
    insta::assert_snapshot!("contacts_40x12", frame(&screen, 40, 12));
    insta::assert_snapshot!("contacts_20x6", frame(&screen, 20, 6));
}

#[test]
fn nothing_there_yet() {
    insta::assert_snapshot!("empty_80x24", frame(&screen(), 80, 24));
    insta::assert_snapshot!("empty_20x6", frame(&screen(), 20, 6));
    let composer = Composer::with_text("");
    let mut alone = screen();
    alone.contacts = Rc::new(vec![contact(2, "bob")]);
    insta::assert_snapshot!("nothing_open_80x24", frame(&alone, 80, 24));
    alone.conversation = Some(conversation("bob", Vec::new(), &composer));
    insta::assert_snapshot!("no_messages_40x12", frame(&alone, 40, 12));
}

#[test]
fn offline_with_messages_waiting_and_failed() {
    let composer = Composer::with_text("an unsent thought\nwith two lines");
    let mut screen = busy(&composer);
    screen.link = LinkView::Offline {
        reason: "connection refused by 127.0.0.1:7322",
        retry_in: Duration::from_millis(4200),
    };
    screen.waiting = 1;
    screen.failed = 1;
    let mut contacts = rows(&screen);
    for row in &mut contacts {
        row.presence = None;
        row.is_typing = false;
    }
    contacts[0].has_failed = true;
    screen.contacts = Rc::new(contacts);
    let open = screen.conversation.as_mut().unwrap();
    open.presence = None;
    open.typing.clear();
    open.new_from = None;
    open.items.insert(
        2,
        Item::Gap {
            id: ItemId::Entry(Seq(2)),
            missing: 12,
        },
    );
    let failed = Item::Message(MessageView {
        id: pending(1),
        author: "alice",
        is_own: true,
        time: at("2026-11-21T09:44:30Z"),
        body: "this one was refused",
        mark: Some(Mark::Failed(
            "that message id was used before for something else",
        )),
        details: Details::default(),
    });
    let waiting = Item::Message(MessageView {
        id: pending(2),
        author: "alice",
        is_own: true,
        time: at("2026-11-21T09:44:40Z"),
        body: "this one waits",
        mark: Some(Mark::Waiting),
        details: Details::default(),
    });
    open.items.extend([failed, waiting]);
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        let name = format!("offline_{width}x{height}");
        insta::assert_snapshot!(name, frame(&screen, width, height));
    }
}

#[test]
fn refused_says_why_at_length() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.link = LinkView::Refused(
        "The server shows another key than the one that was pinned. Either it was set up anew, or a hacker listens in. \
         Ask the person who runs it, then join again with a new invite.",
    );
    insta::assert_snapshot!("refused_80x24", frame(&screen, 80, 24));
}

#[test]
fn wide_characters_keep_their_columns() {
    let composer = Composer::with_text("日本語を書く👨‍👩‍👧");
    let mut screen = busy(&composer);
    let mut contacts = rows(&screen);
    contacts[1].name = "日本語の長い名前がある人の名前";
    contacts[2].name = "josé\u{301}🇯🇵";
    screen.contacts = Rc::new(contacts);
    let open = screen.conversation.as_mut().unwrap();
    open.title = "花子さん";
    open.items = vec![
        message(
            1,
            "花子さん",
            "2026-11-21T09:41:00Z",
            "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で",
        ),
        message(
            2,
            "alice",
            "2026-11-21T09:42:00Z",
            "👨‍👩‍👧 👍🏽 ❤️ 🇯🇵 क्षि e\u{301} tab\there",
        ),
    ];
    open.new_from = None;
    insta::assert_snapshot!("wide_80x24", frame(&screen, 80, 24));
    insta::assert_snapshot!("wide_40x12", frame(&screen, 40, 12));
    insta::assert_snapshot!("wide_20x6", frame(&screen, 20, 6));
}

#[test]
fn a_display_name_stands_behind_the_name_and_gives_way_to_it() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.conversation.as_mut().unwrap().display = Some("Robert the Second of his Name");
    let wide = frame(&screen, 80, 24);
    assert!(
        wide.contains("bob (Robert the Second of his Name) "),
        "{wide}"
    );
    let narrow = frame(&screen, 40, 12);
    assert!(
        narrow.contains("bob (R") && narrow.contains("…) "),
        "{narrow}"
    );
    let smallest = frame(&screen, 20, 6);
    assert!(!smallest.contains("(R"), "{smallest}");
}

#[test]
fn hostile_text_moves_nothing() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}a\u{202e}b\rc\u{9b}31m\nd";
    let mut contacts = rows(&screen);
    contacts[1].name = evil;
    screen.contacts = Rc::new(contacts);
    screen.message = Some(evil);
    screen.link = LinkView::Refused(evil);
    let open = screen.conversation.as_mut().unwrap();
    open.title = evil;
    open.display = Some(evil);
    open.typing = vec![evil];
    let zalgo = "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}";
    open.items = vec![
        message(1, evil, "2026-11-21T09:41:00Z", evil),
        message(2, "bob", "2026-11-21T09:41:00Z", zalgo),
        marked(
            message(3, "alice", "2026-11-21T09:41:00Z", "x"),
            Mark::Failed(evil),
        ),
    ];
    let buffer = drawn(&screen, &mut view(), 80, 24);
    for cell in buffer.content() {
        assert!(!cell.symbol().contains(recado_shared::text::is_forbidden));
        assert!(cell.symbol().chars().count() <= 8);
    }
    insta::assert_snapshot!("hostile_80x24", text(&buffer));
}

#[test]
fn the_switcher_lies_over_the_panes() {
    let composer = Composer::with_text("");
    let query = Composer::with_text("ca");
    let mut screen = busy(&composer);
    let row = |label, presence, unread, key: &str, matched: &[usize]| SwitcherRow {
        label,
        presence,
        unread,
        key: key.to_owned(),
        matched: matched.to_vec(),
    };
    screen.focus = Focus::Overlay;
    let rows = vec![
        row("carol", Some(Presence::Offline), 2, "", &[0, 1]),
        row("monica", Some(Presence::Online), 0, "", &[4, 5]),
        row("Reconnect now", None, 0, "Ctrl+R", &[0, 8]),
    ];
    screen.overlay = Some(Overlay::Switcher(ListView {
        query: Some(&query),
        ..list("switch", rows, 1, "No matching person")
    }));
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        let mut view = view();
        let buffer = drawn(&screen, &mut view, width, height);
        insta::assert_snapshot!(format!("switcher_{width}x{height}"), text(&buffer));
        let chosen = (0..height)
            .find(|&y| buffer[(width / 2, y)].bg == Color::Indexed(25))
            .unwrap();
        assert_eq!(
            view.hit(width / 2, chosen),
            Some(ClickTarget::SwitcherRow(1))
        );
        assert_eq!(view.hit(0, height - 1), None, "nothing below is hit");
    }
}

#[test]
fn the_help_shows_the_live_keys_and_scrolls() {
    let composer = Composer::with_text("");
    for (name, scroll, (width, height)) in [
        ("help_80x24", 0, (80, 24)),
        ("help_100x30", 20, (100, 30)),
        ("help_40x12", 7, (40, 12)),
        ("help_20x6_end", u16::MAX, (20, 6)),
    ] {
        let scroll = Cell::new(scroll);
        let mut screen = busy(&composer);
        screen.focus = Focus::Overlay;
        screen.overlay = Some(Overlay::Help {
            tables: Keymap::default().tables(),
            query: None,
            scroll: &scroll,
        });
        insta::assert_snapshot!(name, frame(&screen, width, height));
    }
}

#[test]
fn a_long_draft_grows_to_a_third_and_shows_its_length() {
    let text = "all work and no play makes a dull draft\n".repeat(380);
    let composer = Composer::with_text(text.trim_end());
    insta::assert_snapshot!("long_draft_80x24", frame(&busy(&composer), 80, 24));
    insta::assert_snapshot!("long_draft_20x6", frame(&busy(&composer), 20, 6));
}

#[test]
fn a_message_of_the_program_hides_hints_and_nothing_else() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.message = Some("the message has 20000 bytes, 15360 are allowed: cut it");
    screen.waiting = 3;
    let frame = frame(&screen, 80, 24);
    let last = frame.lines().last().unwrap();
    assert_eq!(
        last,
        "└ ● ◌ 3 queued the message has 20000 bytes, 15360 are allowed: cut it ─────────┘"
    );
}

#[test]
fn a_long_message_of_the_program_is_said_in_full() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.message = Some(
        "nothing more is kept on this disk: cannot use /home/alice/.local/share/recado/client.db: no space left. \
         Copy what you need, then restart",
    );
    insta::assert_snapshot!("long_message_80x24", frame(&screen, 80, 24));
}

#[test]
fn too_small_is_said() {
    assert_eq!(
        frame(&screen(), 18, 5).lines().next(),
        Some("18×5 is too small")
    );
    for width in 0..25 {
        for height in 0..8 {
            let composer = Composer::with_text("x");
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            let (buffer, view) = (&mut buffer, &mut view());
            let canvas = &mut super::super::canvas::Canvas { buffer, view };
            super::super::draw(canvas, area, &busy(&composer));
        }
    }
}

#[test]
fn what_is_drawn_can_be_clicked() {
    let composer = Composer::with_text("");
    let mut view = view();
    let buffer = drawn(&busy(&composer), &mut view, 80, 24);
    let row_of = |what: &str| {
        let text = text(&buffer);
        let row = text.lines().position(|line| line.contains(what)).unwrap();
        u16::try_from(row).unwrap()
    };
    assert_eq!(
        view.hit(5, row_of("carol")),
        Some(ClickTarget::Contact(with(3)))
    );
    assert_eq!(
        view.hit(50, row_of("let us ship")),
        Some(ClickTarget::Item(ItemId::Entry(Seq(5))))
    );
    assert_eq!(view.hit(50, 22), Some(ClickTarget::Composer));
    assert_eq!(view.hit(50, 0), None);
    assert_eq!(view.hit(300, 300), None);
}

#[test]
fn marks_and_names_are_told_apart_by_style() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.focus = Focus::Selection(ItemId::Entry(Seq(3)));
    let buffer = drawn(&screen, &mut view(), 80, 24);
    let find = |what: &str| {
        buffer
            .content()
            .iter()
            .filter(|cell| cell.symbol() == what)
            .map(|cell| (cell.fg, cell.modifier))
            .collect::<Vec<_>>()
    };
    let read = (Color::Indexed(80), Modifier::BOLD);
    let selected = (Color::Indexed(231), Modifier::BOLD);
    let delivered = (Color::Indexed(248), Modifier::empty());
    assert_eq!(
        find("✓"),
        [read, read, selected, selected, delivered, delivered]
    );
}

#[test]
fn the_frame_and_the_cursor_show_where_the_keyboard_is() {
    let composer = Composer::with_text("half a thought");
    let mut screen = busy(&composer);
    let mut look = |focus| {
        screen.focus = focus;
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        let cursor = render(&mut buffer, &screen, &mut view());
        let [list, talk] = [0, 79].map(|edge| buffer[(edge, 12)].style());
        (cursor.is_some(), list == talk)
    };
    assert_eq!(look(Focus::Composer), (true, true));
    assert_eq!(look(Focus::Contacts), (false, false));
}

#[test]
fn a_long_list_shows_the_open_row_and_scrolls_by_wheel() {
    let names: Vec<String> = (0..100).map(|n| format!("person{n:02}")).collect();
    let mut screen = screen();
    let open_at = |index: usize| {
        let contacts = (2..).zip(&names).map(|(n, name)| contact(n, name));
        let mut contacts: Vec<_> = contacts.collect();
        contacts[index].is_open = true;
        Rc::new(contacts)
    };
    screen.contacts = open_at(60);
    let mut view = view();
    assert!(text(&drawn(&screen, &mut view, 80, 24)).contains("person60"));
    assert!(view.wheel(3, 3, -500));
    let top = text(&drawn(&screen, &mut view, 80, 24));
    assert!(top.contains("person00") && !top.contains("person60"));
    assert!(!view.wheel(50, 3, 5), "the conversation is up to the app");
    screen.contacts = open_at(61);
    assert!(text(&drawn(&screen, &mut view, 80, 24)).contains("person61"));
}

#[test]
fn a_heading_is_whole_in_the_narrowest_list() {
    let composer = Composer::default();
    let screen = busy(&composer);
    let shown = text(&drawn(&screen, &mut view(), 60, 15));
    let heading = shown.lines().find(|line| line.contains("people online"));
    assert!(heading.is_some_and(|line| !line.contains('…')), "{shown}");
}

#[test]
fn panels_and_questions_at_every_size() {
    let composer = Composer::with_text("");
    let row = |label: &str, detail: &str, presence| PanelRow {
        label: label.to_owned(),
        detail: detail.to_owned(),
        time: None,
        presence,
    };
    let mut seen = row("3 old laptop", "seen", Some(Presence::Offline));
    seen.time = Some(at("2026-11-19T09:02:00Z"));
    let rows = vec![
        row("bob (Robert the Builder)", "owner", Some(Presence::Online)),
        row("carol\u{1b}[2J", "moderator, muted", Some(Presence::Away)),
        row("#tea  all about the leaves", "12 members", None),
        seen,
    ];
    let mut screen = busy(&composer);
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        screen.overlay = Some(Overlay::Panel(list("members", rows.clone(), 1, "")));
        insta::assert_snapshot!(
            format!("panel_{width}x{height}"),
            frame(&screen, width, height)
        );
        screen.overlay = Some(Overlay::Confirm {
            question: "link laptop with code 4TG2X-9QRKM?",
            answers: "Enter: yes   Esc: no".to_owned(),
        });
        insta::assert_snapshot!(
            format!("question_{width}x{height}"),
            frame(&screen, width, height)
        );
    }
    screen.overlay = Some(Overlay::Panel(list(
        "rooms to join",
        Vec::new(),
        0,
        "Loading…",
    )));
    insta::assert_snapshot!("panel_empty_40x12", frame(&screen, 40, 12));
}

#[test]
fn the_composer_offers_above_itself() {
    let composer = Composer::with_text("/");
    let mut screen = busy(&composer);
    screen.completion = Some(CompletionView {
        rows: vec![
            ("/msg NAME [TEXT]", "open a conversation, or write to it"),
            ("/me TEXT", "say what you do"),
            ("/mute NAME [DURATION]", "take a member's voice"),
            ("/members", "who is in this room"),
            ("/m\u{1b}[2J", ""),
            ("🎉 :tada:", ""),
            ("the seventh", ""),
        ],
        chosen: Some(6),
    });
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        let name = format!("completion_{width}x{height}");
        insta::assert_snapshot!(name, frame(&screen, width, height));
    }
}

#[test]
fn reactions_are_picked_from_a_list() {
    let composer = Composer::with_text("");
    let query = Composer::default();
    let row = |label, key: &str| SwitcherRow {
        label,
        presence: None,
        unread: 0,
        key: key.to_owned(),
        matched: Vec::new(),
    };
    let mut screen = busy(&composer);
    let rows = vec![
        row("1 👍 :+1:", "bob, carol and 3 more"),
        row("2 🎉 :tada:", ""),
    ];
    screen.overlay = Some(Overlay::Switcher(ListView {
        query: Some(&query),
        ..list("react", rows, 0, "No such emoji")
    }));
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        let name = format!("picker_{width}x{height}");
        insta::assert_snapshot!(name, frame(&screen, width, height));
    }
}

#[test]
fn what_is_favourite_quiet_called_and_blocked_is_marked() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    let last = Some(at("2026-11-21T09:02:00Z"));
    let mut team = contact(7, "#team");
    team.room = Some(Membership::Member);
    (team.unread, team.mentions, team.last) = (12, 1, last);
    (team.is_favourite, team.section) = (true, Section::Favourites);
    let mut lobby = contact(8, "#lobby");
    lobby.room = Some(Membership::Member);
    (lobby.unread, lobby.mentions, lobby.last) = (7, 2, last);
    lobby.notification_level = NotificationLevel::Nothing;
    let mut grace = contact(9, "grace");
    (grace.is_blocked, grace.last) = (true, last);
    let mut contacts = rows(&screen);
    contacts.insert(0, team);
    contacts.splice(2..2, [lobby, grace]);
    screen.contacts = Rc::new(contacts);
    let open = screen.conversation.as_mut().unwrap();
    open.notification_level = NotificationLevel::Nothing;
    open.is_blocked = true;
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        insta::assert_snapshot!(
            format!("attention_{width}x{height}"),
            frame(&screen, width, height)
        );
        screen.pane = Pane::Contacts;
    }
    let buffer = drawn(&screen, &mut view(), 80, 24);
    let cell = |y: u16| &buffer[(4, y)];
    let muted = Color::Indexed(248);
    assert!(cell(1).modifier.contains(Modifier::BOLD), "it is called");
    assert_eq!(cell(3).fg, muted, "it is quiet");
    assert_eq!(cell(4).fg, muted, "it is blocked");
}

#[test]
fn versions_of_a_message_lie_over_the_panes() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.focus = Focus::Overlay;
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        screen.overlay = Some(Overlay::Versions {
            texts: vec![
                (
                    at("2026-11-20T17:30:00Z"),
                    "did the bild pass\u{1b}[2J?\nI wonder",
                ),
                (at("2026-11-21T09:41:00Z"), "did the build pass?"),
                (
                    at("2026-11-21T09:42:00Z"),
                    "did the build of the night pass? It is the one that takes long, you know",
                ),
            ],
            scroll: 0,
        });
        let name = format!("versions_{width}x{height}");
        insta::assert_snapshot!(name, frame(&screen, width, height));
    }
}
