//! Properties of characters and writing systems that mentions, links and the search share.

use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, ScriptExtension, UnicodeScript as _};

use crate::text::is_default_ignorable;

/// The scripts whose words are not separated by spaces, and Hangul, which writes particles and parts
/// of compounds without one.
const UNSPACED: [Script; 18] = [
    Script::Han,
    Script::Hiragana,
    Script::Katakana,
    Script::Bopomofo,
    Script::Hangul,
    Script::Yi,
    Script::Thai,
    Script::Lao,
    Script::Khmer,
    Script::Myanmar,
    Script::Tibetan,
    Script::Javanese,
    Script::Balinese,
    Script::Tai_Le,
    Script::New_Tai_Lue,
    Script::Tai_Tham,
    Script::Tai_Viet,
    Script::Nushu,
];

/// Whether a character is a letter, mark or digit of a script whose words have no spaces between them.
pub fn is_unspaced(c: char) -> bool {
    // The first of these scripts begins with Thai.
    if c < '\u{e00}' || !(c.is_alphanumeric() || is_combining_mark(c)) {
        return false;
    }
    let scripts: ScriptExtension = c.script_extension();
    let is_of = |script: &Script| scripts.contains_script(*script);
    !scripts.is_common() && !scripts.is_inherited() && UNSPACED.iter().any(is_of)
}

/// Whether a character gives the emoji before it a skin tone (UTS #51).
pub const fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Splits a text into characters with their marks, each with its byte offset. Normalisation (UAX #15)
/// composes within one of these pieces only.
pub fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let marks = rest[first.len_utf8()..].chars();
        let marks: usize = marks
            .take_while(|&c| is_joined(c))
            .map(char::len_utf8)
            .sum();
        let (piece, after) = rest.split_at(first.len_utf8() + marks);
        let at = text.len() - rest.len();
        rest = after;
        Some((at, piece))
    })
}

/// Whether a character may compose with the one before it: marks, the vowels and final consonants of
/// Hangul in each of their forms, and the half-width marks of kana. Skin tones and invisible characters
/// change how it is drawn.
fn is_joined(c: char) -> bool {
    c >= '\u{300}'
        && (is_combining_mark(c)
            || is_default_ignorable(c)
            || is_skin_tone(c)
            || matches!(
                c,
                '\u{1160}'..='\u{11ff}'
                    | '\u{314f}'..='\u{3163}'
                    | '\u{d7b0}'..='\u{d7fb}'
                    | '\u{ff9e}'..='\u{ff9f}'
                    | '\u{ffc2}'..='\u{ffdc}'
            ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization as _;

    #[test]
    fn scripts_without_spaces_are_known_by_their_letters() {
        let unspaced = "爸々〇ひカー가ㄅกำ๑ລខါབྷꀀꦄᬅᥐᦀᨠꪀ\u{1b170}";
        assert_eq!(
            unspaced
                .chars()
                .filter(|c| !is_unspaced(*c))
                .collect::<String>(),
            ""
        );
        let spaced = "aß1_éЖαاकः、。・ー！🎉\u{301}\u{200b} ";
        let found: String = spaced.chars().filter(|c| is_unspaced(*c)).collect();
        assert_eq!(found, "ー", "the sign of a long vowel belongs to kana");
    }

    #[test]
    fn pieces_normalise_alone_as_in_the_whole() {
        for text in [
            "Zoe\u{308} ﬁn",
            "ｶﾞｷﾞ",
            "\u{1112}\u{1161}\u{11ab}글",
            "ㅎㅏㄴ",
            "ﾡￂ",
            "น้ำ",
            "कि क़",
            "\u{9c7}\u{9be}",
            "👍🏽",
        ] {
            let parts: String = pieces(text).flat_map(|(_, piece)| piece.nfkc()).collect();
            assert_eq!(parts, text.nfkc().collect::<String>(), "{text}");
        }
    }
}
