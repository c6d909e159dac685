//! The key that the processes of a run share, and the proofs that a process has it.

use std::env;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Name of the environment variable with the key.
pub(crate) const KEY_VARIABLE: &str = "TOR_STREAMS_CLUSTER_KEY";
/// Minimum length of a key in bytes. Whoever reads a proof can try keys until one gives the same proof.
const MIN_KEY_LEN: usize = 16;
/// Length, in bytes, of a hash, and of the random bytes of each side.
pub(super) const HASH_LEN: usize = 32;

/// A keyed hash (HMAC).
pub(super) type KeyedHash = Hmac<Sha256>;

/// The key that all processes of a run share. Without one, a proof shows only that a process is a `tor-streams`.
pub(crate) struct RunKey(Option<Zeroizing<Vec<u8>>>);

/// The random numbers of both sides of a connection, and the number of the process that connects.
pub(super) struct Challenge {
    /// Random bytes of the process that connects.
    pub(super) caller: [u8; HASH_LEN],
    /// Random bytes of process 0.
    pub(super) collector: [u8; HASH_LEN],
    /// Number of the process that connects.
    pub(super) process: u16,
}

/// The uses of the key. A hash that was made for one use is wrong for any other.
#[derive(Clone, Copy)]
pub(super) enum KeyUse {
    /// Proof of process 0.
    Collector,
    /// Proof of the process that connects.
    Caller,
    /// Key of the frames from process 0.
    FromCollector,
    /// Key of the frames to process 0.
    ToCollector,
}

impl RunKey {
    /// Returns the key in the environment.
    ///
    /// # Errors
    ///
    /// If the key is too short.
    pub(crate) fn from_environment() -> Result<Self, String> {
        let key = env::var_os(KEY_VARIABLE).map(|key| Zeroizing::new(key.into_encoded_bytes()));
        if key.as_ref().is_some_and(|key| key.len() < MIN_KEY_LEN) {
            return Err(format!(
                "{KEY_VARIABLE} has to have at least {MIN_KEY_LEN} bytes, such as those of `openssl rand -hex 32`"
            ));
        }
        Ok(Self(key))
    }

    /// Returns `true` without a key.
    pub(crate) const fn is_missing(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the hash of a challenge for one use. Never `None`: a key can have any length.
    fn hash(&self, challenge: &Challenge, key_use: KeyUse) -> Option<KeyedHash> {
        let key = self.0.as_deref().map_or(&[][..], Vec::as_slice);
        let use_text: &[u8; 20] = match key_use {
            KeyUse::Collector => b"tor-streams collects",
            KeyUse::Caller => b"tor-streams connects",
            KeyUse::FromCollector => b"tor-streams receives",
            KeyUse::ToCollector => b"tor-streams delivers",
        };
        let mut hash = KeyedHash::new_from_slice(key).ok()?;
        // Each of these has a fixed length, so no two challenges give the same bytes.
        hash.update(use_text);
        hash.update(&challenge.caller);
        hash.update(&challenge.collector);
        hash.update(&challenge.process.to_be_bytes());
        Some(hash)
    }

    /// Returns the proof that a side has the key.
    pub(super) fn proof(&self, challenge: &Challenge, key_use: KeyUse) -> [u8; HASH_LEN] {
        self.hash(challenge, key_use).map_or([0; HASH_LEN], |hash| hash.finalize().into_bytes().into())
    }

    /// Returns `true` if a proof is right. The time that this takes does not tell where a wrong one differs.
    pub(super) fn is_proven(&self, challenge: &Challenge, key_use: KeyUse, proof: &[u8]) -> bool {
        self.hash(challenge, key_use).is_some_and(|hash| hash.verify_slice(proof).is_ok())
    }

    /// Returns the keyed hash for the tags of the frames in one direction. Never `None`: a key can have any length.
    pub(super) fn frames(&self, challenge: &Challenge, key_use: KeyUse) -> Option<KeyedHash> {
        let key: [u8; HASH_LEN] = self.hash(challenge, key_use)?.finalize().into_bytes().into();
        KeyedHash::new_from_slice(&key).ok()
    }
}

/// Returns random bytes. `None` if the system has none.
pub(super) fn nonce() -> Option<[u8; HASH_LEN]> {
    let mut bytes = [0; HASH_LEN];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proof holds for one key, one challenge and one side only.
    #[test]
    fn proofs() {
        let key = |text: &str| RunKey(Some(Zeroizing::new(text.into())));
        let challenge = |caller, collector, process| Challenge {
            caller: [caller; HASH_LEN],
            collector: [collector; HASH_LEN],
            process,
        };
        let (ours, ask) = (key("correct horse battery"), challenge(1, 2, 3));
        let proof = ours.proof(&ask, KeyUse::Caller);
        assert!(ours.is_proven(&ask, KeyUse::Caller, &proof));
        assert!(key("correct horse battery").is_proven(&ask, KeyUse::Caller, &proof));
        assert!(!key("correct horse batterz").is_proven(&ask, KeyUse::Caller, &proof));
        assert!(!RunKey(None).is_proven(&ask, KeyUse::Caller, &proof));
        for other in [KeyUse::Collector, KeyUse::ToCollector, KeyUse::FromCollector] {
            assert!(!ours.is_proven(&ask, other, &proof));
        }
        for other in [challenge(2, 1, 3), challenge(1, 2, 4), challenge(1, 1, 3), challenge(2, 2, 3)] {
            assert!(!ours.is_proven(&other, KeyUse::Caller, &proof));
        }
        for wrong in [&proof[..HASH_LEN - 1], &[], &[0; HASH_LEN]] {
            assert!(!ours.is_proven(&ask, KeyUse::Caller, wrong));
        }
    }
}
