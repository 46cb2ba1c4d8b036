//! Drawing of the search: author, place and time of each hit, and the text around its matches.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::text::{below_first, columns, footer, line, moment, put, right, row, when};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::ClickTarget;
use crate::app::composer::Composer;
use crate::app::screen::{HitRow, Quote};
use crate::cells;
use crate::strings;

/// Widest and highest box.
const MAX_WIDTH: u16 = 76;
const MAX_HEIGHT: u16 = 30;

/// From this height of the list on the messages around the chosen one are shown.
const AROUND_FROM: u16 = 8;

/// Below this width a time is short, and the names have less room.
const NARROW: u16 = 48;

pub(super) struct List<'a> {
    pub(super) title: &'a str,
    pub(super) query: &'a Composer,
    pub(super) is_kept: bool,
    pub(super) hits: &'a [HitRow<'a>],
    pub(super) chosen: usize,
    pub(super) has_more: bool,
    pub(super) note: &'a str,
}

/// Draws the search. Returns where the cursor is.
pub(super) fn render(
    buffer: &mut Buffer,
    screen: Rect,
    list: &List<'_>,
    view: &mut ViewState,
) -> Position {
    // It keeps its height while one types, so that the prompt stays where it is.
    let area = super::overlay_area(screen, MAX_WIDTH, MAX_HEIGHT);
    let inner = super::draw_box(buffer, area, list.title);
    let style = if list.is_kept {
        Theme::chosen()
    } else {
        Theme::text()
    };
    let cursor =
        super::switcher::draw_prompt(buffer, row(inner, 0), list.query, (style, view.theme));
    let below = below_first(inner);
    if list.hits.is_empty() {
        let safe = cells::row(list.note);
        let rows = cells::wrap(&safe, usize::from(below.width.max(1)));
        for (at, range) in (0..below.height).zip(rows) {
            line(buffer, row(below, at), safe[range].trim_end(), Theme::dim());
        }
        return cursor;
    }
    draw_hits(buffer, below, list, view);
    let (at, of) = (list.chosen + 1, list.hits.len());
    let count = match (list.has_more, area.width < NARROW + 4) {
        (true, is_narrow) => strings::overlays::hit_count_more(at, of, is_narrow),
        (false, _) => strings::overlays::hit_count(at, of),
    };
    footer(buffer, area, &count);
    cursor
}

/// The rows of a hit.
fn height(list: &List<'_>, index: usize, room: u16) -> u16 {
    let hit = &list.hits[index];
    let has_around = index == list.chosen && room >= AROUND_FROM;
    let around = [&hit.before, &hit.after].into_iter().flatten().count();
    2 + if has_around {
        u16::try_from(around).unwrap_or(2)
    } else {
        0
    }
}

/// Draws the hits with the chosen one in sight.
fn draw_hits(buffer: &mut Buffer, area: Rect, list: &List<'_>, view: &mut ViewState) {
    let mut top = list.chosen.min(list.hits.len() - 1);
    let mut used = height(list, top, area.height);
    while let Some(above) = top.checked_sub(1)
        && used + height(list, above, area.height) <= area.height
    {
        used += height(list, above, area.height);
        top = above;
    }
    let mut y = 0;
    for (index, hit) in list.hits.iter().enumerate().skip(top) {
        if y >= area.height {
            break;
        }
        let is_chosen = index == list.chosen;
        let has_around = is_chosen && area.height >= AROUND_FROM;
        let around = [hit.before, hit.after].map(|quote| quote.filter(|_| has_around));
        let [before, after] = around.map(|quote| quote.map(Part::Around));
        let parts = [Some(Part::Head), before, Some(Part::Text), after];
        for part in parts.into_iter().flatten() {
            let area = row(area, y);
            if area.height == 0 {
                break;
            }
            let inner = indented(area);
            match part {
                Part::Head => draw_head(buffer, area, hit, view),
                Part::Text => draw_text(buffer, inner, (hit.text, hit.matched), view.theme),
                Part::Around(quote) => draw_neighbour(buffer, inner, quote),
            }
            if is_chosen && !matches!(part, Part::Around(_)) {
                buffer.set_style(area, Theme::chosen());
            }
            view.add_hit(area, ClickTarget::SwitcherRow(index));
            y += 1;
        }
    }
}

/// A row of a hit.
#[derive(Clone, Copy)]
enum Part<'a> {
    Head,
    Text,
    /// A message before or after it.
    Around(Quote<'a>),
}

fn indented(area: Rect) -> Rect {
    Rect::new(
        area.x + 2,
        area.y,
        area.width.saturating_sub(2),
        area.height,
    )
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

fn draw_neighbour(buffer: &mut Buffer, area: Rect, quote: Quote<'_>) {
    let text = quote.text.replace(['\n', '\t'], " ");
    let said = format!("{}: {text}", quote.author);
    line(buffer, area, &said, Theme::gone());
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
        let is_match = matched.iter().any(|range| range.contains(&cluster.at));
        x = put(
            buffer,
            (x, area.y),
            width,
            drawn,
            match_style(is_match, theme),
        );
    }
}

fn match_style(is_match: bool, theme: Theme) -> Style {
    if is_match {
        theme.unread().add_modifier(Modifier::UNDERLINED)
    } else {
        Theme::text()
    }
}
