//! The main network from its first block, without any TAO: the first TAO is earned, staked and spent.

mod chain;

use chain::{Chain, account, key};
use frame_support::BoundedVec;
use myelin_economics::work::WorkChallenge;
use myelin_pallet_neurons::{Admissions, Call as NeuronsCall, traits::ReadSeats};
use myelin_pallet_staking::{Call as StakingCall, traits::ReadStake};
use myelin_pallet_weights::Call as WeightsCall;
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Tao, Uid};
use myelin_runtime::{Address, Balances, Emission, Neurons, Runtime, Staking, System, presets};
use myelin_runtime_api::runtime_decl_for_myelin_api::MyelinApiV1;
use serde_json::json;
use sp_core::sr25519;
use sp_runtime::transaction_validity::InvalidTransaction;

const SUBNET: NetUid = NetUid::new(1);
const TEMPO: BlockNumber = 20;
const DIFFICULTY: u64 = 50;

/// The end of the launch phase. Epochs are in blocks 18, 39 and 60.
const ENDS_AT: BlockNumber = 45;

/// Builds the main network with short delays and a low difficulty.
fn launch() -> Chain {
    let quick = json!({
        "tempo": TEMPO, "weightsSetRateLimit": 5, "servingRateLimit": 5, "adjustmentInterval": 20,
        "initialDifficulty": DIFFICULTY, "minDifficulty": DIFFICULTY, "commitReveal": false,
        "powRegistrationAllowed": true, "targetRegistrationsPerInterval": 10, "maxRegistrationsPerBlock": 2,
    });
    Chain::begin(
        presets::MAIN,
        json!({ "subnets": {
            "launch": { "opensAt": 0, "endsAt": ENDS_AT, "leastSeats": 2 },
            "networkParameters": {
                "stakeInterval": TEMPO, "txRateLimit": 0, "minRateLimit": 5, "minWorkDifficulty": DIFFICULTY,
            },
            "defaultParameters": quick,
            "rootParameters": { "tempo": TEMPO, "weightsSetRateLimit": TEMPO },
            "subnets": [{ "netuid": 1, "parameters": {} }],
        } }),
    )
}

fn register(chain: &mut Chain, hotkey: &sr25519::Pair, coldkey: &sr25519::Pair) -> NeuronsCall<Runtime> {
    let hotkey = account(hotkey);
    let consent = chain.consent(coldkey, &account(coldkey), &hotkey);
    let (nonce, seal) =
        WorkChallenge::new(&chain.hash(), hotkey.as_ref()).search(0.., DIFFICULTY).expect("work pays off");
    NeuronsCall::register {
        netuid: SUBNET,
        block_number: chain.height(),
        nonce,
        work: seal.as_bytes().to_vec(),
        hotkey,
        coldkey: account(coldkey),
        consent,
    }
}

fn serve(port: u16) -> NeuronsCall<Runtime> {
    serve_at(0x0808_0808, port)
}

fn serve_at(ip: u128, port: u16) -> NeuronsCall<Runtime> {
    NeuronsCall::serve_axon {
        netuid: SUBNET,
        version: 1,
        ip,
        port,
        ip_type: 4,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
    }
}

fn rate(dests: Vec<u16>, weights: Vec<u16>) -> WeightsCall<Runtime> {
    WeightsCall::set_weights {
        netuid: SUBNET,
        dests: BoundedVec::truncate_from(dests.into_iter().map(Uid::new).collect()),
        weights: BoundedVec::truncate_from(weights),
        version_key: 0,
    }
}

fn stake(hotkey: &sr25519::Pair) -> Amount<Tao> {
    Staking::on(&account(hotkey))
}

