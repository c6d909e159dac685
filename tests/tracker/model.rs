//! A slow and plain model of the tracker, against which random events are held.

use super::generator::Random;
use super::random::feed;
use super::*;

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
        live.sort();
        assert!(tracker.into_live().map(|life| life.note.0).eq(live.into_iter().map(|(_, events, _)| events)));
    }
}
