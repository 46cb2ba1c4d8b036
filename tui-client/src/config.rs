//! The client's configuration file: its template, and how it becomes a [`Config`].

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use recado_shared::io_reason::describe;
use serde::Deserialize;

use toml::Spanned;

use crate::app::keymap::{self, Keymap};
use crate::app::settings::ListSize;
use crate::strings::themes;
use crate::ui::{BidiChoice, ClockChoice, ColourDepth, SymbolChoice, ThemeName, parse_colour};

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
    pub list: ListSize,
    /// The default bindings with those of the file over them.
    pub keymap: Keymap,
    pub theme: ThemeName,
    pub symbols: SymbolChoice,
    pub bidi: BidiChoice,
    pub clock: ClockChoice,
    /// Names with their colours, as they are written.
    pub names: BTreeMap<String, String>,
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
    list_width: Option<Spanned<u16>>,
    hide_list: Option<bool>,
    theme: Option<Spanned<String>>,
    symbols: Option<Spanned<String>>,
    bidi: Option<Spanned<String>>,
    clock: Option<Spanned<String>>,
    #[serde(default)]
    names: BTreeMap<String, Spanned<String>>,
    /// Accepts the `keys` table without reading it.
    #[serde(default)]
    #[expect(dead_code, reason = "named so that it is a known setting")]
    keys: Option<toml::Value>,
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

# Columns of the contact list, 12 to 60. Without it, it has a share of the window.
#list_width = 24

# Whether the contact list is hidden until you go to it. Alt+0 shows and hides it, Alt+= and Alt+- change its width.
#hide_list = false

# The colours: auto (by the terminal's background), dark, light, high-contrast, 16-colour, none, or the name of a file of yours
# in the folder themes beside this file, without its ending.
#theme = \"auto\"

# The signs and borders: unicode, ascii, or auto, which is ascii where the locale is not UTF-8.
#symbols = \"auto\"

# Who puts right-to-left text into visual order: recado, terminal, off, or auto, which is recado except in terminals that
# are known to do it.
#bidi = \"auto\"

# Times of day: 12-hour, 24-hour, or auto, which follows the locale (LC_TIME).
#clock = \"auto\"

# Colours of names: #rrggbb, or a name such as bright-green.
#names = { bob = \"#ff8800\", carol = \"bright-green\" }

";
    format!("{settings}{}", keymap::template().trim_end())
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bell: true,
            store_limit: DEFAULT_STORE_LIMIT,
            list: ListSize::default(),
            keymap: Keymap::default(),
            theme: ThemeName::default(),
            symbols: SymbolChoice::default(),
            bidi: BidiChoice::default(),
            clock: ClockChoice::default(),
            names: BTreeMap::new(),
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
        let at = |start: usize, why: &str| {
            let line = 1 + text[..start].matches('\n').count();
            wrong(format!("line {line}: {why}"))
        };
        let file: ConfigFile = toml::from_str(&text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message()))?;
        let theme = chosen(file.theme, themes::bad_name).map_err(|(start, why)| at(start, &why))?;
        let symbols = chosen(file.symbols, themes::bad_symbols);
        let symbols = symbols.map_err(|(start, why)| at(start, &why))?;
        let bidi = chosen(file.bidi, themes::bad_bidi).map_err(|(start, why)| at(start, &why))?;
        let clock =
            chosen(file.clock, themes::bad_clock).map_err(|(start, why)| at(start, &why))?;
        for colour in file.names.values() {
            if parse_colour(colour.get_ref(), ColourDepth::TrueColour).is_none() {
                let why = themes::unknown_colour(colour.get_ref(), None);
                return Err(at(colour.span().start, &why));
            }
        }
        let mut list = ListSize {
            is_hidden: file.hide_list.unwrap_or(false),
            width: None,
        };
        if let Some(width) = &file.list_width {
            list = list.with_width(*width.get_ref());
            if list.width != Some(*width.get_ref()) {
                return Err(at(width.span().start, themes::BAD_LIST_WIDTH));
            }
        }
        let names = file.names.into_iter();
        let keymap = Keymap::from_toml(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            bell: file.bell.unwrap_or(Self::default().bell),
            store_limit: file
                .store_limit_mib
                .map_or(DEFAULT_STORE_LIMIT, |mib| u64::from(mib.get()) * MIB),
            list,
            keymap,
            theme,
            symbols,
            bidi,
            clock,
            names: names
                .map(|(name, colour)| (name, colour.into_inner()))
                .collect(),
        })
    }
}

/// The value of a setting that is one of some words, or where it is and what is wrong with it.
fn chosen<T: FromStr + Default>(
    setting: Option<Spanned<String>>,
    what_is_wrong: impl Fn(&str) -> String,
) -> Result<T, (usize, String)> {
    let Some(setting) = setting else {
        return Ok(T::default());
    };
    let word = setting.get_ref();
    let wrong = |_| (setting.span().start, what_is_wrong(word));
    word.parse().map_err(wrong)
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
        fs::write(&path, "theme = \"light\"\n[names]\nbob = \"green\"\n").unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.theme.name(), "light");
        assert_eq!(config.names["bob"], "green");
        for (text, part) in [
            ("\ntheme = \"../x\"\n", "line 2: '../x'"),
            ("[names]\nbob = \"grin\"\n", "line 2: 'grin'"),
            ("symbols = \"asci\"\n", "line 1: 'asci'"),
            ("bidi = \"on\"\n", "line 1: 'on'"),
            ("\nclock = \"12\"\n", "line 2: '12'"),
        ] {
            fs::write(&path, text).unwrap();
            let error = Config::read(&path).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
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
