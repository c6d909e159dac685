//! The sections of `benches/RESULTS.md`, printed as Markdown.

use std::fmt::Write as _;

use tor_stream_event::{Anomaly, StreamEventRef};

use crate::compare::{Mistakes, code};
use crate::growth::Growth;
use crate::{Table, rounds};

// Names of the contenders, as the tables show them. `benches/peers/readme` has some of them as well.
pub const PARSE: &str = "`StreamEventRef::parse`";
pub const READ: &str = "the same, and read every field and keyword";
pub const OWNED: &str = "`StreamEvent::parse` (owned)";
pub const BUFFER: &str = "`stream_events`";
pub const STEM_RS: &str = "stem-rs";
pub const STEM_RS_READ: &str = "stem-rs, and read every field";
pub const STEM_RS_FOUND: &str = "stem-rs, lines found beforehand";
pub const NAIVE: &str = "naive";
pub const NAIVE_READ: &str = "naive, and read every field and keyword";
pub const PYTHON_STEM: &str = "Python stem";
pub const CEPA: &str = "cepa";
pub const AIOSTEM: &str = "aiostem";
pub const NEWLINES: &str = "limit: count the newlines";
pub const FROM_UTF8: &str = "limit: check for UTF-8";

/// Each row of ours with the rows of other parsers that it is compared with.
const COMPARED: [(&str, &[&str]); 4] = [
    (PARSE, &[STEM_RS, NAIVE, PYTHON_STEM, CEPA, AIOSTEM]),
    (READ, &[STEM_RS_READ, NAIVE_READ, PYTHON_STEM, CEPA, AIOSTEM]),
    (OWNED, &[STEM_RS, NAIVE, PYTHON_STEM, CEPA, AIOSTEM]),
    (BUFFER, &[STEM_RS, NAIVE, PYTHON_STEM, CEPA, AIOSTEM]),
];

/// Writes the description of the measurements.
pub fn head() {
    println!(
        "\
# Results

Made by `benches/peers/run`. Medians of {} rounds, in which all contenders take turns on the same lines; time of the
processor, not of the clock.

Inputs, from `tests/data`: *modern*, a capture of tor 0.4.9.11; *legacy*, a capture of tor 0.4.2.7; *credentials*, those
lines of *modern* that have a user name. Each is repeated up to 2 MB, without lines that are not UTF-8, which not every contender
takes. *log*, an OnionPerf log, and *wire*, a whole control connection, each have as many bytes for an event as the capture
that they were cut from. *hostile*, each line once: those that clients made to be misread.

The others do less, or other things: none checks the order of fields, or tells a target from keywords in it. stem-rs does not keep
the credentials and the fields after them; Python stem and cepa, its fork, keep these as text. aiostem reads every field into a type
of its own, addresses and numbers too, and refuses a value that does not fit; an address that it writes in another notation
counts as misread. The naive parser, `benches/peers/src/naive.rs`, is what programs write for themselves: it splits with
`split_whitespace`, and its words stay text. Python's libraries get their messages without the search for their end.
",
        rounds::ROUNDS
    );
}

/// Writes the table of times for an event: a row for each contender, three columns for each input.
pub fn events(tables: &[Table]) {
    println!("## One event\n\nNanoseconds for an event, GB/s, and the speed as a multiple of that of stem-rs.\n");
    let mut head = String::from("| |");
    let mut rule = String::from("|---|");
    for table in tables {
        let _ = write!(head, " {} | GB/s | × stem-rs |", table.input);
        rule.push_str("---:|---:|---:|");
    }
    println!("{head}\n{rule}");
    for &(name, _) in &tables[0].rows {
        print!("| {name} |");
        for table in tables {
            let time = table.time(name).unwrap_or(f64::NAN);
            let stem_rs = table.time(STEM_RS).unwrap_or(f64::NAN);
            let per_event = time / table.events as f64;
            let (speed, ratio) = (table.bytes as f64 / time, stem_rs / time);
            print!(" {per_event:.0} | {speed:.*} | {ratio:.*} |", decimals(speed) + 1, decimals(ratio));
        }
        println!();
    }
    println!();
}

