//! Whole blocks, computed by hand.

use crate::{
    error::{EpochError, EpochFailure},
    input::{BlockInput, IssuanceTerms, RootInput, RootMember, SubnetInput},
    outcome::{BlockOutcome, SubnetEpoch},
    run_block,
    stakes::{HotkeyStake, PaymentGrowth},
};
use myelin_economics::{
    children::Proportion,
    division::Basis,
    issuance::MAX_SUPPLY,
    payout::Payout,
    pool::{Holding, Pool},
    pruning::SeatScore,
    root::{NoShares, Share, Sigmoid},
};
use myelin_primitives::{Amount, Entry, NetUid, Take, Tao, Uid};
use myelin_records::{
    epoch::{Accrual, BondsRow, EmissionAccount, EpochRecord, NeuronRecord},
    parameters::Parameters,
    seat::Seat,
    stake::{Family, FamilyMember},
    subnet::LaunchPhase,
    weights::WeightsRow,
};
use proptest::{collection::vec, prelude::*};

/// A key: hotkeys are small letters, coldkeys large ones.
type Key = u8;

const BLOCK: u32 = 100;

fn rao(rao: u64) -> Amount<Tao> {
    Amount::from_rao(rao)
}

fn subnet(netuid: u16) -> NetUid {
    NetUid::new(netuid)
}

/// Returns the stake of an owner and, for a delegate, of nominators.
fn stake(owner: Key, own: u64, nominated: u64, take: Option<u16>) -> HotkeyStake<Key> {
    let (mut pool, mut holding, mut others) = (Pool::default(), Holding::default(), Holding::default());
    pool.deposit(&mut holding, rao(own)).unwrap();
    pool.deposit(&mut others, rao(nominated)).unwrap();
    HotkeyStake { owner, take: take.map(Take::new), pool, holding }
}

fn seats(hotkeys: &[Key]) -> Vec<Seat<Key>> {
    hotkeys.iter().map(|hotkey| Seat { hotkey: *hotkey, registered_at: 1 }).collect()
}

fn row(entries: &[(u16, u16)], fixed_at: u32) -> WeightsRow {
    let entries: Vec<_> = entries.iter().map(|(uid, value)| Entry::new(Uid::new(*uid), *value)).collect();
    WeightsRow { entries: entries.try_into().unwrap(), fixed_at, missed_at: None }
}

/// Returns a subnet without an owner, in which the validator `v` gives all its weight to the miner `m`.
///
/// `v` is on seat 0 and `m` on seat 1.
fn pair() -> SubnetInput<Key> {
    SubnetInput {
        parameters: Parameters { commit_reveal: false, ..Parameters::default() },
        seats: seats(b"vm"),
        permits: vec![true, false],
        rows: vec![row(&[(1, u16::MAX)], 90)],
        last_updates: vec![90],
        ..SubnetInput::default()
    }
}

/// Returns a block with these subnets and stakes, each subnet with this pending emission, and no new emission.
fn block(subnets: &[(u16, u64, SubnetInput<Key>)], stakes: &[(Key, HotkeyStake<Key>)]) -> BlockInput<Key> {
    let mut input = BlockInput { number: BLOCK, ..BlockInput::default() };
    for (netuid, pending, subnet) in subnets {
        let account = EmissionAccount { settled: rao(*pending), ..EmissionAccount::default() };
        input.ledger.try_insert(NetUid::new(*netuid), account).unwrap();
        input.subnets.insert(NetUid::new(*netuid), subnet.clone());
        input.accrual.pending = input.accrual.pending.checked_add(rao(*pending)).unwrap();
    }
    input.stakes = stakes.iter().cloned().collect();
    input.issuance.staked = Amount::checked_sum(input.stakes.values().map(|stake| stake.pool.value())).unwrap();
    input.existential_deposit = rao(500);
    input
}

fn run(input: &BlockInput<Key>, ran: &[u16]) -> BlockOutcome<Key> {
    let ran: Vec<NetUid> = ran.iter().copied().map(NetUid::new).collect();
    run_block(input, &ran, true).unwrap()
}

fn emissions(epoch: &SubnetEpoch<Key>) -> Vec<(u64, u64)> {
    epoch.emissions.iter().map(|emission| (emission.miner.rao(), emission.validator.rao())).collect()
}

