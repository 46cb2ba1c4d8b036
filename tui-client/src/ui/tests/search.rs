use ratatui::style::{Color, Modifier};

use super::*;
use crate::app::ClickTarget;
use crate::app::screen::{HitRow, Overlay, Quote};

const LONG: &str = "I looked at everything that the night left behind, and at the end of it all the \
                    build\nwas red since the database is compiled from C";

const fn quote<'a>(author: &'a str, text: &'a str) -> Quote<'a> {
    Quote { author, text }
}

fn hits() -> Vec<HitRow<'static>> {
    let hit = HitRow {
        author: "bob",
        is_own: false,
        place: "#team",
        time: at("2026-11-21T09:41:00Z"),
        text: "did the build pass? The Build of last night did not",
        matched: &[8..13, 24..29],
        before: Some(quote("carol", "good morning\u{1b}[2J\nall")),
        after: Some(quote("alice", "yes, in 41 s")),
    };
    vec![
        hit.clone(),
        HitRow {
            author: "花子さんという長い名前の人",
            place: "花子さんという長い名前の人",
            time: at("2026-11-20T18:00:00Z"),
            text: LONG,
            matched: std::slice::from_ref(&(80..85)),
            after: None,
            ..hit.clone()
        },
        HitRow {
            author: "alice",
            is_own: true,
            place: "erin",
            time: at("2025-12-31T12:00:00Z"),
            text: "build",
            matched: std::slice::from_ref(&(0..5)),
            before: None,
            ..hit
        },
    ]
}

fn found<'a>(query: &'a Composer, hits: Vec<HitRow<'a>>, note: &'a str) -> Overlay<'a> {
    Overlay::Search(ListView {
        query: Some(query),
        has_more: hits.len() > 1,
        ..list("Search everywhere", hits, 1, note)
    })
}

#[test]
fn hits_say_who_where_and_when_with_what_matches() {
    assert_eq!(&LONG[80..85], "build");
    let (composer, query) = (Composer::with_text(""), Composer::with_text("build"));
    let mut screen = busy(&composer);
    screen.focus = Focus::Overlay;
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        screen.overlay = Some(found(&query, hits(), ""));
        let mut view = view();
        let buffer = drawn(&screen, &mut view, width, height);
        insta::assert_snapshot!(format!("search_{width}x{height}"), text(&buffer));
        let is_reversed = |y: &u16| {
            let cell = &buffer[(width / 2, *y)];
            cell.bg == Color::Indexed(25)
        };
        let chosen: Vec<_> = (0..height).filter(is_reversed).collect();
        assert_eq!(chosen.len(), 2, "{chosen:?}");
        for y in chosen {
            let hit = view.hit(width / 2, y);
            assert_eq!(hit, Some(ClickTarget::SwitcherRow(1)));
        }
        let is_underlined = |y: u16, x: u16| buffer[(x, y)].modifier.contains(Modifier::UNDERLINED);
        let marked = (0..height).flat_map(|y| (0..width).filter(move |&x| is_underlined(y, x)));
        assert!(marked.count() >= 5, "the match is marked at {width}");
    }
}

#[test]
fn without_hits_there_is_a_word_on_what_to_do() {
    let (composer, query) = (Composer::with_text(""), Composer::with_text("before:soon"));
    let mut screen = busy(&composer);
    screen.focus = Focus::Overlay;
    let note =
        "soon is no day: write before:2026-11-21, before:2026-11, before:yesterday or before:7d";
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        screen.overlay = Some(found(&query, Vec::new(), note));
        let name = format!("search_wrong_{width}x{height}");
        insta::assert_snapshot!(name, frame(&screen, width, height));
    }
}
