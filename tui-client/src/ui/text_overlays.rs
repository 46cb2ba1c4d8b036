//! Drawing of the overlays without rows to choose: the help, the versions of a message, questions.

use std::cell::Cell;

use ratatui::layout::Rect;
use ratatui::style::Style;
use recado_shared::Timestamp;

use super::canvas::Canvas;
use super::text::{columns, indent, row, wrap_rows};
use super::theme::Theme;
use crate::app::keymap::HelpTable;
use crate::cells;
use crate::strings;

const MAX_WIDTH: u16 = 76;

const MAX_QUESTION_WIDTH: u16 = 60;

const MAX_KEYS: u16 = 24;

/// Below this width what a key does matters more than its second key.
const ALL_KEYS_FROM: u16 = 48;

/// Draws a box with those of its lines that are not scrolled away; the scroll ends at the last line.
/// Returns the line at the top.
fn render_scrolled<T>(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    (title, lines, scroll): (&str, &[T], u16),
    draw: impl Fn(&mut Canvas<'_>, Rect, &T),
) -> u16 {
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = super::overlay_area(screen, MAX_WIDTH, count.saturating_add(2));
    let inner = super::draw_box(canvas, area, title);
    let top = scroll.min(count.saturating_sub(inner.height));
    for (area, entry) in inner.rows().zip(lines.iter().skip(top.into())) {
        draw(canvas, area, entry);
    }
    let below = count.saturating_sub(top.saturating_add(inner.height));
    if below > 0 {
        canvas.draw_footer(area, &strings::overlays::more_below(below));
    }
    top
}

enum HelpLine<'a> {
    /// An empty one stands between two tables.
    Heading(&'a str),
    Keys(&'a str, &'a str),
}

/// Draws the keys by context; a table is a heading, then keys and what they do.
pub(super) fn render_help(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    (tables, query): (&[HelpTable], Option<&str>),
    scroll: &Cell<u16>,
) {
    let mut lines = Vec::new();
    for (heading, rows) in tables {
        if !lines.is_empty() {
            lines.push(HelpLine::Heading(""));
        }
        if !heading.is_empty() {
            lines.push(HelpLine::Heading(heading));
        }
        lines.extend(rows.iter().map(|(keys, does)| HelpLine::Keys(keys, does)));
    }
    if lines.is_empty() {
        lines.push(HelpLine::Heading(strings::overlays::HELP_NOTHING));
    }
    let rows = tables.iter().flat_map(|(_, rows)| rows);
    let widest = rows.map(|(keys, _)| columns(keys)).max().unwrap_or(0);
    let title = query.map(strings::overlays::help_search);
    let title = title.as_deref().unwrap_or(strings::overlays::HELP_TITLE);
    let text = (title, &lines[..], scroll.get());
    let top = render_scrolled(canvas, screen, text, |canvas, area, entry| match entry {
        HelpLine::Heading(heading) => canvas.draw_line(area, heading, Theme::strong()),
        HelpLine::Keys(keys, does) => {
            let is_narrow = area.width < ALL_KEYS_FROM;
            let width = widest.min(if is_narrow { area.width / 3 } else { MAX_KEYS });
            let keys = fitting(keys, width.into());
            canvas.put((area.x, area.y), width, &keys, Theme::strong());
            canvas.draw_line(indent(area, width + 2), does, Theme::text());
        }
    });
    scroll.set(top);
}

/// As many of several keys as fit into a width; a first one that does not fit is cut.
fn fitting(keys: &str, width: usize) -> String {
    let ends = keys.rmatch_indices(' ').map(|(at, _)| at);
    let ends = std::iter::once(keys.len()).chain(ends);
    let mut shorter = ends.map(|end| keys[..end].trim_end_matches([' ', '…']));
    let fits = shorter.find(|keys| cells::width(keys) <= width);
    cells::truncate(fits.unwrap_or(keys), width)
}

pub(super) fn render_versions(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    texts: &[(Timestamp, &str)],
    scroll: u16,
) {
    let heading = |at: usize, time: &str| {
        let what = match (at, at + 1 == texts.len()) {
            (0, _) => strings::overlays::VERSION_FIRST,
            (_, true) => strings::overlays::VERSION_CURRENT,
            (_, false) => strings::overlays::VERSION_EDITED,
        };
        format!("{what} {time}")
    };
    let empty = strings::overlays::VERSION_DELETED;
    let lines = paragraphs(canvas, screen, (texts, empty), heading);
    let text = (strings::overlays::VERSIONS_TITLE, &lines[..], scroll);
    render_scrolled(canvas, screen, text, |canvas, area, (text, style)| {
        canvas.draw_line(area, text, *style);
    });
}

pub(super) fn render_announcements(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    texts: &[(Timestamp, &str)],
    scroll: u16,
) {
    let empty = strings::overlays::NO_ANNOUNCEMENTS;
    let lines = paragraphs(canvas, screen, (texts, empty), |_, time| time.to_owned());
    let text = (strings::overlays::ANNOUNCEMENTS_TITLE, &lines[..], scroll);
    render_scrolled(canvas, screen, text, |canvas, area, (text, style)| {
        canvas.draw_line(area, text, *style);
    });
}

/// The rows of texts, each below a heading with its time; `empty` if there are none.
fn paragraphs(
    canvas: &Canvas<'_>,
    screen: Rect,
    (texts, empty): (&[(Timestamp, &str)], &str),
    heading: impl Fn(usize, &str) -> String,
) -> Vec<(String, Style)> {
    let width = MAX_WIDTH.min(screen.width).saturating_sub(8);
    let mut lines: Vec<(String, Style)> = Vec::new();
    if texts.is_empty() {
        lines.push((empty.to_owned(), Theme::dim()));
    }
    for (at, (time, body)) in texts.iter().enumerate() {
        if at > 0 {
            lines.push((String::new(), Theme::text()));
        }
        lines.push((heading(at, &canvas.moment(*time)), Theme::dim()));
        let body = strings::conversation::shown(body);
        lines.extend(wrap_rows(body, width).map(|text| (text.to_owned(), Theme::text())));
    }
    lines
}

pub(super) fn render_question(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    question: &str,
    answers: &str,
) {
    let width = MAX_QUESTION_WIDTH.min(screen.width);
    let safe = cells::row(question);
    let rows: Vec<_> = wrap_rows(&safe, width.saturating_sub(8)).collect();
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let area = super::overlay_area(screen, width, height.saturating_add(3));
    let inner = super::draw_box(canvas, area, strings::overlays::CONFIRM_TITLE);
    let last = inner.height.saturating_sub(1);
    for (at, text) in (0..last).zip(rows) {
        canvas.draw_line(row(inner, at), text, Theme::text());
    }
    canvas.draw_line(row(inner, last), answers, Theme::strong());
}
