//! A picture with one plotted area, and its elements: axes, curves, bars, legend.

use core::fmt::Write;
use core::ops::Range;

use super::markup::{Tag, px};
use super::scale::{Scale, Tick};
use crate::output::table::thousands;
use crate::output::width::{cut, text_width};

/// Width of a picture, in units of the picture.
pub(super) const WIDTH: f64 = 480.0;
/// Horizontal range of the plotted area.
pub(super) const ACROSS: Range<f64> = 54.0..462.0;
/// Vertical range of the plotted area, from the top.
pub(super) const DOWN: Range<f64> = 34.0..234.0;
/// Height of an entry of a legend.
const ENTRY_HEIGHT: f64 = 20.0;
/// Number of colours, without the grey one for everything else.
const COLOURS: usize = 7;
/// Maximum width of an entry of a legend in two columns, in characters: few enough for wide fonts, too.
const NARROW_ENTRY: usize = 26;
/// Maximum width of an entry of a legend in one column, in characters.
const WIDE_ENTRY: usize = 56;
/// Half of the width of a character in a label of an axis, in a wide font.
const HALF_CHAR: f64 = 4.0;

/// The look of a curve or of a series of bars: a colour and a pattern, each of which distinguishes neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Look {
    /// Number of the colour, which the style sheet has.
    pub(super) colour: usize,
    /// Number of the pattern, which is the dashes of a curve, or the hatching or dots of a bar. 0 is plain.
    pub(super) pattern: usize,
}

impl Look {
    /// Number of patterns.
    pub(super) const PATTERNS: usize = 6;
    /// Look of everything that has none of its own.
    pub(super) const OTHERS: Self = Self { colour: COLOURS, pattern: 0 };

    /// Returns the colour as a value of CSS.
    fn colour(self) -> String {
        format!("var(--c{})", self.colour)
    }

    /// Returns the name of the pattern's element in a picture.
    fn id(self, picture: &str) -> String {
        format!("{picture}-{}-{}", self.colour, self.pattern)
    }

    /// Returns the fill of bars as a value of CSS.
    fn fill(self, picture: &str) -> String {
        if self.pattern == 0 { self.colour() } else { format!("url(#{})", self.id(picture)) }
    }

    /// Returns the dashes of a curve.
    fn dashes(self) -> &'static str {
        ["none", "7 4", "2 3", "9 3 2 3", "4 2", "12 4"].get(self.pattern).copied().unwrap_or("none")
    }

    /// Returns the pattern of bars: the colour, and lines or dots of the paper's colour.
    fn definition(self, picture: &str) -> Tag {
        const SIZE: f64 = 7.0;
        let ground =
            Tag::new("rect").px("width", SIZE).px("height", SIZE).set("style", format!("fill:{}", self.colour()));
        let hatch = |path: &str| Tag::new("path").set("d", path).set("class", "hatch");
        let marks = match self.pattern {
            1 => hatch("M-1 8 8-1M-1 1 1-1M6 8 8 6"),
            2 => Tag::new("circle").px("cx", 3.5).px("cy", 3.5).px("r", 1.6).set("class", "dots"),
            3 => hatch("M-1-1 8 8M-1 6 1 8M6-1 8 1"),
            4 => hatch("M0 3.5H7"),
            _ => hatch("M3.5 0V7"),
        };
        Tag::new("pattern")
            .set("id", self.id(picture))
            .px("width", SIZE)
            .px("height", SIZE)
            .set("patternUnits", "userSpaceOnUse")
            .add(ground)
            .add(marks)
    }
}

/// The form in which a legend shows a look: that of the figure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Swatch {
    /// A line, as of a curve.
    Line,
    /// A bar.
    Bar,
}

/// An entry of a legend.
#[derive(Clone, Debug)]
pub(super) struct LegendEntry {
    /// Look of the series.
    pub(super) look: Look,
    /// Name of the series.
    pub(super) name: String,
    /// Number of streams in the series.
    pub(super) count: u64,
}

