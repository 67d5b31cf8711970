//! The epochs of one block, done again.

use crate::{
    Audit, Credit, EpochTotals, ExplainError, NeuronAudit, StakeWeight,
    stakes::HotkeyStakes,
    state::{SubnetState, millionths},
    storage::{buffered, storage_value},
    tick::{BlockEpochs, pending},
};
use futures::try_join;
use myelin_client::{
    Amount, BlockNumber, ChainConfig, ChainState, NetUid, NetworkParameters, PublicKey, Tao, Uid,
    mirror::account,
    runtime::{self, runtime_types::myelin_pallet_emission::types::NeuronRecord, storage},
    subxt::events::Events,
};
use myelin_economics::division::{Claim, Emission, divide};
use myelin_primitives::Q32;
use myelin_yuma::{EpochOutcome, Snapshot, Stake, Trace, WeightTrace, traced};
use std::collections::{BTreeMap, BTreeSet};

/// A block that ran epochs.
pub(crate) struct EpochBlock {
    pub(crate) before: ChainState,
    pub(crate) after: ChainState,
    pub(crate) events: Events<ChainConfig>,
    pub(crate) number: BlockNumber,
}

impl EpochBlock {
    /// All epochs of the block, in their order: each pays into the pools that the next one reads.
    pub(crate) async fn audits(&self, announced: BlockEpochs) -> Result<Vec<Audit>, ExplainError> {
        let netuids: Vec<NetUid> = announced.run.iter().map(|run| run.netuid.into()).collect();
        let (pending, network, subnets) = try_join!(
            pending(&self.before, self.number),
            async { Ok(self.before.network_parameters().await?) },
            buffered(netuids, |netuid| SubnetState::read(&self.before, netuid, self.number)),
        )?;
        let hotkeys: BTreeSet<PublicKey> = subnets.iter().flat_map(SubnetState::hotkeys).collect();
        let mut stakes = HotkeyStakes::read(&self.before, hotkeys).await?;
        let held: BTreeMap<PublicKey, Amount<Tao>> = stakes.all().collect();
        let mut owners = BTreeMap::new();
        let mut audits = Vec::new();
        for (state, run) in subnets.iter().zip(&announced.run) {
            let accrued = pending.get(&state.netuid).copied().unwrap_or_default();
            let mut audit = self.audit(state, &network, accrued, &mut stakes, &mut owners).await?;
            audit.paid = EpochTotals {
                accrued: run.emission.into(),
                owner: run.owner_cut.into(),
                miners: run.miners.into(),
                validators: run.validators.into(),
                recycled: remainder(run.emission.into(), [run.owner_cut, run.miners, run.validators].map(Into::into)),
            };
            audits.push(audit);
        }
        let credits = Credit::all(&self.after, &self.events, &held, &stakes).await?;
        for audit in &mut audits {
            let paid: BTreeSet<PublicKey> =
                audit.neurons.iter().flat_map(|neuron| neuron.payments.iter().map(|payment| payment.hotkey)).collect();
            audit.credits = credits.iter().filter(|credit| paid.contains(&credit.hotkey)).copied().collect();
        }
        Ok(audits)
    }

