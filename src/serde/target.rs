//! A stream's target as data: `host:port`, as `tor-streams streams` prints it.

use alloc::string::String;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::format::grammar;
use crate::tracker::Target;

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}:{}", self.host, self.port))
    }
}

impl<'de> Deserialize<'de> for Target {
    /// Parses `host:port`. The last colon separates them, since a host may have others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let target = grammar::split_port(text.as_bytes()).and_then(|(end, port)| Some((text.get(..end)?, port)));
        let (host, port) = target.ok_or_else(|| D::Error::custom("expected a host, a colon and a port up to 65535"))?;
        Ok(Self { host: host.into(), port })
    }
}
