//! Words of a text, with the boundaries that GNU Readline gives them, and edits of whole words.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

/// A change of the letters of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Capital,
}

/// The start of the word at or before an offset.
pub(super) fn start_before(text: &str, at: usize) -> usize {
    let mut start = at;
    let mut in_word = false;
    for cluster in text[..at].graphemes(true).rev() {
        if in_word && !is_word(cluster) {
            break;
        }
        in_word |= is_word(cluster);
        start -= cluster.len();
    }
    start
}

/// The end of the word at or after an offset.
pub(super) fn end_after(text: &str, at: usize) -> usize {
    let mut end = at;
    let mut in_word = false;
    for cluster in text[at..].graphemes(true) {
        if in_word && !is_word(cluster) {
            break;
        }
        in_word |= is_word(cluster);
        end += cluster.len();
    }
    end
}

/// The start of what stands before an offset up to white space, with the white space after it.
pub(super) fn blank_before(text: &str, at: usize) -> usize {
    let word = text[..at].trim_end();
    let blank = word.char_indices().rev().find(|(_, c)| c.is_whitespace());
    blank.map_or(0, |(at, c)| at + c.len_utf8())
}

/// The word before an offset and the one after it swapped: the range of both, and its new text.
/// `None` without two words.
pub(super) fn transposed(text: &str, at: usize) -> Option<(Range<usize>, String)> {
    let right_end = end_after(text, at);
    let right = start_before(text, right_end);
    let left = start_before(text, right);
    let left_end = end_after(text, left);
    if left == right || right < left_end {
        return None;
    }
    let swapped = [
        &text[right..right_end],
        &text[left_end..right],
        &text[left..left_end],
    ];
    Some((left..right_end, swapped.concat()))
}

pub(super) fn with_case(text: &str, case: Case) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut in_word = false;
    for cluster in text.graphemes(true) {
        match case {
            Case::Upper => changed.push_str(&cluster.to_uppercase()),
            Case::Capital if !in_word && is_word(cluster) => {
                let mut chars = cluster.chars();
                changed.extend(chars.next().into_iter().flat_map(char::to_uppercase));
                changed.push_str(chars.as_str());
            }
            Case::Lower | Case::Capital => changed.push_str(&cluster.to_lowercase()),
        }
        in_word = is_word(cluster);
    }
    changed
}

/// Whether a cluster belongs to a word, as GNU Readline has it: letters and digits do.
fn is_word(cluster: &str) -> bool {
    cluster.contains(char::is_alphanumeric)
}
