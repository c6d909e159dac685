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
    ClientProtocol, Outcome, StreamClosureReason, StreamEventRef, StreamLife, StreamPurpose, StreamSource,
    StreamStatus, StreamTracker, stream_events,
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

#[test]
fn a_whole_life() {
    let mut tracker = StreamTracker::new(10);
    let lives = track(
        &mut tracker,
        &[
            "5 NEW 0 a.example:80 SOURCE_ADDR=127.0.0.1:9 PURPOSE=USER SOCKS_PASSWORD=\"p\" CLIENT_PROTOCOL=SOCKS5",
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
    assert_eq!(outcomes(&lives), [("1", Outcome::Closed), ("2", Outcome::Closed), ("3", Outcome::Closed)]);
    assert_eq!(lives[2].after_failed, 0);
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
        [("1", Outcome::Closed), ("1", Outcome::AfterClosed), ("1", Outcome::AfterClosed), ("2", Outcome::Closed),]
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
    let (mut closed, mut over) = (0, 0);
    // Some targets are cut, so that strict reading refuses them.
    for line in stream_events(capture).lenient(true) {
        let event = line.event.expect("a header");
        closed += u64::from(event.status == StreamStatus::Closed);
        if let Some(life) = tracker.update(&event, line.number) {
            assert_eq!((life.outcome, life.after_failed), (Outcome::Closed, 0), "{}", life.id);
            over += 1;
        }
    }
    assert_eq!((closed, over), (1054, 1054));
    assert_eq!((tracker.live().count(), tracker.dropped()), (2, 0));
}
