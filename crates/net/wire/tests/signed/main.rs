//! Protection by signatures: every change, every replay and every part of another exchange is refused.

mod old;
mod receipts;
mod requests;
mod streams;

use myelin_wire::{
    Headers, PublicKey, ReceivedRequest, Sign, SignedProof, UnixNanos, Verified,
    replay::{ReplayLimits, ReplayWindow},
    strict::{StrictDoor, StrictRefusal, StrictRequest, sign_request},
};

const NOW: UnixNanos = 1_760_000_000_123_456_789;

struct Key(schnorrkel::Keypair);

impl Sign for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}

fn key(seed: u8) -> Key {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap();
    Key(secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519))
}

fn caller() -> Key {
    key(1)
}

fn neuron() -> Key {
    key(2)
}

/// Returns a request of the caller to the neuron.
fn asked(target: &str, body: &[u8]) -> (Headers, SignedProof) {
    sign_request(&caller(), ("POST", target), body, NOW, Some(neuron().hotkey())).unwrap()
}

fn receive(
    here: PublicKey,
    (method, target): (&str, &str),
    headers: &Headers,
    body: &[u8],
    window: &mut ReplayWindow,
) -> Result<Verified<StrictRequest>, StrictRefusal> {
    let received = ReceivedRequest { method, target, headers };
    StrictDoor::new(here).open(received, NOW)?.verify(body.to_vec())?.admit(window, NOW)
}

fn empty() -> ReplayWindow {
    ReplayWindow::new(ReplayLimits::default())
}

/// Returns the same headers with one value changed.
fn with(headers: &Headers, name: &str, value: &str) -> Headers {
    headers.iter().map(|(own, old)| (own, if own == name { value } else { old })).collect()
}

/// Returns a text with one bit flipped, if the result is a text.
fn flipped(text: &str, bit: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let place = bit / 8 % bytes.len().max(1);
    *bytes.get_mut(place)? ^= 1 << (bit % 8);
    String::from_utf8(bytes).ok()
}
