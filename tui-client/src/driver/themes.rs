//! The theme that the user wants, and what is known of the terminal's colours. It reads the user's theme files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use recado_shared::io_reason::describe;

use crate::strings::themes as strings;
use crate::ui::{BuiltIn, Rgb, TerminalColours, Theme, ThemeName, nearest_theme};

/// Most bytes of a theme file that are read.
const MAX_FILE_LEN: u64 = 64 * 1024;

/// Choice of the theme in force.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    wanted: ThemeName,
    /// Where the user's themes are.
    folder: PathBuf,
    terminal: TerminalColours,
}

impl Themes {
    /// The choice of a configuration, on a terminal that was not asked yet.
    pub fn new(wanted: ThemeName, folder: PathBuf, terminal: TerminalColours) -> Self {
        Self {
            wanted,
            folder,
            terminal,
        }
    }

    /// The theme to draw with. If a file cannot be used, the built-in theme that fits the terminal, and the reason.
    pub fn theme(&self) -> (Theme, Option<String>) {
        match self.read(&self.wanted) {
            Ok(theme) => (theme, None),
            Err(why) => {
                let built_in = BuiltIn::for_terminal(&self.terminal);
                let text = strings::not_used(&why, built_in.name());
                (built_in.theme(&self.terminal), Some(text))
            }
        }
    }

    /// Chooses another theme until the program ends; without a name, none. Returns it with what to say.
    pub(super) fn choose(&mut self, name: Option<&str>) -> Result<(Option<Theme>, String), String> {
        let Some(name) = name else {
            let built_in = BuiltIn::for_terminal(&self.terminal).name();
            return Ok((None, strings::in_force(self.wanted.name(), built_in)));
        };
        let unknown = || strings::unknown(name, nearest_theme(name), &self.folder);
        let wanted: ThemeName = name.parse().map_err(|_| unknown())?;
        let theme = self.read(&wanted)?;
        self.wanted = wanted;
        Ok((Some(theme), strings::chosen(self.wanted.name())))
    }

    /// Notes what the terminal says of its background. Returns the theme if that changes it.
    pub(super) fn set_background(&mut self, background: Rgb) -> Option<Theme> {
        let before = (
            self.terminal.is_light(),
            BuiltIn::for_terminal(&self.terminal),
        );
        self.terminal.background = Some(background);
        let after = (
            self.terminal.is_light(),
            BuiltIn::for_terminal(&self.terminal),
        );
        (before != after).then(|| self.theme().0)
    }

    fn read(&self, name: &ThemeName) -> Result<Theme, String> {
        let name = match name {
            ThemeName::Auto => {
                return Ok(BuiltIn::for_terminal(&self.terminal).theme(&self.terminal));
            }
            ThemeName::BuiltIn(theme) => return Ok(theme.theme(&self.terminal)),
            ThemeName::File(name) => name,
        };
        let path = self.folder.join(format!("{name}.toml"));
        let mut text = String::new();
        let file = File::open(&path);
        match file.and_then(|file| file.take(MAX_FILE_LEN).read_to_string(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(strings::unknown(name, nearest_theme(name), &self.folder));
            }
            Err(error) => return Err(strings::unreadable(&path, &describe(&error))),
        }
        let theme = Theme::from_toml(&text, &self.terminal);
        theme.map_err(|error| strings::wrong_file(&path, &error))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_answer_of_the_terminal_changes_the_theme_of_its_choice_only() {
        let light = Rgb(255, 255, 255);
        let mut themes = Themes::default();
        assert_eq!(
            themes.set_background(Rgb(0, 0, 0)),
            None,
            "it was taken as dark"
        );
        let expected = BuiltIn::Light.theme(&TerminalColours::default());
        assert_eq!(themes.set_background(light), Some(expected.clone()));
        assert_eq!(themes.set_background(light), None);
        assert_eq!(themes.theme(), (expected, None));
        let dark = BuiltIn::Dark.theme(&TerminalColours::default());
        assert_eq!(themes.choose(Some("dark")).unwrap().0, Some(dark.clone()));
        themes.set_background(Rgb(0, 0, 0));
        assert_eq!(
            themes.set_background(light),
            Some(dark),
            "the user's choice"
        );
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_a_built_in_theme_is_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.toml"), "base = \"light\"\n").unwrap();
        fs::write(folder.path().join("bad.toml"), "\nmutd = \"red\"\n").unwrap();
        let terminal = TerminalColours::default();
        let of = |name: &str| {
            Themes::new(name.parse().unwrap(), folder.path().to_owned(), terminal).theme()
        };
        assert_eq!(of("mine"), (BuiltIn::Light.theme(&terminal), None));
        for (name, part) in [
            ("bad", "bad.toml, line 2: 'mutd'"),
            ("drak", "did you mean dark"),
        ] {
            let (theme, why) = of(name);
            assert_eq!(theme, BuiltIn::Dark.theme(&terminal));
            let why = why.unwrap();
            assert!(why.contains(part), "{why}");
        }
        let mut themes = Themes::new(ThemeName::Auto, folder.path().to_owned(), terminal);
        assert!(themes.choose(Some("../mine")).is_err());
        assert!(themes.choose(Some("bad")).unwrap_err().contains("line 2"));
        assert_eq!(
            themes.theme().0,
            BuiltIn::Dark.theme(&terminal),
            "nothing changed"
        );
    }
}
