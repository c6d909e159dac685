//! Text of an event without the credentials in it.
//!
//! Credentials have fields of their own, but a damaged line, or one of a newer tor, can have them elsewhere:
//!
//! - The value of an unknown keyword may end like a target, in a colon and a port. The text before it, credentials included, is
//!   then the target.
//! - If a log lost the target, a credential may be the first token after the circuit ID, which is taken for the target.
//!
//! So every text that is shown is searched for the keywords of credentials.

use core::fmt::{self, Write};

/// Text of an event with `***` in place of the text between the quotation marks after `SOCKS_USERNAME=` and
/// `SOCKS_PASSWORD=`, from [`redact`](crate::StreamEventRef::redact). Of text that has lost its opening mark, only a token is masked.
///
/// `Display` writes the redacted text, with U+FFFD for bytes that are not UTF-8.
///
/// # Examples
///
/// ```
/// use tor_stream_event::StreamEventRef;
///
/// let event = StreamEventRef::parse(r#"9 NEW 0 a:80 PURPOSE=USER SOCKS_PASSWORD="x""#)?;
/// let text = event.redact(event.content()).to_string();
/// assert_eq!(text, r#"9 NEW 0 a:80 PURPOSE=USER SOCKS_PASSWORD="***""#);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Redacted<'a> {
    /// Text up to the end of the shown range: a secret may begin before the range, such as in the event's content.
    text: &'a [u8],
    /// Index of the first byte to show.
    start: usize,
    /// State of the search for secrets, at an index up to `start`.
    secrets: Secrets,
}

/// A piece of redacted text.
enum Piece<'a> {
    /// Unchanged text.
    Shown(&'a [u8]),
    /// A secret, or the part of one that is in the shown range.
    Masked,
}

impl<'a> Redacted<'a> {
    /// Returns the redacted text from `start` to `end` of `context`.
    pub(crate) fn new(context: &'a [u8], start: usize, end: usize) -> Self {
        Secrets::START.redact(context, start, end)
    }

    /// Returns the redacted form of a whole text: no secret begins before it.
    pub(crate) fn alone(text: &'a [u8]) -> Self {
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
        let mut pieces = Pieces { text: self.text, at: self.start, secrets: self.secrets, secret: None };
        pieces.next_secret();
        pieces
    }
}

/// An iterator over the pieces of redacted text.
struct Pieces<'a> {
    /// Text up to the end of the last piece.
    text: &'a [u8],
    /// Index of the next piece's first byte, in `text`.
    at: usize,
    /// Search for the secrets after `secret`.
    secrets: Secrets,
    /// Start and end of the first secret that ends after `at`.
    secret: Option<(usize, usize)>,
}

