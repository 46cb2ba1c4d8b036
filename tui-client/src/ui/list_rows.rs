//! Rows of the switcher, of panels and of the unread overview.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::canvas::Canvas;
use super::contact_list::count;
use super::list::{Line, ListRow};
use super::text::{columns, indented};
use super::theme::Theme;
use crate::app::screen::{Notable, PanelRow, SwitcherRow, UnreadRow};
use crate::cells;
use crate::strings;

/// Below this width the unread overview has no times.
const TIMES_FROM: u16 = 34;

impl ListRow for SwitcherRow<'_> {
    const MAX_WIDTH: u16 = 60;
    const MAX_LINES: u16 = 16;

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _line: Line) -> bool {
        let theme = canvas.view.theme;
        let mut end = area.right();
        if self.unread > 0 {
            end = canvas.right(area, &count(self.unread), theme.unread());
        } else if !self.key.is_empty() {
            // The name matters more.
            let half = indented(area, area.width - area.width / 2);
            end = canvas.right(half, &self.key, Theme::dim()) - 1;
        }
        if self.presence.is_some() {
            let (glyph, style) = theme.presence(self.presence);
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
            let drawn = match cluster.source {
                "\t" => " ",
                _ => cluster.drawn,
            };
            x = canvas.put((x, area.y), width.max(1), drawn, style);
        }
        true
    }
}

impl ListRow for PanelRow {
    const MAX_WIDTH: u16 = 60;
    const MAX_LINES: u16 = 16;

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _line: Line) -> bool {
        let theme = canvas.view.theme;
        let mut detail = self.detail.clone();
        if let Some(time) = self.time {
            detail = format!("{detail} {}", canvas.when(time));
        }
        let mut row = canvas.row(area);
        if !detail.is_empty() {
            // The name matters more than what else there is to know.
            let label = columns(&cells::row(&self.label)).saturating_add(4);
            let room = area.width.saturating_sub(label).max(area.width / 3);
            row.right(&cells::truncate(&detail, room.into()), Theme::dim());
        }
        row.shorten(1);
        if self.presence.is_some() {
            let (glyph, style) = theme.presence(self.presence);
            row.left(glyph, style);
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

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _line: Line) -> bool {
        let theme = canvas.view.theme;
        match self {
            UnreadRow::Conversation { title, unread } => {
                let mut row = canvas.row(area);
                if *unread > 0 {
                    row.right(&count(*unread), Theme::dim());
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
                    Notable::Mention => ("@", theme.mention()),
                    Notable::Reply => ("┃", theme.mention()),
                    Notable::Reaction => ("+", theme.mention()),
                    Notable::Message => (" ", Style::new()),
                };
                let time = canvas.when(*time);
                let mut row = canvas.row(area);
                row.left(mark, style);
                row.skip(1);
                if area.width >= TIMES_FROM {
                    row.left(&time, Theme::dim());
                    row.skip(7 - columns(&time));
                }
                let name = cells::truncate(author, usize::from(area.width / 4));
                row.left(&name, theme.author(author));
                row.skip(1);
                row.fill(&text.replace(['\n', '\t'], " "), Theme::text());
            }
            UnreadRow::More { count, is_quiet } => {
                let what = if *is_quiet {
                    strings::overlays::muted_unread(*count)
                } else {
                    strings::overlays::more_unread(*count)
                };
                canvas.line(indented(area, 2), &what, Theme::dim());
            }
        }
        true
    }
}
