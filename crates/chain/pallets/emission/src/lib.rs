//! The block's money: mint, accrue, run epochs, pay.
//!
//! # What it does
//! In the initialisation of every block, before any transaction, in this order (spec tokenomics §3.2):
//!
//! 1. *Root epoch*, if due: the ratings of the root validators become shares of the block emission (§5).
//! 2. *Accrue*: the emission of the block, a function of the total issuance alone (§2), is divided among the eligible
//!    subnets and joins what each has pending (§5.4).
//! 3. *Epochs* that are due, oldest first and then by netuid: what a subnet has pending is divided among its owner,
//!    miners and validators (§6) by what [`myelin_yuma::epoch`] makes of its weights, and paid at once (§7).
//!
//! The registration terms, which come before, are the neurons pallet's own hook; the runtime lists that pallet first.
//!
//! There are no calls: nobody commands this pallet. It is told of subnets and seats by the pallets below through
//! `OnSubnet` and `OnSeat`, and answers them through `ReadEmission`, `ReadEarnings` and `ReadPermits`.
//!
//! # Where the money is
//! Pending emission is in no account. The total issuance is derived, never stored: balances, locks, stakes and what is
//! pending ([`Pallet::total_issuance`]). Accruing a block therefore *is* minting, and what leaves the pending emission
//! without being paid is recycled.
//!
//! # How a block stays cheap
//! Accrual is lazy and exact. A block writes one value, [`Accrued`], however many subnets there are. What a subnet has
//! pending follows from what it receives per block and how many blocks have accrued ([`types::EmissionAccount::pending`]). All
//! accounts are settled and the emission divided anew only when shares, eligibility, the number of subnets or the
//! block emission changed.
//!
//! Work is metered. An epoch that finds no room stays at the head of [`Waiting`] and is announced by
//! [`Event::EpochPutOff`]. The limit holds the largest epoch, which the integrity test asserts, so every block
//! makes progress and putting off is a safety net, not a schedule.
//!
//! # What can go wrong
//! An epoch is all or nothing. If it fails its subnet keeps what is pending, nothing of it is stored, and
//! [`Event::EpochFailed`] says why; the next epoch of the subnet tries again with what has accrued until then.

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
        types::{Accrual, BondsRow, EmissionAccounts, EpochQueue, EpochRecord, NeuronRecords},
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
    use myelin_pallet_neurons::traits::ReadSeats;
    use myelin_pallet_staking::traits::{PayStake, ReadStake};
    use myelin_pallet_subnets::{
        traits::ReadSubnets,
        types::{MAX_NETWORKS, MAX_UIDS},
    };
    use myelin_pallet_weights::traits::ReadWeights;
    use myelin_primitives::{Amount, BlockNumber, NetUid, Tao, Uid};

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Free balances: where owners are paid, and a part of the issuance.
        type Currency: Inspect<Self::AccountId, Balance = u64> + Balanced<Self::AccountId>;

        /// Which subnets exist and how they are set.
        type Subnets: ReadSubnets<Self::AccountId>;

        /// What hotkeys weigh, and where neurons are paid.
        type Stake: ReadStake<Self::AccountId> + PayStake<Self::AccountId>;

        /// Who sits where.
        type Seats: ReadSeats<Self::AccountId>;

        /// What validators say.
        type Weights: ReadWeights<Self::AccountId>;

        /// How the block emission is shared among subnets: [`RootRatings`](crate::RootRatings).
        type Shares: EmissionShares;

        /// How much of a block the tick may take. Holds at least the tick itself, a root epoch and the largest epoch
        /// of a subnet.
        #[pallet::constant]
        type MaxTickWeight: Get<Weight>;

        /// Measured costs.
        type WeightInfo: WeightInfo;

        /// Fills the other pallets for a benchmark.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What every block adds, and what of it has not been paid out.
    ///
    /// Written by every block. `emission` is the block emission that clients read. spec tokenomics §2.4
    #[pallet::storage]
    pub type Accrued<T: Config> = StorageValue<_, Accrual, ValueQuery>;

    /// Where every subnet stands in the division of the block emission.
    ///
    /// Written when the division changes and by epochs. One value, because dividing touches every account and there are
    /// few of them.
    #[pallet::storage]
    pub type Ledger<T: Config> = StorageValue<_, EmissionAccounts, ValueQuery>;

    /// Epochs that found no room in their block, in the order in which they run.
    ///
    /// Empty unless blocks are full.
    #[pallet::storage]
    pub type Waiting<T: Config> = StorageValue<_, EpochQueue, ValueQuery>;

    /// What the last epoch of each subnet found out about its neurons, by uid.
    ///
    /// Written by the epoch; a replaced seat is set back. Removed with the subnet. One value per subnet, because the
    /// epoch reads and writes all of it.
    // `Identity`: netuids are small numbers that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type Neurons<T: Config> = StorageMap<_, Identity, NetUid, NeuronRecords, ValueQuery>;

    /// The bonds that each validator holds on miners, as the last epoch of the subnet left them. spec yuma §3.14
    ///
    /// Only neurons with a permit have a row, and no row is empty. Written by the epoch. Removed with the seat's holder,
    /// and with the subnet, a page at a time.
    // `Identity`: netuids and uids are small numbers that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type Bonds<T: Config> = StorageDoubleMap<_, Identity, NetUid, Identity, Uid, BondsRow, ValueQuery>;

    /// The last epoch of each subnet that succeeded: when it ran and what it divided.
    ///
    /// Written by the epoch. Removed with the subnet.
    // `Identity`: netuids are small numbers that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type LastEpochs<T: Config> = StorageMap<_, Identity, NetUid, EpochRecord, OptionQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A block creates another amount than before: a halving, or the reverse after much was recycled.
        BlockEmissionSet {
            /// What a block creates from now on.
            emission: Amount<Tao>,
        },
        /// A root epoch ran, and these shares are in force until the next.
        SharesSet {
            /// The share of each subnet.
            shares: Vec<(NetUid, Share)>,
        },
        /// A root epoch found nothing to share by, and the previous shares stay in force.
        SharesKept {
            /// What was missing.
            reason: DispatchError,
        },
        /// An epoch ran, and all that the subnet had pending is paid out.
        EpochRun {
            /// The subnet.
            netuid: NetUid,
            /// What had accrued since the epoch before.
            emission: Amount<Tao>,
            /// What the subnet's owner received, to spend.
            owner_cut: Amount<Tao>,
            /// What was paid for mining, as stake.
            miners: Amount<Tao>,
            /// What was paid for validating, as stake.
            validators: Amount<Tao>,
        },
        /// An epoch did not run. The subnet keeps what it has pending, and nothing else changed.
        EpochFailed {
            /// The subnet.
            netuid: NetUid,
            /// Why.
            reason: DispatchError,
        },
        /// The block has no room for an epoch. It runs in one of the next, before those that become due later.
        EpochPutOff {
            /// The subnet.
            netuid: NetUid,
            /// The block in which it was due.
            since: BlockNumber,
        },
        /// Pending emission ceased to exist, and will be emitted again.
        EmissionRecycled {
            /// The subnet it had accrued to.
            netuid: NetUid,
            /// How much.
            amount: Amount<Tao>,
        },
        /// What accrues could not be counted, and nothing changed.
        AccrualFailed {
            /// Why.
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
        /// No root validator has any stake; somebody has to stake on one.
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
            meter.consumed()
        }

        /// The largest network fits, or its epoch would wait for ever.
        fn integrity_test() {
            let (seats, networks) = (u32::from(MAX_UIDS), MAX_NETWORKS);
            let largest = T::WeightInfo::tick(networks)
                .saturating_add(T::WeightInfo::root_epoch(seats, networks))
                .saturating_add(T::WeightInfo::epoch(seats, seats));
            assert!(largest.all_lte(T::MaxTickWeight::get()), "the tick needs {largest} to make progress");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
