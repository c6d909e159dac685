//! Times: those that a log writes before its events, and those of the command line.

use core::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use tor_stream_event::EventLine;

/// The time of an event in a log.
///
/// Two times can be subtracted if they are of the same kind, as all times of a log are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Time {
    /// Unix time, of a log that has it, or from a date with its year. A date without an offset is read as UTC.
    Unix(Duration),
    /// Time since the beginning of an unknown year: syslog's dates have none.
    Year(Duration),
    /// Time since 1970 on a clock of unknown zone: `date` prints `CET`, which does not name a place.
    Local(Duration),
    /// Time since an unknown moment: the start of the log, of the system, or of a day.
    Since(Duration),
}

/// The time in a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp<'a> {
    /// A time, and its text.
    Time(Time, &'a [u8]),
    /// A number after a date that should be Unix time, but is after the year 9999.
    Beyond,
}

/// First second that no date can be printed for, at the end of the year 9999. A number from here on is not Unix time:
/// most likely its unit is another one.
const BEYOND: u64 = 253_402_207_201;

/// First second of the year 2000. A number alone is read as Unix time from here on: smaller ones are numbers of
/// processes and lines, and of threads if they are read as microseconds. There was no tor before.
const FIRST: u64 = 946_684_800;

/// Number of seconds of a day.
const DAY: u64 = 86_400;

/// Index of the first day of March in a leap year, from 0.
const MARCH: u64 = 60;

impl Time {
    /// Returns the time before the event in a line, if there is one.
    #[inline]
    pub(crate) fn of(line: &EventLine<'_>) -> Option<Self> {
        if let Some(unix) = onionperf(line) {
            return Some(Self::Unix(unix));
        }
        match Stamp::of(line.prefix)? {
            Stamp::Time(time, _) => Some(time),
            Stamp::Beyond => None,
        }
    }

    /// Returns the Unix time, if it is known.
    pub(crate) fn unix(self) -> Option<Duration> {
        match self {
            Self::Unix(time) => Some(time),
            _ => None,
        }
    }

    /// Returns the time that passed since an earlier one. `None` if `earlier` is later, or of another kind.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        let (later, earlier) = match (self, earlier) {
            (Self::Unix(later), Self::Unix(earlier))
            | (Self::Local(later), Self::Local(earlier))
            | (Self::Since(later), Self::Since(earlier)) => (later, earlier),
            (Self::Year(later), Self::Year(earlier)) => {
                // The number of days between them depends on the year, if they have the end of February between them.
                let march = Duration::from_secs(MARCH * DAY);
                ((earlier < march) == (later < march)).then_some((later, earlier))?
            }
            _ => return None,
        };
        later.checked_sub(earlier)
    }
}

/// Returns the Unix time in a prefix such as OnionPerf's: `2019-01-31 11:29:51 1548934191.51 `.
///
/// This is the form of most logs, so no other form is tried first.
#[inline]
fn onionperf(line: &EventLine<'_>) -> Option<Duration> {
    let unix = line.unix_time().filter(|unix| (FIRST..BEYOND).contains(&unix.as_secs()))?;
    let is_date = matches!(line.prefix, [_, _, _, _, b'-', _, _, b'-', _, _, b' ', _, _, b':', _, _, b':', ..]);
    is_date.then_some(unix)
}

impl<'a> Stamp<'a> {
    /// Returns the time before the event in a line.
    pub(crate) fn of_line(line: &EventLine<'a>) -> Option<Self> {
        if let Some(unix) = onionperf(line) {
            let words = line.prefix.trim_ascii_end();
            let last = words.iter().rposition(|&byte| byte == b' ')? + 1;
            return Some(Self::Time(Time::Unix(unix), words.get(last..)?));
        }
        Self::of(line.prefix)
    }

    /// Returns `true` if a text is a time in seconds already, in the form of a JSON number.
    pub(crate) fn is_decimal(text: &str, time: Duration) -> bool {
        let is_plain = !text.contains(',') && !matches!(text.as_bytes(), [b'0', b'0'..=b'9', ..]);
        is_plain && decimal(text.as_bytes()) == Some(time)
    }

    /// Finds the time in the text before an event: dates and times only, or any text that `--prefix` sets.
    ///
    /// Unix time has the first rank, then the first date with a year, the first one without, and the first time of day.
    /// Seconds with a fraction at the start are those since the start of the log.
    pub(crate) fn of(prefix: &'a [u8]) -> Option<Self> {
        let (mut unix, mut other) = (None, None);
        let mut at = 0;
        while let Some(rest) = prefix.get(at..) {
            let before = at.checked_sub(1).and_then(|at| prefix.get(at)).copied();
            let Some((rank, time, len)) = stamp_at(prefix, before, rest) else {
                match rest.first() {
                    Some(_) => at += 1,
                    None => break,
                }
                continue;
            };
            let text = rest.get(..len).unwrap_or_default();
            match rank {
                UNIX => unix = unix.or(Some(Self::Time(time, text))),
                DATE if unix.is_none() => match unix_after_date(prefix, at + len, time) {
                    Some(found) => unix = Some(found),
                    None => other = better(other, (rank, time, text)),
                },
                _ => other = better(other, (rank, time, text)),
            }
            at += len;
        }
        unix.or(other.map(|(_, time, text)| Self::Time(time, text)))
    }
}