/// Returns the values of pools after a block.
fn values(outcome: &BlockOutcome<Key>) -> Vec<(char, u64)> {
    outcome.stakes.iter().map(|(hotkey, stake)| (char::from(*hotkey), stake.pool.value().rao())).collect()
}

fn failure(outcome: &BlockOutcome<Key>, netuid: u16) -> Option<EpochFailure> {
    let (_, epoch) = outcome.epochs.iter().find(|(ran, _)| *ran == subnet(netuid))?;
    epoch.as_ref().err().copied()
}

#[test]
fn a_weight_becomes_pay_for_both_sides() {
    let stakes = [(b'v', stake(b'V', 1_000, 0, None)), (b'm', stake(b'M', 0, 0, None))];
    let input = block(&[(1, 1_001, pair())], &stakes);
    let outcome = run(&input, &[1]);
    let epoch = outcome.epoch(subnet(1)).unwrap();
    // Without an owner the halves are of the whole, the odd rao for the validators.
    assert_eq!((epoch.division.miners().rao(), epoch.division.validators().rao()), (500, 501));
    assert_eq!((epoch.basis, epoch.recycled, epoch.owner), (Basis::Rated, Amount::ZERO, None));
    assert_eq!(emissions(epoch), [(0, 501), (500, 0)]);
    let record =
        EpochRecord { block: BLOCK, emission: rao(1_001), owner_cut: rao(0), miners: rao(500), validators: rao(501) };
    assert_eq!(epoch.record, record);
    let validator = NeuronRecord {
        active: true,
        permit: true,
        stake_weight: u16::MAX,
        validator_trust: u16::MAX,
        dividends: u16::MAX,
        emission: rao(501),
        score: SeatScore { mean: rao(501), epochs: 1 },
        ..NeuronRecord::FRESH
    };
    let miner = NeuronRecord {
        consensus: u16::MAX,
        incentive: u16::MAX,
        emission: rao(500),
        score: SeatScore { mean: rao(500), epochs: 1 },
        ..NeuronRecord::FRESH
    };
    assert_eq!(epoch.records.as_slice(), [validator, miner]);
    assert_eq!((epoch.bonds[0][0].uid, epoch.bonds[0].len(), epoch.bonds[1].len()), (Uid::new(1), 1, 0));
    assert_eq!(values(&outcome), [('m', 500), ('v', 1_501)]);
    // All pending emission is paid.
    assert_eq!((outcome.accrual.pending, outcome.issuance.staked), (rao(0), rao(2_001)));
    assert_eq!(outcome.ledger[&subnet(1)].settled, rao(0));
    assert!(epoch.trace.as_ref().is_some_and(|trace| trace.opinions.len() == 1));
}

#[test]
fn without_a_trace_the_pay_is_the_same() {
    let stakes = [(b'v', stake(b'V', 1_000, 3_000, Some(6_554))), (b'm', stake(b'M', 0, 0, None))];
    let input = block(&[(1, 1_000, pair())], &stakes);
    let plain = run_block(&input, &[subnet(1)], false).unwrap();
    let mut traced = run(&input, &[1]);
    for (_, epoch) in &mut traced.epochs {
        let epoch = epoch.as_mut().unwrap();
        epoch.trace = None;
        epoch.payments.iter_mut().for_each(|payment| payment.growth = None);
    }
    assert_eq!(plain, traced);
}

