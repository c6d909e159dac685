//! The figures: what each of them draws.

use alloc::collections::BTreeMap;

use clap::ValueEnum;

use super::chart::{ACROSS, Chart, LegendEntry, Look, Swatch};
use super::data::{Causes, Curve, RequestKind, StepCounts, StreamCounts, StreamEnd};
use super::durations::percentile;
use super::looks::{cause_look, curve_look, end_look};
use super::markup::Tag;
use super::scale::{Tick, count_ticks, log_ticks, log10, round_ends, seconds, time_ticks};
use crate::command::timeline::Steps;
use crate::input::time::rfc3339;
use crate::output::table::{count, share, thousands};

/// Maximum number of steps of a figure over time: each bar has two units of the picture or more.
const MAX_STEPS: usize = 170;
/// Maximum number of causes with a look of their own: as many as there are colours.
const MAX_CAUSES: usize = 7;
/// Percentiles in a figure's numbers.
const PERCENTILES: [u64; 7] = [5, 25, 50, 75, 90, 95, 99];

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

/// A figure with its numbers.
pub(super) struct Drawn {
    /// The picture.
    pub(super) chart: Chart,
    /// Sentences below the picture: what was counted.
    pub(super) caption: Vec<String>,
    /// Names of the columns of the numbers, and the rows.
    pub(super) numbers: (Vec<String>, Vec<Vec<String>>),
    /// Set if there is nothing to draw.
    pub(super) is_empty: bool,
}

/// The series of a figure, each with its entry of the legend and its durations.
type Series<'d> = Vec<(LegendEntry, &'d Curve)>;

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

    /// Draws the figure. `files` are the names of curves, if each file has its own.
    pub(super) fn draw(self, data: &StreamCounts, files: Option<&[String]>) -> Drawn {
        let file = |index: usize| Some((files?.get(index)?.clone(), curve_look(index)));
        match self {
            Self::Answers => {
                let kind = |index: usize| RequestKind::ALL.get(index).map_or("", |kind| kind.name());
                let name = |index: usize| file(index).unwrap_or_else(|| (kind(index).into(), curve_look(index)));
                distribution(self, "Time to the first answer", "NEW to SUCCEEDED", data, &series(&data.answers, name))
            }
            Self::Lifetimes => {
                let end = |index: usize| {
                    StreamEnd::ALL
                        .get(index)
                        .map_or((String::new(), Look::OTHERS), |&end| (end.name().into(), end_look(end)))
                };
                let name = |index: usize| file(index).unwrap_or_else(|| end(index));
                distribution(self, "Lifetime", "NEW to CLOSED or FAILED", data, &series(&data.lifetimes, name))
            }
            Self::AnswersOverTime => answers_over_time(data),
            Self::Failures => failures(data),
            Self::Streams => streams(data),
        }
    }
}

/// Returns the series of a figure. `name` returns the name and the look of a curve.
fn series(curves: &BTreeMap<usize, Curve>, name: impl Fn(usize) -> (String, Look)) -> Series<'_> {
    let entry = |index: usize, curve: &Curve| {
        let (name, look) = name(index);
        LegendEntry { look, name, count: curve.total() }
    };
    curves.iter().map(|(&index, curve)| (entry(index, curve), curve)).collect()
}

