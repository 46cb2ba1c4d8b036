//! Meaning of one whole escape sequence, as an event of crossterm, which is the vocabulary of the
//! client.
//!
//! `termina` knows the keys and mouse reports of xterm, of the Linux console and of the kitty
//! keyboard protocol. The forms of rxvt, of keypads and of other keyboard layouts are rewritten to
//! those before it sees them.

use std::fmt::Write as _;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use termina::Parser;
use termina::escape::osc::{ColorOrQuery, DynamicColorNumber, Osc};
use termina::event as from;

use super::Reply;

/// Keys of a keyboard with the US layout, without and with Shift. The kitty keyboard protocol names
/// keys of other layouts after it.
const US_KEYS: (&str, &str) = ("`1234567890-=[]\\;',./", "~!@#$%^&*()_+{}|:\"<>?");

/// Bits of the modifier parameter, which is one more than their sum (xterm, "PC-Style Function
/// Keys").
const SHIFT: u32 = 1;
const CTRL: u32 = 4;
/// Alt, Ctrl, Super, Hyper and Meta: with these, a key is a shortcut and no text.
const SHORTCUT: u32 = 0b11_1110;

/// Decoder of whole sequences. It keeps nothing between them.
#[derive(Debug, Default)]
pub(super) struct Decoder(Parser);

impl Decoder {
    /// The event that a sequence stands for: control (`ESC [ …`) or single shift (`ESC O …`).
    /// `None` if it is unknown, or a reply of the terminal.
    pub(super) fn sequence(&mut self, sequence: &[u8]) -> Option<Event> {
        let (introducer, rest) = sequence.split_at_checked(2)?;
        let (&last, body) = rest.split_last()?;
        if introducer == b"\x1bO" {
            return self.single_shift(body, last);
        }
        match (body, last) {
            ([], b'a'..=b'd') => self.modified_key(SHIFT, last.to_ascii_uppercase()),
            // A mouse report in the form of X10, or a key of the Linux console.
            ([b'M', _, _], _) | ([b'['], b'A'..=b'E') => self.decode(sequence),
            ([b'<', numbers @ ..], b'M' | b'm') if is_numbers(numbers) => self.decode(sequence),
            (numbers, _) if !is_numbers(numbers) => None,
            (_, b'$') => self.rxvt_key(body, SHIFT),
            (_, b'^') => self.rxvt_key(body, CTRL),
            ([_, ..], b'@') => self.rxvt_key(body, CTRL | SHIFT),
            (_, b'u') => self.kitty_key(body),
            (_, b'~') => match body.strip_prefix(b"27;") {
                // `modifyOtherKeys` of xterm, which tmux sends too.
                Some(rest) => {
                    let (modifiers, code) = std::str::from_utf8(rest).ok()?.split_once(';')?;
                    self.kitty_key(format!("{code};{modifiers}").as_bytes())
                }
                None => self.decode(sequence),
            },
            // A key with modifiers. The place of a cursor in the first row has the same form.
            ([b'1', b';', modifiers @ ..], b'R') => {
                let modifiers = std::str::from_utf8(modifiers).ok()?.parse().ok()?;
                self.modified_key(u32::checked_sub(modifiers, 1)?, b'S')
                    .map(|event| with_code(event, KeyCode::F(3)))
            }
            (_, b'A'..=b'D' | b'F' | b'H' | b'I' | b'M' | b'O'..=b'Q' | b'S' | b'Z') => {
                self.decode(sequence)
            }
            _ => None,
        }
    }

    /// The answer that a string is, without its end: that of OSC 11. `None` if it is another one.
    pub(super) fn string(&mut self, string: &[u8]) -> Option<Reply> {
        if !string.starts_with(b"\x1b]11;") {
            return None;
        }
        self.0.parse(&[string, b"\x1b\\"].concat(), false);
        let event = self.0.pop();
        self.0 = Parser::default();
        match event? {
            termina::Event::Osc(Osc::ChangeDynamicColors(
                DynamicColorNumber::TextBackgroundColor,
                colours,
            )) => match colours.first()? {
                ColorOrQuery::Color(colour) => {
                    Some(Reply::Background([colour.red, colour.green, colour.blue]))
                }
                ColorOrQuery::Query => None,
            },
            _ => None,
        }
    }

