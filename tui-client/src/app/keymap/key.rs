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

/// Named keys: as configured, as shown.
const NAMES: [(&str, KeyCode, &str); 18] = [
    ("enter", KeyCode::Enter, "Enter"),
    ("esc", KeyCode::Esc, "Esc"),
    ("tab", KeyCode::Tab, "Tab"),
    ("space", KeyCode::Char(' '), "Space"),
    ("backspace", KeyCode::Backspace, "BkSp"),
    ("delete", KeyCode::Delete, "Del"),
    ("insert", KeyCode::Insert, "Ins"),
    ("home", KeyCode::Home, "Home"),
    ("end", KeyCode::End, "End"),
    ("pageup", KeyCode::PageUp, "PgUp"),
    ("pagedown", KeyCode::PageDown, "PgDn"),
    ("up", KeyCode::Up, "↑"),
    ("down", KeyCode::Down, "↓"),
    ("left", KeyCode::Left, "←"),
    ("right", KeyCode::Right, "→"),
    ("escape", KeyCode::Esc, "Esc"),
    ("del", KeyCode::Delete, "Del"),
    ("return", KeyCode::Enter, "Enter"),
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
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() && c != ' ' && modifiers.is_empty() => {
                KeyCode::Char(c)
            }
            (Some(c), None) if !c.is_control() && c != ' ' => KeyCode::Char(c.to_ascii_lowercase()),
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
            .find(|(known, ..)| *known == name)
            .map(|&(_, code, _)| code),
    }
}

/// Writes a key as help and hints show it: `^K`, `M-a`, `S-Enter`, `PgUp`, `F1`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("M-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("S-")?;
        }
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("^")?;
        }
        if let Some((.., shown)) = NAMES.iter().find(|(_, code, _)| *code == self.code) {
            return f.write_str(shown);
        }
        match self.code {
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
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
            ("ctrl-k", "^K"),
            ("alt-a", "M-a"),
            ("Alt+Up", "M-↑"),
            ("shift-enter", "S-Enter"),
            ("ctrl-end", "^End"),
            ("pageup", "PgUp"),
            ("f1", "F1"),
            ("ctrl-_", "^_"),
            ("ctrl--", "^-"),
            ("y", "y"),
            ("ctrl-alt-x", "M-^X"),
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
