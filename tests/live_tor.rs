//! Events of a real tor, which the test starts and whose clients it plays: each event says what its client did.
//!
//! The tor runs on 127.0.0.1 alone, and knows no other address to connect to. Without a `tor` on the machine there is
//! nothing to test.
//!
//! tor leaves each stream to the controller (`CONTROLLER_WAIT`), which is the test: it attaches or closes the stream.
//!
//! | file in `live_tor/` | content |
//! |---|---|
//! | `cases.rs` | the requests, and the end of each stream |
//! | `client.rs` | the clients |
//! | `daemon.rs` | the tor, and its control connections |
#![cfg(all(unix, feature = "std"))]

#[path = "live_tor/cases.rs"]
mod cases;
#[path = "live_tor/client.rs"]
mod client;
#[path = "live_tor/daemon.rs"]
mod daemon;

use core::str;
use core::time::Duration;
use std::collections::HashSet;
use std::io::{self, Write};
use std::time::Instant;

use tor_stream_event::{
    Anomaly, ClientProtocol, Error, ErrorKind, Field, IsoField, Quoted, StreamClosureReason, StreamEvent,
    StreamPurpose, StreamSource, StreamStatus,
};

use crate::cases::{Case, End, REASONS, cases};
use crate::client::{Client, Listeners, Request, Via};
use crate::daemon::{Control, DNS_GROUP, Events, HTTP_GROUP, NATD_GROUP, Result, Seen, Tor, UNIX_GROUP};

/// Maximum duration of the test, which takes two or three seconds.
const MAX_DURATION: Duration = Duration::from_secs(50);

/// Maximum length of a target in bytes: tor cuts a longer one.
const TARGET_LEN: usize = 255;

/// `SESSION_GROUP` of tor's own directory connections.
const DIRECTORY_GROUP: i32 = -2;
/// `SESSION_GROUP` of names that a controller resolves.
const RESOLVE_GROUP: i32 = -3;
/// `SESSION_GROUP` of the first listener whose configuration sets none.
const SOCKS_GROUP: i32 = -4;

/// A stream that a client has asked for.
struct Stream {
    /// Request of the client, and the end of its stream.
    case: Case,
    /// Client, until it hangs up.
    client: Option<Client>,
    /// Address of the client as tor prints it.
    source: String,
    /// Code of the reason with which the controller closes the stream; 0 if it does not close it.
    code: u8,
    /// Reason of the end, in tor's word.
    reason: &'static str,
}

impl Stream {
    /// Returns the stream of a case. If the controller is to close it, it has the next of the reasons.
    fn new(case: Case, client: Client, reasons: &mut impl Iterator<Item = (u8, &'static str)>) -> Self {
        let (code, reason) = match case.end {
            End::Refused(reason) | End::Failed(reason) => (0, reason),
            End::Closed | End::Remapped(_) => reasons.next().unwrap_or_default(),
            End::HungUp => (0, "DONE"),
        };
        Self { case, source: client.source.clone(), client: Some(client), code, reason }
    }

    /// Returns the target as tor has to print it: with the host of the request, or, if `is_remapped`, with the one that tor maps it to.
    fn target(&self, is_remapped: bool) -> Vec<u8> {
        let Request { host, port, .. } = &self.case.request;
        let host = match self.case.end {
            End::Remapped(host) if is_remapped => host.as_bytes(),
            _ => host,
        };
        let mut target = [host, format!(":{port}").as_bytes()].concat();
        target.truncate(TARGET_LEN);
        target
    }

    /// Returns the statuses that come before the end.
    fn opening(&self) -> &'static [StreamStatus] {
        use StreamStatus::{ControllerWait, New, NewResolve, Remap};

        match (self.case.end, self.case.request.port) {
            (End::Refused(_), _) => &[],
            (End::Remapped(_), _) => &[New, ControllerWait, Remap],
            (_, 0) => &[NewResolve, ControllerWait],
            _ => &[New, ControllerWait],
        }
    }

