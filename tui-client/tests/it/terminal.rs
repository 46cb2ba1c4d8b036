//! The terminal guard in a real pseudo-terminal. The program in it is this test binary again,
//! running [`child`].

use std::path::Path;

use crossterm::event::{Event as TerminalEvent, KeyCode};
use futures_util::StreamExt as _;
use portable_pty::CommandBuilder;
use recado::driver::{Host as _, Input};
use recado::terminal;
use rustix::process::Signal;

use crate::machine::Machine;
use crate::pty::Terminal;
use crate::tmux::Tmux;

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
        while let Some(input) = outside.inputs.next().await {
            match input.unwrap() {
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
                Input::Reply(reply) => println!("{reply:?}\r"),
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

/// Runs [`child`] in a pseudo-terminal, itself or by a script that has it as `"$0" "$@"`.
fn start(folder: &Path, script: Option<&str>) -> Terminal {
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
    Terminal::start("the child", command, 80, 24)
}

#[test]
fn modes_are_taken_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = start(folder.path(), None);
    terminal.wait("size 80x24");
    terminal.wait_screen("modes", |screen| {
        screen.alternate_screen()
            && screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
            && screen.mouse_protocol_encoding() == vt100::MouseProtocolEncoding::Sgr
    });
    assert!(!terminal.has_first_discipline());
    terminal.paste("two\nlines");
    terminal.wait(r#"Paste("two\rlines")"#);
    terminal.click(4, 6);
    terminal.wait("Down(Left), column: 4, row: 6");
    terminal.send(b"\x1b[13;2u");
    terminal.wait("key Enter");
    terminal.resize(90, 20);
    terminal.wait("Resize(90, 20)");
    terminal.key("z");
    terminal.wait("not stopped");
    terminal.key("q");
    assert!(terminal.wait_end().success());
    terminal.assert_clean();
}

#[test]
fn signals_are_inputs_and_end_it_cleanly() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let terminal = start(folder.path(), None);
        terminal.wait("size 80x24");
        terminal.signal(signal);
        assert!(terminal.wait_end().success());
        terminal.assert_clean();
    }
}

#[test]
fn a_terminal_that_goes_without_a_signal_ends_the_inputs() {
    let machine = Machine::new();
    let program = std::env::current_exe().unwrap();
    let folder = machine.path("reports");
    let line = format!(
        "{FOLDER}={} setsid {} --exact terminal::child --nocapture",
        folder.display(),
        program.display()
    );
    let (tmux, end) = Tmux::start_held(&machine, &line);
    tmux.attach("0").wait("size 80x24");
    tmux.run(&["kill-server"]);
    end.wait();
    assert!(!folder.exists(), "it panicked");
}

#[test]
fn a_panic_gives_the_terminal_back_and_leaves_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = start(folder.path(), None);
    terminal.wait("size 80x24");
    terminal.key("p");
    assert!(!terminal.wait_end().success());
    terminal.assert_clean();
    terminal.wait("A report is in");
    let report = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .expect("a report")
        .unwrap();
    let name = report.file_name().into_string().unwrap();
    terminal.wait_for(&name, |text| text.replace('\n', "").contains(&name));
    let report = std::fs::read_to_string(report.path()).unwrap();
    assert!(
        report.contains("asked for") && report.contains("terminal::child"),
        "{report}"
    );
}

#[test]
fn a_panic_in_another_thread_tells_the_loop_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = start(folder.path(), None);
    terminal.wait("size 80x24");
    terminal.key("t");
    terminal.wait("terminated");
    assert!(terminal.wait_end().success());
    terminal.assert_clean();
    terminal.wait("A report is in");
}

#[test]
fn suspending_gives_the_shell_its_terminal_until_it_continues() {
    let folder = tempfile::tempdir().unwrap();
    let script = "set -m; \"$0\" \"$@\"; echo has stopped; read line; fg; echo is over";
    let mut terminal = start(folder.path(), Some(script));
    terminal.wait("size 80x24");
    terminal.key("z");
    terminal.wait("has stopped");
    terminal.assert_clean();
    terminal.key("enter");
    terminal.wait("resumed 80x24");
    terminal.wait_screen("modes", vt100::Screen::alternate_screen);
    terminal.key("q");
    terminal.wait("is over");
    assert!(terminal.wait_end().success());
    terminal.assert_clean();
}
