//! Pseudonyms: the same one for the same text everywhere in the output.

use core::hash::BuildHasher;
use core::net::{Ipv4Addr, Ipv6Addr};
use std::collections::HashMap;
use std::hash::RandomState;

/// Number of addresses in each block of local IPv4 addresses, `127.200.0.0` to `127.255.255.255` and `10.200.0.0` to
/// `10.255.255.255`.
const LOCAL_ROOM: u32 = 56 * 256 * 256;

/// A kind of pseudonym. Pseudonyms of a kind are numbered from 1 in the order in which their texts are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NameKind {
    /// Names of hosts: `host1.onion`, `host2.test`.
    Host,
    /// IPv4 addresses of this machine: `127.200.0.1`.
    Loopback4,
    /// IPv4 addresses of private networks: `10.200.0.1`.
    Private4,
    /// Other IPv4 addresses: `240.0.0.1`, in the block that is reserved.
    Public4,
    /// IPv6 addresses of this machine and of private networks: `fd00::1`.
    Private6,
    /// Other IPv6 addresses: `2001:db8::1`, in the block for documentation.
    Public6,
    /// Nicknames and fingerprints of relays: `relay1`, `$0000000000000000000000000000000000000001`.
    Relay,
    /// Paths of unix sockets: `/socket1`.
    Socket,
    /// Clients without an address: `client1`.
    Client,
    /// Ports of clients: `1`.
    ClientPort,
    /// SOCKS user names: `"user1"`.
    User,
    /// SOCKS passwords: `"pass1"`.
    Password,
    /// Unknown words, for which the library has no variant: `WORD1`.
    Word,
}

/// The pseudonyms of a run.
///
/// Texts are kept as hashes of 128 bits with random keys, so that a name of any length takes the same memory, and no
/// author of a log can choose two names with one hash.
pub(super) struct Pseudonyms {
    /// Keys of the two halves of a hash.
    keys: [RandomState; 2],
    /// Number of each text, by its kind and hash.
    numbers: HashMap<(NameKind, [u64; 2]), u32>,
    /// Last number of each kind.
    last: HashMap<NameKind, u32>,
    /// Maximum number of pseudonyms.
    limit: usize,
}

impl Pseudonyms {
    /// Returns an empty table of at most `limit` pseudonyms.
    pub(super) fn new(limit: usize) -> Self {
        let keys = [RandomState::new(), RandomState::new()];
        Self { keys, numbers: HashMap::new(), last: HashMap::new(), limit }
    }

    /// Returns the number of a text. `None` if the text is new, and there is no room.
    pub(super) fn number(&mut self, kind: NameKind, text: &[u8]) -> Option<u32> {
        let hash = self.keys.each_ref().map(|key| key.hash_one(text));
        if let Some(&number) = self.numbers.get(&(kind, hash)) {
            return Some(number);
        }
        if self.numbers.len() >= self.limit {
            return None;
        }
        let last = self.last.entry(kind).or_default();
        *last = last.checked_add(1)?;
        self.numbers.insert((kind, hash), *last);
        Some(*last)
    }

    /// Returns the pseudonym of an IP address, which may be in brackets. `None` for any other text, `Some(None)` if
    /// there is no room.
    pub(super) fn address(&mut self, text: &str) -> Option<Option<String>> {
        let (inner, has_brackets) = match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(inner) => (inner, true),
            None => (text, false),
        };
        if let Some(address) = inner.parse::<Ipv4Addr>().ok().filter(|_| !has_brackets) {
            let (kind, base) = if address.is_loopback() {
                (NameKind::Loopback4, [127, 200, 0, 0])
            } else if address.is_private() || address.is_link_local() {
                (NameKind::Private4, [10, 200, 0, 0])
            } else {
                (NameKind::Public4, [240, 0, 0, 0])
            };
            let number = self.number(kind, inner.as_bytes());
            let number = number.filter(|&number| kind == NameKind::Public4 || number < LOCAL_ROOM);
            // The public block ends with the highest address of all, where the sum fails.
            let address = number.and_then(|number| u32::from_be_bytes(base).checked_add(number));
            return Some(address.map(|address| Ipv4Addr::from(address).to_string()));
        }
        let address = inner.parse::<Ipv6Addr>().ok()?;
        let is_private = address.is_loopback()
            || address.is_unspecified()
            || address.is_unique_local()
            || address.is_unicast_link_local();
        let (kind, base) =
            if is_private { (NameKind::Private6, 0xfd00 << 112) } else { (NameKind::Public6, 0x2001_0db8 << 96) };
        // tor compares addresses as text, so another spelling is another address. Brackets and the case of letters make no
        // difference.
        let number = self.number(kind, inner.to_ascii_lowercase().as_bytes());
        let address = number.map(|number| Ipv6Addr::from(base | u128::from(number)).to_string());
        Some(address.map(|address| if has_brackets { format!("[{address}]") } else { address }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let mut names = Pseudonyms::new(100);
        for (address, pseudonym) in [
            ("127.0.0.1", "127.200.0.1"),
            ("127.0.0.2", "127.200.0.2"),
            ("192.168.1.1", "10.200.0.1"),
            ("93.184.216.34", "240.0.0.1"),
            ("127.0.0.1", "127.200.0.1"),
            ("[2001:db8:1::a]", "[2001:db8::1]"),
            ("2001:DB8:1::A", "2001:db8::1"),
            ("::1", "fd00::1"),
            ("[fe80::1]", "[fd00::2]"),
        ] {
            assert_eq!(names.address(address), Some(Some(pseudonym.into())), "{address}");
        }
        for name in ["", "[127.0.0.1]", "a.test", "1.2.3", "[::1", "::1:80:x"] {
            assert_eq!(names.address(name), None, "{name}");
        }
    }

    #[test]
    fn the_end_of_a_block() {
        let mut names = Pseudonyms::new(100);
        for (kind, last) in [(NameKind::Loopback4, LOCAL_ROOM - 2), (NameKind::Public4, (1 << 28) - 2)] {
            names.last.insert(kind, last);
        }
        for (address, pseudonym) in [
            ("127.0.0.1", Some("127.255.255.255")),
            ("127.0.0.2", None),
            ("192.0.2.1", Some("255.255.255.255")),
            ("192.0.2.2", None),
        ] {
            assert_eq!(names.address(address), Some(pseudonym.map(Into::into)), "{address}");
        }
    }

    #[test]
    fn a_full_table_knows_its_names() {
        let mut names = Pseudonyms::new(2);
        let numbers = [b"a", b"b", b"c", b"a"].map(|text| names.number(NameKind::Host, text));
        assert_eq!(numbers, [Some(1), Some(2), None, Some(1)]);
    }
}
