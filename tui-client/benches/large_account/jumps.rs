//! Jumps through the longest conversation, from the key to the message on the screen.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::account::{Account, DATE, DATE_LINE, NEWEST_WORD, RARE_START, RARE_WORD};
use crate::terminal::Terminal;
use crate::{millis, say};

/// Runs of each jump.
const RUNS: usize = 7;

/// Pages that are scrolled up before the last case: more messages than the client keeps loaded.
const PAGES: usize = 300;

const TARGET: Duration = Duration::from_millis(100);

/// A jump that is not over by then does not arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// The title of the search, which lies over the conversation.
const SEARCH_TITLE: &str = "Search in";

const CTRL_END: &[u8] = b"\x1b[1;5F";
const PAGE_UP: &[u8] = b"\x1b[5~";

pub(crate) fn run(runtime: &Runtime, client: &PathBuf, account: &Account) {
    let server = runtime.block_on(account.serve());
    let mut terminal = Terminal::start(client, account);
    terminal.wait("connected");
    terminal.wait(NEWEST_WORD);
    let mut hits = Vec::new();
    let (mut newest, mut dates) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // Ctrl+F searches in the open conversation.
        terminal.send(b"\x06");
        terminal.wait(SEARCH_TITLE);
        terminal.send(RARE_WORD.as_bytes());
        terminal.wait(RARE_START);
        hits.extend(jump(&mut terminal, b"\r", RARE_START));
        scroll_to_beginning(&mut terminal);
        newest.extend(jump(&mut terminal, CTRL_END, NEWEST_WORD));
        terminal.send(format!("/goto {DATE}").as_bytes());
        terminal.wait(DATE);
        dates.extend(jump(&mut terminal, b"\r", DATE_LINE));
        // From the selected message back to the input box.
        terminal.send(b"\x1b");
        jump(&mut terminal, CTRL_END, NEWEST_WORD);
    }
    say_jump("to a date", &mut dates, RUNS);
    say_jump("to a search hit", &mut hits, RUNS);
    say_jump(
        "to the newest message, from the beginning",
        &mut newest,
        RUNS,
    );
    for _ in 0..PAGES {
        terminal.send(PAGE_UP);
    }
    let mut newest = Vec::from_iter(jump(&mut terminal, CTRL_END, NEWEST_WORD));
    say_jump("to the newest message, after 300 pages up", &mut newest, 1);
    drop(terminal);
    runtime.block_on(server.stop());
}

/// Pages up until the beginning of the room is in sight. A page that is not loaded yet ends a scroll, so
/// each key waits for its frame.
fn scroll_to_beginning(terminal: &mut Terminal) {
    let is_there = |screen: &str| screen.contains("created the room");
    while !terminal.reaches(Duration::from_millis(100), is_there) {
        terminal.send(PAGE_UP);
    }
}

/// Presses a key that jumps. Returns the time until the message is on the screen, and the frames
/// until then; `None` if it does not come.
fn jump(terminal: &mut Terminal, key: &[u8], word: &str) -> Option<(Duration, usize)> {
    let (began, frames) = (Instant::now(), terminal.frames());
    terminal.send(key);
    let is_there = |screen: &str| screen.contains(word) && !screen.contains(SEARCH_TITLE);
    let arrived = terminal.reaches(PATIENCE, is_there);
    arrived.then(|| (began.elapsed(), terminal.frames() - frames))
}

fn say_jump(what: &str, jumps: &mut [(Duration, usize)], tried: usize) {
    jumps.sort();
    let missed = tried - jumps.len();
    let measured = match &*jumps {
        [] => "does not arrive".to_owned(),
        [.., (slowest, frames)] => {
            let median = jumps[jumps.len() / 2].0;
            let times = format!("{:.0} / {:.0} ms", millis(median), millis(*slowest));
            format!("{times}, {frames} frames, {missed} missed")
        }
    };
    let is_met = missed == 0 && jumps.iter().all(|(time, _)| *time <= TARGET);
    let target = format!("{} ms", TARGET.as_millis());
    say(
        &format!("{what} (p50 / slowest)"),
        &target,
        &measured,
        is_met,
    );
}
