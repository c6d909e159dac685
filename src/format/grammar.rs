//! The pieces of a line that every way of reading it agrees on.

use core::num::NonZeroU32;

use crate::format::scan;

/// The most bytes that tor prints of a target.
pub(crate) const TARGET_MAX: usize = 255;

/// Returns `true` for the letters of words and keywords.
const fn is_word_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')
}

/// Returns `true` for a word or keyword as tor would write one.
pub(crate) fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_word_byte(byte))
}

/// Returns `true` for a relay as a `.exit` name has it: a nickname, or a fingerprint with or without one behind it.
pub(crate) fn is_relay(text: &[u8]) -> bool {
    let is_nickname = |text: &[u8]| (1..=19).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric);
    // No nickname is as long as a fingerprint.
    match text.strip_prefix(b"$").unwrap_or(text).split_at_checked(40) {
        Some((hex, rest)) => {
            let name = rest.strip_prefix(b"~").or_else(|| rest.strip_prefix(b"="));
            hex.iter().all(u8::is_ascii_hexdigit) && (rest.is_empty() || name.is_some_and(is_nickname))
        }
        None => is_nickname(text),
    }
}

/// Returns `true` for a list of words, which may be empty.
///
/// It looks at every byte, even behind one that does not fit, so that it can look at many at once.
pub(crate) fn is_list(text: &[u8]) -> bool {
    let fits = |text: &[u8]| text.iter().fold(true, |fits, &byte| fits & (is_word_byte(byte) | (byte == b',')));
    match text.last_chunk::<16>() {
        Some(last) => fits(last) && text.chunks_exact(16).all(fits),
        None => fits(text),
    }
}

/// Returns `true` for the `UNKNOWN_` and a code that stands for a reason without a name.
pub(crate) fn is_unknown_code(word: &[u8]) -> bool {
    word.strip_prefix(b"UNKNOWN_").is_some_and(|code| !code.is_empty() && code.iter().all(u8::is_ascii_digit))
}

/// Returns where the `UNKNOWN_` and code end that begin at index `at`.
#[cold]
pub(crate) fn code_end(line: &[u8], at: u32) -> Option<u32> {
    let end = scan::space(line, at);
    is_unknown_code(line.get(at as usize..end as usize)?).then_some(end)
}

/// Returns how many digits the decimal number without a sign has that `text` begins with, and its value.
#[inline]
pub(crate) fn leading_number(text: &[u8]) -> Option<(usize, u32)> {
    let mut number = 0_u32;
    let mut len = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.checked_mul(10)?.checked_add(u32::from(digit))?;
        len += 1;
    }
    (len > 0).then_some((len, number))
}

/// Returns the value of the number that begins at index `at`, and was seen to be one that may have a minus sign.
pub(crate) const fn number_at(text: &[u8], at: NonZeroU32) -> i64 {
    let Some((_, mut rest)) = text.split_at_checked(at.get() as usize) else { return 0 };
    let mut sign = 1;
    let mut number = 0_i64;
    if let [b'-', digits @ ..] = rest {
        rest = digits;
        sign = -1;
    }
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add((*digit - b'0') as i64);
        rest = after;
    }
    number.wrapping_mul(sign)
}

/// Returns the value of a decimal number without a sign.
pub(crate) fn decimal(text: &[u8]) -> Option<u32> {
    leading_number(text).filter(|&(len, _)| len == text.len()).map(|(_, number)| number)
}

/// Returns the value of a decimal number that may have a minus sign.
pub(crate) fn signed_decimal(text: &[u8]) -> Option<i32> {
    let digits = text.strip_prefix(b"-");
    with_sign(digits.is_some(), decimal(digits.unwrap_or(text))?)
}

/// Returns a number with its sign.
pub(crate) fn with_sign(negative: bool, number: u32) -> Option<i32> {
    if negative { 0_i32.checked_sub_unsigned(number) } else { number.try_into().ok() }
}

