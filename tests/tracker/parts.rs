//! Parts of a log: merged, they have the result of one tracker.

use super::generator::Random;
use super::random::{Noted, feed};
use super::*;

/// Number of events that a part keeps, each by itself, of a stream that may have ended before the part: `MAX_SEPARATE` in
/// `src/tracker/part.rs`.
const MAX_SEPARATE: usize = 16;

/// Puts the streams that `append` returned between those that the part handed out before: `handed_out` of a returned stream is the
/// number of those that were over before it.
fn interleave<T, N>(handed_out: Vec<StreamLife<T, N>>, appended: Vec<Appended<T, N>>) -> Vec<StreamLife<T, N>> {
    let mut lives = Vec::new();
    let mut rest = appended.into_iter().peekable();
    for (before, life) in (0..).zip(handed_out) {
        while let Some(next) = rest.next_if(|next| next.handed_out <= before) {
            lives.push(next.life);
        }
        lives.push(life);
    }
    lives.extend(rest.map(|next| next.life));
    lives
}

/// The merged parts of real logs are the whole, with their times. A log that is there twice has many events after a CLOSED.
#[test]
fn captures_in_parts() {
    for capture in [&include_bytes!("../data/onionperf.log")[..], include_bytes!("../data/stream-events.raw")] {
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
                let Ok(appended) = all.append(part) else { panic!("the part does not fit") };
                lives.extend(interleave(handed_out, appended));
            }
            assert!(lives == expected, "{length}");
            assert!(all.live().eq(whole.live()));
        }
    }
}

/// `append` gives the part back if one tracker of all events could have another result.
#[test]
fn parts_that_do_not_fit() {
    // A tracker after three streams that are closed, and a part with the events after them.
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
    // A tracker with a limit of 3 forgets stream 1 at the fourth CLOSED, so the next event with that ID is of another stream.
    let forgets: &[&str] = &["4 CLOSED 0 a:80", "1 SUCCEEDED 0 a:80"];
    assert!(tracker(3).append(part(forgets)).is_err());
    assert!(tracker(4).append(part(forgets)).is_ok_and(|lives| lives.len() == 2));
    // Stream 1 is closed before the part, so each of its events there is a life of its own: a part keeps up to 16 as they are, and
    // puts more together.
    let many = vec!["1 XOFF_SENT 0 a:80"; MAX_SEPARATE + 1];
    assert!(tracker(100).append(part(&many)).is_err());
    assert!(tracker(100).append(part(&many[1..])).is_ok_and(|lives| lives.len() == MAX_SEPARATE));
    assert!(StreamTracker::with_notes(100).append(part(&many)).is_ok_and(|lives| lives.is_empty()));
    // Limits on steps and circuits have to be the same. A tracker cannot be appended, and nothing can be appended to a part.
    assert!(tracker(100).keep_steps(7).append(part(&[])).is_err());
    assert!(tracker(100).append(part(&[]).keep_circuits(7)).is_err());
    assert!(tracker(100).keep_steps(7).append(part(&[]).keep_steps(7)).is_ok());
    assert!(tracker(100).append(tracker(100)).is_err());
    assert!(part(&[]).append(part(&[])).is_err());
}

/// A target within a credential is masked, though an earlier event had the same text as a plain target: by one tracker as by two.
#[test]
fn a_target_within_a_credential() {
    let contents = ["18 NEW 0 host:80", "18 SOCKS_PASSWORD=\"x 0 host:80 REASON=DONE"];
    let [plain, masked] = contents.map(|content| StreamEventRef::parse_lenient(content.as_bytes()).unwrap());
    let (mut one, mut first, mut part) = (StreamTracker::new(10), StreamTracker::new(10), StreamTracker::part());
    for event in [&plain, &masked] {
        assert!(one.update(event, ()).is_none());
    }
    assert!(first.update(&plain, ()).is_none() && part.update(&masked, ()).is_none());
    assert!(first.append(part).is_ok_and(|lives| lives.is_empty()));
    assert!(first.live().eq(one.live()));
    assert!(one.live().all(|life| life.asked.host == "host" && life.target.host == "***"));
}

/// A part keeps the circuits that its events name, though the tracker has no room for another: `more_circuits` is set.
#[test]
fn more_circuits_in_a_part() {
    let on = |circuit: usize| format!("1 SENTCONNECT {circuit} a:80");
    let mut tracker = StreamTracker::with_notes(10).keep_circuits(2);
    feed(&mut tracker, &[1, 2].map(on), 0);
    let mut part = StreamTracker::part().keep_circuits(2);
    // More events than a part keeps by themselves, and a third circuit at their end.
    let mut circuits = [1, 2].repeat(MAX_SEPARATE / 2);
    circuits.push(3);
    feed(&mut part, &circuits.into_iter().map(on).collect::<Vec<_>>(), 2);
    assert!(tracker.append(part).is_ok_and(|lives| lives.is_empty()));
    let life = tracker.live().next().unwrap();
    assert_eq!((life.circuits.len(), life.more_circuits, life.circuit_changes), (2, true, 2 + MAX_SEPARATE as u64 + 1));
}

/// In a part, the beginning and the end of a stream are a change each, and other events are none. A tracker keeps no changes.
#[test]
fn changes_of_a_part() {
    let mut part = StreamTracker::part();
    let mut tracker = StreamTracker::new(10);
    for (content, changes) in [
        ("1 NEW 0 a:80", 1),
        ("1 SUCCEEDED 0 a:80", 1),
        ("1 CLOSED 0 a:80", 2),
        // This stream may have begun before the part, so only its end is a change.
        ("2 CLOSED 0 a:80", 3),
    ] {
        let event = StreamEventRef::parse(content).unwrap();
        part.update(&event, ());
        tracker.update(&event, ());
        assert_eq!((part.changes(), tracker.changes()), (changes, 0), "{content}");
    }
}

/// A part hands out and lists as live only streams that began in it. Events of streams that may have begun before are undecided.
#[test]
fn streams_that_may_have_begun_before_the_part() {
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

/// For any cuts, the merged parts of a log have the streams of the whole: the same, in the same order, with the same notes.
#[test]
fn parts_put_together() {
    let mut random = Random(1);
    // Number of parts that were appended, and of parts whose events were read again; numbers of lives with two outcomes.
    let (mut put_together, mut one_by_one, mut after_closed, mut failed) = (0, 0, 0, 0);
    for round in 0..4000 {
        // Long and short logs, limits that matter in half of the rounds, and few steps and circuits in two thirds of them.
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
    // The rounds have enough of each kind.
    let counts = (put_together, one_by_one, after_closed, failed);
    assert!(counts.0 > 5000 && counts.1 > 1000 && counts.2 > 20_000 && counts.3 > 4000, "{counts:?}");
}
