//! Rows: their values are those of JSON.

use std::fs;

use serde_json::Value;

use crate::common::capture;
use crate::{FORMATS, check, rows, run, written};

/// Captures of a real tor.
const CAPTURES: [&str; 3] = ["onionperf.log", "stream-events.raw", "hostile-targets.raw"];

#[test]
fn events_of_captures_as_in_json() {
    for name in CAPTURES {
        for format in FORMATS {
            assert!(check(name, &["events", "--show-credentials"], &capture(name), format) > 50);
        }
    }
}

#[test]
fn streams_of_captures_as_in_json() {
    for name in CAPTURES {
        for format in FORMATS {
            assert!(check(name, &["streams"], &capture(name), format) > 10);
        }
    }
}

#[test]
fn circuits_of_captures_as_in_json() {
    for name in CAPTURES {
        for format in FORMATS {
            assert!(check(name, &["circuits", "--show-credentials"], &capture(name), format) > 0);
        }
    }
}

/// Each value of a stream, put down by hand. FAILED ends it, at a time with half a microsecond: that is cut off a time, but not off
/// `seconds`.
#[test]
fn a_stream() {
    let log = b"1700000000.25 650 STREAM 7 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:5000 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=4 SESSION_GROUP=-2 ISO_FIELDS=CLIENTADDR,NYM_EPOCH\n\
        1700000000.5 650 STREAM 7 SENTCONNECT 31 example.com:443\n\
        1700000000.75 650 STREAM 7 DETACHED 31 example.com:443 REASON=TIMEOUT\n\
        1700000001 650 STREAM 7 SENTCONNECT 32 example.com:443\n\
        1700000001.5 650 STREAM 7 REMAP 32 192.0.2.7:443 SOURCE=EXIT\n\
        1700000001.7578125 650 STREAM 7 FAILED 32 192.0.2.7:443 REASON=END REMOTE_REASON=CONNECTREFUSED\n\
        1700000001.76 650 STREAM 7 CLOSED 32 192.0.2.7:443 REASON=END REMOTE_REASON=CONNECTREFUSED\n\
        650 STREAM 8 XOFF_RECV 33 other.example:80\n";
    for format in FORMATS {
        let path = written("a-stream", &["streams"], log, format);
        let file = path.with_extension("log");
        let expected = serde_json::json!([{
            "stream_id": "7", "circuit_id": "32", "unix_ts_start": 1_700_000_000_250_000_i64,
            "unix_ts_end": 1_700_000_001_757_812_i64, "seconds": 1.507_812_5, "failure_reason_local": "END",
            "failure_reason_remote": "CONNECTREFUSED", "remap_source": "EXIT", "target": "example.com:443",
            "outcome": "failed", "last_status": "CLOSED", "final_target": "192.0.2.7:443",
            "source_addr": "127.0.0.1:5000", "purpose": "USER", "client_protocol": "SOCKS5", "circuits": ["31", "32"],
            "xoff_sent": 0, "xoff_recv": 0, "xon_sent": 0, "xon_recv": 0, "reason": "END",
            "remote_reason": "CONNECTREFUSED", "seconds_to_answer": null, "attempts": 2, "detached": 1,
            "seconds_waiting": null, "asked": "connect", "target_kind": "name", "began": true, "has_username": false,
            "nym_epoch": 4, "session_group": -2, "file": file.to_str(), "identity": "#1",
        }, {
            "stream_id": "8", "circuit_id": "33", "unix_ts_start": null, "unix_ts_end": null, "seconds": null,
            "failure_reason_local": null, "failure_reason_remote": null, "remap_source": null,
            "target": "other.example:80", "outcome": "live", "last_status": null, "final_target": "other.example:80",
            "source_addr": null, "purpose": null, "client_protocol": null, "circuits": ["33"], "xoff_sent": 0,
            "xoff_recv": 1, "xon_sent": 0, "xon_recv": 0, "reason": null, "remote_reason": null,
            "seconds_to_answer": null, "attempts": 0, "detached": 0, "seconds_waiting": null, "asked": null,
            "target_kind": "name", "began": false, "has_username": false, "nym_epoch": null, "session_group": null,
            "file": file.to_str(), "identity": null,
        }]);
        assert_eq!(Value::from_iter(rows(&path)), expected);
    }
}

