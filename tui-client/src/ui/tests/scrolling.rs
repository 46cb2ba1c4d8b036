use super::*;
use crate::app::Scroll;

/// A conversation of many messages, each as many rows long as it says.
struct Chat {
    bodies: Vec<(u64, String)>,
    composer: Composer,
    view: ViewState,
    size: (u16, u16),
    place: Place,
    follows_newest: bool,
    rule: String,
}

impl Chat {
    fn new(messages: u64) -> Self {
        Self {
            bodies: (1..=messages).map(|seq| (seq, body(seq))).collect(),
            composer: Composer::default(),
            view: view(),
            size: (80, 24),
            place: Place::Newest,
            follows_newest: true,
            rule: String::new(),
        }
    }

    /// Draws and returns the rows of the conversation pane, without borders.
    fn rows(&mut self) -> Vec<String> {
        let items = self
            .bodies
            .iter()
            .map(|(seq, body)| message(*seq, "bob", "2026-11-21T09:00:00Z", body))
            .collect();
        let mut open = conversation("bob", items, &self.composer);
        open.place = self.place;
        open.follows_newest = self.follows_newest;
        let mut screen = screen();
        screen.conversation = Some(open);
        let buffer = drawn(&screen, &mut self.view, self.size.0, self.size.1);
        let rule = usize::from(self.size.1) - 3;
        self.rule = text(&buffer).lines().nth(rule).unwrap().to_owned();
        let borders = if self.size.0 >= 60 { 2 } else { 1 };
        text(&buffer)
            .lines()
            .skip(1)
            .take(usize::from(self.size.1) - 5)
            .filter_map(|line| line.split('│').nth(borders))
            .map(|line| line.chars().skip(13).collect::<String>())
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    /// The line above the composer.
    fn rule(&self) -> &str {
        &self.rule
    }

    fn scroll(&mut self, scroll: Scroll) -> Vec<String> {
        self.view.scroll(with(2), scroll);
        self.rows()
    }

    fn add(&mut self, seq: u64) {
        self.bodies.push((seq, body(seq)));
    }
}

/// One row, or three: the second and third have long words.
fn body(seq: u64) -> String {
    if seq.is_multiple_of(3) {
        format!("m{seq} {} {}", "x".repeat(35), "y".repeat(35))
    } else {
        format!("m{seq}")
    }
}

fn entry(seq: u64) -> ItemId {
    ItemId::Entry(Seq(seq))
}

#[test]
fn at_the_newest_arrivals_follow() {
    let mut chat = Chat::new(40);
    assert_eq!(chat.rows().last().unwrap(), "m40");
    chat.add(41);
    assert_eq!(chat.rows().last().unwrap(), "m41");
    assert_eq!(chat.view.viewed().unwrap().place, Place::Newest);
}

#[test]
fn arrivals_do_not_move_what_is_being_read() {
    let mut chat = Chat::new(40);
    chat.rows();
    let before = chat.scroll(Scroll::Lines(-7));
    assert!(
        chat.rule().ends_with("── ↓ 4 newer Ctrl+End ┤"),
        "{}",
        chat.rule()
    );
    for seq in 41..60 {
        chat.add(seq);
        assert_eq!(chat.rows(), before);
    }
    assert_eq!(chat.scroll(Scroll::Newest).last().unwrap(), &body(59));
}

#[test]
fn newer_ones_loaded_below_do_not_move_it_either() {
    let mut chat = Chat::new(40);
    chat.follows_newest = false;
    let before = chat.rows();
    assert_eq!(before, chat.scroll(Scroll::Pages(5)));
    for seq in 41..60 {
        chat.add(seq);
    }
    assert_eq!(chat.rows(), before);
    assert_ne!(chat.view.viewed().unwrap().place, Place::Newest);
    chat.follows_newest = true;
    assert_eq!(chat.scroll(Scroll::Pages(50)).last().unwrap(), &body(59));
    assert_eq!(chat.view.viewed().unwrap().place, Place::Newest);
}

#[test]
fn older_ones_loaded_above_do_not_move_it_either() {
    let mut chat = Chat::new(40);
    let older: Vec<_> = chat.bodies.drain(..20).collect();
    chat.rows();
    let before = chat.scroll(Scroll::Pages(-20));
    assert!(chat.view.viewed().unwrap().at_oldest);
    assert!(
        before[0].contains("November"),
        "the day is above the first one"
    );
    chat.bodies.splice(..0, older);
    let after = chat.rows();
    assert_eq!(after[1..], before[1..]);
    assert_eq!(after[0], "m20", "the day line makes room, nothing moves");
    assert!(!chat.view.viewed().unwrap().at_oldest);
}

#[test]
fn a_gap_that_is_filled_above_does_not_move_what_is_being_read() {
    let composer = Composer::default();
    let mut view = view();
    let bodies: Vec<String> = (1..=60).map(|seq| format!("m{seq}.")).collect();
    let mut draw = |missing: u64, scroll: Option<Scroll>| {
        let mut items = vec![Item::Gap {
            id: entry(1),
            missing,
        }];
        let held = bodies.iter().zip(1..).skip(missing.try_into().unwrap());
        items.extend(held.map(|(body, seq)| message(seq, "bob", NOW, body)));
        let mut screen = screen();
        screen.conversation = Some(conversation("bob", items, &composer));
        if let Some(scroll) = scroll {
            view.scroll(with(2), scroll);
        }
        let drawn = text(&drawn(&screen, &mut view, 80, 24));
        drawn.lines().position(|line| line.contains("m45."))
    };
    draw(40, None);
    let before = draw(40, Some(Scroll::Pages(-9)));
    assert!(before.is_some());
    assert_eq!(draw(20, None), before);
    assert_eq!(draw(1, None), before);
}

#[test]
fn resizing_keeps_the_top_and_going_back_restores_it() {
    let mut chat = Chat::new(60);
    chat.rows();
    chat.scroll(Scroll::Top(entry(30)));
    let before = chat.scroll(Scroll::Lines(1));
    assert!(before[0].starts_with("xxx"), "the second row of the 30th");
    for size in [(50, 30), (40, 12), (100, 24), (60, 40), (80, 24)] {
        chat.size = size;
        let top = chat.rows()[0].clone();
        assert!(
            top.starts_with("xxx") || top.starts_with("m30"),
            "{size:?}: {top}"
        );
    }
    assert_eq!(chat.rows(), before);
}

#[test]
fn steps_up_and_down_see_every_row_once_and_come_back() {
    let mut chat = Chat::new(30);
    let newest = chat.rows();
    let mut tops = vec![newest[0].clone()];
    loop {
        let before = chat.rows();
        let after = chat.scroll(Scroll::Lines(-1));
        if after == before {
            break;
        }
        assert_eq!(after[1..], before[..before.len() - 1]);
        tops.push(after[0].clone());
    }
    assert_eq!(tops.len(), 30 + 20 + 1 - newest.len() + 1);
    for top in tops.iter().rev().skip(1) {
        assert_eq!(&chat.scroll(Scroll::Lines(1))[0], top);
    }
    assert_eq!(chat.rows(), newest);
    assert_eq!(chat.view.viewed().unwrap().place, Place::Newest);
}

#[test]
fn pages_overlap_by_two_rows() {
    let mut chat = Chat::new(90);
    let newest = chat.rows();
    let above = chat.scroll(Scroll::Pages(-1));
    assert_eq!(above[above.len() - 2..], newest[..2]);
    assert_eq!(chat.scroll(Scroll::Pages(1)), newest);
}

#[test]
fn showing_an_item_moves_no_more_than_needed() {
    let mut chat = Chat::new(60);
    let newest = chat.rows();
    assert_eq!(chat.scroll(Scroll::Show(entry(55))), newest);
    let up = chat.scroll(Scroll::Show(entry(21)));
    assert!(up[0].starts_with("m21"));
    let down = chat.scroll(Scroll::Show(entry(45)));
    assert!(down[down.len() - 2].starts_with("xxx"), "{down:?}");
    assert!(down[down.len() - 1].starts_with("yyy"), "{down:?}");
    assert_eq!(chat.scroll(Scroll::Show(entry(60))), newest);
}

#[test]
fn a_stored_place_is_where_it_starts() {
    let mut chat = Chat::new(60);
    chat.place = Place::At {
        item: entry(30),
        row: 2,
    };
    assert!(chat.rows()[0].starts_with("yyy"));
    assert_eq!(chat.view.viewed().unwrap().place, chat.place);
    let mut elsewhere = Chat::new(60);
    elsewhere.size = (100, 24);
    elsewhere.place = Place::At {
        item: entry(30),
        row: 900,
    };
    assert!(elsewhere.rows()[0].contains("yyy"), "clamped");
}

#[test]
fn what_was_seen_names_items_with_the_end_of_their_text() {
    let mut chat = Chat::new(60);
    chat.rows();
    let viewed = chat.view.viewed().unwrap();
    let (first, last) = viewed.visible.unwrap();
    assert_eq!(last, entry(60));
    assert_eq!(first, entry(50), "{:?}", chat.rows());
    assert!(!viewed.at_oldest);
}

#[test]
fn a_message_taller_than_the_pane_is_seen_with_its_end() {
    let mut chat = Chat::new(5);
    chat.rows();
    let lines: Vec<String> = (1..=40).map(|line| format!("line {line}")).collect();
    chat.bodies.push((6, lines.join("\n")));
    let top = chat.scroll(Scroll::Top(entry(5)));
    assert_eq!(top[..2], ["m5", "line 1"]);
    let seen = |chat: &Chat| chat.view.viewed().unwrap().visible;
    assert_eq!(seen(&chat), Some((entry(5), entry(5))));
    assert!(chat.rule().contains("↓ 22 more lines"), "{}", chat.rule());
    chat.scroll(Scroll::Lines(5));
    assert_eq!(seen(&chat), None, "neither its beginning nor its end");
    let nearly = chat.scroll(Scroll::Lines(16));
    assert_eq!(nearly.last().unwrap(), "line 39");
    assert_eq!(seen(&chat), None);
    assert!(chat.rule().contains("↓ 1 more line "), "{}", chat.rule());
    let end = chat.scroll(Scroll::Lines(1));
    assert_eq!(end.last().unwrap(), "line 40");
    assert_eq!(seen(&chat), Some((entry(6), entry(6))));
    assert!(!chat.rule().contains('↓'), "{}", chat.rule());
}

#[test]
fn a_pinned_message_that_is_accepted_keeps_a_sensible_place() {
    let composer = Composer::default();
    let mut view = view();
    let text: Vec<String> = (0..60).map(|n| format!("line {n}")).collect();
    let mut items: Vec<Item<'_>> = (1..)
        .zip(&text)
        .map(|(n, t)| message(n, "bob", NOW, t))
        .collect();
    let id = pending(7);
    items.push(Item::Message(MessageView {
        id,
        author: "alice",
        is_own: true,
        time: at(NOW),
        body: "own",
        mark: None,
        details: Details::default(),
    }));
    let mut screen = screen();
    screen.conversation = Some(conversation("bob", items, &composer));
    view.scroll(with(2), Scroll::Show(id));
    drawn(&screen, &mut view, 80, 24);
    screen.conversation.as_mut().unwrap().items.pop();
    drawn(&screen, &mut view, 80, 24);
    assert_eq!(view.viewed().unwrap().visible.unwrap().1, entry(60));
}

#[test]
fn a_scroll_of_a_conversation_that_was_left_undrawn_moves_no_other() {
    let mut chat = Chat::new(60);
    let newest = chat.rows();
    chat.view.scroll(with(3), Scroll::Top(entry(5)));
    assert_eq!(chat.rows(), newest);
    assert_eq!(chat.view.viewed().unwrap().place, Place::Newest);
}

#[test]
fn a_scroll_while_nothing_is_loaded_is_not_lost() {
    let mut chat = Chat::new(60);
    let newest = chat.rows();
    chat.scroll(Scroll::Top(entry(5)));
    let bodies = std::mem::take(&mut chat.bodies);
    chat.scroll(Scroll::Newest);
    assert_eq!(chat.view.viewed().unwrap().place, Place::Newest);
    chat.bodies = bodies;
    assert_eq!(chat.rows(), newest);
}
