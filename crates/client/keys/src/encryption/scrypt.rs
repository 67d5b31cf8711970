//! The key derivation scrypt (RFC 7914), whose memory is wiped.
//!
//! The table and the blocks follow from the passphrase, and the key follows from them. The crate `scrypt` gives them
//! back to the system as they are, so that it only checks this one in tests.

use pbkdf2::pbkdf2_hmac;
use salsa20::{
    SalsaCore,
    cipher::{StreamCipherCore, typenum::U4},
};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// The words of a block of Salsa20.
const WORDS: usize = 16;

/// The cost of a derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScryptCost {
    /// The number of entries of the table, a power of two above 1.
    pub(crate) n: usize,
    /// The number of passes, above 0.
    pub(crate) p: usize,
    /// The size of an entry in units of 128 bytes, above 0.
    pub(crate) r: usize,
}

/// Returns the key that a passphrase and a salt lead to. `None` for a cost that is out of range.
///
/// It takes `128 · r · (n + p)` bytes of memory, which the caller limits.
pub(crate) fn scrypt(passphrase: &[u8], salt: &[u8], cost: ScryptCost) -> Option<Zeroizing<[u8; 32]>> {
    let ScryptCost { n, p, r } = cost;
    let entry = r.checked_mul(2 * WORDS).filter(|entry| *entry > 0)?;
    let table = entry.checked_mul(n).filter(|_| n > 1 && n.is_power_of_two())?;
    let blocks = entry.checked_mul(p)?.checked_mul(4).filter(|blocks| *blocks > 0)?;

    let mut blocks = Zeroizing::new(vec![0; blocks]);
    pbkdf2_hmac::<Sha256>(passphrase, salt, 1, &mut blocks);
    let mut memory = Memory {
        table: Zeroizing::new(vec![0; table]),
        block: Zeroizing::new(vec![0; entry]),
        mixed: Zeroizing::new(vec![0; entry]),
    };
    for bytes in blocks.chunks_exact_mut(entry.checked_mul(4)?) {
        memory.mix(bytes);
    }
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2_hmac::<Sha256>(passphrase, &blocks, 1, key.as_mut_slice());
    Some(key)
}

/// The memory of a pass, as words.
struct Memory {
    table: Zeroizing<Vec<u32>>,
    block: Zeroizing<Vec<u32>>,
    mixed: Zeroizing<Vec<u32>>,
}

impl Memory {
    /// Mixes a block in place: `scryptROMix` of RFC 7914 §5.
    fn mix(&mut self, bytes: &mut [u8]) {
        for (word, four) in self.block.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*four);
        }
        let entry = self.block.len();
        for line in self.table.chunks_exact_mut(entry) {
            line.copy_from_slice(&self.block);
            mix_block(line, &mut self.block);
        }
        let entries = self.table.len() / entry;
        for _ in 0..entries {
            let chosen = self.block.get(entry - WORDS).map_or(0, |word| *word as usize) % entries;
            let line = self.table.chunks_exact(entry).nth(chosen).unwrap_or_default();
            for ((mixed, word), old) in self.mixed.iter_mut().zip(&*self.block).zip(line) {
                *mixed = word ^ old;
            }
            mix_block(&self.mixed, &mut self.block);
        }
        for (word, four) in self.block.iter().zip(bytes.as_chunks_mut().0) {
            *four = word.to_le_bytes();
        }
    }
}

/// Mixes a block into another: `scryptBlockMix` of RFC 7914 §4.
fn mix_block(from: &[u32], to: &mut [u32]) {
    let Some(last) = from.last_chunk::<WORDS>() else { return };
    let mut state = *last;
    let (even, odd) = to.split_at_mut(to.len() / 2);
    let pairs = from.as_chunks::<WORDS>().0.chunks_exact(2);
    for ((pair, even), odd) in pairs.zip(even.as_chunks_mut().0).zip(odd.as_chunks_mut().0) {
        for (block, to) in pair.iter().zip([even, odd]) {
            step(&mut state, block);
            *to = state;
        }
    }
    state.zeroize();
}

/// Adds a block to the state and applies Salsa20/8.
fn step(state: &mut [u32; WORDS], block: &[u32; WORDS]) {
    for (word, other) in state.iter_mut().zip(block) {
        *word ^= other;
    }
    let mut bytes = [0; 4 * WORDS];
    SalsaCore::<U4>::from_raw_state(*state).write_keystream_block((&mut bytes).into());
    for (word, four) in state.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*four);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the key by the crate of the same name.
    fn other(passphrase: &[u8], salt: &[u8], ScryptCost { n, p, r }: ScryptCost) -> [u8; 32] {
        let [r, p] = [r, p].map(|number| u32::try_from(number).unwrap());
        let parameters = ::scrypt::Params::new(u8::try_from(n.ilog2()).unwrap(), r, p, 32).unwrap();
        let mut key = [0; 32];
        ::scrypt::scrypt(passphrase, salt, &parameters, &mut key).unwrap();
        key
    }

    #[test]
    fn keys_are_those_of_the_rfc() {
        for (passphrase, salt, n, p, r, key) in [
            ("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"),
            ("password", "NaCl", 1_024, 16, 8, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"),
            (
                "pleaseletmein",
                "SodiumChloride",
                16_384,
                1,
                8,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
            ),
        ] {
            let found = scrypt(passphrase.as_bytes(), salt.as_bytes(), ScryptCost { n, p, r }).unwrap();
            assert_eq!(hex::encode(*found), key);
        }
    }

    #[test]
    fn a_cost_out_of_range_has_no_key() {
        for (n, p, r) in [(0, 1, 1), (1, 1, 1), (3, 1, 1), (2, 0, 1), (2, 1, 0), (1 << 62, 1, 8), (2, usize::MAX, 8)] {
            assert!(scrypt(b"", b"", ScryptCost { n, p, r }).is_none(), "{n} {p} {r}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn keys_are_those_of_another_program(
            passphrase: Vec<u8>, salt: [u8; 32], log_n in 1_u32..9, p in 1_usize..4, r in 1_usize..10
        ) {
            let cost = ScryptCost { n: 1 << log_n, p, r };
            prop_assert_eq!(*scrypt(&passphrase, &salt, cost).unwrap(), other(&passphrase, &salt, cost));
        }
    }
}
