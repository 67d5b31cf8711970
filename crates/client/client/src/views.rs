//! What the chain answers, in the types that the rest of Myelin speaks in.
//!
//! The generated interface has the same answers in types of its own. They are turned into these where they come in:
//! amounts that are amounts, keys that show as addresses, endpoints that can be connected to.

use crate::{
    mirror::key,
    runtime::runtime_types::{myelin_runtime_api as api, pallet_balances::types::AccountData},
};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use subxt::utils::{AccountId32, H256};

/// How much TAO there is, and how much more comes. spec tokenomics §2
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl From<api::IssuanceInfo> for IssuanceInfo {
    fn from(issuance: api::IssuanceInfo) -> Self {
        Self {
            total: issuance.total.into(),
            staked: issuance.staked.into(),
            locked: issuance.locked.into(),
            pending: issuance.pending.into(),
            block_emission: issuance.block_emission.into(),
            halvings: issuance.halvings,
            next_halving: issuance.next_halving.map(Into::into),
        }
    }
}

/// What lies between now and the next halving. spec tokenomics §2.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHalving {
    /// The issuance from which a block creates half as much.
    pub threshold: Amount<Tao>,
    /// What is to be issued until then.
    pub missing: Amount<Tao>,
    /// How many blocks that takes if nothing is recycled meanwhile.
    pub blocks: u64,
}

impl From<api::NextHalving> for NextHalving {
    fn from(next: api::NextHalving) -> Self {
        Self { threshold: next.threshold.into(), missing: next.missing.into(), blocks: next.blocks }
    }
}

/// What an account can pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceInfo {
    /// What it may spend, down to the existential deposit.
    pub free: Amount<Tao>,
    /// What is set aside for deposits of proxies, multisig calls and the like.
    pub reserved: Amount<Tao>,
    /// The part of the free balance that must stay.
    pub frozen: Amount<Tao>,
}

impl From<AccountData<u64>> for BalanceInfo {
    fn from(data: AccountData<u64>) -> Self {
        Self {
            free: Amount::from_rao(data.free),
            reserved: Amount::from_rao(data.reserved),
            frozen: Amount::from_rao(data.frozen),
        }
    }
}

/// A network at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetInfo {
    /// Which one; 0 is root.
    pub netuid: NetUid,
    /// Its name, as its owner gave it. Empty without an identity.
    pub name: String,
    /// Who owns it.
    pub owner: Option<PublicKey>,
    /// The owner's hotkey, whose seat is protected.
    pub owner_hotkey: Option<PublicKey>,
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

impl From<api::SubnetInfo<AccountId32>> for SubnetInfo {
    fn from(subnet: api::SubnetInfo<AccountId32>) -> Self {
        Self {
            netuid: subnet.netuid.into(),
            name: String::from_utf8_lossy(&subnet.name).into_owned(),
            owner: subnet.owner.map(key),
            owner_hotkey: subnet.owner_hotkey.map(key),
            registered_at: subnet.registered_at,
            locked: subnet.locked.into(),
            tempo: subnet.tempo,
            neurons: subnet.neurons,
            max_neurons: subnet.max_neurons,
            emission: subnet.emission.into(),
            pending: subnet.pending.into(),
            last_epoch: subnet.last_epoch.map(Into::into),
            next_epoch: subnet.next_epoch,
            registration: subnet.registration.into(),
        }
    }
}

/// What a seat of a network costs at present. spec subnets-and-neurons §7 and §8
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl From<api::RegistrationInfo> for RegistrationInfo {
    fn from(registration: api::RegistrationInfo) -> Self {
        Self {
            burn: registration.burn.map(Into::into),
            difficulty: registration.difficulty,
            recycled: registration.recycled.into(),
            adjusts_at: registration.adjusts_at,
        }
    }
}

/// What the last epoch of a subnet divided, and how. spec tokenomics §6.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl From<api::EpochRecord> for EpochRecord {
    fn from(epoch: api::EpochRecord) -> Self {
        Self {
            block: epoch.block,
            emission: epoch.emission.into(),
            owner_cut: epoch.owner_cut.into(),
            miners: epoch.miners.into(),
            validators: epoch.validators.into(),
        }
    }
}

