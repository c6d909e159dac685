//! Program under callgrind: one function for each operation, called once, on the lines of one input.
//!
//! With an operation and an input as arguments the program runs one measurement and prints the number of events; with any
//! other number of arguments it lists the measurements.

#[path = "../../common/mod.rs"]
mod common;

use std::hint::black_box;
use std::process::ExitCode;

use common::corpus::{self, Corpus};
use common::reading::{every_field, glance};
use tor_stream_event::{EventDecoder, StreamEvent, StreamEventRef, stream_events};

/// Number of events, and a sum of their values, so that the compiler cannot leave out the reading of any.
type Count = (u64, u64);

/// Defines one function for each operation, with a symbol that callgrind can start and stop at, and never inlined.
macro_rules! operations {
    ($($name:ident($input:ident: $type:ty) $body:block)+) => {
        $(
            #[unsafe(no_mangle)]
            #[inline(never)]
            fn $name($input: $type) -> Count $body
        )+
    };
}

operations! {
    parse(texts: &[&str]) {
        each(texts, |text| glance(black_box(&StreamEventRef::parse(text))))
    }

    parse_bytes(contents: &[&[u8]]) {
        each(contents, |content| glance(black_box(&StreamEventRef::parse_bytes(content))))
    }

    parse_lenient(contents: &[&[u8]]) {
        each(contents, |content| glance(black_box(&StreamEventRef::parse_lenient(content))))
    }

    parse_and_read(texts: &[&str]) {
        each(texts, |text| black_box(&StreamEventRef::parse(text)).as_ref().map_or(1, every_field))
    }

    parse_owned(texts: &[&str]) {
        each(texts, |text| black_box(&StreamEvent::parse(text)).as_ref().map_or(1, |event| event.target_port.into()))
    }

    // With the default, which detects the line end.
    whole_buffer(buffer: &[u8]) {
        each(stream_events(buffer), |line| glance(black_box(&line.event)))
    }

    // With the default line end, CR LF.
    decoder_4k(buffer: &[u8]) {
        let mut decoder = EventDecoder::<4096>::new();
        let (mut events, mut sum) = (0, 0);
        for mut piece in buffer.chunks(4096) {
            while let Some(line) = decoder.next_event(&mut piece) {
                events += 1;
                sum += glance(black_box(&line.event));
            }
        }
        (events, sum)
    }
}

/// Counts items, and sums up the values that `read` returns for them.
#[inline]
fn each<T>(items: impl IntoIterator<Item = T>, mut read: impl FnMut(T) -> u64) -> Count {
    items.into_iter().fold((0, 0), |(events, sum), item| (events + 1, sum + read(item)))
}

/// An operation, by the input that it takes.
#[derive(Clone, Copy)]
enum Operation {
    /// On contents that are UTF-8.
    Texts(fn(&[&str]) -> Count),
    /// On contents.
    Contents(fn(&[&[u8]]) -> Count),
    /// On a buffer of whole lines.
    Buffer(fn(&[u8]) -> Count),
}

/// Every operation that is measured on each of [`CORPORA`].
const OPERATIONS: [(&str, Operation); 6] = [
    ("parse", Operation::Texts(parse)),
    ("parse_bytes", Operation::Contents(parse_bytes)),
    ("parse_lenient", Operation::Contents(parse_lenient)),
    ("parse_and_read", Operation::Texts(parse_and_read)),
    ("parse_owned", Operation::Texts(parse_owned)),
    ("whole_buffer", Operation::Buffer(whole_buffer)),
];

/// A function that makes an input.
type Make<T> = fn() -> T;

/// Inputs in which each line is an event.
const CORPORA: [(&str, Make<Corpus>); 4] = [
    ("modern", corpus::modern),
    ("legacy", corpus::legacy),
    ("credentials", corpus::credentials),
    ("hostile", corpus::hostile),
];

/// An operation on a whole file, in which most lines are no events.
struct OnFile {
    /// The operation's name.
    operation: &'static str,
    /// The file's name.
    input: &'static str,
    /// The operation.
    run: fn(&[u8]) -> Count,
    /// Function that reads the file.
    file: Make<&'static [u8]>,
}

/// Every operation that is measured on a whole file: a buffer with a log and a decoder with the bytes of a connection, as most
/// programs have them.
const ON_FILES: [OnFile; 2] = [
    OnFile { operation: "whole_buffer", input: "log", run: whole_buffer, file: corpus::log },
    OnFile { operation: "decoder_4k", input: "wire", run: decoder_4k, file: corpus::wire },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [operation, input] = arguments.as_slice() else {
        for (input, _) in CORPORA {
            for (operation, _) in OPERATIONS {
                println!("{operation} {input}");
            }
        }
        for OnFile { operation, input, .. } in ON_FILES {
            println!("{operation} {input}");
        }
        return ExitCode::SUCCESS;
    };
    let Some((events, sum)) = measure(operation, input) else {
        eprintln!("no such measurement: {operation} {input}");
        return ExitCode::FAILURE;
    };
    black_box(sum);
    println!("{events}");
    ExitCode::SUCCESS
}

/// Runs an operation on an input. `None` without such a measurement.
fn measure(operation: &str, input: &str) -> Option<Count> {
    if let Some(found) = ON_FILES.iter().find(|found| (found.operation, found.input) == (operation, input)) {
        return Some((found.run)(black_box((found.file)())));
    }
    let (_, operation) = OPERATIONS.iter().find(|entry| entry.0 == operation)?;
    let corpus = CORPORA.iter().find(|entry| entry.0 == input)?.1();
    Some(match operation {
        Operation::Texts(run) => run(black_box(corpus.texts)),
        Operation::Contents(run) => run(black_box(corpus.contents)),
        Operation::Buffer(run) => run(black_box(corpus.buffer)),
    })
}
