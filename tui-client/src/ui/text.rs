//! Drawing steps that all panes share: a row of text, times and dates. [`crate::cells`] measures text.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use recado_shared::Timestamp;

use super::clock::ClockFormat;
use crate::cells;

/// Draws safe text from a cell on, at most `max` cells. Returns the column after it.
pub(super) fn put(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    max: u16,
    safe: &str,
    style: Style,
) -> u16 {
    if !buffer.area.contains((x, y).into()) {
        return x;
    }
    if !cells::is_plain_ascii(safe) {
        return buffer.set_stringn(x, y, safe, max.into(), style).0;
    }
    // The same without a search for clusters, which takes most of the time of a frame.
    let room = max.min(buffer.area.right() - x).into();
    let len = safe.len().min(room);
    let start = buffer.index_of(x, y);
    for (cell, byte) in buffer.content[start..start + len]
        .iter_mut()
        .zip(safe.bytes())
    {
        cell.set_char(byte.into()).set_style(style);
    }
    x + u16::try_from(len).unwrap_or(max)
}

/// A row that is written from its ends.
pub(super) struct RowWriter<'a> {
    buffer: &'a mut Buffer,
    /// What is left of it.
    pub(super) rest: Rect,
}

impl<'a> RowWriter<'a> {
    pub(super) const fn new(buffer: &'a mut Buffer, rest: Rect) -> Self {
        Self { buffer, rest }
    }

    /// Draws safe text at the left end, cut where the row ends.
    pub(super) fn draw_left(&mut self, safe: &str, style: Style) {
        let Rect { x, y, width, .. } = self.rest;
        let end = put(self.buffer, (x, y), width, safe, style);
        self.skip(end - x);
    }

    /// Draws any text at the right end, truncated.
    pub(super) fn draw_right(&mut self, any: &str, style: Style) {
        let safe = cells::truncate(any, self.rest.width.into());
        self.shorten(columns(&safe));
        let at = (self.rest.right(), self.rest.y);
        put(self.buffer, at, u16::MAX, &safe, style);
    }

    /// Draws any text in what is left, truncated.
    pub(super) fn fill(&mut self, any: &str, style: Style) {
        let safe = cells::truncate(any, self.rest.width.into());
        self.draw_left(&safe, style);
    }

    /// Leaves columns out at the left end.
    pub(super) fn skip(&mut self, columns: u16) {
        self.rest = indent(self.rest, columns);
    }

    /// Leaves columns out at the right end.
    pub(super) fn shorten(&mut self, columns: u16) {
        self.rest.width = self.rest.width.saturating_sub(columns);
    }
}

/// An area without its first columns.
pub(super) fn indent(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect::new(area.x + columns, area.y, area.width - columns, area.height)
}

/// The rows of a text at a width, without the spaces at their ends.
pub(super) fn wrap_rows(text: &str, width: impl Into<usize>) -> impl Iterator<Item = &str> {
    let rows = cells::wrap(text, width.into()).into_iter();
    rows.map(|row| text[row].trim_end())
}

/// The width of safe text, saturating.
pub(super) fn columns(safe: &str) -> u16 {
    u16::try_from(cells::width(safe)).unwrap_or(u16::MAX)
}

/// One row of an area, counted from its top; empty below its bottom.
pub(super) fn row(area: Rect, at: u16) -> Rect {
    let height = u16::from(at < area.height);
    Rect::new(area.x, area.y + at.min(area.height), area.width, height)
}

/// A time in the user's zone; `None` for one that no calendar has.
pub(super) fn local(time: Timestamp, zone: &TimeZone) -> Option<DateTime> {
    let millis = i64::try_from(time.0).ok()?;
    let time = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(zone.to_datetime(time))
}

/// The time of day, or dashes without one.
pub(super) fn clock(time: Option<DateTime>, format: ClockFormat) -> String {
    time.map_or_else(
        || "--:--".to_owned(),
        |time| time.strftime(format.pattern()).to_string(),
    )
}

/// `Saturday 21 November`, with the year if it is another one than today's, short if room is.
pub(super) fn day(date: Date, today: Option<Date>, is_short: bool) -> String {
    let is_this_year = today.is_none_or(|today| today.year() == date.year());
    let format = match (is_short, is_this_year) {
        (true, true) => "%a %-d %b",
        (true, false) => "%-d %b %Y",
        (false, true) => "%A %-d %B",
        (false, false) => "%A %-d %B %Y",
    };
    date.strftime(format).to_string()
}

