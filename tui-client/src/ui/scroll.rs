//! Scroll position of a conversation and its moves. It is anchored to a byte of an item, so that
//! arrivals, older items and another width leave the text that is being read where it is.

use super::rows::{Rows, Spot};
use crate::app::Scroll;
use crate::app::screen::{Item, ItemId, Place};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Position {
    /// The last row is at the bottom.
    #[default]
    Newest,
    At(Anchor),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    item: ItemId,
    /// A byte of its body: the row that holds it is pinned. Kept through resizing, so that going
    /// back to a width goes back to the same rows.
    at: At,
    /// To this row of the pane. Above it are at most headings and a gap.
    pane_row: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Byte(usize),
    /// A row of the content: from a stored place, or where there is no body.
    Row(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) top: Spot,
    pub(super) bottom: Spot,
    /// How many rows of the pane are empty above the top.
    pub(super) blank: usize,
}

impl Position {
    pub(super) fn from_place(place: Place) -> Self {
        match place {
            Place::Newest => Self::Newest,
            Place::At { item, row } => Self::At(Anchor {
                item,
                at: At::Row(row.into()),
                pane_row: 0,
            }),
        }
    }

    pub(super) fn place(self, rows: &mut Rows<'_>) -> Place {
        let Self::At(anchor) = self else {
            return Place::Newest;
        };
        let spot = rows_spot(anchor, rows);
        let row = spot.row - rows.heading_count(spot.item).min(spot.row);
        Place::At {
            item: anchor.item,
            row: u16::try_from(row).unwrap_or(u16::MAX),
        }
    }

    /// What is shown in a pane of a height; there must be an item. A position that would leave
    /// rows empty below the last one becomes the last one: [`Position::Newest`], or a pinned row
    /// where newer messages are left out.
    pub(super) fn window(&mut self, rows: &mut Rows<'_>, height: usize) -> Window {
        let steps = height.max(1) - 1;
        if let Self::At(anchor) = *self {
            let spot = rows_spot(anchor, rows);
            let (top, _) = rows.up(spot, anchor.pane_row.min(steps));
            let (bottom, below) = rows.down(top, steps);
            if below == steps {
                return Window {
                    top,
                    bottom,
                    blank: 0,
                };
            }
        }
        let bottom = rows.last();
        let (top, above) = rows.up(bottom, steps);
        self.pin(top, bottom, rows);
        Window {
            top,
            bottom,
            blank: steps - above,
        }
    }

    pub(super) fn scroll(&mut self, scroll: Scroll, rows: &mut Rows<'_>, height: usize) {
        match scroll {
            Scroll::Newest => *self = Self::Newest,
            Scroll::Lines(by) => self.step(by.into(), rows, height),
            Scroll::Pages(by) => {
                let page = i64::try_from(height.saturating_sub(2).max(1)).unwrap_or(1);
                self.step(i64::from(by) * page, rows, height);
            }
            Scroll::Top(item) => {
                let item = rows.index_of(item);
                self.put_at_top(Spot { item, row: 0 }, rows, height);
            }
            Scroll::Show(item) => self.show(rows.index_of(item), false, rows, height),
            Scroll::Amid(item) => self.show(rows.index_of(item), true, rows, height),
            Scroll::To(place) => *self = Self::from_place(place),
        }
    }

    /// Scrolls while nothing is loaded, as far as that needs no rows.
    pub(super) fn scroll_without_rows(&mut self, scroll: Scroll) {
        match scroll {
            Scroll::Newest => *self = Self::Newest,
            Scroll::To(place) => *self = Self::from_place(place),
            Scroll::Lines(_)
            | Scroll::Pages(_)
            | Scroll::Top(_)
            | Scroll::Show(_)
            | Scroll::Amid(_) => {}
        }
    }

    fn step(&mut self, by: i64, rows: &mut Rows<'_>, height: usize) {
        let top = self.window(rows, height).top;
        let steps = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
        let (moved, by) = if by < 0 {
            rows.up(top, steps)
        } else {
            rows.down(top, steps)
        };
        if by > 0 {
            self.put_at_top(moved, rows, height);
        }
    }

    /// Moves an item that is out of sight to the nearer edge, or to the upper third of the pane.
    fn show(&mut self, item: usize, is_amid: bool, rows: &mut Rows<'_>, height: usize) {
        let window = self.window(rows, height);
        let (first, last) = (Spot { item, row: 0 }, rows.last_of(item));
        let top = if is_amid && (first < window.top || last > window.bottom) {
            rows.up(first, height / 3).0
        } else if first < window.top {
            first
        } else if last > window.bottom {
            rows.up(last, height.max(1) - 1).0.min(first)
        } else {
            return;
        };
        self.put_at_top(top, rows, height);
    }

    fn put_at_top(&mut self, top: Spot, rows: &mut Rows<'_>, height: usize) {
        let (bottom, _) = rows.down(top, height.max(1) - 1);
        self.pin(top, bottom, rows);
    }

    /// Pins a row, unless the newest one is at the bottom.
    fn pin(&mut self, top: Spot, bottom: Spot, rows: &mut Rows<'_>) {
        *self = if bottom == rows.last() && rows.view.follows_newest {
            Self::Newest
        } else {
            Self::At(Anchor::new(top, rows))
        };
    }
}

impl Anchor {
    /// Pins what is at the top; below a gap, what follows it: entries that fill the gap appear
    /// above what is being read.
    fn new(top: Spot, rows: &mut Rows<'_>) -> Self {
        if let Item::Gap { .. } = rows.view.items[top.item]
            && let Some(Item::Message(message)) = rows.view.items.get(top.item + 1)
        {
            let above = rows.height(top.item) - top.row;
            return Self {
                item: message.id,
                at: At::Byte(0),
                pane_row: above + rows.heading_count(top.item + 1),
            };
        }
        let headings = rows.heading_count(top.item);
        let row = top.row.saturating_sub(headings);
        let byte = rows.byte_of_row(top.item, row);
        Self {
            item: rows.view.items[top.item].id(),
            at: byte.map_or(At::Row(row), At::Byte),
            pane_row: headings.saturating_sub(top.row),
        }
    }
}

fn rows_spot(anchor: Anchor, rows: &mut Rows<'_>) -> Spot {
    let item = rows.index_of(anchor.item);
    let row = match anchor.at {
        At::Byte(byte) => rows.row_of_byte(item, byte),
        At::Row(row) => (rows.heading_count(item) + row).min(rows.height(item) - 1),
    };
    Spot { item, row }
}
