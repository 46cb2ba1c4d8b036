//! Growth: the same work at sizes that differ by powers of ten, and what a delivery costs at each.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::report::{Figures, say};
use crate::table::Spread;

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// Connections, in pairs of a sender and a receiver.
    Connections,
    /// Members of one room.
    Rooms,
}

/// Messages in flight of all pairs together, where there are enough pairs.
const IN_FLIGHT: usize = 800;

/// Deliveries in flight in a room.
const DELIVERIES_IN_FLIGHT: usize = 4_000;

/// Most messages in flight of a sender, alone in a pair or in a room.
const WINDOW_IN_PAIR: usize = 16;
const WINDOW_IN_ROOM: usize = 32;

/// The figure that should not grow.
const COST: &str = "cpu_us_per_delivery";

/// What the table shows.
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
            Self::Rooms => "growth-rooms",
        }
    }

    /// Connections or members, from few to many.
    pub(crate) fn sizes(self) -> &'static [usize] {
        match self {
            Self::Connections => &[2, 10, 100, 1_000, 10_000],
            Self::Rooms => &[10, 100, 1_000, 10_000],
        }
    }

    /// Messages in flight of each sender, so that all together are about as many at each size.
    pub(crate) fn window(self, size: usize) -> usize {
        match self {
            Self::Connections => (IN_FLIGHT / (size / 2).max(1)).clamp(1, WINDOW_IN_PAIR),
            Self::Rooms => (DELIVERIES_IN_FLIGHT / size).clamp(1, WINDOW_IN_ROOM),
        }
    }
}

/// Prints the medians at each size, and how much dearer the dearest is than the cheapest.
fn print(growth: Growth, runs: &BTreeMap<usize, Vec<Figures>>) {
    let head = COLUMNS.iter().map(|(_, head)| format!("{head:>12}"));
    say(&format!("{:>12}{}", "", head.collect::<String>()));
    for (size, runs) in runs {
        let cells = COLUMNS.iter().map(|(name, _)| {
            let spread = Spread::of(runs, name);
            spread.map_or(format!("{:>12}", "-"), |spread| {
                format!("{:>12.3}", spread.median)
            })
        });
        say(&format!("{size:>12}{}", cells.collect::<String>()));
    }
    let costs = runs.values().filter_map(|runs| Spread::of(runs, COST));
    let costs: Vec<f64> = costs.map(|spread| spread.median).collect();
    let dearest = costs.iter().copied().fold(0.0, f64::max);
    let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    say(&format!(
        "{}: the dearest costs {:.2} times the cheapest",
        growth.scenario(),
        dearest / cheapest
    ));
}

/// Measures each size in turn, as often as wanted.
pub(crate) fn measure(
    growth: Growth,
    times: usize,
    largest: usize,
    once: impl Fn(usize) -> Result<Figures>,
) -> Result<()> {
    let mut runs: BTreeMap<usize, Vec<Figures>> = BTreeMap::new();
    for _ in 0..times {
        for &size in growth.sizes().iter().filter(|size| **size <= largest) {
            let figures = once(size)?.called(growth.scenario()).with("x", size);
            figures.print();
            runs.entry(size).or_default().push(figures);
        }
    }
    print(growth, &runs);
    Ok(())
}
