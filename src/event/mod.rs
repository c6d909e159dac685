//! The event that borrows its text from the input: its fields, and the functions that parse it.

mod show;

use core::num::NonZeroU32;

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{Error, ErrorKind, Field, ProtocolError};
use crate::format::text::{Span, Text};
use crate::parse;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
use crate::value::args::KnownEnds;

#[cfg(feature = "alloc")]
pub(crate) use self::show::debug;

/// A STREAM event, read in place: its text is borrowed from the input.
///
/// # Syntax
///
/// An event's content is what follows `650 STREAM ` in its line ([control-spec, "Stream status changed"][spec]):
///
/// ```text
/// StreamID SP StreamStatus SP CircuitID SP Target *(SP Keyword "=" Value)
/// ```
///
/// `Target` is `host:port`. After it tor prints, in this order and each at most once:
///
/// | keyword | with the status | value |
/// |---|---|---|
/// | `REASON` | FAILED, CLOSED, DETACHED; REMAP with an unknown source | word |
/// | `REMOTE_REASON` | the same, after `REASON=END` | word |
/// | `SOURCE` | REMAP | word |
/// | `SOURCE_ADDR` | NEW, NEWRESOLVE | `addr:port`, or a socket's path and `:0` |
/// | `PURPOSE` | NEW, NEWRESOLVE | word |
/// | `SOCKS_USERNAME`, `SOCKS_PASSWORD` | any | quoted string |
/// | `CLIENT_PROTOCOL` | any | word |
/// | `NYM_EPOCH` | any | number |
/// | `SESSION_GROUP` | any | number with a sign |
/// | `ISO_FIELDS` | any | list of words |
///
/// # How the target is separated from the fields
///
/// tor prints the target as the client sent it, spaces and quotation marks included: a client can write fields of its own
/// into the line. The target is the text before the longest row of fields, at the end of the line, that tor can have printed
/// and that leaves a `host:port`. A client cannot lengthen that row: tor's own `:port` would be inside one of its fields, and
/// no field can hold it. tor prints at most 255 bytes of a target. [`anomalies`](Self::anomalies) has a flag if it may have
/// cut one, or if anything else is odd.
///
/// A line end in a target cannot be undone: tor prints it raw as well, and it ends the line. The client's text after it
/// is then a line of its own.
///
/// A line that no known tor prints is read from the left: the first token is the target, keywords may come in any order,
/// the last of a repeated one counts, and `anomalies` holds [`UnknownOrder`](Anomaly::UnknownOrder).
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamStatus};
///
/// let event = StreamEventRef::parse("18 SUCCEEDED 7 www.example.com:443")?;
/// match event.status {
///     StreamStatus::New => println!("{}: new, to {}", event.id, event.target_host),
///     StreamStatus::Succeeded => println!("{}: open, on {:?}", event.id, event.circuit_id),
///     StreamStatus::Closed => println!("{}: closed, {:?}", event.id, event.reason),
///     _ => {}
/// }
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
///
/// [spec]: https://spec.torproject.org/control-spec/replies.html#STREAM
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StreamEventRef<'a> {
    /// The stream's ID (`StreamID`): 1 to 20 letters or digits. tor prints a number up to 2^64 - 1.
    pub id: &'a str,
    /// The status of the event (`StreamStatus`).
    pub status: StreamStatus,
    /// The circuit that the stream is attached to (`CircuitID`): 1 to 20 letters or digits. `None` if tor prints `0`: the
    /// stream is on no circuit. [`Detached`](StreamStatus::Detached), and the
    /// [`ControllerWait`](StreamStatus::ControllerWait) right after it, have the circuit that the stream has left.
    pub circuit_id: Option<&'a str>,
    /// The target's host: a name, or an address, which has brackets if it is IPv6 and came as an address. Empty if a client
    /// sent none. U+FFFD if the target is not UTF-8.
    pub target_host: &'a str,
    /// The target's port. 0 if the stream is for a look-up or for tor's own use.
    pub target_port: u16,
    /// The reason for which the stream failed, closed or was detached (`REASON`). `None` if the field is absent.
    pub reason: Option<StreamClosureReason>,
    /// The reason for which the other end closed the stream (`REMOTE_REASON`). `None` if the field is absent.
    pub remote_reason: Option<StreamClosureReason>,
    /// The source of a new target address (`SOURCE`). `None` if the field is absent.
    pub source: Option<StreamSource>,
    /// The address that the client connects from, as printed (`SOURCE_ADDR`): address and port, IPv6 without brackets;
    /// a socket's path and `:0`; or a path that tor cut at 50 bytes. `None` if the field is absent.
    pub source_addr: Option<&'a str>,
    /// The purpose of the stream (`PURPOSE`). `None` if the field is absent.
    pub purpose: Option<StreamPurpose>,
    /// Content that the event was parsed from, without a line end.
    pub(crate) content: Text<'a>,
    /// Byte ranges and values behind the accessors.
    pub(crate) layout: Layout,
}

