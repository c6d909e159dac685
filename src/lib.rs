//! Reads the STREAM events of Tor's control port exactly, in place, without allocating.
//!
//! ```
//! use tor_stream_event::StreamEventRef;
//!
//! let event = StreamEventRef::parse_line(
//!     b"650 STREAM 18 NEW 0 a.test:443\r\n",
//! )?;
//! assert_eq!((event.id, event.status_str()), ("18", "NEW"));
//! assert_eq!(event.target_host, "a.test");
//! assert_eq!(event.target_port, 443);
//! assert!(event.anomalies().is_empty());
//! # Ok::<(), tor_stream_event::Error>(())
//! ```
//!
//! tor prints a host name as its client sent it. The next client asked for `x:1 REASON=DONE y`:
//!
//! ```
//! # use tor_stream_event::{StreamClosureReason, StreamEventRef};
//! let event = StreamEventRef::parse_line(
//!     b"650 STREAM 19 CLOSED 0 \
//!       x:1 REASON=DONE y:80 REASON=TIMEOUT\r\n",
//! )?;
//! // The host is one field; the reason is tor's.
//! assert_eq!(event.target_host, "x:1 REASON=DONE y");
//! assert_eq!(event.target_port, 80);
//! assert_eq!(event.reason, Some(StreamClosureReason::Timeout));
//! assert!(!event.anomalies().is_empty());
//! # Ok::<(), tor_stream_event::Error>(())
//! ```
//!
//! # Where to begin
//!
//! | source of the events | entry point |
//! |---|---|
//! | one line, `650 STREAM ` included | [`StreamEventRef::parse_line`] |
//! | the content of one event | [`StreamEventRef::parse`], [`parse_bytes`](StreamEventRef::parse_bytes) |
//! | a log or capture in memory | [`stream_events`] |
//! | a socket, in fixed memory | [`EventDecoder`] |
//! | a file or other reader | [`EventReader`] (feature `std`) |
//! | an asynchronous connection | [`EventCodec`] (feature `tokio-util`) |
//!
//! From events to streams: [`StreamTracker`] (feature `alloc`) returns the life of each stream. To read a log on several
//! threads: [`LineState`], and [`StreamTracker::part`].
//!
//! # Scope
//!
//! This crate reads one kind of event, steps over all others, and does not connect to a control port, authenticate or
//! subscribe; the example `control_port` does, in some 50 lines.
//!
//! # Guarantees
//!
//! - **Exact.** Each field is what tor meant, whatever a client wrote into a name. Where this cannot be known, such as in text that
//!   tor cut, [`anomalies`](StreamEventRef::anomalies) says so or the line is refused. [`StreamEventRef`] explains how;
//!   `docs/exact-reading.md` has two cases with a tor before 0.2.2 in which it fails.
//! - **Nothing lost.** Words, keywords and tokens that this version does not know are data and can be read. A bad line
//!   never costs the next.
//! - **No allocation, no `unsafe`, no panic**, and work that is linear in the length of a line.
//! - **No secret shown.** SOCKS user names and passwords are in no `Debug` output and no error, wherever a damaged line has
//!   them, if with keyword and quotation marks. `Display` and serializing give an event's text back, and show them;
//!   [`redact`](StreamEventRef::redact) masks them in any text of an event.
//!
//! # Owned values
//!
//! [`StreamEvent`] (feature `alloc`) is the same event with text of its own. [`StreamId`] and [`CircuitId`] hold their text
//! inline, to be used as keys without an allocator.
//!
//! # Errors
//!
//! [`Error`] is `Copy` and `'static`. An [`Error::Protocol`] has a kind and a byte offset; its message says what was expected
//! and what was found. Of the line, it holds at most one byte, or an unknown word of up to 20 capital letters and `_`.
//!
//! # Crate features
//!
//! | feature | adds |
//! |---|---|
//! | `std` (default) | [`EventReader`], searches for line ends with the widest vectors of the processor; turns on `alloc` |
//! | `alloc` | [`StreamEvent`], [`StreamTracker`], and decoded credentials as `Vec` and `String` |
//! | `defmt` | `defmt::Format` for data, as `Debug` shows it; not for decoders, readers, trackers, and the formats and states of logs |
//! | `serde` | `Serialize` and `Deserialize`, with the names and values of `tor-streams events` |
//! | `tokio-util` | [`EventCodec`]; turns on `std` |
//!
//! **Serializing an event reveals its credentials.** `Deserialize` is for owned values: `StreamEvent`, `StreamLife`, words, IDs.
//! Without features the crate needs neither an allocator nor an operating system.
//!
//! # Minimum supported Rust version
//!
//! Rust 1.85. A higher one comes with a new minor version.
//!
// Links to items of features that are turned off lead to docs.rs, where all are turned on.
#![cfg_attr(feature = "alloc", doc = "[`StreamEvent`]: StreamEvent")]
#![cfg_attr(
    not(feature = "alloc"),
    doc = "[`StreamEvent`]: https://docs.rs/tor-stream-event/latest/tor_stream_event/struct.StreamEvent.html"
)]
#![cfg_attr(feature = "alloc", doc = "[`StreamTracker`]: StreamTracker")]
#![cfg_attr(
    not(feature = "alloc"),
    doc = "[`StreamTracker`]: https://docs.rs/tor-stream-event/latest/tor_stream_event/struct.StreamTracker.html"
)]
#![cfg_attr(feature = "alloc", doc = "[`StreamTracker::part`]: StreamTracker::part")]
#![cfg_attr(
    not(feature = "alloc"),
    doc = "[`StreamTracker::part`]: https://docs.rs/tor-stream-event/latest/tor_stream_event/struct.StreamTracker.html#method.part"
)]
#![cfg_attr(feature = "std", doc = "[`EventReader`]: EventReader")]
#![cfg_attr(
    not(feature = "std"),
    doc = "[`EventReader`]: https://docs.rs/tor-stream-event/latest/tor_stream_event/struct.EventReader.html"
)]
#![cfg_attr(feature = "tokio-util", doc = "[`EventCodec`]: EventCodec")]
#![cfg_attr(
    not(feature = "tokio-util"),
    doc = "[`EventCodec`]: https://docs.rs/tor-stream-event/latest/tor_stream_event/struct.EventCodec.html"
)]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// The map of `src/`. The `mod.rs` of a folder begins with the folder's map; CONTRIBUTING.md has that of the repository.
mod anomaly; // `Anomalies`: flags of odd events
#[cfg(feature = "defmt")]
mod defmt; // `defmt::Format` of types whose derived one would differ from `Debug`
mod error; // `Error`: why a text is no event
mod event; // folder: `StreamEventRef`, an event that borrows its text
mod format; // folder: the grammar of keywords and values, for `parse` and `value`
mod lines; // folder: from the bytes of a log or connection to events
#[cfg(feature = "alloc")]
mod owned; // `StreamEvent`, an event that owns its text
mod parse; // folder: from the content of an event to the event
#[cfg(feature = "serde")]
mod serde; // folder: events and streams as data
#[cfg(feature = "alloc")]
mod tracker; // folder: from events to streams
mod value; // folder: IDs, keyword arguments, isolation fields, quoted strings
mod word; // `StreamStatus` and the other enums of tor's words, each word spelled once

pub use crate::anomaly::{Anomalies, Anomaly, AnomalyIter};
pub use crate::error::{Error, ErrorKind, Field, ProtocolError};
pub use crate::event::StreamEventRef;
#[cfg(feature = "tokio-util")]
pub use crate::lines::EventCodec;
pub use crate::lines::{
    EventDecoder, EventLine, LineEnd, LineState, LogFormat, Skipped, SkippedLines, StreamEvents, stream_events,
};
#[cfg(feature = "std")]
pub use crate::lines::{EventReader, IntoEvents};
#[cfg(feature = "alloc")]
pub use crate::owned::StreamEvent;
#[cfg(feature = "alloc")]
pub use crate::tracker::{Appended, Failure, Note, Outcome, Step, StreamLife, StreamTracker, Target};
pub use crate::value::{Args, CircuitId, IsoFields, Quoted, QuotedBytes, Redacted, StreamId};
pub use crate::word::{ClientProtocol, IsoField, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

/// The README, whose examples are compiled as tests.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
