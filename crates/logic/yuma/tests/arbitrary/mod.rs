//! Random subnets and parameters.

use myelin_primitives::{Amount, BlockNumber, Entry, Fraction, MILLION, Tao, U16_ONE, Uid};
use myelin_yuma::{Bonds, LiquidAlpha, Params, Snapshot, Stake};
use proptest::{collection::vec, option, prelude::*};
use std::ops::RangeInclusive;

/// The owned data that a [`Snapshot`] borrows.
#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    pub(crate) block: BlockNumber,
    pub(crate) last_epoch_block: Option<BlockNumber>,
    pub(crate) emission: Amount<Tao>,
    pub(crate) owner: Option<Uid>,
    pub(crate) stake: Vec<Stake>,
    pub(crate) registered_at: Vec<BlockNumber>,
    pub(crate) last_update: Vec<BlockNumber>,
    pub(crate) weights: Vec<Vec<Entry>>,
    pub(crate) bonds: Vec<Vec<Entry>>,
    pub(crate) permits: Vec<bool>,
    pub(crate) commit_blocks: Option<Vec<Option<BlockNumber>>>,
}

impl Subnet {
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            block: self.block,
            last_epoch_block: self.last_epoch_block,
            emission: self.emission,
            owner: self.owner,
            stake: &self.stake,
            registered_at: &self.registered_at,
            last_update: &self.last_update,
            weights: &self.weights,
            bonds: &self.bonds,
            permits: &self.permits,
            commit_blocks: self.commit_blocks.as_deref(),
        }
    }
}

/// The form of a random subnet.
#[derive(Clone, Copy)]
enum Manner {
    /// Vectors with one element per neuron, and rows inside the subnet.
    Whole,
    /// Vectors that may be short or long, and rows that may point outside.
    Ragged,
}

/// Returns subnets of this many neurons in which all comparisons of blocks often go either way.
pub(crate) fn ragged(neurons: usize) -> impl Strategy<Value = Subnet> {
    subnet(neurons, Manner::Ragged, 40..=100)
}

/// Returns the same subnets with vectors of full length.
pub(crate) fn whole(neurons: usize) -> impl Strategy<Value = Subnet> {
    subnet(neurons, Manner::Whole, 40..=100)
}

/// Returns subnets whose blocks may be any number.
pub(crate) fn wild(neurons: usize) -> impl Strategy<Value = Subnet> {
    subnet(neurons, Manner::Ragged, 0..=BlockNumber::MAX)
}

/// Returns up to four consecutive epochs of a subnet.
///
/// The caller carries permits and bonds from each epoch to the next.
pub(crate) fn story(neurons: RangeInclusive<usize>) -> impl Strategy<Value = Vec<Subnet>> {
    neurons.prop_flat_map(|neurons| vec(ragged(neurons), 1..=4))
}

fn subnet(neurons: usize, manner: Manner, blocks: RangeInclusive<BlockNumber>) -> impl Strategy<Value = Subnet> {
    let early = 0..=*blocks.end() / 2;
    let (few, many, uids) = match manner {
        Manner::Whole => (neurons, neurons, neurons),
        Manner::Ragged => (neurons.saturating_sub(2), neurons + 2, neurons + 2),
    };
    let owner = option::of((0..=neurons + 1).prop_map(uid));
    let commits = option::of(vec(option::of(early.clone()), few..=many));
    let rows = move || vec(row(uids), few..=many);
    (
        (blocks.clone(), option::of(blocks.clone()), emission(), owner, stakes(neurons)),
        (vec(early, few..=many), vec(blocks, few..=many), rows(), rows()),
        (vec(prop::bool::weighted(0.7), few..=many), commits),
    )
        .prop_map(
            |(
                (block, last_epoch_block, emission, owner, stake),
                (registered_at, last_update, weights, bonds),
                (permits, commit_blocks),
            )| Subnet {
                block,
                last_epoch_block,
                emission,
                owner,
                stake,
                registered_at,
                last_update,
                weights,
                bonds,
                permits,
                commit_blocks,
            },
        )
}

fn uid(number: usize) -> Uid {
    Uid::new(u16::try_from(number).unwrap())
}

/// Returns rows in any order and with repetitions, from empty to twice as many entries as uids.
fn row(uids: usize) -> impl Strategy<Value = Vec<Entry>> {
    let entry = move || (0..uids.max(1), fraction()).prop_map(|(number, value)| Entry::new(uid(number), value));
    prop_oneof![vec(entry(), 0..=4), vec(entry(), 0..=uids * 2)]
}

fn fraction() -> impl Strategy<Value = u16> {
    prop_oneof![Just(0), Just(1), Just(32_767), Just(U16_ONE), any::<u16>(), any::<u16>()]
}

fn emission() -> impl Strategy<Value = Amount<Tao>> {
    prop_oneof![Just(0), Just(1), 0..1_000_000_000_000_u64, any::<u64>()].prop_map(Amount::from_rao)
}

/// Returns stakes: zero, equal ones, ordinary ones, tiny ones, and now and then one that leaves nothing to others.
fn stakes(neurons: usize) -> impl Strategy<Value = Vec<Stake>> {
    let ordinary = || {
        prop_oneof![
            2 => Just(0),
            4 => Just(1_u128 << 90),
            8 => 0..1_u128 << 96,
            1 => 0..1_u128 << 64,
        ]
    };
    let wild = prop_oneof![ordinary(), any::<u128>()];
    let equal = vec(Just(1 << 90), neurons);
    let stakes = prop_oneof![5 => vec(ordinary(), neurons), 1 => vec(wild, neurons), 1 => equal];
    stakes.prop_map(|stakes| stakes.into_iter().map(Stake::from_bits).collect())
}

pub(crate) fn params() -> impl Strategy<Value = Params> {
    let part = || fraction().prop_map(Fraction::from_u16);
    let average = prop_oneof![Just(0), Just(900_000), Just(MILLION), 0..=MILLION];
    let alpha = (part(), part(), prop_oneof![Just(1_000), Just(200), any::<i16>()]);
    let liquid_alpha = alpha.prop_map(|(low, high, steepness)| LiquidAlpha { low, high, steepness });
    let bonds = prop_oneof![
        Just(Bonds::Classic),
        option::of(liquid_alpha).prop_map(|liquid_alpha| Bonds::PerPair { liquid_alpha })
    ];
    let validators = prop_oneof![0..8_u16, Just(64), any::<u16>()];
    let threshold = prop_oneof![3 => Just(0), 1 => 0..1_u64 << 32, 1 => any::<u64>()];
    let blocks = || prop_oneof![4 => 0..80_u32, 1 => any::<u32>()];
    (part(), blocks(), validators, threshold, blocks(), part(), average, bonds).prop_map(
        |(kappa, activity_cutoff, max_allowed_validators, stake_threshold, tempo, bonds_penalty, average, bonds)| {
            Params {
                kappa,
                activity_cutoff,
                max_allowed_validators,
                stake_threshold,
                tempo,
                bonds_penalty,
                bonds_moving_average: Fraction::from_ppm(average).unwrap(),
                bonds,
            }
        },
    )
}
