//! The event that borrows its text from the input.
//!
//! - this file: the event, its public fields, and the [`Layout`] behind the accessors
//! - [`parse`]: the functions that parse an event, and those that return its anomalies, target and content
//! - [`accessors`]: the functions that return its other fields
//! - [`show`]: `Display`, `Debug`, and text without credentials

// Before the other modules, so that rustdoc lists the functions that parse first.
mod parse;

mod accessors;
mod show;

use core::num::NonZeroU32;

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::Error;
use crate::format::content::{Content, Span};
use crate::value::args::KnownEnds;
use crate::word::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

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
/// | `REMOTE_REASON` | FAILED, CLOSED, DETACHED, after `REASON=END` | word |
/// | `SOURCE` | REMAP | word |
/// | `SOURCE_ADDR` | NEW, NEWRESOLVE | `addr:port`; a socket's path and `:0`; `(Tor_internal):0` |
/// | `PURPOSE` | NEW, NEWRESOLVE | word |
/// | `SOCKS_USERNAME`, `SOCKS_PASSWORD` | any | quoted string |
/// | `CLIENT_PROTOCOL` | any | word |
/// | `NYM_EPOCH` | any | number |
/// | `SESSION_GROUP` | any | number, which may be negative |
/// | `ISO_FIELDS` | any | list of words |
///
/// A newer tor may print fields with other keywords after these. They are read as arguments, and may hold a colon only after all of
/// `CLIENT_PROTOCOL` to `ISO_FIELDS`.
///
/// # How the target is separated from the fields
///
/// tor prints the target as the client sent it, spaces and quotation marks included: a client can write fields of its own
/// into the line. The target is the text before the longest row of fields, at the end of the line, that tor can have
/// printed and that leaves a `host:port`. A client of tor 0.4.3.1 or later cannot lengthen that row. A longer row would begin
/// inside the host, so one of its fields would hold tor's own `:port`. But words, numbers and lists hold no colon; a row has at
/// most one `SOURCE_ADDR`, which tor prints itself; and a quoted string that begins in the host takes one of the quotation marks that
/// tor prints. These come in pairs, and the one that is left over fits into no field. `docs/exact-reading.md` has the details, and
/// the limits with older tors.
///
/// tor prints at most 255 bytes of a target. [`anomalies`](Self::anomalies) has a flag if tor may have cut one, or if anything
/// else is odd.
///
/// A line end in a target ends the line, since tor prints it unchanged: the client's text after it is a line of its own, and may
/// look like one of tor's.
///
/// A line of any other form is read from the left: the first token is the target, keywords may come in any order,
/// the last of a repeated one counts, and `anomalies` holds [`UnknownOrder`](Anomaly::UnknownOrder).
///
/// Three values that no tor prints are read without an anomaly, as they have one meaning only: numbers and ports with leading
/// zeros (`NYM_EPOCH=007`, `a:0443`), the number `-0`, and lists with empty items (`ISO_FIELDS=DESTPORT,`). `Display` and
/// [`content`](Self::content) have them as they were.
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
    /// The stream's ID (`StreamID`): 1 to 20 letters or digits, unless parsed leniently. tor prints a number up to 2^64 - 1.
    pub id: &'a str,
    /// The status of the event (`StreamStatus`).
    pub status: StreamStatus,
    /// The circuit that the stream is attached to (`CircuitID`), in the form of an `id`. `None` if tor prints `0`: the
    /// stream is on no circuit. [`Detached`](StreamStatus::Detached), and the
    /// [`ControllerWait`](StreamStatus::ControllerWait) right after it, have the circuit that the stream has left.
    pub circuit_id: Option<&'a str>,
    /// The target's host: a name, or an address, which has brackets if it is IPv6 and came as an address. Empty if a client
    /// sent none. U+FFFD if the target is not UTF-8.
    pub target_host: &'a str,
    /// The target's port. 0 if the stream is for a look-up or for tor's own use, and if lenient parsing found no port.
    pub target_port: u16,
    /// The reason why the stream failed, closed or was detached (`REASON`). `None` if the field is absent.
    pub reason: Option<StreamClosureReason>,
    /// The reason why the other end closed the stream (`REMOTE_REASON`). `None` if the field is absent.
    pub remote_reason: Option<StreamClosureReason>,
    /// The source of a new target address (`SOURCE`). `None` if the field is absent.
    pub source: Option<StreamSource>,
    /// The address that the client connects from, as printed (`SOURCE_ADDR`): address and port, IPv6 without brackets;
    /// a socket's path and `:0`; a path that tor cut at 50 bytes; or `(Tor_internal):0` for a stream of tor's own. `None` if the
    /// field is absent.
    pub source_addr: Option<&'a str>,
    /// The purpose of the stream (`PURPOSE`). `None` if the field is absent.
    pub purpose: Option<StreamPurpose>,
    /// Content that the event was parsed from, without a line end.
    pub(crate) content: Content<'a>,
    /// Byte ranges and values behind the accessors.
    pub(crate) layout: Layout,
}

/// Data of an event that only accessors use: ranges in the content, and values without a public field. The borrowed and the owned
/// form have the same, so that a conversion does not parse the text again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Layout {
    /// Index of the target's first byte.
    pub(crate) target_start: u32,
    /// Index after the target: that of the space before the first field, or the length.
    pub(crate) target_end: u32,
    /// Range of the value of `SOCKS_USERNAME`, between the quotation marks.
    pub(crate) socks_username: Option<Span>,
    /// Range of the value of `SOCKS_PASSWORD`, between the quotation marks.
    pub(crate) socks_password: Option<Span>,
    /// Range of the value of `ISO_FIELDS`.
    pub(crate) iso_fields: Option<Span>,
    /// Index of the first digit of `NYM_EPOCH`, which is converted on demand.
    pub(crate) nym_epoch: Option<NonZeroU32>,
    /// Index of the sign or first digit of `SESSION_GROUP`, which is converted on demand.
    pub(crate) session_group: Option<NonZeroU32>,
    /// Value of `CLIENT_PROTOCOL`.
    pub(crate) client_protocol: Option<ClientProtocol>,
    /// Anomalies of the event.
    pub(crate) anomalies: Anomalies,
}

impl Layout {
    /// Returns the ends of values that [`Args`](crate::Args) need not search for. `None` if the fields are not in tor's order.
    const fn known_ends(&self) -> Option<KnownEnds> {
        /// Returns the index after the closing quotation mark of a credential. 0 if there is no credential.
        const fn end_with_quote(string: Option<Span>) -> u32 {
            match string {
                Some(string) => string.end() + 1,
                None => 0,
            }
        }
        if self.anomalies.contains(Anomaly::UnknownOrder) {
            return None;
        }
        Some(KnownEnds {
            socks_username: end_with_quote(self.socks_username),
            socks_password: end_with_quote(self.socks_password),
            iso_fields_is_last: !self.anomalies.contains(Anomaly::UnknownKeyword),
        })
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
