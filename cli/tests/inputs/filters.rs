//! Which events and streams pass the filters.

use std::path::Path;

use crate::common::{both, data, events, file, rows, run, stdout};
use serde_json::{Value, json};

/// Events of two streams, one of them remapped.
const TWO_STREAMS: &str = "\
2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
2019-01-31 11:29:51 1548934191.60 650 STREAM 18 SENTCONNECT 7 www.example.com:443
2019-01-31 11:29:53 1548934193.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443
2019-01-31 11:29:54 1548934194.00 650 STREAM 19 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=::1:47850 PURPOSE=USER
2019-01-31 11:29:55 1548934195.00 650 STREAM 19 FAILED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:56 1548934196.00 650 STREAM 19 CLOSED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:59 1548934199.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE
";

#[test]
fn events_pass_one_by_one() {
    let log = file("filters", "tor.log", TWO_STREAMS);
    for (options, expected) in [
        (&["--status", "NEW", "--status", "failed"][..], &["18 NEW", "19 NEW", "19 FAILED"][..]),
        (&["--reason", "Misc"], &["19 FAILED", "19 CLOSED"]),
        (&["--purpose", "user", "--port", "80"], &["19 NEW"]),
        (&["--target", "*.example.???"], &["18 NEW", "18 SENTCONNECT"]),
        (&["--target", "WWW.EXAMPLE.*:443"], &["18 NEW", "18 SENTCONNECT"]),
        (&["--target", "www.example.com:80"], &[]),
        (&["--target", "*:80", "--status", "CLOSED"], &["19 CLOSED"]),
        (&["--source", "127.0.0.1"], &["18 NEW"]),
        (&["--source", "*:47850"], &["19 NEW"]),
        (&["--source", "::1"], &["19 NEW"]),
        (&["--source", "[::1]:47850"], &["19 NEW"]),
        (&["--source", "[::1]:47851"], &[]),
        (&["--circuit", "0", "--status", "NEW"], &["18 NEW", "19 NEW"]),
        (&["--circuit", "7", "--stream", "18", "--status", "CLOSED"], &["18 CLOSED"]),
        (&["--since", "2019-01-31 11:29:53.5", "--until", "1548934195"], &["18 SUCCEEDED", "19 NEW"]),
        (&["--anomalous"], &["19 NEW", "19 FAILED", "19 CLOSED"]),
        (&["--stream", "20"], &[]),
    ] {
        assert_eq!(events(options, &log), expected, "{options:?}");
    }
}

#[test]
fn ipv6_addresses_with_and_without_brackets() {
    let log = file(
        "filters",
        "addresses.log",
        "650 STREAM 1 NEW 0 [2001:db8::1]:443\n\
         650 STREAM 2 NEW 0 2001:db8::1:443\n\
         650 STREAM 3 NEW 0 d:443\n\
         650 STREAM 4 NEW 0 [2001:DB8::1]:80\n",
    );
    for (target, expected) in [
        ("[2001:db8::1]", &["1 NEW", "2 NEW", "4 NEW"][..]),
        ("[2001:db8::1]:443", &["1 NEW", "2 NEW"]),
        ("[2001:db8::*]:*", &["1 NEW", "2 NEW", "4 NEW"]),
        ("2001:db8::1", &["1 NEW", "2 NEW", "4 NEW"]),
        ("2001:db8::1:443", &["1 NEW", "2 NEW"]),
        ("[a-d]", &["3 NEW"]),
        ("[a-d]:443", &["3 NEW"]),
    ] {
        assert_eq!(events(&["--target", target], &log), expected, "{target}");
    }
}

// The names are `<E9>x.evil.com`, `<E9>y.other.com` and `WWW.EVIL.COM`: the first one's event is printed with U+FFFD, the last one's
// has another case.
#[test]
fn no_name_evades_the_filter() {
    let log = data("faults/filter-evade.raw");
    assert_eq!(events(&["--target", "*.evil.com"], &log), ["1 NEW", "3 NEW"]);
    assert_eq!(events(&["--target", "\u{fffd}y.*"], &log), ["2 NEW"]);
}

#[test]
fn words_that_nobody_knows() {
    let log = file("filters", "words.log", TWO_STREAMS);
    for (options, message) in [
        (
            &["--status", "CLOSD"][..],
            "tor-streams: no event has the status \"CLOSD\", and Tor has no such word; did you mean CLOSED?\n",
        ),
        (
            &["--status", "NEW", "--reason", "time-out", "--purpose", "users"],
            "tor-streams: no event has the reason \"time-out\", and Tor has no such word; did you mean TIMEOUT?\n\
             tor-streams: no event has the purpose \"users\", and Tor has no such word; did you mean USER?\n",
        ),
    ] {
        for command in ["events", "streams", "summary"] {
            assert_eq!(both(1, &[&[command], options].concat(), &[&log]).1, message, "{command}");
        }
    }
    // A word of tor that is in no event is no mistake, nor is one that is in an event, though another condition is not met.
    assert_eq!(stdout(0, &["events", "--status", "xoff_sent"], &[&log]), "");
    let log = data("field/T05-words-without-a-variant.log");
    assert_eq!(events(&["--reason", "unknown_264"], &log), ["1 FAILED", "1 CLOSED"]);
    assert_eq!(events(&["--purpose", "new_purpose", "--stream", "2"], &log), [""; 0]);
}

