//! The row of an event: its columns in order, and their JSON.
//!
//! The lists of a row have a [form](ListForm). In a row with separate lists, as in JSON, Unix time is a number, and a row
//! without a time has no such column. In a row with joined lists, as in CSV, each column is text, a number or empty.

use alloc::borrow::Cow;
use core::time::Duration;

use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use tor_stream_event::{
    Anomalies, Anomaly, ClientProtocol, EventLine, Quoted, StreamClosureReason, StreamEventRef, StreamPurpose,
    StreamSource, StreamStatus,
};

use crate::command::list_form::ListForm;
use crate::input::time::{Stamp, Time};
use crate::output::mask::{self, host_not_utf8};

/// Defines [`EventRow`] and the names of its columns from one list.
macro_rules! row {
    ($($(#[$meta:meta])* $name:ident: $type:ty,)+) => {
        /// The columns of an event.
        #[allow(clippy::missing_docs_in_private_items, reason = "the help explains the columns")]
        #[derive(serde::Serialize)]
        pub(crate) struct EventRow<'a> {
            $($(#[$meta])* pub(crate) $name: $type,)+
        }

        impl EventRow<'_> {
            /// Names of the columns.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Adds the row to `json` as an object. A time that is `None` is left out.
            ///
            /// The derived serializer takes half as long again: it searches each name for characters to escape.
            pub(crate) fn write_json(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
                let start = json.len();
                $(
                    if stringify!($name) != "time" || self.time.is_some() {
                        json.extend_from_slice(concat!(",\"", stringify!($name), "\":").as_bytes());
                        serde_json::to_writer(&mut *json, &self.$name)?;
                    }
                )+
                // The comma before the first column gives way to the brace.
                if let Some(comma) = json.get_mut(start) {
                    *comma = b'{';
                }
                json.push(b'}');
                Ok(())
            }
        }
    };
}

row! {
    line: u64,
    time: Option<PrintedTime<'a>>,
    id: Cow<'a, str>,
    status: Cow<'a, str>,
    circuit_id: Option<Cow<'a, str>>,
    target_host: Cow<'a, str>,
    target_port: u16,
    reason: Option<Cow<'a, str>>,
    remote_reason: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    source_addr: Option<Cow<'a, str>>,
    purpose: Option<Cow<'a, str>>,
    socks_username: Option<&'a str>,
    socks_password: Option<&'a str>,
    client_protocol: Option<Cow<'a, str>>,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    iso_fields: Option<IsoFields<'a>>,
    anomalies: AnomalyList,
}

/// The time of an event, as a row has it.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub(crate) enum PrintedTime<'a> {
    /// Unix time as a JSON number, with the log's own digits: a floating-point number could lose some.
    Number(&'a RawValue),
    /// Unix time as a JSON number, made from a date.
    Decimal(Box<RawValue>),
    /// Unix time as text, another time's text, or an empty text.
    Text(Cow<'a, str>),
}

/// A list of isolation fields.
pub(crate) struct IsoFields<'a> {
    /// List as tor prints it, with commas between the words.
    text: Cow<'a, str>,
    /// List as a JSON array. Without it, the list is serialized as its text.
    json: Option<&'a RawValue>,
}

/// A cache of lists of isolation fields: their text, and the JSON array. The same few lists occur again and again, and
/// encoding one costs as much as printing all other fields.
#[derive(Default)]
pub(crate) struct JsonLists(Vec<(String, Box<RawValue>)>);

impl JsonLists {
    /// Maximum number of lists in the cache: more than the listeners of a tor have, and few enough for a search one by one.
    const MAX: usize = 32;

    /// Returns a list with its JSON.
    pub(crate) fn get<'l>(&'l mut self, list: &IsoFields<'l>) -> serde_json::Result<IsoFields<'l>> {
        let known = self.0.iter().position(|(text, _)| *text == list.text);
        let index = match known {
            Some(index) => index,
            None => {
                let words = list.words().collect::<Vec<_>>();
                // In a full cache the last list gives way.
                self.0.truncate(Self::MAX - 1);
                self.0.push((list.text.clone().into_owned(), serde_json::value::to_raw_value(&words)?));
                self.0.len() - 1
            }
        };
        Ok(IsoFields { text: list.text.clone(), json: self.0.get(index).map(|(_, json)| &**json) })
    }
}

/// The names of an event's anomalies.
pub(crate) struct AnomalyList {
    /// Anomalies to name.
    anomalies: Anomalies,
    /// Form of the list.
    form: ListForm,
}

impl<'a> EventRow<'a> {
    /// Returns the row of the event in `line`, with lists in this form.
    pub(crate) fn new(
        line: &EventLine<'a>,
        event: &StreamEventRef<'a>,
        show_credentials: bool,
        form: ListForm,
    ) -> Self {
        let credential = |quoted: Quoted<'a>| if show_credentials { quoted.escaped() } else { "***" };
        // A damaged line may have a credential in any field, so each is masked by a function for its kind.
        let masked = |field: &'a str, mask: &dyn Fn(&StreamEventRef<'a>, &'a str) -> Cow<'a, str>| {
            if show_credentials { Cow::Borrowed(field) } else { mask(event, field) }
        };
        let text = |field| masked(field, &mask::text);
        let word = |field, is_known| masked(field, &|event, field| mask::word(event, field, is_known));
        let reason_word = |field, reason| word(field, reason != Some(StreamClosureReason::Unrecognized));
        Self {
            line: line.number,
            time: PrintedTime::new(line, form),
            id: text(event.id),
            status: word(event.status_str(), event.status != StreamStatus::Unrecognized),
            circuit_id: event.circuit_id.map(text),
            target_host: if show_credentials { unmasked_host(event) } else { mask::target_host(event) },
            target_port: event.target_port,
            reason: event.reason_str().map(|field| reason_word(field, event.reason)),
            remote_reason: event.remote_reason_str().map(|field| reason_word(field, event.remote_reason)),
            source: event.source_str().map(|field| word(field, event.source != Some(StreamSource::Unrecognized))),
            source_addr: event.source_addr.map(|field| masked(field, &mask::source_addr)),
            purpose: event.purpose_str().map(|field| word(field, event.purpose != Some(StreamPurpose::Unrecognized))),
            socks_username: event.socks_username().map(credential),
            socks_password: event.socks_password().map(credential),
            client_protocol: event
                .client_protocol_str()
                .map(|field| word(field, event.client_protocol() != Some(ClientProtocol::Unrecognized))),
            nym_epoch: event.nym_epoch(),
            session_group: event.session_group(),
            iso_fields: event
                .iso_fields_str()
                .map(|field| IsoFields { text: masked(field, &mask::iso_fields), json: None }),
            anomalies: AnomalyList { anomalies: event.anomalies(), form },
        }
    }
}

#[cfg(feature = "arrow")]
impl<'a> IsoFields<'a> {
    /// Returns the list that tor prints like this.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), json: None }
    }

    /// Returns the list as tor prints it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl IsoFields<'_> {
    /// Iterates over the words.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split(',').filter(|word| !word.is_empty())
    }
}

