//! Drawing of the switcher, over the panes, and of the prompt that it shares with the search.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::list;
use super::text::{below_first, put, right, row};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::composer::Composer;
use crate::app::screen::SwitcherRow;
use crate::cells;

/// Widest and highest box.
const MAX_WIDTH: u16 = 60;
const MAX_ROWS: u16 = 16;

pub(super) struct List<'a> {
    pub(super) title: &'a str,
    pub(super) none: &'a str,
    pub(super) query: &'a Composer,
    pub(super) rows: &'a [SwitcherRow<'a>],
    pub(super) chosen: usize,
}

/// Draws the switcher. Returns where the cursor is.
pub(super) fn render(
    buffer: &mut Buffer,
    screen: Rect,
    list: &List<'_>,
    view: &mut ViewState,
) -> Position {
    let theme = view.theme;
    let rows = list.rows;
    let wanted = u16::try_from(rows.len().max(1)).unwrap_or(MAX_ROWS);
    let area = super::overlay_area(screen, MAX_WIDTH, wanted.min(MAX_ROWS) + 3);
    let inner = super::draw_box(buffer, area, list.title);
    let cursor = draw_prompt(buffer, row(inner, 0), list.query, (Theme::text(), theme));
    list::render(
        buffer,
        below_first(inner),
        (rows, list.chosen, list.none),
        view,
        |buffer, area, (_, index), _| {
            draw_row(buffer, area, &rows[index], theme);
            true
        },
    );
    cursor
}

/// Draws what is typed. Returns where the cursor is.
pub(super) fn draw_prompt(
    buffer: &mut Buffer,
    prompt: Rect,
    query: &Composer,
    (style, theme): (Style, Theme),
) -> Position {
    put(buffer, (prompt.x, prompt.y), 2, "› ", theme.good());
    let room = prompt.width.saturating_sub(2);
    let layout = query.layout(u16::MAX);
    // The end of a long query matters more than its start.
    let skip = layout
        .column
        .saturating_sub(usize::from(room).saturating_sub(1));
    let line: String = cells::row(query.text()).chars().skip(skip).collect();
    let line = cells::truncate(&line, room.into());
    put(buffer, (prompt.x + 2, prompt.y), room, &line, style);
    let column = u16::try_from(layout.column - skip).unwrap_or(0);
    Position::new(prompt.x + 2 + column, prompt.y)
}

fn draw_row(buffer: &mut Buffer, area: Rect, entry: &SwitcherRow<'_>, theme: Theme) {
    let mut end = area.right();
    if entry.unread > 0 {
        let count = super::contact_list::count(entry.unread);
        end = right(buffer, area, &count, theme.unread());
    } else if !entry.key.is_empty() {
        // The name matters more.
        let half = area.width / 2;
        let rest = Rect::new(area.right() - half, area.y, half, 1);
        end = right(buffer, rest, &entry.key, Theme::dim()) - 1;
    }
    if let Some(presence) = entry.presence {
        let (glyph, style) = theme.presence(Some(presence));
        put(buffer, (area.x, area.y), 1, glyph, style);
    }
    let mut x = area.x + 2;
    for cluster in cells::clusters(entry.label) {
        let width = u16::try_from(cluster.width).unwrap_or(0);
        if x + width + 1 > end {
            put(buffer, (x.min(end), area.y), 1, "…", Theme::dim());
            break;
        }
        let bytes = cluster.at..cluster.at + cluster.source.len();
        let style = if entry.matched.iter().any(|at| bytes.contains(at)) {
            Theme::strong().add_modifier(Modifier::UNDERLINED)
        } else {
            Theme::text()
        };
        let drawn = if cluster.source == "\t" {
            " "
        } else {
            cluster.drawn
        };
        x = put(buffer, (x, area.y), width.max(1), drawn, style);
    }
}
