//! The facts that a stream keeps of its events.

use super::random::Times;
use super::*;

/// Every fact of a stream that was detached once, connected, and closed by the other end. The times are the events' numbers.
#[test]
fn a_whole_life() {
    let mut tracker = StreamTracker::new(10);
    let lives = track(
        &mut tracker,
        &[
            "5 NEW 0 a.example:80 SOURCE_ADDR=127.0.0.1:9 PURPOSE=USER SOCKS_PASSWORD=\"p\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=7 SESSION_GROUP=-4",
            "5 SENTCONNECT 7 a.example:80",
            "5 DETACHED 7 a.example:80 REASON=TIMEOUT",
            "5 SENTCONNECT 8 a.example:80",
            "5 REMAP 8 192.0.2.1:80 SOURCE=EXIT",
            "5 SUCCEEDED 8 192.0.2.1:80",
            "5 XOFF_SENT 8 192.0.2.1:80",
            "5 XON_SENT 8 192.0.2.1:80",
            "5 XOFF_RECV 8 192.0.2.1:80",
            "5 XON_RECV 8 192.0.2.1:80",
            "5 XON_RECV 8 192.0.2.1:80",
            "5 CLOSED 8 192.0.2.1:80 REASON=END REMOTE_REASON=DONE",
        ],
    );
    let [life] = lives.as_slice() else { panic!("{lives:?}") };
    assert_eq!((life.outcome, life.first, life.last), (Outcome::Closed, 0, 11));
    assert_eq!((life.asked.host.as_str(), life.asked.port), ("a.example", 80));
    assert_eq!((life.target.host.as_str(), life.target.port), ("192.0.2.1", 80));
    assert_eq!(life.circuits, ["7", "8"]);
    assert_eq!(life.source, Some(StreamSource::Exit));
    assert_eq!(life.source_addr.as_deref(), Some("127.0.0.1:9"));
    assert_eq!(life.purpose, Some(StreamPurpose::User));
    assert_eq!(life.client_protocol, Some(ClientProtocol::Socks5));
    assert_eq!((life.has_username, life.has_password), (false, true));
    assert_eq!(life.reason, Some(StreamClosureReason::End));
    assert_eq!(life.remote_reason, Some(StreamClosureReason::Done));
    assert_eq!((life.xoff_sent, life.xon_sent, life.xoff_recv, life.xon_recv), (1, 1, 1, 2));
    assert_eq!(life.after_failed, 0);
    assert_eq!((life.began, life.closed, life.is_resolve), (true, true, Some(false)));
    assert_eq!((life.started(), answer(life), life.ended()), (Some(&0), Some(5), Some(&11)));
    assert_eq!((life.attempts, life.detached, life.failed()), (2, 1, false));
    assert_eq!((id(life.circuit_id), id(life.last_circuit), life.circuit_changes), ("8".into(), "8".into(), 2));
    assert_eq!((life.nym_epoch, life.session_group), (Some(7), Some(-4)));
    assert_eq!((life.events(), life.step_count), (12, 7));
    let steps: Vec<_> = life.steps.iter().map(|step| (step.status, step.time)).collect();
    assert_eq!(
        steps,
        [
            (StreamStatus::New, 0),
            (StreamStatus::SentConnect, 1),
            (StreamStatus::Detached, 2),
            (StreamStatus::SentConnect, 3),
            (StreamStatus::Remap, 4),
            (StreamStatus::Succeeded, 5),
            (StreamStatus::Closed, 11),
        ]
    );
    assert_eq!(life.steps[1].circuit_id.unwrap(), "7");
    assert_eq!(tracker.live().count(), 0);
    assert!(!format!("{life:?}").contains("\"p\""));
}

/// Facts that only NEW has are kept while other events follow: the credentials' presence and the first target.
#[test]
fn facts_of_new_are_kept() {
    let mut tracker = StreamTracker::new(10);
    let contents = [
        "5 NEW 0 a:80 SOCKS_USERNAME=\"u\"",
        "5 SENTCONNECT 7 a:80",
        // A controller may change the port alone.
        "5 REMAP 7 a:81",
        "6 NEW 0 a:80 SOCKS_PASSWORD=\"p\"",
        "6 SENTCONNECT 7 a:80",
    ];
    assert!(track(&mut tracker, &contents).is_empty());
    let lives: Vec<_> = tracker
        .live()
        .map(|life| (life.id.as_str(), life.has_username, life.has_password, life.asked.port, life.target.port))
        .collect();
    assert_eq!(lives, [("5", true, false, 80, 81), ("6", false, true, 80, 80)]);
}

