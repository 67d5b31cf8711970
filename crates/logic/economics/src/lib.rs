//! Economics of Myelin: every rule of issuance, division, price and stake as a pure function.
//!
//! The chain, the simulator and the explorer call these functions, so that they agree to the last rao. No function
//! stores, logs, reads a clock, uses floating point or panics, for any input. The parts of a divided quantity sum to
//! it.
//!
//! | Question | Module | spec |
//! |---|---|---|
//! | How much TAO does a block create, when is the next halving? | [`issuance`] | tokenomics §2 |
//! | When does a network run its epoch? | [`schedule`] | tokenomics §4 |
//! | Which subnet receives how much of a block? | [`root`] | tokenomics §5 |
//! | What of it is for the owner, the miners, the validators? | [`division`] | tokenomics §6 |
//! | What does a delegate keep, what do nominators receive? | [`payout`] | tokenomics §7 |
//! | Who owns the stake on a hotkey? | [`pool`] | staking §1.1 |
//! | What do parent hotkeys lend, and receive for it? | [`children`] | staking §9 |
//! | What does a new subnet cost? | [`subnet_price`] | subnets-and-neurons §2.1 |
//! | What of its lock comes back when it ends? | [`subnet_lock`] | subnets-and-neurons §5.3 |
//! | What does a seat cost? | [`adjustment`], [`work`] | subnets-and-neurons §8 |
//! | Who makes room when all seats are taken? | [`pruning`] | subnets-and-neurons §3, §11 |
//! | How is an amount divided without losing any? | [`distribute`] | tokenomics §5.4, §6.2 |
//!
//! The path of one TAO from a block to a nominator:
//!
//! ```
//! use myelin_economics::{
//!     division::{Claim, OWNER_CUT_PPM, divide},
//!     issuance::block_emission,
//!     payout::pay,
//!     pool::{Holding, Pool},
//! };
//! use myelin_primitives::{Amount, Fraction, Take};
//!
//! let earned = block_emission(Amount::ZERO);
//! let division = divide(earned, Fraction::from_ppm(OWNER_CUT_PPM).ok());
//! let miner = Claim { incentive: 1, ..Claim::default() };
//! let validator = Claim { dividend: 1, ..Claim::default() };
//! let emissions = division.among(&[miner, validator]).emissions;
//!
//! let (mut pool, mut owner, mut nominator) = (Pool::default(), Holding::default(), Holding::default());
//! pool.deposit(&mut owner, Amount::from_rao(1_000_000)).unwrap();
//! pool.deposit(&mut nominator, Amount::from_rao(3_000_000)).unwrap();
//! pay(&mut pool, &mut owner, emissions[1], Some(Take::new(11_796))).unwrap();
//! assert_eq!(pool.worth(&nominator).unwrap().rao(), 3_000_000 + 252_151_407);
//! ```
//!
//! Not here: permissions, storage, and the consensus that turns weights into incentives and dividends (`myelin-yuma`).

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

pub mod adjustment;
pub mod children;
pub mod distribute;
pub mod division;
pub mod issuance;
pub mod payout;
pub mod pool;
pub mod pruning;
pub mod root;
pub mod schedule;
pub mod subnet_lock;
pub mod subnet_price;
pub mod work;
