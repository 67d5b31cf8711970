//! The launch phase: seats by work alone, paid by the time that they are held. spec tokenomics §10

mod chain;

use chain::{Chain, account, key};
use frame_support::BoundedVec;
use myelin_economics::work::WorkChallenge;
use myelin_pallet_emission::{Event as EmissionEvent, LastEpochs};
use myelin_pallet_neurons::{Admissions, Call as NeuronsCall, Error as NeuronsError, traits::ReadSeats};
use myelin_pallet_staking::{Call as StakingCall, Error as StakingError, traits::ReadStake};
use myelin_pallet_subnets::{Call as SubnetsCall, Error as SubnetsError, ReadEmission};
use myelin_pallet_weights::{Call as WeightsCall, Error as WeightsError};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Uid};
use myelin_runtime::{Emission, Neurons, Runtime, RuntimeCall, RuntimeEvent, Staking, System, presets};
use serde_json::{Value, json};
use sp_core::sr25519;
use sp_runtime::{DispatchError, transaction_validity::InvalidTransaction};

const SUBNET: NetUid = NetUid::new(1);

/// The difficulty of the tests.
const DIFFICULTY: u64 = 50;

/// The first block of [`presets::MAIN`] in which work pays.
const OPENS_AT: BlockNumber = 300;

/// The registrations of an interval at which the difficulty doubles.
const FULL: u16 = 9;

/// Builds the main network with a low difficulty, and with these changes to its subnet and to its launch phase.
fn launch(parameters: &Value, phase: &Value) -> Chain {
    let mut preset = presets::patch(presets::MAIN).expect("the preset exists");
    let subnet = &mut preset["subnets"]["subnets"][0];
    subnet["parameters"]["initialDifficulty"] = DIFFICULTY.into();
    subnet["parameters"]["minDifficulty"] = DIFFICULTY.into();
    for (name, value) in parameters.as_object().expect("parameters are an object") {
        subnet["parameters"][name] = value.clone();
    }
    let rich = account(&key("rich")).to_string();
    let subnets = json!({
        "subnets": [subnet], "launch": phase, "rootParameters": { "weightsSetRateLimit": 0 },
        "networkParameters": {
            "targetStakesPerInterval": 1_000, "txRateLimit": 0, "minRateLimit": 0, "minWorkDifficulty": DIFFICULTY,
        },
    });
    Chain::begin(
        presets::MAIN,
        json!({ "subnets": subnets, "balances": { "balances": [[rich, 10_000 * RAO_PER_TAO]] } }),
    )
}

/// Builds the main network, unchanged but for the difficulty.
fn main_network() -> Chain {
    let preset = presets::patch(presets::MAIN).expect("the preset exists");
    launch(&json!({}), &preset["subnets"]["launch"])
}

fn difficulty(chain: &mut Chain) -> u64 {
    chain.look(|| Admissions::<Runtime>::get(SUBNET).expect("the subnet exists").terms.difficulty)
}

/// Returns a registration with work on this block.
fn worked(
    chain: &mut Chain,
    hotkey: &sr25519::Pair,
    (block, hash): (BlockNumber, [u8; 32]),
    difficulty: u64,
) -> NeuronsCall<Runtime> {
    let (hotkey, coldkey) = (account(hotkey), key("coldkey"));
    let consent = chain.consent(&coldkey, &account(&coldkey), &hotkey);
    let (nonce, seal) = WorkChallenge::new(&hash, hotkey.as_ref()).search(0.., difficulty).expect("work pays off");
    NeuronsCall::register {
        netuid: SUBNET,
        block_number: block,
        nonce,
        work: seal.as_bytes().to_vec(),
        hotkey,
        coldkey: account(&coldkey),
        consent,
    }
}

/// Returns a registration with work on the last block, which pays also if the next block doubles the difficulty.
fn registration(chain: &mut Chain, hotkey: &sr25519::Pair) -> NeuronsCall<Runtime> {
    let (block, difficulty) = ((chain.height(), chain.hash()), difficulty(chain));
    worked(chain, hotkey, block, 2 * difficulty)
}

