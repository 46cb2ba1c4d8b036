//! tmux, in whose pane the program may run: whether the user can see the pane, and its paste buffer.
//!
//! One task asks it, one question after the other, each with a time limit. At most [`MAX_QUESTIONS`] wait.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use rustix::termios::ttyname;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::app::{Clipboard, Event, PaneState};

/// How long tmux may take to answer. It usually takes 5 ms.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Most questions that wait for an answer.
const MAX_QUESTIONS: usize = 4;

/// The pane of tmux in which this process runs, if the environment is right about it.
#[derive(Clone, Debug)]
pub struct Tmux {
    /// Name of the pane in that server, such as `%3`.
    pane: OsString,
    /// The terminal of this process. The environment may be inherited from another terminal.
    tty: Option<String>,
}

/// The program between this one and the terminal, which has windows and a clipboard of its own.
#[derive(Clone, Debug)]
pub enum Multiplexer {
    None,
    Tmux(Tmux),
    /// GNU screen, which passes strings on.
    Screen,
}

impl Multiplexer {
    /// The innermost multiplexer that the environment names.
    pub fn from_environment() -> Self {
        let is_screen = std::env::var_os("STY").is_some_and(|session| !session.is_empty());
        match Tmux::from_environment() {
            Some(tmux) => Self::Tmux(tmux),
            None if is_screen => Self::Screen,
            None => Self::None,
        }
    }
}

/// What the client wants of tmux.
#[derive(Debug)]
pub(crate) enum Question {
    /// What the core hears of.
    Pane,
    /// Put text into the paste buffer and on the clipboard; answered by [`Event::Copied`], or by [`Answer::NotCopied`].
    Copy(String),
}

/// An answer of tmux.
#[derive(Debug)]
pub(crate) enum Answer {
    Event(Event),
    /// The text is not copied: tmux cannot be run, or this is not one of its panes.
    NotCopied {
        text: String,
        /// Whether tmux passes the terminal's own clipboard sequence on, for which it has a setting.
        is_behind_tmux: bool,
    },
}

/// Handle of the task that asks tmux.
#[derive(Debug)]
pub(crate) struct TmuxHandle {
    questions: mpsc::Sender<Question>,
    answers: mpsc::Receiver<Answer>,
}

impl Tmux {
    /// The pane that the environment names.
    pub fn from_environment() -> Option<Self> {
        std::env::var_os("TMUX").filter(|server| !server.is_empty())?;
        let pane = std::env::var_os("TMUX_PANE").filter(|pane| !pane.is_empty())?;
        let tty = ttyname(std::io::stdin(), Vec::new()).ok();
        let tty = tty.and_then(|name| name.into_string().ok());
        Some(Self { pane, tty })
    }

    /// Starts the task. It ends with its handle.
    pub(crate) fn spawn(self) -> TmuxHandle {
        let (questions, mut asked) = mpsc::channel(MAX_QUESTIONS);
        let (answer, answers) = mpsc::channel(MAX_QUESTIONS);
        tokio::spawn(async move {
            while let Some(question) = asked.recv().await {
                let answered = match question {
                    Question::Pane => Answer::Event(self.pane().await),
                    Question::Copy(text) => self.copy(text).await,
                };
                if answer.send(answered).await.is_err() {
                    return;
                }
            }
        });
        TmuxHandle { questions, answers }
    }

    async fn pane(&self) -> Event {
        let report = self.report().await;
        let reports_focus = match &report {
            Ok(report) => Some(report.reports_focus),
            // tmux has no part in what this terminal reports.
            Err(NoReport::OtherTerminal) => Some(true),
            Err(NoReport::NoAnswer) => None,
        };
        let state = report.map_or(PaneState::Unknown, |report| report.state);
        tracing::debug!(?state, "tmux was asked about the pane");
        Event::Pane {
            state,
            reports_focus,
        }
    }

    async fn copy(&self, text: String) -> Answer {
        let is_behind_tmux = self.report().await != Err(NoReport::OtherTerminal);
        if is_behind_tmux {
            // Versions before 3.2 do not know `-w`, which passes the text on to the terminal.
            for (line, clipboard) in [
                (&["load-buffer", "-w", "-"][..], Clipboard::TmuxAndTerminal),
                (&["load-buffer", "-"], Clipboard::Tmux),
            ] {
                if run(line, &text).await.is_some() {
                    return Answer::Event(Event::Copied(clipboard));
                }
            }
        }
        Answer::NotCopied {
            text,
            is_behind_tmux,
        }
    }

