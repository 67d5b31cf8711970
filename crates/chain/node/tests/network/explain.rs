//! Epochs of a running chain, explained from the outside to the rao.

use crate::{NODE, TAO};
use futures::future::join_all;
use myelin_client::{
    self as client, Amount, ChainState, Entry, FamilyMember, NetUid, NodeUrls, PublicKey, Take, Uid, calls,
    key as key_of,
    runtime::{
        emission::events::{EpochRun, SharesSet},
        neurons::events::NeuronRegistered,
    },
    subxt::tx::Payload,
};
use myelin_economics::children::Proportion;
use myelin_explain::{Audit, ExplainError, NeuronAudit, SeatRisks};
use myelin_primitives::Q32;
use myelin_testing::{TestChain, TestNetwork, account, key};
use serde_json::{Value, json};

/// A subnet with classic bonds and commit-reveal, whose epochs are as rare as those of root.
const RARE: NetUid = NetUid::new(1);

/// A subnet with per-pair bonds and an owner. Its epoch every other block sometimes shares a block with others.
const QUICK: NetUid = NetUid::new(2);

/// A subnet whose first epoch no test waits for.
const IDLE: NetUid = NetUid::new(3);

/// Blocks after which a new neuron may set weights.
const RATE_LIMIT: u64 = 6;

fn genesis() -> Value {
    let owner = json!({ "coldkey": account("Charlie").to_string(), "hotkey": account("Charlie//owner").to_string() });
    let network = json!({ "minRateLimit": 1, "stakeInterval": 10_000, "takeNotice": 2 });
    // Root epochs are 22 blocks apart, so that each is in a block with an epoch of the quick subnet.
    json!({ "subnets": { "networkParameters": network, "rootParameters": { "tempo": 21 }, "subnets": [
        { "netuid": RARE.get(), "parameters": { "yuma3": false, "commitReveal": true } },
        { "netuid": QUICK.get(), "owner": owner, "parameters": { "tempo": 1, "weightsSetRateLimit": 1 } },
        { "netuid": IDLE.get(), "parameters": { "tempo": 10_000, "immunityPeriod": 20_002, "activityCutoff": 50_000 } },
    ] } })
}

fn hotkey(path: &str) -> PublicKey {
    key_of(account(path))
}

/// Returns a child that borrows half of the stake.
fn half_to(child: PublicKey) -> FamilyMember {
    FamilyMember { proportion: Proportion::from_parts(u64::MAX / 2), hotkey: child }
}

fn tao(tao: u64) -> Amount<client::Tao> {
    Amount::from_rao(tao * TAO)
}

/// A running chain, with a test client that writes and a client that reads.
struct Story {
    chain: TestChain,
    reader: client::Chain,
}

impl Story {
    async fn tell<Call: Payload>(&self, who: &str, call: Call) -> myelin_testing::TestInclusion {
        self.chain.submit(&call, &key(who)).await.unwrap_or_else(|refused| panic!("{who}: {refused:?}"))
    }

    /// Registers a hotkey of a coldkey and stakes on it.
    async fn join(&self, netuid: NetUid, coldkey: &str, path: &str, stake: u64) -> Uid {
        self.chain.pair(&key(coldkey), &key(path)).await;
        let registered = self.tell(coldkey, calls::burned_register(netuid, &hotkey(path))).await;
        if stake > 0 {
            self.tell(coldkey, calls::add_stake(&hotkey(path), tao(stake))).await;
        }
        registered.event::<NeuronRegistered>().expect("a seat was taken").uid.0
    }

    async fn wait_until(&self, height: u64) {
        self.chain.wait_for("block", |now| async move { now.height() >= height }).await;
    }

    /// Returns the audits of all epochs of these blocks, each of which must be exact.
    async fn audits(&self, blocks: std::ops::RangeInclusive<u64>) -> Vec<Audit> {
        let mut audits = Vec::new();
        for height in blocks {
            for run in self.at(height).await.events::<EpochRun>().await.expect("events can be read") {
                let block = height.try_into().expect("blocks are counted in 32 bits");
                let audit = Audit::of_epoch(&self.reader, run.netuid.0, block).await;
                let audit = audit.unwrap_or_else(|error| panic!("block {height}: {error}"));
                assert!(audit.is_exact(), "the chain differs by {} rao: {audit:#?}", audit.difference());
                assert_eq!(audit.unseen(), 0, "{audit:#?}");
                assert_eq!(audit.paid.accrued, run.emission.0);
                audits.push(audit);
            }
        }
        audits
    }

