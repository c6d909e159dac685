//! Rows of `streams` beside the library's streams: a row is of another form than a serialized `StreamLife`, which has steps and no
//! durations; columns that are fields of it have their names and values.

use core::time::Duration;

use serde_json::Value;
use tor_stream_event::{StreamLife, StreamTracker, stream_events};

use crate::common::{both, capture, data, parse_rows};

/// Columns of a row that are fields of a serialized stream.
const SHARED: [&str; 22] = [
    "stream_id",
    "circuit_id",
    "remap_source",
    "target",
    "outcome",
    "final_target",
    "source_addr",
    "purpose",
    "client_protocol",
    "circuits",
    "xoff_sent",
    "xoff_recv",
    "xon_sent",
    "xon_recv",
    "reason",
    "remote_reason",
    "attempts",
    "detached",
    "began",
    "has_username",
    "nym_epoch",
    "session_group",
];

/// Returns the streams of a log, those that are live at its end last.
fn lives(log: &[u8]) -> Vec<StreamLife<Option<Duration>>> {
    // Room for every stream.
    let mut tracker = StreamTracker::new(100_000);
    let mut lives = Vec::new();
    for line in stream_events(log).lenient(true) {
        lives.extend(tracker.update(&line.event.unwrap(), line.unix_time()));
    }
    lives.extend(tracker.into_live());
    lives
}

#[test]
fn rows_have_the_values_of_the_library() {
    for name in ["stream-events.raw", "hostile-targets.raw", "onionperf.log", "field/T05-words-without-a-variant.log"] {
        let (printed, _) = both(0, &["streams", "--lenient"], &[data(name)]);
        let (rows, lives) = (parse_rows(&printed), lives(&capture(name)));
        assert_eq!(rows.len(), lives.len(), "{name}");
        for (row, life) in rows.iter().zip(&lives) {
            let form = serde_json::to_value(life).unwrap();
            for column in SHARED {
                // In a row, a target that is not UTF-8 has a U+FFFD for each invalid sequence; in a `StreamLife`, a single one stands for
                // the whole host.
                let is_lossy = |value: &Value| value.as_str().is_some_and(|text| text.contains('\u{fffd}'));
                if is_lossy(&form[column]) {
                    assert!(is_lossy(&row[column]), "{column}: {row}");
                } else {
                    assert_eq!(row[column], form[column], "{name} {column}: {row}");
                }
            }
            for (column, time) in [("unix_ts_start", life.started()), ("unix_ts_end", life.ended())] {
                let seconds = time.copied().flatten().map(|time| time.as_secs_f64());
                assert_eq!(row[column].as_f64(), seconds, "{name} {column}: {row}");
            }
            assert!(serde_json::from_value::<StreamLife<Option<f64>>>(row.clone()).is_err(), "a row is no life: {row}");
        }
    }
}
