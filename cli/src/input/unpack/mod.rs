//! Compression and character encoding: the bytes of a file as UTF-8 text, or the tool that converts it to text.

mod decoder;
mod foreign;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

use self::decoder::{Bzip2, Decoder, Xz};
use self::foreign::{Foreign, START};

/// Maximum number of layers of compression.
///
/// `logrotate` and a person who compresses its result make two. A file that unpacks to itself has no end.
const MAX_LAYERS: u32 = 4;

/// Minimum of the [`START`] first bytes: a live log may have no more for a while.
const SHORT_START: usize = 8;

/// An encoding of text as bytes.
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

/// Returns `true` for a file of plain text.
pub(crate) fn is_text(mut file: &File) -> bool {
    start(&mut file).is_ok_and(|start| matches!(Layer::of(&start), Ok(None)))
}

/// Returns the text of a file: decompressed, layer by layer, and converted to UTF-8 if it was UTF-16; and `true` if
/// either was done.
///
/// # Errors
///
/// If the first bytes cannot be read, or are those of an unsupported format.
pub(crate) fn text(reader: impl Read + Send + 'static) -> io::Result<(Box<dyn Read + Send>, bool)> {
    let mut reader: Box<dyn Read + Send> = Box::new(reader);
    for layers in 0..=MAX_LAYERS {
        let start = start(&mut reader)?;
        let layer = Layer::of(&start)?;
        let whole = Cursor::new(start).chain(reader);
        // A compressed file may be several, one after the other.
        reader = match layer {
            None => return Ok((Box::new(whole), layers > 0)),
            Some(Layer::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(whole))),
            Some(Layer::Bzip2) => Box::new(Decoder::new(BufReader::new(whole), Bzip2::new())),
            Some(Layer::Xz) => Box::new(Decoder::new(BufReader::new(whole), Xz::new()?)),
            Some(Layer::Zstd) => Box::new(zstd::Decoder::new(whole)?),
            Some(Layer::Utf16(encoding)) => {
                let mut decoder = DecodeReaderBytesBuilder::new();
                return Ok((Box::new(decoder.encoding(Some(encoding)).strip_bom(true).build(whole)), true));
            }
        };
    }
    Err(io::Error::other(format!("compressed more than {MAX_LAYERS} times over")))
}

/// Reads up to [`START`] first bytes: fewer if they are enough for most formats.
fn start(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; START];
    let mut len = 0;
    while len < SHORT_START {
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
    /// Detects the outermost layer by the first bytes. `None` is plain text.
    ///
    /// # Errors
    ///
    /// If the bytes are those of an unsupported format.
    fn of(start: &[u8]) -> io::Result<Option<Self>> {
        if let Some(format) = Foreign::of(start) {
            return Err(io::Error::other(format.to_string()));
        }
        Ok(match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => {
                Some(Self::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xff, 0xfe, ..] => Some(Self::Utf16(UTF_16LE)),
            [0xfe, 0xff, ..] => Some(Self::Utf16(UTF_16BE)),
            // Four letters of ASCII in UTF-16. A log in UTF-8 has no byte 0.
            [1..=255, 0, 1..=255, 0, 1..=255, 0, 1..=255, 0, ..] => Some(Self::Utf16(UTF_16LE)),
            [0, 1..=255, 0, 1..=255, 0, 1..=255, 0, 1..=255, ..] => Some(Self::Utf16(UTF_16BE)),
            _ => None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "a test says what it cannot test")]
mod tests;
