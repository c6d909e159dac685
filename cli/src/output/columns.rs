//! Events as a table with typed columns, for programs that analyse many of them: Arrow and Parquet.

use alloc::sync::Arc;
use std::io::{self, Write};

use arrow_array::builder::{
    ArrayBuilder, Int32Builder, ListBuilder, StringBuilder, StringDictionaryBuilder, TimestampNanosecondBuilder,
    UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use tor_stream_event::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

use crate::output::packed::TableRow;

/// Number of events in a batch of rows.
const BATCH: usize = 8192;

/// Maximum bytes of log lines in a batch: a line may be long, and a text column ends at 2 GiB.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Maximum number of events in a Parquet row group, which is kept in memory until it is written.
const ROW_GROUP: usize = 8 * BATCH;

/// Maximum bytes of a row group.
const ROW_GROUP_BYTES: usize = 8 * 1024 * 1024;

/// Maximum bytes of all dictionaries. The known words take some thousand.
const DICTIONARIES: usize = 4 * 1024 * 1024;

/// A file of a columnar format.
pub(crate) struct Table<W: Write + Send> {
    /// Encoder of the columns.
    encoder: Encoder<W>,
    /// Columns of the rows that were not written yet.
    columns: Columns,
}

/// An encoder of columns.
enum Encoder<W: Write + Send> {
    /// The file format of Arrow, which unlike the stream format all readers of Arrow know.
    Arrow(Box<FileWriter<W>>),
    /// Parquet.
    Parquet(Box<ArrowWriter<W>>),
}

impl<W: Write + Send> Table<W> {
    /// Begins an Arrow file.
    pub(crate) fn arrow(output: W) -> io::Result<Self> {
        let columns = Columns::new();
        // A word without a name makes a dictionary longer after the file was begun.
        let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
        let writer = FileWriter::try_new_with_options(output, &columns.schema, options).map_err(arrow_error)?;
        Ok(Self { encoder: Encoder::Arrow(Box::new(writer)), columns })
    }

    /// Begins a Parquet file.
    pub(crate) fn parquet(output: W) -> io::Result<Self> {
        let columns = Columns::new();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        let writer =
            ArrowWriter::try_new(output, Arc::clone(&columns.schema), Some(properties)).map_err(parquet_error)?;
        Ok(Self { encoder: Encoder::Parquet(Box::new(writer)), columns })
    }

    /// Adds a row.
    pub(crate) fn write(&mut self, row: &TableRow<'_>) -> io::Result<()> {
        self.columns.push(row);
        let full = self.columns.line.len() == BATCH || self.columns.bytes >= BATCH_BYTES;
        if full { self.write_batch() } else { Ok(()) }
    }

    /// Writes all rows and the end of the file.
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
        let batch = self.columns.take().map_err(arrow_error)?;
        let dictionaries = batch.columns().iter().filter_map(|column| column.as_any_dictionary_opt());
        let too_many_words =
            dictionaries.map(|words| words.values().get_array_memory_size()).sum::<usize>() > DICTIONARIES;
        match &mut self.encoder {
            _ if batch.num_rows() == 0 => Ok(()),
            // An Arrow file has one dictionary for the whole of a column.
            Encoder::Arrow(_) if too_many_words => {
                Err(io::Error::other("too many different words for an Arrow file: Parquet has room for them"))
            }
            Encoder::Arrow(writer) => writer.write(&batch).map_err(arrow_error),
            Encoder::Parquet(writer) => {
                if too_many_words {
                    self.columns = Columns::new();
                }
                writer.write(&batch).map_err(parquet_error)
            }
        }
    }
}

/// The columns of some events.
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the columns")]
struct Columns {
    /// Names and types of the columns.
    schema: Arc<Schema>,
    /// Total bytes of the events' lines.
    bytes: usize,
    line: UInt64Builder,
    time: TimestampNanosecondBuilder,
    prefix: StringBuilder,
    id: StringBuilder,
    status: Words,
    circuit_id: StringBuilder,
    target_host: StringBuilder,
    target_port: UInt16Builder,
    reason: Words,
    remote_reason: Words,
    source: Words,
    source_addr: StringBuilder,
    purpose: Words,
    socks_username: StringBuilder,
    socks_password: StringBuilder,
    client_protocol: Words,
    nym_epoch: UInt32Builder,
    session_group: Int32Builder,
    iso_fields: ListBuilder<StringBuilder>,
    anomalies: ListBuilder<StringBuilder>,
}

/// A column of words, of which there are few.
type Words = StringDictionaryBuilder<Int32Type>;

