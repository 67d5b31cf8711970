//! Calls for [`Account::submit`](crate::Account::submit).
//!
//! The calls of coldkeys and hotkeys are here, see spec events-and-errors §8.1. Calls of governance, and calls that
//! contain other calls, are in [`runtime::transactions`](crate::runtime::transactions).
//!
//! The chain refuses a list that is too long; this module does not check the length.
//!
//! A new pair of keys needs the consent of the key that does not sign the call, see
//! [`Chain::consent`](crate::Chain::consent).

use crate::{
    key::account,
    runtime::{
        balances::calls as balances,
        keys::calls as keys,
        neurons::calls as neurons,
        runtime_types::{
            bounded_collections::bounded_vec::BoundedVec, myelin_pallet_keys::pallet::Call as KeysCall,
            myelin_pallet_neurons::pallet::Call as NeuronsCall, myelin_pallet_staking::pallet::Call as StakingCall,
            myelin_pallet_subnets::pallet::Call as SubnetsCall, myelin_runtime::RuntimeCall,
        },
        staking::calls as staking,
        subnets::calls as subnets,
        transactions,
        utility::calls as utility,
        weights::calls as weights,
    },
};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, Entry, IpEndpoint, NetUid, Take, Tao};
use myelin_records::{
    commitment::CommitmentData, consent::KeyConsent, key::ChainIdentity, parameters::ParametersPatch,
    stake::FamilyMember, subnet::SubnetIdentity,
};
use std::net::SocketAddr;
use subxt::{
    config::{Hasher, substrate::BlakeTwo256},
    ext::codec::{Compact, Encode},
    tx::StaticPayload,
    utils::{H256, Static},
};

/// A call with its arguments.
pub type Call<Arguments> = StaticPayload<Arguments>;

/// Transfers TAO to another account. Fails if the sender would fall below the existential deposit.
pub fn transfer(to: &PublicKey, amount: Amount<Tao>) -> Call<balances::TransferKeepAlive> {
    transactions().balances().transfer_keep_alive(account(to).into(), amount.rao())
}

/// Transfers all TAO to another account, and ends the sender's account.
pub fn transfer_all(to: &PublicKey) -> Call<balances::TransferAll> {
    transactions().balances().transfer_all(account(to).into(), false)
}

/// Creates a subnet, and gives its first seat to the hotkey. Locks the price. Signed by the hotkey's owner.
pub fn register_network(hotkey: &PublicKey) -> Call<subnets::RegisterNetwork> {
    transactions().subnets().register_network(account(hotkey))
}

/// Creates a subnet with an identity. Signed by the hotkey's owner.
pub fn register_network_with_identity(
    hotkey: &PublicKey,
    identity: SubnetIdentity,
) -> Call<subnets::RegisterNetworkWithIdentity> {
    transactions().subnets().register_network_with_identity(account(hotkey), identity.into())
}

/// Ends a subnet, and returns its lock. Signed by its owner.
pub fn dissolve_network(netuid: NetUid) -> Call<subnets::DissolveNetwork> {
    transactions().subnets().dissolve_network(netuid.into())
}

/// Transfers a subnet to another coldkey. Signed by its owner.
pub fn transfer_network(netuid: NetUid, new_owner: &PublicKey) -> Call<subnets::TransferNetwork> {
    transactions().subnets().transfer_network(netuid.into(), account(new_owner))
}

/// Sets the identity of a subnet. Signed by its owner.
pub fn set_subnet_identity(netuid: NetUid, identity: SubnetIdentity) -> Call<subnets::SetSubnetIdentity> {
    transactions().subnets().set_subnet_identity(netuid.into(), identity.into())
}

/// Sets the hotkey whose seat is protected. Signed by the subnet's owner.
pub fn set_subnet_owner_hotkey(netuid: NetUid, hotkey: &PublicKey) -> Call<subnets::SetSubnetOwnerHotkey> {
    transactions().subnets().set_subnet_owner_hotkey(netuid.into(), account(hotkey))
}

