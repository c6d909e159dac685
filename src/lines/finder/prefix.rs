//! Log prefixes without a format: the dates and times that a log writes before each reply.

use core::time::Duration;

use super::reply;

/// Maximum length of a prefix of dates and times, in bytes. OnionPerf, a tool that measures tor, writes 34.
const MAX_LEN: usize = 64;

/// A kind of words in dates that consist of letters. A [`LogFormat`](crate::LogFormat) with a month matches any other month,
/// but no weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lines) enum DateWord {
    /// A month.
    Month,
    /// A weekday.
    Weekday,
    /// AM or PM.
    AmPm,
    /// A time zone: the same in each line of a log, so in a [`LogFormat`](crate::LogFormat) it matches only itself.
    Zone,
}

impl DateWord {
    /// Returns the kind of `word`. `None` for any other word.
    pub(in crate::lines) const fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"Jan" | b"Feb" | b"Mar" | b"Apr" | b"May" | b"Jun" => Self::Month,
            b"Jul" | b"Aug" | b"Sep" | b"Oct" | b"Nov" | b"Dec" => Self::Month,
            b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun" => Self::Weekday,
            b"AM" | b"PM" => Self::AmPm,
            b"UTC" | b"GMT" => Self::Zone,
            _ => return None,
        })
    }
}

/// Returns the length of the dates and times before the reply in `line`: 0 if the line begins with its reply. `None`
/// without one.
///
/// If several codes have only words of dates before them, the last one begins the reply: a log may number its lines, or
/// write milliseconds as a word of their own.
pub(super) fn len(line: &[u8]) -> Option<usize> {
    let (mut at, mut last_reply) = (0, None);
    loop {
        let rest = line.get(at..).unwrap_or_default();
        if reply::separator(rest).is_some() {
            last_reply = Some(at);
        }
        // The word and the space after it have to end within the maximum, so `at` never passes it.
        match date_word_len(rest.get(..MAX_LEN - at).unwrap_or(rest)) {
            Some(len) => at += len,
            None => return last_reply,
        }
    }
}

/// Returns the length of the word of a date or time that `text` begins with, the spaces or the TAB after it included:
/// digits with other bytes of times, or a [`DateWord`].
fn date_word_len(text: &[u8]) -> Option<usize> {
    let (mut len, mut classes) = (0, 0);
    for &byte in text {
        let class = time_class(byte);
        if class == 0 {
            break;
        }
        classes |= class;
        len += 1;
    }
    if classes & DIGIT == 0 {
        len = text.iter().position(|&byte| byte == b' ' || byte == b'\t')?;
        DateWord::of(text.get(..len)?)?;
    }
    match text.get(len..)? {
        [b'\t', ..] => Some(len + 1),
        [b' ', rest @ ..] => Some(len + 1 + rest.iter().take_while(|&&byte| byte == b' ').count()),
        _ => None,
    }
}

/// Bit of a class: the byte can be part of a date or time in digits.
const OF_TIMES: u8 = 0b01;
/// Bit of a class: the byte is a digit.
const DIGIT: u8 = 0b10;

/// Returns the class of a byte in dates and times of digits. 0 if the byte cannot be part of one.
#[inline]
fn time_class(byte: u8) -> u8 {
    const CLASSES: [u8; 256] = classes(&[(b"+,-./:TZ[]_", OF_TIMES), (b"0123456789", OF_TIMES | DIGIT)]);
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Returns a table with the class of each byte: that of the last list that holds it, or 0.
pub(super) const fn classes<const N: usize>(lists: &[(&[u8], u8); N]) -> [u8; 256] {
    let mut table = [0; 256];
    let mut lists: &[(&[u8], u8)] = lists;
    while let [(bytes, class), rest @ ..] = lists {
        let mut bytes = *bytes;
        while let [byte, rest @ ..] = bytes {
            let (_, from) = table.split_at_mut(*byte as usize);
            if let [entry, ..] = from {
                *entry = *class;
            }
            bytes = rest;
        }
        lists = rest;
    }
    table
}

/// Returns the Unix time in a prefix, as [`EventLine::unix_time`](crate::EventLine::unix_time) describes it. The prefix may
/// also be the text before a reply in a log with a format.
///
/// A number of fewer than nine digits without a fraction is no Unix time: some logs write milliseconds as a third word.
pub(in crate::lines) fn unix_time(prefix: &[u8]) -> Option<Duration> {
    let (_date, rest) = split_word(prefix)?;
    let (_time, rest) = split_word(rest)?;
    let (unix, rest) = split_word(rest)?;
    let point = unix.iter().position(|&byte| byte == b'.').unwrap_or(unix.len());
    let (seconds, fraction) = unix.split_at_checked(point)?;
    let fraction = fraction.strip_prefix(b".").unwrap_or(b"0");
    // Missing digits are zeros.
    let zeros = b"000000000".get(fraction.len()..)?;
    let nanoseconds = number(fraction.iter().chain(zeros))?;
    let has_point = point < unix.len();
    let is_time = rest.is_empty() && !seconds.is_empty() && (has_point || seconds.len() >= 9) && !fraction.is_empty();
    let nanoseconds = Duration::from_nanos(nanoseconds);
    Duration::from_secs(number(seconds)?).checked_add(nanoseconds).filter(|_| is_time)
}

/// Parses decimal digits.
fn number<'a>(digits: impl IntoIterator<Item = &'a u8>) -> Option<u64> {
    digits.into_iter().try_fold(0_u64, |number, digit| {
        let value = digit.is_ascii_digit().then_some(digit & 0xf)?;
        number.checked_mul(10)?.checked_add(value.into())
    })
}

/// Splits off a word and the space after it.
fn split_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = text.split_at_checked(memchr::memchr(b' ', text)?)?;
    Some((word, rest.strip_prefix(b" ")?))
}

#[cfg(test)]
mod tests {
    use super::len;

    #[test]
    fn dates_and_times_before_a_reply() {
        for (prefix, is_prefix) in [
            ("", true),
            ("2019-01-31 11:29:51 1548934191.51 ", true),
            ("Wed Nov 25 10:00:00 2026  ", true),
            ("[2026-11-25T11:00:00 +0100]\t", true),
            ("10:00:00 AM UTC ", true),
            // Several codes: the last one counts.
            ("2026-11-25 10:00:00 250 ", true),
            // Other words, no space after the last one, a time without a digit, more than 64 bytes.
            ("Nov 25 gw ", false),
            ("[25/Nov/2026:11:00:00 +0100] ", false),
            ("10:00:00", false),
            (":: ", false),
            (" ", false),
            ("1111111111 2222222222 3333333333 4444444444 5555555555 6666666666 ", false),
        ] {
            let line = alloc::format!("{prefix}650 BW 1 2");
            assert_eq!(len(line.as_bytes()), is_prefix.then_some(prefix.len()), "{line}");
        }
        assert_eq!(len(b"2026-11-25 10:00:00 note"), None);
    }
}
