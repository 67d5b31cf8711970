//! Answers of the runtime API, laid out for readers.
//!
//! Amounts are in rao. Numbers of type `u16` that stand for a part of a whole are fractions `v / 65535`.

use crate::{
    endpoint::Certificate,
    epoch::EpochRecord,
    seat::HotkeySeat,
    stake::{StakeRole, TakeRaise},
    weights::WeightsCommit,
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use codec::{Decode, Encode};
use myelin_economics::issuance::NextHalving;
use myelin_primitives::{Amount, BlockNumber, Entry, IpEndpoint, NetUid, PublicKey, Take, Tao, Uid};
use primitive_types::H256;
use scale_info::TypeInfo;

/// The issuance: all TAO that exists, and the TAO that is still to come. spec tokenomics §2.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct IssuanceInfo {
    /// All rao that exist: free, staked, locked, pending and escrowed.
    pub total: Amount<Tao>,
    /// Stake on hotkeys.
    pub staked: Amount<Tao>,
    /// Locks of subnets.
    pub locked: Amount<Tao>,
    /// Emission that has accrued to subnets and is not paid out.
    pub pending: Amount<Tao>,
    /// TAO of coldkeys under swap.
    pub escrowed: Amount<Tao>,
    /// Emission of the next block, if any subnet is eligible.
    pub block_emission: Amount<Tao>,
    /// Number of halvings so far. `None` once blocks create nothing.
    pub halvings: Option<u32>,
    /// Next halving. `None` once blocks create nothing.
    pub next_halving: Option<NextHalving>,
}

/// A summary of a network.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SubnetInfo<AccountId = PublicKey> {
    /// Number of the network; 0 is root.
    pub netuid: NetUid,
    /// Name that its owner gave it: UTF-8 by custom, not checked. Empty without an identity.
    pub name: Vec<u8>,
    /// Coldkey that owns it.
    pub owner: Option<AccountId>,
    /// Hotkey of the owner, whose seat is protected.
    pub owner_hotkey: Option<AccountId>,
    /// Block of its creation.
    pub registered_at: BlockNumber,
    /// TAO that its owner locked for it.
    pub locked: Amount<Tao>,
    /// Blocks between two epochs, less one.
    pub tempo: u16,
    /// Number of seats taken.
    pub neurons: u16,
    /// Number of seats.
    pub max_neurons: u16,
    /// Amount that it receives of each block at present. spec tokenomics §5.4.
    pub emission: Amount<Tao>,
    /// Emission that has accrued to it since its last epoch.
    pub pending: Amount<Tao>,
    /// Last epoch.
    pub last_epoch: Option<EpochRecord>,
    /// Block of its next epoch. `None` if its tempo is 0.
    pub next_epoch: Option<BlockNumber>,
    /// Price of a seat.
    pub registration: RegistrationInfo,
}

impl<AccountId> SubnetInfo<AccountId> {
    /// Returns the name as UTF-8, with U+FFFD in place of other bytes.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }
}

/// The price of a seat of a network at present. spec subnets-and-neurons §7 and §8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RegistrationInfo {
    /// Price of a burned registration, on root of any registration. `None` while they are not allowed.
    pub burn: Option<Amount<Tao>>,
    /// Difficulty of a registration by work. `None` while they are not allowed.
    pub difficulty: Option<u64>,
    /// TAO that registrations have recycled so far.
    pub recycled: Amount<Tao>,
    /// Block of the next adjustment of price and difficulty.
    pub adjusts_at: BlockNumber,
}

/// A network with all its neurons, as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MetagraphInfo<AccountId = PublicKey> {
    /// Block that it describes.
    pub block: BlockNumber,
    /// The network.
    pub subnet: SubnetInfo<AccountId>,
    /// Its neurons, by uid.
    pub neurons: Vec<NeuronInfo<AccountId>>,
}

impl<AccountId> MetagraphInfo<AccountId> {
    /// Returns the neuron on this seat.
    pub fn neuron(&self, uid: Uid) -> Option<&NeuronInfo<AccountId>> {
        self.neurons.get(usize::from(uid))
    }

    /// Returns the neurons that may validate until the next epoch.
    pub fn validators(&self) -> impl Iterator<Item = &NeuronInfo<AccountId>> {
        self.neurons.iter().filter(|neuron| neuron.validator_permit)
    }

