//! Sets of places in a log, kept as ascending runs without a hole.

use recado_shared::Seq;

use crate::store::HeldRange;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Runs that neither overlap nor touch, ascending.
    runs: Vec<HeldRange>,
    /// The places in all of them.
    count: u64,
}

const fn len(run: &HeldRange) -> u64 {
    run.last.0 + 1 - run.first.0
}

impl Ranges {
    /// Takes runs as stored, whatever their order; empty ones are left out.
    pub(super) fn from_held(held: &[HeldRange]) -> Self {
        let mut ranges = Self::default();
        for run in held {
            ranges.insert(run.first, run.last);
        }
        ranges
    }

    /// Adds everything from `first` to `last`, both included.
    pub(crate) fn insert(&mut self, first: Seq, last: Seq) {
        let first = first.max(Seq(1));
        if first > last {
            return;
        }
        let from = self.runs.partition_point(|run| run.last.next() < first);
        let to = self.runs.partition_point(|run| run.first <= last.next());
        let merged = match self.runs.get(from..to) {
            Some([]) | None => HeldRange { first, last },
            Some(touched) => HeldRange {
                first: touched[0].first.min(first),
                last: touched[touched.len() - 1].last.max(last),
            },
        };
        let replaced = self.runs.splice(from..to.max(from), [merged]);
        let replaced: u64 = replaced.map(|run| len(&run)).sum();
        self.count += len(&merged) - replaced;
    }

    pub(crate) fn contains(&self, seq: Seq) -> bool {
        let index = self.runs.partition_point(|run| run.last < seq);
        self.runs.get(index).is_some_and(|run| run.first <= seq)
    }

    pub(crate) fn last(&self) -> Option<Seq> {
        self.runs.last().map(|run| run.last)
    }

    /// The end of the run that goes on right after `seq`, or `seq` if none does.
    pub(super) fn run_end(&self, seq: Seq) -> Seq {
        let next = seq.next();
        let index = self.runs.partition_point(|run| run.last < next);
        match self.runs.get(index) {
            Some(run) if run.first <= next => run.last,
            Some(_) | None => seq,
        }
    }

    /// The missing stretch nearest to `newest`, which may be missing itself.
    pub(super) fn newest_gap(&self, newest: Seq) -> Option<HeldRange> {
        let below = self.runs.partition_point(|run| run.first <= newest);
        let mut last = newest;
        for run in self.runs[..below].iter().rev() {
            if run.last < last {
                let first = run.last.next();
                return Some(HeldRange { first, last });
            }
            last = run.first.prev();
        }
        let first = Seq(1);
        (first <= last).then_some(HeldRange { first, last })
    }

    /// How many places of `first..=last` are in the set.
    pub(crate) fn count_in(&self, first: Seq, last: Seq) -> u64 {
        let (Some(start), Some(end)) = (self.runs.first(), self.runs.last()) else {
            return 0;
        };
        // The usual question, which is about all of them.
        if first <= start.first && end.last <= last {
            return self.count;
        }
        let index = self.runs.partition_point(|run| run.last < first);
        let runs = self.runs[index..]
            .iter()
            .take_while(|run| run.first <= last);
        runs.map(|run| run.last.min(last).0 + 1 - run.first.max(first).0)
            .sum()
    }

    /// The place of the `n`th entry from the oldest on, or of the last one that is not after `last`;
    /// `None` if there is none.
    pub(super) fn nth(&self, n: u64, last: Seq) -> Option<Seq> {
        let mut rest = n;
        let mut found = None;
        for run in self.runs.iter().take_while(|run| run.first <= last) {
            if rest == 0 {
                break;
            }
            let end = Seq(run.first.0 + rest - 1).min(run.last).min(last);
            rest -= end.0 + 1 - run.first.0;
            found = Some(end);
        }
        found
    }

    /// The first place of `first..=last` that `whole` has and this set has not.
    pub(super) fn first_lacking(&self, whole: &Self, first: Seq, last: Seq) -> Option<Seq> {
        whole.runs.iter().find_map(|run| {
            let (first, last) = (run.first.max(first), run.last.min(last));
            let covered = self.run_end(first.prev());
            (covered < last && first <= last).then_some(covered.next())
        })
    }

    pub(super) fn keep_up_to(&mut self, last: Seq) {
        self.runs.retain(|run| run.first <= last);
        if let Some(run) = self.runs.last_mut() {
            run.last = run.last.min(last);
        }
        self.count = self.runs.iter().map(len).sum();
    }

