//! Events of old tors, compared with what their clients sent: `data/clients` has the lines of each tor, and beside them
//! a record of each client's request. Every expected value is from that record.
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use crate::common::printed::{TARGET_BUFFER, is_plain_target};
use crate::common::{self, contents, from_hex};
use serde_json::Value;
use tor_stream_event::{Anomaly, Error, ErrorKind, Field, Quoted, StreamEventRef, StreamStatus, stream_events};

/// Request of one client, and the end of its stream.
struct Client {
    /// Kind of listener.
    via: String,
    /// Requested host, up to its first NUL.
    host: Vec<u8>,
    /// Requested port.
    port: u64,
    /// User name, up to its first NUL.
    username: Option<Vec<u8>>,
    /// Password, up to its first NUL.
    password: Option<Vec<u8>>,
    /// Address of the client as tor prints it.
    source: String,
    /// Status of the first event.
    first: String,
    /// Reason in the last event of a stream that tor accepted.
    reason: Option<String>,
}

impl Client {
    /// Reads a record. `None` is a client of which tor printed nothing.
    fn of(record: &Value) -> Option<(String, Self)> {
        let text = |key: &str| record.get(key).and_then(Value::as_str).map(String::from);
        let bytes = |key: &str| text(key).map(|digits| until_nul(from_hex(&digits)));
        // tor takes an empty credential for none, and prints one that begins with NUL as an empty one.
        let credential = |key: &str| bytes(key).filter(|_| text(key).is_some_and(|digits| !digits.is_empty()));
        if record.get("none").is_some() {
            return None;
        }
        let client = Self {
            via: text("via")?,
            host: bytes("host")?,
            port: record.get("port").and_then(Value::as_u64)?,
            username: credential("user"),
            password: credential("pw"),
            source: text("src")?,
            first: text("first")?,
            reason: text("reason"),
        };
        Some((text("id")?, client))
    }

    /// Returns `true` if tor accepted the request: a stream began.
    fn is_accepted(&self) -> bool {
        self.first.starts_with("NEW")
    }

    /// Returns the target before tor cuts it. tor prints none of a request by NATD or HTTP that it refuses.
    fn target(&self) -> Vec<u8> {
        match &*self.via {
            "natd" | "http" if !self.is_accepted() => b":0".to_vec(),
            _ => [&*self.host, format!(":{}", self.port).as_bytes()].concat(),
        }
    }

    /// Returns the reason in a last event.
    fn reason(&self) -> Option<&str> {
        match &*self.via {
            _ if self.is_accepted() => self.reason.as_deref(),
            "natd" => Some("UNKNOWN_261"),
            "http" => Some("HTTP_PROTOCOL"),
            _ => Some("SOCKS_PROTOCOL"),
        }
    }

    /// Returns the listener's `CLIENT_PROTOCOL`, `SESSION_GROUP` and `ISO_FIELDS`.
    fn listener(&self) -> (&'static str, i32, &'static str) {
        const DEFAULT: &str = "SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";
        const UNIX: &str = "SOCKS_USERNAME,SOCKS_PASSWORD,SESSION_GROUP,NYM_EPOCH";
        const EVERY: &str =
            "DESTPORT,DESTADDR,SOCKS_USERNAME,SOCKS_PASSWORD,CLIENT_PROTOCOL,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

        match &*self.via {
            "socks5" | "resolve" => ("SOCKS5", -4, DEFAULT),
            "socks4" => ("SOCKS4", -4, DEFAULT),
            "unix" => ("SOCKS5", -5, UNIX),
            "dns" => ("DNS", -6, DEFAULT),
            "natd" => ("NATD", -7, DEFAULT),
            "http" => ("HTTPCONNECT", -8, DEFAULT),
            // A second listener, with every isolation flag and a session group of its own.
            "socks5b" => ("SOCKS5", i32::MAX, EVERY),
            other => panic!("a new kind of listener: {other}"),
        }
    }

