//! Forbidden characters of texts, and the neutralising of untrusted text before it is drawn.
//!
//! Text from elsewhere is hostile: control characters move the cursor or switch terminal modes,
//! bidirectional overrides make text read as something else (CVE-2021-42574, "Trojan Source").

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

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

/// Whether `c` has the property `Default_Ignorable_Code_Point` (UAX #44): text without it looks the
/// same, but for the shape of emoji and joined letters. The ranges are those of
/// `DerivedCoreProperties.txt` in Unicode 17.0.
pub const fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether `c` is one of the 66 noncharacters, which no text means (Unicode Standard, section 23.7).
pub const fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe
}

/// Whether a reader sees anything of `text`. Not seen are white space and characters drawn like it,
/// default-ignorable characters, and marks and Hangul vowels without a letter to stand on.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(is_visible_char)
}

fn is_visible_char(c: char) -> bool {
    // Braille and musical blanks, and signs that delimit annotations.
    let is_blank = matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffc}');
    // Hangul vowels and finals stand on the consonant before them, others on what follows them (of the
    // class `Prepend` in UAX #29).
    let is_dependent = is_combining_mark(c)
        || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7c6}' | '\u{d7cb}'..='\u{d7fb}')
        || matches!(
            c,
            '\u{605}'
                | '\u{70f}'
                | '\u{890}'
                | '\u{891}'
                | '\u{8e2}'
                | '\u{d4e}'
                | '\u{a8fa}'
                | '\u{111c2}'
                | '\u{111c3}'
                | '\u{113d1}'
                | '\u{1193f}'
                | '\u{11941}'
                | '\u{11a84}'..='\u{11a89}' | '\u{11d46}' | '\u{11f02}'
        );
    let is_empty = c.is_whitespace() || is_default_ignorable(c) || is_forbidden(c);
    !(is_blank || is_dependent || is_empty || is_noncharacter(c))
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
    fn default_ignorable_characters_are_those_of_the_security_tables() {
        // A skeleton (UTS #39) leaves them out.
        for c in '\0'..=char::MAX {
            let is_left_out = unicode_security::skeleton(&c.to_string()).next().is_none();
            assert_eq!(is_default_ignorable(c), is_left_out, "{c:?}");
        }
    }

    #[test]
    fn blank_texts_are_not_visible() {
        for text in [
            "",
            " \n\t\u{a0}\u{3000}\u{2028}",
            "\u{200b}\u{200e}\u{feff}\u{ad}\u{2060}",
            "\u{3164}\u{115f}\u{1160}\u{ffa0}",
            "\u{2800}\u{1d159}\u{fffc}",
            "\u{301}\u{93f}\u{fe0f}\u{20e3}",
            "\u{e0041}\u{1d173}\u{180e}",
            "\u{fffe}\u{10ffff}\u{fdd0}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
        for text in [
            "a",
            "\u{200b}.",
            "日",
            "🦀",
            "e\u{301}",
            "❤\u{fe0f}",
            "\u{e0b0}",
            "\u{1100}",
        ] {
            assert!(is_visible(text), "{text:?}");
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
