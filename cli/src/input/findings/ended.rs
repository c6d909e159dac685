//! The end of a log: messages about lines that look like events and were not read, and about formats that were learned.

use std::io::{self, BufRead, BufReader, Read};

use memchr::memmem;
use tor_stream_event::{LineEnd, LineState, LogFormat, Skipped};

use super::MARK;
use crate::input::Input;
use crate::input::layout::{Layout, rewrite};
use crate::output::table::{count, count_as};
use crate::output::text::escape;

/// Maximum number of characters of a log that a message shows at once: the width of a terminal.
const SHOWN_CHARS: usize = 80;

/// Maximum number of bytes of a line that messages look at. The text before an event is far shorter.
const MAX_LINE: u64 = 64 * 1024;

/// Number of bytes that are read at once in search of a line.
const CHUNK: usize = 64 * 1024;

/// Number of bytes before the text of an event in which a hint is searched for: those of the longest prefix.
const SEARCHED_BEFORE: usize = LogFormat::MAX_LEN;

/// Message about a log whose lines end with CR alone.
const CR_ALONE: &str = "lines end with CR alone: try `tr '\\r' '\\n' <FILE | tor-streams -`";

/// A log that was read to its end.
pub(crate) struct EndedLog<'e> {
    /// Name of the log in messages.
    pub(crate) name: &'e str,
    /// Input that holds the log.
    pub(crate) input: &'e Input,
    /// Layout of the log.
    pub(crate) layout: &'e Layout,
    /// State of the log's lines at its end.
    pub(crate) state: &'e LineState,
}

