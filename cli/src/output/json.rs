//! JSON on an output that may be a terminal.

use std::io::{self, Write};

use crate::output::text::escape_json;

/// Number of bytes of JSON after which a writer escapes and writes them.
const BUFFER: usize = 64 * 1024;

/// A writer of JSON that escapes commands to a terminal.
pub(crate) struct EscapedJson<W> {
    /// JSON that was not escaped yet.
    json: Vec<u8>,
    /// The output.
    output: W,
}

impl<W> EscapedJson<W> {
    /// Returns a writer to an output.
    pub(crate) const fn new(output: W) -> Self {
        Self { json: Vec::new(), output }
    }

    /// Returns the output, which lacks the JSON since the last flush.
    pub(crate) const fn output(&self) -> &W {
        &self.output
    }
}

impl<W: Write> Write for EscapedJson<W> {
    /// Adds JSON that does not end within a character: `serde_json` writes whole characters.
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.json.extend_from_slice(buffer);
        if self.json.len() > BUFFER {
            self.flush()?;
        }
        Ok(buffer.len())
    }

    fn write_all(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.write(buffer).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        escape_json(&mut self.json, 0);
        self.output.write_all(&self.json)?;
        self.json.clear();
        self.output.flush()
    }
}
