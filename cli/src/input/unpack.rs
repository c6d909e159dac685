//! Compression and character encoding: the bytes of a file as UTF-8 text, or the tool that converts it to text.

use core::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// Maximum number of layers of compression.
///
/// `logrotate` and a person who compresses its result make two. A file that unpacks to itself has no end.
const MAX_LAYERS: u32 = 4;

/// Number of bytes by which every format is detected. Tar needs the most.
const START: usize = 512;

/// Minimum of those bytes: a live log may have no more for a while.
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

/// A format that is not text, and that another program converts to text.
#[derive(Debug)]
struct Foreign {
    /// Name of the format, with its article.
    name: &'static str,
    /// Command that prints the text, or other help.
    help: &'static str,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be read: {}", self.name, self.help)
    }
}

impl core::error::Error for Foreign {}

/// Formats by the first bytes of their files.
#[rustfmt::skip]
const FOREIGN: &[(&[u8], Foreign)] = &[
    (b"PK\x03\x04", Foreign { name: "a zip archive", help: "try `unzip -p FILE | tor-streams -`" }),
    (b"PK\x05\x06", Foreign { name: "a zip archive", help: "try `unzip -p FILE | tor-streams -`" }),
    (b"7z\xbc\xaf\x27\x1c", Foreign { name: "a 7z archive", help: "try `7z x -so FILE | tor-streams -`" }),
    (b"Rar!\x1a\x07", Foreign { name: "a rar archive", help: "try `unrar p -inul FILE | tor-streams -`" }),
    (b"\xd4\xc3\xb2\xa1", PCAP), (b"\xa1\xb2\xc3\xd4", PCAP), (b"\x4d\x3c\xb2\xa1", PCAP), (b"\xa1\xb2\x3c\x4d", PCAP),
    (b"\x0a\x0d\x0d\x0a", Foreign { name: "a capture of packets (pcapng)", help: "try `tshark -r FILE -w FILE.pcap -F pcap`, \
        then `tcpflow -r FILE.pcap`, which writes each direction of each connection to a file" }),
    (b"\x04\x22\x4d\x18", Foreign { name: "a file compressed with lz4", help: "try `lz4 -dc FILE | tor-streams -`" }),
    (b"LZIP", Foreign { name: "a file compressed with lzip", help: "try `lzip -dc FILE | tor-streams -`" }),
    (b"\x89LZO\0", Foreign { name: "a file compressed with lzop", help: "try `lzop -dc FILE | tor-streams -`" }),
    (b"\x5d\0\0", Foreign { name: "a file compressed with lzma", help: "try `xz -dc --format=lzma FILE | tor-streams -`" }),
    (b"\x1f\x9d", Foreign { name: "a file compressed with compress", help: "try `gzip -dc FILE | tor-streams -`" }),
    (b"\xff\x06\0\0sNaPpY", Foreign { name: "a file compressed with snappy", help: "try `snzip -dc FILE | tor-streams -`" }),
    (b"-----BEGIN PGP MESSAGE", Foreign { name: "an encrypted file", help: "try `gpg -d FILE | tor-streams -`" }),
    (b"age-encryption.org/", Foreign { name: "an encrypted file", help: "try `age -d FILE | tor-streams -`" }),
    (b"LPKSHHRH", Foreign { name: "a journal of systemd", help: "try `journalctl --file FILE -o cat | tor-streams -`" }),
    (b"%PDF-", Foreign { name: "a PDF file", help: "try `pdftotext -layout FILE - | tor-streams -`" }),
    (b"{\\rtf", Foreign { name: "an RTF document", help: "save it as plain text" }),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Foreign { name: "an Office document", help: "save it as plain text" }),
    (b"SQLite format 3\0", Foreign { name: "a database of SQLite", help: "try `sqlite3 FILE .dump | tor-streams -`" }),
    (b"PAR1", Foreign { name: "a Parquet file", help: "it is a table already, which DuckDB or pandas read" }),
    (b"ARROW1", Foreign { name: "an Arrow file", help: "it is a table already, which DuckDB or pandas read" }),
    (b"\xff\xff\xff\xff\x78\x01\0\0", Foreign { name: "an Arrow stream", help: "it is a table already, which DuckDB or pandas read" }),
    (b"\x7fELF", PROGRAM), (b"MZ\x90\0", PROGRAM), (b"\xcf\xfa\xed\xfe", PROGRAM), (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\x89PNG\r\n\x1a\n", PICTURE), (b"\xff\xd8\xff", PICTURE), (b"GIF8", PICTURE),
    (b"\xff\xfe\0\0", UTF_32), (b"\0\0\xfe\xff", UTF_32),
];

/// A capture of packets, from `tcpdump -w`.
const PCAP: Foreign = Foreign {
    name: "a capture of packets (pcap)",
    help: "try `tcpflow -r FILE`, which writes each direction of each connection to a file",
};

/// An executable file.
const PROGRAM: Foreign = Foreign { name: "a program", help: "no log is in it" };

/// A picture.
const PICTURE: Foreign = Foreign { name: "a picture", help: "no text is in it" };

/// Text with four bytes a character.
const UTF_32: Foreign = Foreign { name: "text in UTF-32", help: "try `iconv -f UTF-32 -t UTF-8 FILE | tor-streams -`" };

/// A tar archive.
const TAR: Foreign = Foreign { name: "a tar archive", help: "try `tar -xOf FILE | tor-streams -`" };

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
            Some(Layer::Bzip2) => Box::new(bzip2::bufread::MultiBzDecoder::new(BufReader::new(whole))),
            Some(Layer::Xz) => Box::new(lzma_rust2::XzReader::new(BufReader::new(whole), true)),
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
        let foreign = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, format)| format);
        let is_tar = start.get(257..262) == Some(b"ustar");
        if let Some(&Foreign { name, help }) = foreign.or(is_tar.then_some(&TAR)) {
            return Err(io::Error::other(Foreign { name, help }));
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
