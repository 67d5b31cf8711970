//! The step in which the weights of validators become shares of an epoch. spec yuma, tokenomics §6.2.
//!
//! [`ConsensusInput`] gathers all that consensus reads and runs it: validators' weights become incentives of miners and
//! dividends of validators. [`allocate`] divides the pools of an epoch by them, or by seats in the launch phase, and
//! [`neuron_records`] into the records that the chain stores. The chain and every replay of it call these functions.

use crate::error::ArithmeticStep;
use alloc::vec::Vec;
use myelin_economics::{
    division::{Allocation, Claim, Division, Emission},
    pruning::SeatScore,
};
use myelin_primitives::{Amount, BlockNumber, Entry, Q32, Tao};
use myelin_records::{
    epoch::NeuronRecord,
    parameters::{NetworkParameters, Parameters},
    subnet::LaunchPhase,
};
use myelin_yuma::{
    Bonds, EpochOutcome, LiquidAlpha, Params, Snapshot, Stake, Trace, epoch, has_opinion, is_active, traced,
};

/// The version of the rules that this crate has.
///
/// Version 1 is the behaviour of the first public chain. A change of an epoch's rules on a chain with a history raises
/// the version and keeps the old branch. An old epoch is explained by the rules that paid it.
pub const RULES: u32 = 1;

/// The first runtime version (`spec_version`) of each version of the rules, both ascending.
const RULES_BY_SPEC_VERSION: &[(u32, u32)] = &[(0, RULES)];

/// Returns the version of the rules that a runtime of this `spec_version` has.
pub fn rules_of(spec_version: u32) -> u32 {
    let known = RULES_BY_SPEC_VERSION.iter().rev().find(|(first, _)| *first <= spec_version);
    known.map_or(RULES, |(_, rules)| *rules)
}

/// The part of the stake that must vote: one in this many. spec yuma §4.
const QUORUM: u128 = 3;

/// All that consensus reads of one subnet besides its parameters. Slices are indexed by uid.
///
/// Rows may be of any type, so that the chain lends them as it read them.
#[derive(Clone, Copy, Debug)]
pub struct ConsensusInput<'a, Row> {
    /// Block of the epoch.
    pub block: BlockNumber,
    /// Block of the epoch before, if any.
    pub last_epoch: Option<BlockNumber>,
    /// Emission for miners and validators together.
    pub emission: Amount<Tao>,
    /// Stake weight of each neuron.
    pub stake_weights: &'a [Amount<Tao>],
    /// Block of each registration.
    pub registered_at: &'a [BlockNumber],
    /// Block in which the row of each neuron was fixed, or of its registration if it has none. spec yuma §4.
    pub last_updates: &'a [BlockNumber],
    /// Block of the last weights or commit of each neuron, or of its registration. spec yuma §4.
    pub last_calls: &'a [BlockNumber],
    /// Weights of each neuron as they count, see [`myelin_yuma::as_read`].
    pub weights: &'a [Row],
    /// Bonds that the epoch before left, for neurons with a permit.
    pub bonds: &'a [Row],
    /// Permits that the epoch before gave.
    pub permits: &'a [bool],
    /// True for each neuron that missed the reveal of a commit newer than its row. spec weights §5.9.
    pub outdated: &'a [bool],
    /// Block of the earliest open commit of each neuron. `None` on a subnet without commits.
    pub open_commits: Option<&'a [Option<BlockNumber>]>,
}

