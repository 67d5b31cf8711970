//! Networks: creation, owners, parameters and removal. spec subnets-and-neurons §2 to §5, §17 to §19
//!
//! Any coldkey can create a subnet. The price is locked while the subnet exists and is refunded when it ends. If the
//! subnet limit is reached, a new subnet replaces the one with the lowest emission among those past their immunity.
//!
//! | Question | Where |
//! |---|---|
//! | Which networks exist, and with which parameters? | [`ReadSubnets`] |
//! | Which pallets react to new, ended or changed networks? | [`OnSubnet`] |
//! | Which parameters are there, who may change which, what are their bounds? | [`myelin_records::parameters`] |
//! | What must hold after each block? | `invariants` |
//!
//! A subnet ends at once and is cleared later. It stops to exist in the block in which it is removed, and the storage
//! of all pallets for it is removed a page per block. Until then its netuid is not used again, and a new subnet takes
//! the lowest free one. spec subnets-and-neurons §5
//!
//! The TAO locked for subnets is in no account. A creation withdraws it, [`TotalLocked`] counts it as a part of the
//! issuance, and the end of the subnet refunds it. spec tokenomics §9
//!
//! Other pallets have seats and their price (`neurons`), stake (`staking`), the pairs of keys (`keys`) and shares of
//! the emission (`emission`).

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

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod genesis;
mod hooks;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
mod listeners;
#[cfg(test)]
mod mock;
mod reads;
mod state;
#[cfg(test)]
mod tests;
pub mod traits;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use traits::{CountSeats, OnSubnet, ReadEmission, ReadSubnets};
pub use types::{CleanupProgress, GenesisOwner, GenesisSubnet};
pub use weights::WeightInfo;

use myelin_records::parameters::Parameter;

/// The most parameters whose last change can be stored.
const MAX_PARAMETERS: u32 = 64;

const _: () = assert!(Parameter::ALL.len() <= MAX_PARAMETERS as usize, "each parameter has a place");

