//! Tables of text for a person, which no name can break.
//!
//! Cells are [escaped](escape_for_table). Long ones are cut in the middle, and no line is wider than the output. The columns' widths
//! are set in three steps: numbers get the width that they need, then texts are cut until the table fits, and the last column gets
//! the rest.

use core::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use console::Term;

use super::width::{MIN_CUT_WIDTH, cut, escape_for_table, text_width};

/// Width of a table that is not printed on a terminal, in columns.
const WIDTH: usize = 80;
/// Number of spaces before a row.
const INDENT: usize = 2;
/// Number of spaces between two columns.
const GAP: usize = 2;
/// Width of the last column, a [rest](ColumnKind::Rest), that is kept free while columns of text are cut: that of a bar, or of three
/// or four words. A longer rest is cut instead.
pub(crate) const REST_WIDTH: usize = 28;
/// Style of headings and names of columns.
const HEADING: Style = Style::new().bold();

/// The alignment of a column, and whether its text may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Text at the left, cut in the middle if the table is too wide.
    Text,
    /// A number or another short text, at the right, never cut.
    Number,
    /// Text of the last column, such as a bar or a remark, which gets the width that the others leave.
    Rest,
}

/// The text of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Escaped text.
    text: String,
    /// Style of the text.
    style: Style,
}

impl Cell {
    /// Returns the cell with a style.
    pub(crate) fn styled(text: &str, style: Style) -> Self {
        Self { text: escape_for_table(text).into_owned(), style }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::styled(text, Style::new())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(&*text)
    }
}

/// A table: rows below headings, with the same widths of columns everywhere.
pub(crate) struct TextTable {
    /// Kinds of the columns.
    columns: Vec<ColumnKind>,
    /// Lines of the table.
    lines: Vec<Line>,
}

/// A line of a table.
enum Line {
    /// A heading, after an empty line.
    Heading(String),
    /// Cells of the columns, from the first column on.
    Row(Vec<Cell>),
}

impl TextTable {
    /// Returns a table without lines.
    pub(crate) fn new(columns: impl Into<Vec<ColumnKind>>) -> Self {
        Self { columns: columns.into(), lines: Vec::new() }
    }

    /// Adds a heading, with an empty line before it.
    pub(crate) fn heading(&mut self, text: &str) {
        self.lines.push(Line::Heading(escape_for_table(text).into_owned()));
    }

    /// Adds the names of the columns.
    pub(crate) fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.row(names.into_iter().map(|name| Cell::styled(name, HEADING)));
    }

    /// Adds a row, with at most as many cells as there are columns. If cells are missing at the end, the last one
    /// may use their room.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<Cell>>) {
        self.lines.push(Line::Row(cells.into_iter().map(Into::into).collect()));
    }

    /// Prints the table for an output of this width, which has to remove the styles if it is no terminal, as those of `anstream` do.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(crate) fn print(&self, output: &mut impl Write, width: usize) -> io::Result<()> {
        let widths = self.widths(width);
        for line in &self.lines {
            match line {
                Line::Heading(text) => writeln!(output, "\n{HEADING}{}{HEADING:#}", cut(text, width))?,
                Line::Row(cells) => writeln!(output, "{}", self.line(cells, &widths, width))?,
            }
        }
        Ok(())
    }

    /// Returns a row as text, given the widths of the columns and of the output.
    fn line(&self, cells: &[Cell], widths: &[usize], output_width: usize) -> String {
        let mut line = String::new();
        // Columns used so far, and number of spaces before the next text.
        let (mut used, mut spaces) = (0, INDENT);
        for (index, ((column, cell), &width)) in self.columns.iter().zip(cells).zip(widths).enumerate() {
            let Cell { text, style } = cell;
            // The last text of a row may use the room of missing cells.
            let is_last_text = index + 1 == cells.len() && *column != ColumnKind::Number;
            let width = if is_last_text { output_width.saturating_sub(used + spaces) } else { width };
            let mut text = cut(text, width);
            let free = width.saturating_sub(text_width(&text));
            let (before, after) = if *column == ColumnKind::Number { (free, 0) } else { (0, free) };
            spaces += before;
            if !text.is_empty() {
                // On a narrow terminal the last columns have no room. A cut number would be another number: `…`
                // replaces it.
                let room = output_width.saturating_sub(used + spaces);
                if text_width(&text) > room {
                    text = if *column == ColumnKind::Number { "…".into() } else { cut(cell.text.as_str(), room) };
                }
                if room == 0 {
                    break;
                }
                used += spaces + text_width(&text);
                // Writing to a text cannot fail.
                let _ = write!(line, "{:spaces$}{style}{text}{style:#}", "");
                spaces = 0;
            }
            spaces += after + GAP;
        }
        line
    }

    /// Returns the widths of the columns in an output of this width.
    fn widths(&self, output_width: usize) -> Vec<usize> {
        let mut widths = self.natural_widths();
        let gaps = INDENT + GAP * self.columns.len().saturating_sub(1);
        let fixed = gaps + self.total(ColumnKind::Number, &widths);
        let rest = self.total(ColumnKind::Rest, &widths).min(REST_WIDTH);
        self.limit(
            ColumnKind::Text,
            self.max_text_width(&widths, output_width.saturating_sub(fixed + rest)),
            &mut widths,
        );
        let left = output_width.saturating_sub(fixed + self.total(ColumnKind::Text, &widths));
        self.limit(ColumnKind::Rest, left, &mut widths);
        widths
    }

    /// Returns the widths that the cells of the columns need. The last cell of a short row counts only if it is a number: text may
    /// use the room of the missing cells.
    fn natural_widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for line in &self.lines {
            let Line::Row(cells) = line else { continue };
            for (index, ((width, column), cell)) in widths.iter_mut().zip(&self.columns).zip(cells).enumerate() {
                let may_use_more = index + 1 == cells.len() && cells.len() < self.columns.len();
                if !may_use_more || *column == ColumnKind::Number {
                    *width = text_width(&cell.text).max(*width);
                }
            }
        }
        widths
    }

    /// Returns the width of all columns of a kind together.
    fn total(&self, kind: ColumnKind, widths: &[usize]) -> usize {
        self.columns.iter().zip(widths).filter(|&(&column, _)| column == kind).map(|(_, width)| width).sum()
    }

    /// Returns the greatest width of a column of text for which all columns of text fit into `room`; at least [`MIN_CUT_WIDTH`].
    fn max_text_width(&self, widths: &[usize], room: usize) -> usize {
        let texts = || self.columns.iter().zip(widths).filter(|&(&column, _)| column == ColumnKind::Text);
        let fits = |limit: usize| texts().map(|(_, &width)| width.min(limit)).sum::<usize>() <= room;
        let longest = texts().map(|(_, &width)| width).max().unwrap_or_default();
        (MIN_CUT_WIDTH..=longest).rev().find(|&limit| fits(limit)).unwrap_or(MIN_CUT_WIDTH)
    }

    /// Limits the widths of the columns of a kind.
    fn limit(&self, kind: ColumnKind, max_width: usize, widths: &mut [usize]) {
        for (column, width) in self.columns.iter().zip(widths) {
            if *column == kind {
                *width = max_width.min(*width);
            }
        }
    }
}

