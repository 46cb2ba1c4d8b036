//! The right pane: the messages that are visible, by day, with who, when and how far they got.

use std::ops::Range;

use jiff::civil::DateTime;
use ratatui::layout::Rect;
use recado_shared::Membership;
use recado_shared::rules::folding::ReactionCount;
use recado_shared::text::is_visible;

use super::bidi;
use super::canvas::Canvas;
use super::columns::{Columns, MARK, MAX_NAME, Repeated, TIMES_FROM, name_of};
use super::rows::{MessageRow, Row, Rows};
use super::scroll::{Position, Window};
use super::text::{clock, columns, day, indent, local, row, wrap_rows};
use super::theme::Theme;
use crate::app::screen::{
    ConversationView, Focus, Item, ItemId, LinkView, Mark, MessageKind, MessageView, Place, Quote,
    Screen,
};
use crate::app::{ClickTarget, Scroll, Viewed};
use crate::cells;
use crate::strings;

/// What lies below the pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Below {
    /// Items of which nothing is visible.
    pub(super) items: usize,
    /// Rows of the item that is cut off at the bottom.
    pub(super) rows: usize,
}

/// Returns what lies below the visible rows.
pub(super) fn render(
    canvas: &mut Canvas<'_>,
    area: Rect,
    screen: &Screen<'_>,
    conversation: &ConversationView<'_>,
) -> Below {
    let columns = Columns::new(area.width, conversation, canvas.view.clock);
    let (mut position, scrolls) = canvas.view.take_position(conversation);
    if conversation.items.is_empty() {
        draw_empty(canvas, area, screen, conversation);
        for scroll in scrolls {
            position.scroll_without_rows(scroll);
        }
        if let Some(viewed) = &mut canvas.view.viewed {
            viewed.at_oldest = true;
            if position == Position::Newest {
                viewed.place = Place::Newest;
            }
        }
        canvas.view.keep_position(conversation.id, position);
        return Below::default();
    }
    let mut rows = Rows {
        view: conversation,
        zone: canvas.view.time_zone.clone(),
        width: columns.body.max(1).into(),
        cache: std::mem::take(&mut canvas.view.cache),
    };
    let height = usize::from(area.height);
    for scroll in scrolls {
        position.scroll(scroll, &mut rows, height);
    }
    // Arrivals must not push away what is selected.
    if let (Focus::Selection(item), Position::Newest) = (screen.focus, position) {
        position.scroll(Scroll::Show(item), &mut rows, height);
    }
    let window = position.window(&mut rows, height);
    let pane = Pane {
        screen,
        area,
        columns,
    };
    let visible = pane.draw(canvas, window, &mut rows);
    canvas.view.viewed = Some(Viewed {
        conversation: conversation.id,
        visible,
        place: position.place(&mut rows),
        at_oldest: window.top.item == 0,
    });
    canvas.view.keep_position(conversation.id, position);
    let below = Below {
        items: conversation.items.len() - 1 - window.bottom.item,
        rows: rows.height(window.bottom.item) - 1 - window.bottom.row,
    };
    canvas.view.cache = rows.cache;
    below
}

fn draw_empty(
    canvas: &mut Canvas<'_>,
    area: Rect,
    screen: &Screen<'_>,
    conversation: &ConversationView<'_>,
) {
    let is_outside =
        matches!(conversation.room, Some(room) if room.membership != Membership::Member);
    let what = match screen.link {
        _ if is_outside => strings::conversation::MEMBERS_ONLY,
        _ if conversation.is_complete => strings::conversation::NO_MESSAGES,
        LinkView::Connecting | LinkView::Connected(_) => strings::conversation::FETCHING,
        LinkView::Offline { .. } | LinkView::Refused(_) => strings::conversation::NOT_LOADED,
    };
    let middle = area.height / 2;
    let above = row(area, middle.saturating_sub(1));
    canvas.draw_centred(above, what, Theme::dim());
    if middle < area.height && !is_outside {
        let how = strings::conversation::WRITE_BELOW;
        canvas.draw_centred(row(area, middle), how, Theme::dim());
    }
}

pub(super) fn render_none(canvas: &mut Canvas<'_>, area: Rect, screen: &Screen<'_>) {
    let key = screen.key_of(strings::hints::GO_TO);
    let lines = if screen.contacts.is_empty() {
        strings::conversation::invite(key).to_vec()
    } else {
        vec![strings::conversation::start_conversation(key)]
    };
    let rows = lines.iter().flat_map(|line| wrap_rows(line, area.width));
    let rows: Vec<&str> = rows.collect();
    let top = usize::from(area.height).saturating_sub(rows.len()) / 2;
    for (area, line) in area.rows().skip(top).zip(rows) {
        canvas.draw_centred(area, line, Theme::dim());
    }
}

