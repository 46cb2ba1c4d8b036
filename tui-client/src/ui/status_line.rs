//! The last row: the link's state, what is not accepted yet, then what just happened or keys.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::contact_list::count;
use super::text::{RowWriter, columns, wrap_rows};
use super::theme::Theme;
use crate::app::screen::{LinkView, Screen};
use crate::cells;
use crate::strings;

/// From this width on the reason of a dead link stands beside its state.
const REASON_FROM: u16 = 40;

/// Draws the status line. `hints_from` is the column where the right pane begins.
pub(super) fn render(canvas: &mut Canvas<'_>, area: Rect, screen: &Screen<'_>, hints_from: u16) {
    let is_roomy = area.width >= REASON_FROM;
    let counts = counts(screen, is_roomy);
    let room = area.width.saturating_sub(width_of(&counts) + 2);
    let (state, style) = link(screen, is_roomy);
    let message = screen.message.filter(|_| !is_long(screen, area.width));
    // The sign alone is the link's state where something else has to be read.
    let has_room = message.is_none_or(|message| {
        cells::width(&state) + cells::width(message) + 2 <= usize::from(room)
    });
    let state = if has_room {
        cells::truncate(&state, room.into())
    } else {
        state.chars().take(1).collect()
    };
    let mut row = canvas.row(area);
    row.draw_left(&format!(" {state} "), style);
    for (text, style) in &counts {
        row.draw_left(&format!("{text} "), *style);
    }
    if let Some(message) = message {
        let message = cells::truncate(message, row.rest.width.saturating_sub(1).into());
        row.draw_left(&format!("{message} "), Theme::strong());
    } else {
        row.skip(hints_from.saturating_sub(row.rest.x));
        draw_hints(&mut row, screen);
    }
}

fn width_of(counts: &[(String, Style)]) -> u16 {
    counts.iter().map(|(text, _)| columns(text) + 1).sum()
}

/// Whether what just happened takes more room than the status line has.
fn is_long(screen: &Screen<'_>, width: u16) -> bool {
    let counts = counts(screen, width >= REASON_FROM);
    let room = width.saturating_sub(width_of(&counts) + 4);
    let is_long = |message| cells::width(message) > usize::from(room);
    screen.message.is_some_and(is_long)
}

/// What is not accepted yet: never left out.
fn counts(screen: &Screen<'_>, is_roomy: bool) -> Vec<(String, Style)> {
    let counts = [
        (screen.waiting, "◌", strings::status::QUEUED, Theme::busy()),
        (
            screen.failed,
            "✗",
            strings::status::FAILED,
            Theme::failure(),
        ),
    ];
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    let text = |(count, sign, what, style)| {
        let short = format!("{sign}{count}");
        (
            if is_roomy {
                format!("{sign} {count} {what}")
            } else {
                short
            },
            style,
        )
    };
    counts.map(text).collect()
}

/// The link's state. Why it is refused is said by [`render_notice`].
fn link(screen: &Screen<'_>, is_roomy: bool) -> (String, Style) {
    let (sign, state, style) = match screen.link {
        LinkView::Connecting => ("◌", strings::status::CONNECTING.into(), Theme::busy()),
        LinkView::Connected(trip) => {
            let mut state = strings::status::CONNECTED.to_owned();
            if let Some(trip) = trip.filter(|_| is_roomy) {
                state = format!("{state}  {}", strings::status::milliseconds(trip));
            }
            ("●", state, Theme::good())
        }
        LinkView::Offline { reason, retry_in } => {
            let mut state = strings::status::offline(retry_in);
            if is_roomy {
                state = format!("{state} ({reason})");
            }
            ("○", state, Theme::failure())
        }
        LinkView::Refused(_) => ("✗", strings::status::ACCESS_DENIED.into(), Theme::failure()),
    };
    (format!("{sign} {state}"), style)
}

/// Draws as many hints as there is room for, the most useful ones first.
fn draw_hints(row: &mut RowWriter<'_>, screen: &Screen<'_>) {
    for (key, does) in &screen.hints {
        if *does == strings::hints::NEWEST {
            continue;
        }
        let key = cells::truncate(key, 12);
        let does = format!(" {} ", cells::truncate(does, 24));
        if 1 + columns(&key) + columns(&does) > row.rest.width {
            continue;
        }
        row.draw_left(" ", Theme::dim());
        row.draw_left(&key, Theme::strong());
        row.draw_left(&does, Theme::dim());
    }
}

/// Draws what the status line has no room for, from below. Returns what is left of the area.
pub(super) fn render_notice(
    canvas: &mut Canvas<'_>,
    mut area: Rect,
    screen: &Screen<'_>,
    status_width: u16,
) -> Rect {
    let (why, style) = match (screen.message, screen.link) {
        (Some(message), _) if is_long(screen, status_width) => (message, Theme::strong()),
        (_, LinkView::Refused(why)) => (why, Theme::failure()),
        _ => return area,
    };
    let rows: Vec<_> = wrap_rows(why, area.width.saturating_sub(2)).collect();
    let height = rows.len().min(usize::from(area.height.saturating_sub(1)));
    let bottom = area.bottom();
    area.height -= u16::try_from(height).unwrap_or(0);
    for (y, text) in (area.bottom()..bottom).zip(rows) {
        let row = Rect::new(area.x, y, area.width, 1);
        let text = format!(" {}", cells::row(text));
        canvas.row(row).draw_left(&text, style);
    }
    area
}

/// Draws how many messages are unread elsewhere. Returns whether any are.
pub(super) fn unread_elsewhere(canvas: &mut Canvas<'_>, area: Rect, screen: &Screen<'_>) -> bool {
    let unread = screen.contacts.unread_elsewhere();
    if unread > 0 {
        let line = strings::status::unread(&count(unread));
        canvas.draw_right(area, &format!(" {line} "), Theme::unread());
    }
    unread > 0
}
