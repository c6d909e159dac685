//! Events of old tors, compared with what their clients sent: `data/clients` has the lines of each tor, and beside them
//! a record of each client's request. Every expected value is from that record.
//!
//! An event of a stream that no client asked for is one of tor's own streams. Of a client's stream tor prints NEW (or NEWRESOLVE), and
//! FAILED or CLOSED; of a request that it refuses, only the end.
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
    /// Reads a record, and returns the stream's ID and the client. `None` if tor printed nothing of the client (`none`), or the record
    /// lacks a key.
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

    /// Returns the target before tor cuts it. For a request by NATD or HTTP that it refuses, tor prints an empty host and port 0.
    fn target(&self) -> Vec<u8> {
        match &*self.via {
            "natd" | "http" if !self.is_accepted() => b":0".to_vec(),
            _ => [&*self.host, format!(":{}", self.port).as_bytes()].concat(),
        }
    }

    /// Returns the reason of the last event. A request that tor refused has the reason of its protocol.
    fn reason(&self) -> Option<&str> {
        if self.is_accepted() {
            return self.reason.as_deref();
        }
        match &*self.via {
            // tor's code for a line of natd that it cannot read, for which it has no word.
            "natd" => Some("UNKNOWN_261"),
            "http" => Some("HTTP_PROTOCOL"),
            _ => Some("SOCKS_PROTOCOL"),
        }
    }

    /// Returns the listener's `CLIENT_PROTOCOL`, `SESSION_GROUP` and `ISO_FIELDS`.
    fn listener(&self) -> (&'static str, i32, &'static str) {
        /// `ISO_FIELDS` of a listener without isolation flags, of a unix socket, and of a listener with every flag.
        const DEFAULT: &str = "SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";
        const UNIX: &str = "SOCKS_USERNAME,SOCKS_PASSWORD,SESSION_GROUP,NYM_EPOCH";
        const EVERY: &str =
            "DESTPORT,DESTADDR,SOCKS_USERNAME,SOCKS_PASSWORD,CLIENT_PROTOCOL,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

        // tor gives listeners whose configuration sets no SessionGroup the numbers from -4 down, in the order in which it reads their
        // options: SocksPort, DNSPort, NATDPort, HTTPTunnelPort.
        match &*self.via {
            "socks5" | "resolve" => ("SOCKS5", -4, DEFAULT),
            "socks4" => ("SOCKS4", -4, DEFAULT),
            "unix" => ("SOCKS5", -5, UNIX),
            "dns" => ("DNS", -6, DEFAULT),
            "natd" => ("NATD", -7, DEFAULT),
            "http" => ("HTTPCONNECT", -8, DEFAULT),
            // A second listener, with every isolation flag and the greatest session group that a configuration may give.
            "socks5b" => ("SOCKS5", i32::MAX, EVERY),
            other => panic!("a new kind of listener: {other}"),
        }
    }

    /// Compares everything but the target with the client's request. `has_new_fields` is `true` for a tor from 0.4.3.1 on.
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

/// Returns the clients in a file of records by the ID of the stream, without those of which tor printed nothing.
fn clients(records: &str) -> HashMap<String, Client> {
    let records: Vec<_> =
        records.lines().map(|record| serde_json::from_str::<Value>(record).expect("a record")).collect();
    let unprinted = records.iter().filter(|record| record.get("none").is_some()).count();
    let clients: HashMap<_, _> = records.iter().filter_map(Client::of).collect();
    assert_eq!(clients.len() + unprinted, records.len(), "a record is incomplete, or two have one ID");
    clients
}

/// Number of events of each kind, and of streams without an end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Events with a plain target, and no anomaly of the target.
    plain: usize,
    /// Events with a hostile target, which is flagged.
    hostile: usize,
    /// Events whose target tor cut after a digit of its port: flagged, and everything else right.
    cut: usize,
    /// Events whose target tor cut before the port: refused, and read leniently.
    refused: usize,
    /// Events of tor's own streams, to fetch its directory.
    own: usize,
    /// Streams without an end, as tor prints none for some names that a DNS client asks for.
    open: usize,
}

/// Statuses of each client's stream, by its ID.
type Statuses<'a> = HashMap<&'a str, Vec<String>>;

