//! A conversation as rows, laid out when they are asked for, and steps along them. Each item has
//! heading rows (its day, "n new") and content rows.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::text::{local, wrap_rows};
use crate::app::screen::{ConversationView, Item, ItemId, Mark, MessageView, Quote};
use crate::cells;
use crate::strings;

/// Most bodies whose rows are kept: a few screens full. At the bound the cache starts anew.
const MAX_CACHED: usize = 1024;

type Wrapped = Arc<[Range<usize>]>;

/// Wrapped bodies of the conversation that is shown, at its width.
#[derive(Debug, Default)]
pub(super) struct WrapCache {
    width: usize,
    /// By item, with the body as a guard against another one under the same id.
    rows: HashMap<ItemId, (Box<str>, Wrapped)>,
}

impl WrapCache {
    fn rows_of(&mut self, id: ItemId, body: &str, width: usize) -> Wrapped {
        if self.width != width || self.rows.len() >= MAX_CACHED {
            self.rows.clear();
            self.width = width;
        }
        match self.rows.get(&id) {
            Some((known, rows)) if **known == *body => Arc::clone(rows),
            _ => {
                let rows: Wrapped = cells::wrap(body, width).into();
                self.rows.insert(id, (body.into(), Arc::clone(&rows)));
                rows
            }
        }
    }
}

/// One row, by its item's index and its place in the item: headings first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) item: usize,
    pub(super) row: usize,
}

pub(super) enum Row<'a> {
    /// The day of what follows.
    Day(Date),
    /// How many of what follows are new.
    New(u64),
    Event(&'a str),
    /// How many entries are missing.
    Gap(u64),
    Message(&'a MessageView<'a>, MessageRow<'a>),
}

pub(super) enum MessageRow<'a> {
    Quote(Quote<'a>),
    Body {
        range: Range<usize>,
        is_first: bool,
        is_last: bool,
        /// Whether the mark of an edit follows it.
        is_edited: bool,
    },
    /// A stretch of the reason why the message failed.
    Reason(&'a str),
    /// The reactions, and whether the mark of an edit comes before them for want of room behind
    /// the text.
    Tail {
        is_edited: bool,
    },
}

struct MessageRows<'a> {
    quote: Option<Quote<'a>>,
    body: Wrapped,
    reason: Vec<&'a str>,
    /// Whether the text has room behind it for the mark of an edit.
    has_edit_mark: bool,
    /// If there is a tail: whether that mark is in it.
    tail: Option<bool>,
}

impl<'a> MessageRows<'a> {
    fn above_body(&self) -> usize {
        self.quote.iter().len()
    }

    fn len(&self) -> usize {
        self.above_body() + self.body.len() + self.reason.len() + self.tail.iter().len()
    }

    fn row(&self, row: usize) -> MessageRow<'a> {
        if let (0, Some(quote)) = (row, self.quote) {
            return MessageRow::Quote(quote);
        }
        let row = row - self.above_body();
        if let Some(range) = self.body.get(row) {
            let is_last = row + 1 == self.body.len();
            return MessageRow::Body {
                range: range.clone(),
                is_first: row == 0 && self.quote.is_none(),
                is_last,
                is_edited: is_last && self.has_edit_mark,
            };
        }
        match self.reason.get(row - self.body.len()) {
            Some(reason) => MessageRow::Reason(reason),
            None => MessageRow::Tail {
                is_edited: self.tail.unwrap_or(false),
            },
        }
    }
}

pub(super) struct Rows<'a> {
    pub(super) view: &'a ConversationView<'a>,
    pub(super) zone: TimeZone,
    pub(super) width: usize,
    pub(super) cache: WrapCache,
}

