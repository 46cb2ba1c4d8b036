//! Tests with terminals that take other widths than the drawing library: what `vt100` prints is
//! replaced by characters of the width that the modelled terminal gives them.

mod corpus;

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;

const WIDTH: u16 = 24;
const HEIGHT: u16 = 3;

/// The columns beside the part whose rows move.
const LIST: u16 = 6;

/// The cells that a terminal takes for a cluster without an agreed width, as a list of widths of the
/// parts that it draws. Zero attaches a part to the cell before the cursor.
type Model = fn(&str) -> Vec<u16>;

fn per_character(cluster: &str, width: impl Fn(char) -> u16) -> Vec<u16> {
    let agreed = |c: char| {
        let c = c.to_string();
        has_agreed_width(&c).then(|| c.cell_width())
    };
    let widths = cluster
        .chars()
        .map(|c| agreed(c).unwrap_or_else(|| width(c)));
    widths.collect()
}

const MODELS: [(&str, Model); 8] = [
    ("wcwidth", |cluster| {
        per_character(cluster, |c| match c {
            c if is_combining_mark(c) => 0,
            c => c.to_string().cell_width().min(2),
        })
    }),
    ("before emoji", |cluster| {
        per_character(cluster, |c| u16::from(!is_combining_mark(c)))
    }),
    ("one per character", |cluster| per_character(cluster, |_| 1)),
    ("two per character", |cluster| per_character(cluster, |_| 2)),
    ("attached", |cluster| per_character(cluster, |_| 0)),
    ("one per cluster", |_| vec![1]),
    ("two per cluster", |_| vec![2]),
    ("dropped", |_| Vec::new()),
];

/// The characters that `vt100` gives these widths, apart for different parts.
fn stand_ins(cluster: &str, widths: &[u16]) -> String {
    let chars = cluster.chars().chain(std::iter::repeat('x'));
    let stand_in = |(c, width): (char, &u16)| {
        let code = u32::from(c);
        let code = match width {
            0 => 0x300 + code % 0x40,
            1 => 0x100 + code % 0x80,
            _ => 0x4e00 + code % 0x5000,
        };
        char::from_u32(code).unwrap()
    };
    chars.zip(widths).map(stand_in).collect()
}

/// What a program wrote, as `vt100` must read it to behave like the modelled terminal.
fn modelled(written: &[u8], model: Model) -> String {
    let text = std::str::from_utf8(written).unwrap();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if first == '\u{1b}' {
            rest.find(|c: char| c.is_ascii_alphabetic()).unwrap() + 1
        } else {
            rest.graphemes(true).next().unwrap().len()
        };
        let (part, after) = rest.split_at(len);
        if first == '\u{1b}' || has_agreed_width(part) {
            out.push_str(part);
        } else {
            out.push_str(&stand_ins(part, &model(part)));
        }
        rest = after;
    }
    out
}

struct Modelled {
    model: Model,
    parser: vt100::Parser,
}

impl Modelled {
    fn new(model: Model, height: u16) -> Self {
        let size = |cells| NonZeroU16::new(cells).unwrap();
        Self {
            model,
            parser: vt100::Parser::new(size(height), size(WIDTH), 0),
        }
    }

    fn show(&mut self, shown: &Buffer, next: &Buffer) {
        let pen = paint(shown, next, Rect::ZERO);
        self.process(pen);
    }

    /// Shows a frame after rows of the right part moved, if any did, whatever it costs.
    fn show_moved(&mut self, shown: &Buffer, next: &Buffer) {
        let mut pen = Pen::default();
        let pane = Rect::new(LIST, 0, WIDTH - LIST, next.area.height);
        match Shift::find(shown, next, pane) {
            Some(shift) => {
                let moved = shift.apply(&mut pen, shown);
                paint_rows(&mut pen, &moved, next);
            }
            None => paint_rows(&mut pen, shown, next),
        }
        self.process(pen);
    }

    fn process(&mut self, pen: Pen) {
        let bytes = pen.finish(None);
        let bytes = modelled(bytes.as_bytes(), self.model);
        self.parser.process(bytes.as_bytes());
    }

    /// Each cell's text and whether it is coloured.
    fn cells(&self) -> Vec<(String, bool)> {
        let (height, _) = self.parser.screen().size();
        let places = (0..height.get()).flat_map(|y| (0..WIDTH).map(move |x| (y, x)));
        let cell = |(y, x)| {
            let cell = self.parser.screen().cell(y, x).unwrap();
            let text = match cell.contents() {
                "" => " ",
                text => text,
            };
            (text.to_owned(), cell.inverse())
        };
        places.map(cell).collect()
    }
}

fn frame(lines: &[(String, bool)]) -> Buffer {
    let height = HEIGHT.max(u16::try_from(lines.len()).unwrap());
    let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, height));
    for (y, (line, is_chosen)) in (0..).zip(lines) {
        buffer.set_stringn(0, y, line, WIDTH.into(), Style::new());
        if *is_chosen {
            let row = Rect::new(0, y, WIDTH, 1);
            buffer.set_style(row, Style::new().reversed());
        }
    }
    buffer
}

