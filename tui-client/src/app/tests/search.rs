use recado_shared::{Content, Entry, Seq, Timestamp};

use super::support::*;
use crate::app::screen::{Focus, ItemId, ListView, Overlay, Place};
use crate::app::{Effect, Event, Scroll};
use crate::store::{
    LoadedEntries, SearchHit, SearchQuery, SearchResult, StoreRead, StoredConversation,
};

/// The questions among effects.
fn asked(effects: &[Effect]) -> Vec<SearchQuery> {
    let queries = effects.iter().filter_map(|effect| match effect {
        Effect::Search(query) => Some(query.clone()),
        _ => None,
    });
    queries.collect()
}

/// The last question among effects.
fn last(effects: &[Effect]) -> SearchQuery {
    asked(effects).pop().expect("something is asked")
}

fn hit(seq: u64, text: &str) -> SearchHit {
    SearchHit {
        conversation: with(BOB),
        entry: Entry {
            content: body(text),
            ..entry(seq, BOB)
        },
        text: text.to_owned(),
        before: None,
        after: None,
    }
}

fn found(number: u32, hits: Vec<SearchHit>) -> Event {
    Event::Found(SearchResult {
        number,
        hits,
        more: false,
        missing_before: None,
    })
}

/// The hits with what matches in brackets, or what is said in their place.
fn shown(client: &Client) -> Vec<String> {
    let screen = client.app.screen(client.now);
    let Some(Overlay::Search(ListView {
        rows: hits, note, ..
    })) = screen.overlay
    else {
        panic!("the search is open");
    };
    if hits.is_empty() {
        return vec![note.into_owned()];
    }
    let marked = |hit: &crate::app::screen::HitRow<'_>| {
        let mut text = hit.text.to_owned();
        for range in hit.matched.iter().rev() {
            text.replace_range(range.clone(), &format!("[{}]", &hit.text[range.clone()]));
        }
        format!("{} {}: {text}", hit.place, hit.author)
    };
    hits.iter().map(marked).collect()
}

fn typed(client: &Client) -> String {
    let screen = client.app.screen(client.now);
    let Some(Overlay::Search(ListView {
        query: Some(query), ..
    })) = screen.overlay
    else {
        panic!("the search is open");
    };
    query.text().to_owned()
}

fn title(client: &Client) -> String {
    let screen = client.app.screen(client.now);
    match screen.overlay {
        Some(Overlay::Search(ListView { title, .. })) => title.into_owned(),
        _ => "nothing".to_owned(),
    }
}

fn selected(client: &Client) -> Option<Seq> {
    match client.app.screen(client.now).focus {
        Focus::Selection(ItemId::Entry(seq)) => Some(seq),
        _ => None,
    }
}

fn scrolls(effects: &[Effect]) -> Vec<Scroll> {
    let scrolls = effects.iter().filter_map(|effect| match effect {
        Effect::Scroll(scroll) => Some(*scroll),
        _ => None,
    });
    scrolls.collect()
}

fn loads(effects: &[Effect]) -> Vec<StoreRead> {
    let loads = effects.iter().filter_map(|effect| match effect {
        Effect::Load(load) => Some(*load),
        _ => None,
    });
    loads.collect()
}

#[test]
fn a_search_says_what_is_not_indexed_yet() {
    let mut client = Client::talking(3);
    client.keys("alt-f");
    let query = last(&client.type_text("seen"));
    let answer = |number, hits| {
        Event::Found(SearchResult {
            number,
            hits,
            more: false,
            missing_before: Some(Timestamp(1_700_000_000_000)),
        })
    };
    client.handle(answer(query.number, vec![hit(1, "seen")]));
    assert_eq!(
        title(&client),
        "Search everywhere (still indexing messages before 14 Nov 2023)"
    );
    let query = last(&client.type_text("x"));
    client.handle(answer(query.number, vec![]));
    assert_eq!(
        shown(&client),
        [
            "No results yet: messages before 14 Nov 2023 are still being indexed. Search again in a moment"
        ]
    );
    let query = last(&client.type_text("y"));
    client.handle(found(query.number, vec![]));
    assert_eq!(title(&client), "Search everywhere");
}

