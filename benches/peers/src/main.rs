//! This crate beside other parsers of STREAM events, on the same lines, in one run. Prints Markdown.

#[path = "../../common/mod.rs"]
mod common;
mod compare;
mod fields;
mod growth;
mod naive;
mod python;
mod report;
mod rounds;

use std::hint::black_box;

use stem_rs::events::StreamEvent as StemEvent;
use tor_stream_event::{LineEnd, StreamEvent, StreamEventRef, stream_events};

use crate::common::corpus::{self, Corpus};
use crate::common::reading::{Sum, every_field, glance};
use crate::naive::NaiveEvent;
use crate::python::Python;
use crate::rounds::Contender;

/// Minimum size of an input in bytes: more than the 1 MiB of the cache next to a core, on the machine of RESULTS.md.
const SIZE: usize = 2_000_000;

fn main() {
    let mut pythons = Python::start_all();
    report::head();

    let mut tables = Vec::new();
    for corpus in [corpus::modern(), corpus::legacy(), corpus::credentials()] {
        eprintln!("measuring {}", corpus.name);
        tables.push(measure_events(&text_only(corpus).repeated(SIZE), &mut pythons));
    }
    report::events(&tables);
    report::lost(&tables);

    let files = [("log", corpus::log(), LineEnd::Lf), ("wire", corpus::wire(), LineEnd::CrLf)];
    report::files(&files.map(|(name, file, line_end)| {
        eprintln!("measuring {name}");
        measure_file(name, corpus::repeated(file, SIZE), line_end)
    }));

    eprintln!("measuring hostile lines");
    report::growth(&growth::growth());
    report::hostile(&growth::hostile(corpus::hostile().contents));

    eprintln!("comparing");
    for corpus in [corpus::modern(), corpus::hostile()] {
        let not_utf8 = corpus.contents.len() - corpus.texts.len();
        let with = |parse: fn(&str) -> fields::FieldsOrError| corpus.texts.iter().map(move |text| parse(text));
        let mut found = vec![
            ("stem-rs", compare::compare(corpus.texts, with(fields::stem_rs))),
            ("naive", compare::compare(corpus.texts, with(fields::naive))),
        ];
        for python in &mut pythons {
            python.load("compared", corpus.texts);
            found.push((python.name, compare::compare(corpus.texts, python.read("compared", corpus.texts.len()))));
        }
        report::mistakes(corpus.name, corpus.texts.len(), not_utf8, &found);
    }
}

/// The times of all contenders on one input.
struct Table {
    /// The input's name.
    input: &'static str,
    /// Number of events.
    events: usize,
    /// Number of bytes of their lines.
    bytes: usize,
    /// Name of each contender, and its time for all events in nanoseconds.
    rows: Vec<(&'static str, f64)>,
}

impl Table {
    /// Measures the contenders.
    fn measure(input: &'static str, events: usize, bytes: usize, mut contenders: Vec<Contender<'_>>) -> Self {
        let medians = rounds::medians(&mut contenders);
        Self { input, events, bytes, rows: contenders.iter().map(|contender| contender.name).zip(medians).collect() }
    }

