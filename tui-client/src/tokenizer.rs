//! Tokenizer of the search: it cuts texts into tokens and folds them. The index, the queries and the
//! highlighting of what matches all use it.
//!
//! Folding is that of NFKC and full case folding, without accents, Arabic and Hebrew points, skin tones and
//! invisible characters. Vowel signs of other scripts stay, because they are letters. A word is a token.
//! A run of letters of a script without spaces makes a token of each letter and one of each pair, so that any
//! part of it is found, and fast: `ABC` becomes `A AB B BC C`. Emoji, symbols and `+ # $ %` are tokens too.

use std::ops::Range;

use recado_shared::script::{is_skin_tone, is_unspaced, pieces};
use recado_shared::text::{is_default_ignorable, is_visible};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The last word of a query may be the beginning of a longer one from this many letters on.
const MIN_PREFIX_CHARS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    /// A letter of a script without spaces.
    Letter,
    /// Such a letter with the one before it.
    Pair,
    Sign,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) folded: String,
    /// Where it stands in the text.
    pub(crate) bytes: Range<usize>,
    kind: Kind,
}

/// A text as the index takes it: its tokens with spaces between them.
pub(crate) fn indexed(text: &str) -> String {
    let mut cut = String::with_capacity(text.len() + text.len() / 4);
    tokenize(text, |folded, _, _| {
        if !cut.is_empty() {
            cut.push(' ');
        }
        cut.push_str(folded);
    });
    cut
}

pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    tokenize(text, |folded, bytes, kind| {
        tokens.push(Token {
            folded: folded.to_owned(),
            bytes,
            kind,
        });
    });
    tokens
}

/// A searched word of signs that are no tokens, such as `:)` or `->`. No index has it: it is looked for
/// in the texts as it is written.
pub(crate) fn signs(word: &str) -> Option<&str> {
    let signs = word.trim();
    let is_part =
        |c: char| c.is_alphanumeric() || is_combining_mark(c) || (REGION_A..=REGION_Z).contains(&c);
    let is_indexed = signs.contains(is_part) || !tokens(signs).is_empty();
    (is_visible(signs) && !is_indexed).then_some(signs)
}

/// The tokens of a searched word or phrase, which follow each other in each text that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// At least one token.
    pub(crate) tokens: Vec<String>,
    /// Whether the last token may be the beginning of a longer one.
    pub(crate) is_prefix: bool,
}

impl Phrase {
    /// `None` if there is nothing to search for. `is_last` says that the user may still be typing it.
    pub(crate) fn new(text: &str, is_last: bool) -> Option<Self> {
        let mut tokens = tokens(text);
        // A letter at an edge is part of the pair next to it.
        let of_pair = |at: usize, next: usize, tokens: &[Token]| {
            let kind = |at: usize| tokens.get(at).map(|token| token.kind);
            kind(at) == Some(Kind::Letter) && kind(next) == Some(Kind::Pair)
        };
        if of_pair(0, 1, &tokens) {
            tokens.remove(0);
        }
        let last = tokens.len().checked_sub(1)?;
        if last > 0 && of_pair(last, last - 1, &tokens) {
            tokens.pop();
        }
        let ends_in_word = tokens.last()?.kind == Kind::Word;
        Some(Self {
            tokens: tokens.into_iter().map(|token| token.folded).collect(),
            is_prefix: is_last && ends_in_word && text.chars().count() >= MIN_PREFIX_CHARS,
        })
    }

    /// The phrase without its last token, if the index would have to read too many tokens that begin
    /// with that one.
    pub(crate) fn without_short_prefix(&self) -> Option<Self> {
        let (last, rest) = self.tokens.split_last()?;
        let is_short = self.is_prefix && last.chars().count() < MIN_PREFIX_CHARS;
        (is_short && !rest.is_empty()).then(|| Self {
            tokens: rest.to_vec(),
            is_prefix: false,
        })
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        let tokens = tokens(text);
        let mut windows = tokens.windows(self.tokens.len());
        windows.any(|window| self.matches(window))
    }