/// The reply code and event name that an event's whole line begins with.
const EVENT_NAME: &[u8] = b"650 STREAM ";

/// Returns the error about a line that does not begin with [`EVENT_NAME`].
#[cold]
fn not_an_event(line: &[u8]) -> ProtocolError {
    let same = EVENT_NAME.iter().zip(line).take_while(|(expected, found)| expected == found).count();
    let kind = if line.is_empty() { ErrorKind::Missing } else { ErrorKind::Malformed };
    ProtocolError::new(kind(Field::EventName), line, same)
}

/// Byte ranges of an event's fields, and values without a public field. Both forms of an event keep them, so that a
/// conversion does not parse the text again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Layout {
    /// Index of the target's first byte.
    pub(crate) target: u32,
    /// Index after the target, at which the fields begin.
    pub(crate) tail: u32,
    /// Range of `SOCKS_USERNAME`, between the quotes.
    pub(crate) username: Option<Span>,
    /// Range of `SOCKS_PASSWORD`, between the quotes.
    pub(crate) password: Option<Span>,
    /// Range of `ISO_FIELDS`.
    pub(crate) iso_fields: Option<Span>,
    /// Index of the number of `NYM_EPOCH`, which is parsed on demand.
    pub(crate) nym_epoch: Option<NonZeroU32>,
    /// Index of the number of `SESSION_GROUP`, which is parsed on demand.
    pub(crate) session_group: Option<NonZeroU32>,
    /// Value of `CLIENT_PROTOCOL`.
    pub(crate) client_protocol: Option<ClientProtocol>,
    /// Anomalies of the event.
    pub(crate) anomalies: Anomalies,
}

impl Layout {
    /// Returns the ends of long values. `None` if tor does not print the fields in this order.
    const fn known_ends(&self) -> Option<KnownEnds> {
        /// Returns the index after a string's last quotation mark, or 0.
        const fn end(string: Option<Span>) -> u32 {
            match string {
                Some(string) => string.end() + 1,
                None => 0,
            }
        }
        if self.anomalies.contains(Anomaly::UnknownOrder) {
            return None;
        }
        let iso_fields = !self.anomalies.contains(Anomaly::UnknownKeyword);
        Some(KnownEnds { username: end(self.username), password: end(self.password), iso_fields })
    }
}

