//! What neurons say to each other: messages, signatures, freshness and receipts, without sockets.
//!
//! A neuron must never serve somebody who is not who they say, nor the same request twice. Here these rules are plain
//! functions over bytes and a clock, so that they can be tested to the last bit; the crate that opens the connections
//! only carries bytes to them. What has not passed them has another type than what has, and no handler takes the one
//! for the other.
//!
//! | Question | Module | spec |
//! |---|---|---|
//! | Is this request of a Python neuron signed, fresh and new? What do I answer? | [`v1`] | neuron-protocol §6 to §9 |
//! | And this strict one? Is this answer from the neuron I asked? Can I prove that later? | [`strict`] | signed-requests |
//! | Was it accepted before? | [`replay`] | signed-requests §8 |
//! | What does a message look like as headers, as a body, as a hash? | [`synapse`], [`class`], [`python`] | neuron-protocol §2 to §4 |
//! | How does a tensor travel? | [`tensor`] | neuron-protocol §11 |
//! | Where is a neuron, and by which key is it reached? | [`address`], [`certificate`] | neuron-protocol §11, §13 |
//!
//! A strict request and its answer:
//!
//! ```
//! use myelin_wire::{Received, Sign, replay::{ReplayLimits, ReplayWindow}, strict::{self, Door, Receipt}};
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
//! let received = Received { method, target, headers: &headers };
//! let request = Door::new(neuron.hotkey()).open(received, now)?.verify(body.to_vec())?.admit(&mut window, now)?;
//! assert_eq!(request.sender(), caller.hotkey());
//!
//! let mut answered = strict::sign_answer(&neuron, request.proof(), (200, "text/plain"), b"world", now)?;
//! answered.headers.push("content-type", "text/plain");
//! let answer = strict::verify_answer(&asked, neuron.hotkey(), 200, &answered.headers, b"world".to_vec())?;
//! let receipt = Receipt::of_answer(&asked, answer.proof());
//! assert_eq!(receipt.verify()?.responder, neuron.hotkey());
//!
//! let again = Door::new(neuron.hotkey()).open(received, now)?.verify(body.to_vec())?.admit(&mut window, now);
//! assert_eq!(again.map_err(|refusal| refusal.name()), Err("ReplayedRequest"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is not here: connections, time, randomness, keys and the chain. Signing is a trait ([`Sign`]) that whoever
//! holds a key implements; the clock is an argument everywhere.

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
pub mod certificate;
pub mod class;
#[cfg(test)]
#[path = "../../../../vectors/formats/fixture.rs"]
mod fixture;
pub mod headers;
mod hotkey;
pub mod python;
pub mod replay;
mod signature;
pub mod strict;
pub mod synapse;
pub mod tensor;
pub mod v1;
mod verified;

pub use headers::Headers;
pub use hotkey::{V1AddressError, from_ss58};
pub use myelin_primitives::PublicKey;
pub use signature::{Scheme, Sign, SignatureTextError, UncheckedSignature};
pub use synapse::{HeaderError, Synapse, TerminalInfo};
pub use verified::{Protocol, ReceivedRequest, SignedProof, UnixNanos, Verified};
