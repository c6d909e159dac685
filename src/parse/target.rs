//! A target: its range, port and anomalies, and the error about one without a port.

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{ErrorKind, Field, ProtocolError};
use crate::format::grammar;
use crate::format::scan;

/// Range, port and anomalies of a target.
#[derive(Clone, Copy)]
pub(super) struct TargetRange {
    /// Index of the target's first byte.
    pub(super) start: u32,
    /// Index after the target.
    pub(super) end: u32,
    /// Index of the colon before the port, where the host ends, and the port. `None` if there is none.
    pub(super) port: Option<(u32, u16)>,
    /// Anomalies of the target's text.
    pub(super) anomalies: Anomalies,
}

impl TargetRange {
    /// Returns the target from `start` to `end` of a content, whatever its text.
    pub(super) fn new(content: &[u8], start: u32, end: u32) -> Self {
        let text = content.get(start as usize..end as usize).unwrap_or_default();
        let port = grammar::split_port(text).map(|(host, port)| (start + host as u32, port));
        Self { start, end, port, anomalies: anomalies_of_bytes(content, start, end) }
    }

    /// Returns the first token from `start` on as the target.
    pub(super) fn first_token(content: &[u8], start: u32) -> Self {
        Self::new(content, start, scan::space(content, start))
    }

    /// Returns the error about a target whose `port` is `None`.
    #[cold]
    pub(super) fn diagnose(&self, content: &[u8]) -> ProtocolError {
        let (start, end) = (self.start as usize, self.end as usize);
        let text = content.get(start..end).unwrap_or_default();
        let (kind, offset) = if text.is_empty() {
            (ErrorKind::Missing(Field::Target), start)
        } else if text.len() == grammar::TARGET_MAX {
            (ErrorKind::Truncated(Field::Target), end)
        } else if let Some(colon) = memchr::memrchr(b':', text) {
            let digits = text.get(colon + 1..).unwrap_or_default();
            let digits_start = start + colon + 1;
            match digits.iter().position(|byte| !byte.is_ascii_digit()) {
                // `a:8x`
                Some(other) => (ErrorKind::Malformed(Field::Target), digits_start + other),
                // `a:`
                None if digits.is_empty() => (ErrorKind::Malformed(Field::Target), end),
                // `a:000080`: a number up to 65535 in more than five digits: the sixth one is too many.
                None if grammar::decimal(digits).is_some_and(|number| u16::try_from(number).is_ok()) => {
                    (ErrorKind::Malformed(Field::Target), digits_start + 5)
                }
                // `a:65536`
                None => (ErrorKind::OutOfRange(Field::Target), digits_start),
            }
        } else {
            // `a`
            (ErrorKind::Malformed(Field::Target), end)
        };
        ProtocolError::new(kind, content, offset)
    }
}

/// Returns the anomalies that single bytes of a target have, from `start` to `end`. [`all_anomalies`](super::all_anomalies) adds
/// the others.
fn anomalies_of_bytes(content: &[u8], start: u32, end: u32) -> Anomalies {
    // Nothing before the first byte that is not plain has an anomaly. `get` returns `None` if there is no such byte in the target.
    let first = scan::not_plain(content, start);
    let rest = content.get(first as usize..end as usize).unwrap_or_default();
    // The bits of the anomalies fit a `u8`, and no branch sets them: so the compiler checks many bytes of the text at once.
    let bits = rest.iter().fold(0, |bits, &byte| {
        bits | bit(byte == b' ', Anomaly::TargetSpace)
            | bit(byte == b'"', Anomaly::TargetQuote)
            | bit(byte.is_ascii_control(), Anomaly::TargetControl)
            | bit(!byte.is_ascii(), Anomaly::Target8Bit)
    });
    Anomalies::of_bits(bits.into())
}

/// Returns the bit of `anomaly` if the condition holds, else 0.
const fn bit(condition: bool, anomaly: Anomaly) -> u8 {
    if condition { anomaly.bit() as u8 } else { 0 }
}

// The conversion to `u8` above loses nothing: the list of anomalies begins with these four.
const _: () = assert!(
    Anomaly::TargetSpace.bit() | Anomaly::TargetQuote.bit() | Anomaly::TargetControl.bit() | Anomaly::Target8Bit.bit()
        < 256
);