/// Changes the parameters that are `Some`. Signed by the subnet's owner, within the owner's authority.
pub fn set_parameters(netuid: NetUid, changed: ParametersPatch) -> Call<subnets::SetParameters> {
    transactions().subnets().set_parameters(netuid.into(), changed.into())
}

/// Associates a hotkey that has no owner with the signing coldkey, with the consent of the hotkey. The cost is recycled.
pub fn try_associate_hotkey(hotkey: &PublicKey, consent: Option<KeyConsent>) -> Call<keys::TryAssociateHotkey> {
    transactions().keys().try_associate_hotkey(account(hotkey), consent)
}

/// Associates a hotkey with the signing coldkey, and then makes a call that needs the pair: both, or neither.
pub fn associate_first<Arguments: Clone + Into<RuntimeCall>>(
    hotkey: &PublicKey,
    consent: Option<KeyConsent>,
    call: &Call<Arguments>,
) -> Call<utility::BatchAll> {
    let pair = KeysCall::try_associate_hotkey { hotkey: account(hotkey), consent };
    transactions().utility().batch_all(vec![RuntimeCall::Keys(pair), call.call_data().clone().into()])
}

impl From<neurons::BurnedRegister> for RuntimeCall {
    fn from(neurons::BurnedRegister { netuid, hotkey }: neurons::BurnedRegister) -> Self {
        Self::Neurons(NeuronsCall::burned_register { netuid, hotkey })
    }
}

impl From<neurons::RegisterLimit> for RuntimeCall {
    fn from(neurons::RegisterLimit { netuid, hotkey, limit_price }: neurons::RegisterLimit) -> Self {
        Self::Neurons(NeuronsCall::register_limit { netuid, hotkey, limit_price })
    }
}

impl From<staking::RootRegister> for RuntimeCall {
    fn from(staking::RootRegister { hotkey }: staking::RootRegister) -> Self {
        Self::Staking(StakingCall::root_register { hotkey })
    }
}

impl From<subnets::RegisterNetwork> for RuntimeCall {
    fn from(subnets::RegisterNetwork { hotkey }: subnets::RegisterNetwork) -> Self {
        Self::Subnets(SubnetsCall::register_network { hotkey })
    }
}

impl From<subnets::RegisterNetworkWithIdentity> for RuntimeCall {
    fn from(call: subnets::RegisterNetworkWithIdentity) -> Self {
        let subnets::RegisterNetworkWithIdentity { hotkey, identity } = call;
        Self::Subnets(SubnetsCall::register_network_with_identity { hotkey, identity })
    }
}

/// Stakes TAO on a hotkey. Signed by a coldkey.
pub fn add_stake(hotkey: &PublicKey, amount: Amount<Tao>) -> Call<staking::AddStake> {
    transactions().staking().add_stake(account(hotkey), amount.into())
}

/// Removes stake from a hotkey. Signed by the coldkey of the stake; free.
pub fn remove_stake(hotkey: &PublicKey, amount: Amount<Tao>) -> Call<staking::RemoveStake> {
    transactions().staking().remove_stake(account(hotkey), amount.into())
}

/// Removes all stake of a coldkey from a hotkey. Signed by that coldkey; free.
pub fn unstake_all(hotkey: &PublicKey) -> Call<staking::UnstakeAll> {
    transactions().staking().unstake_all(account(hotkey))
}

/// Moves stake to another hotkey. Signed by the coldkey of the stake.
pub fn move_stake(from: &PublicKey, to: &PublicKey, amount: Amount<Tao>) -> Call<staking::MoveStake> {
    transactions().staking().move_stake(account(from), account(to), amount.into())
}

/// Transfers stake to another coldkey. Signed by the coldkey of the stake.
pub fn transfer_stake(to_coldkey: &PublicKey, hotkey: &PublicKey, amount: Amount<Tao>) -> Call<staking::TransferStake> {
    transactions().staking().transfer_stake(account(to_coldkey), account(hotkey), amount.into())
}