    /// Compares everything but the target with the client's request.
    fn check_fields(&self, event: &StreamEventRef<'_>, has_new_fields: bool) {
        let is_first = matches!(event.status, StreamStatus::New | StreamStatus::NewResolve);
        let is_end = matches!(event.status, StreamStatus::Failed | StreamStatus::Closed);
        let purpose = if event.status == StreamStatus::NewResolve { "DNS_REQUEST" } else { "USER" };
        assert!(is_first || is_end, "{event:?}");
        assert_eq!(event.circuit_id, None, "{event:?}");
        assert_eq!(event.reason_str(), self.reason().filter(|_| is_end), "{event:?}");
        assert_eq!(event.remote_reason_str(), None, "{event:?}");
        assert_eq!(event.source_str(), None, "{event:?}");
        assert_eq!(event.source_addr, is_first.then_some(&*self.source), "{event:?}");
        assert_eq!(event.purpose_str(), is_first.then_some(purpose), "{event:?}");

        let (protocol, group, iso_fields) = self.listener();
        let credential = |quoted: Option<Quoted<'_>>| quoted.map(|quoted| quoted.bytes().collect::<Vec<_>>());
        assert_eq!(credential(event.socks_username()), self.username.clone().filter(|_| has_new_fields), "{event:?}");
        assert_eq!(credential(event.socks_password()), self.password.clone().filter(|_| has_new_fields), "{event:?}");
        assert_eq!(event.client_protocol_str(), has_new_fields.then_some(protocol), "{event:?}");
        assert_eq!(event.nym_epoch(), has_new_fields.then_some(0), "{event:?}");
        assert_eq!(event.session_group(), has_new_fields.then_some(group), "{event:?}");
        assert_eq!(event.iso_fields_str(), has_new_fields.then_some(iso_fields), "{event:?}");
    }
}

/// Returns the bytes before the first NUL: tor's strings end there.
fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
    bytes
}

/// Returns the records of a file by the ID of the stream, without those of clients of which tor printed nothing.
fn clients(records: &str) -> HashMap<String, Client> {
    let records: Vec<_> =
        records.lines().map(|record| serde_json::from_str::<Value>(record).expect("a record")).collect();
    let unprinted = records.iter().filter(|record| record.get("none").is_some()).count();
    let clients: HashMap<_, _> = records.iter().filter_map(Client::of).collect();
    assert_eq!(clients.len() + unprinted, records.len(), "a record is incomplete, or two have one ID");
    clients
}

/// Number of events of each kind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Events with a plain target, and no anomaly of the target.
    plain: usize,
    /// Events with a hostile target, which is flagged.
    hostile: usize,
    /// Events whose target tor cut behind a part of its port: flagged, and everything else right.
    cut: usize,
    /// Events whose target tor cut before the port: refused, and read leniently.
    refused: usize,
    /// Events of tor's own streams, to fetch its directory.
    own: usize,
    /// Streams without an end, as tor prints none for some names that a DNS client asks for.
    open: usize,
}

