//! Counts of the completions and reactions that were chosen in this run, so that the frequent ones come first.

use std::collections::BTreeMap;

/// Most texts that are counted; beyond it one that was chosen least goes.
const MAX_COUNTED: usize = 100;

#[derive(Debug, Default)]
pub(in crate::app) struct Frequent(BTreeMap<String, u32>);

impl Frequent {
    /// Counts a choice. White space around it does not matter.
    pub(in crate::app) fn note(&mut self, text: &str) {
        let text = text.trim();
        if self.0.len() >= MAX_COUNTED && !self.0.contains_key(text) {
            let least = self.0.iter().min_by_key(|(_, count)| **count);
            if let Some(least) = least.map(|(text, _)| text.clone()) {
                self.0.remove(&least);
            }
        }
        let count = self.0.entry(text.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn count(&self, text: &str) -> u32 {
        self.0.get(text.trim()).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_least_makes_room() {
        let mut frequent = Frequent::default();
        for number in 0..MAX_COUNTED {
            frequent.note(&format!("{number} "));
        }
        for number in 1..MAX_COUNTED {
            frequent.note(&number.to_string());
        }
        frequent.note("new");
        assert_eq!(frequent.0.len(), MAX_COUNTED);
        let counts = ["0", "1 ", "new"].map(|text| frequent.count(text));
        assert_eq!(counts, [0, 2, 1]);
    }
}
