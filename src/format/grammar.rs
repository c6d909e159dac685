//! The grammar of values, shared by every reading of a content.
//!
//! A function named `*_end` returns the index after the value that begins at index `at` of `content`. `None` if no such value
//! begins there. A word, a list or a code has to be a whole token: a space or the content's end follows. The text after a number is
//! not checked.
//!
//! Functions marked `#[cold]` read values that few events have: the parser tries the usual words and short numbers first.

use core::num::NonZeroU32;

use super::scan;

/// Maximum length that tor prints of a target, in bytes.
pub(crate) const TARGET_MAX: usize = 255;

/// Returns `true` for `A` to `Z`, `0` to `9` and `_`: the bytes of words and keywords.
const fn is_word_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')
}

/// [`is_word_byte`] of every byte.
const IS_WORD_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    // No byte from 0x80 up belongs to a word.
    while byte < 0x80 {
        // The element at this index, without a panic: `get_mut` is not `const` in Rust 1.85.
        if let Some((_, [is_word, ..])) = table.split_at_mut_checked(byte as usize) {
            *is_word = is_word_byte(byte);
        }
        byte += 1;
    }
    table
};

/// Returns `true` for a word or keyword: one or more bytes that [`is_word_byte`] accepts.
pub(crate) fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_word_byte_of_table(byte))
}

/// [`is_word_byte`] by a table: faster for bytes that are checked one after the other. The comparisons are faster where the
/// compiler checks many bytes at once.
fn is_word_byte_of_table(byte: u8) -> bool {
    IS_WORD_BYTE.get(usize::from(byte)) == Some(&true)
}

/// Returns `true` for a list: words with commas between them. Items may be empty, as in `A,,B`, and so may the list.
pub(crate) fn is_list(text: &[u8]) -> bool {
    // `&` and `|` in place of `&&` and `||`: without branches, the compiler checks 16 bytes at once.
    let is_list_of_16 =
        |chunk: &[u8]| chunk.iter().fold(true, |fits, &byte| fits & (is_word_byte(byte) | (byte == b',')));
    match text.last_chunk::<16>() {
        // The last 16 bytes are those that follow the whole chunks, and some that are checked twice.
        Some(last) => is_list_of_16(last) && text.chunks_exact(16).all(is_list_of_16),
        None => text.iter().all(|&byte| is_word_byte_of_table(byte) || byte == b','),
    }
}

/// Returns the token from index `at` up to the next space or the content's end, and the index of that space or end. `None` if
/// `at` is after the end.
pub(crate) fn token(content: &[u8], at: u32) -> Option<(&[u8], u32)> {
    let end = scan::space(content, at);
    Some((content.get(at as usize..end as usize)?, end))
}

/// Returns the end of a word.
#[cold]
pub(crate) fn word_end(content: &[u8], at: u32) -> Option<u32> {
    token(content, at).filter(|(word, _)| is_word(word)).map(|(_, end)| end)
}

/// Returns the end of a list, as [`is_list`] accepts it.
pub(crate) fn list_end(content: &[u8], at: u32) -> Option<u32> {
    // Nearly every list ends the content: then no search for its end is needed.
    let rest = content.get(at as usize..)?;
    if is_list(rest) {
        return Some(content.len() as u32);
    }
    token(content, at).filter(|(list, _)| is_list(list)).map(|(_, end)| end)
}

/// Returns `true` for `UNKNOWN_` and a number: the code that tor prints for a reason that it has no word for.
pub(crate) fn is_unknown_code(word: &[u8]) -> bool {
    word.strip_prefix(b"UNKNOWN_").is_some_and(|code| !code.is_empty() && code.iter().all(u8::is_ascii_digit))
}

/// Returns the end of an `UNKNOWN_` code.
#[cold]
pub(crate) fn unknown_code_end(content: &[u8], at: u32) -> Option<u32> {
    token(content, at).filter(|(word, _)| is_unknown_code(word)).map(|(_, end)| end)
}

