//! The words of the protocol: every one, in both directions, and no other.

use tor_stream_event::{
    Anomaly, ClientProtocol, IsoField, StreamClosureReason, StreamEventRef, StreamPurpose, StreamSource, StreamStatus,
};

/// Asserts that an enum knows exactly these words, with these names.
macro_rules! assert_words {
    ($enum:ident: $($word:literal $variant:ident,)+) => {{
        let expected = [$(($word, $enum::$variant)),+];
        assert_eq!($enum::ALL.len(), expected.len());
        for ((word, variant), &listed) in expected.into_iter().zip($enum::ALL) {
            assert_eq!(listed, variant);
            assert_eq!($enum::from_word(word), Some(variant));
            assert_eq!(variant.as_str(), word);
            assert_eq!(variant.to_string(), word);
            assert_eq!(format!("{variant:>20}|{variant:<20}|{variant:.2}"), format!("{word:>20}|{word:<20}|{word:.2}"));
            // Neither another case nor a part of a word nor more than one is the word.
            let others = [word.to_lowercase(), format!("{word} "), format!(" {word}"), format!("{word}X")];
            for other in others.iter().map(String::as_str).chain(word.get(1..)) {
                let longer = expected.iter().any(|&(word, _)| word == other);
                assert_eq!($enum::from_word(other).is_some(), longer, "{other:?}");
            }
        }
        assert_eq!($enum::from_word(""), None);
        assert_eq!($enum::from_word("UNRECOGNIZED"), None);
        assert_eq!($enum::Unrecognized.as_str(), "UNRECOGNIZED");
        assert!(!$enum::ALL.contains(&$enum::Unrecognized));
        expected.len()
    }};
}

/// 14 of them.
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

/// 16 of the specification and 4 that tor prints besides.
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

/// 2 of them.
#[test]
fn sources() {
    let count = assert_words! { StreamSource:
        "CACHE" Cache,
        "EXIT" Exit,
    };
    assert_eq!(count, 2);
}

/// 5 of them.
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

/// 8 of them, tor's own word for an unknown one included.
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

/// 9 of them.
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

/// A word has its name however close to it the line ends.
#[test]
fn words_near_the_end() {
    /// Asserts that every word of an enum is read behind `$before`, whatever follows.
    macro_rules! assert_read {
        ($enum:ident $before:literal $field:ident $($call:tt)?) => {
            for &word in $enum::ALL {
                let others = (0..20).map(|len| format!(" F={}", "0".repeat(len)));
                for after in others.chain([" NYM_EPOCH=0", " F=\"\""].map(String::from)) {
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

/// Anomalies have names that differ, since tools print them.
#[test]
fn anomalies() {
    let mut names: Vec<&str> = Anomaly::ALL.iter().map(|anomaly| anomaly.as_str()).collect();
    for (anomaly, name) in Anomaly::ALL.iter().zip(&names) {
        assert_eq!(anomaly.to_string(), *name);
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Anomaly::ALL.len());
}
