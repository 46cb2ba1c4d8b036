//! A tmux server of its own, with the settings it has by default.

use std::path::PathBuf;
use std::process::Output;
use std::sync::mpsc::{Receiver, channel};

use crate::machine::{CLIENT, Machine};
use crate::pty::Terminal;
use crate::support::DEADLINE;

/// A running tmux server; ended when dropped.
pub(crate) struct Tmux<'a> {
    machine: &'a Machine,
    socket: PathBuf,
}

/// The end of a program, which no terminal shows.
pub(crate) struct End(Receiver<std::io::Result<Vec<u8>>>);

impl End {
    #[track_caller]
    pub(crate) fn wait(&self) {
        let read = self.0.recv_timeout(DEADLINE).expect("it has not ended");
        assert_eq!(read.unwrap(), b"");
    }
}

impl<'a> Tmux<'a> {
    /// Starts a server as [`start`](Self::start) does. The program of the line holds a pipe open,
    /// which tells of its end.
    #[track_caller]
    pub(crate) fn start_held(machine: &'a Machine, line: &str) -> (Self, End) {
        let pipe = machine.path("pipe");
        let made = machine.program("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        // The shell stays, so that the program is not the leader of its group, and `setsid` needs
        // no child.
        let line = format!("exec 3>{}; {line}; true", pipe.display());
        let (sender, end) = channel();
        std::thread::spawn(move || sender.send(std::fs::read(pipe)));
        (Self::start(machine, &line), End(end))
    }

    /// Starts a server with one detached session, whose window runs a line of the shell.
    #[track_caller]
    pub(crate) fn start(machine: &'a Machine, line: &str) -> Self {
        let socket = machine.path("tmux");
        let tmux = Self { machine, socket };
        tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", line]);
        tmux
    }

    /// Runs a command of tmux and returns what it prints.
    #[track_caller]
    pub(crate) fn run(&self, command: &[&str]) -> String {
        let output = self.try_run(command);
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Shows a session in a terminal of 80 columns and 25 rows, the last of which is tmux's own.
    pub(crate) fn attach(&self, session: &str) -> Terminal {
        let mut command = self.machine.terminal_program("tmux");
        command.arg("-S");
        command.arg(&self.socket);
        command.args(["attach-session", "-t", session]);
        Terminal::start("tmux", command, 80, 25)
    }

    fn try_run(&self, command: &[&str]) -> Output {
        let mut tmux = self.machine.program("tmux");
        tmux.arg("-S").arg(&self.socket);
        tmux.args(["-f", "/dev/null"]).args(command);
        tmux.output().unwrap()
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.try_run(&["kill-server"]);
    }
}

/// alice's client in the first window of a session, and a shell in the second one.
fn two_windows(machine: &Machine) -> Tmux<'_> {
    let tmux = Tmux::start(machine, &format!("{CLIENT} alice --yes"));
    tmux.run(&["new-window", "-d", "printf elsewhere; cat"]);
    tmux
}

/// Attaches alice's terminal. She and bob have their conversation open.
fn talk(tmux: &Tmux<'_>, bob: &mut Terminal) -> Terminal {
    let mut alice = tmux.attach("0");
    alice.open_talk("bob");
    bob.open_talk("alice");
    alice
}

#[test]
fn messages_ring_and_stay_unread_while_another_window_is_shown() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut bob = machine.open_connected("bob");
    let tmux = two_windows(&machine);
    let mut alice = talk(&tmux, &mut bob);

    // The window is shown: bob's message is read.
    bob.type_text("one");
    bob.key("enter");
    alice.wait("one");
    wait_mark(&bob, "one", true);
    alice.wait("set -g focus-events on");

    // Another window is shown: tmux marks the first one for its bell, and the message is only
    // delivered.
    tmux.run(&["select-window", "-t", "1"]);
    alice.wait("elsewhere");
    bob.type_text("two");
    bob.key("enter");
    alice.wait("0:recado!");
    wait_mark(&bob, "two", false);

    // Back in the window, the first key is a sign of the user.
    tmux.run(&["select-window", "-t", "0"]);
    alice.wait("two");
    alice.key("esc");
    wait_mark(&bob, "two", true);

    // No terminal is attached.
    tmux.run(&["detach-client", "-s", "0"]);
    alice.wait_end();
    bob.type_text("three");
    bob.key("enter");
    wait_mark(&bob, "three", false);
    let mut alice = tmux.attach("0");
    alice.wait("three");

    // In a split window the other pane is active.
    alice.key("esc");
    wait_mark(&bob, "three", true);
    tmux.run(&["split-window", "-t", "0:0", "printf beside; cat"]);
    alice.wait("beside");
    bob.type_text("four");
    bob.key("enter");
    alice.wait("four");
    wait_mark(&bob, "four", false);
}

#[test]
fn focus_reports_of_tmux_are_used_where_they_are_on() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut bob = machine.open_connected("bob");
    let tmux = Tmux::start(&machine, "cat");
    tmux.run(&["set-option", "-g", "focus-events", "on"]);
    tmux.run(&["new-window", "-d", &format!("{CLIENT} alice --yes")]);
    tmux.run(&["select-window", "-t", "1"]);
    let mut alice = tmux.attach("0");
    alice.focus(true);
    alice.open_talk("bob");
    assert!(!alice.text().contains("focus-events"), "{}", alice.text());
    bob.open_talk("alice");
    tmux.run(&["select-window", "-t", "0"]);
    bob.type_text("one");
    bob.key("enter");
    alice.wait("1:recado!");
    // The report alone is the sign.
    tmux.run(&["select-window", "-t", "1"]);
    wait_mark(&bob, "one", true);
}

#[test]
fn a_copied_text_is_in_the_buffer_of_tmux() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut bob = machine.open_connected("bob");
    let tmux = two_windows(&machine);
    let mut alice = talk(&tmux, &mut bob);
    let text = "see café ".repeat(400);
    bob.paste(&text);
    bob.key("enter");
    alice.wait("café");
    alice.key("up");
    alice.wait("reply");
    alice.key("y");
    alice.wait("Copied to tmux's buffer");
    assert_eq!(tmux.run(&["show-buffer"]), text.trim_end());
    alice.wait_copied(text.trim_end());
}

/// Waits until a message has the mark of a delivered, or of a read one.
#[track_caller]
fn wait_mark(terminal: &Terminal, text: &str, is_read: bool) {
    let is_bold = |screen: &vt100::Screen| {
        let contents = screen.contents();
        let row = contents
            .lines()
            .position(|line| line.contains(text) && line.contains("✓✓"))?;
        let line = contents.lines().nth(row)?;
        let column = line.chars().position(|c| c == '✓')?;
        let cell = screen.cell(row.try_into().ok()?, column.try_into().ok()?)?;
        Some(cell.bold())
    };
    let what = format!("{text:?} delivered, read: {is_read}");
    terminal.wait_screen(&what, |screen| is_bold(screen) == Some(is_read));
}
