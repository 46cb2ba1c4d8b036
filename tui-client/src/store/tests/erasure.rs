//! Texts that are gone: from what is read, and from every byte of the folder.

use recado_shared::Erased;

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
        Content::Erased(Erased::Message),
        Content::Erased(Erased::Edit),
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
                    with(5, BOB, message("of somebody who is gone")),
                    with(6, ME, message("kept")),
                    with(10, BOB, message("came back")),
                ],
                10,
            ),
        ],
    );
    let expected = [
        Content::Erased(Erased::Message),
        Content::Erased(Erased::Edit),
        deletion(2),
        Content::Erased(Erased::Message),
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
        Content::Erased(Erased::Message),
        message("kept"),
        Content::Erased(Erased::Edit),
        Content::AuthorRemoved,
    ];
    assert_eq!(contents(&snapshot), expected);
}

#[test]
fn an_erased_entry_takes_the_place_of_the_text_that_was_held() {
    let (_folder, path) = place();
    let erased = Content::Erased(Erased::Message);
    let snapshot = after(
        &path,
        [
            save(vec![with(1, BOB, message("held"))], 1),
            save(vec![with(1, BOB, erased.clone())], 1),
            // And stays erased, whoever still has the text.
            save(vec![with(1, BOB, message("held"))], 1),
        ],
    );
    assert_eq!(contents(&snapshot), [erased]);
}
