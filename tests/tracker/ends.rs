//! Where a stream begins and ends, and which events are of one stream.

use super::*;

/// A stream may have an end without a beginning, or a beginning without an end.
#[test]
fn lives_that_are_cut() {
    let mut tracker = StreamTracker::new(10);
    // Stream 1 is refused: CLOSED comes first. Stream 2 began before the log. Stream 3 has FAILED, and CLOSED after it. Stream 4 is open.
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

/// After the end of a stream tor prints no events of it, but for one CLOSED after FAILED. Another one after CLOSED is a life of its own,
/// one after FAILED is counted in the life.
#[test]
fn events_after_the_end() {
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

/// An ID is used again: NEW begins another stream, after a CLOSED or without one.
#[test]
fn ids_that_return() {
    let mut tracker = StreamTracker::new(10);
    // Hosts a, b and c are three streams. The last CLOSED is of none.
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

/// A whole session of a real tor: each stream is returned with its CLOSED.
#[test]
fn each_closed_of_a_capture_ends_a_stream() {
    let capture = include_bytes!("../data/stream-events.raw");
    let mut tracker = StreamTracker::new(10_000);
    let (mut closed, mut over, mut failed) = (0, 0, 0);
    // Strict reading would refuse events whose targets tor cut.
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

/// Streams whose NEW is not in the log have no start, and may have been look-ups until an event shows that they are not.
#[test]
fn began_before_the_log() {
    let lives = lives(include_bytes!("../data/field/T02-began-before-the-log.log"));
    let facts: Vec<_> =
        lives.iter().map(|life| (life.id.as_str(), life.began, life.started(), life.is_resolve)).collect();
    assert_eq!(facts, [("16", false, None, None), ("17", false, None, Some(false))]);
}

/// FAILED ends a stream whether or not a CLOSED follows.
#[test]
fn failed_without_closed() {
    let life = only_life(include_bytes!("../data/field/T07-failed-without-closed.log"));
    assert_eq!((life.outcome, life.closed, life.failed()), (Outcome::Failed, false, true));
    assert_eq!((life.started(), life.ended()), (Some(&1_795_600_800_000), Some(&1_795_600_802_000)));
    let failure = life.failure.as_ref().unwrap();
    assert_eq!((failure.reason_str(), failure.circuit_id.unwrap().as_str()), (Some("TIMEOUT"), "9"));

    // Stream 1 fails, and NEW begins another one, which fails too. The tracker follows one stream at a time, so stream 2 ends it. Stream 2
    // has two events between FAILED and CLOSED, and an event after CLOSED, which no tor prints.
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

/// NEW of a stream that is open is another stream, as where a log has events of two tors.
#[test]
fn two_tors() {
    let lives = lives(include_bytes!("../data/field-2/V07-two-tors.log"));
    assert_eq!(lives.first().map(|life| (life.id.as_str(), life.outcome)), Some(("18", Outcome::Replaced)));
    assert!(lives.iter().any(|life| life.outcome == Outcome::Failed));
}

/// IDs that only lenient reading takes stay apart, unless they differ only after a quotation mark, and are kept in 20 bytes.
#[test]
fn malformed_ids() {
    let ids: Vec<_> = lives(include_bytes!("../data/faults/lenient-ids.raw"))
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
    // IDs with the same beginning, with NULs, that are not UTF-8, of 20 and 21 digits, and with the mark of an abridged ID.
    let tokens = [
        &b"1"[..],
        b"1\0",
        b"1\0\0",
        b"\xff",
        b"\xfe",
        b"\xef\xbf\xbd",
        b"\xef\xbf\xbd\xff",
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
    // Text after a quotation mark may be a credential, so the ID in the stream leaves it out: `1"q` continues `1"p`.
    assert_eq!(tracker.update(&StreamEventRef::parse_lenient(b"1\"p NEW 0 a:80").unwrap(), ()), None);
    let life = tracker.update(&StreamEventRef::parse_lenient(b"1\"q CLOSED 0 a:80").unwrap(), ()).unwrap();
    assert_eq!((life.outcome, life.events()), (Outcome::Closed, 2));
}

/// The public field of an event may be set to an ID that is longer than any that is parsed. Two such IDs stay apart, though the
/// first 20 bytes of both are the same.
#[test]
fn long_ids_that_were_set() {
    let mut tracker = StreamTracker::new(10);
    for id in ["123456789012345678901", "123456789012345678902"] {
        let mut event = StreamEventRef::parse("1 NEW 0 a:80").unwrap();
        event.id = id;
        assert_eq!(tracker.update(&event, ()), None);
    }
    assert_eq!(tracker.live().count(), 2);
}

/// Streams are in the order of their IDs' text, and each is found by its ID.
#[test]
fn order_of_ids() {
    let mut tracker = StreamTracker::new(100);
    // IDs of one byte, of 20, and near the 8 bytes of a machine word.
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
