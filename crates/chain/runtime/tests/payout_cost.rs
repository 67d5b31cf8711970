//! The reads and writes of a payout to a hotkey with any number of nominators.

#![allow(clippy::print_stdout, reason = "the numbers are of interest too")]

use frame_support::assert_ok;
use myelin_economics::division::Emission;
use myelin_pallet_staking::{GenesisConfig, traits::PayStake};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_runtime::{AccountId, Runtime, Staking};
use sp_io::TestExternalities;
use sp_runtime::BuildStorage;

/// Returns the numbers of storage keys that a payout to a hotkey with this many nominators reads and writes.
fn payout_accesses(nominators: u32) -> (usize, usize) {
    let owner = AccountId::new([0xff; 32]);
    let hotkey = AccountId::new([0xee; 32]);
    let nominator = |number: u32| {
        let mut account = [0; 32];
        account[..4].copy_from_slice(&number.to_le_bytes());
        AccountId::new(account)
    };
    let one_tao = Amount::from_rao(RAO_PER_TAO);
    let mut stakes = vec![(owner, hotkey.clone(), one_tao)];
    stakes.extend((0..nominators).map(|number| (nominator(number), hotkey.clone(), one_tao)));
    let genesis = GenesisConfig::<Runtime> { stakes }.build_storage();

    let mut state: TestExternalities = genesis.expect("the stakes can exist").into();
    let recorder = sp_trie::recorder::Recorder::default();
    state.execute_with_recorder(recorder.clone(), || {
        let emission = Emission { miner: Amount::ZERO, validator: one_tao };
        assert_ok!(Staking::pay(NetUid::new(1), [(&hotkey, emission)]));
    });
    let reads = recorder.recorded_keys().into_values().map(|keys| keys.len()).sum();
    let writes = state.overlayed_changes().changes().count();
    (reads, writes)
}

/// The expected reads and writes of a payout.
///
/// Reads: the family, the owner, the hotkey's record, the greatest take, the number of the block, the pool, the owner's
/// holding, the total stake. Writes: the last three.
const ACCESSES: (usize, usize) = (8, 3);

#[test]
fn a_payout_costs_the_same_for_one_nominator_and_for_a_hundred_thousand() {
    for nominators in [1, 1_000, 100_000] {
        let (reads, writes) = payout_accesses(nominators);
        println!("{nominators:>7} nominators: {reads} keys read, {writes} keys written");
        assert_eq!((reads, writes), ACCESSES, "{nominators} nominators");
    }
}
