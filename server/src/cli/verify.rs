//! Verification of the data of a running or stopped server, with its report.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;
use serde_json::json;

use super::admin::ListArguments;
use super::print;
use super::show::counted;
use super::target::Target;
use crate::store::{self, Problem, Progress, Verification};

/// Verifies the data and prints a report. Returns whether it is free of damage.
pub(super) fn verify(target: &Target, arguments: &ListArguments) -> Result<bool> {
    let is_shown = io::stderr().is_terminal() && !arguments.json;
    let mut shown = None;
    let found = store::verify(&target.data_dir, |progress| {
        let percent = percent_of(progress);
        if is_shown && shown != Some(percent) {
            shown = Some(percent);
            // Progress is of no use to a terminal that is gone.
            let _ = write!(io::stderr(), "\rverifying: {percent:>3} %");
        }
    })?;
    if is_shown {
        writeln!(io::stderr())?;
    }
    let report = if arguments.json { json } else { text };
    print(&report(&found))?;
    Ok(found.problem_count == 0)
}

/// The pages count as the first tenth.
fn percent_of(progress: Progress) -> u64 {
    match progress {
        Progress::Structure => 0,
        Progress::Entries { done, of } => 10 + 90 * done.min(of) / of.max(1),
    }
}

fn json(found: &Verification) -> String {
    let problem = |problem: &Problem| {
        json!({
            "place": problem.place,
            "seq": problem.seq.map(|seq| seq.0),
            "problem": problem.text,
        })
    };
    let value = json!({
        "ok": found.problem_count == 0,
        "conversations": found.conversations,
        "entries": found.entries,
        "without_checksum": found.without_checksum,
        "problem_count": found.problem_count,
        "problems": found.problems.iter().map(problem).collect::<Vec<_>>(),
        "kept_logs": found.kept_logs,
    });
    format!("{value}\n")
}

fn text(found: &Verification) -> String {
    let entries = match found.entries {
        1 => "1 entry".to_owned(),
        entries => format!("{entries} entries"),
    };
    let conversations = counted(found.conversations, "conversation");
    let mut lines = vec![format!("{entries} in {conversations}")];
    if found.without_checksum > 0 {
        lines.push(format!(
            "{} entries of an older version have no checksum: only their form was checked",
            found.without_checksum
        ));
    }
    lines.extend(found.kept_logs.iter().map(|log| {
        format!(
            "a damaged write-ahead log was kept aside: {}. It has messages that were dropped",
            log.display()
        )
    }));
    if found.problem_count == 0 {
        lines.push("no damage found".to_owned());
    } else {
        lines.extend(problem_lines(&found.problems));
        let count = counted(found.problem_count, "problem");
        lines.push(format!("\n{count} in all. {WHAT_TO_DO}"));
    }
    lines.join("\n") + "\n"
}

/// The problems of each place, in the order of their names.
fn problem_lines(problems: &[Problem]) -> Vec<String> {
    let mut places = BTreeMap::<&str, Vec<&Problem>>::new();
    for problem in problems {
        places.entry(&problem.place).or_default().push(problem);
    }
    let mut lines = Vec::new();
    for (place, problems) in places {
        lines.push(format!("\n{place}:"));
        lines.extend(
            problems
                .iter()
                .take(SHOWN)
                .map(|problem| match problem.seq {
                    Some(seq) => format!("  entry {seq}: {}", problem.text),
                    None => format!("  {}", problem.text),
                }),
        );
        if problems.len() > SHOWN {
            let more = problems.len() - SHOWN;
            lines.push(format!("  and {more} more, which --json shows"));
        }
    }
    lines
}

/// Problems of one place that are shown.
const SHOWN: usize = 10;

const WHAT_TO_DO: &str = "Check the disk, then stop the server and run `recado-server restore FILE` with a backup. Without one the \
     server can go on: only requests that need the damaged parts fail";
