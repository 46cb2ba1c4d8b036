//! From key to action: a table per context, rebindable.
//!
//! It knows nothing of what an action does; text that is typed is not bound and is up to the app.

mod config;
mod defaults;
mod key;
mod template;

use std::collections::BTreeMap;

use crossterm::event::KeyEvent;

pub use self::config::KeymapError;
use self::defaults::{DEFAULTS, ESSENTIALS, bindings};
pub use self::key::Key;
pub use self::template::template;
use crate::app::action::{Action, KeyContext};
use crate::strings;

/// A table of the help: its heading, then keys with what they do.
pub type HelpTable = (&'static str, Vec<(String, &'static str)>);

const MAX_KEYS_SHOWN: usize = 4;

/// The bindings in force.
#[derive(Clone, Debug)]
pub struct Keymap {
    /// Of an action's keys, the first is the one to show.
    tables: BTreeMap<KeyContext, Vec<(Key, Action)>>,
    /// Whether the input box has the modes of vi.
    is_vi: bool,
}

impl Default for Keymap {
    fn default() -> Self {
        let table = |(context, tables)| (context, bindings(tables).collect());
        Self {
            tables: DEFAULTS.map(table).into(),
            is_vi: false,
        }
    }
}

impl Keymap {
    /// Whether the input box has the modes of vi.
    pub fn is_vi(&self) -> bool {
        self.is_vi
    }

    /// What `key` means in `context`: that context's binding, else the global one.
    pub fn action(&self, context: KeyContext, key: KeyEvent) -> Option<Action> {
        let key = Key::from_event(key)?;
        let bound = |context| {
            let mut table = self.table(context).iter();
            table
                .find(|(bound, _)| *bound == key)
                .map(|&(_, action)| action)
        };
        let is_writing = context == KeyContext::Completion;
        bound(context)
            .or_else(|| bound(KeyContext::Composer).filter(|_| is_writing))
            .or_else(|| bound(KeyContext::Global))
    }

    /// How the first key bound to `action` is written, such as `Ctrl+K`; empty if none is.
    pub fn key_of(&self, context: KeyContext, action: Action) -> String {
        let first = |context| {
            let mut table = self.table(context).iter();
            table.find(|(_, bound)| *bound == action)
        };
        let found = first(context).or_else(|| first(KeyContext::Global));
        found.map_or_else(String::new, |(key, _)| key.to_string())
    }

