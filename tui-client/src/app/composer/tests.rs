use proptest::prelude::*;
use strum::IntoEnumIterator as _;

use super::*;

/// `before`, then edits, then the text afterwards; `|` is the cursor.
fn check(before: &str, edits: &[Edit], after: &str) {
    let mut composer = at_cursor(before);
    let mut kills = KillRing::default();
    for &edit in edits {
        composer.edit(edit, &mut kills);
    }
    assert_eq!(shown(&composer), after, "{before:?} {edits:?}");
}

fn at_cursor(text: &str) -> Composer {
    let (left, right) = text.split_once('|').expect("a cursor in the test's text");
    let mut composer = Composer::with_text(&format!("{left}{right}"));
    composer.cursor = left.len();
    composer
}

fn shown(composer: &Composer) -> String {
    let (left, right) = composer.text.split_at(composer.cursor);
    format!("{left}|{right}")
}

fn typed(composer: &mut Composer, text: &str) {
    for c in text.chars() {
        composer.insert(c.encode_utf8(&mut [0; 4]));
    }
}

#[test]
fn clusters_are_deleted_whole() {
    for cluster in ["👨‍👩‍👧", "🇯🇵", "e\u{301}", "👍🏽", "❤️", "1️⃣"] {
        check(&format!("a{cluster}|b"), &[Edit::DeleteLeft], "a|b");
        check(&format!("a|{cluster}b"), &[Edit::DeleteRight], "a|b");
        check(
            &format!("a{cluster}|b"),
            &[Edit::Left, Edit::Left],
            &format!("|a{cluster}b"),
        );
    }
}

#[test]
fn words_move_and_go_as_in_readline() {
    check("did the, build|", &[Edit::WordLeft], "did the, |build");
    check("did |the, build", &[Edit::WordRight], "did the|, build");
    check("did the, |build", &[Edit::KillWordLeft], "did |build");
    check("did| the, build", &[Edit::KillWordRight], "did|, build");
    check("a\nbc|d", &[Edit::KillToStart], "|d");
    check("a|b\nc", &[Edit::KillToEnd], "a|\nc");
}

#[test]
fn cuts_in_a_row_come_back_as_one() {
    check(
        "one two three|",
        &[Edit::KillWordLeft, Edit::KillWordLeft, Edit::Yank],
        "one two three|",
    );
    check(
        "one two three|",
        &[
            Edit::KillWordLeft,
            Edit::Left,
            Edit::KillWordLeft,
            Edit::Yank,
        ],
        "one two| ",
    );
}

/// Expected as Readline 8.2 does it (`rl_unix_word_rubout`, `rl_transpose_words`, `rl_change_case`).
#[test]
fn edits_of_words_are_those_of_readline() {
    use Edit::{Capitalise, Downcase, TransposeWords, UnixWordRubout, Upcase};
    for (before, edit, after) in [
        ("see https://a.example/b?c=1  |x", UnixWordRubout, "see |x"),
        ("one foo-bar|", UnixWordRubout, "one |"),
        ("one\n日本|", UnixWordRubout, "one\n|"),
        ("  |x", UnixWordRubout, "|x"),
        ("one two| three", TransposeWords, "one three two|"),
        ("one, tw|o", TransposeWords, "two, one|"),
        ("one two|", TransposeWords, "two one|"),
        ("one|", TransposeWords, "one|"),
        ("a |one two", Upcase, "a ONE| two"),
        ("a| ÉTÉ two", Downcase, "a été| two"),
        ("|o'NEIL", Capitalise, "O|'NEIL"),
        ("x| -two", Capitalise, "x -Two|"),
        ("x|!", Upcase, "x!|"),
    ] {
        check(before, &[edit], after);
    }
}

#[test]
fn a_yank_brings_back_what_was_cut_before_by_a_second_key() {
    use Edit::{KillWordLeft, KillWordRight, Left, LineEnd, Right, TextStart, Yank, YankPop};
    let cuts = [KillWordLeft, Left, Right, KillWordLeft, Left, Right];
    check("one two three|", &cuts, "one |");
    let edits = |more: &[Edit]| [&cuts[..], more].concat();
    check("one two three|", &edits(&[Yank]), "one two |");
    check("one two three|", &edits(&[Yank, YankPop]), "one three|");
    check(
        "one two three|",
        &edits(&[Yank, YankPop, YankPop]),
        "one two |",
    );
    check(
        "one two three|",
        &edits(&[Yank, YankPop, Yank]),
        "one threethree|",
    );
    check("one two three|", &edits(&[YankPop]), "one |");
    check(
        "one two three|",
        &edits(&[Yank, Left, YankPop]),
        "one two| ",
    );
    // Cuts in both directions are one, as long as nothing is between them.
    let both = [KillWordLeft, KillWordRight, TextStart, Yank];
    check("one two| three", &both, "two three|one ");
    check(
        "one two| three",
        &[KillWordLeft, LineEnd, KillWordLeft, Yank],
        "one  three|",
    );
}

