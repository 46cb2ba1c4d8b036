//! Growth: the same work at sizes that differ by powers of ten, and the cost of a delivery at each. Each
//! sender has the same number of messages in flight at each size, so that as many share a read and a
//! write; otherwise even the baseline relay costs many times more at one size than at another.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::report::{Figures, say};
use crate::subject::Kind;
use crate::table::{LIMITED_NOTE, Spread, is_limited, mark};

/// The size that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// Connections, all in pairs of a sender and a receiver.
    Connections,
    /// Idle connections beside the usual pairs.
    Bystanders,
    /// Members of one room.
    Rooms,
}

/// The figure that must not grow.
const COST: &str = "cpu_us_per_delivery";

/// Figures in the table, with their headings.
const COLUMNS: [(&str, &str); 7] = [
    (COST, "cpu us"),
    ("delivered_per_second", "a second"),
    ("p50_us", "p50 us"),
    ("p99_us", "p99 us"),
    ("writes_per_commit", "a commit"),
    ("server_core", "server core"),
    ("load_core", "load core"),
];

impl Growth {
    pub(crate) fn scenario(self) -> &'static str {
        match self {
            Self::Connections => "growth-connections",
            Self::Bystanders => "growth-bystanders",
            Self::Rooms => "growth-rooms",
        }
    }

    /// Numbers of connections or members, ascending.
    pub(crate) fn sizes(self) -> &'static [usize] {
        match self {
            Self::Connections => &[2, 10, 100, 1_000, 10_000],
            Self::Bystanders => &[100, 1_000, 10_000],
            Self::Rooms => &[10, 100, 1_000, 10_000],
        }
    }
}

/// Runs by subject and size.
type Runs = BTreeMap<(Kind, usize), Vec<Figures>>;

/// Measures each size of each subject in turn, `times` times, and prints a table.
pub(crate) fn measure(
    growth: Growth,
    times: usize,
    (kinds, largest): (&[Kind], usize),
    once: impl Fn(Kind, usize) -> Result<Figures>,
) -> Result<()> {
    let mut runs = Runs::new();
    for _ in 0..times {
        for &size in growth.sizes().iter().filter(|size| **size <= largest) {
            for &kind in kinds {
                let figures = once(kind, size)?.called(growth.scenario()).with("x", size);
                figures.print();
                runs.entry((kind, size)).or_default().push(figures);
            }
        }
    }
    for &kind in kinds {
        print(growth, kind, &runs);
    }
    Ok(())
}

/// Prints the medians at each size, and the ratio of the highest cost to the lowest.
fn print(growth: Growth, kind: Kind, runs: &Runs) {
    let ratio_at = |size, at_size: &[Figures]| {
        let plain = runs.get(&(Kind::Plain, size))?;
        Some(Spread::of_ratios(at_size, plain, COST)?.median)
    };
    let head = COLUMNS.iter().map(|(_, head)| format!("{head:>12}"));
    say(&format!(
        "{:>12}{}{:>12}",
        "",
        head.collect::<String>(),
        "of plain"
    ));
    let mut costs = Vec::new();
    for ((_, size), at_size) in runs.iter().filter(|((of, _), _)| *of == kind) {
        let cells = COLUMNS.iter().map(|(name, _)| Spread::of(at_size, name));
        let cells = cells.map(|spread| show(spread.map(|spread| spread.median)));
        let ratio = show(ratio_at(*size, at_size));
        let (cells, mark) = (cells.collect::<String>(), mark(at_size));
        say(&format!("{size:>12}{cells}{ratio} {mark}"));
        costs.extend(Spread::of(at_size, COST).map(|cost| cost.median));
    }
    let mut all = runs.iter().filter(|((of, _), _)| *of == kind);
    if all.any(|(_, at_size)| is_limited(at_size)) {
        say(LIMITED_NOTE);
    }
    let highest = costs.iter().copied().fold(0.0, f64::max);
    let lowest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let (scenario, ratio) = (growth.scenario(), highest / lowest);
    say(&format!(
        "{scenario}, {kind:?}: the highest cost is {ratio:.2} times the lowest"
    ));
}

fn show(value: Option<f64>) -> String {
    value.map_or(format!("{:>12}", "-"), |value| format!("{value:>12.3}"))
}