impl Pieces<'_> {
    /// Moves `secret` to the next secret that ends after `at` and is not empty.
    fn next_secret(&mut self) {
        loop {
            self.secret = self.secrets.next(self.text);
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
        if self.at >= self.text.len() {
            return None;
        }
        if let Some((_, end)) = self.secret.filter(|&(start, _)| start <= self.at) {
            self.at = end;
            self.next_secret();
            return Some(Piece::Masked);
        }
        let end = self.secret.map_or(self.text.len(), |(start, _)| start);
        let shown = self.text.get(self.at..end)?;
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

/// A search for the secrets of a text, from left to right in one pass. Secrets that overlap are returned as one: a client may have
/// written the opening quotation mark of the first.
///
/// tor writes an even number of backslashes before a closing mark, since they escape each other, and an odd number before a mark
/// inside of the string. Each time that a log escapes the text, n backslashes before a mark become 2n + 1: each one has a backslash before
/// it, and so has the mark. Numbers of backslashes before each mark:
///
/// | escaped | opening mark | closing mark | mark inside of the string |
/// |---|---|---|---|
/// | never | 0 | 0, 2, 4, ...: 0 modulo 2 | 1, 3, 5, ...: 1 modulo 2 |
/// | once | 1 | 1, 5, 9, ...: 1 modulo 4 | 3, 7, 11, ...: 3 modulo 4 |
/// | twice | 3 | 3, 11, 19, ...: 3 modulo 8 | 7, 15, 23, ...: 7 modulo 8 |
///
/// So a mark with n backslashes opens or closes a string that was escaped e times if 2^e is the greatest power of two that divides
/// n + 1. This power is the mark's level.
#[derive(Clone, Copy)]
pub(crate) struct Secrets {
    /// Index of the next byte to search.
    at: usize,
    /// Index of the first byte of the open secret, if one is open.
    start: usize,
    /// Sum of the levels of the open strings. Strings of the same level end together.
    open_levels: usize,
    /// Set if a secret without its opening mark is open: up to a space, or to a quotation mark of level 1. The secret may go on after
    /// the space, and where it ends is unknown: only text between quotation marks is promised to be masked.
    has_open_token: bool,
}

impl Secrets {
    /// Level of a string whose opening mark has a number of backslashes that no log writes. No text is long enough to close it.
    const NEVER_CLOSED: usize = usize::MAX ^ (usize::MAX >> 1);

    /// The search at the start of a text.
    pub(crate) const START: Self = Self { at: 0, start: 0, open_levels: 0, has_open_token: false };

    /// Returns the redacted text from `start` to `end` of `context`, the text of which this search has read `start` bytes at
    /// most.
    pub(crate) fn redact<'a>(self, context: &'a [u8], start: usize, end: usize) -> Redacted<'a> {
        Redacted { text: context.get(..end).unwrap_or(context), start, secrets: self }
    }

    /// Returns start and end of the next secret, quotation marks excluded. The end of the text ends an open one.
    fn next(&mut self, text: &[u8]) -> Option<(usize, usize)> {
        let secret = self.next_closed(text);
        if secret.is_none() && self.is_open() {
            (self.open_levels, self.has_open_token) = (0, false);
            return Some((self.start, text.len()));
        }
        secret
    }

    /// Continues the search up to the end of `text`: the text that was searched before, and what follows it so far.
    pub(crate) fn advance_to_end(&mut self, text: &[u8]) {
        while self.next_closed(text).is_some() {}
    }

    /// Returns start and end of the next secret that ends before the end of the text.
    fn next_closed(&mut self, text: &[u8]) -> Option<(usize, usize)> {
        loop {
            let len = memchr::memchr3(b'"', b'=', b' ', text.get(self.at..)?);
            let Some(index) = len.map(|len| self.at.saturating_add(len)) else {
                self.at = text.len();
                return None;
            };
            self.at = index.saturating_add(1);
            let secret = match text.get(index) {
                Some(b'"') => self.read_mark(text, index),
                Some(b'=') => {
                    self.read_equals(text);
                    None
                }
                _ if self.has_open_token => self.close_token(index),
                _ => None,
            };
            if secret.is_some() {
                return secret;
            }
        }
    }

    /// Reads a quotation mark, which may close a secret, and open one. Returns the secret that it closes.
    fn read_mark(&mut self, text: &[u8], index: usize) -> Option<(usize, usize)> {
        let before = text.get(..index)?;
        let unescaped_len = before.iter().rposition(|&byte| byte != b'\\').map_or(0, |last| last.saturating_add(1));
        let backslashes = index.saturating_sub(unescaped_len);
        let backslashes_plus_1 = backslashes.saturating_add(1);
        let level = backslashes_plus_1 & backslashes_plus_1.wrapping_neg();

        let was_open = self.is_open();
        self.open_levels &= !level;
        self.has_open_token &= level != 1;
        // A log wrote `level - 1` backslashes before the mark itself, as before the opening mark; any others are the secret's.
        let end = index.saturating_sub(level.saturating_sub(1));
        let secret = Some((self.start, end)).filter(|_| was_open && !self.is_open());

        if before.get(..unescaped_len).is_some_and(ends_with_credential_key) {
            self.open(index.saturating_add(1));
            self.open_levels |= if backslashes_plus_1.is_power_of_two() { level } else { Self::NEVER_CLOSED };
        }
        secret
    }

    /// Reads the equals sign before `at`. A credential after it may have lost its opening mark.
    fn read_equals(&mut self, text: &[u8]) {
        let (through_equals, value) = text.split_at_checked(self.at).unwrap_or_default();
        let first = value.iter().find(|&&byte| byte != b'\\');
        if ends_with_credential_key(through_equals) && first != Some(&b'"') {
            self.open(self.at);
            self.has_open_token = true;
        }
    }

    /// Closes the secret without an opening mark. Returns it if no other one goes on.
    fn close_token(&mut self, end: usize) -> Option<(usize, usize)> {
        self.has_open_token = false;
        Some((self.start, end)).filter(|_| !self.is_open())
    }

    /// Sets the start of a secret that opens, unless it is inside of another one.
    fn open(&mut self, start: usize) {
        if !self.is_open() {
            self.start = start;
        }
    }

    /// Returns `true` if a secret is open.
    const fn is_open(&self) -> bool {
        self.open_levels != 0 || self.has_open_token
    }
}

/// Returns `true` if a text ends with the key of a credential and its equals sign.
fn ends_with_credential_key(text: &[u8]) -> bool {
    text.ends_with(b"SOCKS_USERNAME=") || text.ends_with(b"SOCKS_PASSWORD=")
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
            // Two backslashes are before no opening mark.
            (r#"SOCKS_PASSWORD=\\"x" y\\" z"#, r#"SOCKS_PASSWORD=\\"***"#),
            // Strings of two levels: the mask ends where both have ended.
            (r#"SOCKS_PASSWORD=\"a SOCKS_PASSWORD="b" c\" d"#, r#"SOCKS_PASSWORD=\"***\" d"#),
            (r#"SOCKS_PASSWORD="a SOCKS_PASSWORD=\"b" c\" d"#, r#"SOCKS_PASSWORD="***\" d"#),
            // A secret without its opening mark, within another one.
            ("SOCKS_PASSWORD=SOCKS_PASSWORD=x y", "SOCKS_PASSWORD=*** y"),
            ("SOCKS_PASSWORD=\"a SOCKS_PASSWORD=b c\" d", "SOCKS_PASSWORD=\"***\" d"),
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
