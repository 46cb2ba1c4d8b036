//! A program in a real pseudo-terminal, and the screen that a terminal would show of it.
//!
//! Waiting is done on a condition with a deadline, never by sleeping, and ends early if the program
//! ended. What fails prints the screen.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::support::DEADLINE;

/// A running program and its screen; killed when dropped.
pub(crate) struct Terminal {
    name: String,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    process: Pid,
    /// The line discipline before the program started.
    first_discipline: String,
    shown: Arc<Watched>,
}

type Watched = (Mutex<Shown>, Condvar);

struct Shown {
    parser: vt100::Parser<Extras>,
    ended: Option<ExitStatus>,
    /// All output has been shown, and the writers are gone.
    closed: bool,
}

/// State of the terminal beside its screen.
#[derive(Default)]
struct Extras {
    /// The clipboard, as base64 (OSC 52).
    clipboard: String,
    /// Whether Alt and Meta send an escape byte (xterm's modes 1036 and 1039), by default off.
    alt_sends_escape: [bool; 2],
    saved_alt_sends_escape: Option<[bool; 2]>,
}

impl vt100::Callbacks for Extras {
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.clipboard = String::from_utf8(data.to_vec()).unwrap();
    }

    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        modes: &[&[u16]],
        last: char,
    ) {
        if first != Some(b'?') || modes != [&[1036], &[1039]] {
            return;
        }
        match last {
            'h' => self.alt_sends_escape = [true; 2],
            'l' => self.alt_sends_escape = [false; 2],
            's' => self.saved_alt_sends_escape = Some(self.alt_sends_escape),
            'r' => self.alt_sends_escape = self.saved_alt_sends_escape.take().unwrap(),
            _ => {}
        }
    }
}

impl Terminal {
    /// Starts `command` on a screen of that size; `name` says in a failure who it was.
    pub(crate) fn start(name: &str, mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        if command.get_env("TERM").is_none() {
            command.env("TERM", "xterm-256color");
        }
        command.env("COLORTERM", "truecolor");
        let pair = native_pty_system()
            .openpty(pty_size(columns, rows))
            .unwrap();
        let first_discipline = discipline(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let process = child.process_id().unwrap();
        let process = Pid::from_raw(process.try_into().unwrap()).unwrap();
        let shown = Shown {
            parser: vt100::Parser::new_with_callbacks(
                non_zero(rows),
                non_zero(columns),
                0,
                Extras::default(),
            ),
            ended: None,
            closed: false,
        };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let reader = pair.master.try_clone_reader().unwrap();
        std::thread::spawn({
            let shown = Arc::clone(&shown);
            move || read_all(reader, &shown)
        });
        std::thread::spawn({
            let shown = Arc::clone(&shown);
            move || await_end(child, process, &shown)
        });
        Self {
            name: name.to_owned(),
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            process,
            first_discipline,
            shown,
        }
    }

    /// Sends the program a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        // While the lock is held, the process is not reaped and its number is not another's.
        let shown = self.lock();
        assert!(shown.ended.is_none(), "{} has ended", self.name);
        kill_process(self.process, signal).unwrap();
    }

    /// Writes bytes as the terminal would.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    /// Types text as a keyboard would.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Presses one key: `enter`, `esc`, `up`, `ctrl-k`, `alt-a`, `f1`, `pgup`…
    pub(crate) fn key(&mut self, key: &str) {
        let bytes = encode_key(key);
        self.send(&bytes);
    }