    /// One epoch, by the rules. spec tokenomics §6.2
    async fn audit(
        &self,
        state: &SubnetState,
        network: &NetworkParameters,
        accrued: Amount<Tao>,
        stakes: &mut HotkeyStakes,
        owners: &mut BTreeMap<PublicKey, Amount<Tao>>,
    ) -> Result<Audit, ExplainError> {
        let owner = state.owner.filter(|_| state.parameters.owner_cut_enabled);
        let mut division = divide(accrued, owner.map(|_| millionths(network.subnet_owner_cut)));
        if let Some(owner) = owner
            && !self.can_receive(&owner, division.owner(), owners).await?
        {
            division = division.owner_to_validators();
        }
        let weights: Vec<StakeWeight> =
            state.seats.iter().map(|seat| stakes.weight(&seat.hotkey, state.families.get(&seat.hotkey))).collect();
        let (outcome, trace) = self.consensus(state, network, division.neurons(), &weights);
        let emissions = division.among(&claims(&outcome, &weights));
        let recycled = if emissions.is_err() { division.neurons() } else { Amount::ZERO };
        let emissions = emissions.unwrap_or_default();

        let total = |side: fn(&Emission) -> Amount<Tao>| {
            Amount::checked_sum(emissions.iter().map(side)).map_err(|error| self.contradiction(&error.to_string()))
        };
        let expected = EpochTotals {
            accrued,
            owner: division.owner(),
            miners: total(|emission| emission.miner)?,
            validators: total(|emission| emission.validator)?,
            recycled,
        };
        let (records, seats) = try_join!(
            storage_value(&self.after, storage().emission().neurons(), (state.netuid.into(),)),
            storage_value(&self.after, storage().neurons().seats_of(), (state.netuid.into(),)),
        )?;
        let records = records.map_or_else(Vec::new, |records| records.0);
        let seats = seats.map_or_else(Vec::new, |seats| seats.0);
        let kept = |uid: usize| seats.get(uid).is_some_and(|seat| seat.registered_at != self.number);
        let mut neurons = Vec::with_capacity(state.seats.len());
        for (uid, (seat, weight)) in state.seats.iter().zip(weights).enumerate() {
            let hotkey = seat.hotkey;
            let mut neuron = neuron(uid, hotkey, weight, state, &outcome, &trace);
            neuron.coldkey = stakes.owner(&hotkey);
            neuron.emission = emissions.get(uid).copied().unwrap_or_default();
            let least = state.parameters.min_childkey_take.clone().into();
            neuron.payments = stakes.pay(&hotkey, state.families.get(&hotkey), least, neuron.emission)?;
            if let Some(record) = records.get(uid).filter(|_| kept(uid)) {
                neuron.paid = Some(record.emission.into());
                neuron.agrees = Some(agrees(record, uid, &outcome));
            }
            neurons.push(neuron);
        }
        Ok(Audit {
            netuid: state.netuid,
            block: self.number,
            previous: state.last_epoch,
            owner,
            division,
            expected,
            paid: EpochTotals::default(),
            neurons,
            credits: Vec::new(),
        })
    }

    /// Runs the consensus of a subnet. spec yuma §3
    fn consensus(
        &self,
        state: &SubnetState,
        network: &NetworkParameters,
        emission: Amount<Tao>,
        weights: &[StakeWeight],
    ) -> (EpochOutcome, Trace) {
        let weighing: Vec<Stake> = weights.iter().map(|weight| Stake::from(weight.total)).collect();
        let registered_at: Vec<BlockNumber> = state.seats.iter().map(|seat| seat.registered_at).collect();
        let snapshot = Snapshot {
            block: self.number,
            last_epoch_block: state.last_epoch,
            emission,
            // Ratings are for staked validators; owning the subnet gives none. spec subnets-and-neurons §12
            owner: None,
            stake: &weighing,
            registered_at: &registered_at,
            last_update: &state.last_update,
            weights: &state.rows,
            bonds: &state.bonds,
            permits: &state.permits,
            commit_blocks: state.commit_blocks.as_deref(),
        };
        traced(&snapshot, &state.params(network))
    }

