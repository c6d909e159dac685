//! A picture with one plotted area, and its elements: axes, curves, bars, legend.
//!
//! Lengths are in units of the picture. Vertical ones count from the top. A text stands on its base line, which is about four
//! units below its middle.

use core::fmt::Write;
use core::ops::Range;

use super::markup::{Tag, px};
use super::scale::{Scale, Tick};
use crate::output::table::thousands;
use crate::output::width::{cut, text_width};

/// Width of a picture.
const WIDTH: f64 = 480.0;
/// Horizontal range of the plotted area. On its left there is room for the labels of the vertical axis.
pub(super) const ACROSS: Range<f64> = 54.0..462.0;
/// Vertical range of the plotted area. Above it there is room for the title.
const DOWN: Range<f64> = 34.0..234.0;
/// Base line of the title.
const TITLE_LINE: f64 = 18.0;
/// Base line of the labels below the plotted area.
const LABEL_LINE: f64 = DOWN.end + 17.0;
/// Base line of the second line of these labels.
const SECOND_LABEL_LINE: f64 = DOWN.end + 32.0;
/// Distance of a label from the vertical axis on its right.
const LABEL_GAP: f64 = 6.0;
/// Half of the width of a character in a label of an axis, in a wide font.
const HALF_CHAR: f64 = 4.0;
/// Distance from the middle of a text to its base line.
const BASE_LINE: f64 = 4.0;
/// Distance of a legend from the labels above it.
const LEGEND_GAP: f64 = 5.0;
/// Height of an entry of a legend.
const ENTRY_HEIGHT: f64 = 20.0;
/// Left ends of the entries in the two columns of a legend.
const LEGEND_COLUMNS: [f64; 2] = [14.0, WIDTH / 2.0 + 8.0];
/// Length of a line in a legend.
const SWATCH_LINE: f64 = 26.0;
/// Horizontal range of a bar in a legend, from the left end of its entry: in the middle of where a line is.
const SWATCH_BAR: Range<f64> = 5.0..21.0;
/// Vertical range of a bar in a legend, from the middle of its entry.
const SWATCH_BAR_DOWN: Range<f64> = -7.0..6.0;
/// Distance of the text of an entry from its left end.
const ENTRY_TEXT: f64 = 33.0;
/// Maximum width of an entry of a legend in two columns, in characters: few enough for wide fonts, too.
const NARROW_ENTRY: usize = 26;
/// Maximum width of an entry of a legend in one column, in characters: a longer name is cut.
const WIDE_ENTRY: usize = 56;
/// Number of the colour grey, after the seven colours of series.
const GREY: usize = 7;

/// The look of a curve or of a series of bars: a colour and a pattern, each of which distinguishes neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Look {
    /// Number of the colour in the style sheet, `picture.css`.
    pub(super) colour: usize,
    /// Number of the pattern: the hatching or dots of a bar, or the dashes of a curve.
    pub(super) pattern: usize,
}