#[derive(Clone, Copy)]
struct Pane<'a, 's> {
    screen: &'a Screen<'s>,
    area: Rect,
    columns: Columns,
}

impl Pane<'_, '_> {
    /// Draws the window. Returns the first and last items whose content ends in it.
    fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        window: Window,
        rows: &mut Rows<'_>,
    ) -> Option<(ItemId, ItemId)> {
        let mut visible = None;
        let mut spot = window.top;
        let is_entry = |item: &Item<'_>| matches!(item.id(), ItemId::Entry(_));
        let last_entry = rows.view.items.iter().rposition(is_entry);
        for area in self.area.rows().skip(window.blank) {
            let content = rows.row(spot);
            let is_heading = matches!(content, Row::Day(_) | Row::New(_));
            let is_seen = ends_text(&content);
            // The first row of the pane has nothing above it that it could repeat.
            let repeated = match rows.grouped_with(spot) {
                Some((before, message)) if spot != window.top => {
                    Repeated::new(before, message, &rows.zone)
                }
                Some(_) | None => Repeated::default(),
            };
            self.draw_row(canvas, area, content, repeated);
            if !is_heading {
                let id = rows.view.items[spot.item].id();
                // A failed message between entries says nothing about what was seen.
                let is_place = last_entry.is_none_or(|last| spot.item > last)
                    || is_entry(&rows.view.items[spot.item]);
                if is_place && is_seen {
                    visible = Some((visible.map_or(id, |(first, _)| first), id));
                }
                canvas.add_hit(area, ClickTarget::Item(id));
                if self.screen.focus == Focus::Selection(id) {
                    canvas.buffer.set_style(area, Theme::chosen());
                }
            }
            if spot == window.bottom {
                break;
            }
            (spot, _) = rows.down(spot, 1);
        }
        visible
    }

    fn draw_row(&self, canvas: &mut Canvas<'_>, area: Rect, content: Row<'_>, repeated: Repeated) {
        let (message, message_row) = match content {
            Row::Day(date) => {
                let today = local(canvas.view.now, &canvas.view.time_zone).map(DateTime::date);
                let day = day(date, today, area.width < TIMES_FROM);
                return canvas.draw_centred(area, &format!("── {day} ──"), Theme::dim());
            }
            Row::New(count) => {
                let inner = usize::from(area.width.saturating_sub(2));
                let count = format!(" {} ", strings::conversation::new_messages(count));
                return canvas.draw_centred(area, &format!("{count:─^inner$}"), Theme::unread());
            }
            Row::Gap(missing) => {
                return canvas.draw_centred(area, &self.gap_text(missing), Theme::dim());
            }
            Row::Event(text) => return canvas.draw_centred(area, text, Theme::dim()),
            Row::Message(message, message_row) => (message, message_row),
        };
        let mut body = indent(area, self.columns.body_at());
        body.width = self.columns.body;
        match message_row {
            MessageRow::Quote(quote) => {
                self.draw_head(canvas, area, message, repeated);
                canvas.draw_line(body, &quote_text(quote), Theme::dim());
            }
            MessageRow::Body {
                range,
                is_first,
                is_last,
                is_edited,
            } => {
                if is_first {
                    self.draw_head(canvas, area, message, repeated);
                }
                draw_body(canvas, body, message, range, is_edited);
                if is_last {
                    self.draw_mark(canvas, area, message);
                }
            }
            MessageRow::Reason(reason) => {
                let reason = format!("  {}", cells::row(reason));
                canvas.row(body).draw_left(&reason, Theme::failure());
            }
            MessageRow::Tail { is_edited } => {
                draw_tail(canvas, body, &message.details.reactions, is_edited);
            }
        }
    }

    fn gap_text(&self, missing: u64) -> String {
        match self.screen.link {
            LinkView::Connecting | LinkView::Connected(_) => {
                strings::conversation::gap_loading(missing)
            }
            LinkView::Offline { .. } | LinkView::Refused(_) => strings::conversation::gap(missing),
        }
    }

    fn draw_head(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        message: &MessageView<'_>,
        repeated: Repeated,
    ) {
        if self.columns.time > 0 && !repeated.time {
            let time = local(message.time, &canvas.view.time_zone);
            let clock = clock(time, canvas.view.clock);
            let width = self.columns.time - 1;
            let clock = format!("{clock:>0$}", usize::from(width));
            let at = (area.x + self.columns.margin, area.y);
            canvas.put(at, width, &clock, Theme::dim());
        }
        if repeated.name {
            return;
        }
        let style = if message.is_own {
            Theme::strong()
        } else {
            canvas.view.names.style_within(message.author)
        };
        let x = area.x + self.columns.name_at();
        let name_area = Rect::new(x, area.y, self.columns.name, 1);
        canvas.draw_line(name_area, &name_of(message), style);
    }

    fn draw_mark(&self, canvas: &mut Canvas<'_>, area: Rect, message: &MessageView<'_>) {
        let (glyph, style) = match message.mark {
            None => return,
            Some(Mark::Waiting) => (" ◌", Theme::busy()),
            Some(Mark::Accepted) => (" ✓", Theme::dim()),
            Some(Mark::Delivered) => ("✓✓", Theme::dim()),
            Some(Mark::Read) => ("✓✓", Theme::read()),
            Some(Mark::Failed(_)) => (" ✗", Theme::failure()),
        };
        let x = area.x + self.columns.mark_at();
        canvas.put((x, area.y), MARK - 1, glyph, style);
    }
}

