//! Several runs as a table: medians with the least and the most, beside the plain relay's.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{Figures, say};
use crate::subject::Kind;

/// Several runs.
#[derive(Debug, Default)]
pub(crate) struct Table {
    runs: BTreeMap<(&'static str, Kind), Vec<Figures>>,
}

/// A figure of several runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    /// Of what the runs say under this name, if any does.
    pub(crate) fn of(runs: &[Figures], name: &str) -> Option<Self> {
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run.value(name)).collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: *values.get(values.len() / 2)?,
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

    /// Prints each figure, and what part of the plain relay's median its median is. What is true or
    /// false counts as one or zero.
    pub(crate) fn print(&self) {
        say(&format!(
            "{:<9} {:<29} {:>13} {:>13} {:>13} {:>13} {:>8}",
            "", "", "median", "least", "most", "plain", "ratio"
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
    }
}

fn print_scenario(scenario: &str, recado: &[Figures], plain: &[Figures]) {
    let runs = recado.iter().chain(plain);
    let names: BTreeSet<_> = runs.flat_map(Figures::names).collect();
    for name in names {
        let (own, plain) = (Spread::of(recado, name), Spread::of(plain, name));
        let ratio = own.zip(plain).filter(|(_, plain)| plain.median > 0.0);
        let show = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        say(&format!(
            "{scenario:<9} {name:<29} {:>13} {:>13} {:>13} {:>13} {:>8}",
            show(own.map(|own| own.median)),
            show(own.map(|own| own.least)),
            show(own.map(|own| own.most)),
            show(plain.map(|plain| plain.median)),
            show(ratio.map(|(own, plain)| own.median / plain.median))
        ));
    }
}
