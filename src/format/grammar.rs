//! The pieces of a line that every way of reading it agrees on.

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
    text.iter().fold(true, |fits, &byte| fits & (is_word_byte(byte) | (byte == b',')))
}

/// Returns `true` for the `UNKNOWN_` and a code that stands for a reason without a name.
pub(crate) fn is_unknown_code(word: &[u8]) -> bool {
    word.strip_prefix(b"UNKNOWN_").is_some_and(|code| !code.is_empty() && code.iter().all(u8::is_ascii_digit))
}

/// Returns the length of the ` UNKNOWN_` and code that `text` begins with: with its space it is the value of one field.
pub(crate) fn unknown_code(text: &[u8]) -> Option<usize> {
    let word = text.strip_prefix(b" ")?;
    let len = scan::space(word);
    is_unknown_code(word.get(..len)?).then_some(1 + len)
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
#[inline]
pub(crate) fn split_port(text: &[u8]) -> Option<(usize, u16)> {
    let (digits, port) = match text.last_chunk() {
        Some(chunk) => scan::last_number(chunk)?,
        None => {
            let mut chunk = [0; 8];
            chunk.iter_mut().rev().zip(text.iter().rev()).for_each(|(to, from)| *to = *from);
            scan::last_number(&chunk)?
        }
    };
    let host = text.len().checked_sub(digits + 1)?;
    if text.get(host) != Some(&b':') || !(1..=5).contains(&digits) {
        return None;
    }
    Some((host, port.try_into().ok()?))
}

/// Returns `true` for the value of a `SOURCE_ADDR` that is no path.
pub(crate) fn is_addr_port(value: &[u8]) -> bool {
    split_port(value).is_some() && scan::not_plain(value) == value.len()
}

/// Returns `true` if `text` begins with a keyword and its `=`.
pub(crate) fn begins_with_keyword(text: &[u8]) -> bool {
    let len = text.iter().take_while(|&&byte| is_word_byte(byte)).count();
    len > 0 && text.get(len) == Some(&b'=')
}

/// Returns the length of the path that `text` begins with. It may hold spaces, and ends before the next keyword.
pub(crate) fn path_len(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        rest = rest.get(scan::space(rest)..).unwrap_or_default();
        match rest.split_first() {
            Some((_, after)) if !begins_with_keyword(after) => rest = after,
            _ => return text.len() - rest.len(),
        }
    }
}

/// Returns the length of the string that `text` begins with, up to the quotation mark that ends it.
pub(crate) fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    loop {
        rest = match rest.get(scan::quote_or_backslash(rest)..)? {
            rest @ [b'"', ..] => return Some(text.len() - rest.len()),
            [_, _, rest @ ..] => rest,
            _ => return None,
        };
    }
}

/// [`quoted_len`] of a string that is escaped as tor does it, and of no other.
pub(crate) fn tor_quoted_len(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    loop {
        rest = rest.get(scan::not_quotable(rest)..)?;
        // Escapes follow each other where a client sends what is no text.
        while let [b'\\', escaped @ ..] = rest {
            rest = match escaped {
                [b'0'..=b'3', b'0'..=b'7', b'0'..=b'7', rest @ ..] => rest,
                [b'\\' | b'"' | b'\'' | b'n' | b't' | b'r', rest @ ..] => rest,
                _ => return None,
            };
        }
        match rest.first()? {
            b'"' => return Some(text.len() - rest.len()),
            b' '..=b'~' => {}
            _ => return None,
        }
    }
}

/// Returns `true` for a quoted string that is escaped as tor does it, quotation marks included.
pub(crate) fn is_quoted(value: &[u8]) -> bool {
    value.strip_prefix(b"\"").is_some_and(|text| tor_quoted_len(text).is_some_and(|len| len + 1 == text.len()))
}
