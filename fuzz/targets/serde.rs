//! An event that becomes data, as text or as bytes, comes back as it was, and so does one that is read out of any data.
#![cfg_attr(fuzzing, no_main)]

use laws::law;
use tor_stream_event::{StreamEvent, StreamEventRef};

/// Asserts that an event comes back as it was, and that its borrowed form gives the same data.
fn assert_comes_back(event: &StreamEvent) {
    let json = serde_json::to_string(event).expect("JSON");
    assert_eq!(serde_json::from_str::<StreamEvent>(&json).as_ref().ok(), Some(event), "{json}");
    assert_eq!(serde_json::to_string(&event.as_event_ref()).expect("JSON"), json);

    let bytes = postcard::to_allocvec(event).expect("postcard");
    assert_eq!(postcard::from_bytes(&bytes).as_ref(), Ok(event), "{json}");
    assert_eq!(postcard::to_allocvec(&event.as_event_ref()).expect("postcard"), bytes);
}

law!(|input: &[u8]| {
    let of_line = StreamEventRef::parse_lenient(input).map(StreamEvent::from);
    let of_json = serde_json::from_slice(input);
    let of_bytes = postcard::from_bytes(input);
    for event in of_line.iter().chain(&of_json).chain(&of_bytes) {
        assert_comes_back(event);
    }
});