impl<Row: AsRef<[Entry]>> ConsensusInput<'_, Row> {
    /// Runs consensus among the neurons that vote. spec yuma §4.
    ///
    /// In the outcome a neuron is active if it voted.
    pub fn run(&self, params: &Params) -> EpochOutcome {
        self.with_snapshot(params, |snapshot| of_voters(epoch(snapshot, params), snapshot.permits))
    }

    /// Runs consensus and returns its terms too, for explanations.
    pub fn run_traced(&self, params: &Params) -> (EpochOutcome, Trace) {
        self.with_snapshot(params, |snapshot| {
            let (outcome, trace) = traced(snapshot, params);
            (of_voters(outcome, snapshot.permits), trace)
        })
    }

    /// Lends the snapshot of an epoch in which only neurons with an opinion have a permit. spec yuma §4.
    ///
    /// Stake that rates no miner would otherwise count against those that are rated, and be paid if none is. A neuron
    /// that missed its last reveal has no opinion. Without a quorum no neuron has a permit.
    fn with_snapshot<Answer>(&self, params: &Params, run: impl FnOnce(&Snapshot<'_, Row>) -> Answer) -> Answer {
        let stake: Vec<Stake> = self.stake_weights.iter().map(|weight| Stake::from(*weight)).collect();
        let snapshot = Snapshot {
            block: self.block,
            last_epoch_block: self.last_epoch,
            emission: self.emission,
            // Only validators with stake set weights. Owning the subnet gives no right to. spec subnets-and-neurons §12
            owner: None,
            stake: &stake,
            registered_at: self.registered_at,
            last_update: self.last_updates,
            weights: self.weights,
            bonds: self.bonds,
            permits: self.permits,
            commit_blocks: self.open_commits,
        };
        let mut permits = has_opinion(&snapshot);
        for (uid, permit) in permits.iter_mut().enumerate() {
            *permit &= !at(self.outdated, uid);
        }
        if !self.is_quorate(&permits, params) {
            permits.fill(false);
        }
        run(&Snapshot { permits: &permits, ..snapshot })
    }

    /// Returns true if the stake of the voters is at least a third of all permitted stake that was heard of recently.
    ///
    /// An outage of most validators thus pays no party, not even the few that go on. spec yuma §4.
    fn is_quorate(&self, opinions: &[bool], params: &Params) -> bool {
        let is_recent = |blocks: &[BlockNumber], uid: usize| {
            blocks.get(uid).is_some_and(|block| is_active(*block, params.activity_cutoff, self.block))
        };
        let (mut voting, mut heard) = (0_u128, 0_u128);
        for (uid, weight) in self.stake_weights.iter().enumerate().filter(|(uid, _)| at(self.permits, *uid)) {
            // Less than the threshold counts as nothing. spec yuma §3.2
            let stake = if weight.rao() < params.stake_threshold { 0 } else { u128::from(weight.rao()) };
            let is_active = is_recent(self.last_updates, uid);
            if is_active && at(opinions, uid) {
                voting = voting.saturating_add(stake);
            }
            if is_active || is_recent(self.last_calls, uid) {
                heard = heard.saturating_add(stake);
            }
        }
        voting.saturating_mul(QUORUM) >= heard
    }
}

/// Returns the outcome in which only neurons that vote are active and have dividends. spec yuma §4.
///
/// Classic bonds alone would pay a silent validator too.
fn of_voters(mut outcome: EpochOutcome, permits: &[bool]) -> EpochOutcome {
    let dividends = outcome.dividends.iter_mut().zip(&mut outcome.exact.dividends);
    for ((uid, active), (dividend, exact)) in outcome.active.iter_mut().enumerate().zip(dividends) {
        *active &= at(permits, uid);
        if !*active {
            (*dividend, *exact) = (0, Q32::ZERO);
        }
    }
    outcome
}

/// Returns the rules of a subnet's consensus as its parameters set them. spec yuma §2.
pub fn epoch_params(parameters: &Parameters, network: &NetworkParameters) -> Params {
    let alpha = LiquidAlpha {
        low: parameters.alpha_values.low(),
        high: parameters.alpha_values.high(),
        steepness: parameters.alpha_sigmoid_steepness,
    };
    Params {
        kappa: parameters.kappa(),
        activity_cutoff: parameters.activity_cutoff(),
        max_allowed_validators: parameters.max_allowed_validators,
        stake_threshold: network.stake_threshold.rao(),
        tempo: parameters.tempo.into(),
        bonds_penalty: parameters.bonds_penalty(),
        bonds_moving_average: parameters.bonds_moving_average(),
        bonds: if parameters.yuma3 {
            Bonds::PerPair { liquid_alpha: parameters.liquid_alpha.then_some(alpha) }
        } else {
            Bonds::Classic
        },
    }
}

/// Returns the claims of neurons to the pools of an epoch, by uid. spec tokenomics §6.2, step 5.
fn claims(outcome: &EpochOutcome) -> Vec<Claim> {
    let shares = outcome.exact.incentive.iter().zip(&outcome.exact.dividends);
    shares.map(|(incentive, dividend)| Claim { incentive: weight(*incentive), dividend: weight(*dividend) }).collect()
}

