//! Lines that are accepted: every case on every path, and text at the length at which tor cuts a target.

use crate::common::printed::TARGET_BUFFER;
use crate::common::{self, event, event_of_bytes, filled, lenient_event};
use tor_stream_event::Anomaly::{FieldAtCut, TargetMayBeCut, TargetSpace, UnknownKeyword, UnknownOrder};

/// Reads every case of tests/common/cases on every path.
#[test]
fn every_case_on_every_path() {
    for case in common::cases::all() {
        common::check_on_every_path(case);
    }
}

/// A colon in the value of an unknown keyword may be the one before the target's port, unless all four fields that every tor from
/// 0.4.3.1 on prints stand before it.
#[test]
fn unknown_keywords_with_a_colon() {
    let newer = [" CLIENT_PROTOCOL=DNS", " NYM_EPOCH=0", " SESSION_GROUP=-4", " ISO_FIELDS="];
    for (host, anomalies) in [
        ("a", &[UnknownKeyword][..]),
        ("a b", &[TargetSpace, UnknownKeyword]),
        // With more than four ports in it, the end of the target is searched for from the right.
        ("a:1 b:1 c:1 d:1 e:1 f", &[TargetSpace, UnknownKeyword]),
    ] {
        for value in ["b:2", "\"b:2 c:3\""] {
            let line = format!("9 SUCCEEDED 4 {host}:1{} F={value}", newer.concat());
            let read = event(&line);
            assert_eq!((read.target_host, read.target_port, read.arg("F")), (host, 1, Some(value)));
            assert!(read.anomalies().iter().eq(anomalies.iter().copied()), "{line}");
        }
    }
    for absent in newer {
        let fields: String = newer.into_iter().filter(|&field| field != absent).collect();
        let line = format!("9 SUCCEEDED 4 a:1{fields} F=b:2");
        let read = event(&line);
        assert_eq!((read.target_host, read.target_port), (format!("a:1{fields} F=b").as_str(), 2));
        assert!(read.anomalies().iter().eq([TargetSpace]), "{line}");
    }
}

/// tor cuts a target at 255 bytes. A path that ends there may be text of a client's cut target (`FieldAtCut`); a path that only has a
/// space there goes on up to PURPOSE. In an order that no tor prints, no field has this anomaly.
#[test]
fn a_path_at_the_cut() {
    for (before, after, anomalies) in [
        ("a:1 PURPOSE=USER SOURCE_ADDR=/", " b", &[UnknownOrder][..]),
        ("a:1 SOURCE_ADDR=/", " b PURPOSE=USER", &[]),
        ("a:1 SOURCE_ADDR=/", " PURPOSE=USER", &[FieldAtCut]),
    ] {
        let line = format!("9 NEW 4 {}{after}", filled(before, "", TARGET_BUFFER));
        assert!(event(&line).anomalies().iter().eq(anomalies.iter().copied()), "{line}");
    }
}

/// The parser compares isolation fields with the usual list, that of a SOCKS port with default flags, as a whole. A longer list that
/// begins so is not taken for the usual one.
#[test]
fn text_after_the_usual_list() {
    let list = "SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";
    for (more_of_list, field, anomalies) in
        [("", "", &[][..]), ("", " F=1", &[UnknownKeyword]), (",MORE", "", &[]), ("S", " F=1", &[UnknownKeyword])]
    {
        let line = format!("9 SUCCEEDED 4 a:1 SESSION_GROUP=-4 ISO_FIELDS={list}{more_of_list}{field}");
        let read = event(&line);
        assert_eq!(read.iso_fields_str(), Some([list, more_of_list].concat().as_str()));
        assert!(read.anomalies().iter().eq(anomalies.iter().copied()), "{line}");
    }
}

/// No tor prints more than 255 bytes of a target. A longer one may have been cut, too.
#[test]
fn longer_than_a_cut_target() {
    for length in [TARGET_BUFFER, TARGET_BUFFER + 1, 2 * TARGET_BUFFER] {
        let line = format!("9 SUCCEEDED 4 {}", filled("", ":80", length));
        assert!(event(&line).anomalies().iter().eq([TargetMayBeCut]), "{line}");
    }
}

