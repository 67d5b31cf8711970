//! A working subnet: miners that serve, a validator that asks and sets weights, and a chain that stores them.

use crate::{NODE, TAO};
use myelin_client::{Account, Amount, Chain, Keypair, Metagraph, NetUid, NodeUrls, Uid, calls};
use myelin_keys::Secret;
use myelin_neuron::{Directory, Failure, ServeAnyone};
use myelin_primitives::Fraction;
use myelin_subnet_kit::{
    AnnouncedAxon, AxonTls, EventSink, JoinError, JsonTask, Judge, Member, Miner, MiningOptions, NeuronEvent, Reply,
    Score, ServeError, ServingOptions, ValidatingOptions, Validator, WeightsStep, mine,
};
use myelin_testing::TestNetwork;
use myelin_wire::PublicKey;
use serde_json::json;
use std::{collections::BTreeMap, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};

/// A subnet on which weights are set openly.
const OPEN: NetUid = NetUid::new(1);

/// A subnet on which weights are committed and revealed.
const HIDDEN: NetUid = NetUid::new(2);

/// A tempo that is short, but long enough to submit in.
const TEMPO: u32 = 11;

/// The shortest activity cutoff.
const CUTOFF: u32 = 360;

/// A timeout longer than any step takes.
const LONG: Duration = Duration::from_mins(2);

/// A task of doubling numbers.
type Doubling = JsonTask<u64, u64>;

fn task() -> Arc<Doubling> {
    Arc::new(Doubling::new("Doubling").unwrap())
}

/// A miner that multiplies by this number.
struct Times(u64);

impl Miner<Doubling> for Times {
    fn answer(&self, number: u64) -> Result<u64, Failure> {
        Ok(number * self.0)
    }
}

struct Doubled;

impl Judge<Doubling> for Doubled {
    fn draw(&self, seed: u64, _: PublicKey) -> u64 {
        seed % 1_000 + 1
    }

    fn score(&self, number: &u64, reply: &Reply<u64>) -> Fraction {
        Fraction::from_u16(if reply.answer == number * 2 { u16::MAX } else { 0 })
    }
}

fn hotkey(path: &str) -> Keypair {
    Secret::from_uri(&format!("//{path}")).unwrap().into_keypair()
}

/// Starts a network with both subnets.
async fn network() -> (TestNetwork, Chain) {
    let subnets = json!({ "subnets": { "subnets": [
        { "netuid": OPEN.get(), "parameters": { "tempo": TEMPO, "activityCutoff": CUTOFF } },
        { "netuid": HIDDEN.get(), "parameters": { "tempo": TEMPO, "commitReveal": true } },
    ] } });
    let network = TestNetwork::start(NODE, "test", &["Alice"], &subnets).await;
    let chain = Chain::connect(endpoints(&network)).await.unwrap();
    (network, chain)
}

fn endpoints(network: &TestNetwork) -> NodeUrls {
    format!("ws://{}", network.node("Alice").rpc_address()).parse().unwrap()
}

/// Takes a seat for a hotkey of Alice's, and adds stake if it is not zero.
async fn seat(chain: &Chain, alice: &Account, netuid: NetUid, path: &str, stake: u64) {
    let key = hotkey(path);
    let hotkey = key.public();
    let consent = chain.consent(&key, &alice.public(), &hotkey);
    let register = calls::associate_first(&hotkey, Some(consent), &calls::burned_register(netuid, &hotkey));
    alice.submit(&register, LONG).await.finalised().unwrap();
    if stake > 0 {
        let stake = calls::add_stake(&hotkey, Amount::from_rao(stake * TAO));
        alice.submit(&stake, LONG).await.finalised().unwrap();
    }
}

/// A miner that serves until it is stopped.
struct Mining {
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

async fn mining(
    chain: &Chain,
    netuid: NetUid,
    path: &str,
    (times, encryption): (u64, AxonTls),
    folder: &Path,
) -> Mining {
    let (announced, is_announced) = oneshot::channel();
    let announced = std::sync::Mutex::new(Some(announced));
    let report = EventSink::new(move |event| {
        if let NeuronEvent::Announced { .. } = event
            && let Some(announced) = announced.lock().unwrap().take()
        {
            let _ = announced.send(());
        }
    });
    let member = Member::join(chain, netuid, hotkey(path), folder.join(path), report).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        let mut options = MiningOptions { enough_stake: Amount::from_tao(1), ..MiningOptions::default() };
        // The chain accepts any loopback address but the first.
        options.serving.listen = (Ipv4Addr::new(127, 0, 0, 2), 0).into();
        options.serving.encryption = encryption;
        let stop = async { stopped.await.unwrap_or_default() };
        mine(&member, task(), Arc::new(Times(times)), options, stop).await.unwrap();
    });
    timeout(LONG, is_announced).await.unwrap().unwrap();
    Mining { stop, ended }
}