    /// Pastes text as a terminal does: line ends as carriage returns, in brackets if the program
    /// asked for them.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace('\n', "\r");
        let bracketed = self.lock().parser.screen().bracketed_paste();
        let text = if bracketed {
            format!("\x1b[200~{text}\x1b[201~")
        } else {
            text
        };
        self.send(text.as_bytes());
    }

    /// Clicks the left button on a cell, counted from 0 (SGR encoding).
    pub(crate) fn click(&mut self, column: usize, row: usize) {
        assert_ne!(
            self.lock().parser.screen().mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "{} did not ask for the mouse",
            self.name
        );
        let (x, y) = (column + 1, row + 1);
        self.send(format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m").as_bytes());
    }

    /// Tells the program that its window gained or lost the focus.
    pub(crate) fn focus(&mut self, gained: bool) {
        self.send(if gained { b"\x1b[I" } else { b"\x1b[O" });
    }

    /// Gives the window another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let mut shown = self.lock();
        shown
            .parser
            .screen_mut()
            .set_size(non_zero(rows), non_zero(columns));
        drop(shown);
        self.master.resize(pty_size(columns, rows)).unwrap();
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        self.lock().parser.screen().contents()
    }

    /// The cell at which `text` begins.
    pub(crate) fn position_of(&self, text: &str) -> Option<(usize, usize)> {
        let shown = self.text();
        let found = |(row, line): (usize, &str)| {
            line.find(text)
                .map(|byte| (line[..byte].chars().count(), row))
        };
        shown.lines().enumerate().find_map(found)
    }

    /// Goes to a person by the switcher.
    #[track_caller]
    pub(crate) fn open_talk(&mut self, name: &str) {
        self.wait("connected");
        self.wait(name);
        self.key("ctrl-k");
        self.type_text(name);
        self.wait_line("›", name);
        self.key("enter");
        self.wait(&format!("to {name}"));
    }

    /// Waits until the screen holds `text`.
    #[track_caller]
    pub(crate) fn wait(&self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| screen.contains(text));
    }

    /// Waits until this text is on the clipboard.
    #[track_caller]
    pub(crate) fn wait_copied(&self, text: &str) {
        let mut sequence = String::new();
        let copy = CopyToClipboard::to_clipboard_from(text);
        copy.write_ansi(&mut sequence).unwrap();
        self.wait_until("a copied text", |shown| {
            let copied = &shown.parser.callbacks().clipboard;
            !copied.is_empty() && sequence.contains(&format!(";{copied}\x1b"))
        });
    }

    /// Waits until the screen does not hold `text`.
    #[track_caller]
    pub(crate) fn wait_gone(&self, text: &str) {
        self.wait_for(&format!("no {text:?}"), |screen| !screen.contains(text));
    }

    /// Waits until a line of the screen holds both texts.
    #[track_caller]
    pub(crate) fn wait_line(&self, first: &str, second: &str) {
        let on_one_line = |line: &str| line.contains(first) && line.contains(second);
        self.wait_for(&format!("a line with {first:?} and {second:?}"), |screen| {
            screen.lines().any(on_one_line)
        });
    }

    /// Waits until the screen's text satisfies a condition.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&str) -> bool) {
        self.wait_screen(what, |screen| condition(&screen.contents()));
    }

    /// Waits until the screen satisfies a condition: its text, its modes, its cells.
    #[track_caller]
    pub(crate) fn wait_screen(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        self.wait_until(what, |shown| condition(shown.parser.screen()));
    }

    /// Waits until Alt sends an escape byte, or what xterm sends by default.
    #[track_caller]
    pub(crate) fn wait_alt_sends_escape(&self, expected: bool) {
        self.wait_until("the mode of Alt", |shown| {
            shown.parser.callbacks().alt_sends_escape == [expected; 2]
        });
    }

    /// Waits until the program ended and everything it wrote has been shown.
    #[track_caller]
    pub(crate) fn wait_end(&self) -> ExitStatus {
        self.wait_until("its end", Shown::is_over);
        self.lock().ended.clone().unwrap()
    }

    /// Whether the line discipline is as before the program started.
    pub(crate) fn has_first_discipline(&self) -> bool {
        discipline(&*self.master) == self.first_discipline
    }

    /// Waits until the screen is as a shell expects it, and asserts that the line discipline is.
    /// Comes after the program's end, or after what the shell prints when it has the terminal.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        self.wait_screen("a clean terminal", |screen| {
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
        self.wait_alt_sends_escape(false);
        assert!(
            self.has_first_discipline(),
            "{} left another line discipline",
            self.name
        );
    }

    /// Waits until something is reached. Fails at the deadline, and as soon as the program is over.
    #[track_caller]
    fn wait_until(&self, what: &str, reached: impl Fn(&Shown) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut shown = self.lock();
        while !reached(&shown) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !shown.is_over(),
                "{} did not show {what}; ended: {:?}; the screen is\n{}",
                self.name,
                shown.ended,
                shown.parser.screen().contents()
            );
            let woken = self.shown.1.wait_timeout(shown, left);
            shown = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        lock(&self.shown)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let shown = self.lock();
        if shown.ended.is_none() {
            // Fails only for a process that is gone, and its end is on its way then.
            let _ = kill_process(self.process, Signal::KILL);
        }
        let running = |shown: &mut Shown| shown.ended.is_none();
        // Until then the program may write to folders that the test is about to remove.
        drop(self.shown.1.wait_timeout_while(shown, DEADLINE, running));
    }
}

