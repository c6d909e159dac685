//! Reading one file with several threads.
//!
//! The file is cut into blocks, each thread takes the next one and reads its events, and what comes of them is put together
//! in order. A block has to begin with a reply that has a time before it: in a log that has one before each reply, it is a
//! reply whatever is before it, so that the block can be read by itself. What cannot be cut so, such as a log without
//! times, is read by one thread.

use alloc::collections::VecDeque;
use core::mem;
use std::io::{self, Cursor, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tor_stream_event::{EventReader, LineEnd, stream_events};

use crate::input::filter::Passes;
use crate::input::findings::Findings;
use crate::input::layout::Layout;
use crate::input::reader::{Consumer, Event, Reading, Section, read_section};
use crate::input::time::Time;
use crate::report;

/// The most bytes of a block. So no line in one is longer than a line may be.
const BLOCK: usize = EventReader::<&[u8]>::DEFAULT_LIMIT;

/// How many bytes are read at once.
const CHUNK: usize = 64 * 1024;

/// A consumer that can take the events of a block in another thread.
pub(crate) trait Parallel: Consumer {
    /// What takes them there.
    type Part: Consumer + Send;

    /// Returns what takes the events of the next block.
    fn part(&self) -> Self::Part;

    /// Takes what came of a block.
    fn add(&mut self, part: Self::Part) -> io::Result<()>;
}

/// Does what [`read`](crate::input::reader::read) does, with several threads.
///
/// # Errors
///
/// If the consumer fails.
pub(crate) fn read<C: Parallel>(
    options: &Reading,
    name: &str,
    reader: impl Read + Send,
    layout: &Layout,
    consumer: &mut C,
) -> io::Result<bool> {
    let (requests, waiting) = channel();
    let source = Mutex::new(Source { log: Log::new(reader), waiting });
    let all_read = thread::scope(|scope| {
        for _ in 0..options.jobs.get() {
            scope.spawn(|| work(options, name, &source));
        }
        collect(options, requests, consumer)
    })?;
    let log = source.into_inner().unwrap_or_else(PoisonError::into_inner).log;
    let rest = Section {
        layout,
        reader: Cursor::new(log.rest).chain(Failing(log.failed)).chain(log.reader),
        line_end: log.time.map(|_| LineEnd::Lf),
        lines: log.lines,
        offset: log.offset,
    };
    Ok(read_section(options, name, rest, consumer, &mut Findings::default())?.0 && all_read)
}

/// What threads take blocks from, one thread at a time.
struct Source<R, P> {
    /// The log.
    log: Log<R>,
    /// What is asked for, in the order of the blocks.
    waiting: Receiver<Request<P>>,
}

/// What is asked for.
struct Request<P> {
    /// What takes the events of a block.
    part: P,
    /// Where the block is put.
    bytes: Vec<u8>,
    /// Where all goes then. It is dropped if there is no block.
    reply: SyncSender<Done<P>>,
}

/// A block that was read.
struct Done<P> {
    /// Its memory, for another one.
    bytes: Vec<u8>,
    /// What came of its events.
    part: io::Result<P>,
    /// What could not be read.
    messages: Vec<String>,
}

/// Asks for blocks, and puts together what comes of them. Returns `false` if an event could not be read.
fn collect<C: Parallel>(options: &Reading, requests: Sender<Request<C::Part>>, consumer: &mut C) -> io::Result<bool> {
    let mut all_read = true;
    let request = |part, bytes| {
        let (reply, result) = sync_channel(1);
        // If no thread is there to take it, the result says so.
        let _ = requests.send(Request { part, bytes, reply });
        result
    };
    // One for each thread to work on, and some that it can go on with when that is done.
    let mut results: VecDeque<_> = (0..4 * options.jobs.get()).map(|_| request(consumer.part(), Vec::new())).collect();
    while let Some(Ok(Done { bytes, part, messages })) = results.pop_front().map(|result| result.recv()) {
        consumer.add(part?)?;
        for message in messages {
            consumer.unreadable()?;
            report(format_args!("{message}"));
            all_read = false;
        }
        results.push_back(request(consumer.part(), bytes));
    }
    Ok(all_read)
}

/// Reads blocks as long as one is asked for and there is one.
fn work<P: Consumer>(options: &Reading, name: &str, source: &Mutex<Source<impl Read, P>>) {
    loop {
        let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(Request { mut part, bytes, reply }) = source.waiting.recv() else {
            return;
        };
        let Some(block) = source.log.next_block(bytes) else {
            return;
        };
        drop(source);
        let mut messages = Vec::new();
        let mut lines = stream_events(&block.bytes).line_end(LineEnd::Lf);
        if options.lenient {
            lines = lines.lenient(true);
        }
        let result = lines
            .try_for_each(|mut line| {
                line.number += block.lines;
                line.offset += block.offset;
                options.take(&line, &mut part, &mut Findings::default(), |error| {
                    messages.push(format!("{name}:{}: {error}", line.number))
                })
            })
            .and_then(|()| part.bytes(&block.bytes));
        // Nobody waits for it if the consumer failed.
        let _ = reply.send(Done { bytes: block.bytes, part: result.map(|()| part), messages });
    }
}

/// A log that is cut into blocks.
struct Log<R> {
    /// Where it is read from.
    reader: R,
    /// Room for what is read at once.
    chunk: Vec<u8>,
    /// What was read and is in no block yet.
    rest: Vec<u8>,
    /// How many lines are before that.
    lines: u64,
    /// How many bytes.
    offset: u64,
    /// What is before the first event: a time.
    time: Option<Vec<u8>>,
    /// Why reading failed.
    failed: Option<io::Error>,
}

/// A part of a log, with whole lines.
struct Block {
    /// Its bytes.
    bytes: Vec<u8>,
    /// How many lines are before it.
    lines: u64,
    /// How many bytes.
    offset: u64,
}

impl<R: Read> Log<R> {
    /// Returns a log before its first byte.
    fn new(reader: R) -> Self {
        Self { reader, chunk: vec![0; CHUNK], rest: Vec::new(), lines: 0, offset: 0, time: None, failed: None }
    }

    /// Returns the next block, and uses the memory of `bytes` for it. `None` if what is left cannot be cut.
    fn next_block(&mut self, mut bytes: Vec<u8>) -> Option<Block> {
        self.fill();
        let end = self.cut()?;
        bytes.clear();
        bytes.extend_from_slice(self.rest.get(end..)?);
        self.rest.truncate(end);
        mem::swap(&mut bytes, &mut self.rest);
        let block = Block { lines: self.lines, offset: self.offset, bytes };
        self.lines += memchr::memchr_iter(b'\n', &block.bytes).count() as u64;
        self.offset += block.bytes.len() as u64;
        Some(block)
    }

    /// Reads as much as a block may have.
    fn fill(&mut self) {
        while self.failed.is_none() && self.rest.len() < BLOCK {
            let room = self.chunk.len().min(BLOCK - self.rest.len());
            let chunk = self.chunk.get_mut(..room).unwrap_or_default();
            match self.reader.read(chunk) {
                Ok(0) => return,
                Ok(read) => self.rest.extend_from_slice(chunk.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failed = Some(error),
            }
        }
    }

    /// Returns where the last line begins that a block can begin with.
    fn cut(&mut self) -> Option<usize> {
        let mut first = 0;
        if self.time.is_none() {
            let mut events = stream_events(&self.rest);
            let event = events.next().filter(|event| !event.prefix.is_empty() && events.skipped().open.is_none())?;
            first = event.offset as usize;
            self.time = Some(event.prefix.to_vec());
        }
        let time = self.time.as_deref()?;
        let line_starts = memchr::memrchr_iter(b'\n', &self.rest).map(|lf| lf + 1);
        line_starts
            .take_while(|&start| start > first)
            .find(|&start| self.rest.get(start..).is_some_and(|line| is_reply_at_such_a_time(line, time)))
    }
}

/// Returns `true` if a line begins like `time` but for the digits, and with a reply behind it.
fn is_reply_at_such_a_time(line: &[u8], time: &[u8]) -> bool {
    let same = |(ours, theirs): (&u8, &u8)| ours == theirs || (ours.is_ascii_digit() && theirs.is_ascii_digit());
    let Some((start, reply)) = line.split_at_checked(time.len()) else {
        return false;
    };
    let is_reply =
        matches!(reply, [a, b, c, b' ' | b'-' | b'+', ..] if [a, b, c].iter().all(|byte| byte.is_ascii_digit()));
    is_reply && start.iter().zip(time).all(same)
}

/// What gives an error, if there is one, and nothing else.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The events of a block, for a consumer that has to take all of them in order.
#[derive(Default)]
pub(crate) struct Events {
    /// Their lines.
    lines: Vec<u8>,
    /// The number of each line, and how many bytes are before it.
    places: Vec<(u64, u64)>,
    /// The conditions of the filters that each meets.
    passes: Vec<Passes>,
}

impl Events {
    /// Calls a function with each event.
    pub(crate) fn each(&self, mut function: impl FnMut(&Event<'_>) -> io::Result<()>) -> io::Result<()> {
        // Read leniently, an event that was accepted is what it was.
        let lines = stream_events(&self.lines).line_end(LineEnd::Lf).lenient(true);
        for ((mut line, &(number, offset)), &passes) in lines.zip(&self.places).zip(&self.passes) {
            (line.number, line.offset) = (number, offset);
            if let Ok(event) = &line.event {
                function(&Event { line: &line, event, time: Time::of(&line), passes })?;
            }
        }
        Ok(())
    }
}

impl Consumer for Events {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let line = event.line;
        self.lines.extend_from_slice(line.line);
        // A LF alone would make a CR before it part of the line's end.
        self.lines.extend_from_slice(b"\r\n");
        self.places.push((line.number, line.offset));
        self.passes.push(event.passes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_log() {
        let lines = (0..40_000).map(|n| match n % 5 {
            0 => format!("2019-01-31 11:29:51 {}.5 650 STREAM {n} NEW 0 a:1\r\n", 1_548_934_191 + n),
            1 => format!("2019-01-31 11:29:51 {}.52 250+data=\n", 1_548_934_191 + n),
            2 => "650 STREAM 7 NEW 0 data:1\n".repeat(n % 50),
            3 => ".\n".into(),
            _ => "Something else\n".into(),
        });
        let bytes = lines.collect::<String>().into_bytes();
        let (mut log, mut found, mut lines, mut blocks) = (Log::new(bytes.as_slice()), Vec::new(), 0, 0);
        while let Some(block) = log.next_block(Vec::new()) {
            assert_eq!((block.offset, block.lines), (found.len() as u64, lines));
            assert!(block.bytes.starts_with(b"2019-01-31 "));
            found.extend_from_slice(&block.bytes);
            lines += block.bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
            blocks += 1;
        }
        found.extend_from_slice(&log.rest);
        assert!(found == bytes && log.rest.len() < 2000);
        assert_eq!(blocks, bytes.len() / BLOCK + 1);
    }

    #[test]
    fn what_cannot_be_cut() {
        let time = "1:2 650 STREAM 1 NEW 0 a:1\n";
        for (log, can) in [
            ("650 STREAM 1 NEW 0 a:1\n".repeat(9), false),
            (["650 STREAM 1 NEW 0 a:1\n", &time.repeat(9)].concat(), false),
            ([time, &"1:22 650 STREAM 1 NEW 0 a:1\n".repeat(9)].concat(), false),
            ([time, &"1:2 650\n1:2 650_STREAM\n".repeat(9)].concat(), false),
            ([time, "1:2"].concat(), false),
            (["650+data\n", time, "1:2 650 BW 1 2\n"].concat(), false),
            (["650+data\n", time, ".\n", time, "1:2 650 BW 1 2\n"].concat(), true),
            ([time, "9:9 551 \n"].concat(), true),
            (["Begin\n", time, time].concat(), true),
        ] {
            assert_eq!(Log::new(log.as_bytes()).next_block(Vec::new()).is_some(), can, "{log}");
        }
    }
}
