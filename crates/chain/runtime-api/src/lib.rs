//! What clients may ask the Myelin runtime, in one call each.
//!
//! The chain's storage is laid out for the chain; these answers are laid out for readers: a metagraph is one answer,
//! not a thousand storage keys. Every answer is bounded, by the seats of a network or the networks there can be.
//! Amounts are in rao; numbers of type `u16` that stand for a part of a whole are fractions `v / 65535`; blocks count
//! from genesis.
//!
//! The answers are decoded by the metadata of the runtime, so a client needs none of these types; they are here for
//! the runtime that fills them. How networks are set is asked in the runtime's own types, which the two type
//! parameters stand for.

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(missing_docs, clippy::pedantic, reason = "the API macro expands to code that these lints refuse")]

extern crate alloc;

use alloc::vec::Vec;
use codec::{Codec, Decode, Encode};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
use scale_info::TypeInfo;

/// The hotkeys that one page of delegates goes through.
pub const DELEGATE_PAGE: usize = 256;

/// How much TAO there is, and how much more comes. spec tokenomics §2
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct IssuanceInfo {
    /// Every rao that exists: free, staked, locked and pending.
    pub total: Amount<Tao>,
    /// Staked on hotkeys.
    pub staked: Amount<Tao>,
    /// Locked for subnets.
    pub locked: Amount<Tao>,
    /// Accrued to subnets and not paid out yet.
    pub pending: Amount<Tao>,
    /// What the next block creates, if any subnet is eligible.
    pub block_emission: Amount<Tao>,
    /// How often the emission has halved; `None` once blocks create nothing.
    pub halvings: Option<u32>,
    /// The next halving, until blocks create nothing.
    pub next_halving: Option<NextHalving>,
}

/// What lies between now and the next halving. spec tokenomics §2.2
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NextHalving {
    /// The issuance from which a block creates half as much.
    pub threshold: Amount<Tao>,
    /// What is to be issued until then.
    pub missing: Amount<Tao>,
    /// How many blocks that takes if nothing is recycled meanwhile.
    pub blocks: u64,
}

/// A network at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SubnetInfo<AccountId> {
    /// Which one; 0 is root.
    pub netuid: NetUid,
    /// Its name, as its owner gave it: UTF-8 by custom, not checked. Empty without an identity.
    pub name: Vec<u8>,
    /// Who owns it.
    pub owner: Option<AccountId>,
    /// The owner's hotkey, whose seat is protected.
    pub owner_hotkey: Option<AccountId>,
    /// When it was created.
    pub registered_at: BlockNumber,
    /// What its owner locked for it.
    pub locked: Amount<Tao>,
    /// Blocks between its epochs, less one.
    pub tempo: u16,
    /// Seats taken.
    pub neurons: u16,
    /// Seats there are.
    pub max_neurons: u16,
    /// What it receives of every block at present. spec tokenomics §5.4
    pub emission: Amount<Tao>,
    /// What has accrued to it since its last epoch.
    pub pending: Amount<Tao>,
    /// Its last epoch.
    pub last_epoch: Option<EpochRecord>,
    /// The block of its next epoch, unless its tempo is 0.
    pub next_epoch: Option<BlockNumber>,
    /// What a seat costs.
    pub registration: RegistrationInfo,
}

/// What a seat of a network costs at present. spec subnets-and-neurons §7 and §8
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RegistrationInfo {
    /// The price of a burned registration, if they are allowed.
    pub burn: Option<Amount<Tao>>,
    /// The difficulty of a registration by work, if they are allowed.
    pub difficulty: Option<u64>,
    /// What burned registrations have recycled so far.
    pub recycled: Amount<Tao>,
    /// When price and difficulty are adjusted next.
    pub adjusts_at: BlockNumber,
}

/// What the last epoch of a subnet divided, and how. spec tokenomics §6.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct EpochRecord {
    /// The block that ran it.
    pub block: BlockNumber,
    /// What had accrued.
    pub emission: Amount<Tao>,
    /// The owner's part.
    pub owner_cut: Amount<Tao>,
    /// What was paid for mining.
    pub miners: Amount<Tao>,
    /// What was paid for validating.
    pub validators: Amount<Tao>,
}

/// A network with all its neurons: everything a reader needs of it, as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MetagraphInfo<AccountId> {
    /// The block it describes.
    pub block: BlockNumber,
    /// The network.
    pub subnet: SubnetInfo<AccountId>,
    /// Its neurons, by uid.
    pub neurons: Vec<NeuronInfo<AccountId>>,
}

/// One neuron: who it is, where it is, and what the last epoch found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NeuronInfo<AccountId> {
    /// Its seat.
    pub uid: Uid,
    /// The key it works with.
    pub hotkey: AccountId,
    /// Who owns that key. `None` only for a key that was given up while this was read.
    pub coldkey: Option<AccountId>,
    /// When it took the seat.
    pub registered_at: BlockNumber,
    /// When it last set or committed weights.
    pub last_update: BlockNumber,
    /// Everything staked on its hotkey.
    pub stake: Amount<Tao>,
    /// With how much it weighs here: its stake less what it lends to children, with what parents lend to it.
    pub stake_weight: Amount<Tao>,
    /// Whether it updated its weights lately enough to count.
    pub active: bool,
    /// Whether it may validate until the next epoch.
    pub validator_permit: bool,
    /// Its consensus weight as a miner.
    pub consensus: u16,
    /// Its part of what miners earned.
    pub incentive: u16,
    /// Its part of what validators earned.
    pub dividends: u16,
    /// How much of its weights consensus left to it.
    pub validator_trust: u16,
    /// What it was paid in the last epoch, for mining and validating.
    pub emission: Amount<Tao>,
    /// Where it answers requests.
    pub axon: Option<AxonInfo>,
    /// Where it offers its metrics.
    pub metrics: Option<IpEndpoint>,
}

