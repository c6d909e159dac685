//! Log prefixes: the text, such as a date and time, that a log writes before each reply.

use core::time::Duration;

use super::format::LogFormat;

/// Maximum length of a prefix of dates and times. OnionPerf's has 34 bytes.
pub(super) const MAX_LEN: usize = 64;

/// Words of dates that are letters, by class. A log's month changes to another month, but to no weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A month.
    Month,
    /// A weekday.
    Weekday,
    /// AM or PM.
    HalfDay,
    /// A time zone. Unlike the others it does not change within a log.
    Zone,
}

impl Name {
    /// Returns the class of the name that `word` is.
    pub(super) const fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"Jan" | b"Feb" | b"Mar" | b"Apr" | b"May" | b"Jun" => Self::Month,
            b"Jul" | b"Aug" | b"Sep" | b"Oct" | b"Nov" | b"Dec" => Self::Month,
            b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun" => Self::Weekday,
            b"AM" | b"PM" => Self::HalfDay,
            b"UTC" | b"GMT" => Self::Zone,
            _ => return None,
        })
    }
}

/// Returns the character behind the reply code that `line` begins with: a space, `-`, or `+` for a reply with data.
///
/// Only tor's codes count: in a log any other number of three digits is text, such as a line's number or a HTTP status.
#[inline]
pub(super) const fn reply(line: &[u8]) -> Option<u8> {
    match *line {
        [b'6', b'5', b'0', kind @ (b' ' | b'-' | b'+'), ..] => Some(kind),
        [b'2', b'5', b'0' | b'1', kind @ (b' ' | b'-' | b'+'), ..] => Some(kind),
        [b'5', b'1' | b'5', b'0'..=b'5', kind @ (b' ' | b'-' | b'+'), ..] => Some(kind),
        [b'4', b'5', b'1', kind @ (b' ' | b'-' | b'+'), ..] => Some(kind),
        [b'5', b'0', b'0', kind @ (b' ' | b'-' | b'+'), ..] => Some(kind),
        _ => None,
    }
}

/// Returns the length of the dates and times before the reply in `line`: 0 if it begins with one. `None` without a reply.
///
/// Of several codes that only words of dates stand before, the last one begins the reply: a log may number its lines, or
/// write milliseconds as a word of their own.
pub(super) fn len(line: &[u8]) -> Option<usize> {
    let (mut at, mut found) = (0, None);
    loop {
        let rest = line.get(at..).unwrap_or_default();
        if reply(rest).is_some() {
            found = Some(at);
        }
        match word(rest.get(..MAX_LEN - at).unwrap_or(rest)) {
            Some(len) => at += len,
            None => return found,
        }
    }
}

/// Returns the length of the word of a date or time that `text` begins with, the spaces or the TAB behind it included.
fn word(text: &[u8]) -> Option<usize> {
    let (mut len, mut has_digit) = (0, false);
    for byte in text {
        match byte {
            b'0'..=b'9' => has_digit = true,
            b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'T' | b'Z' | b'[' | b']' | b'_' => {}
            _ => break,
        }
        len += 1;
    }
    if !has_digit {
        len = text.iter().position(|&byte| byte == b' ' || byte == b'\t')?;
        Name::of(text.get(..len)?)?;
    }
    match text.get(len..)? {
        [b'\t', ..] => Some(len + 1),
        [b' ', rest @ ..] => Some(len + 1 + rest.iter().take_while(|&&byte| byte == b' ').count()),
        _ => None,
    }
}

/// Pattern of the last event's prefix, digits aside, and of the text behind its reply. The lines that follow nearly always
/// fit it, and are compared with it eight bytes at a time.
///
/// Before you change this: a line that fits has to be exactly what the slow search in [`LineFinder`](super::finder::LineFinder)
/// would make of it. That rests on three facts. Dates and formats alike match runs of digits whatever their values are, so
/// that two prefixes that differ only in these are both prefixes, of the same length. A format's `before` does not end with a
/// digit, so that no digit of a reply code joins its last run. And in a line without a format the reply begins no further to
/// the right: [`is_event`](Self::is_event) answers only where no word of a date follows the code.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Length of the prefix.
    len: usize,
    /// Length of the text behind the reply.
    after_len: usize,
    /// The prefix, eight bytes to a word.
    words: [Word; Self::WORDS],
}

/// Eight bytes of a shape.
#[derive(Clone, Copy, Debug)]
struct Word {
    /// The bytes, with a zero for each digit.
    bytes: u64,
    /// Mask of the bits that are the same in every prefix of this shape. Empty behind the prefix.
    same: u64,
    /// Mask of the bits that make the value of a digit.
    value: u64,
}

impl Word {
    /// Returns zero if eight bytes fit this word.
    #[inline]
    fn differences(&self, chunk: &[u8]) -> u64 {
        let bits = chunk.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk)) ^ self.bytes;
        // A value from 10 up carries into the next bit when 6 is added.
        let carries = ((bits & self.value) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
        (bits & self.same) | carries
    }
}

