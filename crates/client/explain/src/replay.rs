//! A replay of the epochs of one block, compared with the records of the chain.

use crate::{Audit, Credit, EpochTotals, ExplainError, NeuronAudit, inputs::block_input, storage::storage_value};
use futures::try_join;
use myelin_client::{
    Amount, BlockNumber, ChainConfig, ChainError, ChainState, NetUid, PublicKey, Tao, Uid,
    records::{epoch::NeuronRecord, seat::Seat, weights::WeightsRow},
    runtime::{
        emission::events::{EpochFailed, EpochRun},
        scheduler::events::Dispatched,
        storage,
    },
    subxt::events::{Events, Phase},
};
use myelin_epoch::{
    block::run_block,
    error::EpochError,
    input::{BlockInput, SubnetInput},
    outcome::{BlockOutcome, SubnetEpoch},
    stakes::Payment,
};
use myelin_yuma::{Trace, WeightTrace};
use std::collections::BTreeSet;

/// The epochs that the initialisation of a block announced, in their order.
pub(crate) struct BlockEpochs {
    pub(crate) run: Vec<EpochRun>,
    pub(crate) failed: Vec<NetUid>,
}

impl BlockEpochs {
    /// Reads the events of the initialisation of a block.
    pub(crate) fn of(events: &Events<ChainConfig>, block: BlockNumber) -> Result<Self, ExplainError> {
        let mut announced = Self { run: Vec::new(), failed: Vec::new() };
        for event in events.iter() {
            let event = event.map_err(ChainError::from)?;
            if event.phase() != Phase::Initialization {
                continue;
            }
            if event.is::<Dispatched>() {
                return Err(ExplainError::Scheduled(block));
            }
            if let Some(run) = event.decode_fields_as::<EpochRun>() {
                announced.run.push(run.map_err(ChainError::from)?);
            } else if let Some(failed) = event.decode_fields_as::<EpochFailed>() {
                announced.failed.push(failed.map_err(ChainError::from)?.netuid.0);
            }
        }
        Ok(announced)
    }
}

/// A block that ran epochs.
pub(crate) struct EpochBlock {
    pub(crate) before: ChainState,
    pub(crate) after: ChainState,
    pub(crate) events: Events<ChainConfig>,
    pub(crate) number: BlockNumber,
}

impl EpochBlock {
    /// Audits all epochs of the block in their order, because each pays into the pools that the next one reads.
    pub(crate) async fn audits(&self, announced: BlockEpochs) -> Result<Vec<Audit>, ExplainError> {
        let ran: Vec<NetUid> = announced.run.iter().map(|run| run.netuid.0).collect();
        let input = block_input(&self.before, self.number, &ran).await?;
        let outcome = run_block(&input, &ran, true).map_err(|error| self.refused(error))?;
        let credits = Credit::all(&self.after, &self.events, &input.stakes, &outcome.stakes).await?;
        let mut audits = Vec::with_capacity(ran.len());
        for run in &announced.run {
            let mut audit = self.audit(run.netuid.0, &input, &outcome).await?;
            let [accrued, owner, miners, validators] =
                [&run.emission, &run.owner_cut, &run.miners, &run.validators].map(|amount| amount.0);
            let recycled = remainder(accrued, [owner, miners, validators]);
            audit.paid = EpochTotals { accrued, owner, miners, validators, recycled };
            let paid: BTreeSet<PublicKey> =
                audit.neurons.iter().flat_map(|neuron| neuron.payments.iter().map(|payment| payment.hotkey)).collect();
            audit.credits = credits.iter().filter(|credit| paid.contains(&credit.hotkey)).copied().collect();
            audits.push(audit);
        }
        Ok(audits)
    }

    /// Audits one epoch. The audit compares its terms with the records of the neurons.
    async fn audit(&self, netuid: NetUid, input: &BlockInput, outcome: &BlockOutcome) -> Result<Audit, ExplainError> {
        let epoch = outcome.epochs.iter().find(|(ran, _)| *ran == netuid).map(|(_, epoch)| epoch.as_ref());
        let (Some(Ok(epoch)), Some(subnet)) = (epoch, input.subnets.get(&netuid)) else {
            let failure = epoch.and_then(Result::err).map(ToString::to_string).unwrap_or_default();
            return Err(self.contradiction(format!("the epoch of subnet {netuid} fails by the rules: {failure}")));
        };
        let (records, seats) = try_join!(
            storage_value(&self.after, storage().emission().neurons(), (netuid.into(),)),
            storage_value(&self.after, storage().neurons().seats_of(), (netuid.into(),)),
        )?;
        let records: Vec<NeuronRecord> =
            records.into_iter().flat_map(|records| records.0).map(|record| record.0).collect();
        let seats = seats.map_or_else(Vec::new, |seats| seats.0);
        // A seat that was taken in this block has lost its record of this epoch.
        let kept = |uid: usize| seats.get(uid).is_some_and(|seat| seat.registered_at != self.number);
        let mut neurons = Vec::with_capacity(subnet.seats.len());
        for (uid, seat) in subnet.seats.iter().enumerate() {
            let mut neuron = neuron(uid, seat, subnet, epoch);
            neuron.coldkey = outcome.stakes.get(&seat.hotkey).map(|stake| stake.owner);
            if let Some(record) = records.get(uid).filter(|_| kept(uid)) {
                neuron.paid = Some(record.emission);
                neuron.agrees = epoch.records.get(uid).map(|found| agrees(record, found));
            }
            neurons.push(neuron);
        }
        let record = &epoch.record;
        Ok(Audit {
            netuid,
            block: self.number,
            previous: subnet.last_epoch,
            owner: epoch.owner,
            division: epoch.division,
            expected: EpochTotals {
                accrued: record.emission,
                owner: record.owner_cut,
                miners: record.miners,
                validators: record.validators,
                recycled: epoch.recycled,
            },
            paid: EpochTotals::default(),
            neurons,
            credits: Vec::new(),
        })
    }