fn register(chain: &mut Chain, hotkey: &sr25519::Pair) {
    let call = registration(chain, hotkey);
    chain.succeed(hotkey, call);
}

/// Makes empty blocks until the next one has this number.
fn run_before(chain: &mut Chain, block: BlockNumber) {
    while chain.height() + 1 < block {
        chain.block(Vec::new());
    }
}

fn stake(hotkey: &sr25519::Pair) -> u64 {
    Staking::on(&account(hotkey)).rao()
}

/// Runs until the next epoch of the subnet has run, and returns the rao that it recycled and paid.
fn epoch(chain: &mut Chain) -> (u64, u64) {
    let last = || LastEpochs::<Runtime>::get(SUBNET).map(|epoch| epoch.block);
    let before = chain.look(last);
    chain.run_until(400, || last() != before);
    chain.look(|| {
        let recycled = System::events().into_iter().filter_map(|record| match record.event {
            RuntimeEvent::Emission(EmissionEvent::EmissionRecycled { netuid: SUBNET, amount }) => Some(amount.rao()),
            _ => None,
        });
        let record = LastEpochs::<Runtime>::get(SUBNET).expect("it ran");
        assert!(record.validators.is_zero(), "pay of the launch phase is for mining");
        (recycled.sum(), record.miners.rao())
    })
}

#[test]
fn work_does_not_pay_before_the_launch() {
    let mut chain = main_network();
    let hotkey = key("early");
    let genesis = chain.look(|| System::block_hash(0).0);
    let early = worked(&mut chain, &hotkey, (0, genesis), DIFFICULTY);
    while chain.height() + 1 < OPENS_AT {
        assert_eq!(chain.refusal(&hotkey, early.clone()), InvalidTransaction::Custom(26).into());
    }
    // The seal of genesis is worthless when registration opens. Work on the last block pays.
    assert_eq!(chain.refusal(&hotkey, early), InvalidTransaction::Custom(255).into());
    assert_eq!(chain.height(), OPENS_AT);
    register(&mut chain, &hotkey);
    assert_eq!(chain.look(|| Neurons::count(SUBNET)), 1);
}

#[test]
fn the_difficulty_doubles_in_each_full_interval() {
    let mut chain = main_network();
    run_before(&mut chain, OPENS_AT);
    let first = difficulty(&mut chain);
    assert_eq!(first, DIFFICULTY);
    for interval in 0..5_u16 {
        run_before(&mut chain, OPENS_AT + 60 * BlockNumber::from(interval) + 1);
        for number in 0..FULL {
            register(&mut chain, &key(&format!("{interval}/{number}")));
        }
        let late = key("late");
        let (block, difficulty) = ((chain.height(), chain.hash()), difficulty(&mut chain));
        let call = worked(&mut chain, &late, block, difficulty);
        assert_eq!(chain.refusal(&late, call), InvalidTransaction::ExhaustsResources.into());
    }
    run_before(&mut chain, OPENS_AT + 300 + 1);
    assert_eq!(difficulty(&mut chain), 32 * first);
}

