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
/// - Without a format a code may be part of a date: in `10:00:00 650 PM 650 STREAM` the second one begins the reply. So
///   [`compare`](Self::compare) has an answer only where no word of a date follows the code.
///
/// `tests.rs` compares the answers of [`compare`](Self::compare) and `examine`: to lines that differ from the last event's
/// in a byte or two, and to any others.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Set for the wire: its replies begin where lines do, and no word after a code makes that code part of a date.
    is_wire: bool,
    /// Length of the prefix.
    prefix: u8,
    /// Length of the text after the reply.
    after: u8,
    /// The prefix, with the character `0` for each digit, padded with zero bytes.
    text: [u8; Self::MAX_PREFIX],
    /// For each byte of the prefix the bits that are the same in every prefix of this pattern: all bits, or the upper
    /// four of a digit. Zero after the prefix.
    same: [u8; Self::MAX_PREFIX],
    /// For each byte of the prefix the bits that hold the value of a digit: the lower four of a digit, none of another
    /// byte.
    value: [u8; Self::MAX_PREFIX],
}

// `differences` compares eight bytes at a time, and nothing of a shorter rest.
const _: () = assert!(Pattern::MAX_PREFIX % 8 == 0 && Pattern::ALWAYS_COMPARED % 8 == 0);

/// A line that matches a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matched {
    /// The line is a STREAM event.
    Event,
    /// The line is another reply.
    OtherReply,
}

impl Pattern {
    /// Maximum length of a prefix, in bytes: more than the 64 of dates and times. A longer one, which only a format can
    /// have, has no pattern.
    const MAX_PREFIX: usize = 80;
    /// Number of bytes that are always compared: enough for the dates and times of most logs. A shorter line of a log with
    /// a prefix is examined; few of its events are shorter.
    const ALWAYS_COMPARED: usize = 40;

    /// Returns the pattern of lines without a prefix, on the wire or in a log.
    pub(super) const fn without_prefix(input: Input) -> Self {
        let zeros = [0; Self::MAX_PREFIX];
        Self { is_wire: matches!(input, Input::Wire), prefix: 0, after: 0, text: zeros, same: zeros, value: zeros }
    }

    /// Returns the pattern of a prefix, in a log that writes `after` bytes after a reply. `None` if the prefix is too
    /// long.
    #[cold]
    pub(super) fn new(prefix: &[u8], after: u8) -> Option<Self> {
        let len = u8::try_from(prefix.len()).ok().filter(|&len| usize::from(len) <= Self::MAX_PREFIX)?;
        let mut pattern = Self { prefix: len, after, ..Self::without_prefix(Input::Log) };
        let masks = pattern.same.iter_mut().zip(&mut pattern.value);
        for ((text, (same, value)), &byte) in pattern.text.iter_mut().zip(masks).zip(prefix) {
            (*text, *same, *value) = if byte.is_ascii_digit() { (b'0', 0xf0, 0x0f) } else { (byte, 0xff, 0) };
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

    /// [`compare`](Self::compare) in a log. `crate::format` says why it is inlined with `std` only.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn compare_in_log(&self, line: &[u8], format: &Option<LogFormat>) -> Option<Matched> {
        let reply = line.get(self.prefix.into()..)?;
        let reply = if self.after == 0 { reply } else { reply.strip_suffix(format.as_ref()?.after())? };
        let start = reply.first_chunk()?;
        let matched = reply_650(start, reply)?;
        // `STREAM` is no word of a date, and in a log with a format no code is part of a date.
        let is_reply = matched == Matched::Event || format.is_some() || no_date_follows(start);
        let matches = is_reply && (self.prefix == 0 || self.prefix_matches(line));
        matches.then_some(matched)
    }

    /// Returns `true` if `line` begins with a prefix of this pattern.
    #[inline]
    fn prefix_matches(&self, line: &[u8]) -> bool {
        let Some((start, rest)) = line.split_at_checked(Self::ALWAYS_COMPARED) else {
            return false;
        };
        let is_short = usize::from(self.prefix) <= Self::ALWAYS_COMPARED;
        self.differences(start, 0) == 0 && (is_short || self.rest_matches(rest))
    }

    /// Returns `true` if the rest of a long prefix matches.
    fn rest_matches(&self, rest: &[u8]) -> bool {
        let len = (usize::from(self.prefix) - Self::ALWAYS_COMPARED).next_multiple_of(8);
        rest.get(..len).is_some_and(|rest| self.differences(rest, Self::ALWAYS_COMPARED) == 0)
    }

    /// Compares bytes of a line with the pattern from index `from` on, eight at a time. Returns zero if they match. The
    /// number of bytes is a multiple of eight.
    #[inline]
    fn differences<'a>(&'a self, mut line: &'a [u8], from: usize) -> u64 {
        let after = |bytes: &'a [u8]| bytes.get(from..).unwrap_or_default();
        let (mut text, mut same, mut value) = (after(&self.text), after(&self.same), after(&self.value));
        let mut differences = 0;
        while let Some((eight_of_line, rest)) = first_eight(line) {
            let eight_of_pattern = (first_eight(text), first_eight(same), first_eight(value));
            let (Some((eight_of_text, next_text)), Some((same_bits, next_same)), Some((value_bits, next_value))) =
                eight_of_pattern
            else {
                break;
            };
            let bits = eight_of_line ^ eight_of_text;
            // The lower four bits of a digit are its value, at most 9. Six more than a value from 10 up is 16 or more:
            // the sum carries into the fifth bit of the byte.
            let above_nine = ((bits & value_bits) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
            differences |= (bits & same_bits) | above_nine;
            (line, text, same, value) = (rest, next_text, next_same, next_value);
        }
        differences
    }
}

/// Splits off the first eight bytes, as a number.
#[inline]
fn first_eight(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (eight, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*eight), rest))
}

/// Returns the kind of `reply`, whose first eight bytes are `start`. `None` unless its code is 650 and no data follows.
#[inline]
fn reply_650(start: &[u8; 8], reply: &[u8]) -> Option<Matched> {
    if start == b"650 STRE" {
        let is_event = reply.get(8..).is_some_and(|rest| rest.starts_with(b"AM "));
        return Some(if is_event { Matched::Event } else { Matched::OtherReply });
    }
    if matches!(start, [b'6', b'5', b'0', b' ' | b'-', ..]) { Some(Matched::OtherReply) } else { None }
}

/// Returns `true` if surely no word of a date follows the code in `start`: if two capital letters follow, and no such word
/// begins with them. The words of dates that begin with two capitals are AM, PM, GMT, UTC, and times, in which T and Z may
/// stand anywhere.
#[inline]
fn no_date_follows(start: &[u8; 8]) -> bool {
    // Two letters pass if their classes share a bit. These do not: any letter and M (AM, PM, GMT); UT (UTC); TT, TZ, ZT and
    // ZZ (times); and UZ, which begins no such word, but U is in the class of T and Z.
    const OF_FIRST: [u8; 256] = classes(&[(CAPITALS, 0b11), (b"TUZ", 0b10)]);
    const OF_SECOND: [u8; 256] = classes(&[(CAPITALS, 0b11), (b"TZ", 0b01), (b"M", 0)]);
    const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    // Four bytes of code and separator, and two of the word after them.
    let &[_, _, _, _, first, second, ..] = start;
    let both = OF_FIRST.get(usize::from(first)).zip(OF_SECOND.get(usize::from(second)));
    both.is_some_and(|(first, second)| first & second != 0)
}
