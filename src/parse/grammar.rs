//! The pieces of a line that every way of reading it agrees on.

use crate::scan;

/// The most bytes that tor prints of a target.
pub(crate) const TARGET_MAX: usize = 255;

/// Returns `true` for the letters of words and keywords.
const fn is_word_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')
}

/// Returns `true` for a word or keyword as tor would write one.
pub(super) fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_word_byte(byte))
}

/// Returns `true` for a list of words, which may be empty.
pub(super) fn is_list(text: &[u8]) -> bool {
    text.iter().all(|&byte| is_word_byte(byte) || byte == b',')
}

/// Returns `true` for the `UNKNOWN_` and a code that stands for a reason without a name.
pub(super) fn is_unknown_code(word: &[u8]) -> bool {
    word.strip_prefix(b"UNKNOWN_").is_some_and(|code| !code.is_empty() && code.iter().all(u8::is_ascii_digit))
}

/// Returns where the ` UNKNOWN_` and code at `at` ends: with its space it is the value of one field.
pub(crate) fn unknown_code(bytes: &[u8], at: usize) -> Option<usize> {
    let end = scan::space(bytes, at + 1);
    let word = bytes.get(at..end)?.strip_prefix(b" ")?;
    is_unknown_code(word).then_some(end)
}

/// Returns the value of a decimal number without a sign.
pub(super) fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, &digit| {
        let digit = char::from(digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Returns the value of a decimal number that may have a minus sign.
pub(super) fn signed_decimal(text: &[u8]) -> Option<i32> {
    match text.strip_prefix(b"-") {
        Some(digits) => 0_i32.checked_sub_unsigned(decimal(digits)?),
        None => decimal(text)?.try_into().ok(),
    }
}

/// Splits `host:port`: returns the host's length and the port. A port has 1 to 5 digits and is at most 65535.
#[inline]
pub(crate) fn split_port(text: &[u8]) -> Option<(usize, u16)> {
    let mut port = 0;
    let mut scale = 1;
    for (i, &byte) in text.iter().enumerate().rev() {
        match byte {
            b'0'..=b'9' if scale <= 10_000 => {
                port += u32::from(byte - b'0') * scale;
                scale *= 10;
            }
            b':' if scale > 1 => return port.try_into().ok().map(|port| (i, port)),
            _ => return None,
        }
    }
    None
}

/// Returns `true` for the value of a `SOURCE_ADDR` that is no path.
pub(super) fn is_addr_port(value: &[u8]) -> bool {
    split_port(value).is_some() && scan::not_plain(value, 0) == value.len()
}

/// Returns `true` if a keyword and its `=` begin at `at`.
pub(super) fn is_keyword_at(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let len = rest.iter().take_while(|&&byte| is_word_byte(byte)).count();
    len > 0 && rest.get(len) == Some(&b'=')
}

/// Returns where the path at `at` ends, which may hold spaces: before the next keyword.
pub(crate) fn path_end(bytes: &[u8], at: usize) -> usize {
    let mut end = scan::space(bytes, at);
    while end < bytes.len() && !is_keyword_at(bytes, end + 1) {
        end = scan::space(bytes, end + 1);
    }
    end
}

/// Returns the index of the quotation mark that ends the string whose text begins at `at`.
pub(crate) fn quoted_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = scan::quote_or_backslash(bytes, at);
        match bytes.get(at)? {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

/// [`quoted_end`] of a string that is escaped as tor does it, and of no other.
#[inline]
pub(super) fn tor_quoted_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = scan::not_quotable(bytes, at);
        at += match *bytes.get(at..)? {
            [b'"', ..] => return Some(at),
            [b'\\', b'\\' | b'"' | b'\'' | b'n' | b't' | b'r', ..] => 2,
            [b'\\', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7', ..] => 4,
            _ => return None,
        };
    }
}

/// Returns `true` for a quoted string that is escaped as tor does it, quotation marks included.
pub(super) fn is_quoted(value: &[u8]) -> bool {
    value.strip_prefix(b"\"").is_some_and(|text| tor_quoted_end(text, 0) == text.len().checked_sub(1))
}
