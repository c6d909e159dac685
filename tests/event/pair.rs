//! The borrowed and the owned form of an event: they agree, in themselves and with each other.

use crate::common::{WITH_SECRETS, event, hash};
use tor_stream_event::StreamEventRef;

/// Events differ if their contents do, even in text that is in no public field. The line end is no content.
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

/// Text that a borrowed event's accessors return outlives the event.
#[test]
fn accessors_return_the_inputs_lifetime() {
    /// Returns texts of the accessors of an event that is gone when the function returns.
    fn texts(line: &str) -> (Vec<&str>, &[u8], &[u8]) {
        let event: StreamEventRef<'_> = event(line);
        let mut texts = vec![event.id, event.target_host, event.status_str()];
        texts.extend(event.purpose_str());
        texts.extend(event.source_host());
        texts.extend(event.exit_relay().map(|(_, relay)| relay));
        texts.extend(event.iso_fields_str());
        texts.extend(event.socks_username().map(|quoted| quoted.escaped()));
        texts.extend(event.iso_fields().words());
        texts.extend(event.args().map(|(_, value)| value));
        texts.extend(event.arg("NEW_KEY"));
        (texts, event.target_bytes(), event.content())
    }
    let (texts, target, content) = texts(WITH_SECRETS);
    let expected = [
        "5",
        "example.com",
        "NEW",
        "USER",
        "127.0.0.1",
        "SOCKS_USERNAME,SESSION_GROUP",
        "hunter2 u",
        // The words of ISO_FIELDS, the nine arguments, and the last of them once more.
        "SOCKS_USERNAME",
        "SESSION_GROUP",
        "127.0.0.1:5",
        "USER",
        "\"hunter2 u\"",
        "\"hunter2\\\" p\"",
        "SOCKS5",
        "0",
        "-4",
        "SOCKS_USERNAME,SESSION_GROUP",
        "hunter2",
        "hunter2",
    ];
    assert_eq!(texts, expected);
    assert_eq!(target, b"example.com:443");
    assert_eq!(content, WITH_SECRETS.as_bytes());
}

/// Tests of the owned form.
#[cfg(feature = "alloc")]
mod owned {
    use super::{WITH_SECRETS, event};
    use crate::common::{assert_pair, cases, event_of_bytes, lenient_event};
    use std::collections::HashSet;
    use tor_stream_event::{StreamEvent, StreamEventRef, StreamStatus};

    /// The forms agree in every case of the shared list, and in lines that only lenient reading takes.
    #[test]
    fn both_forms_agree() {
        for case in cases::all() {
            let event = event_of_bytes(case.content);
            assert_pair(&event.into_owned(), &event);
        }
        // An unknown status, no port, no target, and text that is not UTF-8.
        for line in [&b"5 FUTURE 0 a:1"[..], b"5 NEW 0 a", b"5 NEW 0 ", b"5 NEW 0 \xff", b"5 FUTURE 3 \xff REASON=\xff"]
        {
            let event = lenient_event(line);
            assert_pair(&event.into_owned(), &event);
        }
    }

    /// An owned event outlives the line. Its borrowed form has the same text in memory, not a copy.
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

    /// Events of equal lines are one element of a set, whether it holds borrowed or owned events.
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
}