    /// Whether the phrase is that of as many tokens as it has.
    pub(crate) fn matches(&self, tokens: &[Token]) -> bool {
        let (Some((last, rest)), Some((found, before))) =
            (self.tokens.split_last(), tokens.split_last())
        else {
            return false;
        };
        let is_end = found.folded == *last || (self.is_prefix && found.folded.starts_with(last));
        is_end && rest.iter().eq(before.iter().map(|token| &token.folded))
    }
}

/// Calls `take` with each token, where it stands, and its kind.
fn tokenize(text: &str, take: impl FnMut(&str, Range<usize>, Kind)) {
    let mut cutter = Cutter {
        take,
        word: String::new(),
        from: 0,
        end: 0,
        letter: None,
        flag: None,
    };
    for (at, piece) in pieces(text) {
        let bytes = at..at + piece.len();
        match piece.as_bytes() {
            [byte] => cutter.push(byte.to_ascii_lowercase().into(), bytes),
            _ => fold(piece, |c| cutter.push(c, bytes.clone())),
        }
    }
    cutter.end_word();
}

struct Cutter<F> {
    take: F,
    /// The word that is being read, and where it stands.
    word: String,
    from: usize,
    end: usize,
    /// The letter of a script without spaces that was read last, if nothing follows it.
    letter: Option<(char, Range<usize>)>,
    /// The first half of a flag.
    flag: Option<(char, Range<usize>)>,
}

impl<F: FnMut(&str, Range<usize>, Kind)> Cutter<F> {
    fn push(&mut self, c: char, bytes: Range<usize>) {
        let flag = self.flag.take();
        if c.is_ascii_alphanumeric() {
            return self.push_word(c, bytes);
        }
        if is_unspaced(c) {
            return self.push_letter(c, bytes);
        }
        let goes_on = !self.word.is_empty() && is_combining_mark(c);
        if goes_on || (c.is_alphanumeric() && !c.is_ascii()) {
            return self.push_word(c, bytes);
        }
        self.end_word();
        match (c, flag) {
            (REGION_A..=REGION_Z, None) => self.flag = Some((c, bytes)),
            (REGION_A..=REGION_Z, Some((first, from))) => {
                let flag = String::from_iter([first, c]);
                (self.take)(&flag, from.start..bytes.end, Kind::Sign);
            }
            _ if is_sign(c) => (self.take)(c.encode_utf8(&mut [0; 4]), bytes, Kind::Sign),
            _ => {}
        }
    }

    fn push_word(&mut self, c: char, bytes: Range<usize>) {
        self.letter = None;
        if self.word.is_empty() {
            self.from = bytes.start;
        }
        self.end = bytes.end;
        self.word.push(c);
    }

    fn push_letter(&mut self, c: char, bytes: Range<usize>) {
        let before = self.letter.take();
        self.end_word();
        if let Some((first, from)) = before {
            let pair = String::from_iter([first, c]);
            (self.take)(&pair, from.start..bytes.end, Kind::Pair);
        }
        (self.take)(c.encode_utf8(&mut [0; 4]), bytes.clone(), Kind::Letter);
        self.letter = Some((c, bytes));
    }

    fn end_word(&mut self) {
        self.letter = None;
        if !self.word.is_empty() {
            (self.take)(&self.word, self.from..self.end, Kind::Word);
            self.word.clear();
        }
    }
}

/// Folds a character with its marks. Nothing is left of marks alone.
fn fold(piece: &str, mut take: impl FnMut(char)) {
    let mut chars = piece.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && folds_to_itself(c)
    {
        return take(c);
    }
    let bare = piece.nfkd().filter(|&c| !is_left_out(c));
    // The lower case of the upper case is one for letters that share only that one: σ and ς, ß and ss.
    let lower = bare.flat_map(char::to_lowercase);
    let folded = lower
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    folded.nfkc().for_each(take);
}

/// Common letters without case that are in normal form.
const fn folds_to_itself(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{3041}'..='\u{3096}')
}

fn is_left_out(c: char) -> bool {
    is_accent(c) || is_default_ignorable(c) || is_skin_tone(c)
}

