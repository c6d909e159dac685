//! Data that is no event: errors, and what they show.

use super::*;

/// Data with a content are refused if a field is another one than the content has.
#[test]
fn fields_differ_from_content() {
    // The zero before the port is odd, so the content is added.
    let form: Value = serde_json::from_str(&to_json(&event("5 CLOSED 7 evil.com:080 REASON=DONE"))).expect("JSON");
    assert_eq!(of_json(&form), event("5 CLOSED 7 evil.com:080 REASON=DONE"));
    for (key, value) in [
        ("id", json!("6")),
        ("status", json!("FAILED")),
        ("circuit_id", json!(null)),
        ("target_host", json!("good.com")),
        ("target_port", json!(81)),
        ("reason", json!("MISC")),
        ("reason", json!(null)),
        ("remote_reason", json!("MISC")),
        ("source", json!("EXIT")),
        ("source_addr", json!("127.0.0.1:5")),
        ("purpose", json!("USER")),
        ("socks_username", json!("")),
        ("socks_password", json!("a")),
        ("client_protocol", json!("SOCKS5")),
        ("nym_epoch", json!(0)),
        ("session_group", json!(-4)),
        ("iso_fields", json!([])),
    ] {
        let mut changed = form.clone();
        changed[key] = value;
        let error = json_err(&changed);
        assert!(
            error.starts_with("expected the fields of an event to be those of its content, found others"),
            "{error}"
        );
    }
    // A host that is not UTF-8 is compared to its end: neither more nor less of it is accepted.
    let form: Value = serde_json::from_str(&to_json(&event_of_bytes(b"5 CLOSED 7 a\xffb:80"))).expect("JSON");
    for (host, expected) in [("a\u{FFFD}b", true), ("a\u{FFFD}bc", false), ("a\u{FFFD}", false), ("", false)] {
        let mut changed = form.clone();
        changed["target_host"] = json!(host);
        assert_eq!(serde_json::from_value::<StreamEvent>(changed).is_ok(), expected, "{host}");
    }
    // No line of tor's holds a line end; a lone CR or LF may be part of a host.
    for (host, expected) in [("a\r\nb", false), ("a\nb", true), ("a\rb", true)] {
        let content = format!("5 CLOSED 7 {host}:1");
        let with_content = json!({"id": "5", "status": "CLOSED", "circuit_id": "7", "target_host": host, "target_port": 1,
            "content": content});
        let mut without = with_content.clone();
        without["content"] = json!(null);
        for form in [with_content, without] {
            assert_eq!(serde_json::from_value::<StreamEvent>(form.clone()).is_ok(), expected, "{form}");
        }
    }
}

/// Data with an ID that only lenient reading takes are refused without the anomaly that says so.
#[test]
fn malformed_ids() {
    let long = "123456789012345678901";
    for (id, circuit) in [("a-b", "7"), ("5", "x_y"), ("5", long), (long, "7")] {
        let line = [id, " NEW ", circuit, " a.com:80 PURPOSE=USER"].concat();
        let mut form: Value = serde_json::from_str(&to_json(&lenient_event(line.as_bytes()))).expect("JSON");
        assert_eq!(form["anomalies"], json!(["malformed_id"]));
        check(&lenient_event(line.as_bytes()));
        form["anomalies"] = json!([]);
        json_err(&form);
    }
}

/// Data in which one bit was changed is refused, or is the same as the event that parsing its content returns.
#[test]
fn one_bit_changed() {
    /// Reads an event out of its form.
    type Read = fn(&[u8]) -> Option<StreamEvent>;

    let mut accepted = 0;
    for line in ["5 CLOSED 7 a.com:080 REASON=DONE", EVERY_FIELD] {
        let (json, bytes) = (to_json(&event(line)), postcard::to_allocvec(&event(line)).expect("postcard"));
        let mut cbor = Vec::new();
        ciborium::into_writer(&event(line), &mut cbor).expect("CBOR");
        let forms: [(&[u8], Read); 3] = [
            (json.as_bytes(), |form| serde_json::from_slice(form).ok()),
            (&bytes, |form| postcard::from_bytes(form).ok()),
            (&cbor, |form| ciborium::from_reader(form).ok()),
        ];
        for (form, read) in forms {
            for (index, bit) in (0..form.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
                let mut changed = form.to_vec();
                changed[index] ^= 1 << bit;
                let Some(read) = read(&changed) else { continue };
                accepted += 1;
                // The end is that of the line: a CR or LF before it is content.
                let line = [read.content(), b"\r\n"].concat();
                assert_eq!(read, lenient_event(&line), "{}", changed.escape_ascii());
                check_owned(&read);
            }
        }
    }
    // Many changes only make another host or another word of the text: data that are accepted. Without such the test would show nothing.
    assert!(accepted > 500, "{accepted}");
}

/// Fields that no line has together are refused, and so are data that end too early. No error shows a credential.
#[test]
fn fields_of_no_line() {
    let form: Value = serde_json::from_str(&to_json(&event(EVERY_FIELD))).expect("JSON");
    let mut bytes = postcard::to_allocvec(&event(EVERY_FIELD)).expect("postcard");
    bytes.truncate(bytes.len() - 1);
    assert!(postcard::from_bytes::<StreamEvent>(&bytes).is_err());
    for (key, value) in [
        // Values with a space or quotation mark, which would be more than one field.
        ("id", json!("5 NEW 0 a:1 ")),
        ("status", json!("NE W")),
        ("source_addr", json!("1.2.3.4:5 PURPOSE=DIR_FETCH")),
        ("purpose", json!("USER PURPOSE=DIR_FETCH")),
        ("socks_username", json!("a\" SOCKS_PASSWORD=\"b")),
        ("iso_fields", json!(["A B"])),
        // Values out of range: no ID, the circuit that is none, and a port.
        ("id", json!("")),
        ("circuit_id", json!("0")),
        ("target_port", json!(65536)),
        // A field that NEW does not have, a content that is no event, and one of another type.
        ("reason", json!("DONE")),
        ("content", json!("5 NEW")),
        ("content", json!(["a"])),
    ] {
        let mut changed = form.clone();
        changed[key] = value;
        let error = json_err(&changed);
        assert!(!error.contains("hunter2"), "{error}");
    }
}

/// A credential of another type is refused without being shown.
#[test]
fn errors_hold_no_secret() {
    let form: Value = serde_json::from_str(&to_json(&event(EVERY_FIELD))).expect("JSON");
    for key in ["socks_username", "socks_password", "content"] {
        // Values of other types, which all hold the digits 4711.
        for value in [json!(4711), json!({"4711": 4711}), json!([4711]), json!(4711.5), json!(["4711"])] {
            let mut changed = form.clone();
            changed[key] = value;
            let error = json_err(&changed);
            assert!(!error.contains("4711") && error.contains("unexpected type"), "{error}");
        }
    }
}
