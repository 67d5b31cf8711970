//! The emission and the epochs of one block as a function, for the chain and for each replay of it.
//!
//! [`run_block`] runs the root epoch, the accrual of the block and the epochs, in the order of the chain. Each epoch
//! pays into the stake pools that the next one reads. The outcome depends on nothing but the arguments and has every
//! term: shares, stake weights with their loans, the findings of consensus, each payment.
//!
//! ```
//! use myelin_epoch::{input::BlockInput, run_block};
//! use myelin_primitives::NetUid;
//!
//! // A chain without subnets: a block mints nothing.
//! let outcome = run_block(&BlockInput::<[u8; 32]>::default(), &[], false).unwrap();
//! assert_eq!(outcome.accrual.blocks, 1);
//! assert!(outcome.accrual.minted.is_zero());
//! ```
//!
//! | Question | Module | spec |
//! |---|---|---|
//! | In which order are the steps of a block? | [`block`] | tokenomics §3.2 |
//! | Where does a validator's weight become a share? | [`rules`] | yuma, tokenomics §6.2 |
//! | Which version of the rules paid an old epoch? | [`rules`] | |
//! | How much of the emission has a subnet pending? | [`accrual`] | tokenomics §5.4 |
//! | How do root weights become shares of subnets? | [`root`] | tokenomics §5 |
//! | How does a neuron's emission become stake? | [`payment`], [`stakes`] | tokenomics §7, staking §9 |
//! | Which epochs run in a block? | [`schedule`] | tokenomics §4.1 |
//! | What are the input and the outcome of a block? | [`input`], [`outcome`] | |
//!
//! The chain stores and reads by itself and calls the parts: [`accrual`], [`rules`] and [`payment`] work on borrowed
//! records and on traits. A replay reads a whole block and calls [`run_block`].
//!
//! Not here: consensus, which is `myelin-yuma`, and the rules of money, which are `myelin-economics`. Block weight, by
//! which the chain puts epochs off, is the chain's, and reading a chain is `myelin-explain`.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    forbid(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used,
    )
)]

extern crate alloc;

pub mod accrual;
pub mod block;
pub mod error;
pub mod input;
pub mod outcome;
pub mod payment;
pub mod root;
pub mod rules;
pub mod schedule;
pub mod stakes;
#[cfg(test)]
mod tests;

pub use block::run_block;
