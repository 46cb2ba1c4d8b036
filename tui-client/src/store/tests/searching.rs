//! Questions to all that was received.

use super::rooms::{deletion, edit, message, save, with};
use super::*;

const OTHER: ConversationId = ConversationId::direct(ME, UserId(9));

fn words(words: &[&str]) -> SearchQuery {
    SearchQuery {
        words: words.iter().map(ToString::to_string).collect(),
        limit: 10,
        ..SearchQuery::default()
    }
}

/// Asks and returns where the hits are.
fn ask(opened: &mut Opened, query: SearchQuery) -> Vec<(ConversationId, u64)> {
    found(opened, query)
        .hits
        .iter()
        .map(|hit| (hit.conversation, hit.entry.seq.0))
        .collect()
}

fn found(opened: &mut Opened, query: SearchQuery) -> SearchResult {
    assert!(opened.handle.search(query));
    match opened.events.blocking_recv() {
        Some(StoreEvent::Found(found)) => found,
        other => panic!("the question was not answered: {other:?}"),
    }
}

fn talk() -> StoreWrite {
    save(
        vec![
            with(1, BOB, message("Der Käse ist im Kühlschrank")),
            with(2, ME, message("which kase, the old one?")),
            with(3, BOB, message("recado.db is damaged 👍")),
            with(4, BOB, message("nothing to see here")),
        ],
        4,
    )
}

fn other() -> StoreWrite {
    StoreWrite::Entries {
        conversation: OTHER,
        // Older than all of the talk, although it arrives later.
        entries: vec![Entry {
            time: Timestamp(900),
            ..with(1, UserId(9), message("KÄSE, here too"))
        }],
        held: vec![held(1, 1)],
        settled: vec![],
    }
}

fn opened(path: &Path, saves: impl IntoIterator<Item = StoreWrite>) -> Opened {
    let opened = open(path).unwrap();
    for save in saves {
        opened.handle.save(save);
    }
    opened.handle.flush();
    opened
}

#[test]
fn words_are_found_newest_first_whatever_their_case_and_accents() {
    let (_folder, path) = place();
    let mut opened = opened(&path, [talk(), other()]);
    let all = [(TALK, 2), (TALK, 1), (OTHER, 1)];
    assert_eq!(ask(&mut opened, words(&["käse"])), all);
    assert_eq!(ask(&mut opened, words(&["KASE"])), all);
    assert_eq!(ask(&mut opened, words(&["kas"])), all, "a beginning");
    assert_eq!(ask(&mut opened, words(&["ka"])), [], "too short for one");
    assert_eq!(ask(&mut opened, words(&["kas", "too"])), [], "not the last");
    assert_eq!(ask(&mut opened, words(&["käse", "to"])), []);
    assert_eq!(ask(&mut opened, words(&["here", "käse"])), [(OTHER, 1)]);
    assert_eq!(ask(&mut opened, words(&["recado.db"])), [(TALK, 3)]);
}

#[test]
fn signs_of_the_index_language_are_plain_text() {
    let (_folder, path) = place();
    let mut opened = opened(&path, [talk()]);
    for word in [
        "\"",
        "*",
        "käse\" OR \"nothing",
        "text:",
        "(",
        "\u{e000}a2",
        "👍",
    ] {
        assert_eq!(ask(&mut opened, words(&[word])), [], "{word}");
    }
    assert_eq!(ask(&mut opened, words(&["-", "damaged!"])), [(TALK, 3)]);
    assert_eq!(ask(&mut opened, words(&["\"damaged\""])), [(TALK, 3)]);
}

#[test]
fn filters_hold_with_words_and_without() {
    let (_folder, path) = place();
    let mut opened = opened(&path, [talk(), other()]);
    let from_bob = SearchQuery {
        from: Some(BOB),
        ..words(&["käse"])
    };
    assert_eq!(ask(&mut opened, from_bob), [(TALK, 1)]);
    let elsewhere = SearchQuery {
        conversation: Some(OTHER),
        ..words(&[])
    };
    assert_eq!(ask(&mut opened, elsewhere), [(OTHER, 1)]);
    let between = SearchQuery {
        after: Some(Timestamp(1002)),
        before: Some(Timestamp(1004)),
        ..words(&[])
    };
    assert_eq!(ask(&mut opened, between.clone()), [(TALK, 3), (TALK, 2)]);
    let between_of_bob = SearchQuery {
        from: Some(BOB),
        ..between
    };
    assert_eq!(ask(&mut opened, between_of_bob), [(TALK, 3)]);
    let two = SearchQuery {
        number: 5,
        limit: 2,
        ..words(&[])
    };
    let first = found(&mut opened, two);
    assert_eq!((first.number, first.hits.len(), first.more), (5, 2, true));
}

