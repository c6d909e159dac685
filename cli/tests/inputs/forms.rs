//! Forms of the bytes: compressed, in another encoding, in JSON, on standard input, in a folder.

use std::fs::{self, File};
use std::io::Write;
#[cfg(unix)]
use std::path::Path;
use std::process::Command;

use crate::common::{file, run};
use crate::text;

/// Lines of three events.
pub(crate) const THREE_EVENTS: &str = "\
650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
650 STREAM 18 SENTCONNECT 26 www.example.com:443
650 STREAM 18 CLOSED 26 caf\u{e9}.example:443 REASON=DONE
";

/// Compresses with gzip.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Compresses with bzip2, in two parts behind each other, as pbzip2 does.
fn bzip2(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 2);
    let part = |bytes: &[u8]| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    [part(first), part(second)].concat()
}

/// Encodes as UTF-16.
fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn text_is_read_however_it_is_written() {
    let expected = run(&["events"], &[file("written", "plain", THREE_EVENTS.as_bytes())]).stdout;
    assert_eq!(expected.iter().filter(|&&byte| byte == b'\n').count(), 3);
    let plain = THREE_EVENTS.as_bytes();
    let marked = format!("\u{feff}{THREE_EVENTS}");
    let skipped = [b"\x5e\x2a\x4d\x18\x03\0\0\0abc", zstd::encode_all(plain, 1).unwrap().as_slice()].concat();
    for (name, content) in [
        ("bzip2", bzip2(plain)),
        ("gzip in bzip2 in gzip", gzip(&bzip2(&gzip(plain)))),
        ("gzip in gzip in gzip in gzip", gzip(&gzip(&gzip(&gzip(plain))))),
        ("zstd behind a skippable frame", skipped),
        ("UTF-16, little-endian", utf16(&marked, u16::to_le_bytes)),
        ("UTF-16, big-endian", utf16(&marked, u16::to_be_bytes)),
        ("UTF-16 without a mark, little-endian", utf16(THREE_EVENTS, u16::to_le_bytes)),
        ("UTF-16 without a mark, big-endian", utf16(THREE_EVENTS, u16::to_be_bytes)),
        ("UTF-16 in gzip", gzip(&utf16(&marked, u16::to_le_bytes))),
    ] {
        let output = run(&["events"], &[file("written", name, &content)]);
        assert_eq!(text(&output), (String::from_utf8_lossy(&expected).into_owned(), String::new()), "{name}");
        assert_eq!(output.status.code(), Some(0), "{name}");
    }
}

#[test]
fn other_files_name_the_tool_that_makes_text_of_them() {
    // The mark of a tar archive stands behind the 257 bytes of a file's name, rights, owner, size and time.
    let tar = [&[b'a'; 257][..], b"ustar\0 00", &[0; 500]].concat();
    for (content, message) in [
        (&b"7z\xbc\xaf\x27\x1c\0\x04"[..], "a 7z archive cannot be read: try `7z x -so FILE | tor-streams -`"),
        (b"Rar!\x1a\x07\x01\0", "`unrar p -inul FILE | tor-streams -`"),
        (&tar, "a tar archive cannot be read: try `tar -xOf FILE | tor-streams -`"),
        (&gzip(&tar), "a tar archive cannot be read"),
        (b"\x0a\x0d\x0d\x0a\x6c\0\0\0\x4d\x3c\x2b\x1a", "a capture of packets (pcapng) cannot be read: try `tshark"),
        (b"\x4d\x3c\xb2\xa1\x02\0\x04\0", "a capture of packets (pcap)"),
        (b"%PDF-1.7\n", "a PDF file cannot be read: try `pdftotext"),
        (b"\x7fELF\x02\x01\x01\0", "a program cannot be read: no log is in it"),
        (b"SQLite format 3\0\x10\0", "a database of SQLite"),
        (b"LPKSHHRH\0\0", "`journalctl --file FILE -o cat | tor-streams -`"),
        // The first bytes that pyarrow and Polars write.
        (b"\xff\xff\xff\xff\xf8\x03\0\0\x10\0\0\0\0\0\x0a\0", "an Arrow stream cannot be read: it is a table"),
        (b"\xff\xff\xff\xff\x70\0\0\0\x04\0\0\0\xf2\xff\xff\xff", "an Arrow stream cannot be read"),
        (b"\xff\xfe\0\0\x36\0\0\0", "`iconv -f UTF-32 -t UTF-8 FILE | tor-streams -`"),
        (&gzip(&gzip(&gzip(&gzip(&gzip(THREE_EVENTS.as_bytes()))))), "compressed more than 4 times over"),
    ] {
        let path = file("foreign", "x", content);
        let (events, messages) = text(&run(&["events"], &[&path]));
        assert_eq!(events, "", "{message}");
        assert!(messages.starts_with(&format!("tor-streams: {}: ", path.display())), "{messages}");
        assert!(messages.contains(message) && messages.lines().count() == 1, "{message}: {messages}");
        assert_eq!(run(&["summary"], &[&path]).status.code(), Some(1));
    }
}

