//! The borrowed and the owned form of an event agree in everything, and neither shows what is secret.

mod common;

use common::{event, event_of_bytes, hash};
use tor_stream_event::StreamEventRef;

/// A line whose credentials, and whose unknown keyword, hold the word `SECRET`.
const WITH_SECRETS: &str = concat!(
    "5 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER SOCKS_USERNAME=\"SECRET u\" ",
    "SOCKS_PASSWORD=\"SECRET\\\" p\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME NEW_KEY=SECRET"
);

/// Debug shows the parts of an event, and of its parts, but no credential and no value that may be one.
#[test]
fn debug_redacts() {
    let event = event(WITH_SECRETS);
    let quoted = event.socks_password();
    let bytes = quoted.map(|quoted| quoted.bytes());
    let shown = format!("{event:?}{event:#?}{:?}{quoted:?}{bytes:?}", event.args());
    assert!(!shown.contains("SECRET"), "{shown}");
    assert_eq!(
        (format!("{quoted:?}").as_str(), format!("{bytes:?}").as_str()),
        ("Some(Quoted(***))", "Some(QuotedBytes(***))")
    );
    assert!(shown.contains("NEW_KEY") && shown.contains("example.com") && shown.contains("***"), "{shown}");
}

/// The same where the line is read by another rule, or is no text.
#[test]
fn debug_redacts_odd_lines() {
    for line in [
        &b"5 NEW 0 a:1 bare SOCKS_USERNAME=\"SECRET\" PURPOSE=USER"[..],
        b"5 NEW 0 a:1 SOCKS_PASSWORD=\"SECRET",
        b"5 NEW 0 a:1 SOCKS_PASSWORD=SECRET",
        b"5 NEW 0 a:1 FOO=\"SECRET\"",
        b"5 NEW 0 \xff:1 SOCKS_PASSWORD=\"SECRET\"",
        b"5 NEW 0 a:1 SOCKS_PASSWORD=\"SECRET\xff\"",
    ] {
        let event = event_of_bytes(line);
        let shown = format!("{event:?}{:?}{:?}{:?}", event.args(), event.socks_username(), event.socks_password());
        assert!(!shown.contains("SECRET"), "{shown}");
        #[cfg(feature = "alloc")]
        {
            let shown = format!("{:?}{:#?}", event.into_owned(), event.into_owned());
            assert!(!shown.contains("SECRET"), "{shown}");
        }
    }
}

/// Events differ where their lines do, even in a part that no field holds.
#[test]
fn equality_is_that_of_the_line() {
    let one = event("5 NEW 0 a:1 FOO=1");
    for other in ["5 NEW 0 a:1 FOO=2", "6 NEW 0 a:1 FOO=1", "5 NEW 0 a:1 FOO=1 ", "5 NEW 0 a:1 FOO=\"1\""] {
        assert_ne!(one, event(other));
        #[cfg(feature = "alloc")]
        {
            assert_ne!(one.into_owned(), event(other).into_owned());
            assert_ne!(one.into_owned(), event(other));
            assert_ne!(one, event(other).into_owned());
        }
    }
    let copy = "5 NEW 0 a:1 FOO=1\r\n".to_owned();
    assert_eq!(one, event(&copy));
    assert_eq!(hash(&one), hash(&event(&copy)));
}

/// What the accessors of a borrowed event return outlives the event.
#[test]
fn accessors_return_the_inputs_lifetime() {
    /// Every part, after the event is gone.
    fn parts(line: &str) -> (Vec<&str>, &[u8], &[u8]) {
        let event: StreamEventRef<'_> = event(line);
        let mut parts = vec![event.id, event.target_host, event.status_str()];
        parts.extend(event.purpose_str());
        parts.extend(event.source_host());
        parts.extend(event.exit_relay().map(|(_, relay)| relay));
        parts.extend(event.iso_fields_str());
        parts.extend(event.socks_username().map(|quoted| quoted.escaped()));
        parts.extend(event.iso_fields().words());
        parts.extend(event.args().map(|(_, value)| value));
        parts.extend(event.arg("NEW_KEY"));
        (parts, event.target_bytes(), event.content())
    }
    let (parts, target, content) = parts(WITH_SECRETS);
    assert_eq!(parts.len(), 3 + 5 + 9 + 1);
    assert_eq!(target, b"example.com:443");
    assert_eq!(content, WITH_SECRETS.as_bytes());
}

/// What needs the owned form.
#[cfg(feature = "alloc")]
mod owned {
    extern crate alloc;

    use alloc::collections::BTreeSet;

    use super::common::{assert_pair, cases, event_of_bytes, hash, lenient_event};
    use super::{WITH_SECRETS, event};
    use std::collections::HashSet;
    use tor_stream_event::{CircuitId, StreamEvent, StreamEventRef, StreamId, StreamStatus};

    /// Every case of the shared list, and lines that only lenient reading takes.
    #[test]
    fn agree() {
        for case in cases::all() {
            let event = event_of_bytes(case.line);
            assert_pair(&event.into_owned(), &event);
        }
        for line in [&b"5 FUTURE 0 a:1"[..], b"5 NEW 0 a", b"5 NEW 0 ", b"5 NEW 0 \xff", b"5 FUTURE 3 \xff REASON=\xff"]
        {
            let event = lenient_event(line);
            assert_pair(&event.into_owned(), &event);
        }
    }

