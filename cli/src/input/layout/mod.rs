//! Layouts: the form in which a log writes its events, set by options or learned from its beginning.
//!
//! A format ([`LogFormat`]) is the text that a log writes before each reply, its prefix, and the text after it, such as a
//! quotation mark. Dates, times and numbers before a reply need no format: the library reads them in any log. A
//! layout also changes lines that the library does not read as they are, before it reads them ([`rewrite`]).

pub(crate) mod rewrite;

use alloc::sync::Arc;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use tor_stream_event::{EventLine, EventReader, LineEnd, LogFormat, stream_events};

use self::rewrite::Rewriter;

/// The options that describe the form of a log.
#[allow(rustdoc::broken_intra_doc_links, reason = "the help of an option is no Markdown")]
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LayoutOptions {
    /// The text that the log writes before each event, such as 'Nov 25 10:00:00 gw tor[811]: '
    ///
    /// Other digits, months and weekdays may stand in their place. A whole line with an event tells the text behind it as
    /// well. `auto` learns the text from the first line that a second one is like, and says what it is. Can be given 4 times
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LineEndChoice {
    /// The line end of the first reply.
    Auto,
    /// CR LF.
    Crlf,
    /// LF.
    Lf,
}

/// Maximum number of bytes from the beginning of a log that a format is learned from.
pub(crate) const LEARNED_FROM: usize = 512 * 1024;

/// Number of bytes of the beginning that are read at once.
const CHUNK: usize = 64 * 1024;

/// Length of a TAI64N label and the space after it.
const LABEL_LEN: usize = 26;

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
    /// Number of `formats` that options set; the others were learned.
    given: usize,
    /// Set if formats were to be learned, and no two lines with events fit the same one.
    pub(crate) is_unknown: bool,
    /// Set if formats were to be learned, and no line has an event in the part of the log that they are learned from.
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

    /// Returns the text of a log, ready to be read, and its layout.
    ///
    /// # Errors
    ///
    /// If the beginning of the log cannot be read.
    pub(crate) fn apply(
        &self,
        mut text: Box<dyn Read + Send>,
        source: TextSource,
    ) -> io::Result<(Box<dyn Read + Send>, Layout)> {
        let line_end = match self.line_end {
            LineEndChoice::Crlf => Some(LineEnd::CrLf),
            LineEndChoice::Lf => Some(LineEnd::Lf),
            // Only logs are rewritten line by line: on the wire a LF need not end a line.
            LineEndChoice::Auto => (self.bare || self.no_data).then_some(LineEnd::Lf),
        };
        let mut layout = Layout { line_end, ..Layout::default() };
        if source == TextSource::Stream {
            let beginning = Arc::<Mutex<Vec<u8>>>::default();
            layout.beginning = Some(Arc::clone(&beginning));
            text = Box::new(BeginningKeeper { reader: text, beginning });
        }
        if self.bare {
            text = Box::new(Rewriter::new(text, rewrite::with_code));
        }
        if !self.prefix.is_empty() {
            let start = first_bytes(&mut text, LABEL_LEN)?;
            layout.has_labels = rewrite::tai64n(&start).is_some();
            text = Box::new(Cursor::new(start).chain(text));
            if layout.has_labels {
                text = Box::new(Rewriter::new(text, rewrite::with_unix_time));
            }
            let start = self.learn(&mut text, &mut layout, source)?;
            text = Box::new(Cursor::new(start).chain(text));
        }
        if self.no_data {
            let state = layout.events(io::empty()).state();
            text = Box::new(Rewriter::new(text, move |line| rewrite::without_data(line, &state)));
        }
        Ok((text, layout))
    }

    /// Returns the layout of a file, given its first [`LEARNED_FROM`] bytes, or fewer if no formats are
    /// [learned](Self::learns). `None` if the file has to be rewritten while it is read.
    pub(crate) fn of_start(&self, start: &[u8]) -> Option<Layout> {
        let (_, layout) = self.apply(Box::new(Cursor::new(start.to_vec())), TextSource::File).ok()?;
        (!self.bare && !self.no_data && !layout.has_labels).then_some(layout)
    }

    /// Returns `true` if formats are learned from the beginning of a log.
    pub(crate) fn learns(&self) -> bool {
        !self.prefix.is_empty()
    }

    /// Learns the formats from the beginning of a log, and returns the bytes read. Of a stream, no more than needed are read:
    /// further ones may come much later.
    fn learn(&self, text: &mut impl Read, layout: &mut Layout, source: TextSource) -> io::Result<Vec<u8>> {
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
                self.find_formats(&start, layout);
                return Ok(start);
            }
            let complete = start.get(..complete_lines_len(&start)).unwrap_or_default();
            if source == TextSource::Stream && self.find_formats(complete, layout) {
                return Ok(start);
            }
        }
    }

    /// Finds the formats in the first lines. Returns `false` if more lines may change the result.
    fn find_formats(&self, start: &[u8], layout: &mut Layout) -> bool {
        let with_mark: Vec<&[u8]> = start
            .split(|&byte| byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| memchr::memmem::find(line, b"650 STREAM ").is_some())
            .collect();
        layout.formats.clear();
        let given = self.prefix.iter().filter(|text| *text != Self::AUTO);
        layout.formats.extend(given.filter_map(|text| format(text.as_bytes(), &with_mark)));
        layout.given = layout.formats.len();
        if layout.given == self.prefix.len() {
            // The text after an event is taken from the first line with one.
            return !with_mark.is_empty();
        }
        if layout.formats.is_empty() && needs_no_format(start, layout.line_end) {
            // A format would do harm: dates would be text, and a capture would be read as a log.
            return true;
        }
        for (index, line) in with_mark.iter().enumerate() {
            let is_known = layout.formats.iter().any(|format| format.fits(line));
            if is_known || layout.formats.len() == LogFormat::MAX_FORMATS {
                continue;
            }
            let later = with_mark.get(index + 1..).unwrap_or_default();
            // In a log with text around its events, lines without such text are more likely to be data of a reply.
            let has_text = |format: &LogFormat| !format.before().is_empty() || !format.after().is_empty();
            let learned = LogFormat::of_line(line).filter(has_text);
            // A single line may be anything. A format is learned if a later line fits it as well.
            layout.formats.extend(learned.filter(|format| later.iter().any(|line| format.fits(line))));
        }
        let is_learned = !layout.learned().is_empty();
        layout.is_unknown = !is_learned && !with_mark.is_empty();
        layout.is_without_sample = with_mark.is_empty();
        is_learned
    }
}

