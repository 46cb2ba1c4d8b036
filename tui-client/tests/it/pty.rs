//! Programs in a real pseudo-terminal, their screens read cell by cell.

use std::io::{Read as _, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// A pseudo-terminal with a program in it.
pub(crate) struct Pty {
    pub(crate) master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    shown: Arc<(Mutex<vt100::Parser>, Condvar)>,
}

impl Pty {
    /// Starts a program in a terminal of 80 columns and 24 rows.
    pub(crate) fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        let shown = Arc::new((Mutex::new(parser), Condvar::new()));
        let (mut reader, screen) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                screen.0.lock().unwrap().process(&bytes[..read]);
                screen.1.notify_all();
            }
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            shown,
        }
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let parser = self.shown.0.lock().unwrap();
        let limit = Duration::from_secs(30);
        let (parser, timeout) = self
            .shown
            .1
            .wait_timeout_while(parser, limit, |parser| !wanted(parser.screen()))
            .unwrap();
        let screen = parser.screen();
        assert!(!timeout.timed_out(), "{what}, not: {}", screen.contents());
    }

    pub(crate) fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.keys.write_all(bytes).unwrap();
        self.keys.flush().unwrap();
    }

    /// The terminal is as a shell expects it.
    pub(crate) fn is_restored(&self) {
        self.until("restored", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.process_id().unwrap();
        let pid = Pid::from_raw(id.try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}