#[test]
fn each_letter_asks_and_only_the_last_answer_counts() {
    let mut client = Client::talking(3);
    client.keys("alt-f");
    assert!(shown(&client)[0].contains("from:bob"));
    let first = last(&client.type_text("see"));
    let second = last(&client.type_text("n"));
    assert_eq!(
        (first.words, second.words),
        (vec!["see".into()], vec!["seen".into()])
    );
    assert_eq!(shown(&client), ["Searching…"]);
    client.handle(found(first.number, vec![hit(1, "see")]));
    assert_eq!(shown(&client), ["Searching…"], "stale");
    client.handle(found(second.number, vec![hit(2, "I have Seen it")]));
    assert_eq!(shown(&client), ["bob bob: I have [Seen] it"]);
    client.handle(found(second.number, Vec::new()));
    assert_eq!(shown(&client), ["bob bob: I have [Seen] it"], "answered");
    let effects = client.keys("backspace left");
    assert_eq!(asked(&effects).len(), 1, "moving asks nothing");
}

#[test]
fn the_open_conversation_or_all_of_them() {
    let mut client = Client::connected(vec![]);
    client.keys("ctrl-f");
    assert_eq!(
        client.message(),
        "Open a conversation first, or press Alt+F to search everywhere"
    );
    let mut client = Client::talking(1);
    client.keys("ctrl-f");
    assert_eq!(title(&client), "Search in bob");
    let query = last(&client.type_text("m"));
    assert_eq!(query.conversation, Some(with(BOB)));
    client.handle(found(query.number, Vec::new()));
    assert_eq!(
        shown(&client),
        ["No results here. Alt+F searches everywhere"]
    );
    let query = last(&client.keys("alt-f"));
    assert_eq!((query.words, query.conversation), (vec!["m".into()], None));
    assert_eq!(title(&client), "Search everywhere");
    client.handle(found(query.number, Vec::new()));
    assert!(shown(&client)[0].starts_with("No results in the history"));
    client.keys("alt-f");
    assert_eq!(title(&client), "nothing", "the same key closes it");
}

#[test]
fn fields_are_names_and_days_of_the_user() {
    let mut client = Client::connected(vec![room_head(0)]);
    client.keys("alt-1 alt-f");
    // The scripts begin on 2023-11-14 at 22:13:20.
    let day = 24 * 3600 * 1000;
    let today = 1_700_000_000_000 / day * day;
    for (text, expected) in [
        (
            "from:Bob x",
            SearchQuery {
                from: Some(BOB),
                words: vec!["x".into()],
                ..SearchQuery::default()
            },
        ),
        (
            "from:me in:lobby",
            SearchQuery {
                from: Some(ME),
                conversation: Some(ROOM),
                ..SearchQuery::default()
            },
        ),
        (
            "in:carol after:yesterday",
            SearchQuery {
                conversation: Some(with(CAROL)),
                after: Some(Timestamp(today - day)),
                ..SearchQuery::default()
            },
        ),
        (
            "in:here before:2023-11-14",
            SearchQuery {
                conversation: Some(ROOM),
                before: Some(Timestamp(today)),
                ..SearchQuery::default()
            },
        ),
    ] {
        client.keys("ctrl-u");
        let query = last(&client.handle(Event::Paste(text.to_owned())));
        let expected = SearchQuery {
            number: query.number,
            limit: query.limit,
            ..expected
        };
        assert_eq!(query, expected, "{text}");
    }
}

#[test]
fn a_day_begins_where_the_user_lives() {
    let mut client = Client::talking(1);
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    client.app.settings.time_zone = zone;
    client.keys("alt-f");
    let query = last(&client.handle(Event::Paste("after:today".to_owned())));
    // It is the 15th there already.
    let begins: jiff::Timestamp = "2023-11-14T22:00:00Z".parse().unwrap();
    let begins = u64::try_from(begins.as_millisecond()).unwrap();
    assert_eq!(query.after, Some(Timestamp(begins)));
}