impl Columns {
    /// Returns empty columns.
    fn new() -> Self {
        let words = |known: &[&'static str]| {
            // With all known words the dictionary hardly ever grows. The indices fit: there are few words.
            let known = StringArray::from(known.to_vec());
            Words::new_with_dictionary(BATCH, &known).unwrap_or_else(|_| Words::new())
        };
        let reasons: Vec<_> = StreamClosureReason::ALL.iter().map(|word| word.as_str()).collect();
        let mut columns = Self {
            schema: Arc::new(Schema::empty()),
            bytes: 0,
            line: UInt64Builder::new(),
            time: TimestampNanosecondBuilder::new().with_timezone("UTC"),
            prefix: StringBuilder::new(),
            id: StringBuilder::new(),
            status: words(&StreamStatus::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
            circuit_id: StringBuilder::new(),
            target_host: StringBuilder::new(),
            target_port: UInt16Builder::new(),
            reason: words(&reasons),
            remote_reason: words(&reasons),
            source: words(&StreamSource::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
            source_addr: StringBuilder::new(),
            purpose: words(&StreamPurpose::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
            socks_username: StringBuilder::new(),
            socks_password: StringBuilder::new(),
            client_protocol: words(&ClientProtocol::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),
            nym_epoch: UInt32Builder::new(),
            session_group: Int32Builder::new(),
            iso_fields: ListBuilder::new(StringBuilder::new()),
            anomalies: ListBuilder::new(StringBuilder::new()),
        };
        let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let list = DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
        columns.schema = Arc::new(Schema::new(vec![
            Field::new("line", DataType::UInt64, false),
            Field::new("time", time, true),
            Field::new("prefix", DataType::Utf8, true),
            Field::new("id", DataType::Utf8, false),
            Field::new("status", words.clone(), false),
            Field::new("circuit_id", DataType::Utf8, true),
            Field::new("target_host", DataType::Utf8, false),
            Field::new("target_port", DataType::UInt16, false),
            Field::new("reason", words.clone(), true),
            Field::new("remote_reason", words.clone(), true),
            Field::new("source", words.clone(), true),
            Field::new("source_addr", DataType::Utf8, true),
            Field::new("purpose", words.clone(), true),
            Field::new("socks_username", DataType::Utf8, true),
            Field::new("socks_password", DataType::Utf8, true),
            Field::new("client_protocol", words, true),
            Field::new("nym_epoch", DataType::UInt32, true),
            Field::new("session_group", DataType::Int32, true),
            Field::new("iso_fields", list.clone(), true),
            Field::new("anomalies", list, false),
        ]));
        columns
    }

    /// Adds a row.
    fn push(&mut self, row: &TableRow<'_>) {
        let &TableRow { ref row, time, prefix, bytes } = row;
        // Nanoseconds reach from 1970 to 2262.
        let time = time.and_then(|time| time.as_nanos().try_into().ok());
        self.bytes += bytes;
        self.line.append_value(row.line);
        self.time.append_option(time);
        self.prefix.append_option(prefix);
        self.id.append_value(&row.id);
        self.status.append_value(&row.status);
        self.circuit_id.append_option(row.circuit_id.as_deref());
        self.target_host.append_value(&row.target_host);
        self.target_port.append_value(row.target_port);
        self.reason.append_option(row.reason.as_deref());
        self.remote_reason.append_option(row.remote_reason.as_deref());
        self.source.append_option(row.source.as_deref());
        self.source_addr.append_option(row.source_addr.as_deref());
        self.purpose.append_option(row.purpose.as_deref());
        self.socks_username.append_option(row.socks_username);
        self.socks_password.append_option(row.socks_password);
        self.client_protocol.append_option(row.client_protocol.as_deref());
        self.nym_epoch.append_option(row.nym_epoch);
        self.session_group.append_option(row.session_group);
        self.iso_fields.append_option(row.iso_fields.as_ref().map(|list| list.words().map(Some)));
        self.anomalies.append_value(row.anomalies.names().map(Some));
    }

    /// Removes and returns all rows.
    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.bytes = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.line.finish()),
            Arc::new(self.time.finish()),
            Arc::new(self.prefix.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.status.finish_preserve_values()),
            Arc::new(self.circuit_id.finish()),
            Arc::new(self.target_host.finish()),
            Arc::new(self.target_port.finish()),
            Arc::new(self.reason.finish_preserve_values()),
            Arc::new(self.remote_reason.finish_preserve_values()),
            Arc::new(self.source.finish_preserve_values()),
            Arc::new(self.source_addr.finish()),
            Arc::new(self.purpose.finish_preserve_values()),
            Arc::new(self.socks_username.finish()),
            Arc::new(self.socks_password.finish()),
            Arc::new(self.client_protocol.finish_preserve_values()),
            Arc::new(self.nym_epoch.finish()),
            Arc::new(self.session_group.finish()),
            Arc::new(self.iso_fields.finish()),
            Arc::new(self.anomalies.finish()),
        ];
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// Returns an error of the Arrow writer; an error of the output is returned as it is.
pub(crate) fn arrow_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

/// Returns an error of the Parquet writer; an error of the output is returned as it is.
pub(crate) fn parquet_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