/// Rank of Unix time.
const UNIX: u8 = 0;
/// Rank of a date with a year.
const DATE: u8 = 1;
/// Rank of a date without a year.
const YEARLESS: u8 = 2;
/// Rank of a time of day, and of seconds since the start.
const CLOCK: u8 = 3;

/// Returns the time with the lower rank, and the first of two that are equal.
fn better<'a>(found: Option<(u8, Time, &'a [u8])>, next: (u8, Time, &'a [u8])) -> Option<(u8, Time, &'a [u8])> {
    Some(found.filter(|found| found.0 <= next.0).unwrap_or(next))
}

/// Returns the Unix time that OnionPerf writes after a date and a time: a number as a word, on the same day or on one
/// of its own. Any other number is that of a process.
fn unix_after_date(prefix: &[u8], end: usize, date: Time) -> Option<Stamp<'_>> {
    let rest = prefix.get(end..)?;
    let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
    let word = rest.get(spaces..).filter(|_| spaces > 0)?;
    let word = word.get(..word.iter().position(|&byte| byte == b' ').unwrap_or(word.len()))?;
    let seconds = decimal(word)?;
    if seconds.as_secs() >= BEYOND {
        return Some(Stamp::Beyond);
    }
    // The date may be that of any time zone.
    let is_same_day = || date.unix().is_some_and(|date| date.abs_diff(seconds) < Duration::from_secs(DAY));
    (seconds.as_secs() >= FIRST || is_same_day()).then_some(Stamp::Time(Time::Unix(seconds), word))
}

/// Returns the time that `rest` begins with, its rank and its length. `before` is the byte before it.
fn stamp_at(prefix: &[u8], before: Option<u8>, rest: &[u8]) -> Option<(u8, Time, usize)> {
    let is_inside = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b".,-/_+".contains(&byte));
    if is_inside || !rest.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let mut cursor = Cursor(rest);
    if let Some((rank, time)) = cursor.date_and_time() {
        return Some((rank, time, rest.len() - cursor.0.len()));
    }
    let len = number_len(rest);
    let word = rest.get(..len)?;
    if let Some(time) = unix_number(word) {
        return Some((UNIX, Time::Unix(time), len));
    }
    // The number may be a port, or the end of an address.
    if before == Some(b':') {
        return None;
    }
    let mut cursor = Cursor(rest);
    if let Some(time) = cursor.time().filter(|time| time.has_seconds && cursor.at_boundary()) {
        return Some((CLOCK, Time::Since(time.since_midnight()), rest.len() - cursor.0.len()));
    }
    let is_first = prefix.iter().position(|byte| !b" \t[(".contains(byte)) == prefix.len().checked_sub(rest.len());
    let is_fraction = word.contains(&b'.') || word.contains(&b',');
    let seconds = decimal(word).filter(|_| is_first && is_fraction)?;
    Some((CLOCK, Time::Since(seconds), len))
}

/// Returns the length of the number that a word is, with or without a fraction. 0 for any other word: a number, unlike
/// an address, is followed by the end of a word.
fn number_len(text: &[u8]) -> usize {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let fraction = match text.get(whole..) {
        Some([b'.' | b',', fraction @ ..]) if whole > 0 => digits(fraction),
        _ => 0,
    };
    let len = if fraction > 0 { whole + 1 + fraction } else { whole };
    match text.get(len..) {
        None | Some([] | [b',' | b':' | b';']) => len,
        Some([b',' | b':' | b';', next, ..]) if b" \t\"'".contains(next) => len,
        Some([next, ..]) if b" \t])}>|\"'".contains(next) => len,
        Some(_) => 0,
    }
}

/// Returns the Unix time that a number alone is, in seconds, milliseconds, microseconds or nanoseconds. The number of
/// its digits decides the unit, for all times from 2000 to 2286.
fn unix_number(word: &[u8]) -> Option<Duration> {
    let time = decimal(word)?;
    let seconds = time.as_secs();
    let divisor: u128 = match seconds {
        FIRST..10_000_000_000 => return Some(time),
        946_684_800_000..10_000_000_000_000 => 1_000,
        946_684_800_000_000..10_000_000_000_000_000 => 1_000_000,
        946_684_800_000_000_000..10_000_000_000_000_000_000 => 1_000_000_000,
        _ => return None,
    };
    let nanoseconds = time.as_nanos() / divisor;
    Some(Duration::new((nanoseconds / 1_000_000_000) as u64, (nanoseconds % 1_000_000_000) as u32))
}

/// Returns the exact seconds of a decimal number, cut at nanoseconds. `None` for any other text.
fn decimal(word: &[u8]) -> Option<Duration> {
    let point = word.iter().position(|byte| b".,".contains(byte)).unwrap_or(word.len());
    let (whole, fraction) = word.split_at_checked(point)?;
    let seconds = number(whole)?;
    let nanoseconds = match fraction {
        [] => 0,
        [_, digits @ ..] => nanoseconds(digits)?,
    };
    Some(Duration::new(seconds, nanoseconds))
}

/// Returns the number of decimal digits. `None` for any other text, and for a number that is too large.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = digit.is_ascii_digit().then_some(digit & 0xf)?;
        number.checked_mul(10)?.checked_add(value.into())
    })
}

/// Returns the nanoseconds of the digits after a point.
fn nanoseconds(digits: &[u8]) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let digits = digits.iter().copied().chain(core::iter::repeat(b'0')).take(9);
    is_number.then(|| digits.fold(0, |number, digit| 10 * number + u32::from(digit & 0xf)))
}

