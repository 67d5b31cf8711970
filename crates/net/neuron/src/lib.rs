//! Axon and dendrite: the server and the client of a neuron, over HTTP and without a chain.
//!
//! `myelin-wire` defines the messages of neurons byte for byte, without sockets. This crate carries the bytes, and
//! protects a neuron from untrusted peers. All buffers, queues, waits and counts here have a limit, and each peer has a
//! quota of them.
//!
//! | Wanted | Here |
//! |---|---|
//! | Serve | [`Axon`], with an [`Endpoint`] for each class of messages and [`Rules`] about who is served first, or at all |
//! | Ask | [`Dendrite`], one [`Peer`] or many, whole answers and streams |
//! | Know who has a seat | [`Directory`]; [`MemoryDirectory`] is one in memory |
//! | Encrypt | [`TlsIdentity`], whose key is published on the chain |
//! | Read a stream line by line | [`Lines`], each with a limit |
//!
//! ```
//! use myelin_neuron::{Answer, Axon, Dendrite, Endpoint, HandlerOutput, Peer, ServeAnyone, Signer};
//! use myelin_wire::{Synapse, class::{Class, Field, Type}, python::{Dict, Value}};
//! # use myelin_wire::Sign;
//! # struct Key(schnorrkel::Keypair);
//! # impl Sign for Key {
//! #     fn public(&self) -> [u8; 32] { self.0.public.to_bytes() }
//! #     fn sign(&self, message: &[u8]) -> [u8; 64] { self.0.sign_simple(b"substrate", message).to_bytes() }
//! # }
//! # fn key(seed: u8) -> Signer {
//! #     let mode = schnorrkel::ExpansionMode::Ed25519;
//! #     Signer::new(Key(schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(mode)))
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let class = Class::new("Echo", vec![Field::required("text", Type::Text)])?.hashing(&["text"])?;
//! let echo = Endpoint::new(class.clone(), |request| async move { Ok(HandlerOutput::from(request.into_content())) });
//!
//! // An axon without a stored replay window cannot know its accepted requests, so this one states that it has none.
//! let axon = Axon::builder(key(1), ServeAnyone).port(0).endpoint(echo).never_served().start().await?;
//!
//! let dendrite = Dendrite::new(key(2)).local_addresses(true);
//! let message = Synapse::new(class.into(), &Dict::from_iter([("text", Value::from("hello"))]))?;
//! let peer = Peer::strict(axon.hotkey(), axon.address());
//! let Answer::Signed { message, receipt } = dendrite.ask(&peer, &message).await.result? else { panic!("unsigned") };
//! assert_eq!(message.content().get("text"), Some(&Value::from("hello")));
//! assert_eq!(receipt.verify()?.responder, axon.hotkey());
//! axon.stop().await?;
//! # Ok(()) }
//! ```
//!
//! Not here: subnets (`myelin-subnet-kit`), the chain ([`Directory`] is the seam), keys ([`Signer`] takes any signer),
//! and HTTP itself, which is hyper's. Handlers take [`Verified`](myelin_wire::Verified) messages only, and no code in
//! this crate can make one of an unsigned request.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

mod axon;
mod clock;
mod dendrite;
mod directory;
mod failures;
mod http;
mod limits;
mod lines;
mod metrics;
mod queue;
mod quota;
mod random;
mod replay_file;
mod rules;
mod signer;
mod tls;

pub use axon::{
    Axon, AxonBuilder, AxonStartError, AxonStopError, Endpoint, Failure, HandlerOutput, Pieces, V1Policy, WorkPlace,
};
pub use clock::{Clock, ManualClock, SystemClock};
pub use dendrite::{
    Answer, AnswerStream, AskError, AskResult, Dendrite, DialRules, Peer, PeerProtocol, ProbeReport, UnsignedAnswers,
    request_body,
};
pub use directory::{Directory, DirectoryEntry, MemoryDirectory, PROTOCOL, SPEAKS_STRICT, ServedAxon};
pub use limits::AxonLimits;
pub use lines::{LineTooLong, Lines};
pub use metrics::Metrics;
pub use myelin_files::FileError;
pub use myelin_wire::{
    Protocol,
    strict::{Place, UnplacedRequests},
};
pub use rules::{Caller, Priority, PriorityError, Rules, ServeAnyone, ServeNeurons, ServeValidators};
pub use signer::Signer;
pub use tls::{TlsError, TlsIdentity, TlsOffer};