#[test]
fn every_seat_earns_by_the_time_that_it_is_held() {
    let mut chain = main_network();
    run_before(&mut chain, OPENS_AT + 1);
    let first: Vec<_> = ["a", "b", "c"].map(key).to_vec();
    for hotkey in &first {
        register(&mut chain, hotkey);
    }
    // Below 64 seats an epoch pays no neuron, and without stake no neuron has a permit.
    let (recycled, paid) = epoch(&mut chain);
    assert_eq!((recycled, paid), (358 * RAO_PER_TAO, 0));
    assert!(chain.look(|| Emission::neurons(SUBNET)).iter().all(|neuron| !neuron.permit));

    let mut others = Vec::new();
    while chain.look(|| Neurons::count(SUBNET)) < 66 {
        let hotkey = key(&format!("other/{}", others.len()));
        let call = registration(&mut chain, &hotkey);
        let transaction = chain.sign(&hotkey, call);
        match chain.validate(transaction.clone()) {
            Ok(_) => {
                assert_eq!(chain.block(vec![transaction]), [Ok(Ok(()))]);
                others.push(hotkey);
            }
            // The interval is full.
            Err(refusal) => {
                assert_eq!(refusal, InvalidTransaction::ExhaustsResources.into());
                chain.block(Vec::new());
            }
        }
    }
    // The first epoch that pays, in which seats were held for different times.
    while epoch(&mut chain).1 == 0 {}
    let early = key("latecomer of the first epoch");
    register(&mut chain, &early);

    // Two epochs more. The seats of before the first one earn the same in each.
    let before: Vec<u64> = chain.look(|| first.iter().chain(&others).map(stake).collect());
    let epochs = [epoch(&mut chain), epoch(&mut chain)];
    assert!(epochs.iter().all(|(recycled, paid)| (*recycled, *paid) == (0, 361 * RAO_PER_TAO)), "{epochs:?}");
    let earned = |chain: &mut Chain, before: &[u64]| -> Vec<u64> {
        let after: Vec<u64> = chain.look(|| first.iter().chain(&others).map(stake).collect());
        after.iter().zip(before).map(|(after, before)| after - before).collect()
    };
    let parts = earned(&mut chain, &before);
    let (least, most) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
    // The remainder of an epoch, fewer rao than there are seats, goes to one of them.
    assert!(most - least < 2 * 68, "{parts:?}");

    // Each latecomer earns as much as the others from its first full epoch on.
    let late = key("latecomer of the third epoch");
    register(&mut chain, &late);
    epoch(&mut chain);
    let before: Vec<u64> = chain.look(|| first.iter().chain(&others).map(stake).collect());
    let latecomers = [early, late];
    let latecomers_before = chain.look(|| [stake(&latecomers[0]), stake(&latecomers[1])]);
    assert!(latecomers_before.iter().all(|stake| *stake > 0), "also the first epoch paid them");
    epoch(&mut chain);
    let parts = earned(&mut chain, &before);
    let least = *parts.iter().min().unwrap();
    for (latecomer, before) in latecomers.iter().zip(latecomers_before) {
        let earned = chain.look(|| stake(latecomer)) - before;
        assert!(earned.abs_diff(least) <= 1, "{earned} against {least}");
    }
}

/// Returns the calls that are closed in the launch phase, with the errors that they fail with in it.
fn closed_calls() -> [(RuntimeCall, DispatchError); 6] {
    let hotkey = |name: &str| account(&key(name));
    let rate = WeightsCall::<Runtime>::set_root_weights {
        netuid: NetUid::ROOT,
        hotkey: hotkey("root"),
        dests: BoundedVec::truncate_from(vec![SUBNET]),
        weights: BoundedVec::truncate_from(vec![1]),
        version_key: 0,
    };
    let limit_price = Amount::from_rao(100 * RAO_PER_TAO);
    let burned = NeuronsCall::<Runtime>::burned_register { netuid: SUBNET, hotkey: hotkey("burned") };
    let limited = NeuronsCall::<Runtime>::register_limit { netuid: SUBNET, hotkey: hotkey("limited"), limit_price };
    let root = StakingCall::<Runtime>::root_register { hotkey: hotkey("root") };
    let subnet = SubnetsCall::<Runtime>::register_network { hotkey: hotkey("subnet") };
    let identity = Box::default();
    let named = SubnetsCall::<Runtime>::register_network_with_identity { hotkey: hotkey("named"), identity };
    [
        (burned.into(), NeuronsError::<Runtime>::SubNetRegistrationDisabled.into()),
        (limited.into(), NeuronsError::<Runtime>::SubNetRegistrationDisabled.into()),
        (root.into(), StakingError::<Runtime>::LaunchPhase.into()),
        (subnet.into(), SubnetsError::<Runtime>::LaunchPhase.into()),
        (named.into(), SubnetsError::<Runtime>::LaunchPhase.into()),
        (rate.into(), WeightsError::<Runtime>::LaunchPhase.into()),
    ]
}

