//! Layouts: the form in which a log writes its events, set by options or learned from its beginning.
//!
//! A format ([`LogFormat`]) is the text that a log writes before each reply, its prefix, and the text after it, such as a
//! quotation mark. Dates, times and numbers before a reply need no format: the library reads them in any log. Events behind
//! other text are only counted, until `--prefix` sets a format or has it learned.
//!
//! Some lines are [rewritten](rewrite) before the library reads them: events without their code (`--bare`), replies without
//! their data (`--no-data`), and, with any `--prefix`, TAI64N labels before replies, which become Unix time.

pub(crate) mod rewrite;

use alloc::sync::Arc;
use std::collections::HashMap;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use tor_stream_event::{EventLine, EventReader, LineEnd, LogFormat, stream_events};

use self::rewrite::Rewriter;

/// The options that describe the form of a log.
#[allow(rustdoc::broken_intra_doc_links, reason = "the help of an option is no Markdown")]
#[derive(clap::Args, serde::Serialize)]
pub(crate) struct LayoutOptions {
    /// The text that the log writes before each event, such as 'Nov 25 10:00:00 gw tor[811]: '
    ///
    /// Digits, months and weekdays in TEXT stand for any others. A whole line with an event may be given: then the text after
    /// the event is taken from it, too. `auto` learns the text from the first line that a second one is like, and says what
    /// it is. Can be given 4 times
    #[arg(long, help_heading = "Unusual logs", value_name = "auto|TEXT")]
    prefix: Vec<String>,
    /// Also read events without the code 650, as programs print them: `STREAM 18 NEW`
    #[arg(long, help_heading = "Unusual logs")]
    bare: bool,
    /// How lines end: `crlf` in a capture of a control connection, `lf` in a log; `auto` does what the first reply does
    #[arg(long, help_heading = "Unusual logs", value_enum, value_name = "auto|crlf|lf", default_value_t = LineEndChoice::Auto)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    line_end: LineEndChoice,
    /// Take no line for data of a reply: the log is without it, as after `grep 650`
    #[arg(long, help_heading = "Unusual logs")]
    no_data: bool,
}

/// A value of `--line-end`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
enum LineEndChoice {
    /// The line end of the first reply.
    Auto,
    /// CR LF.
    Crlf,
    /// LF.
    Lf,
}

/// Maximum number of bytes from the beginning of a log that a format is learned from: two lines with an event are nearly always
/// among them.
pub(crate) const LEARNED_FROM: usize = 512 * 1024;

/// Maximum number of lines with an event that are compared with all later ones to learn a format. Lines that fit a learned format are
/// not compared, so this limits the work for a log of very many lines that are unlike.
const MAX_SAMPLES: usize = 256;

/// Number of bytes of the beginning that are read at once.
const CHUNK: usize = 64 * 1024;

/// Length of a TAI64N label and the space after it: `@`, 24 digits, a space.
const LABEL_LEN: u64 = 26;

/// Text of an event, wherever it stands in a line: a mark of a line that may have an event.
pub(crate) const MARK: &[u8] = b"650 STREAM ";

/// The source of a log's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextSource {
    /// A regular file, which can be opened again.
    File,
    /// Standard input, or another one that can be read only once. A program may still be writing it.
    Stream,
}

/// The layout of one log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// Texts around each reply.
    formats: Vec<LogFormat>,
    /// Number of `formats` whose prefix is the text of an option; those after them were learned (`--prefix auto`).
    given: usize,
    /// Set if formats were to be learned, and none of the first lines with the text of an event is like a later one.
    pub(crate) is_unknown: bool,
    /// Set if formats were to be learned, and no line in the [beginning](LEARNED_FROM) has the text of an event.
    pub(crate) is_without_sample: bool,
    /// Set if the log has TAI64N labels, which are rewritten.
    pub(crate) has_labels: bool,
    /// Line end of the log; `None` to detect it.
    line_end: Option<LineEnd>,
    /// Beginning of a log that cannot be opened again, for messages about its lines. The reader fills it.
    beginning: Option<Arc<Mutex<Vec<u8>>>>,
}

