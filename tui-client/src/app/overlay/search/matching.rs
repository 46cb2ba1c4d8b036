//! Places of searched words in a text, found as the search finds them: by the same tokens, and signs as
//! they are written.

use std::ops::Range;

use crate::tokenizer::{Phrase, signs, tokens};

/// The stretches of a text that match one of the words, ascending and apart.
pub(crate) fn matches(text: &str, words: &[String]) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(phrase) = Phrase::new(word, at + 1 == words.len()) else {
            let places = signs(word)
                .into_iter()
                .flat_map(|it| text.match_indices(it));
            found.extend(places.map(|(at, signs)| at..at + signs.len()));
            continue;
        };
        let windows = tokens.windows(phrase.tokens.len());
        for window in windows.filter(|window| phrase.matches(window)) {
            let (first, last) = (&window[0].bytes, &window[window.len() - 1].bytes);
            found.push(first.start..last.end);
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            Some(_) | None => apart.push(range),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let ranges = matches(text, &words).into_iter();
        ranges.map(|range| &text[range]).collect()
    }

    #[test]
    fn words_are_found_as_the_index_finds_them() {
        let text = "Der Käse ist im Ka\u{308}sekeller, KASE!";
        assert_eq!(
            found(text, &["käse"]),
            ["Käse", "Ka\u{308}sekeller", "KASE"]
        );
        assert_eq!(found(text, &["kase", "im"]), ["Käse", "im", "KASE"]);
        assert_eq!(found(text, &["ka"]), Vec::<&str>::new());
        assert_eq!(found("recado.db is here", &["recado.d"]), ["recado.db"]);
        assert_eq!(found("see you, see me", &["see you"]), ["see you"]);
        assert_eq!(found("a b 👎", &["👍", "\""]), Vec::<&str>::new());
        assert_eq!(found("", &["a"]), Vec::<&str>::new());
        assert_eq!(found("one two", &["one two", "two"]), ["one two"]);
    }

    #[test]
    fn exactly_the_letters_that_match_are_marked() {
        for (text, word, expected) in [
            ("我的爸爸肚子很餓", "爸爸", vec!["爸爸"]),
            ("我的爸爸肚子很餓", "爸爸肚子", vec!["爸爸肚子"]),
            ("爸爸爸", "爸爸", vec!["爸爸爸"]),
            ("กินข้าวแล้ว", "ข้าว", vec!["ข้าว"]),
            ("고등학교에서", "학교", vec!["학교"]),
            ("ｶﾀｶﾅで", "カナ", vec!["ｶﾅ"]),
            ("iPhone手机好", "phone", vec![]),
            ("iPhone手机好", "iphone手", vec!["iPhone手"]),
            ("the ﬁnance dept", "finance", vec!["ﬁnance"]),
            ("ＦＵＬＬ width", "full", vec!["ＦＵＬＬ"]),
            ("die STRASSE, Straße", "straße", vec!["STRASSE", "Straße"]),
            ("İstanbul", "istanbul", vec!["İstanbul"]),
            ("Λόγος", "ΛΟΓΟΣ", vec!["Λόγος"]),
            ("party 🎉!", "🎉", vec!["🎉"]),
            ("ok 👍🏽👍", "👍", vec!["👍🏽", "👍"]),
            ("👨‍👩‍👧 here", "👩", vec!["👩\u{200d}"]),
            ("🇯🇵🇺🇸", "🇺🇸", vec!["🇺🇸"]),
            ("🇯🇵🇺🇸", "🇵🇺", vec![]),
            ("in C++, c and C#", "c++", vec!["C++"]),
            ("see #rust and rust", "#rust", vec!["#rust"]),
            ("hello :) you :)", ":)", vec![":)", ":)"]),
            ("a -> b", "->", vec!["->"]),
            ("hello", "\u{200b}", vec![]),
            ("مُحَمَّد", "محمد", vec!["مُحَمَّد"]),
            ("हिन्दी में", "हिन्दी", vec!["हिन्दी"]),
            ("हिन्दी में", "हन", vec![]),
        ] {
            assert_eq!(found(text, &[word]), expected, "{word} in {text}");
        }
    }
}