/// Compares every event of one tor with the records of its clients, and counts the events.
fn compare(lines: &[u8], records: &str, has_new_fields: bool) -> Counts {
    let clients = clients(records);
    let mut counts = Counts::default();
    let mut statuses: HashMap<&str, Vec<String>> = HashMap::new();
    for content in contents(lines) {
        let id = content.split(|&byte| byte == b' ').next().expect("an ID");
        let id = core::str::from_utf8(id).expect("digits");
        let strict = StreamEventRef::parse_bytes(content);
        let Some(client) = clients.get(id) else {
            let event = strict.expect("an event");
            assert_eq!(event.target_bytes(), b"127.0.0.1.$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.exit:1");
            assert_eq!(event.session_group(), has_new_fields.then_some(-2));
            counts.own += 1;
            continue;
        };
        let whole = client.target();
        let target = whole.get(..TARGET_BUFFER).unwrap_or(&whole);
        let event = StreamEventRef::parse_lenient(content).expect("an event");
        let shown = content.escape_ascii();
        assert_eq!(event.target_bytes(), target, "{shown}");
        client.check_fields(&event, has_new_fields);
        statuses.entry(id).or_default().push(event.status_str().into());

        let anomalies: Vec<_> = event.anomalies().iter().filter(|&anomaly| anomaly != Anomaly::FieldAtCut).collect();
        let port = target.rsplit(|&byte| byte == b':').next().expect("text");
        let has_port =
            target.contains(&b':') && core::str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok());
        match strict {
            Err(Error::Protocol(error)) => {
                assert!(whole.len() > TARGET_BUFFER && !has_port, "{shown}");
                assert_eq!(error.kind(), ErrorKind::Truncated(Field::Target), "{shown}");
                assert!(anomalies.contains(&Anomaly::TargetWithoutPort), "{shown}");
                counts.refused += 1;
                continue;
            }
            other => assert_eq!(other, Ok(event), "{shown}"),
        }
        assert!(has_port, "{shown}");
        assert_eq!(anomalies.is_empty(), is_plain_target(target), "{anomalies:?} of {shown}");
        let host = target.strip_suffix(port).and_then(|target| target.strip_suffix(b":")).expect("a host");
        assert_eq!(event.target_host, core::str::from_utf8(host).unwrap_or("\u{fffd}"), "{shown}");
        if whole.len() > TARGET_BUFFER {
            assert!(anomalies.contains(&Anomaly::TargetMayBeCut), "{shown}");
            counts.cut += 1;
            continue;
        }
        assert_eq!(u64::from(event.target_port), if target == b":0" { 0 } else { client.port }, "{shown}");
        if is_plain_target(target) { counts.plain += 1 } else { counts.hostile += 1 }
    }
    for (id, client) in &clients {
        let statuses = statuses.get(&**id).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(statuses.first(), Some(&client.first), "{id}");
        let end = if client.is_accepted() { statuses.get(1..).unwrap_or_default() } else { statuses };
        if end.is_empty() && client.via == "dns" {
            counts.open += 1;
        } else {
            assert!(matches!(end, [closed] if closed == "CLOSED") || end == ["FAILED", "CLOSED"], "{id}: {statuses:?}");
        }
    }
    // The finder of events sees the same ones in the lines, hostile line ends included.
    let found: Vec<_> = stream_events(lines).map(|line| line.event.is_ok()).collect();
    assert_eq!(found.len(), contents(lines).len());
    assert_eq!(found.iter().filter(|is_read| !**is_read).count(), counts.refused);
    counts
}

/// tor 0.4.2.7 has none of the fields that came with 0.4.3.1.
#[test]
fn without_the_newer_fields() {
    let lines = include_bytes!("../data/clients/0.4.2.7.raw");
    let counts = compare(lines, include_str!("../data/clients/0.4.2.7.truth.jsonl"), false);
    assert_eq!(counts, Counts { plain: 858, hostile: 952, cut: 45, refused: 34, own: 18, open: 46 });
}

/// tor 0.4.3.6 is of the first series with all fields.
#[test]
fn with_the_newer_fields() {
    let lines = include_bytes!("../data/clients/0.4.3.6.raw");
    let counts = compare(lines, include_str!("../data/clients/0.4.3.6.truth.jsonl"), true);
    assert_eq!(counts, Counts { plain: 489, hostile: 504, cut: 8, refused: 12, own: 18, open: 25 });
}

/// The known limit: a DNS name can hold every field of a newer tor, and an old tor's event ends behind it, since tor
/// gives no reason when it closes such a stream. Two of eleven forged names are read as those fields, and flagged.
#[test]
fn forged_fields_of_a_newer_tor() {
    let clients = clients(include_str!("../data/clients/forged-0.4.2.7.truth.jsonl"));
    let mut misread = Vec::new();
    for content in contents(include_bytes!("../data/clients/forged-0.4.2.7.raw")) {
        let event = common::event_of_bytes(content);
        let client = clients.get(event.id).expect("a client");
        assert!(event.anomalies().iter().any(|anomaly| anomaly != Anomaly::FieldAtCut), "{event:?}");
        if event.target_bytes() == client.target() {
            client.check_fields(&event, false);
        } else {
            assert!(event.anomalies().contains(Anomaly::UnknownKeyword), "{event:?}");
            misread.push((event.id, event.status_str()));
        }
    }
    assert_eq!(misread, [("11", "CLOSED"), ("20", "CLOSED")]);
}