/// Whether a row is the end of a text, or below it. What is cut off above that is not read yet.
const fn ends_text(row: &Row<'_>) -> bool {
    match row {
        Row::Day(_) | Row::New(_) => false,
        Row::Event(_) | Row::Gap(_) => true,
        Row::Message(_, row) => match row {
            MessageRow::Quote(_) => false,
            MessageRow::Body { is_last, .. } => *is_last,
            MessageRow::Reason(_) | MessageRow::Tail { .. } => true,
        },
    }
}

fn draw_body(
    canvas: &mut Canvas<'_>,
    area: Rect,
    message: &MessageView<'_>,
    range: Range<usize>,
    is_edited: bool,
) {
    let style = match message.details.kind {
        MessageKind::Plain => Theme::text(),
        MessageKind::Emote => Theme::emote(),
        MessageKind::Deleted | MessageKind::Hidden | MessageKind::Invisible => Theme::placeholder(),
    };
    let body = message.body;
    let row_text = cells::row(body[range.clone()].trim_end());
    let mut row = canvas.row(area);
    row.draw_left(&row_text, style);
    if is_edited {
        row.draw_left(&format!(" {}", strings::conversation::EDITED), Theme::dim());
    }
    for mention in &message.details.mentions {
        let (start, stop) = (mention.start.max(range.start), mention.end.min(range.end));
        if start >= stop {
            continue;
        }
        let left = columns(&body[range.start..start]);
        let right = columns(&body[range.start..stop]).min(area.width);
        if left < right {
            let area = Rect::new(area.x + left, area.y, right - left, 1);
            canvas.buffer.set_style(area, Theme::mention());
        }
    }
    if canvas.view.reorders_bidi {
        let end = range.start + body[range.clone()].trim_end().len();
        bidi::reorder(canvas.buffer, area, body, range.start..end);
    }
}

fn draw_tail(
    canvas: &mut Canvas<'_>,
    area: Rect,
    reactions: &[ReactionCount<'_>],
    is_edited: bool,
) {
    let mut row = canvas.row(area);
    if is_edited {
        row.draw_left(strings::conversation::EDITED, Theme::dim());
        row.skip(2);
    }
    for (at, reaction) in reactions.iter().enumerate() {
        let emoji = cells::truncate(reaction.emoji.as_str(), 4);
        let chip = format!("{emoji} {}", reaction.count);
        let is_last = at + 1 == reactions.len();
        let kept = if is_last { 0 } else { 2 };
        if columns(&chip) + kept > row.rest.width {
            return row.draw_left("…", Theme::dim());
        }
        let style = if reaction.is_mine {
            Theme::mention()
        } else {
            Theme::dim()
        };
        row.draw_left(&chip, style);
        row.skip(2);
    }
}

pub(super) fn quote_text(quote: Quote<'_>) -> String {
    let separator = if quote.author.is_empty() { "" } else { ": " };
    let mut lines = quote.text.lines();
    let first = lines.find(|line| is_visible(line)).unwrap_or_default();
    format!("┃ {}{separator}{first}", quote.author)
}

pub(super) fn render_typing(canvas: &mut Canvas<'_>, area: Rect, typing: &[&str]) {
    let name = |name: &str| cells::truncate(name, MAX_NAME.into());
    let typing = match typing {
        [] => return,
        [one] => strings::conversation::is_typing(&name(one)),
        [one, two] => strings::conversation::are_typing(&name(one), &name(two)),
        [one, two, more @ ..] => {
            strings::conversation::many_are_typing(&name(one), &name(two), more.len())
        }
    };
    let area = indent(area, 1);
    canvas.draw_line(area, &typing, Theme::busy());
}