/// A validator in a runtime of its own, which can be killed at any time.
struct Validating {
    runtime: Runtime,
    events: mpsc::UnboundedReceiver<NeuronEvent>,
    /// The scores of miners that it knew as it began.
    known: BTreeMap<Uid, Score>,
    /// The number of reported challenges of each miner.
    asked: BTreeMap<Uid, u64>,
}

impl Validating {
    async fn start(endpoints: NodeUrls, netuid: NetUid, path: &str, folder: &Path) -> Self {
        let (send, mut events) = mpsc::unbounded_channel();
        let (tell, told) = oneshot::channel();
        let runtime = Runtime::new().unwrap();
        let (folder, key) = (folder.join(path), hotkey(path));
        runtime.spawn(async move {
            let chain = Chain::connect(endpoints).await.unwrap();
            let report = EventSink::new(move |event| drop(send.send(event)));
            let member = Member::join(&chain, netuid, key, folder, report).await.unwrap();
            let every = Duration::from_millis(500);
            let options = ValidatingOptions { every, lead: Some(8), seed: Some(1), ..ValidatingOptions::default() };
            let validator = Validator::open(&member, task(), Arc::new(Doubled), options).unwrap();
            let known = validator.board().standings().into_iter();
            tell.send(known.filter_map(|standing| Some((standing.uid, standing.score?))).collect()).unwrap();
            validator.run(std::future::pending()).await.unwrap();
        });
        let known = timeout(LONG, told).await.unwrap().unwrap();
        assert!(matches!(events.recv().await, Some(NeuronEvent::Joined { .. })));
        Self { runtime, events, known, asked: BTreeMap::new() }
    }

    /// Waits until a miner has earned a score, and then until weights have reached this step.
    async fn until(&mut self, miner: Uid, wanted: WeightsStep) {
        let wait = async {
            let mut has_earned = false;
            loop {
                match self.events.recv().await.expect("the validator goes on") {
                    NeuronEvent::Weighed { step, .. } if step == wanted && has_earned => break,
                    NeuronEvent::Answered { uid, average, .. } => {
                        has_earned |= uid == miner && average > 0;
                        *self.asked.entry(uid).or_default() += 1;
                    }
                    NeuronEvent::NotSaved { error } => panic!("not saved: {error}"),
                    _ => {}
                }
            }
        };
        timeout(LONG, wait).await.unwrap_or_else(|_| panic!("weights were not there in {LONG:?}: {wanted:?}"));
    }

    /// Ends the validator in the middle of its work.
    async fn kill(self) -> BTreeMap<Uid, u64> {
        let Self { runtime, asked, .. } = self;
        tokio::task::spawn_blocking(move || drop(runtime)).await.unwrap();
        asked
    }
}

/// Checks that the miner that does the work has the weight, also if the validator is killed in between.
async fn story(network: &TestNetwork, chain: &Chain, alice: &Account, netuid: NetUid, steps: [WeightsStep; 2]) {
    let paths = ["validator", "good", "bad"].map(|name| format!("Alice//{name}{netuid}"));
    let [validator, good, bad] = paths.each_ref().map(String::as_str);
    for (path, stake) in [(validator, 100), (good, 0), (bad, 0)] {
        seat(chain, alice, netuid, path, stake).await;
    }
    let subnet = Metagraph::sync(chain, netuid).await.unwrap();
    let [own_uid, good_uid, bad_uid] =
        [validator, good, bad].map(|path| subnet.by_hotkey(&hotkey(path).public()).unwrap().uid);
    let folder = tempfile::tempdir().unwrap();
    let miners = [
        mining(chain, netuid, good, (2, AxonTls::Required), folder.path()).await,
        mining(chain, netuid, bad, (3, AxonTls::Off), folder.path()).await,
    ];

    let mut validating = Validating::start(endpoints(network), netuid, validator, folder.path()).await;
    assert!(validating.known.is_empty());
    validating.until(good_uid, steps[0]).await;
    let asked = validating.kill().await;

    let mut validating = Validating::start(endpoints(network), netuid, validator, folder.path()).await;
    for uid in [good_uid, bad_uid] {
        assert!(validating.known[&uid].asked >= asked[&uid], "{:?} after {asked:?}", validating.known);
    }
    assert!(validating.known[&good_uid].average > 0);
    assert_eq!(validating.known[&bad_uid].average, 0);
    let mut weights = Vec::new();
    // A commit from before the first score may be revealed first.
    for _ in 0..2 {
        validating.until(good_uid, steps[1]).await;
        let ratings = chain.at_finalised().await.unwrap().ratings(netuid, own_uid).await.unwrap().unwrap();
        weights = ratings.weights.iter().map(|entry| (entry.uid, entry.value)).collect();
        if weights.iter().any(|(uid, _)| *uid == good_uid) {
            break;
        }
    }
    assert_eq!(weights, [(good_uid, u16::MAX)]);

    validating.kill().await;
    for Mining { stop, ended } in miners {
        stop.send(()).unwrap();
        timeout(LONG, ended).await.unwrap().unwrap();
    }
    serves_again(chain, netuid, good, folder.path()).await;
}