#[test]
fn json_with_more_behind_the_event_names_the_command_that_reads_it() {
    for (line, query) in [
        (
            r#"{"log":"650 STREAM 1 CLOSED 5 a.test:80 REASON=DONE\r\n","stream":"stdout"}"#,
            "`jq -j .log FILE | tor-streams -`",
        ),
        (
            r#"{"MESSAGE": "650 STREAM 1 SUCCEEDED 5 a.test:80", "_PID": "811:80"}"#,
            "`jq -r .MESSAGE FILE | tor-streams -`",
        ),
        (r#"{"t":5,"MESSAGE":"650 STREAM 1 SUCCEEDED 5 a.test:80"}"#, "--prefix auto"),
    ] {
        let path = file("json", "log", format!("{line}\n{line}\n").as_bytes());
        let (events, messages) = text(&run(&["events"], &[&path]));
        assert!(events.is_empty() && messages.contains(query), "{messages}");
        let output = run(&["events", "--prefix", "auto"], &[&path]);
        let (events, messages) = text(&output);
        let is_read = query == "--prefix auto";
        assert_eq!((output.status.code(), events.lines().count()), if is_read { (Some(0), 2) } else { (Some(1), 0) });
        assert!(is_read || messages.contains(query), "{messages}");
    }
}

#[test]
fn a_sample_may_be_a_line_with_an_event_without_its_code() {
    let line = "[D] (STREAM 1 NEW 0 a.test:80)";
    let path = file("bare-sample", "log", format!("{line}\n").as_bytes());
    let output = run(&["events", "--bare", "--prefix", line], &[&path]);
    let (events, messages) = text(&output);
    assert_eq!((output.status.code(), events.lines().count(), messages), (Some(0), 1, String::new()));
}

#[test]
fn lines_that_end_with_two_crs_are_reported() {
    let line = "650 STREAM 1 CLOSED 0 a.test:80 REASON=DONE";
    let path = file("crs", "log", format!("{line}\r\r\n{line}\r\r\n").as_bytes());
    let (_, messages) = text(&run(&["events"], &[&path]));
    assert!(
        messages
            .ends_with(":1: 2 events end with a CR that is no part of it: try `tr -d '\\r' <FILE | tor-streams -`\n"),
        "{messages}"
    );
    assert_eq!(run(&["summary"], &[&path]).status.code(), Some(1));
}

#[test]
fn standard_input_is_read_without_a_file() {
    let path = file("stdin", "log", THREE_EVENTS.as_bytes());
    for arguments in [&["events"][..], &["events", "-"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        let output = command.args(arguments).stdin(File::open(&path).unwrap()).output().unwrap();
        assert_eq!((output.status.code(), text(&output).0.lines().count()), (Some(0), 3), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_in_a_folder_are_stepped_over() {
    let log = file("pipes", "log", THREE_EVENTS.as_bytes());
    let folder = log.parent().unwrap();
    let pipe = folder.join("pipe\x1b");
    let _ = fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket"));
    let output = run(&["events", "--recursive"], &[folder]);
    let (events, messages) = text(&output);
    assert_eq!((output.status.code(), events.lines().count()), (Some(0), 3), "{messages}");
    assert!(messages.contains("/pipe\\u{1b}: a named pipe, not read\n"), "{messages}");
    assert!(messages.contains("/socket: a socket, not read\n"), "{messages}");
    let (_, messages) = text(&run(&["events"], &[folder]));
    assert!(messages.ends_with("/pipes: is a directory: --recursive reads the files in it\n"), "{messages}");
}

/// A link to a file is read. A link to a folder is reported, unless that folder is read anyway.
#[cfg(unix)]
#[test]
fn links_in_a_folder() {
    let log = file("links/logs", "log", THREE_EVENTS.as_bytes());
    let elsewhere = file("links/elsewhere", "log", THREE_EVENTS.as_bytes());
    let folder = log.parent().unwrap();
    for name in ["itself", "file", "folder"] {
        let _ = fs::remove_file(folder.join(name));
    }
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
    };
    link(folder, "itself");
    link(&elsewhere, "file");
    let (events, messages) = text(&run(&["events", "--recursive"], &[folder]));
    assert_eq!((events.lines().count(), messages.as_str()), (6, ""));
    link(elsewhere.parent().unwrap(), "folder");
    let output = run(&["events", "--recursive"], &[folder]);
    let (events, messages) = text(&output);
    assert_eq!((output.status.code(), events.lines().count()), (Some(1), 6), "{messages}");
    assert!(messages.ends_with("/logs/folder: a link to another folder, not read\n"), "{messages}");
    // A link on the command line is followed.
    let output = run(&["events", "--recursive"], &[&folder.join("folder")]);
    assert_eq!((output.status.code(), text(&output).0.lines().count()), (Some(0), 3));
}

/// `--prefix auto` learns from the beginning of the log. If no event is there, the message says so.
#[test]
fn a_late_first_event_gets_a_hint_that_helps() {
    // 600 kB, more than is learned from.
    let notes = "Nov 25 10:00:00 gw systemd[1]: Started something.\n".repeat(12_000);
    let event = "Nov 25 10:00:01 gw tor[811]: 650 STREAM 1 NEW 0 a.test:80\n";
    let log = file("late", "log", format!("{notes}{event}{event}").as_bytes());
    let output = run(&["events", "--prefix", "auto"], &[&log]);
    let hint = "auto learns from the first 512 KiB, which have no event; --prefix TEXT may read them\n";
    assert!(text(&output).1.ends_with(hint), "{}", text(&output).1);
    let output = run(&["events", "--prefix", "Nov 25 10:00:01 gw tor[811]: "], &[&log]);
    assert_eq!(text(&output).0.lines().count(), 2);
}