#[test]
fn the_owner_receives_its_cut_if_its_account_can_exist() {
    let stakes = [(b'v', stake(b'V', 1_000, 0, None)), (b'm', stake(b'M', 0, 0, None))];
    let owned = |owner_cut_enabled| SubnetInput {
        owner: Some(b'O'),
        parameters: Parameters { owner_cut_enabled, ..pair().parameters },
        ..pair()
    };
    let with = |balance: Option<u64>, pending, owner_cut_enabled| {
        let mut input = block(&[(1, pending, owned(owner_cut_enabled))], &stakes);
        input.balances = balance.map(|balance| (b'O', rao(balance))).into_iter().collect();
        let outcome = run(&input, &[1]);
        let epoch = outcome.epoch(subnet(1)).unwrap();
        assert_eq!(epoch.owner, owner_cut_enabled.then_some(b'O'));
        let pools = [epoch.division.owner(), epoch.division.miners(), epoch.division.validators()].map(Amount::rao);
        let balance = outcome.balances.get(&b'O').map(|balance| balance.rao());
        (pools, balance, outcome.issuance.balances.rao())
    };
    // 18 %, and the rest half and half.
    assert_eq!(with(Some(500), 1_000, true), ([180, 410, 410], Some(680), 180));
    // 180 rao alone are below the existential deposit of 500; 320 with them are not.
    assert_eq!(with(None, 1_000, true), ([0, 410, 590], None, 0));
    assert_eq!(with(Some(319), 1_000, true), ([0, 410, 590], Some(319), 0));
    assert_eq!(with(Some(320), 1_000, true), ([180, 410, 410], Some(500), 180));
    assert_eq!(with(None, 10_000, true), ([1_800, 4_100, 4_100], Some(1_800), 1_800));
    assert_eq!(with(Some(500), 1_000, false), ([0, 500, 500], Some(500), 0));
    // A cut of zero needs no account.
    assert_eq!(with(None, 5, true), ([0, 2, 3], None, 0));
}

#[test]
fn a_delegate_takes_and_shares() {
    // Take 10 %: of 500 rao 50 for the owner alone, 450 for 1 000 of the owner and 3 000 of others.
    let stakes = [(b'v', stake(b'V', 1_000, 3_000, Some(6_554))), (b'm', stake(b'M', 0, 0, None))];
    let outcome = run(&block(&[(1, 1_000, pair())], &stakes), &[1]);
    let payments = &outcome.epoch(subnet(1)).unwrap().payments;
    assert_eq!(payments.len(), 2);
    let paid = &payments[0];
    assert_eq!((paid.uid, paid.hotkey, paid.coldkey, paid.take), (Uid::new(0), b'v', b'V', Some(Take::new(6_554))));
    assert_eq!(paid.payout, Payout { owner: rao(50), shared: rao(450) });
    // The owner's part is 50 and a quarter of 450, rounded down; the pool rounds in favour of the others.
    assert_eq!(paid.growth, Some(PaymentGrowth { owner: rao(162), nominators: rao(338) }));
    assert_eq!((payments[1].hotkey, payments[1].payout), (b'm', Payout { owner: rao(500), shared: rao(0) }));
}

#[test]
fn parents_lend_weight_and_are_paid_for_it() {
    let parent = FamilyMember { proportion: Proportion::from_parts(u64::MAX), hotkey: b'p' };
    let family = Family { parents: vec![parent].try_into().unwrap(), ..Family::default() };
    let subnet_input = SubnetInput { families: [(b'v', family)].into(), ..pair() };
    let stakes =
        [(b'v', stake(b'V', 250, 0, None)), (b'p', stake(b'P', 750, 0, None)), (b'm', stake(b'M', 0, 0, None))];
    let outcome = run(&block(&[(1, 1_000, subnet_input)], &stakes), &[1]);
    let epoch = outcome.epoch(subnet(1)).unwrap();
    let weight = &epoch.stake_weights[0];
    assert_eq!((weight.own, weight.total, weight.borrowed[0].amount), (rao(250), rao(1_000), rao(750)));
    let paid: Vec<_> = epoch
        .payments
        .iter()
        .map(|payment| (payment.uid.get(), payment.hotkey, payment.emission.validator.rao()))
        .collect();
    // Three quarters of the dividend of 500 are earned with borrowed weight. The parent is paid first.
    assert_eq!(paid, [(0, b'p', 375), (0, b'v', 125), (1, b'm', 0)]);
    assert_eq!(values(&outcome), [('m', 500), ('p', 1_125), ('v', 375)]);
}

#[test]
fn without_neurons_both_pools_are_recycled() {
    let empty = SubnetInput { owner: Some(b'O'), ..SubnetInput::default() };
    let mut input = block(&[(1, 1_000, empty)], &[]);
    input.balances = [(b'O', rao(500))].into();
    let outcome = run(&input, &[1]);
    let epoch = outcome.epoch(subnet(1)).unwrap();
    assert_eq!((epoch.basis, epoch.recycled, epoch.record.owner_cut), (Basis::Unclaimed, rao(820), rao(180)));
    assert!(epoch.emissions.is_empty() && epoch.records.is_empty() && epoch.payments.is_empty());
    // The recycled part is in no term of the issuance any more.
    assert_eq!((outcome.accrual.pending, outcome.issuance.balances), (rao(0), rao(180)));
    assert_eq!(outcome.issuance.staked, rao(0));
}

