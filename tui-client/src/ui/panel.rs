//! Lists of members, rooms and devices, and questions, over the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::list;
use super::text::{columns, line, put, right, row, when};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::screen::PanelRow;
use crate::cells;
use crate::strings;

/// Widest and highest box.
const MAX_WIDTH: u16 = 60;
const MAX_ROWS: u16 = 16;

/// Draws a list with the chosen row in sight.
pub(super) fn render(
    buffer: &mut Buffer,
    screen: Rect,
    (title, rows, chosen, note): (&str, &[PanelRow], usize, &str),
    view: &mut ViewState,
) {
    let wanted = u16::try_from(rows.len().max(1)).unwrap_or(MAX_ROWS);
    let area = super::overlay_area(screen, MAX_WIDTH, wanted.min(MAX_ROWS) + 2);
    let inner = super::draw_box(buffer, area, title);
    list::render(
        buffer,
        inner,
        (rows, chosen, note),
        view,
        |buffer, area, (_, index), view| {
            draw_row(buffer, area, &rows[index], view);
            true
        },
    );
}

fn draw_row(buffer: &mut Buffer, area: Rect, entry: &PanelRow, view: &ViewState) {
    let mut detail = entry.detail.clone();
    if let Some(time) = entry.time {
        detail = format!("{detail} {}", when(time, view.now, &view.time_zone));
    }
    // The name matters more than what else there is to know.
    let room = area
        .width
        .saturating_sub(columns(&cells::row(&entry.label)) + 4);
    let room = room.clamp(area.width / 3, area.width);
    let last = Rect::new(area.right() - room, area.y, room, 1);
    let end = if detail.is_empty() {
        area.right()
    } else {
        right(buffer, last, &detail, Theme::dim())
    };
    let mut x = area.x;
    if entry.presence.is_some() {
        let (glyph, style) = view.theme.presence(entry.presence);
        put(buffer, (x, area.y), 1, glyph, style);
        x += 2;
    }
    let rest = Rect::new(x, area.y, end.saturating_sub(x + 1), 1);
    line(buffer, rest, &entry.label, Theme::text());
}

/// Draws a question and how to answer it.
pub(super) fn render_question(buffer: &mut Buffer, screen: Rect, question: &str, answers: &str) {
    let width = MAX_WIDTH.min(screen.width);
    let room = usize::from(width.saturating_sub(8)).max(1);
    let safe = cells::row(question);
    let rows = cells::wrap(&safe, room);
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let area = super::overlay_area(screen, width, height.saturating_add(3));
    let inner = super::draw_box(buffer, area, strings::overlays::CONFIRM_TITLE);
    let last = inner.height.saturating_sub(1);
    for (at, range) in (0..last).zip(rows) {
        line(buffer, row(inner, at), &safe[range], Theme::text());
    }
    line(buffer, row(inner, last), answers, Theme::strong());
}