/// Makes a hotkey a delegate, so that any coldkey may nominate it. Signed by the hotkey's owner.
pub fn become_delegate(hotkey: &PublicKey) -> Call<staking::BecomeDelegate> {
    transactions().staking().become_delegate(account(hotkey))
}

/// Announces a higher take of a delegate (spec staking §6). Signed by the hotkey's owner.
pub fn increase_take(hotkey: &PublicKey, take: Take) -> Call<staking::IncreaseTake> {
    transactions().staking().increase_take(account(hotkey), take.into())
}

/// Lowers the take of a delegate at once, and withdraws an announced one. Signed by the hotkey's owner.
pub fn decrease_take(hotkey: &PublicKey, take: Take) -> Call<staking::DecreaseTake> {
    transactions().staking().decrease_take(account(hotkey), take.into())
}

/// Lends parts of the stake weight to child hotkeys (spec staking §9.1). Signed by the hotkey's owner.
pub fn set_children(hotkey: &PublicKey, netuid: NetUid, children: &[FamilyMember]) -> Call<staking::SetChildren> {
    let children = children.iter().cloned().map(Static).collect();
    transactions().staking().set_children(account(hotkey), netuid.into(), BoundedVec(children))
}

/// Sets the take of a child on the earnings of borrowed stake weight, or announces a higher one. Signed by the owner.
pub fn set_childkey_take(hotkey: &PublicKey, netuid: NetUid, take: Take) -> Call<staking::SetChildkeyTake> {
    transactions().staking().set_childkey_take(account(hotkey), netuid.into(), take.into())
}

/// Takes a seat on root for its burn (spec staking §7). Signed by the hotkey's owner.
pub fn root_register(hotkey: &PublicKey) -> Call<staking::RootRegister> {
    transactions().staking().root_register(account(hotkey))
}

/// Announces the swap of the signing coldkey, with the hash of the new one (spec staking §10.3).
pub fn announce_coldkey_swap(new_coldkey: &PublicKey) -> Call<keys::AnnounceColdkeySwap> {
    transactions().keys().announce_coldkey_swap(hash_of(&account(new_coldkey)))
}

/// Executes the announced swap of the signing coldkey.
pub fn swap_coldkey_announced(new_coldkey: &PublicKey) -> Call<keys::SwapColdkeyAnnounced> {
    transactions().keys().swap_coldkey_announced(account(new_coldkey))
}

/// Disputes a swap of the signing coldkey that another holder of the key has announced.
pub fn dispute_coldkey_swap() -> Call<keys::DisputeColdkeySwap> {
    transactions().keys().dispute_coldkey_swap()
}

/// Clears the announcement of a swap of the signing coldkey.
pub fn clear_coldkey_swap_announcement() -> Call<keys::ClearColdkeySwapAnnouncement> {
    transactions().keys().clear_coldkey_swap_announcement()
}

/// Sets the identity of the signing coldkey.
pub fn set_identity(identity: ChainIdentity) -> Call<keys::SetIdentity> {
    transactions().keys().set_identity(identity.into())
}

/// Buys a seat for a hotkey, at any price. Signed by the coldkey that will own it.
pub fn burned_register(netuid: NetUid, hotkey: &PublicKey) -> Call<neurons::BurnedRegister> {
    transactions().neurons().burned_register(netuid.into(), account(hotkey))
}

/// Buys a seat for a hotkey, at a price up to the limit. Signed by the coldkey that will own it.
pub fn register_limit(netuid: NetUid, hotkey: &PublicKey, limit: Amount<Tao>) -> Call<neurons::RegisterLimit> {
    transactions().neurons().register_limit(netuid.into(), account(hotkey), limit.into())
}

