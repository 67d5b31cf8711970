//! The seats of a network: registration, pruning, announcements.
//!
//! A *seat* is a numbered place on a network, held by one hotkey: a neuron. This pallet stores the seats, their price
//! and the announcements of neurons: the axon record and one commitment each. It also chooses the neuron that makes
//! room for a new one. Weights are in the pallet above, stake is in the pallet below.
//!
//! | Question | Where | spec |
//! |---|---|---|
//! | How does a hotkey get a seat? | [`Call::burned_register`], [`Call::register`], [`RootSeats`] | subnets-and-neurons §7, §8, staking §7 |
//! | What does a seat cost, and how does the price change? | [`Admissions`], [`Adjustments`] | subnets-and-neurons §8.4 |
//! | Which neuron makes room? | [`myelin_economics::pruning`] | subnets-and-neurons §10 to §12 |
//! | Where is a neuron, what does it publish? | [`EndpointsOf`], [`Commitments`] | subnets-and-neurons §14, §16 |
//! | How do seats follow a key? | [`OnKeySwap`] | staking §10.1 |
//!
//! # Design
//!
//! * All seats of a network are one value, because an epoch reads all of them and a registration touches one.
//! * Announcements are stored by network and uid, not by hotkey. So a replacement removes them, a key swap moves
//!   nothing, and the removal of a subnet finds all of them.
//! * Blocks have no work but the adjustments that are due. A count of registrations in a block carries its block
//!   number, and old seals are removed when the next seal arrives.
//!
//! [`OnKeySwap`]: myelin_pallet_keys::traits::OnKeySwap
//! [`RootSeats`]: myelin_pallet_staking::traits::RootSeats

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(missing_docs, reason = "FRAME's macros generate public items without documentation")]
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

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "a benchmark whose stage cannot be set must not be measured, and its macros need all of their module"
)]
pub mod benchmarking;
pub mod traits;
pub mod types;
pub mod weights;

mod calls;
mod checks;
mod free;
mod hooks;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
mod listeners;
mod reads;
mod serving;
mod state;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;

