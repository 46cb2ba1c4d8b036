//! Jumps to a date, in conversations that this device has whole, in part, or not at all.

use std::collections::VecDeque;

use recado_shared::{ClientFrame, Content, Emoji, Entry, Head, PageRange, Request, Seq, Timestamp};

use super::support::*;
use crate::app::screen::{ItemId, Place};
use crate::app::{Effect, Event};
use crate::store::{HeldRange, LoadedEntries, StoreWrite, Stored, StoredConversation};

/// Messages of the conversation, one an hour.
const NEWEST: u64 = 3_000;

const HOUR: u64 = 3_600_000;

/// The first message of 1 December 2023, and the first one from 14:00 on that day.
const DECEMBER: u64 = 386;
const AFTERNOON: u64 = 400;

/// The time before the first message, which the program's clock shows.
fn start() -> u64 {
    entry(0, BOB).time.0
}

fn newest_head() -> Head {
    Head {
        newest_time: Timestamp(start() + NEWEST * HOUR),
        ..head(BOB, NEWEST, NEWEST, 0)
    }
}

fn log() -> Vec<Entry> {
    let hourly = |seq| Entry {
        time: Timestamp(start() + seq * HOUR),
        ..entry(seq, BOB)
    };
    (1..=NEWEST).map(hourly).collect()
}

fn stretch(log: &[Entry], range: PageRange, limit: u16) -> Vec<Entry> {
    let is_in = |entry: &&Entry| match range {
        PageRange::After(seq) => entry.seq > seq,
        PageRange::Before(seq) => entry.seq < seq,
    };
    let found: Vec<_> = log.iter().filter(is_in).cloned().collect();
    let limit = usize::from(limit).min(found.len());
    match range {
        PageRange::After(_) => found[..limit].to_vec(),
        PageRange::Before(_) => found[found.len() - limit..].to_vec(),
    }
}

/// A client, its store and its server.
struct World {
    client: Client,
    log: Vec<Entry>,
    held: Vec<HeldRange>,
    /// What the client wants and did not get yet.
    effects: VecDeque<Effect>,
    /// How many single entries the server was asked for.
    asked: usize,
}

impl World {
    /// A client without a connection that holds these ranges, with the conversation open.
    fn new(log: Vec<Entry>, held: &[HeldRange]) -> Self {
        let is_held = |entry: &&Entry| is_in(held, entry.seq);
        let loaded: Vec<_> = log.iter().filter(is_held).cloned().collect();
        let mut snapshot = snapshot(vec![StoredConversation {
            head: newest_head(),
            held: held.to_vec(),
            place: Place::Newest,
            entries: loaded[loaded.len().saturating_sub(50)..].to_vec(),
            last_erasing: Seq::ZERO,
        }]);
        snapshot.open = Some(with(BOB));
        let mut client = Client::new(snapshot);
        client.now.wall = Timestamp(start() + NEWEST * HOUR);
        Self {
            client,
            log,
            held: held.to_vec(),
            effects: VecDeque::new(),
            asked: 0,
        }
    }

    fn connect(&mut self) {
        self.client.handle(welcome(LOG));
        let heads = self.client.heads(vec![newest_head()]);
        self.effects.extend(heads);
    }

    /// Types a line, and answers everything. Pages of more than one entry are answered last.
    fn say(&mut self, line: &str) {
        self.effects.extend(self.client.say(line));
        let mut pages = VecDeque::new();
        loop {
            let more = match self.effects.pop_front() {
                Some(Effect::Load(read)) => {
                    let held = self.log.iter().filter(|entry| is_in(&self.held, entry.seq));
                    let held: Vec<_> = held.cloned().collect();
                    self.client.handle(Event::Loaded(LoadedEntries {
                        read,
                        entries: stretch(&held, read.range, read.limit),
                        about: Vec::new(),
                    }))
                }
                Some(Effect::Send(ClientFrame::Request { number, request })) => {
                    let Request::Page { range, limit, .. } = request else {
                        continue;
                    };
                    if limit > 1 {
                        pages.push_back((number, range, limit));
                        continue;
                    }
                    self.asked += 1;
                    let page = stretch(&self.log, range, limit);
                    self.client.page(number, page, NEWEST)
                }
                Some(Effect::Save(StoreWrite::Entries { entries, .. })) => {
                    let entries = entries.len();
                    self.client
                        .handle(Event::Stored(Stored { entries, bytes: 0 }))
                }
                Some(_) => continue,
                None => match pages.pop_front() {
                    Some((number, range, limit)) => {
                        let page = stretch(&self.log, range, limit);
                        self.client.page(number, page, NEWEST)
                    }
                    None => return,
                },
            };
            self.effects.extend(more);
        }
    }