#[test]
fn a_hit_has_its_text_as_it_reads_now_and_its_neighbours() {
    let (_folder, path) = place();
    let log = vec![
        with(1, BOB, message("before")),
        with(2, BOB, message("first version")),
        with(3, BOB, edit(2, "second version")),
        with(4, BOB, edit(2, "third attempt")),
        with(5, BOB, edit(1, "before, but better")),
        with(6, ME, edit(2, "not mine to change")),
        with(7, ME, message("after")),
    ];
    let mut opened = opened(&path, [save(log, 7)]);
    assert_eq!(ask(&mut opened, words(&["version"])), []);
    assert_eq!(ask(&mut opened, words(&["mine"])), []);
    let found = found(&mut opened, words(&["third"]));
    let hit = &found.hits[0];
    assert_eq!(
        (hit.entry.seq, hit.text.as_str()),
        (Seq(2), "third attempt")
    );
    let text = |entry: &Option<Entry>| {
        let body = entry.as_ref().unwrap().content.body();
        body.unwrap().as_str().to_owned()
    };
    assert_eq!(text(&hit.before), "before, but better");
    assert_eq!(text(&hit.after), "after");
}

#[test]
fn what_is_deleted_forgotten_or_of_another_log_is_not_found() {
    let (_folder, path) = place();
    let mut opened = opened(&path, [StoreWrite::Me(me(1)), talk(), other()]);
    opened.handle.save(save(vec![with(5, BOB, deletion(1))], 5));
    opened.handle.flush();
    assert_eq!(ask(&mut opened, words(&["käse"])), [(TALK, 2), (OTHER, 1)]);
    // A deletion that came before its message.
    opened.handle.save(save(vec![with(7, BOB, deletion(6))], 7));
    opened
        .handle
        .save(save(vec![with(6, BOB, message("late käse"))], 7));
    // And an edit that came before it.
    opened
        .handle
        .save(save(vec![with(9, BOB, edit(8, "edited käse"))], 9));
    opened
        .handle
        .save(save(vec![with(8, BOB, message("as first written"))], 9));
    opened.handle.flush();
    assert_eq!(ask(&mut opened, words(&["late"])), []);
    assert_eq!(ask(&mut opened, words(&["written"])), []);
    assert_eq!(ask(&mut opened, words(&["edited"])), [(TALK, 8)]);
    opened.handle.save(StoreWrite::Heads {
        heads: vec![head(3)],
        complete: None,
    });
    opened.handle.flush();
    assert_eq!(ask(&mut opened, words(&["edited"])), []);
    opened.handle.save(StoreWrite::Me(me(2)));
    opened.handle.flush();
    assert_eq!(ask(&mut opened, words(&["käse"])), []);
}

#[test]
fn a_newer_question_is_answered_whatever_became_of_the_older_ones() {
    let (_folder, path) = place();
    let mut opened = opened(&path, [talk()]);
    for number in 1..=50 {
        let query = SearchQuery {
            number,
            ..words(&["käse"])
        };
        assert!(opened.handle.search(query));
    }
    loop {
        let Some(StoreEvent::Found(found)) = opened.events.blocking_recv() else {
            panic!("the last question was not answered");
        };
        assert_eq!(found.hits.len(), 2);
        if found.number == 50 {
            break;
        }
    }
}

#[test]
fn what_the_first_schema_held_is_found() {
    let (_folder, path) = place();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(include_str!("../migrations/001_first.sql"))
        .unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    let old = with(1, BOB, message("from the old days"));
    database
        .execute(
            "INSERT INTO entries (conversation, seq, author, id, time, content)
             VALUES (?1, 1, 2, ?2, 1001, ?3)",
            rusqlite::params![value::blob(&TALK), old.id.0, value::blob(&old.content)],
        )
        .unwrap();
    drop(database);
    let mut opened = open(&path).unwrap();
    assert_eq!(ask(&mut opened, words(&["old", "day"])), [(TALK, 1)]);
}
