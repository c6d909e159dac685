//! The key that the processes of a run share, and the proofs that a process has it.

use std::env;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Name of the environment variable with the key.
pub(super) const VARIABLE: &str = "TOR_STREAMS_CLUSTER_KEY";
/// Minimum length of a key in bytes. A proof tells a stranger enough to try keys one by one.
const LEAST: usize = 16;
/// Length of a nonce, and of a proof, in bytes.
pub(super) const LEN: usize = 32;

/// A hash with a key.
pub(super) type Keyed = Hmac<Sha256>;

/// The shared key. Without one, proofs show only that a process is a `tor-streams`.
pub(super) struct Key(Option<Zeroizing<Vec<u8>>>);

/// The random numbers of both sides of a connection, and the number of the process that connects.
pub(super) struct Challenge {
    /// Random bytes of the process that connects.
    pub(super) caller: [u8; LEN],
    /// Random bytes of process 0.
    pub(super) collector: [u8; LEN],
    /// Number of the process that connects.
    pub(super) process: u16,
}

/// The uses of a key. Each has hashes of its own, so that none can be passed off as another.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// Proof of process 0.
    Collector,
    /// Proof of the process that connects.
    Caller,
    /// Key of the frames from process 0.
    FromCollector,
    /// Key of the frames to process 0.
    ToCollector,
}

impl Key {
    /// Returns the key in the environment.
    ///
    /// # Errors
    ///
    /// If the key is too short.
    pub(super) fn from_environment() -> Result<Self, String> {
        let key = env::var_os(VARIABLE).map(|key| Zeroizing::new(key.into_encoded_bytes()));
        if key.as_ref().is_some_and(|key| key.len() < LEAST) {
            return Err(format!(
                "{VARIABLE} has to have at least {LEAST} bytes, such as those of `openssl rand -hex 32`"
            ));
        }
        Ok(Self(key))
    }

    /// Returns `true` without a key.
    pub(super) const fn is_missing(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the hash of a challenge for one use.
    fn hash(&self, challenge: &Challenge, purpose: Use) -> Option<Keyed> {
        let key = self.0.as_deref().map_or(&[][..], Vec::as_slice);
        let purpose: &[u8; 20] = match purpose {
            Use::Collector => b"tor-streams collects",
            Use::Caller => b"tor-streams connects",
            Use::FromCollector => b"tor-streams receives",
            Use::ToCollector => b"tor-streams delivers",
        };
        let mut hash = Keyed::new_from_slice(key).ok()?;
        // Each text has one length, so that no two challenges are the same bytes.
        hash.update(purpose);
        hash.update(&challenge.caller);
        hash.update(&challenge.collector);
        hash.update(&challenge.process.to_be_bytes());
        Some(hash)
    }

    /// Returns the proof that a side has the key.
    pub(super) fn proof(&self, challenge: &Challenge, side: Use) -> [u8; LEN] {
        self.hash(challenge, side).map_or([0; LEN], |hash| hash.finalize().into_bytes().into())
    }

    /// Returns `true` if a proof is right. The time that this takes does not tell where a wrong one differs.
    pub(super) fn is_proven(&self, challenge: &Challenge, side: Use, proof: &[u8]) -> bool {
        self.hash(challenge, side).is_some_and(|hash| hash.verify_slice(proof).is_ok())
    }

    /// Returns the hash that the tags of one direction's frames are made with.
    pub(super) fn frames(&self, challenge: &Challenge, direction: Use) -> Option<Keyed> {
        let key: [u8; LEN] = self.hash(challenge, direction)?.finalize().into_bytes().into();
        Keyed::new_from_slice(&key).ok()
    }
}

/// Returns random bytes. `None` if the system has none.
pub(super) fn nonce() -> Option<[u8; LEN]> {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proof holds for one key, one challenge and one side only.
    #[test]
    fn proofs() {
        let key = |text: &str| Key(Some(Zeroizing::new(text.into())));
        let challenge =
            |caller, collector, process| Challenge { caller: [caller; LEN], collector: [collector; LEN], process };
        let (ours, ask) = (key("correct horse battery"), challenge(1, 2, 3));
        let proof = ours.proof(&ask, Use::Caller);
        assert!(ours.is_proven(&ask, Use::Caller, &proof));
        assert!(key("correct horse battery").is_proven(&ask, Use::Caller, &proof));
        assert!(!key("correct horse batterz").is_proven(&ask, Use::Caller, &proof));
        assert!(!Key(None).is_proven(&ask, Use::Caller, &proof));
        for other in [Use::Collector, Use::ToCollector, Use::FromCollector] {
            assert!(!ours.is_proven(&ask, other, &proof));
        }
        for other in [challenge(2, 1, 3), challenge(1, 2, 4), challenge(1, 1, 3), challenge(2, 2, 3)] {
            assert!(!ours.is_proven(&other, Use::Caller, &proof));
        }
        for wrong in [&proof[..LEN - 1], &[], &[0; LEN]] {
            assert!(!ours.is_proven(&ask, Use::Caller, wrong));
        }
    }
}