#[test]
fn a_table_without_rows() {
    for command in ["events", "streams", "circuits"] {
        for format in FORMATS {
            assert_eq!(rows(&written("nothing", &[command], b"650 BW 1 2\r\n", format)), []);
        }
    }
}

#[test]
fn times_are_to_the_microsecond_and_their_text_to_the_end() {
    let log = b"2019-01-31 11:29:51 1548934191.123456789 650 STREAM 1 NEW 0 host:80\r\n\
        2019-01-31 11:29:52.000 650 STREAM 2 NEW 0 host:80\r\n\
        99999999999999 650 STREAM 3 NEW 0 host:80\r\n";
    for format in FORMATS {
        let rows = rows(&written("times", &["events"], log, format));
        let found: Vec<_> = rows.iter().map(|row| (row["time"].as_i64(), row["prefix"].as_str())).collect();
        assert_eq!(
            found,
            [
                (Some(1_548_934_191_123_456), Some("2019-01-31 11:29:51 1548934191.123456789")),
                (Some(1_548_934_192_000_000), Some("2019-01-31 11:29:52.000")),
                // Too large for Unix time, and without a fraction no other time. A late time is reported only behind a date.
                (None, Some("99999999999999")),
            ]
        );
    }
}

#[test]
fn credentials_are_hidden() {
    let log = b"650 STREAM 1 SENTCONNECT 4 host:80 SOCKS_USERNAME=\"alice\" SOCKS_PASSWORD=\"hush\" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD\r\n\
        650 STREAM 1 CLOSED 4 host:80 REASON=DONE SOCKS_USERNAME=\"alice\" SOCKS_PASSWORD=\"hush\" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD\r\n";
    for format in FORMATS {
        for command in ["events", "streams", "circuits"] {
            let output = written("credentials", &[command], log, format);
            let rows = rows(&output);
            match command {
                "events" => {
                    assert_eq!((&rows[0]["socks_username"], &rows[0]["socks_password"]), (&"***".into(), &"***".into()))
                }
                "streams" => assert_eq!((&rows[0]["identity"], &rows[0]["has_username"]), (&"#1".into(), &true.into())),
                _ => assert_eq!(rows[0]["identities"], Value::from(vec!["#1"])),
            }
            // Not in the statistics of a column either.
            let file = fs::read(output).unwrap();
            for secret in [&b"alice"[..], b"hush"] {
                assert!(!file.windows(secret.len()).any(|bytes| bytes == secret));
            }
        }
        let shown = &rows(&written("credentials", &["circuits", "--show-credentials"], log, format))[0]["identities"];
        assert!(shown.to_string().contains("alice"), "{shown}");
        let shown = &rows(&written("credentials", &["events", "--show-credentials"], log, format))[0];
        assert_eq!((&shown["socks_username"], &shown["socks_password"]), (&"alice".into(), &"hush".into()));
    }
}

/// The rows and their order are the same for any number of threads.
#[test]
fn any_number_of_threads() {
    let mut log = Vec::new();
    for copy in 0..10 {
        log.extend_from_slice(&capture("onionperf.log"));
        log.extend_from_slice(format!("650 STREAM 99{copy} CLOSED 0 host:80 REASON=WORD_{copy}\n").as_bytes());
    }
    // Threads read ranges of at least 64 KiB: each of seven has one.
    assert!(log.len() > 7 * 64 * 1024);
    for command in ["events", "streams", "circuits"] {
        for format in FORMATS {
            let read = |jobs| rows(&run("threads", &[command, "--jobs", jobs], &log, format).0);
            let one = read("1");
            assert!(!one.is_empty());
            assert!(read("2") == one && read("7") == one, "{command} {format}");
        }
    }
}