/// Marks that people leave out when they type: accents of Latin, Greek and Cyrillic, enclosing marks,
/// points of Hebrew and Arabic, and the Arabic sign that stretches a word.
const fn is_accent(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{591}'..='\u{5bd}'
            | '\u{5bf}'
            | '\u{5c1}'..='\u{5c2}'
            | '\u{5c4}'..='\u{5c5}'
            | '\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{640}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{6d6}'..='\u{6dc}'
            | '\u{6df}'..='\u{6e4}'
            | '\u{6e7}'..='\u{6e8}'
            | '\u{6ea}'..='\u{6ed}'
            | '\u{8d3}'..='\u{8e1}'
            | '\u{8e3}'..='\u{8ff}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Letters of flags (regional indicators, UTS #51).
const REGION_A: char = '\u{1f1e6}';
const REGION_Z: char = '\u{1f1ff}';

/// Emoji, currency signs, arrows and other symbols, and the ASCII signs of `c++`, `c#`, `#1`, `$5` and `5%`.
const fn is_sign(c: char) -> bool {
    matches!(
        c,
        '+' | '#' | '$' | '%'
            | '\u{a2}'..='\u{a9}'
            | '\u{ac}'
            | '\u{ae}'..='\u{b1}'
            | '\u{d7}'
            | '\u{f7}'
            | '\u{20a0}'..='\u{20cf}'
            | '\u{2100}'..='\u{2307}'
            | '\u{230c}'..='\u{2328}'
            | '\u{232b}'..='\u{2767}'
            | '\u{2776}'..='\u{27c4}'
            | '\u{27c7}'..='\u{27e5}'
            | '\u{27f0}'..='\u{2982}'
            | '\u{2999}'..='\u{2bff}'
            | '\u{3012}'..='\u{3013}'
            | '\u{3036}'
            | '\u{32ff}'
            | '\u{1f000}'..='\u{1fbff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_words_and_letters() {
        for (text, expected) in [
            ("See you, don't!", "see you don t"),
            ("爸爸肚", "爸 爸爸 爸 爸肚 肚"),
            ("iPhone手机X", "iphone 手 手机 机 x"),
            ("ข้าว", "ข ข้ ้ ้า า าว ว"),
            ("c++ C# #rust $5 50%", "c + + c # # rust $ 5 50 %"),
            ("recado.db a_b x@y", "recado db a b x y"),
            ("🎉🎉 hi👍🏽", "🎉 🎉 hi 👍"),
            (
                "👨‍👩‍👧 🇯🇵🇺🇸 🏴\u{e0067}\u{e007f} ❤️ 1️⃣",
                "👨 👩 👧 🇯🇵 🇺🇸 🏴 ❤ 1",
            ),
            ("ﬁnance ＦＵＬＬ ｶﾞﾙ", "finance full ガ ガル ル"),
            (
                "Straße STRASSE İstanbul ΟΔΟΣ ς",
                "strasse strasse istanbul οδοσ σ",
            ),
            ("Käse Ka\u{308}se Ёлка", "kase kase елка"),
            ("مُحَمَّد مـحمد שָׁלוֹם", "محمد محمد שלום"),
            ("हिन्दी की", "हिन्दी की"),
            ("\u{1112}\u{1161}\u{11ab}글", "한 한글 글"),
            (
                "Don\u{ad}au sec\u{200b}ret می\u{200c}خواهم",
                "donau secret میخواهم",
            ),
            ("\u{e000}a2 -> … \u{301}", "a2"),
            ("", ""),
        ] {
            assert_eq!(indexed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_cut_once_stays_as_it_is() {
        for c in '\0'..=char::MAX {
            let once = indexed(&c.to_string());
            // A pair of letters is cut again.
            if !once.contains(is_unspaced) {
                assert_eq!(indexed(&once), once, "{c:?}");
            }
        }
    }

    #[test]
    fn tokens_know_where_they_stand() {
        let text = "A ﬁn, Zoe\u{308}! 日本🇯🇵";
        let found: Vec<_> = tokens(text)
            .into_iter()
            .map(|token| &text[token.bytes])
            .collect();
        assert_eq!(found, ["A", "ﬁn", "Zoe\u{308}", "日", "日本", "本", "🇯🇵"]);
    }
}