#[test]
fn from_an_empty_account_to_earned_staked_and_spent_tao() {
    let mut chain = launch();
    let (coldkey, first, second) = (key("coldkey"), key("first"), key("second"));
    assert_eq!(chain.look(|| frame_system::Account::<Runtime>::iter().count()), 0, "there is no account");

    // Both seats are of one block, so that they are held equally long.
    let registrations = [&first, &second].map(|hotkey| {
        let call = register(&mut chain, hotkey, &coldkey);
        let transaction = chain.sign(hotkey, call);
        chain.validate(transaction.clone()).expect("the pool takes the transaction");
        transaction
    });
    assert_eq!(chain.block(registrations.to_vec()), [Ok(Ok(())), Ok(Ok(()))]);
    for hotkey in [&first, &second] {
        chain.succeed(hotkey, serve(8_091));
    }
    chain.look(|| {
        assert_eq!(Neurons::uid(SUBNET, &account(&second)), Some(Uid::new(1)));
        assert_eq!(Balances::total_issuance(), 0, "all of this was free");
    });

    // In the launch phase epochs divide among all seats, by the blocks that they were held.
    let mut before = Amount::ZERO;
    for _ in 0..2 {
        chain.run_until(2 * TEMPO, || stake(&first) > before);
        before = chain.look(|| stake(&first));
        chain.look(|| assert!(before.rao().abs_diff(stake(&second).rao()) <= 2, "an equal part each"));
    }
    chain.look(|| assert!(Emission::neurons(SUBNET).iter().all(|neuron| neuron.permit), "both have stake"));

    // From now on weights decide. Both may validate: each rates the other, and is paid for it.
    chain.run_until(TEMPO, || System::block_number() >= ENDS_AT);
    chain.succeed(&first, rate(vec![1], vec![u16::MAX]));
    chain.succeed(&second, rate(vec![0], vec![u16::MAX]));
    let before = chain.look(|| stake(&first));
    chain.run_until(2 * TEMPO, || stake(&first) > before);
    chain.look(|| {
        let neurons = Emission::neurons(SUBNET);
        assert!(neurons.iter().all(|neuron| neuron.incentive > 0 && neuron.dividends > 0), "{neurons:?}");
    });

    // A coldkey without balance removes stake without a fee, and can then pay fees.
    let earned = chain.look(|| stake(&first));
    assert!(earned.rao() > 10 * RAO_PER_TAO, "{earned:?} is what about twenty blocks give");
    chain.succeed(&coldkey, StakingCall::unstake_all { hotkey: account(&first) });
    assert_eq!(chain.balance(&account(&coldkey)), earned.rao(), "without a fee");

    let friend = account(&key("friend"));
    let dest = Address::Id(friend.clone());
    chain.succeed(&coldkey, pallet_balances::Call::transfer_keep_alive { dest, value: RAO_PER_TAO });
    assert_eq!(chain.balance(&friend), RAO_PER_TAO);

    let third = account(&key("third"));
    let price = chain.look(|| Admissions::<Runtime>::get(SUBNET).expect("the subnet exists").terms.burn);
    chain.pair(&coldkey, &key("third"));
    chain.succeed(&coldkey, NeuronsCall::burned_register { netuid: SUBNET, hotkey: third.clone() });
    assert_eq!(chain.look(|| Neurons::count(SUBNET)), 3);
    chain.succeed(&coldkey, StakingCall::add_stake { hotkey: third.clone(), amount: Amount::from_rao(RAO_PER_TAO) });
    assert_eq!(chain.look(|| Staking::on(&third).rao()), RAO_PER_TAO);
    let spent = earned.rao() - chain.balance(&account(&coldkey));
    let fees = spent - 2 * RAO_PER_TAO - price.rao() - RAO_PER_TAO / 200;
    assert!((1..RAO_PER_TAO / 100).contains(&fees), "what is not free costs a fee: {fees} rao");

    let metagraph = chain.look(|| Runtime::metagraph(SUBNET)).expect("the subnet exists");
    let epoch = metagraph.subnet.last_epoch.expect("it ran epochs");
    assert_eq!(epoch.owner_cut, Amount::ZERO, "the subnet has no owner");
    assert_eq!(epoch.miners.rao() + epoch.validators.rao(), epoch.emission.rao());
    let paid = metagraph.neurons.iter().map(|neuron| neuron.emission);
    assert_eq!(Amount::checked_sum(paid), Ok(epoch.emission));
    let [first, _, third] = &metagraph.neurons[..] else { panic!("three seats: {metagraph:?}") };
    assert_eq!(first.axon.as_ref().map(|axon| axon.endpoint.port), Some(8_091));
    assert_eq!((&first.coldkey, &third.coldkey), (&Some(account(&coldkey)), &Some(account(&coldkey))));
    assert_eq!(third.stake.rao(), RAO_PER_TAO);
    let issuance = chain.look(Runtime::issuance);
    assert_eq!(issuance.total, chain.look(Emission::total_issuance));
    let next = metagraph.subnet.next_epoch.expect("it has a tempo");
    chain.run_until(TEMPO + 1, || System::block_number() == next);
    let ran = chain.look(|| Runtime::subnet(SUBNET)).and_then(|subnet| subnet.last_epoch);
    assert_eq!(ran.map(|epoch| epoch.block), Some(next));
}

