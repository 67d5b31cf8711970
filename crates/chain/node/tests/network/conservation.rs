//! A working subnet, with every rao accounted for in every block.

use crate::{NODE, TAO};
use futures::future::join_all;
use myelin_client::{
    Amount, NetUid, NeuronInfo, Tao, Uid, account_records,
    runtime::{
        self, emission::events::EpochRun, neurons::events::NeuronRegistered,
        runtime_types::bounded_collections::bounded_vec::BoundedVec, subnets::events::NetworkAdded,
    },
    subxt::utils::Static,
};
use myelin_testing::{TestChain, TestNetwork, TestState, account, audit::audit, key};
use serde_json::json;

/// Blocks whose finality is timed.
const TIMED: usize = 8;

/// The greatest distance of finality from the best block, in blocks, for more than half of the blocks.
const LAG: u64 = 2;

/// Registers a hotkey of a coldkey and stakes on it.
async fn join(chain: &TestChain, netuid: NetUid, coldkey: &str, hotkey: &str, stake: u64) -> Uid {
    chain.pair(&key(coldkey), &key(hotkey)).await;
    let hotkey = account(hotkey);
    let register = runtime::transactions().neurons().burned_register(netuid.into(), hotkey);
    let registered = chain.submit(&register, &key(coldkey)).await.expect("a seat is free");
    if stake > 0 {
        let add = runtime::transactions().staking().add_stake(hotkey, rao(stake));
        chain.submit(&add, &key(coldkey)).await.expect("the coldkey has enough");
    }
    registered.event::<NeuronRegistered>().expect("a seat was taken").uid.0
}

async fn rate(chain: &TestChain, netuid: NetUid, hotkey: &str, weights: &[(Uid, u16)]) {
    let (uids, values) = weights.iter().map(|(uid, value)| (Static(*uid), *value)).unzip();
    let call = runtime::transactions().weights().set_weights(netuid.into(), BoundedVec(uids), BoundedVec(values), 0);
    let set = chain.submit(&call, &key(hotkey)).await.expect("a validator may rate");
    assert_eq!(set.fee(), 0);
}

fn rao(rao: u64) -> Static<Amount<Tao>> {
    Amount::from_rao(rao).into()
}

async fn neurons(moment: &TestState, netuid: NetUid) -> Vec<NeuronInfo> {
    let metagraph = moment.ask(runtime::runtime_apis().myelin_api().metagraph(netuid.into())).await;
    metagraph.expect("the subnet exists").0.neurons
}

async fn free(moment: &TestState, name: &str) -> u64 {
    moment.read(account_records(), (account(name),)).await.data.free
}

