//! Searches and comparisons of 16 bytes at a time.
//!
//! Values of an event are 3 to 60 bytes long. Over such lengths these searches need half the time of a call to memchr, whose
//! start costs more than the search, and half the time of a loop over bytes.
//!
//! Sixteen bytes are loaded into a `u128`, the first one lowest, and searched as two *halves* of eight, each a `u64`. A search
//! *marks* a byte that it looks for: it sets that byte's high bit. A carry may mark a wrong byte, but only after a right one, and
//! only the first mark is used.

use core::num::NonZeroU64;

/// Returns the index of the first space from `at` on, or the length.
#[cfg_attr(feature = "std", inline)]
pub(crate) fn space(text: &[u8], at: u32) -> u32 {
    find(text, at, |half| equal(half, b' '))
}

/// Returns the index of the first space or equals sign from `at` on, or the length.
#[cfg_attr(feature = "std", inline)]
pub(crate) fn space_or_equals(text: &[u8], at: u32) -> u32 {
    find(text, at, |half| equal(half, b' ') | equal(half, b'='))
}

/// Returns the index of the first quotation mark or backslash from `at` on, or the length.
#[cfg_attr(feature = "std", inline)]
pub(crate) fn quote_or_backslash(text: &[u8], at: u32) -> u32 {
    find(text, at, |half| equal(half, b'"') | equal(half, b'\\'))
}

/// Returns the index of the first byte from `at` on that cannot stand for itself inside tor's quotes, or the length: a
/// quotation mark, a backslash, a control character or an 8-bit byte.
#[cfg_attr(feature = "std", inline)]
pub(crate) fn not_quotable(text: &[u8], at: u32) -> u32 {
    find(text, at, |half| equal_or_most_8bit(half, b'"') | equal_or_most_8bit(half, b'\\') | outside(half, b' '))
}

/// Returns the index of the first byte from `at` on that a plain target does not have, or the length: a space, a quotation mark, a
/// control character, an 8-bit byte, or an exclamation mark. Only the exclamation mark is no anomaly in a target. Its code is between
/// those of space and quotation mark: a search for one range of codes is a third of the work, and exclamation marks are rare.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn not_plain(text: &[u8], at: u32) -> u32 {
    find(text, at, |half| outside(half, b'"' + 1))
}

/// Returns the `N` bytes of `text` from index `at` on. `None` if fewer are left.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn array_at<const N: usize>(text: &[u8], at: u32) -> Option<&[u8; N]> {
    let at = at as usize;
    // The sum does not wrap, also where `usize` has 32 bits: `at` is at most one above the length of a content.
    text.get(at..at.wrapping_add(N))?.first_chunk()
}

/// Returns the eight bytes of `text` from index `at` on, the first one lowest. `None` if fewer are left.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn eight_bytes(text: &[u8], at: u32) -> Option<u64> {
    array_at(text, at).copied().map(u64::from_le_bytes)
}

/// Returns the 16 bytes of `text` from index `at` on, the first one lowest, with `fill` for those after its end.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn sixteen_bytes(text: &[u8], at: u32, fill: u8) -> u128 {
    match array_at(text, at) {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => filled(text, at, fill),
    }
}

/// [`sixteen_bytes`] where fewer than 16 are left.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
fn filled(text: &[u8], at: u32, fill: u8) -> u128 {
    let fills = u128::from_le_bytes([fill; 16]);
    // `last_bytes` has zeros after the text. The second XOR turns these into `fill`, and undoes the first one in the text.
    last_bytes(text, at, fills) ^ fills
}

/// Returns byte `index` of eight.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) const fn byte_of(eight: u64, index: u32) -> u8 {
    eight.wrapping_shr(8 * index) as u8
}

/// Returns the number of decimal digits that eight bytes begin with. `None` if all eight are digits.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn digits(eight: u64) -> Option<u32> {
    // A digit becomes its value, 0 to 9, and any other byte a greater one, which is marked. Only a byte that is no digit carries
    // into the next one.
    let values = eight ^ ZEROS;
    let others = NonZeroU64::new((values.wrapping_add(TO_TEN) | values) & HIGHS)?;
    Some(others.trailing_zeros() / 8)
}

/// Returns the end of the number that begins at index `at`. `None` if it has no digit or more than three, or if fewer than
/// four bytes of the text are left: four bytes are loaded, three digits and the byte after them.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn short_number_end(text: &[u8], at: u32) -> Option<u32> {
    let digits = digits(u64::from(u32::from_le_bytes(*array_at(text, at)?)))?;
    matches!(digits, 1..=3).then_some(at + digits)
}

