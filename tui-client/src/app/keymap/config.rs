//! Bindings from a configuration file: the tables `[keys.CONTEXT]` with lines `"ctrl-k" = "switcher"`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::defaults::action_named;
use super::{Key, Keymap};
use crate::app::action::KeyContext;
use crate::strings;

/// The name of the setting beside the contexts.
const PRESET: &str = "preset";

const UNBOUND: &str = "none";

/// The key bindings of a configuration file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// The text is no TOML.
    #[error("the configuration is not valid TOML: {0}")]
    Syntax(String),
    /// An entry is wrong; the text names its line and says how to write it.
    #[error("{0}")]
    Entry(String),
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
        if let Some(keys) = document.get_ref().get("keys") {
            keymap
                .override_all(text, keys)
                .map_err(KeymapError::Entry)?;
        }
        Ok(keymap)
    }

    fn override_all(&mut self, text: &str, keys: &Spanned<DeValue<'_>>) -> Result<(), String> {
        if keys.get_ref().as_str().is_some() {
            return self.set_preset(text, keys);
        }
        for (name, bindings) in table(text, "keys", keys)? {
            let line = line_of(text, name);
            let name: &str = name.get_ref();
            if name == PRESET {
                self.set_preset(text, bindings)?;
                continue;
            }
            let context = name.parse::<KeyContext>();
            let context = context.map_err(|_| strings::keys::unknown_context(line, name))?;
            self.override_context(
                text,
                context,
                table(text, &format!("keys.{name}"), bindings)?,
            )?;
        }
        Ok(())
    }

    fn set_preset(&mut self, text: &str, preset: &Spanned<DeValue<'_>>) -> Result<(), String> {
        self.is_vi = match preset.get_ref().as_str() {
            Some("vim" | "vi") => true,
            Some("readline") => false,
            _ => {
                let written = &text[preset.span()];
                return Err(strings::keys::unknown_preset(
                    line_of(text, preset),
                    written,
                ));
            }
        };
        Ok(())
    }

    fn override_context(
        &mut self,
        text: &str,
        context: KeyContext,
        bindings: &DeTable<'_>,
    ) -> Result<(), String> {
        let mut seen: Vec<(Key, &str)> = Vec::new();
        let mut entries: Vec<_> = bindings.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let line = line_of(text, name);
            let name: &str = name.get_ref();
            let key = name.parse::<Key>();
            let key = key.map_err(|()| strings::keys::unknown_key(line, name))?;
            if let Some((_, other)) = seen.iter().find(|(earlier, _)| *earlier == key) {
                return Err(strings::keys::bound_twice(line, name, other));
            }
            let configured = value.get_ref().as_str().unwrap_or_default();
            let action = action_named(configured);
            if action.is_none() && configured != UNBOUND {
                let written = &text[value.span()];
                return Err(strings::keys::unknown_action(line, name, written));
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
) -> Result<&'a DeTable<'i>, String> {
    let table = value.get_ref().as_table();
    table.ok_or_else(|| strings::keys::not_a_table(line_of(text, value), name))
}

fn line_of<T>(text: &str, at: &Spanned<T>) -> usize {
    text[..at.span().start].matches('\n').count() + 1
}
