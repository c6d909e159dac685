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
#[cfg_attr(feature = "std", inline)]
#[cfg_attr(not(feature = "std"), inline(never))]
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
    let (mut len, mut seen) = (0, 0);
    for &byte in text {
        let class = time_byte(byte);
        if class == 0 {
            break;
        }
        seen |= class;
        len += 1;
    }
    if seen & DIGIT == 0 {
        len = text.iter().position(|&byte| byte == b' ' || byte == b'\t')?;
        Name::of(text.get(..len)?)?;
    }
    match text.get(len..)? {
        [b'\t', ..] => Some(len + 1),
        [b' ', rest @ ..] => Some(len + 1 + rest.iter().take_while(|&&byte| byte == b' ').count()),
        _ => None,
    }
}

/// Bit of a digit in the class of a byte.
const DIGIT: u8 = 0b10;

/// Returns the class of a byte in words of dates and times. 0 if it has no place in one.
#[inline]
fn time_byte(byte: u8) -> u8 {
    /// The class of each byte.
    const CLASSES: [u8; 256] = classes(0, &[(b"+,-./:TZ[]_", 0b01), (b"0123456789", DIGIT | 0b01)]);
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
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
    /// Lines of the wire: there is no prefix, no text behind the reply, and no date before it.
    is_wire: bool,
    /// Length of the prefix.
    prefix: u8,
    /// Length of the text behind the reply.
    after: u8,
    /// The prefix, with a zero for each digit, and zeros behind it.
    bytes: [u8; Self::MAX_LEN],
    /// Masks of the bits that are the same in every prefix of this shape. Empty behind the prefix.
    same: [u8; Self::MAX_LEN],
    /// Masks of the bits that make the value of a digit.
    value: [u8; Self::MAX_LEN],
}

impl Shape {
    /// Maximum length of a prefix. A longer one has no shape.
    const MAX_LEN: usize = 80;
    /// Number of bytes that are always compared: enough for dates and times.
    const FIRST: usize = 40;

    /// Returns the shape of no prefix, on the wire or in a log.
    pub(super) const fn none(is_wire: bool) -> Self {
        let zeros = [0; Self::MAX_LEN];
        Self { is_wire, prefix: 0, after: 0, bytes: zeros, same: zeros, value: zeros }
    }

    /// Returns the shape of a prefix, in a log that writes `after` bytes behind a reply. `None` if it is too long.
    #[cold]
    pub(super) fn new(prefix: &[u8], after: u8) -> Option<Self> {
        let len = u8::try_from(prefix.len()).ok().filter(|&len| usize::from(len) <= Self::MAX_LEN)?;
        let mut shape = Self { prefix: len, after, ..Self::none(false) };
        let masks = shape.same.iter_mut().zip(&mut shape.value);
        for ((place, (same, value)), &byte) in shape.bytes.iter_mut().zip(masks).zip(prefix) {
            (*place, *same, *value) = if byte.is_ascii_digit() { (b'0', 0xf0, 0x0f) } else { (byte, 0xff, 0) };
        }
        Some(shape)
    }

    /// Returns the length of the prefix.
    #[inline]
    pub(super) const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Returns the length of the text behind the reply.
    #[inline]
    pub(super) const fn after(&self) -> u8 {
        self.after
    }

    /// Returns whether `line` is an event, if a prefix of this shape and a reply with code 650 and without data begin it, and
    /// the text that `format` has behind a reply ends it.
    #[inline]
    pub(super) fn is_event(&self, line: &[u8], format: &Option<LogFormat>) -> Option<bool> {
        if self.is_wire {
            return starts_event(line.first_chunk()?, line);
        }
        self.is_event_of_log(line, format)
    }

    /// [`is_event`](Self::is_event) in a log.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn is_event_of_log(&self, line: &[u8], format: &Option<LogFormat>) -> Option<bool> {
        let reply = line.get(self.prefix.into()..)?;
        let reply = if self.after == 0 { reply } else { reply.strip_suffix(format.as_ref()?.after())? };
        let start = reply.first_chunk()?;
        let is_event = starts_event(start, reply)?;
        let fits = (is_event || format.is_some() || no_date_follows(start)) && (self.prefix == 0 || self.fits(line));
        fits.then_some(is_event)
    }

    /// Returns `true` if `line` begins with a prefix of this shape.
    #[inline]
    fn fits(&self, line: &[u8]) -> bool {
        let Some((start, rest)) = line.split_at_checked(Self::FIRST) else {
            return false;
        };
        self.differences(start, 0) == 0 && (usize::from(self.prefix) <= Self::FIRST || self.fits_more(rest))
    }

    /// Returns `true` if the rest of a long prefix is of this shape.
    fn fits_more(&self, rest: &[u8]) -> bool {
        let len = (usize::from(self.prefix) - Self::FIRST).next_multiple_of(8);
        rest.get(..len).is_some_and(|rest| self.differences(rest, Self::FIRST) == 0)
    }

    /// Compares bytes with those from index `from` on, eight at a time. Returns zero if they fit.
    #[inline]
    fn differences<'a>(&'a self, mut text: &'a [u8], from: usize) -> u64 {
        let rest = |bytes: &'a [u8]| bytes.get(from..).unwrap_or_default();
        let (mut bytes, mut same, mut value) = (rest(&self.bytes), rest(&self.same), rest(&self.value));
        let mut differences = 0;
        while let Some((text_word, rest)) = first_word(text) {
            let all = (first_word(bytes), first_word(same), first_word(value));
            let (Some((bytes_word, next_bytes)), Some((same_word, next_same)), Some((value_word, next_value))) = all
            else {
                break;
            };
            let bits = text_word ^ bytes_word;
            // A value from 10 up carries into the next bit when 6 is added.
            let carries = ((bits & value_word) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
            differences |= (bits & same_word) | carries;
            (text, bytes, same, value) = (rest, next_bytes, next_same, next_value);
        }
        differences
    }
}

/// Splits off the first eight bytes as a word.
#[inline]
fn first_word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*word), rest))
}

/// Returns whether `reply`, which begins with `start`, is a STREAM event, if its code is 650 and no data follows.
#[inline]
fn starts_event(start: &[u8; 8], reply: &[u8]) -> Option<bool> {
    if start == b"650 STRE" {
        return Some(reply.get(8..).is_some_and(|rest| rest.starts_with(b"AM ")));
    }
    if matches!(start, [b'6', b'5', b'0', b' ' | b'-', ..]) { Some(false) } else { None }
}

/// Returns `true` if no word of a date follows the code that a reply begins with.
#[inline]
fn no_date_follows(start: &[u8; 8]) -> bool {
    /// Capital letters, of which each but T, U and Z has the first bit.
    const FIRST: [u8; 256] = classes(0, &[(CAPITALS, 0b11), (b"TUZ", 0b10)]);
    /// Capital letters, of which each but T and Z has the second bit, and M has none. The words of dates with two capital
    /// letters at the beginning are AM, PM, GMT, UTC, and times with T and Z.
    const SECOND: [u8; 256] = classes(0, &[(CAPITALS, 0b11), (b"TZ", 0b01), (b"M", 0)]);
    const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let &[_, _, _, _, first, second, ..] = start;
    let classes = FIRST.get(usize::from(first)).zip(SECOND.get(usize::from(second)));
    classes.is_some_and(|(first, second)| first & second != 0)
}

/// Returns a table with the class of each byte: that of the last list that holds it, or `other`.
const fn classes<const N: usize>(other: u8, lists: &[(&[u8], u8); N]) -> [u8; 256] {
    let mut table = [other; 256];
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
