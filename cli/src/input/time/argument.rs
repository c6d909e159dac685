//! Times of the command line.

use core::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use super::TOO_LATE;
use super::clock::Cursor;
use super::number::{decimal, unix_number};

/// First number of more than ten digits, which is not taken for seconds: `@` before it makes it so.
const END_OF_SECONDS: u64 = 10_000_000_000;

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

/// Parses a time of the command line, relative to `now`. The forms are tried in turn: Unix time behind `@`, a date and a time, a
/// date, Unix time, a time of today in UTC, a word, and a span of time ago.
fn argument_at(text: &str, now: Timestamp) -> Option<Duration> {
    let bytes = text.as_bytes();
    if let Some(unix) = bytes.strip_prefix(b"@") {
        return decimal(unix).filter(|time| time.as_secs() < TOO_LATE);
    }
    let mut cursor = Cursor(bytes);
    if let Some((_, time)) = cursor.date_and_time().filter(|_| cursor.0.is_empty()) {
        return time.unix();
    }
    let mut cursor = Cursor(bytes);
    if let Some(date) = cursor.iso_date().filter(|_| cursor.0.is_empty()) {
        return unix(date.to_datetime(jiff::civil::Time::midnight()));
    }
    // Fourteen digits are a date and a time: Unix time has not so many in any of its units.
    if bytes.len() == 14 && bytes.iter().all(u8::is_ascii_digit) {
        let (date, time) = text.split_at_checked(8)?;
        return argument_at(&format!("{date}T{time}"), now);
    }
    if let Some(time) = unix_number(bytes).or_else(|| decimal(bytes)) {
        // Four digits are more likely a year, and twelve a date and a time without seconds.
        return Some(time).filter(|time| bytes.len() != 4 && time.as_secs() < END_OF_SECONDS);
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
        // A span in the future.
        _ if text.starts_with('+') => None,
        _ => unix(now.checked_sub(text.parse::<Span>().ok()?.abs()).ok()?),
    }
}

/// Returns the Unix time of a date and time in UTC.
fn unix(time: DateTime) -> Option<Duration> {
    Offset::UTC.to_timestamp(time).ok()?.as_duration().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("20261125T100000", Some((1_795_600_800, 0))),
            ("20261125100000", Some((1_795_600_800, 0))),
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
            // Has 14 bytes, as a date and a time in digits have.
            ("30 minutes ago", Some((1_795_600_800 - 1800, 0))),
            ("-2h", Some((1_795_600_800 - 7200, 0))),
            ("1 day ago", Some((1_795_600_800 - day, 0))),
            ("1 week", Some((1_795_600_800 - 7 * day, 0))),
            ("1 month ago", Some((1_795_600_800 - 31 * day, 0))),
            ("now", Some((1_795_600_800, 0))),
            ("today", Some((1_795_600_800 - 10 * 3600, 0))),
            ("yesterday", Some((1_795_600_800 - 10 * 3600 - day, 0))),
            ("09:30", Some((1_795_600_800 - 1800, 0))),
            ("2026", None),
            ("202611251000", None),
            ("20261325100000", None),
            ("@253402207201", None),
            ("99999999999999999999", None),
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
