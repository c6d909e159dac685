//! Lines that are accepted, each with every field, on every path.

use crate::common::printed::TARGET_BUFFER;
use crate::common::{self, event, event_of_bytes, lenient_event};
use tor_stream_event::Anomaly::{FieldAtCut, TargetMayBeCut, TargetSpace, UnknownKeyword, UnknownOrder};

/// Reads every case of tests/common/cases on every path.
#[test]
fn every_case_on_every_path() {
    for case in common::cases::all() {
        common::check_on_every_path(case);
    }
}

/// A colon in the value of an unknown keyword may be the one before the target's port, unless all four fields that every
/// newer tor prints stand before it.
#[test]
fn unknown_keywords_with_a_colon() {
    let newer = [" CLIENT_PROTOCOL=DNS", " NYM_EPOCH=0", " SESSION_GROUP=-4", " ISO_FIELDS="];
    for (host, anomalies) in [("a", &[UnknownKeyword][..]), ("a b", &[TargetSpace, UnknownKeyword])] {
        let line = format!("9 SUCCEEDED 4 {host}:1{} F=b:2", newer.concat());
        let read = event(&line);
        assert_eq!((read.target_host, read.target_port, read.arg("F")), (host, 1, Some("b:2")));
        assert!(read.anomalies().iter().eq(anomalies.iter().copied()), "{line}");
    }
    for absent in newer {
        let fields: String = newer.into_iter().filter(|&field| field != absent).collect();
        let line = format!("9 SUCCEEDED 4 a:1{fields} F=b:2");
        let read = event(&line);
        assert_eq!((read.target_host, read.target_port), (format!("a:1{fields} F=b").as_str(), 2));
        assert!(read.anomalies().iter().eq([TargetSpace]), "{line}");
    }
}

/// A path before PURPOSE may hold spaces, so it ends where a cut target would (`FieldAtCut`) only if PURPOSE follows there. In an
/// order that no tor prints, no field has this anomaly.
#[test]
fn a_path_at_the_cut() {
    for (before, after, anomalies) in [
        ("9 NEW 4 a:1 PURPOSE=USER SOURCE_ADDR=", " b", &[UnknownOrder][..]),
        ("9 NEW 4 a:1 SOURCE_ADDR=", " b PURPOSE=USER", &[]),
        ("9 NEW 4 a:1 SOURCE_ADDR=", " PURPOSE=USER", &[FieldAtCut]),
    ] {
        let cut = "9 NEW 4 ".len() + TARGET_BUFFER;
        let line = format!("{before}/{}{after}", "p".repeat(cut - before.len() - 1));
        assert!(event(&line).anomalies().iter().eq(anomalies.iter().copied()), "{line}");
    }
}

/// A field that ends where tor cuts a target may be a client's, in a target that tor cut, if the text after it can be all that
/// tor printed after this target. Only then it is flagged.
#[test]
fn text_after_the_cut() {
    let newer = " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SESSION_GROUP";
    let cases = [
        ("SUCCEEDED", newer, "", true),
        ("SUCCEEDED", " SOCKS_USERNAME=\"u\"", " SOCKS_PASSWORD=\"p\"", true),
        ("SUCCEEDED", " SOCKS_USERNAME=\"u\"", newer, true),
        // tor prints all four newer fields, or none.
        ("SUCCEEDED", " SOCKS_USERNAME=\"u\"", " CLIENT_PROTOCOL=SOCKS5", false),
        ("SUCCEEDED", " CLIENT_PROTOCOL=SOCKS5", " NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=", false),
        ("SUCCEEDED", " NYM_EPOCH=0", " SESSION_GROUP=-4 ISO_FIELDS=", false),
        ("SUCCEEDED", " SESSION_GROUP=-4", " ISO_FIELDS=", false),
        // No remote reason comes first.
        ("CLOSED", " REASON=DONE", "", true),
        ("CLOSED", " REASON=DONE", newer, true),
        ("CLOSED", " REASON=END", " REMOTE_REASON=MISC", false),
        ("CLOSED", " REASON=END", " REMOTE_REASON=MISC CLIENT_PROTOCOL=SOCKS5", false),
        ("REMAP", " SOURCE=EXIT", newer, true),
        // A tor with purposes prints one with every NEW and NEWRESOLVE.
        ("NEW", " SOURCE_ADDR=127.0.0.1:5", " PURPOSE=USER", true),
        ("NEWRESOLVE", " SOURCE_ADDR=127.0.0.1:5", " PURPOSE=DNS_REQUEST SOCKS_USERNAME=\"u\"", true),
        ("NEW", " PURPOSE=USER", "", false),
        ("NEW", " SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER", newer, false),
        ("NEWRESOLVE", " PURPOSE=USER", newer, false),
    ];
    for (status, before, after, is_flagged) in cases {
        let host = "a".repeat(TARGET_BUFFER - ":80".len() - before.len());
        let line = format!("9 {status} 4 {host}:80{before}{after}");
        let expected = [FieldAtCut].into_iter().filter(|_| is_flagged);
        assert_eq!(event(&line).target_host, host);
        assert!(event(&line).anomalies().iter().eq(expected), "{line}");
        // A byte less, and tor has not cut the target.
        assert!(event(&line.replacen('a', "", 1)).anomalies().is_empty(), "{line}");
    }
}

/// tor prints 255 bytes of a target. A lone CR or LF after 254 may be the last of them, and no line end.
#[test]
fn a_lone_line_end_at_the_cut() {
    for (end_of_target, anomaly, with_one_byte_more) in
        [(":80", TargetMayBeCut, &[TargetMayBeCut][..]), (":80 NYM_EPOCH=0", FieldAtCut, &[TargetMayBeCut, FieldAtCut])]
    {
        for length in [253, 254, 255] {
            let content = format!("9 SUCCEEDED 4 {}{end_of_target}", "a".repeat(length - end_of_target.len()));
            let whole = event(&content).anomalies();
            assert_eq!(whole.contains(anomaly), length == 255);
            for line_end in ["", "\r\n", "\r", "\n"] {
                let line = [&content, line_end].concat();
                let expected = match (length, line_end) {
                    (254, "\r" | "\n") => with_one_byte_more,
                    (255, _) => &[anomaly],
                    _ => &[],
                };
                assert_eq!(event(&line).target_host.len() + end_of_target.len(), length);
                for read in [event(&line), event_of_bytes(line.as_bytes()), lenient_event(line.as_bytes())] {
                    assert!(read.anomalies().iter().eq(expected.iter().copied()), "{line:?}");
                }
            }
        }
    }
}
