//! An event that becomes data, as text or as bytes, comes back as it was, and so does one that is read out of any data. Data
//! with one bit changed is refused, or is the event of its own content.
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

/// Asserts that an event read out of data is that of its content, apart from anomalies of the line that it was found in.
fn assert_says_its_content(event: &StreamEvent) {
    // The end is that of a line: a CR or LF before it is content.
    let line = [event.content(), b"\r\n"].concat();
    let parsed = StreamEvent::from(StreamEventRef::parse_lenient(&line).expect("an event"));
    // The fields without the last ones, which are the arguments and the anomalies.
    let fields = |event: &StreamEvent| format!("{event:?}").split(" args: ").next().map(String::from);
    assert_eq!(fields(event), fields(&parsed), "{line:?}");
    assert_eq!(event.to_string(), parsed.to_string());
    assert!(parsed.anomalies().iter().all(|anomaly| event.anomalies().contains(anomaly)));
    assert!(!event.content().windows(2).any(|bytes| bytes == b"\r\n"));
    assert_ne!(event.circuit_id.as_ref().map(AsRef::as_ref), Some("0"));
}

/// Changes one bit of data, which a hash of `seed` chooses.
fn change(data: &mut [u8], seed: &[u8]) {
    let number = seed.iter().fold(0_usize, |number, &byte| number.wrapping_mul(31).wrapping_add(byte.into()));
    let index = number.checked_rem(data.len()).unwrap_or_default();
    if let Some(byte) = data.get_mut(index) {
        // By another part of the number than the index.
        *byte ^= 1 << (number / 7919 % 8);
    }
}

law!(|input: &[u8]| {
    let of_line = StreamEventRef::parse_lenient(input).map(StreamEvent::from);
    // A content that holds a CR LF is refused as data.
    let of_line = of_line.ok().filter(|event| !event.content().windows(2).any(|bytes| bytes == b"\r\n"));
    let of_json = serde_json::from_slice::<StreamEvent>(input).ok();
    let of_bytes = postcard::from_bytes::<StreamEvent>(input).ok();
    for event in of_line.iter().chain(&of_json).chain(&of_bytes) {
        assert_comes_back(event);
        let mut json = serde_json::to_vec(event).expect("JSON");
        let mut bytes = postcard::to_allocvec(event).expect("postcard");
        change(&mut json, input);
        change(&mut bytes, input);
        let changed = [serde_json::from_slice(&json).ok(), postcard::from_bytes(&bytes).ok()];
        changed.iter().flatten().for_each(assert_says_its_content);
    }
    of_json.iter().chain(&of_bytes).for_each(assert_says_its_content);
});