/// Words without a variant keep their text.
#[test]
fn words_without_a_variant() {
    let lives = lives(include_bytes!("../data/field/T05-words-without-a-variant.log"));
    let [one, two] = lives.as_slice() else { panic!("{lives:?}") };
    assert_eq!((one.purpose, one.purpose_str()), (Some(StreamPurpose::Unrecognized), Some("NEW_PURPOSE")));
    assert_eq!(
        (one.client_protocol, one.client_protocol_str()),
        (Some(ClientProtocol::Unrecognized), Some("NEW_PROTOCOL"))
    );
    assert_eq!((one.reason_str(), one.remote_reason_str()), (Some("UNKNOWN_264"), None));
    let failure = one.failure.as_ref().unwrap();
    assert_eq!((failure.reason_str(), failure.remote_reason_str()), (Some("UNKNOWN_264"), None));
    assert_eq!((two.reason_str(), two.remote_reason_str()), (Some("END"), Some("NEW_REASON")));
    let failure = two.failure.as_ref().unwrap();
    assert_eq!((failure.reason_str(), failure.remote_reason_str()), (Some("END"), Some("NEW_REASON")));
    assert_eq!((two.purpose_str(), two.source_str()), (Some("USER"), None));
}

/// Unknown sources and statuses keep their text too. A later known word replaces an unknown one. Of a long word
/// at most 64 bytes are kept, without half a character at the end.
#[test]
fn more_words_without_a_variant() {
    // 65 bytes, of which the last two are one character.
    let long = format!("{}\u{e9}", "W".repeat(63));
    let lines = [
        "5 NEW 0 a:80 PURPOSE=NEW_PURPOSE",
        "5 NEW_STATUS 7 a:80",
        "5 REMAP 7 b:80 SOURCE=NEW_SOURCE",
        &format!("5 {long} 7 b:80 REASON={long}"),
        "5 SENTCONNECT 7 b:80 PURPOSE=USER",
    ];
    let mut tracker = StreamTracker::new(1);
    for line in lines {
        assert_eq!(tracker.update(&StreamEventRef::parse_lenient(line.as_bytes()).unwrap(), ()), None);
    }
    let life = tracker.into_live().next().unwrap();
    let cut = long.trim_end_matches('\u{e9}');
    assert_eq!(
        life.steps.iter().map(|step| step.status_str()).collect::<Vec<_>>(),
        ["NEW", "NEW_STATUS", "REMAP", cut, "SENTCONNECT"]
    );
    assert_eq!(
        (life.purpose_str(), life.source_str(), life.reason_str()),
        (Some("USER"), Some("NEW_SOURCE"), Some(cut))
    );
    // The text is that of the public field: it follows a change.
    let mut changed = life;
    (changed.reason, changed.source) = (Some(StreamClosureReason::Done), None);
    assert_eq!((changed.reason_str(), changed.source_str()), (Some("DONE"), None));
}

/// A quotation mark in a host may begin a credential, so `redact` masks the text after it. A stream keeps a source address that is an IP
/// address all the same, and the circuit of an event with an unknown status.
#[test]
fn what_is_no_credential_is_kept() {
    let mut tracker = StreamTracker::new(1);
    for content in ["5 NEW 0 a SOCKS_USERNAME=\":80 SOURCE_ADDR=127.0.0.1:9 PURPOSE=USER", "5 NEW_STATUS 7 a:80"] {
        let event = StreamEventRef::parse_lenient(content.as_bytes()).unwrap();
        if let Some(source_addr) = event.source_addr {
            assert_eq!(event.redact(source_addr.as_bytes()).as_str(), None);
        }
        tracker.update(&event, ());
    }
    let life = tracker.into_live().next().unwrap();
    assert_eq!((life.source_addr.as_deref(), id(life.last_circuit)), (Some("127.0.0.1:9"), "7".into()));
}

/// In the second line circuit and target are within what may be a credential. Both are masked, the target too, though the first line
/// has the same one in plain.
#[test]
fn a_target_that_may_be_a_credential() {
    let mut tracker = StreamTracker::new(1);
    for content in ["5 NEW 0 a:80", "5 SOCKS_PASSWORD=\"b 7 a:80"] {
        tracker.update(&StreamEventRef::parse_lenient(content.as_bytes()).unwrap(), ());
    }
    let life = tracker.into_live().next().unwrap();
    assert_eq!((life.target.host.as_str(), id(life.last_circuit)), ("***", "***".into()));
}

