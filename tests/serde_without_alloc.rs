//! Without the feature `alloc` events can be written as data, and not read. `tests/serde` has the tests with it.
#![cfg(not(feature = "alloc"))]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use tor_stream_event::StreamEventRef;

/// Returns the ID, the port and the content of an event as data; the content is null if it is left out.
fn written(event: &StreamEventRef<'_>) -> [Value; 3] {
    let form = serde_json::to_value(event).expect("JSON");
    ["id", "target_port", "content"].map(|name| form[name].clone())
}

/// The content of an odd event is written beside its fields: tor would print these otherwise. A plain event has no need of it, and one
/// whose field was changed must not have it.
#[test]
fn content_of_an_odd_event() {
    let event = StreamEventRef::parse("5 CLOSED 7 a.test:80 REASON=DONE").expect("an event");
    assert_eq!(written(&event), [json!("5"), json!(80), Value::Null]);

    // tor prints no zero before a port.
    let line = "5 CLOSED 7 a.test:080 REASON=DONE";
    let mut event = StreamEventRef::parse(line).expect("an event");
    assert_eq!(written(&event), [json!("5"), json!(80), json!(line)]);
    event.id = "6";
    assert_eq!(written(&event), [json!("6"), json!(80), Value::Null]);
}
