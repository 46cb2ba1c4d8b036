//! Text that arrives together, and the rule that tells typing from a paste without brackets.
//!
//! A person types one key at a time; a paste arrives as a whole. So an Enter or Tab that is
//! followed by more text in the same read is part of a text, and the text with it is one paste. The
//! last Enter of a read is the key, as for a program that types a line and Enter at once. A paste
//! may arrive in several reads: what follows within [`BURST_GAP`] belongs to it, and its last Enter
//! waits that long. After a text that would run as a command, the last Enter is text too.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// Longest pause between two reads of one paste.
const BURST_GAP: Duration = Duration::from_millis(50);

/// Length in bytes from which one line is a paste, of which more may follow.
const MIN_LONG_LINE: usize = 256;

/// How text is taken that arrives in one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Keys, unless it shows itself to be a paste.
    #[default]
    Typing,
    /// A paste without brackets, of which more may follow until [`BURST_GAP`] has passed.
    Paste { is_command: bool },
    /// The rest of a paste that lost its closing bracket. It has no deadline: text with line ends
    /// is text, until a key comes alone.
    UnfinishedPaste,
}

/// The text of a read, and what it continues.
#[derive(Debug, Default)]
pub(super) struct TextRun {
    mode: Mode,
    /// Text of this read that is not an event yet, with Enter, Tab and Ctrl+J as the bytes that
    /// they send.
    run: String,
    /// The end of a paste, without text: a line end if more text follows, else keys.
    held: String,
}

impl TextRun {
    pub(super) fn push(&mut self, c: char) {
        self.run.push(c);
    }

    /// A read ends amid a sequence or a character, which decides what the text before it is.
    pub(super) fn pause(&mut self, events: &mut VecDeque<Event>) {
        if !self.run.ends_with(is_break) {
            self.flush(events);
        }
    }

    /// A read ends. Returns how long to wait for more, before [`expire`](Self::expire).
    pub(super) fn end_read(&mut self, events: &mut VecDeque<Event>) -> Option<Duration> {
        self.flush(events);
        matches!(self.mode, Mode::Paste { .. }).then_some(BURST_GAP)
    }

    /// A key that is no text, or another event, follows the text.
    pub(super) fn end_run(&mut self, events: &mut VecDeque<Event>) {
        if self.mode == Mode::UnfinishedPaste && self.run.is_empty() {
            self.mode = Mode::Typing;
        }
        self.expire(events);
    }

    /// Nothing has followed the text in time.
    pub(super) fn expire(&mut self, events: &mut VecDeque<Event>) {
        self.flush(events);
        self.release(events);
    }

    /// A bracketed paste has not ended in time.
    pub(super) fn unfinished_paste(&mut self) {
        self.mode = Mode::UnfinishedPaste;
    }

    /// The closing bracket of a paste, whose opening one was lost or is long ago: the text before
    /// it was pasted.
    pub(super) fn end_paste(&mut self, events: &mut VecDeque<Event>) {
        let text = mem::take(&mut self.held) + &mem::take(&mut self.run);
        push_paste(text, events);
        self.mode = Mode::Typing;
    }

    /// Turns the text of the read into events, except for the end that may belong to more.
    fn flush(&mut self, events: &mut VecDeque<Event>) {
        let run = mem::take(&mut self.run);
        if run.is_empty() {
            return;
        }
        if self.mode == Mode::UnfinishedPaste && run.chars().nth(1).is_some() {
            return push_paste(run, events);
        }
        let text = run.trim_end_matches(is_break);
        let has_lines = text.contains(['\r', '\t']);
        match self.mode {
            Mode::Paste { .. } => {}
            _ if has_lines || run.len() >= MIN_LONG_LINE => {
                let is_command = has_lines && run.starts_with('/');
                self.mode = Mode::Paste { is_command };
            }
            Mode::Typing | Mode::UnfinishedPaste => {
                self.mode = Mode::Typing;
                return events.extend(run.chars().map(|c| Event::Key(typed_key(c))));
            }
        }
        if text.is_empty() {
            self.held.push_str(&run);
        } else {
            push_paste(mem::take(&mut self.held) + text, events);
            run[text.len()..].clone_into(&mut self.held);
        }
    }

    /// Ends a paste. Blank lines at its end are one Enter.
    fn release(&mut self, events: &mut VecDeque<Event>) {
        let Mode::Paste { is_command } = self.mode else {
            return;
        };
        self.mode = Mode::Typing;
        let held = mem::take(&mut self.held);
        if held.contains('\r') && !is_command {
            events.push_back(Event::Key(KeyCode::Enter.into()));
        } else {
            push_paste(held, events);
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\t')
}

fn push_paste(text: String, events: &mut VecDeque<Event>) {
    if !text.is_empty() {
        events.push_back(Event::Paste(text));
    }
}

fn typed_key(c: char) -> KeyEvent {
    match c {
        '\r' => KeyCode::Enter.into(),
        '\t' => KeyCode::Tab.into(),
        '\n' => KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL),
        c if c.is_uppercase() => KeyEvent::new(KeyCode::Char(c), KeyModifiers::SHIFT),
        c => KeyCode::Char(c).into(),
    }
}
