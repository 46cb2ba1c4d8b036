//! Table of several runs: median, minimum and maximum, beside the baseline relay.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{Figures, LIMITED, say};
use crate::subject::Kind;

/// Runs by scenario and subject.
#[derive(Debug, Default)]
pub(crate) struct Table {
    runs: BTreeMap<(&'static str, Kind), Vec<Figures>>,
}

/// Distribution of a figure over several runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    /// Of the runs that have the figure. `None` without any.
    pub(crate) fn of(runs: &[Figures], name: &str) -> Option<Self> {
        Self::of_values(runs.iter().filter_map(|run| run.value(name)).collect())
    }

    /// Of the ratios of a figure to the other subject's. The speed of the machine varies, so each run is
    /// compared with the other's run next to it.
    pub(crate) fn of_ratios(runs: &[Figures], others: &[Figures], name: &str) -> Option<Self> {
        let pairs = runs.iter().zip(others);
        let ratios = pairs.filter_map(|(run, other)| {
            let other = other.value(name).filter(|other| *other > 0.0)?;
            Some(run.value(name)? / other)
        });
        Self::of_values(ratios.collect())
    }

    fn of_values(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        // For an even count, the two in the middle.
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            least: *values.first()?,
            most: *values.last()?,
        })
    }
}

impl Table {
    pub(crate) fn add(&mut self, figures: Figures) {
        let key = (figures.scenario, figures.subject);
        self.runs.entry(key).or_default().push(figures);
    }

    /// Prints each figure, and its ratio to the baseline relay's.
    pub(crate) fn print(&self) {
        say(&format!(
            "{:<9} {:<29} {:>13} {:>13} {:>13} {:>14} {:>8}",
            "", "", "median", "min", "max", "plain", "ratio"
        ));
        let scenarios: BTreeSet<_> = self.runs.keys().map(|(scenario, _)| *scenario).collect();
        for scenario in scenarios {
            let of = |kind| {
                self.runs
                    .get(&(scenario, kind))
                    .map_or(&[][..], Vec::as_slice)
            };
            print_scenario(scenario, of(Kind::Recado), of(Kind::Plain));
        }
        if self.runs.values().any(|runs| is_limited(runs)) {
            say(LIMITED_NOTE);
        }
    }
}

/// Note below a table with marked rows.
pub(crate) const LIMITED_NOTE: &str = "* the load's core was busy, with the load or another process: the subject may be able to do more";

/// The mark of figures that the load limits.
pub(crate) fn mark(runs: &[Figures]) -> char {
    if is_limited(runs) { '*' } else { ' ' }
}

/// Whether the load was the bottleneck in any of these.
pub(crate) fn is_limited(runs: &[Figures]) -> bool {
    runs.iter().any(|run| run.value(LIMITED) == Some(1.0))
}

fn print_scenario(scenario: &str, recado: &[Figures], plain: &[Figures]) {
    let runs = recado.iter().chain(plain);
    let names: BTreeSet<_> = runs.flat_map(Figures::names).collect();
    for name in names {
        let (own, other) = (Spread::of(recado, name), Spread::of(plain, name));
        let ratio = Spread::of_ratios(recado, plain, name);
        say(&format!(
            "{scenario:<9} {name:<29} {:>12}{} {:>13} {:>13} {:>13}{} {:>8}",
            show(own.map(|own| own.median)),
            mark(recado),
            show(own.map(|own| own.least)),
            show(own.map(|own| own.most)),
            show(other.map(|other| other.median)),
            mark(plain),
            show(ratio.map(|ratio| ratio.median))
        ));
    }
}

fn show(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value > 0.0 && value < 0.01 => format!("{value:.6}"),
        Some(value) => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[f64]) -> Vec<Figures> {
        let figures = |value: &f64| Figures::empty("pairs", Kind::Plain).with("x", *value);
        values.iter().map(figures).collect()
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let median = |values: &[f64]| Spread::of(&runs(values), "x").map(|spread| spread.median);
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
        let spread = Spread::of(&runs(&[9.0, 1.0, 2.0]), "x").unwrap();
        assert_eq!((spread.least, spread.most), (1.0, 9.0));
        assert!(Spread::of(&runs(&[1.0]), "y").is_none());
    }

    #[test]
    fn each_run_is_compared_with_the_one_next_to_it() {
        let ratio = |own: &[f64], other: &[f64]| {
            Spread::of_ratios(&runs(own), &runs(other), "x").map(|spread| spread.median)
        };
        // The ratio of the medians would be 4 / 10.
        assert_eq!(ratio(&[4.0, 20.0, 1.0], &[10.0, 20.0, 2.0]), Some(0.5));
        assert_eq!(ratio(&[4.0, 6.0], &[4.0, 2.0]), Some(2.0));
        // Zero has no ratio.
        assert_eq!(ratio(&[4.0, 6.0], &[0.0, 2.0]), Some(3.0));
        assert_eq!(ratio(&[4.0], &[0.0]), None);
    }

    #[test]
    fn one_run_that_the_load_limits_marks_them_all() {
        let limited = |is_limited: &[bool]| -> Vec<Figures> {
            let figures = |is: &bool| Figures::empty("pairs", Kind::Plain).with(LIMITED, *is);
            is_limited.iter().map(figures).collect()
        };
        assert_eq!(mark(&limited(&[false, true, false])), '*');
        assert_eq!(mark(&limited(&[false, false])), ' ');
        assert_eq!(mark(&[]), ' ');
    }
}
