//! The command `plot`: figures of the streams in logs, on a page or one by one.
//!
//! - this file: the options, and the steps from the logs to the output
//! - [`data`]: the counts of streams that figures are drawn from; [`durations`]: durations among them, in bounded memory
//! - [`figures`]: each figure, drawn from the counts, with its caption and a table of its numbers
//! - [`chart`]: a picture, and its elements: axes, curves, bars, the legend; [`scale`]: the places of values on an axis
//! - [`looks`]: the colour and the pattern of each cause, end and curve
//! - [`page`]: the page around the figures; [`markup`]: elements of SVG and HTML
//!
//! A *series* is the streams that share a look and an entry of the legend, such as those that failed for one cause: a
//! curve, or one part of the bar in each step. A *step* is an interval of time, all of one length, in a figure over time.
//! Lengths in a picture are in units of its own, 480 of which are its width.

mod chart;
mod data;
mod durations;
mod figures;
mod looks;
mod markup;
mod page;
mod scale;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use self::data::{CountCollector, CurveKeys, StreamCounts};
use self::figures::Figure;
use crate::command::lives::read_lives;
use crate::command::note::StreamNote;
use crate::command::options::{Files, StreamOptions};
use crate::input::reader::{self, Event};
use crate::output::text::{error_text, escape_name};
use crate::report;

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams plot onionperf.torctl.log.xz -o report.html
  tor-streams plot --by-file before.log after.log -o report.html
  tor-streams plot --purpose USER --figure answers tor.log -o answers.svg

Figures:
  answers            share of streams by the time to their first answer, from
                     NEW to SUCCEEDED: connections to onion services, others,
                     and look-ups
  answers-over-time  median and spread of the same time
  failures           failed streams by cause
  streams            streams by how they ended: answered, failed, closed
                     without an answer, or neither answered nor ended in the log
  lifetimes          share of streams by the time from NEW to FAILED or CLOSED

  The page has all of them, with their numbers, needs neither a script nor the
  network, and follows the reader's light or dark mode. It names files and the
  words of tor, but no target, client or credential.
  The streams of all files are drawn together. With --by-file, `answers` and
  `lifetimes` have a curve for each file, so that two logs can be compared.
  In figures over time, a stream counts at its first event. The time is divided
  into at most 170 steps: of an hour each if the log is of a week. A curve of at
  most 10,000 streams is exact, a longer one to 0.8 percent of a time. The seven
  most frequent causes have a colour; a cause has the same one in every page.
  The output is the same for any number of threads.

Exit status:
  0  The figures were drawn. Standard error may tell that the clock was set
     back.
  1  Something was told on standard error: a file or a line that could not be
     read, as FILE:LINE: and the reason; signs that a log is not that of one
     tor, or in the wrong order, or read twice; a filter's word that nobody
     knows; more streams at a time than --max-live has room for; that no stream
     has a time, so that nothing was drawn; or that the output could not be
     written.
  2  The arguments are wrong.";

/// The options of `plot`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: reader::ReadOptions,
    /// File for the page, or, if its name ends with .svg, for a single figure [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw a single figure, as SVG
    #[arg(long, value_enum)]
    figure: Option<Figure>,
    /// Give each file curves of its own, of seven files at most
    #[arg(long, conflicts_with = "join")]
    by_file: bool,
    /// Options of the streams.
    #[command(flatten)]
    streams: StreamOptions,
}

impl Options {
    /// Maximum number of files with curves of their own: each has a colour.
    const MAX_BY_FILE: usize = 7;

    /// Returns a mistake in the arguments that their parser does not find.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        let ending = self.output.as_deref().and_then(Path::extension).map(OsStr::to_ascii_lowercase);
        match (self.figure, ending.as_deref().and_then(OsStr::to_str)) {
            _ if self.output.is_none() => None,
            (Some(_), Some("svg")) | (None, Some("html" | "htm")) => None,
            (None, Some("svg")) => Some("a file of SVG holds a single figure: --figure names it"),
            (Some(_), Some("html" | "htm")) => {
                Some("a page has all figures: a single one needs a file whose name ends with .svg")
            }
            _ => Some("the name of the output has to end with .html, or with .svg for a single figure"),
        }
    }
}

/// Draws the streams of all files. Returns `false` if anything was reported but a clock that was set back.
///
/// # Errors
///
/// If standard output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    let Options { read, output, figure, by_file, streams } = options;
    let is_filtered = streams.failed || !read.filter.is_empty();
    let files = Files::list(read);
    let names = files.names();
    if let Some(path) = output.as_deref().filter(|path| files.has(path)) {
        report(format_args!("tor-streams: {}: is one of the logs, so nothing was drawn", shown(path)));
        return Ok(false);
    }
    if by_file && names.len() > Options::MAX_BY_FILE {
        report(format_args!("tor-streams: --by-file draws seven files at most, not {}", names.len()));
        return Ok(false);
    }
    let curves = if by_file { CurveKeys::Files } else { CurveKeys::Kinds };
    let mut collector = CountCollector { counts: StreamCounts::default(), curves };
    let note = |event: &Event<'_>, input: usize| StreamNote::new(event, input);
    let all_read = read_lives(files, streams, note, Vec::new(), &mut collector)?;
    let counts = collector.counts;
    let Some(drawing) = draw(&counts, figure, &names, curves) else {
        let cause = cause_of_nothing(&counts, is_filtered, figure.is_some());
        report(format_args!("tor-streams: {cause}, so nothing was drawn"));
        return Ok(false);
    };
    match output {
        None => io::stdout().lock().write_all(drawing.as_bytes())?,
        Some(path) => {
            if let Err(error) = fs::write(&path, drawing) {
                report(format_args!("tor-streams: {}: {}", shown(&path), error_text(&error)));
                return Ok(false);
            }
        }
    }
    Ok(all_read)
}

/// Returns a path as messages show it.
fn shown(path: &Path) -> String {
    escape_name(&path.to_string_lossy()).into()
}

/// Returns a figure as SVG, or else the page of all figures. `None` if there is nothing to draw.
fn draw(data: &StreamCounts, figure: Option<Figure>, names: &[String], curves: CurveKeys) -> Option<String> {
    let files = (curves == CurveKeys::Files).then_some(names);
    if let Some(figure) = figure {
        let drawn = figure.draw(data, files);
        // With dates, an empty figure is a result, and is drawn: a sentence in it says that no stream failed, or has both times.
        if drawn.is_empty && data.dated == 0 {
            return None;
        }
        return Some(format!("{}\n", drawn.chart.finish(Some(page::STYLE))));
    }
    let drawn: Vec<_> = Figure::ALL.into_iter().map(|figure| (figure, figure.draw(data, files))).collect();
    if drawn.iter().all(|(_, drawn)| drawn.is_empty) {
        return None;
    }
    Some(page::page(data, names, drawn))
}

/// Returns the reason why there is nothing to draw, in a single figure or in those of the page.
const fn cause_of_nothing(data: &StreamCounts, is_filtered: bool, is_single: bool) -> &'static str {
    match (data.streams, is_filtered, is_single) {
        (0, false, _) => "there is no stream in these logs",
        (0, true, _) => "there is no stream in these logs that passes the filters",
        (_, _, false) => "no event in these logs has a time before it that a figure can use",
        (_, _, true) => "no event in these logs has a time before it that this figure can use",
    }
}