/// A picture with one plotted area.
pub(super) struct Chart {
    /// Name of the picture, which the names of its elements begin with: a page has several pictures.
    name: &'static str,
    /// Title of the picture.
    title: String,
    /// Elements, the lowest first.
    elements: Vec<Tag>,
    /// Looks that need a pattern.
    patterns: Vec<Look>,
    /// Height of the labels of the horizontal axis.
    labels: f64,
    /// Height of the legend.
    legend: f64,
}

impl Chart {
    /// Returns a picture without a plot.
    pub(super) const fn new(name: &'static str, title: String) -> Self {
        Self { name, title, elements: Vec::new(), patterns: Vec::new(), labels: 0.0, legend: 0.0 }
    }

    /// Returns the horizontal scale of some values.
    pub(super) const fn across(values: (f64, f64)) -> Scale {
        Scale { values, places: (ACROSS.start, ACROSS.end) }
    }

    /// Returns the vertical scale of some values.
    pub(super) const fn up(values: (f64, f64)) -> Scale {
        Scale { values, places: (DOWN.end, DOWN.start) }
    }

    /// Adds an element.
    pub(super) fn push(&mut self, element: Tag) {
        self.elements.push(element);
    }

    /// Adds a line.
    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let line = Tag::new("line").set("class", class);
        self.push(line.px("x1", x1).px("y1", y1).px("x2", x2).px("y2", y2));
    }

    /// Adds the horizontal axis.
    pub(super) fn x_axis(&mut self, scale: Scale, ticks: &[Tick]) {
        for tick in ticks {
            let x = scale.at(tick.value);
            let class = if tick.label.is_empty() { "minor" } else { "grid" };
            self.line(class, (x, DOWN.start), (x, DOWN.end));
            // Labels at the ends stay in the picture.
            let label = |text: &str, y: f64| {
                let half = text_width(text) as f64 * HALF_CHAR;
                let x = x.clamp(half, WIDTH - half);
                Tag::new("text").set("class", "label").set("text-anchor", "middle").px("x", x).px("y", y).text(text)
            };
            for (text, y) in [(&tick.label, 17.0), (&tick.below, 32.0)] {
                if !text.is_empty() {
                    self.push(label(text, DOWN.end + y));
                }
            }
        }
        self.labels = if ticks.iter().any(|tick| !tick.below.is_empty()) { 38.0 } else { 23.0 };
        self.line("axis", (ACROSS.start, DOWN.end), (ACROSS.end, DOWN.end));
    }

    /// Adds the vertical axis.
    pub(super) fn y_axis(&mut self, scale: Scale, ticks: &[Tick]) {
        for tick in ticks {
            let y = scale.at(tick.value);
            let class = if tick.label.is_empty() { "minor" } else { "grid" };
            self.line(class, (ACROSS.start, y), (ACROSS.end, y));
            if !tick.label.is_empty() {
                let label = Tag::new("text").set("class", "label").set("text-anchor", "end");
                self.push(label.px("x", ACROSS.start - 6.0).px("y", y + 4.0).text(&tick.label));
            }
        }
    }

    /// Adds a curve that goes up in a step at each point: the share of streams up to a time. Points are in order from left
    /// to right, in units of the picture.
    pub(super) fn staircase(&mut self, look: Look, points: impl IntoIterator<Item = (f64, f64)>) {
        // Of points at the same tenth of a unit, the last one counts.
        let mut places: Vec<(String, String)> = Vec::new();
        for (x, y) in points {
            let (x, y) = (px(x), px(y));
            match places.last_mut() {
                Some(last) if last.0 == x => last.1 = y,
                _ => places.push((x, y)),
            }
        }
        if places.is_empty() {
            return;
        }
        let mut path = format!("M{} {}", px(ACROSS.start), px(DOWN.end));
        for (x, y) in &places {
            // Writing to a text cannot fail.
            let _ = write!(path, "H{x}V{y}");
        }
        let _ = write!(path, "H{}", px(ACROSS.end));
        let style = format!("stroke:{}", look.colour());
        let curve = Tag::new("path").set("class", "curve").set("d", path).set("style", style);
        self.push(curve.set("stroke-dasharray", look.dashes()));
    }

    /// Returns a bar with these horizontal and vertical ranges, and notes the pattern that it needs.
    pub(super) fn bar(&mut self, look: Look, x: Range<f64>, y: Range<f64>) -> Tag {
        if look.pattern > 0 && !self.patterns.contains(&look) {
            self.patterns.push(look);
        }
        let bar = Tag::new("rect").set("class", "bar").set("style", format!("fill:{}", look.fill(self.name)));
        bar.px("x", x.start).px("y", y.start).px("width", x.end - x.start).px("height", y.end - y.start)
    }

    /// Adds a legend, in two columns if all names are short.
    pub(super) fn legend(&mut self, entries: &[LegendEntry], swatch: Swatch) {
        let top = DOWN.end + self.labels + 15.0;
        let length = |entry: &LegendEntry| text_width(&entry.name) + text_width(&thousands(entry.count)) + 3;
        let columns = if entries.iter().all(|entry| length(entry) <= NARROW_ENTRY) { 2 } else { 1 };
        for (index, LegendEntry { look, name, count }) in entries.iter().enumerate() {
            let x = if index % columns == 0 { 14.0 } else { WIDTH / 2.0 + 8.0 };
            let y = top + (index / columns) as f64 * ENTRY_HEIGHT;
            let swatch = if swatch == Swatch::Line {
                let line = Tag::new("line").set("class", "curve").set("style", format!("stroke:{}", look.colour()));
                let line = line.px("x1", x).px("y1", y).px("x2", x + 26.0).px("y2", y);
                line.set("stroke-dasharray", look.dashes())
            } else {
                self.bar(*look, x + 5.0..x + 21.0, y - 7.0..y + 6.0)
            };
            self.push(swatch);
            let count = format!(" ({})", thousands(*count));
            let text = format!("{}{count}", cut(name, WIDE_ENTRY - count.len()));
            self.push(Tag::new("text").px("x", x + 33.0).px("y", y + 4.5).text(&text));
        }
        self.legend = entries.len().div_ceil(columns) as f64 * ENTRY_HEIGHT + 5.0;
    }

    /// Adds a sentence in place of the plot.
    pub(super) fn sentence(&mut self, text: &str) {
        let middle = (DOWN.start + DOWN.end) / 2.0;
        let text = Tag::new("text").set("class", "label").set("text-anchor", "middle").text(text);
        self.push(text.px("x", WIDTH / 2.0).px("y", middle));
    }

    /// Returns the picture, as an element of a page or, with `style`, as a file of its own.
    pub(super) fn finish(self, style: Option<&str>) -> Tag {
        let Self { name, title, elements, patterns, labels, legend } = self;
        let height = DOWN.end + labels + legend;
        let mut svg = Tag::new("svg")
            .set("viewBox", format!("0 0 {WIDTH} {height}"))
            .set("role", "img")
            .set("aria-labelledby", format!("{name}-title"))
            .add(Tag::new("title").set("id", format!("{name}-title")).text(&title));
        if let Some(style) = style {
            svg = svg.set("xmlns", "http://www.w3.org/2000/svg").px("width", WIDTH * 2.0).px("height", height * 2.0);
            svg.push(Tag::new("style").style(style));
            svg.push(Tag::new("rect").set("class", "paper").px("width", WIDTH).px("height", height));
        }
        if !patterns.is_empty() {
            svg.push(Tag::new("defs").add_all(patterns.into_iter().map(|look| look.definition(name))));
        }
        svg.push(Tag::new("text").set("class", "title").px("x", 8.0).px("y", 18.0).text(&title));
        svg.add_all(elements)
    }
}