    fn refused(&self, error: EpochError<PublicKey>) -> ExplainError {
        match error {
            EpochError::MissingStake(hotkey) => self.contradiction(format!("hotkey {hotkey} has a seat and no record")),
            error => self.contradiction(error.to_string()),
        }
    }

    fn contradiction(&self, what: String) -> ExplainError {
        ExplainError::Contradiction { block: self.after.height(), what }
    }
}

/// Returns the terms of one neuron, without the records of the chain.
fn neuron(uid: usize, seat: &Seat, subnet: &SubnetInput, epoch: &SubnetEpoch) -> NeuronAudit {
    let (found, exact, trace) = (&epoch.consensus, &epoch.consensus.exact, epoch.trace.as_ref());
    let is = |other: Uid| usize::from(other) == uid;
    let weights = |of: fn(&WeightTrace) -> Uid| -> Vec<WeightTrace> {
        trace.into_iter().flat_map(|trace| &trace.opinions).filter(|weight| is(of(weight))).copied().collect()
    };
    let (received, given) = (weights(|weight| weight.miner), weights(|weight| weight.validator));
    let bonds = trace.into_iter().flat_map(|trace: &Trace| &trace.bonds).filter(|bond| is(bond.validator));
    let payments = epoch.payments.iter().filter(|payment| is(payment.uid));
    NeuronAudit {
        uid: Uid::new(u16::try_from(uid).unwrap_or(u16::MAX)),
        hotkey: seat.hotkey,
        coldkey: None,
        weight: epoch.stake_weights.get(uid).cloned().unwrap_or_default(),
        active: at(&found.active, uid),
        permitted: at(&subnet.permits, uid),
        missed_reveal: subnet.rows.get(uid).is_some_and(WeightsRow::is_outdated),
        stake: at(&exact.stake, uid),
        active_stake: at(&exact.active_stake, uid),
        consensus: trace.map(|trace| at(&trace.consensus, uid)).unwrap_or_default(),
        rank: received.iter().map(|weight| weight.backed).sum(),
        incentive: at(&exact.incentive, uid),
        validator_trust: given.iter().map(|weight| weight.clipped).sum(),
        bonds: bonds.copied().collect(),
        dividends: at(&exact.dividends, uid),
        received,
        given,
        emission: at(&epoch.emissions, uid),
        payments: payments.cloned().collect::<Vec<Payment>>(),
        paid: None,
        agrees: None,
    }
}

/// Returns true if the chain recorded all results of the epoch for a neuron.
///
/// Its payment, from which the score follows, is compared separately.
fn agrees(noted: &NeuronRecord, found: &NeuronRecord) -> bool {
    *noted == NeuronRecord { emission: noted.emission, score: noted.score, ..*found }
}

/// Returns the value of a vector by uid for one neuron.
fn at<V: Copy + Default>(values: &[V], uid: usize) -> V {
    values.get(uid).copied().unwrap_or_default()
}

/// Returns the rest of a whole.
fn remainder(whole: Amount<Tao>, parts: [Amount<Tao>; 3]) -> Amount<Tao> {
    let parts = Amount::checked_sum(parts).unwrap_or(Amount::MAX);
    whole.checked_sub(parts).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_is_compared_and_the_payment_is_not() {
        let found = NeuronRecord {
            active: true,
            permit: true,
            stake_weight: 1,
            consensus: 2,
            validator_trust: 3,
            incentive: 4,
            dividends: 5,
            emission: Amount::from_rao(6),
            ..NeuronRecord::FRESH
        };
        assert!(agrees(&found, &found));
        assert!(agrees(&NeuronRecord { emission: Amount::ZERO, ..found }, &found));
        for noted in [
            NeuronRecord { active: false, ..found },
            NeuronRecord { permit: false, ..found },
            NeuronRecord { stake_weight: 0, ..found },
            NeuronRecord { consensus: 0, ..found },
            NeuronRecord { validator_trust: 0, ..found },
            NeuronRecord { incentive: 0, ..found },
            NeuronRecord { dividends: 0, ..found },
        ] {
            assert!(!agrees(&noted, &found), "{noted:?}");
        }
    }
}
