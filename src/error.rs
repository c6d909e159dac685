//! Error types and their messages.

use core::fmt;

use arrayvec::ArrayString;

/// An error of this crate.
///
/// # Examples
///
/// ```
/// let error = tor_stream_event::StreamEventRef::parse("9 NEW 0 a.example").unwrap_err();
/// assert_eq!(error.to_string(), "expected a target (host:port), found the end at byte 17");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A malformed event, or text that is not an event.
    Protocol(ProtocolError),
    /// A line with an event that is longer than an [`EventDecoder`](crate::EventDecoder), reader or codec may keep, and was
    /// skipped; or a content of 2 GiB or more.
    #[non_exhaustive]
    LineTooLong {
        /// Length in bytes; that of a line includes its line end.
        length: u64,
        /// Maximum length in bytes.
        limit: usize,
    },
    /// A failed read. The reader can go on, and has the [error itself](crate::EventReader::io_error).
    #[cfg(feature = "std")]
    #[non_exhaustive]
    Io {
        /// The kind of the failure.
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        kind: std::io::ErrorKind,
        /// Number of bytes that were read before the failure.
        offset: u64,
    },
}

/// The reason why text is not a STREAM event, and its offset.
///
/// An error never holds the line, which may hold a password. Of the line, it has at most one byte, and none after `SOCKS_`; or an
/// unknown word of up to 20 capital letters and `_`.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{Error, ErrorKind, Field, StreamEventRef};
///
/// let result = StreamEventRef::parse("9 PAUSED 4 a:443");
/// let Err(Error::Protocol(error)) = result else { panic!() };
/// assert_eq!(error.kind(), ErrorKind::Unrecognized(Field::StreamStatus));
/// assert_eq!((error.offset(), error.word()), (2, Some("PAUSED")));
/// let message = "expected a stream status, found the unknown word PAUSED at byte 2";
/// assert_eq!(error.to_string(), message);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtocolError {
    /// The kind of the error.
    kind: ErrorKind,
    /// Byte index of the error.
    offset: usize,
    /// The text at `offset`, as far as it may be shown.
    unexpected: Unexpected,
}

/// A kind of error, with the field that it is about.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{Error, ErrorKind, Field, StreamEventRef};
///
/// let result = StreamEventRef::parse("9 NEW 0 a:66000");
/// let Err(Error::Protocol(error)) = result else { panic!() };
/// assert_eq!(error.kind(), ErrorKind::OutOfRange(Field::Target));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ErrorKind {
    /// An absent or empty field, or the circuit ID `0` (no circuit) as a [`CircuitId`](crate::CircuitId). The offset is that of
    /// the byte where the field should begin.
    Missing(Field),
    /// A field that does not have the form that [`Field`] describes. The offset is that of the first byte that does not fit.
    Malformed(Field),
    /// A word without a variant in the enum of the field's words. The offset is that of the word's first byte.
    ///
    /// In an event, only an unknown status is an error. For other fields, `str::parse` into the enum returns this kind.
    Unrecognized(Field),
    /// A number that is too great: a target's port above 65535. The offset is that of its first digit.
    OutOfRange(Field),
    /// A target without a port that tor has cut: tor prints at most 255 bytes of a target. The offset is that of the first byte
    /// after the cut.
    Truncated(Field),
    /// A whole line where an event's content was expected: reply code `650`, and a word that is not a status.
    /// [`parse_line`](crate::StreamEventRef::parse_line) reads such a line. The offset is that of the reply code.
    WholeLine,
}

/// A field of an event, or a word of one.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{Error, ErrorKind, Field, StreamPurpose};
///
/// let result = "USERS".parse::<StreamPurpose>();
/// let Err(Error::Protocol(error)) = result else { panic!() };
/// assert_eq!(error.kind(), ErrorKind::Unrecognized(Field::Purpose));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Field {
    /// The stream's ID: 1 to 20 letters or digits.
    StreamId,
    /// The stream's status: one word of a list.
    StreamStatus,
    /// The circuit's ID: 1 to 20 letters or digits.
    CircuitId,
    /// The target: `host:port`.
    Target,
    /// The reply code and event name that a whole line begins with: `650 STREAM `.
    EventName,
    /// A reason: one word of a list.
    Reason,
    /// The source of a new target address: one word of a list.
    Source,
    /// A purpose: one word of a list.
    Purpose,
    /// A client protocol: one word of a list.
    ClientProtocol,
    /// An isolation field: one word of a list.
    IsoField,
}

/// Maximum length of a word that an error names, in bytes.
const MAX_NAMED_WORD: usize = 20;

/// The text at an error's offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unexpected {
    /// A byte of the input.
    Byte(u8),
    /// A byte that may belong to a credential, and is not kept.
    Secret,
    /// The end of the input.
    End,
    /// A word without a variant, of capital letters and `_`.
    Word(ArrayString<MAX_NAMED_WORD>),
    /// The length of any other word, in bytes: its text may be a client's, and is not kept.
    Length(usize),
}

/// Returns `true` if the byte at `offset` may belong to a credential: `SOCKS_`, with which the keywords of credentials begin, is
/// anywhere before it. The end of the credential is not searched for: a damaged line may have lost its quotation marks.
#[cold]
fn may_be_secret(input: &[u8], offset: usize) -> bool {
    const START_OF_KEYWORDS: &[u8] = b"SOCKS_";
    let before = input.get(..offset).unwrap_or_default();
    before.windows(START_OF_KEYWORDS.len()).any(|text| text == START_OF_KEYWORDS)
}