/// Draws the distribution of durations: for each time, the share of streams that took no longer.
fn distribution(figure: Figure, title: &str, between: &str, data: &StreamCounts, curves: &Series<'_>) -> Drawn {
    let mut chart = Chart::new(figure.name(), format!("{title}: share of streams"));
    let counted: u64 = curves.iter().map(|(entry, _)| entry.count).sum();
    let steps: Vec<_> = curves.iter().map(|(_, curve)| curve.steps()).collect();
    let range = round_ends(steps.iter().flatten().map(|&(seconds, _)| seconds));
    let (x, y) = (Chart::across((log10(range.0), log10(range.1))), Chart::up((0.0, 100.0)));
    let percent = |percent: u32| Tick { value: percent.into(), label: format!("{percent} %"), below: String::new() };
    chart.x_axis(x, &log_ticks(range));
    chart.y_axis(y, &[0, 25, 50, 75, 100].map(percent));
    for ((entry, _), steps) in curves.iter().zip(&steps) {
        let points = steps.iter().map(|&(seconds, seen)| {
            let share = 100.0 * seen as f64 / entry.count.max(1) as f64;
            (x.at(log10(seconds)), y.at(share))
        });
        chart.staircase(entry.look, points);
    }
    let entries: Vec<_> = curves.iter().map(|(entry, _)| entry.clone()).collect();
    chart.legend(&entries, Swatch::Line);
    if counted == 0 {
        chart.sentence("No stream has both times.");
    }

    let mut caption =
        vec![format!("{between}: {} of {} have both times.", thousands(counted), count(data.streams, "stream"))];
    let shortest = range.0;
    let below: u64 = steps
        .iter()
        .filter_map(|steps| steps.iter().take_while(|step| step.0 < shortest).last())
        .map(|step| step.1)
        .sum();
    if below > 0 {
        let at = seconds(shortest);
        caption
            .push(format!("{} took less than {at} by the log's clock, and stand at the left end.", thousands(below)));
    }
    if curves.iter().any(|(_, curve)| !curve.is_exact()) {
        caption.push("In curves of more than 10,000 streams, a time is exact to 1.6 percent.".into());
    }
    let head = ["", "streams"].map(Into::into).into_iter().chain(PERCENTILES.map(|percent| format!("{percent} %")));
    let row = |((entry, _), steps): (&(LegendEntry, &Curve), &Vec<(f64, u64)>)| {
        let times = PERCENTILES.map(|percent| percentile(steps, percent).map_or(String::new(), seconds));
        [entry.name.clone(), thousands(entry.count)].into_iter().chain(times).collect()
    };
    let rows = curves.iter().zip(&steps).map(row).collect();
    Drawn { chart, caption, numbers: (head.collect(), rows), is_empty: counted == 0 }
}

/// The horizontal axis of a figure over time.
struct TimeAxis {
    /// The steps.
    steps: Steps<StepCounts>,
}

impl TimeAxis {
    /// Returns the axis of the streams that have a date. `None` if none has.
    fn new(data: &StreamCounts) -> Option<Self> {
        data.steps.steps(MAX_STEPS).map(|steps| Self { steps })
    }

    /// Returns the end of the last step.
    fn end(&self) -> u64 {
        self.steps.start + self.steps.length * self.steps.values.len() as u64
    }

    /// Draws the axis.
    fn draw(&self, chart: &mut Chart) {
        let scale = Chart::across((self.steps.start as f64, self.end() as f64));
        chart.x_axis(scale, &time_ticks(self.steps.start, self.end()));
    }

    /// Iterates over the steps: the horizontal range of each, its start as text, and its counts.
    fn iter(&self) -> impl Iterator<Item = (core::ops::Range<f64>, String, &StepCounts)> {
        let width = (ACROSS.end - ACROSS.start) / self.steps.values.len().max(1) as f64;
        self.steps.values.iter().enumerate().map(move |(index, value)| {
            let x = ACROSS.start + width * index as f64;
            let gap = (width * 0.08).min(1.0);
            let start = self.steps.start + self.steps.length * index as u64;
            let text = rfc3339(core::time::Duration::from_secs(start)).unwrap_or_default();
            (x + gap..x + width - gap, text, value)
        })
    }
}

/// Returns the figure of streams without a date.
fn undated(figure: Figure, title: &str) -> Drawn {
    let mut chart = Chart::new(figure.name(), title.into());
    chart.sentence("The times of these logs have no dates.");
    Drawn { chart, caption: Vec::new(), numbers: (Vec::new(), Vec::new()), is_empty: true }
}

