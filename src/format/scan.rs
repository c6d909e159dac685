//! Looking for a byte, eight at a time.
//!
//! Values of an event are 3 to 60 bytes long. Over such lengths this needs half the time of a call to memchr, whose start
//! costs more than the search, and of a loop over bytes.

/// One in every byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of every byte of a word.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Sets the high bit of the first byte of `word` that is zero; bits of bytes above it may be wrong.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Marks the first byte of `word` that is `byte`.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * byte as u64))
}

/// Marks the first byte below `limit`, which is at most 0x80, or from 0x7f up.
#[inline]
const fn outside(word: u64, limit: u8) -> u64 {
    ((word.wrapping_sub(ONES * limit as u64) & !word) | word.wrapping_add(ONES) | word) & HIGHS
}

/// Returns the index of the first byte that `mark` marks, or the length.
#[inline]
fn find(text: &[u8], mark: impl Fn(u64) -> u64) -> usize {
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        let marks = mark(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return text.len() - rest.len() + first(marks);
        }
        rest = after;
    }
    // The last bytes, with zeros behind them. A mark on one of those is the end as well.
    let word = rest.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte));
    text.len() - rest.len() + rest.len().min(first(mark(word)))
}

/// Returns the index of the first byte that is marked, or 8.
#[inline]
const fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Returns the index of the first space, or the length.
pub(crate) fn space(text: &[u8]) -> usize {
    find(text, |word| equal(word, b' '))
}

/// Returns the index of the first space or equals sign, or the length.
pub(crate) fn space_or_equals(text: &[u8]) -> usize {
    find(text, |word| equal(word, b' ') | equal(word, b'='))
}

/// Returns the index of the first quotation mark or backslash, or the length.
pub(crate) fn quote_or_backslash(text: &[u8]) -> usize {
    find(text, |word| equal(word, b'"') | equal(word, b'\\'))
}

/// Returns the index of the first byte that cannot stand for itself inside tor's quotes, or the length: a quotation mark, a
/// backslash, a control character or an 8-bit byte.
pub(crate) fn not_quotable(text: &[u8]) -> usize {
    find(text, |word| equal(word, b'"') | equal(word, b'\\') | outside(word, b' '))
}

/// Returns the index of the first byte that may be odd in a target, or the length: a space, a quotation mark, a control
/// character, an 8-bit byte, or an exclamation mark. The last one is not odd, but stands between two that are, and is rare
/// enough to be found with them for a third of the work.
pub(crate) fn not_plain(text: &[u8]) -> usize {
    find(text, |word| outside(word, b'"' + 1))
}

/// Returns how many decimal digits `text` begins with, or 8.
#[inline]
pub(crate) const fn digits(text: &[u8; 8]) -> usize {
    first(not_digits(u64::from_le_bytes(*text)))
}

/// Returns how many decimal digits `text` ends with, and their value. `None` if it has nothing else.
#[inline]
pub(crate) fn last_number(text: &[u8; 8]) -> Option<(usize, u32)> {
    let word = u64::from_le_bytes(*text);
    let len = (not_digits(word).leading_zeros() / 8) as usize;
    (len < 8).then(|| (len, decimal((word ^ ZEROS) & !(u64::MAX >> (8 * len)))))
}

/// The character 0 in every byte of a word.
const ZEROS: u64 = ONES * b'0' as u64;

/// Marks every byte that is no decimal digit.
#[inline]
const fn not_digits(word: u64) -> u64 {
    let values = word ^ ZEROS;
    // Without its high bit, no byte carries into the next one.
    (((values & !HIGHS) + ONES * (0x80 - 10)) | values) & HIGHS
}

/// Returns the decimal number of eight digits, of which the lowest byte is the first.
#[inline]
const fn decimal(digits: u64) -> u32 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// Every byte, at every place of a text of every length up to two words, after bytes that nothing looks for.
    #[test]
    fn as_a_loop_over_bytes() {
        type Search = (fn(&[u8]) -> usize, fn(u8) -> bool);
        let searches: [Search; 5] = [
            (space, |b| b == b' '),
            (space_or_equals, |b| b == b' ' || b == b'='),
            (quote_or_backslash, |b| b == b'"' || b == b'\\'),
            (not_quotable, |b| b == b'"' || b == b'\\' || !(b' '..0x7f).contains(&b)),
            (not_plain, |b| !(b'#'..0x7f).contains(&b)),
        ];
        for (search, wanted) in searches {
            for len in 0..20 {
                for place in 0..len {
                    for byte in 0..=255 {
                        let mut text = [b'7'; 20];
                        text[place] = byte;
                        text[len - 1] ^= byte & 1;
                        for from in 0..=len {
                            let text = &text[from..len];
                            let expected = text.iter().position(|&byte| wanted(byte)).unwrap_or(text.len());
                            assert_eq!(search(text), expected, "{text:?}");
                        }
                    }
                }
            }
        }
    }

    /// Every number of up to seven digits has a neighbour of each kind here.
    #[test]
    fn numbers_as_the_standard_library_reads_them() {
        for number in (0..1_000).chain((1_000..10_000_000).step_by(997)).chain([65_535, 65_536, 9_999_999]) {
            let digits = format!("{number}");
            for other in [b' ', b':', b'/', b'-', 0, 0x7f, 0x80, 0xb0, 0xff] {
                let mut text = [other; 8];
                text[..digits.len()].copy_from_slice(digits.as_bytes());
                assert_eq!(super::digits(&text), digits.len(), "{text:?}");
                text.reverse();
                text[8 - digits.len()..].copy_from_slice(digits.as_bytes());
                assert_eq!(last_number(&text), Some((digits.len(), number)), "{text:?}");
            }
        }
        assert_eq!((super::digits(b"12345678"), last_number(b"12345678")), (8, None));
        assert_eq!((super::digits(b" 1234567"), last_number(b"1234567 ")), (0, Some((0, 0))));
    }
}
