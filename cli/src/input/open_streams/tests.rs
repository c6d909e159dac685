use super::*;

/// Returns the streams in `text`, passed in chunks of `len` bytes.
fn streams(text: &str, len: usize) -> Vec<String> {
    let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
    text.as_bytes().chunks(len).for_each(|chunk| scanner.scan(chunk));
    assert_eq!(scanner.next_offset, text.len() as u64);
    let mut streams = Vec::new();
    while let Some(OpenStream { offset, number, text: stream }) = scanner.found.front().cloned() {
        assert!(scanner.next_before(offset).is_none());
        assert!(scanner.next_before(offset + 1).is_some());
        let stream = String::from_utf8_lossy(&stream).into_owned();
        let (before, rest) = text.split_at_checked(offset as usize).unwrap_or_default();
        let line_end = if scanner.is_wire == Some(true) { "\r\n" } else { "\n" };
        assert!(rest.split(line_end).next().is_some_and(|line| line.contains(&stream)));
        assert_eq!(number, before.matches(line_end).count() as u64 + 1);
        streams.push(stream);
    }
    streams
}

/// A range of the input may begin in the data of a reply, or in a line of a capture: such a range is read again.
#[test]
fn ranges_side_by_side() {
    let scanned = |text: &str| {
        let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
        scanner.scan(text.as_bytes());
        scanner
    };
    let reply = "250-stream-status=1 NEW 0 b:1\r\n";
    let earlier = scanned("250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n");
    assert!(!earlier.is_followed_by(&scanned("250 SUCCEEDED 7 b:1\r\n.\r\n")));
    let mut resumed = scanned("").continue_from(&earlier);
    resumed.scan(b"250 SUCCEEDED 7 b:1\r\n.\r\n32 NEW 0 c:1\r\n");
    assert_eq!(resumed.found, [OpenStream { offset: 0, number: 1, text: b"250 SUCCEEDED 7 b:1".to_vec() }]);
    // A LF alone is text of the line, on the wire.
    for (first, is_right) in [("250 OK\r\n", true), ("650 STREAM 8 NEW 0 a\n", false)] {
        assert_eq!(scanned(first).is_followed_by(&scanned(reply)), is_right, "{first}");
    }
    // The line before the reply is the last one of the ranges before, of which the later may have no line.
    for (ranges, is_right) in [(["250 OK\n", "650 BW 1 2\r\n"], true), (["250 OK\n", ""], false)] {
        let [earlier, later] = ranges.map(scanned);
        assert_eq!(later.joined_to(Some(earlier)).is_followed_by(&scanned(reply)), is_right, "{ranges:?}");
    }
}

/// A program's note on the wire ends with a LF, and is not the beginning of the reply after it.
#[test]
fn a_note_before_a_reply() {
    let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
    scanner.scan(b"250 OK\r\n> GETINFO stream-status\n250-stream-status=1 NEW 0 a:1\r\n");
    assert_eq!(scanner.found, [OpenStream { offset: 32, number: 3, text: b"1 NEW 0 a:1".to_vec() }]);
}

/// In a log with CR LF, a line after a lone LF may be a client's.
#[test]
fn a_reply_that_may_be_forged() {
    let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
    scanner.scan(b"1:2 650 STREAM 8 NEW 0 a\n1:2 250-stream-status=1 NEW 0 b:1\r\n");
    assert_eq!((scanner.found.len(), scanner.refused.count), (0, 1));
}

#[test]
fn a_byte_order_mark() {
    let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
    scanner.scan(b"\xef\xbb\xbf250+stream-status=\r\n1 NEW 0 a:1\r\n");
    assert_eq!(scanner.found, [OpenStream { offset: 23, number: 2, text: b"1 NEW 0 a:1".to_vec() }]);
}

