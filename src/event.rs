//! An event that borrows its text from the input.

use core::fmt;

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::Error;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::scan;
use crate::format::text::{Span, Text};
use crate::parse;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
use crate::value::{Args, IsoFields, Quoted};

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
/// # How the target is told from the keywords
///
/// tor prints the target as the client sent it, spaces and quotation marks included, so that a client can write fields of
/// its own into the line. The target is what stands before the longest row of fields, at the end of the line, that tor can
/// have printed and that leaves a `host:port`. A client cannot lengthen that row: tor's own `:port` would stand inside one
/// of its fields, and none of them has a place for it. tor prints at most 255 bytes of a target: where it may have cut one,
/// or where anything else is odd, [`anomalies`](Self::anomalies) says so.
///
/// What no reading of a line can undo: tor prints a CR LF in a target raw as well (seen with tor 0.4.9.11, for names that a
/// SOCKS 5 or DNS client sends), and that ends the line. What the client wrote behind it is then a line of its own.
///
/// A line that no known tor prints is read from the left: the first token is the target, keywords may come in any order,
/// the last of a repeated one counts, and `anomalies` holds [`UnknownOrder`](Anomaly::UnknownOrder).
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamStatus};
///
/// fn handle(event: StreamEventRef<'_>) {
/// # extern crate std;
/// # use std::println;
///     match event.status {
///         StreamStatus::New => println!("New stream {} to {}:{}", event.id, event.target_host, event.target_port),
///         StreamStatus::Succeeded => println!("Stream {} connected via circuit {:?}", event.id, event.circuit_id),
///         StreamStatus::Closed | StreamStatus::Failed => println!("Stream {} ended: {:?}", event.id, event.reason),
///         _ => {}
///     }
/// }
///
/// handle(StreamEventRef::parse("18 SUCCEEDED 7 www.example.com:443")?);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
///
/// [spec]: https://spec.torproject.org/control-spec/replies.html#STREAM
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StreamEventRef<'a> {
    /// The stream's ID (`StreamID`): 1 to 20 letters or digits. tor prints a number up to 2^64 - 1.
    pub id: &'a str,
    /// What happened to the stream (`StreamStatus`).
    pub status: StreamStatus,
    /// The circuit that the stream is attached to (`CircuitID`): 1 to 20 letters or digits. `None` if tor prints `0`, which
    /// stands for none.
    pub circuit_id: Option<&'a str>,
    /// The target's host: a name, or an address, which has brackets if it is IPv6 and came as an address. Empty if a client
    /// sent none. U+FFFD if the target is not UTF-8.
    pub target_host: &'a str,
    /// The target's port. 0 if the stream is for a look-up or for tor's own use.
    pub target_port: u16,
    /// Why the stream failed, closed or was detached (`REASON`).
    pub reason: Option<StreamClosureReason>,
    /// Why the other end closed it (`REMOTE_REASON`).
    pub remote_reason: Option<StreamClosureReason>,
    /// Where a new target address is from (`SOURCE`).
    pub source: Option<StreamSource>,
    /// Where the client connects from, as printed (`SOURCE_ADDR`): address and port, IPv6 without brackets; a socket's path
    /// and `:0`; or a path that tor cut at 50 bytes.
    pub source_addr: Option<&'a str>,
    /// What the stream is for (`PURPOSE`).
    pub purpose: Option<StreamPurpose>,
    /// The text that everything was read from, without a line end.
    pub(crate) content: Text<'a>,
    /// What the accessors need to know of it.
    pub(crate) layout: Layout,
}

/// Where in an event's content its parts stand, and values that no public field holds. Both forms of an event keep it, so
/// that neither reads the text again when it is made from the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Layout {
    /// Where the target begins.
    pub(crate) target: usize,
    /// Where the fields after the target begin: at its end.
    pub(crate) tail: usize,
    /// `SOCKS_USERNAME`, between the quotes.
    pub(crate) username: Option<Span>,
    /// `SOCKS_PASSWORD`, between the quotes.
    pub(crate) password: Option<Span>,
    /// `ISO_FIELDS`.
    pub(crate) iso_fields: Option<Span>,
    /// `NYM_EPOCH`.
    pub(crate) nym_epoch: Option<u32>,
    /// `SESSION_GROUP`.
    pub(crate) session_group: Option<i32>,
    /// `CLIENT_PROTOCOL`.
    pub(crate) client_protocol: Option<ClientProtocol>,
    /// What is odd about the event.
    pub(crate) anomalies: Anomalies,
}