impl<'a> StreamEventRef<'a> {
    /// Parses an event from its content: the text after `650 STREAM ` in its line. One line end after it is allowed.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if the stream ID, status, circuit ID or target is missing, an ID is not 1 to 20 letters or digits,
    /// the status is not one of [`StreamStatus::ALL`], or the target is no `host:port` (which includes a target that tor cut
    /// so that its port is lost). Nothing else is an error: unknown words, keywords and extra tokens are data, as the
    /// specification demands. A whole line is refused as such ([`ErrorKind::WholeLine`]): [`parse_line`](Self::parse_line)
    /// reads it.
    ///
    /// [`Error::LineTooLong`] if the content has 2 GiB (2^31 bytes) or more: an event keeps its indexes in 32 bits, and tor
    /// prints a few KB.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamClosureReason, StreamEventRef};
    ///
    /// // A client chose the host: what looks like fields in it is text.
    /// let event = StreamEventRef::parse("9 CLOSED 3 x:1 REASON=DONE y:80 REASON=MISC")?;
    /// assert_eq!(event.target_host, "x:1 REASON=DONE y");
    /// assert_eq!(event.reason, Some(StreamClosureReason::Misc));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn parse(content: &'a str) -> Result<Self, Error> {
        parse::read_with_line_end(Text::Str(content), false)
    }

    /// Parses an event from its content as [`parse`](Self::parse) does, from bytes that may not be UTF-8.
    ///
    /// # Errors
    ///
    /// The errors of [`parse`](Self::parse). Text that is not UTF-8 is not an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse_bytes(b"9 CLOSED 0 caf\xe9.example:80 REASON=MISC")?;
    /// assert_eq!(event.target_host, "\u{FFFD}");
    /// assert_eq!(event.target_bytes(), b"caf\xe9.example:80");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn parse_bytes(content: &'a [u8]) -> Result<Self, Error> {
        parse::read_with_line_end(Text::new(content), false)
    }

    /// Parses an event from its content, and accepts events that [`parse`](Self::parse) refuses: an unknown status is
    /// [`Unrecognized`](StreamStatus::Unrecognized), an ID may be any text, and a target without a valid port is the
    /// host as a whole, with port 0. [`anomalies`](Self::anomalies) has each of these.
    ///
    /// The result equals that of [`parse_bytes`](Self::parse_bytes) wherever that accepts the content.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if stream ID, status and circuit ID are not present, separated by one space each.
    /// [`Error::LineTooLong`] as for [`parse`](Self::parse).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomaly, StreamEventRef};
    ///
    /// let content = b"9 PAUSED 3 a.example";
    /// assert!(StreamEventRef::parse_bytes(content).is_err());
    /// let event = StreamEventRef::parse_lenient(content)?;
    /// assert_eq!((event.status_str(), event.target_host), ("PAUSED", "a.example"));
    /// assert!(event.anomalies().contains(Anomaly::TargetWithoutPort));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn parse_lenient(content: &'a [u8]) -> Result<Self, Error> {
        parse::read_with_line_end(Text::new(content), true)
    }

    /// Parses an event from its whole line: `650 STREAM ` and its content, as [`parse_bytes`](Self::parse_bytes) parses it.
    ///
    /// The lines of a log may have a time before the reply, and a connection carries other replies: for both see
    /// [`stream_events`](crate::stream_events).
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] of [`Field::EventName`] if the line begins with anything else, and as for
    /// [`parse`](Self::parse). An offset counts from the start of the line.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse_line(b"650 STREAM 18 SUCCEEDED 7 a.example:443\r\n")?;
    /// assert_eq!((event.id, event.target_port), ("18", 443));
    /// assert!(StreamEventRef::parse_line(b"650 BW 12 34").is_err());
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn parse_line(line: &'a [u8]) -> Result<Self, Error> {
        if !line.starts_with(EVENT_NAME) {
            return Err(not_an_event(line).into());
        }
        parse::read_with_line_end(Text::within(line, EVENT_NAME.len(), line.len()), false).map_err(
            |error| match error {
                Error::Protocol(error) => error.behind(EVENT_NAME.len()).into(),
                other => other,
            },
        )
    }

    /// Returns the owned form of this event. The text is copied, not parsed again.
    ///
    /// Not `to_owned`: that is `Clone` for a type that is `Copy`, and gives the borrowed form again.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a.example:443")?;
    /// assert_eq!(event.into_owned(), event);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn into_owned(self) -> crate::StreamEvent {
        self.into()
    }

    /// Returns the anomalies of this event. Empty for a plain line from a known tor.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomalies, Anomaly, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a.example:80 REASON=DONE")?;
    /// assert!(event.anomalies().is_empty());
    /// let event = StreamEventRef::parse("9 CLOSED 3 a b:80 REASON=DONE")?;
    /// assert_eq!(event.anomalies(), Anomalies::from_iter([Anomaly::TargetSpace]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn anomalies(&self) -> Anomalies {
        self.layout.anomalies
    }

    /// Returns the whole target as printed, port included.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 [2001:db8::1]:443 NYM_EPOCH=0")?;
    /// assert_eq!(event.target_bytes(), b"[2001:db8::1]:443");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn target_bytes(&self) -> &'a [u8] {
        self.content.bytes().get(self.layout.target as usize..self.layout.tail as usize).unwrap_or_default()
    }

    /// Returns the content that the event was read from, as given, without its line end.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a.example:443\r\n")?;
    /// assert_eq!(event.content(), b"9 SUCCEEDED 3 a.example:443");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn content(&self) -> &'a [u8] {
        self.content.bytes()
    }

    /// Adds anomalies of the line that the event was found in.
    pub(crate) const fn add_anomalies(&mut self, anomalies: Anomalies) {
        self.layout.anomalies = self.layout.anomalies.union(anomalies);
    }
}

impl<'a> TryFrom<&'a str> for StreamEventRef<'a> {
    type Error = Error;

    fn try_from(content: &'a str) -> Result<Self, Error> {
        Self::parse(content)
    }
}

impl<'a> TryFrom<&'a [u8]> for StreamEventRef<'a> {
    type Error = Error;

    fn try_from(content: &'a [u8]) -> Result<Self, Error> {
        Self::parse_bytes(content)
    }
}

// Here, so that rustdoc lists the accessors after the functions that parse.
mod fields;
