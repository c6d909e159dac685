//! Log formats: which are accepted, which are learned, and that a log in one of them has the events of the capture that it was
//! made of.

use super::*;
use common::printed::TARGET_BUFFER;

/// Maximum length of a chunk: shorter than every line with an event, so that lines are cut.
const CHUNK: usize = 11;

/// A format has two texts, before and after a reply, of at most 128 bytes together and without a LF. A digit at the end of the first
/// would run into the reply's code.
#[test]
fn texts_of_a_format() {
    let format = |before: &[u8], after: &[u8]| LogFormat::like(before, after);
    let both = format(b"x: '", b"'").unwrap();
    assert_eq!((both.before(), both.after()), (&b"x: '"[..], &b"'"[..]));
    assert!(format(b"", b"").is_some());
    assert!(format(b"gw 1", b"").is_none() && format(b"gw 1 ", b"1").is_some());
    assert!(format(b"a\nb", b"").is_none() && format(b"a", b"\n").is_none());
    // 128 bytes together, 129, and many in one of them.
    assert!(format(&[b'x'; 100], &[b'x'; 28]).is_some() && format(&[b'x'; 100], &[b'x'; 29]).is_none());
    assert!(format(&[b'x'; 300], b"").is_none() && format(b"", &[b'x'; 300]).is_none());
    assert_eq!(format!("{both:?}"), r#"LogFormat { before: "x: '", after: "'" }"#);
    let secret = format(b"SOCKS_PASSWORD=\"hunter2\" ", b"").unwrap();
    assert_eq!(format!("{secret:?}"), r#"LogFormat { before: "SOCKS_PASSWORD=\"***\" ", after: "" }"#);
}

/// A prefix that fits a format may have other digits, other numbers of spaces, and other names: a month for a month, a weekday for a
/// weekday, AM for PM. A time zone is not one of these names.
#[test]
fn prefixes_that_fit_a_format() {
    // Text before a reply of which a format is made, prefixes that fit the format, and prefixes that do not.
    #[rustfmt::skip]
    let table: &[(&str, &[&str], &[&str])] = &[
        ("gw tor[8]: ", &["gw tor[8]: ", "gw tor[18]: ", "gw  tor[812]: "], &["gw tor[]: ", "gw tor[8]:", "gwtor[8]: ", " gw tor[8]: ", "GW tor[8]: "]),
        ("Nov  9 10:00:00 gw: ", &["Dec 10 1:00:00 gw: ", "Jan 1 10:00:00 gw: "], &["Mon  9 10:00:00 gw: ", "nov  9 10:00:00 gw: ", "Nov9 10:00:00 gw: "]),
        ("Mon Nov 9 AM: ", &["Sun Dec 12 PM: "], &["Mon Mon 9 AM: ", "Mon Nov 9 UTC: "]),
        ("UTC GMT: ", &["UTC GMT: "], &["GMT UTC: ", "UTC PM: "]),
        // Names are whole words.
        ("Monitor aMon Mon_ Mon2 Mon-", &["Monitor aMon Mon_ Mon2 Tue-"], &["Tueitor aMon Mon_ Mon2 Mon-", "Monitor aTue Mon_ Mon2 Mon-", "Monitor aMon Tue_ Mon2 Mon-"]),
        ("1 2  3: ", &["11 22 33: ", "1  2 3: "], &["1 2: ", "12 3: ", "1 2 3 : ", "a 2  3: "]),
        ("\u{e9}t\u{e9}: ", &["\u{e9}t\u{e9}: "], &["ete: "]),
    ];
    for &(before, fit, others) in table {
        let format = LogFormat::like(before.as_bytes(), b"").unwrap();
        for (prefixes, fits) in [(fit, true), (others, false)] {
            for prefix in prefixes {
                let line = |reply: &str| format!("{prefix}{reply}").into_bytes();
                assert_eq!(format.fits(&line("650 STREAM 1 NEW 0 a:1")), fits, "{prefix:?} and {format:?}");
                assert_eq!(format.fits(&line("250 OK")), fits, "{prefix:?} and {format:?}");
                // tor has no code 200; a reply is needed, and a character after its code.
                assert!(!format.fits(&line("200 OK")) && !format.fits(&line("")) && !format.fits(&line("650")));
                let settings = Settings { line_end: None, formats: vec![format] };
                let read = entry_points::read(&line("650 STREAM 1 NEW 0 a:1\n"), &settings, CHUNK);
                assert_eq!((read.items.len() == 1, read.skipped.marks.count == 0), (fits, fits), "{prefix:?}");
            }
        }
    }
}

/// The format of a line is the text before its first event and after it, if the line has an event.
#[test]
fn the_format_of_a_line() {
    let learned =
        |line: &[u8]| LogFormat::of_line(line).map(|format| (format.before().to_vec(), format.after().to_vec()));
    let format = |before: &[u8], after: &[u8]| Some((before.to_vec(), after.to_vec()));
    assert_eq!(learned(b"650 STREAM 1 NEW 0 a:1"), format(b"", b""));
    // A byte order mark is no prefix, and a line end no text after a reply.
    assert_eq!(learned(b"\xef\xbb\xbfgw: 650 STREAM 1 NEW 0 a:1\r\n"), format(b"gw: ", b""));
    // The first `650 ` that an event's name follows decides, whatever a client wrote further right: no format is learned from another
    // event (CIRC), and none from an event that cannot be read.
    assert_eq!(learned(b"gw: 650 STREAM 1 NEW 0 x 650 STREAM 2 NEW 0 a:1"), format(b"gw: ", b""));
    assert_eq!(learned(b"gw: 650 CIRC 1 650 STREAM 2 NEW 0 a:1"), None);
    assert_eq!(learned(b"gw 650 x 650 STREAM 2 NEW 0 a:1"), format(b"gw 650 x ", b""));
    assert_eq!(learned(b"gw: 650 STREAM 1 NEW 0 a"), None);
    // After these, no name of an event stands: a word in small letters, and a second space.
    assert_eq!(learned(b"650 ms: 650 STREAM 1 NEW 0 a:1"), format(b"650 ms: ", b""));
    assert_eq!(learned(b"650  650 STREAM 1 NEW 0 a:1"), format(b"650  ", b""));
    // The text after a reply closes the brackets and quotation marks that are open before it, each once; `\n` in letters may precede.
    assert_eq!(learned(b"(650 STREAM 1 SENTCONNECT 5 a:1))"), None);
    assert_eq!(learned(b"((650 STREAM 1 SENTCONNECT 5 a:1))"), format(b"((", b"))"));
    assert_eq!(learned(b"[\"650 STREAM 1 NEW 0 a:1\\n\"]"), format(b"[\"", b"\\n\"]"));
    assert_eq!(learned(b"said 'x' it's '650 STREAM 1 NEW 0 a:1'"), format(b"said 'x' it's '", b"'"));
    // Escape sequences for colors at the end of a line belong to the text after the reply if the line has one before the reply.
    assert_eq!(
        learned(b"\x1b[1;32mgw (650 STREAM 1 NEW 0 a:1)\x1b[0m\x1b[m"),
        format(b"\x1b[1;32mgw (", b")\x1b[0m\x1b[m")
    );
    assert_eq!(
        learned(b"\x1b[1;32mgw\x1b[0m (650 STREAM 1 NEW 0 a:1)\x1b[0m"),
        format(b"\x1b[1;32mgw\x1b[0m (", b")\x1b[0m")
    );
    // `ESC [ K`, which erases the rest of a line, is none for colors.
    assert_eq!(learned(b"\x1b[1;32mgw (650 STREAM 1 NEW 0 a:1)\x1b[0m\x1b[K"), None);
    // Without a color before the reply, one after it is text of the reply, whose port has only digits.
    assert_eq!(learned(b"gw: 650 STREAM 1 NEW 0 a:1\x1b[0m"), None);
    // The maximum length, and one byte more.
    assert_eq!(learned(&[&[b'x'; 128][..], b"650 STREAM 1 NEW 0 a:1"].concat()), format(&[b'x'; 128], b""));
    assert_eq!(learned(&[&[b'x'; 129][..], b"650 STREAM 1 NEW 0 a:1"].concat()), None);
    assert_eq!(learned(b""), None);
}

/// Of several formats the first that fits a line counts. No more than four are used.
#[test]
fn the_first_format_that_fits_counts() {
    let formats = ["a ", "b ", "c ", "d ", "e "].map(|before| LogFormat::like(before.as_bytes(), b"").unwrap());
    let log = ["e ", "d ", "c ", "b ", "a ", "b "].map(|before| format!("{before}650 STREAM 1 NEW 0 a:1\n")).concat();
    let settings = Settings { line_end: None, formats: formats[..4].to_vec() };
    assert_eq!(entry_points::read(log.as_bytes(), &settings, CHUNK).numbers(), [2, 3, 4, 5, 6]);
    // The fifth format, of the first line, is not used.
    let events = formats.iter().fold(stream_events(log.as_bytes()), |events, &format| events.log_format(format));
    assert_eq!(events.count(), 5);

    // Both formats fit the first line. Without text after the reply, its target would be `a:1'`, which has no port.
    let [open, closed] =
        [("x ", ""), ("x ", "'")].map(|(before, after)| LogFormat::like(before.as_bytes(), after.as_bytes()).unwrap());
    for (formats, first) in [([open, closed], None), ([closed, open], Some(&b"1 NEW 0 a:1"[..]))] {
        let settings = Settings { line_end: None, formats: formats.to_vec() };
        let read = entry_points::read(b"x 650 STREAM 1 NEW 0 a:1'\nx 650 STREAM 1 NEW 0 b:1\n", &settings, CHUNK);
        let content = |item: &entry_points::Item| item.event.as_ref().ok().map(|event| event.content.clone());
        let contents: Vec<_> = read.items.iter().map(content).collect();
        assert_eq!(contents, [first.map(<[u8]>::to_vec), Some(b"1 NEW 0 b:1".to_vec())]);
    }
}

/// Texts that a log writes around replies.
#[derive(Clone, Copy, Debug)]
struct Texts {
    /// Text before a reply.
    before: &'static str,
    /// Text before the next reply: the same, some time later.
    next_before: &'static str,
    /// Text after each reply.
    after: &'static str,
}

/// Returns texts around replies.
const fn texts(before: &'static str, next_before: &'static str, after: &'static str) -> Texts {
    Texts { before, next_before, after }
}

/// Logs of many programs.
#[rustfmt::skip]
const LOGS: &[Texts] = &[
    texts("gw: ", "gw: ", ""),
    texts("Nov  9 11:59:59 gw tor[8]: ", "Dec 31 0:00:00 gw tor[18]: ", ""),
    texts("11/25/2026 10:00:00 [TRACE] read from tor: ", "12/01/2026 10:00:09 [TRACE] read from tor: ", ""),
    texts("x: '", "x: '", "'"),
    texts("Tue 1 AM [", "Wed 12 PM [", "]"),
    texts("{\"t\":1795600800,\"line\":\"", "{\"t\":1795600801,\"line\":\"", "\"}"),
    texts("b'", "b'", "\\r\\n'"),
    texts("", "", "\\r"),
    texts("\u{1b}[32m", "\u{1b}[32m", "\u{1b}[0m"),
];

/// Generates names that clients send: texts of the formats, replies, any bytes, and long names; without CR and LF.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(&[
            "650 STREAM 9 NEW 0 evil:1", "gw: 650 STREAM 9 NEW 0 evil:1", "gw: ", "x: '", "'", "\"}", "]", "\\r\\n'", "\\r", "\u{1b}[0m", ".", "650+NS", " ", ":80",
            "Nov  9 11:59:59 gw tor[8]: ", "250+x", "\\", "\"", "b'", "[", "{", "a.test", "1 ", "\u{feff}",
        ][..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..5),
        1 => (0_usize..250).prop_map(|len| vec![b'a'; len]),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| {
        let mut name = pieces.concat();
        name.retain(|byte| !b"\r\n".contains(byte));
        name
    })
}

