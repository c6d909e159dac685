//! Nothing is lost in silence: each event in a log is printed or reported, whatever the log's form and damage are. The exit status
//! is 1 exactly if something is reported.
//!
//! Damage that leaves no sign of an event is not among these: a line without its beginning, and an event behind another reply in the
//! same line, where a client's text can stand too.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::random::Random;
use crate::common::{file, run};
use crate::{AUTO, BARE_AUTO, text};

/// The form of a log's lines, and the options that read it.
struct Form {
    /// Name of the form, and of its files.
    name: &'static str,
    /// Options of the commands.
    options: &'static [&'static str],
    /// Text before each reply, in which `TIME` stands for the number of seconds since 1970.
    prefix: &'static str,
    /// Text after each reply.
    suffix: &'static str,
    /// End of a line.
    end: &'static str,
    /// Set if events have no code 650, and no other line has one.
    is_bare: bool,
}

/// Lines of replies and nothing else.
const PLAIN: Form = Form { name: "plain", options: &[], prefix: "", suffix: "", end: "\n", is_bare: false };

/// Forms that need no option, and forms that `--prefix auto` and `--bare` read.
const FORMS: [Form; 8] = [
    PLAIN,
    Form { name: "wire", end: "\r\n", ..PLAIN },
    Form { name: "onionperf", prefix: "2026-11-25 10:00:00 TIME.50 ", ..PLAIN },
    Form { name: "time-and-crlf", prefix: "TIME ", end: "\r\n", ..PLAIN },
    Form { name: "syslog", options: AUTO, prefix: "Nov 25 10:00:00 gw tor[811]: ", ..PLAIN },
    Form { name: "json", options: AUTO, prefix: "{\"time\":TIME,\"line\":\"", suffix: "\"}", ..PLAIN },
    Form { name: "bare", options: &["--bare"], is_bare: true, ..PLAIN },
    Form { name: "bare-learned", options: BARE_AUTO, prefix: "TIME [debug] ", is_bare: true, ..PLAIN },
];

/// Value of `lines_per_damage` for a log without damage.
const UNDAMAGED: usize = usize::MAX;

/// A log with known numbers of events.
#[derive(Default)]
struct Log {
    /// Content of the file.
    text: String,
    /// Number of events that can be read.
    readable: u64,
    /// Number of other events, each of which has to be reported.
    damaged: u64,
    /// Number of events that are printed and reported too, since they stand in the data of a reply: a client or tor may have begun it.
    doubtful: u64,
    /// Number of events in the logs before this one.
    earlier_events: u64,
    /// Number of lines so far, from which times follow: each line is of the next second.
    lines: u64,
}

impl Log {
    /// Returns the text before the reply of the next line.
    fn prefix(&self, form: &Form) -> String {
        form.prefix.replace("TIME", &(1_795_600_800 + self.lines).to_string())
    }

    /// Adds a line.
    fn line(&mut self, form: &Form, reply: &str) {
        let prefix = self.prefix(form);
        self.text.extend([&prefix, reply, form.suffix, form.end]);
        self.lines += 1;
    }

    /// Returns an event of another stream than all events before, which can be read.
    fn event(&self, form: &Form) -> String {
        let code = if form.is_bare { "" } else { "650 " };
        let id = self.earlier_events + self.readable + self.damaged + 1;
        format!("{code}STREAM {id} NEW 0 h{id}.example:80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER")
    }

    /// Adds an event that can be read.
    fn good(&mut self, form: &Form) {
        self.line(form, &self.event(form));
        self.readable += 1;
    }

    /// Adds a line with a damaged event.
    fn bad(&mut self, form: &Form, reply: &str) {
        self.line(form, reply);
        self.damaged += 1;
    }

    /// Adds a reply whose data has this number of events, and no end. In data too, an event with a prefix is read.
    fn data(&mut self, form: &Form, events: usize, reply: &str) {
        self.line(form, reply);
        for _ in 0..events {
            self.line(form, "r a b c");
            if form.prefix.is_empty() {
                self.bad(form, &self.event(form));
            } else {
                self.good(form);
                self.doubtful += 1;
            }
        }
    }