/// Reads up to `len` first bytes.
fn first_bytes(text: &mut impl Read, len: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    text.take(len as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Returns the length of the complete lines that `text` begins with.
fn complete_lines_len(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(0, |lf| lf + 1)
}

/// Returns `true` if a log needs no format: it has events, no text behind the first one, and no line that only looks like
/// an event.
fn needs_no_format(start: &[u8], line_end: Option<LineEnd>) -> bool {
    let mut events = stream_events(start);
    if let Some(line_end) = line_end {
        events = events.line_end(line_end);
    }
    let has_text_behind =
        |line: &EventLine<'_>| LogFormat::of_line(line.line).is_some_and(|format| !format.after().is_empty());
    let first = events.next();
    let is_plain = first.is_some_and(|first| !has_text_behind(&first));
    is_plain && events.by_ref().all(|_| true) && events.skipped().marks.count == 0
}

/// Returns the format of a sample, a value of `--prefix`: the text before an event, or a whole line with an event. For text
/// alone, the text after an event is that of the first line with an event whose prefix the sample fits.
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
    let learned = with_mark.iter().find_map(|line| {
        let after = LogFormat::of_line(line)?;
        let mut formats = texts.iter().filter_map(|before| LogFormat::like(before, after.after()));
        formats.find(|format| format.fits(line))
    });
    learned.or_else(|| LogFormat::like(before, b""))
}

impl Layout {
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

    /// Returns the formats that were learned.
    pub(crate) fn learned(&self) -> &[LogFormat] {
        self.formats.get(self.given..).unwrap_or_default()
    }

    /// Returns the formats.
    pub(crate) fn formats(&self) -> &[LogFormat] {
        &self.formats
    }
}
