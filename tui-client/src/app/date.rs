//! Days and times as users write them, in their time zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Moment};
use recado_shared::Timestamp;

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Years back from this one in which a month and a day are looked for: 29 February is rare.
const MAX_YEARS_BACK: i16 = 8;

/// The beginning of a day that is written as for [`day`].
pub(crate) fn beginning(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    moment_of(day(text, today(now, zone)?)?.into(), zone)
}

/// A day as for [`day`] and a time of it, `2026-11-03 14:00`; one of them may be left out.
pub(crate) fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = today(now, zone)?;
    let mut words = text.split_whitespace();
    let written = match (words.next()?, words.next()) {
        (only, None) => match time_of_day(only) {
            Some(time) => today.to_datetime(time),
            None => day(only, today)?.into(),
        },
        (first, Some(time)) => day(first, today)?.to_datetime(time_of_day(time)?),
    };
    moment_of(written, zone).filter(|_| words.next().is_none())
}

fn today(now: Timestamp, zone: &TimeZone) -> Option<Date> {
    let millis = i64::try_from(now.0).ok()?;
    let now = Moment::from_millisecond(millis).ok()?;
    Some(zone.to_datetime(now).date())
}

/// A time before 1970 is the first moment that there is.
fn moment_of(written: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let moment = written.to_zoned(zone.clone()).ok()?.timestamp();
    Some(Timestamp(
        u64::try_from(moment.as_millisecond()).unwrap_or(0),
    ))
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// The day that is written: `2026-11-03`, `11-03`, `today`, `yesterday`, `monday` or `mon`, `7d` or
/// `2w` ago; of a month or a year the first one. What has no year is the last one until today.
fn day(text: &str, today: Date) -> Option<Date> {
    let back = |span: Span| today.checked_sub(span).ok();
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "today" => return Some(today),
        "yesterday" => return today.yesterday().ok(),
        text => {
            let number = |end: char| text.strip_suffix(end)?.parse::<u16>().ok();
            if let Some(days) = number('d') {
                return back(Span::new().try_days(days).ok()?);
            }
            if let Some(weeks) = number('w') {
                return back(Span::new().try_weeks(weeks).ok()?);
            }
        }
    }
    let named = |name: &str| text.len() >= 3 && name.starts_with(&text);
    if let Some(weekday) = WEEKDAYS.iter().position(|name| named(name)) {
        let now = i64::from(today.weekday().to_monday_zero_offset());
        let days = (now - i64::try_from(weekday).ok()?).rem_euclid(7);
        return back(Span::new().try_days(days).ok()?);
    }
    let parts: Vec<_> = text.split('-').collect();
    match parts[..] {
        [month, day] if month.len() <= 2 => {
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            let years = (0..=MAX_YEARS_BACK).map(|back| today.year() - back);
            let mut days = years.filter_map(|year| Date::new(year, month, day).ok());
            days.find(|day| *day <= today)
        }
        [year, ref rest @ ..] if year.len() == 4 && rest.len() <= 2 => {
            let mut rest = rest.iter().map(|part| part.parse());
            let mut next = || rest.next().unwrap_or(Ok(1)).ok();
            Date::new(year.parse().ok()?, next()?, next()?).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        // A Sunday.
        let today = Date::constant(2026, 3, 1);
        for (text, expected) in [
            ("2026-11-21", Some((2026, 11, 21))),
            ("2025-11", Some((2025, 11, 1))),
            ("2024", Some((2024, 1, 1))),
            ("today", Some((2026, 3, 1))),
            ("Yesterday", Some((2026, 2, 28))),
            ("7d", Some((2026, 2, 22))),
            ("2w", Some((2026, 2, 15))),
            ("3-1", Some((2026, 3, 1))),
            ("03-02", Some((2025, 3, 2))),
            ("02-29", Some((2024, 2, 29))),
            ("sunday", Some((2026, 3, 1))),
            ("Mon", Some((2026, 2, 23))),
            ("satur", Some((2026, 2, 28))),
            ("2026-13", None),
            ("2026-02-30", None),
            ("02-30", None),
            ("2026-11-21-1", None),
            ("21.11.2026", None),
            ("26", None),
            ("mo", None),
            ("mondays", None),
            ("99999d", None),
            ("", None),
            ("-", None),
            ("٢٠٢٦", None),
        ] {
            let expected = expected.map(|(y, m, d)| Date::constant(y, m, d));
            assert_eq!(day(text, today), expected, "{text}");
        }
        let tuesday = Date::constant(2026, 3, 3);
        assert_eq!(day("wed", tuesday), Some(Date::constant(2026, 2, 25)));
    }

    #[test]
    fn moments_are_in_the_time_zone_of_the_user() {
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        let millis = |text: &str| text.parse::<Moment>().unwrap().as_millisecond();
        let time = |text: &str| Timestamp(millis(text).cast_unsigned());
        let now = time("2026-07-01T23:30:00Z");
        for (text, expected) in [
            ("today", Some("2026-07-01T23:00:00Z")),
            ("2026-01-03 14:05", Some("2026-01-03T14:05:00Z")),
            ("2026-06-03  9:00", Some("2026-06-03T08:00:00Z")),
            ("0:15", Some("2026-07-01T23:15:00Z")),
            ("today 24:00", None),
            ("today 9:5", None),
            ("today 9", None),
            ("9:00 today", None),
            ("today 9:00 10:00", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(moment(text, now, &zone), expected.map(time), "{text}");
        }
        assert_eq!(moment("1969-01-01", now, &zone), Some(Timestamp(0)));
    }
}
