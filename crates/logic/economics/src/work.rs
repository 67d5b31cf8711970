//! Proof of work: the price of a seat for a miner without TAO. spec subnets-and-neurons §8.
//!
//! A seal binds a nonce to a recent block and to one hotkey. It cannot be prepared before the block exists, and no
//! other hotkey can use it.

use core::fmt;
use myelin_primitives::BlockNumber;
use sha2::Sha256;
use sha3::{Digest, Keccak256};

/// Blocks after which proof of work is too old. spec subnets-and-neurons §8.1.
pub const MAX_AGE: BlockNumber = 4;

/// Returns true if `block` accepts work on the hash of `worked_on`, one of the three blocks before it.
///
/// The current block does not count, because its hash is not yet known. spec subnets-and-neurons §8.1.
pub fn is_recent(worked_on: BlockNumber, block: BlockNumber) -> bool {
    block.checked_sub(worked_on).is_some_and(|age| (1..MAX_AGE).contains(&age))
}

/// The part of a seal that is the same for every nonce. spec subnets-and-neurons §8.2.
///
/// ```
/// use myelin_economics::work::WorkChallenge;
///
/// let challenge = WorkChallenge::new(&[0x11; 32], &[0x22; 32]);
/// let (nonce, seal) = challenge.search(0..10_000, 1_000).unwrap();
/// assert_eq!(nonce, 1_693);
/// assert!(challenge.seal(nonce) == seal && seal.meets(1_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkChallenge([u8; 32]);

impl WorkChallenge {
    /// Returns the challenge of a block hash for the holder of this public key.
    pub fn new(block_hash: &[u8; 32], public_key: &[u8; 32]) -> Self {
        Self(Keccak256::new().chain_update(block_hash).chain_update(public_key).finalize().into())
    }

    /// Returns the seal of one nonce.
    pub fn seal(&self, nonce: u64) -> Seal {
        let inner = Sha256::new().chain_update(nonce.to_le_bytes()).chain_update(self.0).finalize();
        Seal(Keccak256::digest(inner).into())
    }

    /// Returns the first of these nonces whose seal meets the difficulty, with its seal.
    pub fn search(&self, nonces: impl IntoIterator<Item = u64>, difficulty: u64) -> Option<(u64, Seal)> {
        nonces.into_iter().map(|nonce| (nonce, self.seal(nonce))).find(|(_, seal)| seal.meets(difficulty))
    }
}

/// The result of proof of work: 32 bytes that are hard to make small. spec subnets-and-neurons §8.2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seal([u8; 32]);

impl Seal {
    /// Returns the bytes of the seal.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the number of leading zero bits, which grows with the work.
    pub fn leading_zeros(&self) -> u32 {
        let (halves, _) = self.0.as_chunks::<16>();
        let zeros = |half: &[u8; 16]| u128::from_be_bytes(*half).leading_zeros();
        match halves {
            [high, low] if *high == [0; 16] => u128::BITS.saturating_add(zeros(low)),
            [high, ..] => zeros(high),
            [] => 0,
        }
    }

    /// Returns true if the seal, as a big-endian number of 256 bits, times `difficulty` is below 2^256.
    ///
    /// All seals meet a difficulty of 0 or 1. spec subnets-and-neurons §8.3.
    pub fn meets(&self, difficulty: u64) -> bool {
        let (limbs, _) = self.0.as_chunks::<8>();
        let carry = limbs.iter().rev().fold(0, |carry, limb| {
            let limb = u128::from(u64::from_be_bytes(*limb));
            limb.saturating_mul(u128::from(difficulty)).saturating_add(carry) >> 64
        });
        carry == 0
    }
}

