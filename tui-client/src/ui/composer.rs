//! Drawing of the composer, and of the line above it with the recipient or the purpose.

use ratatui::layout::{Position, Rect};
use recado_shared::limits::MAX_BODY_LEN;

use super::canvas::Canvas;
use super::conversation::Below;
use super::theme::Theme;
use crate::app::ClickTarget;
use crate::app::composer::{Composer, Layout};
use crate::cells;
use crate::strings;

/// The length of a text is shown once less than this is left.
const SHOW_LEFT_BELOW: usize = 1024;

pub(super) struct Rule<'a> {
    /// The recipient, or another purpose such as an edit.
    pub(super) title: &'a str,
    pub(super) below: Below,
    pub(super) newest_key: &'a str,
    pub(super) len: usize,
}

pub(super) fn render_rule(canvas: &mut Canvas<'_>, area: Rect, rule: &Rule<'_>) {
    let inner = Rect::new(area.x + 1, area.y, area.width - 2, 1);
    let mut row = canvas.row(inner);
    if rule.len + SHOW_LEFT_BELOW > MAX_BODY_LEN {
        let length = strings::conversation::length(rule.len, MAX_BODY_LEN);
        let is_too_long = rule.len > MAX_BODY_LEN;
        let style = if is_too_long {
            Theme::failure()
        } else {
            Theme::text()
        };
        row.draw_right(&format!(" {length} "), style);
    } else if rule.below != Below::default() {
        let more = match rule.below {
            Below { items: 0, rows } => strings::conversation::more_lines(rows, rule.newest_key),
            Below { items, .. } => strings::conversation::newer(items, rule.newest_key),
        };
        row.draw_right(&format!(" {more} "), Theme::unread());
    }
    row.shorten(1);
    let rest = row.rest;
    if rest.width > 4 {
        canvas.draw_title(rest, rule.title);
    }
}

/// Draws the recipient in front of the box, where there is no line above it.
pub(super) fn render_prompt(canvas: &mut Canvas<'_>, area: Rect, width: u16, to: &str) {
    let name = cells::truncate(to, width.saturating_sub(2).into());
    let after = canvas.put((area.x, area.y), width, &name, Theme::strong());
    canvas.put((after, area.y), 1, "›", Theme::strong());
}

/// Draws the text. Returns where the cursor is.
pub(super) fn render(
    canvas: &mut Canvas<'_>,
    area: Rect,
    composer: &Composer,
    layout: &Layout,
) -> Position {
    canvas.add_hit(area, ClickTarget::Composer);
    let height = usize::from(area.height.max(1));
    let least = (layout.row + 1).saturating_sub(height);
    let most = layout.row.min(layout.rows.len().saturating_sub(height));
    let top = canvas.view.composer_top.clamp(least, most.max(least));
    canvas.view.composer_top = top;
    for (area, range) in area.rows().zip(&layout.rows[top..]) {
        let text = composer.text();
        let selected = composer.selection().unwrap_or(range.end..range.end);
        let within = |at: usize| at.clamp(range.start, range.end);
        let (start, end) = (within(selected.start), within(selected.end));
        let mut row = canvas.row(area);
        for (part, style) in [
            (range.start..start, Theme::text()),
            (start..end, Theme::chosen()),
            (end..range.end, Theme::text()),
        ] {
            row.draw_left(&cells::row(&text[part]), style);
        }
    }
    let column = u16::try_from(layout.column).unwrap_or(u16::MAX);
    let down = u16::try_from(layout.row - top).unwrap_or(u16::MAX);
    let edge = area.right().saturating_sub(1);
    let x = area.x.saturating_add(column).min(edge);
    Position::new(x, area.y.saturating_add(down))
}
