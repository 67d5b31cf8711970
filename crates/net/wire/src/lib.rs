//! Messages of neurons: signatures, freshness, replay windows and receipts, without sockets.
//!
//! A neuron must serve no caller under a false name, and no request twice. Here these rules are plain functions over
//! bytes and a clock, so that tests can check every bit. The crate that opens the connections only carries bytes.
//! Checked and unchecked messages have different types, so no handler can take one for the other.
//!
//! | Question | Module | spec |
//! |---|---|---|
//! | Is a request of a Python neuron signed, fresh and new? What is the answer? | [`v1`] | neuron-protocol §6 to §9 |
//! | Is a strict request valid? Is an answer from the right neuron? How is it proven later? | [`strict`] | signed-requests |
//! | Was a request accepted before? | [`replay`] | signed-requests §8 |
//! | What is the form of a message as headers, as a body, as a hash? | [`synapse`], [`class`], [`python`] | neuron-protocol §2 to §4 |
//! | How does a tensor travel? | [`tensor`] | neuron-protocol §11 |
//! | Which text of a peer can be shown? | [`PeerText`] | – |
//! | Where is a neuron, and by which key is it reached? | [`address`], [`CertificateKey`](myelin_primitives::CertificateKey) | neuron-protocol §11, §13 |
//!
//! A strict request and its answer:
//!
//! ```
//! use myelin_wire::{ReceivedRequest, Sign, replay::{ReplayLimits, ReplayWindow}, strict::{self, Receipt, StrictDoor}};
//!
//! # struct Key(schnorrkel::Keypair);
//! # impl Sign for Key {
//! #     fn public(&self) -> [u8; 32] { self.0.public.to_bytes() }
//! #     fn sign(&self, message: &[u8]) -> [u8; 64] { self.0.sign_simple(b"substrate", message).to_bytes() }
//! # }
//! # fn key(seed: u8) -> Key {
//! #     let mode = schnorrkel::ExpansionMode::Ed25519;
//! #     Key(schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(mode))
//! # }
//! # let (caller, neuron) = (key(1), key(2));
//! let now = 1_760_000_000_000_000_000;
//! let (method, target, body) = ("POST", "/generate", b"hello");
//! let (headers, asked) = strict::sign_request(&caller, (method, target), body, now, Some(neuron.hotkey()))?;
//!
//! let mut window = ReplayWindow::new(ReplayLimits::default());
//! let received = ReceivedRequest { method, target, headers: &headers };
//! let door = StrictDoor::new(neuron.hotkey());
//! let request = door.open(received, now)?.verify(body.to_vec())?.admit(&mut window, now)?;
//! assert_eq!(request.sender(), caller.hotkey());
//!
//! let mut answered = strict::sign_answer(&neuron, request.proof(), (200, "text/plain"), b"world", now)?;
//! answered.headers.push("content-type", "text/plain");
//! let answer = strict::verify_answer(&asked, neuron.hotkey(), 200, &answered.headers, b"world".to_vec())?;
//! let receipt = Receipt::of_answer(&asked, answer.proof());
//! assert_eq!(receipt.verify()?.responder, neuron.hotkey());
//!
//! let again = door.open(received, now)?.verify(body.to_vec())?.admit(&mut window, now);
//! assert_eq!(again.map_err(|refusal| refusal.name()), Err("ReplayedRequest"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not here: connections, time, randomness, keys and the chain. Signing is a trait ([`Sign`]) that the owner of a key
//! implements. The clock is an argument everywhere.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    forbid(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used,
    )
)]

pub mod address;
pub mod class;
#[cfg(test)]
#[path = "../../../../vectors/formats/fixture.rs"]
mod fixture;
pub mod headers;
mod hotkey;
mod peer_text;
pub mod python;
pub mod replay;
mod signature;
pub mod strict;
pub mod synapse;
pub mod tensor;
pub mod uuid;
pub mod v1;
mod verified;

pub use headers::Headers;
pub use hotkey::{V1AddressError, from_ss58};
pub use myelin_primitives::PublicKey;
pub use peer_text::PeerText;
pub use signature::{Scheme, Sign, SignatureTextError, UncheckedSignature};
pub use synapse::{HeaderError, Synapse, TerminalInfo};
pub use verified::{Protocol, ReceivedRequest, SignedProof, UnixNanos, Verified};