    /// The answer to the question for the cursor (CPR). That of the first row has the form of a key with modifiers, and is not
    /// asked for.
    pub(super) fn cursor_place(sequence: &[u8]) -> Option<Reply> {
        let numbers = sequence.strip_prefix(b"\x1b[")?.strip_suffix(b"R")?;
        let (row, column) = std::str::from_utf8(numbers).ok()?.split_once(';')?;
        let (row, column) = (row.parse().ok()?, column.parse().ok()?);
        (row > 1).then_some(Reply::Cursor { row, column })
    }

    /// The key of a control byte.
    pub(super) fn control_key(&mut self, byte: u8) -> Option<KeyEvent> {
        match self.decode(&[byte])? {
            Event::Key(key) => Some(key),
            _ => None,
        }
    }

    fn single_shift(&mut self, body: &[u8], last: u8) -> Option<Event> {
        let plain = |code| Some(Event::Key(KeyEvent::from(code)));
        match (body, last) {
            ([], b'a'..=b'd') => self.modified_key(CTRL, last.to_ascii_uppercase()),
            // Konsole sends Shift+Enter in this way.
            ([], b'M') => Some(Event::Key(KeyEvent::new(
                KeyCode::Enter,
                KeyModifiers::SHIFT,
            ))),
            ([], b'I') => plain(KeyCode::Tab),
            ([], b' ') => plain(KeyCode::Char(' ')),
            ([], b'X') => plain(KeyCode::Char('=')),
            // The keypad sends its characters in the order of ASCII, 64 places on.
            ([], b'j'..=b'y') => plain(KeyCode::Char(char::from(last - 64))),
            ([], _) => self.decode(&[0x1b, b'O', last]),
            (numbers, _) if is_numbers(numbers) => {
                let modifiers = numbers.rsplit(|&byte| byte == b';').next()?;
                let modifiers: u32 = std::str::from_utf8(modifiers).ok()?.parse().ok()?;
                self.modified_key(modifiers.checked_sub(1)?, last)
            }
            _ => None,
        }
    }

    fn modified_key(&mut self, modifiers: u32, last: u8) -> Option<Event> {
        let last = char::from(last);
        self.decode(format!("\x1b[1;{}{last}", modifiers + 1).as_bytes())
    }

    fn rxvt_key(&mut self, number: &[u8], modifiers: u32) -> Option<Event> {
        let number: u8 = std::str::from_utf8(number).ok()?.parse().ok()?;
        self.decode(format!("\x1b[{number};{}~", modifiers + 1).as_bytes())
    }

    /// A key of the kitty keyboard protocol: `code:shifted:base ; modifiers:kind ; text`. A
    /// shortcut in another script is the key at the same place of the US layout.
    fn kitty_key(&mut self, body: &[u8]) -> Option<Event> {
        let body = std::str::from_utf8(body).ok()?;
        let mut fields = body.split(';');
        let mut codes = fields.next()?.split(':');
        let code: u32 = codes.next()?.parse().ok()?;
        let shifted = codes.next().unwrap_or_default();
        let base = codes.next().and_then(|base| base.parse().ok());
        let modifiers = fields.next().unwrap_or_default();
        let bits = modifiers.split(':').next().unwrap_or_default();
        let bits = bits.parse::<u32>().unwrap_or(1).saturating_sub(1);
        let mut key = code.to_string();
        if let (true, Some(base)) = (bits & SHORTCUT != 0 && code > 0x7f, base) {
            key = u32::to_string(&base);
            if let (true, Some(symbol)) = (bits & SHIFT != 0, us_shifted(base)) {
                let _ = write!(key, ":{}", u32::from(symbol));
            }
        } else if !shifted.is_empty() {
            let _ = write!(key, ":{shifted}");
        }
        self.decode(format!("\x1b[{key};{modifiers}u").as_bytes())
    }

    /// Decodes a sequence in a form that `termina` takes as a whole.
    fn decode(&mut self, sequence: &[u8]) -> Option<Event> {
        self.0.parse(sequence, false);
        let event = self.0.pop();
        if event.is_none() {
            // It may wait for more.
            self.0 = Parser::default();
        }
        match event? {
            termina::Event::Key(key) => key_event(key).map(Event::Key),
            termina::Event::Mouse(mouse) => Some(Event::Mouse(mouse_event(mouse))),
            termina::Event::FocusIn => Some(Event::FocusGained),
            termina::Event::FocusOut => Some(Event::FocusLost),
            termina::Event::WindowResized(_)
            | termina::Event::Paste(_)
            | termina::Event::Csi(_)
            | termina::Event::Osc(_)
            | termina::Event::Dcs(_) => None,
        }
    }
}