impl From<[u8; 32]> for Seal {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Returns the mean number of seals that must be tried to meet a difficulty.
pub fn expected_attempts(difficulty: u64) -> u64 {
    difficulty.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn challenge() -> WorkChallenge {
        WorkChallenge::new(&[0x11; 32], &[0x22; 32])
    }

    #[test]
    fn seals_have_their_bytes() {
        let hex = |bytes: [u8; 32]| format!("{:?}", Seal(bytes));
        assert_eq!(hex(challenge().0), "3e92e0db88d6afea9edc4eedf62fffa4d92bcdfc310dccbe943747fe8302e871");
        for (nonce, seal) in [
            (0, "e9b95bebf2dde960d5b570ee753ff6c82f666fc795e18e25302920186e052c93"),
            (1, "0e60cd530f039c90e13030ae5dd922b42b94622d38b8d936632d5912b0d2fca0"),
            (1_693, "00188612d6b326da8f103d376bb795c3193528b00a7b38ffa1899ae36252af2d"),
        ] {
            assert_eq!(hex(challenge().seal(nonce).0), seal, "nonce {nonce}");
        }
    }

    #[test]
    fn the_inner_hash_has_its_bytes() {
        let inner: [u8; 32] =
            Sha256::new().chain_update(0_u64.to_le_bytes()).chain_update(challenge().0).finalize().into();
        assert_eq!(format!("{:?}", Seal(inner)), "196a4d1830864ca2794e19346855b882a63a8a9332640084f504f8ccf19766b0");
    }

    #[test]
    fn the_first_nonce_that_meets_the_difficulty_is_found() {
        assert_eq!(challenge().search(0.., 1_000).map(|(nonce, _)| nonce), Some(1_693));
        assert_eq!(challenge().search(0..1_693, 1_000), None);
        assert_eq!(challenge().search(0.., 0).map(|(nonce, _)| nonce), Some(0));
    }

    #[test]
    fn the_product_must_stay_below_two_to_the_256() {
        let seal = |first: u8| {
            let mut bytes = [0; 32];
            bytes[0] = first;
            Seal(bytes)
        };
        assert!(seal(0x7f).meets(2));
        assert!(!seal(0x80).meets(2));
        assert!(Seal([0xff; 32]).meets(1));
        assert!(Seal([0xff; 32]).meets(0));
        assert!(!Seal([0xff; 32]).meets(2));
        assert!(Seal([0; 32]).meets(u64::MAX));
        // 2^256 / (2^64 - 1) is 2^192 + 2^128 + 2^64 + 1 and a little more.
        let mut bytes = [0; 32];
        bytes[7] = 1;
        assert!(Seal(bytes).meets(u64::MAX));
        bytes[15] = 1;
        assert!(Seal(bytes).meets(u64::MAX));
        bytes[15] = 2;
        assert!(!Seal(bytes).meets(u64::MAX));
    }

    #[test]
    fn only_the_three_blocks_before_are_recent() {
        let recent: Vec<BlockNumber> = (0..20).filter(|&worked_on| is_recent(worked_on, 10)).collect();
        assert_eq!(recent, [7, 8, 9]);
        assert!(!is_recent(0, 0));
        assert!(!is_recent(BlockNumber::MAX, 0));
    }

    #[test]
    fn leading_zeros_are_counted_bit_by_bit() {
        for zeros in 0..256_usize {
            let mut bytes = [0; 32];
            bytes[zeros / 8] = 0x80 >> (zeros % 8);
            assert_eq!(Seal(bytes).leading_zeros(), u32::try_from(zeros).unwrap());
        }
        assert_eq!((Seal([0; 32]).leading_zeros(), Seal([255; 32]).leading_zeros()), (256, 0));
    }

    #[test]
    fn a_difficulty_takes_as_many_attempts_on_average() {
        assert_eq!([0, 1, 2, u64::MAX].map(expected_attempts), [1, 1, 2, u64::MAX]);
        let met = (0..100_000).filter(|&nonce| challenge().seal(nonce).meets(100)).count();
        assert!((900..1_100).contains(&met), "{met} of 100 000 met a difficulty of 100");
    }

    proptest! {
        #[test]
        fn a_lower_difficulty_is_easier(bytes: [u8; 32], one: u64, other: u64) {
            let seal = Seal(bytes);
            prop_assert!(!seal.meets(one.max(other)) || seal.meets(one.min(other)));
        }

        #[test]
        fn the_check_is_the_comparison_of_leading_bits(bytes: [u8; 32], zeros in 0..40_u32, shift in 0..40_u32) {
            let mut bytes = bytes;
            let head = u64::from_be_bytes(*bytes.first_chunk().unwrap()) >> zeros;
            bytes[..8].copy_from_slice(&head.to_be_bytes());
            // A product with a power of two carries only the bits shifted out.
            prop_assert_eq!(Seal(bytes).meets(1 << shift), head.leading_zeros() >= shift);
        }
    }
}