/// English names of months, as logs shorten them.
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// English names of weekdays.
const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// Levels in the log of Python's stem.
const STEM_LEVELS: [&[u8]; 6] = [b" [TRACE] ", b" [DEBUG] ", b" [INFO] ", b" [NOTICE] ", b" [WARN] ", b" [ERROR] "];

/// A time of day.
#[derive(Clone, Copy)]
struct TimeOfDay {
    /// The hour.
    hour: u8,
    /// The minute.
    minute: u8,
    /// The second; a leap second is read as 59.
    second: u8,
    /// The fraction of the second, in nanoseconds.
    nanosecond: u32,
    /// Set if the text has seconds.
    has_seconds: bool,
}

impl TimeOfDay {
    /// Returns the time since midnight.
    fn since_midnight(self) -> Duration {
        let seconds = 3600 * u64::from(self.hour) + 60 * u64::from(self.minute) + u64::from(self.second);
        Duration::new(seconds, self.nanosecond)
    }
}

/// A zone, as written after a time.
#[derive(Clone, Copy)]
enum Zone {
    /// Seconds to the east of UTC; 0 without a zone.
    Offset(i32),
    /// Letters of an unknown offset.
    Unknown,
}

/// The rest of a text with a date.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Skips a byte that is one of these.
    fn byte(&mut self, bytes: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        bytes.contains(&first).then_some(first)
    }

    /// Skips a text.
    fn text(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Skips one or more spaces.
    fn spaces(&mut self) -> Option<()> {
        self.byte(b" ")?;
        while self.0.first() == Some(&b' ') {
            self.byte(b" ");
        }
        Some(())
    }

    /// Skips all digits that follow, between `least` and `most` of them.
    fn digits(&mut self, least: usize, most: usize) -> Option<&'a [u8]> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        (least..=most).contains(&len).then_some(digits)
    }

    /// Parses a number of one or two digits.
    fn small(&mut self) -> Option<u8> {
        number(self.digits(1, 2)?)?.try_into().ok()
    }

    /// Parses a year of four digits.
    fn year(&mut self) -> Option<i16> {
        number(self.digits(4, 4)?)?.try_into().ok()
    }

    /// Parses the name of a month, and returns its number from 1.
    fn month(&mut self) -> Option<u8> {
        let index = MONTHS.iter().position(|name| self.0.starts_with(name))?;
        self.text(MONTHS.get(index)?)?;
        self.word_ends().then_some(index as u8 + 1)
    }

    /// Runs a step, and stays at its place if the step fails.
    fn maybe<T>(&mut self, step: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = *self;
        let found = step(self);
        if found.is_none() {
            *self = before;
        }
        found
    }

    /// Returns `true` if no letter or digit follows.
    fn word_ends(self) -> bool {
        !self.0.first().is_some_and(u8::is_ascii_alphanumeric)
    }

    /// Returns `true` if a time may end here.
    fn at_boundary(self) -> bool {
        let goes_on = matches!(self.0, [b':' | b'-' | b'.' | b'/', next, ..] if next.is_ascii_alphanumeric());
        self.word_ends() && !goes_on
    }

    /// Parses a time of day, and AM or PM after it.
    fn time(&mut self) -> Option<TimeOfDay> {
        let mut hour = self.small()?;
        self.byte(b":")?;
        let minute = number(self.digits(2, 2)?)? as u8;
        let second = self.maybe(|cursor| {
            cursor.byte(b":")?;
            Some(number(cursor.digits(2, 2)?)? as u8)
        });
        let fraction = self.maybe(|cursor| {
            cursor.byte(b".,").filter(|_| second.is_some())?;
            nanoseconds(cursor.digits(1, usize::MAX)?)
        });
        let half = self.maybe(Self::half_of_day);
        if let Some(half) = half {
            (1..=12).contains(&hour).then_some(())?;
            hour = hour % 12 + if half == b'P' { 12 } else { 0 };
        }
        (hour < 24 && minute < 60 && second.unwrap_or(0) <= 60).then_some(())?;
        Some(TimeOfDay {
            hour,
            minute,
            second: second.unwrap_or(0).min(59),
            nanosecond: fraction.unwrap_or(0),
            has_seconds: second.is_some(),
        })
    }

    /// Parses `PM`, ` p.m.` and the like, and returns the first letter in upper case. A no-break space may come before
    /// it, as browsers and Java write it.
    fn half_of_day(&mut self) -> Option<u8> {
        let is_unbroken =
            ["\u{202f}", "\u{a0}"].iter().any(|space| self.maybe(|cursor| cursor.text(space.as_bytes())).is_some());
        if !is_unbroken {
            self.maybe(Self::spaces);
        }
        let half = self.byte(b"APap")?.to_ascii_uppercase();
        let has_point = self.maybe(|cursor| cursor.byte(b".")).is_some();
        self.byte(b"Mm")?;
        if has_point {
            self.byte(b".")?;
        }
        self.word_ends().then_some(half)
    }

    /// Parses a zone, if there is one: `Z`, an offset, or letters.
    fn zone(&mut self) -> Zone {
        let zone = self.maybe(|cursor| {
            let is_apart = cursor.maybe(Self::spaces).is_some();
            if let Some(name) =
                ZONES.iter().chain(&[b"UTC".as_slice(), b"GMT", b"Z"]).find(|name| cursor.0.starts_with(name))
            {
                cursor.text(name)?;
                if let (b"UTC" | b"GMT", [b'+' | b'-', b'0'..=b'9', ..]) = (*name, cursor.0) {
                    // Letters without a known offset are at least not UTC.
                    return Some(cursor.maybe(Self::offset_of_name).unwrap_or(Zone::Unknown));
                }
                let is_utc = matches!(*name, b"UTC" | b"GMT" | b"Z");
                return cursor.word_ends().then_some(if is_utc { Zone::Offset(0) } else { Zone::Unknown });
            }
            let sign = if cursor.byte(b"+-")? == b'-' { -1 } else { 1 };
            let digits = cursor.digits(2, 4)?;
            let minutes = cursor.maybe(|cursor| {
                cursor.byte(b":")?;
                number(cursor.digits(2, 2)?)
            });
            let (hours, minutes) = match (digits, minutes) {
                ([_, _], Some(minutes)) => (number(digits)?, minutes),
                ([_, _, _, _], None) => (number(digits)? / 100, number(digits)? % 100),
                // Two digits after a space may be anything.
                ([_, _], None) if !is_apart => (number(digits)?, 0),
                _ => return None,
            };
            let is_offset = hours <= 14 && minutes < 60 && cursor.word_ends();
            is_offset.then_some(Zone::Offset(sign * (3600 * hours + 60 * minutes) as i32))
        });
        zone.unwrap_or(Zone::Offset(0))
    }

    /// Parses the offset of `GMT+0100`, `GMT+1` and `UTC-03:30`, after the name.
    fn offset_of_name(&mut self) -> Option<Zone> {
        let sign = if self.byte(b"+-")? == b'-' { -1 } else { 1 };
        let digits = self.digits(1, 4)?;
        let minutes = self.maybe(|cursor| {
            cursor.byte(b":")?;
            number(cursor.digits(2, 2)?)
        });
        let (hours, minutes) = match (digits.len(), minutes) {
            (1 | 2, minutes) => (number(digits)?, minutes.unwrap_or(0)),
            (4, None) => (number(digits)? / 100, number(digits)? % 100),
            _ => return None,
        };
        let is_offset = hours <= 14 && minutes < 60 && self.word_ends();
        is_offset.then_some(Zone::Offset(sign * (3600 * hours + 60 * minutes) as i32))
    }

    /// Parses a date and a time, in any order and with any separators that logs have. Returns the rank and the time.
    fn date_and_time(&mut self) -> Option<(u8, Time)> {
        if self.0.first()?.is_ascii_digit() {
            self.maybe(Self::year_first)
                .or_else(|| self.maybe(Self::day_first))
                .or_else(|| self.maybe(Self::year_last))
                .or_else(|| self.maybe(Self::month_and_day))
        } else {
            self.maybe(Self::names)
        }
    }

    /// Parses `2026-11-25` in any of its forms.
    fn iso_date(&mut self) -> Option<Date> {
        if let Some(digits) = self.maybe(|cursor| cursor.digits(8, 8)) {
            let number = number(digits)?;
            let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
            return Date::new(year as i16, month as i8, day as i8).ok();
        }
        let year = self.year()?;
        let between = self.byte(b"-/. ")?;
        let month = if between == b'.' || between == b'/' { self.small()? } else { self.small_or_month()? };
        self.byte(&[between])?;
        Date::new(year, month as i8, self.small()? as i8).ok()
    }

    /// Parses a month: its number, or its name.
    fn small_or_month(&mut self) -> Option<u8> {
        if self.0.first()?.is_ascii_digit() { self.small() } else { self.month() }
    }

    /// Parses `2026-11-25T10:00:00.5+01:00`.
    fn year_first(&mut self) -> Option<(u8, Time)> {
        let date = self.iso_date()?;
        self.between()?;
        let time = self.maybe(Self::time).or_else(|| self.compact_time())?;
        let zone = self.zone();
        self.at_boundary().then_some(())?;
        dated(date, time, zone)
    }

    /// Skips the sign, or the spaces, between a date and a time.
    fn between(&mut self) -> Option<()> {
        if self.maybe(|cursor| cursor.byte(b"T_t-:")).is_some() { Some(()) } else { self.spaces() }
    }

    /// Parses the time of `20261125T100000`.
    fn compact_time(&mut self) -> Option<TimeOfDay> {
        let number = number(self.digits(6, 6)?)?;
        let (hour, minute, second) = (number / 10_000, number / 100 % 100, number % 100);
        (hour < 24 && minute < 60 && second <= 60).then_some(TimeOfDay {
            hour: hour as u8,
            minute: minute as u8,
            second: second.min(59) as u8,
            nanosecond: 0,
            has_seconds: true,
        })
    }

    /// Parses `25/Nov/2026:10:00:00 +0100`, or `25 Nov 2026 10:00:00`.
    fn day_first(&mut self) -> Option<(u8, Time)> {
        let day = self.small()?;
        let between = self.byte(b"/- ")?;
        let month = self.month()?;
        self.month_known(month, day, &[between])
    }

    /// Parses the text after a month and a day: the year and the time, in either order or without the year.
    fn month_known(&mut self, month: u8, day: u8, between: &[u8]) -> Option<(u8, Time)> {
        let year = self.maybe(|cursor| {
            cursor.byte(between)?;
            cursor.maybe(Self::spaces);
            cursor.year().filter(|_| matches!(cursor.0.first(), Some(b' ' | b':' | b'T' | b'_')))
        });
        if year.is_none() && self.0.first() == Some(&b':') {
            // The number after the month is the hour, as in `25. Nov 10:00:00`.
            return None;
        }
        self.between()?;
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
        self.at_boundary().then_some(())?;
        match year {
            Some(year) => dated(Date::new(year, month as i8, day as i8).ok()?, time, zone),
            None => yearless(month, day, time),
        }
    }

    /// Parses `11/25/2026 10:00:00`, `25/11/2026 10:00:00` or `25.11.2026 10:00:00`.
    fn year_last(&mut self) -> Option<(u8, Time)> {
        let first = self.small()?;
        let between = self.byte(b"/.-")?;
        let second = self.small()?;
        self.byte(&[between])?;
        let year = self.year()?;
        self.maybe(|cursor| cursor.byte(b","));
        self.between()?;
        let time = self.time()?;
        let zone = self.zone();
        self.at_boundary().then_some(())?;
        let is_stem = STEM_LEVELS.iter().any(|level| self.0.starts_with(level));
        let (month, day) = match between {
            b'/' if is_stem || (second > 12 && first <= 12) => (first, second),
            b'.' => (second, first),
            _ if first > 12 || first == second => (second, first),
            // Either number may be the month.
            _ => return Some((CLOCK, Time::Since(time.since_midnight()))),
        };
        dated(Date::new(year, month as i8, day as i8).ok()?, time, zone)
    }

    /// Parses `11-25 10:00:00.412`, as Android writes it.
    fn month_and_day(&mut self) -> Option<(u8, Time)> {
        let month = number(self.digits(2, 2)?)? as u8;
        self.byte(b"-")?;
        let day = number(self.digits(2, 2)?)? as u8;
        self.spaces()?;
        let time = self.time().filter(|time| time.has_seconds)?;
        self.at_boundary().then_some(())?;
        yearless(month, day, time)
    }

    /// Parses `Wed Nov 25 10:00:00 2026`, `Nov 25 10:00:00`, or `Wed, 25 Nov 2026 10:00:00 +0100`.
    fn names(&mut self) -> Option<(u8, Time)> {
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
        let day = self.small()?;
        self.maybe(|cursor| cursor.byte(b","));
        self.month_known(month, day, b" ")
    }
}

