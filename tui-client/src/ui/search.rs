//! Drawing of the search: author, place and time of each hit, and the text around its matches.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::list::{Line, ListRow, NARROW};
use super::text::{columns, indented, line, moment, put, right, when};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::screen::{HitRow, Quote};
use crate::cells;
use crate::strings;

#[derive(Clone, Copy)]
enum Part<'a> {
    Head,
    Text,
    /// The message before or after it.
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

    fn draw(&self, buffer: &mut Buffer, area: Rect, line: Line, view: &ViewState) -> bool {
        let inner = indented(area, 2);
        match parts(self, line.is_expanded).nth(line.index.into()) {
            Some(Part::Head) => draw_head(buffer, area, self, view),
            Some(Part::Text) => draw_text(buffer, inner, (self.text, self.matched), view.theme),
            Some(Part::Around(quote)) => {
                let text = quote.text.replace(['\n', '\t'], " ");
                let said = format!("{}: {text}", quote.author);
                super::text::line(buffer, inner, &said, Theme::gone());
                return false;
            }
            None => {}
        }
        true
    }
}

/// Draws who wrote it, where and when.
fn draw_head(buffer: &mut Buffer, area: Rect, hit: &HitRow<'_>, view: &ViewState) {
    let is_narrow = area.width < NARROW;
    let time = if is_narrow {
        when(hit.time, view.now, &view.time_zone)
    } else {
        moment(hit.time, view.now, &view.time_zone)
    };
    let end = right(buffer, area, &time, Theme::dim());
    let (name, style) = if hit.is_own {
        (strings::conversation::YOU, Theme::strong())
    } else {
        (hit.author, view.theme.author(hit.author))
    };
    let room = end.saturating_sub(area.x + 1);
    // In a conversation of two the other's name says where.
    let is_said = !hit.is_own && hit.place == hit.author;
    let most = if is_said { room } else { room / 2 };
    let name = cells::truncate(name, most.into());
    let x = put(buffer, (area.x, area.y), most, &name, style);
    if !is_said {
        let place = if hit.is_own && !hit.place.starts_with('#') {
            strings::overlays::hit_to(hit.place)
        } else {
            strings::overlays::hit_in(hit.place)
        };
        let rest = Rect::new(x, area.y, (area.x + room).saturating_sub(x), 1);
        line(buffer, rest, &place, Theme::dim());
    }
}

/// Draws the part of a text around the first match on one row.
fn draw_text(
    buffer: &mut Buffer,
    area: Rect,
    (body, matched): (&str, &[Range<usize>]),
    theme: Theme,
) {
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
    let mut x = area.x;
    if skip > 0 {
        x = put(buffer, (x, area.y), 1, "…", Theme::dim());
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
        if x + width >= area.right() {
            let is_last = cluster.at + cluster.source.len() == body.len();
            let fits = is_last && x + width == area.right();
            let (drawn, style) = if fits {
                (drawn, Theme::text())
            } else {
                ("…", Theme::dim())
            };
            put(buffer, (x, area.y), area.right() - x, drawn, style);
            return;
        }
        let style = if matched.iter().any(|range| range.contains(&cluster.at)) {
            theme.unread().add_modifier(Modifier::UNDERLINED)
        } else {
            Theme::text()
        };
        x = put(buffer, (x, area.y), width, drawn, style);
    }
}
