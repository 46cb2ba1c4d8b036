//! Colours of names: by the name, told apart within a conversation, or set by the user.

use std::collections::{BTreeMap, HashMap};

use ratatui::style::{Color, Modifier, Style};
use strum::EnumCount as _;

use super::styles::{MAX_NAMES, Role};

/// Most names of one conversation that are told apart. Beyond it they begin anew.
const MAX_ASSIGNED: usize = 256;

/// Which colour each name has. Within a conversation, names that are drawn get colours of their own while there are any.
#[derive(Clone, Debug, Default)]
pub struct NameColours {
    /// Colours that the user sets, by name in lower case.
    set: BTreeMap<String, Color>,
    /// Names of the conversation that is shown, each with its number.
    assigned: HashMap<Box<str>, usize>,
    /// How many colours the theme has for names.
    count: usize,
}

impl NameColours {
    /// Colours that the user sets for names.
    pub fn new(set: impl IntoIterator<Item = (String, Color)>) -> Self {
        let set = set.into_iter();
        Self {
            set: set
                .map(|(name, colour)| (name.to_lowercase(), colour))
                .collect(),
            assigned: HashMap::new(),
            count: 0,
        }
    }

    /// Begins a conversation, or a theme with this many colours for names.
    pub(in crate::ui) fn begin(&mut self, count: usize) {
        self.assigned.clear();
        self.count = count.min(MAX_NAMES);
    }

    /// The style of a name outside a conversation: always the same for the same name.
    pub(in crate::ui) fn style(&self, name: &str) -> Style {
        self.styled(name, hash(name))
    }

    /// The style of a name in the conversation that is shown.
    pub(in crate::ui) fn style_within(&mut self, name: &str) -> Style {
        let number = match self.assigned.get(name) {
            Some(number) => *number,
            None => self.assign(name),
        };
        self.styled(name, number)
    }

    fn assign(&mut self, name: &str) -> usize {
        if self.assigned.len() >= MAX_ASSIGNED {
            self.assigned.clear();
        }
        let first = hash(name);
        let is_taken = |number: &usize| self.assigned.values().any(|taken| taken == number);
        let count = self.count.max(1);
        let mut others = (first..first + count).map(|number| number % count);
        let number = others
            .find(|number| !is_taken(number))
            .unwrap_or(first % count);
        self.assigned.insert(name.into(), number);
        number
    }

    fn styled(&self, name: &str, number: usize) -> Style {
        let set = (!self.set.is_empty()).then(|| self.set.get(&name.to_lowercase()));
        let colour = match set.flatten() {
            Some(colour) if self.count > 0 => *colour,
            _ => Role::marker(Role::COUNT + number % self.count.max(1)),
        };
        Style::new().fg(colour).add_modifier(Modifier::BOLD)
    }
}

/// Hash of a name by FNV-1a with 32 bits.
fn hash(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_conversation_are_told_apart_and_keep_their_colours() {
        let mut colours = NameColours::default();
        colours.begin(8);
        let names = [
            "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan",
        ];
        let first = names.map(|name| colours.style_within(name).fg);
        let mut distinct = first.to_vec();
        distinct.sort_by_key(|colour| format!("{colour:?}"));
        distinct.dedup();
        assert_eq!(distinct.len(), names.len());
        let more: Vec<_> = (0..1000).map(|number| format!("user{number}")).collect();
        for name in &more[..20] {
            colours.style_within(name);
        }
        assert_eq!(names.map(|name| colours.style_within(name).fg), first);
        for name in &more {
            colours.style_within(name);
        }
        assert!(colours.assigned.len() <= MAX_ASSIGNED);
        assert_eq!(colours.style("bob"), colours.style("bob"));
    }

    #[test]
    fn a_colour_that_the_user_sets_goes_before() {
        let mut colours = NameColours::new([("Bob".to_owned(), Color::Red)]);
        colours.begin(8);
        assert_eq!(colours.style_within("bob").fg, Some(Color::Red));
        assert_eq!(colours.style("BOB").fg, Some(Color::Red));
        colours.begin(0);
        assert_ne!(
            colours.style("bob").fg,
            Some(Color::Red),
            "a theme without colours"
        );
    }
}