/// A network with all its neurons, as of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetagraphInfo {
    /// The block it describes.
    pub block: BlockNumber,
    /// The network.
    pub subnet: SubnetInfo,
    /// Its neurons, by uid.
    pub neurons: Vec<NeuronInfo>,
}

impl From<api::MetagraphInfo<AccountId32>> for MetagraphInfo {
    fn from(metagraph: api::MetagraphInfo<AccountId32>) -> Self {
        Self {
            block: metagraph.block,
            subnet: metagraph.subnet.into(),
            neurons: metagraph.neurons.into_iter().map(Into::into).collect(),
        }
    }
}

impl MetagraphInfo {
    /// The neuron on this seat.
    pub fn neuron(&self, uid: Uid) -> Option<&NeuronInfo> {
        self.neurons.get(usize::from(uid))
    }

    /// The neuron with this hotkey.
    pub fn by_hotkey(&self, hotkey: &PublicKey) -> Option<&NeuronInfo> {
        self.neurons.iter().find(|neuron| neuron.hotkey == *hotkey)
    }

    /// The neurons that may validate until the next epoch.
    pub fn validators(&self) -> impl Iterator<Item = &NeuronInfo> {
        self.neurons.iter().filter(|neuron| neuron.validator_permit)
    }

    /// The neurons that answer requests.
    pub fn serving(&self) -> impl Iterator<Item = (&NeuronInfo, &AxonInfo)> {
        self.neurons.iter().filter_map(|neuron| neuron.axon.as_ref().map(|axon| (neuron, axon)))
    }
}

/// One neuron: who it is, where it is, and what the last epoch found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronInfo {
    /// Its seat.
    pub uid: Uid,
    /// The key it works with.
    pub hotkey: PublicKey,
    /// Who owns that key. `None` only for a key that was given up while this was read.
    pub coldkey: Option<PublicKey>,
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
    /// Its consensus weight as a miner, as a fraction `v / 65535` like those below.
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
    pub metrics: Option<SocketAddr>,
}

impl From<api::NeuronInfo<AccountId32>> for NeuronInfo {
    fn from(neuron: api::NeuronInfo<AccountId32>) -> Self {
        Self {
            uid: neuron.uid.into(),
            hotkey: key(neuron.hotkey),
            coldkey: neuron.coldkey.map(key),
            registered_at: neuron.registered_at,
            last_update: neuron.last_update,
            stake: neuron.stake.into(),
            stake_weight: neuron.stake_weight.into(),
            active: neuron.active,
            validator_permit: neuron.validator_permit,
            consensus: neuron.consensus,
            incentive: neuron.incentive,
            dividends: neuron.dividends,
            validator_trust: neuron.validator_trust,
            emission: neuron.emission.into(),
            axon: neuron.axon.map(Into::into),
            metrics: neuron.metrics.map(|endpoint| address(&endpoint)),
        }
    }
}

/// Where a neuron answers requests. spec subnets-and-neurons §14.1
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxonInfo {
    /// When it was announced.
    pub block: BlockNumber,
    /// The version of the neuron's software.
    pub version: u32,
    /// Where it is.
    pub address: SocketAddr,
    /// What is spoken there. Not interpreted by the chain.
    pub protocol: u8,
    /// With what it proves who answers: a byte for the algorithm, then the public key.
    pub certificate: Option<Vec<u8>>,
}

impl From<api::AxonInfo> for AxonInfo {
    fn from(axon: api::AxonInfo) -> Self {
        Self {
            block: axon.block,
            version: axon.version,
            address: address(&axon.endpoint),
            protocol: axon.protocol,
            certificate: axon.certificate,
        }
    }
}

fn address(endpoint: &api::IpEndpoint) -> SocketAddr {
    // The chain lets in versions 4 and 6 only, and with version 4 only 32 bits. spec subnets-and-neurons §14.1
    let ip = match u32::try_from(endpoint.ip) {
        Ok(bits) if endpoint.ip_type == 4 => IpAddr::V4(Ipv4Addr::from_bits(bits)),
        _ => IpAddr::V6(Ipv6Addr::from_bits(endpoint.ip)),
    };
    SocketAddr::new(ip, endpoint.port)
}

