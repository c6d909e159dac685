//! The number of streams in each step of time: a bar, with a part for each series.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;

use super::over_time::{TimeAxis, missing, undated};
use super::{Drawn, Figure, NumberTable};
use crate::command::plot::chart::{Chart, LegendEntry, Look, Swatch};
use crate::command::plot::data::{Causes, StepCounts, StreamCounts, StreamEnd};
use crate::command::plot::looks::{cause_look, end_look};
use crate::command::plot::markup::Tag;
use crate::command::plot::scale::count_ticks;
use crate::output::table::{count, share, thousands};

/// Maximum number of causes with a series of their own: as many as there are colours.
const MAX_CAUSES: usize = 7;

/// Draws the failed streams of each step of time by their causes.
pub(super) fn failures(data: &StreamCounts) -> Drawn {
    const TITLE: &str = "Failed streams by cause";
    let Some(axis) = TimeAxis::new(data) else { return undated(Figure::Failures, TITLE) };
    let mut chart = axis.chart(Figure::Failures, TITLE);
    let sum = axis.sum();
    let causes = &sum.causes;
    let (streams, failed) = (sum.streams(), causes.values().sum::<u64>());
    let (indices, mut entries) = frequent_causes(&data.causes, causes);
    let others = failed - entries.iter().map(|entry| entry.count).sum::<u64>();
    if others > 0 {
        entries.push(LegendEntry { look: Look::OTHERS, name: "other causes".into(), count: others });
    }
    let counts = |step: &StepCounts| {
        let of_cause = |index| step.causes.get(index).copied().unwrap_or_default();
        let shown: Vec<u64> = indices.iter().map(of_cause).collect();
        let others_in_step = step.causes.values().sum::<u64>() - shown.iter().sum::<u64>();
        shown.into_iter().chain((others > 0).then_some(others_in_step)).collect()
    };
    let numbers = draw_bars(&mut chart, &axis, &entries, counts);
    match (failed, data.failed) {
        (0, 0) => chart.sentence("No stream failed."),
        (0, _) => chart.sentence("No stream in these steps failed."),
        _ => {}
    }
    // Causes beyond `Causes::MAX` share an index, so there may be more.
    let at_least = if causes.contains_key(&Causes::OTHERS) { "at least " } else { "" };
    let mut caption = vec![format!(
        "{} of {} failed ({}), for {at_least}{}, each at the time of its first event in UTC.",
        thousands(failed),
        count(streams, "stream"),
        share(failed, streams),
        count(causes.len() as u64, "cause"),
    )];
    if entries.iter().any(|entry| entry.name.starts_with("END/")) {
        caption.push("Behind END/ stands the reason that the other end of the circuit told.".into());
    }
    caption.extend(missing(data, &axis));
    Drawn { chart, caption, numbers, is_empty: failed == 0 }
}

/// Returns the indices of the most frequent causes, and their entries of the legend, each with a look of its own. `counts` has the
/// number of drawn streams by the index of the cause.
fn frequent_causes(causes: &Causes, counts: &BTreeMap<usize, u64>) -> (Vec<usize>, Vec<LegendEntry>) {
    let count_of = |index: usize| counts.get(&index).copied().unwrap_or_default();
    let mut frequent: Vec<_> = causes.iter().filter(|&(_, index)| count_of(index) > 0).collect();
    frequent.sort_by_key(|&(cause, index)| (Reverse(count_of(index)), cause));
    frequent.truncate(MAX_CAUSES);
    let mut entries: Vec<LegendEntry> = Vec::new();
    for &(cause, index) in &frequent {
        let own = cause_look(cause);
        // A cause without a look of its own, or with that of a more frequent one, is grey. Patterns tell it from other grey
        // ones, at least from its neighbours.
        let is_free = own != Look::OTHERS && entries.iter().all(|entry| entry.look != own);
        let grey = Look { pattern: 1 + entries.len() % (Look::PATTERNS - 1), ..Look::OTHERS };
        let look = if is_free { own } else { grey };
        entries.push(LegendEntry { look, name: cause.to_string(), count: count_of(index) });
    }
    (frequent.into_iter().map(|(_, index)| index).collect(), entries)
}

/// Draws the streams of each step of time by how they ended.
pub(super) fn streams(data: &StreamCounts) -> Drawn {
    const TITLE: &str = "Streams by their end";
    let Some(axis) = TimeAxis::new(data) else { return undated(Figure::Streams, TITLE) };
    let mut chart = axis.chart(Figure::Streams, TITLE);
    let drawn = axis.sum().ends;
    let total = |end: StreamEnd| drawn.get(end as usize).copied().unwrap_or_default();
    let entry = |end: StreamEnd| LegendEntry { look: end_look(end), name: end.name().into(), count: total(end) };
    let ends: Vec<_> = StreamEnd::ALL.into_iter().filter(|&end| total(end) > 0).collect();
    let entries: Vec<_> = ends.iter().map(|&end| entry(end)).collect();
    let counts = |step: &StepCounts| ends.iter().filter_map(|&end| step.ends.get(end as usize).copied()).collect();
    let numbers = draw_bars(&mut chart, &axis, &entries, counts);
    let streams = count(drawn.iter().sum(), "stream");
    let mut caption = vec![format!("{streams}, each at the time of its first event in UTC.")];
    caption.extend(missing(data, &axis));
    // There is an axis, so there is a stream.
    Drawn { chart, caption, numbers, is_empty: false }
}

/// Draws a bar for each step of time that has streams, with a part for each entry of the legend, and the legend. `counts` returns
/// the numbers of a step's streams in the order of the entries. Returns those numbers.
fn draw_bars(
    chart: &mut Chart,
    axis: &TimeAxis,
    entries: &[LegendEntry],
    counts: impl Fn(&StepCounts) -> Vec<u64>,
) -> NumberTable {
    let steps: Vec<_> = axis.iter().map(|step| (counts(step.counts), step)).collect();
    let highest = steps.iter().map(|(counts, _)| counts.iter().sum::<u64>()).max().unwrap_or_default();
    let ticks = count_ticks(highest);
    let y = Chart::vertical_scale((0.0, ticks.last().map_or(1.0, |tick| tick.value)));
    chart.y_axis(y, &ticks);
    let mut rows = Vec::new();
    for (counts, step) in steps {
        let parts: Vec<_> = entries.iter().zip(&counts).filter(|&(_, &count)| count > 0).collect();
        if parts.is_empty() {
            continue;
        }
        let names: Vec<_> =
            parts.iter().map(|(entry, count)| format!("{} {}", entry.name, thousands(**count))).collect();
        let title = format!("{}: {}", step.start, names.join(", "));
        let mut group = Tag::new("g").add(Tag::new("title").text(&title));
        let mut below = 0;
        for (entry, count) in parts {
            let (bottom, top) = (y.at(below as f64), y.at((below + count) as f64));
            group.push(chart.bar(entry.look, step.across.clone(), top..bottom));
            below += count;
        }
        chart.push(group);
        rows.push([step.start].into_iter().chain(counts.iter().map(|&count| thousands(count))).collect());
    }
    chart.legend(entries, Swatch::Bar);
    let head = ["from".into()].into_iter().chain(entries.iter().map(|entry| entry.name.clone()));
    NumberTable { head: head.collect(), rows }
}
