//! Builders of typed columns, and the macro that makes a table of them.
//!
//! Whole numbers are signed: DuckDB cannot subtract unsigned ones whose difference is negative, and Spark takes those
//! of 64 bits for decimal fractions. Times are in microseconds, the finest unit that Spark reads.

use alloc::sync::Arc;
use core::marker::PhantomData;
use core::time::Duration;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder, StringDictionaryBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, StringArray};
use arrow_schema::{DataType, Field, TimeUnit};
use tor_stream_event::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

/// A builder of one column.
pub(crate) trait ColumnBuilder: Default {
    /// A value.
    type Value<'v>;

    /// Set if a row may have no value.
    const NULLABLE: bool = false;

    /// Returns the type of the column.
    fn data_type() -> DataType;

    /// Adds a value, and returns the number of bytes of its text.
    fn push(&mut self, value: Self::Value<'_>) -> usize;

    /// Adds a row without a value.
    fn push_null(&mut self);

    /// Removes and returns all values.
    fn take(&mut self) -> ArrayRef;
}

/// A column whose rows may have no value.
#[derive(Default)]
pub(crate) struct Nullable<B>(B);

/// Text.
#[derive(Default)]
pub(crate) struct Text(StringBuilder);

/// Words, of which there are few, as indices into a dictionary that begins with the known words of `K`.
pub(crate) struct Dictionary<K>(StringDictionaryBuilder<Int32Type>, PhantomData<K>);

/// A list of texts.
#[derive(Default)]
pub(crate) struct TextList(ListBuilder<StringBuilder>);

/// Counts: whole numbers of 64 bits.
#[derive(Default)]
pub(crate) struct Count(Int64Builder);

/// Whole numbers of at most 32 bits.
#[derive(Default)]
pub(crate) struct Integer(Int32Builder);

/// Floating-point numbers.
#[derive(Default)]
pub(crate) struct Real(Float64Builder);

/// Truth values.
#[derive(Default)]
pub(crate) struct Flag(BooleanBuilder);

/// Unix times in microseconds; further digits are dropped. A row has no value if its time is unknown, or too late for 64 bits, after
/// the year 294246. So this column needs no [`Nullable`].
pub(crate) struct Timestamp(TimestampMicrosecondBuilder);

/// A kind of words whose usual members are known.
pub(crate) trait KnownWords {
    /// Returns the known words.
    fn known() -> Vec<&'static str>;
}

/// Implements [`KnownWords`] for enums of tor's words.
macro_rules! known_words {
    ($($Word:ty),+) => {$(
        impl KnownWords for $Word {
            fn known() -> Vec<&'static str> {
                Self::ALL.iter().map(|word| word.as_str()).collect()
            }
        }
    )+};
}

known_words!(StreamStatus, StreamClosureReason, StreamSource, StreamPurpose, ClientProtocol);

impl<K: KnownWords> Default for Dictionary<K> {
    fn default() -> Self {
        // With all known words the dictionary hardly ever grows. The only error is that of more words than indices.
        let known = StringArray::from(K::known());
        let builder = StringDictionaryBuilder::new_with_dictionary(0, &known).unwrap_or_default();
        Self(builder, PhantomData)
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
    }
}

impl<B: ColumnBuilder> ColumnBuilder for Nullable<B> {
    type Value<'v> = Option<B::Value<'v>>;

    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        B::data_type()
    }

    fn push(&mut self, value: Self::Value<'_>) -> usize {
        match value {
            Some(value) => self.0.push(value),
            None => {
                self.0.push_null();
                0
            }
        }
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn take(&mut self) -> ArrayRef {
        self.0.take()
    }
}

impl<K: KnownWords> ColumnBuilder for Dictionary<K> {
    type Value<'v> = &'v str;

    fn data_type() -> DataType {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    }

    fn push(&mut self, word: &str) -> usize {
        self.0.append_value(word);
        word.len()
    }

    fn push_null(&mut self) {
        self.0.append_null();
    }

    fn take(&mut self) -> ArrayRef {
        Arc::new(self.0.finish_preserve_values())
    }
}

impl ColumnBuilder for TextList {
    type Value<'v> = Vec<&'v str>;

    fn data_type() -> DataType {
        // Arrow's builder makes items that may be null; none of these is.
        DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
    }

    fn push(&mut self, items: Vec<&str>) -> usize {
        let bytes = items.iter().map(|item| item.len()).sum();
        self.0.append_value(items.into_iter().map(Some));
        bytes
    }

    fn push_null(&mut self) {
        self.0.append_null();
    }

    fn take(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// Implements [`ColumnBuilder`] for a wrapped builder of Arrow, given the type of a value, whether a row may have none, the type of
/// the column, the item that a value adds to Arrow's builder, and the number of bytes of its text.
macro_rules! column_builder {
    ($Builder:ident, $Value:ty, $nullable:literal, $data_type:expr, |$value:ident| $added:expr, $bytes:expr) => {
        impl ColumnBuilder for $Builder {
            type Value<'v> = $Value;

            const NULLABLE: bool = $nullable;

            fn data_type() -> DataType {
                $data_type
            }

            fn push(&mut self, $value: Self::Value<'_>) -> usize {
                self.0.append_option($added);
                $bytes
            }

            fn push_null(&mut self) {
                self.0.append_null();
            }

            fn take(&mut self) -> ArrayRef {
                Arc::new(self.0.finish())
            }
        }
    };
}

column_builder!(Text, &'v str, false, DataType::Utf8, |text| Some(text), text.len());
column_builder!(Count, u64, false, DataType::Int64, |count| Some(count.try_into().unwrap_or(i64::MAX)), 0);
column_builder!(Integer, i32, false, DataType::Int32, |number| Some(number), 0);
column_builder!(Real, f64, false, DataType::Float64, |number| Some(number), 0);
column_builder!(Flag, bool, false, DataType::Boolean, |flag| Some(flag), 0);
column_builder!(
    Timestamp,
    Option<Duration>,
    true,
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    |time| time.and_then(|time| time.as_micros().try_into().ok()),
    0
);

/// Returns name and type of a column.
pub(crate) fn field<B: ColumnBuilder>(name: &str) -> Field {
    Field::new(name, B::data_type(), B::NULLABLE)
}

/// Defines a struct with a builder for each column of a kind of rows, and implements
/// [`Columns`](crate::output::columns::Columns) for it. Each column has a name, a builder, and its value in a row.
macro_rules! columns {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $Columns:ident of |$row:ident: $Row:ident| {
            $($name:ident: $Builder:ty = $value:expr,)+
        }
    ) => {
        $(#[$meta])*
        #[allow(clippy::missing_docs_in_private_items, reason = "the help explains the columns")]
        #[derive(Default)]
        $visibility struct $Columns {
            $($name: $Builder,)+
        }

        impl $crate::output::columns::Columns for $Columns {
            type Row<'r> = $Row<'r>;

            fn fields() -> Vec<arrow_schema::Field> {
                vec![$($crate::output::columns::builders::field::<$Builder>(stringify!($name)),)+]
            }

            fn push(&mut self, $row: &Self::Row<'_>) -> usize {
                0 $(+ $crate::output::columns::builders::ColumnBuilder::push(&mut self.$name, $value))+
            }

            fn take(&mut self) -> Vec<arrow_array::ArrayRef> {
                vec![$($crate::output::columns::builders::ColumnBuilder::take(&mut self.$name),)+]
            }
        }
    };
}

pub(crate) use columns;
