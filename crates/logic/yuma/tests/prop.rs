//! Properties of every epoch.

mod arbitrary;
mod textbook;

use arbitrary::{Subnet, params, ragged, story, whole, wild};
use myelin_primitives::{Amount, Entry, Q32, Tao, Uid};
use myelin_yuma::{
    Bonds, EpochOutcome, LiquidAlpha, Params, Snapshot, Stake, Trace, combine, epoch, max_upscale, traced,
};
use proptest::prelude::*;

proptest! {
    /// Checks that the sparse epoch and the textbook epoch agree over several epochs.
    #[test]
    fn epoch_equals_textbook(mut epochs in story(0..=64), params in params()) {
        let mut carried: Option<EpochOutcome> = None;
        for subnet in &mut epochs {
            if let Some(before) = carried {
                subnet.permits = before.permits;
                subnet.bonds = before.bonds;
            }
            let outcome = epoch(&subnet.snapshot(), &params);
            prop_assert_eq!(&outcome, &textbook::epoch(&subnet.snapshot(), &params));
            carried = Some(outcome);
        }
    }

    /// Checks that they agree where blocks, stakes and amounts are as large as their types allow.
    #[test]
    fn epoch_equals_textbook_at_the_limits(subnet in (0..=16_usize).prop_flat_map(wild), params in params()) {
        prop_assert_eq!(epoch(&subnet.snapshot(), &params), textbook::epoch(&subnet.snapshot(), &params));
    }

    /// Checks that all outputs are in their ranges, and that no money appears.
    #[test]
    fn outputs_are_within_bounds(subnet in (0..=24_usize).prop_flat_map(wild), params in params()) {
        let outcome = epoch(&subnet.snapshot(), &params);
        for shares in [
            &outcome.exact.stake, &outcome.exact.active_stake, &outcome.exact.incentive, &outcome.exact.dividends,
        ] {
            prop_assert_eq!(shares.len(), subnet.stake.len());
            prop_assert!(shares.iter().all(|share| *share >= Q32::ZERO));
            prop_assert!(shares.iter().copied().sum::<Q32>() <= Q32::ONE);
        }
        let total = |amounts: &[Amount<Tao>]| Amount::checked_sum(amounts.iter().copied());
        let servers = total(&outcome.server_emission).unwrap();
        let validators = total(&outcome.validator_emission).unwrap();
        prop_assert!(servers.checked_add(validators).unwrap() <= subnet.emission);
        prop_assert!(total(&outcome.emission).unwrap() <= subnet.emission);
        for (row, permit) in outcome.bonds.iter().zip(&outcome.permits) {
            prop_assert!(*permit || row.is_empty());
            prop_assert!(row.is_sorted_by(|one, next| one.uid < next.uid));
            prop_assert!(row.iter().all(|entry| usize::from(entry.uid) < subnet.stake.len()));
        }
    }

    /// Checks that a trace adds up to the outcome, and that tracing changes nothing.
    #[test]
    fn traces_add_up_to_the_outcome(subnet in (0..=24_usize).prop_flat_map(whole), params in params()) {
        let (outcome, trace) = traced(&subnet.snapshot(), &params);
        prop_assert_eq!(&outcome, &epoch(&subnet.snapshot(), &params));
        let Trace { consensus, opinions, bonds } = trace;
        let quantised = |values: &[Q32]| values.iter().map(|value| value.to_u16_fraction()).collect::<Vec<_>>();
        prop_assert_eq!(quantised(&consensus), outcome.consensus);

        let neurons = subnet.stake.len();
        let trust = sums(neurons, opinions.iter().map(|opinion| (opinion.validator, opinion.clipped)));
        prop_assert_eq!(quantised(&trust), outcome.validator_trust);
        let ranks = sums(neurons, opinions.iter().map(|opinion| (opinion.miner, opinion.backed)));
        prop_assert_eq!(normalised(ranks), outcome.exact.incentive);
        prop_assert!(opinions.iter().all(|opinion| opinion.clipped <= opinion.weight));
        prop_assert!(opinions.is_sorted_by_key(|opinion| (opinion.miner, opinion.validator)));

        let earned = sums(neurons, bonds.iter().map(|bond| (bond.validator, bond.pays)));
        let weighed = earned.into_iter().zip(&outcome.exact.active_stake).map(|(earned, stake)| match params.bonds {
            Bonds::Classic => earned,
            Bonds::PerPair { .. } => earned * *stake,
        });
        prop_assert_eq!(normalised(weighed.collect()), outcome.exact.dividends);
        prop_assert!(bonds.is_sorted_by_key(|bond| (bond.miner, bond.validator)));
    }

    /// Checks that renumbering the neurons renumbers the result and changes nothing else.
    ///
    /// Stakes are distinct, because the specification breaks ties by uid.
    #[test]
    fn epoch_commutes_with_renumbering((subnet, order) in numbered(0..=40), params in params()) {
        let renumbering = Renumbering::new(order);
        let before = epoch(&subnet.snapshot(), &params);
        let after = epoch(&renumbering.subnet(&subnet).snapshot(), &params);
        prop_assert_eq!(renumbering.outcome(before), after);
    }

    /// Checks that the order of entries within a row does not matter.
    #[test]
    fn rows_are_sets(mut subnet in (0..=24_usize).prop_flat_map(ragged), params in params()) {
        for row in subnet.weights.iter_mut().chain(&mut subnet.bonds) {
            let mut seen = Vec::new();
            row.retain(|entry| !seen.contains(&entry.uid) && { seen.push(entry.uid); true });
        }
        let before = epoch(&subnet.snapshot(), &params);
        subnet.weights.iter_mut().chain(&mut subnet.bonds).for_each(|row| row.sort());
        prop_assert_eq!(before, epoch(&subnet.snapshot(), &params));
    }

    /// Checks that the scale of a row does not matter while it is a row of whole numbers.
    #[test]
    fn rows_have_no_scale(mut subnet in (0..=24_usize).prop_flat_map(ragged), params in params(), factor in 1..=8_u16) {
        for entry in subnet.weights.iter_mut().flatten() {
            entry.value >>= 3;
        }
        let before = epoch(&subnet.snapshot(), &params);
        for entry in subnet.weights.iter_mut().flatten() {
            entry.value *= factor;
        }
        prop_assert_eq!(before, epoch(&subnet.snapshot(), &params));
    }

    /// Checks that a single mechanism is the whole subnet.
    #[test]
    fn one_mechanism_combines_to_itself(subnet in (0..=16_usize).prop_flat_map(ragged), params in params()) {
        let outcome = epoch(&subnet.snapshot(), &params);
        let combined = combine([(subnet.emission, &outcome)]);
        prop_assert_eq!(combined.consensus, outcome.consensus);
        prop_assert_eq!(combined.dividends, outcome.dividends);
        prop_assert_eq!(combined.emission, outcome.emission);
        prop_assert_eq!(combined.server_emission, outcome.server_emission);
        prop_assert_eq!(combined.permits, outcome.permits);
    }

    /// Checks that upscaling twice is upscaling once.
    #[test]
    fn upscaling_twice_is_upscaling_once(values in prop::collection::vec(any::<u16>(), 0..20)) {
        let mut row: Vec<Entry> = (0..).map(Uid::new).zip(values).map(|(uid, value)| Entry::new(uid, value)).collect();
        max_upscale(&mut row);
        let once = row.clone();
        max_upscale(&mut row);
        prop_assert_eq!(once, row);
    }
}

