//! Many apps, one relay, links that delay, repeat, cut and restart, and virtual time.
//!
//! A seed decides everything. `RECADO_SIM_SEED=S` runs one seed, `RECADO_SIM_SEEDS=N` runs the
//! first N; without them a fixed list runs.

mod actions;
mod agree;
mod check;
mod client;
mod local;
mod person;
mod record;
mod rogue;
mod server;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use world::World;

/// How many seeds run unless the environment asks for others.
const SEEDS: u64 = 5;

#[expect(clippy::print_stdout, reason = "a failing test prints its seed")]
/// Lives through one seed; says which one it was if something breaks. Returns the trace's hash.
fn live(seed: u64) -> (u64, u64) {
    let mut world = World::new(seed);
    match catch_unwind(AssertUnwindSafe(|| world.run())) {
        Ok(trace) => (trace, world.steps),
        Err(panic) => {
            println!("RECADO_SIM_SEED={seed} breaks at {:?}", world.clock.time);
            resume_unwind(panic);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().expect("the variable holds a number"))
}

#[test]
fn every_accepted_entry_arrives_once_and_in_order_and_all_agree() {
    let seeds = match number("RECADO_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("RECADO_SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        live(seed);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_twice() {
    assert_eq!(live(7), live(7));
    assert_ne!(live(7), live(8));
}
