//! A conversation as rows, and steps along them. Only rows that are asked for are laid out.
//!
//! Each item has heading rows (its day, "n new") and content rows. It owns the cache of wrapped
//! bodies and knows nothing of where the scroll stands.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::text::local;
use crate::app::screen::{ConversationView, Item, ItemId, Mark};
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
    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// The day of what follows.
    Day(Date),
    /// How many of what follows are new.
    New(u64),
    /// A stretch of the item's body.
    Body {
        range: Range<usize>,
        is_first: bool,
        is_last: bool,
        /// Whether the mark of an edit follows it.
        is_edited: bool,
    },
    /// A stretch of the reason why the message failed.
    Reason(Range<usize>),
    Quote,
    /// The reactions, and that the message was edited where that has no room behind the text.
    Tail {
        /// Whether it says that.
        is_edited: bool,
    },
    Event,
    Gap(u64),
}

/// The rows of a message, from its first one.
struct Parts {
    has_quote: bool,
    body: Wrapped,
    reason: Vec<Range<usize>>,
    /// Whether the text has room behind it for the mark of an edit.
    is_edited_behind: bool,
    has_tail: bool,
}

impl Parts {
    fn len(&self) -> usize {
        let around = usize::from(self.has_quote) + usize::from(self.has_tail);
        self.body.len() + self.reason.len() + around
    }
}

pub(super) struct Rows<'a> {
    pub(super) view: &'a ConversationView<'a>,
    pub(super) zone: &'a TimeZone,
    pub(super) width: usize,
    pub(super) cache: &'a mut WrapCache,
}

impl Rows<'_> {
    /// Where the item of this id is, or the first one after it, or the last one.
    pub(super) fn index_of(&self, id: ItemId) -> usize {
        self.view
            .items
            .partition_point(|item| id_of(item) < id)
            .min(self.view.items.len().saturating_sub(1))
    }

    pub(super) fn headings(&self, index: usize) -> usize {
        usize::from(self.day_line(index).is_some()) + usize::from(self.new_line(index).is_some())
    }

    fn content(&mut self, index: usize) -> usize {
        self.parts(index).map_or(1, |parts| parts.len())
    }

    /// The rows of a message; `None` for items of one row.
    fn parts(&mut self, index: usize) -> Option<Parts> {
        let Item::Message {
            id,
            body,
            mark,
            ref details,
            ..
        } = self.view.items[index]
        else {
            return None;
        };
        let rows = self.cache.rows_of(id, body, self.width);
        let last = rows.last().map_or("", |last| body[last.clone()].trim_end());
        let room = self.width.saturating_sub(cells::width(last));
        let is_edited_behind = details.is_edited && room > strings::conversation::EDITED.len();
        Some(Parts {
            has_quote: details.quote.is_some(),
            reason: reason_of(mark).map_or(Vec::new(), |reason| self.wrap_reason(reason)),
            is_edited_behind,
            has_tail: !details.reactions.is_empty() || (details.is_edited && !is_edited_behind),
            body: rows,
        })
    }

    pub(super) fn height(&mut self, index: usize) -> usize {
        self.headings(index) + self.content(index)
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

    /// The last row of all; there must be an item.
    pub(super) fn last(&mut self) -> Spot {
        let item = self.view.items.len() - 1;
        Spot {
            item,
            row: self.height(item) - 1,
        }
    }

    /// The row of an item's content that holds a byte of its body, headings counted.
    pub(super) fn row_of_byte(&mut self, index: usize, byte: usize) -> usize {
        let row = self.parts(index).map_or(0, |parts| {
            let above = parts.body.partition_point(|row| row.start <= byte);
            usize::from(parts.has_quote) + above.saturating_sub(1)
        });
        self.headings(index) + row
    }

    /// The first byte of the body in a row of content; `row` counts without headings. `None`
    /// if that row is no part of a body.
    pub(super) fn byte_of_row(&mut self, index: usize, row: usize) -> Option<usize> {
        let parts = self.parts(index)?;
        let row = row.checked_sub(usize::from(parts.has_quote))?;
        parts.body.get(row).map(|row| row.start)
    }

    pub(super) fn row(&mut self, spot: Spot) -> Row {
        let day = self.day_line(spot.item);
        let new = self.new_line(spot.item);
        let headings = [day.map(Row::Day), new.map(Row::New)];
        if let Some(heading) = headings.into_iter().flatten().nth(spot.row) {
            return heading;
        }
        let row = spot.row - self.headings(spot.item);
        let Some(parts) = self.parts(spot.item) else {
            return match self.view.items[spot.item] {
                Item::Gap { missing, .. } => Row::Gap(missing),
                Item::Event { .. } | Item::Message { .. } => Row::Event,
            };
        };
        let Some(row) = row.checked_sub(usize::from(parts.has_quote)) else {
            return Row::Quote;
        };
        if let Some(range) = parts.body.get(row) {
            let is_last = row + 1 == parts.body.len();
            return Row::Body {
                range: range.clone(),
                is_first: row == 0 && !parts.has_quote,
                is_last,
                is_edited: is_last && parts.is_edited_behind,
            };
        }
        match parts.reason.get(row - parts.body.len()) {
            Some(range) => Row::Reason(range.clone()),
            None => Row::Tail {
                is_edited: self.is_edited(spot.item) && !parts.is_edited_behind,
            },
        }
    }

    fn is_edited(&self, index: usize) -> bool {
        match &self.view.items[index] {
            Item::Message { details, .. } => details.is_edited,
            Item::Event { .. } | Item::Gap { .. } => false,
        }
    }

    fn wrap_reason(&self, reason: &str) -> Vec<Range<usize>> {
        cells::wrap(reason, self.width.saturating_sub(2).max(1))
    }

    /// The date of an item if it differs from that of the message before.
    fn day_line(&self, index: usize) -> Option<Date> {
        let items = &self.view.items;
        let date = |item: &Item<'_>| match item {
            Item::Message { time, .. } | Item::Event { time, .. } => {
                local(*time, self.zone).map(jiff::civil::DateTime::date)
            }
            Item::Gap { .. } => None,
        };
        let own = date(&items[index])?;
        let before = items[..index].iter().rev().take(2).find_map(date);
        (before != Some(own)).then_some(own)
    }

    fn new_line(&self, index: usize) -> Option<u64> {
        self.view
            .new_from
            .filter(|(id, _)| *id == id_of(&self.view.items[index]))
            .map(|(_, count)| count)
    }
}

pub(super) const fn id_of(item: &Item<'_>) -> ItemId {
    match item {
        Item::Message { id, .. } | Item::Event { id, .. } | Item::Gap { id, .. } => *id,
    }
}

pub(super) const fn reason_of(mark: Option<Mark<'_>>) -> Option<&str> {
    match mark {
        Some(Mark::Failed(reason)) => Some(reason),
        _ => None,
    }
}