/// Whether these are parameters that are numbers, or none.
fn is_numbers(body: &[u8]) -> bool {
    body.iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'))
        && body.first().is_none_or(u8::is_ascii_digit)
}

fn us_shifted(key: u32) -> Option<char> {
    let key = char::from_u32(key)?;
    let at = US_KEYS.0.chars().position(|plain| plain == key)?;
    US_KEYS.1.chars().nth(at)
}

fn with_code(event: Event, code: KeyCode) -> Event {
    match event {
        Event::Key(key) => Event::Key(KeyEvent { code, ..key }),
        other => other,
    }
}

/// `None` for keys that the client has no use for, such as a modifier alone.
fn key_event(key: from::KeyEvent) -> Option<KeyEvent> {
    let code = match key.code {
        from::KeyCode::Char(c) if c.is_control() => return None,
        from::KeyCode::Char(c) => KeyCode::Char(c),
        from::KeyCode::Enter => KeyCode::Enter,
        from::KeyCode::Backspace => KeyCode::Backspace,
        from::KeyCode::Tab => KeyCode::Tab,
        from::KeyCode::Escape => KeyCode::Esc,
        from::KeyCode::Left => KeyCode::Left,
        from::KeyCode::Right => KeyCode::Right,
        from::KeyCode::Up => KeyCode::Up,
        from::KeyCode::Down => KeyCode::Down,
        from::KeyCode::Home => KeyCode::Home,
        from::KeyCode::End => KeyCode::End,
        from::KeyCode::BackTab => KeyCode::BackTab,
        from::KeyCode::PageUp => KeyCode::PageUp,
        from::KeyCode::PageDown => KeyCode::PageDown,
        from::KeyCode::Insert => KeyCode::Insert,
        from::KeyCode::Delete => KeyCode::Delete,
        from::KeyCode::Function(number) => KeyCode::F(number),
        from::KeyCode::KeypadBegin
        | from::KeyCode::CapsLock
        | from::KeyCode::ScrollLock
        | from::KeyCode::NumLock
        | from::KeyCode::PrintScreen
        | from::KeyCode::Pause
        | from::KeyCode::Menu
        | from::KeyCode::Null
        | from::KeyCode::Modifier(_)
        | from::KeyCode::Media(_) => return None,
    };
    let kind = match key.kind {
        from::KeyEventKind::Press => KeyEventKind::Press,
        from::KeyEventKind::Repeat => KeyEventKind::Repeat,
        from::KeyEventKind::Release => KeyEventKind::Release,
    };
    let modifiers = key_modifiers(key.modifiers);
    let state = KeyEventState::NONE;
    Some(KeyEvent::new_with_kind_and_state(
        code, modifiers, kind, state,
    ))
}

fn key_modifiers(modifiers: from::Modifiers) -> KeyModifiers {
    [
        (from::Modifiers::SHIFT, KeyModifiers::SHIFT),
        (from::Modifiers::ALT, KeyModifiers::ALT),
        (from::Modifiers::CONTROL, KeyModifiers::CONTROL),
        (from::Modifiers::SUPER, KeyModifiers::SUPER),
        (from::Modifiers::HYPER, KeyModifiers::HYPER),
        (from::Modifiers::META, KeyModifiers::META),
    ]
    .into_iter()
    .filter(|&(from, _)| modifiers.contains(from))
    .map(|(_, to)| to)
    .collect()
}

fn mouse_event(mouse: from::MouseEvent) -> MouseEvent {
    let button = |button| match button {
        from::MouseButton::Left => MouseButton::Left,
        from::MouseButton::Right => MouseButton::Right,
        from::MouseButton::Middle => MouseButton::Middle,
    };
    MouseEvent {
        kind: match mouse.kind {
            from::MouseEventKind::Down(pressed) => MouseEventKind::Down(button(pressed)),
            from::MouseEventKind::Up(released) => MouseEventKind::Up(button(released)),
            from::MouseEventKind::Drag(held) => MouseEventKind::Drag(button(held)),
            from::MouseEventKind::Moved => MouseEventKind::Moved,
            from::MouseEventKind::ScrollDown => MouseEventKind::ScrollDown,
            from::MouseEventKind::ScrollUp => MouseEventKind::ScrollUp,
            from::MouseEventKind::ScrollLeft => MouseEventKind::ScrollLeft,
            from::MouseEventKind::ScrollRight => MouseEventKind::ScrollRight,
        },
        column: mouse.column,
        row: mouse.row,
        modifiers: key_modifiers(mouse.modifiers),
    }
}
