//! Bindings from a configuration file: the tables `[keys.CONTEXT]` with lines `"ctrl-k" = "switcher"`.

#![expect(missing_docs, reason = "the texts of the errors say it")]

use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as ValueError, StrDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Key, Keymap};
use crate::app::action::{Action, KeyContext};
use crate::strings;

/// The action name that takes a binding away.
const UNBOUND: &str = "none";

/// Why key bindings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// The text is no TOML.
    #[error("the configuration is not valid TOML: {0}")]
    Syntax(String),
    /// Something else stands where a table of keys is expected.
    #[error(
        "{}", strings::keys::not_a_table(*.line, .entry)
    )]
    NotATable { line: usize, entry: String },
    #[error(
        "{}", strings::keys::unknown_context(*.line, .context)
    )]
    UnknownContext { line: usize, context: String },
    #[error(
        "{}", strings::keys::unknown_key(*.line, .key)
    )]
    UnknownKey { line: usize, key: String },
    #[error(
        "{}", strings::keys::unknown_action(*.line, .key, .action)
    )]
    UnknownAction {
        line: usize,
        key: String,
        action: String,
    },
    /// Two entries of one context are the same key.
    #[error("{}", strings::keys::bound_twice(*.line, .key, .other))]
    BoundTwice {
        /// The line of the later one.
        line: usize,
        key: String,
        other: String,
    },
}

impl Keymap {
    /// The default bindings with those of a configuration file over them. Other tables of the
    /// file are not looked at.
    ///
    /// # Errors
    /// [`KeymapError`] says which line is wrong and how to write it.
    pub fn from_toml(text: &str) -> Result<Self, KeymapError> {
        let document = DeTable::parse(text).map_err(|e| KeymapError::Syntax(e.to_string()))?;
        let mut keymap = Self::default();
        let Some(keys) = document.get_ref().get("keys") else {
            return Ok(keymap);
        };
        for (name, bindings) in table(text, "keys", keys)? {
            let context = parsed::<KeyContext>(name.get_ref()).ok_or_else(|| {
                KeymapError::UnknownContext {
                    line: line_of(text, name),
                    context: name.get_ref().to_string(),
                }
            })?;
            let bindings = table(text, &format!("keys.{}", name.get_ref()), bindings)?;
            keymap.override_context(text, context, bindings)?;
        }
        Ok(keymap)
    }

    fn override_context(
        &mut self,
        text: &str,
        context: KeyContext,
        bindings: &DeTable<'_>,
    ) -> Result<(), KeymapError> {
        let mut seen: Vec<(Key, String)> = Vec::new();
        let mut entries: Vec<_> = bindings.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let line = line_of(text, name);
            let name = name.get_ref().to_string();
            let Ok(key) = name.parse::<Key>() else {
                return Err(KeymapError::UnknownKey { line, key: name });
            };
            if let Some((_, other)) = seen.iter().find(|(earlier, _)| *earlier == key) {
                return Err(KeymapError::BoundTwice {
                    line,
                    key: name,
                    other: other.clone(),
                });
            }
            let wanted = value.get_ref().as_str().unwrap_or_default();
            let action = parsed::<Action>(wanted);
            if action.is_none() && wanted != UNBOUND {
                return Err(KeymapError::UnknownAction {
                    line,
                    key: name,
                    action: text[value.span()].to_owned(),
                });
            }
            self.bind(context, key, action);
            seen.push((key, name));
        }
        Ok(())
    }
}

fn table<'a, 'i>(
    text: &str,
    name: &str,
    value: &'a Spanned<DeValue<'i>>,
) -> Result<&'a DeTable<'i>, KeymapError> {
    value
        .get_ref()
        .as_table()
        .ok_or_else(|| KeymapError::NotATable {
            line: line_of(text, value),
            entry: name.to_owned(),
        })
}

/// Reads a unit variant by its kebab-case name.
fn parsed<'a, T: serde::Deserialize<'a>>(name: &'a str) -> Option<T> {
    let name: StrDeserializer<'_, ValueError> = name.into_deserializer();
    T::deserialize(name).ok()
}

fn line_of<T>(text: &str, at: &Spanned<T>) -> usize {
    text[..at.span().start].matches('\n').count() + 1
}
