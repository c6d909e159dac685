//! Decompression of xz, zstd and bzip2, with limits of memory.
//!
//! If a file is damaged, [`Decoder`] returns every byte before the damage, and then the error: the readers of the crates `liblzma`
//! and `bzip2` drop the bytes that they decoded in the call that fails. The reader of `zstd` returns all bytes that the program
//! `zstd` prints of a damaged file, and needs no [`Decoder`]. That of `flate2` does so with a large buffer, see [`Gzip`](super::Gzip).

use std::io::{self, BufRead, BufReader, Read};

/// Maximum memory of a decoder of xz, and maximum window of one of zstd, in bytes: twice what `xz -9` needs, and the limit of the
/// program `zstd`. A header may ask for 4 GiB. Decoders of gzip and bzip2 always take less than 4 MiB.
const MAX_MEMORY: u64 = 1 << MAX_WINDOW_LOG;

/// Binary logarithm of [`MAX_MEMORY`].
const MAX_WINDOW_LOG: u32 = 27;

/// A decoder of one format.
pub(super) trait Decode {
    /// Decodes some of the next `compressed` bytes into `text`. Empty `compressed` means the end of the file.
    fn decode(&mut self, compressed: &[u8], text: &mut [u8]) -> Decoded;
}

/// The result of one call of a decoder.
pub(super) struct Decoded {
    /// Number of compressed bytes that were read.
    pub(super) read: u64,
    /// Number of bytes of text that were written, also before an error.
    pub(super) written: u64,
    /// `true` at the end of the text, or the error behind the written bytes.
    pub(super) end: io::Result<bool>,
}

/// A reader of the text in a file that consists of one or more compressed files, one after the other.
pub(super) struct Decoder<R, D> {
    /// Compressed bytes.
    compressed: R,
    /// Decoder of the format.
    decoder: D,
    /// Error to return once no more bytes are left.
    error: Option<io::Error>,
    /// Set at the end of the text, and after an error.
    is_over: bool,
}

impl<R, D> Decoder<R, D> {
    /// Returns a reader of the text.
    pub(super) const fn new(compressed: R, decoder: D) -> Self {
        Self { compressed, decoder, error: None, is_over: false }
    }
}

impl<R: BufRead, D: Decode> Read for Decoder<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.is_over && !buffer.is_empty() {
            let compressed = self.compressed.fill_buf()?;
            let is_end = compressed.is_empty();
            let Decoded { read, written, end } = self.decoder.decode(compressed, buffer);
            self.compressed.consume(read as usize);
            self.is_over = *end.as_ref().unwrap_or(&true);
            self.error = end.err();
            // A decoder that writes nothing at the end of the file waits for bytes that the file lacks.
            if is_end && written == 0 && !self.is_over {
                self.is_over = true;
                self.error = Some(io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed file is cut"));
            }
            if written > 0 {
                return Ok(written as usize);
            }
        }
        self.error.take().map_or(Ok(0), Err)
    }
}

/// A decoder of xz: the library of the program `xz`.
pub(super) struct Xz(liblzma::stream::Stream);

impl Xz {
    /// Returns a decoder of files, one after the other.
    ///
    /// # Errors
    ///
    /// If there is not enough memory.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(liblzma::stream::Stream::new_stream_decoder(MAX_MEMORY, liblzma::stream::CONCATENATED)?))
    }

    /// Returns the error of the library, with the command that reads a file which needs too much memory.
    fn error(error: &liblzma::stream::Error) -> io::Error {
        match error {
            liblzma::stream::Error::MemLimit => {
                io::Error::other("xz: needs more than 128 MiB of memory: try `xz -dc FILE | tor-streams -`")
            }
            error => invalid("xz", error),
        }
    }
}

impl Decode for Xz {
    fn decode(&mut self, compressed: &[u8], text: &mut [u8]) -> Decoded {
        use liblzma::stream::{Action, Status};

        let (read, written) = (self.0.total_in(), self.0.total_out());
        let action = if compressed.is_empty() { Action::Finish } else { Action::Run };
        let status = self.0.process(compressed, text, action);
        Decoded {
            read: self.0.total_in() - read,
            written: self.0.total_out() - written,
            end: status.map(|status| matches!(status, Status::StreamEnd)).map_err(|error| Self::error(&error)),
        }
    }
}

/// A reader of the text in a file of zstd.
pub(super) struct Zstd<R: BufRead>(zstd::Decoder<'static, R>);

impl<R: Read> Zstd<BufReader<R>> {
    /// Returns a reader of files, one after the other.
    ///
    /// # Errors
    ///
    /// If there is not enough memory.
    pub(super) fn new(compressed: R) -> io::Result<Self> {
        let mut decoder = zstd::Decoder::new(compressed)?;
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        Ok(Self(decoder))
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        /// Text of the library's error about a window that is too large.
        const TOO_LARGE: &str = "Frame requires too much memory for decoding";

        self.0.read(buffer).map_err(|error| {
            if error.to_string() != TOO_LARGE {
                return error;
            }
            io::Error::other("zstd: needs more than 128 MiB of memory: try `zstd -dc --long=31 FILE | tor-streams -`")
        })
    }
}

/// A decoder of bzip2.
pub(super) struct Bzip2 {
    /// Decoder of the current file.
    decoder: bzip2::Decompress,
    /// Set after the end of a compressed file, before the first byte of the next one.
    is_between: bool,
}

impl Bzip2 {
    /// Returns a decoder of files, one after the other.
    pub(super) fn new() -> Self {
        Self { decoder: bzip2::Decompress::new(false), is_between: false }
    }
}

impl Decode for Bzip2 {
    fn decode(&mut self, compressed: &[u8], text: &mut [u8]) -> Decoded {
        if self.is_between && compressed.is_empty() {
            return Decoded { read: 0, written: 0, end: Ok(true) };
        }
        let (read, written) = (self.decoder.total_in(), self.decoder.total_out());
        let status = self.decoder.decompress(compressed, text);
        let (read, written) = (self.decoder.total_in() - read, self.decoder.total_out() - written);
        self.is_between = matches!(status, Ok(bzip2::Status::StreamEnd));
        if self.is_between {
            self.decoder = bzip2::Decompress::new(false);
        }
        // The end of one compressed file: another one may follow.
        Decoded { read, written, end: status.map(|_| false).map_err(|error| invalid("bzip2", &error)) }
    }
}

/// Returns the error of a decoder, with the name of the format.
fn invalid(format: &str, error: &dyn core::error::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{format}: {error}"))
}
