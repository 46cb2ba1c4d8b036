//! Texts that are gone: from what is read, and from every byte of the folder.

use std::collections::{BTreeSet, HashSet};

use recado_shared::ErasedKind;

use super::rooms::{deletion, edit, message, save, with};
use super::*;

fn contents(snapshot: &Snapshot) -> Vec<Content> {
    let entries = &snapshot.conversations[0].entries;
    entries.iter().map(|entry| entry.content.clone()).collect()
}

#[test]
fn a_deletion_erases_its_target_and_the_edits_of_it() {
    let (_folder, path) = place();
    let log = vec![
        with(1, BOB, message("kept")),
        with(2, BOB, message("taken back")),
        with(3, BOB, edit(2, "taken back soon")),
        with(4, BOB, deletion(2)),
    ];
    let snapshot = after(&path, [save(log, 4)]);
    let expected = [
        message("kept"),
        Content::Erased(ErasedKind::Message),
        Content::Erased(ErasedKind::Edit),
        deletion(2),
    ];
    assert_eq!(contents(&snapshot), expected);
}

#[test]
fn what_arrives_after_its_deletion_is_stored_erased() {
    let (_folder, path) = place();
    let snapshot = after(
        &path,
        [
            save(
                vec![
                    with(4, BOB, deletion(2)),
                    with(9, BOB, Content::AuthorRemoved),
                ],
                9,
            ),
            save(
                vec![
                    with(2, BOB, message("never seen")),
                    with(3, BOB, edit(2, "never seen either")),
                    with(5, BOB, message("of a user who is gone")),
                    with(6, ME, message("kept")),
                    with(10, BOB, message("came back")),
                ],
                10,
            ),
        ],
    );
    let expected = [
        Content::Erased(ErasedKind::Message),
        Content::Erased(ErasedKind::Edit),
        deletion(2),
        Content::Erased(ErasedKind::Message),
        message("kept"),
        Content::AuthorRemoved,
        message("came back"),
    ];
    assert_eq!(contents(&snapshot), expected);
}

#[test]
fn a_removed_author_loses_all_earlier_texts_of_that_log() {
    let (_folder, path) = place();
    let log = vec![
        with(1, BOB, message("one")),
        with(2, ME, message("kept")),
        with(3, BOB, edit(1, "two")),
        with(4, BOB, Content::AuthorRemoved),
    ];
    let snapshot = after(&path, [save(log, 4)]);
    let expected = [
        Content::Erased(ErasedKind::Message),
        message("kept"),
        Content::Erased(ErasedKind::Edit),
        Content::AuthorRemoved,
    ];
    assert_eq!(contents(&snapshot), expected);
}

#[test]
fn an_erased_entry_takes_the_place_of_the_text_that_was_held() {
    let (_folder, path) = place();
    let erased = Content::Erased(ErasedKind::Message);
    let snapshot = after(
        &path,
        [
            save(vec![with(1, BOB, message("held"))], 1),
            save(vec![with(1, BOB, erased.clone())], 1),
            // And stays erased, although others still have the text.
            save(vec![with(1, BOB, message("held"))], 1),
        ],
    );
    assert_eq!(contents(&snapshot), [erased]);
}

/// A word that no other message has.
fn unique(number: u64) -> String {
    let mut letters = String::from("q");
    let mut rest = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    for _ in 0..9 {
        letters.push(char::from(b'a' + u8::try_from(rest % 26).unwrap()));
        rest /= 26;
    }
    letters
}

/// Words that share their beginnings, as numbers do.
fn counted(number: u64) -> String {
    format!("ticket{number:05}")
}

fn written(number: u64) -> String {
    format!(
        "{} is about {} and the lobby",
        unique(number),
        counted(number)
    )
}

/// Which of these words lie anywhere in the files of a folder.
fn left_in(folder: &Path, words: &[String]) -> Vec<String> {
    let lengths: BTreeSet<usize> = words.iter().map(String::len).collect();
    let words: HashSet<&[u8]> = words.iter().map(String::as_bytes).collect();
    let mut left = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for found in lengths.iter().flat_map(|&length| bytes.windows(length)) {
            if words.contains(found) {
                let word = String::from_utf8_lossy(found);
                left.push(format!("{word} in {}", path.display()));
            }
        }
    }
    left
}

#[test]
fn no_byte_of_a_deleted_text_is_left() {
    const COUNT: u64 = 3_000;
    let (_folder, path) = place();
    let opened = open(&path).unwrap();
    for first in (1..=COUNT).step_by(50) {
        let page = (first..first + 50).map(|seq| with(seq, BOB, message(&written(seq))));
        opened.handle.save(save(page.collect(), first + 49));
    }
    // One by one, as they arrive while people talk.
    let mut last = COUNT;
    let mut gone = Vec::new();
    for seq in (7..COUNT).step_by(60) {
        opened.handle.flush();
        last += 1;
        let text = written(last);
        opened
            .handle
            .save(save(vec![with(last, BOB, edit(seq, &text))], last));
        if seq % 3 == 0 {
            continue;
        }
        opened.handle.flush();
        gone.extend([unique(seq), counted(seq), unique(last), counted(last)]);
        last += 1;
        opened
            .handle
            .save(save(vec![with(last, BOB, deletion(seq))], last));
    }
    opened.handle.flush();
    assert!(gone.len() > 100);
    let left = left_in(path.parent().unwrap(), &gone);
    assert_eq!(left, [""; 0], "of {}", gone.len());
    let mut opened = opened;
    for (word, seq) in [(unique(8), Seq(8)), (counted(2_946), Seq(2_946))] {
        assert!(opened.handle.search(SearchQuery {
            words: vec![word],
            limit: 10,
            ..SearchQuery::default()
        }));
        let Some(StoreEvent::Found(found)) = opened.events.blocking_recv() else {
            panic!("the search was not answered");
        };
        let seqs: Vec<_> = found.hits.iter().map(|hit| hit.entry.seq).collect();
        assert_eq!(seqs, [seq]);
    }
}
