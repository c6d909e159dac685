//! The lives of streams.
#![cfg(feature = "alloc")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use tor_stream_event::{
    Appended, CircuitId, ClientProtocol, Note, Outcome, StreamClosureReason, StreamEventRef, StreamLife, StreamPurpose,
    StreamSource, StreamStatus, StreamTracker, stream_events,
};

/// Feeds events, with their numbers as times, and returns the streams that are over.
#[track_caller]
fn track(tracker: &mut StreamTracker<usize>, contents: &[&str]) -> Vec<StreamLife<usize>> {
    contents
        .iter()
        .enumerate()
        .filter_map(|(time, content)| tracker.update(&StreamEventRef::parse(content).expect("a good event"), time))
        .collect()
}

/// Returns the IDs and outcomes of streams.
fn outcomes(lives: &[StreamLife<usize>]) -> Vec<(&str, Outcome)> {
    lives.iter().map(|life| (life.id.as_str(), life.outcome)).collect()
}

/// Returns the time of the first answer.
fn answer(life: &StreamLife<usize>) -> Option<usize> {
    life.answer.as_ref().map(|step| step.time)
}

/// Returns an ID's text, or that there is none.
fn id(circuit: Option<CircuitId>) -> String {
    circuit.map_or("none".into(), |id| id.to_string())
}

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

