//! Theme files of the user: TOML with a line for each role. What a file leaves out is as in the built-in theme under it.

use ratatui::style::{Color, Modifier, Style};
use strum::IntoEnumIterator as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::choice::BuiltIn;
use super::colour::{ColourDepth, Rgb, TerminalColours};
use super::styles::{MAX_NAMES, Role, Theme};
use crate::spelling::nearest;
use crate::strings::themes as strings;

/// The names of the sixteen colours, in their order.
const SIXTEEN: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

const BASE: &str = "base";
const TEXT: &str = "text";
const NAMES: &str = "names";

/// A theme file cannot be used; the reason says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ThemeFileError {
    pub line: usize,
    pub reason: String,
}

/// A colour by its name or as `#rrggbb`, as the terminal shows it: the nearest of 256, or the terminal's own of a
/// terminal with sixteen. `None` if it is no colour.
pub fn parse_colour(text: &str, depth: ColourDepth) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    let named = SIXTEEN.iter().find(|(name, _)| *name == text);
    match named {
        Some(_) if depth == ColourDepth::None => Some(Color::Reset),
        Some((_, colour)) => Some(*colour),
        None => Rgb::from_hex(text).map(|colour| depth.fit(colour).unwrap_or(Color::Reset)),
    }
}

/// Reads `[MODIFIER …] [COLOUR] [on COLOUR]`.
fn parse_style(text: &str, depth: ColourDepth) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let modifier = MODIFIERS.iter().find(|(name, _)| *name == word);
        if let Some((_, modifier)) = modifier {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let word = words.next().unwrap_or_default();
            let colour = parse_colour(word, depth).ok_or_else(|| wrong_word(word))?;
            style = style.bg(colour);
        } else {
            let colour = parse_colour(word, depth).ok_or_else(|| wrong_word(word))?;
            style = style.fg(colour);
        }
    }
    Ok(style)
}

fn wrong_word(word: &str) -> String {
    let colours = SIXTEEN.iter().map(|(name, _)| *name);
    let known = colours.chain(MODIFIERS.iter().map(|(name, _)| *name));
    strings::unknown_colour(word, nearest(word, known))
}

impl Theme {
    /// The theme of a file.
    ///
    /// # Errors
    /// [`ThemeFileError`] names the first wrong line and says what to write.
    pub fn from_toml(text: &str, terminal: &TerminalColours) -> Result<Self, ThemeFileError> {
        let at = |start: usize, reason: String| ThemeFileError {
            line: text[..start].matches('\n').count() + 1,
            reason,
        };
        let document = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            at(start, error.message().to_owned())
        })?;
        let document = document.get_ref();
        let mut theme = match document.get(BASE) {
            None => BuiltIn::for_terminal(terminal),
            Some(value) => base(value).map_err(|reason| at(value.span().start, reason))?,
        }
        .theme(terminal);
        let mut entries: Vec<_> = document.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let set = theme.set(name.get_ref(), value, terminal.depth);
            set.map_err(|reason| at(name.span().start, reason))?;
        }
        Ok(theme)
    }

    fn set(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        depth: ColourDepth,
    ) -> Result<(), String> {
        let styled = || match value.get_ref().as_str() {
            Some(text) => parse_style(text, depth),
            None => Err(strings::not_a_style(name)),
        };
        match (name, name.parse::<Role>()) {
            (BASE, _) => {}
            (TEXT, _) => self.text = styled()?,
            (NAMES, _) => {
                let array = value.get_ref().as_array();
                let names = array.filter(|names| !names.is_empty() && names.len() <= MAX_NAMES);
                let names = names.ok_or_else(|| strings::not_names(MAX_NAMES))?;
                let style = |value: &Spanned<DeValue<'_>>| match value.get_ref().as_str() {
                    Some(text) => parse_style(text, depth),
                    None => Err(strings::not_names(MAX_NAMES)),
                };
                self.names = names.iter().map(style).collect::<Result<_, _>>()?;
            }
            (_, Ok(role)) => self.roles[role as usize] = styled()?,
            (_, Err(_)) => {
                let roles = Role::iter().map(<&str>::from);
                let near = nearest(name, roles.clone().chain([BASE, TEXT, NAMES]));
                let known: Vec<_> = roles.collect();
                return Err(strings::unknown_setting(name, near, &known));
            }
        }
        Ok(())
    }
}

fn base(value: &Spanned<DeValue<'_>>) -> Result<BuiltIn, String> {
    let name = value.get_ref().as_str().unwrap_or_default();
    let mut all = BuiltIn::ALL.into_iter();
    let found = all.find(|theme| theme.name() == name);
    found.ok_or_else(|| strings::unknown_base(name, &BuiltIn::ALL.map(BuiltIn::name)))
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    fn read(text: &str) -> Result<Theme, String> {
        let terminal = TerminalColours {
            depth: ColourDepth::TrueColour,
            ..TerminalColours::default()
        };
        Theme::from_toml(text, &terminal).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_changes_the_built_in_theme_under_it() {
        let theme = read(
            "base = \"light\"\ntext = \"#102030 on #f0f0f0\"\nmuted = \"italic bright-black\"\nnames = [\"red\", \"bold #ff8800\"]\n",
        )
        .unwrap();
        let mut expected = built_in::light();
        expected.text = Style::new()
            .fg(Color::Rgb(0x10, 0x20, 0x30))
            .bg(Color::Rgb(0xf0, 0xf0, 0xf0));
        expected.roles[Role::Muted as usize] = Style::new()
            .fg(Color::DarkGray)
            .add_modifier(Modifier::ITALIC);
        let orange = Style::new().fg(Color::Rgb(0xff, 0x88, 0));
        let orange = orange.add_modifier(Modifier::BOLD);
        expected.names = vec![Style::new().fg(Color::Red), orange];
        assert_eq!(theme, expected);
        assert_eq!(read("").unwrap(), built_in::dark());
    }

    #[test]
    fn a_wrong_line_is_named_with_what_to_write() {
        for (text, parts) in [
            ("mutd = \"red\"", ["line 1", "did you mean muted"]),
            ("\nmuted = \"gren\"", ["line 2", "did you mean green"]),
            ("muted = 3", ["line 1", "\"bold red on black\""]),
            ("muted = \"#12345\"", ["line 1", "#rrggbb"]),
            ("base = \"drak\"", ["line 1", "high-contrast"]),
            ("names = []", ["line 1", "1 to 16"]),
            ("a = 1\nb = \n", ["line 2", ""]),
            ("muted = \"red on\"", ["line 1", "''"]),
        ] {
            let error = read(text).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }
}
