//! Lengths of time as words.

use std::time::Duration;

const UNITS: [(u64, &str); 3] = [(24 * 60, "day"), (60, "hour"), (1, "minute")];

/// A length of time, rounded to minutes, in its two largest units: `30 minutes`, `1 day 12 hours`.
pub(crate) fn duration(length: Duration) -> String {
    let mut minutes = (length.as_secs() + 30) / 60;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        match minutes / size {
            0 => {}
            count => parts.push(super::counted(count, unit)),
        }
        minutes %= size;
    }
    parts.truncate(2);
    if parts.is_empty() {
        parts.push("less than a minute".to_owned());
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        for (minutes, words) in [
            (0, "less than a minute"),
            (1, "1 minute"),
            (30, "30 minutes"),
            (90, "1 hour 30 minutes"),
            (36 * 60 + 1, "1 day 12 hours"),
        ] {
            let length = Duration::from_secs(minutes * 60 + 1);
            assert_eq!(duration(length), words);
        }
    }
}