/// Returns the length and the value of the decimal number without a sign that `text` begins with. Zeros may lead it. `None` if
/// `text` begins with no digit, or with a number above 2^32 - 1.
fn leading_number(text: &[u8]) -> Option<(usize, u32)> {
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

/// Returns the end of a decimal number without a sign, up to 2^32 - 1.
#[cold]
pub(crate) fn number_end(content: &[u8], at: u32) -> Option<u32> {
    leading_number(content.get(at as usize..)?).map(|(len, _)| at + len as u32)
}

/// Returns the end of a decimal number of 32 bits that may have a minus sign.
#[cold]
pub(crate) fn signed_number_end(content: &[u8], at: u32) -> Option<u32> {
    let rest = content.get(at as usize..)?;
    let digits = rest.strip_prefix(b"-").unwrap_or(rest);
    let (len, number) = leading_number(digits)?;
    with_sign(digits.len() < rest.len(), number)?;
    Some(at + (rest.len() - digits.len() + len) as u32)
}

/// Returns the value of a text that is one decimal number without a sign, up to 2^32 - 1. `None` for any other text.
pub(crate) fn decimal(text: &[u8]) -> Option<u32> {
    leading_number(text).filter(|&(len, _)| len == text.len()).map(|(_, number)| number)
}

/// Returns the value of a text that is one decimal number of 32 bits, which may have a minus sign. `None` for any other text.
pub(crate) fn signed_decimal(text: &[u8]) -> Option<i32> {
    let digits = text.strip_prefix(b"-");
    with_sign(digits.is_some(), decimal(digits.unwrap_or(text))?)
}

/// Returns the number with its sign. `None` if it is not from -2^31 to 2^31 - 1.
fn with_sign(negative: bool, number: u32) -> Option<i32> {
    if negative { 0_i32.checked_sub_unsigned(number) } else { number.try_into().ok() }
}

/// Returns the value of the number that begins at index `at`, which the parser has accepted: it has at most 32 bits.
pub(crate) const fn number_at(content: &[u8], at: NonZeroU32) -> i64 {
    let (negative, mut rest) = match content.split_at_checked(at.get() as usize) {
        Some((_, [b'-', digits @ ..])) => (true, digits),
        Some((_, digits)) => (false, digits),
        None => return 0,
    };
    let mut number = 0_i64;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add((*digit - b'0') as i64);
        rest = after;
    }
    if negative { number.wrapping_neg() } else { number }
}

/// Splits `host:port`: returns the host's length and the port. `None` if the text does not end with a colon and a port: 1 to 5
/// digits, at most 65535.
pub(crate) fn split_port(text: &[u8]) -> Option<(usize, u16)> {
    // Counts up to six digits: a port has at most five.
    let digits = text.iter().rev().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let host = text.len().checked_sub(digits + 1)?;
    if digits > 5 || text.get(host) != Some(&b':') {
        return None;
    }
    Some((host, decimal(text.get(host + 1..)?)?.try_into().ok()?))
}

/// Splits the `host:port` that ends at index `end`, as [`split_port`] does, by the eight bytes before `end`: returns the index of
/// the colon, and the port.
///
/// The eight bytes have to be ASCII, and may begin before the host: neither a digit nor a colon may be right before the host.
/// `None` also if fewer than eight bytes are before `end`, and for a number of eight digits or more.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn port_before(content: &[u8], end: u32) -> Option<(u32, u16)> {
    let last_eight = u64::from_le_bytes(*content.get(..end as usize)?.last_chunk()?);
    let (digits, port) = scan::last_number(last_eight)?;
    let is_port = matches!(digits, 1..=5) && scan::byte_of(last_eight, 7 - digits) == b':';
    Some((end - digits - 1, u16::try_from(port).ok().filter(|_| is_port)?))
}

/// Returns `true` for text with a port at its end and without the bytes that [`scan::not_plain`] finds. The path `/run/s:0` is such
/// text too: callers test for a `/` first.
pub(crate) fn is_addr_port(value: &[u8]) -> bool {
    split_port(value).is_some() && scan::not_plain(value, 0) as usize == value.len()
}

