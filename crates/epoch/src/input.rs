//! The input of a block: all that its root epoch, its accrual and its epochs read.

use crate::{error::EpochError, rules::RULES, stakes::HotkeyStake};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Compact, CompactLen, Decode, Encode};
use myelin_economics::{pruning::SeatScore, root::Sigmoid};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, PublicKey, Tao};
use myelin_records::{
    bounds::{MAX_NETWORKS, MAX_UIDS},
    epoch::{Accrual, BondsRow, EmissionAccounts},
    parameters::{NetworkParameters, Parameters},
    seat::Seat,
    stake::Family,
    subnet::LaunchPhase,
    weights::WeightsRow,
};

/// The most bytes of an encoded input: 16 MiB.
pub const MAX_INPUT_BYTES: usize = 16 << 20;

/// The state before a block, as far as its epochs read it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BlockInput<Key = PublicKey> {
    /// Number of the block.
    pub number: BlockNumber,
    /// Version of the rules, see [`rules_of`](crate::rules::rules_of).
    pub rules: u32,
    /// Terms of the issuance before the block.
    pub issuance: IssuanceTerms,
    /// Accrual before the block.
    pub accrual: Accrual,
    /// Accounts of all subnets before the block.
    pub ledger: EmissionAccounts,
    /// Root network, if its epoch is due.
    pub root: Option<RootInput>,
    /// Launch phase of the chain.
    pub launch: LaunchPhase,
    /// Parameters of all networks.
    pub network: NetworkParameters,
    /// Least balance of an account.
    pub existential_deposit: Amount<Tao>,
    /// Stake on each hotkey that epochs read or pay.
    pub stakes: BTreeMap<Key, HotkeyStake<Key>>,
    /// Free balance of each subnet owner. An owner without an entry has no account.
    pub balances: BTreeMap<Key, Amount<Tao>>,
    /// Subnets whose epochs run.
    pub subnets: BTreeMap<NetUid, SubnetInput<Key>>,
}

/// The stored terms of the issuance, except pending emission, which is that of the [`Accrual`]. spec tokenomics §9.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct IssuanceTerms {
    /// Free and held balances of all accounts.
    pub balances: Amount<Tao>,
    /// Locks of all subnets.
    pub locked: Amount<Tao>,
    /// Stake on all hotkeys.
    pub staked: Amount<Tao>,
    /// TAO of all coldkeys under swap.
    pub escrowed: Amount<Tao>,
}

/// The root network, as its epoch reads it. spec tokenomics §5.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RootInput {
    /// Sigmoid of the root epoch.
    pub sigmoid: Sigmoid,
    /// Root validators, by uid.
    pub members: Vec<RootMember>,
    /// Block of the creation of each network.
    pub created_at: BTreeMap<NetUid, BlockNumber>,
}

/// A root validator, as the root epoch reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct RootMember {
    /// All stake on its hotkey.
    pub stake: Amount<Tao>,
    /// Its weights as stored. Empty for a validator that has set none.
    pub row: WeightsRow,
}

/// A subnet, as its epoch reads it. Lists are by uid; an element that is missing at their end is empty.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SubnetInput<Key = PublicKey> {
    /// Coldkey that owns it.
    pub owner: Option<Key>,
    /// Parameters of the subnet.
    pub parameters: Parameters,
    /// Block of the epoch before, if any.
    pub last_epoch: Option<BlockNumber>,
    /// Seats.
    pub seats: Vec<Seat<Key>>,
    /// Permits that the epoch before gave.
    pub permits: Vec<bool>,
    /// Scores of the seats before the epoch.
    pub scores: Vec<SeatScore>,
    /// Weights as stored. Commits that are expired but still in their queue count as missed.
    pub rows: Vec<WeightsRow>,
    /// Bonds that the epoch before left. Those of a neuron without a permit are not read.
    pub bonds: Vec<BondsRow>,
    /// Block of the last weights or commit of each neuron. A missing one reads as the registration.
    ///
    /// It counts toward the quorum. Activity follows from the rows. spec yuma §4.
    pub last_updates: Vec<BlockNumber>,
    /// Block of the earliest open commit of each neuron. `None` on a subnet without commits.
    pub open_commits: Option<Vec<Option<BlockNumber>>>,
    /// Children and parents of the hotkeys that have any.
    pub families: BTreeMap<Key, Family<Key>>,
}

impl IssuanceTerms {
    /// Returns the issuance with this pending emission. spec tokenomics §9.1.
    ///
    /// A sum that exceeds any amount reads as the largest one, at which nothing is minted.
    pub fn total(&self, pending: Amount<Tao>) -> Amount<Tao> {
        let parts = [self.balances, self.locked, self.staked, self.escrowed, pending];
        Amount::checked_sum(parts).unwrap_or(Amount::MAX)
    }
}