/// Checks a sequence of frames in all terminals: each looks like the same frame on a cleared screen,
/// and text of agreed width is where it belongs.
fn check(frames: &[Buffer]) {
    for (name, model) in MODELS {
        let height = frames[0].area.height;
        let blank = Buffer::empty(frames[0].area);
        let mut terminal = Modelled::new(model, height);
        let mut shown = &blank;
        for next in frames {
            terminal.show_moved(shown, next);
            shown = next;
            let mut redrawn = Modelled::new(model, height);
            redrawn.show(&blank, next);
            let cells = terminal.cells();
            assert_eq!(cells, redrawn.cells(), "{name}: {frames:?}");
            for y in 0..height {
                for (x, cell) in clusters(next, y) {
                    let at = usize::from(y * WIDTH + x);
                    if !is_doubtful(cell) && cell.symbol() != " " {
                        assert_eq!(cells[at].0, cell.symbol(), "{name}: {next:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_frame_looks_as_on_a_cleared_screen_in_every_terminal() {
    for cluster in [
        "ทำ",
        "क्षि",
        "ﾊﾟ",
        "e\u{301}",
        "🦀",
        "\u{1fae9}",
        "❤\u{fe0f}",
        "🇯🇵",
        "\u{fffe}",
        "\u{e000}",
        "👩\u{200d}🔬",
        "\u{1f1ef}",
        "\u{1100}\u{1161}",
        "😀",
        "\u{301}",
    ] {
        let lines = |text: String| {
            let below = |text: &str| (text.to_owned(), false);
            frame(&[(text, false), below("latin"), below("bottom")])
        };
        let frames = [
            format!("abc {cluster}"),
            String::new(),
            format!("abc {cluster}def"),
            "abcdefghijklmnopqrstuvwx".to_owned(),
            cluster.repeat(30),
            format!("{cluster}{cluster} ok"),
            format!("{}{cluster}", "x".repeat(22)),
            "ok".to_owned(),
        ];
        check(&frames.map(lines));
    }
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z ]{1,6}",
        1 => "[日本語ひらカナ한글]{1,3}",
        1 => "[ก-ู]{1,4}",
        1 => "[क-्]{1,4}",
        1 => "[ｦ-ﾟ]{1,3}",
        1 => "[ᄀ-ᇿ]{1,3}",
        1 => "[🇦-🇿]{1,3}",
        2 => "[😀-🫿]\u{fe0f}?(\u{200d}[♂⚕🔬👩])?[🏻-🏿]?",
        1 => "[❤☕✈#1]\u{fe0f}?\u{20e3}?",
        1 => "[a-e][\u{300}-\u{320}]{1,5}",
        1 => "\\PC{1,4}",
    ]
}

fn lines() -> impl Strategy<Value = Buffer> {
    let line = prop::collection::vec(part(), 0..5).prop_map(|parts| parts.concat());
    let row = (line, prop::bool::weighted(0.2));
    prop::collection::vec(row, usize::from(HEIGHT)).prop_map(|rows| frame(&rows))
}

proptest! {
    #[test]
    fn any_sequence_of_frames_looks_as_on_a_cleared_screen(
        frames in prop::collection::vec(lines(), 2..5),
    ) {
        check(&frames);
    }
}

/// Frames in which the lines of the right part move, and those of the left part stay.
fn moving_frames() -> impl Strategy<Value = Vec<Buffer>> {
    let text = || prop::collection::vec(part(), 0..4).prop_map(|parts| parts.concat());
    let rows = 8;
    let messages = prop::collection::vec((text(), prop::bool::weighted(0.1)), 3 * rows);
    let list = prop::collection::vec(text(), rows);
    let tops = prop::collection::vec(0..2 * rows, 2..5);
    (messages, list, tops).prop_map(move |(messages, list, tops)| {
        let frame_at = |top: usize| {
            let mut buffer = frame(&messages[top..top + rows]);
            // A line of the list ends before the pane, as the client draws it.
            for (y, text) in (0..).zip(&list) {
                for x in 0..LIST {
                    buffer[(x, y)].reset();
                }
                buffer.set_stringn(0, y, text, LIST.into(), Style::new());
                if let Some(text) = messages.get(top + usize::from(y)) {
                    for x in LIST..WIDTH {
                        buffer[(x, y)].reset();
                    }
                    let room = usize::from(WIDTH - LIST);
                    buffer.set_stringn(LIST, y, &text.0, room, Style::new());
                }
            }
            buffer
        };
        tops.into_iter().map(frame_at).collect()
    })
}

proptest! {
    #[test]
    fn rows_that_moved_look_as_on_a_cleared_screen(frames in moving_frames()) {
        check(&frames);
    }
}

#[test]
fn a_row_that_leaves_may_come_in_at_the_other_end() {
    let rows = |letters: &str| {
        let row = |letter: char| (format!("list    {}", letter.to_string().repeat(9)), false);
        frame(&letters.chars().map(row).collect::<Vec<_>>())
    };
    check(&[
        rows("abcdef"),
        rows("bcdefa"),
        rows("abcdef"),
        rows("efabcd"),
    ]);
}

fn style() -> impl Strategy<Value = Style> {
    let colour = || {
        prop_oneof![
            Just(Color::Reset),
            Just(Color::Red),
            Just(Color::DarkGray),
            Just(Color::White),
            Just(Color::Indexed(200)),
            Just(Color::Rgb(1, 20, 255)),
        ]
    };
    // `vt100` has no text that is bold and dim.
    let weight = [Modifier::empty(), Modifier::BOLD, Modifier::DIM];
    let others = [Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED];
    let weight = prop::sample::select(weight.to_vec());
    let others = prop::sample::subsequence(others.to_vec(), 0..=2);
    (colour(), colour(), weight, others).prop_map(|(fg, bg, weight, others)| {
        let style = Style::new().fg(fg).bg(bg).add_modifier(weight);
        others.into_iter().fold(style, Style::add_modifier)
    })
}

/// Lines of text whose width all terminals agree on, in any style.
fn styled_frame() -> impl Strategy<Value = Buffer> {
    let text = prop_oneof![3 => "[a-z ]{1,12}", 1 => " {4,24}", 1 => "[日本語한]{1,4}"];
    let plain = prop_oneof![1 => Just(Style::new()), 1 => style()];
    let line = prop::collection::vec((text, plain), 0..5);
    prop::collection::vec(line, usize::from(HEIGHT)).prop_map(|lines| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
        for (y, line) in (0..).zip(lines) {
            let mut x = 0;
            for (text, style) in line {
                let room = usize::from(WIDTH - x);
                (x, _) = buffer.set_stringn(x, y, text, room, style);
            }
        }
        buffer
    })
}

proptest! {
    #[test]
    fn text_of_agreed_width_looks_as_drawn_by_the_library(
        frames in prop::collection::vec(styled_frame(), 2..5),
    ) {
        let size = |cells| NonZeroU16::new(cells).unwrap();
        let new = || vt100::Parser::new(size(HEIGHT), size(WIDTH), 0);
        let mut shown = Buffer::empty(frames[0].area);
        let mut terminal = new();
        for next in frames {
            let pen = paint(&shown, &next, Rect::ZERO);
            terminal.process(pen.finish(None).as_bytes());
            let mut by_library = Vec::new();
            let mut library = CrosstermBackend::new(&mut by_library);
            library.draw(Buffer::empty(next.area).diff_iter(&next)).unwrap();
            let mut expected = new();
            expected.process(&by_library);
            for place in (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x))) {
                let cell = |parser: &vt100::Parser| looks(parser.screen().cell(place.0, place.1).unwrap());
                prop_assert_eq!(cell(&terminal), cell(&expected), "{:?}", place);
            }
            shown = next;
        }
    }
}

/// The text of a cell, and all that is seen of its style.
fn looks(cell: &vt100::Cell) -> (String, [vt100::Color; 2], [bool; 5]) {
    let text = match cell.contents() {
        "" => " ",
        text => text,
    };
    let styles = [
        cell.bold(),
        cell.dim(),
        cell.italic(),
        cell.underline(),
        cell.inverse(),
    ];
    // A blank has no text whose colour could be seen.
    let fg = match (text, styles) {
        (" ", [false, false, false, false, false]) => vt100::Color::Default,
        _ => cell.fgcolor(),
    };
    (text.to_owned(), [fg, cell.bgcolor()], styles)
}

#[test]
fn a_changed_word_takes_few_bytes() {
    let line = |text: &str| frame(&[(text.to_owned(), false)]);
    for (before, after, bytes) in [
        ("plain", "plain text", "\x1b[1;7Htext"),
        ("one two six", "one two war", "\x1b[1;9Hwar"),
        ("abcdef", "xbcdex", "\x1b[1Hxbcdex"),
        ("abcdefghij", "xbcdefghix", "\x1b[1Hx\x1b[8Cx"),
        ("gone and away", "gone", "\x1b[1;6H\x1b[K"),
    ] {
        let pen = paint(&line(before), &line(after), Rect::ZERO);
        assert_eq!(pen.finish(None), bytes, "{before:?}");
    }
}

#[test]
fn rows_that_moved_are_moved_by_the_terminal() {
    let lines = |from: usize| {
        let line = |n: usize| {
            let letter = char::from(b'a' + u8::try_from(n).unwrap());
            (format!("list    {}", letter.to_string().repeat(16)), false)
        };
        frame(&(from..from + 20).map(line).collect::<Vec<_>>())
    };
    let pane = Rect::new(LIST, 0, WIDTH - LIST, 20);
    let bytes = |shown: &Buffer, next: &Buffer| {
        let pen = paint(shown, next, pane);
        pen.finish(None)
    };
    let up = bytes(&lines(0), &lines(3));
    assert!(up.starts_with("\x1b[1;20r\x1b[1H\x1b[3M\x1b[r"), "{up:?}");
    let down = bytes(&lines(3), &lines(0));
    assert!(
        down.starts_with("\x1b[1;20r\x1b[1H\x1b[3L\x1b[r"),
        "{down:?}"
    );
}
