//! What is printed of an event: its fields in their order.

use alloc::borrow::Cow;

use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use tor_stream_event::{Anomalies, Anomaly, EventLine, Quoted, StreamEventRef};

/// Makes [`Row`] and the names of its fields from one list.
macro_rules! row {
    ($($(#[$meta:meta])* $name:ident: $type:ty,)+) => {
        /// The fields of an event.
        #[derive(serde::Serialize)]
        pub(crate) struct Row<'a> {
            $($(#[$meta])* pub(crate) $name: $type,)+
        }

        impl Row<'_> {
            /// The names of the fields.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Adds the row to `text` as a JSON object. A time that is `None` is left out.
            ///
            /// What the derived serializer does takes half as long again: it looks for something to escape in each name.
            pub(crate) fn write_json(&self, text: &mut Vec<u8>) -> serde_json::Result<()> {
                let start = text.len();
                $(
                    if stringify!($name) != "time" || self.time.is_some() {
                        text.extend_from_slice(concat!(",\"", stringify!($name), "\":").as_bytes());
                        serde_json::to_writer(&mut *text, &self.$name)?;
                    }
                )+
                if let Some(first) = text.get_mut(start) {
                    *first = b'{';
                }
                text.push(b'}');
                Ok(())
            }
        }
    };
}

row! {
    /// The line's number.
    line: u64,
    /// What a log puts before the event.
    time: Option<Time<'a>>,
    /// The stream's ID.
    id: &'a str,
    /// What happened to the stream.
    status: &'a str,
    /// The circuit that the stream is attached to.
    circuit_id: Option<&'a str>,
    /// The target's host, with U+FFFD for what is not UTF-8.
    target_host: Cow<'a, str>,
    /// The target's port.
    target_port: u16,
    /// Why the stream ended or was detached.
    reason: Option<&'a str>,
    /// Why the other end ended it.
    remote_reason: Option<&'a str>,
    /// Where a new address is from.
    source: Option<&'a str>,
    /// Where the client connects from.
    source_addr: Option<&'a str>,
    /// What the stream is for.
    purpose: Option<&'a str>,
    /// The client's user name.
    socks_username: Option<&'a str>,
    /// The client's password.
    socks_password: Option<&'a str>,
    /// The protocol the client speaks.
    client_protocol: Option<&'a str>,
    /// The NEWNYM epoch.
    nym_epoch: Option<u32>,
    /// The listener.
    session_group: Option<i32>,
    /// What separates the stream from others.
    iso_fields: Option<IsoFields<'a>>,
    /// What is odd about the event.
    anomalies: AnomalyList,
}

/// What a log puts before an event.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Time<'a> {
    /// Unix time as a JSON number, with the log's own digits: a floating-point number could lose some.
    Number(&'a RawValue),
    /// Any other text, or none.
    Text(&'a str),
}

/// The words of a list.
pub(crate) struct IsoFields<'a> {
    /// The list as printed, with commas between the words.
    words: &'a str,
    /// The list in JSON, if that is to be printed.
    json: Option<&'a RawValue>,
}

/// Lists in JSON, with the words of each. The same few come again and again, and to make one costs as much as to print all
/// other fields.
#[derive(Default)]
pub(crate) struct JsonLists(Vec<(String, Box<RawValue>)>);

impl JsonLists {
    /// How many are kept.
    const KEPT: usize = 32;

    /// Returns a list in JSON.
    pub(crate) fn get<'l>(&'l mut self, list: &IsoFields<'l>) -> serde_json::Result<IsoFields<'l>> {
        let known = self.0.iter().position(|(words, _)| words == list.words);
        let index = match known {
            Some(index) => index,
            None => {
                let words = list.words().collect::<Vec<_>>();
                self.0.truncate(Self::KEPT - 1);
                self.0.push((list.words.into(), serde_json::value::to_raw_value(&words)?));
                self.0.len() - 1
            }
        };
        Ok(IsoFields { words: list.words, json: self.0.get(index).map(|(_, json)| &**json) })
    }
}

/// The names of anomalies.
pub(crate) struct AnomalyList {
    /// The anomalies.
    anomalies: Anomalies,
    /// Whether they are one text, as in CSV.
    joined: bool,
}

impl<'a> Row<'a> {
    /// Returns the row of the event in `line`: a `flat` one has every field, and text where others have lists.
    pub(crate) fn new(line: &EventLine<'a>, event: &StreamEventRef<'a>, show_credentials: bool, flat: bool) -> Self {
        let credential = |quoted: Quoted<'a>| if show_credentials { quoted.escaped() } else { "***" };
        Self {
            line: line.number,
            time: Time::new(line, flat),
            id: event.id,
            status: event.status_str(),
            circuit_id: event.circuit_id,
            target_host: target_host(event),
            target_port: event.target_port,
            reason: event.reason_str(),
            remote_reason: event.remote_reason_str(),
            source: event.source_str(),
            source_addr: event.source_addr,
            purpose: event.purpose_str(),
            socks_username: event.socks_username().map(credential),
            socks_password: event.socks_password().map(credential),
            client_protocol: event.client_protocol_str(),
            nym_epoch: event.nym_epoch(),
            session_group: event.session_group(),
            iso_fields: event.iso_fields_str().map(IsoFields::new),
            anomalies: AnomalyList { anomalies: event.anomalies(), joined: flat },
        }
    }
}

impl<'a> IsoFields<'a> {
    /// Returns the words of a list as it is printed.
    pub(crate) const fn new(words: &'a str) -> Self {
        Self { words, json: None }
    }

    /// Returns the list as it is printed.
    #[cfg(feature = "arrow")]
    pub(crate) const fn as_str(&self) -> &'a str {
        self.words
    }

    /// Iterates over the words.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'a str> {
        self.words.split(',').filter(|word| !word.is_empty())
    }
}