/// Where a neuron answers requests. spec subnets-and-neurons §14.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AxonInfo {
    /// When it was announced.
    pub block: BlockNumber,
    /// The version of the neuron's software.
    pub version: u32,
    /// Where it is.
    pub endpoint: IpEndpoint,
    /// What is spoken there. Not interpreted by the chain.
    pub protocol: u8,
    /// With what it proves who answers: a byte for the algorithm, then the public key.
    pub certificate: Option<Vec<u8>>,
}

/// An address on the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct IpEndpoint {
    /// Of 32 bits if `ip_type` is 4, of 128 bits if it is 6.
    pub ip: u128,
    /// The version of the internet protocol, 4 or 6.
    pub ip_type: u8,
    /// The port.
    pub port: u16,
}

/// What one neuron says of others, and what it holds of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RatingsInfo {
    /// Its weights, as the next epoch will read them; on root they name networks.
    pub weights: Vec<Entry>,
    /// Its bonds, as of the last epoch.
    pub bonds: Vec<Entry>,
}

/// Stake of one coldkey on one hotkey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct StakeInfo<AccountId> {
    /// On whom.
    pub hotkey: AccountId,
    /// How much.
    pub stake: Amount<Tao>,
    /// How the coldkey stands to the hotkey.
    pub standing: StakeRole,
}

/// How a coldkey stands to a hotkey that it has stake on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum StakeRole {
    /// It owns it.
    Owner,
    /// It nominates it.
    Nominator,
    /// The hotkey has lost its last seat, and the stake is on its way back.
    Returning,
}

/// A hotkey and what is staked on it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct HotkeyInfo<AccountId> {
    /// The key.
    pub hotkey: AccountId,
    /// Who owns it.
    pub coldkey: AccountId,
    /// Everything staked on it.
    pub stake: Amount<Tao>,
    /// How many coldkeys have stake on it.
    pub stakers: u32,
    /// What it keeps of its validator emission, if it is a delegate.
    pub take: Option<Take>,
    /// Where it has seats.
    pub seats: Vec<HotkeySeat>,
}

/// A seat of one hotkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct HotkeySeat {
    /// On which network.
    pub netuid: NetUid,
    /// Which one.
    pub uid: Uid,
    /// Whether it may validate there until the next epoch.
    pub validator_permit: bool,
    /// What it was paid in the last epoch there, for mining and validating.
    pub emission: Amount<Tao>,
}

/// A page of the delegates, in no particular order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DelegatePage<AccountId> {
    /// The delegates among the hotkeys that this page went through.
    pub delegates: Vec<HotkeyInfo<AccountId>>,
    /// Where the next page goes on, or `None` after the last.
    pub next: Option<AccountId>,
}

/// A promise of weights that is neither kept nor expired. spec weights §5.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CommitInfo {
    /// The hash of what is to be revealed.
    pub hash: [u8; 32],
    /// When it was made.
    pub block: BlockNumber,
    /// The first block of the epoch in which it may be revealed, as the network is set now.
    pub reveal_from: BlockNumber,
    /// The last one.
    pub reveal_until: BlockNumber,
}

sp_api::decl_runtime_apis! {
    /// What clients may ask.
    pub trait MyelinApi<AccountId, Parameters, NetworkParameters>
    where
        AccountId: Codec,
        Parameters: Codec,
        NetworkParameters: Codec,
    {
        /// How much TAO there is, and how much more comes.
        fn issuance() -> IssuanceInfo;

        /// All networks, root included, netuids ascending.
        fn subnets() -> Vec<SubnetInfo<AccountId>>;

        /// One network.
        fn subnet(netuid: NetUid) -> Option<SubnetInfo<AccountId>>;

        /// How a network is set.
        fn parameters(netuid: NetUid) -> Option<Parameters>;

        /// How all networks together are set.
        fn network_parameters() -> NetworkParameters;

        /// What creating a subnet costs in the next block.
        fn subnet_price() -> Amount<Tao>;

        /// The subnet that creating another one would replace, if the limit is reached.
        fn subnet_to_prune() -> Option<NetUid>;

        /// A network with all its neurons.
        fn metagraph(netuid: NetUid) -> Option<MetagraphInfo<AccountId>>;

        /// One neuron.
        fn neuron(netuid: NetUid, uid: Uid) -> Option<NeuronInfo<AccountId>>;

        /// The seat of a hotkey.
        fn uid(netuid: NetUid, hotkey: AccountId) -> Option<Uid>;

        /// What one neuron says of others, and what it holds of them.
        fn ratings(netuid: NetUid, uid: Uid) -> Option<RatingsInfo>;

        /// The block of a network's next epoch, unless its tempo is 0.
        fn next_epoch(netuid: NetUid) -> Option<BlockNumber>;

        /// All stake of a coldkey.
        fn positions(coldkey: AccountId) -> Vec<StakeInfo<AccountId>>;

        /// The hotkeys that a coldkey owns.
        fn hotkeys(coldkey: AccountId) -> Vec<HotkeyInfo<AccountId>>;

        /// A hotkey and what is staked on it.
        fn hotkey(hotkey: AccountId) -> Option<HotkeyInfo<AccountId>>;

        /// A page of the hotkeys that accept nominations, after the hotkey at which the last page ended. It goes
        /// through [`DELEGATE_PAGE`] hotkeys.
        fn delegates(after: Option<AccountId>) -> DelegatePage<AccountId>;

        /// The commits of a hotkey that are neither revealed nor expired, oldest first.
        fn commits(netuid: NetUid, hotkey: AccountId) -> Vec<CommitInfo>;
    }
}
