//! Colours: what a terminal can show and which are readable on each other.

use ratatui::style::Color;

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// The relative luminance, from 0 for black to 1 for white
    /// (<https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>).
    pub fn luminance(self) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// The contrast of two colours, from 1 to 21 (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Whether black is easier to read on it than white.
    pub fn is_light(self) -> bool {
        self.contrast(Self(0, 0, 0)) > self.contrast(Self(255, 255, 255))
    }

    /// Reads `#rrggbb`; `None` if it is another form.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    fn distance(self, other: Self) -> u32 {
        let square = |one: u8, two: u8| u32::from(one.abs_diff(two)).pow(2);
        square(self.0, other.0) + square(self.1, other.1) + square(self.2, other.2)
    }
}

/// The levels of the colour cube of xterm's 256 colours, whose numbers are 16 to 231. Grey follows, from 8 in steps of 10
/// (`256colres.pl` of xterm).
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The value of one of xterm's 256 colours; `None` for the first sixteen, which each terminal sets.
pub(super) fn indexed(number: u8) -> Option<Rgb> {
    match number {
        0..=15 => None,
        16..=231 => {
            let cube = number - 16;
            let level = |part: u8| CUBE[usize::from(part % 6)];
            Some(Rgb(level(cube / 36), level(cube / 6), level(cube)))
        }
        232.. => {
            let grey = 8 + 10 * (number - 232);
            Some(Rgb(grey, grey, grey))
        }
    }
}

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourDepth {
    None,
    Sixteen,
    #[default]
    Indexed256,
    TrueColour,
}

impl ColourDepth {
    /// What a terminal that is named `term` shows. `colorterm` is its variable `COLORTERM`, by which programs that have 24-bit
    /// colours say so, also behind a name of an older one.
    pub fn of(term: &str, colorterm: &str) -> Self {
        let has = |part: &str| term.contains(part);
        let known = [
            "kitty",
            "alacritty",
            "foot",
            "wezterm",
            "ghostty",
            "contour",
        ];
        if matches!(colorterm, "truecolor" | "24bit") || has("direct") {
            Self::TrueColour
        } else if has("256color") || known.into_iter().any(has) || !colorterm.is_empty() {
            Self::Indexed256
        } else if term.is_empty()
            || term.starts_with("vt")
            || ["dumb", "ansi-m", "linux-m", "screen-m"].contains(&term)
            || term.ends_with("-mono")
        {
            Self::None
        } else {
            Self::Sixteen
        }
    }

    /// A colour as the terminal shows it: the nearest of its own; `None` without any. Of sixteen, the values are not known.
    pub(super) fn fit(self, wanted: Rgb) -> Option<Color> {
        match self {
            Self::TrueColour => Some(distinct(wanted)),
            Self::Indexed256 => {
                let numbers = (16..=255_u8).filter_map(|number| Some((number, indexed(number)?)));
                let nearest = numbers.min_by_key(|(_, value)| value.distance(wanted));
                nearest.map(|(number, _)| Color::Indexed(number))
            }
            Self::Sixteen | Self::None => None,
        }
    }
}

/// A colour that stands for no role.
const fn distinct(Rgb(red, green, blue): Rgb) -> Color {
    match (red, green) {
        (0, 1) => Color::Rgb(0, 0, blue),
        _ => Color::Rgb(red, green, blue),
    }
}

/// What is known of the terminal's colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalColours {
    pub depth: ColourDepth,
    /// Whether `NO_COLOR` is set (<https://no-color.org>). A theme that the user names goes before it.
    pub wants_none: bool,
    /// `None` until the terminal has answered, or the environment says.
    pub background: Option<Rgb>,
}

impl TerminalColours {
    /// What the variables of the environment say. `COLORFGBG` of rxvt and Konsole holds numbers of the sixteen colours, the
    /// background last.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).unwrap_or_default();
        let colours = value("COLORFGBG");
        let background = colours
            .rsplit(';')
            .next()
            .and_then(|last| last.parse().ok());
        Self {
            depth: ColourDepth::of(&value("TERM"), &value("COLORTERM")),
            wants_none: !value("NO_COLOR").is_empty(),
            background: background.and_then(|number| match number {
                0..=6 | 8 => Some(Rgb(0, 0, 0)),
                7 | 9..=15 => Some(Rgb(255, 255, 255)),
                _ => None::<Rgb>,
            }),
        }
    }

    /// Whether the background is light; one that is not known is taken as dark.
    pub fn is_light(&self) -> bool {
        self.background.is_some_and(Rgb::is_light)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let white = Rgb(255, 255, 255);
        assert!((white.contrast(Rgb(0, 0, 0)) - 21.0).abs() < 0.001);
        // An example of the guidelines: #777777 on white misses 4.5 narrowly, #767676 meets it.
        assert!(white.contrast(Rgb(0x77, 0x77, 0x77)) < 4.5);
        assert!(white.contrast(Rgb(0x76, 0x76, 0x76)) >= 4.5);
        assert!(!Rgb(0, 0x2b, 0x36).is_light() && Rgb(0xfd, 0xf6, 0xe3).is_light());
    }

    #[test]
    fn the_environment_says_what_a_terminal_shows() {
        for (term, colorterm, depth) in [
            ("xterm-256color", "truecolor", ColourDepth::TrueColour),
            ("xterm-256color", "", ColourDepth::Indexed256),
            ("xterm-kitty", "", ColourDepth::Indexed256),
            ("tmux-256color", "", ColourDepth::Indexed256),
            ("xterm", "", ColourDepth::Sixteen),
            ("linux", "", ColourDepth::Sixteen),
            ("vt220", "", ColourDepth::None),
            ("", "", ColourDepth::None),
        ] {
            assert_eq!(
                ColourDepth::of(term, colorterm),
                depth,
                "{term} {colorterm}"
            );
        }
        let is_light = |colours: &str| {
            let variable = |name: &str| (name == "COLORFGBG").then(|| colours.to_owned());
            TerminalColours::from_variables(variable).is_light()
        };
        assert!(is_light("0;15") && is_light("0;default;15"));
        assert!(!is_light("15;0") && !is_light("15;default") && !is_light(""));
    }

    #[test]
    fn a_colour_is_fitted_to_what_the_terminal_shows() {
        let fit = |depth: ColourDepth, hex| depth.fit(Rgb::from_hex(hex).unwrap());
        let colour = Some(Color::Rgb(0xff, 0x88, 0));
        assert_eq!(fit(ColourDepth::TrueColour, "#ff8800"), colour);
        assert_eq!(
            fit(ColourDepth::Indexed256, "#ff8800"),
            Some(Color::Indexed(208))
        );
        assert_eq!(
            fit(ColourDepth::Indexed256, "#8a8a8a"),
            Some(Color::Indexed(245))
        );
        assert_eq!(fit(ColourDepth::Sixteen, "#ff8800"), None);
        let marker = fit(ColourDepth::TrueColour, "#000102");
        assert_eq!(marker, Some(Color::Rgb(0, 0, 2)), "no marker of a role");
        for wrong in ["ff8800", "#ff880", "#ff880g", "#+f8800"] {
            assert_eq!(Rgb::from_hex(wrong), None, "{wrong}");
        }
    }
}