/// Takes a seat with proof of work (spec subnets-and-neurons §8). Signed by the hotkey; free.
pub fn register(
    netuid: NetUid,
    block: BlockNumber,
    nonce: u64,
    seal: [u8; 32],
    hotkey: &PublicKey,
    coldkey: &PublicKey,
    consent: Option<KeyConsent>,
) -> Call<neurons::Register> {
    let (hotkey, coldkey) = (account(hotkey), account(coldkey));
    transactions().neurons().register(netuid.into(), block, nonce, seal.to_vec(), hotkey, coldkey, consent)
}

/// Replaces a hotkey by a new one, on all networks, with the consent of the new one unless its owner signs. Signed by the
/// hotkey's owner.
pub fn swap_hotkey(hotkey: &PublicKey, new_hotkey: &PublicKey, consent: Option<KeyConsent>) -> Call<keys::SwapHotkey> {
    transactions().keys().swap_hotkey(account(hotkey), account(new_hotkey), consent)
}

/// Announces the address of an axon. Signed by the hotkey; free.
///
/// `protocol` is 4, and `placeholder1` is 1 if the axon serves signed requests. spec neuron-protocol §11.
pub fn serve_axon(
    netuid: NetUid,
    version: u32,
    at: SocketAddr,
    (protocol, placeholder1): (u8, u8),
) -> Call<neurons::ServeAxon> {
    let IpEndpoint { ip, port, ip_type } = at.into();
    transactions().neurons().serve_axon(netuid.into(), version, ip, port, ip_type, protocol, placeholder1, 0)
}

/// Announces the address of an axon with a certificate. Signed by the hotkey; free.
///
/// The certificate is one byte for the algorithm and then the public key, at most 65 bytes together.
pub fn serve_axon_tls(
    netuid: NetUid,
    version: u32,
    at: SocketAddr,
    (protocol, placeholder1): (u8, u8),
    certificate: Vec<u8>,
) -> Call<neurons::ServeAxonTls> {
    let (netuid, IpEndpoint { ip, port, ip_type }) = (netuid.into(), at.into());
    transactions().neurons().serve_axon_tls(netuid, version, ip, port, ip_type, protocol, placeholder1, 0, certificate)
}

/// Announces the address of a Prometheus server. Signed by the hotkey; free.
pub fn serve_prometheus(netuid: NetUid, version: u32, at: SocketAddr) -> Call<neurons::ServePrometheus> {
    let IpEndpoint { ip, port, ip_type } = at.into();
    transactions().neurons().serve_prometheus(netuid.into(), version, ip, port, ip_type)
}

/// Publishes a commitment of the neuron. Signed by the hotkey; free.
pub fn set_commitment(netuid: NetUid, data: CommitmentData) -> Call<neurons::SetCommitment> {
    transactions().neurons().set_commitment(netuid.into(), Static(data))
}

/// Sets the weights of other neurons by uid; only their proportions count. Signed by the hotkey; free.
///
/// `version_key` is the version of the validator's software. The network may require a newer one.
pub fn set_weights(netuid: NetUid, weights: &[Entry], version_key: u64) -> Call<weights::SetWeights> {
    let (uids, values) = weights.iter().map(|entry| (Static(entry.uid), entry.value)).unzip();
    transactions().weights().set_weights(netuid.into(), BoundedVec(uids), BoundedVec(values), version_key)
}

/// The weights of a validator on one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightsItem {
    /// The network.
    pub netuid: NetUid,
    /// The weights by uid, of which only the proportions count.
    pub weights: Vec<Entry>,
    /// The version of the validator's software.
    pub version_key: u64,
}

/// Sets weights on several networks, whose netuids ascend. Signed by the hotkey; free.
pub fn batch_set_weights(batch: &[WeightsItem]) -> Call<weights::BatchSetWeights> {
    let entries = |rating: &WeightsItem| {
        BoundedVec(rating.weights.iter().map(|entry| (Compact(entry.uid.get()), Compact(entry.value))).collect())
    };
    transactions().weights().batch_set_weights(
        BoundedVec(batch.iter().map(|rating| Compact(rating.netuid.get())).collect()),
        BoundedVec(batch.iter().map(entries).collect()),
        BoundedVec(batch.iter().map(|rating| Compact(rating.version_key)).collect()),
    )
}

