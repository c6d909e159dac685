//! An event that owns its text.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use crate::anomaly::Anomalies;
use crate::error::Error;
use crate::event::{self, Layout, StreamEventRef};
use crate::format::content::Content;
use crate::value::{Args, CircuitId, IsoFields, Quoted, StreamId};
use crate::word::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

/// A STREAM event that owns its text: it can be stored, and sent to another thread.
///
/// The fields and how they are read are explained on [`StreamEventRef`], the borrowed form, which
/// [`as_event_ref`](Self::as_event_ref) returns. A public field may be changed; the content that the event was parsed from stays
/// unchanged. Accessors that take a part of a public field, such as `source_host` and `exit_relay`, or its word, such as
/// `purpose_str`, follow the field.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEvent, StreamStatus};
///
/// let event: StreamEvent = "18 SUCCEEDED 7 www.example.com:443".parse()?;
/// match event.status {
///     StreamStatus::New => println!("{}: new, to {}", event.id, event.target_host),
///     StreamStatus::Succeeded => println!("{}: open, on {:?}", event.id, event.circuit_id),
///     StreamStatus::Closed => println!("{}: closed, {:?}", event.id, event.reason),
///     _ => {}
/// }
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct StreamEvent {
    /// The stream's ID (`StreamID`).
    pub id: StreamId,
    /// The status of the event (`StreamStatus`).
    pub status: StreamStatus,
    /// The circuit that the stream is attached to, or was until it was detached (`CircuitID`). `None` if tor prints `0`: the
    /// stream is on no circuit.
    pub circuit_id: Option<CircuitId>,
    /// The target's host. U+FFFD if the target is not UTF-8.
    pub target_host: String,
    /// The target's port.
    pub target_port: u16,
    /// The reason why the stream failed, closed or was detached (`REASON`). `None` if the field is absent.
    pub reason: Option<StreamClosureReason>,
    /// The reason why the other end closed the stream (`REMOTE_REASON`). `None` if the field is absent.
    pub remote_reason: Option<StreamClosureReason>,
    /// The source of a new target address (`SOURCE`). `None` if the field is absent.
    pub source: Option<StreamSource>,
    /// The address that the client connects from, as printed (`SOURCE_ADDR`). `None` if the field is absent.
    pub source_addr: Option<String>,
    /// The purpose of the stream (`PURPOSE`). `None` if the field is absent.
    pub purpose: Option<StreamPurpose>,
    /// Content that the event was parsed from, without a line end.
    content: OwnedContent,
    /// Byte ranges and values behind the accessors.
    layout: Layout,
}

/// A [`Content`] that owns its bytes.
#[derive(Clone)]
enum OwnedContent {
    /// UTF-8.
    Str(Box<str>),
    /// Not UTF-8 as a whole.
    Bytes(Box<[u8]>),
}

impl StreamEvent {
    /// Parses an event from its content: the text after `650 STREAM ` in its line. A line end after it is allowed.
    ///
    /// For bytes, and for lenient reading, see [`StreamEventRef`] and its [`into_owned`](StreamEventRef::into_owned).
    ///
    /// # Errors
    ///
    /// The errors of [`StreamEventRef::parse`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEvent;
    ///
    /// let events: Vec<StreamEvent> = ["9 NEW 0 a:80 PURPOSE=USER", "9 CLOSED 0 a:80"]
    ///     .into_iter()
    ///     .map(StreamEvent::parse)
    ///     .collect::<Result<_, _>>()?;
    /// assert_eq!(events[1].to_string(), "9 CLOSED 0 a:80");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn parse(content: &str) -> Result<Self, Error> {
        Self::of_parsed(StreamEventRef::parse(content))
    }

    /// Parses an event from its whole line: `650 STREAM ` and its content.
    ///
    /// # Errors
    ///
    /// The errors of [`StreamEventRef::parse_line`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEvent;
    ///
    /// let event = StreamEvent::parse_line(b"650 STREAM 9 CLOSED 0 a.example:80\r\n")?;
    /// assert_eq!(event.id, "9");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn parse_line(line: &[u8]) -> Result<Self, Error> {
        Self::of_parsed(StreamEventRef::parse_line(line))
    }

    /// Returns the borrowed form of this event. Text is neither copied nor parsed again.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEvent, StreamEventRef};
    ///
    /// let content = "9 CLOSED 0 a.example:80";
    /// assert_eq!(StreamEvent::parse(content)?.as_event_ref(), StreamEventRef::parse(content)?);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn as_event_ref(&self) -> StreamEventRef<'_> {
        StreamEventRef {
            id: self.id.as_str(),
            status: self.status,
            circuit_id: self.circuit_id.as_ref().map(CircuitId::as_str),
            target_host: &self.target_host,
            target_port: self.target_port,
            reason: self.reason,
            remote_reason: self.remote_reason,
            source: self.source,
            source_addr: self.source_addr.as_deref(),
            purpose: self.purpose,
            content: match &self.content {
                OwnedContent::Str(text) => Content::Str(text),
                OwnedContent::Bytes(bytes) => Content::Bytes(bytes),
            },
            layout: self.layout,
        }
    }
}