    async fn report(&self) -> Result<Report, NoReport> {
        let pane = self.pane.to_str().ok_or(NoReport::NoAnswer)?;
        let line = [
            &["show-options", "-gqv", "focus-events", ";"][..],
            &["display-message", "-p", "-t", pane, "#{pane_tty}", ";"],
            &["list-clients", "-F", CLIENT_FORMAT],
        ];
        let output = run(&line.concat(), "").await.ok_or(NoReport::NoAnswer)?;
        Report::parse(&output, pane, self.tty.as_deref())
    }
}

impl TmuxHandle {
    /// Returns the question if too many wait.
    pub(crate) fn ask(&self, question: Question) -> Result<(), Question> {
        self.questions
            .try_send(question)
            .map_err(mpsc::error::TrySendError::into_inner)
    }

    /// The next answer. Waits for ever if the task has ended, which it does not by itself.
    pub(crate) async fn answer(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

/// Of each attached client: the active pane of the window that it shows, its terminal, and its state.
const CLIENT_FORMAT: &str = "#{pane_id} #{client_termname} #{client_flags}";

/// What tmux says about a pane.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    state: PaneState,
    reports_focus: bool,
}

/// Why tmux says nothing about this pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoReport {
    /// It cannot be run, fails, or takes too long.
    NoAnswer,
    /// The pane that the environment names is another terminal.
    OtherTerminal,
}

impl Report {
    fn parse(output: &str, pane: &str, tty: Option<&str>) -> Result<Self, NoReport> {
        let mut lines = output.lines();
        let reports_focus = lines.next().ok_or(NoReport::NoAnswer)? == "on";
        let pane_tty = lines.next().ok_or(NoReport::NoAnswer)?;
        if tty.is_some_and(|tty| tty != pane_tty) {
            return Err(NoReport::OtherTerminal);
        }
        let mut state = PaneState::Hidden;
        for line in lines {
            let mut words = line.split(' ');
            let shows_pane = words.next() == Some(pane);
            let terminal = words.next().unwrap_or_default();
            let is_suspended = words.next().unwrap_or_default().contains("suspended");
            // The client of an inner multiplexer may be in a hidden window of the outer one.
            let is_nested = terminal.starts_with("tmux") || terminal.starts_with("screen");
            match (shows_pane && !is_suspended, is_nested) {
                (true, false) => state = PaneState::Active,
                (true, true) if state == PaneState::Hidden => state = PaneState::Unknown,
                _ => {}
            }
        }
        Ok(Self {
            state,
            reports_focus,
        })
    }
}

/// Runs a command of tmux and returns what it prints; `None` if it fails.
async fn run(line: &[&str], input: &str) -> Option<String> {
    let work = async {
        let mut tmux = Command::new("tmux");
        tmux.args(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = tmux.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        child.wait_with_output().await
    };
    let output = match timeout(TIME_LIMIT, work).await {
        Ok(Ok(output)) if output.status.success() => output.stdout,
        failed => {
            tracing::info!(?failed, command = line[0], "tmux did not do it");
            return None;
        }
    };
    String::from_utf8(output).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_is_seen_where_a_client_has_it_active() {
        let state = |clients: &str| {
            let output = format!("off\n/dev/pts/7\n{clients}");
            Report::parse(&output, "%3", Some("/dev/pts/7"))
                .unwrap()
                .state
        };
        for (clients, expected) in [
            ("", PaneState::Hidden),
            ("%3 xterm-256color attached,UTF-8\n", PaneState::Active),
            ("%33 xterm-256color attached,UTF-8\n", PaneState::Hidden),
            ("%4 xterm attached\n%3 foot attached\n", PaneState::Active),
            ("%3 xterm attached,suspended\n", PaneState::Hidden),
            ("%3 tmux-256color attached\n", PaneState::Unknown),
            ("%3 screen attached\n%3 xterm attached\n", PaneState::Active),
        ] {
            assert_eq!(state(clients), expected, "{clients:?}");
        }
    }

    #[test]
    fn the_environment_may_be_of_another_terminal() {
        let output = "on\n/dev/pts/7\n%3 xterm attached\n";
        let report = |tty| Report::parse(output, "%3", tty);
        assert_eq!(report(Some("/dev/pts/8")), Err(NoReport::OtherTerminal));
        assert!(report(Some("/dev/pts/7")).unwrap().reports_focus);
        assert_eq!(Report::parse("", "%3", None), Err(NoReport::NoAnswer));
    }
}
