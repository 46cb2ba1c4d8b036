//! Themes: roles of cells, and the colours that stand for them. The driver chooses a theme; the view owns the one in force.

mod built_in;
mod choice;
mod colour;
mod file;
mod names;
mod styles;

pub(crate) use self::choice::nearest_theme;
pub use self::choice::{BuiltIn, ThemeName, UnknownTheme};
pub use self::colour::{ColourDepth, Rgb, TerminalColours};
pub use self::file::{ThemeFileError, parse_colour};
pub use self::names::NameColours;
pub use self::styles::Theme;
