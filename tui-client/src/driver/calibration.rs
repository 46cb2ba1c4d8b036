//! Calibration of widths: the answers of the terminal to the probes, remembered for its next start.
//!
//! The file holds a line for each terminal: its name and the widths. It is a cache: what cannot be read or written is left out.

use std::fs;
use std::path::PathBuf;

use tokio::task::spawn_blocking;

use crate::cells::{MeasuredWidths, PROBE_ROW, Probe};
use crate::files;
use crate::ui::{Glyphs, SymbolChoice};

/// Most terminals that are remembered. The one that was noted longest ago goes first.
const MAX_REMEMBERED: usize = 32;

/// Longest file that is read, in bytes.
const MAX_FILE_LEN: u64 = 16 * 1024;

/// The widths of the terminal, and what the user wants for signs.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    choice: SymbolChoice,
    is_utf8_locale: bool,
    /// Where widths are remembered; `None` for a program that leaves no files.
    file: Option<PathBuf>,
    /// What the terminal calls itself.
    terminal: String,
    measured: Option<MeasuredWidths>,
    /// The answers so far. One that does not belong to a probe ends the calibration.
    answers: Vec<u16>,
}

impl Calibration {
    /// What is remembered of a terminal whose environment has these variables.
    pub fn new(
        choice: SymbolChoice,
        is_utf8_locale: bool,
        file: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let is_small = |path: &PathBuf| fs::metadata(path).is_ok_and(|it| it.len() <= MAX_FILE_LEN);
        let known = file.as_ref().filter(|path| is_small(path));
        let known = known.and_then(|path| fs::read_to_string(path).ok());
        let terminal = terminal_name(&variable);
        Self {
            choice,
            is_utf8_locale,
            measured: known.and_then(|known| recall(&known, &terminal)),
            file,
            terminal,
            answers: Vec::new(),
        }
    }

    /// The forms that fit what is known.
    pub fn glyphs(&self) -> Glyphs {
        Glyphs::new(self.choice, self.is_utf8_locale, self.measured)
    }

    /// Takes the place of the cursor behind a probe, both from 1. Returns the forms once they change.
    pub(super) fn take(&mut self, row: u16, column: u16) -> Option<Glyphs> {
        if row != PROBE_ROW || column == 0 || self.answers.len() >= Probe::ALL.len() {
            return None;
        }
        self.answers.push(column - 1);
        let measured = match self.answers[..] {
            // The other probes may have done anything.
            [letter] if letter != 1 => MeasuredWidths::without_utf8(),
            _ => MeasuredWidths::new(&self.answers)?,
        };
        if self.measured == Some(measured) {
            return None;
        }
        tracing::info!(widths = ?measured.as_slice(), "the terminal draws in these widths");
        let before = self.glyphs();
        self.measured = Some(measured);
        self.remember(measured);
        Some(self.glyphs()).filter(|glyphs| *glyphs != before)
    }

    fn remember(&self, measured: MeasuredWidths) {
        let Some(file) = self.file.clone() else {
            return;
        };
        let terminal = self.terminal.clone();
        spawn_blocking(move || {
            let known = fs::read_to_string(&file).unwrap_or_default();
            let text = noted(&known, &terminal, measured);
            if let Err(error) = files::write(&file, text.as_bytes()) {
                tracing::info!(%error, "the widths of this terminal are not remembered");
            }
        });
    }
}

/// The name, program and version of a terminal as far as its environment says them, on one line.
fn terminal_name(variable: impl Fn(&str) -> Option<String>) -> String {
    let names = [
        "TERM",
        "TERM_PROGRAM",
        "TERM_PROGRAM_VERSION",
        "VTE_VERSION",
        "XTERM_VERSION",
        "KONSOLE_VERSION",
        "TMUX",
    ];
    let values = names.into_iter().map(|name| match variable(name) {
        // The server of tmux, which differs each time.
        Some(_) if name == "TMUX" => "tmux".to_owned(),
        value => value.unwrap_or_default(),
    });
    let is_plain = |c: &char| c.is_ascii_graphic() && *c != '=';
    let values = values.map(|value| value.chars().filter(is_plain).take(40).collect::<String>());
    values.collect::<Vec<_>>().join("/")
}

fn recall(known: &str, terminal: &str) -> Option<MeasuredWidths> {
    let mut lines = known.lines().filter_map(|line| line.split_once('='));
    let (_, widths) = lines.find(|(name, _)| *name == terminal)?;
    let widths = widths.split(',').map(|width| width.parse().ok());
    MeasuredWidths::new(&widths.collect::<Option<Vec<u16>>>()?)
}

fn noted(known: &str, terminal: &str, measured: MeasuredWidths) -> String {
    let widths: Vec<_> = measured.as_slice().iter().map(u16::to_string).collect();
    let own = format!("{terminal}={}\n", widths.join(","));
    let prefix = format!("{terminal}=");
    let others = known.lines().filter(|line| !line.starts_with(&prefix));
    let others = others.take(MAX_REMEMBERED - 1);
    others.fold(own, |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], file: Option<PathBuf>) -> Calibration {
        Calibration::new(SymbolChoice::Auto, true, file, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[tokio::test]
    async fn answers_change_the_forms_once_all_are_there() {
        let mut calibration = of(&[], None);
        for _ in 1..Probe::ALL.len() {
            assert_eq!(calibration.take(7, 9), None, "no answer to a probe");
            assert_eq!(calibration.take(PROBE_ROW, 2), None);
        }
        let expected = calibration.take(PROBE_ROW, 9);
        assert_eq!(expected, Some(calibration.glyphs()));
        assert_ne!(expected, Some(Glyphs::default()));
        assert_eq!(calibration.take(PROBE_ROW, 2), None, "one too many");
        let mut bytes = of(&[], None);
        assert!(
            bytes.take(PROBE_ROW, 3).is_some(),
            "a terminal without UTF-8"
        );
    }

    #[test]
    fn terminals_are_remembered_up_to_a_bound() {
        let widths = |width| MeasuredWidths::new(&[width; Probe::ALL.len()]).unwrap();
        let mut known = String::new();
        for number in 0..100 {
            known = noted(&known, &format!("xterm/{number}"), widths(1));
        }
        known = noted(&known, "xterm/99", widths(2));
        assert_eq!(known.lines().count(), MAX_REMEMBERED);
        assert_eq!(recall(&known, "xterm/99"), Some(widths(2)));
        assert_eq!(recall(&known, "xterm/98"), Some(widths(1)));
        assert_eq!(recall(&known, "xterm/1"), None);
        assert_eq!(recall("xterm=1,2\nkitty=x\n", "xterm"), None);
        let variables = [
            ("TERM", "xterm"),
            ("TMUX", "/run/tmux,1"),
            ("VTE_VERSION", "a=b\n"),
        ];
        assert_eq!(of(&variables, None).terminal, "xterm///ab///tmux");
    }
}
