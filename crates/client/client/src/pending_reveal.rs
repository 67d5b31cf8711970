//! Committed weights that wait for their reveal (spec weights §5.3).

use crate::{
    calls::{self, Call},
    error::RandomnessError,
    runtime::weights::calls as weights,
};
use myelin_keys::PublicKey;
use myelin_primitives::{Entry, NetUid};
use myelin_records::bounds::MIN_SALT;
use serde::{Deserialize, Serialize};
use subxt::utils::H256;

/// The length of a new salt: the least that the chain takes.
const SALT_LENGTH: usize = MIN_SALT;

/// Committed weights, with the data that their reveal needs.
///
/// The salt prevents others from guessing the weights, and no reveal is possible without it. Store this value in a
/// private file before the commit is sent, and keep it until the weights are revealed or the commit expires. The
/// serialised names do not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingReveal {
    /// The subnet.
    pub netuid: NetUid,
    /// The weights by uid, in the order of the commit.
    pub weights: Vec<Entry>,
    /// The secret part of the hash.
    pub salt: Vec<u16>,
    /// The version of the validator's software.
    pub version_key: u64,
    /// The last final block before the commit.
    pub made_at: u64,
}

impl PendingReveal {
    /// Prepares a commit of weights, with a new salt. `made_at` is the last final block.
    ///
    /// # Errors
    /// [`RandomnessError`], if the system gives no random numbers.
    pub fn new(netuid: NetUid, weights: Vec<Entry>, version_key: u64, made_at: u64) -> Result<Self, RandomnessError> {
        Ok(Self { netuid, weights, salt: new_salt()?, version_key, made_at })
    }

    /// Returns the hash that a hotkey commits to.
    pub fn hash(&self, hotkey: &PublicKey) -> H256 {
        calls::commit_hash(hotkey, self.netuid, &self.weights, &self.salt, self.version_key)
    }

    /// Returns the call that commits to the weights. Signed by the hotkey; free.
    pub fn commit(&self, hotkey: &PublicKey) -> Call<weights::CommitWeights> {
        calls::commit_weights(self.netuid, self.hash(hotkey))
    }

    /// Returns the call that reveals the weights. Signed by the hotkey; free.
    pub fn reveal(&self) -> Call<weights::RevealWeights> {
        calls::reveal_weights(self.netuid, &self.weights, &self.salt, self.version_key)
    }
}

/// Returns a salt of 128 random bits, for a commit of weights.
///
/// # Errors
/// [`RandomnessError`], if the system gives no random numbers.
pub fn new_salt() -> Result<Vec<u16>, RandomnessError> {
    salt_from(getrandom::fill)
}

fn salt_from(fill: impl FnOnce(&mut [u8]) -> Result<(), getrandom::Error>) -> Result<Vec<u16>, RandomnessError> {
    let mut bytes = [0; 2 * SALT_LENGTH];
    fill(&mut bytes)?;
    Ok(bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk().copied().map(u16::from_le_bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_diagnostic::{Diagnostic, Hints};

    fn pending() -> PendingReveal {
        PendingReveal::new(NetUid::new(1), [(3, 60), (4, 40)].map(Entry::from).into(), 7, 9).unwrap()
    }

    #[test]
    fn a_salt_is_never_the_same_twice() {
        let (one, other) = (pending(), pending());
        assert_eq!(one.salt.len(), SALT_LENGTH);
        let hotkey = PublicKey::from_bytes([7; 32]);
        assert_ne!(one.hash(&hotkey), other.hash(&hotkey));
    }

    #[test]
    fn a_salt_holds_all_random_bits() {
        let counted = |bytes: &mut [u8]| {
            bytes.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number);
            Ok(())
        };
        let salt = [0x0201, 0x0403, 0x0605, 0x0807, 0x0a09, 0x0c0b, 0x0e0d, 0x100f];
        assert_eq!(salt_from(counted).unwrap(), salt);
    }

    #[test]
    fn missing_randomness_is_named() {
        let error = salt_from(|_| Err(getrandom::Error::UNSUPPORTED)).unwrap_err();
        assert_eq!(error.code(), "randomness");
        assert!(error.to_string().starts_with("the system gives no random numbers: "), "{error}");
        assert!(Hints::of(&error).first().is_some_and(|hint| !hint.contains("terminal")));
    }

    #[test]
    fn the_form_in_files_stays() {
        let pending = PendingReveal { salt: vec![1, 2], ..pending() };
        let form = r#"{"netuid":1,"weights":[[3,60],[4,40]],"salt":[1,2],"version_key":7,"made_at":9}"#;
        assert_eq!(serde_json::to_string(&pending).unwrap(), form);
        assert_eq!(serde_json::from_str::<PendingReveal>(form).unwrap(), pending);
    }

    #[test]
    fn the_hash_binds_the_hotkey() {
        let pending = pending();
        let [one, other] = [1, 2].map(|byte| PublicKey::from_bytes([byte; 32]));
        assert_ne!(pending.hash(&one), pending.hash(&other));
        let PendingReveal { netuid, weights, salt, version_key, .. } = &pending;
        assert_eq!(pending.hash(&one), calls::commit_hash(&one, *netuid, weights, salt, *version_key));
    }
}