    fn selected(&self) -> Option<ItemId> {
        self.client.app.chats.navigation.selection
    }
}

fn is_in(held: &[HeldRange], seq: Seq) -> bool {
    held.iter()
        .any(|range| range.first <= seq && seq <= range.last)
}

fn item(seq: u64) -> ItemId {
    ItemId::Entry(Seq(seq))
}

#[test]
fn a_date_is_found_on_this_device_without_a_connection() {
    let mut world = World::new(log(), &[held(1, NEWEST)]);
    for (typed, seq) in [
        ("/goto 2023-12-01", DECEMBER),
        ("/goto 12-01 14:00", AFTERNOON),
        ("/goto 1d", NEWEST - 46),
        ("/goto 2020", 1),
    ] {
        world.say(typed);
        assert_eq!(world.selected(), Some(item(seq)), "{typed}");
        assert_eq!(world.client.composer(), "");
        world.client.keys("esc");
    }
    // The jump can be taken back.
    world.say("/goto 2023-12-01");
    let place = world.client.app.chats.conversations[&with(BOB)].place;
    world.client.keys("esc alt-/");
    assert_eq!(
        place,
        world.client.app.chats.conversations[&with(BOB)].place
    );
}

#[test]
fn a_date_that_is_not_on_this_device_is_found_on_the_server() {
    for held in [
        vec![held(NEWEST - 10, NEWEST)],
        vec![held(1, 10), held(NEWEST - 10, NEWEST)],
    ] {
        let mut world = World::new(log(), &held);
        world.connect();
        world.say("/goto 2023-12-01");
        assert_eq!(world.selected(), Some(item(DECEMBER)));
        // The bits of the length of the log.
        assert!((1..=12).contains(&world.asked), "{}", world.asked);
    }
}

#[test]
fn what_cannot_be_found_says_why_and_keeps_the_text() {
    let mut world = World::new(log(), &[held(NEWEST - 10, NEWEST)]);
    for (typed, why) in [
        (
            "/goto 2023-12-01",
            "Not connected, and the messages of that time",
        ),
        (
            "/goto 2030-01-01",
            "There is no message here from 2030-01-01 or later",
        ),
        ("/goto soon", "\"soon\" is not a date. Examples: 2026-11-03"),
        ("/goto", "Usage: /goto DATE [TIME]"),
    ] {
        world.say(typed);
        assert!(
            world.client.message().contains(why),
            "{}",
            world.client.message()
        );
        assert_eq!(world.client.composer(), typed);
        world.client.keys("ctrl-e ctrl-u");
    }
    // The connection breaks on the way.
    world.connect();
    world.client.say("/goto 2023-12-01");
    world.client.handle(offline());
    assert_eq!(world.client.composer(), "/goto 2023-12-01");
}

#[test]
fn a_date_leads_to_a_message_and_not_to_a_change_of_one() {
    let mut log = log();
    for seq in DECEMBER..AFTERNOON {
        let index = usize::try_from(seq - 1).unwrap();
        log[index].content = Content::ReactionAdded {
            target: Seq(1),
            emoji: Emoji::new("👍").unwrap(),
        };
    }
    for held in [vec![held(1, NEWEST)], vec![held(NEWEST - 10, NEWEST)]] {
        let mut world = World::new(log.clone(), &held);
        world.connect();
        world.say("/goto 2023-12-01");
        assert_eq!(world.selected(), Some(item(AFTERNOON)));
    }
}

#[test]
fn a_search_for_a_date_ends_when_another_conversation_is_opened() {
    let mut world = World::new(log(), &[held(1, NEWEST)]);
    let effects = world.client.say("/goto 2023-12-01");
    let read = effects.iter().find_map(|effect| match effect {
        Effect::Load(read) if read.limit == 1 => Some(*read),
        _ => None,
    });
    let read = read.unwrap();
    let (chats, cx) = (&mut world.client.app.chats, &mut world.client.app.cx);
    chats.open(with(CAROL), cx);
    let effects = world.client.handle(Event::Loaded(LoadedEntries {
        read,
        entries: stretch(&world.log, read.range, read.limit),
        about: Vec::new(),
    }));
    let goes_on = |effect: &Effect| matches!(effect, Effect::Load(read) if read.limit == 1);
    assert!(!effects.iter().any(goes_on), "{effects:?}");
    assert_eq!(world.client.open(), with(CAROL));
    assert_eq!(world.selected(), None);
}
