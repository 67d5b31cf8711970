//! Keys of the targets, and deterministic signatures.

use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey};
use myelin_wire::{
    Headers, PublicKey, Scheme, Sign, SignedProof, UnixNanos,
    strict::{SignedHeaders, StreamWriter, sign_request},
};
use rand_core::{CryptoRng, Error, RngCore};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, context::attach_rng, signing_context};
use std::sync::OnceLock;

/// The clock of the targets: nanoseconds since the Unix epoch.
pub const NOW: UnixNanos = 1_760_000_000_123_456_789;

/// A key whose signatures are the same in each run, so that corpora can be made again. For tests alone.
#[derive(Clone, Debug)]
pub struct FuzzKey(Keypair);

impl FuzzKey {
    /// Returns the key of 32 bytes of this value.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed.
    pub fn new(byte: u8) -> Self {
        let secret = MiniSecretKey::from_bytes(&[byte; 32]).expect("any 32 bytes are a seed");
        Self(secret.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// Returns the key that signs requests.
    pub fn caller() -> Self {
        static KEY: OnceLock<FuzzKey> = OnceLock::new();
        KEY.get_or_init(|| Self::new(1)).clone()
    }

    /// Returns the key that serves.
    pub fn neuron() -> Self {
        static KEY: OnceLock<FuzzKey> = OnceLock::new();
        KEY.get_or_init(|| Self::new(2)).clone()
    }
}

impl Sign for FuzzKey {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let transcript = attach_rng(signing_context(b"substrate").bytes(message), NoChance);
        self.0.sign(transcript).to_bytes()
    }
}

/// Checks a signature without the crate under test.
pub(crate) fn is_signed(scheme: Scheme, signer: PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    match scheme {
        Scheme::Sr25519 => schnorrkel::Signature::from_bytes(signature)
            .and_then(|signature| {
                schnorrkel::PublicKey::from_bytes(signer.as_bytes())?.verify_simple(b"substrate", message, &signature)
            })
            .is_ok(),
        Scheme::Ed25519 => VerifyingKey::from_bytes(signer.as_bytes())
            .and_then(|key| key.verify_strict(message, &Ed25519Signature::from_bytes(signature)))
            .is_ok(),
    }
}

/// Signs a request to the neuron, which answers and streams of the targets belong to.
///
/// # Panics
/// Never: the request can be signed.
pub fn question() -> (Headers, SignedProof) {
    let signed =
        sign_request(&FuzzKey::caller(), ("POST", "/generate"), b"hello", NOW, Some(FuzzKey::neuron().hotkey()));
    signed.expect("the request can be signed")
}

/// Begins the stream that answers the [`question`]: its head, with the content type, and its writer.
///
/// # Panics
/// Never: the head can be signed.
pub fn answer_stream() -> (SignedHeaders, StreamWriter<FuzzKey>) {
    let (_, request) = question();
    let begun = StreamWriter::new(FuzzKey::neuron(), &request, (200, "text/event-stream"), NOW);
    let (mut head, writer) = begun.expect("the head can be signed");
    head.headers.push("content-type", "text/event-stream");
    (head, writer)
}

/// A source of zeros instead of random numbers. The secret key keeps nonces apart.
struct NoChance;

impl RngCore for NoChance {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        bytes.fill(0);
        Ok(())
    }
}

impl CryptoRng for NoChance {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_good_and_the_same_each_time() {
        let key = FuzzKey::caller();
        let signature = key.sign(b"text");
        assert_eq!(signature, key.sign(b"text"));
        assert_ne!(signature, key.sign(b"other"));
        assert!(is_signed(Scheme::Sr25519, key.hotkey(), b"text", &signature));
        assert!(!is_signed(Scheme::Sr25519, key.hotkey(), b"other", &signature));
    }
}
