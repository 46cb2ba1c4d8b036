//! A key as bindings see it: one form for what terminals report in several ways.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with its modifiers, in one form however the terminal reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Keys by name: as shown, and in any case as configured. The first name of a key is shown.
const NAMES: [(&str, KeyCode); 18] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Escape", KeyCode::Esc),
    ("Del", KeyCode::Delete),
    ("Return", KeyCode::Enter),
];

/// Keys of terminals that report modifiers beyond these are left alone.
const KNOWN: KeyModifiers = KeyModifiers::CONTROL
    .union(KeyModifiers::ALT)
    .union(KeyModifiers::SHIFT);

impl Key {
    /// The key of a press or repeat; `None` for releases and for modifiers that no binding has.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        let mut modifiers = event.modifiers;
        if modifiers.contains(KeyModifiers::META) {
            modifiers = modifiers.difference(KeyModifiers::META) | KeyModifiers::ALT;
        }
        let is_known = KNOWN.contains(modifiers) && event.kind != KeyEventKind::Release;
        is_known.then(|| Self::new(event.code, modifiers))
    }

    /// Terminals report Shift with a letter as a capital, as a modifier, or as both: alone it is
    /// a capital, beside Ctrl or Alt it is a modifier. Shift with another character is that
    /// character.
    fn new(code: KeyCode, mut modifiers: KeyModifiers) -> Self {
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) if modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                if c.is_ascii_uppercase() {
                    modifiers |= KeyModifiers::SHIFT;
                } else if !c.is_alphabetic() {
                    modifiers -= KeyModifiers::SHIFT;
                }
                KeyCode::Char(c.to_ascii_lowercase())
            }
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) => {
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(c.to_ascii_uppercase())
            }
            other => other,
        };
        Self { code, modifiers }
    }
}

impl FromStr for Key {
    type Err = ();

    /// Reads names such as `ctrl-k`, `alt-up`, `shift-enter`, `f1` or `y`. `Ctrl-K` is `ctrl-k`:
    /// beside a modifier, Shift is only what is called so.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        while let Some((modifier, after)) = split_modifier(rest) {
            modifiers |= modifier;
            rest = after;
        }
        let is_plain = modifiers.is_empty();
        let fold = |c: char| if is_plain { c } else { c.to_ascii_lowercase() };
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() && c != ' ' => KeyCode::Char(fold(c)),
            _ => named(&rest.to_ascii_lowercase()).ok_or(())?,
        };
        Ok(Self::new(code, modifiers))
    }
}

fn split_modifier(text: &str) -> Option<(KeyModifiers, &str)> {
    let (name, rest) = text.split_once(['-', '+'])?;
    let modifier = match name.to_ascii_lowercase().as_str() {
        "ctrl" | "control" => KeyModifiers::CONTROL,
        "alt" | "meta" => KeyModifiers::ALT,
        "shift" => KeyModifiers::SHIFT,
        _ => return None,
    };
    Some((modifier, rest))
}

fn named(name: &str) -> Option<KeyCode> {
    let function = name.strip_prefix('f').and_then(|n| n.parse().ok());
    match function {
        Some(n @ 1..=24) => Some(KeyCode::F(n)),
        _ => NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, code)| code),
    }
}

/// Writes a key as help, hints and the configuration show it: `Ctrl+K`, `Alt+A`, `PageUp`, `s`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl+"),
            (KeyModifiers::ALT, "Alt+"),
            (KeyModifiers::SHIFT, "Shift+"),
        ] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) if !self.modifiers.is_empty() => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            code => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
        Key::from_event(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_key_has_one_form_however_it_is_reported() {
        let shift = KeyModifiers::SHIFT;
        for (name, reports) in [
            (
                "Y",
                vec![('Y', KeyModifiers::NONE), ('Y', shift), ('y', shift)],
            ),
            (
                "alt-shift-u",
                vec![('U', KeyModifiers::ALT), ('U', KeyModifiers::ALT | shift)],
            ),
            ("ctrl-k", vec![('k', KeyModifiers::CONTROL)]),
            ("alt-/", vec![('/', KeyModifiers::META)]),
            (
                "alt-<",
                vec![('<', KeyModifiers::ALT), ('<', KeyModifiers::ALT | shift)],
            ),
        ] {
            for (c, modifiers) in reports {
                assert_eq!(
                    event(KeyCode::Char(c), modifiers),
                    name.parse().ok(),
                    "{name}"
                );
            }
        }
        assert_eq!(
            event(KeyCode::BackTab, shift),
            "shift-tab".parse().ok(),
            "BackTab is Tab with Shift"
        );
    }

    #[test]
    fn releases_and_unknown_modifiers_mean_nothing() {
        let mut release = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(Key::from_event(release), None);
        assert_eq!(event(KeyCode::Char('k'), KeyModifiers::SUPER), None);
    }

    #[test]
    fn keys_are_written_shortly() {
        for (name, shown) in [
            ("ctrl-k", "Ctrl+K"),
            ("alt-a", "Alt+A"),
            ("Alt+Up", "Alt+Up"),
            ("shift-enter", "Shift+Enter"),
            ("ctrl-end", "Ctrl+End"),
            ("pageup", "PageUp"),
            ("f1", "F1"),
            ("ctrl-_", "Ctrl+_"),
            ("ctrl--", "Ctrl+-"),
            ("y", "y"),
            ("ctrl-alt-x", "Ctrl+Alt+X"),
        ] {
            let key: Key = name.parse().unwrap();
            assert_eq!(key.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for name in ["", "hyper-x", "ctrl-", "f0", "f25", "uppp", "ctrl-kk", " "] {
            assert_eq!(name.parse::<Key>(), Err(()), "{name:?}");
        }
    }
}