/// Defines the accessors of the borrowed form on the owned one, each with its example: a content, and a condition that its event
/// fulfils.
macro_rules! accessors {
    ($($name:ident($($arg:ident: $type:ty)?) -> $returned:ty: $content:literal, $condition:expr;)+) => {
        impl StreamEvent {
            $(
                #[doc = concat!("See [`StreamEventRef::", stringify!($name), "`].")]
                ///
                /// # Examples
                ///
                /// ```
                /// use tor_stream_event::StreamEvent;
                ///
                #[doc = concat!("let event = StreamEvent::parse(", stringify!($content), ")?;")]
                #[doc = concat!("assert!(", stringify!($condition), ");")]
                /// # Ok::<(), tor_stream_event::Error>(())
                /// ```
                #[must_use]
                pub fn $name(&self, $($arg: $type)?) -> $returned {
                    self.as_event_ref().$name($($arg)?)
                }
            )+
        }
    };
}

accessors! {
    status_str() -> &str: "9 CLOSED 3 a:80", event.status_str() == "CLOSED";
    reason_str() -> Option<&str>: "9 CLOSED 3 a:80 REASON=DONE", event.reason_str() == Some("DONE");
    remote_reason_str() -> Option<&str>:
        "9 FAILED 3 a:80 REASON=END REMOTE_REASON=MISC", event.remote_reason_str() == Some("MISC");
    source_str() -> Option<&str>: "9 REMAP 3 192.0.2.1:80 SOURCE=EXIT", event.source_str() == Some("EXIT");
    purpose_str() -> Option<&str>: "9 NEW 0 a:80 PURPOSE=USER", event.purpose_str() == Some("USER");
    client_protocol_str() -> Option<&str>:
        "9 CLOSED 3 a:80 CLIENT_PROTOCOL=SOCKS5", event.client_protocol_str() == Some("SOCKS5");
    socks_username() -> Option<Quoted<'_>>:
        r#"9 CLOSED 3 a:80 SOCKS_USERNAME="x""#, event.socks_username().is_some_and(|name| name.escaped() == "x");
    socks_password() -> Option<Quoted<'_>>:
        r#"9 CLOSED 3 a:80 SOCKS_PASSWORD="x""#, event.socks_password().is_some_and(|password| password.bytes().eq(*b"x"));
    client_protocol() -> Option<ClientProtocol>:
        "9 CLOSED 3 a:80 CLIENT_PROTOCOL=SOCKS5", event.client_protocol() == "SOCKS5".parse().ok();
    nym_epoch() -> Option<u32>: "9 CLOSED 3 a:80 NYM_EPOCH=4", event.nym_epoch() == Some(4);
    session_group() -> Option<i32>: "9 CLOSED 3 a:80 SESSION_GROUP=-4", event.session_group() == Some(-4);
    iso_fields() -> IsoFields<'_>: "9 CLOSED 3 a:80 ISO_FIELDS=DESTPORT", event.iso_fields().words().eq(["DESTPORT"]);
    iso_fields_str() -> Option<&str>: "9 CLOSED 3 a:80 ISO_FIELDS=DESTPORT", event.iso_fields_str() == Some("DESTPORT");
    source_host() -> Option<&str>: "9 NEW 0 a:80 SOURCE_ADDR=127.0.0.1:47849", event.source_host() == Some("127.0.0.1");
    source_port() -> Option<u16>: "9 NEW 0 a:80 SOURCE_ADDR=127.0.0.1:47849", event.source_port() == Some(47849);
    exit_relay() -> Option<(&str, &str)>: "9 NEW 0 a.relay.exit:80", event.exit_relay() == Some(("a", "relay"));
    args() -> Args<'_>: "9 CLOSED 3 a:80 REASON=DONE", event.args().eq([("REASON", "DONE")]);
    arg(key: &str) -> Option<&str>: "9 CLOSED 3 a:80 NEW_FIELD=7", event.arg("NEW_FIELD") == Some("7");
    anomalies() -> Anomalies: "9 CLOSED 3 a:80", event.anomalies().is_empty();
    target_bytes() -> &[u8]: "9 CLOSED 3 a:80", event.target_bytes() == b"a:80";
    content() -> &[u8]: "9 CLOSED 3 a:80", event.content() == b"9 CLOSED 3 a:80";
}

