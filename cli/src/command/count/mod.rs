//! The command `count`: streams or events, counted in groups that agree in some columns.
//!
//! - this file: the options, and the groups of all logs
//! - [`column`](mod@column): a column to group by, and its value for a stream or an event
//! - [`events`]: the counting of events, with `--events`, in the threads that read
//! - [`groups`]: the tables of groups, in bounded memory, and their order
//! - [`print`](mod@print): the output as text, JSON or CSV
//!
//! The *key* of a group is the values that its streams or events have in the columns. An *identity* is the values by which
//! tor keeps streams apart; a *life* is the facts about a stream from all its events.
//!
//! A long file is cut into *ranges* of lines, which several threads read at a time. The groups of a range are a *part*, which is
//! appended to those of the lines before it. A range whose part takes too much memory is read again, after the lines before it.

mod column;
mod events;
mod groups;
mod print;

use alloc::sync::Arc;
use core::time::Duration;
use std::io;

use clap::ValueEnum;
use jiff::{Span, SpanRelativeTo};

use self::column::{Column, Value};
use self::events::{GroupedEvents, GroupedEventsMaker};
use self::groups::{GroupKey, GroupOrder, Groups};
use self::print::GroupReport;
use crate::arguments::exit_with_mistake;
use crate::command::identity::{FactSource, Identities};
use crate::command::lives::{LifeCollector, read_lives};
use crate::command::note::{Life, StreamNote};
use crate::command::options::{CheckOption, Exit, Files, StreamOptions};
use crate::input::reader::{Event, ReadOptions};
use crate::input::threads::Collector;
use crate::output::cells::CsvOptions;
use crate::output::table::count_as;
use crate::report;

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams count --by target,cause --failed tor.log      # failures by target
  tor-streams count --by identity --failed --top 1 tor.log  # who failed most
  tor-streams count --failed --check tor.log                # whether any failed
  tor-streams count --every 1h --by status --format csv tor.log > hours.csv

Which streams:
  With filters, the streams that pass them, whole, as in `tor-streams streams`.
  An event after the CLOSED of its stream, which that command prints, counts for
  no stream.
  With --events, the events that pass them, as in `tor-streams events`.

Columns:
  status       the last status but XOFF and XON
  reason       the REASON of the last event that has one, CLOSED too
  cause        why it failed: REASON, or REASON/REMOTE_REASON, of FAILED or of
               the CLOSED that ended a look-up; none if it did not fail
  target       the host that was asked for, or the first one in the log
  port         its port
  circuit      the last circuit, none after DETACHED; a stream is in one group
               even if it was on several
  identity     #1, #2 and so on, as in `tor-streams streams`
  source_host  the client's address, without its port
  purpose      such as USER or DNS_REQUEST
  protocol     such as SOCKS5
  file         the file that the first event is in
  hour         the hour of the first event, in UTC

  With --events each of them is that of the event: its target and circuit may
  be others than the stream's, the source_host and the purpose are there with
  NEW and NEWRESOLVE only, the cause with FAILED only, and there is no
  identity. Words are as tor prints them.

  --every 10m adds a column `time`, the start of the interval that has the
  first event. Intervals are counted from 1970 in UTC; those without a stream
  are left out. Rows are in the order of time then, else the largest group
  comes first.

Output:
  Text for a person with the share of all that were counted; an array of JSON
  objects, or CSV, with the columns, the number (`streams` or `events`) and
  `others`. `others` is true in the last row if that stands for all groups that
  have no row of their own: those beyond --top, those for which --max-live left
  no room, and those with a text of more than a kilobyte. A missing value is
  null in JSON, empty in CSV, and (none) in text.

Exit status:
  0  Everything was counted, or whatever reads the output was closed. Standard
     error may report that the clock was set back.
  1  Standard error reports something else: a file or a line that could not be
     read, as FILE:LINE: and the reason; signs that a log is not that of one
     tor, or in the wrong order, or read twice; streams without a date and
     time, if they are grouped by it; a filter's word that nobody knows; more
     groups, identities, or streams at a time, than --max-live has room for.
     Everything else was counted.
  2  The arguments are wrong.
  4  With --check: there was a stream, or an event. This comes before 1: what
     was found is certain, whatever else could not be read.";

/// The options of `count`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    /// Columns to group by, such as target,cause; without one, all are one group
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', value_enum, hide_possible_values = true)]
    by: Vec<Column>,
    /// Also group by time, in intervals such as 1h, 10m or 1d
    #[arg(long, value_name = "TIME", value_parser = interval)]
    every: Option<Duration>,
    /// Print only the N largest groups, and all others as one
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Count events, and not streams
    #[arg(long, conflicts_with_all = ["failed", "join"])]
    events: bool,
    /// How to print the groups
    #[arg(long, value_enum, default_value_t = GroupFormat::Text)]
    format: GroupFormat,
    /// Options of CSV.
    #[command(flatten)]
    csv: CsvOptions,
    /// Options of the streams.
    #[command(flatten)]
    streams: StreamOptions,
    /// Option to be a check.
    #[command(flatten)]
    check: CheckOption,
}

/// A format of the output.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GroupFormat {
    /// A table for a person
    Text,
    /// An array of JSON objects
    Json,
    /// Comma-separated values, with the names of the columns in the first row
    Csv,
}

