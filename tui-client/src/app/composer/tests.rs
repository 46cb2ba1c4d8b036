use proptest::prelude::*;

use super::*;

const EDITS: [Edit; 21] = [
    Edit::NewLine,
    Edit::Left,
    Edit::Right,
    Edit::Up,
    Edit::Down,
    Edit::WordLeft,
    Edit::WordRight,
    Edit::LineStart,
    Edit::LineEnd,
    Edit::TextStart,
    Edit::TextEnd,
    Edit::DeleteLeft,
    Edit::DeleteRight,
    Edit::KillWordLeft,
    Edit::KillWordRight,
    Edit::KillToStart,
    Edit::KillToEnd,
    Edit::Yank,
    Edit::Transpose,
    Edit::Undo,
    Edit::Redo,
];

/// `before`, then edits, then the text afterwards; `|` is the cursor.
fn check(before: &str, edits: &[Edit], after: &str) {
    let mut composer = at_cursor(before);
    for &edit in edits {
        composer.edit(edit);
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
    check("a\nbc|d", &[Edit::KillToStart], "a\n|d");
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
    composer.edit(Edit::Left);
    assert!(composer.edit(Edit::Up));
    assert_eq!(shown(&composer), "abcdefgh\nxy|\nabcdefgh");
    assert!(composer.edit(Edit::Up));
    assert_eq!(shown(&composer), "abcdefg|h\nxy\nabcdefgh");
    assert!(!composer.edit(Edit::Up), "the first row: free for others");

    let mut wrapped = at_cursor("one two three|");
    wrapped.set_width(9);
    assert!(wrapped.edit(Edit::Up));
    assert_eq!(shown(&wrapped), "one t|wo three");
    assert!(wrapped.edit(Edit::Down));
    assert_eq!(shown(&wrapped), "one two three|");
    assert!(!wrapped.edit(Edit::Down));
}

#[test]
fn a_column_past_the_end_of_a_wrapped_row_stays_in_it() {
    let mut composer = at_cursor("abcdefghij\n0123456789|");
    composer.set_width(6);
    assert_eq!(composer.layout(6).rows.len(), 4);
    composer.edit(Edit::Up);
    assert_eq!(composer.layout(6).row, 2);
    composer.edit(Edit::Up);
    assert_eq!(composer.layout(6).row, 1);
    composer.edit(Edit::Up);
    assert_eq!(composer.layout(6).row, 0);
}

#[test]
fn typing_is_taken_back_by_words_and_a_paste_at_once() {
    let mut composer = Composer::default();
    typed(&mut composer, "ship it");
    composer.insert("one\r\ntwo\rthree");
    assert_eq!(composer.text(), "ship itone\ntwo\nthree");
    composer.edit(Edit::Undo);
    assert_eq!(composer.text(), "ship it");
    composer.edit(Edit::Undo);
    assert_eq!(composer.text(), "ship ");
    composer.edit(Edit::Undo);
    assert_eq!(composer.text(), "");
    assert!(!composer.edit(Edit::Undo));
    composer.edit(Edit::Redo);
    composer.edit(Edit::Redo);
    assert_eq!(composer.text(), "ship it");
    typed(&mut composer, "!");
    assert!(
        !composer.edit(Edit::Redo),
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
    assert!(!composer.edit(Edit::NewLine));
    assert_eq!(composer.text().len(), MAX_LEN);
}

#[test]
fn taking_empties_for_good() {
    let mut composer = Composer::with_text("hi");
    assert_eq!(composer.take(), "hi");
    assert!(composer.is_empty());
    assert!(!composer.edit(Edit::Undo));
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
        prop::sample::select(EDITS.to_vec()).prop_map(Input::Edit),
        (1_u16..30).prop_map(Input::Width),
    ]
}

#[test]
fn a_row_down_is_somewhere_else_where_a_space_is_joined() {
    let mut composer = Composer::with_text(" \u{200d}日a");
    composer.edit(Edit::LineStart);
    composer.set_width(1);
    assert!(composer.edit(Edit::Down));
    assert_eq!(composer.cursor(), " \u{200d}".len());
}

#[test]
fn transposing_three_equal_flag_letters_changes_nothing() {
    let mut composer = Composer::default();
    for _ in 0..3 {
        composer.insert("🇯");
    }
    let before = (composer.text.clone(), composer.cursor);
    assert!(!composer.edit(Edit::Transpose));
    assert_eq!((composer.text, composer.cursor), before);
}

proptest! {
    #[test]
    fn any_edits_keep_the_cursor_on_a_boundary(inputs in prop::collection::vec(input(), 0..60)) {
        let mut composer = Composer::default();
        let mut width = 20;
        for input in inputs {
            let before = (composer.text.clone(), composer.cursor);
            let changed = match input {
                Input::Insert(text) => { composer.insert(&text); continue; }
                Input::Width(to) => { width = to; composer.set_width(to); continue; }
                Input::Edit(edit) => composer.edit(edit),
            };
            prop_assert!(is_boundary(&composer.text, composer.cursor));
            prop_assert_eq!(changed, before != (composer.text.clone(), composer.cursor));
            let layout = composer.layout(width);
            prop_assert!(layout.column < usize::from(width.max(2)));
            let row = &layout.rows[layout.row];
            prop_assert!(row.start <= composer.cursor && composer.cursor <= row.end);
        }
        while composer.edit(Edit::Undo) {}
        prop_assert!(composer.is_empty(), "as many steps as are kept reach the beginning");
    }
}