impl EndedLog<'_> {
    /// Returns the messages about formats that were learned.
    pub(super) fn learned(&self) -> Vec<String> {
        let labels = self.layout.has_labels.then(|| format!("tor-streams: {}: read with TAI64N times", self.name));
        let formats = self.layout.learned_formats().iter();
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
    pub(super) fn not_read(&self, has_events: bool) -> Vec<String> {
        let skipped = self.state.skipped();
        // Of all counted lines, only these have the text of an event for certain.
        let has_counted_events = skipped.marks.count + skipped.bare.count + skipped.in_data.count > 0;
        // The reader counts the marks in every line before the first reply: without a reply, none is left to be found.
        let is_search_useful = !has_events && !has_counted_events && self.state.replies() > 0;
        let inside = if is_search_useful { self.inside_of_lines() } else { None };
        let found = [
            self.other_text(&skipped),
            self.without_code(&skipped),
            self.wrapped(&skipped),
            self.in_data(&skipped),
            self.line_ends(&skipped),
            // Both may say that lines end with CR alone, so one of them is enough.
            inside.or_else(|| self.unterminated(&skipped)),
        ];
        let mut messages: Vec<String> = found.into_iter().flatten().collect();
        if messages.is_empty() && self.state.replies() == 0 && self.state.bytes() > 0 {
            messages.push(format!(
                "tor-streams: {}: no line begins with a reply of a control port, such as `650 STREAM`",
                self.name
            ));
        }
        messages
    }

    /// Returns the message about events behind text that is not a known prefix.
    fn other_text(&self, skipped: &Skipped) -> Option<String> {
        let first = skipped.marks.first?;
        let lines = count(skipped.marks.count, "line");
        let (behind, is_at_start) = match self.text_before_event(first) {
            Some(text) if text.is_empty() => ("at the beginning".into(), true),
            Some(text) => (format!("behind '{text}'"), false),
            None => ("behind other text".into(), false),
        };
        let jq_hint = self.line(first).as_deref().and_then(jq_hint);
        let hint = jq_hint.unwrap_or_else(|| self.prefix_hint(is_at_start).into());
        Some(format!("{}:{first}: {lines} with `650 STREAM` {behind} not read: {hint}", self.name))
    }

    /// Returns the hint at the option `--prefix` for events behind other text, or at the beginning of a line.
    fn prefix_hint(&self, is_at_start: bool) -> &'static str {
        if self.layout.is_without_sample {
            "--prefix auto learns from the first 512 KiB, which have no event; --prefix TEXT may read them"
        } else if is_at_start {
            "--prefix '' may read them"
        } else if !self.layout.formats().is_empty() {
            "another --prefix TEXT may read them"
        } else if self.layout.is_unknown {
            "no two of the first ones have the same text there; --prefix TEXT may read some"
        } else {
            "--prefix auto may read them"
        }
    }

    /// Returns the message about events without the code 650.
    fn without_code(&self, skipped: &Skipped) -> Option<String> {
        let first = skipped.bare.first?;
        let lines = count(skipped.bare.count, "line");
        let (behind, hint) = match self.text_before_event(first) {
            Some(text) if !text.is_empty() => (format!(" behind '{text}'"), "--bare --prefix auto may read them"),
            _ => (String::new(), "--bare reads them"),
        };
        Some(format!("{}:{first}: {lines} with an event without its code 650{behind} not read: {hint}", self.name))
    }

    /// Returns the message about events that a program wrapped.
    fn wrapped(&self, skipped: &Skipped) -> Option<String> {
        let first = skipped.wrapped.first?;
        let lines = count(skipped.wrapped.count, "line");
        let hint = "put each wrapped event on one line";
        Some(format!("{}:{first}: {lines} not read that begin like the rest of an event: {hint}", self.name))
    }

    /// Returns the message about data of a reply: that its end is missing, that lines in it look like events, or both.
    fn in_data(&self, skipped: &Skipped) -> Option<String> {
        let Skipped { in_data, open: open_reply, .. } = skipped;
        let lines = count_as(in_data.count, "line in it looks like an event", "lines in it look like events");
        let (at, message) = match (*open_reply, in_data.first) {
            (Some(reply), None) => (reply, format!("data of the reply in line {reply} does not end")),
            (Some(reply), Some(_)) => {
                (reply, format!("data of the reply in line {reply} does not end, {lines}: --no-data reads them"))
            }
            (None, Some(first)) => {
                (first, format!("data of a reply, {lines}: --no-data reads it as if there were no data"))
            }
            (None, None) => return None,
        };
        Some(format!("{}:{at}: {message}", self.name))
    }

    /// Returns the message about line ends of another kind.
    fn line_ends(&self, skipped: &Skipped) -> Option<String> {
        let first = skipped.line_ends.first?;
        let ends = count_as(skipped.line_ends.count, "line end is", "line ends are");
        let hint = "--line-end lf reads every line of a log";
        Some(format!("{}:{first}: {ends} unlike the first reply's: {hint}", self.name))
    }

    /// Returns the message about a last line without an end.
    fn unterminated(&self, skipped: &Skipped) -> Option<String> {
        let last = skipped.unterminated?;
        let line = self.line(last).unwrap_or_default();
        let message = if memmem::find(&line, b"\r650 ").is_some() {
            CR_ALONE
        } else {
            "the last line has no end, so some of it may be missing"
        };
        Some(format!("{}:{last}: {message}", self.name))
    }

    /// Returns the message about the first text in the log that looks like an event. A log without events is searched for it
    /// once more: the reader counts no event inside another reply, in a line that is too long, or behind a line end that is
    /// unlike the first reply's.
    fn inside_of_lines(&self) -> Option<String> {
        let (offset, before) = find_first(MARK, self.text()?)?;
        let line = self.number_at(offset)?;
        let hints = [
            ("\r", CR_ALONE),
            ("\\n", "try `sed 's/\\\\n/\\n/g' FILE | tor-streams -`"),
            ("\n", "--line-end lf may read it"),
        ];
        let nearest =
            hints.iter().filter_map(|(end, hint)| Some((memmem::rfind(&before, end.as_bytes())?, *hint))).max();
        let hint = nearest.map_or_else(String::new, |(_, hint)| format!(": {hint}"));
        Some(format!("{}:{line}: `650 STREAM` inside of other text, and no event was read{hint}", self.name))
    }

    /// Returns the message about NUL bytes.
    pub(super) fn nul(&self) -> String {
        let line = self
            .text()
            .and_then(|text| find_first(b"\0", text))
            .and_then(|(offset, _)| self.number_at(offset))
            .map_or_else(String::new, |line| format!(":{line}"));
        let hint =
            "some text is lost, or is compressed or UTF-16; `tr -d '\\0' <FILE | tor-streams -` reads on behind them";
        format!("{}{line}: NUL bytes: {hint}", self.name)
    }

    /// Returns the text before the event in a line, as a message shows it. `None` if the line cannot be read again, or has no event
    /// in its first [`MAX_LINE`] bytes.
    fn text_before_event(&self, number: u64) -> Option<String> {
        let line = self.line(number)?;
        let at = memmem::find(&line, MARK).or_else(|| rewrite::bare_event(&line))?;
        line.get(..at).map(shown)
    }

    /// Returns the text of the log, or its beginning if it cannot be read again. `None` if the file is gone.
    fn text(&self) -> Option<BufReader<Box<dyn Read>>> {
        let text: Box<dyn Read> = match self.input.reopen() {
            Some(text) => text.ok()?,
            None => Box::new(io::Cursor::new(self.layout.beginning()?)),
        };
        Some(BufReader::with_capacity(CHUNK, text))
    }

    /// Returns the number of the line that has the byte at an offset. `None` if the log cannot be read again.
    fn number_at(&self, offset: u64) -> Option<u64> {
        let mut events = self.layout.events(self.text()?.take(offset + 1));
        while events.next_event().ok()?.is_some() {}
        Some(events.state().lines())
    }

    /// Returns the beginning of a line of the log, of at most [`MAX_LINE`] bytes. `None` if it cannot be read again.
    fn line(&self, number: u64) -> Option<Vec<u8>> {
        let mut text = self.text()?;
        if self.state.line_end() == Some(LineEnd::CrLf) {
            return self.line_on_the_wire(number, text);
        }
        // Skips the lines before. Counting those of a chunk takes a tenth of the time of a search for each line end.
        let mut to_skip = usize::try_from(number.saturating_sub(1)).ok()?;
        while to_skip > 0 {
            let chunk = text.fill_buf().ok().filter(|chunk| !chunk.is_empty())?;
            let mut line_ends = memchr::memchr_iter(b'\n', chunk);
            let in_chunk = line_ends.clone().count();
            let used = if in_chunk < to_skip { chunk.len() } else { line_ends.nth(to_skip - 1)? + 1 };
            to_skip = to_skip.saturating_sub(in_chunk);
            text.consume(used);
        }
        let mut line = Vec::new();
        text.take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
        Some(line).filter(|line| !line.is_empty())
    }

    /// Returns the beginning of a line on the wire, where a LF may be a byte of a name: the reader of events counts the lines.
    fn line_on_the_wire(&self, number: u64, mut text: impl BufRead) -> Option<Vec<u8>> {
        let mut events = self.layout.events(HandedText::default());
        let (mut line, mut piece) = (Vec::new(), Vec::new());
        loop {
            let lines = events.state().lines();
            if lines >= number {
                return Some(line);
            }
            piece.clear();
            if text.by_ref().take(MAX_LINE).read_until(b'\n', &mut piece).ok()? == 0 {
                // The last line may have no end.
                return Some(line).filter(|line| !line.is_empty());
            }
            if lines + 1 == number {
                let room = (MAX_LINE as usize).saturating_sub(line.len());
                line.extend_from_slice(piece.get(..room).unwrap_or(&piece));
            }
            events.get_mut().0 = io::Cursor::new(core::mem::take(&mut piece));
            // The error at the end of the piece comes once all of it is searched.
            while let Ok(Some(_)) = events.next_event() {}
            piece = core::mem::take(&mut events.get_mut().0).into_inner();
        }
    }
}

