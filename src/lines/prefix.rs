//! What a log puts before a reply.

use core::time::Duration;

use crate::scan;

/// The most bytes of a prefix. OnionPerf's has 33.
const MAX_LEN: usize = 64;

/// Returns the length of the prefix of a line with a reply: 0, or words of digits and of what stands between the digits of
/// dates and times, each with a space behind it. `None` if no reply follows those, or no more than [`MAX_LEN`] bytes of them.
#[inline]
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

/// Returns `true` if `line` is surely no event, and does not begin data of a reply: if it has a reply of another kind behind
/// a prefix of `len` bytes, as long as that of an event before.
///
/// Should a reply begin further to the left already, it is no event either: characters of times follow it, and no `STREAM`.
#[inline]
pub(super) fn is_other_reply(line: &[u8], len: usize) -> bool {
    let Some((prefix, reply)) = line.split_at_checked(len) else {
        return false;
    };
    // All bytes are looked at, so that it can be many at once.
    let is_time = |fits, &byte: &u8| fits & ((is_time_byte(byte) & (byte != b'+')) | (byte == b' '));
    prefix.last() == Some(&b' ')
        && matches!(super::reply(reply), Some(b' ' | b'-'))
        && !reply.starts_with(super::Lines::MARK)
        && prefix.iter().fold(true, is_time)
}

/// Returns the time since 1970 of a prefix that is a date, a time and Unix time with a fraction or without one.
pub(super) fn unix_time(prefix: &[u8]) -> Option<Duration> {
    let (_date, rest) = split_word(prefix)?;
    let (_time, rest) = split_word(rest)?;
    let (unix, rest) = split_word(rest)?;
    let unix = core::str::from_utf8(unix).ok().filter(|_| rest.is_empty())?;
    let point = memchr::memchr(b'.', unix.as_bytes()).unwrap_or(unix.len());
    let (seconds, fraction) = unix.split_at_checked(point)?;
    let fraction = if fraction.is_empty() { "0" } else { fraction.get(1..)? };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u64.checked_pow(9_u32.checked_sub(fraction.len().try_into().ok()?)?)?;
    let nanoseconds = fraction.parse::<u64>().ok()?.checked_mul(scale)?;
    Duration::from_secs(seconds.parse().ok()?).checked_add(Duration::from_nanos(nanoseconds))
}

/// Splits off a word and the space behind it.
fn split_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = text.split_at_checked(scan::space(text))?;
    Some((word, rest.strip_prefix(b" ")?))
}
