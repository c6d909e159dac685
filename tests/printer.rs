//! A model of how tor prints an event, against which reading is tested: whatever a client puts into its target and its
//! credentials, what was printed is what is read.
//!
//! The model is written from tor's behaviour and shares no code with the crate.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::io::Write;

use common::escape::escape;
use common::search::Settings;
use proptest::prelude::*;
use proptest::sample::select;
use tor_stream_event::{Anomaly, Error, LineEnd, StreamEventRef, stream_events};

/// The most bytes that tor prints of a target.
const TARGET_BUFFER: usize = 255;
/// The most bytes that tor prints of a source address.
const SOURCE_ADDR_BUFFER: usize = 50;

/// A reason as tor knows it.
#[derive(Clone, Debug)]
enum Reason {
    /// One that has a word.
    Word(&'static str),
    /// One that has none.
    Code(u16),
}

/// What tor prints between the target and the credentials.
#[derive(Clone, Debug)]
enum Details {
    /// Of FAILED, CLOSED and DETACHED: both reasons.
    End(Option<(Reason, Option<Reason>)>),
    /// Of REMAP with a source that has a word.
    Source(&'static str),
    /// Of REMAP with a source that has none.
    SourceCode(u16),
    /// Of NEW and NEWRESOLVE: source address and purpose.
    Origin(Option<String>, Option<&'static str>),
    /// Of the others.
    Nothing,
}

/// What a newer tor prints after all else.
#[derive(Clone, Debug)]
struct Isolation {
    /// What the client sent as its user name.
    username: Option<Vec<u8>>,
    /// What the client sent as its password.
    password: Option<Vec<u8>>,
    /// The client's protocol.
    client_protocol: &'static str,
    /// How many NEWNYM signals came before.
    nym_epoch: u32,
    /// The listener.
    session_group: i32,
    /// What keeps the stream apart.
    iso_fields: Vec<&'static str>,
}

/// An event in tor.
#[derive(Clone, Debug)]
struct Event {
    /// The stream's ID.
    id: u64,
    /// The status.
    status: &'static str,
    /// The circuit's ID, or 0.
    circuit: u64,
    /// The target's host, as the client sent it.
    host: Vec<u8>,
    /// The target's port.
    port: u16,
    /// What goes with the status.
    details: Details,
    /// What tor prints from 0.4.3.1 on.
    isolation: Option<Isolation>,
}

impl Reason {
    /// Returns the word that the field means.
    fn word(&self) -> String {
        match self {
            Self::Word(word) => (*word).into(),
            Self::Code(code) => format!("UNKNOWN_{code}"),
        }
    }

    /// Returns what stands after the `=`: a code has a space before it.
    fn printed(&self) -> String {
        match self {
            Self::Word(word) => (*word).into(),
            Self::Code(code) => format!(" UNKNOWN_{code}"),
        }
    }
}

impl Event {
    /// Returns the target as tor would print it in a buffer without an end.
    fn whole_target(&self) -> Vec<u8> {
        [&self.host, format!(":{}", self.port).as_bytes()].concat()
    }

    /// Returns whether tor cuts the target.
    fn is_cut(&self) -> bool {
        self.whole_target().len() > TARGET_BUFFER
    }

    /// Returns the event's content as tor prints it.
    fn print(&self) -> Vec<u8> {
        let mut line = Vec::new();
        let mut target = self.whole_target();
        target.truncate(TARGET_BUFFER);
        write!(line, "{} {} {} ", self.id, self.status, self.circuit).expect("memory");
        line.extend(target);
        line.extend(self.tail().into_bytes());
        line
    }

    /// Returns what tor prints after the target.
    fn tail(&self) -> String {
        let mut tail = String::new();
        match &self.details {
            Details::End(Some((reason, remote_reason))) => {
                tail += &format!(" REASON={}", reason.printed());
                if let Some(remote_reason) = remote_reason {
                    tail += &format!(" REMOTE_REASON={}", remote_reason.printed());
                }
            }
            Details::Source(word) => tail += &format!(" SOURCE={word}"),
            Details::SourceCode(code) => tail += &format!(" REASON=UNKNOWN_{code}"),
            Details::Origin(source_addr, purpose) => {
                if let Some(source_addr) = source_addr {
                    tail += &format!(" SOURCE_ADDR={source_addr}");
                }
                if let Some(purpose) = purpose {
                    tail += &format!(" PURPOSE={purpose}");
                }
            }
            Details::End(None) | Details::Nothing => {}
        }
        if let Some(isolation) = &self.isolation {
            if let Some(username) = &isolation.username {
                tail += &format!(" SOCKS_USERNAME=\"{}\"", escape(username));
            }
            if let Some(password) = &isolation.password {
                tail += &format!(" SOCKS_PASSWORD=\"{}\"", escape(password));
            }
            let Isolation { client_protocol, nym_epoch, session_group, .. } = isolation;
            tail += &format!(" CLIENT_PROTOCOL={client_protocol} NYM_EPOCH={nym_epoch} SESSION_GROUP={session_group}");
            tail += &format!(" ISO_FIELDS={}", isolation.iso_fields.join(","));
        }
        tail
    }

    /// Returns the first field of `read` that is not what tor meant.
    fn difference(&self, read: &StreamEventRef<'_>) -> Option<&'static str> {
        let (mut reason, mut remote_reason, mut source, mut source_addr, mut purpose) = (None, None, None, None, None);
        match &self.details {
            Details::End(reasons) => {
                reason = reasons.as_ref().map(|(reason, _)| reason.word());
                remote_reason = reasons.as_ref().and_then(|(_, remote)| remote.as_ref()).map(Reason::word);
            }
            Details::Source(word) => source = Some(*word),
            Details::SourceCode(code) => reason = Some(format!("UNKNOWN_{code}")),
            Details::Origin(address, word) => (source_addr, purpose) = (address.as_deref(), *word),
            Details::Nothing => {}
        }
        let host = core::str::from_utf8(&self.host).unwrap_or("\u{fffd}");
        let isolation = self.isolation.as_ref();
        let credential = |bytes: Option<&Vec<u8>>| bytes.cloned();
        let iso_fields = isolation.map_or(&[][..], |isolation| &isolation.iso_fields);
        let circuit = (self.circuit != 0).then(|| self.circuit.to_string());
        let checks = [
            ("id", read.id == self.id.to_string()),
            ("status", read.status_str() == self.status && read.status.as_str() == self.status),
            ("circuit", read.circuit_id == circuit.as_deref()),
            ("target", read.target_bytes() == self.whole_target()),
            ("host", read.target_host == host),
            ("port", read.target_port == self.port),
            ("reason", read.reason_str() == reason.as_deref() && read.reason.is_some() == reason.is_some()),
            ("remote reason", read.remote_reason_str() == remote_reason.as_deref()),
            ("source", read.source_str() == source),
            ("source address", read.source_addr == source_addr),
            ("purpose", read.purpose_str() == purpose),
            (
                "user name",
                read.socks_username().map(|quoted| quoted.bytes().collect())
                    == credential(isolation.and_then(|isolation| isolation.username.as_ref())),
            ),
            (
                "password",
                read.socks_password().map(|quoted| quoted.bytes().collect())
                    == credential(isolation.and_then(|isolation| isolation.password.as_ref())),
            ),
            ("client protocol", read.client_protocol_str() == isolation.map(|isolation| isolation.client_protocol)),
            ("NYM epoch", read.nym_epoch() == isolation.map(|isolation| isolation.nym_epoch)),
            ("session group", read.session_group() == isolation.map(|isolation| isolation.session_group)),
            ("isolation fields", read.iso_fields().words().eq(iso_fields.iter().copied())),
            ("presence of ISO_FIELDS", read.iso_fields_str().is_some() == isolation.is_some()),
        ];
        checks.into_iter().find(|&(_, same)| !same).map(|(name, _)| name)
    }

    /// Returns whether the target is such that nothing about the line is odd, but for where its fields end.
    fn is_plain(&self) -> bool {
        self.whole_target().len() < TARGET_BUFFER && self.host.iter().all(|&b| b.is_ascii_graphic() && b != b'"')
    }
}

/// What tor prints, and so what a client would have it seem to have printed: whole fields, and halves of them that fit
/// what follows.
const PIECES: &[&str] = &[
    " REASON=DONE",
    " REASON=END",
    " REASON=END REMOTE_REASON=MISC",
    " REASON=",
    " REASON= UNKNOWN_1",
    " REASON=UNKNOWN_1",
    " REMOTE_REASON=DONE",
    " REMOTE_REASON=",
    " SOURCE=EXIT",
    " SOURCE=CACHE",
    " SOURCE=",
    " SOURCE_ADDR=6.6.6.6:1",
    " SOURCE_ADDR=6.6.6.6",
    " SOURCE_ADDR=::1",
    " SOURCE_ADDR=",
    " SOURCE_ADDR=/x",
    " SOURCE_ADDR=/x y:0",
    " SOURCE_ADDR=(Tor_internal)",
    " PURPOSE=USER",
    " PURPOSE=DIR_FETCH",
    " PURPOSE=",
    " SOCKS_USERNAME=\"",
    " SOCKS_USERNAME=\"u\"",
    " SOCKS_USERNAME=\"u\\\"",
    " SOCKS_USERNAME=",
    " SOCKS_PASSWORD=\"",
    " SOCKS_PASSWORD=\"p\"",
    " SOCKS_PASSWORD=\"\\",
    " SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"",
    " CLIENT_PROTOCOL=SOCKS5",
    " CLIENT_PROTOCOL=",
    " NYM_EPOCH=7",
    " NYM_EPOCH=",
    " SESSION_GROUP=-7",
    " SESSION_GROUP=",
    " ISO_FIELDS=",
    " ISO_FIELDS=CLIENTADDR",
    " ISO_FIELDS=CLIENTADDR,",
    " FOO=",
    " FOO=1",
    " FOO=\"",
    " FOO=\"x\"",
    " FOO=a:1",
    " FOO=a\"",
    " FOO=\"a\\",
    " =",
    "=",
    "\"",
    "\" ",
    " \"",
    "\\",
    "\\\"",
    "\\\\",
    "\\\\\"",
    "'",
    "\\001",
    ":",
    ":1",
    ":80",
    ":80 ",
    " :80",
    ":65535",
    ":65536",
    ":0",
    " ",
    "  ",
    ",",
    "-",
    "_",
    "UNKNOWN_1",
    " UNKNOWN_1",
    "DONE",
    "x",
    "a.b",
    "[::1]",
    "/",
    "650 STREAM 1 NEW 0 a:1",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\t",
    "caf\u{e9}",
    "\u{2028}",
    "\u{feff}",
];

/// Texts that a client may send, put together from pieces, random text and random bytes.
fn hostile(pieces: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        2 => prop::collection::vec(b' '..=b'~', 0..6),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => (0_usize..90).prop_map(|len| vec![b'a'; len]),
    ];
    prop::collection::vec(piece, pieces).prop_map(|pieces| pieces.concat())
}

/// Hosts: plain ones, hostile ones, and hostile ones of a length near to where tor cuts.
fn host() -> impl Strategy<Value = Vec<u8>> {
    let near_cut = (hostile(0..6), hostile(0..6), 240_usize..262).prop_map(|(mut host, end, len)| {
        host.resize(host.len().max(len.saturating_sub(end.len())), b'a');
        host.extend(end);
        host
    });
    prop_oneof![
        2 => select(&["example.com", "192.0.2.1", "[2001:db8::1]", "", "a=b", "1.2.3.4.$00.exit", "2001:db8::1"][..])
            .prop_map(|host| host.as_bytes().to_vec()),
        8 => hostile(0..9),
        3 => near_cut,
    ]
}

/// Reasons of either end.
fn reason() -> impl Strategy<Value = Reason> {
    const WORDS: &[&str] = &["MISC", "EXITPOLICY", "DONE", "TIMEOUT", "SOCKS_PROTOCOL", "PRIVATE_ADDR", "CANT_ATTACH"];
    prop_oneof![3 => select(WORDS).prop_map(Reason::Word), 1 => any::<u16>().prop_map(Reason::Code)]
}

/// Source addresses as tor cuts them.
fn source_addr() -> impl Strategy<Value = String> {
    let path =
        prop::collection::vec(select(&["a", "tor", " ", "/", ".", ":", "-", " s", "sock:0 ", "12345678"][..]), 0..16);
    prop_oneof![
        any::<u16>().prop_map(|port| format!("127.0.0.1:{port}")),
        any::<u16>().prop_map(|port| format!("2001:db8::7:{port}")),
        Just("(Tor_internal):0".into()),
        path.prop_map(|parts| {
            let mut value = format!("/{}:0", parts.concat());
            value.truncate(SOURCE_ADDR_BUFFER);
            value
        }),
    ]
}

/// A status, with what tor prints for it.
fn status() -> impl Strategy<Value = (&'static str, Details)> {
    let end = prop_oneof![
        1 => Just(None),
        3 => reason().prop_map(|reason| Some((reason, None))),
        3 => prop::option::of(reason()).prop_map(|remote| Some((Reason::Word("END"), remote))),
    ];
    let origin = prop_oneof![
        4 => (source_addr(), select(&["USER", "DNS_REQUEST", "DIR_UPLOAD"][..]))
            .prop_map(|(address, purpose)| Details::Origin(Some(address), Some(purpose))),
        1 => select(&["USER", "DIR_FETCH", "DNS_REQUEST"][..]).prop_map(|purpose| Details::Origin(None, Some(purpose))),
        // What tor printed before it had purposes.
        1 => any::<u16>().prop_map(|port| Details::Origin(Some(format!("192.0.2.1:{port}")), None)),
        1 => Just(Details::Origin(None, None)),
    ];
    let remap = prop_oneof![
        select(&["CACHE", "EXIT"][..]).prop_map(Details::Source),
        any::<u16>().prop_map(Details::SourceCode),
        Just(Details::Nothing),
    ];
    const OTHERS: &[&str] = &[
        "SENTCONNECT",
        "SENTRESOLVE",
        "SUCCEEDED",
        "CONTROLLER_WAIT",
        "XOFF_SENT",
        "XOFF_RECV",
        "XON_SENT",
        "XON_RECV",
    ];
    prop_oneof![
        4 => (select(&["FAILED", "CLOSED", "DETACHED"][..]), end.prop_map(Details::End)),
        4 => (select(&["NEW", "NEWRESOLVE"][..]), origin),
        2 => (Just("REMAP"), remap),
        3 => (select(OTHERS), Just(Details::Nothing)),
    ]
}

/// What a newer tor adds.
fn isolation() -> impl Strategy<Value = Isolation> {
    const FIELDS: &[&str] =
        &["SOCKS_USERNAME", "SOCKS_PASSWORD", "CLIENTADDR", "SESSION_GROUP", "NYM_EPOCH", "DESTPORT"];
    let credential = || prop::option::of(hostile(0..5));
    let protocol = select(&["SOCKS4", "SOCKS5", "DNS", "NATD", "TRANS", "HTTPCONNECT", "UNKNOWN"][..]);
    let iso_fields = prop::sample::subsequence(FIELDS, 0..=FIELDS.len());
    (credential(), credential(), protocol, any::<u32>(), any::<i32>(), iso_fields).prop_map(
        |(username, password, client_protocol, nym_epoch, session_group, iso_fields)| Isolation {
            username,
            password,
            client_protocol,
            nym_epoch,
            session_group,
            iso_fields,
        },
    )
}

/// Any event that tor can print.
fn event() -> impl Strategy<Value = Event> {
    let isolation = prop_oneof![3 => isolation().prop_map(Some), 1 => Just(None)];
    let circuit = prop_oneof![Just(0), any::<u64>()];
    (any::<u64>(), status(), circuit, host(), any::<u16>(), isolation).prop_map(
        |(id, (status, mut details), circuit, host, port, isolation)| {
            // Without tor's own SOURCE_ADDR a client's is not the second one. tor leaves it out of its own streams,
            // whose targets no client chooses, and of look-ups that were asked for over the control port.
            if host.windows(13).any(|part| part == b" SOURCE_ADDR=") {
                if let Details::Origin(address @ None, _) = &mut details {
                    *address = Some("127.0.0.1:5".into());
                }
            }
            Event { id, status, circuit, host, port, details, isolation }
        },
    )
}

/// A tor before 0.4.3.1 prints no `ISO_FIELDS`: a client's must not pass for that of a tor that prints more keywords. Only a
/// client that writes all four fields of a newer tor is one in every respect, and then the unknown keyword is flagged.
#[test]
fn forged_newer_fields_of_an_old_tor() {
    for host in [
        "a:1 ISO_FIELDS= FOO=",
        "a:1 ISO_FIELDS=CLIENTADDR FOO=b",
        "a:1 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 FOO=[::1]",
        "a:1 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 ISO_FIELDS= FOO=[::1]",
        "a:1 ISO_FIELDS= FOO=\"",
        "a:1 ISO_FIELDS= FOO",
    ] {
        let (host, details) = (host.into(), Details::Nothing);
        let event = Event { id: 9, status: "SUCCEEDED", circuit: 4, host, port: 80, details, isolation: None };
        let line = event.print();
        assert_eq!(event.difference(&common::event_of_bytes(&line)), None, "{}", line.escape_ascii());
    }
}

proptest! {
    #![proptest_config(common::config(5_000))]

    /// Every event whose target tor did not cut comes back exactly; of the others every one that does not is refused or
    /// flagged. What is plain is not flagged, and what is odd is. That holds at the door of `parse` and wherever an event is
    /// found in a stream of lines.
    #[test]
    fn printed_and_read_back(event in event()) {
        let content = event.print();
        // A target that was cut may end in a line end of its own, so the one that tor prints has to be there.
        let line = [&content, &b"\r\n"[..]].concat();
        let read = StreamEventRef::parse_bytes(&line);
        check(&event, &content, read)?;
        if let Ok(read) = read {
            prop_assert_eq!(StreamEventRef::parse_lenient(&line), Ok(read));
        }

        // A CR LF in a name ends the line on the wire, and a LF in a log.
        let whole = |bytes: &[u8]| !content.windows(bytes.len()).any(|part| part == bytes);
        let [cr_lf, lf] = [&b"\r\n"[..], b"\n"].map(whole);
        // On the wire, with and without other lines before it; in a log, where a CR before the LF may be the target's.
        let doors: [Door<'_>; 5] = [
            (b"", b"\r\n", Some(LineEnd::CrLf), cr_lf),
            (b"650 BW 1 2\r\n", b"\r\n", None, cr_lf),
            (b"1:2 650 BW 1 2\r\n1:2 ", b"\r\n", None, lf),
            (b"1:2 650 BW 1 2\n1:2 ", b"\n", None, lf && !content.ends_with(b"\r")),
            (b"1:2 ", b"\n", Some(LineEnd::Lf), lf && !content.ends_with(b"\r")),
        ];
        for (before, end, line_end, _) in doors.iter().filter(|door| door.3) {
            let input = [before, &b"650 STREAM "[..], &content, end].concat();
            let settings = Settings { line_end: *line_end, formats: Vec::new() };
            // All doors give what the buffer gives.
            common::doors::read(&input, &settings, 100);
            let read = common::doors::events(&input, &settings).last().expect("an event").event;
            check(&event, &content, read)?;
        }
        // The CR at the end of a cut target in a LF log is taken off, and that is told.
        if lf && content.ends_with(b"\r") {
            let input = [b"1:2 650 BW 1 2\n1:2 650 STREAM ", &content[..], b"\n"].concat();
            if let Some(Ok(read)) = stream_events(&input).last().map(|line| line.event) {
                prop_assert!(!read.anomalies().is_empty(), "{}", input.escape_ascii());
            }
        }
    }
}

/// What stands before and behind the event in an input, the line end that is set, and whether the name leaves the line whole.
type Door<'a> = (&'a [u8], &'a [u8], Option<LineEnd>, bool);

/// Checks an event that was read from the content that tor printed for `event`.
fn check(event: &Event, content: &[u8], read: Result<StreamEventRef<'_>, Error>) -> Result<(), TestCaseError> {
    match read {
        Err(error) => prop_assert!(event.is_cut(), "{error} in {}", content.escape_ascii()),
        Ok(read) => {
            let difference = event.difference(&read);
            let flags: Vec<Anomaly> = read.anomalies().iter().collect();
            if event.is_cut() {
                prop_assert!(difference.is_none() || !flags.is_empty(), "{difference:?}: {}", content.escape_ascii());
            } else {
                prop_assert_eq!(difference, None, "{}", content.escape_ascii());
                let plain = flags.iter().all(|&flag| flag == Anomaly::FieldAtCut);
                prop_assert_eq!(plain, event.is_plain(), "{:?} of {}", flags, content.escape_ascii());
            }
            prop_assert_eq!(read.content(), content);
        }
    }
    Ok(())
}