/// Checks that a miner that comes back serves at its announced address, and keeps its certificate.
async fn serves_again(chain: &Chain, netuid: NetUid, path: &str, folder: &Path) {
    let member = Member::join(chain, netuid, hotkey(path), folder.join(path), EventSink::log()).await.unwrap();
    let serving = |listen: [u8; 4], encryption| {
        let listen = (listen, 0).into();
        let options = ServingOptions { listen, encryption, ..ServingOptions::default() };
        AnnouncedAxon::start(&member, options, ServeAnyone, Vec::new())
    };
    let nowhere = serving([127, 0, 0, 1], AxonTls::Required).await;
    assert!(matches!(nowhere, Err(ServeError::Address(_))), "{nowhere:?}");
    let open = serving([127, 0, 0, 2], AxonTls::Off).await;
    assert!(matches!(open, Err(ServeError::Certificate)), "{open:?}");
    let again = serving([127, 0, 0, 2], AxonTls::Required).await.unwrap();
    let announced = member.table().seat(member.hotkey()).unwrap().announced.unwrap();
    assert_eq!(again.address(), announced.address);
    again.run(std::future::ready(())).await.unwrap();
}

#[tokio::test]
async fn without_a_result_nothing_is_submitted() {
    let (network, chain) = network().await;
    let alice = Account::new(&chain, hotkey("Alice"));
    let (validator, wrong) = ("Alice//silent", "Alice//wrong");
    seat(&chain, &alice, OPEN, validator, 100).await;
    seat(&chain, &alice, OPEN, wrong, 0).await;
    let folder = tempfile::tempdir().unwrap();
    let Mining { stop, ended } = mining(&chain, OPEN, wrong, (3, AxonTls::Off), folder.path()).await;
    let mut validating = Validating::start(endpoints(&network), OPEN, validator, folder.path()).await;

    // The row is never set, so it is as old as the seat. After the warning the validator is watched for three epochs.
    let (mut reasons, mut warnings, mut seen_until) = (0, 0, u32::MAX);
    let wait = async {
        loop {
            match validating.events.recv().await.expect("the validator goes on") {
                NeuronEvent::NoOpinion { .. } => reasons += 1,
                NeuronEvent::OldWeights { fixed_at, until } => {
                    assert_eq!(until, fixed_at + CUTOFF);
                    warnings += 1;
                    seen_until = fixed_at + CUTOFF / 2 + 5 * (TEMPO + 1);
                }
                NeuronEvent::Weighing { step, .. } => panic!("it submits: {step:?}"),
                NeuronEvent::Block { block, .. } if block > seen_until => break,
                _ => {}
            }
        }
    };
    timeout(LONG, wait).await.unwrap_or_else(|_| panic!("no warning in {LONG:?}"));
    assert_eq!((reasons, warnings), (1, 1));
    let metagraph = Metagraph::sync(&chain, OPEN).await.unwrap();
    let own = metagraph.by_hotkey(&hotkey(validator).public()).unwrap();
    assert_eq!(own.last_update, own.registered_at, "no transaction");
    assert!(own.validator_permit && !own.active);

    validating.kill().await;
    stop.send(()).unwrap();
    timeout(LONG, ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn weights_follow_work_and_a_restart_loses_nothing() {
    let (network, chain) = network().await;
    let alice = Account::new(&chain, hotkey("Alice"));
    tokio::join!(
        story(&network, &chain, &alice, OPEN, [WeightsStep::Set, WeightsStep::Set]),
        story(&network, &chain, &alice, HIDDEN, [WeightsStep::Commit, WeightsStep::Reveal]),
    );

    let folder = tempfile::tempdir().unwrap();
    let joined = Member::join(&chain, OPEN, hotkey("Bob//nobody"), folder.path(), EventSink::log()).await;
    assert!(matches!(joined, Err(JoinError::NoSeat { netuid: OPEN, .. })));
}
