//! Random events, and trackers that note which events a stream has.

use super::generator::Random;
use super::*;

/// A note of the times of a stream's events. The tests use the events' numbers as times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times(pub(crate) Vec<usize>);

impl Note for Times {
    fn append(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl Random {
    /// Returns the content of an event of one of `ids` streams. Statuses and fields are any, mostly in an order that no tor prints.
    pub(crate) fn event(&mut self, ids: usize) -> String {
        let id = self.below(ids);
        let status = self.one_of(&[
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
        let fields = self.one_of(&[
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

/// A tracker whose notes list the times of a stream's events, which [`feed`] numbers.
pub(crate) type Noted = StreamTracker<usize, Times>;

/// Gives events to a tracker, with times from `start` on, and returns the streams that are over.
pub(crate) fn feed(tracker: &mut Noted, events: &[String], start: usize) -> Vec<StreamLife<usize, Times>> {
    let update = |(time, content): (usize, &String)| {
        let event = StreamEventRef::parse_lenient(content.as_bytes()).expect("an event");
        tracker.update_with(&event, time, Times(vec![time]))
    };
    (start..).zip(events).filter_map(update).collect()
}
