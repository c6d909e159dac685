//! The owned form of an event is the same event.
#![cfg_attr(fuzzing, no_main)]

use core::hash::{Hash, Hasher};
use core::str::from_utf8;
use std::hash::DefaultHasher;

use laws::{assert_consistent, assert_same, law};
use tor_stream_event::{Anomaly, StreamEvent, StreamEventRef};

/// Returns the hash of a value.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

law!(|input: &[u8]| {
    if let Ok(text) = from_utf8(input) {
        let owned = StreamEventRef::parse(text).map(StreamEvent::from);
        assert_eq!(StreamEvent::parse(text), owned);
        assert_eq!(text.parse(), owned);
    }
    let Ok(event) = StreamEventRef::parse_lenient(input) else { return };
    let owned = event.into_owned();
    let again = owned.as_event_ref();
    assert_same(&owned, &event);
    assert_same(&owned, &again);
    assert_consistent(&again);
    assert_eq!(again.into_owned(), owned);
    // The owned form may abridge a malformed ID, and then is another event.
    if !event.anomalies().contains(Anomaly::MalformedId) {
        assert_eq!(owned, event);
        assert_eq!(event, owned);
        assert_eq!(hash(&owned), hash(&event));
        assert_eq!(format!("{owned:?}"), format!("{event:?}").replacen("StreamEventRef", "StreamEvent", 1));
    }
});
