//! Drawing of all list overlays: the box, the prompt, and the rows with the chosen one in sight.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::text::{row, wrap_rows};
use super::theme::Theme;
use crate::app::ClickTarget;
use crate::app::composer::Composer;
use crate::app::screen::ListView;
use crate::cells;
use crate::strings;

/// Below this width times and counts are short, and names have less room.
pub(super) const NARROW: u16 = 48;

/// From this height of the list on the chosen row shows more of itself.
const EXPAND_FROM: u16 = 8;

pub(super) trait ListRow {
    const MAX_WIDTH: u16 = 60;
    /// Most lines of the box between its borders, without the prompt.
    const MAX_LINES: u16 = 16;

    /// Whether the box keeps its height, so that the prompt stays where it is, counts its rows at
    /// the lower edge, and wraps its note.
    const IS_SEARCH: bool = false;

    /// How many lines it takes; an expanded row may take more.
    fn lines(&self, _is_expanded: bool) -> u16 {
        1
    }

    /// A heading cannot be chosen. It is drawn in place of the top row where it is scrolled away.
    fn is_heading(&self) -> bool {
        false
    }

    /// Draws one of its lines. Returns whether that line is marked while the row is chosen.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, line: u16, is_expanded: bool) -> bool;
}

/// Draws a list. Returns where the cursor is, if it is searched.
pub(super) fn render<R: ListRow>(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    list: &ListView<'_, R>,
) -> Option<Position> {
    let count = u16::try_from(list.rows.len().max(1)).unwrap_or(u16::MAX);
    let lines = if R::IS_SEARCH { u16::MAX } else { count };
    let lines = lines.min(R::MAX_LINES);
    let prompt = u16::from(list.query.is_some());
    let area = super::overlay_area(screen, R::MAX_WIDTH, lines + prompt + 2);
    let mut inner = super::draw_box(canvas, area, &list.title);
    let cursor = list.query.map(|query| {
        let prompt = row(inner, 0);
        inner.y += 1;
        inner.height = inner.height.saturating_sub(1);
        draw_prompt(canvas, prompt, query, list.is_replaced)
    });
    if list.rows.is_empty() {
        let note = cells::row(&list.note);
        let width = if R::IS_SEARCH { inner.width } else { u16::MAX };
        for (area, text) in inner.rows().zip(wrap_rows(&note, width)) {
            canvas.draw_line(area, text, Theme::dim());
        }
        return cursor;
    }
    draw_rows(canvas, inner, list);
    if R::IS_SEARCH {
        let (at, of) = (list.chosen + 1, list.rows.len());
        let count = if list.has_more {
            strings::overlays::hit_count_more(at, of, inner.width < NARROW)
        } else {
            strings::overlays::hit_count(at, of)
        };
        canvas.draw_footer(area, &count);
    }
    cursor
}

fn draw_rows<R: ListRow>(canvas: &mut Canvas<'_>, area: Rect, list: &ListView<'_, R>) {
    let is_expanded = |index| index == list.chosen && area.height >= EXPAND_FROM;
    let lines = |index: usize| list.rows[index].lines(is_expanded(index));
    let mut top = list.chosen.min(list.rows.len() - 1);
    let mut used = lines(top);
    while let Some(above) = top.checked_sub(1)
        && used + lines(above) <= area.height
    {
        used += lines(above);
        top = above;
    }
    let mut y = 0;
    for (index, row) in list.rows.iter().enumerate().skip(top) {
        let is_cut = index == top
            && index < list.chosen
            && !list.rows.get(index + 1).is_some_and(R::is_heading);
        let mut above = list.rows[..=index].iter().rev();
        let heading = is_cut.then(|| above.find(|row| row.is_heading())).flatten();
        let row = heading.unwrap_or(row);
        let is_expanded = is_expanded(index);
        for line in 0..row.lines(is_expanded) {
            let area = super::text::row(area, y);
            if area.height == 0 {
                return;
            }
            let is_marked = row.draw(canvas, area, line, is_expanded);
            if index == list.chosen && is_marked {
                canvas.buffer.set_style(area, Theme::chosen());
            }
            if !row.is_heading() {
                canvas.add_hit(area, ClickTarget::SwitcherRow(index));
            }
            y += 1;
        }
    }
}

/// Draws what is typed. Returns where the cursor is.
fn draw_prompt(
    canvas: &mut Canvas<'_>,
    prompt: Rect,
    query: &Composer,
    is_replaced: bool,
) -> Position {
    canvas.put((prompt.x, prompt.y), 2, "› ", Theme::good());
    let room = prompt.width.saturating_sub(2);
    let layout = query.layout(u16::MAX);
    // The end of a long query matters more than its start.
    let before = usize::from(room).saturating_sub(1);
    let skip = layout.column.saturating_sub(before);
    let line = cells::row(query.text());
    let (skipped, line) = cells::skip_columns(&line, skip);
    let line = cells::truncate(line, room.into());
    let style = if is_replaced {
        Theme::chosen()
    } else {
        Theme::text()
    };
    canvas.put((prompt.x + 2, prompt.y), room, &line, style);
    let column = u16::try_from(layout.column.saturating_sub(skipped)).unwrap_or(0);
    Position::new(prompt.x + 2 + column, prompt.y)
}
