use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

/// Returns the output of a program for an input. `None` if the program is not installed.
fn filtered(program: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let (name, arguments) = program.split_first()?;
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let (mut stdin, input) = (child.stdin.take()?, input.to_vec());
    // A thread of its own writes the input, since the program writes meanwhile. Writing fails if the program finds damage.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().ok()?;
    drop(writer.join());
    Some(output.stdout)
}

/// Returns the text of a file up to its end or its damage, and the error.
fn read(file: &[u8]) -> (Vec<u8>, Option<String>) {
    let mut unpacked = Vec::new();
    let error = match unpack(Cursor::new(file.to_vec())) {
        Ok((mut reader, _)) => reader.read_to_end(&mut unpacked).err(),
        Err(error) => Some(error),
    };
    (unpacked, error.map(|error| error.to_string()))
}

/// Returns a log of 6,000 events, enough for several blocks of xz. Two random numbers in each keep it from being compressed far more
/// than a real one.
fn log() -> Vec<u8> {
    let mut log = Vec::new();
    let mut state = 1_u32;
    for id in 0..6000 {
        // A linear congruential generator, whose high bits are random enough.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        writeln!(
            log,
            "650 STREAM {id} NEW 0 host{}.example.com:443 SOURCE_ADDR=127.0.0.1:{}\r",
            state >> 20,
            state >> 16
        )
        .unwrap();
    }
    log
}

