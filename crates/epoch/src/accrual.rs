//! Accrual: from the block emission to the pending emission of each subnet. spec tokenomics §5.4.
//!
//! Accrual is lazy and exact. A block changes one record, [`Accrual`], for any number of subnets. The pending emission
//! of a subnet follows from its amount per block and the number of blocks that have accrued ([`accrued`]). If shares,
//! eligibility, the number of subnets or the block emission changed, all accounts are settled and the emission is
//! divided anew ([`needs_division`], [`divide`]).

use crate::error::ArithmeticStep;
use alloc::vec::Vec;
use core::mem;
use myelin_economics::root::{Share, divide_emission};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::epoch::{Accrual, EmissionAccount, EmissionAccounts};

/// Returns the pending emission of a subnet once `blocks` blocks have accrued.
///
/// # Errors
/// [`ArithmeticStep::UnsettledBlocks`] if the account includes more blocks; [`ArithmeticStep::AccruedEmission`] if the
/// amount is too large.
pub fn accrued(account: &EmissionAccount, blocks: BlockNumber) -> Result<Amount<Tao>, ArithmeticStep> {
    let unsettled = blocks.checked_sub(account.since).ok_or(ArithmeticStep::UnsettledBlocks)?;
    let rao = account.per_block.rao().checked_mul(unsettled.into()).ok_or(ArithmeticStep::AccruedEmission)?;
    account.settled.checked_add(Amount::from_rao(rao)).map_err(|_| ArithmeticStep::AccruedEmission)
}

/// Settles an account: counts what accrued so far, so that its amount per block may change.
///
/// # Errors
/// As [`accrued`]. The account is then unchanged.
pub fn settle(account: &mut EmissionAccount, blocks: BlockNumber) -> Result<(), ArithmeticStep> {
    account.settled = accrued(account, blocks)?;
    account.since = blocks;
    Ok(())
}

/// Returns true if the emission must be divided anew before a block that creates `emission` accrues.
pub fn needs_division(accrual: &Accrual, emission: Amount<Tao>) -> bool {
    accrual.stale || accrual.emission != emission
}

/// Returns the condition on which an account takes part in the division among these. spec tokenomics §5.4.
pub fn takes_part(accounts: &EmissionAccounts) -> impl Fn(&EmissionAccount) -> bool + use<> {
    let are_rated = accounts.values().any(|account| account.eligible && account.share != Share::default());
    move |account| account.eligible && (are_rated || !account.needs_share)
}

/// Settles all accounts and divides `emission`, which following blocks create, among the eligible subnets.
///
/// While no eligible subnet has a share, those that need one receive nothing. spec tokenomics §5.4.
///
/// # Errors
/// As [`accrued`]. Some accounts may then be settled already.
pub fn divide(
    accrual: &mut Accrual,
    accounts: &mut EmissionAccounts,
    emission: Amount<Tao>,
) -> Result<(), ArithmeticStep> {
    for (_, account) in accounts.iter_mut() {
        settle(account, accrual.blocks)?;
        account.per_block = Amount::ZERO;
    }
    let takes_part = takes_part(accounts);
    let mut parties: Vec<&mut EmissionAccount> =
        accounts.iter_mut().map(|(_, account)| account).filter(|account| takes_part(account)).collect();
    let shares: Vec<Share> = parties.iter().map(|account| account.share).collect();
    for (account, part) in parties.iter_mut().zip(divide_emission(emission, &shares)) {
        account.per_block = part;
    }
    accrual.minted = if parties.is_empty() { Amount::ZERO } else { emission };
    accrual.emission = emission;
    accrual.stale = false;
    Ok(())
}

/// Counts one more block, whose emission becomes pending.
///
/// # Errors
/// [`ArithmeticStep::AccruedBlocks`] after the last block number; [`ArithmeticStep::PendingEmission`] if the amount is
/// too large. The record may then be changed in part.
pub fn add_block(accrual: &mut Accrual) -> Result<(), ArithmeticStep> {
    accrual.blocks = accrual.blocks.checked_add(1).ok_or(ArithmeticStep::AccruedBlocks)?;
    accrual.pending = accrual.pending.checked_add(accrual.minted).map_err(|_| ArithmeticStep::PendingEmission)?;
    Ok(())
}

