//! Stream IDs as map keys.

use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::value::StreamId;
use crate::value::id::MAX_ID_LEN;

/// A stream's ID of up to [`MAX_ID_LEN`] bytes as three numbers, which compare faster than text, in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u64; 3]);

// The last byte is not one of the ID.
const _: () = assert!(MAX_ID_LEN < Key::SIZE);

impl Key {
    /// Number of bytes of a key.
    const SIZE: usize = 24;

    /// Returns the key of an event's stream.
    pub(super) fn of(event: &StreamEventRef<'_>) -> Self {
        // A caller may have set the public field to an ID that is too long, which no anomaly shows.
        if event.anomalies().contains(Anomaly::MalformedId) || event.id.len() > MAX_ID_LEN {
            Self::new(stream_id(event).as_str())
        } else {
            Self::new(event.id)
        }
    }

    /// Returns the key of an ID, from its first [`MAX_ID_LEN`] bytes.
    pub(super) fn new(id: &str) -> Self {
        // The ID, zeros, and the ID's length, which distinguishes an ID that ends with NULs, a malformed one, from a
        // shorter one.
        let mut bytes = [0; Self::SIZE];
        bytes.iter_mut().zip(id.bytes().take(MAX_ID_LEN)).for_each(|(to, from)| *to = from);
        let [.., len] = &mut bytes;
        *len = u8::try_from(id.len()).unwrap_or(u8::MAX);
        let number = |start| {
            let chunk = bytes.get(start..).and_then(<[u8]>::first_chunk);
            chunk.map_or(0, |chunk| u64::from_be_bytes(*chunk))
        };
        Self([number(0), number(8), number(16)])
    }
}

/// Returns the ID of an event's stream, abridged if it is too long, has a quotation mark, or is not UTF-8.
pub(super) fn stream_id(event: &StreamEventRef<'_>) -> StreamId {
    const NOT_UTF8: &str = "\u{FFFD}";
    if event.id == NOT_UTF8 {
        // The field has this text for every ID that is not UTF-8, so the ID is made from the bytes.
        let token = event.content().split(|&byte| byte == b' ').next().unwrap_or_default();
        if token != NOT_UTF8.as_bytes() {
            return StreamId::abridged(token);
        }
    }
    StreamId::of_any_token(event.id)
}
