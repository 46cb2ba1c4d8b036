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
    assert_eq!(ask(&mut opened, words(&["recado.d"])), [(TALK, 3)]);
    assert_eq!(ask(&mut opened, words(&["recado.x"])), []);
    assert_eq!(ask(&mut opened, words(&["damaged", "to s"])), []);
    assert_eq!(ask(&mut opened, words(&["nothing", "to s"])), [(TALK, 4)]);
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
        "\u{f0002}",
        "…",
    ] {
        assert_eq!(ask(&mut opened, words(&[word])), [], "{word}");
    }
    assert_eq!(ask(&mut opened, words(&["-", "damaged!"])), [(TALK, 3)]);
    assert_eq!(ask(&mut opened, words(&["\"damaged\""])), [(TALK, 3)]);
}

#[test]
fn any_run_of_letters_is_found_in_scripts_without_spaces() {
    let (_folder, path) = place();
    let texts = [
        "我的爸爸肚子很餓",
        "เขากินข้าวแล้ว",
        "ຂ້ອຍກິນເຂົ້າ",
        "ខ្ញុំញ៉ាំបាយ",
        "ကျွန်တော်ထမင်းစားတယ်",
        "東京タワーへiPhoneで行く",
        "고등학교에서 만나요",
    ];
    let log = texts
        .iter()
        .zip(1..)
        .map(|(text, seq)| with(seq, BOB, message(text)));
    let mut opened = opened(&path, [save(log.collect(), 7)]);
    for (text, seq) in texts.iter().zip(1..) {
        let letters: Vec<char> = text.chars().collect();
        let runs = (1..=4).flat_map(|len| letters.windows(len));
        for run in runs.filter(|run| !run.contains(&' ') && !run.iter().any(char::is_ascii)) {
            let word = String::from_iter(run);
            let places = ask(&mut opened, words(&[&word]));
            assert!(places.contains(&(TALK, seq)), "{word} in {text}");
        }
    }
    for (word, found) in [
        ("爸爸", vec![(TALK, 1)]),
        ("爸肚", vec![(TALK, 1)]),
        ("肚爸", vec![]),
        ("爸爸 肚子", vec![]),
        ("ข้าว", vec![(TALK, 2)]),
        ("ขาว", vec![]),
        ("京タ", vec![(TALK, 6)]),
        ("ﾀﾜｰ", vec![(TALK, 6)]),
        ("へiphoneで", vec![(TALK, 6)]),
        ("학교", vec![(TALK, 7)]),
    ] {
        assert_eq!(ask(&mut opened, words(&[word])), found, "{word}");
    }
    assert_eq!(ask(&mut opened, words(&["東", "行"])), [(TALK, 6)]);
}

#[test]
fn texts_are_compared_by_their_folded_form() {
    let (_folder, path) = place();
    let texts = [
        "the ﬁnance dept",
        "party 🎉 👍🏽",
        "ok",
        "in C++ and #rust",
        "die Straße",
        "İstanbul, λόγος",
        "ｶﾀｶﾅ ＦＵＬＬ",
        "مُحَمَّد שָׁלוֹם",
        "❤️ 👨‍👩‍👧 🇯🇵",
        "1️⃣ ½ ①",
    ];
    let log = texts
        .iter()
        .zip(1..)
        .map(|(text, seq)| with(seq, BOB, message(text)));
    let mut opened = opened(&path, [save(log.collect(), 10)]);
    for (word, seq) in [
        ("finance", Some(1)),
        ("FIN", Some(1)),
        ("🎉", Some(2)),
        ("👍", Some(2)),
        ("👍🏿", Some(2)),
        ("👎", None),
        ("o", None),
        ("ok", Some(3)),
        ("c++", Some(4)),
        ("c+++", None),
        ("#rust", Some(4)),
        ("#ru", Some(4)),
        ("#r", None),
        ("STRASSE", Some(5)),
        ("strasse", Some(5)),
        ("istanbul", Some(6)),
        ("ΛΟΓΟΣ", Some(6)),
        ("λογος", Some(6)),
        ("カタ", Some(7)),
        ("full", Some(7)),
        ("محمد", Some(8)),
        ("שלום", Some(8)),
        ("❤", Some(9)),
        ("👩", Some(9)),
        ("👨‍👩‍👧", Some(9)),
        ("🇯🇵", Some(9)),
        ("🇵", None),
        ("1", Some(10)),
    ] {
        let found: Vec<_> = seq.into_iter().map(|seq| (TALK, seq)).collect();
        assert_eq!(ask(&mut opened, words(&[word])), found, "{word}");
    }
}

