//! An event that borrows its text from the input.

use core::fmt;
use core::num::NonZeroU32;

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{Error, ErrorKind, Field, ProtocolError};
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::scan;
use crate::format::text::{Span, Text};
use crate::parse;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
use crate::value::args::KnownEnds;
use crate::value::{Args, IsoFields, Quoted, Redacted};

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
    /// The status of the event (`StreamStatus`).
    pub status: StreamStatus,
    /// The circuit that the stream is attached to (`CircuitID`): 1 to 20 letters or digits. `None` if tor prints `0`, which
    /// stands for none. [`Detached`](StreamStatus::Detached), and the [`ControllerWait`](StreamStatus::ControllerWait)
    /// right behind it, have the circuit that the stream has left: then it is on none.
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
    /// Reads an event from its content: what follows `650 STREAM ` in its line. One line end after it is allowed.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if the stream ID, status, circuit ID or target is missing, an ID is not 1 to 20 letters or digits,
    /// the status is not one of [`StreamStatus::ALL`], or the target is no `host:port` (which includes a target that tor cut
    /// so that its port is lost). Nothing else is an error: unknown words, keywords and extra tokens are data, as the
    /// specification demands. A whole line is refused as such ([`ErrorKind::WholeLine`]): [`parse_line`](Self::parse_line)
    /// reads it.
    ///
    /// [`Error::LineTooLong`] if the content has 2 GiB (2^31 bytes) or more: an event keeps its places in 32 bits, and tor prints a
    /// few KB.
    pub fn parse(content: &'a str) -> Result<Self, Error> {
        parse::read_with_line_end(Text::Str(content), false)
    }

    /// Reads an event from its content as [`parse`](Self::parse) does, from bytes that may not be UTF-8.
    ///
    /// # Errors
    ///
    /// The errors of [`parse`](Self::parse). Text that is not UTF-8 is not an error.
    pub fn parse_bytes(content: &'a [u8]) -> Result<Self, Error> {
        parse::read_with_line_end(Text::new(content), false)
    }

    /// Reads an event from its content, and accepts events that [`parse`](Self::parse) refuses: an unknown status is
    /// [`Unrecognized`](StreamStatus::Unrecognized), an ID may be any text, and a target without a valid port is the
    /// host as a whole, with port 0. [`anomalies`](Self::anomalies) has each of these.
    ///
    /// The result equals that of [`parse_bytes`](Self::parse_bytes) wherever that accepts the content.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if stream ID, status and circuit ID are not present, separated by one space each.
    /// [`Error::LineTooLong`] as for [`parse`](Self::parse).
    pub fn parse_lenient(content: &'a [u8]) -> Result<Self, Error> {
        parse::read_with_line_end(Text::new(content), true)
    }

    /// Reads an event from its whole line, which begins with `650 STREAM `, and reads on as
    /// [`parse_bytes`](Self::parse_bytes) does.
    ///
    /// For a log, whose lines may have a time before the reply, and for a connection, which carries other replies too, there
    /// are [`stream_events`](crate::stream_events) and its like.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] of [`Field::EventName`] if the line begins with anything else, and as for
    /// [`parse`](Self::parse). An offset counts from the start of the line.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{ErrorKind, Field, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse_line(b"650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n")?;
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
                let start = scan::space(bytes, 0) + 1;
                self.content.get(start, scan::space(bytes, start))
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

    /// Returns the user name that the client sent (`SOCKS_USERNAME`). `None` if the field is absent or not a quoted
    /// string.
    #[must_use]
    pub fn socks_username(&self) -> Option<Quoted<'a>> {
        self.layout.username.map(|span| Quoted::new(self.content.span(span)))
    }

    /// Returns the password that the client sent (`SOCKS_PASSWORD`). `None` if the field is absent or not a quoted
    /// string.
    #[must_use]
    pub fn socks_password(&self) -> Option<Quoted<'a>> {
        self.layout.password.map(|span| Quoted::new(self.content.span(span)))
    }

    /// Returns the protocol that the client spoke to tor (`CLIENT_PROTOCOL`, from tor 0.4.3.1 on).
    #[inline]
    #[must_use]
    pub const fn client_protocol(&self) -> Option<ClientProtocol> {
        self.layout.client_protocol
    }

    /// Returns the number of NEWNYM signals before the stream (`NYM_EPOCH`, from tor 0.4.3.1 on). `None` if the field
    /// is absent or not a number from 0 to 2^32 - 1.
    #[inline]
    #[must_use]
    pub const fn nym_epoch(&self) -> Option<u32> {
        match self.layout.nym_epoch {
            Some(at) => Some(grammar::number_at(self.content(), at) as u32),
            None => None,
        }
    }

    /// Returns the listener or other source of the stream (`SESSION_GROUP`, from tor 0.4.3.1 on): -2 for a directory
    /// connection, -3 for a RESOLVE of the control port, -4 and below for listeners, and the number that a listener is
    /// configured with. `None` if the field is absent or not a number from -2^31 to 2^31 - 1.
    #[inline]
    #[must_use]
    pub const fn session_group(&self) -> Option<i32> {
        match self.layout.session_group {
            Some(at) => Some(grammar::number_at(self.content(), at) as i32),
            None => None,
        }
    }

    /// Iterates over the properties that keep the stream apart from others (`ISO_FIELDS`, from tor 0.4.3.1 on). Empty
    /// if the field is absent or empty.
    #[must_use]
    pub fn iso_fields(&self) -> IsoFields<'a> {
        IsoFields::new(self.iso_fields_str().unwrap_or_default())
    }

    /// Returns `ISO_FIELDS` as printed: a list with commas, which may be empty.
    #[must_use]
    pub fn iso_fields_str(&self) -> Option<&'a str> {
        self.layout.iso_fields.map(|span| self.content.span(span))
    }

    /// Returns the address in [`source_addr`](Self::source_addr): the text before its port, or all of it without a
    /// port.
    #[must_use]
    pub fn source_host(&self) -> Option<&'a str> {
        let source_addr = self.source_addr?;
        let end = grammar::split_port(source_addr.as_bytes()).map_or(source_addr.len(), |(host, _)| host);
        source_addr.get(..end)
    }

    /// Returns the port in [`source_addr`](Self::source_addr). 0 for a unix socket. `None` if the field is absent, or
    /// if tor cut a socket's path so that the port is lost.
    #[must_use]
    pub fn source_port(&self) -> Option<u16> {
        grammar::split_port(self.source_addr?.as_bytes()).map(|(_, port)| port)
    }

    /// Iterates over every keyword argument, key and value as printed, in the order of the line.
    ///
    /// Values keep their quotation marks. A value that is not UTF-8 is U+FFFD.
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
        Args::new(self.content, self.layout.tail, self.layout.known_ends())
    }

    /// Returns the value of the keyword `key`, as printed; the last one if it is repeated.
    #[must_use]
    pub fn arg(&self, key: &str) -> Option<&'a str> {
        self.args().filter(|&(name, _)| name == key).last().map(|(_, value)| value)
    }

    /// Returns the anomalies of this event. Empty for a plain line from a known tor.
    #[inline]
    #[must_use]
    pub const fn anomalies(&self) -> Anomalies {
        self.layout.anomalies
    }

    /// Returns the whole target as printed, port included.
    #[must_use]
    pub fn target_bytes(&self) -> &'a [u8] {
        self.content.bytes().get(self.layout.target as usize..self.layout.tail as usize).unwrap_or_default()
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

    /// Returns the address and the relay of a target that names its exit: `192.0.2.4` and `$<40 hex>` of the host
    /// `192.0.2.4.$<40 hex>.exit`.
    ///
    /// The relay is as printed: its fingerprint (40 hexadecimal digits, as a rule with a `$` before them, which `~` or `=` and a
    /// nickname may follow), or its nickname. The address may be a name, and is empty if the target is the relay itself (`nickname.exit`).
    /// `None` for any other target. A client chooses the target, so it may name a relay that there is not.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("16 SUCCEEDED 5 192.0.2.4.$0123456789ABCDEF0123456789ABCDEF01234567.exit:9001")?;
    /// assert_eq!(event.exit_relay(), Some(("192.0.2.4", "$0123456789ABCDEF0123456789ABCDEF01234567")));
    /// let event = StreamEventRef::parse("17 NEW 0 www.example.com.moria1.exit:80 PURPOSE=USER")?;
    /// assert_eq!(event.exit_relay(), Some(("www.example.com", "moria1")));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn exit_relay(&self) -> Option<(&'a str, &'a str)> {
        // The result is that of `rsplit_once`, which the compiler cannot prove to be free of panics.
        let split_last = |name: &'a str| {
            let dot = memchr::memrchr(b'.', name.as_bytes())?;
            Some((name.get(..dot)?, name.get(dot + 1..)?))
        };
        let (named, suffix) = split_last(self.target_host)?;
        let (address, relay) = split_last(named).unwrap_or(("", named));
        (suffix.eq_ignore_ascii_case("exit") && grammar::is_relay(relay.as_bytes())).then_some((address, relay))
    }

    /// Returns text of this event in a form that may be shown to those who must not see credentials.
    ///
    /// Credentials have fields of their own. In a damaged line, or in one of a newer tor, the target, an ID or a word may hold
    /// them as well, also without the keyword that they belong to. `text` is such a field or a part of it, borrowed from this
    /// event or equal to one of its public fields; other text is searched for keywords by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// // What a newer tor might print: a keyword that is not known, and that ends as a target does.
    /// let event = StreamEventRef::parse(r#"15 SUCCEEDED 3 a.example:443 SOCKS_PASSWORD="hunter2" NEW_ADDR=10.8.0.2:4567"#)?;
    /// assert_eq!(event.target_host, r#"a.example:443 SOCKS_PASSWORD="hunter2" NEW_ADDR=10.8.0.2"#);
    /// let shown = event.redact(event.target_host.as_bytes());
    /// # extern crate alloc;
    /// # use alloc::string::ToString;
    /// assert_eq!(shown.to_string(), r#"a.example:443 SOCKS_PASSWORD="***" NEW_ADDR=10.8.0.2"#);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn redact(&self, text: &'a [u8]) -> Redacted<'a> {
        let content = self.content();
        let place = |start: usize| (start, start.saturating_add(text.len()));
        let is_there = |start: &usize| content.get(*start..).is_some_and(|rest| rest.starts_with(text));
        // The address is only compared: the text is part of the content itself, or a copy, as the owned form has of
        // some.
        let offset = (text.as_ptr() as usize).wrapping_sub(content.as_ptr() as usize);
        let found = Some(offset).filter(is_there).or_else(|| self.field_starts().into_iter().flatten().find(is_there));
        match found.map(place) {
            Some((start, end)) => Redacted::new(content, start, end),
            None => Redacted::alone(text),
        }
    }

    /// Returns the starts of the fields that the owned form copies.
    fn field_starts(&self) -> [Option<usize>; 4] {
        let content = self.content();
        let after_space = |start: usize| memchr::memchr(b' ', content.get(start..)?).map(|len| start + len + 1);
        let mut args = self.args();
        let source_addr =
            core::iter::from_fn(|| args.next_arg()).filter(|arg| arg.keyword == Some(Keyword::SourceAddr)).last();
        [
            Some(0),
            after_space(0).and_then(after_space),
            Some(self.layout.target as usize),
            source_addr.map(|arg| arg.value as usize),
        ]
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
    /// Writes the content as tor printed it. Bytes that are not UTF-8 become U+FFFD, since a formatter takes text only:
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

/// Formats the parts of either form of an event, without credentials, wherever they stand, and without values of
/// unknown keywords, which may be credentials.
pub(crate) fn debug<'a>(event: &StreamEventRef<'a>, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = |text: Option<&'a str>| text.map(|text| event.redact(text.as_bytes()));
    f.debug_struct(name)
        .field("id", &event.redact(event.id.as_bytes()))
        .field("status", &event.status)
        .field("circuit_id", &text(event.circuit_id))
        .field("target_host", &event.redact(event.target_host.as_bytes()))
        .field("target_port", &event.target_port)
        .field("reason", &event.reason)
        .field("remote_reason", &event.remote_reason)
        .field("source", &event.source)
        .field("source_addr", &text(event.source_addr))
        .field("purpose", &event.purpose)
        .field("socks_username", &event.socks_username())
        .field("socks_password", &event.socks_password())
        .field("client_protocol", &event.client_protocol())
        .field("nym_epoch", &event.nym_epoch())
        .field("session_group", &event.session_group())
        .field("iso_fields", &text(event.iso_fields_str()))
        .field("args", &event.args())
        .field("anomalies", &event.anomalies())
        .finish()
}
