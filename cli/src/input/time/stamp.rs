//! The time in a prefix: the text that a log writes before an event.

use core::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use tor_stream_event::EventLine;

use super::clock::Cursor;
use super::number::{decimal, number_len, unix_number};
use super::{DAY, TOO_LATE, Time, onionperf};

/// The best time in a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp<'a> {
    /// A time, and its text.
    Time(Time, &'a [u8]),
    /// A number with a fraction after a date, where OnionPerf writes Unix time, that is [too late](TOO_LATE) for a date: one of
    /// the two is wrong, and it is not known which.
    TooLate,
}

/// Rank of a time in a prefix, the best one first. Of times with the same rank, the first one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Unix time.
    Unix,
    /// A date with a year.
    Date,
    /// A date without a year.
    Yearless,
    /// A time of day, or seconds since the start.
    Clock,
}

/// A time in a prefix, and its text.
type Candidate<'a> = (Rank, Time, &'a [u8]);

impl<'a> Stamp<'a> {
    /// Returns the best time before the event in a line. `None` if there is none.
    pub(crate) fn of_line(line: &EventLine<'a>) -> Option<Self> {
        if let Some(unix) = onionperf(line) {
            let words = line.prefix.trim_ascii_end();
            let last = words.iter().rposition(|&byte| byte == b' ')? + 1;
            return Some(Self::Time(Time::Unix(unix), words.get(last..)?));
        }
        Self::in_prefix(line.prefix)
    }

    /// Returns `true` if the text of a Unix time is the number of its seconds, in a form that JSON allows: it can be printed as it is.
    pub(crate) fn is_decimal(text: &str, time: Duration) -> bool {
        let is_plain = !text.contains(',') && !matches!(text.as_bytes(), [b'0', b'0'..=b'9', ..]);
        is_plain && decimal(text.as_bytes()) == Some(time)
    }

    /// Finds the best time in the text before an event: dates and times only, or any text that `--prefix` sets. `None` if there is
    /// none.
    ///
    /// Unix time has the best rank, then the first date with a year, the first one without, and the first time of day.
    /// Seconds with a fraction at the start of the prefix are those since the start of the log.
    ///
    /// A whole number beside another time is Unix time only if the two agree: threads have numbers as large as Unix time, on
    /// 64-bit systems also as large as milliseconds and microseconds.
    pub(crate) fn in_prefix(prefix: &'a [u8]) -> Option<Self> {
        // The Unix time with a fraction, or too late; a whole number; and the best of all other times.
        let (mut unix, mut whole, mut other) = (None, None, None);
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
                Rank::Unix if has_fraction(text) => unix = unix.or(Some(Self::Time(time, text))),
                Rank::Unix => whole = whole.or(Some((rank, time, text))),
                Rank::Date if unix.is_none() => {
                    unix = number_after_date(prefix, at + len, time);
                    other = better(other, (rank, time, text));
                }
                _ => other = better(other, (rank, time, text)),
            }
            at += len;
        }
        let whole = whole.filter(|&(_, number, _)| other.is_none_or(|(_, time, _)| agree(number, time)));
        unix.or(whole.or(other).map(|(_, time, text)| Self::Time(time, text)))
    }
}

/// Returns `true` if a number has a fraction.
fn has_fraction(number: &[u8]) -> bool {
    number.iter().any(|byte| b".,".contains(byte))
}

/// Returns `true` if Unix time may be the moment of another time, which may be that of any time zone.
fn agree(unix: Time, other: Time) -> bool {
    /// Number of seconds that the offsets of all time zones are multiples of.
    const OFFSET_STEP: u64 = 900;
    /// Maximum distance of a day of a year: one for the zone, and one for a leap day.
    const NEAR_DAYS: u64 = 2;
    /// Maximum distance of a time of day in seconds: it may be printed a moment before or after the number.
    const NEAR_SECONDS: u64 = 2;

    let Some(unix) = unix.unix().map(|unix| unix.as_secs()) else { return false };
    // Both numbers repeat after the period, so its end is near its start.
    let are_near = |a: u64, b: u64, period: u64, limit: u64| {
        let apart = a.abs_diff(b) % period;
        apart.min(period - apart) <= limit
    };
    match other {
        Time::Unix(other) | Time::Local(other) => unix.abs_diff(other.as_secs()) <= DAY,
        Time::Year(other) => day_of_year(unix).is_some_and(|day| are_near(day, other.as_secs() / DAY, 366, NEAR_DAYS)),
        Time::Elapsed(other) => are_near(unix, other.as_secs(), OFFSET_STEP, NEAR_SECONDS),
    }
}

/// Returns the day of the year of a Unix time in seconds, from 0.
fn day_of_year(unix: u64) -> Option<u64> {
    let time = Timestamp::from_second(unix.try_into().ok()?).ok()?;
    (Offset::UTC.to_datetime(time).day_of_year() - 1).try_into().ok()
}

/// Returns the time with the better rank, and the first of two with the same one.
fn better<'a>(found: Option<Candidate<'a>>, next: Candidate<'a>) -> Option<Candidate<'a>> {
    Some(found.filter(|found| found.0 <= next.0).unwrap_or(next))
}

/// Returns the Unix time that OnionPerf writes after a date and a time, also on a clock that was never set and begins in 1970: a
/// word that is a number with a fraction, on the same day. [`Stamp::TooLate`] for such a number that is too late for a date,
/// and `None` for any other word: a number without a fraction may be that of a process or of a thread.
fn number_after_date(prefix: &[u8], end: usize, date: Time) -> Option<Stamp<'_>> {
    let rest = prefix.get(end..)?;
    let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
    let word = rest.get(spaces..).filter(|_| spaces > 0)?;
    let word = word.get(..word.iter().position(|&byte| byte == b' ').unwrap_or(word.len()))?;
    let seconds = decimal(word).filter(|_| has_fraction(word))?;
    if seconds.as_secs() >= TOO_LATE {
        return Some(Stamp::TooLate);
    }
    // The date may be that of any time zone.
    let is_same_day = date.unix().is_some_and(|date| date.abs_diff(seconds) < Duration::from_secs(DAY));
    is_same_day.then_some(Stamp::Time(Time::Unix(seconds), word))
}

/// Returns the time that `rest` begins with, its rank and its length. `before` is the byte before it.
fn stamp_at(prefix: &[u8], before: Option<u8>, rest: &[u8]) -> Option<(Rank, Time, usize)> {
    let is_inside_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b".,-/_+".contains(&byte));
    if is_inside_word || !rest.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let mut cursor = Cursor(rest);
    if let Some((rank, time)) = cursor.date_and_time() {
        return Some((rank, time, rest.len() - cursor.0.len()));
    }
    let len = number_len(rest);
    let word = rest.get(..len)?;
    if let Some(time) = unix_number(word) {
        return Some((Rank::Unix, Time::Unix(time), len));
    }
    // The number may be a port, or the end of an address.
    if before == Some(b':') {
        return None;
    }
    let mut cursor = Cursor(rest);
    if let Some(time) = cursor.time().filter(|time| time.has_seconds && cursor.at_boundary()) {
        return Some((Rank::Clock, Time::Elapsed(time.since_midnight()), rest.len() - cursor.0.len()));
    }
    // At the start of a prefix, only blanks and opening brackets come before the number.
    let before_rest = prefix.get(..prefix.len() - rest.len())?;
    let is_first = before_rest.iter().all(|byte| b" \t[(".contains(byte));
    let seconds = decimal(word).filter(|_| is_first && has_fraction(word))?;
    Some((Rank::Clock, Time::Elapsed(seconds), len))
}