    /// Finds the stream's events by its ID, which is that of the event with the client's address and the listener's group: clients of two
    /// listeners may have the same port. If tor refuses the stream it prints no address: then the ID is that of the event with the target.
    fn events<'a>(&self, seen: &'a [Seen]) -> Vec<&'a Seen> {
        let (_, group, _) = listener_facts(self.case.request.via);
        let is_first = |event: &StreamEvent| match self.case.end {
            End::Refused(_) => event.source_addr.is_none() && event.target_bytes() == self.target(false),
            _ => event.source_addr.as_ref() == Some(&self.source) && event.session_group() == Some(group),
        };
        let id = seen.iter().map(|Seen { event, .. }| event).find(|event| is_first(event)).map(|event| event.id);
        seen.iter().filter(|Seen { event, .. }| Some(event.id) == id).collect()
    }

    /// Returns `true` if an event says that tor refused the stream, or that tor waits for the controller to attach or close it.
    fn is_settled(&self, seen: &[Seen]) -> bool {
        let status = match self.case.end {
            End::Refused(_) => StreamStatus::Closed,
            _ => StreamStatus::ControllerWait,
        };
        self.events(seen).iter().any(|Seen { event, .. }| event.status == status)
    }

    /// Returns `true` if an event says that the stream is closed.
    fn is_closed(&self, seen: &[Seen]) -> bool {
        self.events(seen).iter().any(|Seen { event, .. }| event.status == StreamStatus::Closed)
    }

    /// Ends the stream as its case says.
    fn end(&mut self, seen: &[Seen], control: &mut Control) -> Result<()> {
        let events = self.events(seen);
        let id = events.first().ok_or("no event")?.event.id;
        let close = format!("CLOSESTREAM {id} {}", self.code);
        let attach = format!("ATTACHSTREAM {id} 0");
        match self.case.end {
            End::Refused(_) => {}
            End::Closed => drop(control.command(&close)?),
            End::Remapped(_) => {
                control.command(&attach)?;
                control.command(&close)?;
            }
            // 551 is the reply code of a command that failed.
            End::Failed(_) => {
                let reply = control.try_command(&attach)?;
                assert!(reply.starts_with("551 "), "{reply:?}");
            }
            End::HungUp => self.client = None,
        }
        Ok(())
    }

    /// Checks all events of the stream.
    fn check(&self, events: &[&Seen]) {
        use StreamStatus::{Closed, Failed, Remap};

        let statuses: Vec<_> = events.iter().map(|seen| seen.event.status).collect();
        let end = statuses.strip_prefix(self.opening());
        assert!(matches!(end, Some([Failed, Closed] | [Closed])), "{:?}: {statuses:?}", self.case.request);

        let mut is_remapped = false;
        for seen in events {
            is_remapped |= seen.event.status == Remap;
            self.check_reading(seen);
            self.check_target(&seen.event, is_remapped);
            self.check_client(&seen.event);
            self.check_status(&seen.event);
        }
    }

    /// Checks that an event whose target lost its port is refused, and that any other one is accepted.
    fn check_reading(&self, seen: &Seen) {
        let Seen { strict, event } = seen;
        if !self.case.anomalies.contains(&Anomaly::TargetWithoutPort) {
            assert_eq!(strict.as_ref(), Ok(event));
            return;
        }
        let target_start = format!("{} {} 0 ", event.id, event.status).len();
        let error = match strict {
            Err(Error::Protocol(error)) => Some((error.kind(), error.offset())),
            _ => None,
        };
        assert_eq!(error, Some((ErrorKind::Truncated(Field::Target), target_start + TARGET_LEN)), "{event:?}");
    }

    /// Checks the target, and its anomalies.
    fn check_target(&self, event: &StreamEvent, is_remapped: bool) {
        let target = self.target(is_remapped);
        let colon = target.iter().rposition(|&byte| byte == b':');
        let port = colon.and_then(|colon| str::from_utf8(target.get(colon + 1..)?).ok()?.parse().ok());
        let host = colon.filter(|_| port.is_some()).and_then(|colon| target.get(..colon)).unwrap_or(&target);
        assert_eq!(event.target_bytes(), target, "{event:?}");
        assert_eq!(event.target_host, str::from_utf8(host).unwrap_or("\u{FFFD}"), "{event:?}");
        assert_eq!(event.target_port, port.unwrap_or(0), "{event:?}");
        assert_eq!(event.anomalies().iter().collect::<Vec<_>>(), self.case.anomalies, "{event:?}");
    }

    /// Checks the fields that come from the client and its listener.
    fn check_client(&self, event: &StreamEvent) {
        let Request { via, username, password, .. } = &self.case.request;
        let (protocol, group, iso_fields) = listener_facts(*via);
        assert_eq!(event.socks_username().map(Quoted::to_vec), *username, "{event:?}");
        assert_eq!(event.socks_password().map(Quoted::to_vec), *password, "{event:?}");
        assert_eq!(event.client_protocol(), Some(protocol), "{event:?}");
        assert_eq!(event.session_group(), Some(group), "{event:?}");
        assert_eq!(event.nym_epoch(), Some(1), "{event:?}");
        let words: Vec<_> = event.iso_fields().map(IsoField::as_str).collect();
        assert_eq!(words.join(","), iso_fields, "{event:?}");
    }

    /// Checks the fields that tor prints with some statuses only.
    fn check_status(&self, event: &StreamEvent) {
        use StreamStatus::{Closed, Failed, New, NewResolve, Remap};

        let is_first = matches!(event.status, New | NewResolve);
        let purpose = if event.status == NewResolve { StreamPurpose::DnsRequest } else { StreamPurpose::User };
        assert_eq!(event.source_addr.as_deref(), is_first.then_some(&*self.source), "{event:?}");
        let parts = event.source_host().map(|host| match event.source_port() {
            Some(port) => format!("{host}:{port}"),
            None => host.into(),
        });
        assert_eq!(parts, event.source_addr, "{event:?}");
        assert_eq!(event.purpose, is_first.then_some(purpose), "{event:?}");
        let is_end = matches!(event.status, Failed | Closed);
        let reason = StreamClosureReason::from_word(self.reason).unwrap_or(StreamClosureReason::Unrecognized);
        assert_eq!(event.reason, is_end.then_some(reason), "{event:?}");
        assert_eq!(event.reason_str(), is_end.then_some(self.reason), "{event:?}");
        // tor names its cache as the source of a mapping by MAPADDRESS too.
        assert_eq!(event.source, (event.status == Remap).then_some(StreamSource::Cache), "{event:?}");
        assert_eq!((event.circuit_id, event.remote_reason), (None, None), "{event:?}");
    }
}