    /// Returns the time of a contender, in nanoseconds.
    fn time(&self, name: &str) -> Option<f64> {
        self.rows.iter().find(|row| row.0 == name).map(|row| row.1)
    }
}

/// Returns the corpus without contents that are not UTF-8, which some contenders cannot read.
fn text_only(corpus: Corpus) -> Corpus {
    Corpus::new(corpus.name, &corpus.texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>())
}

/// Measures every contender on a corpus.
fn measure_events(corpus: &Corpus, pythons: &mut [Python]) -> Table {
    let &Corpus { name, buffer, texts, .. } = corpus;
    let mut contenders = vec![
        Contender::new(report::PARSE, || {
            texts.iter().map(|text| glance(black_box(&StreamEventRef::parse(text)))).sum()
        }),
        Contender::new(report::READ, || {
            texts.iter().map(|text| black_box(&StreamEventRef::parse(text)).as_ref().map_or(0, every_field)).sum()
        }),
        Contender::new(report::OWNED, || {
            let port = |event: &StreamEvent| u64::from(event.target_port);
            texts.iter().map(|text| black_box(&StreamEvent::parse(text)).as_ref().map_or(0, port)).sum()
        }),
        Contender::new(report::BUFFER, || stream_events(buffer).map(|line| glance(black_box(&line.event))).sum()),
        Contender::new(report::STEM_RS, || {
            let port = |event: &StemEvent| u64::from(event.target_port);
            texts.iter().map(|text| black_box(&StemEvent::parse(text)).as_ref().map_or(0, port)).sum()
        }),
        Contender::new(report::STEM_RS_READ, || {
            texts.iter().map(|text| black_box(&StemEvent::parse(text)).as_ref().map_or(0, every_stem_field)).sum()
        }),
        Contender::new(report::NAIVE, || {
            let port = |event: &NaiveEvent| u64::from(event.target_port);
            texts.iter().map(|text| black_box(&NaiveEvent::parse(text)).as_ref().map_or(0, port)).sum()
        }),
        Contender::new(report::NAIVE_READ, || {
            texts.iter().map(|text| black_box(&NaiveEvent::parse(text)).as_ref().map_or(0, every_naive_field)).sum()
        }),
        Contender::new(report::NEWLINES, || memchr::memchr_iter(b'\n', black_box(buffer)).count() as u64),
        Contender::new(report::FROM_UTF8, || u64::from(std::str::from_utf8(black_box(buffer)).is_ok())),
    ];
    for python in pythons {
        python.load(name, texts);
        contenders.push(Contender::timed(python.name, move || python.time(name)));
    }
    Table::measure(name, texts.len(), buffer.len(), contenders)
}

/// Measures a file in which most lines are no events.
fn measure_file(name: &'static str, bytes: &'static [u8], line_end: LineEnd) -> Table {
    let events: Vec<&str> = stream_events(bytes)
        .line_end(line_end)
        .filter_map(|line| std::str::from_utf8(line.event.ok()?.content()).ok())
        .collect();
    let contenders = vec![
        Contender::new(report::BUFFER, || {
            stream_events(bytes).line_end(line_end).map(|line| glance(black_box(&line.event))).sum()
        }),
        Contender::new(report::STEM_RS_FOUND, || {
            let port = |event: &StemEvent| u64::from(event.target_port);
            events.iter().map(|text| black_box(&StemEvent::parse(text)).as_ref().map_or(0, port)).sum()
        }),
        Contender::new(report::NEWLINES, || memchr::memchr_iter(b'\n', black_box(bytes)).count() as u64),
    ];
    Table::measure(name, events.len(), bytes.len(), contenders)
}

/// Reads every field of stem-rs, which keeps no other keyword.
fn every_stem_field(event: &StemEvent) -> u64 {
    let mut sum = Sum(0);
    sum.text(&event.id.0);
    sum.number(event.status as u64);
    sum.option(event.circuit_id.as_ref(), |sum, id| sum.text(&id.0));
    sum.text(&event.target_host);
    sum.number(event.target_port.into());
    sum.option(event.reason, |sum, word| sum.number(word as u64));
    sum.option(event.remote_reason, |sum, word| sum.number(word as u64));
    sum.option(event.source, |sum, word| sum.number(word as u64));
    sum.option(event.source_addr.as_deref(), Sum::text);
    sum.option(event.purpose, |sum, word| sum.number(word as u64));
    sum.0
}

/// Reads every field and keyword of the naive parser.
fn every_naive_field(event: &NaiveEvent) -> u64 {
    let mut sum = Sum(0);
    sum.text(&event.id);
    sum.text(&event.status);
    sum.option(event.circuit_id.as_deref(), Sum::text);
    sum.text(&event.target_host);
    sum.number(event.target_port.into());
    for text in [&event.reason, &event.remote_reason, &event.source, &event.source_addr, &event.purpose] {
        sum.option(text.as_deref(), Sum::text);
    }
    for (key, value) in &event.others {
        sum.text(key);
        sum.text(value);
    }
    sum.0
}