/// Draws the times to the first answer in each step of time.
fn answers_over_time(data: &StreamCounts) -> Drawn {
    const TITLE: &str = "Time to the first answer";
    let Some(axis) = TimeAxis::new(data) else { return undated(Figure::AnswersOverTime, TITLE) };
    let unit = axis.steps.unit();
    let mut chart = Chart::new(Figure::AnswersOverTime.name(), format!("{TITLE}, per {unit}"));
    let steps: Vec<_> = axis.iter().map(|(x, start, step)| (x, start, step.answers.steps())).collect();
    let range = round_ends(steps.iter().flat_map(|(_, _, steps)| steps).map(|&(seconds, _)| seconds));
    let y = Chart::up((log10(range.0), log10(range.1)));
    axis.draw(&mut chart);
    chart.y_axis(y, &log_ticks(range));
    let look = curve_look(0);
    let mut rows = Vec::new();
    let mut counted = 0;
    for (x, start, steps) in &steps {
        let times = [5, 25, 50, 75, 95].map(|percent| percentile(steps, percent));
        let [Some(lowest), Some(low), Some(median), Some(high), Some(highest)] = times else { continue };
        let total = steps.last().map_or(0, |step| step.1);
        counted += total;
        let at = |seconds: f64| y.at(log10(seconds));
        let middle = (x.start + x.end) / 2.0;
        let half = ((x.end - x.start) / 2.0).min(5.0);
        let title = format!("{start}: half of {} within {}", count(total, "stream"), seconds(median));
        let mut group = Tag::new("g").add(Tag::new("title").text(&title));
        group.push(chart.bar(look, middle - 0.75..middle + 0.75, at(highest)..at(lowest) + 0.5));
        group.push(chart.bar(look, middle - half..middle + half, at(high) - 0.5..at(low) + 0.5));
        let dot = Tag::new("circle").px("cx", middle).px("cy", at(median)).px("r", half.clamp(2.0, 3.5));
        group.push(dot.set("style", "fill:var(--paper);stroke:var(--ink);stroke-width:1.5"));
        chart.push(group);
        let times = [lowest, low, median, high, highest].map(seconds);
        rows.push([start.clone(), thousands(total)].into_iter().chain(times).collect());
    }
    if counted == 0 {
        chart.sentence("No stream has both times.");
    }
    let mut caption = vec![format!(
        "NEW to SUCCEEDED, of the streams that began in each step: the dot is their median, the bar the middle half, the \
         line all but a twentieth at each end. {} of {} have both times. In steps of more than 100, a time is exact to \
         1.6 percent. Hours are UTC.",
        thousands(counted),
        count(data.streams, "stream")
    )];
    caption.extend(missing(data, &axis));
    let head = ["from", "streams", "5 %", "25 %", "50 %", "75 %", "95 %"].map(Into::into).to_vec();
    Drawn { chart, caption, numbers: (head, rows), is_empty: counted == 0 }
}

/// Draws a bar for each step of time, of parts above each other: one for each entry of the legend. Returns the rows of
/// their numbers.
fn stacked(
    chart: &mut Chart,
    axis: &TimeAxis,
    entries: &[LegendEntry],
    counts: impl Fn(&StepCounts) -> Vec<u64>,
) -> Vec<Vec<String>> {
    let steps: Vec<_> = axis.iter().map(|(x, start, step)| (x, start, counts(step))).collect();
    let highest = steps.iter().map(|(_, _, counts)| counts.iter().sum::<u64>()).max().unwrap_or_default();
    let ticks = count_ticks(highest);
    let y = Chart::up((0.0, ticks.last().map_or(1.0, |tick| tick.value)));
    axis.draw(chart);
    chart.y_axis(y, &ticks);
    let mut rows = Vec::new();
    for (x, start, counts) in steps {
        let total: u64 = counts.iter().sum();
        if total == 0 {
            continue;
        }
        let parts = entries.iter().zip(&counts).filter(|&(_, &count)| count > 0);
        let parts: Vec<_> = parts.map(|(entry, count)| format!("{} {}", entry.name, thousands(*count))).collect();
        let mut group = Tag::new("g").add(Tag::new("title").text(&format!("{start}: {}", parts.join(", "))));
        let mut below = 0;
        for (entry, &count) in entries.iter().zip(&counts).filter(|&(_, &count)| count > 0) {
            let (from, to) = (y.at(below as f64), y.at((below + count) as f64));
            group.push(chart.bar(entry.look, x.clone(), to..from));
            below += count;
        }
        chart.push(group);
        rows.push([start].into_iter().chain(counts.iter().map(|&count| thousands(count))).collect());
    }
    chart.legend(entries, Swatch::Bar);
    rows
}

/// Returns the names of the columns of a figure's parts.
fn names(entries: &[LegendEntry]) -> Vec<String> {
    ["from".into()].into_iter().chain(entries.iter().map(|entry| entry.name.clone())).collect()
}

