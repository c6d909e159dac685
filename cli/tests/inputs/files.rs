//! Inputs that are compressed, damaged or cannot be read, and events inside of other text.

use std::fs;
use std::io::Write;
#[cfg(unix)]
use std::process::Command;

use crate::common::{LOG, error_text, file, run, stdout, two_streams_in_xz};

#[test]
fn compressed_files_are_read_as_they_are() {
    let plain = file("compressed", "tor.log", LOG.as_bytes());
    let expected = stdout(1, &["events"], &[&plain]);
    let mut gzip = Vec::new();
    // Two members, as `cat a.gz b.gz` makes them.
    let (first, second) = LOG.as_bytes().split_at(100);
    for part in [first, second] {
        let mut encoder = flate2::write::GzEncoder::new(&mut gzip, flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap();
    }
    let zstd: Vec<u8> = [first, second].iter().flat_map(|part| zstd::encode_all(*part, 1).unwrap()).collect();
    let xz = fs::read(two_streams_in_xz()).unwrap();
    // Each decompressor has its own words for a file that is cut.
    for (name, content, reason) in [
        ("tor.log.gz", gzip, "incomplete deflate stream"),
        ("named.wrongly", zstd, "incomplete frame"),
        ("tor.log.xz", xz, "the compressed file is cut"),
    ] {
        assert_eq!(stdout(1, &["events"], &[&file("compressed", name, &content)]), expected, "{name}");
        let cut = file("compressed", &format!("cut-{name}"), &content[..content.len() - 20]);
        let output = run(&["events"], &[&cut]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        let is_reason = |line: &str| line.starts_with("tor-streams: ") && line.ends_with(&format!(": {reason}"));
        assert!(message.lines().any(is_reason), "{message}");
    }
}

/// Damage is reported in the words of the decompression, and the events before it are printed.
#[test]
fn damage_is_reported_in_its_own_words() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(LOG.as_bytes()).unwrap();
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(LOG.as_bytes()).unwrap();
    let xz = fs::read(two_streams_in_xz()).unwrap();
    // Each name has the offset of a byte to change, from the end: one of the checksum, or of the two bytes that end each file of xz.
    for (name, mut content, at, message) in [
        ("tor.log.gz", gzip.finish().unwrap(), 8, "corrupt gzip stream does not have a matching checksum"),
        ("tor.log.zst", zstd.finish().unwrap(), 1, "Restored data doesn't match checksum"),
        ("tor.log.xz", xz, 1, "xz: "),
    ] {
        let at = content.len() - at;
        content[at] ^= 1;
        let output = run(&["events"], &[&file("damage", name, &content)]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 7, "{name}");
        let messages = String::from_utf8(output.stderr).unwrap();
        let expected = format!("reading failed after {} bytes: {message}", LOG.len());
        assert!(messages.contains(&expected), "{name}: {messages}");
    }
}

#[test]
fn files_that_cannot_be_read_are_reported() {
    let folder = file("unreadable", "x", b"").parent().unwrap().to_path_buf();
    let missing = folder.join("missing\x1b[31m");
    let reason = error_text(&fs::File::open(&missing).unwrap_err());
    for (path, message) in [(&folder, "is a directory"), (&missing, &*reason)] {
        for command in ["summary", "events", "streams"] {
            let output = run(&[command], &[path]);
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{command}");
            assert!(text.contains(message) && !text.contains('\x1b'), "{text}");
        }
    }
    assert_eq!(stdout(0, &["events"], &[&folder.join("x")]), "");
}

/// No command reads the file that it writes to, under any of the file's names: it would read its own output without end.
#[cfg(unix)]
#[test]
fn the_output_is_not_an_input() {
    let log = file("output", "tor.log", LOG.as_bytes());
    let folder = log.parent().unwrap();
    let other = folder.join("other-name.log");
    let _ = fs::remove_file(&other);
    fs::hard_link(&log, &other).unwrap();
    for arguments in [&["events"][..], &["share"], &["-r"], &["summary"]] {
        let files = if arguments == ["-r"] { [folder] } else { [&*other] };
        let append = || fs::OpenOptions::new().append(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        let output = command.args(arguments).args(files).stdout(append()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("other-name.log: is the output, too, so it is not read\n"), "{message}");
        fs::write(&log, LOG).unwrap();
    }
    // To any other output, the same log is read under both names.
    assert_eq!(stdout(1, &["events"], &[&other]), stdout(1, &["events"], &[&log]));
}

/// Logs with events, none of which begins a line: none is read, which is reported.
#[test]
fn events_inside_of_other_text_are_reported() {
    // Longer than the first MiB of a line, in which events are read.
    let hole = format!("650 BW 1 2\n{}650 STREAM 1 NEW 0 a:1\n", "\0".repeat(3 << 20));
    for (log, line, hint) in [
        ("650 BW 1 2\r650 STREAM 1 NEW 0 a:1\r\n", 1, "tr '\\r' '\\n'"),
        ("2026-11-25 10:00:00 650 BW 1 2\r2026-11-25 10:00:00 650 STREAM 1 NEW 0 a:1\r\n", 1, "tr '\\r' '\\n'"),
        ("650 BW 1 2\\r\\n650 STREAM 1 NEW 0 a:1\\r\\n", 1, "sed 's/\\\\n/\\n/g'"),
        (&hole, 2, "tor.log:2: NUL bytes: some text is lost"),
        ("650 NOTICE tor says 650 STREAM 1 NEW 0 a:1\n", 1, "no event was read\n"),
    ] {
        let log = file("inside", "tor.log", log.as_bytes());
        for jobs in ["--jobs=1", "--jobs=3"] {
            let output = run(&["summary", jobs], &[&log]);
            let message = String::from_utf8(output.stderr).unwrap();
            let start = format!("{}:{line}: `650 STREAM` inside of other text, and no event was read", log.display());
            assert!(message.starts_with(&start) && message.contains(hint), "{message}");
            assert_eq!(output.status.code(), Some(1), "{message}");
        }
    }
}

/// A program that writes on after its log was emptied leaves a hole of NUL bytes before the event on its next line.
#[test]
fn an_event_behind_a_long_hole_is_reported() {
    let log = format!("650 STREAM 1 NEW 0 a:1\n{}650 STREAM 2 NEW 0 a:1\n", "\0".repeat(3 << 20));
    let log = file("hole", "tor.log", log.as_bytes());
    for jobs in ["--jobs=1", "--jobs=3"] {
        let output = run(&["summary", jobs], &[&log]);
        let message = String::from_utf8(output.stderr).unwrap();
        let expected = format!("{}: 1 line has `650 STREAM` behind the first MiB", log.display());
        assert!(message.contains(&expected), "{message}");
        assert_eq!(output.status.code(), Some(1), "{message}");
    }
}

/// A log to which a file of another form was appended: the text of that file is not read, which is reported.
#[test]
fn compressed_text_in_the_middle_of_a_log_is_reported() {
    let log = b"650 BW 1 2\n650 STREAM 1 NEW 0 a:1\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(log).unwrap();
    let utf_16 = log.iter().flat_map(|byte| [*byte, 0]).collect();
    for middle in [gzip.finish().unwrap(), utf_16] {
        let log = file("middle", "tor.log", [&log[..], &middle, b"\n", log].concat());
        for jobs in ["--jobs=1", "--jobs=3"] {
            let output = run(&["count", "--events", jobs], &[&log]);
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(message.contains(&format!("{}:3: NUL bytes: some text is lost", log.display())), "{message}");
            assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"2 events\n"[..], Some(1)), "{message}");
        }
    }
}

/// `merge` shows no progress bar, however long it reads: here from a pipe, for longer than a bar would wait.
#[cfg(unix)]
#[test]
fn merge_without_a_progress_bar() {
    use std::fs::File;
    use std::io::Read;
    use std::process::Stdio;

    let pipe = file("files", "unused", "").with_file_name("pipe");
    let _ = fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (mut terminal, other_side) = crate::common::terminal();
    let mut program = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    program.env("TERM", "xterm").arg("merge").arg(&pipe).stdout(Stdio::null()).stderr(other_side);
    let mut child = program.spawn().unwrap();
    // Closes this process's copy of the other side: only the child's is left.
    drop(program);
    let mut writer = File::create(&pipe).unwrap();
    // A bar is drawn by the reads after its first second.
    for milliseconds in [0, 1200, 200, 200] {
        std::thread::sleep(core::time::Duration::from_millis(milliseconds));
        writer.write_all(b"no summary ").unwrap();
    }
    drop(writer);
    let mut shown = Vec::new();
    // Reading ends with an error, since the other side is closed.
    let _ = terminal.read_to_end(&mut shown);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.starts_with("tor-streams: ") && !shown.contains('\x1b'), "{shown:?}");
}
