//! Events out of a stream of lines: out of a buffer, out of pieces, out of a reader.
//!
//! The entry points differ in where the bytes come from: [`buffer`], [`decoder`], [`reader`], [`codec`]; the last three keep
//! what is left of a piece in a [`splitter`]. What is a line, and which line is an event, is said once, in [`finder`].

mod buffer;
#[cfg(feature = "tokio-util")]
mod codec;
mod decoder;
mod event_line;
mod finder;
mod format;
mod prefix;
#[cfg(feature = "std")]
mod reader;
mod skipped;
mod splitter;
mod state;
#[cfg(test)]
mod tests;

pub use self::buffer::{StreamEvents, stream_events};
#[cfg(feature = "tokio-util")]
pub use self::codec::EventCodec;
pub use self::decoder::EventDecoder;
pub use self::event_line::{EventLine, LineEnd};
pub use self::format::LogFormat;
#[cfg(feature = "std")]
pub use self::reader::{EventReader, IntoEvents};
pub use self::skipped::{Skipped, SkippedLines};
pub use self::state::LineState;

/// Reply code and event name before an event's content.
const MARK: &[u8] = b"650 STREAM ";

/// Byte order mark of UTF-8, which some editors write at the beginning of a file.
const BOM: &[u8] = b"\xef\xbb\xbf";