#[test]
fn what_is_cut_in_one_box_is_yanked_in_another() {
    let mut kills = KillRing::default();
    let mut first = Composer::with_text("wrong room");
    first.edit(Edit::KillToStart, &mut kills);
    let mut second = Composer::with_text("to ");
    assert!(second.edit(Edit::Yank, &mut kills));
    assert_eq!(second.text(), "to wrong room");
    second.edit(Edit::KillToStart, &mut kills);
    // A cut in another box between the two is no continuation.
    first.insert("x");
    first.edit(Edit::KillToStart, &mut kills);
    first.edit(Edit::Yank, &mut kills);
    assert_eq!(first.text(), "x");
}

#[test]
fn transposing_swaps_around_the_cursor_within_its_line() {
    check("a|b", &[Edit::Transpose], "ba|");
    check("ab|", &[Edit::Transpose], "ba|");
    check("|ab", &[Edit::Transpose], "|ab");
    check("x\na|", &[Edit::Transpose], "x\na|");
    check("x\n|ab", &[Edit::Transpose], "x\n|ab");
    check("🇯🇵👍🏽|", &[Edit::Transpose], "👍🏽🇯🇵|");
}

#[test]
fn up_and_down_follow_drawn_rows_and_keep_their_column() {
    let mut composer = at_cursor("abcdefgh\nxy\nabcdefgh|");
    composer.set_width(80);
    composer.edit(Edit::Left, &mut KillRing::default());
    assert!(composer.edit(Edit::Up, &mut KillRing::default()));
    assert_eq!(shown(&composer), "abcdefgh\nxy|\nabcdefgh");
    assert!(composer.edit(Edit::Up, &mut KillRing::default()));
    assert_eq!(shown(&composer), "abcdefg|h\nxy\nabcdefgh");
    assert!(
        !composer.edit(Edit::Up, &mut KillRing::default()),
        "the first row: free for others"
    );

    let mut wrapped = at_cursor("one two three|");
    wrapped.set_width(9);
    assert!(wrapped.edit(Edit::Up, &mut KillRing::default()));
    assert_eq!(shown(&wrapped), "one t|wo three");
    assert!(wrapped.edit(Edit::Down, &mut KillRing::default()));
    assert_eq!(shown(&wrapped), "one two three|");
    assert!(!wrapped.edit(Edit::Down, &mut KillRing::default()));
}

#[test]
fn a_column_past_the_end_of_a_wrapped_row_stays_in_it() {
    let mut composer = at_cursor("abcdefghij\n0123456789|");
    composer.set_width(6);
    assert_eq!(composer.layout(6).rows.len(), 4);
    composer.edit(Edit::Up, &mut KillRing::default());
    assert_eq!(composer.layout(6).row, 2);
    composer.edit(Edit::Up, &mut KillRing::default());
    assert_eq!(composer.layout(6).row, 1);
    composer.edit(Edit::Up, &mut KillRing::default());
    assert_eq!(composer.layout(6).row, 0);
}

#[test]
fn typing_is_taken_back_by_words_and_a_paste_at_once() {
    let mut composer = Composer::default();
    typed(&mut composer, "ship it");
    composer.insert("one\r\ntwo\rthree");
    assert_eq!(composer.text(), "ship itone\ntwo\nthree");
    composer.edit(Edit::Undo, &mut KillRing::default());
    assert_eq!(composer.text(), "ship it");
    composer.edit(Edit::Undo, &mut KillRing::default());
    assert_eq!(composer.text(), "ship ");
    composer.edit(Edit::Undo, &mut KillRing::default());
    assert_eq!(composer.text(), "");
    assert!(!composer.edit(Edit::Undo, &mut KillRing::default()));
    composer.edit(Edit::Redo, &mut KillRing::default());
    composer.edit(Edit::Redo, &mut KillRing::default());
    assert_eq!(composer.text(), "ship it");
    typed(&mut composer, "!");
    assert!(
        !composer.edit(Edit::Redo, &mut KillRing::default()),
        "a change ends what can be redone"
    );
}

