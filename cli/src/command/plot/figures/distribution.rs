//! Distributions of durations: for each time, the share of streams that took no longer.

use alloc::collections::BTreeMap;

use super::{Drawn, Figure, NumberTable};
use crate::command::plot::chart::{Chart, LegendEntry, Look, Swatch};
use crate::command::plot::data::{Curve, RequestKind, StreamCounts, StreamEnd};
use crate::command::plot::durations::{DurationRank, percentile};
use crate::command::plot::looks::{curve_look, end_look};
use crate::command::plot::scale::{Tick, log_ticks, log10, round_ends, seconds};
use crate::output::table::{count, thousands};

/// Percentiles in the table of numbers.
const PERCENTILES: [u64; 7] = [5, 25, 50, 75, 90, 95, 99];
/// Marks of the vertical axis, in percent.
const MARKS: [u32; 5] = [0, 25, 50, 75, 100];

/// A series: a curve.
struct Series {
    /// Entry of the legend.
    entry: LegendEntry,
    /// Durations of the streams.
    ranks: Vec<DurationRank>,
    /// Set if each duration is exact.
    is_exact: bool,
}

/// Draws the times to the first answer: a curve for each kind of request, or for each file.
pub(super) fn answers(data: &StreamCounts, files: Option<&[String]>) -> Drawn {
    let kind = |index: usize| {
        let name = RequestKind::ALL.get(index).map_or("", |kind| kind.name());
        (name.to_owned(), curve_look(index))
    };
    let series = series(&data.answers, files, kind);
    draw(Figure::Answers, "Time to the first answer", "NEW to SUCCEEDED", &series, data.streams)
}

/// Draws the lifetimes: a curve for each end of streams, or for each file.
pub(super) fn lifetimes(data: &StreamCounts, files: Option<&[String]>) -> Drawn {
    let end = |index: usize| match StreamEnd::ALL.get(index) {
        Some(&end) => (end.name().to_owned(), end_look(end)),
        None => (String::new(), Look::OTHERS),
    };
    let series = series(&data.lifetimes, files, end);
    draw(Figure::Lifetimes, "Lifetime", "NEW to CLOSED or FAILED", &series, data.streams)
}

/// Returns the series of curves. If there are names of `files`, the index of a curve is that of its file; else `name_and_look`
/// returns what the index stands for.
fn series(
    curves: &BTreeMap<usize, Curve>,
    files: Option<&[String]>,
    name_and_look: impl Fn(usize) -> (String, Look),
) -> Vec<Series> {
    let file = |index: usize| Some((files?.get(index)?.clone(), curve_look(index)));
    let one = |(&index, curve): (&usize, &Curve)| {
        let (name, look) = file(index).unwrap_or_else(|| name_and_look(index));
        let entry = LegendEntry { look, name, count: curve.total() };
        Series { entry, ranks: curve.ranks(), is_exact: curve.is_exact() }
    };
    curves.iter().map(one).collect()
}

/// Draws a figure with a curve for each series. `between` names the two events between which a duration lies, and `streams`
/// is the number of all streams, also of those without such a duration.
fn draw(figure: Figure, title: &str, between: &str, series: &[Series], streams: u64) -> Drawn {
    let counted = series.iter().map(|series| series.entry.count).sum();
    let range = round_ends(series.iter().flat_map(|series| &series.ranks).map(|rank| rank.seconds));
    let mut chart = Chart::new(figure.name(), format!("{title}: share of streams"));
    draw_curves(&mut chart, series, range);
    if counted == 0 {
        chart.sentence("No stream has both times.");
    }
    let mut caption =
        vec![format!("{between}: {} of {} have both times.", thousands(counted), count(streams, "stream"))];
    caption.extend(below_axis(series, range.0));
    if series.iter().any(|series| !series.is_exact) {
        caption.push("In curves of more than 10,000 streams, a time is exact to 0.8 percent.".into());
    }
    Drawn { chart, caption, numbers: numbers(series), is_empty: counted == 0 }
}

/// Draws the axes, the curves and the legend. The horizontal axis has these seconds at its ends.
fn draw_curves(chart: &mut Chart, series: &[Series], (shortest, longest): (f64, f64)) {
    let x = Chart::horizontal_scale((log10(shortest), log10(longest)));
    let y = Chart::vertical_scale((0.0, 100.0));
    chart.x_axis(x, &log_ticks((shortest, longest)));
    chart.y_axis(y, &MARKS.map(|percent| Tick::new(percent.into(), format!("{percent} %"))));
    for Series { entry, ranks, .. } in series {
        let points = ranks.iter().map(|rank| {
            let percent = 100.0 * rank.not_longer as f64 / entry.count.max(1) as f64;
            (x.at(log10(rank.seconds)), y.at(percent))
        });
        chart.staircase(entry.look, points);
    }
    let entries: Vec<_> = series.iter().map(|series| series.entry.clone()).collect();
    chart.legend(&entries, Swatch::Line);
}

/// Returns a sentence about the streams below the shortest time of the horizontal axis, if there are any. These took less than a
/// microsecond, which [`round_ends`] does not count.
fn below_axis(series: &[Series], shortest: f64) -> Option<String> {
    let below = |series: &Series| {
        let rank = series.ranks.iter().take_while(|rank| rank.seconds < shortest).last();
        rank.map_or(0, |rank| rank.not_longer)
    };
    let number: u64 = series.iter().map(below).sum();
    (number > 0).then(|| {
        let (number, shortest) = (thousands(number), seconds(shortest));
        format!("{number} took less than {shortest} by the log's clock, and stand at the left end.")
    })
}

/// Returns the number of streams and the percentiles of each series.
fn numbers(series: &[Series]) -> NumberTable {
    let head = ["", "streams"].map(Into::into).into_iter().chain(PERCENTILES.map(|percent| format!("{percent} %")));
    let row = |Series { entry, ranks, .. }: &Series| {
        let times = PERCENTILES.map(|percent| percentile(ranks, percent).map_or(String::new(), seconds));
        [entry.name.clone(), thousands(entry.count)].into_iter().chain(times).collect()
    };
    NumberTable { head: head.collect(), rows: series.iter().map(row).collect() }
}
