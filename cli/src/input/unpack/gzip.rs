//! Decompression of gzip: of a cut file, every byte that can be decoded, whatever the size of the caller's buffer.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// Length of the buffer of text: more than the few compressed bytes that a decoder holds back can become.
const TEXT_LEN: usize = 64 << 10;

/// A reader of the text in a file that consists of one or more files of gzip, one after the other.
///
/// The reader of `flate2` asks for compressed bytes although it holds text that a full buffer had no room for, and drops this text if
/// the compressed bytes end in an error, as those of a cut outer layer do. So the reader is told that the file ends there, for which
/// it returns the text, and the error follows.
pub(super) struct Gzip<R>(BufReader<MultiGzDecoder<BufReader<UntilError<R>>>>);

impl<R: Read> Gzip<R> {
    /// Returns a reader of the text.
    pub(super) fn new(compressed: R) -> Self {
        let compressed = BufReader::new(UntilError { reader: compressed, is_over: false, error: None });
        Self(BufReader::with_capacity(TEXT_LEN, MultiGzDecoder::new(compressed)))
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Always through the buffer of text: the reader of `flate2` needs room.
        let read = self.0.fill_buf().and_then(|mut text| text.read(buffer));
        if self.0.buffer().is_empty()
            && let Some(error) = self.0.get_mut().get_mut().get_mut().error.take()
        {
            return Err(error);
        }
        let read = read?;
        self.0.consume(read);
        Ok(read)
    }
}

/// A reader that ends at the first error, and keeps it.
struct UntilError<R> {
    /// Reader of the bytes.
    reader: R,
    /// Set after an error.
    is_over: bool,
    /// Error that is not returned yet.
    error: Option<io::Error>,
}

impl<R: Read> Read for UntilError<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_over {
            return Ok(0);
        }
        self.reader.read(buffer).or_else(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return Err(error);
            }
            self.is_over = true;
            self.error = Some(error);
            Ok(0)
        })
    }
}
