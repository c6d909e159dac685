//! A progress bar for all inputs together.

use std::io::{self, IsTerminal, Read};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::text::escape_name;

/// A progress bar, which several readers may move. A bar that [`new`](Self::new) returned is shown after the first second, if
/// standard error is a terminal.
#[derive(Clone)]
pub(crate) struct Progress {
    /// The bar.
    bar: ProgressBar,
    /// Time of the start; `None` for a bar that is never shown.
    start: Option<Instant>,
}

impl Progress {
    /// Returns a bar that is not shown yet.
    pub(crate) fn new() -> Self {
        Self { start: Some(Instant::now()), ..Self::never_shown() }
    }

    /// Returns the bar of a read that shows none.
    pub(crate) fn never_shown() -> Self {
        let template = "{wide_msg} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()).with_style(style);
        Self { bar, start: None }
    }

    /// Adds a file that is still to be read.
    pub(crate) fn add(&self, name: &str, bytes: u64) {
        self.bar.inc_length(bytes);
        self.bar.set_message(escape_name(name).into_owned());
    }

    /// Adds bytes that were read.
    pub(crate) fn move_by(&self, bytes: usize) {
        self.bar.inc(bytes as u64);
        let is_due = self.start.is_some_and(|start| start.elapsed().as_secs() >= 1);
        if is_due && self.bar.is_hidden() && io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A reader that moves the bar.
pub(crate) struct Measured<R> {
    /// The reader.
    pub(crate) reader: R,
    /// Progress bar to move.
    pub(crate) progress: Progress,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.move_by(read);
        Ok(read)
    }
}
