//! Block emission: minting, accrual, epochs and payouts.
//!
//! # Order of a block
//! The pallet works in the initialisation of each block, before any transaction, in this order (spec tokenomics §3.2):
//!
//! 1. *Root epoch*, if due: the ratings of the root validators become shares of the block emission (§5).
//! 2. *Accrual*: the block emission, a function of the issuance alone (§2), is divided among the eligible subnets and
//!    joins the pending emission of each (§5.4).
//! 3. *Epochs* that are due, oldest first and then by netuid: the pending emission of a subnet is divided among its
//!    owner, miners and validators (§6). [`myelin_yuma::epoch`] computes the division from the weights of the subnet,
//!    and the parts are paid at once (§7).
//! 4. *Children*: pending children that are due after these epochs take effect, as many as have room (staking §9.1).
//!
//! The neurons pallet adjusts registration terms before, in its own hook; the runtime lists that pallet first.
//!
//! This pallet has no calls. The pallets below report subnets and seats through `OnSubnet` and `OnSeat`. This pallet
//! answers them through `ReadEmission`, `ReadScores` and `ReadPermits`.
//!
//! # Issuance
//! Pending emission is in no account. The issuance is derived, never stored: balances, locks, stake, escrows and
//! pending emission ([`Pallet::total_issuance`]). Accruing a block therefore *is* minting. TAO that leaves the pending
//! emission without being paid is recycled.
//!
//! # Cost of a block
//! Accrual is lazy and exact. A block writes one value, [`Accrued`], for any number of subnets. The pending emission of
//! a subnet follows from its amount per block and the number of accrued blocks
//! ([`myelin_epoch::accrual::accrued`]). All accounts are settled and the emission divided anew only when shares,
//! eligibility, the number of subnets or the block emission changed.
//!
//! Work is metered. An epoch that finds no room stays at the head of [`Waiting`] and is announced by
//! [`Event::EpochPutOff`]. The limit holds the largest epoch, which the integrity test asserts, so each block makes
//! progress. Epochs are put off only in overfull blocks.
//!
//! # Failure
//! An epoch is all or nothing. If it fails, its subnet keeps the pending emission, nothing of the epoch is stored, and
//! [`Event::EpochFailed`] gives the reason. The next epoch of the subnet divides all that has accrued until then.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
    )
)]
#![allow(missing_docs, reason = "FRAME's macros generate public items without documentation")]

extern crate alloc;

mod accrual;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod epoch;
mod hooks;
mod invariants;
mod listeners;
#[cfg(test)]
mod mock;
mod reads;
mod root;
#[cfg(test)]
mod tests;
pub mod traits;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use root::RootRatings;
pub use weights::WeightInfo;

