//! Fuzzy matching of labels for lists that are searched by a few letters.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The labels that match, best first and then in their order, each with the byte offsets of the
/// characters that matched, ascending. A label that is the query comes before one that begins so.
pub(super) fn fuzzy(query: &str, labels: &[&str]) -> Vec<(usize, Vec<usize>)> {
    let mut config = Config::DEFAULT;
    config.prefer_prefix = true;
    let mut matcher = Matcher::new(config);
    let (case, normalization) = (CaseMatching::Ignore, Normalization::Never);
    let atom = Atom::new(query, case, normalization, AtomKind::Fuzzy, false);
    let (mut buffer, mut indices) = (Vec::new(), Vec::new());
    let mut found: Vec<_> = labels
        .iter()
        .enumerate()
        .filter_map(|(index, label)| {
            indices.clear();
            let score = atom.indices(
                Utf32Str::new(label, &mut buffer),
                &mut matcher,
                &mut indices,
            )?;
            let is_whole = label.chars().count() == indices.len();
            let chars = label.char_indices().zip(0u32..);
            let offsets = chars
                .filter(|(_, place)| indices.contains(place))
                .map(|((offset, _), _)| offset)
                .collect();
            Some((Reverse((score, is_whole)), index, offsets))
        })
        .collect();
    found.sort_by_key(|&(rank, ..)| rank);
    let found = found.into_iter();
    found.map(|(_, index, offsets)| (index, offsets)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_come_best_first_with_their_bytes() {
        let labels = ["carol", "bob", "Robert"];
        assert_eq!(fuzzy("bob", &labels), [(1, vec![0, 1, 2])]);
        assert_eq!(fuzzy("rob", &labels)[0], (2, vec![0, 1, 2]));
        assert_eq!(fuzzy("zz", &labels), []);
    }

    #[test]
    fn names_of_any_writing_system_are_found() {
        let labels = ["Дмитрий", "ひろし", "Zoë"];
        assert_eq!(fuzzy("ми", &labels), [(0, vec![2, 4])]);
        assert_eq!(fuzzy("ろし", &labels), [(1, vec![3, 6])]);
        assert_eq!(fuzzy("ë", &labels), [(2, vec![2])]);
    }
}