#[test]
fn silence_pays_no_neuron() {
    for (permits, stakes) in [(vec![], [0, 0]), (vec![true, true], [1_000, 3_000]), (vec![], [1_000, 3_000])] {
        let silent = SubnetInput { seats: seats(b"ab"), permits, owner: Some(b'O'), ..SubnetInput::default() };
        let has_stake = stakes != [0, 0];
        let [a, b] = stakes.map(|own| stake(b'A', own, 0, None));
        let mut input = block(&[(1, 100, silent)], &[(b'a', a), (b'b', b)]);
        input.balances = [(b'O', rao(500))].into();
        let outcome = run(&input, &[1]);
        let epoch = outcome.epoch(subnet(1)).unwrap();
        assert_eq!((epoch.basis, epoch.recycled, emissions(epoch)), (Basis::Unclaimed, rao(82), vec![(0, 0); 2]));
        assert_eq!(epoch.record.owner_cut, rao(18), "the owner is paid all the same");
        assert!(epoch.records.iter().all(|record| !record.active && record.emission.is_zero()));
        assert!(epoch.records.iter().all(|record| record.permit == has_stake), "a permit needs stake");
        assert_eq!(outcome.stakes, input.stakes);
    }
}

#[test]
fn in_the_launch_phase_time_is_paid() {
    // Seats of blocks 1, 50 and 75. The epoch before was in block 50, so they were held for 50, 50 and 25 blocks.
    let mut launching = SubnetInput {
        last_epoch: Some(50),
        seats: seats(b"vmx"),
        permits: vec![true, false, false],
        rows: vec![row(&[(1, 1)], 90)],
        ..pair()
    };
    launching.seats[1].registered_at = 50;
    launching.seats[2].registered_at = 75;
    let stakes = [(b'v', 1_000), (b'm', 0), (b'x', 0)].map(|(key, own)| (key, stake(b'O', own, 0, None)));
    let with = |ends_at, least_seats, owner: Option<Key>| {
        let mut input = block(&[(1, 1_001, SubnetInput { owner, ..launching.clone() })], &stakes);
        input.launch = LaunchPhase { opens_at: 0, ends_at, least_seats };
        input.balances = [(b'O', rao(500))].into();
        let outcome = run(&input, &[1]);
        let epoch = outcome.epoch(subnet(1)).unwrap().clone();
        assert_eq!(epoch.records[1].incentive, u16::MAX, "consensus runs as always");
        (epoch.basis, emissions(&epoch), epoch.recycled.rao())
    };
    // The remainder goes to the lowest uid of those with the largest weight.
    assert_eq!(with(BLOCK + 1, 3, None), (Basis::Launch, vec![(401, 0), (400, 0), (200, 0)], 0));
    assert_eq!(with(BLOCK + 1, 4, None), (Basis::Unclaimed, vec![(0, 0); 3], 1_001));
    assert_eq!(with(BLOCK, 3, None), (Basis::Rated, vec![(0, 501), (500, 0), (0, 0)], 0));
    assert_eq!(with(BLOCK + 1, 3, Some(b'O')).0, Basis::Rated, "a subnet with an owner is paid by consensus");

    // No seat was held for a block.
    launching.seats.iter_mut().for_each(|seat| seat.registered_at = BLOCK);
    let mut input = block(&[(1, 100, launching)], &stakes);
    input.launch = LaunchPhase { opens_at: 0, ends_at: BLOCK + 1, least_seats: 0 };
    assert_eq!(run(&input, &[1]).epoch(subnet(1)).unwrap().recycled, rao(100));
}

#[test]
fn a_pool_without_a_claim_is_recycled() {
    // The moving average keeps all of the past, so bonds never arise and no validator has a dividend.
    let mut frozen = pair();
    frozen.parameters.bonds_moving_average = 1_000_000;
    let stakes = [(b'v', stake(b'V', 1_000, 0, None)), (b'm', stake(b'M', 0, 0, None))];
    let outcome = run(&block(&[(1, 101, frozen)], &stakes), &[1]);
    let epoch = outcome.epoch(subnet(1)).unwrap();
    assert_eq!((epoch.basis, epoch.recycled, emissions(epoch)), (Basis::Rated, rao(51), vec![(0, 0), (50, 0)]));
    assert_eq!((outcome.accrual.pending, outcome.issuance.staked), (rao(0), rao(1_050)));
}

