//! The command `streams`: one row for each stream.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{file, rows, stdout};
use serde_json::Value;

/// Events of two streams in a log, the second of which fails.
const LOG: &str = "\
2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
2019-01-31 11:29:51 1548934191.60 650 STREAM 18 SENTCONNECT 7 www.example.com:443
2019-01-31 11:29:53 1548934193.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443
2019-01-31 11:29:54 1548934194.00 650 STREAM 19 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=127.0.0.1:47850 PURPOSE=USER
2019-01-31 11:29:55 1548934195.00 650 STREAM 19 FAILED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:56 1548934196.00 650 STREAM 19 CLOSED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:59 1548934199.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE
";

#[test]
fn one_row_for_each_stream() {
    let log = file("streams", "tor.log", LOG);
    let rows = rows(&["streams"], &[&log]);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["stream_id"], "19");
    assert_eq!(rows[0]["failure_reason_remote"], "MISC");
    assert_eq!(rows[1]["target"], "www.example.com:443");
    assert_eq!(rows[1]["final_target"], "192.0.2.1:443");
    assert_eq!(rows[1]["elapsed_seconds"], 8.0);
    assert_eq!(rows[1]["failure_reason_local"], Value::Null);
    let csv = stdout(0, &["streams", "--format", "csv"], &[&log]);
    assert!(csv.starts_with("stream_id,circuit_id,unix_ts_start,unix_ts_end,elapsed_seconds,failure_reason_local,"));
    assert_eq!(csv.lines().count(), 3);
}
