//! The client in a pseudo-terminal, with the moments of its frames.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::Account;

/// The columns and rows of a usual window.
pub(crate) const USUAL: (u16, u16) = (100, 30);

/// The bytes that end a frame: a synchronized update of the terminal.
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// A wait that takes longer means that nothing more happens.
const DEADLINE: Duration = Duration::from_mins(3);

/// A running client. Killed when dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// Kept open: closing it hangs up.
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

struct Shown {
    parser: vt100::Parser,
    frames: usize,
    /// Bytes since the start.
    bytes: usize,
    /// When the first bytes since the last keys came, and the last ones.
    first: Option<Instant>,
    last: Instant,
}

/// Resources that a process has used since its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    /// Times that a thread was put to sleep.
    pub(crate) switches: u64,
}

impl Terminal {
    /// Starts the program for the user of an account.
    pub(crate) fn start(client: &PathBuf, account: &Account) -> Self {
        Self::start_sized(client, account, USUAL)
    }

    pub(crate) fn start_sized(client: &PathBuf, account: &Account, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(client);
        command.env_clear();
        for (variable, value) in account.environment() {
            command.env(variable, value);
        }
        Self::run(command, size)
    }

    /// Starts any program, with the rest of its environment as it is.
    pub(crate) fn run(mut command: CommandBuilder, (cols, rows): (u16, u16)) -> Self {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        command.env("TERM", "xterm-256color");
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Shown {
            parser: vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0),
            frames: 0,
            bytes: 0,
            first: None,
            last: Instant::now(),
        };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let reader = pair.master.try_clone_reader().unwrap();
        std::thread::spawn({
            let shown = Arc::clone(&shown);
            move || read_all(reader, &shown)
        });
        Self {
            child,
            writer: pair.master.take_writer().unwrap(),
            _master: pair.master,
            shown,
        }
    }

    /// Sends keys, and waits until the terminal is quiet. Returns the time until the first bytes; `None`
    /// if nothing came.
    pub(crate) fn press(&mut self, keys: &[u8], quiet: Duration) -> Option<Duration> {
        self.shown.0.lock().unwrap().first = None;
        let began = Instant::now();
        self.send(keys);
        std::thread::sleep(quiet);
        self.settle(quiet);
        let first = self.shown.0.lock().unwrap().first;
        first.map(|first| first - began)
    }

    /// Waits until nothing has come for a while.
    pub(crate) fn settle(&self, quiet: Duration) {
        loop {
            let last = self.shown.0.lock().unwrap().last;
            let left = quiet.saturating_sub(last.elapsed());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left);
        }
    }

    /// Waits for the first frame. Returns when its last bytes came.
    pub(crate) fn first_frame(&self) -> Instant {
        let mut shown = self.shown.0.lock().unwrap();
        while shown.frames == 0 {
            shown = self.shown.1.wait(shown).unwrap();
        }
        shown.last
    }

    /// Bytes since the start.
    pub(crate) fn bytes(&self) -> usize {
        self.shown.0.lock().unwrap().bytes
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    /// Frames since the start.
    pub(crate) fn frames(&self) -> usize {
        self.shown.0.lock().unwrap().frames
    }

    /// Waits until the text of the screen is as wanted. Returns whether it got there.
    pub(crate) fn reaches(&self, limit: Duration, is_wanted: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut shown = self.shown.0.lock().unwrap();
        while !is_wanted(&shown.parser.screen().contents()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
        true
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait(&self, text: &str) {
        let is_there = self.reaches(DEADLINE, |screen| screen.contains(text));
        assert!(is_there, "no {text:?} in\n{}", self.text());
    }

    pub(crate) fn text(&self) -> String {
        let shown = self.shown.0.lock().unwrap();
        shown.parser.screen().contents()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// Waits until the process has ended.
    pub(crate) fn wait_end(&mut self) {
        self.child.wait().unwrap();
    }

    fn process(&self) -> Pid {
        let process = self.child.process_id().unwrap();
        Pid::from_raw(process.try_into().unwrap()).unwrap()
    }

    /// A field of the process's `status` file, in megabytes.
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let process = self.process().as_raw_nonzero();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.unwrap().trim_matches(|c: char| !c.is_ascii_digit());
        kilobytes.parse::<u64>().unwrap() / 1000
    }

    /// The CPU time that the thread of this name has used.
    pub(crate) fn thread_time(&self, name: &str) -> Duration {
        let process = self.process().as_raw_nonzero();
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let read = |task: &Path, file| std::fs::read_to_string(task.join(file)).unwrap();
        let mut tasks = tasks.map(|task| task.unwrap().path());
        let task = tasks.find(|task| read(task, "comm").trim() == name);
        let text = read(&task.unwrap(), "schedstat");
        Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
    }

    /// The CPU time that the process has used.
    pub(crate) fn cpu_time(&self) -> Duration {
        self.usage().cpu
    }

    pub(crate) fn usage(&self) -> Usage {
        let process = self.process().as_raw_nonzero();
        let mut usage = Usage {
            cpu: Duration::ZERO,
            switches: 0,
        };
        for task in std::fs::read_dir(format!("/proc/{process}/task")).unwrap() {
            let task = task.unwrap().path();
            // A thread may have ended meanwhile.
            let read = |file| std::fs::read_to_string(task.join(file)).unwrap_or_default();
            let time = read("schedstat");
            let time = time.split(' ').next().and_then(|time| time.parse().ok());
            usage.cpu += Duration::from_nanos(time.unwrap_or(0));
            let status = read("status");
            let field = "voluntary_ctxt_switches:";
            let switches = status.lines().find_map(|line| line.strip_prefix(field));
            let switches = switches.and_then(|count| count.trim().parse::<u64>().ok());
            usage.switches += switches.unwrap_or(0);
        }
        usage
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut reader: Box<dyn Read + Send>, shown: &(Mutex<Shown>, Condvar)) {
    let mut buffer = [0; 8_192];
    let mut tail = Vec::new();
    // The other side's end is an error on Linux (EIO).
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        let now = Instant::now();
        let mut state = shown.0.lock().unwrap();
        state.bytes += read;
        state.first.get_or_insert(now);
        state.last = now;
        state.parser.process(&buffer[..read]);
        tail.extend_from_slice(&buffer[..read]);
        let ends = tail.windows(FRAME_END.len());
        state.frames += ends.filter(|bytes| *bytes == FRAME_END).count();
        drop(state);
        shown.1.notify_all();
        tail.drain(..tail.len().saturating_sub(FRAME_END.len() - 1));
    }
}