#[test]
fn a_silent_validator_earns_nothing_by_classic_bonds() {
    for votes in [true, false] {
        let held = BondsRow::try_from(vec![Entry::new(Uid::new(1), u16::MAX)]).unwrap();
        let rows =
            vec![row(&[(1, 1)], 90), WeightsRow::default(), if votes { row(&[(1, 1)], 90) } else { row(&[], 90) }];
        let subnet_input = SubnetInput {
            parameters: Parameters { yuma3: false, ..pair().parameters },
            seats: seats(b"vmw"),
            last_epoch: Some(50),
            permits: vec![true, false, true],
            rows,
            bonds: vec![held.clone(), BondsRow::new(), held],
            ..pair()
        };
        let stakes = [(b'v', 1_000), (b'm', 0), (b'w', 1_000)].map(|(hotkey, own)| (hotkey, stake(b'O', own, 0, None)));
        let outcome = run(&block(&[(1, 1_000, subnet_input)], &stakes), &[1]);
        let epoch = outcome.epoch(subnet(1)).unwrap();
        let expected = if votes { [(0, 250), (500, 0), (0, 250)] } else { [(0, 500), (500, 0), (0, 0)] };
        assert_eq!(emissions(epoch), expected);
        assert_eq!(epoch.records[2].dividends > 0, votes);
        assert!(!epoch.bonds[2].is_empty(), "its bonds stay");
    }
}

#[test]
fn activity_counts_from_the_row_in_force() {
    // The cutoff is 5 000 blocks. The last call was a commit, whose row is not revealed yet.
    for (fixed_at, basis) in [(5_000, Basis::Rated), (4_999, Basis::Unclaimed)] {
        let stale = SubnetInput { rows: vec![row(&[(1, 1)], fixed_at)], last_updates: vec![9_990], ..pair() };
        let stakes = [(b'v', stake(b'V', 1_000, 0, None)), (b'm', stake(b'M', 0, 0, None))];
        let mut input = block(&[(1, 100, stale)], &stakes);
        input.number = 10_000;
        assert_eq!(run(&input, &[1]).epoch(subnet(1)).unwrap().basis, basis, "fixed in block {fixed_at}");
    }
}

#[test]
fn scattered_votes_pay_no_neuron() {
    // Two validators with 51 % rate a hotkey of their own each. The rest cannot make a consensus alone.
    let scattered = SubnetInput {
        seats: seats(b"vwxmn"),
        permits: vec![true, true, true, false, false],
        rows: vec![row(&[(3, 1)], 90), row(&[(4, 1)], 90), row(&[(0, 1)], 90)],
        ..pair()
    };
    let stakes = [(b'v', 26), (b'w', 25), (b'x', 49), (b'm', 0), (b'n', 0)];
    let stakes = stakes.map(|(key, own)| (key, stake(b'O', own, 0, None)));
    let outcome = run(&block(&[(1, 100, scattered)], &stakes), &[1]);
    let epoch = outcome.epoch(subnet(1)).unwrap();
    assert_eq!((epoch.basis, epoch.recycled), (Basis::Unclaimed, rao(100)));
    assert!(epoch.records.iter().all(|record| record.consensus == 0));
}

#[test]
fn a_row_of_before_a_newcomer_does_not_rate_it() {
    let mut newcomer = pair();
    newcomer.seats[1].registered_at = 90;
    let stakes = [(b'v', stake(b'V', 1_000, 0, None)), (b'm', stake(b'M', 0, 0, None))];
    let outcome = run(&block(&[(1, 100, newcomer)], &stakes), &[1]);
    let epoch = outcome.epoch(subnet(1)).unwrap();
    assert_eq!((epoch.basis, epoch.recycled), (Basis::Unclaimed, rao(100)));
}