/// Returns the number of first bytes that two texts have in common.
fn common_prefix_len(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// Flips a bit of a compressed file, or cuts the file, at some forty places. Each time, at least as many right bytes are
/// read as the format's own program prints, and there is an error unless all bytes are right. Nothing is tested if the program
/// is not installed.
fn reads_as_far_as(compress: &[&str], decompress: &[&str]) {
    let log = log();
    let Some(file) = filtered(compress, &log).filter(|file| !file.is_empty()) else {
        eprintln!("skipped: no {}", compress.join(" "));
        return;
    };
    assert_eq!(read(&file), (log.clone(), None));
    let mut lost = 0;
    // Damage to the header, of up to 12 bytes in xz, could make another format of it.
    for at in (12..file.len()).step_by(file.len() / 40) {
        let mut flipped = file.clone();
        flipped[at] ^= 0x10;
        for file in [&flipped, &file[..at]] {
            let (text, error) = read(file);
            let expected = filtered(decompress, file).unwrap();
            let (len, expected_len) = (common_prefix_len(&text, &log), common_prefix_len(&expected, &log));
            assert!(len >= expected_len, "byte {at}: {len} bytes of {expected_len}");
            assert!(error.is_some() || text == log, "byte {at}");
            lost += usize::from(len < log.len());
        }
    }
    // Each of the forty cuts loses some text, and so does a flipped bit at least once.
    assert!(lost > 40, "{lost}");
}

#[test]
fn damaged_xz() {
    reads_as_far_as(&["xz", "-zc"], &["xz", "-dc"]);
    reads_as_far_as(&["xz", "-zc", "--block-size=65536", "--check=sha256"], &["xz", "-dc"]);
}

#[test]
fn damaged_gzip() {
    reads_as_far_as(&["gzip", "-c"], &["gzip", "-dc"]);
}

/// Returns all text that the library decodes of a cut file of gzip, in one call and with room for more.
fn decodable(gzip: &[u8]) -> Vec<u8> {
    /// Length of a header without the name of a file.
    const HEADER_LEN: usize = 10;

    let mut text = Vec::with_capacity(1 << 20);
    let mut decoder = flate2::Decompress::new(false);
    decoder.decompress_vec(&gzip[HEADER_LEN..], &mut text, flate2::FlushDecompress::None).unwrap();
    assert!(text.len() < text.capacity());
    text
}

/// A cut file, compressed once and twice over: every byte that can be decoded is read, with any buffer, and then an error.
#[test]
fn cut_gzip() {
    let compress = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    // Lines that hardly differ follow the others: a few compressed bytes are much text, which no small buffer holds.
    let mut log = log();
    log.extend_from_within(log.len() - 5000..);
    log.extend(b"650 STREAM 1 NEW 0 host.example.com:443\r\n".repeat(5000));
    let once = compress(&log);
    let twice = compress(&once);
    for (file, layers) in [(&once, 1), (&twice, 2)] {
        let near_end = (1..400).step_by(21).map(|left| file.len() - left);
        for at in (1000..file.len()).step_by(file.len() / 9).chain(near_end) {
            let cut = &file[..at];
            let expected = (0..layers).fold(cut.to_vec(), |file, _| decodable(&file));
            for buffer_len in [1, 4 << 10, 64 << 10, 128 << 10] {
                let (mut reader, _) = unpack(Cursor::new(cut.to_vec())).unwrap();
                let (mut buffer, mut text) = (vec![0; buffer_len], Vec::new());
                let is_error = loop {
                    match reader.read(&mut buffer) {
                        Ok(0) => break false,
                        Ok(read) => text.extend_from_slice(&buffer[..read]),
                        Err(_) => break true,
                    }
                };
                let case = format!("{layers} layers, cut at {at}, buffer of {buffer_len}");
                assert_eq!(text.len(), expected.len(), "{case}");
                assert!(text == expected && is_error, "{case}");
            }
        }
    }
}

#[test]
fn damaged_bzip2() {
    reads_as_far_as(&["bzip2", "-zc"], &["bzip2", "-dc"]);
}

#[test]
fn damaged_zstd() {
    reads_as_far_as(&["zstd", "-zc"], &["zstd", "-dc"]);
}

/// A file of xz whose header asks for a dictionary of 64 MiB, as `xz -9` writes it, 96 MiB, 128 MiB, and 4 GiB, the largest one.
/// A decoder needs a little more memory than its dictionary.
#[test]
fn memory_of_xz() {
    /// Offset of the code of the dictionary's length, behind the header of the file and four bytes of the first block's.
    const CODE: usize = 16;
    /// Bytes of the block's header that its checksum covers; the checksum follows.
    const CHECKED: core::ops::Range<usize> = 12..20;

    let mut file = Vec::new();
    liblzma::read::XzEncoder::new(&b"a log"[..], 1).read_to_end(&mut file).unwrap();
    for (code, is_read) in [
        (28, true),  // 64 MiB
        (29, true),  // 96 MiB
        (30, false), // 128 MiB
        (40, false), // 4 GiB
    ] {
        file[CODE] = code;
        let mut checksum = flate2::Crc::new();
        checksum.update(&file[CHECKED]);
        file[CHECKED.end..][..4].copy_from_slice(&checksum.sum().to_le_bytes());
        let (text, error) = read(&file);
        if is_read {
            assert_eq!((text.as_slice(), error), (&b"a log"[..], None), "{code}");
        } else {
            let message = "xz: needs more than 128 MiB of memory: try `xz -dc FILE | tor-streams -`";
            assert_eq!((text.as_slice(), error.as_deref()), (&b""[..], Some(message)), "{code}");
        }
    }
}

/// A frame of zstd with a window of 128 MiB, and one that is an eighth larger.
#[test]
fn memory_of_zstd() {
    /// Code of a window of 128 MiB: the exponent 17, of KiB, and no eighths.
    const CODE: u8 = 17 << 3;

    // Magic number and flags, the window, and the header of a last block of five bytes that are not compressed.
    let frame = |code: u8| [&b"\x28\xb5\x2f\xfd\0"[..], &[code], b"\x29\0\0", b"a log"].concat();
    assert_eq!(read(&frame(CODE)), (b"a log".to_vec(), None));
    let (text, error) = read(&frame(CODE | 1));
    let message = "zstd: needs more than 128 MiB of memory: try `zstd -dc --long=31 FILE | tor-streams -`";
    assert_eq!((text, error.as_deref()), (Vec::new(), Some(message)));
}
