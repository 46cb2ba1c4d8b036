//! Texts about themes.

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

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
