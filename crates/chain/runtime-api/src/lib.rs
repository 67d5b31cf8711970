//! The runtime API of Myelin: the signatures of [`MyelinApi`], nothing else.
//!
//! The storage of the chain is laid out for the chain. These answers are laid out for readers: a metagraph is one
//! answer, not a thousand storage keys. Each answer is bounded, by the seats of a network or by the number of networks.
//! The records of the answers are those of [`myelin_records`].

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(missing_docs, clippy::pedantic, reason = "the API macro expands to code that these lints refuse")]

extern crate alloc;

use alloc::vec::Vec;
use codec::Codec;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao, Uid};
use myelin_records::{
    info::{
        CommitInfo, DelegatePage, HotkeyInfo, IssuanceInfo, MetagraphInfo, NeuronInfo, RatingsInfo, StakeInfo,
        SubnetInfo,
    },
    parameters::{NetworkParameters, Parameters},
};
use sp_runtime::Perbill;

/// The number of hotkeys that one page of delegates goes through.
pub const DELEGATE_PAGE: usize = 256;

sp_api::decl_runtime_apis! {
    /// The reads of clients.
    pub trait MyelinApi<AccountId>
    where
        AccountId: Codec,
    {
        /// Returns the issuance, its terms and the next halving.
        fn issuance() -> IssuanceInfo;

        /// Returns the part of the block that free calls took, of the room of all transactions.
        fn free_share() -> Perbill;

        /// Returns all networks, root included, netuids ascending.
        fn subnets() -> Vec<SubnetInfo<AccountId>>;

        /// Returns one network.
        fn subnet(netuid: NetUid) -> Option<SubnetInfo<AccountId>>;

        /// Returns the parameters of a network.
        fn parameters(netuid: NetUid) -> Option<Parameters>;

        /// Returns the parameters that all networks share.
        fn network_parameters() -> Option<NetworkParameters>;

        /// Returns the price of a subnet in the next block.
        fn subnet_price() -> Amount<Tao>;

        /// Returns the subnet that a new one would replace, if the limit is reached.
        fn subnet_to_prune() -> Option<NetUid>;

        /// Returns a network with all its neurons.
        fn metagraph(netuid: NetUid) -> Option<MetagraphInfo<AccountId>>;

        /// Returns one neuron.
        fn neuron(netuid: NetUid, uid: Uid) -> Option<NeuronInfo<AccountId>>;

        /// Returns the seat of a hotkey.
        fn uid(netuid: NetUid, hotkey: AccountId) -> Option<Uid>;

        /// Returns the weights and the bonds of one neuron.
        fn ratings(netuid: NetUid, uid: Uid) -> Option<RatingsInfo>;

        /// Returns the block of the next epoch of a network. `None` if its tempo is 0.
        fn next_epoch(netuid: NetUid) -> Option<BlockNumber>;

        /// Returns all stake of a coldkey.
        fn positions(coldkey: AccountId) -> Vec<StakeInfo<AccountId>>;

        /// Returns the hotkeys that a coldkey owns.
        fn hotkeys(coldkey: AccountId) -> Vec<HotkeyInfo<AccountId>>;

        /// Returns a hotkey and the stake on it.
        fn hotkey(hotkey: AccountId) -> Option<HotkeyInfo<AccountId>>;

        /// Returns a page of delegates, after the hotkey at which the last page ended.
        ///
        /// A page reads [`DELEGATE_PAGE`] hotkeys.
        fn delegates(after: Option<AccountId>) -> DelegatePage<AccountId>;

        /// Returns the commits of a hotkey that are neither revealed nor expired, oldest first.
        fn commits(netuid: NetUid, hotkey: AccountId) -> Vec<CommitInfo>;
    }
}
