//! The user's time zone, from its file alone. The library would list the whole database first, which takes
//! milliseconds at each start.

use std::path::{Component, Path};

use jiff::tz::TimeZone;

/// Where the database of zones is on most systems.
const DATABASE: &str = "/usr/share/zoneinfo";

/// The zone of the whole system.
const LOCAL: &str = "/etc/localtime";

/// The zone that `TZ` names, or that of the system.
pub(super) fn time_zone() -> TimeZone {
    let name = std::env::var_os("TZ");
    let file = match name.as_deref().map(|name| name.to_str()) {
        None => Some(Path::new(LOCAL).to_owned()),
        Some(Some(name)) => file_in_database(name),
        Some(None) => None,
    };
    let bytes = file.and_then(|file| std::fs::read(file).ok());
    let name = name.as_deref().and_then(|name| name.to_str());
    bytes
        .and_then(|bytes| TimeZone::tzif(name.unwrap_or("local"), &bytes).ok())
        .unwrap_or_else(TimeZone::system)
}

/// The file of a zone such as `Europe/Lisbon`; `None` for a rule or a path.
fn file_in_database(name: &str) -> Option<std::path::PathBuf> {
    let name = Path::new(name.trim_start_matches(':'));
    let mut parts = name.components();
    let is_plain = parts.all(|part| matches!(part, Component::Normal(_)));
    (is_plain && name.components().next().is_some()).then(|| Path::new(DATABASE).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_zones_are_files_of_the_database() {
        let lisbon = Path::new("/usr/share/zoneinfo/Europe/Lisbon").to_owned();
        for name in ["Europe/Lisbon", ":Europe/Lisbon"] {
            assert_eq!(file_in_database(name), Some(lisbon.clone()));
        }
        for name in ["", "/etc/localtime", "../localtime", "."] {
            assert_eq!(file_in_database(name), None, "{name}");
        }
    }

    #[test]
    fn the_zone_of_the_system_is_that_of_the_library() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        assert_eq!(
            time_zone().to_offset(now),
            TimeZone::system().to_offset(now)
        );
    }
}