#[test]
fn root_burning_and_new_subnets_open_with_the_end_of_the_phase() {
    let ends_at = 40;
    let mut chain = launch(&json!({}), &json!({ "opensAt": 0, "endsAt": ends_at, "leastSeats": 0 }));
    let rich = key("rich");
    for name in ["burned", "limited", "root", "subnet", "named"] {
        chain.pair(&rich, &key(name));
    }
    let outcomes = |chain: &mut Chain, block: BlockNumber| {
        run_before(chain, block);
        let nonce = chain.look(|| *System::account_nonce(account(&rich)));
        let signed = (nonce..).zip(closed_calls()).map(|(nonce, (call, _))| chain.sign_with_nonce(&rich, call, nonce));
        let signed: Vec<_> = signed.collect();
        let applied = chain.block(signed);
        assert_eq!(chain.height(), block);
        applied.into_iter().map(|applied| applied.expect("the fee is paid")).collect::<Vec<_>>()
    };
    let refused: Vec<_> = closed_calls().into_iter().map(|(_, error)| Err(error)).collect();
    assert_eq!(outcomes(&mut chain, ends_at - 1), refused);
    let too_soon = SubnetsError::<Runtime>::NetworkTxRateLimitExceeded.into();
    assert_eq!(outcomes(&mut chain, ends_at), [Ok(()), Ok(()), Ok(()), Ok(()), Err(too_soon), Ok(())]);
}

#[test]
fn a_full_subnet_replaces_the_seat_held_longest_past_immunity() {
    let few = json!({
        "maxAllowedUids": 4, "maxAllowedValidators": 4, "immunityPeriod": 100, "tempo": 20, "weightsSetRateLimit": 20,
    });
    let mut chain = launch(&few, &json!({ "opensAt": 0, "endsAt": 400, "leastSeats": 0 }));
    let seats = ["a", "b", "c", "d"].map(key);
    for hotkey in &seats {
        register(&mut chain, hotkey);
    }
    let since = chain.look(|| Neurons::seats(SUBNET)[0].registered_at);
    let fifth = key("e");
    run_before(&mut chain, since + 99);
    let (block, difficulty) = ((chain.height(), chain.hash()), difficulty(&mut chain));
    let call = worked(&mut chain, &fifth, block, difficulty);
    assert_eq!(chain.refusal(&fifth, call), InvalidTransaction::Custom(255).into(), "all seats are immune");
    assert_eq!(chain.height(), since + 99);
    register(&mut chain, &fifth);
    chain.look(|| {
        assert_eq!(Neurons::hotkey(SUBNET, Uid::new(0)), Some(account(&fifth)), "the first seat makes room");
        assert_eq!(Neurons::uid(SUBNET, &account(&seats[1])), Some(Uid::new(1)));
    });
}

#[test]
fn a_subnet_with_an_owner_earns_nothing_until_root_rates_it() {
    let ends_at = 40;
    let mut chain = launch(&json!({}), &json!({ "opensAt": 0, "endsAt": ends_at, "leastSeats": 0 }));
    let (rich, bought) = (key("rich"), NetUid::new(2));
    let per_block = || [SUBNET, bought].map(|netuid| Emission::of_subnet(netuid).rao());
    run_before(&mut chain, ends_at);
    for name in ["subnet", "root"] {
        chain.pair(&rich, &key(name));
    }
    chain.succeed(&rich, SubnetsCall::register_network { hotkey: account(&key("subnet")) });
    chain.block(Vec::new());
    assert_eq!(chain.look(per_block), [RAO_PER_TAO, 0]);

    let hotkey = account(&key("root"));
    chain.succeed(&rich, StakingCall::root_register { hotkey: hotkey.clone() });
    chain.succeed(
        &rich,
        StakingCall::add_stake { hotkey: hotkey.clone(), amount: Amount::from_rao(1_000 * RAO_PER_TAO) },
    );
    assert_eq!(chain.look(per_block), [RAO_PER_TAO, 0]);
    let rate = WeightsCall::set_root_weights {
        netuid: NetUid::ROOT,
        hotkey,
        dests: BoundedVec::truncate_from(vec![bought]),
        weights: BoundedVec::truncate_from(vec![1]),
        version_key: 0,
    };
    chain.succeed(&rich, rate);
    assert_eq!(chain.look(per_block), [RAO_PER_TAO, 0]);
    chain.run_until(120, || per_block() == [0, RAO_PER_TAO]);
}