/// A text that is handed to a reader piece by piece. At the end of a piece, reading fails, as the text goes on.
#[derive(Default)]
struct HandedText(io::Cursor<Vec<u8>>);

impl Read for HandedText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

/// Returns the offset at which `bytes` occur first, and the text before them, up to [`SEARCHED_BEFORE`] bytes.
fn find_first(bytes: &[u8], mut text: impl BufRead) -> Option<(u64, Vec<u8>)> {
    let finder = memmem::Finder::new(bytes);
    // The last bytes of the chunks so far, with which `bytes` may begin, and the offset at which they begin.
    let (mut tail, mut tail_offset) = (Vec::new(), 0);
    loop {
        let chunk = text.fill_buf().ok().filter(|chunk| !chunk.is_empty())?;
        let len = chunk.len();
        tail.extend_from_slice(chunk);
        if let Some(at) = finder.find(&tail) {
            let before = tail.get(..at)?;
            return Some((
                tail_offset + at as u64,
                before.get(before.len().saturating_sub(SEARCHED_BEFORE)..)?.to_vec(),
            ));
        }
        text.consume(len);
        let dropped = tail.len().saturating_sub(bytes.len() + SEARCHED_BEFORE);
        tail_offset += dropped as u64;
        tail.drain(..dropped);
    }
}

