//! The content of an event, which need not be UTF-8, and ranges of it.

use core::num::NonZeroU64;

use super::MAX_CONTENT_LEN;

/// Replacement for text that is not UTF-8.
const REPLACEMENT: &str = "\u{FFFD}";

/// An event's content: `str` if it is UTF-8, as nearly every content is, so that no field needs a check of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Content<'a> {
    /// UTF-8.
    Str(&'a str),
    /// Not UTF-8 as a whole; single fields may be.
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    /// Returns a content, as `str` if it is UTF-8. Bytes too long for an event are not checked and become `Bytes`: the parser
    /// refuses them.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        // `bytes` may have a line end of two bytes after the content.
        if bytes.len() > MAX_CONTENT_LEN + 2 {
            return Self::Bytes(bytes);
        }
        core::str::from_utf8(bytes).map_or(Self::Bytes(bytes), Self::Str)
    }

    /// Returns the content from `start` to `end` of `bytes`, as [`new`](Self::new) returns it, but faster. `start` is not after `end`.
    /// A content too long for an event may be `Str` here: the parser refuses either.
    ///
    /// The standard library checks ASCII two machine words at a time only from an aligned address on, and the last bytes one
    /// by one. The text around a content is nearly always ASCII: `650 STREAM ` before it, its line end and the next line
    /// after it. So the check begins up to a machine word earlier, at an aligned address, and ends up to two later, which saves 10
    /// to 20 % of the time to read a log. If that larger range is not UTF-8, the exact one is checked.
    pub(crate) fn within(bytes: &'a [u8], start: usize, end: usize) -> Self {
        const MACHINE_WORD: usize = size_of::<usize>();
        let from = start.saturating_sub((bytes.as_ptr() as usize).wrapping_add(start) % MACHINE_WORD);
        let length = end.saturating_sub(from).next_multiple_of(2 * MACHINE_WORD);
        let to = from.saturating_add(length).min(bytes.len());
        let around = bytes.get(from..to).and_then(|bytes| core::str::from_utf8(bytes).ok());
        match around.and_then(|text| text.get(start - from..end - from)) {
            Some(text) => Self::Str(text),
            None => Self::new(bytes.get(start..end).unwrap_or_default()),
        }
    }

    /// Returns the content as bytes.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) const fn bytes(self) -> &'a [u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// Returns the text from `start` to `end`, or U+FFFD if that is not UTF-8.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) fn get(self, start: u32, end: u32) -> &'a str {
        let (start, end) = (start as usize, end as usize);
        match self.utf8_or_empty().get(start..end) {
            Some(part) => part,
            None => part_of_bytes(self.bytes(), start, end),
        }
    }

    /// Returns the whole content, or empty text if it is not UTF-8: no range but `0..0` is within that, so that
    /// [`get`](Self::get) reads the bytes.
    #[cfg_attr(feature = "std", inline)]
    const fn utf8_or_empty(self) -> &'a str {
        match self {
            Self::Str(text) => text,
            Self::Bytes(_) => "",
        }
    }

    /// Returns the text of the range `span`, as [`get`](Self::get) does.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) fn span(self, span: Span) -> &'a str {
        self.get(span.start(), span.end())
    }

    /// Returns the content without one line end.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) fn without_line_end(self) -> Self {
        match self {
            Self::Str(text) => Self::Str(text.get(..without_line_end(text.as_bytes()).len()).unwrap_or(text)),
            Self::Bytes(bytes) => Self::Bytes(without_line_end(bytes)),
        }
    }
}

/// Returns text without one line end, if it ends with one: LF, CR LF, or a CR whose LF has not been received.
#[cold]
pub(crate) fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// [`Content::get`] of a content that is not UTF-8 as a whole.
#[cold]
fn part_of_bytes(bytes: &[u8], start: usize, end: usize) -> &str {
    bytes.get(start..end).and_then(|part| core::str::from_utf8(part).ok()).unwrap_or(REPLACEMENT)
}

/// The range of a value in an event's content: the start in the high 32 bits, the end in the low ones.
///
/// The header is before every value, so that no value ends at index 0: the number is never 0, and `Option<Span>` is no larger.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span(NonZeroU64);

impl Span {
    /// Returns the span from `start` to `end`. `None` if both are 0, which no value has.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) fn new(start: u32, end: u32) -> Option<Self> {
        NonZeroU64::new((u64::from(start) << 32) | u64::from(end)).map(Self)
    }

    /// Returns the index of the first byte.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) const fn start(self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// Returns the index after the last byte.
    #[cfg_attr(feature = "std", inline)]
    pub(crate) const fn end(self) -> u32 {
        self.0.get() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every range of 50 bytes (several machine words), which are ASCII but for a character of two bytes, half of one, or nothing
    /// at any index.
    #[test]
    fn within_agrees_with_new() {
        for inserted in [&b"\xc3\xa9"[..], b"\xc3", b"\xa9", b"a"] {
            for index in 0..48 {
                let mut bytes = [b'a'; 50];
                bytes[index..index + inserted.len()].copy_from_slice(inserted);
                for start in 0..=bytes.len() {
                    for end in start..=bytes.len() {
                        let text = Content::within(&bytes, start, end);
                        assert!(text == Content::new(&bytes[start..end]), "{start}..{end} of {}", bytes.escape_ascii());
                    }
                }
            }
        }
    }
}
