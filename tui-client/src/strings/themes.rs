//! Texts about themes.

use std::path::Path;

use crate::ui::{ThemeFileError, ThemeName};

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

pub(crate) const BAD_LIST_WIDTH: &str = "list_width is a number of columns from 12 to 60";

pub(crate) fn unknown_colour(word: &str, near: Option<&str>) -> String {
    format!(
        "'{word}' is not a colour{}; write a name such as red or bright-blue, or #rrggbb",
        hint(near)
    )
}

pub(crate) fn not_a_style(name: &str) -> String {
    format!("{name} is not a text; write a style such as \"bold red on black\"")
}

pub(crate) fn not_names(most: usize) -> String {
    format!("names is not a list of 1 to {most} colours; write it as [\"cyan\", \"#ff8800\"]")
}

pub(crate) fn unknown_setting(name: &str, near: Option<&str>, roles: &[&str]) -> String {
    let known = roles.join(", ");
    format!(
        "'{name}' is not a setting of a theme{}; there are base, text, names, {known}",
        hint(near)
    )
}

pub(crate) fn unknown_base(name: &str, themes: &[&str]) -> String {
    let themes = themes.join(", ");
    format!("'{name}' is not a built-in theme; write one of {themes}")
}

pub(crate) fn bad_symbols(choice: &str) -> String {
    format!("'{choice}' is no choice of symbols; write auto, unicode or ascii")
}

pub(crate) fn bad_bidi(choice: &str) -> String {
    format!("'{choice}' is no choice for right-to-left text; write auto, recado, terminal or off")
}

pub(crate) fn bad_clock(choice: &str) -> String {
    format!("'{choice}' is no choice of times; write auto, 12-hour or 24-hour")
}

pub(crate) fn bad_name(name: &str) -> String {
    format!(
        "'{name}' is not the name of a theme; write auto, dark, light, high-contrast, 16-colour, none, or the name of a file without its ending"
    )
}

pub(crate) fn unknown(name: &str, near: Option<&str>, folder: &Path) -> String {
    format!(
        "'{name}' is not a theme{}; put a file of your own into {}",
        hint(near),
        folder.display()
    )
}

pub(crate) fn unreadable(path: &Path, why: &str) -> String {
    format!(
        "cannot read {}: {why}; check its permissions",
        path.display()
    )
}

pub(crate) fn wrong_file(path: &Path, error: &ThemeFileError) -> String {
    format!("error in {}, {error}", path.display())
}

pub(crate) fn not_used(why: &str, built_in: &str) -> String {
    format!("{why}. The theme {built_in} is used instead")
}

pub(crate) fn chosen(name: &str) -> String {
    format!(
        "Theme {name} until you quit. To keep it, write theme = \"{name}\" into your configuration file"
    )
}

pub(crate) fn in_force(wanted: &str, built_in: &str) -> String {
    if wanted == ThemeName::AUTO {
        format!("Theme auto: {built_in} fits this terminal")
    } else {
        format!("Theme {wanted}")
    }
}
