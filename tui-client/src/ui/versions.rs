//! Drawing of the earlier texts of a message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use recado_shared::Timestamp;

use super::text::{footer, line, moment, row};
use super::theme::Theme;
use super::view::ViewState;
use crate::cells;
use crate::strings;

const MAX_WIDTH: u16 = 76;

/// Draws the texts with their times, scrolled; the scroll ends at the last row.
pub(super) fn render(
    buffer: &mut Buffer,
    screen: Rect,
    (texts, scroll): (&[(Timestamp, &str)], u16),
    view: &ViewState,
) {
    let width = MAX_WIDTH.min(screen.width);
    let lines = lines(texts, usize::from(width.saturating_sub(8).max(1)), view);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = super::overlay_area(screen, width, rows.saturating_add(2));
    let inner = super::draw_box(buffer, area, strings::overlays::VERSIONS_TITLE);
    let top = scroll.min(rows.saturating_sub(inner.height));
    for (at, (text, style)) in (0..inner.height).zip(lines.iter().skip(top.into())) {
        line(buffer, row(inner, at), text, *style);
    }
    let below = rows.saturating_sub(top.saturating_add(inner.height));
    if below > 0 {
        footer(buffer, area, &strings::overlays::more_below(below));
    }
}

fn lines(texts: &[(Timestamp, &str)], width: usize, view: &ViewState) -> Vec<(String, Style)> {
    if texts.is_empty() {
        return vec![(strings::overlays::VERSION_DELETED.to_owned(), Theme::dim())];
    }
    let mut lines = Vec::new();
    for (at, (time, body)) in texts.iter().enumerate() {
        if at > 0 {
            lines.push((String::new(), Theme::text()));
        }
        let time = moment(*time, view.now, &view.time_zone);
        let what = match (at, at + 1 == texts.len()) {
            (0, _) => strings::overlays::VERSION_FIRST,
            (_, true) => strings::overlays::VERSION_CURRENT,
            (_, false) => strings::overlays::VERSION_EDITED,
        };
        lines.push((format!("{what} {time}"), Theme::dim()));
        let rows = cells::wrap(body, width).into_iter();
        lines.extend(rows.map(|range| (body[range].trim_end().to_owned(), Theme::text())));
    }
    lines
}
