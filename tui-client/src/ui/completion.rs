//! Drawing of the completion list above the composer.

use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::canvas::Canvas;
use super::text::{columns, indent};
use super::theme::Theme;
use crate::app::screen::CompletionView;
use crate::cells;

const MAX_ROWS: u16 = 6;

/// Draws the rows that end above `below`, from `top` on, with the chosen one in sight.
pub(super) fn render(canvas: &mut Canvas<'_>, below: Rect, top: u16, list: &CompletionView<'_>) {
    let wanted = u16::try_from(list.rows.len()).unwrap_or(MAX_ROWS);
    let height = wanted.min(MAX_ROWS).min(below.y.saturating_sub(top));
    let area = Rect::new(below.x, below.y - height, below.width, height);
    let past_chosen = list.chosen.map_or(0, |chosen| chosen + 1);
    let skip = past_chosen.saturating_sub(height.into());
    let rows = list.rows.iter().enumerate().skip(skip);
    for (area, (index, (label, detail))) in area.rows().zip(rows) {
        Clear.render(area, canvas.buffer);
        canvas.put((area.x, area.y), 1, "┃", Theme::dim());
        let inner = Rect::new(area.x + 2, area.y, area.width.saturating_sub(3), 1);
        // What can be written matters more than what it does.
        let used = columns(&cells::row(label)).min(inner.width);
        let left = (inner.width - used).saturating_sub(2);
        if left >= 8 && !detail.is_empty() {
            canvas.draw_right(indent(inner, used + 2), detail, Theme::dim());
        }
        canvas.draw_line(inner, label, Theme::text());
        if Some(index) == list.chosen {
            canvas.buffer.set_style(area, Theme::chosen());
        }
    }
}