#[test]
fn a_key_without_a_seat_or_a_balance_gets_nothing_into_a_block() {
    let mut chain = launch();
    let nobody = key("nobody");
    let (coldkey, hotkey) = (key("coldkey"), key("hotkey"));
    let call = register(&mut chain, &hotkey, &coldkey);
    chain.succeed(&hotkey, call);
    let accounts = chain.look(|| frame_system::Account::<Runtime>::iter().count());
    let paid = pallet_balances::Call::transfer_keep_alive { dest: Address::Id(account(&key("x"))), value: 1 };
    assert_eq!(chain.refusal(&nobody, paid), InvalidTransaction::Payment.into());
    assert_eq!(chain.refusal(&nobody, rate(vec![0], vec![1])), InvalidTransaction::Custom(19).into());
    assert_eq!(chain.refusal(&nobody, serve(8_091)), InvalidTransaction::Custom(10).into());
    let unstake = StakingCall::unstake_all { hotkey: account(&nobody) };
    assert_eq!(chain.refusal(&nobody, unstake), InvalidTransaction::Custom(4).into());
    let mut lazy = register(&mut chain, &nobody, &nobody);
    if let NeuronsCall::register { nonce, .. } = &mut lazy {
        *nonce += 1;
    }
    assert_eq!(chain.refusal(&nobody, lazy), InvalidTransaction::Custom(255).into());
    assert_eq!(chain.look(|| frame_system::Account::<Runtime>::iter().count()), accounts, "nothing was stored");
}

#[test]
fn free_calls_cannot_flood() {
    let mut chain = launch();
    let (coldkey, hotkey) = (key("coldkey"), key("hotkey"));
    chain.block(Vec::new());
    let call = register(&mut chain, &hotkey, &coldkey);
    chain.succeed(&hotkey, call);

    // No neuron of a public network can be told to dial a machine next to it.
    for local in [0x7f00_0002, 0xa9fe_a9fe, 0x0a00_0001] {
        assert_eq!(chain.refusal(&hotkey, serve_at(local, 80)), InvalidTransaction::Custom(11).into());
    }

    // Two calls of a kind provide the same tag, so a pool holds one of them.
    let nonce = chain.look(|| *System::account_nonce(account(&hotkey)));
    let twins = [serve(1_000), serve(2_000)].map(|call| {
        let transaction = chain.sign(&hotkey, call);
        chain.validate(transaction).expect("it is valid by itself").provides
    });
    assert_eq!(twins[0], twins[1]);

    // The number of queued calls of a key is limited.
    let far = chain.sign_with_nonce(&hotkey, serve(1_000), nonce + 7);
    assert!(chain.validate(far).is_ok());
    let too_far = chain.sign_with_nonce(&hotkey, serve(1_000), nonce + 8);
    assert_eq!(chain.validate(too_far), Err(InvalidTransaction::Future.into()));

    // A replayed transaction and one within the rate limit are refused.
    let serving = chain.sign(&hotkey, serve(1_000));
    assert_eq!(chain.block(vec![serving.clone()]), [Ok(Ok(()))]);
    assert_eq!(chain.validate(serving), Err(InvalidTransaction::Stale.into()));
    assert_eq!(chain.refusal(&hotkey, serve(3_000)), InvalidTransaction::Custom(12).into());
}
