//! The median and the spread of the time to the first answer, in each step of time.

use core::ops::Range;

use super::over_time::{DrawnStep, TimeAxis, missing, undated};
use super::{Drawn, Figure, NumberTable};
use crate::command::plot::chart::Chart;
use crate::command::plot::data::StreamCounts;
use crate::command::plot::durations::percentile;
use crate::command::plot::looks::curve_look;
use crate::command::plot::markup::Tag;
use crate::command::plot::scale::{Scale, log_ticks, log10, round_ends, seconds};
use crate::output::table::{count, thousands};

/// Percentiles of a step: the ends of the line, those of the bar, and the dot between.
const PERCENTILES: [u64; 5] = [5, 25, 50, 75, 95];
/// Half of the width of the line from the lowest to the highest percentile, in units of the picture as all lengths here.
const HALF_LINE: f64 = 0.75;
/// Maximum of half the width of a bar: a wider one would not look like a mark.
const MAX_HALF_BAR: f64 = 5.0;
/// Length by which the line is longer below, and the bar at both ends, so that they are seen if all times are equal.
const OVERHANG: f64 = 0.5;
/// Minimum and maximum radius of the dot at the median. Between them the dot is as wide as the bar.
const DOT: Range<f64> = 2.0..3.5;

/// Draws the times to the first answer in each step of time.
pub(super) fn answers_over_time(data: &StreamCounts) -> Drawn {
    const TITLE: &str = "Time to the first answer";
    let Some(axis) = TimeAxis::new(data) else { return undated(Figure::AnswersOverTime, TITLE) };
    let steps: Vec<_> = axis.iter().map(|step| (step.counts.answers.ranks(), step)).collect();
    let range = round_ends(steps.iter().flat_map(|(ranks, _)| ranks).map(|rank| rank.seconds));
    let y = Chart::vertical_scale((log10(range.0), log10(range.1)));
    let mut chart = axis.chart(Figure::AnswersOverTime, TITLE);
    chart.y_axis(y, &log_ticks(range));
    let mut rows = Vec::new();
    let mut drawn = 0;
    for (ranks, step) in &steps {
        // A step without an answer has no percentile.
        let [Some(p5), Some(p25), Some(p50), Some(p75), Some(p95)] = PERCENTILES.map(|p| percentile(ranks, p)) else {
            continue;
        };
        let times = [p5, p25, p50, p75, p95];
        let answers = step.counts.answers.total();
        drawn += answers;
        draw_step(&mut chart, y, step, answers, times);
        rows.push([step.start.clone(), thousands(answers)].into_iter().chain(times.map(seconds)).collect());
    }
    if drawn == 0 {
        chart.sentence("No stream in these steps has both times.");
    }
    let mut caption = vec![format!(
        "NEW to SUCCEEDED, of the streams that began in each step: the dot is their median, the bar the middle half, the \
         line all but a twentieth at each end. {} of {} are drawn: those that have both times. In steps of more than 100, a \
         time is exact to 0.8 percent. Hours are UTC.",
        thousands(drawn),
        count(data.streams, "stream")
    )];
    caption.extend(missing(data, &axis));
    let head = ["from", "streams"].map(Into::into).into_iter().chain(PERCENTILES.map(|percent| format!("{percent} %")));
    let numbers = NumberTable { head: head.collect(), rows };
    Drawn { chart, caption, numbers, is_empty: drawn == 0 }
}

/// Draws the line, the bar and the dot of a step, at its percentiles in seconds.
fn draw_step(chart: &mut Chart, y: Scale, step: &DrawnStep<'_>, answers: u64, [p5, p25, p50, p75, p95]: [f64; 5]) {
    let look = curve_look(0);
    let at = |seconds: f64| y.at(log10(seconds));
    let middle = (step.across.start + step.across.end) / 2.0;
    let half = ((step.across.end - step.across.start) / 2.0).min(MAX_HALF_BAR);
    let title = format!("{}: half of {} within {}", step.start, count(answers, "stream"), seconds(p50));
    let mut group = Tag::new("g").add(Tag::new("title").text(&title));
    // Vertical lengths are from the top, where the longest time is.
    group.push(chart.bar(look, middle - HALF_LINE..middle + HALF_LINE, at(p95)..at(p5) + OVERHANG));
    group.push(chart.bar(look, middle - half..middle + half, at(p75) - OVERHANG..at(p25) + OVERHANG));
    let dot = Tag::new("circle").px("cx", middle).px("cy", at(p50)).px("r", half.clamp(DOT.start, DOT.end));
    group.push(dot.set("style", "fill:var(--paper);stroke:var(--ink);stroke-width:1.5"));
    chart.push(group);
}
