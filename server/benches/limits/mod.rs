//! Counts of instructions beside their limits. Its tests are in `tests/it/limits.rs`: a bench without a
//! harness has none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// By how many percent a count may differ from the one that was set. One binary counts the same within
/// half a percent; what the compiler inlines elsewhere when other code changes makes up to 6.
pub(crate) const TOLERANCE: f64 = 10.0;

/// What came of a comparison.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// One line per case and limit.
    pub(crate) text: String,
    /// A count is above its limit, or one of the two is missing.
    pub(crate) has_grown: bool,
    /// A count is below its limit.
    pub(crate) has_shrunk: bool,
}

/// Compares counts with limits, in lines of a number and a name.
pub(crate) fn compare(counts: &BTreeMap<&str, u64>, limits: &str) -> Comparison {
    let mut limits: BTreeMap<&str, u64> = limits.lines().filter_map(limit).collect();
    let mut text = String::new();
    let (mut has_grown, mut has_shrunk) = (false, false);
    for (name, &count) in counts {
        let Some(limit) = limits.remove(name) else {
            line(
                &mut text,
                format_args!("{name:<28} {count:>10}  HAS NO LIMIT"),
            );
            has_grown = true;
            continue;
        };
        let percent = percent_above(count, limit);
        let is_above = percent > TOLERANCE;
        let is_below = percent < -TOLERANCE;
        let verdict = match (is_above, is_below) {
            (true, _) => "ABOVE",
            (_, true) => "below",
            _ => "",
        };
        line(
            &mut text,
            format_args!("{name:<28} {count:>10} {limit:>10} {percent:>+7.2} %  {verdict}"),
        );
        has_grown |= is_above;
        has_shrunk |= is_below;
    }
    for name in limits.keys() {
        line(
            &mut text,
            format_args!("{name:<28} HAS A LIMIT, BUT IS NO WORK"),
        );
        has_grown = true;
    }
    Comparison {
        text,
        has_grown,
        has_shrunk,
    }
}

/// Writes counts down as limits.
pub(crate) fn limits_of(counts: &BTreeMap<&str, u64>) -> String {
    let mut text = String::new();
    for (name, count) in counts {
        line(&mut text, format_args!("{count:>10} {name}"));
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes all");
}

#[expect(
    clippy::cast_precision_loss,
    reason = "percents of counts need not be exact"
)]
fn percent_above(count: u64, limit: u64) -> f64 {
    count as f64 / limit as f64 * 100.0 - 100.0
}

/// Reads a line of the limits.
fn limit(line: &str) -> Option<(&str, u64)> {
    let (count, name) = line.trim_start().split_once(' ')?;
    Some((name, count.parse().ok()?))
}
