//! Stream and circuit IDs as values of their own.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::collections::HashSet;

use tor_stream_event::ErrorKind::{Malformed, Missing};
use tor_stream_event::{CircuitId, Error, Field, StreamId};

use crate::common;

/// IDs compare with text, are ordered as text, and print as text.
#[cfg(feature = "alloc")]
#[test]
fn ids_are_like_text() {
    let owned = common::event("18446744073709551615 NEW x9 a:1").into_owned();
    let id: StreamId = "18446744073709551615".parse().expect("an ID");
    let circuit: CircuitId = "x9".parse().expect("an ID");
    assert_eq!((owned.id, owned.circuit_id), (id, Some(circuit)));
    assert_eq!(id, "18446744073709551615");
    assert_eq!(circuit, *"x9");
    // `Display` obeys the width.
    assert_eq!(format!("{circuit}|{circuit:>4}|{circuit:?}"), "x9|  x9|\"x9\"");
    let mut ids: Vec<StreamId> = ["9", "10", "1"].iter().filter_map(|text| text.parse().ok()).collect();
    ids.sort();
    assert!(ids.iter().map(AsRef::as_ref).eq(["1", "10", "9"]), "the order is that of text");
}

/// A map or set whose keys are IDs finds them by text: IDs are hashed and ordered as their texts are.
#[test]
fn ids_as_keys() {
    let texts = ["1", "10", "9", "a", "Z", "18446744073709551615"];
    let ids = || texts.iter().filter_map(|text| text.parse::<StreamId>().ok());
    let (hashed, sorted): (HashSet<_>, BTreeSet<_>) = (ids().collect(), ids().collect());
    for (text, id) in texts.iter().zip(ids()) {
        assert_eq!(common::hash(&id), common::hash(text));
        assert!(hashed.contains(*text) && sorted.contains(*text), "{text}");
        for (other_text, other) in texts.iter().zip(ids()) {
            assert_eq!(id.cmp(&other), text.cmp(other_text));
        }
    }
    assert!(!hashed.contains("") && !sorted.contains("100"));
    let circuits: BTreeSet<CircuitId> = "7".parse().into_iter().collect();
    assert!(circuits.contains("7") && !circuits.contains("8"));
}

/// Text that is no ID is refused with the message of an event with such an ID.
#[test]
fn text_that_is_no_id() {
    let expected = "expected a circuit ID of 1 to 20 letters or digits, found";
    for (text, kind, offset, found) in [
        ("", Missing(Field::CircuitId), 0, "the end"),
        (" ", Malformed(Field::CircuitId), 0, "' '"),
        ("12 ", Malformed(Field::CircuitId), 2, "' '"),
        ("a_b", Malformed(Field::CircuitId), 1, "'_'"),
        // 21 digits; and a digit that is not ASCII.
        ("123456789012345678901", Malformed(Field::CircuitId), 20, "'1'"),
        ("\u{665}", Malformed(Field::CircuitId), 0, "'\\xd9'"),
    ] {
        let Err(Error::Protocol(error)) = text.parse::<CircuitId>() else {
            panic!("{text:?} is no ID");
        };
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text:?}");
        assert_eq!(error.to_string(), format!("{expected} {found} at byte {offset}"));
        assert!(text.parse::<StreamId>().is_err(), "{text:?}");
    }
}

/// A malformed ID of up to 20 bytes without a quotation mark is kept as it is. Any other is abridged: up to three letters or digits at
/// its start, `~`, and a hash of the text before its first quotation mark.
#[cfg(feature = "alloc")]
#[test]
fn malformed_ids() {
    for id in ["a!b", "_", "-1", "caf\u{e9}", "{twenty-bytes-of-it}"] {
        let line = format!("{id} NEW {id} a:1");
        let event = common::lenient_event(line.as_bytes());
        let owned = event.into_owned();
        assert_eq!(owned.id, id);
        assert_eq!(owned.circuit_id.map(|id| id.to_string()).as_deref(), Some(id));
        common::assert_pair(&owned, &event);
    }
    for (token, id) in [
        // Two IDs that differ in the last digit stay apart.
        ("12345678901234567890123", "123~34d38f4090dee063"),
        ("12345678901234567890124", "123~34d3944090dee8e2"),
        // No letter or digit at the start.
        ("_2345678901234567890123", "~b9d525c6fbfff35d"),
        // The hash leaves out quoted text, which may be a credential: these two IDs become equal.
        ("SOCKS_PASSWORD=\"p\"", "SOC~5346d53930793a59"),
        ("SOCKS_PASSWORD=\"q\"", "SOC~5346d53930793a59"),
    ] {
        let owned = common::lenient_event(format!("{token} NEW {token} a:1").as_bytes()).into_owned();
        assert_eq!(owned.id, id);
        assert_eq!(owned.circuit_id.map(|id| id.to_string()).as_deref(), Some(id));
    }
}