impl Shown {
    fn is_over(&self) -> bool {
        self.ended.is_some() && self.closed
    }
}

/// Locks also after a failed assertion, so that dropping a terminal does not hide what failed.
fn lock(shown: &Watched) -> MutexGuard<'_, Shown> {
    shown.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_all(mut reader: Box<dyn Read + Send>, shown: &Watched) {
    let mut buffer = [0; 8192];
    loop {
        // The other side's end is an error on Linux (EIO), the end of the file elsewhere.
        let read = reader.read(&mut buffer).unwrap_or(0);
        let mut state = lock(shown);
        if read == 0 {
            state.closed = true;
        } else {
            state.parser.process(&buffer[..read]);
        }
        drop(state);
        shown.1.notify_all();
        if read == 0 {
            return;
        }
    }
}

fn await_end(mut child: Box<dyn Child + Send + Sync>, process: Pid, shown: &Watched) {
    // It stays a zombie until it is reaped under the lock, so that a signal never hits another.
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    retry_on_intr(|| waitid(WaitId::Pid(process), ended)).unwrap();
    let mut state = lock(shown);
    state.ended = Some(child.wait().unwrap());
    drop(state);
    shown.1.notify_all();
}

fn discipline(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn encode_key(key: &str) -> Vec<u8> {
    if let Some(letter) = key.strip_prefix("ctrl-") {
        let letter = letter.bytes().next().unwrap();
        return vec![letter & 0x1f];
    }
    if let Some(rest) = key.strip_prefix("alt-") {
        let arrow = match rest {
            "up" => Some('A'),
            "down" => Some('B'),
            _ => None,
        };
        return match arrow {
            Some(arrow) => format!("\x1b[1;3{arrow}").into_bytes(),
            None => [b"\x1b".as_slice(), &encode_key(rest)].concat(),
        };
    }
    let code = match key {
        "enter" => "\r",
        "esc" => "\x1b",
        "tab" => "\t",
        "backspace" => "\x7f",
        "up" => "\x1b[A",
        "down" => "\x1b[B",
        "right" => "\x1b[C",
        "left" => "\x1b[D",
        "home" => "\x1b[H",
        "end" => "\x1b[F",
        "pgup" => "\x1b[5~",
        "pgdn" => "\x1b[6~",
        "f1" => "\x1bOP",
        other => other,
    };
    code.as_bytes().to_vec()
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn non_zero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// The harness itself: a shell that echoes, resizes and ends.
#[test]
fn a_shell_is_typed_to_and_ends() {
    let mut command = CommandBuilder::new("sh");
    command.env("PS1", "ready> ");
    let mut shell = Terminal::start("sh", command, 60, 10);
    shell.wait("ready>");
    shell.type_text("printf 'o%s\\n' ne\r");
    shell.wait_line("one", "");
    shell.resize(40, 8);
    shell.type_text("stty size; exit 3\r");
    shell.wait("8 40");
    assert_eq!(shell.wait_end().exit_code(), 3);
    shell.assert_clean();
}