/// Returns the number of decimal digits at the end of eight bytes of ASCII, and the number that they make. `None` if all eight are
/// digits.
#[cfg_attr(feature = "std", inline(always))]
pub(crate) fn last_number(eight: u64) -> Option<(u32, u32)> {
    // Digits become their values, as in `digits`. No byte of ASCII carries into the next one, so that every mark is right.
    let values = eight ^ ZEROS;
    let others = NonZeroU64::new(values.wrapping_add(TO_TEN) & HIGHS)?;
    // The index of the high bit of the last byte that is no digit.
    let last = 63 - others.leading_zeros();
    // The two shifts make zeros of the bytes up to that one, which are then leading zeros of the number. The high bit itself stays,
    // and is 0 in ASCII.
    Some((7 - last / 8, value_of_digits(values >> last << last)))
}

/// The value 1 in each of the eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each of the eight bytes.
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// The character `0` in each of the eight bytes.
const ZEROS: u64 = ONES * b'0' as u64;
/// For each of the eight bytes, the number whose sum with a byte below 0x80 has the high bit if that byte is 10 or more.
const TO_TEN: u64 = ONES * (0x80 - 10);

/// Marks the first byte that is `byte`, and every byte from 0x80 up, except `byte | 0x80`: a caller that looks for 8-bit bytes has
/// to mark that one by another function. Bits other than the high ones are undefined.
#[cfg_attr(feature = "std", inline(always))]
const fn equal_or_most_8bit(half: u64, byte: u8) -> u64 {
    // Only a byte that was equal, and so is zero now, or one from 0x81 up has a high bit after the subtraction.
    (half ^ (ONES * byte as u64)).wrapping_sub(ONES)
}

/// Marks the first byte that is `byte`, which is below 0x80. Bits other than the high ones are undefined.
#[cfg_attr(feature = "std", inline(always))]
const fn equal(half: u64, byte: u8) -> u64 {
    equal_or_most_8bit(half, byte) & !half
}

/// Marks the first byte that is below `limit` or from 0x7f up. The limit is at most 0x7f. Bits other than the high ones are
/// undefined.
#[cfg_attr(feature = "std", inline(always))]
const fn outside(half: u64, limit: u8) -> u64 {
    // The sum marks 0x7f to 0xfe; the difference marks bytes below `limit`, and those from `limit + 0x80` up, such as 0xff.
    half.wrapping_sub(ONES * limit as u64) | half.wrapping_add(ONES)
}

/// Returns the index of the first byte from `start` on that `mark` marks in eight bytes, or the length.
#[cfg_attr(feature = "std", inline(always))]
fn find(text: &[u8], start: u32, mark: impl Fn(u64) -> u64) -> u32 {
    let marks = |sixteen: u128| (mark(sixteen as u64), mark((sixteen >> 64) as u64));
    let mut at = start;
    while let Some(sixteen) = array_at(text, at) {
        let (low, high) = marks(u128::from_le_bytes(*sixteen));
        if (low | high) & HIGHS != 0 {
            return at + first(low, high);
        }
        at += 16;
    }
    // Fewer than 16 bytes are left. If 16 were searched before, the last 16 of the text are searched, though the first of
    // these are known to have no mark. Otherwise the rest is padded with zeros, which may be marked: hence the minimum.
    let len = text.len() as u32;
    let last = len.saturating_sub(16);
    let (sixteen, from) = match array_at(text, last) {
        Some(sixteen) if last >= start => (u128::from_le_bytes(*sixteen), last),
        _ => (last_bytes(text, start, 0), start),
    };
    let (low, high) = marks(sixteen);
    (from + first(low, high)).min(len)
}

/// Returns the index of the first marked byte of 16, by the marks of both halves, or 16.
///
/// The index is computed from both halves together: the processor cannot predict a branch between them.
#[cfg_attr(feature = "std", inline(always))]
const fn first(low: u64, high: u64) -> u32 {
    (((low & HIGHS) as u128) | (((high & HIGHS) as u128) << 64)).trailing_zeros() / 8
}

/// Returns the bytes of `text` from index `start` on, which are fewer than 16, and zeros after them. Each byte of the text is combined
/// by XOR with the one byte that `mask` has 16 times.
#[cfg_attr(feature = "std", inline(always))]
fn last_bytes(text: &[u8], start: u32, mask: u128) -> u128 {
    let left = (text.len() as u32).saturating_sub(start);
    match text.last_chunk() {
        // Nearly every text has 16 bytes. Of its last 16, those before `start` are shifted out, in two shifts: if no byte is
        // left, all 128 bits have to go, which a single shift cannot do without a comparison.
        Some(sixteen) => ((u128::from_le_bytes(*sixteen) ^ mask) >> 8).wrapping_shr(120_u32.wrapping_sub(8 * left)),
        None => last_bytes_of_short(text, start, mask),
    }
}