/// Returns the sum of the parts of each neuron.
fn sums(neurons: usize, parts: impl Iterator<Item = (Uid, Q32)>) -> Vec<Q32> {
    let mut sums = vec![Q32::ZERO; neurons];
    for (uid, part) in parts {
        sums[usize::from(uid)] = sums[usize::from(uid)] + part;
    }
    sums
}

/// Divides all values by their sum, unless it is zero. spec yuma §1.
fn normalised(values: Vec<Q32>) -> Vec<Q32> {
    let total: Q32 = values.iter().copied().sum();
    if total == Q32::ZERO { values } else { values.into_iter().map(|value| value / total).collect() }
}

/// Runs an epoch with as many neurons as there are uids, and one more, which is ignored.
#[test]
fn the_last_uid_takes_part() {
    let last = Uid::new(u16::MAX);
    let count = usize::from(last) + 2;
    let mut weights = vec![Vec::new(); count];
    weights[usize::from(last)] = vec![Entry::new(Uid::new(0), 1), Entry::new(last, 1)];
    let mut permits = vec![false; count];
    permits[usize::from(last)] = true;
    for bonds in [Bonds::Classic, Bonds::PerPair { liquid_alpha: Some(LiquidAlpha::default()) }] {
        let subnet = Snapshot {
            block: 2,
            last_epoch_block: None,
            emission: Amount::from_rao(100),
            owner: Some(last),
            stake: &vec![Stake::from_bits(u128::MAX); count],
            registered_at: &vec![0; count],
            last_update: &vec![1; count],
            weights: &weights,
            bonds: &weights,
            permits: &permits,
            commit_blocks: None,
        };
        let outcome = epoch(&subnet, &Params { bonds, tempo: 1, ..Params::default() });
        assert_eq!(outcome.emission.len(), count - 1);
        assert_eq!(outcome.server_emission[0].rao(), 25);
        assert_eq!(outcome.emission[usize::from(last)].rao(), 75);
        assert_eq!(outcome.bonds[usize::from(last)].len(), 2);
    }
}

