//! Random events, and trackers that note which events a stream has.

use super::*;

/// The times of a stream's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times(pub(crate) Vec<usize>);

impl Note for Times {
    fn append(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

/// Pseudo-random numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    /// Returns one of some texts.
    pub(crate) fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    /// Returns an event's content. A few streams have many events, and many follow what tor never prints.
    pub(crate) fn event(&mut self, ids: usize) -> String {
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
pub(crate) type Noted = StreamTracker<usize, Times>;

/// Feeds events to a tracker, and returns what it hands out.
pub(crate) fn feed(tracker: &mut Noted, events: &[String], start: usize) -> Vec<StreamLife<usize, Times>> {
    let event = |content: &str| StreamEventRef::parse_lenient(content.as_bytes()).expect("an event").into_owned();
    (start..)
        .zip(events)
        .filter_map(|(time, content)| tracker.update_with(&event(content).as_event_ref(), time, Times(vec![time])))
        .collect()
}