/// [`last_bytes`] of a text of fewer than 16 bytes.
#[cold]
fn last_bytes_of_short(text: &[u8], start: u32, mask: u128) -> u128 {
    let rest = text.get(start as usize..).unwrap_or_default();
    rest.iter().rev().fold(0, |sixteen, &byte| (sixteen << 8) | u128::from(byte ^ mask as u8))
}

/// Returns the decimal number of eight digits, each as its value 0 to 9; the first digit is the lowest byte.
#[cfg_attr(feature = "std", inline(always))]
const fn value_of_digits(digits: u64) -> u32 {
    // Each step joins neighbours: 8 digits to 4 numbers of two digits, 2 of four, 1 of eight. In a product, the upper half of
    // each group holds ten (a hundred, ten thousand) times the first neighbour plus the second.
    let pairs = (digits.wrapping_mul((10 << 8) | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul((100 << 16) | 1) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul((10_000 << 32) | 1) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// Every byte, at every index of a text of 1 to 39 bytes (two blocks of 16 and a rest), searched from every index. The bytes before
    /// it are a `7`, which no search looks for. The bytes after it are `7` too, or by turns the byte with its lowest bit flipped and
    /// the byte itself: after each match is the byte that a carry may mark wrongly, and then a further match.
    #[test]
    fn as_a_loop_over_bytes() {
        type Search = (fn(&[u8], u32) -> u32, fn(u8) -> bool);
        let searches: [Search; 5] = [
            (space, |b| b == b' '),
            (space_or_equals, |b| b == b' ' || b == b'='),
            (quote_or_backslash, |b| b == b'"' || b == b'\\'),
            (not_quotable, |b| b == b'"' || b == b'\\' || !(b' '..0x7f).contains(&b)),
            (not_plain, |b| !(b'#'..0x7f).contains(&b)),
        ];
        for byte in 0..=255 {
            for after in [[b'7', b'7'], [byte ^ 1, byte]] {
                for len in 1..40 {
                    for index in 0..len {
                        let mut text = [b'7'; 40];
                        text[index] = byte;
                        let text = &mut text[..len];
                        text[index + 1..].iter_mut().zip(after.into_iter().cycle()).for_each(|(to, from)| *to = from);
                        for (search, wanted) in searches {
                            assert_search(text, search, wanted);
                        }
                    }
                }
            }
        }
    }

    /// From each index of `text` on, `search` finds the first byte that is `wanted`.
    fn assert_search(text: &[u8], search: fn(&[u8], u32) -> u32, wanted: fn(u8) -> bool) {
        let mut expected = text.len();
        assert_eq!(search(text, expected as u32) as usize, expected, "{text:?}");
        for (from, &byte) in text.iter().enumerate().rev() {
            if wanted(byte) {
                expected = from;
            }
            assert_eq!(search(text, from as u32) as usize, expected, "{text:?} from {from}");
        }
    }

    /// Numbers of 1 to 7 digits: all below 1000, and every 997th above (997 is a prime, so that every digit is at every index).
    /// Next to each number are bytes of every kind: the neighbours of the digits in ASCII (`/`, `:`), the ends of ASCII, and 8-bit
    /// bytes, of which 0xb0 is a `0` with the high bit.
    #[test]
    fn numbers_as_the_standard_library_reads_them() {
        for number in (0..1_000).chain((1_000..10_000_000).step_by(997)).chain([65_535, 65_536, 9_999_999]) {
            let digits = format!("{number}");
            for other in [b' ', b':', b'/', b'-', 0, 0x7f, 0x80, 0xb0, 0xff] {
                let mut text = [other; 8];
                text[..digits.len()].copy_from_slice(digits.as_bytes());
                let len = super::digits(u64::from_le_bytes(text));
                assert_eq!(len, Some(digits.len() as u32), "{text:?}");
                // `last_number` reads ASCII only.
                if !other.is_ascii() {
                    continue;
                }
                text.reverse();
                text[8 - digits.len()..].copy_from_slice(digits.as_bytes());
                assert_eq!(last_number(u64::from_le_bytes(text)), Some((digits.len() as u32, number)), "{text:?}");
            }
        }
        assert_eq!(
            (super::digits(u64::from_le_bytes(*b"12345678")), last_number(u64::from_le_bytes(*b"12345678"))),
            (None, None)
        );
        assert_eq!(
            (super::digits(u64::from_le_bytes(*b" 1234567")), last_number(u64::from_le_bytes(*b"1234567 "))),
            (Some(0), Some((0, 0)))
        );
    }
}
