//! A tmux server of its own, with the settings it has by default.

use std::path::PathBuf;
use std::process::Output;
use std::sync::mpsc::{Receiver, channel};

use crate::machine::Machine;
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
    /// Starts a server as [`start`](Self::start) does. The program of the line holds a pipe open, which tells of its end.
    #[track_caller]
    pub(crate) fn start_held(machine: &'a Machine, line: &str) -> (Self, End) {
        let pipe = machine.path("pipe");
        let made = machine.program("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        // The shell stays, so that the program is not the leader of its group, and `setsid` needs no child.
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