impl ProtocolError {
    /// Returns an error about the byte at `offset` of `input`.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, input: &[u8], offset: usize) -> Self {
        let unexpected = match input.get(offset) {
            None => Unexpected::End,
            Some(_) if may_be_secret(input, offset) => Unexpected::Secret,
            Some(&byte) => Unexpected::Byte(byte),
        };
        Self { kind, offset, unexpected }
    }

    /// Returns an error about the unknown `word` at `offset`. The error names the word if it has at most 20 bytes, all of them capital
    /// letters or `_`: in a damaged line, other text may be a client's.
    #[cold]
    pub(crate) fn unknown_word(field: Field, word: &[u8], offset: usize) -> Self {
        let is_letters = word.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'));
        let text = core::str::from_utf8(word).ok().filter(|_| is_letters);
        let word = match text.and_then(|text| ArrayString::from(text).ok()) {
            Some(word) => Unexpected::Word(word),
            None => Unexpected::Length(word.len()),
        };
        Self { kind: ErrorKind::Unrecognized(field), offset, unexpected: word }
    }

    /// Returns the error with its offset in a longer text, in which `len` bytes are before the text that was parsed.
    #[cold]
    pub(crate) const fn shifted_by(self, len: usize) -> Self {
        Self { offset: self.offset.saturating_add(len), ..self }
    }

    /// Returns the kind of the error, which has the field that the error is about.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Error, ErrorKind, Field, StreamEventRef};
    ///
    /// let Err(Error::Protocol(error)) = StreamEventRef::parse("9 NEW 0") else { panic!() };
    /// assert_eq!(error.kind(), ErrorKind::Missing(Field::Target));
    /// ```
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the offset of the error: a 0-based byte index into the text given to the parser, equal to that text's length
    /// if something is missing at its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Error, StreamEventRef};
    ///
    /// let Err(Error::Protocol(error)) = StreamEventRef::parse("9 NEW 0 a:b") else { panic!() };
    /// assert_eq!(error.offset(), 10);
    /// ```
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the unknown word of an [`Unrecognized`](ErrorKind::Unrecognized) error. `None` if the word has more than 20 bytes, or
    /// bytes other than capital letters and `_`, as few of tor's words have, and for errors of other kinds.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Error, StreamEventRef};
    ///
    /// let result = StreamEventRef::parse("9 PAUSED 4 a:443");
    /// let Err(Error::Protocol(error)) = result else { panic!() };
    /// assert_eq!(error.word(), Some("PAUSED"));
    /// ```
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match &self.unexpected {
            Unexpected::Word(word) => Some(word),
            _ => None,
        }
    }
}

impl Field {
    /// Returns a description of the field for messages, with its article.
    const fn expectation(self) -> &'static str {
        match self {
            Self::StreamId => "a stream ID of 1 to 20 letters or digits",
            Self::StreamStatus => "a stream status",
            Self::CircuitId => "a circuit ID of 1 to 20 letters or digits",
            Self::Target => "a target (host:port)",
            Self::EventName => "\"650 STREAM \"",
            Self::Reason => "a reason",
            Self::Source => "a source",
            Self::Purpose => "a purpose",
            Self::ClientProtocol => "a client protocol",
            Self::IsoField => "an isolation field",
        }
    }
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "'{}'", byte.escape_ascii()),
            Self::Secret => f.write_str("a byte that may be of a credential"),
            Self::End => f.write_str("the end"),
            Self::Word(word) => write!(f, "the unknown word {word}"),
            Self::Length(len) => write!(f, "an unknown word of {len} bytes"),
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, offset, unexpected } = self;
        match kind {
            // A text that was parsed as a `CircuitId`.
            ErrorKind::Missing(Field::CircuitId) if *unexpected == Unexpected::Byte(b'0') => {
                write!(f, "expected {}, found 0 (no circuit) at byte {offset}", Field::CircuitId.expectation())
            }
            ErrorKind::Missing(field) | ErrorKind::Malformed(field) | ErrorKind::Unrecognized(field) => {
                write!(f, "expected {}, found {unexpected} at byte {offset}", field.expectation())
            }
            // Only a target's port can be out of range, and only a target can be cut.
            ErrorKind::OutOfRange(_) => {
                write!(f, "expected a port up to 65535, found a greater number at byte {offset}")
            }
            ErrorKind::Truncated(_) => {
                write!(f, "expected a port, found a target cut at 255 bytes by tor at byte {offset}")
            }
            ErrorKind::WholeLine => {
                write!(f, "expected what follows \"650 STREAM \", found a whole line (reply code 650) at byte {offset}")
            }
        }
    }
}

impl fmt::Debug for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtocolError").field("kind", &self.kind).field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::LineTooLong { length, limit } => {
                write!(f, "expected a line of at most {limit} bytes, found one of {length}")
            }
            #[cfg(feature = "std")]
            Self::Io { kind, offset } => write!(f, "reading failed after {offset} bytes: {kind}"),
        }
    }
}

impl core::error::Error for ProtocolError {}

// There is no `source`: `Display` of an `Error` has the whole message, and a report that prints a chain of sources
// would print it twice.
impl core::error::Error for Error {}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}
