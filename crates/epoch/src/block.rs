//! A block: its root epoch, its accrual and its epochs, in the order of the chain. spec tokenomics §3.2.

use crate::{
    accrual::{add_block, divide, drain, needs_division},
    error::{ArithmeticStep, EpochError, EpochFailure},
    input::{BlockInput, IssuanceTerms, SubnetInput},
    outcome::{BlockOutcome, SubnetEpoch},
    payment::{ChildTakeRules, StakeWeight},
    root::new_shares,
    rules::{ConsensusInput, allocate, epoch_params, neuron_records},
    stakes::{HotkeyStake, PayError, PayingStakes},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use codec::Encode;
use core::mem;
use myelin_economics::{
    division::{Allocation, Division, Emission, divide as divide_pools},
    issuance::block_emission,
};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Tao, Uid};
use myelin_records::{
    epoch::{Accrual, BondsRow, EmissionAccounts, EpochRecord, NeuronRecords},
    weights::WeightsRow,
};
use myelin_yuma::{EpochOutcome, Trace, as_read};

/// Runs a block: the root epoch if it is due, the accrual of the block, then the epochs in `ran`, in that order.
///
/// The epochs that ran are an argument, because the chain puts off an epoch that finds no room.
/// [`due`](crate::schedule::due) lists them for a caller without a chain. With `trace` each epoch keeps the terms of
/// consensus and the growth of stake by each payment.
///
/// # Errors
/// [`EpochError::UnknownRules`] and [`EpochError::TooLarge`] for an invalid input. [`EpochError::MissingSubnet`] and
/// [`EpochError::MissingStake`] for one that lacks a subnet or a hotkey. [`EpochError::Arithmetic`] for a result of the
/// accrual out of range. The failure of one epoch is a value in the outcome.
pub fn run_block<Key: Clone + Ord + Encode>(
    input: &BlockInput<Key>,
    ran: &[NetUid],
    trace: bool,
) -> Result<BlockOutcome<Key>, EpochError<Key>> {
    input.validate()?;
    let mut state = State {
        accrual: input.accrual.clone(),
        ledger: input.ledger.clone(),
        issuance: input.issuance,
        stakes: input.stakes.clone(),
        balances: input.balances.clone(),
    };
    let shares = input.root.as_ref().map(|root| new_shares(state.ledger.keys().copied(), root));
    if let Some(Ok(shares)) = &shares {
        for (netuid, account) in &mut state.ledger {
            account.share = shares.get(netuid).copied().unwrap_or_default();
        }
        state.accrual.stale = true;
    }
    let emission = block_emission(input.issuance.total(state.accrual.pending));
    if needs_division(&state.accrual, emission) {
        divide(&mut state.accrual, &mut state.ledger, emission)?;
    }
    add_block(&mut state.accrual)?;
    let mut epochs = Vec::with_capacity(ran.len());
    for netuid in ran {
        let subnet = input.subnets.get(netuid).ok_or(EpochError::MissingSubnet(*netuid))?;
        let epoch = EpochRun { input, netuid: *netuid, subnet, trace };
        epochs.push((*netuid, epoch.run(&mut state)?));
    }
    let State { accrual, ledger, issuance, stakes, balances } = state;
    Ok(BlockOutcome { shares, accrual, ledger, issuance, stakes, balances, epochs })
}

/// The state that a block changes.
struct State<Key> {
    accrual: Accrual,
    ledger: EmissionAccounts,
    issuance: IssuanceTerms,
    stakes: BTreeMap<Key, HotkeyStake<Key>>,
    balances: BTreeMap<Key, Amount<Tao>>,
}

/// One epoch of one subnet.
struct EpochRun<'a, Key> {
    input: &'a BlockInput<Key>,
    netuid: NetUid,
    subnet: &'a SubnetInput<Key>,
    trace: bool,
}

/// The owner cut after the check that the owner's account can receive it.
struct OwnerCut {
    division: Division,
    /// Balance of the owner after the cut, if it receives one.
    balance: Option<Amount<Tao>>,
}

/// The findings of consensus with their terms, and the division of the pools.
struct Consensus {
    outcome: EpochOutcome,
    trace: Option<Trace>,
    allocation: Allocation,
}