/// A reader that keeps the beginning of its bytes.
struct BeginningKeeper<R> {
    /// The reader.
    reader: R,
    /// Kept beginning, of at most [`LEARNED_FROM`] bytes.
    beginning: Arc<Mutex<Vec<u8>>>,
}

impl<R: Read> Read for BeginningKeeper<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let mut beginning = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        let room = LEARNED_FROM.saturating_sub(beginning.len());
        beginning.extend_from_slice(buffer.get(..read.min(room)).unwrap_or_default());
        Ok(read)
    }
}

impl LayoutOptions {
    /// Value of `--prefix` that stands for learned formats.
    const AUTO: &'static str = "auto";

    /// Returns the conflict between the options, if there is one.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        if self.prefix.len() > LogFormat::MAX_FORMATS {
            return Some("--prefix may be given 4 times");
        }
        let is_log = !self.prefix.is_empty() || self.bare || self.no_data;
        if is_log && self.line_end == LineEndChoice::Crlf {
            return Some("--line-end crlf is for captures, and --prefix, --bare and --no-data are for logs");
        }
        let wrong = self.prefix.iter().any(|text| text != Self::AUTO && format(text.as_bytes(), &[]).is_none());
        wrong.then_some("--prefix is text of up to 128 bytes that does not end with a digit")
    }

    /// Detects the layout of a log by its beginning. Returns the log's text, with lines rewritten as the options ask for, and
    /// the layout.
    ///
    /// # Errors
    ///
    /// If the beginning of the log cannot be read.
    pub(crate) fn detect(
        &self,
        mut text: Box<dyn Read + Send>,
        source: TextSource,
    ) -> io::Result<(Box<dyn Read + Send>, Layout)> {
        let mut layout = Layout { line_end: self.line_end(), ..Layout::default() };
        // Each step reads the text that the steps before have rewritten.
        if source == TextSource::Stream {
            text = layout.keep_beginning(text);
        }
        if self.bare {
            text = Box::new(Rewriter::new(text, rewrite::with_code));
        }
        if self.depends_on_beginning() {
            text = layout.replace_labels(text)?;
            let beginning = self.learn_formats(&mut text, &mut layout, source)?;
            text = Box::new(Cursor::new(beginning).chain(text));
        }
        if self.no_data {
            let state = layout.events(io::empty()).state();
            text = Box::new(Rewriter::new(text, move |line| rewrite::without_data(line, &state)));
        }
        Ok((text, layout))
    }

    /// Returns the line end that the options set; `None` to detect it.
    fn line_end(&self) -> Option<LineEnd> {
        match self.line_end {
            LineEndChoice::Crlf => Some(LineEnd::CrLf),
            LineEndChoice::Lf => Some(LineEnd::Lf),
            // Only logs are rewritten line by line: on the wire a LF need not end a line.
            LineEndChoice::Auto => (self.bare || self.no_data).then_some(LineEnd::Lf),
        }
    }

    /// Returns the layout of a file, given its first [`LEARNED_FROM`] bytes, or fewer if the layout does not
    /// [depend on them](Self::depends_on_beginning). `None` if the file has to be rewritten while it is read.
    pub(crate) fn of_start(&self, start: &[u8]) -> Option<Layout> {
        let (_, layout) = self.detect(Box::new(Cursor::new(start.to_vec())), TextSource::File).ok()?;
        (!self.bare && !self.no_data && !layout.has_labels).then_some(layout)
    }

    /// Returns `true` if the formats depend on the beginning of a log: `--prefix auto` learns them there, and `--prefix TEXT`
    /// the text after an event.
    pub(crate) fn depends_on_beginning(&self) -> bool {
        !self.prefix.is_empty()
    }

    /// Reads the beginning of a log, sets the formats by it, and returns the bytes read. Of a stream, no more than needed are
    /// read: further ones may come much later.
    fn learn_formats(&self, text: &mut impl Read, layout: &mut Layout, source: TextSource) -> io::Result<Vec<u8>> {
        let (mut start, mut chunk) = (Vec::new(), vec![0; CHUNK]);
        loop {
            let room = CHUNK.min(LEARNED_FROM - start.len());
            let read = match text.read(chunk.get_mut(..room).unwrap_or_default()) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            start.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if read == 0 || start.len() >= LEARNED_FROM {
                self.set_formats(&start, layout);
                return Ok(start);
            }
            let complete = start.get(..complete_lines_len(&start)).unwrap_or_default();
            if source == TextSource::Stream && self.set_formats(complete, layout) {
                return Ok(start);
            }
        }
    }

    /// Sets the formats of a layout by the first lines of the log. Returns `false` if more lines are needed: no event can be read yet,
    /// and a format may still be learned or completed.
    fn set_formats(&self, start: &[u8], layout: &mut Layout) -> bool {
        let with_mark = lines_with_mark(start);
        // A call with fewer lines may have set these.
        (layout.is_unknown, layout.is_without_sample) = (false, false);
        let given = self.prefix.iter().filter(|text| *text != Self::AUTO);
        layout.formats = given.filter_map(|text| format(text.as_bytes(), &with_mark)).collect();
        layout.given = layout.formats.len();
        let learns = layout.given < self.prefix.len();
        if !learns {
            // A later line could complete a format, by the text after an event or the space before one. But once an event can be read,
            // it is passed on without waiting for such a line.
            let state = layout.events(io::empty()).state();
            return with_mark.iter().any(|line| state.reply_prefix(line).is_some());
        }
        if layout.formats.is_empty() && needs_no_format(start, layout.line_end) {
            // A format would do harm: dates would be text, and a capture would be read as a log.
            return true;
        }
        let samples = add_learned_formats(&mut layout.formats, &with_mark);
        let has_learned = !layout.learned_formats().is_empty();
        layout.is_unknown = !has_learned && !with_mark.is_empty();
        layout.is_without_sample = with_mark.is_empty();
        has_learned || samples == MAX_SAMPLES
    }
}

