//! Resource usage of a process and of a core, as the operating system counts it.

use std::fs;

use anyhow::{Context as _, Result};

/// Nanoseconds per tick, the unit of times in `/proc` (`proc(5)`, `USER_HZ` of 100).
const TICK: u64 = 10_000_000;

/// Ticks by which a process time may be rounded: one each for user and system time.
const ROUNDED: u64 = 2;

/// Usage of a process since its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessUsage {
    /// CPU time of the living threads, in nanoseconds.
    living: u64,
    /// CPU time of all threads, also of those that have ended, in ticks.
    all: u64,
    /// Resident memory in bytes.
    pub(crate) memory: u64,
}

/// Time of a core since the machine was started, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoreTime {
    idle: u64,
    all: u64,
}

impl ProcessUsage {
    pub(crate) fn by(pid: u32) -> Result<Self> {
        let mut living = 0;
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            // A thread may end while they are counted.
            if let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) {
                let time = text.split_whitespace().next().unwrap_or("0");
                living += time.parse::<u64>()?;
            }
        }
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: u64 = kib.context("the process has no memory")?.parse()?;
        Ok(Self {
            living,
            all: ticks_of_process(&stat).context("the process has no times")?,
            memory: kib * 1024,
        })
    }

    /// CPU time since `earlier`, in nanoseconds: that of the living threads, or ticks if threads have ended.
    pub(crate) fn cpu_since(&self, earlier: &Self) -> u64 {
        let living = self.living.saturating_sub(earlier.living);
        let all = self.all.saturating_sub(earlier.all) * TICK;
        if all > living + ROUNDED * TICK {
            all
        } else {
            living
        }
    }
}

impl CoreTime {
    pub(crate) fn of(core: &str) -> Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        core_time(&text, core).with_context(|| format!("there is no core {core}"))
    }

    /// Share of the time since `earlier` in which any process ran.
    pub(crate) fn busy_since(&self, earlier: &Self) -> f64 {
        let idle = self.idle.saturating_sub(earlier.idle);
        let all = self.all.saturating_sub(earlier.all);
        if all == 0 {
            return 0.0;
        }
        let (idle, all) = (idle.min(all), all);
        share(all - idle, all)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of ticks far below 2^52")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / all as f64
}

/// User and system time from `/proc/PID/stat`. The name of the program, in parentheses, may contain any
/// character.
fn ticks_of_process(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let own: u64 = times.next()?.parse().ok()?;
    let kernel: u64 = times.next()?.parse().ok()?;
    Some(own + kernel)
}

/// Times of a core from `/proc/stat`: user, nice, system, idle, iowait, irq, softirq and steal. Guest time is
/// part of the first two.
fn core_time(stat: &str, core: &str) -> Option<CoreTime> {
    let name = format!("cpu{core}");
    let line = stat
        .lines()
        .find(|line| line.split_whitespace().next() == Some(&name))?;
    let times = line.split_whitespace().skip(1).take(8);
    let times: Vec<u64> = times.map(|time| time.parse().ok()).collect::<Option<_>>()?;
    Some(CoreTime {
        idle: times.get(3)? + times.get(4)?,
        all: times.iter().sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_process_are_found_after_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 90 0 0 0 250 50 0 0 20 0 5 0 100 1 2";
        assert_eq!(ticks_of_process(stat), Some(300));
        assert_eq!(ticks_of_process("7 (a) S 1 7"), None);
        assert_eq!(ticks_of_process(""), None);
    }

    #[test]
    fn times_of_a_core_are_its_own() {
        let stat =
            "cpu  9 9 9 9 9 9 9 9 9 9\ncpu1 10 20 30 400 50 1 2 3 7 8\ncpu11 1 1 1 1 1 1 1 1 1 1\n";
        let time = CoreTime {
            idle: 450,
            all: 516,
        };
        assert_eq!(core_time(stat, "1"), Some(time));
        assert_eq!(core_time(stat, "2"), None);
        assert_eq!(core_time("cpu1 1 2\n", "1"), None);
    }

    #[test]
    fn whatever_runs_on_a_core_makes_it_busy() {
        let at = |idle, all| CoreTime { idle, all };
        let busy = at(110, 300).busy_since(&at(100, 200));
        assert!((busy - 0.9).abs() < 1e-9, "{busy}");
        assert!(at(100, 200).busy_since(&at(100, 200)).abs() < 1e-9);
    }

    #[test]
    fn threads_that_ended_count() {
        let used = |living, all| ProcessUsage {
            living,
            all,
            memory: 0,
        };
        let before = used(500_000_000, 50);
        // As many ticks as rounding makes: the nanoseconds hold.
        assert_eq!(used(503_000_000, 52).cpu_since(&before), 3_000_000);
        // A thread ended and took its time along.
        assert_eq!(used(100_000_000, 80).cpu_since(&before), 300_000_000);
    }

    #[test]
    fn this_process_has_used_something() {
        let used = ProcessUsage::by(std::process::id()).unwrap();
        assert!(used.living > 0 && used.memory > 0);
    }
}
