//! Keys of wallets as signers of messages.

use myelin_client::Keypair;
use myelin_neuron::Signer;
use myelin_wire::Sign;

/// A key of a wallet that signs messages.
struct WalletKey(Keypair);

impl Sign for WalletKey {
    fn public(&self) -> [u8; 32] {
        self.0.public().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Returns a signer of messages that signs as a key of a wallet.
pub fn signer_of(key: Keypair) -> Signer {
    Signer::new(WalletKey(key))
}
