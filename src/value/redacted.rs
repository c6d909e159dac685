//! Text of an event without the credentials in it.
//!
//! Credentials have fields of their own, but a damaged line, or one of a newer tor, can have them elsewhere:
//!
//! - The value of an unknown keyword may end like a target, in a colon and a port. The text before it, credentials included, is
//!   then the target.
//! - If a log lost the target, a credential may be the first token after the circuit ID, and so the target.
//!
//! So every text that is shown is searched for the keywords of credentials.

use core::fmt::{self, Write};

/// Text of an event with `***` in place of the text between the quotation marks after `SOCKS_USERNAME=` and
/// `SOCKS_PASSWORD=`, from [`redact`](crate::StreamEventRef::redact).
///
/// `Display` writes the redacted text, with U+FFFD for bytes that are not UTF-8.
#[derive(Clone, Copy)]
pub struct Redacted<'a> {
    /// Text that contains the shown range: a secret may begin before the range, such as in the event's content.
    context: &'a [u8],
    /// Index of the first byte to show.
    start: usize,
    /// Index after the last byte to show.
    end: usize,
}

/// A piece of redacted text. Pieces of both kinds follow each other in turns.
enum Piece<'a> {
    /// Unchanged text.
    Shown(&'a [u8]),
    /// A secret, or several that touch each other, as far as they are inside the shown range.
    Masked,
}

impl<'a> Redacted<'a> {
    /// Returns the redacted text from `start` to `end` of `context`.
    pub(crate) const fn new(context: &'a [u8], start: usize, end: usize) -> Self {
        Self { context, start, end }
    }

    /// Returns the redacted form of a whole text: no secret begins before it.
    pub(crate) const fn alone(text: &'a [u8]) -> Self {
        Self::new(text, 0, text.len())
    }

    /// Returns the text unchanged, if it is UTF-8 and nothing in it is replaced.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a.example:80")?;
    /// assert_eq!(event.redact(b"a.example").as_str(), Some("a.example"));
    /// assert_eq!(event.redact(br#"SOCKS_PASSWORD="x""#).as_str(), None);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        let mut pieces = self.pieces();
        match (pieces.next(), pieces.next()) {
            (None, _) => Some(""),
            (Some(Piece::Shown(text)), None) => core::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// Iterates over the pieces of the shown range.
    fn pieces(self) -> Pieces<'a> {
        let secrets = Secrets { text: self.context, at: 0 };
        let mut pieces = Pieces { context: self.context, at: self.start, end: self.end, secrets, secret: None };
        pieces.next_secret();
        pieces
    }
}

/// An iterator over the pieces of redacted text.
struct Pieces<'a> {
    /// Text that contains the shown range.
    context: &'a [u8],
    /// Index of the next piece's first byte, in `context`.
    at: usize,
    /// Index after the last piece, in `context`.
    end: usize,
    /// Secrets after `secret`.
    secrets: Secrets<'a>,
    /// Start and end of the first secret that ends after `at`.
    secret: Option<(usize, usize)>,
}

impl Pieces<'_> {
    /// Moves `secret` to the next secret that ends after `at` and is not empty.
    fn next_secret(&mut self) {
        loop {
            self.secret = self.secrets.next();
            match self.secret {
                Some((start, end)) if start == end || end <= self.at => {}
                _ => return,
            }
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.at >= self.end {
            return None;
        }
        let mut is_masked = false;
        // Steps over the secret at `at`, and over those that begin in it or right after it: they have one mask.
        while let Some((_, end)) = self.secret.filter(|&(start, _)| start <= self.at) {
            self.at = self.at.max(end);
            is_masked = true;
            self.next_secret();
        }
        if is_masked {
            return Some(Piece::Masked);
        }
        let end = self.secret.map_or(self.end, |(start, _)| start.min(self.end));
        let shown = self.context.get(self.at..end)?;
        self.at = end;
        Some(Piece::Shown(shown))
    }
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| match piece {
            Piece::Masked => f.write_str("***"),
            Piece::Shown(text) => text.utf8_chunks().try_for_each(|chunk| {
                f.write_str(chunk.valid())?;
                if chunk.invalid().is_empty() { Ok(()) } else { f.write_char('\u{FFFD}') }
            }),
        })
    }
}

