//! The canvas that the screen is drawn on: the cells of a frame, and the state between frames.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use recado_shared::Timestamp;

use super::text::{RowWriter, columns, indent, moment, put, when};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::ClickTarget;
use crate::cells;

pub(super) struct Canvas<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) view: &'a mut ViewState,
}

impl Canvas<'_> {
    pub(super) fn put(&mut self, at: (u16, u16), max: u16, safe: &str, style: Style) -> u16 {
        put(self.buffer, at, max, safe, style)
    }

    pub(super) const fn row(&mut self, area: Rect) -> RowWriter<'_> {
        RowWriter::new(self.buffer, area)
    }

    pub(super) fn add_hit(&mut self, area: Rect, target: ClickTarget) {
        self.view.hits.push((area, target));
    }

    pub(super) fn when(&self, time: Timestamp) -> String {
        when(time, self.view.now, &self.view.time_zone, self.view.clock)
    }

    pub(super) fn moment(&self, time: Timestamp) -> String {
        moment(time, self.view.now, &self.view.time_zone, self.view.clock)
    }

    /// Draws any text on one row of an area, truncated.
    pub(super) fn draw_line(&mut self, area: Rect, any: &str, style: Style) {
        self.row(area).fill(any, style);
    }

    /// Draws the title of a box on its border. Returns the column after it.
    pub(super) fn draw_title(&mut self, area: Rect, any: &str) -> u16 {
        let safe = cells::truncate(any, area.width.saturating_sub(2).into());
        let mut row = self.row(area);
        row.draw_left(&format!(" {safe} "), Theme::strong());
        row.rest.x
    }

    /// Draws any text in the middle of a row.
    pub(super) fn draw_centred(&mut self, area: Rect, any: &str, style: Style) {
        let safe = cells::truncate(any, area.width.into());
        let left = area.width.saturating_sub(columns(&safe)) / 2;
        self.row(indent(area, left)).draw_left(&safe, style);
    }

    /// Draws any text at the right end of a row, truncated. Returns the column where it starts.
    pub(super) fn draw_right(&mut self, area: Rect, any: &str, style: Style) -> u16 {
        let mut row = self.row(area);
        row.draw_right(any, style);
        row.rest.right()
    }

    /// Draws a dim text at the right end of the lower edge of a box.
    pub(super) fn draw_footer(&mut self, area: Rect, any: &str) {
        let (x, y) = (area.x + 2, area.bottom() - 1);
        let edge = Rect::new(x, y, area.width.saturating_sub(4), 1);
        self.draw_right(edge, &format!(" {any} "), Theme::dim());
    }
}