impl StreamEvent {
    /// Returns the owned form of a parsed event, or the error. A `match`, since `?` copies the borrowed event once more: a hundredth
    /// of the work of parsing.
    #[cfg_attr(feature = "std", inline(always))]
    fn of_parsed(parsed: Result<StreamEventRef<'_>, Error>) -> Result<Self, Error> {
        match parsed {
            Ok(event) => Ok(Self::of(&event)),
            Err(error) => Err(error),
        }
    }

    /// Returns the owned form of an event: a copy of its text.
    fn of(event: &StreamEventRef<'_>) -> Self {
        Self {
            id: StreamId::of_any_token(event.id),
            status: event.status,
            circuit_id: event.circuit_id.map(CircuitId::of_any_token),
            target_host: event.target_host.into(),
            target_port: event.target_port,
            reason: event.reason,
            remote_reason: event.remote_reason,
            source: event.source,
            source_addr: event.source_addr.map(Into::into),
            purpose: event.purpose,
            content: match event.content {
                Content::Str(text) => OwnedContent::Str(text.into()),
                Content::Bytes(bytes) => OwnedContent::Bytes(bytes.into()),
            },
            layout: event.layout,
        }
    }
}

impl From<StreamEventRef<'_>> for StreamEvent {
    /// Copies the event's text. A malformed ID, which only lenient reading accepts, may be abridged: [`StreamId`] says how.
    fn from(event: StreamEventRef<'_>) -> Self {
        Self::of(&event)
    }
}

impl<'a> From<&'a StreamEvent> for StreamEventRef<'a> {
    fn from(event: &'a StreamEvent) -> Self {
        event.as_event_ref()
    }
}

impl FromStr for StreamEvent {
    type Err = Error;

    fn from_str(content: &str) -> Result<Self, Error> {
        Self::parse(content)
    }
}

impl PartialEq for StreamEvent {
    fn eq(&self, other: &Self) -> bool {
        self.as_event_ref() == other.as_event_ref()
    }
}

impl Eq for StreamEvent {}

impl PartialEq<StreamEventRef<'_>> for StreamEvent {
    fn eq(&self, other: &StreamEventRef<'_>) -> bool {
        self.as_event_ref() == *other
    }
}

impl PartialEq<StreamEvent> for StreamEventRef<'_> {
    fn eq(&self, other: &StreamEvent) -> bool {
        *self == other.as_event_ref()
    }
}

impl Hash for StreamEvent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_event_ref().hash(state);
    }
}

impl fmt::Display for StreamEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event_ref().fmt(f)
    }
}

impl fmt::Debug for StreamEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        event::debug(&self.as_event_ref(), "StreamEvent", f)
    }
}
