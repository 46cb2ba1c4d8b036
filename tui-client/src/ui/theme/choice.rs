//! Choice of a theme: by its name, or by what is known of the terminal.

use std::str::FromStr;

use super::built_in;
use super::colour::{ColourDepth, TerminalColours};
use super::styles::Theme;
use crate::spelling::nearest;

/// A theme that needs no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    Dark,
    Light,
    HighContrast,
    /// Colours of the sixteen that every terminal has.
    Sixteen,
    None,
}

/// The theme that the user wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// By the terminal: its colours, its background.
    #[default]
    Auto,
    BuiltIn(BuiltIn),
    /// One of the user's files, by its name without the ending.
    File(String),
}

/// No name of a theme: one of a file has letters, digits, `-` and `_` only, so that it names no other folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a theme")]
pub struct UnknownTheme(String);

impl BuiltIn {
    /// In the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Dark,
        Self::Light,
        Self::HighContrast,
        Self::Sixteen,
        Self::None,
    ];

    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Sixteen => "16-colour",
            Self::None => "none",
        }
    }

    /// The theme with colours that the terminal shows.
    pub fn theme(self, terminal: &TerminalColours) -> Theme {
        match (self, terminal.depth) {
            (Self::None, _) | (_, ColourDepth::None) => built_in::none(),
            (Self::Sixteen, _) => built_in::sixteen(terminal.is_light()),
            (Self::Light, ColourDepth::Sixteen) => built_in::sixteen(true),
            (Self::Dark | Self::HighContrast, ColourDepth::Sixteen) => built_in::sixteen(false),
            (Self::Dark, _) => built_in::dark(),
            (Self::Light, _) => built_in::light(),
            (Self::HighContrast, _) => built_in::high_contrast(),
        }
    }

    /// The theme that fits a terminal.
    pub fn for_terminal(terminal: &TerminalColours) -> Self {
        match terminal.depth {
            _ if terminal.wants_none => Self::None,
            ColourDepth::None => Self::None,
            ColourDepth::Sixteen => Self::Sixteen,
            ColourDepth::Indexed256 | ColourDepth::TrueColour if terminal.is_light() => Self::Light,
            ColourDepth::Indexed256 | ColourDepth::TrueColour => Self::Dark,
        }
    }
}

impl ThemeName {
    /// The name of the theme by the terminal.
    pub const AUTO: &'static str = "auto";

    /// The name in the configuration.
    pub fn name(&self) -> &str {
        match self {
            Self::Auto => Self::AUTO,
            Self::BuiltIn(theme) => theme.name(),
            Self::File(name) => name,
        }
    }
}

impl FromStr for ThemeName {
    type Err = UnknownTheme;

    fn from_str(name: &str) -> Result<Self, UnknownTheme> {
        if name == Self::AUTO {
            return Ok(Self::Auto);
        }
        let mut all = BuiltIn::ALL.into_iter();
        if let Some(theme) = all.find(|theme| theme.name() == name) {
            return Ok(Self::BuiltIn(theme));
        }
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            return Err(UnknownTheme(name.to_owned()));
        }
        Ok(Self::File(name.to_owned()))
    }
}

/// The name of a built-in theme that is spelt much alike.
pub(crate) fn nearest_theme(name: &str) -> Option<&'static str> {
    let all = BuiltIn::ALL.map(BuiltIn::name).into_iter();
    nearest(name, all.chain([ThemeName::AUTO]))
}

#[cfg(test)]
mod tests {
    use super::super::colour::Rgb;
    use super::*;

    #[test]
    fn the_terminal_decides_unless_the_user_does() {
        let mut terminal = TerminalColours::default();
        let auto = |terminal: &TerminalColours| BuiltIn::for_terminal(terminal);
        assert_eq!(auto(&terminal), BuiltIn::Dark);
        terminal.background = Some(Rgb(0xfd, 0xf6, 0xe3));
        assert_eq!(auto(&terminal), BuiltIn::Light);
        terminal.depth = ColourDepth::Sixteen;
        assert_eq!(auto(&terminal), BuiltIn::Sixteen);
        assert_eq!(BuiltIn::Sixteen.theme(&terminal), built_in::sixteen(true));
        terminal.wants_none = true;
        assert_eq!(auto(&terminal), BuiltIn::None);
        assert_eq!(BuiltIn::Dark.theme(&terminal), built_in::sixteen(false));
        terminal.depth = ColourDepth::None;
        assert_eq!(BuiltIn::Dark.theme(&terminal), built_in::none());
    }

    #[test]
    fn a_name_of_a_theme_names_no_other_folder() {
        for theme in BuiltIn::ALL {
            assert_eq!(theme.name().parse(), Ok(ThemeName::BuiltIn(theme)));
        }
        assert_eq!("auto".parse(), Ok(ThemeName::Auto));
        assert_eq!(
            "my_own-2".parse(),
            Ok(ThemeName::File("my_own-2".to_owned()))
        );
        for wrong in ["", "../dark", "a/b", "a.toml", "a b"] {
            assert!(wrong.parse::<ThemeName>().is_err(), "{wrong}");
        }
        assert_eq!(nearest_theme("drak"), Some("dark"));
    }
}
