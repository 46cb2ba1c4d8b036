//! Frames in each class of theme, with the style of each cell, and in ASCII.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use recado_shared::Seq;

use super::{at, busy, drawn, text, view};
use crate::app::composer::Composer;
use crate::app::screen::{Focus, ItemId};
use crate::ui::{BuiltIn, ColourDepth, Glyphs, Rgb, SymbolChoice, TerminalColours};

/// A frame as letters that stand for the styles of its cells, and what they stand for. A cell in the style of plain text is
/// blank.
fn styles(buffer: &Buffer) -> String {
    let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
    let plain = look(&Cell::EMPTY);
    let mut known = vec![plain];
    let mut drawing = String::new();
    for row in buffer.content.chunks(buffer.area.width.into()) {
        let mut line = String::new();
        for cell in row {
            let found = known.iter().position(|style| *style == look(cell));
            let at = found.unwrap_or_else(|| {
                known.push(look(cell));
                known.len() - 1
            });
            line.push(" abcdefghijklmnopqrstuvwxyz".chars().nth(at).unwrap());
        }
        writeln!(drawing, "{}", line.trim_end()).unwrap();
    }
    for (letter, (fg, bg, modifier)) in ('a'..).zip(&known[1..]) {
        writeln!(drawing, "{letter} {fg} on {bg} {modifier:?}").unwrap();
    }
    drawing
}

#[test]
fn each_theme_has_its_styles() {
    let composer = Composer::with_text("half");
    let mut screen = busy(&composer);
    screen.focus = Focus::Selection(ItemId::Entry(Seq(5)));
    screen.failed = 1;
    let mut light = TerminalColours {
        depth: ColourDepth::Sixteen,
        ..TerminalColours::default()
    };
    light.background = Some(Rgb(255, 255, 255));
    let terminal = TerminalColours::default();
    let themes = BuiltIn::ALL.map(|theme| (theme.name(), theme.theme(&terminal)));
    let on_light = ("16-colour-light", BuiltIn::Sixteen.theme(&light));
    for (name, theme) in themes.into_iter().chain([on_light]) {
        let mut view = view();
        view.now = at("2026-11-21T09:45:00Z");
        view.set_theme(theme);
        let buffer = drawn(&screen, &mut view, 64, 12);
        insta::assert_snapshot!(format!("theme_{name}"), styles(&buffer));
    }
}

#[test]
fn without_unicode_signs_and_borders_are_ascii() {
    let composer = Composer::with_text("half");
    let mut screen = busy(&composer);
    screen.waiting = 2;
    for (width, height) in [(80, 24), (40, 12), (20, 6)] {
        let mut view = view();
        view.glyphs = Glyphs::new(SymbolChoice::Ascii, true, None);
        let drawing = text(&drawn(&screen, &mut view, width, height));
        assert!(drawing.is_ascii(), "{drawing}");
        insta::assert_snapshot!(format!("ascii_{width}x{height}"), drawing);
    }
}
