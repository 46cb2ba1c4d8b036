//! Drawing of the rows of any list overlay, with the chosen row in sight and clickable rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{line, row};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::ClickTarget;

/// Draws one-line rows from the top of `area`, or `note` if there are none. `draw` returns whether
/// the row can be chosen.
pub(super) fn render<T>(
    buffer: &mut Buffer,
    area: Rect,
    (rows, chosen, note): (&[T], usize, &str),
    view: &mut ViewState,
    draw: impl Fn(&mut Buffer, Rect, (u16, usize), &ViewState) -> bool,
) {
    if rows.is_empty() {
        line(buffer, row(area, 0), note, Theme::dim());
    }
    let top = (chosen + 1).saturating_sub(area.height.into());
    for (at, index) in (0..area.height).zip(top..rows.len()) {
        let area = row(area, at);
        if !draw(buffer, area, (at, index), view) {
            continue;
        }
        if index == chosen {
            buffer.set_style(area, Theme::chosen());
        }
        view.add_hit(area, ClickTarget::SwitcherRow(index));
    }
}