#[test]
fn replies_in_chunks_of_any_length() {
    const EVENT: &str = "650 STREAM 9 NEW 0 250+stream-status=:1\r\n";
    let long = "x".repeat(3 * MAX_LINE);
    for (text, expected) in [
        (
            "250+stream-status=\r\n31 NEW 0 a:1\r\n32 SUCCEEDED 7 b:2\r\n.\r\n250 OK\r\n",
            &["31 NEW 0 a:1", "32 SUCCEEDED 7 b:2"][..],
        ),
        ("250+stream-status=\r\n.\r\n250 OK\r\n5 NEW 0 a:1\r\n", &[]),
        ("250-stream-status=10 NEW 0 192.0.2.7:443\r\n250 OK\r\n", &["10 NEW 0 192.0.2.7:443"]),
        ("250-stream-status=\r\n250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &["31 NEW 0 a:1"]),
        // A lone LF is a byte of a name: the lines of the reply that it seems to begin are forged.
        ("650 STREAM 8 NEW 0 a\n250-stream-status=1 NEW 0 b:1\r\n", &[]),
        ("650 STREAM 8 NEW 0 a\nb\n250+stream-status=\n1 NEW 0 b:1\n.\n:1\r\n", &[]),
        ("250-stream-status=1 NEW 0 a\n:1\r\n", &["1 NEW 0 a\n:1"]),
        ("250+stream-status=\r\n1 NEW 0 a:1\n2 NEW 0 b:1\r\n.\r\n", &["1 NEW 0 a:1\n2 NEW 0 b:1"]),
        // The ID of a stream may be the number of a code, and its status a word of a newer tor.
        (
            "250+stream-status=\r\n250 NEW 0 a:1\r\n650 PAUSED 7 b c:1\r\n1 NEW 0\r\n.\r\n",
            &["250 NEW 0 a:1", "650 PAUSED 7 b c:1", "1 NEW 0"],
        ),
        ("250+stream-status=\r\n250 OK\r\n650 STREAM 7 NEW 0 a:1\r\n1 NEW 0\r\n.\r\n", &[]),
        (&format!("650 STREAM {long}\r\n250-stream-status=1 NEW 0 b:1\r\n"), &["1 NEW 0 b:1"]),
        ("551 x stream-status=\r\nxyz 250-stream-status=1 NEW 0 b:1\r\n1250-stream-status=1 NEW 0 b:1\r\n", &[]),
    ] {
        for len in [1, 2, 7, 64, 1 << 20] {
            assert_eq!(streams(&format!("{EVENT}{text}{EVENT}"), len), expected, "{len} {text}");
        }
    }
    // A lost dot: the lines after it are no damaged streams.
    let capture = "250+stream-status=\r\n1 NEW 0 a:1\r\n2 NEW\r\n250 OK\r\nx\r\n3 NEW 0 c:1\r\n";
    assert_eq!(streams(capture, 5), ["1 NEW 0 a:1", "2 NEW", "3 NEW 0 c:1"]);
    // Runs of digits and spaces of another length than in the reply's prefix.
    let log = "[9]  250+stream-status=\n[10] 31 NEW 0 a:1\n[100]   250 NEW 0 b:1\n[11] .\n[1] 9 NEW 0 c:1\n";
    assert_eq!(streams(log, 5), ["31 NEW 0 a:1", "250 NEW 0 b:1"]);
    // The dot has a time before it; a target that ends with a dot is no end.
    let log = "1:2 250+stream-status=\n1:2 31 NEW 0 a.:1\n31 NEW 0 a.\n1:2 .\n32 NEW 0 b:1\n";
    assert_eq!(streams(log, 5), ["31 NEW 0 a.:1", "31 NEW 0 a."]);
    let log = "1795600800.00 250+stream-status=\n31 NEW 0 a:1\n.\n1795600801.00 250-stream-status=1 NEW 0 b:1\n";
    assert_eq!(streams(log, 5), ["31 NEW 0 a:1", "1 NEW 0 b:1"]);
    assert_eq!(
        streams("$ GETINFO stream-status\n250+stream-status=\n18 SUCCEEDED 26 a:1\n.\n", 9),
        ["18 SUCCEEDED 26 a:1"]
    );
}
