//! Abstention: silence, scattered votes, old rows and missing quorums are not paid. spec tokenomics §6.2, yuma §4

mod chain;

use chain::{Chain, account, key};
use frame_support::BoundedVec;
use myelin_pallet_emission::LastEpochs;
use myelin_pallet_neurons::{Call as NeuronsCall, traits::ReadSeats};
use myelin_pallet_staking::{Call as StakingCall, traits::ReadStake};
use myelin_pallet_weights::{Call as WeightsCall, rules::commit_hash};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Uid};
use myelin_records::{epoch::EpochRecord, weights::StorageIndex};
use myelin_runtime::{Emission, Neurons, Runtime, RuntimeCall, Staking, presets};
use serde_json::{Value, json};
use sp_core::sr25519;

const SUBNET: NetUid = NetUid::new(1);
const TEMPO: BlockNumber = 20;

/// The validators of a test, with their stake in TAO.
type Stakes<'a> = &'a [(&'a str, u64)];

/// Builds a chain with a subnet without an owner, on which these validators hold permits, and the miners `m` and `n`.
///
/// The seats are those of the validators in their order, then those of the miners.
fn subnet(stakes: Stakes<'_>, parameters: &Value) -> Chain {
    let mut settings = json!({
        "tempo": TEMPO, "weightsSetRateLimit": 2, "commitReveal": false, "activityCutoff": 360,
        "maxRegistrationsPerBlock": 16, "targetRegistrationsPerInterval": 16,
    });
    for (name, value) in parameters.as_object().expect("parameters are an object") {
        settings[name] = value.clone();
    }
    let rich = key("rich");
    let mut chain = Chain::begin(
        presets::MAIN,
        json!({
            "balances": { "balances": [[account(&rich).to_string(), 10_000 * RAO_PER_TAO]] },
            "subnets": {
                "launch": { "opensAt": 0, "endsAt": 0, "leastSeats": 0 },
                "networkParameters": { "targetStakesPerInterval": 1_000, "txRateLimit": 0, "minRateLimit": 2 },
                "subnets": [{ "netuid": 1, "parameters": settings }],
            },
        }),
    );
    let names = stakes.iter().map(|(name, _)| *name).chain(["m", "n"]);
    for name in names {
        chain.pair(&rich, &key(name));
        chain.succeed(&rich, NeuronsCall::burned_register { netuid: SUBNET, hotkey: account(&key(name)) });
    }
    for (name, tao) in stakes {
        let amount = Amount::from_rao(tao * RAO_PER_TAO);
        chain.succeed(&rich, StakingCall::add_stake { hotkey: account(&key(name)), amount });
    }
    epoch(&mut chain);
    assert!(chain.look(|| Emission::neurons(SUBNET)).iter().zip(stakes).all(|(neuron, _)| neuron.permit));
    chain
}

/// Runs the next epoch and returns its record.
fn epoch(chain: &mut Chain) -> EpochRecord {
    let last = || LastEpochs::<Runtime>::get(SUBNET);
    let before = chain.look(last);
    chain.run_until(2 * TEMPO, || last() != before);
    chain.look(last).expect("it ran")
}

fn uid(chain: &mut Chain, name: &str) -> Uid {
    chain.look(|| Neurons::uid(SUBNET, &account(&key(name)))).expect("it has a seat")
}

fn rate(uids: &[Uid]) -> RuntimeCall {
    let call = WeightsCall::<Runtime>::set_weights {
        netuid: SUBNET,
        dests: BoundedVec::truncate_from(uids.to_vec()),
        weights: BoundedVec::truncate_from(vec![1; uids.len()]),
        version_key: 0,
    };
    call.into()
}

/// Gives all weight of a validator to these neurons, in equal parts.
fn votes(chain: &mut Chain, validator: &str, rated: &[&str]) {
    let uids: Vec<Uid> = rated.iter().map(|name| uid(chain, name)).collect();
    chain.succeed(&key(validator), rate(&uids));
}

/// Returns the rao that the last epoch paid to each neuron.
fn pay(chain: &mut Chain) -> Vec<u64> {
    chain.look(|| Emission::neurons(SUBNET)).iter().map(|neuron| neuron.emission.rao()).collect()
}

fn active(chain: &mut Chain) -> Vec<bool> {
    chain.look(|| Emission::neurons(SUBNET)).iter().map(|neuron| neuron.active).collect()
}

fn stake(hotkey: &sr25519::Pair) -> u64 {
    Staking::on(&account(hotkey)).rao()
}

#[test]
fn validators_that_send_no_weights_are_not_paid() {
    let stakes = [("a", 260), ("b", 250), ("c", 250), ("d", 240)];
    for voters in [["a", "b"], ["c", "d"]] {
        let mut chain = subnet(&stakes, &json!({}));
        for voter in voters {
            votes(&mut chain, voter, &["m", "n"]);
        }
        let before = chain.look(|| stakes.map(|(name, _)| stake(&key(name))));
        let EpochRecord { emission, miners, validators, .. } = epoch(&mut chain);
        assert_eq!(miners.rao() + validators.rao(), emission.rao());
        let paid = pay(&mut chain);
        assert_eq!(paid[4] + paid[5], miners.rao(), "the miners have their whole pool");
        let after = chain.look(|| stakes.map(|(name, _)| stake(&key(name))));
        for (number, (name, _)) in stakes.iter().enumerate() {
            assert_eq!(voters.contains(name), paid[number] > 0, "{name} of {voters:?}");
            assert_eq!(after[number] - before[number], paid[number]);
        }
        assert_eq!(
            active(&mut chain),
            stakes.map(|(name, _)| voters.contains(&name)).into_iter().chain([false; 2]).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_subnet_without_votes_recycles_everything() {
    let mut chain = subnet(&[("a", 600), ("b", 400)], &json!({}));
    let before = chain.look(Emission::total_issuance);
    let record = epoch(&mut chain);
    assert!(!record.emission.is_zero() && record.miners.is_zero() && record.validators.is_zero());
    assert!(pay(&mut chain).iter().all(|paid| *paid == 0));
    assert_eq!(chain.look(Emission::total_issuance), before, "recycled emission leaves the issuance");
}

#[test]
fn scattered_votes_pay_no_party() {
    let mut chain = subnet(&[("a", 260), ("b", 250), ("c", 250), ("d", 240)], &json!({}));
    // Two validators with 51 % rate a hotkey of their own each. The others agree and are too few.
    for (validator, rated) in [("a", "m"), ("b", "n"), ("c", "a"), ("d", "a")] {
        votes(&mut chain, validator, &[rated]);
    }
    let record = epoch(&mut chain);
    assert!(record.miners.is_zero() && record.validators.is_zero());
    let neurons = chain.look(|| Emission::neurons(SUBNET));
    assert!(neurons.iter().all(|neuron| neuron.consensus == 0 && neuron.emission.is_zero()));
    assert_eq!(active(&mut chain), [true, true, true, true, false, false], "they voted");
}

#[test]
fn a_third_of_the_stake_must_vote() {
    for (tao, pays) in [(33, false), (34, true)] {
        let mut chain = subnet(&[("a", tao), ("b", 100 - tao)], &json!({}));
        votes(&mut chain, "a", &["m"]);
        let record = epoch(&mut chain);
        assert_eq!(record.miners.is_zero(), !pays, "{tao} %");
        assert_eq!(record.validators.is_zero(), !pays);
        assert_eq!(active(&mut chain), [pays, false, false, false]);
        // The row stays, so the vote counts as soon as the others vote too.
        votes(&mut chain, "b", &["m"]);
        assert!(!epoch(&mut chain).miners.is_zero());
    }
}

#[test]
fn an_outage_beyond_the_cutoff_leaves_the_quorum_to_the_others() {
    let mut chain = subnet(&[("a", 20), ("b", 80)], &json!({}));
    votes(&mut chain, "b", &["m"]);
    let voted = chain.height();
    let mut paid = Vec::new();
    while chain.height() < voted + 400 {
        votes(&mut chain, "a", &["n"]);
        let record = epoch(&mut chain);
        paid.push((record.block > voted + 360, !record.miners.is_zero(), pay(&mut chain)[0] > 0));
    }
    // While the row of the large validator is young, its vote alone is consensus. Then the small one votes alone.
    assert!(paid.iter().all(|(is_over, miners, small)| *miners && small == is_over), "{paid:?}");
    assert!(paid.iter().any(|(is_over, ..)| *is_over));
}

/// Returns a salt of its own for each number.
fn salt(number: u16) -> [u16; 8] {
    [number; 8]
}

/// Lets `a` commit to all weight on a miner.
fn commit(chain: &mut Chain, miner: Uid, number: u16) {
    let index = StorageIndex::from(SUBNET);
    let commit_hash = commit_hash(&account(&key("a")), index, &[miner], &[1], &salt(number), 0);
    chain.succeed(&key("a"), WeightsCall::<Runtime>::commit_weights { netuid: SUBNET, commit_hash });
}

/// Lets `a` reveal its commit of this number.
fn reveal(chain: &mut Chain, miner: Uid, number: u16) {
    let call = WeightsCall::<Runtime>::reveal_weights {
        netuid: SUBNET,
        uids: BoundedVec::truncate_from(vec![miner]),
        values: BoundedVec::truncate_from(vec![1]),
        salt: BoundedVec::truncate_from(salt(number).to_vec()),
        version_key: 0,
    };
    chain.succeed(&key("a"), call);
}

#[test]
fn a_validator_that_only_commits_is_inactive() {
    let mut chain = subnet(&[("a", 100)], &json!({ "commitReveal": true }));
    let miner = uid(&mut chain, "m");
    commit(&mut chain, miner, 0);
    let committed = chain.height();
    epoch(&mut chain);
    reveal(&mut chain, miner, 0);
    let mut number = 0;
    let mut voted = Vec::new();
    while chain.height() <= committed + 360 + TEMPO {
        number += 1;
        commit(&mut chain, miner, number);
        let record = epoch(&mut chain);
        voted.push(active(&mut chain)[0]);
        assert_eq!(!record.validators.is_zero(), voted[voted.len() - 1]);
    }
    // It votes until the first commit that it never reveals expires.
    let (young, old) = voted.split_at(2);
    assert!(young.iter().all(|voted| *voted) && old.iter().all(|voted| !voted), "{voted:?}");
}

#[test]
fn a_missed_reveal_costs_the_vote_until_the_next_one() {
    let mut chain = subnet(&[("a", 100)], &json!({ "commitReveal": true }));
    let miner = uid(&mut chain, "m");
    let pays = |chain: &mut Chain| {
        epoch(chain);
        pay(chain)[0] > 0
    };
    commit(&mut chain, miner, 0);
    assert!(!pays(&mut chain));
    reveal(&mut chain, miner, 0);
    assert!(pays(&mut chain));
    commit(&mut chain, miner, 1);
    assert_eq!([pays(&mut chain), pays(&mut chain)], [true, true], "the window ends with the second epoch");
    assert!(!pays(&mut chain));
    commit(&mut chain, miner, 2);
    assert!(!pays(&mut chain), "a commit alone is no vote");
    reveal(&mut chain, miner, 2);
    assert!(pays(&mut chain));
}

#[test]
fn epochs_without_pay_do_not_choose_the_seat_that_makes_room() {
    let mut chain =
        subnet(&[("a", 100)], &json!({ "maxAllowedUids": 3, "maxAllowedValidators": 3, "immunityPeriod": 42 }));
    votes(&mut chain, "a", &["m"]);
    assert!(!epoch(&mut chain).miners.is_zero());
    // A vector toward the own seat is no vote.
    votes(&mut chain, "a", &["a"]);
    for _ in 0..2 {
        assert!(epoch(&mut chain).miners.is_zero());
    }
    let free = uid(&mut chain, "n");
    chain.pair(&key("rich"), &key("late"));
    chain.succeed(&key("rich"), NeuronsCall::burned_register { netuid: SUBNET, hotkey: account(&key("late")) });
    assert_eq!(uid(&mut chain, "late"), free, "the oldest seat has earned and stays");
}

#[test]
fn a_neuron_without_a_permit_sends_no_weights_at_all() {
    let mut chain = subnet(&[("a", 100)], &json!({}));
    let own = uid(&mut chain, "m");
    let refusal = chain.refusal(&key("m"), rate(&[own]));
    assert_eq!(refusal, sp_runtime::transaction_validity::InvalidTransaction::Custom(255).into());
    chain.look(|| {
        let origin = myelin_runtime::RuntimeOrigin::signed(account(&key("m")));
        let error = myelin_pallet_weights::Error::<Runtime>::NeuronNoValidatorPermit.into();
        let RuntimeCall::Weights(call) = rate(&[own]) else { panic!("a call of weights") };
        let applied = frame_support::traits::UnfilteredDispatchable::dispatch_bypass_filter(call, origin);
        assert_eq!(applied.map(drop).map_err(|failed| failed.error), Err(error));
    });
}