impl<'a> StreamEventRef<'a> {
    /// Reads an event from its content: what follows `650 STREAM ` in its line. One line end after it is allowed.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if the stream ID, status, circuit ID or target is missing, an ID is not 1 to 20 letters or digits,
    /// the status is not one of [`StreamStatus::ALL`], or the target is no `host:port` (which includes a target that tor cut
    /// so that its port is lost). Nothing else is an error: unknown words, keywords and extra tokens are data, as the
    /// specification demands.
    pub fn parse(content: &'a str) -> Result<Self, Error> {
        parse::read_with_line_end(Text::Str(content), false)
    }

    /// Reads an event from its content as [`parse`](Self::parse) does, from bytes that may not be UTF-8.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse). Text that is not UTF-8 is no error.
    pub fn parse_bytes(content: &'a [u8]) -> Result<Self, Error> {
        parse::read_with_line_end(Text::new(content), false)
    }

    /// Reads an event from its content, and takes what [`parse`](Self::parse) refuses: a status that is not known is
    /// [`Unrecognized`](StreamStatus::Unrecognized), an ID may be any text, and a target without a valid port is the host as
    /// a whole, with port 0. [`anomalies`](Self::anomalies) tells of each.
    ///
    /// Agrees with [`parse_bytes`](Self::parse_bytes) on everything that accepts.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if stream ID, status and circuit ID are not there, separated by one space each.
    pub fn parse_lenient(content: &'a [u8]) -> Result<Self, Error> {
        parse::read_with_line_end(Text::new(content), true)
    }

