//! The built-in themes. Their colours are numbers of xterm's 256 or names of the sixteen, which all terminals of that depth show.
//!
//! `dark` and `light` leave the background and plain text to the terminal. The tests hold each pair of colours to a contrast of
//! 4.5, which WCAG 2.2 asks for (level AA, <https://www.w3.org/TR/WCAG22/#contrast-minimum>), and `high-contrast` to 7 (level AAA).

use ratatui::style::{Color, Modifier, Style};
use strum::EnumCount as _;

use super::styles::{Role, Theme};

/// Colours of the roles other than the chosen row.
struct Palette {
    muted: Color,
    mention: Color,
    failure: Color,
    busy: Color,
    good: Color,
    names: &'static [Color],
}

const DARK: Palette = Palette {
    muted: Color::Indexed(248),
    mention: Color::Indexed(80),
    failure: Color::Indexed(210),
    busy: Color::Indexed(221),
    good: Color::Indexed(114),
    names: &[
        Color::Indexed(75),
        Color::Indexed(213),
        Color::Indexed(114),
        Color::Indexed(215),
        Color::Indexed(80),
        Color::Indexed(147),
        Color::Indexed(186),
        Color::Indexed(211),
        Color::Indexed(79),
        Color::Indexed(117),
        Color::Indexed(180),
        Color::Indexed(141),
    ],
};

const LIGHT: Palette = Palette {
    muted: Color::Indexed(240),
    mention: Color::Indexed(25),
    failure: Color::Indexed(124),
    busy: Color::Indexed(94),
    good: Color::Indexed(22),
    names: &[
        Color::Indexed(25),
        Color::Indexed(127),
        Color::Indexed(22),
        Color::Indexed(94),
        Color::Indexed(23),
        Color::Indexed(55),
        Color::Indexed(125),
        Color::Indexed(58),
        Color::Indexed(60),
        Color::Indexed(92),
    ],
};

const HIGH_CONTRAST: Palette = Palette {
    muted: Color::Indexed(253),
    mention: Color::Indexed(51),
    failure: Color::Indexed(217),
    busy: Color::Indexed(226),
    good: Color::Indexed(120),
    names: &[
        Color::Indexed(51),
        Color::Indexed(213),
        Color::Indexed(120),
        Color::Indexed(215),
        Color::Indexed(117),
        Color::Indexed(183),
        Color::Indexed(229),
        Color::Indexed(211),
        Color::Indexed(86),
        Color::Indexed(216),
    ],
};

/// Muted text is not dimmed, and not in the bright black: some terminals show either as the background.
const SIXTEEN_ON_DARK: Palette = Palette {
    muted: Color::Gray,
    mention: Color::LightCyan,
    failure: Color::LightRed,
    busy: Color::LightYellow,
    good: Color::LightGreen,
    names: &[
        Color::Cyan,
        Color::LightMagenta,
        Color::Green,
        Color::LightYellow,
        Color::LightGreen,
        Color::LightCyan,
    ],
};

/// Of the sixteen colours, only blue, magenta and red are readable on white everywhere.
const SIXTEEN_ON_LIGHT: Palette = Palette {
    muted: Color::Reset,
    mention: Color::Blue,
    failure: Color::Red,
    busy: Color::Magenta,
    good: Color::Reset,
    names: &[Color::Blue, Color::Magenta],
};

/// Bold white on the brightest blue that is dark enough for it.
const CHOSEN: Style = Style::new().fg(Color::Indexed(231)).bg(Color::Indexed(25));

const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

impl Palette {
    fn theme(&self, text: Style, selection: Style) -> Theme {
        let mut roles = [Style::new(); Role::COUNT];
        for (role, colour) in [
            (Role::Muted, self.muted),
            (Role::Mention, self.mention),
            (Role::Focus, self.mention),
            (Role::Failure, self.failure),
            (Role::Busy, self.busy),
            (Role::Good, self.good),
            (Role::Unread, self.busy),
            (Role::Read, self.mention),
        ] {
            roles[role as usize] = Style::new().fg(colour);
        }
        roles[Role::Selection as usize] = selection;
        let names = self.names.iter().map(|colour| Style::new().fg(*colour));
        Theme {
            text,
            roles,
            names: names.collect(),
        }
    }
}

pub(super) fn dark() -> Theme {
    DARK.theme(Style::new(), CHOSEN)
}

pub(super) fn light() -> Theme {
    LIGHT.theme(Style::new(), CHOSEN)
}

/// White on black, whatever the terminal has; the chosen row is black on yellow.
pub(super) fn high_contrast() -> Theme {
    let text = Style::new().fg(Color::Indexed(231)).bg(Color::Indexed(16));
    let chosen = Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(226));
    HIGH_CONTRAST.theme(text, chosen)
}

