//! The words of the protocol: every one, in both directions, and no other. Then anomalies: their sets and names.

use tor_stream_event::{
    Anomalies, Anomaly, ClientProtocol, Error, ErrorKind, Field, IsoField, StreamClosureReason, StreamEventRef,
    StreamPurpose, StreamSource, StreamStatus,
};

/// Asserts that an enum has exactly these words, each with this variant.
macro_rules! assert_words {
    ($enum:ident: $($word:literal $variant:ident,)+) => {{
        let expected = [$(($word, $enum::$variant)),+];
        assert_eq!($enum::ALL.len(), expected.len());
        for ((word, variant), &listed) in expected.into_iter().zip($enum::ALL) {
            assert_eq!(listed, variant);
            assert_eq!($enum::from_word(word), Some(variant));
            assert_eq!(variant.as_str(), word);
            assert_eq!(word.parse(), Ok(variant));
            assert_eq!(AsRef::<str>::as_ref(&variant), word);
            assert_eq!(variant.to_string(), word);
            assert_eq!(format!("{variant:>20}|{variant:<20}|{variant:.2}"), format!("{word:>20}|{word:<20}|{word:.2}"));
            // A word in small letters, with a space or letter more, or without its first letter, is not the word; it may be another.
            let others = [word.to_lowercase(), format!("{word} "), format!(" {word}"), format!("{word}X")];
            for other in others.iter().map(String::as_str).chain(word.get(1..)) {
                let is_word = expected.iter().any(|&(word, _)| word == other);
                assert_eq!($enum::from_word(other).is_some(), is_word, "{other:?}");
                assert_eq!(other.parse::<$enum>().is_ok(), is_word, "{other:?}");
            }
        }
        assert_eq!($enum::from_word(""), None);
        assert_eq!($enum::from_word("UNRECOGNIZED"), None);
        assert_eq!($enum::Unrecognized.as_str(), "UNRECOGNIZED");
        assert!(!$enum::ALL.contains(&$enum::Unrecognized));
        expected.len()
    }};
}

/// The 14 statuses of the specification and of tor's flow control.
#[test]
fn statuses() {
    let count = assert_words! { StreamStatus:
        "NEW" New,
        "NEWRESOLVE" NewResolve,
        "REMAP" Remap,
        "SENTCONNECT" SentConnect,
        "SENTRESOLVE" SentResolve,
        "SUCCEEDED" Succeeded,
        "FAILED" Failed,
        "CLOSED" Closed,
        "DETACHED" Detached,
        "CONTROLLER_WAIT" ControllerWait,
        "XOFF_SENT" XoffSent,
        "XOFF_RECV" XoffRecv,
        "XON_SENT" XonSent,
        "XON_RECV" XonRecv,
    };
    assert_eq!(count, 14);
}

/// The 20 reasons: 16 in the specification, and 4 more that tor prints.
#[test]
fn reasons() {
    let count = assert_words! { StreamClosureReason:
        "MISC" Misc,
        "RESOLVEFAILED" ResolveFailed,
        "CONNECTREFUSED" ConnectRefused,
        "EXITPOLICY" ExitPolicy,
        "DESTROY" Destroy,
        "DONE" Done,
        "TIMEOUT" Timeout,
        "NOROUTE" NoRoute,
        "HIBERNATING" Hibernating,
        "INTERNAL" Internal,
        "RESOURCELIMIT" ResourceLimit,
        "CONNRESET" ConnReset,
        "TORPROTOCOL" TorProtocol,
        "NOTDIRECTORY" NotDirectory,
        "END" End,
        "PRIVATE_ADDR" PrivateAddr,
        "CANT_ATTACH" CantAttach,
        "NET_UNREACHABLE" NetUnreachable,
        "SOCKS_PROTOCOL" SocksProtocol,
        "HTTP_PROTOCOL" HttpProtocol,
    };
    assert_eq!(count, 16 + 4);
}

/// The 2 sources.
#[test]
fn sources() {
    let count = assert_words! { StreamSource:
        "CACHE" Cache,
        "EXIT" Exit,
    };
    assert_eq!(count, 2);
}

/// The 5 purposes.
#[test]
fn purposes() {
    let count = assert_words! { StreamPurpose:
        "DIR_FETCH" DirFetch,
        "DIR_UPLOAD" DirUpload,
        "DNS_REQUEST" DnsRequest,
        "DIRPORT_TEST" DirportTest,
        "USER" User,
    };
    assert_eq!(count, 5);
}

/// The 8 client protocols, `UNKNOWN` included, which is tor's own word for an unknown one.
#[test]
fn client_protocols() {
    let count = assert_words! { ClientProtocol:
        "SOCKS4" Socks4,
        "SOCKS5" Socks5,
        "TRANS" Trans,
        "NATD" Natd,
        "DNS" Dns,
        "HTTPCONNECT" HttpConnect,
        "METRICS" Metrics,
        "UNKNOWN" Unknown,
    };
    assert_eq!(count, 8);
}

/// The 9 isolation fields.
#[test]
fn isolation_fields() {
    let count = assert_words! { IsoField:
        "DESTPORT" DestPort,
        "DESTADDR" DestAddr,
        "SOCKS_USERNAME" SocksUsername,
        "SOCKS_PASSWORD" SocksPassword,
        "CLIENT_PROTOCOL" ClientProtocol,
        "CLIENTADDR" ClientAddr,
        "CLIENTPORT" ClientPort,
        "SESSION_GROUP" SessionGroup,
        "NYM_EPOCH" NymEpoch,
    };
    assert_eq!(count, 9);
}