/// Splits `host:port`: returns the host's length and the port. A port has 1 to 5 digits and is at most 65535.
pub(crate) fn split_port(text: &[u8]) -> Option<(usize, u16)> {
    let digits = text.iter().rev().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let host = text.len().checked_sub(digits + 1)?;
    let port = decimal(text.get(host + 1..)?)?;
    (text.get(host) == Some(&b':') && digits <= 5).then_some((host, port.try_into().ok()?))
}

/// Splits the `host:port` that ends at index `end` of a line, as [`split_port`] does: returns the index of the colon and the
/// port. It has only bytes below 0x80, as has the line before it, a byte before it that is neither digit nor colon, and at least eight
/// bytes of the line before its end.
#[inline(always)]
pub(crate) fn port_before(line: &[u8], end: u32) -> Option<(u32, u16)> {
    let word = scan::word(line, end.checked_sub(8)?)?;
    let (digits, port) = scan::last_number(word)?;
    let is_port = matches!(digits, 1..=5) && scan::byte(word, 7 - digits) == b':';
    Some((end - digits - 1, u16::try_from(port).ok().filter(|_| is_port)?))
}

/// Returns `true` for the value of a `SOURCE_ADDR` that is no path.
pub(crate) fn is_addr_port(value: &[u8]) -> bool {
    split_port(value).is_some() && scan::not_plain(value, 0) as usize == value.len()
}

/// Returns `true` if `text` begins with a keyword and its `=`.
pub(crate) fn begins_with_keyword(text: &[u8]) -> bool {
    let len = text.iter().take_while(|&&byte| is_word_byte(byte)).count();
    len > 0 && text.get(len) == Some(&b'=')
}

/// Returns where the path ends that begins at index `at`. It may hold spaces, and ends before the next keyword.
pub(crate) fn path_end(line: &[u8], at: u32) -> u32 {
    let mut end = scan::space(line, at);
    while let Some((_, after)) = line.get(end as usize..).and_then(|rest| rest.split_first()) {
        if begins_with_keyword(after) {
            break;
        }
        end = scan::space(line, end + 1);
    }
    end
}

/// Returns where the quoted string ends that begins at index `at`: its last quotation mark.
pub(crate) fn quoted_end(line: &[u8], at: u32) -> Option<u32> {
    let mut at = at + 1;
    loop {
        at = scan::quote_or_backslash(line, at);
        match line.get(at as usize)? {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

/// Returns where the quoted string ends that begins at index `at` and is escaped as tor does it: its last quotation mark.
#[inline(never)]
pub(crate) fn tor_quoted_end(line: &[u8], at: u32) -> Option<u32> {
    if line.get(at as usize) != Some(&b'"') {
        return None;
    }
    let mut at = scan::not_quotable(line, at + 1);
    loop {
        // Escapes follow each other, or nearly so, where a client sends what is no text.
        while is_octal(line, at) {
            at += 4;
        }
        at = match line.get(at as usize..)? {
            [b'"', ..] => return Some(at),
            [b'\\', b'\\' | b'"' | b'\'' | b'n' | b't' | b'r', ..] => at + 2,
            [b'\\', ..] => return None,
            [b' '..=b'~', b'\\', ..] => at + 1,
            [b' '..=b'~', ..] => scan::not_quotable(line, at),
            _ => return None,
        };
    }
}

/// Returns `true` if a backslash and the three octal digits of a byte stand at index `at`.
#[inline]
fn is_octal(line: &[u8], at: u32) -> bool {
    // The bits that all digits up to 3, or all up to 7, have in common.
    let common = u32::from_le_bytes([0xff, 0xfc, 0xf8, 0xf8]);
    scan::chunk(line, at).is_some_and(|text| u32::from_le_bytes(*text) & common == u32::from_le_bytes(*b"\\000"))
}

/// Returns `true` for a quoted string that is escaped as tor does it, quotation marks included.
pub(crate) fn is_quoted(value: &[u8]) -> bool {
    tor_quoted_end(value, 0).is_some_and(|end| end as usize + 1 == value.len())
}
