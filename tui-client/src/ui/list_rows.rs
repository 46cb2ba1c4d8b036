//! Rows of the switcher, of panels, of the unread overview and of the search.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use recado_shared::text::is_visible;

use super::canvas::Canvas;
use super::contact_list::count;
use super::list::{ListRow, NARROW};
use super::text::{columns, indent};
use super::theme::Theme;
use crate::app::screen::{HitRow, Notable, PanelRow, Quote, SwitcherRow, UnreadRow};
use crate::cells;
use crate::strings;

/// Below this width the unread overview has no times.
const TIMES_FROM: u16 = 34;

impl ListRow for SwitcherRow<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _line: u16, _is_expanded: bool) -> bool {
        let mut end = area.right();
        if self.unread > 0 {
            end = canvas.draw_right(area, &count(self.unread), Theme::unread());
        } else if !self.key.is_empty() {
            // The name matters more.
            let half = indent(area, area.width - area.width / 2);
            end = canvas.draw_right(half, &self.key, Theme::dim()) - 1;
        }
        if self.presence.is_some() {
            let (glyph, style) = Theme::presence(self.presence);
            canvas.put((area.x, area.y), 1, glyph, style);
        }
        let mut x = area.x + 2;
        for cluster in cells::clusters(self.label) {
            let width = u16::try_from(cluster.width).unwrap_or(0);
            if x + width + 1 > end {
                canvas.put((x.min(end), area.y), 1, "…", Theme::dim());
                break;
            }
            let bytes = cluster.at..cluster.at + cluster.source.len();
            let style = if self.matched.iter().any(|at| bytes.contains(at)) {
                Theme::strong().add_modifier(Modifier::UNDERLINED)
            } else {
                Theme::text()
            };
            let drawn = match &*cluster.drawn {
                "\t" => " ",
                drawn => drawn,
            };
            x = canvas.put((x, area.y), width.max(1), drawn, style);
        }
        true
    }
}

impl ListRow for PanelRow {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _line: u16, _is_expanded: bool) -> bool {
        let mut detail = self.detail.clone();
        if let Some(time) = self.time {
            detail = format!("{detail} {}", canvas.when(time));
        }
        let mut row = canvas.row(area);
        if !detail.is_empty() {
            // The name matters more than what else there is to know.
            let label = columns(&cells::row(&self.label)).saturating_add(4);
            let room = area.width.saturating_sub(label).max(area.width / 3);
            row.draw_right(&cells::truncate(&detail, room.into()), Theme::dim());
        }
        row.shorten(1);
        if self.presence.is_some() {
            let (glyph, style) = Theme::presence(self.presence);
            row.draw_left(glyph, style);
            row.skip(1);
        }
        row.fill(&self.label, Theme::text());
        true
    }
}

impl ListRow for UnreadRow<'_> {
    const MAX_WIDTH: u16 = 76;
    const MAX_LINES: u16 = 24;

    fn is_heading(&self) -> bool {
        matches!(self, Self::Conversation { .. })
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _line: u16, _is_expanded: bool) -> bool {
        match self {
            UnreadRow::Conversation { title, unread } => {
                let mut row = canvas.row(area);
                if *unread > 0 {
                    row.draw_right(&count(*unread), Theme::dim());
                }
                row.shorten(1);
                row.fill(title, Theme::strong());
                return false;
            }
            UnreadRow::Line {
                why,
                author,
                time,
                text,
            } => {
                let (mark, style) = match why {
                    Notable::Mention => ("@", Theme::mention()),
                    Notable::Reply => ("┃", Theme::mention()),
                    Notable::Reaction => ("+", Theme::mention()),
                    Notable::Message => (" ", Style::new()),
                };
                let time = canvas.when(*time);
                let author_style = canvas.view.names.style(author);
                let clock = canvas.view.clock;
                let mut row = canvas.row(area);
                row.draw_left(mark, style);
                row.skip(1);
                if area.width >= TIMES_FROM {
                    row.draw_left(&time, Theme::dim());
                    let column = clock.width() + 2;
                    row.skip(column.saturating_sub(columns(&time)));
                }
                let name = cells::truncate(author, usize::from(area.width / 4));
                row.draw_left(&name, author_style);
                row.skip(1);
                row.fill(&text.replace(['\n', '\t'], " "), Theme::text());
            }
            UnreadRow::More { count, is_quiet } => {
                let what = if *is_quiet {
                    strings::overlays::muted_unread(*count)
                } else {
                    strings::overlays::more_unread(*count)
                };
                canvas.draw_line(indent(area, 2), &what, Theme::dim());
            }
        }
        true
    }
}

