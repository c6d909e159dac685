//! Numbers: decimal text as Unix time, in any of its units.

use core::time::Duration;

/// First second of the year 2000. Smaller numbers are not taken for Unix time: tor is younger, and most of them are numbers of
/// processes, lines and threads.
pub(super) const YEAR_2000: u64 = 946_684_800;

/// Returns the length of the number that a text begins with, its fraction included. 0 unless a word ends there, at a
/// space, a bracket, a quote, or one of `,:;` before those: `127.0.0.1` is no number.
pub(super) fn number_len(text: &[u8]) -> usize {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let fraction = match text.get(whole..) {
        Some([b'.' | b',', fraction @ ..]) if whole > 0 => digits(fraction),
        _ => 0,
    };
    let len = if fraction > 0 { whole + 1 + fraction } else { whole };
    match text.get(len..) {
        None | Some([] | [b',' | b':' | b';']) => len,
        Some([b',' | b':' | b';', next, ..]) if b" \t\"'".contains(next) => len,
        Some([next, ..]) if b" \t])}>|\"'".contains(next) => len,
        Some(_) => 0,
    }
}

/// Parses a number as Unix time in seconds, milliseconds, microseconds or nanoseconds: its length decides the unit. `None` for a
/// time before 2000, and from 2286 on, when seconds have eleven digits.
pub(super) fn unix_number(word: &[u8]) -> Option<Duration> {
    let time = decimal(word)?;
    let seconds = time.as_secs();
    let divisor: u128 = match seconds {
        YEAR_2000..10_000_000_000 => return Some(time),
        // The same limits in the other units.
        946_684_800_000..10_000_000_000_000 => 1_000,
        946_684_800_000_000..10_000_000_000_000_000 => 1_000_000,
        946_684_800_000_000_000..10_000_000_000_000_000_000 => 1_000_000_000,
        _ => return None,
    };
    let nanoseconds = time.as_nanos() / divisor;
    Some(Duration::new((nanoseconds / 1_000_000_000) as u64, (nanoseconds % 1_000_000_000) as u32))
}

/// Returns the exact seconds of a decimal number, cut at nanoseconds. `None` for any other text.
pub(super) fn decimal(word: &[u8]) -> Option<Duration> {
    let point = word.iter().position(|byte| b".,".contains(byte)).unwrap_or(word.len());
    let (whole, fraction) = word.split_at_checked(point)?;
    let seconds = number(whole)?;
    let nanoseconds = match fraction {
        [] => 0,
        [_, digits @ ..] => nanoseconds(digits)?,
    };
    Some(Duration::new(seconds, nanoseconds))
}

/// Parses decimal digits. `None` for any other text, and for a number that is too large.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = digit.is_ascii_digit().then_some(digit & 0xf)?;
        number.checked_mul(10)?.checked_add(value.into())
    })
}

/// Returns the nanoseconds of the digits after a point.
pub(super) fn nanoseconds(digits: &[u8]) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let digits = digits.iter().copied().chain(core::iter::repeat(b'0')).take(9);
    is_number.then(|| digits.fold(0, |number, digit| 10 * number + u32::from(digit & 0xf)))
}