/// Parses a length of time of the command line.
///
/// # Errors
///
/// If the text is no length of time, or not one or more whole seconds.
fn interval(text: &str) -> Result<Duration, &'static str> {
    let span = text.trim().parse::<Span>().ok();
    let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let length = length.and_then(|length| Duration::try_from(length).ok());
    length
        .filter(|length| length.as_secs() > 0 && length.subsec_nanos() == 0)
        .ok_or("not a length of time in whole seconds, such as 30s, 10m, 1h, 1d or 1w")
}

/// Counts the streams or events in all files.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<Exit> {
    let Options { read, by, every, top, events, format, csv, streams, check } = options;
    check_columns(&by, events);
    let columns: Arc<[Column]> = every.map(Column::Every).into_iter().chain(by).collect();
    let (files, limit) = (Files::list(read), streams.max_live);
    let mut counting = Counting {
        columns: Arc::clone(&columns),
        names: files.names(),
        identities: columns.contains(&Column::Identity).then(|| Identities::new(limit)),
        groups: Groups::new(limit),
        untimed: 0,
    };
    let all_read = if events {
        files.read(GroupedEventsMaker { columns }, &mut counting)
    } else {
        let source = counting.identities.is_some().then(FactSource::without_text);
        let note =
            move |event: &Event<'_>, input: usize| StreamNote::new(event, input).with_facts(source.as_ref(), event);
        read_lives(files, streams, note, Vec::new(), &mut counting)
    };
    let (noun, counted) = if events { ("event", "events") } else { ("stream", "streams") };
    let found = counting.groups.total > 0;
    let result = all_read.and_then(|all_read| {
        let has_room = counting.identities.as_ref().is_none_or(Identities::report_no_room);
        let is_complete = counting.report_missing(noun) && has_room;
        let Counting { columns, groups, .. } = counting;
        let order = if every.is_some() { GroupOrder::ByTime } else { GroupOrder::LargestFirst };
        let report = GroupReport { columns: columns.to_vec(), noun, counted, sorted: groups.sorted(top, order) };
        match format {
            GroupFormat::Text => report.text(),
            GroupFormat::Json => report.json(),
            GroupFormat::Csv => report.csv(csv.cells()),
        }?;
        Ok(all_read && is_complete)
    });
    check.exit(result, found)
}

/// Ends the program, as for other wrong arguments, if a column is not for events, or is named twice.
fn check_columns(columns: &[Column], events: bool) {
    let conflict = |message: &str| exit_with_mistake(clap::error::ErrorKind::ArgumentConflict, message);
    if events && columns.contains(&Column::Identity) {
        conflict("an event has no identity: --by identity is for streams, without --events");
    }
    for (index, column) in columns.iter().enumerate() {
        if columns.iter().skip(index + 1).any(|other| other == column) {
            conflict(&format!("--by has the column {} twice", column.name()));
        }
    }
}

/// The collector of the groups of all logs.
struct Counting {
    /// Columns to group by.
    columns: Arc<[Column]>,
    /// Names of the files.
    names: Arc<[String]>,
    /// Identities of all logs, if they are a column.
    identities: Option<Identities>,
    /// Groups so far.
    groups: Groups,
    /// Number of streams or events without the time that they are grouped by.
    untimed: u64,
}

impl Counting {
    /// Adds streams or events to a group.
    fn add(&mut self, key: GroupKey, number: u64) {
        let mut columns = self.columns.iter().zip(&key);
        if columns.any(|(column, value)| column.interval().is_some() && *value == Value::Absent) {
            self.untimed += number;
        }
        self.groups.add(key, number);
    }

    /// Reports the streams or events that have no time or no group. Returns `false` if there are any. `noun` is `stream`
    /// or `event`.
    fn report_missing(&self, noun: &str) -> bool {
        let (untimed, left_out) = (self.untimed, self.groups.left_out);
        if untimed > 0 {
            let untimed = count_as(untimed, &format!("{noun} has"), &format!("{noun}s have"));
            report(format_args!("tor-streams: {untimed} no date and time to be grouped by"));
        }
        if left_out > 0 {
            let left_out = count_as(left_out, &format!("{noun} is"), &format!("{noun}s are"));
            report(format_args!(
                "tor-streams: more groups than --max-live, or with a text of more than a kilobyte: {left_out} counted \
                 together, as all others"
            ));
        }
        untimed == 0 && left_out == 0
    }
}

impl LifeCollector<Vec<Life>> for Counting {
    fn lives(&mut self, lives: Vec<Life>) -> io::Result<()> {
        for life in &lives {
            let identity = self.identities.as_mut().zip(life.note.facts.as_deref());
            let identity = identity.and_then(|(identities, facts)| {
                let index = identities.index_of(facts)?;
                Some(identities.label(index))
            });
            let file = self.names.get(life.note.file).map_or("", |name| name);
            let values = self.columns.iter().map(|column| column.of_stream(life, file, identity.as_deref()));
            let key = values.collect();
            self.add(key, 1);
        }
        Ok(())
    }
}

impl Collector<GroupedEvents> for Counting {
    /// Adds the groups of some events of a log: those since the last call for it.
    fn add_rows(&mut self, groups: Vec<(GroupKey, u64)>) -> io::Result<()> {
        groups.into_iter().for_each(|(key, number)| self.add(key, number));
        Ok(())
    }

    fn add_log(&mut self, _log: GroupedEvents, _index: usize, _all_read: bool) -> io::Result<()> {
        // Nothing is left to count at the end of a log: `add_rows` has received all groups.
        Ok(())
    }
}