/// Returns the lines in a text that have the [`MARK`] of an event, without their ends.
fn lines_with_mark(text: &[u8]) -> Vec<&[u8]> {
    text.split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| memchr::memmem::find(line, MARK).is_some())
        .collect()
}

/// Adds the formats of lines with the mark of an event. A single line may be anything, so a later line has to fit the format as
/// well. Returns the number of lines that were compared with later ones, up to [`MAX_SAMPLES`].
fn add_learned_formats(formats: &mut Vec<LogFormat>, with_mark: &[&[u8]]) -> usize {
    // Of very many lines, only those are compared that have the same outline as another one.
    let mut outlines = HashMap::<_, usize>::new();
    if with_mark.len() > MAX_SAMPLES {
        with_mark.iter().for_each(|line| *outlines.entry(outline(line)).or_default() += 1);
    }
    let is_alone = |line: &[u8]| outlines.get(&outline(line)) == Some(&1);
    // In a log with text around its events, lines without such text are more likely to be data of a reply.
    let has_text = |format: &LogFormat| !format.before().is_empty() || !format.after().is_empty();
    let mut samples = 0;
    for (index, line) in with_mark.iter().enumerate() {
        if formats.len() == LogFormat::MAX_FORMATS || samples == MAX_SAMPLES {
            break;
        }
        if formats.iter().any(|format| format.fits(line)) || is_alone(line) {
            continue;
        }
        let Some(format) = LogFormat::of_line(line).filter(has_text) else { continue };
        samples += 1;
        let later = with_mark.get(index + 1..).unwrap_or_default();
        if later.iter().any(|line| format.fits(line)) {
            formats.push(format);
        }
    }
    samples
}

