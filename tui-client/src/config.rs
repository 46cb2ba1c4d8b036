//! The client's settings, read from one file and checked once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::app::keymap;

/// What a person can set. Key bindings stand in the same file and are read by the keymap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the terminal's bell rings when somebody writes and nobody is looking.
    pub bell: bool,
    /// The whole file, for the keymap's part of it.
    pub text: String,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read {}: {source}; check its permissions", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{} is not right: {reason}; correct it, or remove it to use the defaults", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "yes")]
    bell: bool,
    /// Looked at by the keymap only.
    #[serde(default)]
    #[expect(dead_code, reason = "named so that it is known")]
    keys: toml::Table,
}

/// A configuration file in which everything is as it is without one.
pub fn template() -> String {
    let settings = "\
# The settings of recado. Every line is optional and shows the default.

# Whether the terminal's bell rings when somebody writes and nobody is looking.
#bell = true

";
    format!("{settings}{}", keymap::template().trim_end())
}

const fn yes() -> bool {
    true
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bell: true,
            text: String::new(),
        }
    }
}

impl Config {
    /// Reads the file; a missing one is an empty one.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => {
                let path = path.to_owned();
                return Err(ConfigError::Io { path, source });
            }
            Ok(text) => text,
        };
        let file: File = toml::from_str(&text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        Ok(Self {
            bell: file.bell,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_means_the_defaults_and_a_wrong_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(Config::read(&path).unwrap(), Config::default());
        fs::write(
            &path,
            "bell = false\n[keys.composer]\nctrl-k = \"switcher\"\n",
        )
        .unwrap();
        assert!(!Config::read(&path).unwrap().bell);
        fs::write(&path, "bel = false\n").unwrap();
        let error = Config::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("line 1") && error.contains("`bel`"),
            "{error}"
        );
    }
}