/// Divides the pools of an epoch among the neurons. spec tokenomics §6.2, step 5, and §10.
///
/// With a `launch` phase that covers the subnet, seats are paid by the blocks since the epoch before for which they
/// were held. Otherwise consensus decides.
pub fn allocate<Row>(
    division: &Division,
    input: &ConsensusInput<'_, Row>,
    outcome: &EpochOutcome,
    launch: Option<LaunchPhase>,
) -> Allocation {
    let Some(launch) = launch else { return division.among(&claims(outcome)) };
    let last_epoch = input.last_epoch.unwrap_or_default();
    let held = input.registered_at.iter().map(|since| input.block.saturating_sub(last_epoch.max(*since)).into());
    division.among_seats(&held.collect::<Vec<u64>>(), launch.least_seats)
}

/// Returns the records of neurons, by uid: the findings of consensus, the pay and the score. spec yuma §3.13.
///
/// `scores` are those before the epoch. They stay if it pays no neuron. spec subnets-and-neurons §11.
///
/// # Errors
/// [`ArithmeticStep::NeuronPay`] if the pay of a neuron exceeds any amount.
pub fn neuron_records(
    scores: &[SeatScore],
    outcome: &EpochOutcome,
    emissions: &[Emission],
) -> Result<Vec<NeuronRecord>, ArithmeticStep> {
    let pays = emissions.iter().any(|emission| *emission != Emission::default());
    let records = (0..).zip(emissions).map(|(uid, emission)| {
        let paid = emission.miner.checked_add(emission.validator).map_err(|_| ArithmeticStep::NeuronPay)?;
        let score: SeatScore = at(scores, uid);
        Ok(NeuronRecord {
            active: at(&outcome.active, uid),
            permit: at(&outcome.permits, uid),
            stake_weight: at(&outcome.stake_weight, uid),
            consensus: at(&outcome.consensus, uid),
            validator_trust: at(&outcome.validator_trust, uid),
            incentive: at(&outcome.incentive, uid),
            dividends: at(&outcome.dividends, uid),
            emission: paid,
            score: if pays { score.after(paid) } else { score },
        })
    });
    records.collect()
}

/// Returns a share as the weight of a claim, in counts of 2^-32.
fn weight(share: Q32) -> u64 {
    // Shares are never below zero.
    u64::try_from(share.to_bits()).unwrap_or(0)
}

