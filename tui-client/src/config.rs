//! The client's configuration file: its template, and how it becomes a [`Config`].

use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use recado_shared::io_reason::describe;
use serde::Deserialize;

use crate::app::keymap::{self, Keymap};

const MIB: u64 = 1024 * 1024;

/// About five million short messages with their search index.
const DEFAULT_STORE_LIMIT: u64 = 2048 * MIB;

/// The settings and key bindings of the user.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether the terminal's bell rings for messages that arrive while the user is away.
    pub bell: bool,
    /// Bytes of the local store beyond which the oldest messages are removed from it.
    pub store_limit: u64,
    /// The default bindings with those of the file over them.
    pub keymap: Keymap,
}

/// The configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {}; check its permissions", .path.display(), describe(.source))]
    Io { path: PathBuf, source: io::Error },
    /// The file has an error; the reason names the line.
    #[error("error in {}, {reason}", .path.display())]
    Content { path: PathBuf, reason: String },
}

/// The file without its key bindings: [`Keymap::from_toml`] reads those, because its
/// errors name lines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    bell: Option<bool>,
    store_limit_mib: Option<NonZeroU32>,
    /// Accepts the `keys` table without reading it.
    #[serde(default)]
    #[expect(dead_code, reason = "named so that it is a known setting")]
    keys: toml::Table,
}

/// A configuration file in which everything is as it is without one.
pub fn template() -> String {
    let settings = "\
# The settings of recado. Every line is optional and shows the default.

# Whether the terminal's bell rings for a new message while the terminal has no focus.
#bell = true

# Size of the local copy of your messages, in MiB. Beyond it the oldest ones are read from the server when you
# scroll to them, and the search does not find them.
#store_limit_mib = 2048

";
    format!("{settings}{}", keymap::template().trim_end())
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bell: true,
            store_limit: DEFAULT_STORE_LIMIT,
            keymap: Keymap::default(),
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
        let wrong = |reason| ConfigError::Content {
            path: path.to_owned(),
            reason,
        };
        let file: ConfigFile = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text[..start].matches('\n').count();
            wrong(format!("line {line}: {}", error.message()))
        })?;
        let keymap = Keymap::from_toml(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            bell: file.bell.unwrap_or(Self::default().bell),
            store_limit: file
                .store_limit_mib
                .map_or(DEFAULT_STORE_LIMIT, |mib| u64::from(mib.get()) * MIB),
            keymap,
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
        assert!(Config::read(&path).unwrap().bell);
        fs::write(
            &path,
            "bell = false\nstore_limit_mib = 3\n[keys.composer]\nctrl-k = \"switcher\"\n",
        )
        .unwrap();
        let config = Config::read(&path).unwrap();
        assert!(!config.bell);
        assert_eq!(config.store_limit, 3 * MIB);
        fs::write(&path, "bel = false\n").unwrap();
        let error = Config::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("line 1") && error.contains("`bel`"),
            "{error}"
        );
        fs::write(&path, "[keys.global]\n\"ctrl-k\" = \"x\"\n").unwrap();
        let error = Config::read(&path).unwrap_err().to_string();
        assert!(error.contains("config.toml, line 2"), "{error}");
    }
}
