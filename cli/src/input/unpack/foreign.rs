//! Formats that are not text: their first bytes, and the command that converts each to text.

use core::fmt;

/// Number of first bytes by which every format is detected: those of a header of tar, whose magic number is at byte 257.
pub(super) const FIRST_BYTES: usize = 512;

/// A format that is not text, and that another program converts to text.
pub(super) struct Foreign {
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

/// A stream of Arrow, without the magic number of an Arrow file.
const ARROW_STREAM: Foreign =
    Foreign { name: "an Arrow stream", help: "it is a table already, which DuckDB or pandas read" };

impl Foreign {
    /// Detects the format by the first bytes. `None` for text, and for formats that the tool does not know.
    pub(super) fn of(start: &[u8]) -> Option<&'static Self> {
        let format = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, format)| format);
        let is_tar = start.get(257..262) == Some(b"ustar");
        // A mark, the length of the columns' description, and the offset of its first table, which is 16 for pyarrow, 4 for Polars.
        let is_arrow_stream = matches!(start, [0xff, 0xff, 0xff, 0xff, _, _, 0, 0, 4..=16, 0, 0, 0, ..]);
        format.or(is_tar.then_some(&TAR)).or(is_arrow_stream.then_some(&ARROW_STREAM))
    }
}
