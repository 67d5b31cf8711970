//! A subnet whose miners answer with text, and whose validators prove which model wrote it.
//!
//! All parties hold the same [`Model`], whose [hash](ModelHash) the subnet's owner commits on the chain. A [`Query`] is
//! a prompt, a seed, the sampling of tokens and their number. The model and the query decide on all tokens. A validator
//! that recomputes a few of them in one pass therefore knows whether the miner did the work ([`proof::verify`]).
//!
//! ```
//! use myelin_subnet_text::{Model, Query, Sampling, Shape, proof::{ProofCheck, verify}, train};
//! use std::ops::ControlFlow;
//!
//! # let folder = tempfile::tempdir()?;
//! train::initialise(folder.path(), &Shape::TINY, 7)?;
//! let model = Model::load(folder.path())?;
//! let prompt = model.encode("Once there was")?;
//! let query = Query { prompt: &prompt, seed: 42, sampling: Sampling::default(), max_tokens: 16 };
//!
//! let mut steps = Vec::new();
//! let finish = model.generate(&query, &mut |step| {
//!     steps.push(step);
//!     ControlFlow::Continue(())
//! })?;
//! assert!(verify(&model, &query, &steps, finish, &ProofCheck::new(1, 8))?.is_genuine());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | Question | Module |
//! |---|---|
//! | What is asked and answered, and how does it travel? | [`challenge`], [`answer`], [`task`], [`draw`] |
//! | Who answers? | [`miner`], with the model itself or an [`upstream`] server; [`mischief`] tries to cheat |
//! | Is it right, and what is it worth? | [`judge`], [`proof`], [`score`], [`reputation`] |
//! | Which model does a subnet have? | [`published`] |
//! | What does a whole process do? | [`roles`] |
//! | How does a consumer ask, and show it? | [`consumer`], through a validator's [`gate`]; [`evidence`] |
//! | Where does a small model come from? | [`corpus`], [`train`], [`export`] |
//!
//! The security of the proof, its cost and its error rate: `docs/text-subnet.md`, `docs/benchmarks/text.md`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

pub mod answer;
pub mod challenge;
pub mod consumer;
pub mod corpus;
pub mod draw;
pub mod evidence;
pub mod export;
#[cfg(test)]
#[path = "../../../../vectors/formats/fixture.rs"]
mod fixture;
#[doc(hidden)]
pub mod fuzzing;
pub mod gate;
mod generate;
pub mod judge;
pub mod miner;
pub mod mischief;
mod model;
pub mod proof;
pub mod published;
pub mod reputation;
pub mod roles;
mod sampling;
pub mod score;
mod settings;
pub mod task;
pub mod train;
pub mod upstream;

pub use generate::{GeneratedToken, GenerationEnd, Query};
pub use model::{Decoder, HashError, Model, ModelError, ModelHash, Shape};
pub use sampling::Sampling;
pub use settings::QuestionSettings;