/// What one neuron says of others, and what it holds of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingsInfo {
    /// Its weights, as the next epoch will read them; on root they name networks.
    pub weights: Vec<Entry>,
    /// Its bonds, as of the last epoch.
    pub bonds: Vec<Entry>,
}

impl From<api::RatingsInfo> for RatingsInfo {
    fn from(ratings: api::RatingsInfo) -> Self {
        let entries = |entries: Vec<_>| entries.into_iter().map(Into::into).collect();
        Self { weights: entries(ratings.weights), bonds: entries(ratings.bonds) }
    }
}

/// Stake of one coldkey on one hotkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeInfo {
    /// On whom.
    pub hotkey: PublicKey,
    /// How much.
    pub stake: Amount<Tao>,
    /// How the coldkey stands to the hotkey.
    pub standing: StakeRole,
}

impl From<api::StakeInfo<AccountId32>> for StakeInfo {
    fn from(position: api::StakeInfo<AccountId32>) -> Self {
        Self { hotkey: key(position.hotkey), stake: position.stake.into(), standing: position.standing.into() }
    }
}

/// How a coldkey stands to a hotkey that it has stake on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StakeRole {
    /// It owns it.
    Owner,
    /// It nominates it.
    Nominator,
    /// The hotkey has lost its last seat, and the stake is on its way back.
    Returning,
}

impl From<api::StakeRole> for StakeRole {
    fn from(standing: api::StakeRole) -> Self {
        match standing {
            api::StakeRole::Owner => Self::Owner,
            api::StakeRole::Nominator => Self::Nominator,
            api::StakeRole::Returning => Self::Returning,
        }
    }
}

/// A hotkey and what is staked on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotkeyInfo {
    /// The key.
    pub hotkey: PublicKey,
    /// Who owns it.
    pub coldkey: PublicKey,
    /// Everything staked on it.
    pub stake: Amount<Tao>,
    /// How many coldkeys have stake on it.
    pub stakers: u32,
    /// What it keeps of its validator emission, if it is a delegate.
    pub take: Option<Take>,
    /// Where it has seats.
    pub seats: Vec<HotkeySeat>,
}

impl From<api::HotkeyInfo<AccountId32>> for HotkeyInfo {
    fn from(hotkey: api::HotkeyInfo<AccountId32>) -> Self {
        Self {
            hotkey: key(hotkey.hotkey),
            coldkey: key(hotkey.coldkey),
            stake: hotkey.stake.into(),
            stakers: hotkey.stakers,
            take: hotkey.take.map(Into::into),
            seats: hotkey.seats.into_iter().map(Into::into).collect(),
        }
    }
}

/// A seat of one hotkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl From<api::HotkeySeat> for HotkeySeat {
    fn from(seat: api::HotkeySeat) -> Self {
        Self {
            netuid: seat.netuid.into(),
            uid: seat.uid.into(),
            validator_permit: seat.validator_permit,
            emission: seat.emission.into(),
        }
    }
}

/// A page of the delegates, in no particular order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegatePage {
    /// The delegates among the hotkeys that this page went through.
    pub delegates: Vec<HotkeyInfo>,
    /// Where the next page goes on, or `None` after the last.
    pub next: Option<PublicKey>,
}

impl From<api::DelegatePage<AccountId32>> for DelegatePage {
    fn from(page: api::DelegatePage<AccountId32>) -> Self {
        Self { delegates: page.delegates.into_iter().map(Into::into).collect(), next: page.next.map(key) }
    }
}

/// A promise of weights that is neither kept nor expired. spec weights §5.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// The hash of what is to be revealed.
    pub hash: H256,
    /// When it was made.
    pub block: BlockNumber,
    /// The first block of the epoch in which it may be revealed, as the network is set now.
    pub reveal_from: BlockNumber,
    /// The last one.
    pub reveal_until: BlockNumber,
}

impl From<api::CommitInfo> for CommitInfo {
    fn from(commit: api::CommitInfo) -> Self {
        Self {
            hash: H256(commit.hash),
            block: commit.block,
            reveal_from: commit.reveal_from,
            reveal_until: commit.reveal_until,
        }
    }
}