impl fmt::Debug for Redacted<'_> {
    /// Formats the text as `str` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.as_str() {
            return fmt::Debug::fmt(text, f);
        }
        f.write_char('"')?;
        write!(Escaping(f), "{self}")?;
        f.write_char('"')
    }
}

/// Writes text as `Debug` of `str` does, without quotation marks around it.
struct Escaping<'f, 'g>(&'f mut fmt::Formatter<'g>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match character {
            // `escape_debug` of a character escapes the apostrophe, `Debug` of a `str` does not.
            '\'' => self.0.write_char(character),
            _ => write!(self.0, "{}", character.escape_debug()),
        })
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Redacted<'_> {
    /// Formats the text as `Debug` does: text without a secret on the developer's machine, other text on the device.
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.as_str() {
            Some(text) => defmt::write!(f, "{=str:?}", text),
            None => defmt::write!(f, "{}", defmt::Debug2Format(self)),
        }
    }
}

/// An iterator over the secrets of a text: start and end of each, in the order of their starts, quotation marks excluded. A secret
/// may begin inside another one, whose opening quotation mark a client wrote.
struct Secrets<'a> {
    /// Text to search.
    text: &'a [u8],
    /// Index at which the search for the next keyword begins.
    at: usize,
}

impl Iterator for Secrets<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let equals = self.at.checked_add(memchr::memchr(b'=', self.text.get(self.at..)?)?)?;
            self.at = equals.checked_add(1)?;
            let (before, value) = (self.text.get(..equals)?, self.text.get(self.at..)?);
            if !before.ends_with(b"SOCKS_USERNAME") && !before.ends_with(b"SOCKS_PASSWORD") {
                continue;
            }
            // In a log that writes replies as quoted strings, backslashes are before tor's quotation marks.
            let escapes = value.iter().take_while(|&&byte| byte == b'\\').count();
            let opening = value.get(escapes..).and_then(|rest| rest.strip_prefix(b"\""));
            let (start, len) = match opening {
                Some(string) => (self.at.checked_add(escapes)?.checked_add(1)?, string_len(string, escapes)),
                // The opening quotation mark was lost: the secret ends at a space at the latest.
                None => {
                    let token = value.get(..memchr::memchr(b' ', value).unwrap_or(value.len())).unwrap_or_default();
                    (self.at, string_len(token, 0))
                }
            };
            return Some((start, start.checked_add(len)?));
        }
    }
}

