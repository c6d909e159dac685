//! Output of a tally as JSON, for a program.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::super::tally::{AnomalyCount, CountRows, FailedTarget, FailureKind, Histogram, SlowAnswer, Tally};
use super::{PERCENTILES, failed_targets, failures_never_on_circuit, failures_on_circuit};
use crate::command::life::Cause;
use crate::output::json::EscapedJson;

/// Prints a tally as a JSON object. Each table is a list of objects, one for each row; the total count of its keys without a
/// row is a field of its own, such as `other_targets`.
pub(super) fn print(tally: &Tally, output: impl Write) -> io::Result<()> {
    let mut output = EscapedJson::new(output);
    serde_json::to_writer_pretty(&mut output, &Json(tally))?;
    output.write_all(b"\n")?;
    output.flush()
}

/// A tally as a JSON object.
///
/// Rows are encoded one by one, so that a table with many rows takes no JSON values in memory.
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
        map.serialize_entry("streams_failed_on_circuit", &failures_on_circuit(tally).total())?;
        map.serialize_entry("streams_failed_never_on_circuit", &failures_never_on_circuit(tally).total())?;
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
        list(&mut map, "failures", tally.failures.rows(), |FailureKind { on_circuit, cause }, n| {
            let Cause { reason, remote_reason } = cause;
            json!({ "on_circuit": on_circuit, "reason": reason, "remote_reason": remote_reason, "streams": n })
        })?;
        list(&mut map, "failed_targets", failed_targets(tally), |FailedTarget { host, cause }, n| {
            let Cause { reason, remote_reason } = cause;
            json!({ "host": host, "reason": reason, "remote_reason": remote_reason, "streams": n })
        })?;
        map.serialize_entry("seconds_to_answer", &times(&tally.answers))?;
        let slowest = tally.slowest.iter().map(|SlowAnswer { time, circuit, stream_id }| {
            let (file, id) = (circuit.log(), circuit.circuit_id.as_str());
            let seconds = time.as_secs_f64();
            json!({ "file": file, "circuit_id": id, "stream_id": stream_id, "seconds_to_answer": seconds })
        });
        map.serialize_entry("slowest_circuits", &slowest.collect::<Value>())?;
        map.serialize_entry("seconds_of_life", &times(&tally.lifetimes))?;
        list(&mut map, "targets", tally.targets.rows(), |host, streams| TargetObject { host, streams })?;
        list(&mut map, "circuits", tally.circuits.rows(), |circuit, streams| CircuitObject {
            circuit_id: circuit.circuit_id.as_str(),
            file: circuit.log(),
            streams,
        })?;
        let anomalies = events.anomalies.iter().map(|(name, AnomalyCount { events, position: _, file, line })| {
            json!({ "anomaly": name, "events": events, "file": file, "line": line })
        });
        map.serialize_entry("anomalies", &anomalies.collect::<Value>())?;
        map.end()
    }
}

/// Adds a table as a list of objects, and the total count of its keys without a row as a number.
fn list<'k, M: SerializeMap, K: ?Sized, V: Serialize>(
    map: &mut M,
    name: &str,
    rows: CountRows<&'k K>,
    object: impl Fn(&'k K, u64) -> V,
) -> Result<(), M::Error> {
    map.serialize_entry(name, &RowObjects { rows: &rows.rows, object })?;
    map.serialize_entry(&format!("other_{name}"), &rows.others)
}

/// The rows of a table as a list of JSON objects.
struct RowObjects<'r, 'k, K: ?Sized, F> {
    /// The rows.
    rows: &'r [(&'k K, u64)],
    /// Function that returns the object of a row.
    object: F,
}

impl<'k, K: ?Sized, V: Serialize, F: Fn(&'k K, u64) -> V> Serialize for RowObjects<'_, 'k, K, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|&(key, count)| (self.object)(key, count)))
    }
}

/// The object of a circuit. A struct is encoded faster than a `Value`, which allocates its names: circuits and targets
/// are the longest tables.
#[derive(serde::Serialize)]
struct CircuitObject<'c> {
    /// ID of the circuit.
    circuit_id: &'c str,
    /// Name of its log.
    file: &'c str,
    /// Number of streams.
    streams: u64,
}

/// The object of a target: a struct, as for circuits.
#[derive(serde::Serialize)]
struct TargetObject<'t> {
    /// Host of the target.
    host: &'t str,
    /// Number of streams.
    streams: u64,
}

/// Returns the percentiles and the number of durations as an object.
fn times(times: &Histogram) -> Value {
    let percentiles = PERCENTILES.map(|percent| (format!("p{percent}"), json!(times.percentile(percent))));
    let mut object = serde_json::Map::from_iter(percentiles);
    object.insert("streams".into(), times.total().into());
    object.into()
}
