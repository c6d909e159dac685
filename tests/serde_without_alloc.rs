//! Without an allocator events can be written as data, and not read. The rest is in `tests/serde`, which needs one.
#![cfg(not(feature = "alloc"))]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use tor_stream_event::StreamEventRef;

/// Returns the ID, the port and the content that an event is written with.
fn written(event: &StreamEventRef<'_>) -> [Value; 3] {
    let form = serde_json::to_value(event).expect("JSON");
    ["id", "target_port", "content"].map(|name| form[name].clone())
}

/// The content is written only if tor would print another one for the fields, and the fields are those of the content.
#[test]
fn content_of_an_odd_event() {
    let event = StreamEventRef::parse("5 CLOSED 7 a.test:80 REASON=DONE").expect("an event");
    assert_eq!(written(&event), [json!("5"), json!(80), Value::Null]);

    let line = "5 CLOSED 7 a.test:080 REASON=DONE";
    let mut event = StreamEventRef::parse(line).expect("an event");
    assert_eq!(written(&event), [json!("5"), json!(80), json!(line)]);
    event.id = "6";
    assert_eq!(written(&event), [json!("6"), json!(80), Value::Null]);
}
