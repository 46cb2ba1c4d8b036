//! The terminal guard in a real pseudo-terminal. The program in it is this test binary again,
//! running [`child`].

use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, KeyCode};
use futures_util::StreamExt as _;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use recado::driver::{Host as _, Input};
use recado::terminal;
use rustix::process::{Pid, Signal, kill_process};

/// Names the folder for reports, and that the test is the program in the terminal.
const FOLDER: &str = "RECADO_TEST_TERMINAL_FOLDER";

/// What the program in the terminal does: it says what it reads, and obeys a few keys.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    terminal::install_panic_hook(folder.into());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut outside = terminal::open().unwrap();
        println!("size {}x{}\r", outside.size.width, outside.size.height);
        loop {
            match outside.inputs.next().await.unwrap().unwrap() {
                Input::Terminal(TerminalEvent::Key(key)) => match key.code {
                    KeyCode::Char('q') => break,
                    KeyCode::Char('p') => panic!("asked for"),
                    KeyCode::Char('t') => {
                        let thread = std::thread::spawn(|| panic!("asked for"));
                        assert!(thread.join().is_err() && !outside.host.is_ours());
                    }
                    KeyCode::Char('z') => {
                        let stopped = outside.host.suspend().unwrap();
                        if !stopped {
                            println!("not stopped\r");
                        }
                    }
                    other => println!("key {other:?}\r"),
                },
                Input::Terminal(event) => println!("{event:?}\r"),
                Input::Resumed(size) => {
                    outside.host.resume().unwrap();
                    println!("resumed {}x{}\r", size.width, size.height);
                }
                Input::Terminate => {
                    println!("terminated\r");
                    break;
                }
                Input::Suspend => println!("suspend\r"),
            }
        }
    });
}

/// A pseudo-terminal with the child in it.
struct Pty {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<(Mutex<vt100::Parser>, Condvar)>,
}

impl Pty {
    /// Runs the child itself, or by a script that has it as `"$0" "$@"`.
    fn start(folder: &Path, script: Option<&str>) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let program = std::env::current_exe().unwrap();
        let mut command = match script {
            None => CommandBuilder::new(&program),
            Some(script) => {
                let mut shell = CommandBuilder::new("/bin/sh");
                shell.args(["-c", script]);
                shell.arg(&program);
                shell
            }
        };
        command.args(["--exact", "terminal::child", "--nocapture"]);
        command.env(FOLDER, folder);
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
    fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
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

    fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    fn write(&mut self, bytes: &[u8]) {
        self.keys.write_all(bytes).unwrap();
        self.keys.flush().unwrap();
    }

    /// The terminal is as a shell expects it.
    fn is_restored(&self) {
        self.until("restored", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.process_id().unwrap();
        let pid = Pid::from_raw(id.try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

/// What line discipline the terminal has, as text.
fn discipline(pty: &Pty) -> String {
    format!("{:?}", pty.master.get_termios())
}

#[test]
fn modes_are_taken_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = Pty::start(folder.path(), None);
    pty.shows("size 80x24");
    pty.until("modes", |screen| {
        screen.alternate_screen()
            && screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
            && screen.mouse_protocol_encoding() == vt100::MouseProtocolEncoding::Sgr
    });
    let raw = discipline(&pty);
    pty.write(b"\x1b[200~two\rlines\x1b[201~");
    pty.shows(r#"Paste("two\rlines")"#);
    pty.write(b"\x1b[<0;5;7M");
    pty.shows("Down(Left), column: 4, row: 6");
    pty.write(b"\x1b[13;2u");
    pty.shows("key Enter");
    pty.write(b"z");
    pty.shows("not stopped");
    pty.write(b"q");
    assert!(pty.child.wait().unwrap().success());
    pty.is_restored();
    assert_ne!(discipline(&pty), raw);
}

#[test]
fn signals_are_inputs_and_end_it_cleanly() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut pty = Pty::start(folder.path(), None);
        pty.shows("size 80x24");
        pty.signal(signal);
        assert!(pty.child.wait().unwrap().success());
        pty.is_restored();
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_leaves_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = Pty::start(folder.path(), None);
    pty.shows("size 80x24");
    pty.write(b"p");
    assert!(!pty.child.wait().unwrap().success());
    pty.is_restored();
    pty.shows("A report is in");
    let report = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .expect("a report")
        .unwrap();
    let name = report.file_name().into_string().unwrap();
    pty.until(&name, |screen| {
        screen.contents().replace('\n', "").contains(&name)
    });
    let report = std::fs::read_to_string(report.path()).unwrap();
    assert!(
        report.contains("asked for") && report.contains("terminal::child"),
        "{report}"
    );
}

#[test]
fn a_panic_in_another_thread_tells_the_loop_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = Pty::start(folder.path(), None);
    pty.shows("size 80x24");
    pty.write(b"t");
    pty.shows("terminated");
    assert!(pty.child.wait().unwrap().success());
    pty.is_restored();
    pty.shows("A report is in");
}

#[test]
fn suspending_gives_the_shell_its_terminal_until_it_continues() {
    let folder = tempfile::tempdir().unwrap();
    let script = "set -m; \"$0\" \"$@\"; echo has stopped; read line; fg; echo is over";
    let mut pty = Pty::start(folder.path(), Some(script));
    pty.shows("size 80x24");
    pty.write(b"z");
    pty.shows("has stopped");
    pty.is_restored();
    pty.write(b"\n");
    pty.shows("resumed 80x24");
    pty.until("modes", vt100::Screen::alternate_screen);
    pty.write(b"q");
    pty.shows("is over");
    assert!(pty.child.wait().unwrap().success());
    pty.is_restored();
}
