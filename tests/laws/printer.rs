//! Hostile events, printed by a model of tor's printer and read back: whatever a client writes into its target and its
//! credentials, the fields that are read are those that tor meant.
//!
//! `common/printed.rs` has the model and the law, this file the generator.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use crate::common;
use crate::common::printed::{
    ENDS, FRAGMENTS, NEW_KEY, OTHERS, PATH_PARTS, PROTOCOLS, PURPOSES, Printed, REASONS, STARTS,
};
use crate::common::search::Settings;
use proptest::prelude::*;
use proptest::sample::select;
use tor_stream_event::{LineEnd, StreamEventRef};

/// Generates text that a client may send: as many pieces as `fragments` says, most of them fragments of tor's fields, the others random
/// text, random bytes, or many letters.
fn hostile(fragments: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        12 => select(FRAGMENTS).prop_map(|fragment| fragment.as_bytes().to_vec()),
        2 => prop::collection::vec(b' '..=b'~', 0..6),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => (0_usize..90).prop_map(|len| vec![b'a'; len]),
    ];
    prop::collection::vec(fragment, fragments).prop_map(|fragments| fragments.concat())
}

/// Generates hosts: plain ones, hostile ones, and hostile ones so long that their target has about 255 bytes, where tor cuts.
fn host() -> impl Strategy<Value = Vec<u8>> {
    let near_cut = (hostile(0..6), hostile(0..6), 240_usize..262).prop_map(|(mut host, end, len)| {
        // Letters between two hostile texts.
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

/// A reason: its word, or the code of a reason for which tor has no word.
type Reason = Result<&'static str, u16>;

/// Generates reasons: words and codes.
fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![3 => select(REASONS).prop_map(Ok), 1 => any::<u16>().prop_map(Err)]
}

/// Generates source addresses: IPv4, IPv6, tor's own, and paths of unix sockets.
fn source_addr() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u16>().prop_map(|port| format!("127.0.0.1:{port}")),
        any::<u16>().prop_map(|port| format!("2001:db8::7:{port}")),
        Just("(Tor_internal):0".into()),
        prop::collection::vec(select(PATH_PARTS), 0..16).prop_map(|parts| format!("/{}:0", parts.concat())),
    ]
}

/// The fields that tor prints with one status only.
#[derive(Clone, Debug)]
enum Details {
    /// Reasons, of FAILED, CLOSED and DETACHED.
    End(Option<(Reason, Option<Reason>)>),
    /// A source of REMAP, or the code of a source for which tor has no word.
    Remap(Option<Result<&'static str, u16>>),
    /// Source address and purpose, of NEW and NEWRESOLVE.
    Start(Option<String>, Option<&'static str>),
    /// No fields, of every other status.
    None,
}

/// Generates a status and the fields that tor prints with it only.
fn status() -> impl Strategy<Value = (&'static str, Details)> {
    let end = prop_oneof![
        1 => Just(None),
        3 => reason().prop_map(|reason| Some((reason, None))),
        3 => prop::option::of(reason()).prop_map(|remote| Some((Ok("END"), remote))),
    ];
    let remap = prop_oneof![
        select(&["CACHE", "EXIT"][..]).prop_map(|source| Some(Ok(source))),
        any::<u16>().prop_map(|code| Some(Err(code))),
        Just(None),
    ];
    // Tors of all ages: the oldest print no purpose, and no source address for some streams.
    let start = (prop::option::weighted(0.75, source_addr()), prop::option::weighted(0.75, select(PURPOSES)));
    prop_oneof![
        4 => (select(ENDS), end.prop_map(Details::End)),
        4 => (select(STARTS), start.prop_map(|(source_addr, purpose)| Details::Start(source_addr, purpose))),
        2 => (Just("REMAP"), remap.prop_map(Details::Remap)),
        3 => (select(OTHERS), Just(Details::None)),
    ]
}

/// The fields that tor prints from 0.4.3.1 on with every status.
#[derive(Clone, Debug)]
struct Newer {
    /// User name and password.
    credentials: [Option<Vec<u8>>; 2],
    /// `CLIENT_PROTOCOL`.
    client_protocol: &'static str,
    /// `NYM_EPOCH`.
    nym_epoch: u32,
    /// `SESSION_GROUP`.
    session_group: i32,
    /// The words of `ISO_FIELDS`.
    iso_fields: Vec<&'static str>,
    /// Value of a field that a tor newer than this crate adds.
    unknown: Option<&'static str>,
}

/// Generates the fields of a tor from 0.4.3.1 on.
fn newer() -> impl Strategy<Value = Newer> {
    const FIELDS: &[&str] =
        &["SOCKS_USERNAME", "SOCKS_PASSWORD", "CLIENTADDR", "SESSION_GROUP", "NYM_EPOCH", "DESTPORT", "A_NEW_FIELD"];
    let credential = || prop::option::of(hostile(0..5));
    let iso_fields = prop::sample::subsequence(FIELDS, 0..=FIELDS.len());
    let unknown = prop::option::weighted(0.2, select(&["", "1", "a:1", "A=b", "\"\"", "\"a b:1\""][..]));
    ([credential(), credential()], select(PROTOCOLS), any::<u32>(), any::<i32>(), iso_fields, unknown).prop_map(
        |(credentials, client_protocol, nym_epoch, session_group, iso_fields, unknown)| Newer {
            credentials,
            client_protocol,
            nym_epoch,
            session_group,
            iso_fields,
            unknown,
        },
    )
}

/// Generates events of every kind that a known tor can print, and of a newer one.
fn event() -> impl Strategy<Value = Printed> {
    let circuit = prop_oneof![Just(0), any::<u64>()];
    let newer = prop::option::weighted(0.75, newer());
    (any::<u64>(), status(), circuit, host(), any::<u16>(), newer).prop_map(
        |(id, (status, details), circuit, host, port, newer)| {
            let mut event = Printed::new(id, status, circuit, host, port);
            match details {
                Details::End(Some((reason, remote_reason))) => {
                    event.add_reason("REASON", reason);
                    if let Some(remote_reason) = remote_reason {
                        event.add_reason("REMOTE_REASON", remote_reason);
                    }
                }
                Details::Remap(Some(Ok(source))) => event.add("SOURCE", source),
                // tor prints the code of a source as a reason, and without the space.
                Details::Remap(Some(Err(code))) => event.add("REASON", format!("UNKNOWN_{code}")),
                Details::Start(source_addr, purpose) => event.add_start(source_addr, purpose),
                Details::End(None) | Details::Remap(None) | Details::None => {}
            }
            if let Some(newer) = newer {
                event.add_credentials(newer.credentials);
                event.add_newer(
                    newer.client_protocol,
                    newer.nym_epoch,
                    newer.session_group,
                    &newer.iso_fields.join(","),
                );
                if let Some(value) = newer.unknown {
                    event.add(NEW_KEY, value);
                }
            }
            event
        },
    )
}

/// A tor before 0.4.3.1 prints none of the four newer fields, so a client can write some of them into its host, and an unknown keyword
/// at the end (`ISO_FIELDS= FOO=`). The `:80` that tor prints after the host is still the port, and no value of that keyword.
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
        let event = Printed::new(9, "SUCCEEDED", 4, host.into(), 80);
        let line = event.content();
        assert_eq!(event.difference(&common::event_of_bytes(&line)), None, "{}", line.escape_ascii());
    }
}