/// Returns a name as tor prints it: cut at 255 bytes.
fn target(name: &[u8]) -> Vec<u8> {
    let mut target = [name, b":80"].concat();
    target.truncate(TARGET_BUFFER);
    target
}

/// Returns `text` as tor prints it as a line of data: with a dot before a dot at its start. Returns `x` for a text that begins like a
/// reply of code 650, which would be counted as an event in data.
fn line_of_data(text: &[u8]) -> Vec<u8> {
    let dots: &[u8] = if text.starts_with(b".") { b"." } else { b"" };
    // Spaces at the start could be spaces of the text before a reply.
    if text.trim_ascii_start().starts_with(b"650 ") { b"x".to_vec() } else { [dots, text].concat() }
}

/// A row of spaces in a format stands for any number of them, also for more than a format, a target or a usual line has bytes.
#[test]
fn a_prefix_of_any_length() {
    for spaces in [1, 50, 250, 300, 70_000] {
        let prefix = ["[1]", &" ".repeat(spaces)].concat();
        let log = [&prefix, "650 STREAM 1 NEW 0 a:80\n", &prefix, "650 STREAM 2 NEW 0 b:80\n"].concat();
        let format = LogFormat::like(b"[1] ", b"").unwrap();
        let hosts: Vec<_> = stream_events(log.as_bytes())
            .log_format(format)
            .map(|line| (line.prefix.len(), line.event.unwrap().target_host))
            .collect();
        assert_eq!(hosts, [(prefix.len(), "a"), (prefix.len(), "b")]);
    }
}

