//! Output of a tally as JSON, for a program.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::super::events::Example;
use super::super::histogram::Histogram;
use super::super::slowest::SlowAnswer;
use super::super::table::Rows;
use super::super::tally::{FailedTarget, Failure, Tally};
use super::{PERCENTILES, failed_targets, failures};
use crate::command::life::Cause;
use crate::output::text::escape_json;

/// Prints a tally as JSON. Each table is a list of objects, and its count beyond the limit a field of its own.
///
/// Rows are encoded one by one: a table may have many.
pub(super) fn print(tally: &Tally, output: impl Write) -> io::Result<()> {
    let mut output = Escaped::new(output);
    serde_json::to_writer_pretty(&mut output, &Json(tally))?;
    output.write_all(b"\n")?;
    output.flush()
}

/// A tally as JSON.
struct Json<'t>(&'t Tally);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally = self.0;
        let events = &tally.events;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("bytes", &tally.bytes)?;
        map.serialize_entry("lines", &tally.lines)?;
        map.serialize_entry("events", &events.total)?;
        map.serialize_entry("unreadable", &tally.unreadable)?;
        map.serialize_entry("streams", &tally.streams)?;
        map.serialize_entry("streams_let_go", &tally.dropped)?;
        map.serialize_entry("streams_failed_on_circuit", &failures(tally, true).total())?;
        map.serialize_entry("streams_failed_never_on_circuit", &failures(tally, false).total())?;
        map.serialize_entry("unix_ts_start", &events.first.map(|time| time.as_secs_f64()))?;
        map.serialize_entry("unix_ts_end", &events.last.map(|time| time.as_secs_f64()))?;
        list(&mut map, "statuses", events.statuses.rows(), |word, n| json!({ "status": word, "events": n }))?;
        list(&mut map, "reasons", events.reasons.rows(), |word, n| json!({ "reason": word, "events": n }))?;
        list(
            &mut map,
            "remote_reasons",
            events.remote_reasons.rows(),
            |word, n| json!({ "remote_reason": word, "events": n }),
        )?;
        list(&mut map, "purposes", tally.purposes.rows(), |word, n| json!({ "purpose": word, "streams": n }))?;
        list(
            &mut map,
            "client_protocols",
            tally.protocols.rows(),
            |word, n| json!({ "client_protocol": word, "streams": n }),
        )?;
        list(&mut map, "failures", tally.failures.rows(), |Failure { on_circuit, cause }, n| {
            let Cause { reason, remote_reason } = cause;
            json!({ "on_circuit": on_circuit, "reason": reason, "remote_reason": remote_reason, "streams": n })
        })?;
        list(&mut map, "failed_targets", failed_targets(tally), |FailedTarget { host, cause }, n| {
            let Cause { reason, remote_reason } = cause;
            json!({ "host": host, "reason": reason, "remote_reason": remote_reason, "streams": n })
        })?;
        map.serialize_entry("seconds_to_answer", &times(&tally.answers))?;
        let slowest = tally.slowest.iter().map(|SlowAnswer { time, circuit, stream_id }| {
            let (file, id) = (circuit.file(), circuit.circuit_id.as_str());
            let seconds = time.as_secs_f64();
            json!({ "file": file, "circuit_id": id, "stream_id": stream_id, "seconds_to_answer": seconds })
        });
        map.serialize_entry("slowest_circuits", &slowest.collect::<Value>())?;
        map.serialize_entry("seconds_of_life", &times(&tally.lifetimes))?;
        list(&mut map, "targets", tally.targets.rows(), |host, streams| TargetObject { host, streams })?;
        list(&mut map, "circuits", tally.circuits.rows(), |circuit, streams| CircuitObject {
            circuit_id: circuit.circuit_id.as_str(),
            file: circuit.file(),
            streams,
        })?;
        let anomalies = events.anomalies.iter().map(|(name, Example { events, position: _, file, line })| {
            json!({ "anomaly": name, "events": events, "file": file, "line": line })
        });
        map.serialize_entry("anomalies", &anomalies.collect::<Value>())?;
        map.end()
    }
}

/// Adds a table as a list of objects, and its count beyond the limit as a number.
fn list<'k, M: SerializeMap, K: ?Sized, V: Serialize>(
    map: &mut M,
    name: &str,
    rows: Rows<&'k K>,
    object: impl Fn(&'k K, u64) -> V,
) -> Result<(), M::Error> {
    map.serialize_entry(name, &List { rows: &rows.rows, object })?;
    map.serialize_entry(&format!("other_{name}"), &rows.beyond)
}

/// The rows of a table, and the function that returns the object of a row.
struct List<'r, 'k, K: ?Sized, F> {
    /// The rows.
    rows: &'r [(&'k K, u64)],
    /// Function that returns the object of a row.
    object: F,
}

impl<'k, K: ?Sized, V: Serialize, F: Fn(&'k K, u64) -> V> Serialize for List<'_, 'k, K, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|&(key, count)| (self.object)(key, count)))
    }
}

/// The object of a circuit. There may be so many that objects with names in memory would take most of the time.
#[derive(serde::Serialize)]
struct CircuitObject<'c> {
    /// ID of the circuit.
    circuit_id: &'c str,
    /// Name of its log.
    file: &'c str,
    /// Number of streams.
    streams: u64,
}

/// The object of a target.
#[derive(serde::Serialize)]
struct TargetObject<'t> {
    /// Host of the target.
    host: &'t str,
    /// Number of streams.
    streams: u64,
}

/// Returns percentiles as an object.
fn times(times: &Histogram) -> Value {
    let percentiles = PERCENTILES.map(|percent| (format!("p{percent}"), json!(times.percentile(percent))));
    let mut object = serde_json::Map::from_iter(percentiles);
    object.insert("streams".into(), times.total().into());
    object.into()
}

/// A writer of JSON that escapes commands to a terminal.
pub(in super::super) struct Escaped<W> {
    /// JSON that was not escaped yet, up to the end of a character.
    json: Vec<u8>,
    /// The output.
    output: W,
}

impl<W> Escaped<W> {
    /// Returns a writer to an output.
    pub(in super::super) const fn new(output: W) -> Self {
        Self { json: Vec::new(), output }
    }

    /// Returns the output, without the JSON that was not flushed.
    pub(in super::super) const fn output(&self) -> &W {
        &self.output
    }
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        // The serializer writes whole characters.
        self.json.extend_from_slice(buffer);
        if self.json.len() > 64 * 1024 {
            self.flush()?;
        }
        Ok(buffer.len())
    }

    fn write_all(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.write(buffer).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        escape_json(&mut self.json, 0);
        self.output.write_all(&self.json)?;
        self.json.clear();
        self.output.flush()
    }
}
