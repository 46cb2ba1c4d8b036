//! Forbidden characters of texts, and the neutralising of untrusted text before it is drawn.
//!
//! Text from elsewhere is hostile: control characters move the cursor or switch terminal modes,
//! bidirectional overrides make text read as something else (CVE-2021-42574, "Trojan Source").

use std::borrow::Cow;

/// Conversions of a text type, a `Box<str>` that `$check` makes of a `String`.
macro_rules! checked_text {
    ($name:ident, $error:ty, $check:expr) => {
        impl $name {
            /// The text as it was checked.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            #[inline]
            fn try_from(text: String) -> Result<Self, $error> {
                $check(text)
            }
        }
    };
}

/// An error enum whose texts document its variants. A doc comment adds what a text does not say.
macro_rules! error_texts {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$more:meta])* $variant:ident $(($inner:ty))? $({ $($fields:tt)+ })? => $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(thiserror::Error)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                $(#[$more])*
                #[error($text)]
                $variant $(($inner))? $({ $($fields)+ })?,
            )+
        }
    };
}

pub(crate) use {checked_text, error_texts};

/// Whether `c` may not stand in any text on the wire: C0 and C1 controls (ISO 6429) except tab
/// and newline, and the bidirectional embeddings, overrides and isolates of UAX #9.
pub const fn is_forbidden(c: char) -> bool {
    let control = matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') && !matches!(c, '\t' | '\n');
    let bidirectional = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    control || bidirectional
}

/// Returns the first character of `text` that may not be sent, with its byte offset.
pub fn first_forbidden(text: &str) -> Option<(usize, char)> {
    // Without a way out in between, the processor looks at many bytes at a time.
    let is_plain = |byte: u8| matches!(byte, b'\t' | b'\n' | b' '..=b'~');
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return None;
    }
    text.char_indices().find(|&(_, c)| is_forbidden(c))
}

/// Makes any text safe to draw on one line: bad characters become `U+FFFD`, tabs and lines a space.
pub fn neutralise(text: &str) -> Cow<'_, str> {
    let unsafe_on_a_line = |c: char| is_forbidden(c) || matches!(c, '\t' | '\n');
    if !text.contains(unsafe_on_a_line) {
        return Cow::Borrowed(text);
    }
    let drawn = |c: char| match c {
        '\t' | '\n' => ' ',
        c if is_forbidden(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    Cow::Owned(text.chars().map(drawn).collect())
}

/// Makes typed or pasted text fit to send: line ends become `\n`, forbidden characters go.
pub fn sanitise_input(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|&c| !is_forbidden(c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_overrides_are_forbidden_and_ordinary_text_is_not() {
        for c in [
            '\0', '\u{1b}', '\r', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2067}',
        ] {
            assert!(is_forbidden(c), "{c:?}");
        }
        for c in [
            '\t', '\n', ' ', 'a', 'é', '日', '🦀', '\u{200d}', '\u{200f}',
        ] {
            assert!(!is_forbidden(c), "{c:?}");
        }
    }

    #[test]
    fn the_first_forbidden_character_is_found_wherever_it_stands() {
        for c in (0..=0x3ff)
            .chain(0x2000..=0x20ff)
            .filter_map(char::from_u32)
        {
            for before in ["", "plain", "\tzwölf\n"] {
                let text = format!("{before}{c} and more");
                let found = is_forbidden(c).then_some((before.len(), c));
                assert_eq!(first_forbidden(&text), found, "{text:?}");
            }
        }
    }

    #[test]
    fn neutralised_text_has_no_control_left() {
        assert_eq!(neutralise("plain"), Cow::Borrowed("plain"));
        assert_eq!(neutralise("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb c");
    }

    #[test]
    fn pasted_line_ends_become_newlines() {
        assert_eq!(sanitise_input("a\r\nb\rc\nd\u{1b}"), "a\nb\nc\nd");
    }
}