proptest! {
    #![proptest_config(common::config(1000))]

    /// A log in a format has the events of the capture that it was made of, and no name adds an event.
    #[test]
    fn a_log_is_the_capture(names in prop::collection::vec(name(), 1..8), texts in prop::sample::select(LOGS), crlf: bool, data: bool) {
        let Texts { before, next_before, after } = texts;
        let line_end = if crlf { "\r\n" } else { "\n" };
        let (mut wire, mut log) = (b"250 OK\r\n".to_vec(), Vec::new());
        // Writes a reply, or a line of its data, into both.
        let mut write = |line: &[u8], index: usize| {
            let before = if index % 2 == 0 { before } else { next_before };
            wire.extend([line, b"\r\n"].concat());
            log.extend([before.as_bytes(), line, after.as_bytes(), line_end.as_bytes()].concat());
        };
        write(b"650 BW 1 2", 1);
        for (index, name) in names.iter().enumerate() {
            if data {
                write(b"650+NS", index);
                write(&line_of_data(&target(name)), index);
                write(b"another line of data", index);
                write(b".", index);
            }
            write(&[b"650 STREAM 7 SENTCONNECT 5 ", &target(name)[..]].concat(), index);
        }
        let expected = entry_points::read(&wire, &Settings { line_end: Some(LineEnd::CrLf), formats: Vec::new() }, CHUNK);
        let format = LogFormat::like(before.as_bytes(), after.as_bytes()).unwrap();
        let read = entry_points::read(&log, &Settings { line_end: None, formats: vec![format] }, CHUNK);
        prop_assert_eq!(read.items.len(), names.len());
        for (read, expected) in read.items.iter().zip(&expected.items) {
            match (&read.event, &expected.event) {
                (Ok(read), Ok(expected)) => {
                    prop_assert_eq!(&read.content, &expected.content);
                    // A reader cannot know whether a log with quotation marks escapes backslashes, and says so. This one does not.
                    prop_assert_eq!(read.shown.replace(", Escaped", "").replace("Escaped", ""), expected.shown.as_str());
                }
                (read, expected) => prop_assert_eq!(read, expected),
            }
        }
        prop_assert!(read.skipped.is_empty(), "{:?}", read.skipped);
    }
}