    /// Returns the owned form of this event. It copies text and reads none.
    ///
    /// Not `to_owned`: that is `Clone` for a type that is `Copy`, and gives the borrowed form again.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn into_owned(self) -> crate::StreamEvent {
        self.into()
    }

    /// Returns the status as printed.
    #[must_use]
    pub fn status_str(&self) -> &'a str {
        match self.status {
            StreamStatus::Unrecognized => {
                let bytes = self.content();
                let start = scan::space(bytes) + 1;
                self.content.get(start, start + scan::space(bytes.get(start..).unwrap_or_default()))
            }
            known => known.as_str(),
        }
    }

    /// Returns `REASON` as printed, without the space that tor prints before `UNKNOWN_`.
    #[must_use]
    pub fn reason_str(&self) -> Option<&'a str> {
        match self.reason? {
            StreamClosureReason::Unrecognized => self.value(Keyword::Reason),
            known => Some(known.as_str()),
        }
    }

    /// Returns `REMOTE_REASON` as printed, without the space that tor prints before `UNKNOWN_`.
    #[must_use]
    pub fn remote_reason_str(&self) -> Option<&'a str> {
        match self.remote_reason? {
            StreamClosureReason::Unrecognized => self.value(Keyword::RemoteReason),
            known => Some(known.as_str()),
        }
    }

    /// Returns `SOURCE` as printed.
    #[must_use]
    pub fn source_str(&self) -> Option<&'a str> {
        match self.source? {
            StreamSource::Unrecognized => self.value(Keyword::Source),
            known => Some(known.as_str()),
        }
    }

    /// Returns `PURPOSE` as printed.
    #[must_use]
    pub fn purpose_str(&self) -> Option<&'a str> {
        match self.purpose? {
            StreamPurpose::Unrecognized => self.value(Keyword::Purpose),
            known => Some(known.as_str()),
        }
    }

    /// Returns `CLIENT_PROTOCOL` as printed.
    #[must_use]
    pub fn client_protocol_str(&self) -> Option<&'a str> {
        match self.layout.client_protocol? {
            ClientProtocol::Unrecognized => self.value(Keyword::ClientProtocol),
            known => Some(known.as_str()),
        }
    }

    /// Returns the user name that the client sent (`SOCKS_USERNAME`). `None` as well if it is no quoted string.
    #[must_use]
    pub fn socks_username(&self) -> Option<Quoted<'a>> {
        self.layout.username.map(|span| Quoted::new(self.content.span(span)))
    }

    /// Returns the password that the client sent (`SOCKS_PASSWORD`). `None` as well if it is no quoted string.
    #[must_use]
    pub fn socks_password(&self) -> Option<Quoted<'a>> {
        self.layout.password.map(|span| Quoted::new(self.content.span(span)))
    }

    /// Returns the protocol that the client spoke to tor (`CLIENT_PROTOCOL`, from tor 0.4.7 on).
    #[inline]
    #[must_use]
    pub const fn client_protocol(&self) -> Option<ClientProtocol> {
        self.layout.client_protocol
    }

    /// Returns how many NEWNYM signals came before the stream (`NYM_EPOCH`, from tor 0.4.7 on). `None` as well if it is no
    /// number from 0 to 2^32 - 1.
    #[inline]
    #[must_use]
    pub const fn nym_epoch(&self) -> Option<u32> {
        self.layout.nym_epoch
    }

    /// Returns what the stream came through (`SESSION_GROUP`, from tor 0.4.7 on): -2 for a directory connection, -3 for a
    /// RESOLVE of the control port, -4 and below for listeners, and the number that a listener is configured with. `None` as well if it is no number from -2^31 to 2^31 - 1.
    #[inline]
    #[must_use]
    pub const fn session_group(&self) -> Option<i32> {
        self.layout.session_group
    }

    /// Iterates over the properties that keep the stream apart from others (`ISO_FIELDS`, from tor 0.4.7 on). None if the
    /// field is absent or empty.
    #[must_use]
    pub fn iso_fields(&self) -> IsoFields<'a> {
        IsoFields::new(self.iso_fields_str().unwrap_or_default())
    }

    /// Returns `ISO_FIELDS` as printed: a list with commas, which may be empty.
    #[must_use]
    pub fn iso_fields_str(&self) -> Option<&'a str> {
        self.layout.iso_fields.map(|span| self.content.span(span))
    }

    /// Returns the address in [`source_addr`](Self::source_addr): what stands before its port, or all of it if it has none.
    #[must_use]
    pub fn source_host(&self) -> Option<&'a str> {
        let source_addr = self.source_addr?;
        let end = grammar::split_port(source_addr.as_bytes()).map_or(source_addr.len(), |(host, _)| host);
        source_addr.get(..end)
    }

    /// Returns the port in [`source_addr`](Self::source_addr). 0 for a unix socket. `None` as well if tor cut a socket's path
    /// so that none is left.
    #[must_use]
    pub fn source_port(&self) -> Option<u16> {
        grammar::split_port(self.source_addr?.as_bytes()).map(|(_, port)| port)
    }

    /// Iterates over every keyword argument, key and value as printed, in the order of the line.
    ///
    /// Values keep their quotation marks. One that is not UTF-8 is U+FFFD.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse(r#"5 CLOSED 3 a.example:80 REASON=DONE SOCKS_USERNAME="x y" ISO_FIELDS= NEW_FIELD=1"#)?;
    /// assert!(event.args().eq([("REASON", "DONE"), ("SOCKS_USERNAME", "\"x y\""), ("ISO_FIELDS", ""), ("NEW_FIELD", "1")]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn args(&self) -> Args<'a> {
        Args::new(self.content, self.layout.tail, !self.layout.anomalies.contains(Anomaly::UnknownOrder))
    }

    /// Returns the value of the keyword `key`, as printed; the last one if it is repeated.
    #[must_use]
    pub fn arg(&self, key: &str) -> Option<&'a str> {
        self.args().filter(|&(name, _)| name == key).last().map(|(_, value)| value)
    }

    /// Returns what is odd about this event. Empty for a plain line from a known tor.
    #[inline]
    #[must_use]
    pub const fn anomalies(&self) -> Anomalies {
        self.layout.anomalies
    }

    /// Returns the whole target as printed, port included.
    #[must_use]
    pub fn target_bytes(&self) -> &'a [u8] {
        self.content.bytes().get(self.layout.target..self.layout.tail).unwrap_or_default()
    }

    /// Returns the content that the event was read from, as given, without its line end.
    #[inline]
    #[must_use]
    pub const fn content(&self) -> &'a [u8] {
        self.content.bytes()
    }

    /// Adds anomalies of the line that the event was found in.
    pub(crate) const fn add_anomalies(&mut self, anomalies: Anomalies) {
        self.layout.anomalies = self.layout.anomalies.union(anomalies);
    }

    /// Returns the value of a keyword.
    #[cold]
    fn value(&self, keyword: Keyword) -> Option<&'a str> {
        self.arg(keyword.as_str())
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

impl fmt::Display for StreamEventRef<'_> {
    /// Writes the content as tor printed it. What is not UTF-8 becomes U+FFFD, since a formatter takes text only:
    /// [`content`](Self::content) has the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.content().utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for StreamEventRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self, "StreamEventRef", f)
    }
}

/// Shows the parts of either form of an event. Credentials are not shown; nor are values of unknown keywords, which may be
/// such.
pub(crate) fn debug(event: &StreamEventRef<'_>, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct(name)
        .field("id", &event.id)
        .field("status", &event.status)
        .field("circuit_id", &event.circuit_id)
        .field("target_host", &event.target_host)
        .field("target_port", &event.target_port)
        .field("reason", &event.reason)
        .field("remote_reason", &event.remote_reason)
        .field("source", &event.source)
        .field("source_addr", &event.source_addr)
        .field("purpose", &event.purpose)
        .field("socks_username", &event.socks_username())
        .field("socks_password", &event.socks_password())
        .field("client_protocol", &event.client_protocol())
        .field("nym_epoch", &event.nym_epoch())
        .field("session_group", &event.session_group())
        .field("iso_fields", &event.iso_fields_str())
        .field("args", &event.args())
        .field("anomalies", &event.anomalies())
        .finish()
}
