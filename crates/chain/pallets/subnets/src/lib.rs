//! Which subnets exist, who owns them and how they are set. spec subnets-and-neurons §2 to §5, §17 to §19
//!
//! Anyone can create a subnet: its price is locked for as long as it exists and is given back when it ends. When every
//! place is taken, a new subnet replaces the one that earns least of those past their immunity.
//!
//! | Question | Where |
//! |---|---|
//! | Which networks are there, how is one set? | [`ReadSubnets`] |
//! | Who wants to know that one comes, goes or is set anew? | [`OnSubnet`] |
//! | Which parameters are there, who may change which, what are their bounds? | [`parameters`] |
//! | What must hold after every block? | `invariants` |
//!
//! A subnet ends at once and is cleared later: it stops to exist in the block in which it is removed, and what all
//! pallets have stored for it goes a page per block. Until then its number is not given out again, and a new subnet takes
//! the lowest free one. spec subnets-and-neurons §5
//!
//! The TAO locked for subnets is in no account. It is withdrawn when it is locked, counted by [`TotalLocked`], and
//! deposited when it is given back; the total issuance of the network is made of this and the other parts.
//! spec tokenomics §9
//!
//! What is not here: seats and their price (`neurons`), stake (`staking`), the pairs of keys (`keys`), shares of the emission
//! (`emission`).

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
pub mod parameters;
mod reads;
mod state;
#[cfg(test)]
mod tests;
pub mod traits;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use parameters::{
    AlphaValues, ChangeWindow, NetworkParameters, NetworkParametersPatch, Parameter, ParameterAuthority, Parameters,
    ParametersError, ParametersPatch,
};
pub use traits::{CountSeats, OnSubnet, ReadEmission, ReadSubnets};
pub use types::{
    CleanupProgress, GenesisOwner, GenesisSubnet, MAX_NETWORKS, MAX_UIDS, MaxNetworks, MaxUids, StoredSubnetIdentity,
    Subnet, SubnetIdentity,
};
pub use weights::WeightInfo;

/// The most parameters of which a change can be remembered.
const MAX_PARAMETERS: u32 = 64;

const _: () = assert!(Parameter::ALL.len() <= MAX_PARAMETERS as usize, "every parameter can be remembered");

