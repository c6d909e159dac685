//! The time in a prefix: the text that a log writes before an event.

use core::time::Duration;

use tor_stream_event::EventLine;

use super::clock::Cursor;
use super::number::{YEAR_2000, decimal, number_len, unix_number};
use super::{BEYOND, DAY, Time, onionperf};

/// The time in a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp<'a> {
    /// A time, and its text.
    Time(Time, &'a [u8]),
    /// A number after a date that should be Unix time, but is after the year 9999.
    Beyond,
}

/// Kinds of times in a prefix. If there are several times, the first one of the kind that is listed first counts.
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
                Rank::Unix => unix = unix.or(Some(Self::Time(time, text))),
                Rank::Date if unix.is_none() => match unix_after_date(prefix, at + len, time) {
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

/// Returns the time with the lower rank, and the first of two that are equal.
fn better<'a>(found: Option<Candidate<'a>>, next: Candidate<'a>) -> Option<Candidate<'a>> {
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
    (seconds.as_secs() >= YEAR_2000 || is_same_day()).then_some(Stamp::Time(Time::Unix(seconds), word))
}

/// Returns the time that `rest` begins with, its rank and its length. `before` is the byte before it.
fn stamp_at(prefix: &[u8], before: Option<u8>, rest: &[u8]) -> Option<(Rank, Time, usize)> {
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
    let is_first = prefix.iter().position(|byte| !b" \t[(".contains(byte)) == prefix.len().checked_sub(rest.len());
    let is_fraction = word.contains(&b'.') || word.contains(&b',');
    let seconds = decimal(word).filter(|_| is_first && is_fraction)?;
    Some((Rank::Clock, Time::Elapsed(seconds), len))
}