#[test]
fn what_is_no_question_says_what_to_write() {
    let mut client = Client::connected(vec![room_head(0)]);
    client.keys("alt-1 alt-f");
    for (text, expected) in [
        (
            "from:zoe",
            "There is no user named zoe on this device. Type from:NAME or from:me",
        ),
        ("from:bo", "from:bob? Tab completes it"),
        ("in:", "Type in:ROOM, in:NAME or in:here"),
        (
            "in:#nowhere",
            "There is no room or user named #nowhere on this device. Type in:ROOM",
        ),
        (
            "before:soon x",
            "\"soon\" is not a date. Type before:2026-11-21",
        ),
        ("after:today before:yesterday", "The day of after:"),
        ("from:bob from:me", "from: is given twice"),
    ] {
        client.keys("ctrl-u");
        let effects = client.handle(Event::Paste(text.to_owned()));
        assert_eq!(asked(&effects), [], "{text}");
        assert!(
            shown(&client)[0].starts_with(expected),
            "{:?}",
            shown(&client)
        );
    }
    client.keys("enter");
    assert_eq!(client.message(), "from: is given twice. Remove one");
    client.keys("ctrl-u");
    client.type_text("x from:bo");
    let query = last(&client.keys("tab"));
    assert_eq!(
        (query.from, typed(&client)),
        (Some(BOB), "x from:bob ".into())
    );
    client.keys("tab");
    assert!(client.message().contains("Nothing to complete"));
    client.handle(Event::Paste("y".repeat(600)));
    assert!(client.message().contains("too long"));
}

#[test]
fn enter_goes_to_the_message_and_back_to_where_one_was() {
    let mut client = Client::talking(20);
    client.viewed(10, 20);
    client.type_text("a draft");
    client.keys("ctrl-f");
    let query = last(&client.type_text("m3"));
    client.handle(found(query.number, vec![hit(13, "m13"), hit(3, "m3")]));
    let effects = client.keys("down enter");
    assert_eq!(scrolls(&effects), [Scroll::Amid(ItemId::Entry(Seq(3)))]);
    assert_eq!(selected(&client), Some(Seq(3)));
    assert_eq!(client.composer(), "a draft");
    client.viewed_at(1, 11, at_top(1), true);
    let effects = client.keys("alt-/");
    assert_eq!(scrolls(&effects), [Scroll::Newest]);
    assert_eq!(selected(&client), None);
    // From a place in the past one comes back to just that.
    client.viewed_at(5, 15, at_top(5), false);
    client.keys("ctrl-f");
    assert_eq!(typed(&client), "m3", "what was asked last is still there");
    let query = last(&client.keys("ctrl-u m"));
    client.handle(found(query.number, vec![hit(3, "m3")]));
    client.keys("enter");
    let effects = client.keys("alt-/");
    assert_eq!(scrolls(&effects), [Scroll::To(at_top(5))]);
}

fn at_top(seq: u64) -> Place {
    Place::At {
        item: ItemId::Entry(Seq(seq)),
        row: 0,
    }
}

#[test]
fn a_message_that_is_not_loaded_is_loaded_with_what_is_around_it() {
    let log = entries(901..=1000, BOB);
    let mut snapshot = snapshot(vec![
        stored(CAROL, entries(1..=2, CAROL), 2),
        StoredConversation {
            held: vec![held(1, 1000)],
            ..stored(BOB, log, 1000)
        },
    ]);
    snapshot.open = Some(with(CAROL));
    let mut client = Client::new(snapshot);
    client.keys("alt-f");
    let query = last(&client.type_text("word"));
    client.handle(found(query.number, vec![hit(500, "word")]));
    let load = *loads(&client.keys("enter")).last().unwrap();
    assert_eq!(client.open(), with(BOB));
    assert_eq!(selected(&client), None, "it is not there yet");
    let first = 450;
    assert_eq!(load.range, recado_shared::PageRange::After(Seq(first - 1)));
    let entries = entries(first..=first + u64::from(load.limit) - 1, BOB);
    let effects = client.handle(Event::Loaded(LoadedEntries {
        read: load,
        entries,
        about: Vec::new(),
    }));
    assert_eq!(scrolls(&effects), [Scroll::Amid(ItemId::Entry(Seq(500)))]);
    assert_eq!(selected(&client), Some(Seq(500)));
    client.keys("alt-/");
    assert_eq!(client.open(), with(CAROL));
}