    /// Adds damage of a random kind.
    fn damage(&mut self, form: &Form, random: &mut Random) {
        let event = self.event(form);
        match random.below(7) {
            // Unknown statuses: one message is about the first event with a status, another one counts the rest.
            0 => self.bad(form, &event.replace("NEW", random.one_of(&["NEWER", "PAUSED"]))),
            // A target without a port.
            1 => self.bad(form, event.split_once(":80").unwrap().0),
            // Behind text that is like no other line's, so that no format is learned from it.
            2 => {
                let note: String = (0..8).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
                self.bad(form, &format!("{note}: {event}"));
            }
            // Without its code.
            3 if !form.is_bare => self.bad(form, event.strip_prefix("650 ").unwrap()),
            4 if !form.is_bare => {
                self.data(form, random.below(20), random.one_of(&["250+ns/all=", "650+NS"]));
                self.line(form, ".");
            }
            // A program was killed in the middle of a line, and its successor went on in it. Without a prefix, such a line is like
            // the event of a client that asks for a name with the text of an event, and is taken for that.
            5 if !form.prefix.is_empty() && !form.is_bare => {
                let cut = event.split_once(".example").unwrap().0;
                self.line(form, &format!("{cut}{}{event}", self.prefix(form)));
                self.readable += 1;
                self.damaged += 1;
            }
            // A line of the wire that ends with LF alone goes on up to the next CR LF.
            6 if form.name == "wire" => {
                self.line(form, &format!("{event}\n{event}"));
                self.readable += 1;
                self.damaged += 1;
            }
            // This form has no such damage.
            _ => self.good(form),
        }
    }

    /// Returns a log of this form that goes on after `earlier`, with damage in one of `lines_per_damage` lines. The log is long
    /// enough for two ranges, which have 64 KiB at least.
    fn random(form: &Form, earlier: &Self, lines_per_damage: usize, random: &mut Random) -> Self {
        let earlier_events = earlier.earlier_events + earlier.readable + earlier.damaged;
        let mut log = Self { earlier_events, lines: earlier.lines, ..Self::default() };
        // The first line of a capture shows how lines end, and two events are what a format is learned from.
        log.line(form, if form.is_bare { "BW 1 2" } else { "250 OK" });
        log.good(form);
        log.good(form);
        while log.text.len() < 150_000 {
            if random.once_in(lines_per_damage) {
                log.damage(form, random);
            } else if random.once_in(2) {
                log.good(form);
            } else {
                log.line(form, if form.is_bare { "BW 1 2" } else { random.one_of(&["650 BW 1 2", "250 OK", "text"]) });
            }
        }
        log
    }
}

/// A way to compress a log: the end of the file's name, and the encoder.
type Packing = (&'static str, fn(&[u8]) -> Vec<u8>);

/// The ways to compress a log.
const PACKINGS: [Packing; 3] = [
    ("log.gz", |text| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }),
    ("log.xz", |text| {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }),
    ("log.zst", |text| zstd::encode_all(text, 1).unwrap()),
];

/// Returns the number of events that messages about files report, and asserts that each message is of a kind that is known here.
#[track_caller]
fn reported(messages: &str, files: &[PathBuf]) -> u64 {
    // The first number in a message, which has commas if it is long.
    let number = |message: &str| {
        let mut numbers = message.split(' ').filter_map(|word| word.replace(',', "").parse::<u64>().ok());
        numbers.next().unwrap()
    };
    let of_message = |line: &str| {
        let about = |file: &PathBuf| line.split_once(&*file.to_string_lossy()).map(|(_, message)| message);
        // Behind the file's name, the number of a line may follow.
        let message =
            files.iter().find_map(about).unwrap().trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
        match message.trim_start() {
            message if message.starts_with("expected ") => 1,
            message if message.contains(" more with the unknown word ") => number(message),
            message if message.contains(" with `650 STREAM` ") && message.contains(" not read: ") => number(message),
            message if message.contains(" with an event without its code 650") => number(message),
            // "data of a reply has no end, 7 lines in it look like events"
            message if message.contains(" in it look") => number(message.split_once(", ").unwrap().1),
            // "7 events hold another one: lines may have been joined there"
            message if message.contains(" hold") && message.contains(" another one: ") => number(message),
            // "7 line ends unlike the first reply's: --line-end lf may read more"
            message if message.contains(" unlike the first reply's: ") => number(message),
            // This one says how the log was read.
            message if message.starts_with("read with --prefix ") => 0,
            message => panic!("{message:?} of {line:?}"),
        }
    };
    messages.lines().map(of_message).sum()
}

/// Runs `summary --json` on files. Returns the number of events that were read, the messages, and the exit status.
fn summarized(options: &[&str], files: &[PathBuf]) -> (u64, String, Option<i32>) {
    let output = run(&[&["summary", "--json"], options].concat(), files);
    let (summary, messages) = text(&output);
    let summary: Value = serde_json::from_str(&summary).unwrap();
    (summary["events"].as_u64().unwrap(), messages, output.status.code())
}

/// Asserts that each event of these files is printed or reported, by `events` and `summary`, with each of these numbers of threads.
#[track_caller]
fn assert_nothing_is_lost(form: &Form, files: &[PathBuf], logs: &[&Log], threads: &[&str]) {
    let readable: u64 = logs.iter().map(|log| log.readable).sum();
    let to_report: u64 = logs.iter().map(|log| log.damaged + log.doubtful).sum();
    let expected = (readable, to_report, Some(i32::from(to_report > 0)));
    for jobs in threads {
        let options = [form.options, &["--jobs", jobs]].concat();
        let output = run(&[&["events"], options.as_slice()].concat(), files);
        let (events, messages) = text(&output);
        let found = (events.lines().count() as u64, reported(&messages, files), output.status.code());
        assert_eq!(found, expected, "events of {} --jobs {jobs}: {messages}", form.name);
        // Files that are joined are read by other code.
        let joins: &[&[&str]] = if files.len() > 1 { &[&[], &["--join"]] } else { &[&[]] };
        for join in joins {
            let (events, messages, status) = summarized(&[&*options, *join].concat(), files);
            let found = (events, reported(&messages, files), status);
            assert_eq!(found, expected, "summary of {} {join:?} --jobs {jobs}: {messages}", form.name);
        }
    }
}