#[allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::if_not_else,
    clippy::too_many_arguments,
    reason = "FRAME's macros write so; no rule stands in this module, and neurons know the calls in these forms"
)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        checks::WorkClaim,
        traits::{OnSeat, ReadScores},
        types::{AdjustmentsDue, MaxUsedWork, Memberships, UsedSeal},
        weights::WeightInfo,
    };
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::fungible::Mutate};
    use frame_system::pallet_prelude::*;
    use myelin_pallet_keys::traits::Keys;
    use myelin_pallet_staking::traits::ReleaseStake;
    use myelin_pallet_subnets::traits::ReadSubnets;
    use myelin_primitives::{Amount, BlockNumber, IpEndpoint, NetUid, Tao, Uid};
    use myelin_records::{
        commitment::{Commitment, CommitmentData},
        consent::KeyConsent,
        endpoint::{AxonRecord, MetricsRecord, ServedEndpoints},
        seat::{Admission, Seats},
    };

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>, AccountId: Into<[u8; 32]>, Hash: Into<[u8; 32]>>
    {
        /// Free TAO, which registrations recycle.
        type Currency: Mutate<Self::AccountId, Balance = u64>;

        /// The networks and their parameters.
        type Subnets: ReadSubnets<Self::AccountId>;

        /// The pairs of coldkeys and hotkeys.
        type Keys: Keys<Self::AccountId>;

        /// The release of stake on hotkeys that lose their last seat.
        type Stake: ReleaseStake<Self::AccountId>;

        /// The scores of neurons, which decide the pruning.
        type Scores: ReadScores;

        /// The listeners to changes of seats.
        type OnSeat: OnSeat<Self::AccountId>;

        /// Blocks from one commitment of a neuron to its next. spec subnets-and-neurons §16
        #[pallet::constant]
        type CommitmentInterval: Get<BlockNumber>;

        /// The block weights of calls and hooks.
        type WeightInfo: WeightInfo;

        /// The chain around this pallet, for benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The seats of each network, by uid.
    ///
    /// Written by registrations and hotkey swaps. Removed with the network, a page at a time. At most 256 seats.
    // `Identity`: only the chain assigns netuids, so they cannot be ground.
    #[pallet::storage]
    pub type SeatsOf<T: Config> = StorageMap<_, Identity, NetUid, Seats<T::AccountId>, ValueQuery>;

    /// The seats of each hotkey, by network.
    ///
    /// The inverse of [`SeatsOf`], and written with it. Removed with the hotkey's last seat. At most one entry per
    /// network, including networks that have ended and are being removed.
    // `Blake2_128Concat`: users choose their keys.
    #[pallet::storage]
    pub type MembershipsOf<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Memberships, ValueQuery>;

    /// The price of a registration on each network, and the demand since its last adjustment.
    ///
    /// Written by registrations and by the adjustment. Made and removed with the network.
    // `Identity`: only the chain assigns netuids, so they cannot be ground.
    #[pallet::storage]
    pub type Admissions<T: Config> = StorageMap<_, Identity, NetUid, Admission>;

    /// The block in which the admission of each network is adjusted next.
    ///
    /// Written by the adjustment and by changes of its interval. Made and removed with the network; there are at most
    /// 256. A block reads this value and then only the networks that are due.
    #[pallet::storage]
    pub type Adjustments<T: Config> = StorageValue<_, AdjustmentsDue, ValueQuery>;

    /// The seals that have paid for a registration and could otherwise pay for another one.
    ///
    /// Written by registrations by work, each of which removes the seals that are too old to be accepted. At most 256.
    /// Three blocks reach this limit only if governance allows that many registrations per block.
    #[pallet::storage]
    pub type UsedWork<T: Config> = StorageValue<_, BoundedVec<UsedSeal, MaxUsedWork>, ValueQuery>;

    /// The endpoints of the neuron on each seat: axon, certificate, metrics.
    ///
    /// Written by the neuron. Removed when the seat is replaced or its network removed.
    // `Identity`: only the chain assigns netuids and uids, so they cannot be ground.
    #[pallet::storage]
    pub type EndpointsOf<T: Config> = StorageDoubleMap<_, Identity, NetUid, Identity, Uid, ServedEndpoints, ValueQuery>;

    /// The commitment of the neuron on each seat.
    ///
    /// Written by the neuron. Removed when the seat is replaced or its network removed.
    // `Identity`: only the chain assigns netuids and uids, so they cannot be ground.
    #[pallet::storage]
    pub type Commitments<T: Config> = StorageDoubleMap<_, Identity, NetUid, Identity, Uid, Commitment>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A hotkey took a seat.
        NeuronRegistered {
            /// The network.
            netuid: NetUid,
            /// The seat.
            uid: Uid,
            /// The hotkey that took the seat.
            hotkey: T::AccountId,
        },
        /// A neuron announced its axon.
        AxonServed {
            /// The network.
            netuid: NetUid,
            /// The hotkey of the neuron.
            hotkey: T::AccountId,
        },
        /// A neuron announced the address of its metrics.
        PrometheusServed {
            /// The network.
            netuid: NetUid,
            /// The hotkey of the neuron.
            hotkey: T::AccountId,
        },
        /// A neuron published a commitment.
        Commitment {
            /// The network.
            netuid: NetUid,
            /// The hotkey of the neuron.
            who: T::AccountId,
        },
        /// The difficulty of a registration by work changed.
        DifficultySet {
            /// The network.
            netuid: NetUid,
            /// The new difficulty.
            difficulty: u64,
        },
        /// The price of a burned registration changed.
        BurnSet {
            /// The network.
            netuid: NetUid,
            /// The new price.
            burn: Amount<Tao>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// Root is joined by stake; register on a subnet instead.
        RegistrationNotPermittedOnRootSubnet,
        /// No network has this netuid; name one that exists.
        SubNetworkDoesNotExist,
        /// Root does not exist; it has to be part of the genesis.
        RootNetworkDoesNotExist,
        /// The network does not admit neurons in this way; its owner has to open it first.
        SubNetRegistrationDisabled,
        /// The network admits no more neurons in this block; try again in the next.
        TooManyRegistrationsThisBlock,
        /// The network admits no more neurons before its next adjustment; try again after it.
        TooManyRegistrationsThisInterval,
        /// The hotkey has a seat on this network; register another hotkey.
        HotKeyAlreadyRegisteredInSubNet,
        /// The coldkey cannot pay the price of the seat and keep the existential deposit; fund it first.
        NotEnoughBalanceToStake,
        /// The seat costs more than the limit; raise the limit or wait for a lower price.
        RegistrationPriceLimitExceeded,
        /// Every seat is taken and none may be replaced, or there are no seats at all; wait for a free one.
        NoNeuronIdAvailable,
        /// Registration by work is signed by the hotkey that takes the seat; sign with that.
        TransactorAccountShouldBeHotKey,
        /// The work was not done on one of the three blocks before; work on the latest block.
        InvalidWorkBlock,
        /// The seal is not that of this hotkey, block and nonce, or has paid for a seat before; find a new one.
        InvalidSeal,
        /// The seal does not meet the difficulty; try other nonces.
        InvalidDifficulty,
        /// The hotkey has no seat on this network; register it first.
        HotKeyNotRegisteredInNetwork,
        /// There is no such kind of address; the type is 4 or 6.
        InvalidIpType,
        /// No other neuron can dial this address; announce a global one.
        InvalidIpAddress,
        /// The last announcement is too recent; wait until the serving rate limit of the network has passed.
        ServingRateLimitExceeded,
        /// Nothing listens on port 0; announce another one.
        InvalidPort,
        /// A certificate is a byte for a known algorithm, then a public key of its length.
        InvalidCertificate,
        /// The account has no seat on this network; only neurons publish commitments.
        AccountNotAllowedCommit,
        /// The last commitment is too recent; wait until the interval of commitments has passed.
        CommitmentSetRateLimitExceeded,
        /// Registration by work opens in a later block of the launch phase; wait for it.
        RegistrationNotOpenYet,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::do_adjust()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight(<T as Config>::WeightInfo))]
    impl<T: Config> Pallet<T> {
        /// Takes a seat on a subnet by burning TAO.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that pays, which must own the hotkey.
        ///
        /// ## Details
        /// The current price is recycled, exactly and at once. If all seats are taken, the neuron with the lowest score
        /// makes room. spec subnets-and-neurons §7, §11
        ///
        /// ## Errors
        /// [`Error::RegistrationNotPermittedOnRootSubnet`], [`Error::SubNetworkDoesNotExist`],
        /// [`Error::SubNetRegistrationDisabled`], [`Error::TooManyRegistrationsThisBlock`],
        /// [`Error::TooManyRegistrationsThisInterval`], [`Error::HotKeyAlreadyRegisteredInSubNet`],
        /// [`Error::NotEnoughBalanceToStake`], `NonAssociatedColdKey`, [`Error::NoNeuronIdAvailable`].
        ///
        /// ## Events
        /// [`Event::NeuronRegistered`].
        #[pallet::call_index(0)]
        pub fn burned_register(origin: OriginFor<T>, netuid: NetUid, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_burned_register(&coldkey, netuid, &hotkey)
        }

        /// Takes a seat on a subnet by burning TAO, if the price is at most `limit_price`.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that pays, which must own the hotkey.
        ///
        /// ## Details
        /// As [`Call::burned_register`], but fails if the price rose above the limit before the call is applied.
        ///
        /// ## Errors
        /// [`Error::RegistrationPriceLimitExceeded`], then those of [`Call::burned_register`].
        ///
        /// ## Events
        /// [`Event::NeuronRegistered`].
        #[pallet::call_index(1)]
        pub fn register_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
            limit_price: Amount<Tao>,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_register_limit(&coldkey, netuid, &hotkey, limit_price)
        }

        /// Takes a seat on a subnet by proof of work.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that takes the seat. The hotkey needs no TAO.
        ///
        /// ## Details
        /// `work` is the seal of `nonce` on the hash of `block_number` and on the hotkey. It pays for one seat.
        /// `coldkey` becomes the owner of a hotkey without owner, and must be the owner of any other. For a new pair
        /// `consent` is the coldkey's signature of it, see [`KeyConsent`]; an account that is both keys needs none.
        ///
        /// ## Errors
        /// In this order: [`Error::TransactorAccountShouldBeHotKey`], [`Error::RegistrationNotOpenYet`],
        /// [`Error::RegistrationNotPermittedOnRootSubnet`], [`Error::SubNetworkDoesNotExist`],
        /// [`Error::SubNetRegistrationDisabled`], [`Error::TooManyRegistrationsThisBlock`],
        /// [`Error::TooManyRegistrationsThisInterval`], [`Error::HotKeyAlreadyRegisteredInSubNet`],
        /// [`Error::InvalidWorkBlock`], [`Error::InvalidSeal`] for a malformed or used one,
        /// [`Error::InvalidDifficulty`], [`Error::InvalidSeal`] for one of other work; of the keys pallet
        /// `NonAssociatedColdKey`, or for a new pair `CannotUseSystemAccount`, `ColdkeyReserved`, `HotKeyRetired`,
        /// `TooManyHotkeys`, `KeyConsentMissing`; [`Error::NoNeuronIdAvailable`].
        ///
        /// ## Events
        /// [`Event::NeuronRegistered`].
        #[pallet::call_index(2)]
        #[pallet::feeless_if(
            |_: &OriginFor<T>, _: &NetUid, _: &BlockNumber, _: &u64, _: &Vec<u8>, _: &T::AccountId,
             _: &T::AccountId, _: &Option<KeyConsent>| -> bool { true }
        )]
        pub fn register(
            origin: OriginFor<T>,
            netuid: NetUid,
            block_number: BlockNumber,
            nonce: u64,
            work: Vec<u8>,
            hotkey: T::AccountId,
            coldkey: T::AccountId,
            consent: Option<KeyConsent>,
        ) -> DispatchResult {
            let signer = ensure_signed(origin)?;
            let work = WorkClaim { block: block_number, nonce, seal: &work };
            Self::do_register(&signer, netuid, work, &hotkey, &coldkey, consent.as_ref())
        }

        /// Announces the axon of the signing neuron: the address at which it answers requests.
        ///
        /// ## Dispatch origin
        /// Signed by a hotkey with a seat on the network.
        ///
        /// ## Details
        /// Replaces the axon announced before. The chain does not interpret `protocol` and the placeholders; they are
        /// for neurons. A certificate announced before stays.
        ///
        /// ## Errors
        /// [`Error::HotKeyNotRegisteredInNetwork`], [`Error::InvalidIpType`], [`Error::InvalidIpAddress`],
        /// [`Error::ServingRateLimitExceeded`], [`Error::InvalidPort`].
        ///
        /// ## Events
        /// [`Event::AxonServed`].
        #[pallet::call_index(3)]
        #[pallet::feeless_if(
            |_: &OriginFor<T>, _: &NetUid, _: &u32, _: &u128, _: &u16, _: &u8, _: &u8, _: &u8,
             _: &u8| -> bool { true }
        )]
        pub fn serve_axon(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let address = IpEndpoint { ip, port, ip_type };
            let axon = AxonRecord { block: Self::now(), version, address, protocol, placeholder1, placeholder2 };
            Self::do_serve_axon(&hotkey, netuid, axon, None)
        }

        /// Announces the axon of the signing neuron and its TLS certificate.
        ///
        /// ## Dispatch origin
        /// Signed by a hotkey with a seat on the network.
        ///
        /// ## Details
        /// As [`Call::serve_axon`]. `certificate` is a byte for the algorithm, then the public key.
        ///
        /// ## Errors
        /// Those of [`Call::serve_axon`], then [`Error::InvalidCertificate`].
        ///
        /// ## Events
        /// [`Event::AxonServed`].
        #[pallet::call_index(4)]
        #[pallet::feeless_if(
            |_: &OriginFor<T>, _: &NetUid, _: &u32, _: &u128, _: &u16, _: &u8, _: &u8, _: &u8, _: &u8,
             _: &Vec<u8>| -> bool { true }
        )]
        pub fn serve_axon_tls(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
            certificate: Vec<u8>,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let address = IpEndpoint { ip, port, ip_type };
            let axon = AxonRecord { block: Self::now(), version, address, protocol, placeholder1, placeholder2 };
            Self::do_serve_axon(&hotkey, netuid, axon, Some(certificate))
        }

        /// Announces the address at which the signing neuron serves its metrics.
        ///
        /// ## Dispatch origin
        /// Signed by a hotkey with a seat on the network.
        ///
        /// ## Details
        /// Replaces the address announced before. The rate limit is separate from that of [`Call::serve_axon`].
        ///
        /// ## Errors
        /// [`Error::HotKeyNotRegisteredInNetwork`], [`Error::InvalidIpType`], [`Error::InvalidIpAddress`],
        /// [`Error::ServingRateLimitExceeded`], [`Error::InvalidPort`].
        ///
        /// ## Events
        /// [`Event::PrometheusServed`].
        #[pallet::call_index(5)]
        #[pallet::feeless_if(
            |_: &OriginFor<T>, _: &NetUid, _: &u32, _: &u128, _: &u16, _: &u8| -> bool { true }
        )]
        pub fn serve_prometheus(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let address = IpEndpoint { ip, port, ip_type };
            Self::do_serve_prometheus(&hotkey, netuid, MetricsRecord { block: Self::now(), version, address })
        }

        /// Publishes a commitment of the signing neuron.
        ///
        /// ## Dispatch origin
        /// Signed by a hotkey with a seat on the network.
        ///
        /// ## Details
        /// Replaces the commitment published before. The chain stores the data with its block and does not interpret
        /// it.
        ///
        /// ## Errors
        /// [`Error::AccountNotAllowedCommit`], [`Error::CommitmentSetRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::Commitment`].
        #[pallet::call_index(6)]
        #[pallet::feeless_if(
            |_: &OriginFor<T>, _: &NetUid, _: &CommitmentData| -> bool { true }
        )]
        pub fn set_commitment(origin: OriginFor<T>, netuid: NetUid, info: CommitmentData) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_set_commitment(&hotkey, netuid, info)
        }
    }
}