#[allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::if_not_else,
    reason = "FRAME's macros write so; no rule stands in this module"
)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        traits::EmissionShares,
        types::{EpochQueue, EpochSize},
        weights::WeightInfo,
    };
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{Balanced, Inspect},
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::BlockNumberFor;
    use myelin_economics::root::Share;
    use myelin_pallet_keys::traits::IssuanceTerm;
    use myelin_pallet_neurons::traits::ReadSeats;
    use myelin_pallet_staking::traits::{PayStake, ReadStake};
    use myelin_pallet_subnets::traits::ReadSubnets;
    use myelin_pallet_weights::traits::ReadWeights;
    use myelin_primitives::{Amount, BlockNumber, NetUid, Tao, Uid};
    use myelin_records::{
        bounds::{MAX_NETWORKS, MAX_UIDS},
        epoch::{Accrual, BondsRow, EmissionAccounts, EpochRecord, NeuronRecords},
        parameters::MAX_ROOT_SEATS,
    };

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The free balances, a part of the issuance. Owners are paid here.
        type Currency: Inspect<Self::AccountId, Balance = u64> + Balanced<Self::AccountId>;

        /// The networks and their parameters.
        type Subnets: ReadSubnets<Self::AccountId>;

        /// The stake weights of hotkeys, and the payouts to neurons.
        type Stake: ReadStake<Self::AccountId> + PayStake<Self::AccountId>;

        /// The sums of TAO that other pallets hold outside of accounts, parts of the issuance.
        type Outside: IssuanceTerm;

        /// The seats of networks.
        type Seats: ReadSeats<Self::AccountId>;

        /// The weights of validators.
        type Weights: ReadWeights<Self::AccountId>;

        /// The division of the block emission among subnets: [`RootRatings`](crate::RootRatings).
        type Shares: EmissionShares;

        /// The most block weight that a tick may use.
        ///
        /// It holds at least the tick itself, a root epoch and the largest epoch of a subnet.
        #[pallet::constant]
        type MaxTickWeight: Get<Weight>;

        /// The block weights of hooks.
        type WeightInfo: WeightInfo;

        /// The state of the other pallets that benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The block emission, and the emission that has not been paid out.
    ///
    /// Written by each block. `emission` is the block emission that clients read. spec tokenomics §2.4
    #[pallet::storage]
    pub type Accrued<T: Config> = StorageValue<_, Accrual, ValueQuery>;

    /// The account of each subnet in the division of the block emission.
    ///
    /// Written when the division changes and by epochs. One value, because dividing touches every account and there are
    /// few of them.
    #[pallet::storage]
    pub type Ledger<T: Config> = StorageValue<_, EmissionAccounts, ValueQuery>;

    /// Epochs that found no room in their block, in the order in which they run.
    ///
    /// Empty unless blocks are full, epochs are switched off, or the parameters cannot be decoded.
    #[pallet::storage]
    pub type Waiting<T: Config> = StorageValue<_, EpochQueue, ValueQuery>;

    /// The records of the neurons of each subnet after its last epoch, by uid.
    ///
    /// Written by the epoch; the record of a replaced seat is reset. Removed with the subnet. One value per subnet,
    /// because the epoch reads and writes all of it.
    // `Identity`: netuids are small numbers that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type Neurons<T: Config> = StorageMap<_, Identity, NetUid, NeuronRecords, ValueQuery>;

    /// The bonds that each validator holds on miners, as the last epoch of the subnet left them. spec yuma §3.14
    ///
    /// Only neurons with a permit have a row, and no row is empty. Written by the epoch. Removed when the seat is
    /// replaced, and with the subnet, a page at a time.
    // `Identity`: netuids and uids are small numbers that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type Bonds<T: Config> = StorageDoubleMap<_, Identity, NetUid, Identity, Uid, BondsRow, ValueQuery>;

    /// The last successful epoch of each subnet: its block and the amounts that it divided.
    ///
    /// Written by the epoch. Removed with the subnet.
    // `Identity`: netuids are small numbers that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type LastEpochs<T: Config> = StorageMap<_, Identity, NetUid, EpochRecord, OptionQuery>;

    /// The last block in which accrual or the end of an account failed.
    ///
    /// None on a sound chain. It is an alarm of `try_state`, and a migration has to end it.
    #[pallet::storage]
    pub type AccrualFault<T: Config> = StorageValue<_, BlockNumber>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A block creates another amount than before: a halving, or the reverse after much was recycled.
        BlockEmissionSet {
            /// The block emission from now on.
            emission: Amount<Tao>,
        },
        /// A root epoch ran. These shares are in force until the next one.
        SharesSet {
            /// The share of each subnet.
            shares: Vec<(NetUid, Share)>,
        },
        /// A root epoch could not compute shares. The previous shares stay in force.
        SharesKept {
            /// The reason.
            reason: DispatchError,
        },
        /// An epoch ran, and all pending emission of the subnet is paid out or recycled.
        EpochRun {
            /// The subnet.
            netuid: NetUid,
            /// The emission that had accrued since the epoch before.
            emission: Amount<Tao>,
            /// The owner cut, paid as free balance.
            owner_cut: Amount<Tao>,
            /// The total paid for mining, as stake.
            miners: Amount<Tao>,
            /// The total paid for validating, as stake.
            validators: Amount<Tao>,
        },
        /// An epoch failed. The subnet keeps its pending emission, and nothing else changed.
        EpochFailed {
            /// The subnet.
            netuid: NetUid,
            /// The reason.
            reason: DispatchError,
        },
        /// An epoch was put off: its block has no room for it, or epochs wait. It runs before epochs that are due
        /// later.
        EpochPutOff {
            /// The subnet.
            netuid: NetUid,
            /// The block in which the epoch was due.
            since: BlockNumber,
        },
        /// Pending emission was recycled and will be emitted again.
        EmissionRecycled {
            /// The subnet to which it had accrued.
            netuid: NetUid,
            /// The amount.
            amount: Amount<Tao>,
        },
        /// The accrual of a block failed and changed nothing, or the pending emission of an ended subnet is not known.
        AccrualFailed {
            /// The reason.
            reason: DispatchError,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// No subnet has this netuid; choose one that exists and is not root.
        SubNetworkDoesNotExist,
        /// Root does not exist; genesis creates it.
        RootNetworkDoesNotExist,
        /// There are more subnets than accounts; the subnet limit must stay below the number of networks.
        TooManySubnets,
        /// Two seats of the subnet are held by the same hotkey; each seat needs a hotkey of its own.
        DuplicateHotkey,
        /// The subnet has more neurons than can be recorded; it must not have more than the most seats of a network.
        TooManyNeurons,
        /// Stake grew by another amount than was paid; both must be equal.
        PayoutMismatch,
        /// There is no root validator; a hotkey has to join root.
        NoRootValidators,
        /// There is no subnet to share the emission.
        NoSubnets,
        /// No root validator has any stake; stake on one.
        NoRootStake,
        /// No root validator with stake rates any subnet; one of them has to set root weights.
        NoRootRating,
        /// The stakes of root validators sum to more than any amount, which the supply rules out.
        RootStakeOverflow,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            let mut meter = WeightMeter::with_limit(T::MaxTickWeight::get());
            Self::do_tick(Self::now(), &mut meter);
            meter.consumed().saturating_add(T::Stake::activate_children())
        }

        /// Checks that the epoch of the largest network fits into a tick. Otherwise it would wait for ever.
        fn integrity_test() {
            let (seats, networks) = (u32::from(MAX_UIDS), MAX_NETWORKS);
            let largest = T::WeightInfo::tick(networks)
                .saturating_add(T::WeightInfo::root_epoch(MAX_ROOT_SEATS.into(), networks))
                .saturating_add(T::WeightInfo::measure_epoch(seats))
                .saturating_add(T::WeightInfo::epoch(EpochSize::greatest(seats)));
            assert!(largest.all_lte(T::MaxTickWeight::get()), "the tick needs {largest} to make progress");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
