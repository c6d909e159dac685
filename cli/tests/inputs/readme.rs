//! The table of logs in `cli/README.md`: each row is tried.

use crate::common::{both, data};
use crate::{AUTO, BARE_AUTO};

/// The options that read a file.
type Options = &'static [&'static str];

/// Rows of the table of logs in the tool's README: the text that a row begins with, files that are such logs, and the options that read
/// each of them. The first options read all files without options of their own.
#[rustfmt::skip]
const LOGS: &[(&str, &[&str], &[Options])] = &[
    ("capture of a control connection", &["field-2/O06-between-other-replies.raw", "field/L01-crlf-events-lf-notes.log", "field-2/W06-putty.log"], &[]),
    ("dates and times", &[
        "field/T01-onionperf-names.log", "field/P01-moreutils-ts.log", "field/P21-svlogd.log", "field/P19-asctime.log",
        "field-2/D09-offset.log", "field/T08-plain-unix-time.log", "field-2/D11-pid.log",
    ], &[]),
    ("UTF-16", &["field/E01-utf16-bom.log", "faults/twice.gz", "faults/skipfirst.zst", "field/E06-bzip2.log.bz2"], &[]),
    ("other text", &[
        "field/P02-syslog-journald.log", "field/P03-journald-iso.log", "field/P11-docker-compose.log", "field-2/D02-grep-n.log",
        "field/P04-stem-trace.log", "field-2/L12-tor-browser-console.log",
    ], &[AUTO]),
    ("events without their code", &["field/S01-stem-str-event.log", "field-2/L07-stemns-debug.log"], &[&["--bare"], BARE_AUTO]),
    ("lines with CR LF", &["faults/crlf-then-lf.log"], &[&["--line-end", "lf"]]),
    ("data of replies", &["field/L03-grep-650.log"], &[&["--no-data"]]),
    ("lines wrapped", &["field-2/W01-mail-wrapped.txt", "field/E04-cr-only.log", "field/E05-hexdump.log"], &[]),
    ("zip, pcap", &["field/E07-zip.zip", "field/E08-capture.pcap"], &[]),
];

#[test]
fn the_readme_is_right_about_logs() {
    let readme = include_str!("../../README.md");
    let table = readme.split_once("\n| log | as it is | with an option |\n").unwrap().1;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), LOGS.len());
    for row in rows {
        let (_, files, options) = LOGS.iter().find(|(start, ..)| row[0].starts_with(start)).expect(row[0]);
        for (index, name) in files.iter().enumerate() {
            let status = i32::from(!row[1].starts_with("yes"));
            let (events, messages) = both(status, &["events"], &[data(name)]);
            if row[1].contains("error") {
                assert!(events.is_empty() && messages.contains("cannot be read: try `"), "{name}: {messages}");
            } else {
                let is_counted = messages.lines().any(|line| line.starts_with(&format!("{}:", data(name).display())));
                assert_eq!(is_counted, status == 1, "{name}: {messages}");
                assert!(is_counted || !events.is_empty(), "{name}: {messages}");
            }
            if let Some(options) = options.get(index).or(options.first()) {
                for option in options.iter().filter(|word| word.starts_with("--")) {
                    assert!(row[2].contains(option), "{option} in {row:?}");
                }
                let (more, _) = both(0, &[&["events"], *options].concat(), &[data(name)]);
                assert!(more.lines().count() > events.lines().count(), "{name} {options:?}");
            }
        }
    }
}
