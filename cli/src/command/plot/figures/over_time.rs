//! Figures over time: their axis, and the streams that are missing in them.

use core::ops::Range;
use core::time::Duration;

use super::{Drawn, Figure, NumberTable};
use crate::command::plot::chart::{ACROSS, Chart};
use crate::command::plot::data::{StepCounts, StreamCounts};
use crate::command::plot::scale::time_ticks;
use crate::command::timeline::Steps;
use crate::input::time::rfc3339;
use crate::output::table::count;

/// Maximum number of steps: each has two units of the picture or more.
const MAX_STEPS: usize = 170;
/// Gap at each side of a step, as a share of its width.
const GAP_SHARE: f64 = 0.08;
/// Maximum gap at each side of a step, in units of the picture.
const MAX_GAP: f64 = 1.0;

/// The horizontal axis of a figure over time.
pub(super) struct TimeAxis {
    /// The steps.
    pub(super) steps: Steps<StepCounts>,
}

/// A step of time in a picture.
pub(super) struct DrawnStep<'c> {
    /// Horizontal range, without the gaps at its sides.
    pub(super) across: Range<f64>,
    /// Start of the step as text.
    pub(super) start: String,
    /// Counts of the streams that began in the step.
    pub(super) counts: &'c StepCounts,
}

impl TimeAxis {
    /// Returns the axis of the streams that have a date. `None` if no stream has one.
    pub(super) fn new(data: &StreamCounts) -> Option<Self> {
        data.steps.steps(MAX_STEPS).map(|steps| Self { steps })
    }

    /// Returns the picture of a figure over time, with the axis.
    pub(super) fn chart(&self, figure: Figure, title: &str) -> Chart {
        let mut chart = Chart::new(figure.name(), format!("{title}, per {}", self.steps.unit()));
        let (start, end) = (self.steps.start, self.start_of(self.steps.values.len()));
        chart.x_axis(Chart::horizontal_scale((start as f64, end as f64)), &time_ticks(start, end));
        chart
    }

    /// Returns the Unix time, in seconds, of the start of a step.
    fn start_of(&self, index: usize) -> u64 {
        self.steps.start + self.steps.length * index as u64
    }

    /// Returns the counts of all streams that are drawn: those of all steps.
    pub(super) fn sum(&self) -> StepCounts {
        self.steps.values.iter().cloned().fold(StepCounts::default(), |mut sum, step| {
            sum += step;
            sum
        })
    }

    /// Iterates over the steps.
    pub(super) fn iter(&self) -> impl Iterator<Item = DrawnStep<'_>> {
        let width = (ACROSS.end - ACROSS.start) / self.steps.values.len().max(1) as f64;
        let gap = (width * GAP_SHARE).min(MAX_GAP);
        self.steps.values.iter().enumerate().map(move |(index, counts)| {
            let left = ACROSS.start + width * index as f64;
            let start = rfc3339(Duration::from_secs(self.start_of(index))).unwrap_or_default();
            DrawnStep { across: left + gap..left + width - gap, start, counts }
        })
    }
}

/// Returns the figure of streams without a date.
pub(super) fn undated(figure: Figure, title: &str) -> Drawn {
    let mut chart = Chart::new(figure.name(), title.into());
    chart.sentence("The times of these logs have no dates.");
    Drawn { chart, caption: Vec::new(), numbers: NumberTable::default(), is_empty: true }
}

/// Returns sentences about streams that are missing in figures over time.
pub(super) fn missing(data: &StreamCounts, axis: &TimeAxis) -> impl Iterator<Item = String> {
    let undated = data.streams - data.dated;
    // The axis leaves out steps that are far from all others, such as those of a clock that was wrong.
    let far = axis.steps.far.streams();
    [(undated, "without a date"), (far, "more than a year away from all others")]
        .into_iter()
        .filter(|&(number, _)| number > 0)
        .map(|(number, cause)| format!("{} {cause} not shown.", count(number, "stream")))
}