impl<Key: Clone + Ord + Encode> EpochRun<'_, Key> {
    /// Runs the epoch, all or nothing.
    fn run(&self, state: &mut State<Key>) -> Result<Result<SubnetEpoch<Key>, EpochFailure>, EpochError<Key>> {
        let mut stakes = PayingStakes::new(&mut state.stakes, self.trace);
        let mut accrual = state.accrual.clone();
        let account = state.ledger.get_mut(&self.netuid).ok_or(EpochError::MissingSubnet(self.netuid))?;
        let mut drained_account = account.clone();
        let mut run = || -> Result<_, PayError<Key>> {
            self.ensure_distinct()?;
            let drained = drain(&mut accrual, &mut drained_account)?;
            let owner = self.subnet.owner.as_ref().filter(|_| self.subnet.parameters.owner_cut_enabled);
            let cut = self.owner_cut(owner, drained, &state.balances)?;
            let epoch = self.pay(owner, drained, cut.division, &mut stakes)?;
            let issuance = issuance_after(state.issuance, &cut, &epoch, stakes.grown())?;
            Ok((epoch, cut, issuance))
        };
        match run() {
            Ok((mut epoch, cut, issuance)) => {
                epoch.payments = stakes.finish();
                (state.accrual, state.issuance) = (accrual, issuance);
                *account = drained_account;
                if let (Some(owner), Some(balance)) = (&epoch.owner, cut.balance) {
                    state.balances.insert(owner.clone(), balance);
                }
                Ok(Ok(epoch))
            }
            Err(PayError::Failure(failure)) => {
                stakes.undo();
                Ok(Err(failure))
            }
            Err(PayError::Input(error)) => Err(error),
        }
    }

    /// Checks that no hotkey holds two seats. spec yuma §4.
    fn ensure_distinct(&self) -> Result<(), EpochFailure> {
        let keys: BTreeSet<&Key> = self.subnet.seats.iter().map(|seat| &seat.hotkey).collect();
        if keys.len() == self.subnet.seats.len() { Ok(()) } else { Err(EpochFailure::DuplicateHotkey) }
    }

    /// Divides the pending emission. spec tokenomics §6.2, steps 1 to 3.
    ///
    /// The owner cut goes to the validators if it is too small to bring the owner's account into being.
    fn owner_cut(
        &self,
        owner: Option<&Key>,
        drained: Amount<Tao>,
        balances: &BTreeMap<Key, Amount<Tao>>,
    ) -> Result<OwnerCut, ArithmeticStep> {
        let division = divide_pools(drained, owner.map(|_| self.input.network.owner_cut()));
        let Some(owner) = owner.filter(|_| !division.owner().is_zero()) else {
            return Ok(OwnerCut { division, balance: None });
        };
        let before = balances.get(owner).copied().unwrap_or_default();
        let balance = before.checked_add(division.owner()).map_err(|_| ArithmeticStep::OwnerBalance)?;
        Ok(if balance < self.input.existential_deposit {
            OwnerCut { division: division.owner_to_validators(), balance: None }
        } else {
            OwnerCut { division, balance: Some(balance) }
        })
    }

    /// Runs consensus and pays all neurons. spec tokenomics §6.2, steps 4 to 7.
    fn pay(
        &self,
        owner: Option<&Key>,
        drained: Amount<Tao>,
        division: Division,
        stakes: &mut PayingStakes<'_, Key>,
    ) -> Result<SubnetEpoch<Key>, PayError<Key>> {
        let subnet = self.subnet;
        let family = |hotkey: &Key| subnet.families.get(hotkey);
        let stake_weights: Vec<StakeWeight<Key>> =
            subnet.seats.iter().map(|seat| StakeWeight::of(stakes, &seat.hotkey, family(&seat.hotkey))).collect();
        let totals: Vec<Amount<Tao>> = stake_weights.iter().map(|weight| weight.total).collect();
        let Consensus { outcome: mut consensus, trace, allocation } = self.consensus(&division, &totals);
        let Allocation { basis, emissions, recycled } = allocation;
        let rules = ChildTakeRules::new(self.input.number, &subnet.parameters, &self.input.network);
        for ((uid, seat), emission) in (0..).map(Uid::new).zip(&subnet.seats).zip(&emissions) {
            stakes.pay_seat(uid, &seat.hotkey, family(&seat.hotkey), rules, *emission)?;
        }
        let total = |side: fn(&Emission) -> Amount<Tao>| {
            Amount::checked_sum(emissions.iter().map(side)).map_err(|_| ArithmeticStep::NeuronPay)
        };
        let record = EpochRecord {
            block: self.input.number,
            emission: drained,
            owner_cut: division.owner(),
            miners: total(|emission| emission.miner)?,
            validators: total(|emission| emission.validator)?,
        };
        let records = neuron_records(&subnet.scores, &consensus, &emissions)?;
        let bonds = mem::take(&mut consensus.bonds);
        Ok(SubnetEpoch {
            owner: owner.cloned(),
            division,
            basis,
            recycled,
            stake_weights,
            consensus,
            trace,
            emissions,
            payments: Vec::new(),
            record,
            // The input has no more seats than a network may have, so nothing is lost here.
            records: NeuronRecords::truncate_from(records),
            bonds: bonds.into_iter().map(BondsRow::truncate_from).collect(),
        })
    }

    /// Runs the consensus of the subnet and divides the pools. spec yuma §3, tokenomics §6.2, step 5.
    fn consensus(&self, division: &Division, stake_weights: &[Amount<Tao>]) -> Consensus {
        let subnet = self.subnet;
        let registered_at: Vec<BlockNumber> = subnet.seats.iter().map(|seat| seat.registered_at).collect();
        let outdated: Vec<bool> = subnet.rows.iter().map(WeightsRow::is_outdated).collect();
        // A row without entries has nothing to grow old, like a row that is missing.
        let last_update = |(uid, registered_at): (usize, &BlockNumber)| {
            let row = subnet.rows.get(uid).filter(|row| !row.entries.is_empty());
            row.map_or(*registered_at, |row| row.fixed_at)
        };
        let last_updates: Vec<BlockNumber> = registered_at.iter().enumerate().map(last_update).collect();
        let last_call = |(uid, registered_at): (usize, &BlockNumber)| {
            subnet.last_updates.get(uid).copied().unwrap_or(*registered_at)
        };
        let last_calls: Vec<BlockNumber> = registered_at.iter().enumerate().map(last_call).collect();
        let since = |rated: Uid| registered_at.get(usize::from(rated)).copied();
        let counted = |row: &WeightsRow| -> Vec<Entry> { as_read(&row.entries, row.fixed_at, since).collect() };
        let weights: Vec<Vec<Entry>> = subnet.rows.iter().map(counted).collect();
        let permitted = subnet.bonds.iter().zip(&subnet.permits);
        let bonds: Vec<&[Entry]> =
            permitted.map(|(row, permit)| if *permit { row.as_slice() } else { Default::default() }).collect();
        let input = ConsensusInput {
            block: self.input.number,
            last_epoch: subnet.last_epoch,
            emission: division.neurons(),
            stake_weights,
            registered_at: &registered_at,
            last_updates: &last_updates,
            last_calls: &last_calls,
            weights: &weights.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            bonds: &bonds,
            permits: &subnet.permits,
            outdated: &outdated,
            open_commits: subnet.open_commits.as_deref(),
        };
        let params = epoch_params(&subnet.parameters, &self.input.network);
        let (outcome, trace) = if self.trace {
            let (outcome, trace) = input.run_traced(&params);
            (outcome, Some(trace))
        } else {
            (input.run(&params), None)
        };
        let launch = self.input.launch;
        let launch = launch.covers(subnet.owner.as_ref(), self.input.number).then_some(launch);
        let allocation = allocate(division, &input, &outcome, launch);
        Consensus { outcome, trace, allocation }
    }
}

/// Returns the terms of the issuance after an epoch, which must pay all that it divides. The stake grew by `grown`.
fn issuance_after<Key>(
    before: IssuanceTerms,
    cut: &OwnerCut,
    epoch: &SubnetEpoch<Key>,
    grown: Amount<Tao>,
) -> Result<IssuanceTerms, EpochFailure> {
    if grown.checked_add(epoch.recycled) != Ok(cut.division.neurons()) {
        return Err(EpochFailure::PayoutMismatch);
    }
    let balances = before.balances.checked_add(cut.division.owner()).map_err(|_| ArithmeticStep::OwnerBalance)?;
    let staked = before.staked.checked_add(grown).map_err(|_| ArithmeticStep::TotalStake)?;
    Ok(IssuanceTerms { balances, staked, ..before })
}