#[test]
fn text_typed_meanwhile_does_not_act_on_a_late_message() {
    let mut snapshot = snapshot(vec![StoredConversation {
        held: vec![held(1, 1000)],
        ..stored(BOB, entries(901..=1000, BOB), 1000)
    }]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    client.keys("alt-f");
    let query = last(&client.type_text("word"));
    client.handle(found(query.number, vec![hit(500, "word")]));
    let load = *loads(&client.keys("enter")).last().unwrap();
    client.type_text("d");
    client.handle(Event::Loaded(LoadedEntries {
        read: load,
        entries: entries(450..=649, BOB),
        about: Vec::new(),
    }));
    assert_eq!(selected(&client), None);
    client.type_text("d");
    assert_eq!(client.composer(), "dd");
}

#[test]
fn enter_waits_for_the_answer_unless_the_person_goes_on() {
    let mut client = Client::talking(5);
    client.keys("alt-f");
    let query = last(&client.type_text("m2"));
    client.keys("enter");
    client.handle(found(query.number, vec![hit(2, "m2")]));
    assert_eq!(selected(&client), Some(Seq(2)));
    client.keys("esc alt-f");
    let query = last(&client.type_text("m2"));
    client.keys("enter left");
    client.handle(found(query.number, vec![hit(2, "m2")]));
    assert_eq!(shown(&client), ["bob bob: [m2]"], "it is still open");
}

#[test]
fn what_was_taken_back_is_not_found() {
    let mut client = Client::in_room(4);
    client.keys("alt-f");
    let query = last(&client.type_text("some"));
    let there = |seq: u64| SearchHit {
        conversation: ROOM,
        ..hit(seq, "something")
    };
    client.handle(found(query.number, vec![there(3), there(2), there(1)]));
    client.keys("down");
    client.room_entry(Entry {
        content: Content::Deletion { target: Seq(3) },
        ..entry(5, BOB)
    });
    assert_eq!(shown(&client).len(), 2);
    client.keys("enter");
    assert_eq!(selected(&client), Some(Seq(2)), "what was chosen stays so");
    client.keys("esc alt-f");
    let query = last(&client.type_text("some"));
    client.handle(found(query.number, vec![there(3), there(2)]));
    assert_eq!(shown(&client).len(), 1, "the answer was older");
    client.room_entry(Entry {
        content: Content::AuthorRemoved,
        ..entry(6, BOB)
    });
    assert!(shown(&client)[0].starts_with("No results"));
}

#[test]
fn esc_closes_and_loses_nothing() {
    let mut client = Client::talking(3);
    client.type_text("half a sen");
    client.keys("alt-f");
    client.type_text("from:bob m");
    client.keys("esc");
    assert_eq!(title(&client), "nothing");
    client.type_text("tence");
    assert_eq!(client.composer(), "half a sentence");
    client.keys("alt-f");
    assert_eq!(typed(&client), "from:bob m");
    client.keys("left backspace");
    assert_eq!(typed(&client), "from:bobm", "it can be edited");
    client.keys("esc alt-f");
    client.type_text("x");
    assert_eq!(typed(&client), "x", "or replaced");
}

#[test]
fn the_command_and_the_switcher_search_too() {
    let mut client = Client::talking(3);
    let query = last(&client.say("/search in:here some words"));
    assert_eq!(query.words, ["some", "words"]);
    assert_eq!(query.conversation, Some(with(BOB)));
    client.keys("esc ctrl-k");
    client.type_text("search ever");
    client.keys("enter");
    assert_eq!(title(&client), "Search everywhere");
}

#[test]
fn what_stands_around_a_hit_is_shown_unless_it_is_hidden() {
    let mut client = Client::in_room(3);
    client.keys("alt-f");
    let query = last(&client.type_text("m2"));
    let around = SearchHit {
        conversation: ROOM,
        before: Some(entry(1, BOB)),
        after: Some(entry(3, CAROL)),
        ..hit(2, "m2")
    };
    client.handle(found(query.number, vec![around]));
    let quotes = |client: &Client| {
        let screen = client.app.screen(client.now);
        let Some(Overlay::Search(ListView { rows: hits, .. })) = screen.overlay else {
            panic!("the search is open");
        };
        let name =
            |quote: &crate::app::screen::Quote<'_>| format!("{}: {}", quote.author, quote.text);
        [hits[0].before, hits[0].after].map(|quote| quote.as_ref().map(name))
    };
    assert_eq!(
        quotes(&client),
        [Some("bob: m1".into()), Some("carol: m3".into())]
    );
    client.room_entry(Entry {
        content: Content::Deletion { target: Seq(1) },
        ..entry(4, BOB)
    });
    assert_eq!(quotes(&client)[0], None);
}
