//! Pattern of the last event's line, and the comparison of a line with it: the fast path of a log.

use super::prefix::classes;
use crate::lines::format::LogFormat;

/// Pattern of the last event's prefix, digits aside, and of the text after its reply. The lines that follow nearly always
/// match it, and are compared with it eight bytes at a time.
///
/// # Before you change this
///
/// For a line that matches, the answer has to be that of [`examine`](super::LineFinder::examine). Three facts make it so:
///
/// - Dates and formats match runs of digits whatever their values are. So two prefixes that differ only in digits are both
///   prefixes, of the same length.
/// - A format's `before` does not end with a digit. So no digit of a reply code joins its last run.
/// - Without a format the last code that follows only words of dates begins the reply. So [`is_event`](Self::is_event)
///   answers only where no word of a date follows the code.
///
/// `tests.rs` holds the two against each other, byte by byte.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Set for the wire, whose lines have no prefix, no text after the reply, and no date in between.
    is_wire: bool,
    /// Length of the prefix.
    prefix: u8,
    /// Length of the text after the reply.
    after: u8,
    /// The prefix, with a `0` for each digit, padded with zero bytes.
    bytes: [u8; Self::MAX_LEN],
    /// Masks of the bits that are the same in every prefix of this pattern. Zero after the prefix.
    same: [u8; Self::MAX_LEN],
    /// Masks of the bits that hold the value of a digit.
    value: [u8; Self::MAX_LEN],
}

impl Pattern {
    /// Maximum length of a prefix, in bytes. A longer one has no pattern.
    const MAX_LEN: usize = 80;
    /// Number of bytes that are always compared: enough for dates and times. A shorter line of a log with a prefix is examined.
    const FIRST: usize = 40;

    /// Returns the pattern of an empty prefix, on the wire or in a log.
    pub(super) const fn none(is_wire: bool) -> Self {
        let zeros = [0; Self::MAX_LEN];
        Self { is_wire, prefix: 0, after: 0, bytes: zeros, same: zeros, value: zeros }
    }

    /// Returns the pattern of a prefix, in a log that writes `after` bytes after a reply. `None` if the prefix is too long.
    #[cold]
    pub(super) fn new(prefix: &[u8], after: u8) -> Option<Self> {
        let len = u8::try_from(prefix.len()).ok().filter(|&len| usize::from(len) <= Self::MAX_LEN)?;
        let mut pattern = Self { prefix: len, after, ..Self::none(false) };
        let masks = pattern.same.iter_mut().zip(&mut pattern.value);
        for ((pattern_byte, (same, value)), &byte) in pattern.bytes.iter_mut().zip(masks).zip(prefix) {
            (*pattern_byte, *same, *value) = if byte.is_ascii_digit() { (b'0', 0xf0, 0x0f) } else { (byte, 0xff, 0) };
        }
        Some(pattern)
    }

    /// Returns the length of the prefix.
    #[inline]
    pub(super) const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Returns the length of the text after the reply.
    #[inline]
    pub(super) const fn after(&self) -> u8 {
        self.after
    }

    /// Returns whether `line` is an event. `None` if the line does not match: it has to begin with a prefix of this pattern and
    /// a reply with code 650 and without data, and to end with the text that `format` has after a reply.
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
        let matches =
            (is_event || format.is_some() || no_date_follows(start)) && (self.prefix == 0 || self.prefix_matches(line));
        matches.then_some(is_event)
    }

    /// Returns `true` if `line` begins with a prefix of this pattern.
    #[inline]
    fn prefix_matches(&self, line: &[u8]) -> bool {
        let Some((start, rest)) = line.split_at_checked(Self::FIRST) else {
            return false;
        };
        self.differences(start, 0) == 0 && (usize::from(self.prefix) <= Self::FIRST || self.rest_matches(rest))
    }

    /// Returns `true` if the rest of a long prefix matches.
    fn rest_matches(&self, rest: &[u8]) -> bool {
        let len = (usize::from(self.prefix) - Self::FIRST).next_multiple_of(8);
        rest.get(..len).is_some_and(|rest| self.differences(rest, Self::FIRST) == 0)
    }

    /// Compares `text` with the pattern from index `from` on, eight bytes at a time. Returns zero if it matches.
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
            // A digit differs from `0` in its value, at most 9. Adding 6 to a value from 10 up carries into the next bit.
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
