//! Consent of keys: the text that a key signs to become one of a pair. spec staking §2.

use alloc::vec::Vec;
use codec::Encode;

/// A signature with which a key agrees to a pair: sr25519, over the [`pair_text`] or its [`wrapped`] form.
pub type KeyConsent = [u8; 64];

/// The first bytes of the text, which no other signed message begins with.
const PREFIX: &[u8] = b"myelin-pair/1";

/// Returns the text that a key signs to agree to a pair on the chain of this genesis block.
pub fn pair_text(genesis: &impl Encode, coldkey: &impl Encode, hotkey: &impl Encode) -> Vec<u8> {
    [PREFIX, &genesis.encode(), &coldkey.encode(), &hotkey.encode()].concat()
}

/// Returns a text in the form in which wallets of browsers sign it.
pub fn wrapped(text: &[u8]) -> Vec<u8> {
    [b"<Bytes>", text, b"</Bytes>"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_the_chain_and_both_keys() {
        let text = pair_text(&[1_u8; 32], &[2_u8; 32], &[3_u8; 32]);
        assert_eq!(text, [&b"myelin-pair/1"[..], &[1; 32], &[2; 32], &[3; 32]].concat());
        assert_eq!(text.len(), 109);
        assert_eq!(wrapped(b"ab"), b"<Bytes>ab</Bytes>");
    }
}
