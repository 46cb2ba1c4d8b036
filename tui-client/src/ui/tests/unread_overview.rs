use ratatui::style::Color;

use super::*;
use crate::app::ClickTarget;
use crate::app::screen::{Notable, Overlay, UnreadRow};

fn line<'a>(why: Notable, author: &'a str, time: &str, text: &'a str) -> UnreadRow<'a> {
    let (time, text) = (at(time), text.into());
    UnreadRow::Line {
        why,
        author,
        time,
        text,
    }
}

fn rows() -> Vec<UnreadRow<'static>> {
    vec![
        UnreadRow::Conversation {
            title: "#team",
            unread: 14,
        },
        line(
            Notable::Mention,
            "carol",
            "2026-11-21T09:40:00Z",
            "@alice: could you look at the build before noon? It has been red since the night",
        ),
        line(
            Notable::Reply,
            "bob",
            "2026-11-20T18:00:00Z",
            "yes, that one",
        ),
        line(
            Notable::Reaction,
            "花子さんという長い名前",
            "2026-11-14T18:00:00Z",
            "🎉 we shipped\nat last\u{1b}[2J",
        ),
        UnreadRow::More {
            count: 11,
            is_quiet: false,
        },
        UnreadRow::Conversation {
            title: "erin",
            unread: 1,
        },
        line(Notable::Message, "erin", "2026-11-19T09:02:00Z", "lunch?"),
        UnreadRow::Conversation {
            title: "#lobby",
            unread: 7,
        },
        UnreadRow::More {
            count: 7,
            is_quiet: true,
        },
    ]
}

#[test]
fn all_that_is_new_lies_over_the_panes() {
    let composer = Composer::with_text("");
    let mut screen = busy(&composer);
    screen.focus = Focus::Overlay;
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        screen.overlay = Some(Overlay::UnreadOverview(list("Unread", rows(), 2, "")));
        let mut view = view();
        let buffer = drawn(&screen, &mut view, width, height);
        insta::assert_snapshot!(format!("unread_overview_{width}x{height}"), text(&buffer));
        let chosen = (0..height)
            .find(|&y| buffer[(width / 2, y)].bg == Color::Indexed(25))
            .unwrap();
        let row = |y| view.hit(width / 2, y);
        assert_eq!(row(chosen), Some(ClickTarget::SwitcherRow(2)));
        assert_ne!(row(chosen - 2), Some(ClickTarget::SwitcherRow(0)));
    }
    screen.overlay = Some(Overlay::UnreadOverview(list("Unread", rows(), 4, "")));
    insta::assert_snapshot!("unread_overview_scrolled_20x6", frame(&screen, 20, 6));
    screen.overlay = Some(Overlay::UnreadOverview(list(
        "Unread",
        Vec::new(),
        0,
        "Nothing new",
    )));
    insta::assert_snapshot!("unread_overview_nothing_40x12", frame(&screen, 40, 12));
}