/// Returns the fields of a listener's events: `CLIENT_PROTOCOL`, `SESSION_GROUP` and `ISO_FIELDS`.
const fn listener_facts(via: Via) -> (ClientProtocol, i32, &'static str) {
    /// `ISO_FIELDS` of a listener without isolation flags.
    const DEFAULT: &str = "SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";
    /// `ISO_FIELDS` of a unix socket, whose clients have no addresses.
    const UNIX: &str = "SOCKS_USERNAME,SOCKS_PASSWORD,SESSION_GROUP,NYM_EPOCH";
    /// `ISO_FIELDS` of the HTTPTunnelPort, which has every flag.
    const HTTP: &str =
        "DESTPORT,DESTADDR,SOCKS_USERNAME,SOCKS_PASSWORD,CLIENT_PROTOCOL,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

    match via {
        Via::Socks5 | Via::Socks5Resolve => (ClientProtocol::Socks5, SOCKS_GROUP, DEFAULT),
        Via::Socks4a => (ClientProtocol::Socks4, SOCKS_GROUP, DEFAULT),
        Via::Unix(_) => (ClientProtocol::Socks5, UNIX_GROUP, UNIX),
        Via::Http => (ClientProtocol::HttpConnect, HTTP_GROUP, HTTP),
        Via::Natd => (ClientProtocol::Natd, NATD_GROUP, DEFAULT),
        // The configuration turns two of the usual fields off.
        Via::Dns => (ClientProtocol::Dns, DNS_GROUP, "SESSION_GROUP,NYM_EPOCH"),
        Via::Control => (ClientProtocol::Unknown, RESOLVE_GROUP, DEFAULT),
    }
}