/// Draws the failed streams of each step of time by their causes.
fn failures(data: &StreamCounts) -> Drawn {
    const TITLE: &str = "Failed streams by cause";
    let Some(axis) = TimeAxis::new(data) else { return undated(Figure::Failures, TITLE) };
    let mut chart = Chart::new(Figure::Failures.name(), format!("{TITLE}, per {}", axis.steps.unit()));
    let count_of = |index: usize| data.causes.counts.get(index).copied().unwrap_or_default();
    let mut causes: Vec<_> = data.causes.iter().collect();
    causes.sort_by_key(|&(cause, index)| (core::cmp::Reverse(count_of(index)), cause));
    let kinds = causes.len();
    causes.truncate(MAX_CAUSES);
    let mut entries: Vec<LegendEntry> = Vec::new();
    for &(cause, index) in &causes {
        let is_taken = |look: Look| look == Look::OTHERS || entries.iter().any(|entry| entry.look == look);
        let look = Some(cause_look(cause)).filter(|&look| !is_taken(look));
        let grey = Look { pattern: 1 + entries.len() % (Look::PATTERNS - 1), ..Look::OTHERS };
        entries.push(LegendEntry { look: look.unwrap_or(grey), name: cause.to_string(), count: count_of(index) });
    }
    let rest = data.failed - entries.iter().map(|entry| entry.count).sum::<u64>();
    if rest > 0 {
        entries.push(LegendEntry { look: Look::OTHERS, name: "other causes".into(), count: rest });
    }
    let counts = |step: &StepCounts| {
        let shown: Vec<_> =
            causes.iter().map(|(_, index)| step.causes.get(index).copied().unwrap_or_default()).collect();
        let rest = step.causes.values().sum::<u64>() - shown.iter().sum::<u64>();
        shown.into_iter().chain((entries.len() > causes.len()).then_some(rest)).collect()
    };
    let rows = stacked(&mut chart, &axis, &entries, counts);
    if data.failed == 0 {
        chart.sentence("No stream failed.");
    }
    let mut caption = vec![format!(
        "{} of {} failed ({}), for {}, each at the time of its first event in UTC.",
        thousands(data.failed),
        count(data.streams, "stream"),
        share(data.failed, data.streams),
        if kinds < Causes::MAX { count(kinds as u64, "cause") } else { "very many causes".into() },
    )];
    if entries.iter().any(|entry| entry.name.starts_with("END/")) {
        caption.push("Behind END/ stands the reason that the other end of the circuit told.".into());
    }
    caption.extend(missing(data, &axis));
    Drawn { chart, caption, numbers: (names(&entries), rows), is_empty: data.failed == 0 }
}

/// Draws the streams of each step of time by how they ended.
fn streams(data: &StreamCounts) -> Drawn {
    const TITLE: &str = "Streams by their end";
    let Some(axis) = TimeAxis::new(data) else { return undated(Figure::Streams, TITLE) };
    let mut chart = Chart::new(Figure::Streams.name(), format!("{TITLE}, per {}", axis.steps.unit()));
    let total = |end: StreamEnd| axis.steps.values.iter().filter_map(|step| step.ends.get(end as usize)).sum();
    let entry = |end: StreamEnd| LegendEntry { look: end_look(end), name: end.name().into(), count: total(end) };
    let ends: Vec<_> = StreamEnd::ALL.into_iter().filter(|&end| total(end) > 0).collect();
    let entries: Vec<_> = ends.iter().map(|&end| entry(end)).collect();
    let counts = |step: &StepCounts| ends.iter().filter_map(|&end| step.ends.get(end as usize).copied()).collect();
    let rows = stacked(&mut chart, &axis, &entries, counts);
    let mut caption = vec![format!("{}, each at the time of its first event in UTC.", count(data.dated, "stream"))];
    caption.extend(missing(data, &axis));
    Drawn { chart, caption, numbers: (names(&entries), rows), is_empty: data.dated == 0 }
}

/// Returns sentences about streams that are missing in figures over time.
fn missing(data: &StreamCounts, axis: &TimeAxis) -> impl Iterator<Item = String> {
    let undated = data.streams - data.dated;
    let far = axis.steps.far.ends.iter().sum::<u64>();
    [(undated, "without a date"), (far, "more than a year away from all others")]
        .into_iter()
        .filter(|&(number, _)| number > 0)
        .map(|(number, cause)| format!("{} {cause} not shown.", count(number, "stream")))
}