#[allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::if_not_else,
    reason = "FRAME's macros write so; no rule stands in this module"
)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        CountSeats, GenesisSubnet, MAX_NETWORKS, MAX_PARAMETERS, MaxNetworks, NetworkParameters,
        NetworkParametersPatch, OnSubnet, Parameter, Parameters, ParametersPatch, ReadEmission, StoredSubnetIdentity,
        Subnet, SubnetIdentity, WeightInfo,
    };
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

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who may change what no owner may.
        type Governance: EnsureOrigin<Self::RuntimeOrigin>;

        /// Where TAO is while it is free.
        type Currency: Balanced<Self::AccountId, Balance = u64>;

        /// Which hotkey belongs to whom.
        type Keys: Keys<Self::AccountId>;

        /// How many seats are taken.
        type Seats: CountSeats;

        /// What subnets earn.
        type Emission: ReadEmission;

        /// Who is told when a network comes, goes or is set anew.
        type OnSubnet: OnSubnet<Self::AccountId>;

        /// Whether the lock of a removed subnet is given back instead of recycled. spec subnets-and-neurons §5.2
        #[pallet::constant]
        type RefundLockOnRemoval: Get<bool>;

        /// What a block may spend on clearing the storage of removed subnets.
        #[pallet::constant]
        type MaxCleaningWeight: Get<Weight>;

        /// What calls and hooks cost.
        type WeightInfo: WeightInfo;
    }

    /// The networks that exist, each with its tempo.
    ///
    /// Written when a network comes or goes and when its tempo is set. One value, because every block asks which epochs
    /// are due. Holds nothing that [`Subnets`] and [`NetworkSettings`] do not hold too.
    #[pallet::storage]
    pub type Tempos<T: Config> = StorageValue<_, BoundedBTreeMap<NetUid, u16, MaxNetworks>, ValueQuery>;

    /// Every network that exists, root included.
    ///
    /// Written at creation and when the owner or its hotkey changes, removed when the network ends. At most
    /// [`MAX_NETWORKS`].
    // `Identity`, here and below: the key is a small number that only the chain assigns, so it cannot be ground.
    #[pallet::storage]
    pub type Subnets<T: Config> = StorageMap<_, Identity, NetUid, Subnet<T::AccountId>>;

    /// How every network is set.
    ///
    /// Written at creation and by `set_parameters`, removed when the network ends.
    #[pallet::storage]
    pub type NetworkSettings<T: Config> = StorageMap<_, Identity, NetUid, Parameters>;

    /// What subnets say about themselves.
    ///
    /// Written by the owner, removed when the subnet ends.
    #[pallet::storage]
    pub type Identities<T: Config> = StorageMap<_, Identity, NetUid, StoredSubnetIdentity>;

    /// When the owner of a subnet last changed each of its parameters. Parameters never changed are left out.
    ///
    /// Written by `set_parameters`, removed when the subnet ends. One value per subnet, as one call can change many.
    #[pallet::storage]
    pub type OwnerChanges<T: Config> =
        StorageMap<_, Identity, NetUid, BoundedBTreeMap<Parameter, BlockNumber, ConstU32<MAX_PARAMETERS>>, ValueQuery>;

    /// When the owner's hotkey of a subnet was last changed, if ever.
    ///
    /// Written by `set_subnet_owner_hotkey`, removed when the subnet ends.
    #[pallet::storage]
    pub type OwnerHotkeyChanged<T: Config> = StorageMap<_, Identity, NetUid, BlockNumber>;

    /// The TAO locked for all subnets together, which is in no account.
    ///
    /// Grows with a creation and shrinks with a removal.
    #[pallet::storage]
    pub type TotalLocked<T: Config> = StorageValue<_, Amount<Tao>, ValueQuery>;

    /// The last creation of a subnet, which sets the price of the next. Removals leave it as it is.
    #[pallet::storage]
    pub type LastCreation<T: Config> = StorageValue<_, subnet_price::LastCreation>;

    /// What all networks share.
    ///
    /// Written at genesis and by `set_network_parameters`.
    #[pallet::storage]
    pub type Network<T: Config> = StorageValue<_, NetworkParameters, ValueQuery>;

    /// How a new subnet is set.
    ///
    /// Written at genesis only, so that a local chain can have short tempos.
    #[pallet::storage]
    pub type DefaultParameters<T: Config> = StorageValue<_, Parameters, ValueQuery>;

    /// The subnets that ended and still have something stored, first come first cleared.
    ///
    /// Written when a subnet ends and when one has been cleared.
    #[pallet::storage]
    pub type Cleaning<T: Config> = StorageValue<_, BoundedVec<NetUid, MaxNetworks>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A subnet was created.
        NetworkAdded {
            /// Its number.
            netuid: NetUid,
            /// Always 0: the ordinary kind of subnet.
            modality: u16,
            /// Who owns it.
            owner: T::AccountId,
            /// The price paid, which is locked as long as it exists.
            locked: Amount<Tao>,
        },
        /// A subnet ended: its owner or governance dissolved it, or a new one replaces it.
        NetworkRemoved {
            /// Its number.
            netuid: NetUid,
            /// What its owner gets back.
            refunded: Amount<Tao>,
            /// What nobody could get back and is issued again one day.
            recycled: Amount<Tao>,
        },
        /// Nothing of a removed subnet is stored any more; its number is free.
        NetworkCleared {
            /// The number.
            netuid: NetUid,
        },
        /// A subnet belongs to another coldkey.
        SubnetOwnerChanged {
            /// Which subnet.
            netuid: NetUid,
            /// Who owned it before.
            old_owner: T::AccountId,
            /// Who owns it now.
            new_owner: T::AccountId,
        },
        /// Another hotkey represents the owner of a subnet.
        SubnetOwnerHotkeySet {
            /// Which subnet.
            netuid: NetUid,
            /// The hotkey.
            hotkey: T::AccountId,
        },
        /// A subnet says something new about itself.
        SubnetIdentitySet {
            /// Which subnet.
            netuid: NetUid,
        },
        /// What a subnet said about itself ended with it.
        SubnetIdentityRemoved {
            /// Which subnet.
            netuid: NetUid,
        },
        /// Parameters of a network were set.
        ParametersSet {
            /// Which network.
            netuid: NetUid,
            /// What was set, also where the value is the old one.
            changed: Box<ParametersPatch>,
        },
        /// Parameters that all networks share were set.
        NetworkParametersSet {
            /// What was set, also where the value is the old one.
            changed: Box<NetworkParametersPatch>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no network with this number, or it is root and this needs a subnet.
        SubNetworkDoesNotExist,
        /// Only the owner of the subnet may do this.
        NotSubnetOwner,
        /// The hotkey does not belong to the owner of the subnet; name one that does.
        NonAssociatedColdKey,
        /// The subnet belongs to this coldkey already; name another.
        AlreadySubnetOwner,
        /// A subnet was created only just now; wait for the network's rate limit.
        NetworkTxRateLimitExceeded,
        /// Every place is taken and every subnet is immune; wait until one is not.
        SubnetLimitReached,
        /// The free balance does not cover the price of a subnet and the existential deposit.
        CannotAffordLockCost,
        /// Too many removed subnets are still being cleared; wait a few blocks.
        CleaningQueueFull,
        /// A text of the identity is too long: names have 256 bytes, the others 1 024.
        InvalidIdentity,
        /// Changed too recently; wait for the rate limit of this change.
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
        /// The activity cutoff must be at least 360 blocks.
        ActivityCutoffTooLow,
        /// Bonds may keep at most all of their past, and at most 0.975 of it if the owner decides.
        BondsMovingAverageMaxReached,
        /// Alpha values have an effect only with liquid alpha; switch it on first, or in the same call.
        LiquidAlphaDisabled,
        /// The upper alpha value must be at least 1 638.
        AlphaHighTooLow,
        /// The lower alpha value must be at least 1 638 and at most the upper one.
        AlphaLowOutOfRange,
        /// Only governance may turn the alpha sigmoid around; give a steepness of at least 0.
        NegativeSigmoidSteepness,
        /// Weights are revealed at the earliest one epoch after their commit.
        RevealPeriodTooSmall,
        /// Weights are revealed at the latest 100 epochs after their commit.
        RevealPeriodTooLarge,
        /// The bounds of a burn, difficulty or take are crossed or out of range.
        ValueNotInBounds,
        /// A value is out of its range.
        InvalidValue,
    }

    /// The networks that exist from the first block on. Root is always one of them.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// What differs from the parameters that all networks share.
        pub network_parameters: NetworkParametersPatch,
        /// What differs from the default parameters of a new subnet, here and later.
        pub default_parameters: ParametersPatch,
        /// What differs from the default parameters of root.
        pub root_parameters: ParametersPatch,
        /// The subnets.
        pub subnets: Vec<GenesisSubnet<T::AccountId>>,
    }

    /// One subnet that nobody owns and that work alone can join: the first TAO comes from here. spec tokenomics §10
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
        /// Create a subnet.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that will own it.
        ///
        /// ## Details
        /// Locks the price of the moment, which the next creation finds doubled, until the subnet ends. The hotkey
        /// becomes the caller's if nobody owns it, and takes the first seat. If every place is taken, the subnet with
        /// the lowest emission among those past their immunity is removed. spec subnets-and-neurons §2
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, those of pairing the two keys,
        /// [`Error::NetworkTxRateLimitExceeded`], [`Error::SubnetLimitReached`], [`Error::CleaningQueueFull`],
        /// [`Error::CannotAffordLockCost`]. None of them costs an old subnet its place.
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

        /// Create a subnet that says from the first block on what it is.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that will own it.
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

        /// End a subnet one owns.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet.
        ///
        /// ## Details
        /// What was locked for it comes back; what it was still to be paid is recycled. Stake on its neurons stays.
        /// Its number is given out again when everything stored for it has been cleared, a page per block.
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

        /// End any subnet.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// As [`Pallet::dissolve_network`]; the lock goes back to the owner.
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

        /// Hand a subnet to another coldkey.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet.
        ///
        /// ## Details
        /// The lock goes along: it is the new owner who gets it back one day. The owner's hotkey stays behind, because
        /// it belongs to the old owner; the new owner names another with [`Pallet::set_subnet_owner_hotkey`].
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

        /// Say what a subnet is, in place of what was said before.
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

        /// Name the hotkey whose seat is protected before any other of the owner's.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet, or governance.
        ///
        /// ## Details
        /// The hotkey belongs to the owner; it need not have a seat. Once per subnet and rate limit, whoever asks.
        /// spec subnets-and-neurons §12
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

        /// Set parameters of a network; those left out stay as they are.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the subnet, or governance. Some parameters are for governance alone, see
        /// [`Parameter::changer`].
        ///
        /// ## Details
        /// Nobody may set most parameters in the last blocks before an epoch, see [`Parameter::changeable`]. An owner
        /// may set each parameter once in a few tempos, the first time at once. The values are checked together, so what
        /// depends on each other is set in one call. spec subnets-and-neurons §17, §19
        ///
        /// ## Errors
        /// In this order: those of a swap of the coldkey, bad origin, [`Error::SubNetworkDoesNotExist`],
        /// [`Error::AdminActionProhibitedDuringWeightsWindow`], [`Error::TxRateLimitExceeded`], then the bounds of each
        /// parameter.
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

        /// Set parameters that all networks share; those left out stay as they are.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Errors
        /// [`Error::InvalidValue`], [`Error::ValueNotInBounds`].
        ///
        /// ## Events
        /// [`Event::NetworkParametersSet`].
        #[pallet::call_index(8)]
        #[pallet::weight((T::WeightInfo::set_network_parameters(), DispatchClass::Operational))]
        pub fn set_network_parameters(origin: OriginFor<T>, changed: Box<NetworkParametersPatch>) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_set_network_parameters(changed)
        }
    }
}