/// Abbreviations of time zones, most of which stand for several.
#[rustfmt::skip]
const ZONES: [&[u8]; 28] = [
    b"CEST", b"CET", b"EEST", b"EET", b"WEST", b"WET", b"BST", b"IST", b"MSK", b"EST", b"EDT", b"CST", b"CDT", b"MST",
    b"MDT", b"PST", b"PDT", b"JST", b"KST", b"HKT", b"SGT", b"AEST", b"AEDT", b"ACST", b"AWST", b"NZST", b"NZDT", b"SAST",
];

/// Returns the time of a date with its year, and its rank.
fn dated(date: Date, time: TimeOfDay, zone: Zone) -> Option<(u8, Time)> {
    let since_1970 = date.duration_since(Date::constant(1970, 1, 1));
    let (zone, kind): (_, fn(Duration) -> Time) = match zone {
        Zone::Offset(seconds) => (i64::from(seconds), Time::Unix),
        Zone::Unknown => (0, Time::Local),
    };
    let seconds = u64::try_from(since_1970.as_secs() - zone + time.since_midnight().as_secs() as i64).ok()?;
    (seconds < BEYOND).then_some((DATE, kind(Duration::new(seconds, time.nanosecond))))
}

/// Returns the time of a date without a year, and its rank.
fn yearless(month: u8, day: u8, time: TimeOfDay) -> Option<(u8, Time)> {
    // The year 2000 is a leap year.
    let days = Date::new(2000, month as i8, day as i8).ok()?.duration_since(Date::constant(2000, 1, 1));
    Some((YEARLESS, Time::Year(days.unsigned_abs() + time.since_midnight())))
}

