//! Events of tor's, generated from the fuzzer's bytes. `tests/common/printed.rs` has the model that prints them.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::printed::{
    ENDS, FRAGMENTS, NEW_KEY, NEW_WORD, OTHERS, PATH_PARTS, PROTOCOLS, PURPOSES, Printed, REASONS, STARTS,
    TARGET_BUFFER,
};

impl<'a> Arbitrary<'a> for Printed {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        // Most often a status with which tor prints many fields.
        let status = match u.int_in_range(0..=7)? {
            0..=2 => *u.choose(ENDS)?,
            3..=4 => *u.choose(STARTS)?,
            5 => "REMAP",
            _ => *u.choose(OTHERS)?,
        };
        let circuit = if u.arbitrary()? { 0 } else { u64::arbitrary(u)? };
        let (id, port, mut host) = (u.arbitrary()?, u.arbitrary()?, hostile(u)?);
        // Inserts filler anywhere in the host, to make it 246 to 258 bytes long: tor cuts the target after 255.
        if u.ratio(1, 4)? {
            let fill = (TARGET_BUFFER + 3 - u.int_in_range(0..=12)?).saturating_sub(host.len());
            let at = u.int_in_range(0..=host.len())?;
            host.splice(at..at, core::iter::repeat_n(b'a', fill));
        }
        let mut event = Self::new(id, status, circuit, host, port);
        add_fields_of_status(&mut event, status, u)?;
        if u.ratio(4, 5)? {
            add_newer_fields(&mut event, u)?;
        }
        Ok(event)
    }
}

/// Adds the fields that tor prints only with some statuses.
fn add_fields_of_status(event: &mut Printed, status: &str, u: &mut Unstructured<'_>) -> Result<()> {
    if ENDS.contains(&status) {
        match u.int_in_range(0..=3)? {
            0 => {}
            1 => event.add_reason("REASON", reason(u)?),
            2 => event.add("REASON", "END"),
            _ => {
                event.add("REASON", "END");
                event.add_reason("REMOTE_REASON", reason(u)?);
            }
        }
    } else if status == "REMAP" {
        match u.int_in_range(0..=3)? {
            0 => {}
            // For a source that tor has no word for, it prints this in place of `SOURCE`.
            1 => event.add("REASON", format!("UNKNOWN_{}", u16::arbitrary(u)?)),
            _ => event.add("SOURCE", *u.choose(&["CACHE", "EXIT"])?),
        }
    } else if STARTS.contains(&status) {
        let source_addr = if u.ratio(3, 4)? { Some(source_addr(u)?) } else { None };
        let purpose = if u.ratio(3, 4)? { Some(*u.choose(PURPOSES)?) } else { None };
        event.add_start(source_addr, purpose);
    }
    Ok(())
}

/// Adds credentials, if there are any, the fields that follow them, and perhaps one of a newer tor.
fn add_newer_fields(event: &mut Printed, u: &mut Unstructured<'_>) -> Result<()> {
    let mut credentials = [None, None];
    for credential in &mut credentials {
        if u.ratio(1, 3)? {
            *credential = Some(hostile(u)?);
        }
    }
    event.add_credentials(credentials);
    let iso_fields = ["", "CLIENTADDR", "SOCKS_USERNAME,SOCKS_PASSWORD", "A_NEW_FIELD,DESTPORT"];
    event.add_newer(u.choose(PROTOCOLS)?, u.arbitrary()?, u.arbitrary()?, u.choose(&iso_fields)?);
    if u.ratio(1, 8)? {
        event.add(NEW_KEY, *u.choose(&["", "1", "a:1", "A=b", NEW_WORD, "\"\"", "\"a b:1\""])?);
    }
    Ok(())
}

/// Returns a reason: `Ok` with a word, or `Err` with a code.
fn reason(u: &mut Unstructured<'_>) -> Result<core::result::Result<&'static str, u16>> {
    Ok(if u.ratio(1, 4)? { Err(u.arbitrary()?) } else { Ok(*u.choose(REASONS)?) })
}

/// Returns a source address.
fn source_addr(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=3)? {
        0 => format!("127.0.0.1:{}", u16::arbitrary(u)?),
        1 => format!("2001:db8::7:{}", u16::arbitrary(u)?),
        2 => "(Tor_internal):0".into(),
        _ => {
            let mut path = String::from("/");
            for _ in 0..u.int_in_range(0..=12)? {
                path += u.choose(PATH_PARTS)?;
            }
            path + ":0"
        }
    })
}

/// Returns text that a hostile client may send: fragments, single bytes, and up to 255 times `a`.
fn hostile(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for _ in 0..u.int_in_range(0..=10)? {
        // A byte, filler, a plain name, or a fragment.
        match u.int_in_range(0..=FRAGMENTS.len() + 2)? {
            0 => text.extend(u.bytes(1)?),
            1 => text.resize(text.len() + usize::from(u8::arbitrary(u)?), b'a'),
            2 => text.extend_from_slice(b"host"),
            index => text.extend(FRAGMENTS[index - 3].as_bytes()),
        }
    }
    Ok(text)
}