impl AnomalyList {
    /// Returns the names of some anomalies.
    #[cfg(feature = "arrow")]
    pub(crate) const fn new(anomalies: Anomalies) -> Self {
        Self { anomalies, joined: false }
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

impl<'a> Time<'a> {
    /// Returns the Unix time in a line's prefix or, if there is none, all of the prefix. `None` if the line has no prefix, but
    /// a flat row has one.
    fn new(line: &EventLine<'a>, flat: bool) -> Option<Self> {
        // All that the library takes for a prefix is ASCII.
        let prefix = core::str::from_utf8(line.prefix).unwrap_or_default().trim_end();
        let last_space = || prefix.bytes().rposition(|byte| byte == b' ');
        let unix = line.unix_time().and_then(|_| prefix.get(last_space()? + 1..));
        let number = unix.filter(|_| !flat).and_then(|unix| serde_json::from_str(unix).ok());
        let text = Some(unix.unwrap_or(prefix)).filter(|text| flat || !text.is_empty());
        number.map(Time::Number).or(text.map(Time::Text))
    }
}

/// Returns the target's host with a U+FFFD for what is not UTF-8, where the event has a single one for all of the host.
pub(crate) fn target_host<'a>(event: &StreamEventRef<'a>) -> Cow<'a, str> {
    let anomalies = event.anomalies();
    if !anomalies.contains(Anomaly::TargetNotUtf8) {
        return Cow::Borrowed(event.target_host);
    }
    let target = event.target_bytes();
    let host = if anomalies.contains(Anomaly::TargetWithoutPort) {
        Some(target)
    } else {
        target.rsplitn(2, |&byte| byte == b':').last()
    };
    String::from_utf8_lossy(host.unwrap_or_default())
}

impl Serialize for IsoFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.json {
            Some(json) => json.serialize(serializer),
            None => serializer.serialize_str(self.words),
        }
    }
}

impl Serialize for AnomalyList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.joined {
            return serializer.serialize_str(&self.names().collect::<Vec<_>>().join(","));
        }
        serializer.collect_seq(self.names())
    }
}