/// Block 0 of a chain without networks.
impl<Key> Default for BlockInput<Key> {
    fn default() -> Self {
        Self {
            number: 0,
            rules: RULES,
            issuance: IssuanceTerms::default(),
            accrual: Accrual::default(),
            ledger: EmissionAccounts::new(),
            root: None,
            launch: LaunchPhase::default(),
            network: NetworkParameters::default(),
            existential_deposit: Amount::ZERO,
            stakes: BTreeMap::new(),
            balances: BTreeMap::new(),
            subnets: BTreeMap::new(),
        }
    }
}

/// A subnet without an owner and without seats.
impl<Key> Default for SubnetInput<Key> {
    fn default() -> Self {
        Self {
            owner: None,
            parameters: Parameters::default(),
            last_epoch: None,
            seats: Vec::new(),
            permits: Vec::new(),
            scores: Vec::new(),
            rows: Vec::new(),
            bonds: Vec::new(),
            last_updates: Vec::new(),
            open_commits: None,
            families: BTreeMap::new(),
        }
    }
}

impl<Key: Encode> BlockInput<Key> {
    /// Checks that the input is of a size that a chain can have, and of rules that this crate has.
    ///
    /// # Errors
    /// [`EpochError::UnknownRules`]; [`EpochError::TooLarge`] beyond [`MAX_NETWORKS`] less root, beyond [`MAX_UIDS`] or
    /// beyond [`MAX_INPUT_BYTES`].
    pub(crate) fn validate(&self) -> Result<(), EpochError<Key>> {
        if self.rules != RULES {
            return Err(EpochError::UnknownRules(self.rules));
        }
        let networks = usize::try_from(MAX_NETWORKS).unwrap_or(usize::MAX);
        let seats = usize::from(MAX_UIDS);
        let fits = self.subnets.len() < networks
            && self.root.as_ref().is_none_or(|root| root.members.len() <= seats)
            && self.subnets.values().all(|subnet| subnet.longest_list() <= seats)
            && self.encoded_len() <= MAX_INPUT_BYTES;
        if fits { Ok(()) } else { Err(EpochError::TooLarge) }
    }

    /// Returns the length of the encoding, without writing the entries of rows one by one.
    fn encoded_len(&self) -> usize {
        let Self {
            number,
            rules,
            issuance,
            accrual,
            ledger,
            root,
            launch,
            network,
            existential_deposit,
            stakes,
            balances,
            subnets,
        } = self;
        let head = (number, rules, issuance, accrual, ledger, launch, network, existential_deposit).encoded_size();
        let root = root.as_ref().map_or(1, RootInput::encoded_len);
        let keys = stakes.encoded_size().saturating_add(balances.encoded_size());
        let subnets = subnets.values().map(|subnet| subnet.encoded_len().saturating_add(size_of::<u16>()));
        let start = [head, root, keys, count_len(self.subnets.len())];
        start.into_iter().chain(subnets).fold(0, usize::saturating_add)
    }
}

impl RootInput {
    /// Returns the length of the encoding as a value that is there.
    fn encoded_len(&self) -> usize {
        let Self { sigmoid, members, created_at } = self;
        let rows = members.iter().map(|member| member.stake.encoded_size().saturating_add(row_len(&member.row)));
        let start = [1, sigmoid.encoded_size(), created_at.encoded_size(), count_len(members.len())];
        start.into_iter().chain(rows).fold(0, usize::saturating_add)
    }
}

impl<Key> SubnetInput<Key> {
    fn longest_list(&self) -> usize {
        let commits = self.open_commits.as_ref().map_or(0, Vec::len);
        let lists = [
            self.permits.len(),
            self.scores.len(),
            self.rows.len(),
            self.bonds.len(),
            self.last_updates.len(),
            commits,
        ];
        lists.into_iter().fold(self.seats.len(), usize::max)
    }
}

impl<Key: Encode> SubnetInput<Key> {
    fn encoded_len(&self) -> usize {
        let Self {
            owner,
            parameters,
            last_epoch,
            seats,
            permits,
            scores,
            rows,
            bonds,
            last_updates,
            open_commits,
            families,
        } = self;
        let rest = (owner, parameters, last_epoch, seats, permits, scores, last_updates, open_commits, families);
        let start = [rest.encoded_size(), count_len(rows.len()), count_len(bonds.len())];
        let bonds = bonds.iter().map(|row| entries_len(row));
        start.into_iter().chain(rows.iter().map(row_len)).chain(bonds).fold(0, usize::saturating_add)
    }
}

/// Returns the encoded length of the number of elements before a list.
fn count_len(count: usize) -> usize {
    Compact::<u32>::compact_len(&u32::try_from(count).unwrap_or(u32::MAX))
}

fn entries_len(entries: &[Entry]) -> usize {
    entries.len().saturating_mul(size_of::<(u16, u16)>()).saturating_add(count_len(entries.len()))
}

