//! A subnet whose miners answer with text, and whose validators prove which model wrote it.
//!
//! Everybody holds the same [`Model`], whose [hash](ModelHash) the subnet's owner commits on the chain. A [`Query`] says
//! what to write: a prompt, a seed, how to draw tokens and how many. From the model and the seed every token follows, so a
//! validator that recomputes a few of them in one pass knows whether the miner did the work ([`proof::verify`]).
//!
//! ```
//! use myelin_subnet_text::{Model, Query, Sampling, Shape, proof::{Check, verify}, train};
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
//! assert!(verify(&model, &query, &steps, finish, &Check::new(1, 8))?.is_genuine());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Why this proves anything, what it costs, and how often it errs: `docs/text-subnet.md`, `docs/benchmarks/text.md`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

#[cfg(feature = "roles")]
pub mod answer;
#[cfg(feature = "roles")]
pub mod challenge;
#[cfg(feature = "roles")]
pub mod consumer;
#[cfg(feature = "roles")]
pub mod draw;
#[cfg(feature = "roles")]
pub mod gate;
#[cfg(feature = "roles")]
pub mod judge;
#[cfg(feature = "roles")]
pub mod miner;
#[cfg(feature = "roles")]
pub mod mischief;
#[cfg(feature = "roles")]
pub mod published;
#[cfg(feature = "roles")]
pub mod reputation;
#[cfg(feature = "roles")]
pub mod roles;
#[cfg(feature = "roles")]
pub mod score;
#[cfg(feature = "roles")]
pub mod task;
#[cfg(feature = "roles")]
pub mod upstream;
pub mod corpus;
pub mod export;
mod generate;
mod model;
pub mod proof;
mod random;
mod sampling;
pub mod train;

pub use generate::{Finish, Query, Step};
pub use model::{Decoder, HashError, Model, ModelError, ModelHash, Shape};
pub use sampling::Sampling;