    /// Returns the neurons that have announced an axon, each with its axon.
    pub fn serving(&self) -> impl Iterator<Item = (&NeuronInfo<AccountId>, &AxonInfo)> {
        self.neurons.iter().filter_map(|neuron| neuron.axon.as_ref().map(|axon| (neuron, axon)))
    }
}

impl<AccountId: PartialEq> MetagraphInfo<AccountId> {
    /// Returns the neuron with this hotkey.
    pub fn by_hotkey(&self, hotkey: &AccountId) -> Option<&NeuronInfo<AccountId>> {
        self.neurons.iter().find(|neuron| neuron.hotkey == *hotkey)
    }
}

/// A neuron: its keys, its endpoints and the findings of the last epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NeuronInfo<AccountId = PublicKey> {
    /// Number of its seat.
    pub uid: Uid,
    /// Hotkey that it works with.
    pub hotkey: AccountId,
    /// Coldkey that owns the hotkey. `None` only for a hotkey that was given up during the read.
    pub coldkey: Option<AccountId>,
    /// Block of its registration.
    pub registered_at: BlockNumber,
    /// Block of its last weights or commit.
    pub last_update: BlockNumber,
    /// All stake on its hotkey.
    pub stake: Amount<Tao>,
    /// Weight of its stake here: its stake less the part lent to children, with the part that parents lend.
    pub stake_weight: Amount<Tao>,
    /// True if it voted in the last epoch. spec yuma §4.
    pub active: bool,
    /// True if it holds a validator permit until the next epoch.
    pub validator_permit: bool,
    /// Consensus weight as a miner.
    pub consensus: u16,
    /// Part of the miners' earnings.
    pub incentive: u16,
    /// Part of the validators' earnings.
    pub dividends: u16,
    /// Part of its weights that consensus left to it.
    pub validator_trust: u16,
    /// Pay of the last epoch, for mining and validating together.
    pub emission: Amount<Tao>,
    /// Mean of its pay by which the seat is kept. spec subnets-and-neurons §11.
    pub score: Amount<Tao>,
    /// Axon, which answers requests.
    pub axon: Option<AxonInfo>,
    /// Endpoint of its metrics.
    pub metrics: Option<IpEndpoint>,
}

/// An axon as the runtime API answers it. spec subnets-and-neurons §14.1.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AxonInfo {
    /// Block of the announcement.
    pub block: BlockNumber,
    /// Version of the neuron's software.
    pub version: u32,
    /// Address and port.
    pub endpoint: IpEndpoint,
    /// Protocol number. The chain does not interpret it.
    pub protocol: u8,
    /// 1 if the axon serves signed requests. The chain does not interpret it.
    pub placeholder1: u8,
    /// Certificate of the server.
    pub certificate: Option<Certificate>,
}

/// The weights and the bonds of one neuron.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RatingsInfo {
    /// Weights, as the next epoch will read them. On root the uids are netuids.
    pub weights: Vec<Entry>,
    /// Bonds, as of the last epoch.
    pub bonds: Vec<Entry>,
}

/// Stake of one coldkey on one hotkey. spec staking §11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct StakeInfo<AccountId = PublicKey> {
    /// The hotkey.
    pub hotkey: AccountId,
    /// Stake on it, never zero.
    pub stake: Amount<Tao>,
    /// Relation of the coldkey to the hotkey.
    pub role: StakeRole,
}

/// A hotkey and the stake on it. spec staking §11.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct HotkeyInfo<AccountId = PublicKey> {
    /// The hotkey.
    pub hotkey: AccountId,
    /// Coldkey that owns it.
    pub coldkey: AccountId,
    /// All stake on it.
    pub stake: Amount<Tao>,
    /// Number of coldkeys with stake on it, the owner included.
    pub stakers: u32,
    /// Part of its validator emission that it keeps now. `None` for a hotkey that is no delegate.
    pub take: Option<Take>,
    /// Higher take that was announced and is not yet in force.
    pub take_raise: Option<TakeRaise>,
    /// Its seats.
    pub seats: Vec<HotkeySeat>,
}

/// A page of the delegates, in no particular order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DelegatePage<AccountId = PublicKey> {
    /// Delegates among the hotkeys that this page went through.
    pub delegates: Vec<HotkeyInfo<AccountId>>,
    /// Last hotkey of this page, after which the next page begins. `None` on the last page.
    pub next: Option<AccountId>,
}

