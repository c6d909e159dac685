//! The writer of a mergeable summary.

use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Checksum, EndOfLogs, LogTally, Settings, SummaryLine, hexadecimal};
use crate::output::json::EscapedJson;

/// A writer of a mergeable summary.
pub(crate) struct MergeableWriter<W: Write>(EscapedJson<HashingWriter<W>>);

impl<W: Write> MergeableWriter<W> {
    /// Writes the first line.
    ///
    /// # Errors
    ///
    /// If the output cannot be written. The other functions have the same errors.
    pub(crate) fn new(output: W, settings: Settings) -> io::Result<Self> {
        let mut writer = Self(EscapedJson::new(HashingWriter { output, hash: Sha256::new() }));
        writer.line(&SummaryLine::MergeableSummary(settings))?;
        Ok(writer)
    }

    /// Writes the line of a log.
    pub(crate) fn log(&mut self, log: LogTally) -> io::Result<()> {
        self.line(&SummaryLine::Log(Box::new(log)))
    }

    /// Writes the line after all logs, and the checksum.
    pub(crate) fn end(&mut self, end: EndOfLogs) -> io::Result<()> {
        self.line(&SummaryLine::End(end))?;
        // The hash has the bytes that have left the buffer of the JSON writer.
        self.0.flush()?;
        let sha256 = hexadecimal(&self.0.output().hash.clone().finalize());
        self.line(&Checksum { sha256 })?;
        self.0.flush()
    }

    /// Writes a line.
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, line)?;
        self.0.write_all(b"\n")
    }
}

/// A writer that also hashes the bytes.
struct HashingWriter<W> {
    /// The output.
    output: W,
    /// Hash of the bytes so far.
    hash: Sha256,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.output.write(buffer)?;
        self.hash.update(buffer.get(..written).unwrap_or(buffer));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
