//! Comparison of instruction counts with their limits, as `cargo bench --bench instructions` makes it.

#[path = "../../benches/limits/mod.rs"]
mod instructions;

use std::collections::BTreeMap;

use instructions::{compare, limits_of};

/// Whether something has grown, and whether something has shrunk.
fn verdict(counts: &[(&str, u64)], limits: &str) -> (bool, bool) {
    let found = compare(&counts.iter().copied().collect(), limits);
    (found.has_grown, found.has_shrunk)
}

#[test]
fn a_count_may_differ_by_the_tolerance() {
    let limits = "# A head\n      1000 relay: append\n";
    let of = |count| verdict(&[("relay: append", count)], limits);
    assert_eq!(of(1_000), (false, false));
    assert_eq!(of(1_099), (false, false));
    assert_eq!(of(901), (false, false));
    assert_eq!(of(1_101), (true, false));
    assert_eq!(of(899), (false, true));
}

#[test]
fn one_that_shrinks_hides_none_that_grows() {
    let counts = [("a", 2_000), ("b", 10)];
    assert_eq!(verdict(&counts, "1000 a\n1000 b\n"), (true, true));
    let found = compare(&counts.into_iter().collect(), "1000 a\n1000 b\n");
    let verdicts: Vec<_> = found
        .text
        .lines()
        .filter_map(|l| l.split("%  ").nth(1))
        .collect();
    assert_eq!(verdicts, ["ABOVE", "below"]);
}

#[test]
fn each_work_needs_a_limit_and_each_limit_a_work() {
    assert_eq!(verdict(&[("a", 5)], "5 a\n"), (false, false));
    assert_eq!(verdict(&[("a", 5)], ""), (true, false));
    assert_eq!(verdict(&[], "5 a\n"), (true, false));
    assert_eq!(verdict(&[("a", 5)], "five a\n"), (true, false));
}

#[test]
fn what_is_written_down_is_read_again() {
    let counts = BTreeMap::from([("store: commit 1 append", 63_855), ("tls: encrypt", 7)]);
    let found = compare(&counts, &limits_of(&counts));
    assert!(!found.has_grown && !found.has_shrunk, "{}", found.text);
    assert_eq!(found.text.lines().count(), 2);
}

#[test]
fn each_limit_that_is_set_can_be_read() {
    let text = include_str!("../../benches/instructions.txt");
    let found = compare(&BTreeMap::new(), text);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(found.text.lines().count(), lines.count());
    assert!(found.has_grown);
}
