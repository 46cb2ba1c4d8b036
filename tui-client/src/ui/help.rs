//! Drawing of the help: the keys by context, over the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{columns, put, row};
use super::theme::Theme;
use crate::cells;
use crate::strings;

/// Widest box, and widest column of keys.
const MAX_WIDTH: u16 = 76;
const MAX_KEYS: u16 = 24;

/// Below this width what a key does matters more than its second key.
const NARROW: u16 = 48;

/// Tables: heading, then (keys, what they do).
type Tables<'a> = &'a [(&'static str, Vec<(String, &'static str)>)];

enum Line<'a> {
    Heading(&'a str),
    Keys(&'a str, &'a str),
    Blank,
}

/// Draws the help, scrolled; the scroll ends at the last row.
pub(super) fn render(buffer: &mut Buffer, screen: Rect, tables: Tables<'_>, scroll: u16) {
    let lines = lines(tables);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = super::overlay_area(screen, MAX_WIDTH, rows.saturating_add(2));
    let inner = super::draw_box(buffer, area, strings::overlays::HELP_TITLE);
    let top = scroll.min(rows.saturating_sub(inner.height));
    let widest = tables
        .iter()
        .flat_map(|(_, rows)| rows)
        .map(|(keys, _)| columns(keys))
        .max()
        .unwrap_or(0);
    let most = if inner.width < NARROW {
        inner.width / 3
    } else {
        MAX_KEYS
    };
    let keys_width = widest.min(most);
    for (at, entry) in (0..inner.height).zip(lines.iter().skip(top.into())) {
        let area = row(inner, at);
        match entry {
            Line::Blank => {}
            Line::Heading(heading) => {
                super::text::line(buffer, area, heading, Theme::strong());
            }
            Line::Keys(keys, does) => {
                let keys = fitting(keys, keys_width.into());
                put(buffer, (area.x, area.y), keys_width, &keys, Theme::strong());
                let left = keys_width + 2;
                let rest = Rect::new(area.x + left, area.y, area.width.saturating_sub(left), 1);
                super::text::line(buffer, rest, does, Theme::text());
            }
        }
    }
    let below = rows - top - inner.height.min(rows - top);
    if below > 0 && area.height > 2 {
        super::text::footer(buffer, area, &strings::overlays::more_below(below));
    }
}

/// As many of several keys as fit into a width; a first one that does not fit is cut.
fn fitting(keys: &str, width: usize) -> String {
    let ends = keys.rmatch_indices(' ').map(|(at, _)| at);
    let ends = std::iter::once(keys.len()).chain(ends);
    let mut shorter = ends.map(|end| keys[..end].trim_end_matches([' ', '…']));
    let fits = shorter.find(|keys| cells::width(keys) <= width);
    cells::truncate(fits.unwrap_or(keys), width)
}

fn lines(tables: Tables<'_>) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (heading, rows) in tables {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Heading(heading));
        lines.extend(rows.iter().map(|(keys, does)| Line::Keys(keys, does)));
    }
    lines
}
