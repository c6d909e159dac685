//! Files of every kind that people have, and what is right for each.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A file, how it is read, and what is right.
struct Case {
    /// Its path in the library's tests/data.
    file: &'static str,
    /// Options of `events`.
    options: &'static [&'static str],
    /// Number of events that are printed.
    events: usize,
    /// Text that standard error has, each. If there is any, the exit status is 1.
    told: &'static [&'static str],
}

/// A file that is read as it is, with nothing to tell.
const fn read(file: &'static str, events: usize) -> Case {
    Case { file, options: &[], events, told: &[] }
}

/// A file of which something is told.
const fn told(file: &'static str, events: usize, told: &'static [&'static str]) -> Case {
    Case { file, options: &[], events, told }
}

/// Every file of the folders `field`, `field-2` and `faults`.
const CASES: &[Case] = &[
    // Encodings.
    read("field/E01-utf16-bom.log", 3),
    read("field/E06-bzip2.log.bz2", 3),
    told("field/E07-zip.zip", 0, &["E07-zip.zip: a zip archive cannot be read: try `unzip -p FILE"]),
    told("field/E08-capture.pcap", 0, &["a capture of packets (pcap) cannot be read: try `tcpflow -r FILE`"]),
    read("faults/skipfirst.zst", 265),
    read("faults/twice.gz", 265),
];

/// Runs the program, with nothing on standard input.
fn run<P: AsRef<Path>>(arguments: &[&str], files: &[P]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).args(files.iter().map(AsRef::as_ref)).stdin(Stdio::null());
    command.output().unwrap()
}

/// Returns the folder with the files.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data")
}

/// Makes a file in a folder of this name.
fn file(folder: &str, name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder).join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// Returns standard output and standard error.
fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_file_gives_what_is_right() {
    let mut wrong = String::new();
    for case in CASES {
        let output = run(&[&["events"], case.options].concat(), &[data().join(case.file)]);
        let (events, messages) = text(&output);
        let status = i32::from(!case.told.is_empty());
        let all_told =
            case.told.iter().all(|text| messages.contains(text)) && case.told.is_empty() == messages.is_empty();
        if output.status.code() != Some(status) || events.lines().count() != case.events || !all_told {
            let (file, options, count) = (case.file, case.options, events.lines().count());
            wrong += &format!("{file} {options:?}: {} {count} events\n{messages}\n", output.status);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Lines of three events.
const LOG: &str = "\
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
    let expected = run(&["events"], &[file("written", "plain", LOG.as_bytes())]).stdout;
    assert_eq!(expected.iter().filter(|&&byte| byte == b'\n').count(), 3);
    let plain = LOG.as_bytes();
    let marked = format!("\u{feff}{LOG}");
    let skipped = [b"\x5e\x2a\x4d\x18\x03\0\0\0abc", zstd::encode_all(plain, 1).unwrap().as_slice()].concat();
    for (name, content) in [
        ("bzip2", bzip2(plain)),
        ("gzip in bzip2 in gzip", gzip(&bzip2(&gzip(plain)))),
        ("gzip in gzip in gzip in gzip", gzip(&gzip(&gzip(&gzip(plain))))),
        ("zstd behind a skippable frame", skipped),
        ("UTF-16, little end first", utf16(&marked, u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(&marked, u16::to_be_bytes)),
        ("UTF-16 without a mark, little end first", utf16(LOG, u16::to_le_bytes)),
        ("UTF-16 without a mark, big end first", utf16(LOG, u16::to_be_bytes)),
        ("UTF-16 in gzip", gzip(&utf16(&marked, u16::to_le_bytes))),
    ] {
        let output = run(&["events"], &[file("written", name, &content)]);
        assert_eq!(text(&output), (String::from_utf8_lossy(&expected).into_owned(), String::new()), "{name}");
        assert_eq!(output.status.code(), Some(0), "{name}");
    }
}

#[test]
fn what_is_no_text_names_the_tool_that_makes_text_of_it() {
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
        (b"\xff\xfe\0\0\x36\0\0\0", "`iconv -f UTF-32 -t UTF-8 FILE | tor-streams -`"),
        (&gzip(&gzip(&gzip(&gzip(&gzip(LOG.as_bytes()))))), "compressed more than 4 times over"),
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
fn standard_input_is_read_without_a_file() {
    let path = file("stdin", "log", LOG.as_bytes());
    for arguments in [&["events"][..], &["events", "-"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        let output = command.args(arguments).stdin(File::open(&path).unwrap()).output().unwrap();
        assert_eq!((output.status.code(), text(&output).0.lines().count()), (Some(0), 3), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_in_a_folder_are_stepped_over() {
    let log = file("pipes", "log", LOG.as_bytes());
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