#[allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::if_not_else,
    reason = "FRAME's macros write so; no rule stands in this module"
)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{CountSeats, GenesisSubnet, MAX_PARAMETERS, OnSubnet, ReadEmission, WeightInfo};
    use alloc::{boxed::Box, vec, vec::Vec};
    use frame_support::{
        BoundedBTreeMap,
        pallet_prelude::*,
        traits::{EnsureOrigin, fungible::Balanced},
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;
    use myelin_economics::subnet_price;
    use myelin_pallet_keys::traits::Keys;
    use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
    use myelin_records::{
        bounds::{MAX_NETWORKS, MaxNetworks},
        parameters::{NetworkParameters, NetworkParametersPatch, Parameter, Parameters, ParametersPatch},
        subnet::{LaunchPhase, StoredSubnetIdentity, Subnet, SubnetIdentity},
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The origin that may change parameters that no owner may.
        type Governance: EnsureOrigin<Self::RuntimeOrigin>;

        /// The free balances, from which the price of a subnet is withdrawn.
        type Currency: Balanced<Self::AccountId, Balance = u64>;

        /// The pairs of coldkeys and hotkeys.
        type Keys: Keys<Self::AccountId>;

        /// The numbers of taken seats.
        type Seats: CountSeats;

        /// The emission of subnets.
        type Emission: ReadEmission;

        /// The listeners to new, ended and changed networks.
        type OnSubnet: OnSubnet<Self::AccountId>;

        /// True if the lock of a removed subnet is refunded; false if it is recycled. spec subnets-and-neurons §5.2
        #[pallet::constant]
        type RefundLockOnRemoval: Get<bool>;

        /// The most block weight for clearing the storage of removed subnets.
        #[pallet::constant]
        type MaxCleaningWeight: Get<Weight>;

        /// The block weights of calls and hooks.
        type WeightInfo: WeightInfo;
    }

    /// The networks that exist, each with its tempo.
    ///
    /// Written when a network is created or ends and when its tempo is set. One value, because each block checks which
    /// epochs are due. An index: [`Subnets`] and [`NetworkSettings`] contain the same data.
    #[pallet::storage]
    pub type Tempos<T: Config> = StorageValue<_, BoundedBTreeMap<NetUid, u16, MaxNetworks>, ValueQuery>;

    /// The records of all networks that exist, root included.
    ///
    /// Written at creation and when the owner or its hotkey changes, removed when the network ends. At most
    /// [`MAX_NETWORKS`].
    // `Identity`, here and below: the key is a small number that only the chain assigns, so it cannot be ground.
    #[pallet::storage]
    pub type Subnets<T: Config> = StorageMap<_, Identity, NetUid, Subnet<T::AccountId>>;

    /// The parameters of each network.
    ///
    /// Written at creation and by `set_parameters`, removed when the network ends.
    #[pallet::storage]
    pub type NetworkSettings<T: Config> = StorageMap<_, Identity, NetUid, Parameters>;

    /// The identities of subnets.
    ///
    /// Written by the owner, removed when the subnet ends.
    #[pallet::storage]
    pub type Identities<T: Config> = StorageMap<_, Identity, NetUid, StoredSubnetIdentity>;

    /// The block in which the owner of a subnet last changed each of its parameters.
    ///
    /// Parameters that the owner never changed are left out. Written by `set_parameters`, removed when the subnet ends.
    /// One value per subnet, because one call can change many parameters.
    #[pallet::storage]
    pub type OwnerChanges<T: Config> =
        StorageMap<_, Identity, NetUid, BoundedBTreeMap<Parameter, BlockNumber, ConstU32<MAX_PARAMETERS>>, ValueQuery>;

    /// The block in which the owner's hotkey of a subnet was last set by a call.
    ///
    /// Written by `set_subnet_owner_hotkey`, removed when the subnet ends.
    #[pallet::storage]
    pub type OwnerHotkeyChanged<T: Config> = StorageMap<_, Identity, NetUid, BlockNumber>;

    /// The TAO locked for all subnets together, which is in no account.
    ///
    /// Grows with a creation and shrinks with a removal.
    #[pallet::storage]
    pub type TotalLocked<T: Config> = StorageValue<_, Amount<Tao>, ValueQuery>;

    /// The last creation of a subnet, from which the price of the next one follows. Removals do not change it.
    #[pallet::storage]
    pub type LastCreation<T: Config> = StorageValue<_, subnet_price::LastCreation>;

    /// The parameters that all networks share.
    ///
    /// Written at genesis and by `set_network_parameters`. Without a default: a record that cannot be decoded must not
    /// read as other parameters than those that were set.
    #[pallet::storage]
    pub type Network<T: Config> = StorageValue<_, NetworkParameters>;

    /// The parameters of a new subnet.
    ///
    /// Written at genesis and by `set_default_parameters`. Without a default, as [`Network`].
    #[pallet::storage]
    pub type DefaultParameters<T: Config> = StorageValue<_, Parameters>;

    /// The launch phase of the chain. spec tokenomics §10
    ///
    /// Written at genesis. No call changes it.
    #[pallet::storage]
    pub type Launch<T: Config> = StorageValue<_, LaunchPhase, ValueQuery>;

    /// The queue of ended subnets whose storage is not yet cleared, oldest first.
    ///
    /// Written when a subnet ends and when one has been cleared.
    #[pallet::storage]
    pub type Cleaning<T: Config> = StorageValue<_, BoundedVec<NetUid, MaxNetworks>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A subnet was created.
        NetworkAdded {
            /// The netuid.
            netuid: NetUid,
            /// Always 0: the ordinary kind of subnet.
            modality: u16,
            /// The owner.
            owner: T::AccountId,
            /// The price, which is locked while the subnet exists.
            locked: Amount<Tao>,
        },
        /// A subnet ended: its owner or governance dissolved it, or a new one replaces it.
        NetworkRemoved {
            /// The netuid.
            netuid: NetUid,
            /// The part of the lock that was refunded to the owner. It grows with the age of the subnet.
            refunded: Amount<Tao>,
            /// The rest of the lock, which was recycled.
            recycled: Amount<Tao>,
        },
        /// The storage of a removed subnet has been cleared; its netuid is free.
        NetworkCleared {
            /// The netuid.
            netuid: NetUid,
        },
        /// A subnet has another owner.
        SubnetOwnerChanged {
            /// The subnet.
            netuid: NetUid,
            /// The owner before.
            old_owner: T::AccountId,
            /// The owner from now on.
            new_owner: T::AccountId,
        },
        /// Another hotkey represents the owner of a subnet.
        SubnetOwnerHotkeySet {
            /// The subnet.
            netuid: NetUid,
            /// The hotkey.
            hotkey: T::AccountId,
        },
        /// The identity of a subnet was set.
        SubnetIdentitySet {
            /// The subnet.
            netuid: NetUid,
        },
        /// The identity of an ended subnet was removed.
        SubnetIdentityRemoved {
            /// The subnet.
            netuid: NetUid,
        },
        /// Parameters of a network were set.
        ParametersSet {
            /// The network.
            netuid: NetUid,
            /// The parameters that were set, including those whose value did not change.
            changed: Box<ParametersPatch>,
        },
        /// Parameters that all networks share were set.
        NetworkParametersSet {
            /// The parameters that were set, including those whose value did not change.
            changed: Box<NetworkParametersPatch>,
        },
        /// The parameters with which new subnets begin were set. Existing networks stay as they are.
        DefaultParametersSet {
            /// The parameters that were set, including those whose value did not change.
            changed: Box<ParametersPatch>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no network with this netuid, or it is root and the call needs a subnet.
        SubNetworkDoesNotExist,
        /// Only the owner of the subnet may do this.
        NotSubnetOwner,
        /// The hotkey does not belong to the owner of the subnet; name one that does.
        NonAssociatedColdKey,
        /// The subnet belongs to this coldkey already; name another.
        AlreadySubnetOwner,
        /// The last creation of a subnet is too recent; wait for the network's rate limit.
        NetworkTxRateLimitExceeded,
        /// Every place is taken and every subnet is immune; wait until one is not.
        SubnetLimitReached,
        /// The free balance does not cover the price of a subnet and the existential deposit.
        CannotAffordLockCost,
        /// Too many removed subnets are still being cleared; wait a few blocks.
        CleaningQueueFull,
        /// A text of the identity is too long: names have 256 bytes, the others 1 024.
        InvalidIdentity,
        /// The last change is too recent; wait for the rate limit of this change.
        TxRateLimitExceeded,
        /// The epoch is near and parameters are frozen; wait until it has run.
        AdminActionProhibitedDuringWeightsWindow,
        /// There would be fewer seats than neurons; allow at least as many.
        MaxAllowedUIdsLessThanCurrentUIds,
        /// More seats than any network can have; allow at most 256.
        MaxAllowedUidsGreaterThanDefaultMaxAllowedUids,
        /// The least number of seats must be below the number of neurons.
        MinAllowedUidsGreaterThanCurrentUids,
        /// The least number of seats must be below the greatest.
        MinAllowedUidsGreaterThanMaxAllowedUids,
        /// There would be more validators than seats; lower the one or raise the other.
        MaxValidatorsLargerThanMaxUIds,
        /// The activity cutoff must be at least 360 blocks and cover the epochs of a reveal; see its bounds.
        ActivityCutoffTooLow,
        /// The moving average of bonds is at most 1, and at most 0.975 if the owner sets it.
        BondsMovingAverageMaxReached,
        /// Alpha values have an effect only with liquid alpha; switch it on first, or in the same call.
        LiquidAlphaDisabled,
        /// The upper alpha value must be at least 1 638.
        AlphaHighTooLow,
        /// The lower alpha value must be at least 1 638 and at most the upper one.
        AlphaLowOutOfRange,
        /// Only governance may set a negative steepness of the alpha sigmoid; set at least 0.
        NegativeSigmoidSteepness,
        /// Weights are revealed at the earliest one epoch after their commit.
        RevealPeriodTooSmall,
        /// Weights are revealed at the latest 8 epochs after their commit.
        RevealPeriodTooLarge,
        /// The bounds of a burn, difficulty or take are crossed or out of range.
        ValueNotInBounds,
        /// A value is out of its range.
        InvalidValue,
        /// No subnet is created in the launch phase of the chain; wait for its end.
        LaunchPhase,
        /// The stored parameters cannot be decoded; an upgrade of the chain has to mend them.
        StateUnreadable,
    }

    /// The networks that exist from the first block on. Root is always one of them.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The launch phase. By default the chain has none.
        #[serde(default)]
        pub launch: LaunchPhase,
        /// The changes to the parameters that all networks share.
        pub network_parameters: NetworkParametersPatch,
        /// The changes to the default parameters of a new subnet, at genesis and later.
        pub default_parameters: ParametersPatch,
        /// The changes to the default parameters of root.
        pub root_parameters: ParametersPatch,
        /// The subnets.
        pub subnets: Vec<GenesisSubnet<T::AccountId>>,
    }

    /// One subnet without owner that hotkeys join by work alone: the first TAO comes from it. spec tokenomics §10
    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            let first = GenesisSubnet {
                netuid: NetUid::new(1),
                owner: None,
                parameters: ParametersPatch {
                    registration_allowed: Some(true),
                    pow_registration_allowed: Some(true),
                    ..ParametersPatch::default()
                },
            };
            Self {
                launch: LaunchPhase::default(),
                network_parameters: NetworkParametersPatch::default(),
                default_parameters: ParametersPatch::default(),
                root_parameters: ParametersPatch::default(),
                subnets: vec![first],
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.write();
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            let mut meter = WeightMeter::with_limit(T::MaxCleaningWeight::get());
            Self::clear_removed(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            let least = T::WeightInfo::look_for_removed().saturating_add(T::WeightInfo::end_clearing());
            assert!(
                T::MaxCleaningWeight::get().all_gte(least),
                "a block must be able to clear a removed subnet: MaxCleaningWeight is below {least:?}",
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight(<T as Config>::WeightInfo))]
    impl<T: Config> Pallet<T> {
        /// Creates a subnet.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that will own the subnet.
        ///
        /// ## Details
        /// Locks the current price until the subnet ends, and doubles the price of the next creation. The hotkey must
        /// be the caller's, and takes the first seat. If the subnet limit is reached, the subnet with the lowest
        /// emission among those past their immunity is removed. spec subnets-and-neurons §2
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, [`Error::LaunchPhase`], of the keys pallet
        /// `NonAssociatedColdKey`, [`Error::StateUnreadable`], [`Error::NetworkTxRateLimitExceeded`],
        /// [`Error::SubnetLimitReached`], [`Error::CleaningQueueFull`], [`Error::CannotAffordLockCost`]. If one of them
        /// occurs, no subnet is replaced.
        ///
        /// ## Events
        /// [`Event::NetworkRemoved`] and [`Event::SubnetIdentityRemoved`] of a replaced subnet, those of the balances
        /// and of the first seat, then [`Event::NetworkAdded`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_network(MAX_NETWORKS))]
        pub fn register_network(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let networks = Self::count();
            Self::do_register_network(&coldkey, &hotkey, None)?;
            Ok(Some(T::WeightInfo::register_network(networks)).into())
        }

        /// Creates a subnet with an identity.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that will own the subnet.
        ///
        /// ## Details
        /// As [`Pallet::register_network`] and [`Pallet::set_subnet_identity`] together.
        ///
        /// ## Errors
        /// Those of [`Pallet::register_network`]; after the rate limit [`Error::InvalidIdentity`].
        ///
        /// ## Events
        /// Those of [`Pallet::register_network`]; before the last one [`Event::SubnetIdentitySet`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::register_network_with_identity(MAX_NETWORKS))]
        pub fn register_network_with_identity(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            identity: Box<SubnetIdentity>,
        ) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let networks = Self::count();
            Self::do_register_network(&coldkey, &hotkey, Some(*identity))?;
            Ok(Some(T::WeightInfo::register_network_with_identity(networks)).into())
        }

        /// Ends a subnet of the caller.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet.
        ///
        /// ## Details
        /// The lock is refunded as far as it has vested, and the pending emission is recycled. Stake on its neurons
        /// stays. The netuid can be used again after the storage of the subnet has been cleared, a page per block.
        /// spec subnets-and-neurons §5
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, [`Error::SubNetworkDoesNotExist`] (for root too),
        /// [`Error::NotSubnetOwner`], [`Error::CleaningQueueFull`].
        ///
        /// ## Events
        /// [`Event::NetworkRemoved`], [`Event::SubnetIdentityRemoved`] if it had one, and later
        /// [`Event::NetworkCleared`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::dissolve_network(MAX_NETWORKS))]
        pub fn dissolve_network(origin: OriginFor<T>, netuid: NetUid) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let networks = Self::count();
            Self::do_dissolve_network(&coldkey, netuid)?;
            Ok(Some(T::WeightInfo::dissolve_network(networks)).into())
        }

        /// Ends any subnet.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// As [`Pallet::dissolve_network`]; the refund is the owner's.
        ///
        /// ## Errors
        /// [`Error::SubNetworkDoesNotExist`] (for root too), [`Error::CleaningQueueFull`].
        ///
        /// ## Events
        /// Those of [`Pallet::dissolve_network`].
        #[pallet::call_index(3)]
        #[pallet::weight((T::WeightInfo::dissolve_network(MAX_NETWORKS), DispatchClass::Operational))]
        pub fn root_dissolve_network(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::end_subnet(netuid)
        }

        /// Transfers a subnet to another coldkey.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet.
        ///
        /// ## Details
        /// The lock goes with the subnet: it will be refunded to the new owner. The owner's hotkey is cleared, because
        /// it belongs to the old owner; the new owner sets another one with [`Pallet::set_subnet_owner_hotkey`].
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, [`Error::SubNetworkDoesNotExist`] (for root too),
        /// [`Error::NotSubnetOwner`], [`Error::AlreadySubnetOwner`].
        ///
        /// ## Events
        /// [`Event::SubnetOwnerChanged`].
        #[pallet::call_index(4)]
        pub fn transfer_network(origin: OriginFor<T>, netuid: NetUid, new_owner: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_transfer_network(&coldkey, netuid, new_owner)
        }

        /// Sets the identity of a subnet, in place of the one before.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet.
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, [`Error::SubNetworkDoesNotExist`] (for root too),
        /// [`Error::NotSubnetOwner`], [`Error::InvalidIdentity`].
        ///
        /// ## Events
        /// [`Event::SubnetIdentitySet`].
        #[pallet::call_index(5)]
        pub fn set_subnet_identity(
            origin: OriginFor<T>,
            netuid: NetUid,
            identity: Box<SubnetIdentity>,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_set_subnet_identity(&coldkey, netuid, *identity)
        }

        /// Sets the owner's hotkey of a subnet, whose seat is protected first.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet, or governance.
        ///
        /// ## Details
        /// The hotkey must belong to the owner; it may be without a seat. The rate limit is per subnet, for owner and
        /// governance together. spec subnets-and-neurons §12
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, bad origin, [`Error::SubNetworkDoesNotExist`],
        /// [`Error::TxRateLimitExceeded`], [`Error::NonAssociatedColdKey`].
        ///
        /// ## Events
        /// [`Event::SubnetOwnerHotkeySet`].
        #[pallet::call_index(6)]
        pub fn set_subnet_owner_hotkey(origin: OriginFor<T>, netuid: NetUid, hotkey: T::AccountId) -> DispatchResult {
            Self::ensure_changer(origin, netuid)?;
            Self::do_set_subnet_owner_hotkey(netuid, hotkey)
        }

        /// Sets parameters of a network; those left out do not change.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet, or governance. Some parameters are for governance alone, see
        /// [`Parameter::authority`].
        ///
        /// ## Details
        /// Most parameters cannot be set in the last blocks before an epoch, see [`Parameter::window`]. An owner may
        /// set each parameter once per a number of tempos, the first time at once. The values are checked together, so
        /// parameters that depend on each other can be set in one call. spec subnets-and-neurons §17, §19
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, bad origin, [`Error::SubNetworkDoesNotExist`], bad origin for
        /// a parameter of governance, [`Error::StateUnreadable`], [`Error::AdminActionProhibitedDuringWeightsWindow`],
        /// [`Error::TxRateLimitExceeded`], then the bounds of each parameter.
        ///
        /// ## Events
        /// [`Event::ParametersSet`].
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::set_parameters(MAX_NETWORKS))]
        pub fn set_parameters(
            origin: OriginFor<T>,
            netuid: NetUid,
            changed: Box<ParametersPatch>,
        ) -> DispatchResultWithPostInfo {
            let by = Self::ensure_changer(origin, netuid)?;
            Self::do_set_parameters(by, netuid, changed)?;
            Ok(Some(T::WeightInfo::set_parameters(Self::count())).into())
        }

        /// Sets parameters that all networks share; those left out do not change.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// Fails if the parameters of any network, or those with which new subnets begin, would be out of the new
        /// bounds. spec subnets-and-neurons §18
        ///
        /// ## Errors
        /// In this order: [`Error::StateUnreadable`]; [`Error::InvalidValue`] and [`Error::ValueNotInBounds`] of the
        /// new values; the bounds of each parameter of new subnets, then of each network.
        ///
        /// ## Events
        /// [`Event::NetworkParametersSet`].
        #[pallet::call_index(8)]
        #[pallet::weight((T::WeightInfo::set_network_parameters(MAX_NETWORKS), DispatchClass::Operational))]
        pub fn set_network_parameters(origin: OriginFor<T>, changed: Box<NetworkParametersPatch>) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_set_network_parameters(changed)
        }

        /// Sets the parameters with which new subnets begin; those left out do not change.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// Networks that exist stay as they are. spec subnets-and-neurons §17
        ///
        /// ## Errors
        /// [`Error::StateUnreadable`], then the bounds of each parameter.
        ///
        /// ## Events
        /// [`Event::DefaultParametersSet`].
        #[pallet::call_index(9)]
        #[pallet::weight((T::WeightInfo::set_default_parameters(), DispatchClass::Operational))]
        pub fn set_default_parameters(origin: OriginFor<T>, changed: Box<ParametersPatch>) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_set_default_parameters(changed)
        }
    }
}