/// Checks an event of a stream that no client asked for: tor fetches its directory.
fn check_own(seen: &Seen) {
    let Seen { strict, event } = seen;
    assert_eq!(strict.as_ref(), Ok(event));
    assert!(event.target_host.starts_with("127.0.0.1"), "{event:?}");
    assert_eq!(event.session_group(), Some(DIRECTORY_GROUP), "{event:?}");
    assert_eq!(event.client_protocol(), Some(ClientProtocol::Unknown), "{event:?}");
    assert_eq!(event.purpose, (event.status == StreamStatus::New).then_some(StreamPurpose::DirFetch), "{event:?}");
    assert!(event.source_addr.is_none() && event.anomalies().is_empty(), "{event:?}");
}

/// Waits until `is_done` holds for every stream, such as that it is closed.
fn wait(events: &mut Events, streams: &[Stream], is_done: impl Fn(&Stream, &[Seen]) -> bool) -> Result<()> {
    let waiting = events.wait(|seen| streams.iter().all(|stream| is_done(stream, seen)));
    waiting.map_err(|error| {
        let left: Vec<_> = streams.iter().filter(|stream| !is_done(stream, &events.seen)).collect();
        let left: Vec<_> = left.iter().map(|stream| &stream.case.request).collect();
        format!("{error}, waiting for {left:?}; there were {:#?}", events.seen).into()
    })
}

/// Opens every stream, ends each, and checks all events of all streams.
#[test]
fn events_say_what_clients_did() -> Result<()> {
    let Some(tor) = Tor::start(Instant::now() + MAX_DURATION)? else {
        // Written directly: the harness does not show what `eprintln` prints in a test that passes.
        writeln!(io::stderr(), "skipped: no tor on this machine")?;
        return Ok(());
    };
    let mut control = tor.control()?;
    let mut events = Events::subscribe(tor.control()?)?;
    let listeners = Listeners::of(&tor, &mut control)?;
    // Raises NYM_EPOCH to 1.
    control.command("SIGNAL NEWNYM")?;

    let mut streams = Vec::new();
    let mut reasons = REASONS.into_iter().cycle();
    for case in cases() {
        if let End::Remapped(host) = case.end {
            control.command(&format!("MAPADDRESS {}={host}", case.request.host.escape_ascii()))?;
        }
        let client = listeners.open(&case.request, &mut control)?;
        streams.push(Stream::new(case, client, &mut reasons));
    }
    // There are enough streams for every reason.
    assert!(REASONS.iter().all(|&(code, _)| streams.iter().any(|stream| stream.code == code)));
    wait(&mut events, &streams, Stream::is_settled)?;
    for stream in &mut streams {
        stream.end(&events.seen, &mut control)?;
    }
    wait(&mut events, &streams, Stream::is_closed)?;

    let seen = events.finish()?;
    let mut ids = HashSet::new();
    for stream in &streams {
        let events = stream.events(&seen);
        stream.check(&events);
        ids.extend(events.iter().map(|Seen { event, .. }| event.id));
    }
    assert_eq!(ids.len(), streams.len());
    seen.iter().filter(|Seen { event, .. }| !ids.contains(&event.id)).for_each(check_own);
    Ok(())
}
