//! The command `summary`: its counts, as text for a person and as JSON for a program.

use core::fmt::Write;

use crate::common::{LOG, data, file, stdout};
use serde_json::{Value, json};

/// Returns the summary of files as JSON.
#[track_caller]
fn json<P: AsRef<std::path::Path>>(status: i32, options: &[&str], files: &[P]) -> Value {
    serde_json::from_str(&stdout(status, &[&["summary", "--json"], options].concat(), files)).unwrap()
}

#[test]
fn for_a_person() {
    let log = file("summary", "tor.log", LOG);
    let text = stdout(1, &["summary"], &[&log]);
    assert_eq!(text, stdout(1, &[], &[&log]), "it is the default");
    for line in [
        "2 streams in 1 file, 2019-01-31 11:29:51 to 2019-01-31 11:29:59 UTC.",
        "1 failed (50.0 %): 0 on a circuit, 1 that never were on one.",
        "Most often why: END/MISC (1).",
        "First answer: within about 2.0 s for half of 1, 2.0 s for 95 %; slowest 2.0 s.",
        "Odd: 1 event that could not be read, target_control (3).",
        "Streams and failures per second, from 2019-01-31T11:29:51Z",
        "  streams  █  █  at most 1",
        "  failed      █  at most 1",
        "Events by status (7 events in 9 lines)",
        "      2   28.6 %  CLOSED",
        "Streams that failed and never were on a circuit (50.0 % of all)",
        "      1  100.0 %  END/MISC",
        "      1  100.0 %  a\\u{1b}b.onion   END/MISC",
        "   50 %    2.0 s",
        "      2  100.0 %  1.0 s to 10.0 s  ████████████████████████████",
        "      1   50.0 %  a\\u{1b}b.onion",
        "      3           target_control   first in line 5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
    }
    assert!(!text.contains("failed on a circuit"), "{text}");
    assert!(!text.contains('\x1b'), "neither colours in a pipe nor what a client wrote");
}

// Hosts of strangers: nearly as long as the 255 bytes that tor prints, of wide characters, with accents, from right to left, and with a
// line end of Unicode.
#[test]
fn no_name_breaks_a_table() {
    let hosts =
        ["x".repeat(240), "日本".repeat(40), "e\u{301}".repeat(30), "\u{5d0}\u{202e}".repeat(20), "a\u{85}b".into()];
    let lines = hosts.iter().zip(1..).map(|(host, id)| {
        format!("650 STREAM {id} NEW 0 {host}:80\r\n650 STREAM {id} FAILED 0 {host}:80 REASON=TIMEOUT\r\n")
    });
    let text = stdout(0, &["summary"], &[file("summary", "names.log", lines.collect::<String>())]);
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("  1   20.0 %  ")).collect();
    assert_eq!(rows.len(), 10, "five hosts in two tables\n{text}");
    for line in text.lines() {
        // Other characters that a line may have take one column.
        let width = line.chars().map(|character| if "日本".contains(character) { 2 } else { 1 }).sum::<usize>();
        assert!(
            width <= 80 && line.chars().all(|character| character.is_ascii() || "日本…█▇".contains(character)),
            "{line}"
        );
    }
    assert_eq!(rows.iter().filter(|row| row.ends_with("TIMEOUT")).count(), 5, "{text}");
    assert!(rows.contains(&r"  1   20.0 %  a\u{85}b"), "{text}");
}

#[test]
fn rows_of_each_table() {
    let log = file("summary", "top.log", different(30));
    let rows = |options: &[&str]| {
        let text = stdout(0, &[&["summary"], options].concat(), &[&log]);
        let section = text.split("Events by remote reason").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        let targets = text.split("Busiest targets").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        [section, targets].map(|section| section.lines().skip(1).map(str::trim).map(String::from).collect::<Vec<_>>())
    };
    let [reasons, targets] = rows(&["--top", "2"]);
    assert_eq!(reasons, ["1   3.3 %  R0", "1   3.3 %  R1", "28  93.3 %  (all others)"]);
    assert_eq!(targets, ["1   3.3 %  h0", "1   3.3 %  h1", "28  93.3 %  (all others)"]);
    let [reasons, targets] = rows(&[]);
    // Without --top all words are printed, and of targets ten, and the number of all others.
    assert_eq!((reasons.len(), targets.len()), (30, 11));
}