    /// The tables of the help: the keys that matter most, then all bindings by topic.
    pub fn tables(&self) -> Vec<HelpTable> {
        let mut help = vec![("", self.essentials())];
        for (context, table) in &self.tables {
            let mut topics: Vec<(&'static str, Vec<(Key, Action)>)> = Vec::new();
            for &(key, action) in table {
                let topic = strings::keys::topic(*context, action);
                match topics.iter_mut().find(|(other, _)| *other == topic) {
                    Some((_, rows)) => rows.push((key, action)),
                    None => topics.push((topic, vec![(key, action)])),
                }
            }
            let rows = |(topic, table): (_, Vec<_>)| (topic, help_rows(&table));
            help.extend(topics.into_iter().map(rows));
        }
        help
    }

    fn essentials(&self) -> Vec<(String, &'static str)> {
        let row = |(context, action)| {
            let key = self.key_of(context, action);
            (key, strings::keys::describe_briefly(action))
        };
        let rows = ESSENTIALS.into_iter().map(row);
        rows.filter(|(key, _)| !key.is_empty()).collect()
    }

    fn table(&self, context: KeyContext) -> &[(Key, Action)] {
        self.tables.get(&context).map_or(&[], Vec::as_slice)
    }

    /// Binds a key in a context, or takes its binding away. What the user binds is shown before
    /// the other keys of its action.
    fn bind(&mut self, context: KeyContext, key: Key, action: Option<Action>) {
        let table = self.tables.entry(context).or_default();
        table.retain(|(bound, _)| *bound != key);
        if let Some(action) = action {
            let at = table.iter().position(|(_, bound)| *bound == action);
            table.insert(at.unwrap_or(table.len()), (key, action));
        }
    }
}

/// One row per action, in the order of their first keys; the positions of the list are one row.
fn help_rows(table: &[(Key, Action)]) -> Vec<(String, &'static str)> {
    let mut rows: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (key, action) in table {
        let does = strings::keys::describe(*action);
        match rows.iter_mut().find(|(shown, _)| *shown == does) {
            Some((_, keys)) => keys.push(key.to_string()),
            None => rows.push((does, vec![key.to_string()])),
        }
    }
    rows.into_iter()
        .map(|(does, keys)| (written(&keys), does))
        .collect()
}

fn written(keys: &[String]) -> String {
    match keys {
        [first, .., last] if keys.len() > MAX_KEYS_SHOWN => format!("{first} … {last}"),
        _ => keys.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crossterm::event::{KeyCode, KeyModifiers};
    use strum::IntoEnumIterator;

    use super::*;
    use crate::app::action::{ActionDiscriminants, Edit};

    fn ctrl(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    #[test]
    fn the_inner_context_is_asked_before_the_global_one() {
        let keymap = Keymap::default();
        assert_eq!(
            keymap.action(KeyContext::Composer, ctrl('k')),
            Some(Action::Switcher)
        );
        assert_eq!(
            keymap.action(KeyContext::Switcher, ctrl('k')),
            Some(Action::Cancel)
        );
        assert_eq!(
            keymap.action(KeyContext::Composer, ctrl('w')),
            Some(Action::Edit(Edit::UnixWordRubout))
        );
        assert_eq!(keymap.action(KeyContext::Selection, ctrl('w')), None);
    }

    #[test]
    fn every_action_and_edit_has_a_default_key() {
        let tables = DEFAULTS.iter().flat_map(|(_, tables)| bindings(tables));
        let actions: BTreeSet<Action> = tables.map(|(_, action)| action).collect();
        for kind in ActionDiscriminants::iter() {
            let has_key = actions.iter().any(|&action| kind == action.into());
            assert!(has_key, "{kind:?}");
        }
        for edit in Edit::iter() {
            assert!(actions.contains(&Action::Edit(edit)), "{edit:?}");
        }
    }

    #[test]
    fn help_and_template_have_the_same_order() {
        assert!(DEFAULTS.is_sorted_by_key(|&(context, _)| context));
    }

    #[test]
    fn no_default_key_is_bound_twice_in_a_context() {
        for (context, table) in Keymap::default().tables {
            for (at, (key, _)) in table.iter().enumerate() {
                let again = table[at + 1..].iter().any(|(other, _)| other == key);
                assert!(!again, "{key} in {context:?}");
            }
        }
    }

    #[test]
    fn keys_are_shown_first_binding_first() {
        let keymap = Keymap::default();
        assert_eq!(
            keymap.key_of(KeyContext::Global, Action::Switcher),
            "Ctrl+K"
        );
        assert_eq!(keymap.key_of(KeyContext::Selection, Action::Retry), "s");
        assert_eq!(keymap.key_of(KeyContext::Global, Action::Retry), "");
        let tables = keymap.tables();
        assert_eq!(tables[1].0, "Conversations");
        let row = |keys: &str, does| (keys.to_owned(), does);
        assert_eq!(
            tables[1].1[0],
            row("Ctrl+K Ctrl+G", "go to a person, room or command")
        );
        assert!(
            tables[1]
                .1
                .contains(&row("Alt+1 … Alt+9", "conversation 1–9 in the list"))
        );
    }

    #[test]
    fn the_help_begins_with_a_page_of_twenty_keys_and_leaves_nothing_out() {
        let keymap = Keymap::default();
        let tables = keymap.tables();
        assert_eq!((tables[0].0, tables[0].1.len()), ("", 20));
        let shown: BTreeSet<_> = tables[1..].iter().flat_map(|(_, rows)| rows).collect();
        for table in keymap.tables.values() {
            for row in help_rows(table) {
                assert!(shown.contains(&row), "{row:?}");
            }
        }
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let keymap = Keymap::from_toml(
            "[other]\nx = 1\n[keys.composer]\n\"ctrl-k\" = \"kill-to-end\"\n\"ctrl-t\" = \"none\"\n[keys.global]\n\"Ctrl+S\" = \"switcher\"\n",
        )
        .unwrap();
        assert!(!keymap.is_vi());
        for text in [
            "keys = \"vim\"",
            "[keys]\npreset = \"vim\"\n[keys.global]\n\"Ctrl+S\" = \"switcher\"",
        ] {
            assert!(Keymap::from_toml(text).unwrap().is_vi(), "{text}");
        }
        let composer = |c| keymap.action(KeyContext::Composer, ctrl(c));
        assert_eq!(composer('k'), Some(Action::Edit(Edit::KillToEnd)));
        assert_eq!(composer('t'), None);
        assert_eq!(composer('s'), Some(Action::Switcher));
        assert_eq!(composer('g'), Some(Action::Switcher));
        assert_eq!(
            keymap.key_of(KeyContext::Global, Action::Switcher),
            "Ctrl+S"
        );
    }

    #[test]
    fn each_mistake_names_its_line() {
        for (text, message) in [
            (
                "[keys.composer]\n\"ctrl-kk\" = \"quit\"",
                "line 2: \"ctrl-kk\" is not a valid key. Examples: Ctrl+K, Alt+Up, Shift+Enter, PageUp, F1",
            ),
            (
                "[keys.composer]\n\n\"ctrl-k\" = \"fly\"",
                "line 3: unknown action \"fly\" for \"ctrl-k\". `recado config` lists all actions; \"none\" removes a binding",
            ),
            (
                "[keys.composer]\n\"ctrl-k\" = 7",
                "line 2: unknown action 7 for \"ctrl-k\". `recado config` lists all actions; \"none\" removes a binding",
            ),
            (
                "[keys.kitchen]\n\"ctrl-k\" = \"quit\"",
                "line 1: unknown context \"kitchen\". The contexts are global, composer, prefix, completion, selection, contacts, switcher, search, catch-up, panel and help",
            ),
            (
                "[keys.global]\n\"ctrl-k\" = \"quit\"\n\"Ctrl+K\" = \"help\"",
                "line 3: \"Ctrl+K\" and \"ctrl-k\" are the same key. Remove one of them",
            ),
            (
                "[keys]\npreset = \"emacs\"",
                "line 2: unknown keys \"emacs\". They are \"readline\", the default, or \"vim\"",
            ),
            (
                "keys = 3",
                "line 1: keys must be a table of keys, such as [keys.composer] followed by \"Ctrl+K\" = \"switcher\"",
            ),
        ] {
            assert_eq!(Keymap::from_toml(text).unwrap_err().to_string(), message);
        }
        assert!(matches!(
            Keymap::from_toml("[keys.global]\n\"a\" = \"quit\"\n\"a\" = \"quit\""),
            Err(KeymapError::Syntax(_))
        ));
    }
}