impl AnomalyList {
    /// Returns the names of some anomalies, as a separate list.
    #[cfg(feature = "arrow")]
    pub(crate) const fn new(anomalies: Anomalies) -> Self {
        Self { anomalies, form: ListForm::Separate }
    }

    /// Returns the anomalies.
    #[cfg(feature = "arrow")]
    pub(crate) const fn set(&self) -> Anomalies {
        self.anomalies
    }

    /// Iterates over the names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.anomalies.iter().map(Anomaly::as_str)
    }
}

impl<'a> PrintedTime<'a> {
    /// Returns the time of an event for a row of this form: Unix time if it is known, else the text of the time before the
    /// event, such as a date without a year. Without a time, returns an empty text for a row with joined lists, else `None`.
    fn new(line: &EventLine<'a>, form: ListForm) -> Option<Self> {
        let is_text = form == ListForm::Joined;
        let (time, text) = match Stamp::of_line(line) {
            Some(Stamp::Time(time, text)) => (Some(time), core::str::from_utf8(text).unwrap_or_default()),
            _ => (None, ""),
        };
        let Some(unix) = time.and_then(Time::unix) else {
            return Some(Self::Text(text.into())).filter(|_| is_text || !text.is_empty());
        };
        // The log's own digits are printed if they are a number of JSON, which `007` and `1795600800,5` are not.
        let is_number = Stamp::is_decimal(text, unix);
        if is_text {
            return Some(Self::Text(if is_number { text.into() } else { decimal(unix).into() }));
        }
        let number = is_number.then(|| serde_json::from_str(text).ok()).flatten().map(Self::Number);
        number.or_else(|| RawValue::from_string(decimal(unix)).ok().map(Self::Decimal))
    }
}

/// Returns seconds with as many decimal places as needed.
fn decimal(time: Duration) -> String {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// Returns the target's host, unmasked, with a U+FFFD for each part that is not UTF-8; the event has a single one for the
/// whole host.
fn unmasked_host<'a>(event: &StreamEventRef<'a>) -> Cow<'a, str> {
    host_not_utf8(event).map_or(Cow::Borrowed(event.target_host), String::from_utf8_lossy)
}

impl Serialize for IsoFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.json {
            Some(json) => json.serialize(serializer),
            None => serializer.serialize_str(&self.text),
        }
    }
}

impl Serialize for AnomalyList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form.serialize(self.names(), serializer)
    }
}
