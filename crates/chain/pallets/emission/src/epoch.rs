//! One epoch of one subnet: the pending emission is divided by consensus and paid. spec tokenomics §6 and §7, yuma

use crate::{
    accrual::arithmetic,
    pallet::{Bonds, Config, Error, LastEpochs, Neurons, Pallet},
};
use alloc::{collections::BTreeSet, vec::Vec};
use core::mem;
use frame_support::{
    ensure,
    traits::{
        fungible::{Balanced, Inspect},
        tokens::{DepositConsequence, Precision, Provenance},
    },
};
use myelin_economics::{
    division::{Allocation, Division, Emission, divide},
    pruning::SeatScore,
};
use myelin_epoch::rules::{ConsensusInput, allocate, epoch_params, neuron_records};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::{PayStake, ReadStake};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_pallet_weights::traits::ReadWeights;
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Tao, Uid};
use myelin_records::{
    epoch::{BondsRow, EpochRecord, NeuronRecords},
    seat::Seat,
    subnet::LaunchPhase,
    weights::WeightsRow,
};
use myelin_yuma::{EpochOutcome, Params};
use sp_runtime::{ArithmeticError, DispatchError};

/// The findings of consensus, and the division of the pools.
struct Consensus {
    /// The scores of the seats before the epoch, by uid.
    scores: Vec<SeatScore>,
    /// The bonds that consensus started from, by uid.
    held: Vec<BondsRow>,
    outcome: EpochOutcome,
    allocation: Allocation,
}