#[test]
fn for_a_program() {
    let log = file("summary", "program.log", LOG);
    let summary = json(1, &[], &[&log]);
    let expected = json!([
        { "status": "CLOSED", "events": 2 }, { "status": "NEW", "events": 2 }, { "status": "FAILED", "events": 1 },
        { "status": "SENTCONNECT", "events": 1 }, { "status": "SUCCEEDED", "events": 1 },
    ]);
    assert_eq!(summary["statuses"], expected);
    assert_eq!(
        summary["failures"],
        json!([{ "on_circuit": false, "reason": "END", "remote_reason": "MISC", "streams": 1 }])
    );
    assert_eq!(
        summary["targets"],
        json!([{ "host": "a\u{1b}b.onion", "streams": 1 }, { "host": "www.example.com", "streams": 1 }])
    );
    let path = log.to_str().unwrap();
    assert_eq!(summary["circuits"], json!([{ "file": path, "circuit_id": "7", "streams": 1 }]));
    assert_eq!(
        summary["slowest_circuits"],
        json!([{ "file": path, "circuit_id": "7", "stream_id": "18", "seconds_to_answer": 2.0 }])
    );
    assert_eq!((&summary["unix_ts_start"], &summary["unreadable"]), (&json!(1_548_934_191.5), &json!(1)));
}

#[test]
fn many_files_are_the_sum_of_each() {
    // Files of the same content would be reported.
    let other = LOG.replace("192.0.2.1", "192.0.2.2");
    let (a, b) = (file("many/logs", "a.log", LOG), file("many/logs/more", "b.log", other));
    let whole = json(1, &[], &[&a, &b]);
    assert_eq!(whole, json(1, &["--recursive"], &[a.parent().unwrap()]));
    assert_eq!(whole, json(1, &[], &[&b, &a]), "in any order");
    assert_eq!(whole["streams"], 4);
    assert_eq!(whole["targets"][1], json!({ "host": "www.example.com", "streams": 2 }));
    assert_eq!(whole["circuits"].as_array().unwrap().len(), 2, "each log has its own circuits");
}

// others:1 five times, then b:1 twice. With a limit of one, b is beyond it. The number of streams beyond it has a field of its own,
// so that the host `others` is a host.
#[test]
fn a_host_that_is_named_others() {
    let log = data("faults/others.log");
    let targets = json!([{ "host": "others", "streams": 5 }, { "host": "b", "streams": 2 }]);
    let summary = json(0, &[], &[&log]);
    assert_eq!((&summary["targets"], &summary["other_targets"]), (&targets, &json!(0)));
    let summary = json(0, &["--max-live", "1"], &[&log]);
    assert_eq!((&summary["targets"], &summary["other_targets"]), (&json!([targets[0]]), &json!(2)));
}

// Stream 14 was to resolve, waited three seconds, and closed with TIMEOUT: tor prints no FAILED for it. Stream 15 was connected
// and then reset: it has not failed.
#[test]
fn a_resolve_that_timed_out_has_failed() {
    let summary = json(0, &[], &[data("field/T06-resolve-that-timed-out.log")]);
    assert_eq!(
        summary["failed_targets"],
        json!([{ "host": "www.example.net", "reason": "TIMEOUT", "remote_reason": null, "streams": 1 }])
    );
}

// a.test failed three times, for two causes, and b.test twice for one.
#[test]
fn the_target_that_failed_most_is_the_first_one() {
    let failed = ["a.test END", "b.test DESTROY", "a.test TIMEOUT", "b.test DESTROY", "a.test TIMEOUT"];
    let lines = failed.iter().zip(1..).map(|(target, id)| {
        let (host, reason) = target.split_once(' ').unwrap();
        format!("650 STREAM {id} FAILED 3 {host}:80 REASON={reason}\n")
    });
    let log = file("summary", "failed.log", lines.collect::<String>());
    let row = |host: &str, reason: &str, streams: u64| json!({ "host": host, "reason": reason, "remote_reason": null, "streams": streams });
    let expected = json!([row("a.test", "TIMEOUT", 2), row("a.test", "END", 1), row("b.test", "DESTROY", 2)]);
    assert_eq!(json(0, &[], &[&log])["failed_targets"], expected);
    let text = stdout(0, &["summary"], &[&log]);
    let rows = "
Targets that failed most, and why
  3   60.0 %  a.test  TIMEOUT (2), END (1)
  2   40.0 %  b.test  DESTROY
";
    assert!(text.contains(rows), "{text}");
}

#[test]
fn a_word_of_100_kb_is_kept_in_no_table() {
    let log = file("summary", "long.log", format!("650 STREAM 1 CLOSED 0 a:1 REASON=W{}\n", "x".repeat(100_000)));
    let summary = json(0, &[], &[&log]);
    assert_eq!((&summary["reasons"], &summary["other_reasons"]), (&json!([]), &json!(1)));
}

