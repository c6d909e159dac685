//! Generator of damaged logs, for tests that read a log in two ways and compare.

use super::random::Random;

/// The form of a log, and the rarity of its events and its damage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogForm {
    /// Set if each line has a time before it.
    pub(crate) has_times: bool,
    /// End of a line.
    pub(crate) end: &'static str,
    /// Average number of lines from one event to the next.
    pub(crate) lines_per_event: usize,
    /// Average number of lines from one damage to the next of the same kind.
    pub(crate) lines_per_damage: usize,
    /// Number of the newest streams, any of which an event may be of.
    pub(crate) recent_streams: usize,
    /// Minimum length of the log in bytes, which its last line reaches.
    pub(crate) length: usize,
}

impl LogForm {
    /// Value of `lines_per_damage` for a log without damage. Lines that only look like an event are in it all the same
    /// ([`OTHER_LINES`]), and commands report them.
    pub(crate) const UNDAMAGED: usize = usize::MAX;

    /// Number of rows of data that fill two ranges or more: a row has 12 bytes on average, and a range 64 KiB at least.
    const ROWS_OF_RANGES: usize = 20_000;

    /// Returns a form of random values: events and damage in nearly every line, or rarely; long enough for several ranges,
    /// which are of 64 KiB at least.
    pub(crate) fn random(random: &mut Random) -> Self {
        Self {
            has_times: !random.once_in(3),
            end: random.one_of(&["\r\n", "\n"]),
            lines_per_event: [2, 8, 60][random.below(3)],
            lines_per_damage: [4, 300, 5000][random.below(3)],
            recent_streams: [5, 40, 2000][random.below(3)],
            length: 150_000 + random.below(300_000),
        }
    }

    /// Returns a log of this form. Damage is: data of replies that may look like events and may not end, lines with the other
    /// line end or none, events that cannot be read or only leniently, streams that begin while they are open, and long runs of
    /// text without a line end.
    pub(crate) fn log(self, random: &mut Random) -> String {
        let damage = self.lines_per_damage;
        let mut log = String::from(if damage == Self::UNDAMAGED {
            ""
        } else {
            random.one_of(&["\u{feff}", "Starting.\n", "", ""])
        });
        let (mut newest, mut time) = (1_usize, 1_548_934_191_usize);
        while log.len() < self.length {
            time += random.below(2);
            let prefix = if self.has_times {
                format!("2019-01-31 11:29:51 {time}.{:02} ", random.below(100))
            } else {
                String::new()
            };
            let line = if random.once_in(self.lines_per_event) {
                event(&mut newest, self.recent_streams, random)
            } else {
                random.one_of(OTHER_LINES).into()
            };
            log.extend([&*prefix, &line]);
            let other_end = if self.end == "\n" { "\r\n" } else { "\n" };
            log.push_str(if random.once_in(damage) { other_end } else { self.end });
            if random.once_in(damage) {
                self.add_data(&mut log, &prefix, random);
            }
            if random.once_in(damage) {
                log.extend([&*prefix, random.one_of(ODD_LINES), random.one_of(&["\n", "\r\n", "\r", ""])]);
            }
            if random.once_in(damage) {
                // Usually one of the newest streams is open.
                let open = newest.saturating_sub(3);
                log.extend([&*prefix, &format!("650 STREAM {open} NEW 0 again.example:80"), self.end]);
            }
            // Rarer than other damage: with one in each few lines the log would have little else.
            if random.once_in(damage.saturating_mul(20)) {
                let run = random.below(40_000);
                log.extend(core::iter::repeat_n('x', run));
            }
        }
        log
    }

    /// Adds a reply with data, of which lines may look like events: none, fewer than 20, fewer than 4000, or, in one reply
    /// of twenty, fewer than [`Self::ROWS_OF_RANGES`]. The data of one reply in six does not end.
    fn add_data(self, log: &mut String, prefix: &str, random: &mut Random) {
        let max_rows = if random.once_in(20) { Self::ROWS_OF_RANGES } else { [1, 20, 4000][random.below(3)] };
        log.extend([prefix, random.one_of(&["250+ns/all=", "650+NS"]), self.end]);
        for _ in 0..random.below(max_rows) {
            let row = random.one_of(&["r a b c", "650 STREAM 3 NEW 0 data:1", "250 OK", "..", "w Bandwidth=1"]);
            // In a log with times, a line like an event is one if it has a time, and data if it has none.
            log.extend([if random.once_in(50) { prefix } else { "" }, row, self.end]);
        }
        if !random.once_in(6) {
            log.extend([".", self.end]);
        }
    }
}

/// Lines that are no event: other events and replies, text of other events, and lines of no reply.
const OTHER_LINES: &[&str] = &[
    "650 BW 1 2",
    "650 STREAM_BW 1 2 3",
    "650 CIRC 5 BUILT",
    "250 OK",
    "650 INFO a 650 STREAM 1 NEW 0 a:1",
    "x 650 STREAM 1 NEW 0 a:1",
    "text",
];

/// Lines that are damaged events, or that decide which later lines are events.
const ODD_LINES: &[&str] = &[
    // Events that cannot be read, or only leniently.
    "650 STREAM 5 NEWER 0 a:1",
    "650 STREAM 6 PAUSED 0 a:1",
    "650 STREAM 7 NEW 0 no-port.example",
    "650 STREAM a-b NEW - a:1",
    "650 STREAM",
    // An event that holds the beginning of another one, and one with a CR in its target.
    "650 STREAM 7 NEW 0 a.example:80 X=\"650 STREAM 8 NEW 0 b",
    "650 STREAM 4 NEW 0 a\rb:1",
    // A byte order mark in the middle of the log; a `.`, which ends the data of a reply if some are
    // open; empty lines.
    "\u{feff}",
    ".",
    "",
    "\r",
];

/// Returns an event of a new stream, or of one of the recent ones.
fn event(newest: &mut usize, recent_streams: usize, random: &mut Random) -> String {
    let status = random.one_of(&[
        "NEW",
        "NEW",
        "SENTCONNECT",
        "SUCCEEDED",
        "FAILED",
        "CLOSED",
        "CLOSED",
        "DETACHED",
        "REMAP",
        "XOFF_SENT",
    ]);
    let (circuit, host, port) = (random.below(20), random.below(300), random.below(60_000));
    let stream = if status == "NEW" {
        *newest += 1;
        *newest
    } else {
        newest.saturating_sub(random.below(recent_streams)).max(1)
    };
    let fields = match status {
        "NEW" => format!(" SOURCE_ADDR=127.0.0.1:{port} PURPOSE=USER"),
        "CLOSED" | "FAILED" => random.one_of(&[" REASON=END REMOTE_REASON=DONE", " REASON=DONE", ""]).into(),
        _ => random.one_of(&["", "", "", " X=1"]).into(),
    };
    format!("650 STREAM {stream} {status} {circuit} h{host}.example:80{fields}")
}