/// `Debug` of a list shows the variants that are left, and not the text of an unknown word, which may be a secret.
#[test]
fn shown_isolation_fields() {
    let event = StreamEventRef::parse("9 NEW 0 a:80 ISO_FIELDS=DESTPORT,hunter2,,NYM_EPOCH").unwrap();
    let mut fields = event.iso_fields();
    assert_eq!(format!("{fields:?}"), "IsoFields[DestPort, Unrecognized, NymEpoch]");
    fields.next();
    assert_eq!(format!("{fields:?}"), "IsoFields[Unrecognized, NymEpoch]");
}

/// A word has its variant however close to it the line ends: the parser compares 16 bytes from the word's start on, and near the end of
/// the line there are fewer. Here 0 to 22 follow the word.
#[test]
fn words_near_the_end() {
    /// Asserts that every word of an enum is read after `$before`, whatever follows.
    macro_rules! assert_read {
        ($enum:ident $before:literal $field:ident $($call:tt)?) => {
            for &word in $enum::ALL {
                let others = (0..20).map(|len| format!(" F={}", "0".repeat(len)));
                for after in others.chain(["", " ", " NYM_EPOCH=0", " F=\"\""].map(String::from)) {
                    let line = format!("{}{word}{after}", $before);
                    let event = StreamEventRef::parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
                    assert_eq!(event.$field $($call)?, Some(word), "{line}");
                    assert!(!event.anomalies().contains(Anomaly::UnknownWord), "{line}");
                }
            }
        };
    }
    assert_read!(StreamClosureReason "9 CLOSED 0 a:1 REASON=" reason);
    assert_read!(StreamClosureReason "9 CLOSED 0 a:1 REASON=END REMOTE_REASON=" remote_reason);
    assert_read!(StreamSource "9 REMAP 0 a:1 SOURCE=" source);
    assert_read!(StreamPurpose "9 NEW 0 a:1 PURPOSE=" purpose);
    assert_read!(ClientProtocol "9 FAILED 0 a:1 CLIENT_PROTOCOL=" client_protocol());
}

/// Parsing a word without a variant fails: `Unrecognized` would lose its text.
#[test]
fn words_without_a_variant() {
    /// Asserts the messages of one enum.
    macro_rules! assert_refused {
        ($enum:ident $field:ident $expected:literal) => {
            for (word, kind, found) in [
                ("UNRECOGNIZED", ErrorKind::Unrecognized(Field::$field), "the unknown word UNRECOGNIZED"),
                // A word with a digit may be a client's text, and is not shown.
                ("NEW_WORD2", ErrorKind::Unrecognized(Field::$field), "an unknown word of 9 bytes"),
                ("", ErrorKind::Missing(Field::$field), "the end"),
            ] {
                let Err(Error::Protocol(error)) = word.parse::<$enum>() else { panic!("{word:?} has a variant") };
                assert_eq!((error.kind(), error.offset()), (kind, 0));
                assert_eq!(error.to_string(), format!("expected {}, found {found} at byte 0", $expected));
            }
        };
    }
    assert_refused!(StreamStatus StreamStatus "a stream status");
    assert_refused!(StreamClosureReason Reason "a reason");
    assert_refused!(StreamSource Source "a source");
    assert_refused!(StreamPurpose Purpose "a purpose");
    assert_refused!(ClientProtocol ClientProtocol "a client protocol");
    assert_refused!(IsoField IsoField "an isolation field");
}

/// A set of anomalies is a collection like any other: each set of one or two is built in every way.
#[test]
fn sets_of_anomalies() {
    let all: Anomalies = Anomaly::ALL.iter().copied().collect();
    assert!(all.iter().eq(Anomaly::ALL.iter().copied()));
    assert_eq!(all.iter().len(), Anomaly::ALL.len());
    for (first, &one) in Anomaly::ALL.iter().enumerate() {
        for (second, &two) in Anomaly::ALL.iter().enumerate() {
            let set = Anomalies::from_iter([two, one]);
            let mut listed = vec![Anomaly::ALL[first.min(second)], Anomaly::ALL[first.max(second)]];
            listed.dedup();
            assert_eq!(set.into_iter().collect::<Vec<_>>(), listed);
            assert_eq!((&set).into_iter().collect::<Vec<_>>(), listed);
            assert_eq!((set.iter().len(), set.iter().size_hint()), (listed.len(), (listed.len(), Some(listed.len()))));
            assert_eq!(Anomalies::from_iter([one]) | Anomalies::from_iter([two]), set);
            let mut grown = Anomalies::NONE;
            assert_eq!(grown.iter().next(), None);
            grown.extend([one]);
            grown |= Anomalies::from_iter([two]);
            assert_eq!(grown, set);
            assert!(Anomaly::ALL.iter().all(|&anomaly| set.contains(anomaly) == listed.contains(&anomaly)));
        }
    }
}

/// Anomalies have names that differ: tools print them.
#[test]
fn names_of_anomalies() {
    let mut names: Vec<&str> = Anomaly::ALL.iter().map(|anomaly| anomaly.as_str()).collect();
    for (anomaly, name) in Anomaly::ALL.iter().zip(&names) {
        assert_eq!(anomaly.to_string(), *name);
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Anomaly::ALL.len());
    let odd = StreamEventRef::parse("9 NEW 0 a \"b:1 PURPOSE=USER").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(format!("{:?} {:?}", odd.anomalies(), Anomalies::NONE), "{TargetSpace, TargetQuote} {}");
}