/// Commits to weights by their [`commit_hash`]. Signed by the hotkey; free.
pub fn commit_weights(netuid: NetUid, hash: H256) -> Call<weights::CommitWeights> {
    transactions().weights().commit_weights(netuid.into(), hash)
}

/// Commits to weights on several networks, whose netuids ascend. Signed by the hotkey; free.
pub fn batch_commit_weights(batch: &[(NetUid, H256)]) -> Call<weights::BatchCommitWeights> {
    transactions().weights().batch_commit_weights(
        BoundedVec(batch.iter().map(|(netuid, _)| Compact(netuid.get())).collect()),
        BoundedVec(batch.iter().map(|(_, hash)| *hash).collect()),
    )
}

/// Reveals committed weights. Signed by the hotkey; free.
pub fn reveal_weights(
    netuid: NetUid,
    weights: &[Entry],
    salt: &[u16],
    version_key: u64,
) -> Call<weights::RevealWeights> {
    let (uids, values) = weights.iter().map(|entry| (Static(entry.uid), entry.value)).unzip();
    let salt = BoundedVec(salt.to_vec());
    transactions().weights().reveal_weights(netuid.into(), BoundedVec(uids), BoundedVec(values), salt, version_key)
}

/// Sets the weights of networks, which divide the emission. Signed by the coldkey that owns the root validator.
pub fn set_root_weights(
    hotkey: &PublicKey,
    weights: &[(NetUid, u16)],
    version_key: u64,
) -> Call<weights::SetRootWeights> {
    let (netuids, values) = weights.iter().map(|(netuid, value)| (Static(*netuid), *value)).unzip();
    let (root, hotkey) = (NetUid::ROOT.into(), account(hotkey));
    transactions().weights().set_root_weights(root, hotkey, BoundedVec(netuids), BoundedVec(values), version_key)
}

/// Returns the hash for [`commit_weights`] (spec weights §5.3).
///
/// It covers these weights in this order, this hotkey and this salt. Keep the salt secret until the reveal.
pub fn commit_hash(hotkey: &PublicKey, netuid: NetUid, weights: &[Entry], salt: &[u16], version_key: u64) -> H256 {
    let (uids, values): (Vec<u16>, Vec<u16>) = weights.iter().map(|entry| (entry.uid.get(), entry.value)).unzip();
    hash_of(&(hotkey.to_bytes(), netuid.get(), uids, values, salt, version_key))
}

fn hash_of(value: &impl Encode) -> H256 {
    blake2_256(&value.encode())
}

/// Returns the hash that the chain uses, for transactions too.
pub(crate) fn blake2_256(bytes: &[u8]) -> H256 {
    Hasher::hash(&BlakeTwo256, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the hash with the definition of spec weights §5.3.
    #[test]
    fn commits_hash_as_specified() {
        let hotkey = PublicKey::from_bytes([0x22; 32]);
        let salt: Vec<u16> = (1..=8).collect();
        let weights = [(0, 10), (1, 10)].map(Entry::from);
        let hash = |weights: &[Entry], salt: &[u16], version| {
            format!("{:?}", commit_hash(&hotkey, NetUid::new(1), weights, salt, version))
        };
        assert_eq!(hash(&weights, &salt, 0), "0x7d87a94cf4215e7c470f0b0c1f31777db897f73d8f1190e86dd38140a71cadc2");
        assert_eq!(hash(&weights, &salt, 7), "0xa88833ff21fcfd88d55d772e23d9611bcca1c85cb31b5f1942e3d06a1546296d");
        assert_eq!(hash(&[], &[], 0), "0xb5c4ff0cd49e0a365c711ef305a1a92251b23e9c8302faab700c60ef5e228d28");
    }
}