/// Parses a time of the command line, as Unix time.
///
/// # Errors
///
/// If the text is not a time, with examples.
pub(crate) fn argument(text: &str) -> Result<Duration, String> {
    argument_at(text.trim(), Timestamp::now()).ok_or_else(|| {
        let examples = "2026-11-22, '2026-11-22 19:54', 2026-11-22T19:54:00+01:00, 1795600800.5, 1h or '2 hours ago'";
        format!("not a time such as {examples}")
    })
}

/// Parses a time of the command line, relative to `now`.
fn argument_at(text: &str, now: Timestamp) -> Option<Duration> {
    let bytes = text.as_bytes();
    if let Some(unix) = bytes.strip_prefix(b"@") {
        return decimal(unix);
    }
    let mut cursor = Cursor(bytes);
    if let Some((_, time)) = cursor.date_and_time().filter(|_| cursor.0.is_empty()) {
        return time.unix();
    }
    let mut cursor = Cursor(bytes);
    if let Some(date) = cursor.iso_date().filter(|_| cursor.0.is_empty()) {
        return unix(date.to_datetime(jiff::civil::Time::midnight()));
    }
    if let Some(seconds) = unix_number(bytes).or_else(|| decimal(bytes)) {
        // Four digits are more likely to be a year.
        return Some(seconds).filter(|_| bytes.len() != 4);
    }
    let now = Offset::UTC.to_datetime(now);
    let mut cursor = Cursor(bytes);
    if let Some(time) = cursor.time().filter(|_| cursor.0.is_empty()) {
        return unix(now.date().to_datetime(jiff::civil::Time::midnight()))?.checked_add(time.since_midnight());
    }
    match text {
        "now" => unix(now),
        "today" => unix(now.start_of_day()),
        "yesterday" => unix(now.yesterday().ok()?.start_of_day()),
        _ if text.starts_with('+') => None,
        _ => unix(now.checked_sub(text.parse::<Span>().ok()?.abs()).ok()?),
    }
}

