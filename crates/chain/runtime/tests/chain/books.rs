//! The books of a block: the issuance grows by what the block mints and falls by what its events say was recycled, to
//! the rao. spec tokenomics §9.2, §9.5

use frame_system::{EventRecord, Phase};
use myelin_economics::issuance::block_emission;
use myelin_pallet_emission::{Event as EmissionEvent, Ledger};
use myelin_pallet_staking::Event as StakingEvent;
use myelin_pallet_subnets::Event as SubnetsEvent;
use myelin_primitives::{Amount, Tao};
use myelin_runtime::{Emission, Hash, Runtime, RuntimeEvent, System};
use pallet_balances::Event as BalancesEvent;
use pallet_transaction_payment::Event as PaymentEvent;
use std::collections::BTreeMap;

/// The books of one block that is being made.
pub(crate) struct Books {
    before: Amount<Tao>,
    minted: Amount<Tao>,
}

impl Books {
    /// Opens the books before a block begins.
    pub(crate) fn open() -> Self {
        Self { before: Emission::total_issuance(), minted: Amount::ZERO }
    }

    /// Notes the emission, after the hooks at the beginning of the block and before its transactions.
    ///
    /// The issuance decides how much a block mints, and subnets that may earn decide if it mints at all.
    pub(crate) fn note_emission(&mut self) {
        if Ledger::<Runtime>::get().values().any(|account| account.eligible) {
            self.minted = block_emission(self.before);
        }
    }

    /// Closes the books at the end of the block.
    pub(crate) fn close(self) {
        let events = System::events();
        for record in &events {
            if let RuntimeEvent::Emission(
                event @ (EmissionEvent::EpochFailed { .. } | EmissionEvent::AccrualFailed { .. }),
            ) = &record.event
            {
                panic!("{event:?}");
            }
        }
        let Self { before, minted } = self;
        let (recycled, after) = (recycled(&events), Emission::total_issuance());
        assert_eq!(
            u128::from(after.rao()) + u128::from(recycled),
            u128::from(before.rao()) + u128::from(minted.rao()),
            "the issuance was {before:?}, the block minted {minted:?} and recycled {recycled} rao, and now it is \
             {after:?}, after {events:#?}"
        );
    }
}

/// Returns how much the events of a block say was recycled, in rao.
fn recycled(events: &[EventRecord<RuntimeEvent, Hash>]) -> u64 {
    let mut transactions: BTreeMap<u32, Vec<&RuntimeEvent>> = BTreeMap::new();
    for record in events {
        if let Phase::ApplyExtrinsic(index) = record.phase {
            transactions.entry(index).or_default().push(&record.event);
        }
    }
    let fees = transactions.values().map(|events| fee(events));
    events.iter().map(|record| amount(&record.event)).chain(fees).sum()
}

/// Returns how much one event says was recycled.
fn amount(event: &RuntimeEvent) -> u64 {
    match event {
        RuntimeEvent::Balances(BalancesEvent::DustLost { amount, .. } | BalancesEvent::Burned { amount, .. }) => {
            *amount
        }
        RuntimeEvent::Subnets(SubnetsEvent::NetworkRemoved { recycled, .. }) => recycled.rao(),
        RuntimeEvent::Staking(StakingEvent::StakeRecycled { amount, .. })
        | RuntimeEvent::Emission(EmissionEvent::EmissionRecycled { amount, .. }) => amount.rao(),
        _ => 0,
    }
}

/// Returns what was taken for a transaction and not given back.
///
/// Of an account that is gone after the call nothing is given back, so this is the fee or more. It is dropped last of
/// all, before the event of the fee.
fn fee(events: &[&RuntimeEvent]) -> u64 {
    let paid = |event: &&RuntimeEvent| matches!(event, RuntimeEvent::TransactionPayment(_));
    let Some(place) = events.iter().rposition(paid) else { return 0 };
    match (events[place - 1], events[place]) {
        (
            RuntimeEvent::Balances(BalancesEvent::BurnedDebt { amount }),
            RuntimeEvent::TransactionPayment(PaymentEvent::TransactionFeePaid { actual_fee, .. }),
        ) => {
            assert!(amount >= actual_fee, "of a fee of {actual_fee} only {amount} was taken");
            *amount
        }
        (_, RuntimeEvent::TransactionPayment(PaymentEvent::TransactionFeePaid { actual_fee: 0, .. })) => 0,
        events => panic!("a fee without its end: {events:?}"),
    }
}
