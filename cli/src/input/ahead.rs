//! Decompression in a thread of its own.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Size of a chunk, in bytes: to decompress one takes much longer than to hand it over.
const CHUNK: usize = 128 * 1024;

/// Number of chunks that circulate between the two threads: each thread uses one, and two wait, so that neither thread stops as
/// soon as the other is slower.
const CHUNKS: usize = 4;

/// A reader whose bytes another thread reads ahead, so that decompression and the reading of events run side by side.
pub(crate) struct ReadAhead {
    /// Chunks that the thread has read, the last one empty, or its error.
    filled: Receiver<io::Result<Vec<u8>>>,
    /// Used chunks, which the thread fills again.
    used_chunks: Sender<Vec<u8>>,
    /// Chunk whose bytes are being returned.
    chunk: Vec<u8>,
    /// Number of bytes of `chunk` that were returned.
    returned: usize,
    /// Set at the end of the input, and after an error.
    is_over: bool,
}

impl ReadAhead {
    /// Starts the thread, which ends with the input, with its first error, or after this reader is dropped.
    ///
    /// # Errors
    ///
    /// If the system allows no more threads.
    pub(crate) fn start(reader: impl Read + Send + 'static) -> io::Result<Self> {
        let (filled_sender, filled) = channel();
        let (used_chunks, to_fill) = channel();
        let chunk = Vec::new();
        for _ in 1..CHUNKS {
            // Sending cannot fail: `to_fill` is still there.
            let _ = used_chunks.send(Vec::new());
        }
        thread::Builder::new().spawn(move || fill(reader, to_fill, &filled_sender))?;
        Ok(Self { filled, used_chunks, chunk, returned: 0, is_over: false })
    }
}

/// Reads chunks until the input ends, a read fails, or a channel is closed.
fn fill(mut reader: impl Read, to_fill: Receiver<Vec<u8>>, filled: &Sender<io::Result<Vec<u8>>>) {
    for mut chunk in to_fill {
        chunk.resize(CHUNK, 0);
        let read = loop {
            match reader.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        // Neither the end of the input nor an error is followed by more.
        let is_last = !matches!(read, Ok(1..));
        let result = read.map(|read| {
            chunk.truncate(read);
            chunk
        });
        if filled.send(result).is_err() || is_last {
            return;
        }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.returned == self.chunk.len() && !self.is_over {
            // Without a result, the thread has panicked.
            let chunk = self.filled.recv().unwrap_or_else(|_| Err(io::Error::other("decompression ended early")));
            self.is_over = !matches!(&chunk, Ok(bytes) if !bytes.is_empty());
            let used_chunk = core::mem::replace(&mut self.chunk, chunk?);
            self.returned = 0;
            // After the last chunk the thread has ended, and sending fails: nothing is left to fill.
            let _ = self.used_chunks.send(used_chunk);
        }
        let mut rest = self.chunk.get(self.returned..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.returned += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    /// A reader that returns chunks of different lengths, and then an error.
    struct Chunks(Vec<Vec<u8>>);

    impl Read for Chunks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            (&*self.0.remove(0)).read(buffer)
        }
    }

    #[test]
    fn bytes_in_order_and_then_the_error() {
        let chunks: Vec<Vec<u8>> = (1..50_u8).map(|n| vec![n; 1000 * usize::from(n)]).collect();
        let mut ahead = ReadAhead::start(Chunks(chunks.clone())).expect("a thread");
        let mut read = vec![0; chunks.iter().map(Vec::len).sum()];
        ahead.read_exact(&mut read).ok();
        assert!(read == chunks.concat());
        assert_eq!(ahead.read(&mut [0]).map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
        assert_eq!(ahead.read(&mut [0]).ok(), Some(0));
    }

    /// The thread stops once all chunks but the one that is being returned are filled.
    #[test]
    fn reads_ahead_are_limited() {
        /// An endless reader that reports each read.
        struct Endless(Sender<()>);

        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.send(()).map_err(io::Error::other)?;
                Ok(buffer.len())
            }
        }

        let (reports, reads) = channel();
        let mut ahead = ReadAhead::start(Endless(reports)).expect("a thread");
        assert_eq!(ahead.read(&mut [0]).ok(), Some(1));
        for _ in 0..CHUNKS {
            assert!(reads.recv_timeout(Duration::from_secs(60)).is_ok());
        }
        assert!(reads.recv_timeout(Duration::from_millis(100)).is_err());
    }

    /// A thread that ends without a result has not read the whole input.
    #[test]
    fn a_panic_is_an_error() {
        /// A reader with a fault.
        struct Faulty;

        impl Read for Faulty {
            fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
                panic!("a fault of the decompressor, as this test wants it");
            }
        }

        let mut ahead = ReadAhead::start(Faulty).expect("a thread");
        let read = ahead.read(&mut [0]).map_err(|error| error.to_string());
        assert_eq!(read, Err("decompression ended early".into()));
        assert_eq!(ahead.read(&mut [0]).ok(), Some(0));
    }

    #[test]
    fn more_chunks_than_circulate() {
        let mut read = Vec::new();
        let mut ahead = ReadAhead::start(io::Cursor::new(vec![7; CHUNKS * CHUNK + 1])).expect("a thread");
        assert_eq!(ahead.read_to_end(&mut read).ok(), Some(CHUNKS * CHUNK + 1));
        assert_eq!(ahead.read(&mut [0]).ok(), Some(0));
    }
}
