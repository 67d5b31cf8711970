//! One epoch of Yuma consensus as a function.
//!
//! Validators set weights for miners. For each miner an epoch finds the consensus weight, which enough stake agrees on,
//! and cuts off the excess. Miners are paid by the rest. Validators are paid by their bonds on the miners that
//! consensus favours. The rules are in `docs/spec/yuma.md`; code cites them as `spec yuma §3.6`.
//!
//! [`epoch`] depends on its arguments only: it reads no clock, storage or randomness, and writes no log. The chain, the
//! simulator and the explorer call the same function, so they agree to the last bit. It is total: every input has an
//! outcome, and no input makes it panic.
//!
//! ```
//! use myelin_primitives::{Amount, Entry, Uid};
//! use myelin_yuma::{Params, Snapshot, Stake, epoch};
//!
//! let weights = [vec![Entry::new(Uid::new(1), 1)], vec![]];
//! let subnet = Snapshot {
//!     block: 100,
//!     last_epoch_block: None,
//!     emission: Amount::from_rao(1_000),
//!     owner: None,
//!     stake: &[Amount::ONE_TAO.into(), Stake::ZERO],
//!     registered_at: &[1, 1],
//!     last_update: &[90, 1],
//!     weights: &weights,
//!     bonds: &[],
//!     permits: &[true, false],
//!     commit_blocks: None,
//! };
//! let outcome = epoch(&subnet, &Params::default());
//! assert_eq!(outcome.server_emission[1].rao(), 500);
//! assert_eq!(outcome.validator_emission[0].rao(), 500);
//! ```
//!
//! The cost grows with the entries of the rows, not with the square of the neurons. Rows are masked once, turned into
//! columns by counting, and each column is processed by itself. There is no allocation per column or entry.
//!
//! Functions around an epoch that need the same exactness are here too: [`max_upscale`] for submitted weights,
//! [`split_emission`] and [`combine`] for subnets with several mechanisms. The chain decides on the blocks of epochs,
//! the storage of rows and the payment of amounts as stake.

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

mod alpha;
mod bonds;
mod consensus;
mod emission;
mod mechanism;
mod outcome;
mod params;
mod share;
mod snapshot;
mod sparse;
mod stake;
mod trace;
mod upscale;
mod vector;
mod weights;

/// The steps of an epoch one by one, for tests and for explanations of single numbers.
///
/// [`epoch`] consists of these functions.
pub mod kernel {
    pub use crate::{
        alpha::{Rates, logistic, mix},
        bonds::at_rates,
        consensus::{Scratch, Voters},
        sparse::Cell,
        stake::top_k,
    };
}

pub use mechanism::{CombinedOutcome, MechanismShares, combine, split_emission};
pub use outcome::{EpochOutcome, ExactShares};
pub use params::{Bonds, LiquidAlpha, Params, activity_cutoff};
pub use snapshot::Snapshot;
pub use stake::{Stake, is_active};
pub use trace::{BondTrace, Trace, WeightTrace};
pub use upscale::{is_spread, max_upscale};
pub use weights::{as_read, has_opinion};

use alloc::vec::Vec;
use bonds::{BondInputs, RenewedBonds, renew};
use consensus::{ClippedWeights, Voters, consensus, verdict};
use emission::{amounts, payout};
use myelin_primitives::{Entry, Q32};
use params::q32;
use sparse::Columns;
use trace::{BondObserver, opinions};
use vector::quantised;

/// Runs one epoch of Yuma consensus over one subnet. spec yuma §3.
pub fn epoch<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, params: &Params) -> EpochOutcome {
    run(subnet, params, &mut ()).outcome
}

/// Runs the same epoch and returns the terms of its outcome, for explanations.
pub fn traced<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, params: &Params) -> (EpochOutcome, Trace) {
    let mut bonds = Vec::new();
    let EpochContext { outcome, weights, consensus } = run(subnet, params, &mut bonds);
    let opinions = opinions(&weights, &consensus, &outcome.exact.active_stake);
    (outcome, Trace { consensus, opinions, bonds })
}

/// The outcome of an epoch, with the matrix and the vector behind it.
struct EpochContext {
    outcome: EpochOutcome,
    weights: Columns,
    consensus: Vec<Q32>,
}

fn run<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, params: &Params, witness: &mut impl BondObserver) -> EpochContext {
    let active = stake::activity(subnet, params.activity_cutoff); // spec yuma §3.1
    let stake = stake::shares(subnet, params.stake_threshold); // spec yuma §3.2
    let permits = stake::new_permits(subnet, &stake, params.max_allowed_validators); // spec yuma §3.3
    let old_permits = subnet.old_permits();
    let active_stake = stake::active_shares(&stake, &active, &old_permits); // spec yuma §3.4
    let weights = weights::admissible(subnet, &old_permits); // spec yuma §3.5
    let consensus = consensus(&weights, &Voters::new(&active_stake, q32(params.kappa))); // spec yuma §3.6
    let ClippedWeights { validator_trust, incentive } = verdict(&weights, &consensus, &active_stake); // spec yuma §3.7
    let evidence = BondInputs {
        weights: &weights,
        consensus: &consensus,
        active_stake: &active_stake,
        incentive: &incentive,
        permits: &permits,
    };
    let RenewedBonds { bonds, dividends } = renew(subnet, params, &evidence, witness); // spec yuma §3.8 to §3.11, §3.14
    let payout = payout(&incentive, &dividends, &active_stake, &stake); // spec yuma §3.12
    let outcome = EpochOutcome {
        stake_weight: quantised(&stake),
        consensus: quantised(&consensus),
        validator_trust: quantised(&validator_trust),
        incentive: quantised(&incentive),
        dividends: quantised(&dividends),
        emission: amounts(&payout.combined, subnet.emission),
        server_emission: amounts(&payout.server, subnet.emission),
        validator_emission: amounts(&payout.validator, subnet.emission),
        bonds,
        exact: ExactShares { stake, active_stake, incentive, dividends },
        active,
        permits,
    };
    EpochContext { outcome, weights, consensus }
}
