//! Incremental parser of terminal input: fed with bytes and the time, it returns events.
//!
//! It finds where characters, escape sequences and pastes begin and end; `decode` says what a whole
//! sequence means. No byte of a sequence becomes text: one that is unknown, damaged or too long is
//! dropped whole. `TextRun` tells typing and pastes apart. The parser reads no clock, and holds at
//! most `MAX_SEQUENCE_LEN` and `MAX_PASTE_LEN` bytes.

mod decode;
#[cfg(test)]
mod tests;
mod text_run;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use self::decode::Decoder;
use self::text_run::TextRun;

/// How long a lone escape byte waits for the rest of a sequence, before it is the key Esc.
const ESCAPE_TIMEOUT: Duration = Duration::from_millis(50);

/// How long an introducer other than `ESC [` waits for the next byte, before it is a key with Alt,
/// such as Alt+_.
const INTRODUCER_TIMEOUT: Duration = Duration::from_millis(100);

/// How long any other unfinished sequence, character or paste waits for its next byte.
const SEQUENCE_TIMEOUT: Duration = Duration::from_millis(500);

/// Longest control sequence that is understood. Those of the kitty keyboard protocol have up to
/// about 60 bytes.
const MAX_SEQUENCE_LEN: usize = 128;

/// Longest part of a paste that is held; a longer paste becomes several events.
const MAX_PASTE_LEN: usize = 64 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Most answers that wait to be taken. A terminal gives one to each question; more are dropped.
const MAX_REPLIES: usize = 64;

/// An answer of the terminal to a question of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Its background: red, green and blue.
    Background([u8; 3]),
    /// The place of the cursor, both counted from 1. The row is at least 2: in the first row, the answer is the same as a key.
    Cursor { row: u16, column: u16 },
}

/// Form of the unfinished input that [`InputParser::buffer`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The next byte begins something.
    Ground,
    /// A character of several bytes.
    Character { alt: bool },
    /// One escape byte, or two.
    Escape,
    /// `ESC [`: parameters until a final byte.
    Control,
    /// `ESC [ M`: a mouse report in the form of X10, with three bytes.
    MouseX10,
    /// `ESC [ [`: a function key of the Linux console, with one byte.
    LinuxKey,
    /// `ESC O`: a key, with parameters in some terminals.
    SingleShift,
    /// A string of the terminal: OSC, DCS, APC, PM or SOS.
    String { is_empty: bool },
    /// An escape byte in a string.
    StringEscape { is_empty: bool },
    /// Between the brackets of a paste.
    Paste,
}

/// Parser of the bytes that a terminal sends.
#[derive(Debug)]
pub struct InputParser {
    state: State,
    /// The bytes of the unfinished input.
    buffer: Vec<u8>,
    /// Whether the unfinished sequence is longer than the buffer may be, and will be dropped.
    is_too_long: bool,
    text: TextRun,
    decoder: Decoder,
    events: VecDeque<Event>,
    replies: VecDeque<Reply>,
    deadline: Option<Instant>,
}

impl Default for InputParser {
    fn default() -> Self {
        Self {
            state: State::Ground,
            buffer: Vec::new(),
            is_too_long: false,
            text: TextRun::default(),
            decoder: Decoder::default(),
            events: VecDeque::new(),
            replies: VecDeque::new(),
            deadline: None,
        }
    }
}