#[test]
fn what_is_told_once_is_kept() {
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

#[test]
fn lives_that_are_cut() {
    let mut tracker = StreamTracker::new(10);
    // CLOSED comes first, a log begins in mid-life, FAILED is followed by CLOSED.
    let lives = track(
        &mut tracker,
        &[
            "1 CLOSED 0 a b:80 REASON=SOCKS_PROTOCOL",
            "2 SUCCEEDED 7 a:80",
            "2 CLOSED 7 a:80 REASON=DONE",
            "3 NEW 0 a:80",
            "3 FAILED 0 a:80 REASON=TIMEOUT",
            "3 CLOSED 0 a:80 REASON=TIMEOUT",
            "4 NEW 0 a:80",
        ],
    );
    assert_eq!(outcomes(&lives), [("1", Outcome::Closed), ("2", Outcome::Closed), ("3", Outcome::Failed)]);
    assert_eq!(lives[2].after_failed, 0);
    assert_eq!(lives.iter().map(|life| life.began).collect::<Vec<_>>(), [false, false, true]);
    let spans: Vec<_> = lives.iter().map(|life| (life.started(), life.ended(), life.last)).collect();
    assert_eq!(spans, [(None, Some(&0), 0), (None, Some(&2), 2), (Some(&3), Some(&4), 5)]);
    let id = "4".parse().unwrap();
    assert_eq!(tracker.get(&id).map(|life| life.outcome), Some(Outcome::Live));
    assert_eq!(tracker.into_live().map(|life| life.id).collect::<Vec<_>>(), [id]);
}

#[test]
fn what_tor_cannot_print() {
    let mut tracker = StreamTracker::new(10);
    let lives = track(
        &mut tracker,
        &[
            "1 NEW 0 a:80",
            "1 CLOSED 0 a:80 REASON=DONE",
            "1 CLOSED 0 a:80 REASON=DONE",
            "1 SUCCEEDED 7 a:80",
            "2 FAILED 0 a:80 REASON=MISC",
            "2 SUCCEEDED 0 a:80",
            "2 CLOSED 0 a:80",
        ],
    );
    assert_eq!(
        outcomes(&lives),
        [("1", Outcome::Closed), ("1", Outcome::AfterClosed), ("1", Outcome::AfterClosed), ("2", Outcome::Failed),]
    );
    assert_eq!(lives[3].after_failed, 1);
    assert_eq!(tracker.live().count(), 0);
}

#[test]
fn ids_that_return() {
    let mut tracker = StreamTracker::new(10);
    let lives = track(
        &mut tracker,
        &["1 NEW 0 a:80", "1 CLOSED 0 a:80", "1 NEW 0 b:80", "1 NEWRESOLVE 0 c:0", "1 CLOSED 0 c:0", "1 CLOSED 0 c:0"],
    );
    assert_eq!(
        outcomes(&lives),
        [("1", Outcome::Closed), ("1", Outcome::Replaced), ("1", Outcome::Closed), ("1", Outcome::AfterClosed),]
    );
    assert_eq!(lives[1].target.host, "b");
    assert_eq!((lives[2].asked.host.as_str(), lives[2].first), ("c", 3));
}

#[test]
fn no_more_than_the_limit() {
    let mut tracker = StreamTracker::new(2);
    let lives =
        track(&mut tracker, &["1 NEW 0 a:80", "2 NEW 0 a:80", "1 SENTCONNECT 7 a:80", "3 NEW 0 a:80", "4 NEW 0 a:80"]);
    assert_eq!(outcomes(&lives), [("2", Outcome::Dropped), ("1", Outcome::Dropped)]);
    assert_eq!((tracker.dropped(), tracker.live().count()), (2, 2));
    // As many closed streams are remembered.
    let closed = ["3 CLOSED 0 a:80", "4 CLOSED 0 a:80", "5 CLOSED 0 a:80", "3 CLOSED 0 a:80", "5 CLOSED 0 a:80"];
    let lives = track(&mut tracker, &closed);
    let expected = [Outcome::Closed, Outcome::Closed, Outcome::Closed, Outcome::Closed, Outcome::AfterClosed];
    assert_eq!(lives.iter().map(|life| life.outcome).collect::<Vec<_>>(), expected);
    assert_eq!(StreamTracker::<u8>::new(0).update(&StreamEventRef::parse("1 NEW 0 a:80").unwrap(), 0), None);
}

/// A whole session of real tor: every stream whose CLOSED is in it is over with it, and none otherwise.
#[test]
fn a_capture() {
    let capture = include_bytes!("data/stream-events.raw");
    let mut tracker = StreamTracker::new(10_000);
    let (mut closed, mut over, mut failed) = (0, 0, 0);
    // Some targets are cut, so that strict reading refuses them.
    for line in stream_events(capture).lenient(true) {
        let event = line.event.expect("a header");
        closed += u64::from(event.status == StreamStatus::Closed);
        if let Some(life) = tracker.update(&event, line.number) {
            let outcome = if life.failure.is_some() { Outcome::Failed } else { Outcome::Closed };
            assert_eq!((life.outcome, life.after_failed, life.closed), (outcome, 0, true), "{}", life.id);
            failed += u64::from(life.outcome == Outcome::Failed);
            over += 1;
        }
    }
    assert_eq!((closed, over, failed), (1054, 1054, 227));
    assert_eq!((tracker.live().count(), tracker.dropped()), (2, 0));
}

/// Returns the streams of a file in tests/data, those that are not over included, with Unix times in milliseconds.
#[track_caller]
fn lives(log: &[u8]) -> Vec<StreamLife<u128>> {
    let mut tracker = StreamTracker::new(1000);
    let mut lives = Vec::new();
    for line in stream_events(log).lenient(true) {
        let time = line.unix_time().unwrap_or_default().as_millis();
        lives.extend(tracker.update(&line.event.expect("an event"), time));
    }
    lives.extend(tracker.into_live());
    lives
}

/// Returns the only stream of a file.
#[track_caller]
fn only_life(log: &[u8]) -> StreamLife<u128> {
    let lives = lives(log);
    let [life] = lives.as_slice() else { panic!("{lives:?}") };
    life.clone()
}

/// Streams whose NEW is not in the log have no start, and those without an end none.
#[test]
fn began_before_the_log() {
    let lives = lives(include_bytes!("data/field/T02-began-before-the-log.log"));
    let facts: Vec<_> =
        lives.iter().map(|life| (life.id.as_str(), life.began, life.started(), life.is_resolve)).collect();
    assert_eq!(facts, [("16", false, None, None), ("17", false, None, Some(false))]);
}

/// Words that have no name keep their text.
#[test]
fn words_without_a_name() {
    let lives = lives(include_bytes!("data/field/T05-words-without-a-name.log"));
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

/// So do sources and statuses. A known word after one without a name takes its place, and of a long one a part is kept.
#[test]
fn more_words_without_a_name() {
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
    let mut changed = life;
    (changed.reason, changed.source) = (Some(StreamClosureReason::Done), None);
    assert_eq!((changed.reason_str(), changed.source_str()), (Some("DONE"), None));
}

/// A look-up that timed out has failed, though tor prints no FAILED for it. A connection that was reset has not.
#[test]
fn a_resolve_that_timed_out() {
    let lives = lives(include_bytes!("data/field/T06-resolve-that-timed-out.log"));
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
        (&["1 NEWRESOLVE 0 a:0", "1 SUCCEEDED 7 192.0.2.1:0", "1 CLOSED 7 192.0.2.1:0 REASON=TIMEOUT"][..], false),
        (&["1 NEWRESOLVE 0 a:0", "1 CLOSED 7 a:0 REASON=DONE"], false),
        (&["1 NEWRESOLVE 0 a:0", "1 CLOSED 7 a:0"], false),
        (&["1 SENTRESOLVE 7 a:0", "1 CLOSED 7 a:0 REASON=DESTROY"], true),
        (&["1 CLOSED 7 a:0 REASON=TIMEOUT"], false),
        (&["1 NEWRESOLVE 0 a:0", "1 FAILED 7 a:0 REASON=DONE", "1 CLOSED 7 a:0 REASON=DONE"], true),
    ] {
        let lives = track(&mut StreamTracker::new(1), contents);
        assert_eq!(lives.iter().map(StreamLife::failed).collect::<Vec<_>>(), [failed], "{contents:?}");
    }
}

/// FAILED ends a stream whether or not a CLOSED follows.
#[test]
fn failed_without_closed() {
    let life = only_life(include_bytes!("data/field/T07-failed-without-closed.log"));
    assert_eq!((life.outcome, life.closed, life.failed()), (Outcome::Failed, false, true));
    assert_eq!((life.started(), life.ended()), (Some(&1_795_600_800_000), Some(&1_795_600_802_000)));
    let failure = life.failure.as_ref().unwrap();
    assert_eq!((failure.reason_str(), failure.circuit_id.unwrap().as_str()), (Some("TIMEOUT"), "9"));

    // Another one begins; too many are followed; an event comes between, which tor never prints.
    let mut tracker = StreamTracker::new(1);
    let lives = track(
        &mut tracker,
        &[
            "1 NEW 0 a:80",
            "1 FAILED 0 a:80 REASON=MISC",
            "1 NEW 0 b:80",
            "1 FAILED 0 b:80 REASON=MISC",
            "2 NEW 0 c:80",
            "2 FAILED 0 c:80 REASON=TIMEOUT",
            "2 FAILED 0 c:80 REASON=MISC",
            "2 SUCCEEDED 0 c:80",
            "2 CLOSED 0 c:80 REASON=MISC",
            "2 CLOSED 0 c:80 REASON=MISC",
        ],
    );
    assert_eq!(
        outcomes(&lives),
        [("1", Outcome::Failed), ("1", Outcome::Failed), ("2", Outcome::Failed), ("2", Outcome::AfterClosed)]
    );
    assert_eq!(lives.iter().map(|life| life.ended()).collect::<Vec<_>>(), [Some(&1), Some(&3), Some(&5), None]);
    assert_eq!((lives[2].after_failed, lives[2].last, tracker.dropped()), (2, 8, 0));
    assert_eq!(lives[2].failure.as_ref().unwrap().reason, Some(StreamClosureReason::Timeout));
}

/// Both reasons are of one event: that of an attempt which was given up before has none of the end's.
#[test]
fn remote_reason_of_an_attempt() {
    let life = only_life(include_bytes!("data/field-2/V13-remote-reason-of-detached.log"));
    let failure = life.failure.as_ref().unwrap();
    assert_eq!((failure.reason, failure.remote_reason), (Some(StreamClosureReason::Timeout), None));
    assert_eq!((life.reason, life.remote_reason), (Some(StreamClosureReason::Timeout), None));
    assert_eq!((failure.circuit_id, life.circuit_id, life.last_circuit.unwrap().as_str()), (None, None, "26"));

    let capture = lives(include_bytes!("data/onionperf.log"));
    let failed: Vec<_> = capture.iter().filter_map(|life| Some((life.id.as_str(), life.failure.as_ref()?))).collect();
    for id in ["217", "323"] {
        let (_, failure) = failed.iter().find(|(failed, _)| *failed == id).unwrap();
        assert_eq!((failure.reason_str(), failure.remote_reason_str()), (Some("CANT_ATTACH"), None), "{id}");
    }
}

/// A stream may come back to a circuit, and is on none once it is detached, whatever tor prints.
#[test]
fn circuits() {
    let back = only_life(include_bytes!("data/field-2/V16-back-on-first-circuit.log"));
    assert_eq!((id(back.circuit_id), id(back.last_circuit)), ("26".into(), "26".into()));
    assert_eq!(
        (back.circuits.as_slice(), back.circuit_changes, back.more_circuits),
        (&["26".parse().unwrap(), "27".parse().unwrap()][..], 3, false)
    );
    assert_eq!((back.attempts, back.detached), (3, 2));

    let waiting = only_life(include_bytes!("data/field-2/V10-detached-waiting.log"));
    assert_eq!((waiting.outcome, waiting.circuit_id, id(waiting.last_circuit)), (Outcome::Live, None, "26".into()));
    assert_eq!(waiting.circuits, ["26"]);

    let never = lives(include_bytes!("data/field-2/V12-closed-by-controller.log"));
    let ever_on_a_circuit: Vec<_> =
        never.iter().map(|life| (life.id.as_str(), life.failed(), life.last_circuit.is_some())).collect();
    assert_eq!(ever_on_a_circuit[..2], [("11", true, false), ("12", true, true)]);
}

/// NEW of a stream that is open is another stream, as where a log has events of two tors.
#[test]
fn two_tors() {
    let lives = lives(include_bytes!("data/field-2/V07-two-tors.log"));
    assert_eq!(lives.first().map(|life| (life.id.as_str(), life.outcome)), Some(("18", Outcome::Replaced)));
    assert!(lives.iter().any(|life| life.outcome == Outcome::Failed));
}

/// IDs that only lenient reading takes stay apart, and do not grow without bound.
#[test]
fn malformed_ids() {
    let ids: Vec<_> = lives(include_bytes!("data/faults/lenient-ids.raw"))
        .iter()
        .map(|life| (life.id.to_string(), life.outcome, life.target.host.clone()))
        .collect();
    let expected = [
        ("1-a", Outcome::Closed, "a"),
        ("1-b", Outcome::Closed, "b"),
        ("-x", Outcome::Live, "c"),
        ("_y", Outcome::Live, "d"),
    ];
    assert_eq!(ids, expected.map(|(id, outcome, host)| (id.to_owned(), outcome, host.to_owned())));

    let long = "1".repeat(1_000_000);
    let tokens = [
        &b"1"[..],
        b"1\0",
        b"1\0\0",
        b"\xff",
        b"\xfe",
        b"\xef\xbf\xbd",
        b"12345678901234567890",
        b"123456789012345678901",
        b"123456789012345678902",
        long.as_bytes(),
        "1\u{e9}".as_bytes(),
        b"1~",
        b"~1",
    ];
    let mut tracker = StreamTracker::new(100);
    for token in tokens {
        let line = [token, b" NEW 0 a:80"].concat();
        assert_eq!(
            tracker.update(&StreamEventRef::parse_lenient(&line).unwrap(), ()),
            None,
            "{}",
            token.escape_ascii()
        );
    }
    assert_eq!(tracker.live().count(), tokens.len());
    for (token, more) in tokens.iter().zip((0..tokens.len()).rev()) {
        let line = [token, &b" CLOSED 0 a:80"[..]].concat();
        let life = tracker.update(&StreamEventRef::parse_lenient(&line).unwrap(), ()).unwrap();
        assert_eq!((life.outcome, life.events(), tracker.live().count()), (Outcome::Closed, 2, more));
        assert!(life.id.as_str().len() <= 20);
    }
}

/// Streams are in the order of their IDs' text, and each is found by its ID.
#[test]
fn order_of_ids() {
    let mut tracker = StreamTracker::new(100);
    let ids = [
        "9",
        "10",
        "1",
        "a",
        "Z",
        "18446744073709551615",
        "1844674407370955161",
        "18446744073709551614",
        "12345678",
        "123456789",
    ];
    for id in ids {
        tracker.update(&StreamEventRef::parse(&format!("{id} NEW 0 a:80")).unwrap(), ());
    }
    let mut sorted = ids;
    sorted.sort_unstable();
    assert!(tracker.live().map(|life| life.id.as_str()).eq(sorted));
    assert!(ids.iter().all(|id| tracker.get(&id.parse().unwrap()).is_some_and(|life| life.id == **id)));
    assert!(tracker.get(&"2".parse().unwrap()).is_none());
}

/// Steps and circuits beyond the limits are counted. The first steps are kept, and the last one.
#[test]
fn bounded_steps_and_circuits() {
    let mut tracker = StreamTracker::new(1).keep_steps(3).keep_circuits(2);
    for (time, content) in
        ["1 NEW 0 a:80", "1 SENTCONNECT 7 a:80", "1 XOFF_SENT 7 a:80", "1 SENTCONNECT 8 a:80", "1 SENTCONNECT 7 a:80"]
            .iter()
            .enumerate()
    {
        tracker.update(&StreamEventRef::parse(content).unwrap(), time);
    }
    let times = |life: &StreamLife<usize>| life.steps.iter().map(|step| step.time).collect::<Vec<_>>();
    let life = tracker.live().next().unwrap();
    assert_eq!((times(life), life.step_count, life.attempts), (vec![0, 1, 4], 4, 3));
    assert_eq!((life.circuits.len(), life.more_circuits, life.circuit_changes), (2, false, 3));
    tracker.update(&StreamEventRef::parse("1 SENTCONNECT 9 a:80").unwrap(), 5);
    tracker.update(&StreamEventRef::parse("1 SUCCEEDED 10 a:80").unwrap(), 6);
    let life = tracker.update(&StreamEventRef::parse("1 CLOSED 7 a:80").unwrap(), 7).unwrap();
    assert_eq!(
        (times(&life), life.step_count, answer(&life), life.last_status()),
        (vec![0, 1, 7], 7, Some(6), Some(StreamStatus::Closed))
    );
    assert_eq!((life.circuits.len(), life.more_circuits, life.circuit_changes), (2, true, 6));

    let mut tracker = StreamTracker::new(1).keep_steps(0).keep_circuits(0);
    for content in ["1 NEW 0 a:80", "1 SENTCONNECT 7 a:80", "1 SENTCONNECT 8 a:80"] {
        tracker.update(&StreamEventRef::parse(content).unwrap(), 0);
    }
    let life = tracker.live().next().unwrap();
    assert_eq!((life.steps.len(), life.circuits.len(), life.step_count, life.circuit_changes), (1, 1, 3, 2));
}

/// A stream with any number of circuits and steps takes time for each event, and memory for the first thousand.
#[test]
fn one_long_stream() {
    let mut tracker = StreamTracker::new(1);
    for circuit in 1..=100_000 {
        tracker.update(&StreamEventRef::parse(&format!("1 SENTCONNECT {circuit} a:1")).unwrap(), circuit);
    }
    let remap = StreamEventRef::parse("1 REMAP 7 192.0.2.1:80 SOURCE=CACHE").unwrap();
    for time in 100_001..=300_000 {
        tracker.update(&remap, time);
    }
    let life = tracker.into_live().next().unwrap();
    assert_eq!((life.steps.len(), life.step_count, life.circuits.len()), (1000, 300_000, 1000));
    assert_eq!((life.more_circuits, life.circuit_changes, life.last), (true, 100_001, 300_000));
    assert!(life.steps.capacity() <= 1024 && life.circuits.capacity() <= 1024);
}

/// The times of a stream's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Times(Vec<usize>);

impl Note for Times {
    fn append(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

/// Notes of a stream's events are put together in their order, and each event is in one stream.
#[test]
fn notes() {
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

/// Pseudo-random numbers.
struct Random(u64);

impl Random {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    /// Returns one of some texts.
    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    /// Returns an event's content. A few streams have many events, and many follow what tor never prints.
    fn event(&mut self, ids: usize) -> String {
        let id = self.below(ids);
        let status = self.of(&[
            "NEW",
            "NEWRESOLVE",
            "SENTCONNECT",
            "SENTRESOLVE",
            "SUCCEEDED",
            "FAILED",
            "CLOSED",
            "CLOSED",
            "DETACHED",
            "REMAP",
            "XOFF_SENT",
            "XON_RECV",
            "CONTROLLER_WAIT",
            "FUTURE",
        ]);
        let (circuit, host) = (self.below(5), self.below(3));
        let fields = self.of(&[
            "",
            " REASON=END REMOTE_REASON=DONE",
            " REASON=TIMEOUT",
            " REASON= UNKNOWN_15",
            " SOURCE=CACHE",
            " SOURCE=OTHER",
            " SOURCE_ADDR=192.0.2.4:5 PURPOSE=USER",
            " SOURCE_ADDR=192.0.2.4:6 PURPOSE=OTHER",
            " SOCKS_USERNAME=\"u\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=1 SESSION_GROUP=-4",
            " SOCKS_PASSWORD=\"p\" CLIENT_PROTOCOL=OTHER NYM_EPOCH=2 SESSION_GROUP=-5",
        ]);
        format!("{id} {status} {circuit} h{host}:80{fields}")
    }
}

/// A tracker with notes of the events' times.
type Noted = StreamTracker<usize, Times>;

/// Feeds events to a tracker, and returns what it hands out.
fn feed(tracker: &mut Noted, events: &[String], start: usize) -> Vec<StreamLife<usize, Times>> {
    let event = |content: &str| StreamEventRef::parse_lenient(content.as_bytes()).expect("an event").into_owned();
    (start..)
        .zip(events)
        .filter_map(|(time, content)| tracker.update_with(&event(content).as_event_ref(), time, Times(vec![time])))
        .collect()
}

/// Puts the streams that `append` returned between those that the part handed out.
fn interleave<T, N>(handed_out: Vec<StreamLife<T, N>>, appended: Vec<Appended<T, N>>) -> Vec<StreamLife<T, N>> {
    let mut lives = Vec::new();
    let mut appended = appended.into_iter().peekable();
    for (before, life) in (0..).zip(handed_out) {
        while let Some(appended) = appended.next_if(|appended| appended.handed_out <= before) {
            lives.push(appended.life);
        }
        lives.push(life);
    }
    lives.extend(appended.map(|appended| appended.life));
    lives
}

/// A tracker that is slow and plain: every stream that is followed, and every closed one that is remembered, in the order of
/// their last events.
struct Model {
    /// Streams that are followed: the ID, the numbers of the events, and whether it failed.
    live: Vec<(String, Vec<usize>, bool)>,
    /// IDs of closed streams.
    closed: Vec<String>,
    /// Maximum number of each.
    limit: usize,
}

impl Model {
    /// Adds an event, and returns the stream that is over: its outcome and its events.
    fn update(&mut self, number: usize, content: &str) -> Option<(Outcome, Vec<usize>)> {
        let mut words = content.split(' ');
        let (id, status) = (words.next()?.to_owned(), words.next()?);
        let begins = ["NEW", "NEWRESOLVE"].contains(&status);
        if begins {
            self.closed.retain(|closed| *closed != id);
        } else if self.closed.contains(&id) {
            return Some((Outcome::AfterClosed, vec![number]));
        }
        let before = self.live.iter().position(|(live, ..)| *live == id).map(|index| self.live.remove(index));
        let over = |(_, events, failed), outcome| (if failed { Outcome::Failed } else { outcome }, events);
        let (replaced, (_, mut events, failed)) = match before {
            Some(before) if begins => (Some(over(before, Outcome::Replaced)), (String::new(), vec![], false)),
            Some(before) => (None, before),
            None => (None, (String::new(), vec![], false)),
        };
        events.push(number);
        let life = (id.clone(), events, failed || status == "FAILED");
        if status == "CLOSED" {
            self.closed.push(id);
            if self.closed.len() > self.limit {
                self.closed.remove(0);
            }
            return Some(over(life, Outcome::Closed));
        }
        self.live.push(life);
        let oldest = (self.live.len() > self.limit).then(|| self.live.remove(0));
        replaced.or_else(|| oldest.map(|life| over(life, Outcome::Dropped)))
    }
}

/// A tracker hands out what the plain model does.
#[test]
fn as_the_model() {
    let mut random = Random(2);
    for round in 0..60 {
        let (ids, limit) = (1 + random.below(200), 1 + random.below(60));
        let mut model = Model { live: vec![], closed: vec![], limit };
        let mut tracker = StreamTracker::with_notes(limit);
        let mut dropped = 0;
        for number in 0..if round % 2 == 0 { 300 } else { 3000 } {
            // Now few streams are closed often, now many.
            let content = random.event(if number / 500 % 2 == 0 { ids.min(5) } else { ids });
            let life = feed(&mut tracker, core::slice::from_ref(&content), number).pop();
            let expected = model.update(number, &content);
            dropped += u64::from(matches!(expected, Some((Outcome::Dropped, _))));
            assert_eq!(life.map(|life| (life.outcome, life.note.0)), expected, "{number}: {content}");
        }
        assert_eq!(tracker.dropped(), dropped);
        let mut live = model.live;
        live.sort();
        assert!(tracker.into_live().map(|life| life.note.0).eq(live.into_iter().map(|(_, events, _)| events)));
    }
}

/// A tracker is no larger after many streams than after few.
#[test]
fn bounded_memory() {
    for (ids, some_stay_open) in [(100_000, true), (100_000, false), (5, true), (5, false)] {
        let mut tracker = StreamTracker::new(10);
        let sizes = [1_000, 5_000].map(|streams| {
            for stream in 0..streams {
                let id = stream % ids;
                for status in ["NEW", "SUCCEEDED", "CLOSED", "CLOSED"] {
                    if stream % 3 > 0 || status != "CLOSED" || !some_stay_open {
                        tracker.update(&StreamEventRef::parse(&format!("{id} {status} 7 a:80")).unwrap(), ());
                    }
                }
            }
            format!("{tracker:?}").len()
        });
        // Entries out of date are removed once there are more than 64.
        assert!(sizes.iter().all(|&size| size < 30_000), "{sizes:?}");
    }
}

/// Nor is one that only parts were put behind.
#[test]
fn bounded_memory_of_parts() {
    let mut tracker = StreamTracker::new(10);
    for id in 0..5_000 {
        for status in ["NEW", "CLOSED"] {
            let mut part = StreamTracker::part();
            part.update(&StreamEventRef::parse(&format!("{id} {status} 7 a:80")).unwrap(), ());
            assert!(tracker.append(part).is_ok());
        }
    }
    assert!(format!("{tracker:?}").len() < 30_000);
}

/// Real logs in parts, with their times: what is put together is the whole. A log that is there twice has many events after a
/// CLOSED.
#[test]
fn captures_in_parts() {
    for capture in [&include_bytes!("data/onionperf.log")[..], include_bytes!("data/stream-events.raw")] {
        let twice = [capture, capture].concat();
        let lines: Vec<_> =
            stream_events(&twice).lenient(true).filter_map(|line| Some((line.event.ok()?, line.unix_time()))).collect();
        let follow = |tracker: &mut StreamTracker<_>, lines: &[(StreamEventRef<'_>, _)]| -> Vec<_> {
            lines.iter().filter_map(|(event, time)| tracker.update(event, *time)).collect()
        };
        let mut whole = StreamTracker::new(5000);
        let expected = follow(&mut whole, &lines);
        for length in [1, 7, 100, 1000, 6000, lines.len()] {
            let (mut all, mut lives) = (StreamTracker::new(5000), Vec::new());
            for lines in lines.chunks(length) {
                let mut part = StreamTracker::part();
                let handed_out = follow(&mut part, lines);
                let Ok(appended) = all.append(part) else { panic!("the limit is not met") };
                lives.extend(interleave(handed_out, appended));
            }
            assert!(lives == expected, "{length}");
            assert!(all.live().eq(whole.live()));
        }
    }
}

/// A part that one tracker might have followed otherwise is given back.
#[test]
fn parts_that_do_not_fit() {
    let closes = ["1 CLOSED 0 a:80", "2 CLOSED 0 a:80", "3 CLOSED 0 a:80"].map(String::from);
    let tracker = |limit| {
        let mut tracker = StreamTracker::with_notes(limit);
        feed(&mut tracker, &closes, 0);
        tracker
    };
    let part = |contents: &[&str]| {
        let mut part = StreamTracker::part();
        feed(&mut part, &contents.iter().map(|&content| content.into()).collect::<Vec<_>>(), 3);
        part
    };
    // With the fourth CLOSED the first one is forgotten, so that stream 1 is another one.
    let forgets: &[&str] = &["4 CLOSED 0 a:80", "1 SUCCEEDED 0 a:80"];
    assert!(tracker(3).append(part(forgets)).is_err());
    assert!(tracker(4).append(part(forgets)).is_ok_and(|lives| lives.len() == 2));
    // The last of too many closed streams is still remembered.
    let many = vec!["1 XOFF_SENT 0 a:80"; 17];
    assert!(tracker(100).append(part(&many)).is_err());
    assert!(tracker(100).append(part(&many[1..])).is_ok_and(|lives| lives.len() == 16));
    assert!(StreamTracker::with_notes(100).append(part(&many)).is_ok_and(|lives| lives.is_empty()));
    // Limits differ; a tracker is no part, and a part has none behind it.
    assert!(tracker(100).keep_steps(7).append(part(&[])).is_err());
    assert!(tracker(100).append(part(&[]).keep_circuits(7)).is_err());
    assert!(tracker(100).keep_steps(7).append(part(&[]).keep_steps(7)).is_ok());
    assert!(tracker(100).append(tracker(100)).is_err());
    assert!(part(&[]).append(part(&[])).is_err());
}

/// A stream that is on other circuits in a part has more than are kept, even if none of them is new here.
#[test]
fn more_circuits_in_a_part() {
    let on = |circuit: usize| format!("1 SENTCONNECT {circuit} a:80");
    let mut tracker = StreamTracker::with_notes(10).keep_circuits(2);
    feed(&mut tracker, &[1, 2].map(on), 0);
    let mut part = StreamTracker::part().keep_circuits(2);
    feed(&mut part, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 3].map(on), 2);
    assert!(tracker.append(part).is_ok_and(|lives| lives.is_empty()));
    let life = tracker.live().next().unwrap();
    assert_eq!((life.circuits.len(), life.more_circuits, life.circuit_changes), (2, true, 19));
}

/// A part tells of which streams it does not know the beginning.
#[test]
fn undecided() {
    let mut part = StreamTracker::part();
    let contents = [
        "1 CLOSED 0 a:80",
        "2 NEW 0 b:80",
        "2 CLOSED 0 b:80",
        "3 NEW 0 c:80",
        "4 SUCCEEDED 7 d:80",
        "4 XOFF_SENT 7 d:80",
    ];
    let handed_out = feed(&mut part, &contents.map(String::from), 0);
    assert_eq!(handed_out.iter().map(|life| life.asked.host.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(part.live().map(|life| life.asked.host.as_str()).collect::<Vec<_>>(), ["c"]);
    let mut undecided: Vec<_> =
        part.undecided().map(|life| (life.asked.host.as_str(), life.note.0.as_slice())).collect();
    undecided.sort();
    assert_eq!(undecided, [("a", &[0][..]), ("d", &[4]), ("d", &[5])]);
    assert!(part.get(&"4".parse().unwrap()).is_none() && part.get(&"3".parse().unwrap()).is_some());
    assert_eq!(part.into_live().count(), 1);
}

/// Whatever a log is cut into, its parts put together are the streams of the whole: the same, in the same order, with the same
/// notes.
#[test]
fn parts_put_together() {
    let mut random = Random(1);
    let (mut put_together, mut one_by_one, mut after_closed, mut failed) = (0, 0, 0, 0);
    for round in 0..4000 {
        let ids = 1 + random.below(12);
        let events: Vec<String> =
            (0..random.below(if round % 10 == 0 { 300 } else { 60 })).map(|_| random.event(ids)).collect();
        let limit = if round % 2 == 0 { 1000 } else { 1 + random.below(14) };
        let (steps, circuits) = if round % 3 == 0 { (1000, 1000) } else { (1 + random.below(6), 1 + random.below(4)) };
        let with_limits = |tracker: Noted| tracker.keep_steps(steps).keep_circuits(circuits);

        let mut whole = with_limits(StreamTracker::with_notes(limit));
        let expected = feed(&mut whole, &events, 0);
        let (mut all, mut lives) = (with_limits(StreamTracker::with_notes(limit)), Vec::new());
        let mut start = 0;
        while start < events.len() {
            let events = &events[start..start + 1 + random.below(events.len() - start)];
            let mut part = with_limits(StreamTracker::part());
            let handed_out = feed(&mut part, events, start);
            let before = all.clone();
            match all.append(part) {
                Ok(appended) => {
                    lives.extend(interleave(handed_out, appended));
                    put_together += 1;
                }
                Err(_) => {
                    assert_eq!(format!("{all:?}"), format!("{before:?}"), "nothing has changed");
                    lives.extend(feed(&mut all, events, start));
                    one_by_one += 1;
                }
            }
            start += events.len();
        }
        assert_eq!(lives, expected, "limit {limit}, {steps} steps, {circuits} circuits: {events:#?}");
        after_closed += lives.iter().filter(|life| life.outcome == Outcome::AfterClosed).count();
        failed += lives.iter().filter(|life| life.outcome == Outcome::Failed).count();
        assert_eq!(all.dropped(), whole.dropped());
        assert!(all.into_live().eq(whole.into_live()));
    }
    let counts = (put_together, one_by_one, after_closed, failed);
    assert!(counts.0 > 5000 && counts.1 > 1000 && counts.2 > 20_000 && counts.3 > 4000, "{counts:?}");
}
