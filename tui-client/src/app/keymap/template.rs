//! The keys' part of a configuration file: every default binding, with its action's name.

use std::fmt::Write as _;

use super::defaults::{self, DEFAULTS};
use crate::strings;

/// Writes all defaults as comments, so that a person uncomments and changes what they want.
pub fn template() -> String {
    let mut text = strings::keys::CONFIG_INTRODUCTION.to_owned();
    for (context, tables) in DEFAULTS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n# {}", strings::keys::heading(context));
        let _ = writeln!(text, "[keys.{context}]");
        for (key, action) in defaults::bindings(tables) {
            let binding = format!("#\"{key}\" = \"{action}\"");
            let _ = writeln!(text, "{binding:<42} # {}", strings::keys::describe(action));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Keymap;
    use super::*;
    use crate::app::action::KeyContext;

    #[test]
    fn the_template_uncommented_is_what_is_in_force_anyway() {
        let template = template();
        assert_eq!(bindings(&template), bindings(""));
        let uncommented = template.replace("\n#\"", "\n\"");
        assert_eq!(bindings(&uncommented), bindings(""));
        // A line that stayed a comment, or that none was written for, would not be noticed above.
        let written = uncommented.lines().filter(|line| line.starts_with('"'));
        let defaults = DEFAULTS
            .iter()
            .flat_map(|(_, tables)| defaults::bindings(tables));
        assert_eq!(written.count(), defaults.count());
    }

    /// Every key with what it does and where, whatever their order.
    fn bindings(text: &str) -> Vec<String> {
        let keymap = Keymap::from_toml(text).unwrap();
        let of = |(context, table): (&KeyContext, &Vec<_>)| {
            let row = |binding| format!("{context:?} {binding:?}");
            table.iter().map(row).collect::<Vec<_>>()
        };
        let mut rows: Vec<_> = keymap.tables.iter().flat_map(of).collect();
        rows.sort();
        rows
    }
}
