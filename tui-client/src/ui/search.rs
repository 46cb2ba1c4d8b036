//! Drawing of the search: author, place and time of each hit, and the text around its matches.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::canvas::Canvas;
use super::list::{Line, ListRow, NARROW};
use super::text::{columns, indented};
use super::theme::Theme;
use crate::app::screen::{HitRow, Quote};
use crate::cells;
use crate::strings;

#[derive(Clone, Copy)]
enum Part<'a> {
    Head,
    Text,
    Around(Quote<'a>),
}

/// The lines of a hit; an expanded one shows the messages around it.
fn parts<'a>(hit: &HitRow<'a>, is_expanded: bool) -> impl Iterator<Item = Part<'a>> + use<'a> {
    let [before, after] =
        [hit.before, hit.after].map(|quote| quote.filter(|_| is_expanded).map(Part::Around));
    let parts = [Some(Part::Head), before, Some(Part::Text), after];
    parts.into_iter().flatten()
}

impl ListRow for HitRow<'_> {
    const MAX_WIDTH: u16 = 76;
    const MAX_LINES: u16 = 27;
    const IS_SEARCH: bool = true;

    fn lines(&self, is_expanded: bool) -> u16 {
        u16::try_from(parts(self, is_expanded).count()).unwrap_or(u16::MAX)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, line: Line) -> bool {
        let inner = indented(area, 2);
        match parts(self, line.is_expanded).nth(line.index.into()) {
            Some(Part::Head) => draw_head(canvas, area, self),
            Some(Part::Text) => draw_text(canvas, inner, self.text, self.matched),
            Some(Part::Around(quote)) => {
                let text = quote.text.replace(['\n', '\t'], " ");
                let said = format!("{}: {text}", quote.author);
                canvas.line(inner, &said, Theme::placeholder());
                return false;
            }
            None => {}
        }
        true
    }
}

fn draw_head(canvas: &mut Canvas<'_>, area: Rect, hit: &HitRow<'_>) {
    let is_narrow = area.width < NARROW;
    let time = if is_narrow {
        canvas.when(hit.time)
    } else {
        canvas.moment(hit.time)
    };
    let theme = canvas.view.theme;
    let mut row = canvas.row(area);
    row.right(&time, Theme::dim());
    row.shorten(1);
    let (name, style) = if hit.is_own {
        (strings::conversation::YOU, Theme::strong())
    } else {
        (hit.author, theme.author(hit.author))
    };
    // In a conversation of two the other's name says where.
    if !hit.is_own && hit.place == hit.author {
        return row.fill(name, style);
    }
    let name = cells::truncate(name, usize::from(row.rest.width / 2));
    row.left(&name, style);
    let place = if hit.is_own && !hit.place.starts_with('#') {
        strings::overlays::hit_to(hit.place)
    } else {
        strings::overlays::hit_in(hit.place)
    };
    row.fill(&place, Theme::dim());
}

/// Draws the part of a text around the first match on one row.
fn draw_text(canvas: &mut Canvas<'_>, area: Rect, body: &str, matched: &[Range<usize>]) {
    let first = matched.first().map_or(0, |range| range.start);
    let end = matched.first().map_or(0, |range| range.end);
    let before = columns(&cells::row(&body[..first].replace(['\n', '\t'], " ")));
    let length = columns(&cells::row(&body[first..end].replace(['\n', '\t'], " ")));
    // A third of the row goes to what stands before, if the match does not fit otherwise.
    let is_far = before.saturating_add(length).saturating_add(1) > area.width;
    let mut skip = if is_far {
        before.saturating_sub(area.width / 3)
    } else {
        0
    };
    let theme = canvas.view.theme;
    let mut row = canvas.row(area);
    if skip > 0 {
        row.left("…", Theme::dim());
    }
    for cluster in cells::clusters(body) {
        let drawn = match cluster.source {
            "\n" | "\r\n" | "\t" => " ",
            _ => cluster.drawn,
        };
        let width = columns(drawn);
        if skip > 0 {
            skip = skip.saturating_sub(width);
            continue;
        }
        if width >= row.rest.width {
            let is_last = cluster.at + cluster.source.len() == body.len();
            return if is_last && width == row.rest.width {
                row.left(drawn, Theme::text());
            } else {
                row.left("…", Theme::dim());
            };
        }
        let style = if matched.iter().any(|range| range.contains(&cluster.at)) {
            theme.unread().add_modifier(Modifier::UNDERLINED)
        } else {
            Theme::text()
        };
        row.left(drawn, style);
    }
}