#[test]
fn spans_are_half_open() {
    let log = data("faults/since-exact.log");
    assert_eq!(events(&["--since", "1548934191.99"], &log), ["1 NEW"]);
    assert_eq!(events(&["--until", "1548934191.99"], &log), [""; 0]);
    assert_eq!(run(&["events", "--since", "yesterdays"], &[Path::new(&log)]).status.code(), Some(2));
}

/// Returns the IDs of the streams that pass, and asserts that each row is the one without filters: a stream passes whole.
#[track_caller]
fn streams(options: &[&str], log: &Path) -> Vec<String> {
    let all = rows(&["streams"], &[log]);
    let passed = rows(&[&["streams"], options].concat(), &[log]);
    assert!(passed.iter().all(|row| all.contains(row)), "{options:?}: {passed:?}");
    passed.iter().map(|row| row["stream_id"].as_str().unwrap().into()).collect()
}

// F01: stream 18, remapped from www.example.com to 192.0.2.7, on circuit 26. Stream 19: on circuit 26, detached with TIMEOUT, on
// circuit 27, failed. Both have the purpose USER, and clients at the ports 47849 and 47850.
// A stream passes if its purpose, target and client are each those of any of its events, and if all other conditions are met by one
// and the same event.
#[test]
fn streams_pass_whole() {
    let log = data("field/F01-filters.log");
    for (options, expected) in [
        (&["--purpose", "USER"][..], &["18", "19"][..]),
        (&["--target", "www.example.com"], &["18", "19"]),
        (&["--circuit", "26"], &["18", "19"]),
        (&["--status", "FAILED"], &["19"]),
        (&["--reason", "TIMEOUT"], &["19"]),
        (&["--target", "192.0.2.*"], &["18"]),
        (&["--target", "www.example.com:443"], &["18"]),
        (&["--source", "*:47850"], &["19"]),
        (&["--since", "1795600830.21"], &["19"]),
        (&["--until", "1795600800.01"], &["18"]),
        (&["--since", "1795600809", "--until", "1795600810"], &["18"]),
        // PURPOSE is printed with NEW, long before FAILED; the port of the target with each event.
        (&["--purpose", "USER", "--status", "FAILED", "--port", "80"], &["19"]),
        (&["--target", "www.example.com", "--status", "CLOSED"], &["18", "19"]),
        // The status and the circuit are of one event: stream 19 failed on circuit 27.
        (&["--status", "FAILED", "--circuit", "26"], &[]),
        (&["--target", "192.0.2.7", "--port", "80"], &[]),
        (&["--purpose", "DIR_FETCH"], &[]),
    ] {
        assert_eq!(streams(options, &log), expected, "{options:?}");
    }
}

// T04: stream 7 begins two seconds before midnight, and is answered and closed after it.
#[test]
fn a_span_does_not_cut_a_stream() {
    let log = data("field/T04-date-filter.log");
    assert_eq!(streams(&["--since", "1795564800", "--purpose", "USER"], &log), ["7", "8"]);
    let passed = rows(&["streams", "--since", "1795564800"], &[&log]);
    assert_eq!((&passed[0]["unix_ts_start"], &passed[0]["seconds"]), (&json!(1_795_564_798.0), &json!(7.0)));
}

// The other host is `<E9>y.other.com`.
#[test]
fn no_name_evades_the_filter_of_streams() {
    assert_eq!(streams(&["--target", "*.evil.com"], &data("faults/filter-evade.raw")), ["1", "3"]);
}

// Of F01, stream 19 has six events: NEW, SENTCONNECT twice, DETACHED, FAILED, CLOSED; from 10 s to 30.21 s.
#[test]
fn a_summary_counts_the_events_of_streams_that_pass() {
    let log = data("field/F01-filters.log");
    let summary = |options: &[&str]| -> Value {
        serde_json::from_str(&stdout(0, &[&["summary", "--json"], options].concat(), &[&log])).unwrap()
    };
    let failed = summary(&["--status", "FAILED"]);
    assert_eq!((&failed["events"], &failed["streams"], &failed["lines"]), (&json!(6), &json!(1), &json!(11)));
    assert_eq!(failed["statuses"][0], json!({ "status": "SENTCONNECT", "events": 2 }));
    assert_eq!((&failed["unix_ts_start"], &failed["unix_ts_end"]), (&json!(1_795_600_810.0), &json!(1_795_600_830.21)));
    assert_eq!(failed["circuits"].as_array().unwrap().len(), 2);
    let both_streams = summary(&["--circuit", "26"]);
    assert_eq!((&both_streams, &both_streams["events"]), (&summary(&[]), &json!(11)));
    let none = summary(&["--purpose", "DIR_FETCH"]);
    assert_eq!((&none["events"], &none["streams"], &none["statuses"]), (&json!(0), &json!(0), &json!([])));
}
