//! Frames and keys of the real client with a million messages in 500 conversations: during the first
//! sync and when it is quit, in jumps through a long conversation, during a flood of messages; and what a
//! screen costs, also with small accounts and beside other programs. It runs in a pseudo-terminal, against
//! a real server. The accounts are made once and kept.
//!
//! `cargo bench -p recado --bench large_account [-- sync|quit|jumps|flood|screen|idle|others] [--client PROGRAM]`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and prints what it found"
)]

mod account;
mod flood;
mod jumps;
mod screen;
mod sync;
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::account::{Account, CLIENT, LARGE, SMALL, WIDE};

const CASES: [&str; 7] = ["sync", "quit", "jumps", "flood", "screen", "idle", "others"];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    // `cargo bench` passes it, `cargo test --all-targets` does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let mut rest = arguments
        .iter()
        .skip_while(|argument| *argument != "--client");
    let client = PathBuf::from(rest.nth(1).map_or(CLIENT, String::as_str));
    let is_wanted = |case: &str| {
        let others = CASES.into_iter().filter(|name| *name != case);
        !others
            .into_iter()
            .any(|name| arguments.iter().any(|it| it == name))
    };
    let runtime = Runtime::new().unwrap();
    if is_wanted("others") {
        screen::run_others();
    }
    if is_wanted("screen") {
        for shape in [&SMALL, &WIDE, &LARGE] {
            let template = Account::template(&runtime, shape);
            screen::run(&runtime, &client, &template);
        }
    }
    if is_wanted("idle") {
        let template = Account::template(&runtime, &SMALL);
        screen::run_idle(&runtime, &client, &template.copy());
    }
    if ["sync", "quit", "jumps", "flood"]
        .into_iter()
        .any(is_wanted)
    {
        run_large(&runtime, &client, is_wanted);
    }
}

fn run_large(runtime: &Runtime, client: &PathBuf, is_wanted: impl Fn(&str) -> bool) {
    let template = Account::template(runtime, &LARGE);
    println!("{template}, {}", client.display());
    if is_wanted("sync") {
        sync::run(runtime, client, &template.copy());
    }
    if is_wanted("quit") {
        sync::run_quits(runtime, client, &template.copy());
    }
    if is_wanted("jumps") {
        jumps::run(runtime, client, &template.copy());
    }
    if is_wanted("flood") {
        flood::run(runtime, client, &template.copy());
    }
}

/// A line of the table: a figure beside its target, with a verdict.
fn say(what: &str, target: &str, measured: &str, is_met: bool) {
    let verdict = if is_met { "" } else { "  MISSED" };
    println!("{what:<52} {target:>10} {measured:>22}{verdict}");
}

/// The value below which a share of ascending ones lies; `share` is in percent.
fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted[(sorted.len() * share / 100).min(sorted.len() - 1)]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