/// Maximum length of a chunk, for entry points that read chunks: shorter than most lines, so that lines are cut.
const CHUNK: usize = 100;

proptest! {
    #![proptest_config(common::config(5_000))]

    /// Checks the law of the model for `parse`, and for every entry point of a stream of lines.
    #[test]
    fn printed_and_read_back(event in event()) {
        let content = event.content();
        // A target that was cut may end in a line end of its own, so tor's own has to follow.
        let line = [&content, &b"\r\n"[..]].concat();
        let read = StreamEventRef::parse_bytes(&line);
        event.check(&content, read);
        if let Ok(read) = read {
            prop_assert_eq!(StreamEventRef::parse_lenient(&line), Ok(read));
        }

        // A CR LF in a name ends the line on the wire, and a LF in a log.
        let is_free_of = |bytes: &[u8]| !content.windows(bytes.len()).any(|window| window == bytes);
        let [no_cr_lf, no_lf] = [&b"\r\n"[..], b"\n"].map(is_free_of);
        // Text before `650 STREAM `, the line end after the content, the line end that is set, and whether the line stays whole: it does
        // if the content holds no line end of this input.
        for (before, end, line_end, is_whole) in [
            // On the wire, alone and after another line.
            (&b""[..], &b"\r\n"[..], Some(LineEnd::CrLf), no_cr_lf),
            (b"650 BW 1 2\r\n", b"\r\n", None, no_cr_lf),
            // In a log with CR LF, and in logs with LF, in which a CR of the target before the LF would be part of the line end, as
            // `cut_after_a_cr_or_lf` in tests/lines/files.rs has it.
            (b"1:2 650 BW 1 2\r\n1:2 ", b"\r\n", None, no_lf),
            (b"1:2 650 BW 1 2\n1:2 ", b"\n", None, no_lf && !content.ends_with(b"\r")),
            (b"1:2 ", b"\n", Some(LineEnd::Lf), no_lf && !content.ends_with(b"\r")),
        ] {
            if !is_whole {
                continue;
            }
            let input = [before, &b"650 STREAM "[..], &content, end].concat();
            let settings = Settings { line_end, formats: Vec::new() };
            // Every entry point returns the events of the buffer.
            common::entry_points::read(&input, &settings, CHUNK);
            let read = common::entry_points::events(&input, &settings).last().expect("an event").event;
            event.check(&content, read);
        }
    }
}
