//! Tests with terminals that take other widths than the drawing library: what `vt100` prints is
//! replaced by characters of the width that the modelled terminal gives them.

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;

const WIDTH: u16 = 24;
const HEIGHT: u16 = 3;

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
    fn new(model: Model) -> Self {
        let size = |cells| NonZeroU16::new(cells).unwrap();
        Self {
            model,
            parser: vt100::Parser::new(size(HEIGHT), size(WIDTH), 0),
        }
    }

    fn show(&mut self, shown: &Buffer, next: &Buffer) {
        let mut bytes = Vec::new();
        paint(&mut bytes, shown, next).unwrap();
        self.parser.process(modelled(&bytes, self.model).as_bytes());
    }

    /// Each cell's text and whether it is coloured.
    fn cells(&self) -> Vec<(String, bool)> {
        let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x)));
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
    let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
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
        let blank = frame(&[]);
        let mut terminal = Modelled::new(model);
        let mut shown = &blank;
        for next in frames {
            terminal.show(shown, next);
            shown = next;
            let mut redrawn = Modelled::new(model);
            redrawn.show(&blank, next);
            let cells = terminal.cells();
            assert_eq!(cells, redrawn.cells(), "{name}: {frames:?}");
            for y in 0..HEIGHT {
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

#[test]
fn text_of_agreed_width_is_drawn_as_by_the_library() {
    let line = |text: &str| frame(&[(text.to_owned(), false)]);
    let frames = [
        line("plain text"),
        line("日本語 and ascii"),
        line("日本 and ascii"),
        line("é ж"),
    ];
    for pair in frames.windows(2) {
        let mut bytes = Vec::new();
        paint(&mut bytes, &pair[0], &pair[1]).unwrap();
        let mut by_library = Vec::new();
        let mut library = CrosstermBackend::new(&mut by_library);
        library.draw(pair[0].diff_iter(&pair[1])).unwrap();
        assert_eq!(bytes, by_library);
    }
}
