//! Pattern of the last event's line, and the comparison of a line with it: the fast path of the search for events.

use super::Input;
use super::prefix::classes;
use crate::lines::format::LogFormat;

/// Pattern of the last event's prefix, digits aside, and of the text after its reply. The lines that follow nearly
/// always match it, and are compared with it eight bytes at a time.
///
/// # Before you change this
///
/// For a line that matches, the answer has to be that of [`examine`](super::LineFinder::examine). Three facts make it
/// so:
///
/// - Dates and formats match runs of digits whatever their values are. So two prefixes that differ only in digits are
///   both prefixes, of the same length.
/// - A format's `before` does not end with a digit. So no digit of a reply code joins its last run.
/// - Without a format the last code that follows only words of dates begins the reply. So [`compare`](Self::compare)
///   has an answer only where no word of a date follows the code.
///
/// `tests.rs` compares the two for lines that differ in a byte or two, and for any others.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Set for the wire, whose lines have no prefix, no text after the reply, and no date in between.
    is_wire: bool,
    /// Length of the prefix.
    prefix: u8,
    /// Length of the text after the reply.
    after: u8,
    /// The prefix, with the character `0` for each digit, padded with zero bytes.
    bytes: [u8; Self::MAX_LEN],
    /// For each byte of the prefix the bits that are the same in every prefix of this pattern: all bits, or the upper
    /// four of a digit. Zero after the prefix.
    same: [u8; Self::MAX_LEN],
    /// For each byte of the prefix the bits that hold the value of a digit: the lower four of a digit, none of another
    /// byte.
    value: [u8; Self::MAX_LEN],
}

/// A line that matches a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matched {
    /// The line is a STREAM event.
    Event,
    /// The line is another reply.
    OtherReply,
}

impl Pattern {
    /// Maximum length of a prefix, in bytes. A longer one has no pattern.
    const MAX_LEN: usize = 80;
    /// Number of bytes that are always compared: enough for dates and times. A shorter line of a log with a prefix is
    /// examined.
    const FIRST: usize = 40;

    /// Returns the pattern of lines without a prefix, on the wire or in a log.
    pub(super) const fn without_prefix(input: Input) -> Self {
        let zeros = [0; Self::MAX_LEN];
        Self { is_wire: matches!(input, Input::Wire), prefix: 0, after: 0, bytes: zeros, same: zeros, value: zeros }
    }

    /// Returns the pattern of a prefix, in a log that writes `after` bytes after a reply. `None` if the prefix is too
    /// long.
    #[cold]
    pub(super) fn new(prefix: &[u8], after: u8) -> Option<Self> {
        let len = u8::try_from(prefix.len()).ok().filter(|&len| usize::from(len) <= Self::MAX_LEN)?;
        let mut pattern = Self { prefix: len, after, ..Self::without_prefix(Input::Log) };
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

    /// Compares `line` with the pattern. `None` if the line does not match: it has to begin with a prefix of this
    /// pattern and a reply with code 650 and without data, and to end with the text that `format` has after a reply.
    #[inline]
    pub(super) fn compare(&self, line: &[u8], format: &Option<LogFormat>) -> Option<Matched> {
        if self.is_wire {
            return reply_650(line.first_chunk()?, line);
        }
        self.compare_in_log(line, format)
    }

    /// [`compare`](Self::compare) in a log.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn compare_in_log(&self, line: &[u8], format: &Option<LogFormat>) -> Option<Matched> {
        let reply = line.get(self.prefix.into()..)?;
        let reply = if self.after == 0 { reply } else { reply.strip_suffix(format.as_ref()?.after())? };
        let start = reply.first_chunk()?;
        let matched = reply_650(start, reply)?;
        // `STREAM` is no word of a date, and with a format there are none.
        let is_reply = matched == Matched::Event || format.is_some() || no_date_follows(start);
        let matches = is_reply && (self.prefix == 0 || self.prefix_matches(line));
        matches.then_some(matched)
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
            let pattern_words = (first_word(bytes), first_word(same), first_word(value));
            let (Some((bytes_word, next_bytes)), Some((same_word, next_same)), Some((value_word, next_value))) =
                pattern_words
            else {
                break;
            };
            let bits = text_word ^ bytes_word;
            // The lower four bits of a digit are its value, at most 9. For a value from 10 up the sum carries into the
            // fifth bit.
            let above_nine = ((bits & value_word) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
            differences |= (bits & same_word) | above_nine;
            (text, bytes, same, value) = (rest, next_bytes, next_same, next_value);
        }
        differences
    }
}

/// Splits off the first eight bytes, as a number.
#[inline]
fn first_word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*word), rest))
}

/// Returns the kind of `reply`, which begins with `start`. `None` unless its code is 650 and no data follows.
#[inline]
fn reply_650(start: &[u8; 8], reply: &[u8]) -> Option<Matched> {
    if start == b"650 STRE" {
        let is_event = reply.get(8..).is_some_and(|rest| rest.starts_with(b"AM "));
        return Some(if is_event { Matched::Event } else { Matched::OtherReply });
    }
    if matches!(start, [b'6', b'5', b'0', b' ' | b'-', ..]) { Some(Matched::OtherReply) } else { None }
}

/// Returns `true` if surely no word of a date follows the code that a reply begins with: if two capital letters follow
/// that no such word begins with. The only words with two are AM, PM, GMT and UTC, and times with T and Z.
#[inline]
fn no_date_follows(start: &[u8; 8]) -> bool {
    // Two letters pass if their classes share a bit: not with M as the second one, nor with T or Z after T, U or Z.
    const FIRST: [u8; 256] = classes(0, &[(CAPITALS, 0b11), (b"TUZ", 0b10)]);
    const SECOND: [u8; 256] = classes(0, &[(CAPITALS, 0b11), (b"TZ", 0b01), (b"M", 0)]);
    const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let &[_, _, _, _, first, second, ..] = start;
    let classes = FIRST.get(usize::from(first)).zip(SECOND.get(usize::from(second)));
    classes.is_some_and(|(first, second)| first & second != 0)
}