/// A look-up that timed out has failed, though tor prints no FAILED for it. A connection that was reset has not.
#[test]
fn a_resolve_that_timed_out() {
    let lives = lives(include_bytes!("../data/field/T06-resolve-that-timed-out.log"));
    let facts: Vec<_> =
        lives.iter().map(|life| (life.is_resolve, life.outcome, life.failed(), life.reason_str())).collect();
    assert_eq!(
        facts,
        [
            (Some(true), Outcome::Closed, true, Some("TIMEOUT")),
            (Some(false), Outcome::Closed, false, Some("CONNRESET")),
        ]
    );
    for (contents, failed) in [
        // An answer came before.
        (&["1 NEWRESOLVE 0 a:0", "1 SUCCEEDED 7 192.0.2.1:0", "1 CLOSED 7 192.0.2.1:0 REASON=TIMEOUT"][..], false),
        // DONE is no failure, nor is an end without a reason.
        (&["1 NEWRESOLVE 0 a:0", "1 CLOSED 7 a:0 REASON=DONE"], false),
        (&["1 NEWRESOLVE 0 a:0", "1 CLOSED 7 a:0"], false),
        // DESTROY is one.
        (&["1 SENTRESOLVE 7 a:0", "1 CLOSED 7 a:0 REASON=DESTROY"], true),
        // Nothing shows that this is a look-up.
        (&["1 CLOSED 7 a:0 REASON=TIMEOUT"], false),
        // FAILED is a failure with any reason.
        (&["1 NEWRESOLVE 0 a:0", "1 FAILED 7 a:0 REASON=DONE", "1 CLOSED 7 a:0 REASON=DONE"], true),
    ] {
        let lives = track(&mut StreamTracker::new(1), contents);
        assert_eq!(lives.iter().map(StreamLife::failed).collect::<Vec<_>>(), [failed], "{contents:?}");
    }
}

/// A failure has both reasons from one event, and not the remote reason of an earlier DETACHED.
#[test]
fn remote_reason_of_an_attempt() {
    let life = only_life(include_bytes!("../data/field-2/V13-remote-reason-of-detached.log"));
    let failure = life.failure.as_ref().unwrap();
    assert_eq!((failure.reason, failure.remote_reason), (Some(StreamClosureReason::Timeout), None));
    assert_eq!((life.reason, life.remote_reason), (Some(StreamClosureReason::Timeout), None));
    assert_eq!((failure.circuit_id, life.circuit_id, life.last_circuit.unwrap().as_str()), (None, None, "26"));

    let capture = lives(include_bytes!("../data/onionperf.log"));
    let failed: Vec<_> = capture.iter().filter_map(|life| Some((life.id.as_str(), life.failure.as_ref()?))).collect();
    // These streams of the capture failed after an earlier DETACHED with a remote reason.
    for id in ["217", "323"] {
        let (_, failure) = failed.iter().find(|(failed, _)| *failed == id).unwrap();
        assert_eq!((failure.reason_str(), failure.remote_reason_str()), (Some("CANT_ATTACH"), None), "{id}");
    }
}

/// A stream may come back to a circuit on which it was before. Once it is detached it is on none, also if a later event still names one.
#[test]
fn a_stream_returns_to_a_circuit_or_to_none() {
    let back = only_life(include_bytes!("../data/field-2/V16-back-on-first-circuit.log"));
    assert_eq!((id(back.circuit_id), id(back.last_circuit)), ("26".into(), "26".into()));
    assert_eq!(
        (back.circuits.as_slice(), back.circuit_changes, back.more_circuits),
        (&["26".parse().unwrap(), "27".parse().unwrap()][..], 3, false)
    );
    assert_eq!((back.attempts, back.detached), (3, 2));

    let waiting = only_life(include_bytes!("../data/field-2/V10-detached-waiting.log"));
    assert_eq!((waiting.outcome, waiting.circuit_id, id(waiting.last_circuit)), (Outcome::Live, None, "26".into()));
    assert_eq!(waiting.circuits, ["26"]);

    let never = lives(include_bytes!("../data/field-2/V12-closed-by-controller.log"));
    let ever_on_a_circuit: Vec<_> =
        never.iter().map(|life| (life.id.as_str(), life.failed(), life.last_circuit.is_some())).collect();
    assert_eq!(ever_on_a_circuit[..2], [("11", true, false), ("12", true, true)]);
}

/// The notes of a stream's events are put together in order, and each event's note is in exactly one stream.
#[test]
fn notes_are_put_together() {
    let mut tracker = StreamTracker::with_notes(1);
    let mut lives = Vec::new();
    let contents = [
        "1 NEW 0 a:80",
        "1 XOFF_SENT 0 a:80",
        "2 NEW 0 a:80",
        "1 SUCCEEDED 0 a:80",
        "1 CLOSED 0 a:80",
        "1 CLOSED 0 a:80",
    ];
    // Each note is the event's time. The tracker follows one stream at a time, so streams 1 and 2 end each other.
    for (time, content) in contents.iter().enumerate() {
        lives.extend(tracker.update_with(&StreamEventRef::parse(content).unwrap(), (), Times(vec![time])));
    }
    lives.extend(tracker.into_live());
    let notes: Vec<_> = lives.into_iter().map(|life| (life.outcome, life.note.0)).collect();
    assert_eq!(
        notes,
        [
            (Outcome::Dropped, vec![0, 1]),
            (Outcome::Dropped, vec![2]),
            (Outcome::Closed, vec![3, 4]),
            (Outcome::AfterClosed, vec![5])
        ]
    );
}
