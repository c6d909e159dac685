//! Dates with a time, in the forms that logs and people write.

use core::time::Duration;

use jiff::civil::Date;

use super::clock::{Cursor, TimeOfDay, Zone};
use super::number::number;
use super::stamp::Rank;
use super::{TOO_LATE, Time};

/// English names of weekdays.
const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// Levels in the log of Python's stem, which writes the month first: `11/25/2026 10:00:00 [DEBUG] `.
const STEM_LEVELS: [&[u8]; 6] = [b" [TRACE] ", b" [DEBUG] ", b" [INFO] ", b" [NOTICE] ", b" [WARN] ", b" [ERROR] "];

impl Cursor<'_> {
    /// Parses a date and a time, in any order and with any separators that logs have. Returns the rank and the time. `None` for any
    /// other text: the cursor may then stand anywhere.
    pub(super) fn date_and_time(&mut self) -> Option<(Rank, Time)> {
        if self.0.first()?.is_ascii_digit() {
            self.maybe(Self::year_first)
                .or_else(|| self.maybe(Self::day_first))
                .or_else(|| self.maybe(Self::year_last))
                .or_else(|| self.maybe(Self::month_and_day))
        } else {
            self.maybe(Self::name_first)
        }
    }

    /// Parses `2026-11-25` in any of its forms.
    pub(super) fn iso_date(&mut self) -> Option<Date> {
        if let Some(digits) = self.maybe(|cursor| cursor.digits(8, 8)) {
            let yyyymmdd = number(digits)?;
            let (year, month, day) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
            return Date::new(year as i16, month as i8, day as i8).ok();
        }
        let year = self.year()?;
        let separator = self.byte(b"-/. ")?;
        let month = self.month_number_or_name()?;
        self.byte(&[separator])?;
        Date::new(year, month as i8, self.one_or_two_digits()? as i8).ok()
    }

    /// Parses a month: its number, or its name.
    fn month_number_or_name(&mut self) -> Option<u8> {
        if self.0.first()?.is_ascii_digit() { self.one_or_two_digits() } else { self.month() }
    }

    /// Parses `2026-11-25T10:00:00.5+01:00`.
    fn year_first(&mut self) -> Option<(Rank, Time)> {
        let date = self.iso_date()?;
        self.date_separator()?;
        let time = self.maybe(Self::time).or_else(|| self.compact_time())?;
        let zone = self.zone();
        self.at_boundary().then_some(())?;
        dated(date, time, zone)
    }

    /// Skips what separates a date and a time: one of `T_t-:`, or spaces.
    fn date_separator(&mut self) -> Option<()> {
        if self.maybe(|cursor| cursor.byte(b"T_t-:")).is_some() { Some(()) } else { self.spaces() }
    }

    /// Parses the time of `20261125T100000`.
    fn compact_time(&mut self) -> Option<TimeOfDay> {
        let hhmmss = number(self.digits(6, 6)?)?;
        let (hour, minute, second) = (hhmmss / 10_000, hhmmss / 100 % 100, hhmmss % 100);
        (hour < 24 && minute < 60 && second <= 60).then_some(TimeOfDay {
            hour: hour as u8,
            minute: minute as u8,
            // A leap second is read as 59.
            second: second.min(59) as u8,
            nanosecond: 0,
            has_seconds: true,
        })
    }

    /// Parses `25/Nov/2026:10:00:00 +0100`, or `25 Nov 2026 10:00:00`.
    fn day_first(&mut self) -> Option<(Rank, Time)> {
        let day = self.one_or_two_digits()?;
        let separator = self.byte(b"/- ")?;
        let month = self.month()?;
        self.after_month_and_day(month, day, &[separator])
    }

    /// Parses the text after a month and a day: the year and the time, in either order or without the year.
    fn after_month_and_day(&mut self, month: u8, day: u8, separator: &[u8]) -> Option<(Rank, Time)> {
        let year = self.maybe(|cursor| {
            cursor.byte(separator)?;
            cursor.maybe(Self::spaces);
            cursor.year()
        });
        if year.is_none() && self.0.first() == Some(&b':') {
            // The day is really an hour, such as the 10 of `Nov 10:00:00` in `25. Nov 10:00:00`.
            return None;
        }
        self.date_separator()?;
        let time = self.time()?;
        let zone = self.zone();
        let year = year.or_else(|| {
            self.maybe(|cursor| {
                cursor.spaces()?;
                let year = cursor.year()?;
                // Four digits may also be the number of a process.
                (cursor.word_ends() && (2000..2100).contains(&year)).then_some(year)
            })
        });
        // `date` writes the zone before the year, and `git` after it.
        let zone = zone.or_else(|| self.zone());
        self.at_boundary().then_some(())?;
        match year {
            Some(year) => dated(Date::new(year, month as i8, day as i8).ok()?, time, zone),
            None => yearless(month, day, time),
        }
    }

    /// Parses `11/25/2026 10:00:00`, `25/11/2026 10:00:00` or `25.11.2026 10:00:00`.
    fn year_last(&mut self) -> Option<(Rank, Time)> {
        let first = self.one_or_two_digits()?;
        let separator = self.byte(b"/.-")?;
        let second = self.one_or_two_digits()?;
        self.byte(&[separator])?;
        let year = self.year()?;
        self.maybe(|cursor| cursor.byte(b","));
        self.date_separator()?;
        let time = self.time()?;
        let zone = self.zone();
        self.at_boundary().then_some(())?;
        let is_stem = STEM_LEVELS.iter().any(|level| self.0.starts_with(level));
        let (month, day) = match separator {
            b'/' if is_stem => (first, second),
            // In the countries that write points, the day comes first.
            b'.' => (second, first),
            // No month is above 12, and for equal numbers the order does not matter.
            _ if second > 12 => (first, second),
            _ if first > 12 || first == second => (second, first),
            // Either number may be the month.
            _ => return Some((Rank::Clock, Time::Elapsed(time.since_midnight()))),
        };
        dated(Date::new(year, month as i8, day as i8).ok()?, time, zone)
    }

    /// Parses `11-25 10:00:00.412`, as Android writes it.
    fn month_and_day(&mut self) -> Option<(Rank, Time)> {
        let month = number(self.digits(2, 2)?)? as u8;
        self.byte(b"-")?;
        let day = number(self.digits(2, 2)?)? as u8;
        self.spaces()?;
        let time = self.time().filter(|time| time.has_seconds)?;
        self.at_boundary().then_some(())?;
        yearless(month, day, time)
    }

    /// Parses `Wed Nov 25 10:00:00 2026`, `Nov 25 10:00:00`, or `Wed, 25 Nov 2026 10:00:00 +0100`.
    fn name_first(&mut self) -> Option<(Rank, Time)> {
        let weekday = self.maybe(|cursor| {
            cursor.text(WEEKDAYS.iter().find(|name| cursor.0.starts_with(name))?)?;
            cursor.maybe(|cursor| cursor.byte(b","));
            cursor.spaces()
        });
        if weekday.is_some() && self.0.first()?.is_ascii_digit() {
            return self.maybe(Self::year_first).or_else(|| self.day_first());
        }
        let month = self.month()?;
        self.spaces()?;
        let day = self.one_or_two_digits()?;
        self.maybe(|cursor| cursor.byte(b","));
        self.after_month_and_day(month, day, b" ")
    }
}

/// Returns the time of a date with its year, and its rank.
fn dated(date: Date, time: TimeOfDay, zone: Option<Zone>) -> Option<(Rank, Time)> {
    let since_1970 = date.duration_since(Date::constant(1970, 1, 1));
    let (zone, kind): (_, fn(Duration) -> Time) = match zone.unwrap_or(Zone::UTC) {
        Zone::Offset(seconds) => (i64::from(seconds), Time::Unix),
        Zone::Unknown => (0, Time::Local),
    };
    let seconds = u64::try_from(since_1970.as_secs() - zone + time.since_midnight().as_secs() as i64).ok()?;
    (seconds < TOO_LATE).then_some((Rank::Date, kind(Duration::new(seconds, time.nanosecond))))
}

/// Returns the time of a date without a year, and its rank.
fn yearless(month: u8, day: u8, time: TimeOfDay) -> Option<(Rank, Time)> {
    // The year 2000 has a 29th of February, and stands for the unknown year.
    let days = Date::new(2000, month as i8, day as i8).ok()?.duration_since(Date::constant(2000, 1, 1));
    Some((Rank::Yearless, Time::Year(days.unsigned_abs() + time.since_midnight())))
}