    /// An owned event borrows no longer, and gives the borrowed form back without a copy.
    #[test]
    fn owns_its_text() {
        let owned = {
            let line = WITH_SECRETS.to_owned();
            event(&line).into_owned()
        };
        let borrowed = owned.as_event_ref();
        assert_eq!(borrowed, event(WITH_SECRETS));
        assert_eq!(borrowed.content().as_ptr(), owned.content().as_ptr());
        assert_eq!(borrowed.target_host.as_ptr(), owned.target_host.as_ptr());
        assert_eq!(StreamEventRef::from(&owned), borrowed);
    }

    /// Either form finds the other's place in a set.
    #[test]
    fn hash_and_eq_in_a_set() {
        let lines = ["5 NEW 0 a:1", "5 NEW 0 a:2", "5 NEW 0 a:1\r\n", "5 CLOSED 0 a:1 REASON=DONE"];
        let borrowed: HashSet<StreamEventRef<'_>> = lines.iter().map(|line| event(line)).collect();
        let owned: HashSet<StreamEvent> = lines.iter().map(|line| event(line).into_owned()).collect();
        assert_eq!((borrowed.len(), owned.len()), (3, 3));
        assert!(borrowed.iter().all(|event| owned.contains(&event.into_owned())));
    }

    /// A changed public field makes an event another one, in both directions and in its borrowed form.
    #[test]
    fn changed_field() {
        let original = event("5 NEW 0 a:1");
        let mut changed = original.into_owned();
        changed.target_host = "b".into();
        changed.status = StreamStatus::Closed;
        assert_ne!(changed, original);
        assert_ne!(original, changed);
        assert_eq!(changed.as_event_ref().target_host, "b");
        assert_eq!(changed.content(), original.content());
    }

    /// Debug of the owned form shows the same, under its own name.
    #[test]
    fn debug_redacts() {
        let owned = event(WITH_SECRETS).into_owned();
        let shown = format!("{owned:?}{owned:#?}{:?}{:?}", owned.args(), owned.socks_username());
        assert!(shown.starts_with("StreamEvent {"), "{shown}");
        assert!(!shown.contains("SECRET"), "{shown}");
    }

    /// A malformed ID is kept as it is if there is room for it; a longer one stays apart from others.
    #[test]
    fn malformed_ids() {
        for id in ["a!b", "_", "-1", "caf\u{e9}", "{twenty-bytes-of-it}"] {
            let line = format!("{id} NEW {id} a:1");
            let event = lenient_event(line.as_bytes());
            let owned = event.into_owned();
            assert_eq!(owned.id, id);
            assert_eq!(owned.circuit_id.map(|id| id.to_string()).as_deref(), Some(id));
            assert_pair(&owned, &event);
        }
        for (token, id) in [
            ("12345678901234567890123", "123~34d38f4090dee063"),
            ("12345678901234567890124", "123~34d3944090dee8e2"),
            ("_2345678901234567890123", "~b9d525c6fbfff35d"),
            // A damaged line may have a credential there.
            ("SOCKS_PASSWORD=\"p\"", "SOC~5346d53930793a59"),
            ("SOCKS_PASSWORD=\"q\"", "SOC~5346d53930793a59"),
        ] {
            let owned = lenient_event(format!("{token} NEW {token} a:1").as_bytes()).into_owned();
            assert_eq!(owned.id, id);
            assert_eq!(owned.circuit_id.map(|id| id.to_string()).as_deref(), Some(id));
        }
    }

    /// IDs are values that compare with text and print as it.
    #[test]
    fn ids() {
        let owned = event("18446744073709551615 NEW x9 a:1").into_owned();
        let id: StreamId = "18446744073709551615".parse().expect("an ID");
        let circuit: CircuitId = "x9".parse().expect("an ID");
        assert_eq!((owned.id, owned.circuit_id), (id, Some(circuit)));
        assert_eq!(id, "18446744073709551615");
        assert_eq!(circuit, *"x9");
        assert_eq!(format!("{circuit}|{circuit:>4}|{circuit:?}"), "x9|  x9|\"x9\"");
        let mut ids: Vec<StreamId> = ["9", "10", "1"].iter().filter_map(|text| text.parse().ok()).collect();
        ids.sort();
        assert!(ids.iter().map(AsRef::as_ref).eq(["1", "10", "9"]), "the order is that of text");
    }

    /// A map whose keys are IDs is asked with text.
    #[test]
    fn ids_as_keys() {
        let texts = ["1", "10", "9", "a", "Z", "18446744073709551615"];
        let ids = || texts.iter().filter_map(|text| text.parse::<StreamId>().ok());
        let (hashed, sorted): (HashSet<_>, BTreeSet<_>) = (ids().collect(), ids().collect());
        for (text, id) in texts.iter().zip(ids()) {
            assert_eq!(hash(&id), hash(text));
            assert!(hashed.contains(*text) && sorted.contains(*text), "{text}");
            for (other_text, other) in texts.iter().zip(ids()) {
                assert_eq!(id.cmp(&other), text.cmp(other_text));
            }
        }
        assert!(!hashed.contains("") && !sorted.contains("100"));
        let circuits: BTreeSet<CircuitId> = "7".parse().into_iter().collect();
        assert!(circuits.contains("7") && !circuits.contains("8"));
    }
}
