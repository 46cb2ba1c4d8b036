//! Drawing of the unread overview.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use recado_shared::Timestamp;

use super::list;
use super::text::{columns, line, put, right, when};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::screen::{Notable, UnreadRow};
use crate::cells;
use crate::strings;

/// Widest and highest box.
const MAX_WIDTH: u16 = 76;
const MAX_ROWS: u16 = 24;

/// Below this width there is no time.
const TIMES_FROM: u16 = 34;

/// Draws the list with the chosen row in sight, and the heading of the uppermost lines.
pub(super) fn render(
    buffer: &mut Buffer,
    screen: Rect,
    (rows, chosen, note): (&[UnreadRow<'_>], usize, &str),
    view: &mut ViewState,
) {
    let wanted = u16::try_from(rows.len().max(1)).unwrap_or(MAX_ROWS);
    let area = super::overlay_area(screen, MAX_WIDTH, wanted.min(MAX_ROWS) + 2);
    let inner = super::draw_box(buffer, area, strings::overlays::UNREAD_TITLE);
    list::render(
        buffer,
        inner,
        (rows, chosen, note),
        view,
        |buffer, area, (at, index), view| {
            let is_cut = at == 0 && index < chosen && !rows.get(index + 1).is_some_and(is_heading);
            let heading = heading_of(rows, index).filter(|_| is_cut);
            let entry = heading.unwrap_or(&rows[index]);
            draw_row(buffer, area, entry, view);
            !is_heading(entry)
        },
    );
}

const fn is_heading(row: &UnreadRow<'_>) -> bool {
    matches!(row, UnreadRow::Conversation { .. })
}

/// The heading that a row stands under.
fn heading_of<'a, 'b>(rows: &'a [UnreadRow<'b>], index: usize) -> Option<&'a UnreadRow<'b>> {
    rows[..=index].iter().rev().find(|row| is_heading(row))
}

fn draw_row(buffer: &mut Buffer, area: Rect, entry: &UnreadRow<'_>, view: &ViewState) {
    match entry {
        UnreadRow::Conversation { title, unread } => {
            let end = match unread {
                0 => area.right(),
                unread => {
                    let count = super::contact_list::count(*unread);
                    right(buffer, area, &count, Theme::dim())
                }
            };
            let name = Rect::new(area.x, area.y, end.saturating_sub(area.x + 1), 1);
            line(buffer, name, title, Theme::strong());
        }
        UnreadRow::Line {
            why,
            author,
            time,
            text,
        } => draw_line(buffer, area, (*why, *time), (author, text), view),
        UnreadRow::More { count, is_quiet } => {
            let what = if *is_quiet {
                strings::overlays::muted_unread(*count)
            } else {
                strings::overlays::more_unread(*count)
            };
            let area = Rect::new(area.x + 2, area.y, area.width.saturating_sub(2), 1);
            line(buffer, area, &what, Theme::dim());
        }
    }
}

/// Draws when, why, who and what.
fn draw_line(
    buffer: &mut Buffer,
    area: Rect,
    (why, time): (Notable, Timestamp),
    (author, body): (&str, &str),
    view: &ViewState,
) {
    let theme = view.theme;
    let (mark, style) = match why {
        Notable::Mention => ("@", theme.mention()),
        Notable::Reply => ("┃", theme.mention()),
        Notable::Reaction => ("+", theme.mention()),
        Notable::Message => (" ", Style::new()),
    };
    put(buffer, (area.x, area.y), 1, mark, style);
    let mut x = area.x + 2;
    if area.width >= TIMES_FROM {
        let time = when(time, view.now, &view.time_zone);
        put(buffer, (x, area.y), 6, &time, Theme::dim());
        x += 7;
    }
    let name = cells::truncate(author, usize::from(area.width / 4));
    x = put(
        buffer,
        (x, area.y),
        columns(&name),
        &name,
        theme.author(author),
    ) + 1;
    let rest = Rect::new(x, area.y, area.right().saturating_sub(x), 1);
    line(
        buffer,
        rest,
        &body.replace(['\n', '\t'], " "),
        Theme::text(),
    );
}
