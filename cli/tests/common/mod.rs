//! Helpers of the tests: the program run on files, logs, and a terminal.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

pub(crate) mod damaged_log;
#[path = "../../../tests/common/random.rs"]
pub(crate) mod random;

use std::fs;
#[cfg(unix)]
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Events of two streams in a log, and one line that cannot be read. The second stream's host has an ESC in it, and the stream
/// fails.
pub(crate) const LOG: &str = "\
2019-01-31 11:29:50 1548934190.00 650 BW 1 2
2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
2019-01-31 11:29:51 1548934191.60 650 STREAM 18 SENTCONNECT 7 www.example.com:443
2019-01-31 11:29:53 1548934193.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443
2019-01-31 11:29:54 1548934194.00 650 STREAM 19 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=127.0.0.1:47850 PURPOSE=USER
2019-01-31 11:29:55 1548934195.00 650 STREAM 19 FAILED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:55 1548934195.10 650 STREAM nonsense
2019-01-31 11:29:56 1548934196.00 650 STREAM 19 CLOSED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:59 1548934199.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE
";

/// Runs the program with these arguments, and nothing on standard input.
pub(crate) fn run<P: AsRef<Path>>(arguments: &[&str], files: &[P]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).args(files.iter().map(AsRef::as_ref)).stdin(Stdio::null());
    command.output().unwrap()
}

/// Runs the program, asserts the exit status, and returns standard output and standard error.
#[track_caller]
pub(crate) fn both<P: AsRef<Path>>(status: i32, arguments: &[&str], files: &[P]) -> (String, String) {
    let output = run(arguments, files);
    let messages = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {messages}");
    (String::from_utf8(output.stdout).unwrap(), messages)
}

/// Runs the program, asserts the exit status, and returns standard output.
#[track_caller]
pub(crate) fn stdout<P: AsRef<Path>>(status: i32, arguments: &[&str], files: &[P]) -> String {
    both(status, arguments, files).0
}

/// Returns the JSON objects that the program prints, without a message.
#[track_caller]
pub(crate) fn rows<P: AsRef<Path>>(arguments: &[&str], files: &[P]) -> Vec<Value> {
    let (text, messages) = both(0, arguments, files);
    assert_eq!(messages, "", "{arguments:?}");
    parse_rows(&text)
}

/// Returns the JSON objects in a text, one a line.
#[track_caller]
pub(crate) fn parse_rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the stream and status of each event that is printed, such as `18 NEW`.
#[track_caller]
pub(crate) fn events(options: &[&str], log: &Path) -> Vec<String> {
    let rows = rows(&[&["events"], options].concat(), &[log]);
    rows.iter()
        .map(|event| format!("{} {}", event["id"].as_str().unwrap(), event["status"].as_str().unwrap()))
        .collect()
}

/// Returns the reason of an error in the system's words, which messages have without the number.
pub(crate) fn error_text(error: &io::Error) -> String {
    error.to_string().split(" (os error ").next().unwrap().into()
}

/// Makes a file in this folder of the tests' temporary files, and returns its path.
pub(crate) fn file(folder: &str, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder).join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// Returns the path of a file among the library's test data.
pub(crate) fn data(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name);
    assert!(path.exists(), "{}", path.display());
    path
}

/// Returns the bytes of a file among the library's test data.
pub(crate) fn capture(name: &str) -> Vec<u8> {
    fs::read(data(name)).unwrap()
}

/// Returns the path of [`LOG`], compressed by `xz`.
pub(crate) fn two_streams_in_xz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/two-streams.log.xz")
}

/// Runs the program on a file, asserts that it ends with status 0 or 1, and returns the maximum of its memory in MB.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn peak_memory(arguments: &[&str], file: &Path) -> usize {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        // The maximum so far. The file ends with the process, so memory of the last milliseconds is not measured.
        let facts = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = facts.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() / 1000);
        std::thread::sleep(core::time::Duration::from_millis(5));
    };
    assert!(matches!(status.code(), Some(0 | 1)), "{arguments:?}: {status}");
    assert!(peak > 0, "{arguments:?}: no measurement");
    peak
}

/// Opens a terminal, and returns its two sides: the one that reads what is shown, and the one of a program.
#[cfg(unix)]
pub(crate) fn terminal() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let path = ptsname(&terminal, Vec::new()).unwrap();
    let program = OpenOptions::new().read(true).write(true).open(path.to_str().unwrap()).unwrap();
    (File::from(terminal), program)
}