/// Returns the number of decimals to show of a ratio. A speed in GB/s has one more.
fn decimals(number: f64) -> usize {
    // The ratios of Python's libraries are about 0.03.
    if number < 0.1 { 3 } else { 1 }
}

/// Writes the list of rows in which another parser is faster.
pub fn lost(tables: &[Table]) {
    println!("### Rows of this crate that lose to another parser\n");
    let mut none = true;
    for table in tables {
        for (ours, others) in COMPARED {
            let lost: Vec<String> = others
                .iter()
                .filter_map(|&other| {
                    let ratio = table.time(ours)? / table.time(other)?;
                    (ratio > 1.0).then(|| format!("{other} ({ratio:.1} times as fast)"))
                })
                .collect();
            if !lost.is_empty() {
                none = false;
                println!("- {ours}, {}: {}", table.input, lost.join(", "));
            }
        }
    }
    println!("{}", if none { "- None.\n" } else { "" });
}

/// Writes the table of whole files, in which most lines are no events.
pub fn files(tables: &[Table]) {
    println!("## Events among other lines\n\nns for an event, the lines around it included.\n");
    println!(
        "| | bytes for an event | ns | GB/s | share of the speed of counting newlines |\n|---|---:|---:|---:|---:|"
    );
    for table in tables {
        let limit = table.time(NEWLINES).unwrap_or(f64::NAN);
        for &(name, time) in &table.rows {
            println!(
                "| {}: {name} | {} | {:.0} | {:.2} | {:.2} |",
                table.input,
                table.bytes / table.events,
                time / table.events as f64,
                table.bytes as f64 / time,
                limit / time
            );
        }
    }
    println!();
}

/// Writes the table of long lines.
pub fn growth(kinds: &[Growth]) {
    println!(
        "## Long lines\n\nThe time for a byte of a line of 8 KiB of one kind, and the time of a line of 16 KiB divided by that of one of 8 KiB.\n"
    );
    println!("| repeated | ns for a byte | twice the length |\n|---|---:|---:|");
    for &Growth { kind, per_byte, doubled } in kinds {
        println!("| {kind} | {per_byte:.2} | {doubled:.2} |");
    }
    println!();
}

/// Writes the times of hostile lines beside plain ones: of those that a tor can have printed, and of those with fields in an order
/// that none prints.
pub fn hostile(ratios: &[(f64, &[u8])]) {
    println!("## Hostile lines\n\nThe time for each hostile line, divided by that for a plain one of the same length.");
    println!();
    let no_tor_prints = |line: &[u8]| {
        StreamEventRef::parse_bytes(line).is_ok_and(|event| event.anomalies().contains(Anomaly::UnknownOrder))
    };
    let (strange, printed): (Vec<(f64, &[u8])>, Vec<_>) = ratios.iter().partition(|(_, line)| no_tor_prints(line));
    for (whose, ratios) in
        [("that a tor can have printed", printed), ("with fields in an order that no tor prints", strange)]
    {
        let (Some(median), Some(worst)) = (ratios.get(ratios.len() / 2), ratios.last()) else { continue };
        println!("{} lines {whose}: median {:.1}, at most {:.1}. The slowest:\n", ratios.len(), median.0, worst.0);
        for (ratio, line) in ratios.iter().rev().take(3) {
            println!("- {ratio:.1}: {}", code(&String::from_utf8_lossy(line)));
        }
        println!();
    }
}

/// Writes the table of the mistakes of other parsers.
pub fn mistakes(input: &str, lines: usize, not_utf8: usize, found: &[(&str, Mistakes)]) {
    println!("## What others get wrong: {input}\n");
    println!(
        "{lines} lines, each once. {not_utf8} more are not UTF-8; stem-rs and the naive parser take none of those.\n"
    );
    println!("| | mistake | events | shortest example | read, and right |\n|---|---|---:|---|---|");
    for (name, mistakes) in found {
        println!("| **{name}** | wrong in some way | **{}** | | |", mistakes.events);
        for (what, cause) in &mistakes.causes {
            let [what, content, example] = [what, &code(&cause.content), &cause.example].map(|text| cell(text));
            println!("| {name} | {what} | {} | {content} | {example} |", cause.events);
        }
    }
    println!();
}

/// Returns Markdown for a cell of a table, in which `|` is escaped, in code too.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