/// Returns the width of standard output in columns: that of the terminal, else [`WIDTH`]. A terminal that says it has none has
/// at least the spaces before a row.
pub(crate) fn width() -> usize {
    let size = Term::stdout().size_checked();
    size.map_or(WIDTH, |(_, columns)| usize::from(columns)).max(INDENT)
}

/// Returns a number with a comma before each three digits.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number with its noun, such as `1 stream` or `1,200 streams`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// Returns a number with the words for one or for more of them, such as `1 event ends` or `1,200 events end`.
pub(crate) fn count_as(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { more })
}

/// Returns a share in percent.
pub(crate) fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the lines of a table.
    fn lines(table: &TextTable, width: usize) -> Vec<String> {
        let mut output = Vec::new();
        table.print(&mut output, width).unwrap();
        String::from_utf8(output).unwrap().lines().map(Into::into).collect()
    }

    /// The host of an onion service: 62 columns.
    const ONION: &str = "6ccbanpuxjw6zky4tiikfk7lg6bfwec7hd4a2qmwggamn4geia5sbhqd.onion";

    #[test]
    fn columns_of_a_table() {
        let mut table = TextTable::new([ColumnKind::Number, ColumnKind::Text, ColumnKind::Rest]);
        table.names(["streams", "target", "remark"]);
        table.row(["1,000", "日本語", "a long remark that fills the rest of the line"]);
        table.row(["7", ONION, "short"]);
        table.row(["7", ONION]);
        table.row(["12"]);
        let bold = |text: &str| format!("\u{1b}[1m{text}\u{1b}[0m");
        assert_eq!(
            lines(&table, 60),
            [
                &*format!("  {}  {}               {}", bold("streams"), bold("target"), bold("remark")),
                "    1,000  日本語               a long rem… rest of the line",
                "        7  6ccbanp…sbhqd.onion  short",
                "        7  6ccbanpuxjw6zky4tii…d4a2qmwggamn4geia5sbhqd.onion",
                "       12",
            ]
        );
    }

    #[test]
    fn numbers() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (12_345_678, "12,345,678")]
        {
            assert_eq!(thousands(number), expected);
        }
        assert_eq!((share(1, 8), share(0, 0)), ("12.5 %".into(), "0.0 %".into()));
    }

    proptest! {
        /// Whatever the cells hold, no line is wider than the output, and if there is room for the columns, the second
        /// one ends at the same place in all rows.
        #[test]
        fn any_cells(
            names in proptest::collection::vec("[a-z.]{0,80}|\\PC{0,40}|[\u{0}-\u{9f}\u{300}\u{202e}\u{5d0}日]{0,12}", 1..8),
            width in 2_usize..140,
        ) {
            let mut table = TextTable::new([ColumnKind::Text, ColumnKind::Text, ColumnKind::Number]);
            for name in &names {
                table.row([name, "y", "12,345"]);
            }
            let lines = lines(&table, width);
            prop_assert_eq!(lines.len(), names.len());
            let widths: Vec<_> = lines.iter().map(|line| text_width(line)).collect();
            prop_assert!(widths.iter().all(|&found| found <= width), "{widths:?}");
            // The second and the third column need the width of `y` and of `12,345`.
            if width >= INDENT + MIN_CUT_WIDTH + GAP + 1 + GAP + 6 {
                prop_assert!(lines.iter().all(|line| line.ends_with("y  12,345")), "{lines:?}");
                prop_assert!(widths.iter().all(|found| *found == widths[0]), "{widths:?}");
            }
        }
    }
}