    pub(super) fn keep_after(&mut self, seq: Seq) {
        if self.runs.first().is_none_or(|run| run.first > seq) {
            return;
        }
        self.runs.retain(|run| run.last > seq);
        if let Some(run) = self.runs.first_mut() {
            run.first = run.first.max(seq.next());
        }
        self.count = self.runs.iter().map(len).sum();
    }

    pub(crate) fn to_held(&self) -> Vec<HeldRange> {
        self.runs.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, last: u64) -> HeldRange {
        HeldRange {
            first: Seq(first),
            last: Seq(last),
        }
    }

    fn ranges(runs: &[(u64, u64)]) -> Ranges {
        let runs: Vec<_> = runs.iter().map(|&(first, last)| run(first, last)).collect();
        Ranges::from_held(&runs)
    }

    #[test]
    fn runs_that_touch_or_overlap_become_one() {
        assert_eq!(ranges(&[(5, 6), (1, 2), (3, 4)]).to_held(), [run(1, 6)]);
        assert_eq!(ranges(&[(1, 3), (7, 9), (2, 8)]).to_held(), [run(1, 9)]);
        assert_eq!(
            ranges(&[(7, 9), (1, 3), (5, 5)]).to_held(),
            [run(1, 3), run(5, 5), run(7, 9)]
        );
        assert_eq!(ranges(&[(4, 3), (0, 0)]).to_held(), []);
    }

    #[test]
    fn insertion_agrees_with_a_plain_set() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let mut plain = std::collections::BTreeSet::new();
            let mut set = Ranges::default();
            for _ in 0..8 {
                let first = rng.u64(1..30);
                let last = first + rng.u64(0..5);
                set.insert(Seq(first), Seq(last));
                plain.extend(first..=last);
            }
            for seq in 1..40 {
                assert_eq!(set.contains(Seq(seq)), plain.contains(&seq));
            }
            assert_eq!(
                set.count_in(Seq(4), Seq(20)),
                plain.range(4..=20).count() as u64
            );
            assert_eq!(set.count_in(Seq(1), Seq(40)), plain.len() as u64);
            let (from, to) = (Seq(rng.u64(0..40)), Seq(rng.u64(0..40)));
            let mut cut = set.clone();
            cut.keep_after(from);
            cut.keep_up_to(to);
            let left = plain.iter().filter(|seq| from.0 < **seq && **seq <= to.0);
            assert_eq!(cut.count_in(Seq(1), Seq(40)), left.count() as u64);
            assert!(
                set.to_held()
                    .windows(2)
                    .all(|w| w[0].last.next() < w[1].first)
            );
        }
    }

    #[test]
    fn the_newest_gap_is_found_first() {
        let set = ranges(&[(3, 4), (8, 9)]);
        assert_eq!(set.newest_gap(Seq(12)), Some(run(10, 12)));
        assert_eq!(set.newest_gap(Seq(9)), Some(run(5, 7)));
        assert_eq!(ranges(&[(3, 9)]).newest_gap(Seq(9)), Some(run(1, 2)));
        assert_eq!(ranges(&[(1, 9)]).newest_gap(Seq(9)), None);
        assert_eq!(ranges(&[]).newest_gap(Seq(2)), Some(run(1, 2)));
        assert_eq!(ranges(&[]).newest_gap(Seq::ZERO), None);
    }

    #[test]
    fn the_first_place_that_is_lacking_is_found() {
        let whole = ranges(&[(2, 5), (8, 9)]);
        let lacking =
            |runs: &[(u64, u64)], first| ranges(runs).first_lacking(&whole, Seq(first), Seq(9));
        assert_eq!(lacking(&[], 1), Some(Seq(2)));
        assert_eq!(lacking(&[], 4), Some(Seq(4)));
        assert_eq!(lacking(&[(2, 3)], 1), Some(Seq(4)));
        assert_eq!(lacking(&[(1, 6)], 1), Some(Seq(8)));
        assert_eq!(lacking(&[(1, 8)], 1), Some(Seq(9)));
        assert_eq!(lacking(&[(1, 9)], 1), None);
    }

    #[test]
    fn runs_are_cut_at_both_ends() {
        let mut set = ranges(&[(1, 4), (6, 9)]);
        assert_eq!(set.run_end(Seq(0)), Seq(4));
        assert_eq!(set.run_end(Seq(4)), Seq(4));
        set.keep_up_to(Seq(7));
        set.keep_after(Seq(2));
        assert_eq!(set.to_held(), [run(3, 4), run(6, 7)]);
        set.keep_up_to(Seq(5));
        set.keep_after(Seq(4));
        assert_eq!(set.to_held(), []);
    }
}
