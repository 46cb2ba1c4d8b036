//! Suggestions for words that were typed almost right.

/// The known word that is nearest to `typed`, without regard to case: at most one letter is wrong,
/// missing, too many or swapped, in words of six and more letters two.
pub(crate) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let ranked = known.filter_map(|word| {
        let length = word.chars().count();
        let limit = if length < 6 { 1.min(length / 2) } else { 2 };
        let distance = strsim::osa_distance(&typed, &word.to_lowercase());
        (distance <= limit).then_some((distance, word))
    });
    ranked.min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let near =
            |typed: &str| nearest(typed, ["send", "history", "who", "rooms", "q"].into_iter());
        for (typed, known) in [
            ("sned", Some("send")),
            ("Send", Some("send")),
            ("sendd", Some("send")),
            ("room", Some("rooms")),
            ("histroyy", Some("history")),
            ("joe", None),
            ("p", None),
            ("alice", None),
        ] {
            assert_eq!(near(typed), known, "{typed}");
        }
    }
}
