//! Circuits as a table with typed columns: Arrow and Parquet.

use alloc::sync::Arc;
use std::io::{self, Write};

use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder, TimestampNanosecondBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::row::{List, Row};
use super::table::Circuit;
use crate::input::time::Time;
use crate::output::columns::{arrow_error, parquet_error};

/// Number of circuits in a batch of rows.
const BATCH: usize = 1024;

/// A file of a columnar format.
pub(super) struct Table<W: Write + Send> {
    /// Encoder of the columns.
    encoder: Encoder<W>,
    /// Columns of the rows that were not written yet.
    columns: Columns,
}

/// An encoder of columns.
enum Encoder<W: Write + Send> {
    /// The file format of Arrow.
    Arrow(Box<FileWriter<W>>),
    /// Parquet.
    Parquet(Box<ArrowWriter<W>>),
}

/// The columns of some circuits.
#[allow(clippy::missing_docs_in_private_items, reason = "the help says what they are")]
#[derive(Default)]
struct Columns {
    rows: usize,
    file: StringBuilder,
    circuit_id: StringBuilder,
    first: Vec<Option<i64>>,
    last: Vec<Option<i64>>,
    seconds: Float64Builder,
    numbers: [UInt64Builder; 6],
    targets: ListBuilder<StringBuilder>,
    identities: ListBuilder<StringBuilder>,
    differs_in: ListBuilder<StringBuilder>,
}

impl<W: Write + Send> Table<W> {
    /// Begins an Arrow file.
    pub(super) fn arrow(output: W) -> io::Result<Self> {
        let writer = FileWriter::try_new(output, &schema()).map_err(arrow_error)?;
        Ok(Self { encoder: Encoder::Arrow(Box::new(writer)), columns: Columns::default() })
    }

    /// Begins a Parquet file.
    pub(super) fn parquet(output: W) -> io::Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(output, Arc::new(schema()), Some(properties)).map_err(parquet_error)?;
        Ok(Self { encoder: Encoder::Parquet(Box::new(writer)), columns: Columns::default() })
    }

    /// Adds the row of a circuit.
    pub(super) fn write(&mut self, row: &Row<'_>, circuit: &Circuit) -> io::Result<()> {
        self.columns.push(row, circuit);
        if self.columns.rows == BATCH { self.write_batch() } else { Ok(()) }
    }

    /// Writes all rows and the end of the file.
    pub(super) fn finish(&mut self) -> io::Result<()> {
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
        let columns = core::mem::take(&mut self.columns);
        if columns.rows == 0 {
            return Ok(());
        }
        let batch = RecordBatch::try_new(Arc::new(schema()), columns.arrays()).map_err(arrow_error)?;
        match &mut self.encoder {
            Encoder::Arrow(writer) => writer.write(&batch).map_err(arrow_error),
            Encoder::Parquet(writer) => writer.write(&batch).map_err(parquet_error),
        }
    }
}

/// Returns the names and types of the columns.
fn schema() -> Schema {
    let time = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let list = || DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
    let types = |name: &str| match name {
        "file" | "circuit_id" => (DataType::Utf8, false),
        "unix_ts_first" | "unix_ts_last" => (time(), true),
        "seconds" => (DataType::Float64, true),
        "targets" | "identities" | "differs_in" => (list(), false),
        _ => (DataType::UInt64, false),
    };
    let field = |&name: &&str| {
        let (data_type, nullable) = types(name);
        Field::new(name, data_type, nullable)
    };
    Schema::new(Row::NAMES.iter().map(field).collect::<Vec<_>>())
}

impl Columns {
    /// Adds a row.
    fn push(&mut self, row: &Row<'_>, circuit: &Circuit) {
        self.rows += 1;
        self.file.append_value(row.file);
        self.circuit_id.append_value(row.circuit_id);
        // Nanoseconds reach from 1970 to 2262.
        let nanos = |time: Option<Time>| time?.unix()?.as_nanos().try_into().ok();
        self.first.push(nanos(circuit.first));
        self.last.push(nanos(circuit.last));
        self.seconds.append_option(row.seconds);
        let numbers =
            [row.streams, row.detached, row.failed, row.other_targets, row.unknown_identity, row.changed_identity];
        self.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.append_value(number));
        let lists = [
            (&mut self.targets, &row.targets),
            (&mut self.identities, &row.identities),
            (&mut self.differs_in, &row.differs_in),
        ];
        for (column, List { items, .. }) in lists {
            column.append_value(items.iter().map(Some));
        }
    }

    /// Returns the columns, in the order of their names.
    fn arrays(mut self) -> Vec<ArrayRef> {
        let times = |times: Vec<Option<i64>>| -> ArrayRef {
            let mut column = TimestampNanosecondBuilder::new().with_timezone("UTC");
            times.into_iter().for_each(|time| column.append_option(time));
            Arc::new(column.finish())
        };
        let [streams, detached, failed, other_targets, unknown, changed] =
            self.numbers.each_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) });
        vec![
            Arc::new(self.file.finish()),
            Arc::new(self.circuit_id.finish()),
            times(self.first),
            times(self.last),
            Arc::new(self.seconds.finish()),
            streams,
            detached,
            failed,
            Arc::new(self.targets.finish()),
            other_targets,
            Arc::new(self.identities.finish()),
            unknown,
            changed,
            Arc::new(self.differs_in.finish()),
        ]
    }
}
