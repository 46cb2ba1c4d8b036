//! Jumps with real frames: whatever was loaded and in sight before, a jump arrives by one page of
//! the local store.

use std::collections::VecDeque;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use recado_shared::{Head, PageRange, Seq};

use super::support::*;
use crate::app::screen::Place;
use crate::app::{Effect, Event};
use crate::model::ItemId;
use crate::store::{LoadedEntries, StoreRead, StoredConversation};
use crate::ui::{self, BuiltIn, TerminalColours, ViewState};

/// Messages of the conversation: more than twice as many as stay loaded.
const NEWEST: u64 = 12_000;

/// Rows of the terminal: 30 pages are more messages than stay loaded.
const HEIGHT: u16 = 204;

/// The first unread one.
const UNREAD: u64 = 7_001;

/// A client, its screen and its store, which holds the whole log.
struct Screen {
    client: Client,
    view: ViewState,
    reads: VecDeque<StoreRead>,
}

impl Screen {
    fn new() -> Self {
        let mut snapshot = snapshot(vec![StoredConversation {
            head: Head {
                unread: NEWEST + 1 - UNREAD,
                ..head(BOB, NEWEST, UNREAD - 1, 0)
            },
            held: vec![held(1, NEWEST)],
            place: Place::Newest,
            entries: entries(NEWEST - 300..=NEWEST, BOB),
            last_erasing: Seq::ZERO,
        }]);
        snapshot.open = Some(with(BOB));
        let client = Client::new(snapshot);
        let view = ViewState::new(
            TimeZone::UTC,
            BuiltIn::Dark.theme(&TerminalColours::default()),
            client.now.wall,
        );
        let mut screen = Self {
            client,
            view,
            reads: VecDeque::new(),
        };
        screen.handle(Event::Deadline);
        screen.rest();
        screen
    }

    fn handle(&mut self, event: Event) {
        let effects = self.client.handle(event);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Load(read) => self.reads.push_back(read),
                Effect::Scroll(scroll) => self.view.scroll(with(BOB), scroll),
                _ => {}
            }
        }
    }

    fn key(&mut self, key: &str) {
        let effects = self.client.keys(key);
        self.carry_out(effects);
    }

    fn go_to(&mut self, seq: u64) {
        let app = &mut self.client.app;
        app.chats.jump_to_entry(with(BOB), Seq(seq), &mut app.cx);
        self.handle(Event::Deadline);
    }

    /// Goes to the moment of an entry. Its place is found by reads of single entries.
    fn go_to_date(&mut self, seq: u64) {
        let time = entry(seq, BOB).time;
        let app = &mut self.client.app;
        app.parts()
            .go_to_time(with(BOB), time, String::new())
            .unwrap();
        self.handle(Event::Deadline);
        while self.reads.back().is_some_and(|read| read.limit == 1) {
            self.answer();
        }
    }

    fn draw(&mut self) {
        let screen = self.client.app.screen(self.client.now);
        ui::render(
            &mut Buffer::empty(Rect::new(0, 0, 80, HEIGHT)),
            &screen,
            &mut self.view,
        );
        drop(screen);
        let viewed = self.view.viewed().unwrap();
        self.handle(Event::Viewed(viewed));
    }

    /// Lets the store answer one read, if one waits.
    fn answer(&mut self) -> bool {
        let Some(read) = self.reads.pop_front() else {
            return false;
        };
        let limit = u64::from(read.limit);
        let entries = match read.range {
            PageRange::Before(seq) => {
                let last = seq.prev().0.min(NEWEST);
                entries((last + 1).saturating_sub(limit).max(1)..=last, BOB)
            }
            PageRange::After(seq) => entries(seq.0 + 1..=(seq.0 + limit).min(NEWEST), BOB),
        };
        let about = Vec::new();
        self.handle(Event::Loaded(LoadedEntries {
            read,
            entries,
            about,
        }));
        true
    }

    /// Draws and reads until nothing more happens.
    fn rest(&mut self) {
        self.draw();
        while self.answer() {
            self.draw();
        }
    }

    /// Asserts that a jump has arrived after a frame, the page that it asked for, and another frame.
    /// A page that was asked for before may come before it.
    fn arrives(&mut self, seq: u64) {
        self.draw();
        for _ in 0..self.reads.len() {
            self.answer();
        }
        self.draw();
        let (first, last) = self.view.viewed().unwrap().visible.unwrap();
        let item = ItemId::Entry(Seq(seq));
        assert!(self.reads.len() <= 1, "{:?}", self.reads);
        assert!(
            first <= item && item <= last,
            "{seq} not in {first:?} to {last:?}"
        );
    }
}

#[test]
fn every_jump_arrives_by_one_page_from_every_place() {
    for seed in 0..4 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut screen = Screen::new();
        for _ in 0..8 {
            // Some pages away from wherever the last jump led, or as far as there is something.
            let (key, most) = *rng
                .choice(&[("pageup", 30), ("pagedown", 5), ("pageup", 2)])
                .unwrap();
            for _ in 0..rng.u32(0..=most) {
                screen.key(key);
                screen.rest();
            }
            match rng.u8(..5) {
                0 => {
                    screen.key("end");
                    screen.arrives(NEWEST);
                }
                1 => {
                    screen.key("ctrl-home");
                    screen.arrives(1);
                }
                2 => {
                    screen.key("alt-u");
                    screen.arrives(UNREAD);
                }
                other => {
                    let seq = rng.u64(1..=NEWEST);
                    if other == 3 {
                        screen.go_to_date(seq);
                    } else {
                        screen.go_to(seq);
                    }
                    screen.arrives(seq);
                    screen.key("esc");
                }
            }
        }
    }
}