/// A cut target may end with the beginning of a field, whose value is none of the fields after it.
#[test]
fn a_keyword_at_the_cut() {
    let fields = " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=";
    // With more than four ports in it, the end of the target is searched for from the right.
    let target = filled("a:1 b:1 c:1 d:1 e:1 ", " REASON=", TARGET_BUFFER);
    for status in ["SUCCEEDED", "CLOSED"] {
        let line = format!("9 {status} 4 {target}{fields}");
        let read = lenient_event(line.as_bytes());
        assert_eq!((read.target_bytes(), read.reason), (target.as_bytes(), None), "{line}");
        assert!(read.anomalies().contains(TargetMayBeCut) && !read.anomalies().contains(UnknownOrder), "{line}");
    }
}

/// A field that ends where tor cuts a target is flagged if it may be text of a client's longer target. The text after the cut has to
/// be all that tor prints with the status then.
#[test]
fn text_after_the_cut() {
    let newer = " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SESSION_GROUP";
    // Status, text up to the cut, text after it, and whether the field before the cut is flagged.
    let cases = [
        ("SUCCEEDED", newer, "", true),
        ("SUCCEEDED", " SOCKS_USERNAME=\"u\"", " SOCKS_PASSWORD=\"p\"", true),
        ("SUCCEEDED", " SOCKS_USERNAME=\"u\"", newer, true),
        // tor prints all four newer fields, or none.
        ("SUCCEEDED", " SOCKS_USERNAME=\"u\"", " CLIENT_PROTOCOL=SOCKS5", false),
        ("SUCCEEDED", " CLIENT_PROTOCOL=SOCKS5", " NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=", false),
        ("SUCCEEDED", " NYM_EPOCH=0", " SESSION_GROUP=-4 ISO_FIELDS=", false),
        ("SUCCEEDED", " SESSION_GROUP=-4", " ISO_FIELDS=", false),
        // tor may end a stream without a reason, but prints no remote reason without one.
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
        let before = filled("", &format!(":80{before}"), TARGET_BUFFER);
        let line = format!("9 {status} 4 {before}{after}");
        let expected = [FieldAtCut].into_iter().filter(|_| is_flagged);
        assert!(event(&line).target_host.bytes().all(|byte| byte == b'a'), "{line}");
        assert!(event(&line).anomalies().iter().eq(expected), "{line}");
        // A byte less, and the field ends before the cut.
        assert!(event(&line.replacen('a', "", 1)).anomalies().is_empty(), "{line}");
    }
}

/// tor prints 255 bytes of a target. A lone CR or LF after 254 may be the last of them, and no line end.
#[test]
fn a_lone_line_end_at_the_cut() {
    const ONE_LESS: usize = TARGET_BUFFER - 1;

    // The end of the line, its anomaly if it has 255 bytes from the target's start, and the anomalies if it has 254 and a CR or LF.
    for (end, at_cut, with_line_end) in
        [(":80", TargetMayBeCut, &[TargetMayBeCut][..]), (":80 NYM_EPOCH=0", FieldAtCut, &[TargetMayBeCut, FieldAtCut])]
    {
        for length in [ONE_LESS - 1, ONE_LESS, TARGET_BUFFER] {
            let content = format!("9 SUCCEEDED 4 {}", filled("", end, length));
            for line_end in ["", "\r\n", "\r", "\n"] {
                let line = [&content, line_end].concat();
                let expected = match (length, line_end) {
                    (ONE_LESS, "\r" | "\n") => with_line_end,
                    (TARGET_BUFFER, _) => &[at_cut],
                    _ => &[],
                };
                assert_eq!(event(&line).target_host.len() + end.len(), length);
                for read in [event(&line), event_of_bytes(line.as_bytes()), lenient_event(line.as_bytes())] {
                    assert!(read.anomalies().iter().eq(expected.iter().copied()), "{line:?}");
                }
            }
        }
    }
}
