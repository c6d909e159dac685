//! Words, IDs and targets as data.

use super::*;

/// Words and IDs are text. Any text is read as a word; text that is no ID is refused.
#[test]
fn words_and_ids() {
    for &status in StreamStatus::ALL {
        assert_eq!(serde_json::to_value(status).expect("JSON"), json!(status.as_str()));
        assert_eq!(serde_json::from_value::<StreamStatus>(json!(status.as_str())).expect("a word"), status);
        let bytes = postcard::to_allocvec(&status).expect("postcard");
        assert_eq!(postcard::from_bytes::<StreamStatus>(&bytes), Ok(status));
    }
    assert_eq!(serde_json::from_value::<StreamPurpose>(json!("FUTURE")).expect("a word"), StreamPurpose::Unrecognized);
    assert_eq!(serde_json::to_value(StreamPurpose::Unrecognized).expect("JSON"), json!("UNRECOGNIZED"));
    assert_eq!(serde_json::to_value(Anomaly::TargetSpace).expect("JSON"), json!("target_space"));

    let id: StreamId = serde_json::from_value(json!("18446744073709551615")).expect("an ID");
    assert_eq!(serde_json::to_value(id).expect("JSON"), json!("18446744073709551615"));
    let error = serde_json::from_value::<CircuitId>(json!("a b")).expect_err("an error").to_string();
    assert_eq!(error, "expected a circuit ID of 1 to 20 letters or digits, found ' ' at byte 1");
    // Only an event or a stream may have a malformed ID. The last one is the form in which they keep an ID that is too long.
    for id in ["", " ", "a b", "a\"b", "123456789012345678901", "1-a", "_", "caf\u{e9}", "123~34d38f4090dee063"] {
        assert!(serde_json::from_value::<StreamId>(json!(id)).is_err(), "{id}");
        assert!(serde_json::from_value::<CircuitId>(json!(id)).is_err(), "{id}");
    }
    assert_eq!(serde_json::from_value::<StreamId>(json!("0")).expect("an ID"), "0");
    let error = serde_json::from_value::<CircuitId>(json!("0")).expect_err("an error").to_string();
    assert_eq!(error, "expected a circuit ID of 1 to 20 letters or digits, found 0 (no circuit) at byte 0");
    let error = serde_json::from_value::<StreamId>(json!(16)).expect_err("an error").to_string();
    assert_eq!(error, "invalid type: integer `16`, expected 1 to 20 letters or digits");
}

/// A target is text, as an event has it; a host may have colons.
#[test]
fn a_target_is_text() {
    for (text, host, port) in
        [("a.com:80", "a.com", 80), ("[::1]:7", "[::1]", 7), (":0", "", 0), ("a:1 b:65535", "a:1 b", 65535)]
    {
        let target: Target = serde_json::from_value(json!(text)).expect("a target");
        assert_eq!((target.host.as_str(), target.port), (host, port));
        assert_eq!(serde_json::to_value(&target).expect("JSON"), json!(text));
    }
    for text in ["", "a.com", "a.com:", "a.com:65536", "a.com:+80", "80"] {
        let error = serde_json::from_value::<Target>(json!(text)).expect_err("an error").to_string();
        assert_eq!(error, "expected a host, a colon and a port up to 65535");
    }
}
