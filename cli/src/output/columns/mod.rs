//! Files with typed columns, for programs that analyse many rows: Arrow and Parquet. The [builders] make the columns.
//!
//! Rows are encoded in batches, and a Parquet file has groups of batches, its *row groups*: the maximums below bound the memory for
//! both. Words are stored in *dictionaries*: a column has a list of words, and each row the index of one.

pub(crate) mod builders;

use alloc::sync::Arc;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// Maximum number of rows in a batch: the usual one of Arrow's readers.
const BATCH: usize = 8192;

/// Number of bytes of text with which a batch is full, even if it has fewer rows than [`BATCH`]: a row may be long, and a text column
/// of a batch has room for 2 GiB.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Maximum number of rows in a Parquet row group, which is kept in memory until it is written. Larger groups make the file hardly smaller.
const ROW_GROUP: usize = 8 * BATCH;

/// Maximum bytes of a row group, encoded.
const ROW_GROUP_BYTES: usize = 8 * 1024 * 1024;

/// Maximum bytes of all dictionaries together. The words that the library knows take a few thousand bytes; a hostile log has others.
const MAX_DICTIONARY_BYTES: usize = 4 * 1024 * 1024;

/// Size of the buffer before standard output, in bytes.
const BUFFER: usize = 64 * 1024;

/// The typed columns of one kind of rows, with the rows of a batch. The macro [`columns`](builders::columns)
/// implements it.
pub(crate) trait Columns: Default {
    /// A row.
    type Row<'r>;

    /// Returns names and types of the columns.
    fn fields() -> Vec<Field>;

    /// Adds a row, and returns the number of bytes of its text.
    fn push(&mut self, row: &Self::Row<'_>) -> usize;

    /// Removes and returns all rows.
    fn take(&mut self) -> Vec<ArrayRef>;
}

/// A columnar format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnFormat {
    /// The file format of Arrow, which unlike the stream format all readers of Arrow know.
    Arrow,
    /// Parquet.
    Parquet,
}

/// A columnar file on standard output.
pub(crate) struct ColumnFile<C: Columns> {
    /// Encoder of the columns.
    encoder: Encoder<BufWriter<Stdout>>,
    /// Names and types of the columns.
    schema: Arc<Schema>,
    /// Rows that were not written yet.
    columns: C,
    /// Number of these rows.
    rows: usize,
    /// Bytes of text in these rows.
    bytes: usize,
}

/// An encoder of columns.
enum Encoder<W: Write + Send> {
    /// Arrow.
    Arrow(Box<FileWriter<W>>),
    /// Parquet.
    Parquet(Box<ArrowWriter<W>>),
}

impl<C: Columns> ColumnFile<C> {
    /// Begins a file on standard output.
    ///
    /// # Errors
    ///
    /// If standard output is a terminal, or cannot be written.
    pub(crate) fn new(format: ColumnFormat) -> io::Result<Self> {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            return Err(io::Error::other("a terminal cannot show this format: redirect it to a file"));
        }
        let (output, schema) = (BufWriter::with_capacity(BUFFER, stdout), Arc::new(Schema::new(C::fields())));
        let encoder = match format {
            ColumnFormat::Arrow => Encoder::arrow(output, &schema)?,
            ColumnFormat::Parquet => Encoder::parquet(output, &schema)?,
        };
        Ok(Self { encoder, schema, columns: C::default(), rows: 0, bytes: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// If the output cannot be written, or if the words of an Arrow file are more than [`MAX_DICTIONARY_BYTES`].
    pub(crate) fn write(&mut self, row: &C::Row<'_>) -> io::Result<()> {
        self.rows += 1;
        self.bytes += self.columns.push(row);
        if self.rows == BATCH || self.bytes >= BATCH_BYTES { self.write_batch() } else { Ok(()) }
    }

    /// Writes all rows and the end of the file.
    ///
    /// # Errors
    ///
    /// If the output cannot be written, or if the words of an Arrow file are more than [`MAX_DICTIONARY_BYTES`].
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.write_batch()?;
        match &mut self.encoder {
            Encoder::Arrow(writer) => writer.finish().and_then(|()| writer.flush()).map_err(arrow_error),
            Encoder::Parquet(writer) => {
                writer.finish().map_err(parquet_error)?;
                writer.inner_mut().flush()
            }
        }
    }

    /// Writes the buffered rows as one batch.
    fn write_batch(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        (self.rows, self.bytes) = (0, 0);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), self.columns.take()).map_err(arrow_error)?;
        let dictionaries = batch.columns().iter().filter_map(|column| column.as_any_dictionary_opt());
        let too_many_words =
            dictionaries.map(|words| words.values().get_array_memory_size()).sum::<usize>() > MAX_DICTIONARY_BYTES;
        match &mut self.encoder {
            // An Arrow file has one dictionary for the whole of a column, which readers hold in memory.
            Encoder::Arrow(_) if too_many_words => {
                Err(io::Error::other("too many different words for an Arrow file: Parquet has room for them"))
            }
            Encoder::Arrow(writer) => writer.write(&batch).map_err(arrow_error),
            Encoder::Parquet(writer) => {
                if too_many_words {
                    // New builders have new dictionaries. In Parquet, each row group has its own anyway.
                    self.columns = C::default();
                }
                writer.write(&batch).map_err(parquet_error)
            }
        }
    }
}

impl<W: Write + Send> Encoder<W> {
    /// Begins an Arrow file.
    fn arrow(output: W, schema: &Schema) -> io::Result<Self> {
        // A word that the library does not know makes a dictionary longer after the file was begun.
        let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
        let writer = FileWriter::try_new_with_options(output, schema, options).map_err(arrow_error)?;
        Ok(Self::Arrow(Box::new(writer)))
    }

    /// Begins a Parquet file.
    fn parquet(output: W, schema: &Arc<Schema>) -> io::Result<Self> {
        let properties = WriterProperties::builder()
            // With Snappy, the usual compression, files are no smaller, and Spark's copy of it fails where both musl and glibc are
            // installed.
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        let writer = ArrowWriter::try_new(output, Arc::clone(schema), Some(properties)).map_err(parquet_error)?;
        Ok(Self::Parquet(Box::new(writer)))
    }
}

/// Returns an error of the Arrow writer; an error of the output is returned as it is.
fn arrow_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

/// Returns an error of the Parquet writer; an error of the output is returned as it is.
fn parquet_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
