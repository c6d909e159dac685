//! What a log puts before a reply.

use core::time::Duration;

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
    let mut words = core::str::from_utf8(prefix).ok()?.strip_suffix(' ')?.split(' ');
    let (_date, _time, unix) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let (seconds, fraction) = unix.split_once('.').unwrap_or((unix, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u32.checked_pow(9_u32.checked_sub(fraction.len().try_into().ok()?)?)?;
    Some(Duration::new(seconds.parse().ok()?, fraction.parse::<u32>().ok()?.checked_mul(scale)?))
}