/// Returns a hint at the `jq` command that reads the events of a log of JSON objects, such as Docker's or journald's. `None` for
/// any other line, and for one whose event is its last field, which a format can read.
fn jq_hint(line: &[u8]) -> Option<String> {
    let at = memmem::find(line, MARK).filter(|_| line.starts_with(b"{") && LogFormat::of_line(line).is_none())?;
    let (before, event) = line.split_at_checked(at)?;
    let key = core::str::from_utf8(before).ok()?.strip_suffix('"')?.trim_end().strip_suffix(':')?.trim_end();
    let key = key.strip_suffix('"')?.rsplit('"').next()?;
    let is_word = key.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    let is_field = is_word && !key.is_empty() && before.iter().filter(|&&byte| byte == b'{').count() == 1;
    // `jq -r` adds a line end to each event, `jq -j` none: Docker's field has that of the event already.
    let raw = if memmem::find(event, b"\\n\"").is_some() { "j" } else { "r" };
    is_field.then(|| format!("it is JSON: try `jq -{raw} .{key} FILE | tor-streams -`"))
}

/// Returns text of a log for a message: escaped, without credentials, and not too long.
fn shown(text: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(text).into_owned();
    mask_after_keywords(&mut text);
    mask_cut_credential(&mut text);
    let len = text.chars().count();
    if len > SHOWN_CHARS {
        let start: String = text.chars().take(SHOWN_CHARS / 2).collect();
        let end: String = text.chars().skip(len - SHOWN_CHARS / 2).collect();
        text = format!("{start}...{end}");
    }
    escape(&text).into_owned()
}

/// Masks the text after the first keyword of a credential. In a damaged line the end of the value is not certain, so the rest of
/// the text is masked.
fn mask_after_keywords(text: &mut String) {
    for keyword in ["SOCKS_USERNAME=", "SOCKS_PASSWORD=", "AUTHENTICATE "] {
        if let Some(at) = text.find(keyword) {
            text.truncate(at + keyword.len());
            text.push_str("***");
        }
    }
}

/// Masks the rest of a credential, or of its keyword, at the start of a text. A log that was cut, or a LF in a credential, may
/// begin a line in the middle of one.
fn mask_cut_credential(text: &mut String) {
    // Fields that tor prints after credentials, and the CR that ends an event, show that the credential has ended.
    let ends_of_credentials = ["\r", " CLIENT_PROTOCOL=", " NYM_EPOCH=", " SESSION_GROUP=", " ISO_FIELDS="];
    if let Some(at) = ends_of_credentials.iter().filter_map(|end| text.rfind(end)).max() {
        text.replace_range(..=at, "...");
    }
    let is_end_of_keyword =
        |word: &str| ["SOCKS_USERNAME", "SOCKS_PASSWORD"].iter().any(|keyword| keyword.ends_with(word));
    if let Some((word, _)) = text.split_once("=\"").filter(|(word, _)| is_end_of_keyword(word)) {
        *text = format!("{word}=***");
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{MARK, SEARCHED_BEFORE, find_first, shown};

    #[test]
    fn the_first_bytes_in_chunks_of_any_length() {
        // Longer than what is kept of the chunks before.
        let long = "0123456789".repeat(50);
        for (text, expected) in [
            ("650 BW 1 2\r650 STREAM 1 NEW 0 a:1\r\n", Some((11, b"650 BW 1 2\r".to_vec()))),
            ("a\nb\n650 STREAM 1", Some((4, b"a\nb\n".to_vec()))),
            ("650 STREAM 1", Some((0, Vec::new()))),
            ("a\n650 STREAM\n650 STREA\n", None),
            (
                &format!("{long}650 STREAM 1 650 STREAM 2"),
                Some((500, long.as_bytes()[500 - SEARCHED_BEFORE..].to_vec())),
            ),
        ] {
            for len in 1..=text.len() {
                assert_eq!(find_first(MARK, BufReader::with_capacity(len, text.as_bytes())), expected, "{len} {text}");
            }
        }
    }

    #[test]
    fn text_of_a_log_without_credentials() {
        for (text, expected) in [
            ("tor-1  | ", "tor-1  | "),
            ("SSWORD=\"s3cr3t\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 ISO_FIELDS=\rgw: ", "...gw: "),
            ("cr3t\" CLIENT_PROTOCOL=SOCKS5 ISO_FIELDS=", "...ISO_FIELDS="),
            ("KS_PASSWORD=\"s3cr3t\" ", "KS_PASSWORD=***"),
            ("ts=1 msg=\"", "ts=1 msg=\""),
            ("x SOCKS_USERNAME=\"a\" SOCKS_PASSWORD=\"b\" ISO_FIELDS=c", "x SOCKS_USERNAME=***"),
            ("x SOCKS_PASSWORD=\"b ISO_FIELDS=c", "x SOCKS_PASSWORD=***"),
        ] {
            assert_eq!(shown(text.as_bytes()), expected);
        }
    }
}
