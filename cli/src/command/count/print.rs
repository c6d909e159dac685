//! Groups as text, JSON or CSV.

use std::io::{self, Write};

use super::column::{Column, Value};
use super::groups::SortedGroups;
use crate::output::cells::{CellEscapes, Csv};
use crate::output::table::{self, TextTable, share, thousands};
use crate::output::text::escape_json;

/// Name of the last column of JSON and CSV: `true` in the row that stands for all other groups.
const OTHERS: &str = "others";

/// Groups, and the columns that they were grouped by.
pub(super) struct GroupReport {
    /// Columns of the keys.
    pub(super) columns: Vec<Column>,
    /// Noun for one of what was counted: `stream` or `event`.
    pub(super) noun: &'static str,
    /// Name of the column of numbers: the noun in the plural.
    pub(super) counted: &'static str,
    /// Groups in order.
    pub(super) sorted: SortedGroups,
}

impl GroupReport {
    /// Returns the names of the columns.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name()).chain([self.counted])
    }

    /// Prints a table for a person.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(super) fn text(&self) -> io::Result<()> {
        let mut output = anstream::stdout().lock();
        let SortedGroups { groups, others, total } = &self.sorted;
        writeln!(output, "{}", table::count(*total, self.noun))?;
        if !self.columns.is_empty() && *total > 0 {
            let mut kinds = vec![table::ColumnKind::Text; self.columns.len()];
            kinds.extend([table::ColumnKind::Number; 2]);
            let mut table = TextTable::new(kinds);
            table.names(self.names().chain(["share"]));
            let mut row = |mut cells: Vec<String>, count| {
                cells.extend([thousands(count), share(count, *total)]);
                table.row(cells);
            };
            for (key, count) in groups {
                let values = self.columns.iter().zip(key);
                row(values.map(|(column, value)| column.text(value)).collect(), *count);
            }
            if *others > 0 {
                let mut cells = vec![String::new(); self.columns.len()];
                if let Some(first) = cells.first_mut() {
                    *first = "(all others)".into();
                }
                row(cells, *others);
            }
            table.print(&mut output, table::width())?;
        }
        output.flush()
    }

    /// Prints a JSON array with an object for each group.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(super) fn json(&self) -> io::Result<()> {
        let mut output = io::BufWriter::new(io::stdout().lock());
        let absent = Value::Absent;
        // Each row: the key of its group, the number, and whether it stands for all other groups.
        let groups = self.sorted.groups.iter().map(|(key, count)| (Some(key), *count, false));
        let others = (self.sorted.others > 0).then_some((None, self.sorted.others, true));
        let mut before = "[\n";
        for (key, count, is_others) in groups.chain(others) {
            let mut json = String::from(before);
            json.push('{');
            for (index, column) in self.columns.iter().enumerate() {
                json.push_str(&format!("\"{}\":", column.name()));
                key.and_then(|key| key.get(index)).unwrap_or(&absent).write_json(&mut json)?;
                json.push(',');
            }
            json.push_str(&format!("\"{}\":{count},\"{OTHERS}\":{is_others}}}", self.counted));
            let mut json = json.into_bytes();
            let start = 0;
            escape_json(&mut json, start);
            output.write_all(&json)?;
            before = ",\n";
        }
        output.write_all(if before == "[\n" { b"[]\n" } else { b"\n]\n" })?;
        output.flush()
    }

    /// Prints CSV with a row for each group.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(super) fn csv(&self, cells: CellEscapes) -> io::Result<()> {
        let mut csv = Csv::new(io::BufWriter::new(io::stdout().lock()), cells);
        csv.names(&self.names().chain([OTHERS]).collect::<Vec<_>>())?;
        for (key, count) in &self.sorted.groups {
            let end = [count.to_string(), "false".into()];
            csv.row(key.iter().map(Value::csv).chain(end).collect::<Vec<_>>())?;
        }
        if self.sorted.others > 0 {
            let end = [self.sorted.others.to_string(), "true".into()];
            csv.row(self.columns.iter().map(|_| String::new()).chain(end).collect::<Vec<_>>())?;
        }
        csv.flush()
    }
}