#[test]
fn each_event_is_printed_or_reported() {
    for (seed, form) in (1..).zip(&FORMS) {
        let mut random = Random(seed);
        for lines_per_damage in [5, UNDAMAGED] {
            let log = Log::random(form, &Log::default(), lines_per_damage, &mut random);
            let file = file("nothing-lost", &format!("{}-{lines_per_damage}.log", form.name), &log.text);
            assert_nothing_is_lost(form, &[file], &[&log], &["1", "4"]);
        }
    }
}

#[test]
fn each_event_of_compressed_files_is_printed_or_reported() {
    for (seed, form) in (51..).zip(&FORMS) {
        let log = Log::random(form, &Log::default(), 10, &mut Random(seed));
        for (extension, pack) in PACKINGS {
            let file = file("nothing-lost", &format!("{}.{extension}", form.name), pack(log.text.as_bytes()));
            assert_nothing_is_lost(form, &[file], &[&log], &["2"]);
        }
    }
}

/// Parts of one log, one of them compressed.
#[test]
fn each_event_of_several_files_is_printed_or_reported() {
    for (seed, form) in (101..).zip(&FORMS) {
        let mut random = Random(seed);
        let first = Log::random(form, &Log::default(), 20, &mut random);
        let second = Log::random(form, &first, 20, &mut random);
        let name = |part: &str| format!("{}-{part}", form.name);
        let files = [
            file("nothing-lost", &name("old.gz"), PACKINGS[0].1(first.text.as_bytes())),
            file("nothing-lost", &name("new"), &second.text),
        ];
        assert_nothing_is_lost(form, &files, &[&first, &second], &["1", "4"]);
    }
}

/// The end of a log: an event without a line end is printed, one that is cut is reported, and so are those in data that does not end.
#[test]
fn each_event_at_the_end_is_printed_or_reported() {
    let path = |text: &str| file("nothing-lost", "end.log", text);
    // The number of events that are printed, and the messages.
    let read = |log: &Path| {
        let output = run(&["events"], &[log]);
        let (events, messages) = text(&output);
        assert_eq!(output.status.code(), Some(1), "{messages}");
        (events.lines().count(), messages)
    };
    for form in FORMS.iter().filter(|form| form.options.is_empty()) {
        let log = Log::random(form, &Log::default(), UNDAMAGED, &mut Random(7));
        let readable = log.readable as usize;
        let event = log.event(form);
        let whole = format!("{}{}{event}", log.text, form.prefix.replace("TIME", "1795700800"));
        let (events, said) = read(&path(&whole));
        assert_eq!(events, readable + 1, "{said}");
        assert!(said.contains("the last line has no end") && said.lines().count() == 1, "{said}");
        let (cut, _) = whole.rsplit_once(".example").unwrap();
        let log_of_cut = path(cut);
        let (events, said) = read(&log_of_cut);
        assert_eq!(events, readable, "{said}");
        assert!(said.contains(": expected ") && said.lines().count() == 2, "{said}");

        let mut open = Log::random(form, &Log::default(), UNDAMAGED, &mut Random(8));
        open.data(form, 1000, "250+ns/all=");
        let log = path(&open.text);
        let (events, said) = read(&log);
        assert_eq!((events, reported(&said, &[log])), (open.readable as usize, 1000), "{said}");
    }
}

/// A line that is longer than 1 MiB: an event that begins in its first MiB is refused, one behind it is counted.
#[test]
fn each_event_in_a_long_line_is_reported() {
    let event = "650 STREAM 1 NEW 0 a:1\n";
    let long = "x".repeat(1 << 20);
    let log = format!("{event}650 STREAM 2 NEW 0 {long}:1\n{event}{long}650 STREAM 3 NEW 0 a:1\n{event}");
    let log = file("nothing-lost", "long.log", log);
    for jobs in ["1", "4"] {
        let output = run(&["events", "--jobs", jobs], &[&log]);
        let (events, messages) = text(&output);
        assert_eq!((events.lines().count(), output.status.code()), (3, Some(1)), "{messages}");
        let name = log.display();
        assert_eq!(
            messages,
            format!(
                "{name}:2: expected a line of at most 1048576 bytes, found one of 1048598\n\
                 {name}: 1 line has `650 STREAM` behind the first MiB, where no event is read\n"
            )
        );
    }
}
