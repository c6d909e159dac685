//! A slow and plain model of the tracker, against which random events are held.

use super::generator::Random;
use super::random::feed;
use super::*;

/// The model: every stream that is followed, and every closed one that is remembered, each in the order of their last events.
struct Model {
    /// Streams that are followed.
    live: Vec<Life>,
    /// IDs of closed streams.
    closed: Vec<String>,
    /// Maximum number of streams that are followed, and of closed ones.
    limit: usize,
}

/// A stream that is followed.
#[derive(Default)]
struct Life {
    /// The stream's ID.
    id: String,
    /// Numbers of its events.
    events: Vec<usize>,
    /// `true` if one of them was FAILED.
    has_failed: bool,
}

impl Life {
    /// Returns the life as it is handed out. A failed stream has that outcome, and any other one the given.
    fn over(self, outcome: Outcome) -> (Outcome, Vec<usize>) {
        (if self.has_failed { Outcome::Failed } else { outcome }, self.events)
    }
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
        let before = self.live.iter().position(|life| life.id == id).map(|index| self.live.remove(index));
        let (replaced, mut life) = match before {
            Some(before) if begins => (Some(before.over(Outcome::Replaced)), Life::default()),
            before => (None, before.unwrap_or_default()),
        };
        life.id = id;
        life.events.push(number);
        life.has_failed |= status == "FAILED";
        if status == "CLOSED" {
            self.closed.push(life.id.clone());
            if self.closed.len() > self.limit {
                self.closed.remove(0);
            }
            return Some(life.over(Outcome::Closed));
        }
        self.live.push(life);
        // A stream that was replaced has left room, so at most one of both is over.
        let oldest = (self.live.len() > self.limit).then(|| self.live.remove(0));
        replaced.or_else(|| oldest.map(|life| life.over(Outcome::Dropped)))
    }
}

/// A tracker hands out what the plain model does.
#[test]
fn as_the_model() {
    let mut random = Random(2);
    for round in 0..60 {
        // More IDs than streams that are followed in most rounds, so that streams are dropped.
        let (ids, limit) = (1 + random.below(200), 1 + random.below(60));
        let mut model = Model { live: vec![], closed: vec![], limit };
        let mut tracker = StreamTracker::with_notes(limit);
        let mut dropped = 0;
        for number in 0..if round % 2 == 0 { 300 } else { 3000 } {
            // Every other 500 events have five IDs at most: each ID returns often.
            let content = random.event(if number / 500 % 2 == 0 { ids.min(5) } else { ids });
            let life = feed(&mut tracker, core::slice::from_ref(&content), number).pop();
            let expected = model.update(number, &content);
            dropped += u64::from(matches!(expected, Some((Outcome::Dropped, _))));
            assert_eq!(life.map(|life| (life.outcome, life.note.0)), expected, "{number}: {content}");
        }
        assert_eq!(tracker.dropped(), dropped);
        let mut live = model.live;
        // `into_live` returns the streams in the order of their IDs' text.
        live.sort_by(|one, other| one.id.cmp(&other.id));
        assert!(tracker.into_live().map(|life| life.note.0).eq(live.into_iter().map(|life| life.events)));
    }
}
