//! A chain that begins without any TAO, and the path of its first TAO to an account.

use crate::{NODE, TAO};
use codec::Encode;
use myelin_client::{
    Amount, Entry, NetUid, NeuronInfo, Uid, account_records,
    runtime::{
        self, emission::events::EpochRun, neurons::events::NeuronRegistered,
        runtime_types::bounded_collections::bounded_vec::BoundedVec,
    },
    signer::sr25519::Keypair,
    subxt::utils::{AccountId32, H256, Static},
};
use myelin_economics::work::WorkChallenge;
use myelin_testing::{TestChain, TestInclusion, TestNetwork, TestRefusal, TestState, account, audit::audit, key};
use serde_json::{Value, json};
use sp_crypto_hashing::blake2_256;

/// The subnet of genesis.
const FIRST: NetUid = NetUid::new(1);

/// Blocks between two operations on the same stake.
const STAKE_INTERVAL: u64 = 19;

/// The first block in which work pays.
const OPENS_AT: u64 = 10;

/// The end of the launch phase. Epochs are 20 blocks apart, and five of them are in the phase.
const ENDS_AT: u64 = 120;

/// The number of blocks after which a miner stops its search for a seal.
const ATTEMPTS: usize = 20;

/// Returns the genesis of the main chain, with hours shortened to seconds.
fn hurry() -> Value {
    json!({
        "slotTime": { "millis": 250 },
        "subnets": {
            "launch": { "opensAt": OPENS_AT, "endsAt": ENDS_AT, "leastSeats": 2 },
            "networkParameters": {
                "stakeInterval": STAKE_INTERVAL, "minRateLimit": 2, "minWorkDifficulty": 1_000,
            },
            "defaultParameters": { "tempo": 19, "weightsSetRateLimit": 2 },
            "rootParameters": { "tempo": 19, "weightsSetRateLimit": 2 },
            "subnets": [{
                "netuid": FIRST.get(),
                "parameters": {
                    "powRegistrationAllowed": true, "initialDifficulty": 1_000, "minDifficulty": 1_000,
                    "targetRegistrationsPerInterval": 2,
                },
            }],
        },
    })
}

/// The cost of a pair that a coldkey makes, in rao.
const PAIR_COST: u64 = 5_000_000;

/// Searches a seal on the best block until a seat is taken before the work is too old.
async fn mine_a_seat(chain: &TestChain, hotkey: &Keypair, coldkey: &Keypair) -> TestInclusion {
    let (public, account) = (hotkey.public_key(), hotkey.public_key().to_account_id());
    let owner = coldkey.public_key().to_account_id();
    let consent = chain.consent(coldkey, owner, account);
    for _ in 0..ATTEMPTS {
        let best = chain.best().await;
        let subnet = best.ask(runtime::runtime_apis().myelin_api().subnet(FIRST.into())).await.expect("genesis has it");
        let difficulty = subnet.registration.difficulty.expect("seats can be had by work");
        let challenge = WorkChallenge::new(&best.hash().0, &public.0);
        let (nonce, seal) = challenge.search(0.., difficulty).expect("some nonce will do");
        let height = best.height().try_into().expect("blocks are counted in 32 bits");
        let call = runtime::transactions().neurons().register(
            FIRST.into(),
            height,
            nonce,
            seal.as_bytes().to_vec(),
            account,
            owner,
            Some(consent),
        );
        match chain.submit(&call, hotkey).await {
            Ok(included) => return included,
            // The block was replaced, or the work on it came too late.
            Err(TestRefusal::ByPool(_)) => {}
            Err(refused) => panic!("a registration failed on chain: {refused:?}"),
        }
    }
    panic!("no work was in time in {ATTEMPTS} blocks")
}

async fn neurons(moment: &TestState) -> Vec<NeuronInfo> {
    moment.ask(runtime::runtime_apis().myelin_api().metagraph(FIRST.into())).await.expect("genesis has it").0.neurons
}

async fn free(moment: &TestState, who: AccountId32) -> u64 {
    moment.read(account_records(), (who,)).await.data.free
}

/// Returns true if the account exists, also if it has only a nonce.
async fn exists(moment: &TestState, who: AccountId32) -> bool {
    let record = moment.read(account_records(), (who,)).await;
    record.nonce + record.providers + record.consumers + record.sufficients > 0
}

/// A row of weights, with the salt that hides it until it is revealed. spec weights §5.
pub(crate) struct HiddenRow {
    pub(crate) uids: Vec<Uid>,
    pub(crate) values: Vec<u16>,
    pub(crate) salt: Vec<u16>,
}

impl HiddenRow {
    pub(crate) fn hash(&self, hotkey: AccountId32) -> H256 {
        let uids: Vec<u16> = self.uids.iter().map(|uid| uid.get()).collect();
        H256(blake2_256(&(hotkey.0, FIRST.get(), uids, &self.values, &self.salt, 0_u64).encode()))
    }