/// When something last happened, or will end, in at most seven cells: the time today, else the day.
pub(super) fn when(
    time: Timestamp,
    now: Timestamp,
    zone: &TimeZone,
    format: ClockFormat,
) -> String {
    let (Some(then), Some(now)) = (local(time, zone), local(now, zone)) else {
        return String::new();
    };
    let span = then.date().until(now.date());
    let days = span.map_or(i32::MAX, |span| span.get_days());
    match days {
        0 => clock(Some(then), format),
        -6..=6 => then.strftime("%a").to_string(),
        _ if then.year() == now.year() => then.strftime("%-d %b").to_string(),
        _ => then.year().to_string(),
    }
}

/// A time to the minute: with the day unless it is today, with the year unless it is this year.
pub(super) fn moment(
    time: Timestamp,
    now: Timestamp,
    zone: &TimeZone,
    format: ClockFormat,
) -> String {
    let (Some(then), Some(now)) = (local(time, zone), local(now, zone)) else {
        return String::new();
    };
    let day = match (then.date() == now.date(), then.year() == now.year()) {
        (true, _) => "",
        (false, true) => "%a %-d %b ",
        (false, false) => "%-d %b %Y ",
    };
    let format = format!("{day}{}", format.pattern());
    then.strftime(&format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let time: jiff::Timestamp = text.parse().unwrap();
        Timestamp(time.as_millisecond().try_into().unwrap())
    }

    #[test]
    fn times_are_shown_as_far_as_they_matter() {
        let now = at("2026-11-21T09:44:00Z");
        for (time, shown) in [
            ("2026-11-21T09:02:00Z", "09:02"),
            ("2026-11-20T23:59:00Z", "Fri"),
            ("2026-11-15T12:00:00Z", "Sun"),
            ("2026-11-14T12:00:00Z", "14 Nov"),
            ("2025-12-31T12:00:00Z", "2025"),
        ] {
            assert_eq!(
                when(at(time), now, &TimeZone::UTC, ClockFormat::Hours24),
                shown,
                "{time}"
            );
        }
        assert_eq!(
            when(
                Timestamp(u64::MAX),
                now,
                &TimeZone::UTC,
                ClockFormat::Hours24
            ),
            ""
        );
    }

    #[test]
    fn moments_name_the_day_where_it_is_another_one() {
        let now = at("2026-11-21T09:44:00Z");
        for (time, shown) in [
            ("2026-11-21T09:02:00Z", "09:02"),
            ("2026-11-20T23:59:00Z", "Fri 20 Nov 23:59"),
            ("2025-12-31T12:00:00Z", "31 Dec 2025 12:00"),
        ] {
            assert_eq!(
                moment(at(time), now, &TimeZone::UTC, ClockFormat::Hours24),
                shown,
                "{time}"
            );
        }
        assert_eq!(
            moment(
                Timestamp(u64::MAX),
                now,
                &TimeZone::UTC,
                ClockFormat::Hours24
            ),
            ""
        );
    }

    #[test]
    fn times_of_12_hours_say_which_half_of_the_day() {
        let now = at("2026-11-21T23:44:00Z");
        for (time, shown) in [
            ("2026-11-21T00:02:00Z", "12:02am"),
            ("2026-11-21T09:41:00Z", "9:41am"),
            ("2026-11-21T12:00:00Z", "12:00pm"),
            ("2026-11-21T23:59:00Z", "11:59pm"),
        ] {
            let format = ClockFormat::Hours12;
            assert_eq!(when(at(time), now, &TimeZone::UTC, format), shown, "{time}");
            assert!(shown.len() <= format.width().into());
        }
        let time = at("2026-11-20T23:59:00Z");
        let shown = moment(time, now, &TimeZone::UTC, ClockFormat::Hours12);
        assert_eq!(shown, "Fri 20 Nov 11:59pm");
    }

    #[test]
    fn a_row_below_an_area_is_empty() {
        let area = Rect::new(1, 1, 5, 2);
        assert_eq!(row(area, 1), Rect::new(1, 2, 5, 1));
        assert_eq!(row(area, 7).height, 0);
    }
}