/// Returns the Unix time of a date and time in UTC.
fn unix(time: DateTime) -> Option<Duration> {
    Offset::UTC.to_timestamp(time).ok()?.as_duration().try_into().ok()
}

/// Returns Unix time as a date and time in UTC, to the second. `None` after the year 9999.
pub(crate) fn rfc3339(time: Duration) -> Option<String> {
    let second = time.as_secs().try_into().ok()?;
    Some(Timestamp::from_second(second).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the kind and the seconds of the time in a prefix, with the text that it was read from.
    fn found(prefix: &str) -> String {
        let (kind, time, text) = match Stamp::of(prefix.as_bytes()) {
            Some(Stamp::Time(Time::Unix(time), text)) => ("unix", time, text),
            Some(Stamp::Time(Time::Year(time), text)) => ("year", time, text),
            Some(Stamp::Time(Time::Local(time), text)) => ("local", time, text),
            Some(Stamp::Time(Time::Since(time), text)) => ("since", time, text),
            Some(Stamp::Beyond) => return "beyond".into(),
            None => return "none".into(),
        };
        let fraction = format!("{:09}", time.subsec_nanos());
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{kind} {}{point}{fraction} of {}", time.as_secs(), text.escape_ascii())
    }

    #[test]
    fn times_in_prefixes() {
        for (prefix, expected) in [
            // Unix time.
            ("1795600800 ", "unix 1795600800 of 1795600800"),
            ("1795600800.50\t", "unix 1795600800.5 of 1795600800.50"),
            ("1795600800,123456789 ", "unix 1795600800.123456789 of 1795600800,123456789"),
            ("1795600804250 ", "unix 1795600804.25 of 1795600804250"),
            ("1795600804250.5 ", "unix 1795600804.2505 of 1795600804250.5"),
            ("1795600804250001 ", "unix 1795600804.250001 of 1795600804250001"),
            ("1795600804250000001 ", "unix 1795600804.250000001 of 1795600804250000001"),
            ("(1795600800.5) can0 ", "unix 1795600800.5 of 1795600800.5"),
            ("{\"ts\":1795600800.5,\"line\":\"", "unix 1795600800.5 of 1795600800.5"),
            ("tor.log:12:1795600800: ", "unix 1795600800 of 1795600800"),
            // OnionPerf and OnionTrace: local time, then Unix time.
            ("2026-11-25 11:00:00 1795600800.50 ", "unix 1795600800.5 of 1795600800.50"),
            ("2026-11-25 10:00:00 1795600800.000000 [message] [_log] Logger: ", "unix 1795600800 of 1795600800.000000"),
            ("1970-01-01 00:00:05 5.25 ", "unix 5.25 of 5.25"),
            ("2019-01-31 11:29:51 1548934191510 ", "beyond"),
            ("2019-01-31 11:29:51 811 ", "unix 1548934191 of 2019-01-31 11:29:51"),
            ("2019-01-31 11:29:51 1476 1515 ", "unix 1548934191 of 2019-01-31 11:29:51"),
            // Dates.
            ("2026-11-25 10:00:00 ", "unix 1795600800 of 2026-11-25 10:00:00"),
            ("2026-11-25 10:00:00,703 ", "unix 1795600800.703 of 2026-11-25 10:00:00,703"),
            ("2026-11-25 10:00 ", "unix 1795600800 of 2026-11-25 10:00"),
            ("2026-11-25_10:00:00.12345 ", "unix 1795600800.12345 of 2026-11-25_10:00:00.12345"),
            ("2026-11-25T10:00:00Z ", "unix 1795600800 of 2026-11-25T10:00:00Z"),
            ("2026-11-25T11:00:00.5+01:00 ", "unix 1795600800.5 of 2026-11-25T11:00:00.5+01:00"),
            ("2026-11-25T04:30:00-0530 ", "unix 1795600800 of 2026-11-25T04:30:00-0530"),
            ("2026-11-25 11:00:00 +0100 ", "unix 1795600800 of 2026-11-25 11:00:00 +0100"),
            ("2026-11-25T11:00:00+01 ", "unix 1795600800 of 2026-11-25T11:00:00+01"),
            ("2026-11-25T11:00:00+0100 gateway torwatch[811]: ", "unix 1795600800 of 2026-11-25T11:00:00+0100"),
            ("2026-11-25 10:00:00 UTC ", "unix 1795600800 of 2026-11-25 10:00:00 UTC"),
            ("2026-11-25 10:00:00 - INFO - ", "unix 1795600800 of 2026-11-25 10:00:00"),
            ("20261125T100000Z ", "unix 1795600800 of 20261125T100000Z"),
            ("20261125 10:00:00 ", "unix 1795600800 of 20261125 10:00:00"),
            ("FILTER 2026/11/25 10:00:00 A<-T: [", "unix 1795600800 of 2026/11/25 10:00:00"),
            ("2026.11.25 10:00:00 ", "unix 1795600800 of 2026.11.25 10:00:00"),
            ("2026 Nov 25 10:00:00 ", "unix 1795600800 of 2026 Nov 25 10:00:00"),
            ("Wed Nov 25 10:00:00 2026 ", "unix 1795600800 of Wed Nov 25 10:00:00 2026"),
            ("Sun Nov  1 10:00:00 2026 ", "unix 1793527200 of Sun Nov  1 10:00:00 2026"),
            ("Wed Nov 25 10:00:00 UTC 2026 ", "unix 1795600800 of Wed Nov 25 10:00:00 UTC 2026"),
            ("Wed 25 Nov 2026 10:00:00 AM UTC ", "unix 1795600800 of Wed 25 Nov 2026 10:00:00 AM UTC"),
            ("Wed, 25 Nov 2026 11:00:00 +0100 ", "unix 1795600800 of Wed, 25 Nov 2026 11:00:00 +0100"),
            ("DEBUG[Wed Nov 25 10:00:00 2026]: ", "unix 1795600800 of Wed Nov 25 10:00:00 2026"),
            ("[25/Nov/2026:11:00:00 +0100] ", "unix 1795600800 of 25/Nov/2026:11:00:00 +0100"),
            ("25-Nov-2026 10:00:00.000 ", "unix 1795600800 of 25-Nov-2026 10:00:00.000"),
            ("Nov 25, 2026 10:00:00 AM ", "unix 1795600800 of Nov 25, 2026 10:00:00 AM"),
            ("Nov 25 2026 10:00:00 PM ", "unix 1795644000 of Nov 25 2026 10:00:00 PM"),
            ("11/25/2026 12:00:00 AM ", "unix 1795564800 of 11/25/2026 12:00:00 AM"),
            ("11/25/2026 10:00:00 [TRACE] read from tor: ", "unix 1795600800 of 11/25/2026 10:00:00"),
            ("12/11/2026 10:00:00 [DEBUG] read from tor: ", "unix 1796983200 of 12/11/2026 10:00:00"),
            ("[25/11/2026 10:00:00,25] ", "unix 1795600800.25 of 25/11/2026 10:00:00,25"),
            ("11.12.2026 10:00:00 ", "unix 1796983200 of 11.12.2026 10:00:00"),
            ("2016-12-31 23:59:60 ", "unix 1483228799 of 2016-12-31 23:59:60"),
            ("12:2026-11-25 10:00:00 ", "unix 1795600800 of 2026-11-25 10:00:00"),
            // A date in parts only: durations.
            ("Nov 25 10:00:00 ", "year 28461600 of Nov 25 10:00:00"),
            ("Nov 25 10:00:00 gateway torwatch[811]: ", "year 28461600 of Nov 25 10:00:00"),
            ("Nov  5 10:00:00.123456 ", "year 26733600.123456 of Nov  5 10:00:00.123456"),
            ("11-25 10:00:00.412  1476  1515 D TorControl: ", "year 28461600.412 of 11-25 10:00:00.412"),
            ("Nov 25 10:00:00 1476 1515 ", "year 28461600 of Nov 25 10:00:00"),
            ("Wed Nov 25 11:00:00 CET 2026 ", "local 1795604400 of Wed Nov 25 11:00:00 CET 2026"),
            ("2026-11-25 11:00:00 EST ", "local 1795604400 of 2026-11-25 11:00:00 EST"),
            // Output of JavaScript's `Date`.
            ("Wed Nov 25 2026 11:00:00 GMT+0100 (CET) ", "unix 1795600800 of Wed Nov 25 2026 11:00:00 GMT+0100"),
            ("11/25/2026, 11:00:00 AM GMT+1 ", "unix 1795600800 of 11/25/2026, 11:00:00 AM GMT+1"),
            ("2026-11-25 06:30:00 UTC-03:30 ", "unix 1795600800 of 2026-11-25 06:30:00 UTC-03:30"),
            ("2026-11-25 11:00:00 UTC+x ", "unix 1795604400 of 2026-11-25 11:00:00 UTC"),
            ("2026-11-25 11:00:00 GMT+99 ", "local 1795604400 of 2026-11-25 11:00:00 GMT"),
            // Halves of days, in all spellings.
            ("[10:00:00 pm] ", "since 79200 of 10:00:00 pm"),
            ("11/25/2026 10:00:00 p.m. gw: ", "unix 1795644000 of 11/25/2026 10:00:00 p.m."),
            ("11/25/2026, 10:00:00\u{202f}PM ", "unix 1795644000 of 11/25/2026, 10:00:00\\xe2\\x80\\xafPM"),
            ("12:00:01\u{a0}a.m. ", "since 1 of 12:00:01\\xc2\\xa0a.m."),
            ("10:00:00 pmd[8]: ", "since 36000 of 10:00:00"),
            // An hour is no day.
            ("Mi 25. Nov 10:00:00 CET 2026 ", "since 36000 of 10:00:00"),
            ("Nov 10:00:00 ", "since 36000 of 10:00:00"),
            ("12/11/2026 10:00:00 ", "since 36000 of 12/11/2026 10:00:00"),
            ("00:00:04 ", "since 4 of 00:00:04"),
            ("10:00:00.883  D  ", "since 36000.883 of 10:00:00.883"),
            ("nov.-25 10:00:00.636 [TorControlParser] DEBUG o.b.n.tor.Tor: ", "since 36000.636 of 10:00:00.636"),
            ("4.750000 ", "since 4.75 of 4.750000"),
            ("[   12.345678] ", "since 12.345678 of 12.345678"),
            // No times.
            ("", "none"),
            ("1476 1515 ", "none"),
            ("12:", "none"),
            ("     12\t", "none"),
            ("tor-1  | ", "none"),
            ("127.000.000.001.09051-127.000.000.001.48374: ", "none"),
            ("127.0.0.1 ", "none"),
            ("127.0.0.1:9051 ", "none"),
            ("[2001:10:20:30::1]:443 ", "none"),
            ("2001:db8::10:20:30 ", "none"),
            ("0.4.9.11 ", "none"),
            ("tor 0.4: ", "none"),
            ("140234567890432 ", "none"),
            ("999999999999999999999999999999 ", "none"),
            ("2026-13-25 10:00:00x ", "none"),
            ("2026-02-30 25:00:00 ", "none"),
            ("1969-12-31 23:59:59 ", "since 86399 of 23:59:59"),
        ] {
            assert_eq!(found(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        let pieces = [
            "2026",
            "-11",
            "25",
            " ",
            ":",
            "10:00:00",
            "Nov",
            "\t",
            ".5",
            "+01:00",
            "1795600800",
            "\u{e9}",
            "[",
            "Wed",
            "0",
        ];
        let mut state = 1_u32;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..state % 9 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text += pieces[(state >> 16) as usize % pieces.len()];
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if let Some(Stamp::Time(time, found)) = Stamp::of(text.as_bytes()) {
                assert!(!found.is_empty() && time.since(time) == Some(Duration::ZERO), "{text}");
            }
        }
    }

    #[test]
    fn what_passed_between_two_times() {
        let time = |prefix: &str| match Stamp::of(prefix.as_bytes()) {
            Some(Stamp::Time(time, _)) => time,
            other => panic!("{other:?}"),
        };
        for (earlier, later, expected) in [
            ("1795600800.5 ", "2026-11-25 10:00:09 ", Some(8.5)),
            ("Nov 30 23:59:59 ", "Dec  1 00:00:01 ", Some(2.0)),
            ("Feb 28 23:59:59 ", "Mar  1 00:00:01 ", None),
            ("Dec 31 23:59:59 ", "Jan  1 00:00:01 ", None),
            ("00:00:04 ", "00:00:08 ", Some(4.0)),
            ("23:59:59 ", "00:00:01 ", None),
            ("Wed Nov 25 11:00:00 CET 2026 ", "Wed Nov 25 11:00:02 CET 2026 ", Some(2.0)),
            ("Wed Nov 25 11:00:00 CET 2026 ", "2026-11-25 11:00:00 ", None),
            ("0.5 ", "Nov 30 23:59:59 ", None),
        ] {
            let since = time(later).since(time(earlier));
            assert_eq!(since.map(|time| time.as_secs_f64()), expected, "{earlier} {later}");
        }
    }

    #[test]
    fn times_of_the_command_line() {
        let now = Timestamp::from_second(1_795_600_800).unwrap();
        let day = 86_400;
        for (text, expected) in [
            ("1548934191.99", Some((1_548_934_191, 990_000_000))),
            ("1548934191.000000001", Some((1_548_934_191, 1))),
            ("1548934191", Some((1_548_934_191, 0))),
            ("1548934191510", Some((1_548_934_191, 510_000_000))),
            ("0", Some((0, 0))),
            ("@2026", Some((2026, 0))),
            ("2026-11-22", Some((1_795_600_800 - 10 * 3600 - 3 * day, 0))),
            ("20261122", Some((1_795_600_800 - 10 * 3600 - 3 * day, 0))),
            ("2026-11-25 10:00", Some((1_795_600_800, 0))),
            ("2026-11-25 10:00:00.25", Some((1_795_600_800, 250_000_000))),
            ("2026-11-25T10:00:00Z", Some((1_795_600_800, 0))),
            ("2026-11-25T11:00:00+01:00", Some((1_795_600_800, 0))),
            ("2026-11-25 11:00 +0100", Some((1_795_600_800, 0))),
            ("Wed Nov 25 10:00:00 UTC 2026", Some((1_795_600_800, 0))),
            ("1h", Some((1_795_600_800 - 3600, 0))),
            ("90m", Some((1_795_600_800 - 5400, 0))),
            ("1h30m", Some((1_795_600_800 - 5400, 0))),
            ("2 hours ago", Some((1_795_600_800 - 7200, 0))),
            ("-2h", Some((1_795_600_800 - 7200, 0))),
            ("1 day ago", Some((1_795_600_800 - day, 0))),
            ("1 week", Some((1_795_600_800 - 7 * day, 0))),
            ("1 month ago", Some((1_795_600_800 - 31 * day, 0))),
            ("now", Some((1_795_600_800, 0))),
            ("today", Some((1_795_600_800 - 10 * 3600, 0))),
            ("yesterday", Some((1_795_600_800 - 10 * 3600 - day, 0))),
            ("09:30", Some((1_795_600_800 - 1800, 0))),
            ("2026", None),
            ("", None),
            ("soon", None),
            ("+1h", None),
            ("2026-13-01", None),
            ("2026-11-25 10:00:00 CET", None),
            ("Nov 25 10:00:00", None),
            ("12/11/2026 10:00:00", None),
            ("-5", None),
            ("1e9", None),
            ("NaN", None),
        ] {
            let expected = expected.map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds));
            assert_eq!(argument_at(text, now), expected, "{text}");
        }
    }
}
