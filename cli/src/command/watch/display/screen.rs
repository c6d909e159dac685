//! The summary on standard output: redrawn on a terminal, else printed at intervals.

use core::fmt::Arguments;
use core::time::Duration;
use std::io::{self, Write};
use std::time::Instant;

use console::Term;

use super::live_summary::LiveSummary;

/// Interval at which a terminal's summary is redrawn: seldom enough to be read, often enough to look live.
const REDRAW: Duration = Duration::from_millis(500);

/// Standard output, on which the summary is shown.
pub(crate) struct Screen {
    /// Standard output, if it is a terminal.
    term: Option<Term>,
    /// Interval between two summaries.
    interval: Duration,
    /// Time of the next summary.
    due: Instant,
    /// Number of lines of the terminal that show the summary now.
    drawn: usize,
}

impl Screen {
    /// Returns the screen before the first summary. `interval` is that of summaries if standard output is no terminal.
    pub(crate) fn new(interval: Duration) -> Self {
        // The terminal is buffered, so that a summary appears in one piece.
        let term = Some(Term::buffered_stdout()).filter(Term::is_term);
        let interval = if term.is_some() { REDRAW } else { interval };
        Self { term, interval, due: Instant::now() + interval, drawn: 0 }
    }

    /// Shows the summary if its time has come.
    pub(crate) fn tick(&mut self, summary: &LiveSummary) -> io::Result<()> {
        if Instant::now() < self.due {
            return Ok(());
        }
        self.show(summary)
    }

    /// Shows the summary, in place of the last one on a terminal.
    pub(crate) fn show(&mut self, summary: &LiveSummary) -> io::Result<()> {
        self.due = Instant::now() + self.interval;
        let mut lines = summary.lines();
        let Some(term) = &self.term else {
            let mut stdout = io::stdout().lock();
            return writeln!(stdout, "{}\n", lines.join("\n")).and_then(|()| stdout.flush());
        };
        let (height, width) = term.size();
        // A summary that is higher than the terminal would scroll, and its upper lines could not be cleared again. The last
        // line is left to the cursor.
        lines.truncate(usize::from(height).saturating_sub(1).max(1));
        term.clear_last_lines(self.drawn)?;
        for line in &lines {
            term.write_line(&console::truncate_str(line, width.into(), "…"))?;
        }
        self.drawn = lines.len();
        term.flush()
    }

    /// Writes a message to standard error, above the summary if both are on a terminal.
    pub(crate) fn report(&mut self, message: Arguments<'_>, summary: &LiveSummary) -> io::Result<()> {
        let Some(term) = &self.term else {
            crate::report(message);
            return Ok(());
        };
        term.clear_last_lines(self.drawn)?;
        term.flush()?;
        self.drawn = 0;
        crate::report(message);
        self.show(summary)
    }
}