/// Returns subnets with distinct stakes, and an order of their neurons.
fn numbered(neurons: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = (Subnet, Vec<usize>)> {
    let ordered = |count| (whole(count), shuffled(count), shuffled(count));
    neurons.prop_flat_map(ordered).prop_map(|(mut subnet, ranks, order)| {
        for (stake, rank) in subnet.stake.iter_mut().zip(ranks) {
            *stake = Stake::from_bits(u128::try_from(rank).unwrap() << 100);
        }
        subnet.owner = subnet.owner.filter(|owner| usize::from(*owner) < order.len());
        (subnet, order)
    })
}

fn shuffled(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<_>>()).prop_shuffle()
}

/// A renumbering in which neuron `order[k]` becomes neuron `k`.
struct Renumbering {
    order: Vec<usize>,
    /// The new number of each neuron.
    number: Vec<usize>,
}

impl Renumbering {
    fn new(order: Vec<usize>) -> Self {
        let mut number = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            number[*old] = new;
        }
        Self { order, number }
    }

    fn vector<T: Clone>(&self, values: &[T]) -> Vec<T> {
        self.order.iter().map(|old| values[*old].clone()).collect()
    }

    fn uid(&self, uid: Uid) -> Uid {
        Uid::new(u16::try_from(self.number[usize::from(uid)]).unwrap())
    }

    fn rows(&self, rows: &[Vec<Entry>]) -> Vec<Vec<Entry>> {
        let renumbered = |entry: &Entry| Entry { uid: self.uid(entry.uid), ..*entry };
        self.vector(rows).into_iter().map(|row| row.iter().map(renumbered).collect()).collect()
    }

    fn subnet(&self, subnet: &Subnet) -> Subnet {
        Subnet {
            owner: subnet.owner.map(|owner| self.uid(owner)),
            stake: self.vector(&subnet.stake),
            registered_at: self.vector(&subnet.registered_at),
            last_update: self.vector(&subnet.last_update),
            weights: self.rows(&subnet.weights),
            bonds: self.rows(&subnet.bonds),
            permits: self.vector(&subnet.permits),
            commit_blocks: subnet.commit_blocks.as_ref().map(|blocks| self.vector(blocks)),
            ..*subnet
        }
    }

    fn outcome(&self, mut outcome: EpochOutcome) -> EpochOutcome {
        outcome.active = self.vector(&outcome.active);
        outcome.permits = self.vector(&outcome.permits);
        for values in [
            &mut outcome.stake_weight,
            &mut outcome.consensus,
            &mut outcome.validator_trust,
            &mut outcome.incentive,
            &mut outcome.dividends,
        ] {
            *values = self.vector(values);
        }
        for amounts in [&mut outcome.emission, &mut outcome.server_emission, &mut outcome.validator_emission] {
            *amounts = self.vector(amounts);
        }
        for shares in [
            &mut outcome.exact.stake,
            &mut outcome.exact.active_stake,
            &mut outcome.exact.incentive,
            &mut outcome.exact.dividends,
        ] {
            *shares = self.vector(shares);
        }
        outcome.bonds = self.rows(&outcome.bonds);
        for row in &mut outcome.bonds {
            row.sort();
        }
        outcome
    }
}
