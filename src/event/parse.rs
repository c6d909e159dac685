//! The functions that parse an event, and those that return its anomalies, target and content.

use super::StreamEventRef;
use crate::anomaly::Anomalies;
use crate::error::{Error, ErrorKind, Field, ProtocolError};
use crate::format::STREAM_REPLY;
use crate::format::content::Content;
use crate::parse;

impl<'a> StreamEventRef<'a> {
    /// Parses an event from its content: the text after `650 STREAM ` in its line. A line end after it is allowed.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if the stream ID, status, circuit ID or target is missing, an ID is not 1 to 20 letters or digits,
    /// the status is not one of [`StreamStatus::ALL`](crate::StreamStatus::ALL), or the target is no `host:port` (which
    /// includes a target that tor cut so that its port is lost). Nothing else is an error: unknown words, keywords and extra
    /// tokens are data, as the specification demands. A whole line is refused with [`ErrorKind::WholeLine`]:
    /// [`parse_line`](Self::parse_line) reads it.
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
        parse::read_with_line_end(Content::Str(content), false)
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
        parse::read_with_line_end(Content::new(content), false)
    }

    /// Parses an event from its content, and accepts events that [`parse`](Self::parse) refuses: an unknown status is
    /// [`Unrecognized`](crate::StreamStatus::Unrecognized), an ID may be any text, and a target without a valid port is the
    /// host as a whole, with port 0. [`anomalies`](Self::anomalies) has each of these.
    ///
    /// A content that [`parse_bytes`](Self::parse_bytes) accepts is parsed to the same event. A whole line is taken for a content
    /// too: for one with the stream ID 650 and the unknown status `STREAM`.
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
        parse::read_with_line_end(Content::new(content), true)
    }

    /// Parses an event from its whole line: `650 STREAM ` and its content, as [`parse_bytes`](Self::parse_bytes) parses it.
    ///
    /// The lines of a log may have a time before the reply, and a connection carries other replies: for both see
    /// [`stream_events`](crate::stream_events).
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] of [`Field::EventName`] if the line does not begin with `650 STREAM `, and the errors of
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
        if !line.starts_with(STREAM_REPLY) {
            return Err(not_an_event(line).into());
        }
        parse::read_with_line_end(Content::within(line, STREAM_REPLY.len(), line.len()), false).map_err(|error| {
            match error {
                Error::Protocol(error) => error.shifted_by(STREAM_REPLY.len()).into(),
                other => other,
            }
        })
    }

    /// Returns the owned form of this event. The text is copied, not parsed again.
    ///
    /// [`ToOwned::to_owned`](alloc::borrow::ToOwned::to_owned) does something else: it copies the borrowed form, which is `Clone`.
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
        self.content.bytes().get(self.layout.target_start as usize..self.layout.target_end as usize).unwrap_or_default()
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

    /// Adds anomalies of the log's line that the event was found in.
    pub(crate) const fn add_anomalies(&mut self, anomalies: Anomalies) {
        self.layout.anomalies = self.layout.anomalies.union(anomalies);
    }
}

/// Returns the error about a line that does not begin with [`STREAM_REPLY`].
#[cold]
fn not_an_event(line: &[u8]) -> ProtocolError {
    let first_difference = STREAM_REPLY.iter().zip(line).take_while(|(expected, found)| expected == found).count();
    let kind = if line.is_empty() { ErrorKind::Missing } else { ErrorKind::Malformed };
    ProtocolError::new(kind(Field::EventName), line, first_difference)
}