/// Returns the text before the mark of a line's event with `0` for each run of digits and one space for each run of spaces: the same
/// for nearly all lines that fit one format.
fn outline(line: &[u8]) -> Vec<u8> {
    let before = memchr::memmem::find(line, MARK).and_then(|end| line.get(..end)).unwrap_or(line);
    let mut outline: Vec<_> = before.iter().map(|&byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect();
    outline.dedup_by(|next, byte| next == byte && matches!(*byte, b'0' | b' '));
    outline
}

/// Returns the length of the complete lines that `text` begins with.
fn complete_lines_len(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(0, |lf| lf + 1)
}

/// Returns `true` if a log needs no format: it has events, no text after the first one, and no event behind text that the library
/// does not read.
fn needs_no_format(start: &[u8], line_end: Option<LineEnd>) -> bool {
    let mut events = stream_events(start);
    if let Some(line_end) = line_end {
        events = events.line_end(line_end);
    }
    let has_text_after =
        |line: &EventLine<'_>| LogFormat::of_line(line.line).is_some_and(|format| !format.after().is_empty());
    let first = events.next();
    if first.is_none_or(|first| has_text_after(&first)) {
        return false;
    }
    // The count of skipped lines is complete only at the end.
    events.by_ref().for_each(drop);
    events.skipped().marks.count == 0
}

/// Returns the format of a sample, a value of `--prefix`: a whole line with an event, or only the text before one. In the second
/// case, the format has the text after an event from the first line `with_mark` that begins with the sample.
fn format(sample: &[u8], with_mark: &[&[u8]]) -> Option<LogFormat> {
    // A line may also hold an event without its code, for --bare.
    let with_code = rewrite::with_code(sample);
    let sample = with_code.as_deref().unwrap_or(sample);
    if let Some(format) = LogFormat::of_line(sample) {
        return Some(format);
    }
    let before = memchr::memmem::find(sample, b"650 STREAM").and_then(|end| sample.get(..end)).unwrap_or(sample);
    // On the command line the space at the end is easily forgotten.
    let spaced = [before, b" "].concat();
    let texts = [before, spaced.as_slice()];
    let with_text_after = with_mark.iter().find_map(|line| {
        let of_line = LogFormat::of_line(line)?;
        let mut formats = texts.iter().filter_map(|before| LogFormat::like(before, of_line.after()));
        formats.find(|format| format.fits(line))
    });
    with_text_after.or_else(|| LogFormat::like(before, b""))
}

impl Layout {
    /// Returns a reader of a log's text that keeps the beginning for messages.
    fn keep_beginning(&mut self, text: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let beginning = Arc::<Mutex<Vec<u8>>>::default();
        self.beginning = Some(Arc::clone(&beginning));
        Box::new(BeginningKeeper { reader: text, beginning })
    }

    /// Detects TAI64N labels by the first line of a log, and returns the text with Unix time in their place.
    fn replace_labels(&mut self, mut text: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let mut start = Vec::new();
        text.by_ref().take(LABEL_LEN).read_to_end(&mut start)?;
        self.has_labels = rewrite::tai64n(&start).is_some();
        let text = Cursor::new(start).chain(text);
        Ok(if self.has_labels { Box::new(Rewriter::new(text, rewrite::with_unix_time)) } else { Box::new(text) })
    }

    /// Returns a reader of the events in a log.
    pub(crate) fn events<R: Read>(&self, reader: R) -> EventReader<R> {
        let mut events = EventReader::new(reader);
        if let Some(line_end) = self.line_end {
            events = events.line_end(line_end);
        }
        self.formats.iter().fold(events, |events, &format| events.log_format(format))
    }

    /// Returns the beginning of a log that cannot be opened again, of at most [`LEARNED_FROM`] bytes.
    pub(crate) fn beginning(&self) -> Option<Vec<u8>> {
        self.beginning.as_ref().map(|beginning| beginning.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Returns the formats that `--prefix auto` has learned.
    pub(crate) fn learned_formats(&self) -> &[LogFormat] {
        self.formats.get(self.given..).unwrap_or_default()
    }

    /// Returns all formats, given and learned.
    pub(crate) fn formats(&self) -> &[LogFormat] {
        &self.formats
    }
}

#[cfg(test)]
mod tests;