impl<T: Config> Pallet<T> {
    /// Divides the pending emission of a subnet, pays it, stores the outcome and returns its record. spec tokenomics §6.2
    ///
    /// Changes state before it may fail, so the caller must use a storage layer.
    pub(crate) fn do_epoch(netuid: NetUid, now: BlockNumber) -> Result<EpochRecord, DispatchError> {
        let subnet = T::Subnets::subnet(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let launch = T::Subnets::launch();
        let launch = launch.covers(subnet.owner.as_ref(), now).then_some(launch);
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let network = T::Subnets::network();
        let seats = T::Seats::seats(netuid);
        Self::ensure_distinct(&seats)?;
        let drained = Self::drain(netuid)?;
        let owner = subnet.owner.filter(|_| parameters.owner_cut_enabled);
        let division = Self::pay_owner(divide(drained, owner.as_ref().map(|_| network.owner_cut())), owner.as_ref())?;

        let stakes: Vec<Amount<Tao>> = seats.iter().map(|seat| T::Stake::weight(netuid, &seat.hotkey)).collect();
        let params = epoch_params(&parameters, &network);
        let Consensus { scores, held, mut outcome, allocation } =
            Self::consensus((netuid, now), &division, (&seats, &stakes), &params, launch);
        let emissions = Self::pay_neurons(netuid, &seats, allocation)?;
        Self::store_bonds(netuid, &held, mem::take(&mut outcome.bonds))?;
        Self::store_neurons(netuid, &scores, &outcome, &emissions)?;

        let record = EpochRecord {
            block: now,
            emission: drained,
            owner_cut: division.owner(),
            miners: total(&emissions, |emission| emission.miner)?,
            validators: total(&emissions, |emission| emission.validator)?,
        };
        LastEpochs::<T>::insert(netuid, record);
        Ok(record)
    }

    /// Checks that no hotkey holds two seats. It would be counted and paid twice. spec yuma §4
    fn ensure_distinct(seats: &[Seat<T::AccountId>]) -> Result<(), DispatchError> {
        let keys: BTreeSet<_> = seats.iter().map(|seat| &seat.hotkey).collect();
        ensure!(keys.len() == seats.len(), Error::<T>::DuplicateHotkey);
        Ok(())
    }

    /// Credits the owner cut to the owner. spec tokenomics §6.2, step 3
    ///
    /// The validators get the cut if it is less than the owner's account needs to be opened.
    fn pay_owner(division: Division, owner: Option<&T::AccountId>) -> Result<Division, DispatchError> {
        let cut = division.owner().rao();
        let Some(owner) = owner.filter(|_| cut > 0) else { return Ok(division) };
        if T::Currency::can_deposit(owner, cut, Provenance::Minted) == DepositConsequence::BelowMinimum {
            return Ok(division.owner_to_validators());
        }
        // Dropping the debt raises the issuance of balances by as much as was drained from the pending emission.
        drop(T::Currency::deposit(owner, cut, Precision::Exact)?);
        Ok(division)
    }

    /// Runs the consensus of a subnet and divides the pools.
    fn consensus(
        (netuid, block): (NetUid, BlockNumber),
        division: &Division,
        (seats, stakes): (&[Seat<T::AccountId>], &[Amount<Tao>]),
        params: &Params,
        launch: Option<LaunchPhase>,
    ) -> Consensus {
        let records = Neurons::<T>::get(netuid);
        let permits: Vec<bool> = records.iter().map(|record| record.permit).collect();
        let scores = records.iter().map(|record| record.score).collect();
        let held: Vec<BondsRow> = (0..)
            .map(Uid::new)
            .zip(&permits)
            .map(|(uid, permit)| if *permit { Bonds::<T>::get(netuid, uid) } else { BondsRow::default() })
            .collect();
        let rows = T::Weights::rows(netuid, seats);
        let weights: Vec<&[Entry]> = rows.iter().map(|row| row.entries.as_slice()).collect();
        // Activity counts from the row in force. The call that promised another row counts toward the quorum alone.
        let last_updates: Vec<BlockNumber> = rows.iter().map(|row| row.fixed_at).collect();
        let outdated: Vec<bool> = rows.iter().map(WeightsRow::is_outdated).collect();
        let bonds: Vec<&[Entry]> = held.iter().map(|row| row.as_slice()).collect();
        let registered_at: Vec<BlockNumber> = seats.iter().map(|seat| seat.registered_at).collect();
        let open_commits = T::Weights::pending_commits(netuid, seats);
        let input = ConsensusInput {
            block,
            last_epoch: LastEpochs::<T>::get(netuid).map(|last| last.block),
            emission: division.neurons(),
            stake_weights: stakes,
            registered_at: &registered_at,
            last_updates: &last_updates,
            last_calls: &T::Weights::last_updates(netuid, seats),
            weights: &weights,
            bonds: &bonds,
            permits: &permits,
            outdated: &outdated,
            open_commits: open_commits.as_deref(),
        };
        let outcome = input.run(params);
        let allocation = allocate(division, &input, &outcome, launch);
        Consensus { scores, held, outcome, allocation }
    }

    /// Pays each neuron its part of the two pools as stake, and returns the parts. spec tokenomics §6.2, steps 5 to 7
    ///
    /// The part without a claim is recycled.
    fn pay_neurons(
        netuid: NetUid,
        seats: &[Seat<T::AccountId>],
        allocation: Allocation,
    ) -> Result<Vec<Emission>, DispatchError> {
        let Allocation { emissions, recycled, .. } = allocation;
        Self::announce_recycled(netuid, recycled);
        let paid = emissions.iter().flat_map(|emission| [emission.miner, emission.validator]);
        let expected = Amount::checked_sum(paid.chain([T::Stake::total()])).map_err(|_| ArithmeticError::Overflow)?;
        let payments = seats.iter().map(|seat| &seat.hotkey).zip(emissions.iter().copied());
        T::Stake::pay(netuid, payments.filter(|(_, emission)| *emission != Emission::default()))?;
        ensure!(T::Stake::total() == expected, Error::<T>::PayoutMismatch);
        Ok(emissions)
    }

    /// Stores the bonds rows of validators for the next epoch. `held` are the rows stored so far. spec yuma §3.14
    fn store_bonds(netuid: NetUid, held: &[BondsRow], renewed: Vec<Vec<Entry>>) -> Result<(), DispatchError> {
        for (uid, row) in (0..).map(Uid::new).zip(renewed) {
            if !row.is_empty() {
                let row = BondsRow::try_from(row).map_err(|_| Error::<T>::TooManyNeurons)?;
                Bonds::<T>::insert(netuid, uid, row);
            } else if held.get(usize::from(uid)).is_some_and(|row| !row.is_empty()) {
                Bonds::<T>::remove(netuid, uid);
            }
        }
        Ok(())
    }

    /// Stores the record of each neuron after an epoch. spec yuma §3.13
    fn store_neurons(
        netuid: NetUid,
        scores: &[SeatScore],
        outcome: &EpochOutcome,
        emissions: &[Emission],
    ) -> Result<(), DispatchError> {
        let records = neuron_records(scores, outcome, emissions).map_err(arithmetic)?;
        Neurons::<T>::insert(netuid, NeuronRecords::try_from(records).map_err(|_| Error::<T>::TooManyNeurons)?);
        Ok(())
    }
}

/// Returns the sum of one side of all payments to neurons.
fn total(emissions: &[Emission], side: fn(&Emission) -> Amount<Tao>) -> Result<Amount<Tao>, ArithmeticError> {
    Amount::checked_sum(emissions.iter().map(side)).map_err(|_| ArithmeticError::Overflow)
}