impl InputParser {
    /// Takes the bytes of one read.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) {
        for &byte in bytes {
            self.take(byte);
        }
        let wait = match self.state {
            State::Ground => self.text.end_read(&mut self.events),
            state => {
                // The rest of the read is typed or pasted together with this text.
                self.text.pause(&mut self.events);
                Some(self.timeout(state))
            }
        };
        self.deadline = wait.map(|wait| now + wait);
    }

    /// When to call [`expire`](Self::expire) if no byte comes before; `None` if nothing is
    /// unfinished.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Gives up waiting for the rest of unfinished input, if it is time. Bytes that can be read go
    /// first.
    pub fn expire(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        match self.state {
            State::Ground | State::MouseX10 | State::LinuxKey => {}
            State::Character { alt } => self.finish_character(alt),
            State::Escape => {
                for _ in 0..self.buffer.len() {
                    self.push(Event::Key(KeyCode::Esc.into()));
                }
            }
            State::Control | State::SingleShift | State::String { .. } => self.abandon(),
            State::StringEscape { is_empty } => {
                self.abandon();
                self.push_all(is_empty.then(|| Event::Key(KeyCode::Esc.into())));
            }
            State::Paste => {
                let text = std::mem::take(&mut self.buffer);
                self.push_paste(&text);
                self.text.unfinished_paste();
            }
        }
        self.reset();
        self.text.expire(&mut self.events);
    }

    /// Removes and returns the oldest event.
    pub fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Removes and returns the oldest answer.
    pub fn pop_reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    fn timeout(&self, state: State) -> Duration {
        match state {
            State::Escape => ESCAPE_TIMEOUT,
            State::SingleShift if self.body().is_empty() => INTRODUCER_TIMEOUT,
            State::String { is_empty: true } => INTRODUCER_TIMEOUT,
            _ => SEQUENCE_TIMEOUT,
        }
    }

    fn take(&mut self, byte: u8) {
        match self.state {
            State::Ground => self.begin(byte),
            State::Character { alt } => self.continue_character(byte, alt),
            State::Escape => self.after_escape(byte),
            State::Control => self.continue_control(byte),
            State::MouseX10 => match byte {
                0x20.. => {
                    self.buffer.push(byte);
                    if self.body().len() == 4 {
                        self.finish();
                    }
                }
                _ => self.interrupt(byte),
            },
            State::LinuxKey | State::SingleShift => self.continue_key(byte),
            State::String { is_empty } => self.continue_string(byte, is_empty),
            State::StringEscape { is_empty } => {
                if byte == b'\\' {
                    return self.finish_string();
                }
                self.state = State::String { is_empty };
                self.interrupt(ESC);
                self.take(byte);
            }
            State::Paste => self.continue_paste(byte),
        }
    }

    fn begin(&mut self, byte: u8) {
        match byte {
            ESC => {
                self.buffer.push(ESC);
                self.state = State::Escape;
            }
            b'\r' | b'\t' | b'\n' | 0x20..=0x7e => self.text.push(char::from(byte)),
            0x00..=0x1f | 0x7f => {
                let key = self.decoder.control_key(byte);
                self.push_all(key.map(Event::Key));
            }
            0x80.. => {
                self.state = State::Character { alt: false };
                self.continue_character(byte, false);
            }
        }
    }

    /// Adds a byte to a character. A byte that does not belong to it begins anew.
    fn continue_character(&mut self, byte: u8, alt: bool) {
        let is_first = self.buffer.is_empty();
        if !is_first && !(0x80..0xc0).contains(&byte) {
            self.finish_character(alt);
            self.reset();
            return self.take(byte);
        }
        self.buffer.push(byte);
        if std::str::from_utf8(&self.buffer).is_err_and(|error| error.error_len().is_none()) {
            return;
        }
        self.finish_character(alt);
        self.reset();
    }

    /// Bytes that are no character become U+FFFD, as in [`String::from_utf8_lossy`].
    fn finish_character(&mut self, alt: bool) {
        let text = String::from_utf8_lossy(&self.buffer).into_owned();
        if alt {
            let c = text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
            self.push_alt(c);
        } else {
            text.chars().for_each(|c| self.text.push(c));
        }
    }

    fn after_escape(&mut self, byte: u8) {
        let is_doubled = self.buffer.len() == 2;
        let state = match byte {
            ESC if is_doubled => return self.push(Event::Key(KeyCode::Esc.into())),
            ESC => State::Escape,
            b'[' => State::Control,
            b'O' => State::SingleShift,
            b']' | b'P' | b'_' | b'^' | b'X' => State::String { is_empty: true },
            _ => {
                if is_doubled {
                    self.push(Event::Key(KeyCode::Esc.into()));
                }
                self.reset();
                return self.alt_key(byte);
            }
        };
        self.buffer.push(byte);
        self.state = state;
    }

    /// A byte after an escape byte: a key with Alt.
    fn alt_key(&mut self, byte: u8) {
        match byte {
            0x20..=0x7e => self.push_alt(char::from(byte)),
            0x00..=0x1f | 0x7f => {
                let key = self.decoder.control_key(byte);
                let key = key.map(|key| Event::Key(with_alt(key)));
                self.push_all(key);
            }
            0x80.. => {
                self.state = State::Character { alt: true };
                self.continue_character(byte, true);
            }
        }
    }

    fn continue_control(&mut self, byte: u8) {
        let body = self.body();
        match (byte, body) {
            (b'[', []) => self.hold(byte, State::LinuxKey),
            (b'M', []) => self.hold(byte, State::MouseX10),
            // rxvt ends a key with Shift by `$`, which begins the end of other sequences.
            (b'$', [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9']) | (0x40..=0x7e, _) => {
                self.hold(byte, State::Control);
                self.finish();
            }
            (0x20..=0x3f, _) => self.hold(byte, State::Control),
            _ => self.interrupt(byte),
        }
    }

    fn continue_key(&mut self, byte: u8) {
        match byte {
            b'0'..=b'9' | b';' => self.hold(byte, self.state),
            0x20..=0x7e => {
                self.hold(byte, self.state);
                self.finish();
            }
            _ => self.interrupt(byte),
        }
    }

    /// Holds a string of the terminal, which may be an answer. Line ends and tabs may be in
    /// it. Another control byte is a key, and ends a string that has lost its end.
    fn continue_string(&mut self, byte: u8, is_empty: bool) {
        match byte {
            BEL => self.finish_string(),
            ESC => self.state = State::StringEscape { is_empty },
            0x08..=0x0d | 0x20.. => self.hold(byte, State::String { is_empty: false }),
            _ => self.interrupt(byte),
        }
    }

    fn continue_paste(&mut self, byte: u8) {
        self.buffer.push(byte);
        if self.buffer.ends_with(PASTE_END) {
            let mut text = std::mem::take(&mut self.buffer);
            text.truncate(text.len() - PASTE_END.len());
            self.reset();
            self.push_paste(&text);
        } else if self.buffer.len() >= MAX_PASTE_LEN {
            // The held end may be a part of the closing bracket, or of a character.
            let mut end = self.buffer.len() - PASTE_END.len();
            while end > 0 && (0x80..0xc0).contains(&self.buffer[end]) {
                end -= 1;
            }
            let rest = self.buffer.split_off(end);
            let text = std::mem::replace(&mut self.buffer, rest);
            self.push_paste(&text);
        }
    }

    /// The parameters of a sequence, after its introducer.
    fn body(&self) -> &[u8] {
        let introducer = if self.buffer.starts_with(&[ESC, ESC]) {
            3
        } else {
            2
        };
        self.buffer.get(introducer..).unwrap_or_default()
    }

    fn hold(&mut self, byte: u8, state: State) {
        self.state = state;
        if self.buffer.len() < MAX_SEQUENCE_LEN {
            self.buffer.push(byte);
        } else {
            self.is_too_long = true;
        }
    }

    fn finish_string(&mut self) {
        let reply = self.decoder.string(&self.buffer);
        let reply = reply.filter(|_| !self.is_too_long);
        self.push_reply(reply);
        self.reset();
    }

    fn push_reply(&mut self, reply: Option<Reply>) {
        if self.replies.len() < MAX_REPLIES {
            self.replies.extend(reply);
        }
    }

    /// Takes a whole sequence.
    fn finish(&mut self) {
        let sequence = std::mem::take(&mut self.buffer);
        let is_too_long = self.is_too_long;
        self.reset();
        if is_too_long {
            return;
        }
        let is_doubled = sequence.starts_with(&[ESC, ESC]);
        let sequence = &sequence[usize::from(is_doubled)..];
        if let Some(reply) = Decoder::cursor_place(sequence) {
            return self.push_reply(Some(reply));
        }
        let event = match sequence {
            PASTE_START => None,
            PASTE_END => {
                self.text.end_paste(&mut self.events);
                return;
            }
            _ => self.decoder.sequence(sequence),
        };
        match event {
            // PuTTY and rxvt send Alt with an arrow in this way.
            Some(Event::Key(key)) if is_doubled => self.push(Event::Key(with_alt(key))),
            event => {
                let escape = is_doubled.then(|| Event::Key(KeyCode::Esc.into()));
                self.push_all(escape.into_iter().chain(event));
            }
        }
        if sequence == PASTE_START {
            self.state = State::Paste;
        }
    }

    /// Drops the unfinished sequence for a byte that cannot be in it.
    fn interrupt(&mut self, byte: u8) {
        self.abandon();
        self.reset();
        self.take(byte);
    }

    /// An introducer alone was a key with Alt; what is longer is dropped. So is `ESC [`, which
    /// begins nearly all sequences.
    fn abandon(&mut self) {
        let is_bare = match self.state {
            State::SingleShift => self.body().is_empty(),
            State::String { is_empty } | State::StringEscape { is_empty } => is_empty,
            _ => false,
        };
        if let (true, Some(&byte)) = (is_bare, self.buffer.last()) {
            if self.buffer.starts_with(&[ESC, ESC]) {
                self.push(Event::Key(KeyCode::Esc.into()));
            }
            self.push_alt(char::from(byte));
        }
    }

    fn reset(&mut self) {
        self.state = State::Ground;
        self.buffer.clear();
        self.is_too_long = false;
    }

    fn push_alt(&mut self, c: char) {
        self.push(Event::Key(with_alt(KeyCode::Char(c).into())));
    }

    fn push_paste(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text).into_owned();
        self.push_all((!text.is_empty()).then_some(Event::Paste(text)));
    }

    fn push(&mut self, event: Event) {
        self.push_all(Some(event));
    }

    /// Adds events after the text before them.
    fn push_all(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.text.end_run(&mut self.events);
            self.events.push_back(event);
        }
    }
}

fn with_alt(mut key: KeyEvent) -> KeyEvent {
    key.modifiers |= KeyModifiers::ALT;
    key
}