/// A database of the second schema: its statements, and what its program wrote.
fn second_schema(path: &Path, count: u64) {
    drop(opened(path, []));
    let database = rusqlite::Connection::open(path).unwrap();
    let log = (1..=count).map(|seq| with(seq, BOB, message(&format!("第{seq}個訊息 hello"))));
    let opened = open(path).unwrap();
    for page in log.collect::<Vec<_>>().chunks(500) {
        let last = page.last().unwrap().seq.0;
        opened.handle.save(save(page.to_vec(), last));
    }
    opened.handle.flush();
    drop(opened);
    database
        .execute_batch(
            "DROP TABLE terms; DROP TABLE index_rebuild; DROP TABLE IF EXISTS words;
             DROP TABLE announcements; ALTER TABLE people DROP COLUMN is_removed;
             ALTER TABLE outbox DROP COLUMN command; ALTER TABLE outbox DROP COLUMN typed_in;
             DROP TABLE epochs; DROP TABLE lost_tails; DROP INDEX erasing_entries;
             CREATE VIRTUAL TABLE words USING fts5 (
                 text, marks, content = '', columnsize = 0, prefix = '3',
                 tokenize = 'unicode61 remove_diacritics 2'
             );
             INSERT INTO words (rowid, text, marks)
                 SELECT moment, 'hello secretword' || seq, '' FROM entries ORDER BY moment;",
        )
        .unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
}

/// Asks for a word until the index is complete. Searches answer all the time.
fn wait_for_rebuild(opened: &mut Opened) {
    while found(opened, words(&["nowhere"])).missing_before.is_some() {}
}

#[test]
fn the_index_of_an_older_schema_is_rebuilt_once() {
    const COUNT: u64 = 2_500;
    let (_folder, path) = place();
    second_schema(&path, COUNT);
    let mut opened = open(&path).unwrap();
    // While it is being rebuilt: a new message, an older one, an edit and a deletion.
    opened.handle.save(save(
        vec![
            with(COUNT + 1, BOB, message("新的訊息")),
            with(COUNT + 2, BOB, edit(5, "改了的訊息")),
            with(COUNT + 3, BOB, deletion(7)),
        ],
        COUNT + 3,
    ));
    opened.handle.save(other());
    opened.handle.flush();
    let all = SearchQuery {
        limit: 5_000,
        ..words(&["訊息"])
    };
    wait_for_rebuild(&mut opened);
    let result = found(&mut opened, all);
    assert_eq!(
        result.hits.len() as u64,
        COUNT,
        "all but one, and a new one"
    );
    for (word, places) in [
        ("第5個", vec![]),
        ("改了", vec![(TALK, 5)]),
        ("第7個", vec![]),
        ("第2500個", vec![(TALK, 2500)]),
        ("新的", vec![(TALK, COUNT + 1)]),
        ("käse", vec![(OTHER, 1)]),
    ] {
        assert_eq!(ask(&mut opened, words(&[word])), places, "{word}");
    }
    drop(opened);
    let database = rusqlite::Connection::open(&path).unwrap();
    let old: i64 = database
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'words%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(old, 0, "the tables of the index before");
    database
        .execute_batch("INSERT INTO terms (terms) VALUES ('integrity-check')")
        .unwrap();
    drop(database);
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(10).any(|bytes| bytes == b"secretword"));
}

#[test]
fn a_rebuild_goes_on_after_a_restart() {
    let (_folder, path) = place();
    second_schema(&path, 3_500);
    for _ in 0..4 {
        drop(open(&path).unwrap());
    }
    let mut opened = open(&path).unwrap();
    wait_for_rebuild(&mut opened);
    assert_eq!(ask(&mut opened, words(&["第1個"])), [(TALK, 1)]);
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

#[test]
fn signs_that_are_no_words_are_found_in_the_newest_messages() {
    let (_folder, path) = place();
    let texts = [
        "see std::fs :)",
        "a -> b",
        "no signs",
        "x :-) y",
        "why not ?! ok",
    ];
    let said = (1..)
        .zip(texts)
        .map(|(seq, text)| with(seq, BOB, message(text)));
    let mut opened = opened(&path, [save(said.collect(), 5)]);
    for (typed, found) in [
        (&[":)"][..], &[1][..]),
        (&["->"], &[2]),
        (&["::"], &[1]),
        (&[":-)"], &[4]),
        (&["?!"], &[5]),
        (&[":"], &[4, 1]),
        // Together with a word.
        (&["std", ":)"], &[1]),
        (&["b", ":)"], &[]),
        (&[";)"], &[]),
        (&["\u{200b}"], &[]),
    ] {
        let found: Vec<_> = found.iter().map(|seq| (TALK, *seq)).collect();
        assert_eq!(ask(&mut opened, words(typed)), found, "{typed:?}");
    }
}