impl Shape {
    /// Number of words. A prefix that is longer than those has no shape.
    const WORDS: usize = 10;
    /// Number of words that are always compared: enough for dates and times.
    const FIRST_WORDS: usize = 5;

    /// Returns the shape of no prefix.
    pub(super) const fn none() -> Self {
        Self { len: 0, after_len: 0, words: [Word { bytes: 0, same: 0, value: 0 }; Self::WORDS] }
    }

    /// Returns the shape of the prefix of this length that `line` begins with, in a log that writes `after_len` bytes
    /// behind the reply. `None` if the prefix is too long.
    #[cold]
    pub(super) fn new(line: &[u8], len: usize, after_len: usize) -> Option<Self> {
        if len > 8 * Self::WORDS {
            return None;
        }
        let mut shape = Self { len, after_len, ..Self::none() };
        for (index, &byte) in line.iter().take(len).enumerate() {
            let (byte, same, value) = if byte.is_ascii_digit() { (b'0', 0xf0, 0x0f) } else { (byte, 0xff, 0) };
            if let Some(word) = shape.words.get_mut(index / 8) {
                let place = 8 * (index % 8);
                word.bytes |= u64::from(byte) << place;
                word.same |= same << place;
                word.value |= value << place;
            }
        }
        Some(shape)
    }

    /// Returns the length of the prefix.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the length of the text behind the reply.
    #[inline]
    pub(super) const fn after_len(&self) -> usize {
        self.after_len
    }

    /// Returns whether `line` is an event, if a prefix of this shape and a reply with code 650 and without data begin it, and
    /// the text that `format` has behind a reply ends it.
    #[inline]
    pub(super) fn is_event(&self, line: &[u8], format: Option<&LogFormat>) -> Option<bool> {
        let reply = line.get(self.len..line.len().saturating_sub(self.after_len))?;
        let start = reply.first_chunk::<8>()?;
        let is_event = start == b"650 STRE" && reply.starts_with(super::MARK);
        let is_other = || match start {
            // No word of a date begins so: names of months and weekdays have a small letter second.
            [b'6', b'5', b'0', b' ' | b'-', first @ b'A'..=b'Z', second @ b'A'..=b'Z', ..] => {
                !matches!((first, second), (b'T' | b'Z', _) | (_, b'M') | (b'U', b'T'))
            }
            _ => false,
        };
        let fits = (is_event || is_other())
            && (self.len == 0 || self.fits(line))
            && (self.after_len == 0 || format.is_some_and(|format| line.ends_with(format.after())));
        fits.then_some(is_event)
    }

    /// Returns `true` if `line` begins with a prefix of this shape.
    #[inline]
    fn fits(&self, line: &[u8]) -> bool {
        let (first, more) = self.words.split_at(Self::FIRST_WORDS);
        let Some((start, rest)) = line.split_at_checked(8 * Self::FIRST_WORDS) else {
            return false;
        };
        let differences = start.chunks_exact(8).zip(first).fold(0, |all, (chunk, word)| all | word.differences(chunk));
        differences == 0 && (self.len <= 8 * Self::FIRST_WORDS || self.fits_more(rest, more))
    }

    /// Returns `true` if the rest of a long prefix is of this shape.
    fn fits_more(&self, rest: &[u8], words: &[Word]) -> bool {
        let len = (self.len - 8 * Self::FIRST_WORDS).next_multiple_of(8);
        rest.get(..len)
            .is_some_and(|rest| rest.chunks_exact(8).zip(words).all(|(chunk, word)| word.differences(chunk) == 0))
    }
}
/// Returns the time since 1970 of a prefix that is a date, a time and Unix time with a fraction or without one.
pub(super) fn unix_time(prefix: &[u8]) -> Option<Duration> {
    let (_date, rest) = split_word(prefix)?;
    let (_time, rest) = split_word(rest)?;
    let (unix, rest) = split_word(rest)?;
    let point = unix.iter().position(|&byte| byte == b'.').unwrap_or(unix.len());
    let (seconds, fraction) = unix.split_at_checked(point)?;
    let fraction = fraction.strip_prefix(b".").unwrap_or(b"0");
    // Digits that are not there are zeros.
    let zeros = b"000000000".get(fraction.len()..)?;
    let nanoseconds = number(fraction.iter().chain(zeros))?;
    let is_time = rest.is_empty() && !seconds.is_empty() && !fraction.is_empty();
    let nanoseconds = Duration::from_nanos(nanoseconds);
    Duration::from_secs(number(seconds)?).checked_add(nanoseconds).filter(|_| is_time)
}

/// Returns the number that digits make.
fn number<'a>(digits: impl IntoIterator<Item = &'a u8>) -> Option<u64> {
    digits.into_iter().try_fold(0_u64, |number, digit| {
        let value = digit.is_ascii_digit().then_some(digit & 0xf)?;
        number.checked_mul(10)?.checked_add(value.into())
    })
}

/// Splits off a word and the space behind it.
fn split_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = text.split_at_checked(memchr::memchr(b' ', text)?)?;
    Some((word, rest.strip_prefix(b" ")?))
}
