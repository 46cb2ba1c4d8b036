//! Rows with a chosen one, shared by all overlays that have a list.

use std::borrow::Cow;

use crate::app::screen::ListView;

/// A move of the chosen row, or of a scroll.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ListMove {
    By(i32),
    To(usize),
}

#[derive(Debug)]
pub(super) struct List<T> {
    pub(super) rows: Vec<T>,
    /// The index of the chosen row; 0 if there are no rows.
    pub(super) index: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<T> List<T> {
    /// A list whose first row is chosen.
    pub(super) const fn new(rows: Vec<T>) -> Self {
        Self { rows, index: 0 }
    }

    pub(super) fn chosen(&self) -> Option<&T> {
        self.rows.get(self.index)
    }

    /// Moves to a row, not beyond either end.
    pub(super) fn step(&mut self, list_move: ListMove) {
        let index = match list_move {
            ListMove::By(rows) => {
                let rows = isize::try_from(rows).unwrap_or(0);
                self.index.saturating_add_signed(rows)
            }
            ListMove::To(index) => index,
        };
        self.index = index.min(self.rows.len().saturating_sub(1));
    }

    /// Its description without a query.
    pub(super) fn view<'a, R>(
        &'a self,
        title: impl Into<Cow<'a, str>>,
        note: impl Into<Cow<'a, str>>,
        row: impl FnMut(&'a T) -> R,
    ) -> ListView<'a, R> {
        ListView {
            title: title.into(),
            query: None,
            is_replaced: false,
            rows: self.rows.iter().map(row).collect(),
            chosen: self.index,
            has_more: false,
            note: note.into(),
        }
    }
}