/// Returns the length of the string at the start of `text`, up to its closing quotation mark and the backslashes before that, or up
/// to the end of the text. `escapes` is the number of backslashes before the opening mark: 0 unless a log has escaped the text.
///
/// Before the closing mark tor writes an even number of backslashes, which escape each other; before a mark inside of the
/// string an odd number. Each time that a log escapes the text, n backslashes before a mark become 2n + 1: each one has a backslash
/// before it, and so has the mark. Numbers of backslashes before each mark:
///
/// | escaped | opening mark (`escapes`) | closing mark | mark inside of the string |
/// |---|---|---|---|
/// | never | 0 | 0, 2, 4, ...: 0 modulo 2 | 1, 3, 5, ...: 1 modulo 2 |
/// | once | 1 | 1, 5, 9, ...: 1 modulo 4 | 3, 7, 11, ...: 3 modulo 4 |
/// | twice | 3 | 3, 11, 19, ...: 3 modulo 8 | 7, 15, 23, ...: 7 modulo 8 |
///
/// So a mark is the closing one if the remainder of its number, divided by 2 * `escapes` + 2, is `escapes`.
fn string_len(text: &[u8], escapes: usize) -> usize {
    let period = escapes.saturating_mul(2).saturating_add(2);
    let mut backslashes = 0_usize;
    let end = text.iter().position(|&byte| {
        let is_end = byte == b'"' && backslashes.checked_rem(period) == Some(escapes);
        backslashes = if byte == b'\\' { backslashes.saturating_add(1) } else { 0 };
        is_end
    });
    end.map_or(text.len(), |end| end.saturating_sub(escapes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// The masks in a whole text.
    #[test]
    fn secrets() {
        for (text, redacted) in [
            ("", ""),
            ("a.example", "a.example"),
            ("SOCKS_PASSWORD=", "SOCKS_PASSWORD="),
            ("SOCKS_PASSWORD=\"\"", "SOCKS_PASSWORD=\"\""),
            // `Debug` of a text escapes the line end and the mark, and not the apostrophe.
            ("it's\n SOCKS_PASSWORD=\"x\"", "it's\n SOCKS_PASSWORD=\"***\""),
            ("SOCKS_PASSWORD=\"x", "SOCKS_PASSWORD=\"***"),
            ("SOCKS_PASSWORD=x\"y", "SOCKS_PASSWORD=***\"y"),
            ("SOCKS_PASSWORD=x y", "SOCKS_PASSWORD=*** y"),
            ("SOCKS_GROUP=\"x\"", "SOCKS_GROUP=\"x\""),
            ("aSOCKS_USERNAME=\"x\"b", "aSOCKS_USERNAME=\"***\"b"),
            (r#"SOCKS_USERNAME="x\"y\\"z SOCKS_PASSWORD="\""#, r#"SOCKS_USERNAME="***"z SOCKS_PASSWORD="***"#),
            // A log wrote the reply as a quoted string, once or twice.
            (r#"SOCKS_USERNAME=\"x y\" SOCKS_PASSWORD=\"z\" a"#, r#"SOCKS_USERNAME=\"***\" SOCKS_PASSWORD=\"***\" a"#),
            (r#"SOCKS_USERNAME=\"x\\\"y\\\\\" a"#, r#"SOCKS_USERNAME=\"***\" a"#),
            (r#"SOCKS_USERNAME=\\\"x \" y\\\" a"#, r#"SOCKS_USERNAME=\\\"***\\\" a"#),
            (r#"SOCKS_PASSWORD=\"x y"#, r#"SOCKS_PASSWORD=\"***"#),
            // Of a string in such a log, the opening mark is lost.
            (r#"SOCKS_PASSWORD=x\"y" z"#, r#"SOCKS_PASSWORD=***" z"#),
            (r#"SOCKS_PASSWORD=\x y"#, r#"SOCKS_PASSWORD=*** y"#),
            // The first string is a client's, and ends where tor opens the second.
            ("SOCKS_USERNAME=\":1 SOCKS_USERNAME=\"x\" y", "SOCKS_USERNAME=\"***\"***\" y"),
        ] {
            assert_eq!(Redacted::alone(text.as_bytes()).to_string(), redacted, "{text}");
            assert_eq!(format!("{:?}", Redacted::alone(text.as_bytes())), format!("{redacted:?}"), "{text}");
            assert_eq!(Redacted::alone(text.as_bytes()).as_str(), Some(text).filter(|_| text == redacted), "{text}");
        }
    }

    /// Every range of a text is masked as it is in the whole text. The secrets are `x` and `y`, which are nowhere else.
    #[test]
    fn ranges() {
        let text = b"a SOCKS_USERNAME=\"xx\" SOCKS_PASSWORD=\"yyy";
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let shown = Redacted::new(text, start, end).to_string();
                let range = core::str::from_utf8(&text[start..end]).unwrap_or_default();
                assert!(!shown.contains(['x', 'y']), "{shown}");
                assert_eq!(shown.replace("***", ""), range.replace(['x', 'y'], ""));
            }
        }
    }
}