impl<'a> Rows<'a> {
    /// Where the item of this id is, or the first one after it, or the last one.
    pub(super) fn index_of(&self, id: ItemId) -> usize {
        let items = &self.view.items;
        // Failed messages of the outbox stand between the entries, which alone are ascending.
        let is_here = |item: &Item<'_>| match (id, item.id()) {
            (ItemId::Entry(wanted), ItemId::Entry(seq)) => seq >= wanted,
            (ItemId::Pending(wanted), ItemId::Pending(found)) => found == wanted,
            (ItemId::Entry(_), ItemId::Pending(_)) | (ItemId::Pending(_), ItemId::Entry(_)) => {
                false
            }
        };
        let index = items.iter().position(is_here);
        index.unwrap_or(items.len().saturating_sub(1))
    }

    /// The day where it differs from that of the item before, then how many items are new.
    fn headings(&self, index: usize) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let items = &self.view.items;
        let date = |item: &Item<'_>| match item {
            Item::Message(MessageView { time, .. }) | Item::Event { time, .. } => {
                local(*time, &self.zone).map(DateTime::date)
            }
            Item::Gap { .. } => None,
        };
        let own = date(&items[index]);
        let mut before = items[..index].iter().rev().take(2);
        let day = own.filter(|_| before.find_map(date) != own);
        let new = self.view.new_from;
        let new = new.filter(|(id, _)| *id == items[index].id());
        let headings = [day.map(Row::Day), new.map(|(_, count)| Row::New(count))];
        headings.into_iter().flatten()
    }

    pub(super) fn heading_count(&self, index: usize) -> usize {
        self.headings(index).count()
    }

    fn message(&self, index: usize) -> Option<&'a MessageView<'a>> {
        match &self.view.items[index] {
            Item::Message(message) => Some(message),
            Item::Event { .. } | Item::Gap { .. } => None,
        }
    }

    /// The message of this first row, after the one right above it. `None` for other rows.
    pub(super) fn grouped_with(
        &self,
        spot: Spot,
    ) -> Option<(&'a MessageView<'a>, &'a MessageView<'a>)> {
        if spot.row > 0 || self.heading_count(spot.item) > 0 {
            return None;
        }
        let before = self.message(spot.item.checked_sub(1)?)?;
        Some((before, self.message(spot.item)?))
    }

    fn message_rows(&mut self, message: &'a MessageView<'a>) -> MessageRows<'a> {
        let details = &message.details;
        let body = self.cache.rows_of(message.id, message.body, self.width);
        let last = body.last().map_or("", |last| &message.body[last.clone()]);
        let room = self.width.saturating_sub(cells::width(last.trim_end()));
        let has_edit_mark = details.is_edited && room > strings::conversation::EDITED.len();
        let is_edit_below = details.is_edited && !has_edit_mark;
        let has_tail = is_edit_below || !details.reactions.is_empty();
        MessageRows {
            quote: details.quote,
            body,
            reason: match message.mark {
                Some(Mark::Failed(why)) => wrap_rows(why, self.width.saturating_sub(2)).collect(),
                _ => Vec::new(),
            },
            has_edit_mark,
            tail: has_tail.then_some(is_edit_below),
        }
    }

    pub(super) fn height(&mut self, index: usize) -> usize {
        let message = self.message(index);
        let content = message.map_or(1, |message| self.message_rows(message).len());
        self.heading_count(index) + content
    }

    /// The spot `by` rows above, and how many of them there were.
    pub(super) fn up(&mut self, mut spot: Spot, by: usize) -> (Spot, usize) {
        let mut left = by;
        while left > spot.row {
            if spot.item == 0 {
                return (Spot { item: 0, row: 0 }, by - (left - spot.row));
            }
            left -= spot.row + 1;
            spot.item -= 1;
            spot.row = self.height(spot.item) - 1;
        }
        spot.row -= left;
        (spot, by)
    }

    /// The spot `by` rows below, and how many of them there were.
    pub(super) fn down(&mut self, mut spot: Spot, by: usize) -> (Spot, usize) {
        let mut left = by;
        loop {
            let below = self.height(spot.item) - 1 - spot.row;
            if left <= below {
                spot.row += left;
                return (spot, by);
            }
            if spot.item + 1 == self.view.items.len() {
                spot.row += below;
                return (spot, by - (left - below));
            }
            left -= below + 1;
            spot.item += 1;
            spot.row = 0;
        }
    }

    pub(super) fn last_of(&mut self, item: usize) -> Spot {
        let row = self.height(item) - 1;
        Spot { item, row }
    }

    /// The last row of all; there must be an item.
    pub(super) fn last(&mut self) -> Spot {
        self.last_of(self.view.items.len() - 1)
    }

    pub(super) fn row_of_byte(&mut self, index: usize, byte: usize) -> usize {
        let row = self.message(index).map_or(0, |message| {
            let rows = self.message_rows(message);
            let above = rows.body.partition_point(|row| row.start <= byte);
            rows.above_body() + above.saturating_sub(1)
        });
        self.heading_count(index) + row
    }

    /// The first byte of the body in a row of content; `row` counts without headings. `None`
    /// if that row is no part of a body.
    pub(super) fn byte_of_row(&mut self, index: usize, row: usize) -> Option<usize> {
        let rows = self.message_rows(self.message(index)?);
        let row = row.checked_sub(rows.above_body())?;
        rows.body.get(row).map(|row| row.start)
    }

    pub(super) fn row(&mut self, spot: Spot) -> Row<'a> {
        if let Some(heading) = self.headings(spot.item).nth(spot.row) {
            return heading;
        }
        let row = spot.row - self.heading_count(spot.item);
        match &self.view.items[spot.item] {
            Item::Gap { missing, .. } => Row::Gap(*missing),
            Item::Event { text, .. } => Row::Event(text),
            Item::Message(message) => Row::Message(message, self.message_rows(message).row(row)),
        }
    }
}
