//! A parser as programs write it for themselves: it splits at white space, and copies the fields.

/// An event, with its words as text.
#[derive(Debug, Default)]
pub struct NaiveEvent {
    pub id: String,
    pub status: String,
    pub circuit_id: Option<String>,
    pub target_host: String,
    pub target_port: u16,
    pub reason: Option<String>,
    pub remote_reason: Option<String>,
    pub source: Option<String>,
    pub source_addr: Option<String>,
    pub purpose: Option<String>,
    /// Other keywords.
    pub others: Vec<(String, String)>,
}

impl NaiveEvent {
    /// Reads an event's content, the text after `650 STREAM `.
    pub fn parse(content: &str) -> Result<Self, String> {
        let mut words = content.split_whitespace();
        let mut next = |what: &str| words.next().ok_or_else(|| format!("no {what}"));
        let id = next("id")?.to_owned();
        let status = next("status")?.to_owned();
        let circuit = next("circuit")?;
        let target = next("target")?;
        let (host, port) = target.rsplit_once(':').ok_or("no port")?;
        let mut event = Self {
            id,
            status,
            circuit_id: (circuit != "0").then(|| circuit.to_owned()),
            target_host: host.to_owned(),
            target_port: port.parse().map_err(|_| "bad port")?,
            ..Self::default()
        };
        for word in words {
            let Some((key, value)) = word.split_once('=') else { continue };
            let value = value.trim_matches('"').to_owned();
            match key {
                "REASON" => event.reason = Some(value),
                "REMOTE_REASON" => event.remote_reason = Some(value),
                "SOURCE" => event.source = Some(value),
                "SOURCE_ADDR" => event.source_addr = Some(value),
                "PURPOSE" => event.purpose = Some(value),
                _ => event.others.push((key.to_owned(), value)),
            }
        }
        Ok(event)
    }
}
