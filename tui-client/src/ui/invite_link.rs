//! Drawing of the panel with an invite link: the line fills whole rows without borders, so that a selection
//! of the terminal has nothing else in it.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget as _};

use super::canvas::Canvas;
use super::text::wrap_rows;
use super::theme::Theme;
use super::view::UnbrokenLine;
use crate::cells;
use crate::model::InviteLink;
use crate::strings::overlays;

/// A paragraph beside the line, with the order in which it is left out where there is no room.
struct Paragraph {
    text: String,
    style: Style,
    /// The higher, the longer it stays.
    rank: u8,
}

/// Draws the panel above the status line.
pub(super) fn render(canvas: &mut Canvas<'_>, screen: Rect, link: &InviteLink, copy_key: &str) {
    let height = screen.height.saturating_sub(1);
    let area = Rect::new(screen.x, screen.y, screen.width, height);
    Clear.render(area, canvas.buffer);
    let paragraph = |text: String, style, rank| Paragraph { text, style, rank };
    let until = link.expires.map(|time| canvas.moment(time));
    let before = [
        paragraph(overlays::INVITE_LINK_TITLE.to_owned(), Theme::strong(), 1),
        paragraph(
            overlays::INVITE_LINK_INTRODUCTION.to_owned(),
            Theme::text(),
            2,
        ),
    ];
    let warning = link.warning.clone();
    let after = [
        warning.map(|text| paragraph(text, Theme::failure(), 5)),
        Some(paragraph(
            overlays::invite_terms(link.uses, until.as_deref()),
            Theme::text(),
            3,
        )),
        Some(paragraph(overlays::copy_invite(copy_key), Theme::dim(), 4)),
    ];
    let after: Vec<_> = after.into_iter().flatten().collect();
    let rows = unbroken_rows(&link.line, area.width);
    let Some(free) = area.height.checked_sub(rows_of(rows.len())) else {
        let text = overlays::invite_does_not_fit(copy_key);
        for (row, text) in area.rows().zip(wrap_rows(&text, area.width)) {
            canvas.draw_line(row, text, Theme::text());
        }
        return;
    };
    let ranks = fitting_ranks(before.iter().chain(&after), area.width, free);
    let shown = |paragraph: &&Paragraph| ranks.contains(&paragraph.rank);
    let height_of = |paragraph: &Paragraph| rows_of(wrap_rows(&paragraph.text, area.width).count());
    let all = before.iter().chain(&after).filter(shown);
    let (count, used) = all.fold((0, 0), |(count, used), paragraph| {
        (count + 1, used + height_of(paragraph))
    });
    // An empty row between all of them, or none.
    let gap = u16::from(used + count <= free);
    let mut y = area.y;
    for paragraph in before.iter().filter(shown) {
        y = draw(canvas, area, y, paragraph) + gap;
    }
    canvas.view.unbroken = Some(UnbrokenLine {
        at: (area.x, y).into(),
        text: link.line.clone(),
    });
    for row in &rows {
        canvas.put((area.x, y), area.width, row, Theme::text());
        y += 1;
    }
    for paragraph in after.iter().filter(shown) {
        y = draw(canvas, area, y + gap, paragraph);
    }
}

/// The ranks of the paragraphs that fit into the free rows together, the higher ones first.
fn fitting_ranks<'a>(
    paragraphs: impl Iterator<Item = &'a Paragraph>,
    width: u16,
    free: u16,
) -> Vec<u8> {
    let mut paragraphs: Vec<_> = paragraphs.collect();
    paragraphs.sort_by_key(|paragraph| std::cmp::Reverse(paragraph.rank));
    let mut free = usize::from(free);
    let mut ranks = Vec::new();
    for paragraph in paragraphs {
        let rows = wrap_rows(&paragraph.text, width).count();
        if let Some(left) = free.checked_sub(rows) {
            free = left;
            ranks.push(paragraph.rank);
        }
    }
    ranks
}

/// Draws a paragraph and returns the row below it.
fn draw(canvas: &mut Canvas<'_>, area: Rect, y: u16, paragraph: &Paragraph) -> u16 {
    let rows = wrap_rows(&paragraph.text, area.width);
    (y..).zip(rows).fold(y, |_, (y, text)| {
        canvas.draw_line(Rect::new(area.x, y, area.width, 1), text, paragraph.style);
        y + 1
    })
}

fn rows_of(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The rows of a text as a terminal wraps it: at the last column, wherever that is.
fn unbroken_rows(text: &str, width: u16) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for cluster in cells::clusters(text) {
        if used + cluster.width > width.into() {
            rows.push(String::new());
            used = 0;
        }
        used += cluster.width;
        if let Some(row) = rows.last_mut() {
            row.push_str(&cluster.drawn);
        }
    }
    rows
}
