//! The records of the Myelin chain, one type for each, shared by the chain and by all programs that read it.
//!
//! A record is a value that the chain stores, takes in a call or answers to clients. Its encoding is a promise: the
//! pallets store these types, the runtime API answers with them, and clients decode into them.
//!
//! ```
//! use myelin_records::parameters::{NetworkParameters, Parameter, Parameters, ParametersPatch};
//!
//! let mut patch = ParametersPatch::default();
//! Parameter::named("tempo").unwrap().assign(&mut patch, "200").unwrap();
//! let parameters = patch.applied_to(&Parameters::default());
//! assert_eq!(parameters.tempo, 200);
//! assert!(parameters.validate(&NetworkParameters::default()).is_ok());
//! ```
//!
//! | Question | Module | spec |
//! |---|---|---|
//! | Which limits do lists and texts have? | [`bounds`] | |
//! | Which settings does a network have? | [`parameters`] | subnets-and-neurons §17 to §19 |
//! | What is a network? | [`subnet`] | subnets-and-neurons §2, §15 |
//! | What is a seat, and what does it cost? | [`seat`] | subnets-and-neurons §6 to §8 |
//! | Where does a neuron serve? | [`endpoint`] | subnets-and-neurons §14 |
//! | What does a neuron publish? | [`commitment`] | subnets-and-neurons §16 |
//! | Which stake is on a hotkey, and to which hotkeys does it lend weight? | [`stake`] | staking §2, §6, §9 |
//! | Which coldkey is to be replaced? What does it publish? | [`key`] | staking §10, subnets-and-neurons §15 |
//! | Which weights has a validator set or committed? | [`weights`] | weights §4, §5 |
//! | What did the last epoch find and pay? | [`epoch`] | tokenomics §5, §6 |
//! | What does the runtime API answer? | [`info`] | |
//! | Why does the transaction pool refuse a free call? | [`pool_code`] | events-and-errors §8.3 |
//! | Which calls have no fee? | [`free_calls`] | events-and-errors §8.1 |
//!
//! Records are generic in the account: the chain uses `AccountId32`, clients use a public key, which is the default.
//! Both encode as 32 bytes.
//!
//! Not here: records that only one pallet reads (queues, counters, caches), rules that change records, and the texts of
//! errors and hints.

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

pub mod bounds;
pub mod commitment;
pub mod consent;
pub mod endpoint;
pub mod epoch;
pub mod free_calls;
pub mod info;
pub mod key;
pub mod parameters;
pub mod pool_code;
pub mod seat;
pub mod stake;
pub mod subnet;
pub mod weights;