/// An open commit: the hash of weights that are neither revealed nor expired, and its terms. spec weights §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CommitInfo {
    /// Hash of the weights to be revealed.
    pub hash: H256,
    /// Block of the commit.
    pub block: BlockNumber,
    /// First block in which it may be revealed.
    pub reveal_from: BlockNumber,
    /// Last block in which it may be revealed.
    pub reveal_until: BlockNumber,
    /// Version key that its reveal needs at least.
    pub version_key: u64,
    /// Least number of entries of its weights.
    pub min_allowed_weights: u16,
    /// Largest share of one entry of its weights.
    pub max_weight_limit: u16,
}

impl From<&WeightsCommit> for CommitInfo {
    fn from(commit: &WeightsCommit) -> Self {
        let WeightsCommit { hash, at, first, last, version_key, min_allowed_weights, max_weight_limit } = *commit;
        Self {
            hash,
            block: at,
            reveal_from: first,
            reveal_until: last,
            version_key,
            min_allowed_weights,
            max_weight_limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_economics::issuance::next_halving;

    type Key = [u8; 32];

    fn rao(rao: u64) -> Amount<Tao> {
        Amount::from_rao(rao)
    }

    fn reads_as_written<T: Encode + Decode + PartialEq + core::fmt::Debug>(value: &T, expected: &impl Encode) {
        let encoded = value.encode();
        assert_eq!(encoded, expected.encode());
        assert_eq!(T::decode(&mut &encoded[..]).as_ref(), Ok(value));
    }

    fn subnet() -> SubnetInfo<Key> {
        SubnetInfo {
            netuid: NetUid::new(1),
            name: b"text".to_vec(),
            owner: Some([1; 32]),
            owner_hotkey: None,
            registered_at: 2,
            locked: rao(3),
            tempo: 4,
            neurons: 5,
            max_neurons: 6,
            emission: rao(7),
            pending: rao(8),
            last_epoch: Some(EpochRecord {
                block: 9,
                emission: rao(10),
                owner_cut: rao(11),
                miners: rao(12),
                validators: rao(13),
            }),
            next_epoch: Some(14),
            registration: RegistrationInfo { burn: Some(rao(15)), difficulty: None, recycled: rao(16), adjusts_at: 17 },
        }
    }

    fn subnet_bytes() -> Vec<u8> {
        let start = (1_u16, b"text".to_vec(), Some([1_u8; 32]), None::<Key>, 2_u32, 3_u64);
        let counts = (4_u16, 5_u16, 6_u16, 7_u64, 8_u64);
        let epochs = (Some((9_u32, 10_u64, 11_u64, 12_u64, 13_u64)), Some(14_u32));
        [start.encode(), counts.encode(), epochs.encode(), (Some(15_u64), None::<u64>, 16_u64, 17_u32).encode()]
            .concat()
    }

    fn neuron(uid: u8, permit: bool, axon: Option<AxonInfo>) -> NeuronInfo<Key> {
        NeuronInfo {
            uid: Uid::new(uid.into()),
            hotkey: [uid; 32],
            coldkey: Some([9; 32]),
            registered_at: 1,
            last_update: 2,
            stake: rao(3),
            stake_weight: rao(4),
            active: true,
            validator_permit: permit,
            consensus: 5,
            incentive: 6,
            dividends: 7,
            validator_trust: 8,
            emission: rao(9),
            score: rao(10),
            axon,
            metrics: Some(IpEndpoint { ip: 1, port: 2, ip_type: 4 }),
        }
    }

    fn axon() -> AxonInfo {
        let endpoint = IpEndpoint { ip: 3, port: 4, ip_type: 6 };
        let certificate = Some(vec![5, 6].try_into().unwrap());
        AxonInfo { block: 1, version: 2, endpoint, protocol: 7, placeholder1: 8, certificate }
    }

    fn neuron_bytes(uid: u8, permit: bool, axon: bool) -> Vec<u8> {
        let keys = (u16::from(uid), [uid; 32], Some([9_u8; 32]), 1_u32, 2_u32, 3_u64, 4_u64);
        let findings = (true, permit, 5_u16, 6_u16, 7_u16, 8_u16, 9_u64, 10_u64);
        let axon = axon.then_some((1_u32, 2_u32, (3_u128, 4_u16, 6_u8), 7_u8, 8_u8, Some(vec![5_u8, 6])));
        [keys.encode(), findings.encode(), axon.encode(), Some((1_u128, 2_u16, 4_u8)).encode()].concat()
    }

    #[test]
    fn an_issuance_encodes_field_by_field() {
        let next = next_halving(rao(1)).unwrap();
        let issuance = IssuanceInfo {
            total: rao(1),
            staked: rao(2),
            locked: rao(3),
            pending: rao(4),
            escrowed: rao(5),
            block_emission: rao(6),
            halvings: Some(7),
            next_halving: Some(next),
        };
        let next = (next.threshold.rao(), next.missing.rao(), next.blocks);
        reads_as_written(&issuance, &((1_u64, 2_u64, 3_u64, 4_u64, 5_u64, 6_u64), Some(7_u32), Some(next)));
    }

    #[test]
    fn a_metagraph_encodes_field_by_field() {
        assert_eq!(subnet().encode(), subnet_bytes());
        let metagraph = MetagraphInfo {
            block: 1,
            subnet: subnet(),
            neurons: vec![neuron(0, true, Some(axon())), neuron(1, false, None)],
        };
        let encoded =
            [&[1, 0, 0, 0][..], &subnet_bytes(), &[8], &neuron_bytes(0, true, true), &neuron_bytes(1, false, false)]
                .concat();
        assert_eq!(metagraph.encode(), encoded);
        assert_eq!(MetagraphInfo::decode(&mut &encoded[..]), Ok(metagraph));
    }

    #[test]
    fn stake_and_hotkeys_encode_field_by_field() {
        let stake = StakeInfo::<Key> { hotkey: [1; 32], stake: rao(2), role: StakeRole::Returning };
        reads_as_written(&stake, &([1_u8; 32], 2_u64, 2_u8));
        let seat = HotkeySeat { netuid: NetUid::new(1), uid: Uid::new(2), validator_permit: true, emission: rao(3) };
        let hotkey = HotkeyInfo::<Key> {
            hotkey: [1; 32],
            coldkey: [2; 32],
            stake: rao(3),
            stakers: 4,
            take: Some(Take::new(5)),
            take_raise: Some(TakeRaise { take: Take::new(6), from: 7 }),
            seats: vec![seat],
        };
        let bytes = (
            [1_u8; 32],
            [2_u8; 32],
            3_u64,
            4_u32,
            Some(5_u16),
            Some((6_u16, 7_u32)),
            vec![(1_u16, 2_u16, true, 3_u64)],
        );
        reads_as_written(&hotkey, &bytes);
        let page = DelegatePage { delegates: vec![hotkey], next: Some([6; 32]) };
        reads_as_written(&page, &(vec![bytes], Some([6_u8; 32])));
    }

    #[test]
    fn weights_and_commits_encode_field_by_field() {
        let ratings =
            RatingsInfo { weights: vec![Entry::new(Uid::new(1), 2)], bonds: vec![Entry::new(Uid::new(3), 4)] };
        reads_as_written(&ratings, &(vec![(1_u16, 2_u16)], vec![(3_u16, 4_u16)]));
        let commit = WeightsCommit {
            hash: H256([1; 32]),
            at: 2,
            first: 3,
            last: 4,
            version_key: 5,
            min_allowed_weights: 6,
            max_weight_limit: 7,
        };
        reads_as_written(&CommitInfo::from(&commit), &([1_u8; 32], 2_u32, 3_u32, 4_u32, 5_u64, 6_u16, 7_u16));
    }

    #[test]
    fn neurons_are_found_by_seat_key_permit_and_axon() {
        let metagraph = MetagraphInfo {
            block: 1,
            subnet: subnet(),
            neurons: vec![neuron(0, true, None), neuron(1, false, Some(axon())), neuron(2, true, None)],
        };
        let uids = |neurons: Vec<&NeuronInfo<Key>>| -> Vec<u16> {
            neurons.into_iter().map(|neuron| neuron.uid.get()).collect()
        };
        assert_eq!(metagraph.neuron(Uid::new(2)).unwrap().hotkey, [2; 32]);
        assert_eq!(metagraph.neuron(Uid::new(3)), None);
        assert_eq!(metagraph.by_hotkey(&[1; 32]).unwrap().uid, Uid::new(1));
        assert_eq!(metagraph.by_hotkey(&[3; 32]), None);
        assert_eq!(uids(metagraph.validators().collect()), [0, 2]);
        assert_eq!(uids(metagraph.serving().map(|(neuron, _)| neuron).collect()), [1]);
        assert_eq!(metagraph.subnet.name(), "text");
    }

    #[test]
    fn a_name_that_is_no_utf8_is_shown_with_replacements() {
        let odd = SubnetInfo { name: vec![b'a', 0xff], ..subnet() };
        assert_eq!(odd.name(), "a\u{fffd}");
    }
}
