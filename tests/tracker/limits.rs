//! Limits: of live and closed streams, of steps and circuits, and of memory.

use super::*;

/// With a limit of two streams, the one whose last event is the oldest is dropped for a third.
#[test]
fn no_more_than_the_limit() {
    let mut tracker = StreamTracker::new(2);
    let lives =
        track(&mut tracker, &["1 NEW 0 a:80", "2 NEW 0 a:80", "1 SENTCONNECT 7 a:80", "3 NEW 0 a:80", "4 NEW 0 a:80"]);
    assert_eq!(outcomes(&lives), [("2", Outcome::Dropped), ("1", Outcome::Dropped)]);
    assert_eq!((tracker.dropped(), tracker.live().count()), (2, 2));
    // The tracker remembers as many closed streams: 3 is forgotten when 5 is closed, so its second CLOSED is that of another stream.
    let closed = ["3 CLOSED 0 a:80", "4 CLOSED 0 a:80", "5 CLOSED 0 a:80", "3 CLOSED 0 a:80", "5 CLOSED 0 a:80"];
    let lives = track(&mut tracker, &closed);
    let expected = [Outcome::Closed, Outcome::Closed, Outcome::Closed, Outcome::Closed, Outcome::AfterClosed];
    assert_eq!(lives.iter().map(|life| life.outcome).collect::<Vec<_>>(), expected);
    // A limit of 0 is taken for 1: the stream is not dropped.
    assert_eq!(StreamTracker::<u8>::new(0).update(&StreamEventRef::parse("1 NEW 0 a:80").unwrap(), 0), None);
}

/// Of more steps than the limit, the first ones and the last are kept; of circuits, the first ones. Each is counted. XOFF_SENT is no step.
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

    // 0 is taken for 1.
    let mut tracker = StreamTracker::new(1).keep_steps(0).keep_circuits(0);
    for content in ["1 NEW 0 a:80", "1 SENTCONNECT 7 a:80", "1 SENTCONNECT 8 a:80"] {
        tracker.update(&StreamEventRef::parse(content).unwrap(), 0);
    }
    let life = tracker.live().next().unwrap();
    assert_eq!((life.steps.len(), life.circuits.len(), life.step_count, life.circuit_changes), (1, 1, 3, 2));
}

/// A stream of 100,000 circuits and 300,000 steps keeps a thousand of each. Were the work for an event to grow with them,
/// this test would take minutes.
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

/// Maximum length of the `Debug` text of a tracker for ten streams, in bytes. A stream takes some 1,000. Beside ten of them the text may
/// have up to 64 outdated entries, which the tracker removes together.
const LONGEST: usize = 30_000;

/// The memory of a tracker is bounded after many streams: its `Debug` text, which lists every entry, stays short.
#[test]
fn bounded_entries() {
    // The number of IDs, and whether a third of the streams is never closed. Of 100,000 IDs the first 1,000 return
    // once, and 5 IDs return often.
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
        assert!(sizes.iter().all(|&size| size < LONGEST), "{sizes:?}");
    }
}

/// The `Debug` text stays short, too, if the events come in parts.
#[test]
fn bounded_entries_of_parts() {
    let mut tracker = StreamTracker::new(10);
    for id in 0..5_000 {
        for status in ["NEW", "CLOSED"] {
            let mut part = StreamTracker::part();
            part.update(&StreamEventRef::parse(&format!("{id} {status} 7 a:80")).unwrap(), ());
            assert!(tracker.append(part).is_ok());
        }
    }
    assert!(format!("{tracker:?}").len() < LONGEST);
}