/// Returns `true` for a relay as a name ending in `.exit` has it: a nickname of 1 to 19 letters and digits, or a fingerprint of 40
/// hexadecimal digits. A `$` may be before a fingerprint, and `~` or `=` and a nickname after it.
pub(crate) fn is_relay(text: &[u8]) -> bool {
    let is_nickname = |text: &[u8]| (1..=19).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric);
    let without_dollar = text.strip_prefix(b"$").unwrap_or(text);
    // No nickname is as long as a fingerprint.
    match without_dollar.split_at_checked(40) {
        Some((hex, rest)) => {
            let name = rest.strip_prefix(b"~").or_else(|| rest.strip_prefix(b"="));
            hex.iter().all(u8::is_ascii_hexdigit) && (rest.is_empty() || name.is_some_and(is_nickname))
        }
        // A `$` before a nickname is no relay.
        None => is_nickname(text),
    }
}

/// Returns `true` if `text` begins with a key, known or unknown, and its `=`.
pub(crate) fn begins_with_key(text: &[u8]) -> bool {
    let len = text.iter().take_while(|&&byte| is_word_byte(byte)).count();
    len > 0 && text.get(len) == Some(&b'=')
}

/// Returns the end of a path, which may hold spaces: the content's end, or the space before the next key and its `=`.
#[cold]
pub(crate) fn path_end(content: &[u8], at: u32) -> u32 {
    let mut end = scan::space(content, at);
    while let Some((_, after)) = content.get(end as usize..).and_then(|rest| rest.split_first()) {
        if begins_with_key(after) {
            break;
        }
        end = scan::space(content, end + 1);
    }
    end
}

/// Returns the index of the quotation mark that closes the one at index `at`. `None` if there is none.
pub(crate) fn closing_quote(text: &[u8], at: u32) -> Option<u32> {
    let mut at = at + 1;
    loop {
        at = scan::quote_or_backslash(text, at);
        match text.get(at as usize)? {
            b'"' => return Some(at),
            // A backslash, and the byte that it escapes.
            _ => at += 2,
        }
    }
}

/// Returns the index of the closing quotation mark of the quoted string at index `at`. `None` if no such string begins there, if
/// it does not end, or if it has other escapes, or other bytes, than tor prints in a string.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn tor_closing_quote(text: &[u8], at: u32) -> Option<u32> {
    if text.get(at as usize) != Some(&b'"') {
        return None;
    }
    let end = scan::not_quotable(text, at + 1);
    match text.get(end as usize)? {
        b'"' => Some(end),
        _ => closing_quote_after_escapes(text, end),
    }
}

/// Continues [`tor_closing_quote`] at index `at`, that of the string's first backslash, control character or 8-bit byte.
#[inline(never)]
fn closing_quote_after_escapes(text: &[u8], at: u32) -> Option<u32> {
    let mut at = at;
    loop {
        // In binary data of a client, escapes follow each other, or have a single byte between them: to look at the next
        // byte takes less time than a new search.
        while is_octal_escape(text, at) {
            at += 4;
        }
        at = match text.get(at as usize..)? {
            [b'"', ..] => return Some(at),
            [b'\\', b'\\' | b'"' | b'\'' | b'n' | b't' | b'r', ..] => at + 2,
            [b'\\', ..] => return None,
            [b' '..=b'~', b'\\', ..] => at + 1,
            [b' '..=b'~', ..] => scan::not_quotable(text, at),
            _ => return None,
        };
    }
}

/// Returns `true` for a backslash and three octal digits of a byte at index `at`.
#[cfg_attr(feature = "std", inline)]
fn is_octal_escape(text: &[u8], at: u32) -> bool {
    // A single comparison of all four bytes: the backslash, and of each digit the bits that all allowed digits have in common. The
    // first digit is 0 to 3 (a byte is at most 377 in octal), the others 0 to 7.
    const COMMON: u32 = u32::from_le_bytes([0xff, 0xfc, 0xf8, 0xf8]);
    scan::array_at(text, at).is_some_and(|four| u32::from_le_bytes(*four) & COMMON == u32::from_le_bytes(*b"\\000"))
}

/// Returns `true` for a quoted string that is escaped as tor does it, quotation marks included.
pub(crate) fn is_quoted(value: &[u8]) -> bool {
    tor_closing_quote(value, 0).is_some_and(|quote| quote as usize + 1 == value.len())
}