    /// Whether the account of an owner can receive its cut, and if so, counts it. spec tokenomics §6.2, step 3
    async fn can_receive(
        &self,
        owner: &PublicKey,
        cut: Amount<Tao>,
        owners: &mut BTreeMap<PublicKey, Amount<Tao>>,
    ) -> Result<bool, ExplainError> {
        if cut.is_zero() {
            return Ok(true);
        }
        let free = if let Some(free) = owners.get(owner) {
            *free
        } else {
            let stored = storage_value(&self.before, storage().system().account(), (account(owner),)).await?;
            stored.map_or(Amount::ZERO, |stored| Amount::from_rao(stored.data.free))
        };
        let least = self.before.client().constants().entry(runtime::constants().balances().existential_deposit());
        let least = least.map_err(|error| self.contradiction(&error.to_string()))?;
        let with_cut = free.checked_add(cut).map_err(|error| self.contradiction(&error.to_string()))?;
        let can = with_cut.rao() >= least;
        owners.insert(*owner, if can { with_cut } else { free });
        Ok(can)
    }

    fn contradiction(&self, what: &str) -> ExplainError {
        ExplainError::contradiction(self.after.height(), what)
    }
}

/// What neurons bring to the division of the pools, by uid. spec tokenomics §6.2, step 5
fn claims(outcome: &EpochOutcome, weights: &[StakeWeight]) -> Vec<Claim> {
    // In counts of 2^-32; shares are never below zero.
    let share = |of: &[Q32], uid| u64::try_from(at(of, uid).to_bits()).unwrap_or(0);
    let exact = &outcome.exact;
    (0..)
        .zip(weights)
        .map(|(uid, weight)| Claim {
            incentive: share(&exact.incentive, uid),
            dividend: share(&exact.dividends, uid),
            active_stake: share(&exact.active_stake, uid),
            stake: weight.total.rao(),
        })
        .collect()
}

/// What consensus found of one neuron, before it is paid.
fn neuron(
    uid: usize,
    hotkey: PublicKey,
    weight: StakeWeight,
    state: &SubnetState,
    outcome: &EpochOutcome,
    trace: &Trace,
) -> NeuronAudit {
    let exact = &outcome.exact;
    let is = |other: Uid| usize::from(other) == uid;
    let received: Vec<WeightTrace> = trace.opinions.iter().filter(|opinion| is(opinion.miner)).copied().collect();
    let given: Vec<WeightTrace> = trace.opinions.iter().filter(|opinion| is(opinion.validator)).copied().collect();
    NeuronAudit {
        uid: Uid::new(u16::try_from(uid).unwrap_or(u16::MAX)),
        hotkey,
        coldkey: None,
        weight,
        active: at(&outcome.active, uid),
        permitted: at(&state.permits, uid),
        stake: at(&exact.stake, uid),
        active_stake: at(&exact.active_stake, uid),
        consensus: at(&trace.consensus, uid),
        rank: received.iter().map(|opinion| opinion.backed).sum(),
        incentive: at(&exact.incentive, uid),
        validator_trust: given.iter().map(|opinion| opinion.clipped).sum(),
        bonds: trace.bonds.iter().filter(|bond| is(bond.validator)).copied().collect(),
        dividends: at(&exact.dividends, uid),
        received,
        given,
        emission: Emission::default(),
        payments: Vec::new(),
        paid: None,
        agrees: None,
    }
}

/// Whether the chain noted of a neuron what the epoch found.
fn agrees(record: &NeuronRecord, uid: usize, outcome: &EpochOutcome) -> bool {
    let noted = [record.stake_weight, record.consensus, record.validator_trust, record.incentive, record.dividends];
    let found =
        [&outcome.stake_weight, &outcome.consensus, &outcome.validator_trust, &outcome.incentive, &outcome.dividends];
    noted == found.map(|of| at(of, uid)) && record.active == at(&outcome.active, uid)
}

/// What a vector by uid says of one neuron.
fn at<V: Copy + Default>(values: &[V], uid: usize) -> V {
    values.get(uid).copied().unwrap_or_default()
}

/// What parts leave of a whole.
fn remainder(whole: Amount<Tao>, parts: [Amount<Tao>; 3]) -> Amount<Tao> {
    let parts = Amount::checked_sum(parts).unwrap_or(Amount::MAX);
    whole.checked_sub(parts).unwrap_or_default()
}