fn row_len(row: &WeightsRow) -> usize {
    entries_len(&row.entries).saturating_add((row.fixed_at, row.missed_at).encoded_size())
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::Uid;
    use proptest::{collection::vec, prelude::*};

    type Input = BlockInput<[u8; 32]>;

    fn seat() -> Seat<[u8; 32]> {
        Seat { hotkey: [0; 32], registered_at: 0 }
    }

    #[test]
    fn more_seats_or_subnets_than_a_chain_has_are_too_large() {
        let with_seats = |seats| {
            let subnet = SubnetInput { seats: vec![seat(); seats], ..SubnetInput::default() };
            Input { subnets: [(NetUid::new(1), subnet)].into(), ..Input::default() }
        };
        assert_eq!(with_seats(256).validate(), Ok(()));
        assert_eq!(with_seats(257).validate(), Err(EpochError::TooLarge));
        let with_subnets = |subnets| Input {
            subnets: (1..=subnets).map(|netuid| (NetUid::new(netuid), SubnetInput::default())).collect(),
            ..Input::default()
        };
        assert_eq!(with_subnets(255).validate(), Ok(()));
        assert_eq!(with_subnets(256).validate(), Err(EpochError::TooLarge));
        let with_members = |members| {
            let sigmoid = Sigmoid { rho: 10, kappa: 32_767 };
            let root =
                RootInput { sigmoid, members: vec![RootMember::default(); members], created_at: BTreeMap::new() };
            Input { root: Some(root), ..Input::default() }
        };
        assert_eq!(with_members(256).validate(), Ok(()));
        assert_eq!(with_members(257).validate(), Err(EpochError::TooLarge));
        let lists = SubnetInput { open_commits: Some(vec![None; 257]), ..SubnetInput::default() };
        let long = Input { subnets: [(NetUid::new(1), lists)].into(), ..Input::default() };
        assert_eq!(long.validate(), Err(EpochError::TooLarge));
    }

    #[test]
    fn more_bytes_than_the_limit_are_too_large() {
        let row =
            WeightsRow { entries: vec![Entry::new(Uid::new(0), 1); 256].try_into().unwrap(), ..WeightsRow::default() };
        let subnet = SubnetInput::<[u8; 32]> { rows: vec![row; 256], ..SubnetInput::default() };
        // A subnet of 256 full rows has about 263 kB, so 64 of them are beyond 16 MiB.
        let subnets = |count: u16| Input {
            subnets: (1..=count).map(|netuid| (NetUid::new(netuid), subnet.clone())).collect(),
            ..Input::default()
        };
        assert_eq!(subnets(63).validate(), Ok(()));
        assert!(subnets(64).encoded_len() > MAX_INPUT_BYTES);
        assert_eq!(subnets(64).validate(), Err(EpochError::TooLarge));
    }

    #[test]
    fn other_rules_are_unknown() {
        assert_eq!(Input { rules: 2, ..Input::default() }.validate(), Err(EpochError::UnknownRules(2)));
    }

    fn row() -> impl Strategy<Value = WeightsRow> {
        let entry = any::<(u16, u16)>().prop_map(|(uid, value)| Entry::new(Uid::new(uid), value));
        (vec(entry, 0..=80), any::<u32>(), any::<Option<u32>>()).prop_map(|(entries, fixed_at, missed_at)| WeightsRow {
            entries: entries.try_into().unwrap(),
            fixed_at,
            missed_at,
        })
    }

    proptest! {
        #[test]
        fn the_length_is_that_of_the_encoding(
            rows in vec(row(), 0..70),
            bonds in vec(row(), 0..5),
            members in vec(row(), 0..5),
            seats in 0..5_usize,
            root: bool,
            owner: Option<[u8; 32]>,
            commits: Option<Vec<Option<u32>>>,
        ) {
            let subnet = SubnetInput {
                owner,
                seats: vec![seat(); seats],
                permits: vec![true; seats],
                scores: vec![SeatScore::NONE; seats],
                rows,
                bonds: bonds.into_iter().map(|row| row.entries).collect(),
                open_commits: commits,
                families: [([1; 32], Family::default())].into(),
                ..SubnetInput::default()
            };
            let members = members.into_iter().map(|row| RootMember { stake: Amount::ONE_TAO, row }).collect();
            let root = root.then(|| RootInput {
                sigmoid: Sigmoid { rho: 10, kappa: 32_767 },
                members,
                created_at: [(NetUid::new(1), 5)].into(),
            });
            let input = Input {
                root,
                balances: owner.map(|owner| (owner, Amount::ONE_TAO)).into_iter().collect(),
                subnets: [(NetUid::new(1), subnet.clone()), (NetUid::new(2), subnet)].into(),
                ..Input::default()
            };
            let encoded = input.encode();
            prop_assert_eq!(input.encoded_len(), encoded.len());
            prop_assert_eq!(Input::decode(&mut &encoded[..]), Ok(input));
        }
    }
}
