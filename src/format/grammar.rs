//! The grammar of values, shared by every reading of a line.
//!
//! A function named `*_end` returns the index after the value that begins at index `at` of a line. `None` if no such value
//! begins there. The text after the value is not checked.

use core::num::NonZeroU32;

use super::scan;

/// Maximum length that tor prints of a target, in bytes.
pub(crate) const TARGET_MAX: usize = 255;

/// Returns `true` for `A` to `Z`, `0` to `9` and `_`, of which words and keywords consist.
const fn is_word_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')
}

/// [`is_word_byte`] of every byte.
const IS_WORD_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
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

/// Returns `true` for a list of words, which may be empty.
pub(crate) fn is_list(text: &[u8]) -> bool {
    // `&` and `|` in place of `&&` and `||`: without branches, the compiler checks 16 bytes at once. The last 16 bytes
    // overlap the last whole chunk, if the length is no multiple of 16.
    let fits = |text: &[u8]| text.iter().fold(true, |fits, &byte| fits & (is_word_byte(byte) | (byte == b',')));
    match text.last_chunk::<16>() {
        Some(last) => fits(last) && text.chunks_exact(16).all(fits),
        None => text.iter().all(|&byte| is_word_byte_of_table(byte) || byte == b','),
    }
}

/// Returns the text from index `at` up to the next space or the line's end, and the index of that space or end.
pub(crate) fn token(line: &[u8], at: u32) -> Option<(&[u8], u32)> {
    let end = scan::space(line, at);
    Some((line.get(at as usize..end as usize)?, end))
}

/// Returns the end of a word.
#[cold]
pub(crate) fn word_end(line: &[u8], at: u32) -> Option<u32> {
    token(line, at).filter(|(word, _)| is_word(word)).map(|(_, end)| end)
}

/// Returns the end of a list of words, which may be empty.
pub(crate) fn list_end(line: &[u8], at: u32) -> Option<u32> {
    // Nearly every list ends the line: then no search for its end is needed.
    let rest = line.get(at as usize..)?;
    if is_list(rest) {
        return Some(line.len() as u32);
    }
    token(line, at).filter(|(list, _)| is_list(list)).map(|(_, end)| end)
}

/// Returns `true` for `UNKNOWN_` and a number: the code that tor prints for a reason that it has no word for.
pub(crate) fn is_unknown_code(word: &[u8]) -> bool {
    word.strip_prefix(b"UNKNOWN_").is_some_and(|code| !code.is_empty() && code.iter().all(u8::is_ascii_digit))
}

/// Returns the end of an `UNKNOWN_` code.
#[cold]
pub(crate) fn unknown_code_end(line: &[u8], at: u32) -> Option<u32> {
    token(line, at).filter(|(word, _)| is_unknown_code(word)).map(|(_, end)| end)
}

/// Returns the length and the value of the decimal number without a sign that `text` begins with. `None` if it begins with no
/// digit, or with a number above 2^32 - 1.
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
pub(crate) fn number_end(line: &[u8], at: u32) -> Option<u32> {
    leading_number(line.get(at as usize..)?).map(|(len, _)| at + len as u32)
}

/// Returns the end of a decimal number of 32 bits that may have a minus sign.
#[cold]
pub(crate) fn signed_number_end(line: &[u8], at: u32) -> Option<u32> {
    let rest = line.get(at as usize..)?;
    let digits = rest.strip_prefix(b"-").unwrap_or(rest);
    let (len, number) = leading_number(digits)?;
    with_sign(digits.len() < rest.len(), number)?;
    Some(at + (rest.len() - digits.len() + len) as u32)
}

/// Returns the value of a decimal number without a sign, up to 2^32 - 1.
pub(crate) fn decimal(text: &[u8]) -> Option<u32> {
    leading_number(text).filter(|&(len, _)| len == text.len()).map(|(_, number)| number)
}

/// Returns the value of a decimal number of 32 bits that may have a minus sign.
pub(crate) fn signed_decimal(text: &[u8]) -> Option<i32> {
    let digits = text.strip_prefix(b"-");
    with_sign(digits.is_some(), decimal(digits.unwrap_or(text))?)
}

/// Returns the number with its sign. `None` if it does not fit 32 bits.
fn with_sign(negative: bool, number: u32) -> Option<i32> {
    if negative { 0_i32.checked_sub_unsigned(number) } else { number.try_into().ok() }
}