    async fn at(&self, height: u64) -> ChainState {
        self.reader.at(height).await.expect("the block is there")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_epoch_is_explained_to_the_rao() {
    let network = TestNetwork::start(NODE, "test", &["Alice"], &genesis()).await;
    let node = network.node("Alice");
    let url = format!("ws://{}", node.rpc_address());
    let reader = client::Chain::connect(NodeUrls::new([url]).expect("a URL")).await.expect("the node answers");
    let story = Story { chain: node.chain().await, reader };
    there_is_nothing_to_explain_yet(&story).await;

    let seats = [
        ("Dave", "Dave//validator", 600),
        ("Eve", "Eve//validator", 200),
        ("Ferdie", "Ferdie//liar", 200),
        ("Charlie", "Charlie//parent", 300),
        ("Alice", "Alice//miner", 0),
        ("Bob", "Bob//miner", 0),
    ];
    let uids = join_all(seats.map(|(coldkey, path, stake)| story.join(QUICK, coldkey, path, stake))).await;
    let [dave, eve, liar, parent, good, bad] = uids[..] else { panic!("six seats were taken") };
    let (rare_validator, rare_miner) =
        tokio::join!(story.join(RARE, "Dave", "Dave//validator", 0), story.join(RARE, "Alice", "Alice//miner", 0));
    assert_ne!(rare_validator, rare_miner);
    tokio::join!(delegation(&story), family(&story), root(&story));

    let seated = story.reader.at_finalised().await.expect("the node answers").height();
    story.wait_until(seated + RATE_LIMIT).await;
    let (fair, absurd) = ([Entry::new(good, 3), Entry::new(bad, 1)], [Entry::new(bad, 1)]);
    tokio::join!(
        story.tell("Dave//validator", calls::set_weights(QUICK, &fair, 0)),
        story.tell("Eve//validator", calls::set_weights(QUICK, &fair, 0)),
        story.tell("Ferdie//liar", calls::set_weights(QUICK, &absurd, 0)),
    );
    promise_and_reveal(&story, rare_miner).await;
    // Half of these are in blocks with an epoch, whose pools they change after it.
    for _ in 0..6 {
        story.tell("Bob", calls::add_stake(&hotkey("Dave//validator"), tao(1))).await;
    }
    the_family_took_effect(&story, eve).await;
    // An epoch without votes pays no neuron. Epochs of the rare subnet are 21 blocks apart, so of two that pay one is
    // in a block with an epoch of the quick subnet.
    next_epoch(&story, RARE).await;
    let last = next_epoch(&story, RARE).await;

    let audits = story.audits(1..=last).await;
    everything_happened(&audits, [dave, eve, liar, parent, good, bad]);
    together_with_others(&story, &audits).await;
    seats_are_ranked(&story).await;
}

/// Returns the block of the next epoch of a subnet.
async fn next_epoch(story: &Story, netuid: NetUid) -> u64 {
    let now = story.reader.at_finalised().await.expect("the node answers").height();
    story.wait_until(now + 1).await;
    let (block, _) = story.chain.wait_for_event("epoch", |run: &EpochRun| run.netuid.0 == netuid).await;
    block.height()
}

async fn the_family_took_effect(story: &Story, child: Uid) {
    let borrows = |height| async move {
        let metagraph = story.at(height).await.metagraph(QUICK).await.expect("the node answers");
        let neuron = metagraph.and_then(|metagraph| metagraph.neuron(child).cloned()).expect("it has a seat");
        neuron.stake_weight > neuron.stake
    };
    story.chain.wait_for("family", |now| borrows(now.height())).await;
}

async fn there_is_nothing_to_explain_yet(story: &Story) {
    story.wait_until(1).await;
    let nobody = NetUid::new(9);
    assert!(matches!(Audit::of_last_epoch(&story.reader, nobody).await, Err(ExplainError::NoNetwork { .. })));
    assert!(matches!(Audit::of_last_epoch(&story.reader, IDLE).await, Err(ExplainError::NoEpochYet(IDLE))));
    assert!(matches!(Audit::of_epoch(&story.reader, IDLE, 1).await, Err(ExplainError::NoEpoch { block: 1, .. })));
}

async fn delegation(story: &Story) {
    story.tell("Dave", calls::become_delegate(&hotkey("Dave//validator"))).await;
    story.tell("Bob", calls::add_stake(&hotkey("Dave//validator"), tao(70))).await;
}

/// Lends half of the weight of Charlie's hotkey to Eve's, which keeps a take.
async fn family(story: &Story) {
    let (parent, child) = (hotkey("Charlie//parent"), hotkey("Eve//validator"));
    tokio::join!(
        story.tell("Charlie", calls::set_children(&parent, QUICK, &[half_to(child)])),
        story.tell("Eve", calls::set_childkey_take(&child, QUICK, Take::new(6_553))),
    );
}

async fn root(story: &Story) {
    let validator = hotkey("Alice//root");
    story.chain.pair(&key("Alice"), &key("Alice//root")).await;
    story.tell("Alice", calls::root_register(&validator)).await;
    story.tell("Alice", calls::add_stake(&validator, tao(100))).await;
    let now = story.reader.at_finalised().await.expect("the node answers").height();
    story.wait_until(now + RATE_LIMIT).await;
    story.tell("Alice", calls::set_root_weights(&validator, &[(RARE, 1), (QUICK, 3)], 0)).await;
}

/// Commits weights that are pending in one epoch, and reveals them for the next.
async fn promise_and_reveal(story: &Story, miner: Uid) {
    let (validator, weights, salt) = (hotkey("Dave//validator"), [Entry::new(miner, 1)], [7; 8]);
    let hash = calls::commit_hash(&validator, RARE, &weights, &salt, 0);
    story.tell("Dave//validator", calls::commit_weights(RARE, hash)).await;
    let now = story.reader.at_finalised().await.expect("the node answers");
    let commits = now.commits(RARE, &validator).await.expect("the node answers");
    story.wait_until(commits[0].reveal_from.into()).await;
    story.tell("Dave//validator", calls::reveal_weights(RARE, &weights, &salt, 0)).await;
}

/// Checks that the audits show all parts of the story, so that their exactness means something.
fn everything_happened(audits: &[Audit], [dave, eve, liar, parent, good, bad]: [Uid; 6]) {
    let of = |netuid| audits.iter().filter(move |audit| audit.netuid == netuid);
    let last = of(QUICK).next_back().expect("there were epochs");
    let neuron = |uid| last.neuron(uid).expect("it has a seat");
    assert_eq!(last.owner, Some(key_of(account("Charlie"))));
    assert!(last.previous.is_some_and(|previous| previous < last.block));

    let opinion =
        |of: &NeuronAudit, by| *of.received.iter().find(|opinion| opinion.validator == by).expect("it rates it");
    let clipped = opinion(neuron(bad), liar);
    assert!(clipped.clipped < clipped.weight && clipped.clipped == neuron(bad).consensus, "{clipped:?}");
    assert_eq!(opinion(neuron(bad), dave).clipped, opinion(neuron(bad), dave).weight);
    assert!(neuron(good).incentive > neuron(bad).incentive && neuron(good).rank > neuron(bad).rank);
    assert!(neuron(liar).validator_trust < neuron(dave).validator_trust);
    assert!(neuron(dave).bonds.len() == 2 && neuron(good).bonds.is_empty());

    let shares = |payment: &myelin_explain::Payment| {
        payment.take.is_some() && payment.growth.is_some_and(|growth| !growth.nominators.is_zero())
    };
    assert!(neuron(dave).payments.iter().any(shares), "{:?}", neuron(dave).payments);
    let child = neuron(eve);
    let paid: Vec<_> = child.payments.iter().map(|payment| payment.hotkey).collect();
    assert_eq!(paid, [hotkey("Charlie//parent"), hotkey("Eve//validator")]);
    assert!(!child.payments[1].emission.miner.is_zero(), "the child takes a part: {:?}", child.payments);
    assert_eq!(child.weight.borrowed[0].amount, neuron(parent).weight.lent[0].amount);
    assert!(child.weight.total > child.weight.own && neuron(parent).weight.total < neuron(parent).weight.own);

    assert!(of(RARE).any(|audit| audit.neurons.iter().any(|neuron| neuron.dividends != Q32::ZERO)));
    assert!(audits.iter().any(|audit| audit.credits.iter().any(|credit| !credit.added.is_zero())));
}

/// Checks that some epochs ran after others of the same block, and some in the block of a root epoch.
async fn together_with_others(story: &Story, audits: &[Audit]) {
    let pays = |audit: &Audit| audit.neurons.iter().any(|neuron| !neuron.payments.is_empty());
    let together = |pair: &[Audit]| pair[0].block == pair[1].block && pair.iter().all(pays);
    assert!(audits.windows(2).any(together), "no block ran two epochs that pay");
    let mut renewed = 0;
    for audit in audits {
        renewed += story.at(audit.block.into()).await.events::<SharesSet>().await.expect("events can be read").len();
    }
    assert!(renewed > 0, "no block with an epoch renewed the shares");
}

async fn seats_are_ranked(story: &Story) {
    let now = story.reader.at_finalised().await.expect("the node answers");
    let seats = SeatRisks::read(&now, QUICK).await.expect("the subnet exists");
    let owner = seats.by_hotkey(&hotkey("Charlie//owner")).expect("the owner has the first seat");
    assert!(owner.protected && owner.rank.is_none() && seats.newcomers_until_lost(owner).is_none());
    let mut ranks: Vec<_> = seats.seats.iter().filter_map(|seat| seat.rank).collect();
    ranks.sort_unstable();
    assert!(ranks.iter().copied().eq(1..=6), "{ranks:?}");
    let least = seats.by_hotkey(&hotkey("Charlie//parent")).expect("it has a seat");
    assert_eq!(seats.newcomers_until_lost(least), Some(u32::from(seats.free) + u32::from(least.rank.unwrap())));
}
