//! What a log puts before a reply.

use core::time::Duration;

/// The most bytes of a prefix. OnionPerf's has 33.
const MAX_LEN: usize = 64;

/// Returns the length of the prefix of a line with a reply: 0, or words of digits and of what stands between the digits of
/// dates and times, each with a space behind it. `None` if no reply follows those, or no more than [`MAX_LEN`] bytes of them.
pub(super) fn len(line: &[u8]) -> Option<usize> {
    let mut len = 0;
    loop {
        let rest = line.get(len..)?;
        if super::reply(rest).is_some() {
            return Some(len);
        }
        let word = rest.iter().take(MAX_LEN).take_while(|&&byte| is_time_byte(byte)).count();
        if word == 0 || rest.get(word) != Some(&b' ') {
            return None;
        }
        len += word + 1;
        if len > MAX_LEN {
            return None;
        }
    }
}

/// Returns `true` for the characters of dates and times: `2019-01-31T11:29:51.25Z`, `[31/01/2019 11:29:51,25]`.
const fn is_time_byte(byte: u8) -> bool {
    matches!(byte, b'+' | b','..=b':' | b'T' | b'Z' | b'[' | b']')
}

/// What a prefix looks like, whatever its digits are: those of the next lines look the same.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// How long it is.
    len: usize,
    /// Its bytes, eight in a word.
    words: [Word; Self::WORDS],
}

/// Eight bytes of a shape.
#[derive(Clone, Copy, Debug)]
struct Word {
    /// The bytes, with a zero for each digit.
    bytes: u64,
    /// The bits that are the same in every prefix of this shape. None of the bytes behind it.
    same: u64,
    /// The bits that make the value of a digit.
    value: u64,
}

impl Shape {
    /// How many words of 8 bytes are compared. A prefix that is longer than those has no shape.
    const WORDS: usize = 5;

    /// Returns the shape of no prefix.
    pub(super) const fn none() -> Self {
        Self { len: 0, words: [Word { bytes: 0, same: 0, value: 0 }; Self::WORDS] }
    }

    /// Returns the shape of the prefix that `line` begins with and that has this length.
    #[cold]
    pub(super) fn new(line: &[u8], len: usize) -> Self {
        if len > 8 * Self::WORDS {
            return Self::none();
        }
        let mut shape = Self { len, ..Self::none() };
        for (index, &byte) in line.iter().take(len).enumerate() {
            let (byte, same, value) = if byte.is_ascii_digit() { (b'0', 0xf0, 0x0f) } else { (byte, 0xff, 0) };
            if let Some(word) = shape.words.get_mut(index / 8) {
                let place = 8 * (index % 8);
                word.bytes |= u64::from(byte) << place;
                word.same |= same << place;
                word.value |= value << place;
            }
        }
        shape
    }

    /// Returns the length of the prefix.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether `line` is an event, if a prefix of this shape and a reply with code 650 and without data begin it.
    ///
    /// No reply begins further to the left: there would be one in every prefix of this shape.
    #[inline]
    pub(super) fn is_event(&self, line: &[u8]) -> Option<bool> {
        let reply = line.get(self.len..)?;
        let start = reply.first_chunk::<8>()?;
        let is_reply = matches!(start, [b'6', b'5', b'0', b' ' | b'-', ..]);
        let fits = is_reply && (self.len == 0 || self.fits(line));
        fits.then(|| start == b"650 STRE" && reply.starts_with(super::Lines::MARK))
    }

    /// Returns `true` if `line` begins with a prefix of this shape.
    #[inline]
    fn fits(&self, line: &[u8]) -> bool {
        let Some(start) = line.get(..8 * Self::WORDS) else {
            return false;
        };
        let differences = start.chunks_exact(8).zip(&self.words).map(|(chunk, word)| {
            let bits = chunk.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk)) ^ word.bytes;
            // A value from 10 up carries into the next bit when 6 is added.
            let carries = ((bits & word.value) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
            (bits & word.same) | carries
        });
        differences.fold(0, |all, one| all | one) == 0
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
    let (word, rest) = text.split_at_checked(memchr::memchr(b' ', text).unwrap_or(text.len()))?;
    Some((word, rest.strip_prefix(b" ")?))
}
