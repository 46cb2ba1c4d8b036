//! The chosen row of a list, shared by all overlays that have one. Their rows stay with them.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice(usize);

impl Choice {
    pub(crate) const fn index(self) -> usize {
        self.0
    }

    /// Chooses a row of `len`; the last one if there are fewer.
    pub(crate) fn set(&mut self, index: usize, len: usize) {
        self.0 = index.min(len.saturating_sub(1));
    }

    /// Moves by rows, not beyond either end.
    pub(crate) fn step(&mut self, steps: i32, len: usize) {
        let steps = isize::try_from(steps).unwrap_or(0);
        self.set(self.0.saturating_add_signed(steps), len);
    }
}