/// Returns the value of the number that begins at index `at`. The parser has checked that it has 32 bits.
pub(crate) const fn number_at(line: &[u8], at: NonZeroU32) -> i64 {
    let (negative, mut rest) = match line.split_at_checked(at.get() as usize) {
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

/// Splits `host:port`: returns the host's length and the port. A port has 1 to 5 digits and is at most 65535.
pub(crate) fn split_port(text: &[u8]) -> Option<(usize, u16)> {
    // Six, to tell a port of five digits from a longer number.
    let digits = text.iter().rev().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let host = text.len().checked_sub(digits + 1)?;
    if digits > 5 || text.get(host) != Some(&b':') {
        return None;
    }
    Some((host, decimal(text.get(host + 1..)?)?.try_into().ok()?))
}

/// Splits the `host:port` that ends at index `end` of a line, as [`split_port`] does: returns the index of the colon and the
/// port.
///
/// Looks at the eight bytes before `end` only, which reach beyond the host if that is short. So the line has to be ASCII up to
/// `end`, to have at least eight bytes there, and neither a digit nor a colon right before the host. `None` also for a number
/// of eight digits or more.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn port_before(line: &[u8], end: u32) -> Option<(u32, u16)> {
    let last_eight = u64::from_le_bytes(*line.get(..end as usize)?.last_chunk()?);
    let (digits, port) = scan::last_number(last_eight)?;
    let is_port = matches!(digits, 1..=5) && scan::byte_of(last_eight, 7 - digits) == b':';
    Some((end - digits - 1, u16::try_from(port).ok().filter(|_| is_port)?))
}

/// Returns `true` for plain text with a port at its end. The path `/run/s:0` is such text too: callers test for a `/` first.
pub(crate) fn is_addr_port(value: &[u8]) -> bool {
    split_port(value).is_some() && scan::not_plain(value, 0) as usize == value.len()
}

/// Returns `true` for a relay as a name ending in `.exit` has it: a nickname, or a fingerprint of 40 hexadecimal digits. Before
/// a fingerprint there may be a `$`, after it `~` or `=` and a nickname.
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

/// Returns the end of a path, which may hold spaces: the line's end, or the space before the next key and its `=`.
#[cold]
pub(crate) fn path_end(line: &[u8], at: u32) -> u32 {
    let mut end = scan::space(line, at);
    while let Some((_, after)) = line.get(end as usize..).and_then(|rest| rest.split_first()) {
        if begins_with_key(after) {
            break;
        }
        end = scan::space(line, end + 1);
    }
    end
}

/// Returns the index of the quotation mark that closes the one at index `at`.
pub(crate) fn closing_quote(line: &[u8], at: u32) -> Option<u32> {
    let mut at = at + 1;
    loop {
        at = scan::quote_or_backslash(line, at);
        match line.get(at as usize)? {
            b'"' => return Some(at),
            // A backslash, and the byte that it escapes.
            _ => at += 2,
        }
    }
}

/// Returns the index of the closing quotation mark of a string that begins with one at index `at`. `None` if the string has
/// other escapes, or other bytes, than tor prints in a string.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn tor_closing_quote(line: &[u8], at: u32) -> Option<u32> {
    if line.get(at as usize) != Some(&b'"') {
        return None;
    }
    let end = scan::not_quotable(line, at + 1);
    match line.get(end as usize)? {
        b'"' => Some(end),
        _ => closing_quote_after_escapes(line, end),
    }
}

/// Continues [`tor_closing_quote`] at index `at`, the string's first backslash, quotation mark, control character or 8-bit
/// byte.
#[inline(never)]
fn closing_quote_after_escapes(line: &[u8], at: u32) -> Option<u32> {
    let mut at = at;
    loop {
        // In binary data of a client, escapes follow each other, or have a single byte between them: to look at the next
        // byte takes less time than a new search.
        while is_octal_escape(line, at) {
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

/// Returns `true` for a backslash and three octal digits of a byte at index `at`.
#[cfg_attr(feature = "std", inline)]
fn is_octal_escape(line: &[u8], at: u32) -> bool {
    // One comparison for all four bytes, of the bits that the digits 0 to 3, or 0 to 7, have in common: a byte is at most 377
    // in octal.
    const COMMON: u32 = u32::from_le_bytes([0xff, 0xfc, 0xf8, 0xf8]);
    scan::array_at(line, at).is_some_and(|text| u32::from_le_bytes(*text) & COMMON == u32::from_le_bytes(*b"\\000"))
}

/// Returns `true` for a quoted string that is escaped as tor does it, quotation marks included.
pub(crate) fn is_quoted(value: &[u8]) -> bool {
    tor_closing_quote(value, 0).is_some_and(|quote| quote as usize + 1 == value.len())
}