/// Compares every event of one tor with the records of its clients, and counts the events.
fn compare(lines: &[u8], records: &str, has_new_fields: bool) -> Counts {
    let clients = clients(records);
    let mut counts = Counts::default();
    let mut statuses = Statuses::new();
    for content in contents(lines) {
        let id = content.split(|&byte| byte == b' ').next().expect("an ID");
        let id = core::str::from_utf8(id).expect("digits");
        let Some(client) = clients.get(id) else {
            check_own(content, has_new_fields);
            counts.own += 1;
            continue;
        };
        let event = StreamEventRef::parse_lenient(content).expect("an event");
        client.check_fields(&event, has_new_fields);
        check_target(client, &event, StreamEventRef::parse_bytes(content), &mut counts);
        statuses.entry(id).or_default().push(event.status_str().into());
    }
    counts.open = clients.iter().filter(|(id, client)| !has_ended(id, client, &statuses)).count();

    // The same events are found in the lines as a capture, hostile line ends included.
    assert_eq!(stream_events(lines).count(), contents(lines).len());
    for (line, content) in stream_events(lines).zip(contents(lines)) {
        assert_eq!(line.line.strip_prefix(b"650 STREAM "), Some(content), "line {}", line.number);
        assert_eq!(line.event, StreamEventRef::parse_bytes(content), "line {}", line.number);
    }
    counts
}

/// Checks an event of a stream of tor's own: a connection to the one directory authority that its configuration names.
fn check_own(content: &[u8], has_new_fields: bool) {
    /// `SESSION_GROUP` of tor's own directory connections.
    const DIRECTORY_GROUP: i32 = -2;

    let event = common::event_of_bytes(content);
    assert_eq!(event.target_bytes(), b"127.0.0.1.$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.exit:1");
    assert_eq!(event.session_group(), has_new_fields.then_some(DIRECTORY_GROUP));
}

/// Checks the target of a client's event, which was read leniently, and whether strict reading accepts the event. Counts the event.
fn check_target(
    client: &Client,
    event: &StreamEventRef<'_>,
    strict: Result<StreamEventRef<'_>, Error>,
    counts: &mut Counts,
) {
    let shown = event.content().escape_ascii();
    let whole = client.target();
    let is_cut = whole.len() > TARGET_BUFFER;
    let target = whole.get(..TARGET_BUFFER).unwrap_or(&whole);
    assert_eq!(event.target_bytes(), target, "{shown}");
    // A field of a plain line may end where tor cuts a target, and is flagged then.
    let anomalies: Vec<_> = event.anomalies().iter().filter(|&anomaly| anomaly != Anomaly::FieldAtCut).collect();

    let (host, port) = match target.iter().rposition(|&byte| byte == b':').map(|colon| target.split_at(colon)) {
        Some((host, port)) => {
            (host, core::str::from_utf8(port).ok().and_then(|port| port.get(1..)?.parse::<u16>().ok()))
        }
        None => (target, None),
    };
    if port.is_none() {
        let Err(Error::Protocol(error)) = strict else { panic!("{strict:?}") };
        assert!(is_cut, "{shown}");
        assert_eq!(error.kind(), ErrorKind::Truncated(Field::Target), "{shown}");
        assert!(anomalies.contains(&Anomaly::TargetWithoutPort), "{shown}");
        counts.refused += 1;
        return;
    }
    assert_eq!(strict, Ok(*event), "{shown}");
    assert_eq!(event.target_host, core::str::from_utf8(host).unwrap_or("\u{fffd}"), "{shown}");
    assert_eq!(Some(event.target_port), port, "{shown}");
    assert_eq!(anomalies.is_empty(), is_plain_target(target), "{anomalies:?} of {shown}");
    if is_cut {
        assert!(anomalies.contains(&Anomaly::TargetMayBeCut), "{shown}");
        counts.cut += 1;
    } else if is_plain_target(target) {
        counts.plain += 1;
    } else {
        counts.hostile += 1;
    }
}

/// Asserts that a client's stream began as its record says. Returns `true` if it ended with CLOSED, perhaps after FAILED, and `false` if
/// it has no end, as tor prints none for some names that a DNS client asks for.
fn has_ended(id: &str, client: &Client, statuses: &Statuses<'_>) -> bool {
    let statuses = statuses.get(id).map(Vec::as_slice).unwrap_or_default();
    assert_eq!(statuses.first(), Some(&client.first), "{id}");
    let end = if client.is_accepted() { statuses.get(1..).unwrap_or_default() } else { statuses };
    let is_end = end == ["CLOSED"] || end == ["FAILED", "CLOSED"];
    assert!(is_end || end.is_empty() && client.via == "dns", "{id}: {statuses:?}");
    is_end
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

/// A known limit (`docs/exact-reading.md`): a DNS name can hold every field of a newer tor. An old tor prints no field after it, as it
/// closes such a stream without a reason. Of these eleven names two are read as the fields that they forge, and flagged.
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