#[test]
fn bonds_without_a_permit_are_not_read() {
    let bonds = |permit| {
        let row = BondsRow::try_from(vec![Entry::new(Uid::new(1), 30_000)]).unwrap();
        let subnet_input = SubnetInput {
            seats: seats(b"vmw"),
            last_epoch: Some(50),
            permits: vec![true, false, permit],
            bonds: vec![BondsRow::new(), BondsRow::new(), row],
            ..pair()
        };
        let stakes = [(b'v', 1_000), (b'm', 0), (b'w', 1_000)].map(|(hotkey, own)| (hotkey, stake(b'O', own, 0, None)));
        let outcome = run(&block(&[(1, 1_000, subnet_input)], &stakes), &[1]);
        let epoch = outcome.epoch(subnet(1)).unwrap();
        assert_eq!(emissions(epoch), [(0, 500), (500, 0), (0, 0)], "a silent validator earns nothing");
        epoch.bonds[2].clone()
    };
    // With its permit the silent validator keeps the bonds that it held, less their decay.
    assert_eq!(bonds(true)[0].value, 26_999);
    assert!(bonds(false).is_empty());
}

#[test]
fn a_later_epoch_reads_the_stake_that_an_earlier_one_paid() {
    let stakes = [(b'v', 1_000), (b'm', 0), (b'b', 500), (b'a', 0)].map(|(key, own)| (key, stake(b'O', own, 0, None)));
    // Two validators of subnet 2 rate the same miner. One of them mines on subnet 1.
    let second = SubnetInput {
        seats: seats(b"mba"),
        permits: vec![true, true, false],
        rows: vec![row(&[(2, 1)], 90), row(&[(2, 1)], 90)],
        ..pair()
    };
    let input = block(&[(1, 1_000, pair()), (2, 100, second)], &stakes);
    // First subnet 1: the miner has 500 then, as much as `b`, and both share the validators' pool of subnet 2.
    let outcome = run(&input, &[1, 2]);
    assert_eq!(emissions(outcome.epoch(subnet(2)).unwrap()), [(0, 25), (0, 25), (50, 0)]);
    // The other way round it has nothing yet.
    let outcome = run(&input, &[2, 1]);
    assert_eq!(emissions(outcome.epoch(subnet(2)).unwrap()), [(0, 0), (0, 50), (50, 0)]);
    assert_eq!(outcome.epochs.iter().map(|(netuid, _)| netuid.get()).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn two_cuts_of_one_owner_open_its_account() {
    let owned = || SubnetInput { owner: Some(b'O'), ..SubnetInput::default() };
    // 18 % of 1 500 are 270: the first cut is too little for an account, and so is the second, which stands alone.
    let outcome = run(&block(&[(1, 1_500, owned()), (2, 1_500, owned())], &[]), &[1, 2]);
    assert_eq!(outcome.balances.get(&b'O'), None);
    // 18 % of 3 000 are 540: the first opens the account, and the second may then be small.
    let outcome = run(&block(&[(1, 3_000, owned()), (2, 100, owned())], &[]), &[1, 2]);
    assert_eq!(outcome.balances[&b'O'], rao(558));
}

#[test]
fn an_epoch_that_fails_leaves_no_trace() {
    let twice = SubnetInput { seats: seats(b"vv"), ..pair() };
    let input = block(&[(1, 1_000, twice)], &[(b'v', stake(b'V', 1_000, 0, None))]);
    let outcome = run(&input, &[1]);
    assert_eq!(failure(&outcome, 1), Some(EpochFailure::DuplicateHotkey));
    assert_eq!(outcome.epoch(subnet(1)), None);
    assert_eq!((&outcome.stakes, outcome.issuance), (&input.stakes, input.issuance));
    assert_eq!(outcome.ledger[&subnet(1)].settled, rao(1_000));
    assert_eq!(outcome.accrual.pending, rao(1_000));

    // A pool that cannot take more fails the epoch after the miner was paid.
    let full = [(b'v', stake(b'V', u64::MAX - 100, 0, None)), (b'm', stake(b'M', 0, 0, None))];
    let mut swapped = pair();
    swapped.seats = seats(b"mv");
    swapped.permits = vec![false, true];
    swapped.rows = vec![WeightsRow::default(), row(&[(0, u16::MAX)], 90)];
    swapped.last_updates = vec![1, 90];
    let input = block(&[(1, 1_000, swapped)], &full);
    let outcome = run(&input, &[1]);
    assert!(matches!(failure(&outcome, 1), Some(EpochFailure::Pool(_))));
    assert_eq!(outcome.stakes, input.stakes);
}

#[test]
fn an_input_that_lacks_something_is_an_error() {
    let stakes = [(b'v', stake(b'V', 1_000, 0, None))];
    let input = block(&[(1, 1_000, pair())], &stakes);
    assert_eq!(run_block(&input, &[subnet(1)], false), Err(EpochError::MissingStake(b'm')));
    assert_eq!(run_block(&input, &[subnet(2)], false), Err(EpochError::MissingSubnet(subnet(2))));
    let unknown = BlockInput { rules: 7, ..input };
    assert_eq!(run_block(&unknown, &[], false), Err(EpochError::UnknownRules(7)));
}

/// Returns a block with subnets 1 and 2 and a root validator whose weights for them are 1 to 3.
fn with_root(rows: WeightsRow) -> BlockInput<Key> {
    let account = EmissionAccount { eligible: true, ..EmissionAccount::default() };
    let mut input = BlockInput { number: BLOCK, ..BlockInput::default() };
    for netuid in [1, 2] {
        input.ledger.try_insert(NetUid::new(netuid), account.clone()).unwrap();
    }
    let created_at = [0, 1, 2].map(|netuid| (NetUid::new(netuid), 0)).into();
    let members = vec![RootMember { stake: Amount::ONE_TAO, row: rows }];
    input.root = Some(RootInput { sigmoid: Sigmoid { rho: 10, kappa: 32_767 }, members, created_at });
    input
}

#[test]
fn new_shares_are_in_force_from_this_block_on() {
    let outcome = run(&with_root(row(&[(1, 1), (2, 3)], 5)), &[]);
    let shares = outcome.shares.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(shares[&subnet(1)], outcome.ledger[&subnet(1)].share);
    let per_block = |netuid| outcome.ledger[&subnet(netuid)].per_block.rao();
    assert_eq!((per_block(1), per_block(2)), (250_000_000, 750_000_000));
    assert_eq!((outcome.accrual.emission, outcome.accrual.minted), (Amount::ONE_TAO, Amount::ONE_TAO));
    assert_eq!((outcome.accrual.pending, outcome.accrual.blocks), (Amount::ONE_TAO, 1));
}

#[test]
fn without_ratings_the_previous_shares_stay() {
    let mut input = with_root(WeightsRow::default());
    let half = Share::from_bits(u64::MAX / 2);
    for (_, account) in &mut input.ledger {
        account.share = half;
    }
    input.accrual = Accrual { stale: false, minted: Amount::ONE_TAO, ..input.accrual };
    let outcome = run(&input, &[]);
    assert_eq!(outcome.shares, Some(Err(NoShares::NoRating)));
    assert!(outcome.ledger.values().all(|account| account.share == half && account.per_block.is_zero()));
    assert_eq!(outcome.accrual.pending, Amount::ONE_TAO, "the division of before goes on");
}

#[test]
fn a_block_emits_by_the_issuance_before_it() {
    let account = EmissionAccount { eligible: true, ..EmissionAccount::default() };
    let emitted = |issuance: IssuanceTerms, pending| {
        let mut input = BlockInput { number: BLOCK, issuance, ..BlockInput::<Key>::default() };
        input.ledger.try_insert(subnet(1), account.clone()).unwrap();
        input.accrual.pending = rao(pending);
        run(&input, &[]).accrual.minted.rao()
    };
    let half = MAX_SUPPLY.rao() / 2;
    let terms = |balances, locked, staked, escrowed| IssuanceTerms {
        balances: rao(balances),
        locked: rao(locked),
        staked: rao(staked),
        escrowed: rao(escrowed),
    };
    assert_eq!(emitted(terms(half - 1, 0, 0, 0), 0), 1_000_000_000);
    // Each term counts toward the halving.
    assert_eq!(emitted(terms(half - 4, 1, 1, 1), 1), 500_000_000);
    assert_eq!(emitted(terms(u64::MAX, u64::MAX, 0, 0), 0), 0);
}

prop_compose! {
    /// Returns a subnet of up to six neurons, some with weights for others.
    fn random_subnet()(
        neurons in 0..6_u8,
        rows in vec(vec((0..6_u16, 1..=u16::MAX), 0..4), 0..6),
        permits in vec(any::<bool>(), 0..6),
        owner in proptest::option::of(Just(b'O')),
        yuma3: bool,
        parents in vec((b'a'..b'g', any::<u64>()), 0..3),
    ) -> SubnetInput<Key> {
        let parents: Vec<_> = parents
            .into_iter()
            .map(|(hotkey, parts)| FamilyMember { proportion: Proportion::from_parts(parts), hotkey })
            .collect();
        let family = Family { parents: parents.try_into().unwrap(), ..Family::default() };
        SubnetInput {
            owner,
            parameters: Parameters { commit_reveal: false, yuma3, ..Parameters::default() },
            seats: seats(&(b'a'..b'a' + neurons).collect::<Vec<_>>()),
            permits,
            rows: rows.iter().map(|entries| row(entries, 90)).collect(),
            last_updates: vec![90; 6],
            families: [(b'a', family)].into(),
            ..SubnetInput::default()
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_made_but_by_the_rules(
        subnets in vec((random_subnet(), 0..1_u64 << 45), 1..4),
        stakes in vec((0..1_u64 << 45, 0..1_u64 << 45, proptest::option::of(any::<u16>())), 6),
        eligible: bool,
        balance in proptest::option::of(0..2_000_u64),
    ) {
        let stakes: Vec<_> = (b'a'..)
            .zip(stakes)
            .map(|(hotkey, (own, nominated, take))| (hotkey, stake(hotkey.to_ascii_uppercase(), own, nominated, take)))
            .collect();
        let subnets: Vec<_> = (1..).zip(subnets).map(|(netuid, (subnet, pending))| (netuid, pending, subnet)).collect();
        let mut input = block(&subnets, &stakes);
        input.balances = balance.map(|balance| (b'O', rao(balance))).into_iter().collect();
        input.ledger.iter_mut().for_each(|(_, account)| account.eligible = eligible);
        let ran: Vec<u16> = subnets.iter().map(|(netuid, ..)| *netuid).collect();
        let outcome = run(&input, &ran);
        let mut recycled = 0;
        for (netuid, epoch) in &outcome.epochs {
            let epoch = epoch.as_ref().unwrap();
            recycled += epoch.recycled.rao();
            let paid = epoch.payments.iter().flat_map(|it| [it.emission.miner, it.emission.validator]);
            let kept = Amount::checked_sum(paid).unwrap().checked_add(epoch.recycled);
            prop_assert_eq!(kept, Ok(epoch.division.neurons()));
            let record = epoch.record;
            let parts = [record.owner_cut, record.miners, record.validators, epoch.recycled];
            prop_assert_eq!(Amount::checked_sum(parts), Ok(record.emission), "{}", netuid);
            let earned = epoch.records.iter().map(|record| record.emission);
            prop_assert_eq!(Amount::checked_sum(earned), Amount::checked_sum([record.miners, record.validators]));
        }
        let total = |terms: IssuanceTerms, accrual: &Accrual| terms.total(accrual.pending).rao();
        let before = total(input.issuance, &input.accrual);
        prop_assert_eq!(total(outcome.issuance, &outcome.accrual) + recycled, before + outcome.accrual.minted.rao());
        let pools = outcome.stakes.values().map(|stake| stake.pool.value());
        prop_assert_eq!(Amount::checked_sum(pools), Ok(outcome.issuance.staked));
        prop_assert_eq!(outcome.accrual.pending, rao(0), "all epochs ran");
    }

    #[test]
    fn no_input_panics(
        mut subnet_input in random_subnet(),
        pending: u64,
        own: u64,
        stakes in 0..7_u8,
        blocks: u32,
        since: u32,
        per_block: u64,
    ) {
        subnet_input.last_epoch = Some(since);
        let stakes: Vec<_> = (b'a'..b'a' + stakes).map(|hotkey| (hotkey, stake(b'O', own / 8, 0, Some(9)))).collect();
        let mut input = block(&[(1, pending, subnet_input)], &stakes);
        input.accrual.blocks = blocks;
        if let Some(account) = input.ledger.get_mut(&subnet(1)) {
            account.since = since;
            account.per_block = rao(per_block);
            account.eligible = true;
        }
        let _ = run_block(&input, &[subnet(1), subnet(1)], true);
    }
}