/// Returns the value of a vector at a uid, or the default beyond its end.
pub(crate) fn at<V: Copy + Default>(values: &[V], uid: usize) -> V {
    values.get(uid).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::{Fraction, Uid};
    use myelin_records::parameters::AlphaValues;

    fn tao(tao: u64) -> Amount<Tao> {
        Amount::from_tao(tao).unwrap()
    }

    /// Returns the outcome with one validator, which gives all its weight to the neuron on seat 1. Seat 2 has none.
    fn outcome() -> EpochOutcome {
        let weights = [vec![Entry::new(Uid::new(1), 1)], vec![], vec![]];
        let input = ConsensusInput {
            block: 100,
            last_epoch: None,
            emission: Amount::from_rao(1_000),
            stake_weights: &[tao(1), Amount::ZERO, Amount::ZERO],
            registered_at: &[1, 1, 1],
            last_updates: &[90, 1, 1],
            last_calls: &[90, 1, 1],
            weights: &weights,
            bonds: &[],
            permits: &[true, false, false],
            outdated: &[],
            open_commits: None,
        };
        let outcome = input.run(&Params::default());
        assert_eq!(input.run_traced(&Params::default()).0, outcome);
        outcome
    }

    #[test]
    fn weights_become_incentives_and_dividends() {
        let outcome = outcome();
        assert_eq!(outcome.incentive, [0, u16::MAX, 0]);
        assert_eq!(outcome.dividends, [u16::MAX, 0, 0]);
        let one = 1 << 32;
        let validator = Claim { incentive: 0, dividend: one };
        let miner = Claim { incentive: one, dividend: 0 };
        assert_eq!(claims(&outcome), [validator, miner, Claim::default()]);
        assert_eq!(outcome.active, [true, false, false], "only the validator votes");
    }

    /// Returns the incentives if seat 0 has `stake` of 100 and rates seat 2, and seat 1 has the rest and was last heard
    /// of in block `heard`.
    fn with_a_vote_of(stake: u64, heard: BlockNumber, stake_threshold: u64) -> Vec<u16> {
        let weights = [vec![Entry::new(Uid::new(2), 1)], vec![], vec![]];
        let input = ConsensusInput {
            block: 10_000,
            last_epoch: None,
            emission: Amount::ZERO,
            stake_weights: &[Amount::from_rao(stake), Amount::from_rao(100 - stake), Amount::ZERO],
            registered_at: &[1, 1, 1],
            last_updates: &[9_000, 1, 1],
            last_calls: &[9_000, heard, 1],
            weights: &weights,
            bonds: &[],
            permits: &[true, true, false],
            outdated: &[],
            open_commits: None,
        };
        let outcome = input.run(&Params { stake_threshold, ..Params::default() });
        assert_eq!(outcome.active, [outcome.incentive[2] > 0, false, false]);
        assert_eq!(outcome.permits[0], stake >= stake_threshold, "new permits are given as always");
        outcome.incentive
    }

    #[test]
    fn less_than_a_third_of_the_stake_that_is_heard_of_is_no_quorum() {
        assert_eq!(with_a_vote_of(33, 9_999, 0), [0, 0, 0]);
        assert_eq!(with_a_vote_of(34, 9_999, 0), [0, 0, u16::MAX]);
        // The cutoff is 5 000 blocks, and counts to the last of them.
        assert_eq!(with_a_vote_of(33, 5_000, 0), [0, 0, 0]);
        assert_eq!(with_a_vote_of(33, 4_999, 0), [0, 0, u16::MAX]);
        // Stake below the threshold counts as nothing.
        assert_eq!(with_a_vote_of(33, 9_999, 34), [0, 0, 0]);
        assert_eq!(with_a_vote_of(70, 9_999, 34), [0, 0, u16::MAX]);
    }

    #[test]
    fn stake_without_an_opinion_does_not_vote() {
        let weights = [vec![Entry::new(Uid::new(2), 1)], vec![], vec![]];
        let input = ConsensusInput {
            block: 100,
            last_epoch: None,
            emission: Amount::from_rao(1_000),
            stake_weights: &[tao(2), tao(3), Amount::ZERO],
            registered_at: &[1, 1, 1],
            last_updates: &[90, 90, 1],
            last_calls: &[90, 90, 1],
            weights: &weights,
            bonds: &[],
            permits: &[true, true, false],
            outdated: &[],
            open_commits: None,
        };
        let outcome = input.run(&Params::default());
        // Three fifths of the stake are silent. The rest finds consensus alone.
        assert_eq!(outcome.incentive, [0, 0, u16::MAX]);
        assert_eq!(outcome.dividends, [u16::MAX, 0, 0]);
        assert_eq!(outcome.exact.active_stake, [Q32::ONE, Q32::ZERO, Q32::ZERO]);
        assert_eq!(outcome.active, [true, false, false]);
        assert_eq!(outcome.permits, [true, true, false], "permits follow from all stake");
    }

    #[test]
    fn stake_that_missed_its_last_reveal_does_not_vote_and_counts_toward_the_quorum() {
        let weights = [vec![Entry::new(Uid::new(2), 1)], vec![Entry::new(Uid::new(3), 1)], vec![], vec![]];
        let with_a_vote_of = |stake| {
            let input = ConsensusInput {
                block: 100,
                last_epoch: None,
                emission: Amount::from_rao(1_000),
                stake_weights: &[tao(stake), tao(100 - stake), Amount::ZERO, Amount::ZERO],
                registered_at: &[1, 1, 1, 1],
                last_updates: &[90, 90, 1, 1],
                last_calls: &[90, 90, 1, 1],
                weights: &weights,
                bonds: &[],
                permits: &[true, true, false, false],
                outdated: &[false, true],
                open_commits: None,
            };
            let outcome = input.run(&Params::default());
            (outcome.incentive, outcome.dividends, outcome.active)
        };
        let max = u16::MAX;
        assert_eq!(with_a_vote_of(34), (vec![0, 0, max, 0], vec![max, 0, 0, 0], vec![true, false, false, false]));
        assert_eq!(with_a_vote_of(33), (vec![0; 4], vec![0; 4], vec![false; 4]));
    }

    #[test]
    fn the_trace_has_the_weight_and_the_bond() {
        let weights = [vec![Entry::new(Uid::new(1), 1)], vec![]];
        let input = ConsensusInput {
            block: 100,
            last_epoch: None,
            emission: Amount::ZERO,
            stake_weights: &[tao(1), Amount::ZERO],
            registered_at: &[1, 1],
            last_updates: &[90, 1],
            last_calls: &[90, 1],
            weights: &weights,
            bonds: &[],
            permits: &[true, false],
            outdated: &[],
            open_commits: None,
        };
        let (_, trace) = input.run_traced(&Params::default());
        assert_eq!((trace.opinions.len(), trace.bonds.len()), (1, 1));
        assert_eq!((trace.opinions[0].weight, trace.opinions[0].clipped), (Q32::ONE, Q32::ONE));
    }

    #[test]
    fn the_owner_of_a_subnet_has_no_seat_of_its_own() {
        // With `owner: Some(0)` the snapshot would give seat 0 a permit without stake.
        let input = ConsensusInput::<Vec<Entry>> {
            block: 100,
            last_epoch: None,
            emission: Amount::ZERO,
            stake_weights: &[Amount::ZERO, tao(1)],
            registered_at: &[1, 1],
            last_updates: &[1, 1],
            last_calls: &[1, 1],
            weights: &[],
            bonds: &[],
            permits: &[],
            outdated: &[],
            open_commits: None,
        };
        assert_eq!(input.run(&Params::default()).permits, [false, true]);
    }

    #[test]
    fn records_have_the_findings_and_the_pay() {
        let emission =
            |miner, validator| Emission { miner: Amount::from_rao(miner), validator: Amount::from_rao(validator) };
        let score = |mean, epochs| SeatScore { mean: Amount::from_rao(mean), epochs };
        let scores = [score(15, 8), SeatScore::NONE];
        let records = neuron_records(&scores, &outcome(), &[emission(0, 7), emission(5, 1), emission(0, 0)]).unwrap();
        let validator = NeuronRecord {
            active: true,
            permit: true,
            stake_weight: u16::MAX,
            validator_trust: u16::MAX,
            dividends: u16::MAX,
            emission: Amount::from_rao(7),
            score: score(14, 8),
            ..NeuronRecord::FRESH
        };
        let miner = NeuronRecord {
            consensus: u16::MAX,
            incentive: u16::MAX,
            emission: Amount::from_rao(6),
            score: score(6, 1),
            ..NeuronRecord::FRESH
        };
        let idle = NeuronRecord { score: score(0, 1), ..NeuronRecord::FRESH };
        assert_eq!(records, [validator, miner, idle]);
        let unpaid = neuron_records(&scores, &outcome(), &[Emission::default(); 3]).unwrap();
        let kept: Vec<SeatScore> = unpaid.iter().map(|record| record.score).collect();
        assert_eq!(kept, [score(15, 8), SeatScore::NONE, SeatScore::NONE], "no neuron was paid");
        assert_eq!(neuron_records(&[], &outcome(), &[]), Ok(vec![]));
        let too_much = neuron_records(&[], &outcome(), &[emission(u64::MAX, 1)]);
        assert_eq!(too_much, Err(ArithmeticStep::NeuronPay));
    }

    #[test]
    fn parameters_decide_on_the_form_of_bonds() {
        let network = NetworkParameters { stake_threshold: tao(3), ..NetworkParameters::default() };
        let bonds = |yuma3, liquid_alpha| {
            epoch_params(&Parameters { yuma3, liquid_alpha, ..Parameters::default() }, &network).bonds
        };
        assert!(matches!(bonds(false, true), Bonds::Classic));
        assert!(matches!(bonds(true, false), Bonds::PerPair { liquid_alpha: None }));
        let Bonds::PerPair { liquid_alpha: Some(alpha) } = bonds(true, true) else { panic!("liquid alpha is on") };
        let part = |fraction: Fraction| fraction.of(u16::MAX.into());
        let AlphaValues { low, high } = Parameters::default().alpha_values;
        assert_eq!((part(alpha.low), part(alpha.high), alpha.steepness), (low.into(), high.into(), 1_000));
    }

    #[test]
    fn parameters_are_passed_on_in_their_units() {
        let network = NetworkParameters { stake_threshold: tao(3), ..NetworkParameters::default() };
        let parameters = Parameters {
            kappa: 1,
            activity_cutoff: 400,
            max_allowed_validators: 3,
            tempo: 99,
            bonds_penalty: 2,
            bonds_moving_average: 4,
            ..Parameters::default()
        };
        let params = epoch_params(&parameters, &network);
        assert_eq!((params.activity_cutoff, params.max_allowed_validators, params.tempo), (400, 3, 99));
        assert_eq!(params.stake_threshold, 3_000_000_000);
        assert_eq!((params.kappa.of(65_535), params.bonds_penalty.of(65_535)), (1, 2));
        assert_eq!(params.bonds_moving_average.of(1_000_000), 4);
    }

    #[test]
    fn every_runtime_version_has_rules() {
        assert_eq!([0, 1, u32::MAX].map(rules_of), [RULES; 3]);
        assert!(RULES_BY_SPEC_VERSION.is_sorted());
    }
}
