//! Findings about a log that are reported at its end: lines that look like events and were not read, and missing times.

use std::io::{self, BufRead, BufReader, Read};

use memchr::memmem;
use tor_stream_event::{Anomaly, EventLine, LineState, LogFormat, Skipped, StreamEventRef};

use crate::input::layout::Layout;
use crate::input::time::{Stamp, Time};
use crate::input::{Input, rewrite};
use crate::output::text::escape;

/// Maximum length of the text from a log that a message shows.
const SHOWN: usize = 80;

/// Marker by which a line with an event is recognized.
const MARK: &[u8] = b"650 STREAM ";

/// Findings about the events of a log, or of a range of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Events without Unix time, counted only if the time is limited.
    untimed: Lines,
    /// Events with a time after the year 9999.
    beyond: Lines,
    /// Events that hold another one: either lines that were joined when a program was killed and started again, or an
    /// event whose client asked for a host with such a name.
    joined: Lines,
    /// Events with a CR at their end: their lines end with CR CR LF. tor prints none there, unless it cut a target.
    with_cr: Lines,
}

/// A number of lines, and the first of them.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// Number of lines.
    count: u64,
    /// Number of the first line; `None` without lines.
    first: Option<u64>,
}

impl Lines {
    /// Counts the line with this number.
    fn add(&mut self, number: u64) {
        self.count += 1;
        self.first.get_or_insert(number);
    }

    /// Adds the lines of a later range, before which there are `lines` lines.
    fn append(&mut self, later: Self, lines: u64) {
        self.count += later.count;
        self.first = self.first.or(later.first.map(|first| first + lines));
    }
}

/// A log that was read to its end.
pub(crate) struct Ended<'e> {
    /// Name of the log in messages.
    pub(crate) name: &'e str,
    /// Input that holds the log.
    pub(crate) input: &'e Input,
    /// Layout of the log.
    pub(crate) layout: &'e Layout,
    /// State of the log's lines at its end.
    pub(crate) state: &'e LineState,
}

impl Findings {
    /// Adds an event and its time. `is_limited` is set if the filters limit the time.
    #[inline]
    pub(crate) fn event(
        &mut self,
        line: &EventLine<'_>,
        event: &StreamEventRef<'_>,
        time: Option<Time>,
        is_limited: bool,
    ) {
        if is_limited && time.and_then(Time::unix).is_none() {
            self.untimed.add(line.number);
        }
        if time.is_none() && !line.prefix.is_empty() && Stamp::of_line(line) == Some(Stamp::Beyond) {
            self.beyond.add(line.number);
        }
        // tor may print such text in a target: so only a log is suspected, which a program wrote that can be killed.
        let anomalies = event.anomalies();
        let may_be_cut = anomalies.contains(Anomaly::TargetMayBeCut);
        if event.content().last() == Some(&b'\r') && line.is_terminated() && !may_be_cut {
            self.with_cr.add(line.number);
        }
        let may_be_joined =
            !anomalies.is_empty() && (anomalies.contains(Anomaly::UnknownOrder) || !line.prefix.is_empty());
        if may_be_joined && memmem::find(event.content(), MARK).is_some() {
            self.joined.add(line.number);
        }
    }

    /// Adds the findings of a later range of the log. `lines` is the number of lines before the range, if its line
    /// numbers leave them out.
    pub(crate) fn append(&mut self, later: &Self, lines: u64) {
        self.untimed.append(later.untimed, lines);
        self.beyond.append(later.beyond, lines);
        self.joined.append(later.joined, lines);
        self.with_cr.append(later.with_cr, lines);
    }

    /// Returns the messages about a log, and `true` if all of them are good news.
    pub(crate) fn messages(&self, log: &Ended<'_>) -> (Vec<String>, bool) {
        let mut messages = log.bad_news();
        messages.extend(self.of_events(log));
        let all_read = messages.is_empty();
        messages.splice(0..0, log.learned());
        (messages, all_read)
    }

    /// Returns the messages about events.
    fn of_events(&self, log: &Ended<'_>) -> Vec<String> {
        let mut messages = Vec::new();
        if let Some(first) = self.joined.first {
            let events = count(self.joined.count, "event holds", "events hold");
            messages.push(format!("{}:{first}: {events} another one: lines may have been joined there", log.name));
        }
        if let Some(first) = self.with_cr.first {
            let events = count(self.with_cr.count, "event ends", "events end");
            messages.push(format!(
                "{}:{first}: {events} with a CR that is no part of it: try `tr -d '\\r' <FILE | tor-streams -`",
                log.name
            ));
        }
        if let Some(first) = self.untimed.first {
            let events = count(self.untimed.count, "event has", "events have");
            messages.push(format!("{}:{first}: {events} no date and time, which --since and --until need", log.name));
        }
        if let Some(first) = self.beyond.first {
            let events = count(self.beyond.count, "event has", "events have");
            messages
                .push(format!("{}:{first}: {events} a time after the year 9999, which is taken for none", log.name));
        }
        messages
    }
}

