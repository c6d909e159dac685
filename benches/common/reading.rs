//! Reading every field and argument of an event.

use tor_stream_event::{Error, StreamEventRef};

/// Sums up a few numbers of an event, by which a benchmark notices a wrong event; 1 for an error. Takes next to no time.
pub(crate) fn glance(event: &Result<StreamEventRef<'_>, Error>) -> u64 {
    event.as_ref().map_or(1, |event| u64::from(event.target_port) + event.status as u64 + event.content().len() as u64)
}

/// Reads every field and every keyword argument of an event, and sums them up.
pub(crate) fn every_field(event: &StreamEventRef<'_>) -> u64 {
    let mut sum = Sum(0);
    sum.text(event.id);
    sum.number(event.status as u64);
    sum.option(event.circuit_id, Sum::text);
    sum.text(event.target_host);
    sum.number(event.target_port.into());
    sum.option(event.reason, |sum, word| sum.number(word as u64));
    sum.option(event.remote_reason, |sum, word| sum.number(word as u64));
    sum.option(event.source, |sum, word| sum.number(word as u64));
    sum.option(event.source_addr, Sum::text);
    sum.option(event.purpose, |sum, word| sum.number(word as u64));
    sum.option(event.socks_username(), |sum, quoted| sum.text(quoted.escaped()));
    sum.option(event.socks_password(), |sum, quoted| sum.text(quoted.escaped()));
    sum.option(event.client_protocol(), |sum, word| sum.number(word as u64));
    sum.option(event.nym_epoch(), |sum, number| sum.number(number.into()));
    sum.option(event.session_group(), |sum, number| sum.number(number.unsigned_abs().into()));
    for field in event.iso_fields() {
        sum.number(field as u64);
    }
    sum.number(event.anomalies().is_empty().into());
    for (key, value) in event.args() {
        sum.text(key);
        sum.text(value);
    }
    sum.0
}

/// A sum of values, so that the compiler has each of them read. The sum wraps around.
#[derive(Debug)]
pub(crate) struct Sum(pub(crate) u64);

impl Sum {
    /// Adds a text: its length and its first byte, so that the text is loaded.
    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64 + u64::from(text.as_bytes().first().copied().unwrap_or_default()));
    }

    /// Adds a number.
    pub(crate) const fn number(&mut self, number: u64) {
        self.0 = self.0.wrapping_add(number);
    }

    /// Adds a value that may be absent.
    pub(crate) fn option<T>(&mut self, value: Option<T>, add: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => add(self, value),
            None => self.number(1),
        }
    }
}