#[test]
fn the_text_is_bounded_and_says_what_it_leaves_out() {
    let mut composer = Composer::default();
    assert!(composer.insert(&"x".repeat(MAX_LEN - 1)));
    assert!(!composer.insert("日"), "no part of a cluster fits");
    assert!(composer.insert("y"));
    assert!(!composer.insert("z"));
    assert!(!composer.edit(Edit::NewLine, &mut KillRing::default()));
    assert_eq!(composer.text().len(), MAX_LEN);
}

#[test]
fn taking_empties_for_good() {
    let mut composer = Composer::with_text("hi");
    assert_eq!(composer.take(), "hi");
    assert!(composer.is_empty());
    assert!(!composer.edit(Edit::Undo, &mut KillRing::default()));
}

#[test]
fn the_layout_has_room_for_the_cursor() {
    let composer = Composer::with_text("abcd");
    let layout = composer.layout(5);
    assert_eq!((layout.rows.len(), layout.row, layout.column), (1, 0, 4));
    let layout = composer.layout(4);
    assert_eq!((layout.rows.len(), layout.row, layout.column), (2, 1, 1));
    let empty = Composer::default().layout(5);
    assert_eq!((empty.rows.len(), empty.row, empty.column), (1, 0, 0));
}

#[derive(Clone, Debug)]
enum Input {
    Insert(String),
    Edit(Edit),
    Width(u16),
}

fn input() -> impl Strategy<Value = Input> {
    let pieces = prop::sample::select(vec![
        "a",
        " ",
        "\n",
        "\t",
        "日",
        "\u{301}",
        "\u{200d}",
        "👩",
        "👧",
        "🇯",
        "🇵",
        "\u{fe0f}",
        "👍🏽",
        "क्षि",
        "한",
        "\r\n",
        "\u{1b}",
        "word and more",
    ]);
    prop_oneof![
        pieces.prop_map(|piece| Input::Insert(piece.to_owned())),
        prop::sample::select(Edit::iter().collect::<Vec<_>>()).prop_map(Input::Edit),
        (1_u16..30).prop_map(Input::Width),
    ]
}

#[test]
fn a_row_down_is_somewhere_else_where_a_space_is_joined() {
    let mut composer = Composer::with_text(" \u{200d}日a");
    composer.edit(Edit::LineStart, &mut KillRing::default());
    composer.set_width(1);
    assert!(composer.edit(Edit::Down, &mut KillRing::default()));
    assert_eq!(composer.cursor(), " \u{200d}".len());
}

#[test]
fn transposing_three_equal_flag_letters_changes_nothing() {
    let mut composer = Composer::default();
    for _ in 0..3 {
        composer.insert("🇯");
    }
    let before = (composer.text.clone(), composer.cursor);
    assert!(!composer.edit(Edit::Transpose, &mut KillRing::default()));
    assert_eq!((composer.text, composer.cursor), before);
}

#[test]
fn an_undo_that_would_show_nothing_is_skipped() {
    let (mut composer, mut kills) = (Composer::default(), KillRing::default());
    composer.insert("ab");
    composer.edit(Edit::SelectAll, &mut kills);
    composer.insert("ab");
    assert!(composer.edit(Edit::Undo, &mut kills));
    assert_eq!(composer.text(), "");
}

proptest! {
    #[test]
    fn any_edits_keep_the_cursor_on_a_boundary(inputs in prop::collection::vec(input(), 0..60)) {
        let (mut composer, mut kills) = (Composer::default(), KillRing::default());
        let mut width = 20;
        for input in inputs {
            let before = (composer.text.clone(), composer.cursor);
            let changed = match input {
                Input::Insert(text) => { composer.insert(&text); continue; }
                Input::Width(to) => { width = to; composer.set_width(to); continue; }
                Input::Edit(edit) => composer.edit(edit, &mut kills),
            };
            prop_assert!(is_boundary(&composer.text, composer.cursor));
            prop_assert_eq!(changed, before != (composer.text.clone(), composer.cursor));
            let layout = composer.layout(width);
            prop_assert!(layout.column < usize::from(width.max(2)));
            let row = &layout.rows[layout.row];
            prop_assert!(row.start <= composer.cursor && composer.cursor <= row.end);
        }
        while composer.edit(Edit::Undo, &mut KillRing::default()) {}
        prop_assert!(composer.is_empty(), "as many steps as are kept reach the beginning");
    }
}