impl Ended<'_> {
    /// Returns the messages about formats that were learned.
    fn learned(&self) -> Vec<String> {
        let labels = self.layout.has_labels.then(|| format!("tor-streams: {}: read with TAI64N times", self.name));
        let formats = self.layout.learned().iter();
        let message = |format: &LogFormat| {
            let behind = match format.after() {
                [] => String::new(),
                after => format!(", and '{}' behind each event", shown(after)),
            };
            format!("tor-streams: {}: read with --prefix '{}'{behind}", self.name, shown(format.before()))
        };
        labels.into_iter().chain(formats.map(message)).collect()
    }

    /// Returns the messages about lines that were not read.
    fn bad_news(&self) -> Vec<String> {
        let Skipped { marks, bare, wrapped, in_data, line_ends, open, unterminated, .. } = self.state.skipped();
        let (name, mut messages) = (self.name, Vec::new());
        if let Some(first) = marks.first {
            let lines = count(marks.count, "line", "lines");
            let (behind, is_at_start) = match self.behind(first) {
                Some(text) if text.is_empty() => ("at the beginning".into(), true),
                Some(text) => (format!("behind '{text}'"), false),
                None => ("behind other text".into(), false),
            };
            let query = self.line(first).as_deref().and_then(query);
            let hint = match (self.layout.formats(), self.layout.is_unknown) {
                _ if query.is_some() => query.as_deref().unwrap_or_default(),
                _ if is_at_start => "--prefix '' may read them",
                ([], false) => "--prefix auto may read them",
                ([], true) => "no two of them have the same text there; --prefix TEXT may read some",
                _ => "another --prefix TEXT may read them",
            };
            messages.push(format!("{name}:{first}: {lines} with `650 STREAM` {behind} not read: {hint}"));
        }
        if let Some(first) = bare.first {
            let lines = count(bare.count, "line", "lines");
            let (behind, hint) = match self.behind(first) {
                Some(text) if !text.is_empty() => (format!(" behind '{text}'"), "--bare --prefix auto may read them"),
                _ => (String::new(), "--bare reads them"),
            };
            messages
                .push(format!("{name}:{first}: {lines} with an event without its code 650{behind} not read: {hint}"));
        }
        if let Some(first) = wrapped.first {
            let lines = count(wrapped.count, "line", "lines");
            messages.push(format!(
                "{name}:{first}: {lines} not read that begin like the rest of an event: put each wrapped event on one line"
            ));
        }
        let lines = count(in_data.count, "line in it looks like an event", "lines in it look like events");
        match (open, in_data.first) {
            (Some(reply), None) => {
                messages.push(format!("{name}:{reply}: data of the reply in line {reply} does not end"));
            }
            (Some(reply), Some(_)) => messages.push(format!(
                "{name}:{reply}: data of the reply in line {reply} does not end, {lines}: --no-data reads them"
            )),
            (None, Some(first)) => {
                messages.push(format!(
                    "{name}:{first}: data of a reply, {lines}: --no-data reads it as if there were no data"
                ));
            }
            (None, None) => {}
        }
        if let Some(first) = line_ends.first {
            let ends = count(line_ends.count, "line end is", "line ends are");
            messages.push(format!(
                "{name}:{first}: {ends} unlike the first reply's: --line-end lf reads every line of a log"
            ));
        }
        if let Some(last) = unterminated {
            let line = self.line(last).unwrap_or_default();
            messages.push(if memmem::find(&line, b"\r650 ").is_some() {
                format!("{name}:{last}: lines end with CR alone: try `tr '\\r' '\\n' <FILE | tor-streams -`")
            } else {
                format!("{name}:{last}: the last line has no end, so some of it may be missing")
            });
        }
        if messages.is_empty() && self.state.replies() == 0 && self.state.bytes() > 0 {
            messages.push(format!(
                "tor-streams: {name}: no line begins with a reply of a control port, such as `650 STREAM`"
            ));
        }
        messages
    }

    /// Returns the text before the event in a line. `None` if it is not known.
    fn behind(&self, number: u64) -> Option<String> {
        let line = self.line(number)?;
        let at = memmem::find(&line, MARK).or_else(|| rewrite::bare_event(&line))?;
        line.get(..at).map(shown)
    }

    /// Returns a line of the log. `None` if it cannot be read again.
    fn line(&self, number: u64) -> Option<Vec<u8>> {
        let text: Box<dyn Read> = match self.input.again() {
            Some(text) => text.ok()?,
            None => Box::new(io::Cursor::new(self.layout.beginning()?)),
        };
        let mut text = BufReader::new(text);
        for _ in 1..number {
            text.skip_until(b'\n').ok()?;
        }
        let mut line = Vec::new();
        text.take(1 << 16).read_until(b'\n', &mut line).ok()?;
        Some(line).filter(|line| !line.is_empty())
    }
}

/// Returns the command that reads an event in a JSON object with more fields behind the event, as Docker and journald write it.
fn query(line: &[u8]) -> Option<String> {
    let at = memmem::find(line, MARK).filter(|_| line.starts_with(b"{") && LogFormat::of_line(line).is_none())?;
    let (before, event) = line.split_at_checked(at)?;
    let key = core::str::from_utf8(before).ok()?.strip_suffix('"')?.trim_end().strip_suffix(':')?.trim_end();
    let key = key.strip_suffix('"')?.rsplit('"').next()?;
    let is_word = key.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    let is_field = is_word && !key.is_empty() && before.iter().filter(|&&byte| byte == b'{').count() == 1;
    // If the event has its line end, another event would be a line of its own.
    let raw = if memmem::find(event, b"\\n\"").is_some() { "j" } else { "r" };
    is_field.then(|| format!("it is JSON: try `jq -{raw} .{key} FILE | tor-streams -`"))
}

/// Returns a number with its noun and verb.
fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Returns text of a log for a message: escaped, without credentials, and not too long.
fn shown(text: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(text).into_owned();
    for keyword in ["SOCKS_USERNAME=", "SOCKS_PASSWORD=", "AUTHENTICATE "] {
        if let Some(at) = text.find(keyword) {
            // The end of the value may not be certain.
            text.truncate(at + keyword.len());
            text.push_str("***");
        }
    }
    let len = text.chars().count();
    if len > SHOWN {
        let start: String = text.chars().take(SHOWN / 2).collect();
        let end: String = text.chars().skip(len - SHOWN / 2).collect();
        text = format!("{start}...{end}");
    }
    escape(&text).into_owned()
}
