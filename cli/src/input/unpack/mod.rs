//! Compression and character encoding: the bytes of a file as UTF-8 text, or an error that names the tool to use.

mod decoder;
mod foreign;
mod gzip;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

use self::decoder::{Bzip2, Decoder, Xz, Zstd};
use self::foreign::{FIRST_BYTES, Foreign};
use self::gzip::Gzip;

/// Maximum number of layers of compression.
///
/// `logrotate` and a person who compresses its result make two. A limit is needed, since there are files that unpack to themselves.
const MAX_LAYERS: u32 = 4;

/// Number of first bytes that are waited for: every [`Layer`] is detected by so many, and a log that is still written may have no more
/// for a while. A read of a file returns more, by which all [`Foreign`] formats are detected; a read of a pipe may return so
/// few that a [`Foreign`] format, such as tar, is not noticed.
const AWAITED_BYTES: usize = 8;

/// A layer around the text of a file: a compression, or another character encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// zstd, which may begin with a frame to be skipped.
    Zstd,
    /// UTF-16, with a byte order mark or without one.
    Utf16(&'static Encoding),
}

/// Returns `true` for a file of plain UTF-8: neither compressed, nor in another encoding or format.
pub(crate) fn is_plain(mut file: &File) -> bool {
    read_start(&mut file).is_ok_and(|start| matches!(Layer::outermost(&start), Ok(None)))
}

/// Returns the text of a file: decompressed, layer by layer, and converted to UTF-8 if it was UTF-16; and `true` if
/// either was done.
///
/// # Errors
///
/// If the first bytes cannot be read, or are those of an unsupported format.
pub(crate) fn unpack(reader: impl Read + Send + 'static) -> io::Result<(Box<dyn Read + Send>, bool)> {
    let mut reader: Box<dyn Read + Send> = Box::new(reader);
    for layers in 0..=MAX_LAYERS {
        let start = read_start(&mut reader)?;
        let layer = Layer::outermost(&start)?;
        let whole = Cursor::new(start).chain(reader);
        // A file may consist of several compressed ones, one after the other, as `cat` makes it: each decoder goes on
        // after the end of the first.
        reader = match layer {
            None => return Ok((Box::new(whole), layers > 0)),
            Some(Layer::Gzip) => Box::new(Gzip::new(whole)),
            Some(Layer::Bzip2) => Box::new(Decoder::new(BufReader::new(whole), Bzip2::new())),
            Some(Layer::Xz) => Box::new(Decoder::new(BufReader::new(whole), Xz::new()?)),
            Some(Layer::Zstd) => Box::new(Zstd::new(whole)?),
            Some(Layer::Utf16(encoding)) => {
                let mut decoder = DecodeReaderBytesBuilder::new();
                return Ok((Box::new(decoder.encoding(Some(encoding)).strip_bom(true).build(whole)), true));
            }
        };
    }
    Err(io::Error::other(format!("compressed more than {MAX_LAYERS} times over")))
}

/// Reads up to [`FIRST_BYTES`] bytes, and at least [`AWAITED_BYTES`] unless the file is shorter.
fn read_start(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; FIRST_BYTES];
    let mut len = 0;
    while len < AWAITED_BYTES {
        match reader.read(bytes.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

impl Layer {
    /// Detects the outermost layer by the first bytes. `None` for plain text.
    ///
    /// # Errors
    ///
    /// If the bytes are those of an unsupported format.
    fn outermost(start: &[u8]) -> io::Result<Option<Self>> {
        if let Some(format) = Foreign::of(start) {
            return Err(io::Error::other(format.to_string()));
        }
        Ok(match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // The mark of a block or, in an empty file, that of the end.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => {
                Some(Self::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xff, 0xfe, ..] => Some(Self::Utf16(UTF_16LE)),
            [0xfe, 0xff, ..] => Some(Self::Utf16(UTF_16BE)),
            // Four letters of ASCII or Latin-1 in UTF-16. A log in UTF-8 has no byte 0.
            [1..=255, 0, 1..=255, 0, 1..=255, 0, 1..=255, 0, ..] => Some(Self::Utf16(UTF_16LE)),
            [0, 1..=255, 0, 1..=255, 0, 1..=255, 0, 1..=255, ..] => Some(Self::Utf16(UTF_16BE)),
            _ => None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "a test says what it cannot test")]
mod tests;