#[derive(Clone, Copy)]
enum HitLine<'a> {
    Head,
    Text,
    Around(Quote<'a>),
}

/// The lines of a hit; an expanded one shows the messages around it.
fn hit_lines<'a>(
    hit: &HitRow<'a>,
    is_expanded: bool,
) -> impl Iterator<Item = HitLine<'a>> + use<'a> {
    let [before, after] =
        [hit.before, hit.after].map(|quote| quote.filter(|_| is_expanded).map(HitLine::Around));
    let lines = [Some(HitLine::Head), before, Some(HitLine::Text), after];
    lines.into_iter().flatten()
}

impl ListRow for HitRow<'_> {
    const MAX_WIDTH: u16 = 76;
    const MAX_LINES: u16 = 27;
    const IS_SEARCH: bool = true;

    fn lines(&self, is_expanded: bool) -> u16 {
        u16::try_from(hit_lines(self, is_expanded).count()).unwrap_or(u16::MAX)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, line: u16, is_expanded: bool) -> bool {
        let inner = indent(area, 2);
        match hit_lines(self, is_expanded).nth(line.into()) {
            Some(HitLine::Head) => draw_head(canvas, area, self),
            Some(HitLine::Text) => draw_text(canvas, inner, self.text, self.matched),
            Some(HitLine::Around(quote)) => {
                let text = strings::conversation::shown(quote.text).replace(['\n', '\t'], " ");
                let said = format!("{}: {text}", quote.author);
                canvas.draw_line(inner, &said, Theme::placeholder());
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
    let author_style = canvas.view.names.style(hit.author);
    let mut row = canvas.row(area);
    row.draw_right(&time, Theme::dim());
    row.shorten(1);
    let (name, style) = if hit.is_own {
        (strings::conversation::YOU, Theme::strong())
    } else {
        (hit.author, author_style)
    };
    // In a conversation of two the other's name says where.
    if !hit.is_own && hit.place == hit.author {
        return row.fill(name, style);
    }
    let name = cells::truncate(name, usize::from(row.rest.width / 2));
    row.draw_left(&name, style);
    let place = if hit.is_own && !hit.place.starts_with('#') {
        strings::overlays::hit_to(hit.place)
    } else {
        strings::overlays::hit_in(hit.place)
    };
    row.fill(&place, Theme::dim());
}

/// Draws the part of a text around the first match on one row.
fn draw_text(canvas: &mut Canvas<'_>, area: Rect, body: &str, matched: &[Range<usize>]) {
    if !is_visible(body) {
        let note = strings::conversation::NO_VISIBLE_TEXT;
        return canvas.draw_line(area, note, Theme::placeholder());
    }
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
    let mut row = canvas.row(area);
    if skip > 0 {
        row.draw_left("…", Theme::dim());
    }
    for cluster in cells::clusters(body) {
        let drawn = match &*cluster.drawn {
            _ if cluster.source.contains(['\n', '\t']) => " ",
            drawn => drawn,
        };
        let width = columns(drawn);
        if skip > 0 {
            skip = skip.saturating_sub(width);
            continue;
        }
        if width >= row.rest.width {
            let is_last = cluster.at + cluster.source.len() == body.len();
            return if is_last && width == row.rest.width {
                row.draw_left(drawn, Theme::text());
            } else {
                row.draw_left("…", Theme::dim());
            };
        }
        let end = cluster.at + cluster.source.len();
        let is_matched = |range: &Range<usize>| range.start < end && range.end > cluster.at;
        let style = if matched.iter().any(is_matched) {
            Theme::unread().add_modifier(Modifier::UNDERLINED)
        } else {
            Theme::text()
        };
        row.draw_left(drawn, style);
    }
}