pub(super) fn sixteen(is_light: bool) -> Theme {
    let palette = if is_light {
        SIXTEEN_ON_LIGHT
    } else {
        SIXTEEN_ON_DARK
    };
    palette.theme(Style::new(), REVERSED)
}

/// Without colours: bold, dim and reversed text only.
pub(super) fn none() -> Theme {
    let mut roles = [Style::new(); Role::COUNT];
    roles[Role::Muted as usize] = Style::new().add_modifier(Modifier::DIM);
    roles[Role::Selection as usize] = REVERSED;
    Theme {
        text: Style::new(),
        roles,
        names: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::super::colour::{Rgb, indexed};
    use super::*;

    /// Backgrounds of terminals and of their popular schemes: black, VS Code, Dracula, Nord, Solarized, Ubuntu, One, Gruvbox.
    const DARK_BACKGROUNDS: [&str; 8] = [
        "#000000", "#1e1e1e", "#282a36", "#2e3440", "#002b36", "#300a24", "#282c34", "#282828",
    ];

    /// White, Solarized, Gruvbox, One, Catppuccin, and Solarized's highlighted background.
    const LIGHT_BACKGROUNDS: [&str; 6] = [
        "#ffffff", "#fdf6e3", "#fbf1c7", "#fafafa", "#eff1f5", "#eee8d5",
    ];

    /// The sixteen colours of xterm and of the Linux console, whose values most others lie between.
    const SIXTEEN: [[&str; 16]; 2] = [
        [
            "#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
            "#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff",
        ],
        [
            "#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
            "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff",
        ],
    ];

    fn hex(text: &str) -> Rgb {
        Rgb::from_hex(text).unwrap()
    }

    /// The value of a colour; `None` for the terminal's own.
    fn value(colour: Color, sixteen: &[&str; 16]) -> Option<Rgb> {
        let named = |number: usize| Some(hex(sixteen[number]));
        match colour {
            Color::Reset => None,
            Color::Black => named(0),
            Color::Red => named(1),
            Color::Green => named(2),
            Color::Yellow => named(3),
            Color::Blue => named(4),
            Color::Magenta => named(5),
            Color::Cyan => named(6),
            Color::Gray => named(7),
            Color::DarkGray => named(8),
            Color::LightRed => named(9),
            Color::LightGreen => named(10),
            Color::LightYellow => named(11),
            Color::LightBlue => named(12),
            Color::LightMagenta => named(13),
            Color::LightCyan => named(14),
            Color::White => named(15),
            Color::Indexed(number) => indexed(number),
            Color::Rgb(red, green, blue) => Some(Rgb(red, green, blue)),
        }
    }

    /// Every pair of a foreground and a background has at least this contrast. The terminal's own background is each of these.
    #[track_caller]
    fn assert_contrast(theme: &Theme, own: &[&str], least: f64) {
        let roles = Role::iter().map(|role| (format!("{role:?}"), theme.roles[role as usize]));
        let names = theme.names.iter().map(|style| ("name".to_owned(), *style));
        let text = std::iter::once(("text".to_owned(), theme.text));
        for (what, style) in roles.chain(names).chain(text) {
            let style = theme.text.patch(style);
            for sixteen in &SIXTEEN {
                let colour = |colour: Option<Color>| value(colour.unwrap_or(Color::Reset), sixteen);
                let Some(fg) = colour(style.fg) else {
                    assert_eq!(
                        colour(style.bg),
                        None,
                        "{what}: a background needs a foreground"
                    );
                    continue;
                };
                let own = own.iter().map(|text| hex(text));
                let backgrounds = colour(style.bg).map_or(own.collect(), |bg| vec![bg]);
                for bg in backgrounds {
                    let contrast = fg.contrast(bg);
                    assert!(contrast >= least, "{what}: {fg:?} on {bg:?}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn every_pair_of_colours_is_readable() {
        assert_contrast(&dark(), &DARK_BACKGROUNDS, 4.5);
        assert_contrast(&light(), &LIGHT_BACKGROUNDS, 4.5);
        assert_contrast(&high_contrast(), &[], 7.0);
        assert_contrast(&sixteen(false), &["#000000"], 4.5);
        assert_contrast(&sixteen(true), &["#ffffff"], 4.5);
        assert_contrast(&none(), &[], 21.0);
    }

    #[test]
    fn names_have_colours_of_their_own_and_none_of_failures() {
        for theme in [
            dark(),
            light(),
            high_contrast(),
            sixteen(false),
            sixteen(true),
        ] {
            for (at, name) in theme.names.iter().enumerate() {
                assert!(!theme.names[..at].contains(name));
                assert_ne!(name.fg, theme.roles[Role::Failure as usize].fg);
            }
        }
    }
}