/// A log of streams, each of which fails with a reason, and closes with a remote reason, of its own; so are its target and circuit.
fn different(streams: usize) -> String {
    (0..streams).fold(String::new(), |mut log, n| {
        writeln!(log, "650 STREAM {n} NEW 0 h{n}:1 PURPOSE=P{n}").unwrap();
        writeln!(log, "650 STREAM {n} FAILED {} h{n}:1 REASON=R{n} CLIENT_PROTOCOL=C{n}", n + 1).unwrap();
        writeln!(log, "650 STREAM {n} CLOSED {} h{n}:1 REASON=END REMOTE_REASON=R{n}", n + 1).unwrap();
        log
    })
}

// Stream 11 waited for a controller, which closed it: FAILED 0, never on a circuit. Stream 12 was on circuit 26, then DETACHED
// (END/EXITPOLICY), then FAILED 0: it was on one. Both failed with EXITPOLICY and no remote reason.
#[test]
fn failures_on_a_circuit_and_without_one() {
    let log = data("field-2/V12-closed-by-controller.log");
    let summary = json(0, &[], &[&log]);
    let failure =
        |on_circuit| json!({ "on_circuit": on_circuit, "reason": "EXITPOLICY", "remote_reason": null, "streams": 1 });
    assert_eq!(summary["failures"], json!([failure(false), failure(true)]));
    assert_eq!(
        (&summary["streams_failed_on_circuit"], &summary["streams_failed_never_on_circuit"]),
        (&json!(1), &json!(1))
    );
    let text = stdout(0, &[], &[&log]);
    for heading in [
        "Streams that failed on a circuit (50.0 % of all)",
        "Streams that failed and never were on a circuit (50.0 % of all)",
    ] {
        assert!(text.lines().any(|line| line == heading), "{heading:?} in\n{text}");
    }
}

// Each of three streams fails for a cause of its own. With room for one row, the summary does not know whether the others were on a
// circuit, and says so.
#[test]
fn failures_without_a_row() {
    let failed = |id: u8| format!("650 STREAM {id} FAILED {id} a:1 REASON=R{id}\n");
    let log = file("summary", "failures_without_a_row.log", [1, 2, 3].map(failed).concat());
    let text = stdout(0, &["summary", "--max-live", "1"], &[&log]);
    for part in [
        "3 failed (100.0 %): 1 on a circuit, 0 that never were on one, 2 not told apart\n  for want of room.\n",
        "\nStreams that failed on a circuit (33.3 % of all)\n  1  100.0 %  R1\n",
        "\nStreams that failed, not told apart for want of room (66.7 % of all)\n  2  100.0 %  (all others)\n",
    ] {
        assert!(text.contains(part), "{part:?} in\n{text}");
    }
}

#[test]
fn every_table_is_bounded_by_the_limit() {
    let log = file("summary", "different.log", different(1000));
    let summary = json(0, &["--max-live", "10"], &[&log]);
    for (table, rest) in [
        ("reasons", "other_reasons"),
        ("remote_reasons", "other_remote_reasons"),
        ("purposes", "other_purposes"),
        ("client_protocols", "other_client_protocols"),
        ("failures", "other_failures"),
        ("failed_targets", "other_failed_targets"),
        ("targets", "other_targets"),
        ("circuits", "other_circuits"),
    ] {
        // The limit is for words without a variant. END, the reason of each CLOSED, has one.
        let rows = summary[table].as_array().unwrap();
        let limited = rows.iter().filter(|row| row["reason"] != "END" || table != "reasons").count();
        assert_eq!((limited, &summary[rest]), (10, &json!(990)), "{table}");
    }
}

#[test]
fn words_without_a_variant_keep_their_text() {
    let summary = json(0, &[], &[data("field/T05-words-without-a-variant.log")]);
    for (table, word) in [
        ("purposes", "NEW_PURPOSE"),
        ("client_protocols", "NEW_PROTOCOL"),
        ("reasons", "UNKNOWN_264"),
        ("remote_reasons", "NEW_REASON"),
        ("failures", "UNKNOWN_264"),
        ("failures", "NEW_REASON"),
    ] {
        assert!(summary[table].to_string().contains(&format!("\"{word}\"")), "{word} in {}", summary[table]);
    }
    assert!(!summary.to_string().contains("UNRECOGNIZED"), "{summary}");
}
