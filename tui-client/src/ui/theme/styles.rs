//! Styles of the roles that panes draw with, and the theme that fills them in.
//!
//! A pane styles its cells by role. A role travels in the foreground of a cell, as a colour that stands for nothing else
//! ([`Role::marker`]). When a frame is complete, the theme in force puts its own styles in the places of the markers. So nothing
//! that panes keep between frames depends on the theme, and another theme is a new paint of the same frame.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use recado_shared::Presence;
use strum::{EnumCount as _, EnumIter, EnumString, IntoStaticStr};

/// Most colours for names in a theme.
pub(super) const MAX_NAMES: usize = 16;

/// What a cell is, for its style. The names in kebab case are the settings of a theme file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumCount, EnumIter, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub(in crate::ui) enum Role {
    /// Borders, times, and whatever matters less than text.
    Muted,
    /// Mentions of the user, and their own reactions.
    Mention,
    /// The frame of the pane that has the keyboard.
    Focus,
    /// The row that a key would act on.
    Selection,
    Failure,
    Busy,
    Good,
    Unread,
    /// The mark of a message that was read.
    Read,
}

impl Role {
    /// The foreground that stands for a role or, above the roles, for a colour of names.
    pub(super) const fn marker(number: usize) -> Color {
        // Themes hold no such colour: `colour::distinct` changes it by one step.
        // There are far fewer than 256.
        let [number, ..] = number.to_le_bytes();
        Color::Rgb(0, 1, number)
    }

    const fn style(self) -> Style {
        Style::new().fg(Self::marker(self as usize))
    }
}

/// The styles in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Of cells without a role. Its background is that of the whole screen.
    pub(super) text: Style,
    pub(super) roles: [Style; Role::COUNT],
    /// At most [`MAX_NAMES`]; without any, names have no colours.
    pub(super) names: Vec<Style>,
}

/// The styles that panes draw with.
impl Theme {
    pub(in crate::ui) const fn text() -> Style {
        Style::new().fg(Color::Reset)
    }

    pub(in crate::ui) const fn dim() -> Style {
        Role::Muted.style()
    }

    pub(in crate::ui) const fn strong() -> Style {
        Self::text().add_modifier(Modifier::BOLD)
    }

    pub(in crate::ui) const fn emote() -> Style {
        Self::text().add_modifier(Modifier::ITALIC)
    }

    /// For a text in place of a message, and for messages around a hit.
    pub(in crate::ui) const fn placeholder() -> Style {
        Self::dim().add_modifier(Modifier::ITALIC)
    }

    pub(in crate::ui) const fn mention() -> Style {
        Role::Mention.style().add_modifier(Modifier::BOLD)
    }

    pub(in crate::ui) const fn focused() -> Style {
        Role::Focus.style().add_modifier(Modifier::BOLD)
    }

    /// The chosen row. It replaces all other roles: with several backgrounds, each would be a block.
    pub(in crate::ui) const fn chosen() -> Style {
        Role::Selection.style()
    }

    pub(in crate::ui) const fn failure() -> Style {
        Role::Failure.style().add_modifier(Modifier::BOLD)
    }

    pub(in crate::ui) const fn busy() -> Style {
        Role::Busy.style()
    }

    pub(in crate::ui) const fn good() -> Style {
        Role::Good.style()
    }

    pub(in crate::ui) const fn unread() -> Style {
        Role::Unread.style().add_modifier(Modifier::BOLD)
    }

    pub(in crate::ui) const fn read() -> Style {
        Role::Read.style().add_modifier(Modifier::BOLD)
    }

    /// How a person's presence is drawn; `None` is unknown.
    pub(in crate::ui) const fn presence(presence: Option<Presence>) -> (&'static str, Style) {
        match presence {
            Some(Presence::Online) => ("●", Self::good()),
            Some(Presence::Away) => ("◐", Self::busy()),
            Some(Presence::Offline) => ("○", Self::dim()),
            None => ("·", Self::dim()),
        }
    }
}

impl Theme {
    /// Puts the styles of this theme in the places of the roles. Doing it twice changes nothing.
    pub(in crate::ui) fn apply(&self, buffer: &mut Buffer) {
        let fg = self.text.fg.unwrap_or(Color::Reset);
        let bg = self.text.bg.unwrap_or(Color::Reset);
        for cell in &mut buffer.content {
            match cell.fg {
                Color::Reset => cell.fg = fg,
                Color::Rgb(0, 1, number) => {
                    cell.set_style(self.style_of(number.into()));
                }
                _ => {}
            }
            if cell.bg == Color::Reset {
                cell.bg = bg;
            }
        }
    }

    /// How many colours there are for names.
    pub(in crate::ui) const fn name_count(&self) -> usize {
        self.names.len()
    }

    fn style_of(&self, number: usize) -> Style {
        let style = match self.roles.get(number) {
            Some(style) => *style,
            None if self.names.is_empty() => Style::new(),
            None => self.names[(number - Role::COUNT) % self.names.len()],
        };
        let fg = style.fg.or(self.text.fg).unwrap_or(Color::Reset);
        style.fg(fg)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::super::choice::BuiltIn;
    use super::super::colour::TerminalColours;
    use super::*;

    #[test]
    fn a_frame_has_no_markers_once_a_theme_is_applied() {
        for name in BuiltIn::ALL {
            let theme = name.theme(&TerminalColours::default());
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
            for (x, number) in (0..).zip(0..Role::COUNT + MAX_NAMES) {
                buffer[(x, 0)].set_symbol("x").fg = Role::marker(number);
            }
            theme.apply(&mut buffer);
            let is_marker = |colour| matches!(colour, Color::Rgb(0, 1, _));
            assert!(buffer.content.iter().all(|cell| !is_marker(cell.fg)));
            let again = buffer.clone();
            theme.apply(&mut buffer);
            assert_eq!(buffer, again, "{name:?}");
        }
    }
}