/// Takes all pending emission of a subnet and returns it. The caller pays it, or it is recycled.
///
/// # Errors
/// As [`accrued`]; [`ArithmeticStep::DrainedEmission`] if all subnets together have less. The records may then be
/// changed in part.
pub fn drain(accrual: &mut Accrual, account: &mut EmissionAccount) -> Result<Amount<Tao>, ArithmeticStep> {
    settle(account, accrual.blocks)?;
    let drained = mem::take(&mut account.settled);
    accrual.pending = accrual.pending.checked_sub(drained).map_err(|_| ArithmeticStep::DrainedEmission)?;
    Ok(drained)
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::NetUid;
    use proptest::prelude::*;

    fn rao(rao: u64) -> Amount<Tao> {
        Amount::from_rao(rao)
    }

    fn account(share: u64, eligible: bool, per_block: u64, settled: u64, since: u32) -> EmissionAccount {
        EmissionAccount {
            share: Share::from_bits(share),
            eligible,
            needs_share: false,
            per_block: rao(per_block),
            settled: rao(settled),
            since,
        }
    }

    fn accounts(accounts: &[EmissionAccount]) -> EmissionAccounts {
        let numbered = (1..).map(NetUid::new).zip(accounts.iter().cloned());
        numbered.collect::<alloc::collections::BTreeMap<_, _>>().try_into().unwrap()
    }

    #[test]
    fn pending_is_settled_and_the_blocks_since() {
        assert_eq!(accrued(&account(0, true, 7, 100, 10), 10), Ok(rao(100)));
        assert_eq!(accrued(&account(0, true, 7, 100, 10), 13), Ok(rao(121)));
        assert_eq!(accrued(&account(0, true, 7, 100, 10), 9), Err(ArithmeticStep::UnsettledBlocks));
        assert_eq!(accrued(&account(0, true, u64::MAX, 0, 0), 2), Err(ArithmeticStep::AccruedEmission));
        assert_eq!(accrued(&account(0, true, 1, u64::MAX, 0), 1), Err(ArithmeticStep::AccruedEmission));
        let mut settled = account(0, true, 7, 100, 10);
        settle(&mut settled, 13).unwrap();
        assert_eq!(settled, account(0, true, 7, 121, 13));
    }

    #[test]
    fn without_shares_only_subnets_that_need_none_receive() {
        let divided = |accounts_before: &[EmissionAccount]| {
            let (mut accrual, mut ledger) = (Accrual::default(), accounts(accounts_before));
            divide(&mut accrual, &mut ledger, rao(100)).unwrap();
            let parts: Vec<u64> = ledger.values().map(|account| account.per_block.rao()).collect();
            (parts, accrual.minted.rao())
        };
        let owned = |share| EmissionAccount { needs_share: true, ..account(share, true, 0, 0, 0) };
        let unowned = |share, eligible| account(share, eligible, 0, 0, 0);
        let half = u64::MAX / 2;
        assert_eq!(divided(&[unowned(0, true), owned(0)]), (vec![100, 0], 100));
        assert_eq!(divided(&[unowned(0, true), owned(half)]), (vec![0, 100], 100));
        assert_eq!(divided(&[unowned(half, true), owned(half)]), (vec![50, 50], 100));
        // The share of a subnet that is not eligible does not count.
        assert_eq!(divided(&[unowned(half, false), owned(0)]), (vec![0, 0], 0));
        assert_eq!(divided(&[owned(0)]), (vec![0], 0));
    }

    #[test]
    fn the_emission_is_divided_by_share_among_eligible_subnets() {
        let half = u64::MAX / 2;
        let mut accrual = Accrual { blocks: 4, stale: true, ..Accrual::default() };
        let mut ledger =
            accounts(&[account(half, true, 10, 0, 2), account(half, false, 5, 3, 4), account(half, true, 0, 1, 0)]);
        divide(&mut accrual, &mut ledger, rao(101)).unwrap();
        let expected =
            accounts(&[account(half, true, 51, 20, 4), account(half, false, 0, 3, 4), account(half, true, 50, 1, 4)]);
        assert_eq!(ledger, expected);
        assert_eq!((accrual.emission, accrual.minted, accrual.stale), (rao(101), rao(101), false));
    }

    #[test]
    fn without_an_eligible_subnet_nothing_is_minted() {
        let mut accrual = Accrual::default();
        let mut ledger = accounts(&[account(u64::MAX, false, 10, 0, 0)]);
        divide(&mut accrual, &mut ledger, Amount::ONE_TAO).unwrap();
        add_block(&mut accrual).unwrap();
        assert_eq!((accrual.minted, accrual.pending, accrual.blocks), (Amount::ZERO, Amount::ZERO, 1));
        assert_eq!(ledger, accounts(&[account(u64::MAX, false, 0, 0, 0)]));
    }

    #[test]
    fn a_division_is_needed_after_a_change_only() {
        let mut accrual = Accrual::default();
        assert!(needs_division(&accrual, Amount::ONE_TAO));
        divide(&mut accrual, &mut accounts(&[]), Amount::ONE_TAO).unwrap();
        assert!(!needs_division(&accrual, Amount::ONE_TAO));
        assert!(needs_division(&accrual, rao(1)));
    }

    #[test]
    fn a_drained_account_begins_anew() {
        let mut accrual = Accrual { blocks: 13, pending: rao(150), ..Accrual::default() };
        let mut drained = account(0, true, 7, 100, 10);
        assert_eq!(drain(&mut accrual, &mut drained), Ok(rao(121)));
        assert_eq!((drained, accrual.pending), (account(0, true, 7, 0, 13), rao(29)));
        let mut more = account(0, true, 0, 30, 0);
        assert_eq!(drain(&mut accrual, &mut more), Err(ArithmeticStep::DrainedEmission));
    }

    #[test]
    fn counts_end_with_their_range() {
        let mut last = Accrual { blocks: u32::MAX, ..Accrual::default() };
        assert_eq!(add_block(&mut last), Err(ArithmeticStep::AccruedBlocks));
        let mut full = Accrual { pending: Amount::MAX, minted: rao(1), ..Accrual::default() };
        assert_eq!(add_block(&mut full), Err(ArithmeticStep::PendingEmission));
    }

    proptest! {
        #[test]
        fn lazy_accrual_is_that_of_block_by_block(
            subnets in proptest::collection::vec((any::<u64>(), any::<bool>()), 0..6),
            emissions in proptest::collection::vec(0..2_000_000_000_u64, 1..6),
            blocks in 1..50_u32,
        ) {
            let mut accrual = Accrual::default();
            let mut ledger: Vec<_> =
                subnets.iter().map(|(share, eligible)| account(*share, *eligible, 0, 0, 0)).collect();
            let mut lazy = accounts(&ledger);
            for emission in emissions {
                for _ in 0..blocks {
                    if needs_division(&accrual, rao(emission)) {
                        divide(&mut accrual, &mut lazy, rao(emission)).unwrap();
                    }
                    add_block(&mut accrual).unwrap();
                    // The plain rule: every block is divided by itself.
                    let eligible: Vec<_> = ledger.iter().filter(|account| account.eligible).collect();
                    let shares: Vec<Share> = eligible.iter().map(|account| account.share).collect();
                    let mut parts = divide_emission(rao(emission), &shares).into_iter();
                    for account in ledger.iter_mut().filter(|account| account.eligible) {
                        account.settled = account.settled.checked_add(parts.next().unwrap()).unwrap();
                    }
                }
            }
            let pending: Vec<_> = lazy.values().map(|account| accrued(account, accrual.blocks).unwrap()).collect();
            prop_assert_eq!(&pending, &ledger.iter().map(|account| account.settled).collect::<Vec<_>>());
            prop_assert_eq!(Amount::checked_sum(pending), Ok(accrual.pending));
        }
    }
}