impl Look {
    /// Pattern of plain bars, and of curves without dashes.
    pub(super) const PLAIN: usize = 0;
    /// Pattern of bars with lines that rise to the right.
    pub(super) const RISING: usize = 1;
    /// Pattern of bars with dots.
    pub(super) const DOTS: usize = 2;
    /// Pattern of bars with lines that fall to the right.
    const FALLING: usize = 3;
    /// Pattern of bars with horizontal lines.
    pub(super) const HORIZONTAL: usize = 4;
    /// Number of patterns. The last one has vertical lines.
    pub(super) const PATTERNS: usize = 6;
    /// Look of everything that has none of its own.
    pub(super) const OTHERS: Self = Self { colour: GREY, pattern: Self::PLAIN };

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
        if self.pattern == Self::PLAIN { self.colour() } else { format!("url(#{})", self.id(picture)) }
    }

    /// Returns the dashes of a curve: the lengths of dashes and of the gaps between them, in turn.
    fn dashes(self) -> &'static str {
        const DASHES: [&str; Look::PATTERNS] = ["none", "7 4", "2 3", "9 3 2 3", "4 2", "12 4"];
        DASHES.get(self.pattern).copied().unwrap_or("none")
    }

    /// Returns the element that defines the pattern of bars: a square tile of the colour, with lines or a dot of the paper's
    /// colour. Lines go beyond the tile, so that they have no gaps where tiles meet.
    fn definition(self, picture: &str) -> Tag {
        const SIZE: f64 = 7.0;
        let ground =
            Tag::new("rect").px("width", SIZE).px("height", SIZE).set("style", format!("fill:{}", self.colour()));
        let hatch = |path: &str| Tag::new("path").set("d", path).set("class", "hatch");
        let marks = match self.pattern {
            Self::RISING => hatch("M-1 8 8-1M-1 1 1-1M6 8 8 6"),
            Self::DOTS => {
                Tag::new("circle").px("cx", SIZE / 2.0).px("cy", SIZE / 2.0).px("r", 1.6).set("class", "dots")
            }
            Self::FALLING => hatch("M-1-1 8 8M-1 6 1 8M6-1 8 1"),
            Self::HORIZONTAL => hatch("M0 3.5H7"),
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

/// The sample of a look before the name of a series in a legend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Swatch {
    /// A line, for a figure with curves.
    Line,
    /// A bar, for a figure with bars.
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
    /// Elements in the order of drawing: a later one covers those before it.
    elements: Vec<Tag>,
    /// Looks of bars that need the definition of a pattern.
    patterns: Vec<Look>,
    /// Height of the labels of the horizontal axis; 0 without the axis.
    labels_height: f64,
    /// Height of the legend; 0 without one.
    legend_height: f64,
}

impl Chart {
    /// Returns a picture without a plot.
    pub(super) const fn new(name: &'static str, title: String) -> Self {
        Self { name, title, elements: Vec::new(), patterns: Vec::new(), labels_height: 0.0, legend_height: 0.0 }
    }

    /// Returns the scale of a horizontal axis that has these values at its left and right end.
    pub(super) const fn horizontal_scale(values: (f64, f64)) -> Scale {
        Scale { values, places: (ACROSS.start, ACROSS.end) }
    }

    /// Returns the scale of a vertical axis that has these values at its lower and upper end.
    pub(super) const fn vertical_scale(values: (f64, f64)) -> Scale {
        Scale { values, places: (DOWN.end, DOWN.start) }
    }

    /// Adds an element.
    pub(super) fn push(&mut self, element: Tag) {
        self.elements.push(element);
    }

    /// Adds a line with a class of the style sheet.
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
            let label = |text: &str, y: f64| {
                let half_width = text_width(text) as f64 * HALF_CHAR;
                // Labels at the ends of the axis stay in the picture.
                let x = x.clamp(half_width, WIDTH - half_width);
                Tag::new("text").set("class", "label").set("text-anchor", "middle").px("x", x).px("y", y).text(text)
            };
            for (text, y) in [(&tick.label, LABEL_LINE), (&tick.below, SECOND_LABEL_LINE)] {
                if !text.is_empty() {
                    self.push(label(text, y));
                }
            }
        }
        let has_second_line = ticks.iter().any(|tick| !tick.below.is_empty());
        let last_line = if has_second_line { SECOND_LABEL_LINE } else { LABEL_LINE };
        // Some letters reach below their base line.
        self.labels_height = last_line + 6.0 - DOWN.end;
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
                self.push(label.px("x", ACROSS.start - LABEL_GAP).px("y", y + BASE_LINE).text(&tick.label));
            }
        }
    }

    /// Adds a curve from the lower left corner that goes right to each point and then up to it: the share of streams up to a
    /// time. Points are in order from left to right.
    pub(super) fn staircase(&mut self, look: Look, points: impl IntoIterator<Item = (f64, f64)>) {
        // Lengths are written to a tenth of a unit. Of points at the same tenth, the last one counts.
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

    /// Returns a bar with these horizontal and vertical ranges, to be added, and remembers the pattern that it needs.
    pub(super) fn bar(&mut self, look: Look, x: Range<f64>, y: Range<f64>) -> Tag {
        if look.pattern != Look::PLAIN && !self.patterns.contains(&look) {
            self.patterns.push(look);
        }
        let bar = Tag::new("rect").set("class", "bar").set("style", format!("fill:{}", look.fill(self.name)));
        bar.px("x", x.start).px("y", y.start).px("width", x.end - x.start).px("height", y.end - y.start)
    }

    /// Adds a legend, in two columns if all names are short.
    pub(super) fn legend(&mut self, entries: &[LegendEntry], swatch: Swatch) {
        let count_text = |entry: &LegendEntry| format!(" ({})", thousands(entry.count));
        let width = |entry: &LegendEntry| text_width(&entry.name) + text_width(&count_text(entry));
        let columns = if entries.iter().all(|entry| width(entry) <= NARROW_ENTRY) { 2 } else { 1 };
        let first_middle = DOWN.end + self.labels_height + LEGEND_GAP + ENTRY_HEIGHT / 2.0;
        for (index, entry) in entries.iter().enumerate() {
            let x = LEGEND_COLUMNS.get(index % columns).copied().unwrap_or_default();
            let middle = first_middle + (index / columns) as f64 * ENTRY_HEIGHT;
            let look = entry.look;
            let sample = if swatch == Swatch::Line {
                let line = Tag::new("line").set("class", "curve").set("style", format!("stroke:{}", look.colour()));
                let line = line.px("x1", x).px("y1", middle).px("x2", x + SWATCH_LINE).px("y2", middle);
                line.set("stroke-dasharray", look.dashes())
            } else {
                self.bar(
                    look,
                    x + SWATCH_BAR.start..x + SWATCH_BAR.end,
                    middle + SWATCH_BAR_DOWN.start..middle + SWATCH_BAR_DOWN.end,
                )
            };
            self.push(sample);
            let count = count_text(entry);
            let text = format!("{}{count}", cut(&entry.name, WIDE_ENTRY - count.len()));
            // Names are in a larger font than labels: their base line is half a unit lower.
            self.push(Tag::new("text").px("x", x + ENTRY_TEXT).px("y", middle + BASE_LINE + 0.5).text(&text));
        }
        self.legend_height = LEGEND_GAP + entries.len().div_ceil(columns) as f64 * ENTRY_HEIGHT;
    }

    /// Adds a sentence in place of the plot.
    pub(super) fn sentence(&mut self, text: &str) {
        let middle = (DOWN.start + DOWN.end) / 2.0;
        let text = Tag::new("text").set("class", "label").set("text-anchor", "middle").text(text);
        self.push(text.px("x", WIDTH / 2.0).px("y", middle));
    }

    /// Returns the picture, as an element of a page or, with a style sheet, as the content of a file of its own.
    pub(super) fn finish(self, style: Option<&str>) -> Tag {
        let Self { name, title, elements, patterns, labels_height, legend_height } = self;
        let height = DOWN.end + labels_height + legend_height;
        let mut svg = Tag::new("svg")
            .set("viewBox", format!("0 0 {WIDTH} {height}"))
            .set("role", "img")
            .set("aria-labelledby", format!("{name}-title"))
            .add(Tag::new("title").set("id", format!("{name}-title")).text(&title));
        if let Some(style) = style {
            // A unit is about a pixel of a small screen. A file of its own is mostly opened on a larger one.
            svg = svg.set("xmlns", "http://www.w3.org/2000/svg").px("width", WIDTH * 2.0).px("height", height * 2.0);
            svg.push(Tag::new("style").style(style));
            svg.push(Tag::new("rect").set("class", "paper").px("width", WIDTH).px("height", height));
        }
        if !patterns.is_empty() {
            svg.push(Tag::new("defs").add_all(patterns.into_iter().map(|look| look.definition(name))));
        }
        svg.push(Tag::new("text").set("class", "title").px("x", 8.0).px("y", TITLE_LINE).text(&title));
        svg.add_all(elements)
    }
}
