//! Styles, from the sixteen colours that every terminal theme keeps readable on its background.

use ratatui::style::{Color, Modifier, Style};
use recado_shared::Presence;

/// Colours for names: none that means something elsewhere, such as the red of failures.
const AUTHORS: [Color; 6] = [
    Color::Cyan,
    Color::Magenta,
    Color::Green,
    Color::Blue,
    Color::Yellow,
    Color::LightMagenta,
];

/// The styles in force.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    has_colours: bool,
}

impl Theme {
    /// With colours, or without them as <https://no-color.org> asks.
    pub const fn new(has_colours: bool) -> Self {
        Self { has_colours }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub(super) const fn text() -> Style {
        Style::new()
    }

    pub(super) const fn dim() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) const fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) const fn emote() -> Style {
        Style::new().add_modifier(Modifier::ITALIC)
    }

    /// For a text in place of a message, and for messages around a hit.
    pub(super) const fn placeholder() -> Style {
        Self::dim().add_modifier(Modifier::ITALIC)
    }

    /// Mentions of the user, and their own reactions.
    pub(super) fn mention(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The frame of the pane that has the keyboard.
    pub(super) fn focused(self) -> Style {
        self.coloured(Color::Cyan)
            .remove_modifier(Modifier::DIM)
            .add_modifier(Modifier::BOLD)
    }

    /// The chosen row. It has no colours of its own: reversed, each would be a block.
    pub(super) const fn chosen() -> Style {
        Style::new()
            .fg(Color::Reset)
            .remove_modifier(Modifier::DIM)
            .add_modifier(Modifier::REVERSED)
    }

    pub(super) fn failure(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) fn busy(self) -> Style {
        self.coloured(Color::Yellow)
    }

    pub(super) fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    pub(super) fn unread(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// The mark of a message that was read.
    pub(super) fn read(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// A person's name: always the same colour for the same name.
    pub(super) fn author(self, name: &str) -> Style {
        // FNV-1a, 32 bits.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        self.coloured(AUTHORS[hash as usize % AUTHORS.len()])
            .add_modifier(Modifier::BOLD)
    }

    /// How a person's presence is drawn; `None` is unknown.
    pub(super) fn presence(self, presence: Option<Presence>) -> (&'static str, Style) {
        match presence {
            Some(Presence::Online) => ("●", self.good()),
            Some(Presence::Away) => ("◐", self.busy()),
            Some(Presence::Offline) => ("○", Self::dim()),
            None => ("·", Self::dim()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_there_is_none() {
        let theme = Theme::new(false);
        for style in [
            theme.failure(),
            theme.author("bob"),
            theme.unread(),
            theme.presence(Some(Presence::Online)).1,
        ] {
            assert_eq!(style.fg, None);
        }
    }

    #[test]
    fn a_name_keeps_its_colour() {
        let theme = Theme::new(true);
        assert_eq!(theme.author("bob"), theme.author("bob"));
        assert_ne!(theme.author("bob").fg, theme.author("erin").fg);
    }
}
