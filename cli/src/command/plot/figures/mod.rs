//! The figures, drawn from the counts of streams.
//!
//! - this file: the figures by name, and what each of them is drawn into
//! - [`distribution`]: the share of streams by a duration: `answers` and `lifetimes`
//! - [`over_time`]: the axis of a figure over time, and sentences about streams that such a figure lacks
//! - [`spread`]: the median and the spread of a duration in each step of time: `answers-over-time`
//! - [`stacked`]: the number of streams in each step of time, in bars: `failures` and `streams`

mod distribution;
mod over_time;
mod spread;
mod stacked;

use clap::ValueEnum;

use super::chart::Chart;
use super::data::StreamCounts;

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Figure {
    /// Share of streams by the time to their first answer
    Answers,
    /// Times to the first answer, over time
    AnswersOverTime,
    /// Failed streams by cause, over time
    Failures,
    /// Streams by how they ended, over time
    Streams,
    /// Share of streams by their lifetime
    Lifetimes,
}

/// A figure as drawn.
pub(super) struct Drawn {
    /// The picture.
    pub(super) chart: Chart,
    /// Sentences below the picture: which streams were counted.
    pub(super) caption: Vec<String>,
    /// Numbers of the picture.
    pub(super) numbers: NumberTable,
    /// Set if the picture shows no stream.
    pub(super) is_empty: bool,
}

/// A table with the numbers of a picture.
#[derive(Default)]
pub(super) struct NumberTable {
    /// Names of the columns.
    pub(super) head: Vec<String>,
    /// Cells of each row.
    pub(super) rows: Vec<Vec<String>>,
}

impl Figure {
    /// The figures, in the order of a page.
    pub(super) const ALL: [Self; 5] =
        [Self::Answers, Self::AnswersOverTime, Self::Failures, Self::Streams, Self::Lifetimes];

    /// Returns the name of the figure, as on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::AnswersOverTime => "answers-over-time",
            Self::Failures => "failures",
            Self::Streams => "streams",
            Self::Lifetimes => "lifetimes",
        }
    }

    /// Draws the figure. `files` are the names of all files if each file has a curve of its own.
    pub(super) fn draw(self, data: &StreamCounts, files: Option<&[String]>) -> Drawn {
        match self {
            Self::Answers => distribution::answers(data, files),
            Self::Lifetimes => distribution::lifetimes(data, files),
            Self::AnswersOverTime => spread::answers_over_time(data),
            Self::Failures => stacked::failures(data),
            Self::Streams => stacked::streams(data),
        }
    }
}