async fn next_epoch(chain: &TestChain, netuid: NetUid) -> (TestState, EpochRun) {
    chain.wait_for_event("epoch", move |epoch: &EpochRun| epoch.netuid.0 == netuid).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rao_of_a_subnet_is_accounted_for() {
    let network = TestNetwork::start(NODE, "test", &["Alice", "Bob"], &json!({})).await;
    let chain = network.node("Alice").chain().await;
    chain.pair(&key("Charlie"), &key("Charlie//owner")).await;
    let create = runtime::transactions().subnets().register_network(account("Charlie//owner"));
    let created = chain.submit(&create, &key("Charlie")).await.expect("Charlie can pay for a subnet");
    let netuid = created.event::<NetworkAdded>().expect("a subnet was created").netuid.0;

    let seats = [
        ("Dave", "Dave//validator", 600 * TAO),
        ("Eve", "Eve//validator", 200 * TAO),
        ("Ferdie", "Ferdie//validator", 200 * TAO),
        ("Alice", "Alice//miner", 0),
        ("Bob", "Bob//miner", 0),
    ];
    let uids = join_all(seats.map(|(coldkey, hotkey, stake)| join(&chain, netuid, coldkey, hotkey, stake))).await;
    let [_, honest, liar, good, bad] = uids[..] else { panic!("five seats were taken") };

    // The first epoch gives permits. The liar gives all weight to the miner that the others give little.
    next_epoch(&chain, netuid).await;
    let (fair, absurd) = ([(good, 3), (bad, 1)], [(bad, 1)]);
    tokio::join!(
        rate(&chain, netuid, "Dave//validator", &fair),
        rate(&chain, netuid, "Eve//validator", &fair),
        rate(&chain, netuid, "Ferdie//validator", &absurd),
    );
    let (moment, epoch) = next_epoch(&chain, netuid).await;
    let before = chain.at(moment.height() - 1).await;
    the_epoch_was_divided_by_the_rule(&moment, &before, &epoch).await;
    the_liar_was_clipped(&moment, &before, netuid, [honest, liar, good, bad]).await;

    money_moves(&chain, netuid).await;
    finality_follows_the_best_block(&network).await;
    let last = chain.now().await.height();
    let account = audit(&chain, 0..=last).await;
    assert!(account.epochs.iter().filter(|epoch| epoch.netuid.0 == netuid).count() >= 2);
    assert!(account.fees > 0 && account.recycled > account.fees);
}

/// Checks the division of an epoch. spec tokenomics §6.2.
async fn the_epoch_was_divided_by_the_rule(moment: &TestState, before: &TestState, epoch: &EpochRun) {
    let earned = epoch.emission.rao();
    assert!(earned > 0);
    let owner = earned * 18 / 100;
    let miners = (earned - owner) / 2;
    let validators = earned - owner - miners;
    assert_eq!(
        [&epoch.owner_cut, &epoch.miners, &epoch.validators].map(|part| part.rao()),
        [owner, miners, validators]
    );
    assert_eq!(free(moment, "Charlie").await - free(before, "Charlie").await, owner);

    let (after, before) = (neurons(moment, epoch.netuid.0).await, neurons(before, epoch.netuid.0).await);
    assert_eq!(after.iter().map(|neuron| neuron.emission.rao()).sum::<u64>(), miners + validators);
    for (after, before) in after.iter().zip(&before) {
        assert_eq!(after.stake.rao() - before.stake.rao(), after.emission.rao(), "uid {:?}", after.uid);
    }
}

/// Checks that the liar was clipped. spec yuma §1.
async fn the_liar_was_clipped(moment: &TestState, before: &TestState, netuid: NetUid, uids: [Uid; 4]) {
    let (after, before) = (neurons(moment, netuid).await, neurons(before, netuid).await);
    let [honest, liar, good, bad] = uids.map(|uid| after[usize::from(uid)].clone());
    assert_eq!(before[usize::from(honest.uid)].stake, before[usize::from(liar.uid)].stake);
    assert!(liar.validator_permit && liar.active);
    assert_eq!(honest.validator_trust, u16::MAX);
    assert!(liar.validator_trust.abs_diff(u16::MAX / 4) <= 1, "a quarter of the lie stands: {liar:?}");
    assert!(liar.dividends < honest.dividends, "{liar:?} {honest:?}");
    assert!(liar.emission.rao() < honest.emission.rao());
    // For the bad miner all validators leave a quarter to the liar. For the good one the liar has no weight.
    let stakes = |of: &[Uid]| of.iter().map(|uid| before[usize::from(*uid)].stake.rao()).sum::<u64>();
    let all = before.iter().map(|neuron| neuron.stake.rao()).sum::<u64>();
    let (bad_rank, good_rank) = (all, 3 * (all - stakes(&[liar.uid])));
    let part = |rank: u64| u64::from(u16::MAX) * (rank / TAO) / ((bad_rank + good_rank) / TAO);
    for (miner, rank) in [(&good, good_rank), (&bad, bad_rank)] {
        assert!(u64::from(miner.incentive).abs_diff(part(rank)) <= 100, "{miner:?}, not {}", part(rank));
    }
}

/// Moves TAO in every other way, and lets TAO be recycled in every other way.
async fn money_moves(chain: &TestChain, netuid: NetUid) {
    let tx = runtime::transactions;
    let validator = account("Dave//validator");
    let (dave, eve, bob, charlie) = (key("Dave"), key("Eve"), key("Bob"), key("Charlie"));
    let delegate = tx().staking().become_delegate(validator);
    chain.submit(&delegate, &dave).await.expect("Dave owns the hotkey");
    let nominate = tx().staking().add_stake(validator, rao(7 * TAO + 1));
    chain.submit(&nominate, &eve).await.expect("the hotkey is a delegate");
    let give = tx().balances().transfer_allow_death(account("Nobody").into(), TAO);
    chain.submit(&give, &bob).await.expect("Bob has enough");
    // The rest is below the existential deposit and vanishes.
    let fee = chain.submit(&give, &bob).await.expect("Bob has enough").fee();
    let keep = tx().balances().transfer_allow_death(bob.public_key().to_account_id().into(), 2 * TAO - fee - 300);
    chain.submit(&keep, &key("Nobody")).await.expect("Nobody can give nearly everything");
    next_epoch(chain, netuid).await;
    let back = tx().staking().unstake_all(validator);
    assert_eq!(chain.submit(&back, &eve).await.expect("Eve has stake").fee(), 0);
    // The lock is returned, and pending emission is recycled.
    chain.submit(&tx().subnets().dissolve_network(netuid.into()), &charlie).await.expect("Charlie owns the subnet");
}

async fn finality_follows_the_best_block(network: &TestNetwork) {
    let mut chains = Vec::new();
    for node in network.nodes() {
        chains.push(node.chain().await);
    }
    let mut lags = Vec::new();
    for _ in 0..TIMED {
        for chain in &chains {
            let last = chain.now().await.height();
            let next = chain.wait_for("final block", |now| async move { now.height() > last }).await.height();
            lags.push(chain.best().await.height().saturating_sub(next));
        }
    }
    lags.sort_unstable();
    assert!(lags[lags.len() / 2] <= LAG, "finality is behind by {lags:?} blocks");
    let height = chains[0].now().await.height().min(chains[1].now().await.height());
    assert_eq!(chains[0].at(height).await.hash(), chains[1].at(height).await.hash());
}