    pub(crate) async fn reveal(&self, chain: &TestChain, hotkey: &Keypair) -> Result<TestInclusion, TestRefusal> {
        let uids = self.uids.iter().copied().map(Static).collect();
        let (values, salt) = (self.values.clone(), self.salt.clone());
        let weights = runtime::transactions().weights();
        chain
            .submit(
                &weights.reveal_weights(FIRST.into(), BoundedVec(uids), BoundedVec(values), BoundedVec(salt), 0),
                hotkey,
            )
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_tao_is_earned() {
    let network = TestNetwork::start(NODE, "main", &["Alice", "Bob"], &hurry()).await;
    let chain = network.node("Alice").chain().await;
    let genesis = chain.at(0).await;
    assert_eq!(genesis.ask(runtime::runtime_apis().myelin_api().issuance()).await.total, Amount::ZERO);
    let accounts = genesis.values(account_records()).await;
    assert!(accounts.iter().all(|account| account.data.free + account.data.reserved == 0));

    // Just after an epoch, so that both are in time for the next one.
    chain.wait_for_event("epoch", |epoch: &EpochRun| epoch.netuid.0 == FIRST).await;
    let (ada_hot, ben_hot) = (key("Ada//hot"), key("Ben//hot"));
    let first = mine_a_seat(&chain, &ada_hot, &key("Ada")).await;
    let second = mine_a_seat(&chain, &ben_hot, &key("Ben")).await;
    let uid = |included: &TestInclusion| included.event::<NeuronRegistered>().expect("a seat was taken").uid.0;
    let (ada_uid, ben_uid) = (uid(&first), uid(&second));
    assert_eq!((first.fee(), second.fee()), (0, 0));

    let serve = runtime::transactions().neurons().serve_axon(FIRST.into(), 1, 0x0808_0808, 8091, 4, 0, 0, 0);
    assert_eq!(chain.submit(&serve, &ada_hot).await.expect("a neuron may serve").fee(), 0);

    let (moment, epoch) = chain.wait_for_event("epoch", |epoch: &EpochRun| epoch.netuid.0 == FIRST).await;
    the_first_epoch_paid_for_held_seats(&moment, &epoch, ada_uid).await;
    a_latecomer_earns_the_same(&chain).await;

    rate_in_secret(&chain, [&ada_hot, &ben_hot], [ada_uid, ben_uid]).await;
    spend(&chain, ada_hot.public_key().to_account_id()).await;

    let last = chain.now().await.height();
    let books = audit(&chain, 0..=last).await;
    assert_eq!(books.minted, last * TAO, "one TAO a block");
    assert_eq!(books.issuance, books.minted - books.recycled);
}

/// Checks the division of the first epoch with seats. spec tokenomics §10.
async fn the_first_epoch_paid_for_held_seats(moment: &TestState, epoch: &EpochRun, served: Uid) {
    assert_eq!([epoch.owner_cut.rao(), epoch.validators.rao()], [0, 0]);
    assert_eq!(epoch.miners, epoch.emission);
    let neurons = neurons(moment).await;
    let [one, other] = &neurons[..] else { panic!("two seats are taken: {neurons:?}") };
    assert_eq!(one.stake.rao() + other.stake.rao(), epoch.miners.rao());
    let held = |neuron: &NeuronInfo| u128::from(moment.height()) - u128::from(neuron.registered_at);
    let total = held(one) + held(other);
    for neuron in [one, other] {
        let part = u128::from(epoch.miners.rao()) * held(neuron) / total;
        assert!(u128::from(neuron.stake.rao()).abs_diff(part) <= 1, "{neurons:?}");
        assert!(!neuron.validator_permit, "the epoch began without stake");
    }
    let axon = neurons[usize::from(served)].axon.clone().expect("it serves");
    assert_eq!((axon.endpoint.ip, axon.endpoint.port), (0x0808_0808, 8091));
    // No account holds free TAO, and the coldkeys have not even signed.
    assert_eq!(moment.read(runtime::storage().balances().total_issuance(), ()).await, 0);
    for coldkey in ["Ada", "Ben"] {
        assert!(!exists(moment, account(coldkey)).await, "{coldkey}");
    }
}

/// Takes a seat after the first paid epoch, and checks its first full epoch.
async fn a_latecomer_earns_the_same(chain: &TestChain) {
    let hotkey = key("Cleo//hot");
    mine_a_seat(chain, &hotkey, &key("Cleo")).await;
    let (moment, _) = chain.wait_for_event("epoch", |epoch: &EpochRun| epoch.netuid.0 == FIRST).await;
    let before: Vec<u64> = neurons(&moment).await.iter().map(|neuron| neuron.stake.rao()).collect();
    let paid = moment.height();
    chain.wait_for("next block", |now| async move { now.height() > paid }).await;
    let (moment, epoch) = chain.wait_for_event("epoch", |epoch: &EpochRun| epoch.netuid.0 == FIRST).await;
    assert!(moment.height() < ENDS_AT, "the launch phase is too short for this machine");
    let neurons = neurons(&moment).await;
    assert!(neurons[..2].iter().all(|neuron| neuron.validator_permit), "seats with stake have permits");
    let earned: Vec<u64> = neurons.iter().zip(before).map(|(neuron, before)| neuron.stake.rao() - before).collect();
    assert_eq!(earned.len(), 3);
    assert!(earned.iter().all(|part| part.abs_diff(epoch.emission.rao() / 3) <= 2), "{earned:?}");
}

/// Commits and reveals, without a fee and without an account.
async fn rate_in_secret(chain: &TestChain, [ada, ben]: [&Keypair; 2], [ada_uid, ben_uid]: [Uid; 2]) {
    let hotkey = ada.public_key().to_account_id();
    let secret = HiddenRow { uids: vec![ben_uid], values: vec![1], salt: (1..=8).collect() };
    assert_eq!(secret.reveal(chain, ada).await.expect_err("there is no commit"), TestRefusal::code(16));

    let commit = runtime::transactions().weights().commit_weights(FIRST.into(), secret.hash(hotkey));
    let committed = chain.submit(&commit, ada).await.expect("a validator may commit");
    assert_eq!(committed.fee(), 0);
    let commits = committed.moment.ask(runtime::runtime_apis().myelin_api().commits(FIRST.into(), hotkey)).await;
    let window = &commits.first().expect("there is a commit").reveal_from;
    if u64::from(*window) > committed.moment.height() + 3 {
        assert_eq!(secret.reveal(chain, ada).await.expect_err("it is too early"), TestRefusal::code(17));
    }
    chain.wait_for("reveal window", |now| async move { now.height() + 1 >= u64::from(*window) }).await;
    let revealed = secret.reveal(chain, ada).await.expect("the window is open");
    assert_eq!(revealed.fee(), 0);
    let question = runtime::runtime_apis().myelin_api().ratings(FIRST.into(), ada_uid.into());
    let ratings = revealed.moment.ask(question).await.expect("the seat is taken").0.weights;
    assert_eq!(ratings, [Entry::new(ben_uid, u16::MAX)]);

    // Revealed weights are used up, and never belonged to another hotkey.
    for replayer in [ada, ben] {
        assert_eq!(secret.reveal(chain, replayer).await.expect_err("the commit is used up"), TestRefusal::code(16));
    }
}

/// Spends earned stake in every way that TAO can be used.
async fn spend(chain: &TestChain, hotkey: AccountId32) {
    let (ada, signer, friend) = (account("Ada"), key("Ada"), account("Friend"));
    let tx = runtime::transactions;
    let withdrawn = 5 * TAO;
    let remove = tx().staking().remove_stake(hotkey, Amount::from_rao(withdrawn).into());
    assert!(!exists(&chain.now().await, ada).await);
    let removed = chain.submit(&remove, &signer).await.expect("what was earned can be withdrawn");
    assert_eq!((removed.fee(), free(&removed.moment, ada).await), (0, withdrawn));
    assert_eq!(chain.submit(&remove, &signer).await.expect_err("that is too often"), TestRefusal::code(6));

    let gift = TAO / 2;
    let given = chain.submit(&tx().balances().transfer_keep_alive(friend.into(), gift), &signer).await;
    let given = given.expect("Ada has enough");
    let mut left = withdrawn - gift - given.fee();
    assert!(given.fee() > 0);
    assert_eq!((free(&given.moment, ada).await, free(&given.moment, friend).await), (left, gift));

    // Seats of a subnet without an owner are sold after the launch phase.
    let again = (removed.moment.height() + STAKE_INTERVAL).max(ENDS_AT);
    chain.wait_for("next stake interval", |now| async move { now.height() >= again }).await;
    let added = chain.submit(&tx().staking().add_stake(hotkey, Amount::ONE_TAO.into()), &signer).await;
    let added = added.expect("Ada owns the hotkey");
    left -= TAO + added.fee();
    assert_eq!(free(&added.moment, ada).await, left);

    let paired = chain.pair(&signer, &key("Ada//second")).await;
    left -= PAIR_COST + paired.fee();
    assert_eq!(free(&paired.moment, ada).await, left);

    let subnet =
        added.moment.ask(runtime::runtime_apis().myelin_api().subnet(FIRST.into())).await.expect("genesis has it");
    let price = subnet.registration.burn.expect("seats can be bought").rao();
    let bought = chain.submit(&tx().neurons().burned_register(FIRST.into(), account("Ada//second")), &signer).await;
    let bought = bought.expect("a seat is free and Ada has enough");
    left -= price + bought.fee();
    assert_eq!(free(&bought.moment, ada).await, left);
    assert_eq!(neurons(&bought.moment).await.len(), 4);
}
