//! The fields of an event, put together, are its content, and so is the output of `Display`.
#![cfg_attr(fuzzing, no_main)]

use laws::law;
use tor_stream_event::{Anomaly, StreamEventRef};

law!(|input: &[u8]| {
    let Ok(event) = StreamEventRef::parse_lenient(input) else { return };
    let content = event.content();
    // A lone CR or LF was removed. It may have been the last byte of a cut target: then `event` has an anomaly that the same content
    // with CR LF, as it is read below, does not have.
    if input.len() == content.len() + 1 {
        return;
    }
    assert_eq!(event.to_string(), String::from_utf8_lossy(content));
    assert_eq!(StreamEventRef::parse_lenient(&[content, b"\r\n"].concat()), Ok(event));

    let mut tokens = content.splitn(4, |&byte| byte == b' ');
    for field in [event.id, event.status_str(), event.circuit_id.unwrap_or("0")] {
        let token = tokens.next().expect("three tokens");
        // A token that is not UTF-8 is read as one U+FFFD.
        assert_eq!(field, core::str::from_utf8(token).unwrap_or("\u{fffd}"));
    }
    let rest = tokens.next().unwrap_or_default();
    let mut rest = rest.strip_prefix(event.target_bytes()).expect("the target");
    if event.anomalies().contains(Anomaly::FieldNotUtf8) {
        return;
    }
    // In an unknown order, tokens that are no arguments may stand between the arguments, and are skipped.
    let in_order = !event.anomalies().contains(Anomaly::UnknownOrder);
    for (key, value) in event.args() {
        // A reason that is a code has a space before it.
        let fields = [format!(" {key}={value}"), format!(" {key}= {value}")];
        let starts = |from: &[u8]| fields.iter().find(|field| from.starts_with(field.as_bytes())).map(String::len);
        let last = if in_order { 0 } else { rest.len() };
        rest = (0..=last).find_map(|at| rest[at..].get(starts(&rest[at..])?..)).expect("the field");
    }
    // Old tors print a space behind a target without a field.
    assert!(matches!(rest, b"" | b" ") || !in_order);
});
