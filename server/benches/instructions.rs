//! Instruction counts of the bench cases by callgrind, which are the same on a busy machine as on a quiet
//! one. Each case runs in a process of its own and is compared with its limit.
//!
//! ```sh
//! cargo bench -p recado-server --bench instructions             # fails above a limit
//! cargo bench -p recado-server --bench instructions -- --set    # sets the limits to the counts
//! callgrind_annotate target/instructions/NAME.out               # shows the functions
//! ```

#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

mod cases;
mod limits;

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

use crate::cases::Meter;
use crate::limits::TOLERANCE;

/// The counts when the limits were set, in lines of a number and a name.
const LIMITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

/// The head of that file.
const HEAD: &str = "\
# Instructions of each case, made by: cargo bench -p recado-server --bench instructions -- --set
";

/// The command that sets them.
const SET: &str = "cargo bench -p recado-server --bench instructions -- --set";

/// Uncounted runs before the counted one, which do what happens only once.
const WARM_UP: usize = 3;

/// The argument to run one case in a counted process.
const ONE: &str = "--one";

/// Runs a case several times, of which the last is counted.
struct Once;

impl Meter for Once {
    fn measure<I, O>(self, mut input: impl FnMut() -> I, mut run: impl FnMut(I) -> O) {
        for _ in 0..WARM_UP {
            black_box(run(black_box(input())));
        }
        drop(counted(input(), run));
    }
}

/// What callgrind counts: it knows this function by its name.
#[inline(never)]
fn counted<I, O>(input: I, mut run: impl FnMut(I) -> O) -> O {
    black_box(run(black_box(input)))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, name] = arguments.as_slice()
        && one == ONE
    {
        cases::measure(name, Once);
        return ExitCode::SUCCESS;
    }
    // What `cargo bench` says, and `cargo test --all-targets` does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let counts = count_all();
    if arguments.iter().any(|argument| argument == "--set") {
        set(&counts);
        return ExitCode::SUCCESS;
    }
    compare(&counts)
}

/// Counts all cases, one per core at a time.
fn count_all() -> BTreeMap<&'static str, u64> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("instructions");
    fs::create_dir_all(&folder).expect("the build folder takes files");
    let queue = Mutex::new(cases::NAMES.iter());
    let counts = Mutex::new(BTreeMap::new());
    let next = || queue.lock().expect("no thread panicked").next();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(name) = next() {
                    let count = count(name, &folder);
                    counts
                        .lock()
                        .expect("no thread panicked")
                        .insert(*name, count);
                }
            });
        }
    });
    counts.into_inner().expect("no thread panicked")
}

/// Counts one case in a process with a fixed environment.
fn count(name: &str, folder: &Path) -> u64 {
    let file_name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let out = folder.join(file_name + ".out");
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--toggle-collect=*instructions*counted*",
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("the system knows this program"))
        .args([ONE, name])
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} failed: {said}");
    let profile = fs::read_to_string(&out).expect("callgrind writes the file");
    let total = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    let count = total.and_then(|total| total.trim().parse().ok());
    count
        .filter(|&count| count > 0)
        .unwrap_or_else(|| panic!("callgrind counted nothing in {name}: {said}"))
}

/// Writes the counts down as the limits.
fn set(counts: &BTreeMap<&str, u64>) {
    let text = HEAD.to_owned() + &limits::limits_of(counts);
    fs::write(LIMITS, text).expect("the limits can be written");
    println!("the limits are set: {LIMITS}");
}

/// Prints the counts beside their limits, and says what to do about those that differ.
fn compare(counts: &BTreeMap<&str, u64>) -> ExitCode {
    let text = fs::read_to_string(LIMITS).expect("the limits can be read");
    let found = limits::compare(counts, &text);
    print!("{}", found.text);
    if found.has_grown {
        println!("more than {TOLERANCE} % above a limit. If that is meant: {SET}");
        return ExitCode::FAILURE;
    }
    if found.has_shrunk {
        println!("more than {TOLERANCE} % below a limit. To keep it there: {SET}");
    }
    ExitCode::SUCCESS
}
