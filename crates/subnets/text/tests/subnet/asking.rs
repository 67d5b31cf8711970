//! A consumer, a validator's gate and miners on real sockets of the loopback interface. Every wait has an end.

use crate::tiny;
use bytes::Bytes;
use myelin_keys::{Secret, Seed};
use myelin_neuron::{Axon, Dendrite, Endpoint, Failure, HandlerOutput, Peer, ServeAnyone, Signer};
use myelin_primitives::Uid;
use myelin_subnet_kit::{Task, endpoint};
use myelin_subnet_text::{
    Model, Sampling, Shape,
    challenge::TextChallenge,
    consumer::{AskEvent, AskFailure, ConsumerAnswer, ask},
    draw::{ChallengeDraw, Prompts},
    evidence::{Evidence, EvidenceError, ReceiptSide},
    gate::{Candidate, Candidates, Gate, GateLimits},
    judge::{Finding, TextJudge},
    miner::TextMiner,
    mischief::{Mischief, MischievousMiner},
    proof::Tolerance,
    reputation::{Reputation, Reputations, RoundConduct},
    task::TextTask,
};
use myelin_wire::{PublicKey, Sign, class::Class};
use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{runtime::Handle, sync::Notify};

fn signer(seed: u8) -> Signer {
    let seed: Seed = format!("0x{}", format!("{seed:02x}").repeat(32)).parse().unwrap();
    myelin_subnet_kit::signer_of(Secret::from_seed(seed).into_keypair())
}

/// Waits for a future, with a limit far beyond the time that any of them takes.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), what).await.expect("nothing happened for a minute")
}

async fn serve(seed: u8, endpoint: Endpoint) -> Axon {
    Axon::builder(signer(seed), ServeAnyone).port(0).never_served().endpoint(endpoint).start().await.unwrap()
}

fn local(seed: u8) -> TextMiner<Model> {
    TextMiner::local(tiny::model().clone(), signer(seed).hotkey())
}

async fn honest(seed: u8) -> Axon {
    serve(seed, endpoint(Arc::new(TextTask), Arc::new(local(seed)))).await
}

async fn mischievous(seed: u8, mischief: Mischief) -> Axon {
    let miner = MischievousMiner::new(local(seed), mischief);
    serve(seed, endpoint(Arc::new(TextTask), Arc::new(miner))).await
}

/// Returns a miner that begins an answer and leaves.
async fn leaves(seed: u8) -> Axon {
    let line = Bytes::from_static(b"{\"token\":1,\"logprob\":-1.0,\"text\":\" a\"}\n");
    let half = Endpoint::new(TextTask.class(), move |request| {
        let pieces = futures::stream::iter([Ok(line.clone()), Err("gone".into())]);
        async move { Ok(HandlerOutput::stream(request.into_content(), pieces)) }
    });
    serve(seed, half).await
}

/// The miners of a test, and the failures that are noted.
struct These {
    miners: Vec<Candidate>,
    failed: Arc<Mutex<Vec<(PublicKey, PublicKey)>>>,
}

impl Candidates for These {
    fn best(&self) -> Vec<Candidate> {
        self.miners.clone()
    }

    fn failed(&self, miner: PublicKey, consumer: PublicKey) {
        self.failed.lock().unwrap().push((miner, consumer));
    }
}

struct Network {
    validator: Axon,
    reputations: Arc<Reputations>,
    /// The miners that failed consumers, with the consumers.
    failed: Arc<Mutex<Vec<(PublicKey, PublicKey)>>>,
    #[expect(dead_code, reason = "they serve until dropped")]
    miners: Vec<Axon>,
}

/// Returns a validator that knows these miners, the best first.
async fn network(miners: Vec<Axon>, limits: GateLimits) -> Network {
    let model = tiny::model();
    let reputations = Arc::new(Reputations::default());
    let drawing = ChallengeDraw { model: model.hash(), prompts: Prompts::Made, lengths: 8..=16 };
    let examiner = Arc::new(TextJudge::new(model.clone(), drawing, 5, Arc::clone(&reputations)));
    let candidate = |(miner, uid): (&Axon, u16)| Candidate {
        uid: Uid::new(uid),
        peer: Peer::strict(miner.hotkey(), miner.address()),
        incentive: 100 + uid,
        consensus: 200 + uid,
    };
    let failed = Arc::default();
    let these = These { miners: miners.iter().zip(1..).map(candidate).collect(), failed: Arc::clone(&failed) };
    let gate = Gate::new(Arc::new(Dendrite::new(signer(1)).local_addresses(true)), examiner, Arc::new(these), limits);
    Network { validator: serve(1, gate.endpoint()).await, reputations, failed, miners }
}

fn challenge(seed: u64) -> TextChallenge {
    TextChallenge {
        model: tiny::model().hash(),
        prompt: "Once there was".into(),
        seed,
        sampling: Sampling { temperature_milli: 800, top_k: 20 },
        max_tokens: 12,
        miner: None,
    }
}

async fn asked(network: &Network, challenge: &TextChallenge) -> (Result<ConsumerAnswer, AskFailure>, Vec<AskEvent>) {
    let validator = Peer::strict(network.validator.hotkey(), network.validator.address());
    let mut all = Vec::new();
    let dendrite = Dendrite::new(signer(9)).local_addresses(true);
    let mut heard = |heard| all.push(heard);
    let told = soon(ask(&dendrite, &[validator], challenge, Duration::from_secs(30), &mut heard)).await;
    (told, all)
}

/// Returns the tokens that the model on this machine gives for a miner.
fn here(challenge: &TextChallenge, miner: u8) -> Vec<u32> {
    let model: &Model = tiny::model();
    let prompt = model.encode(&challenge.prompt).unwrap();
    let mut tokens = Vec::new();
    let take = &mut |step: myelin_subnet_text::GeneratedToken| {
        tokens.push(step.token);
        ControlFlow::Continue(())
    };
    model.generate(&challenge.query(&prompt, signer(miner).hotkey()), take).unwrap();
    tokens
}

#[tokio::test]
async fn an_answer_is_proven_signed_and_what_the_model_writes_here() {
    let network = network(vec![honest(2).await], GateLimits::default()).await;
    let challenge = challenge(7);
    let (told, heard) = asked(&network, &challenge).await;
    let told = told.unwrap();
    let tokens: Vec<_> = told.tokens.iter().map(|token| token.token).collect();
    assert_eq!(tokens, here(&challenge, 2));
    assert_eq!(told.text(), tiny::model().decode(&tokens).unwrap());
    assert!(told.report.proven && told.report.checked > 0 && told.miner_signed);
    assert_eq!((told.report.uid, told.report.incentive, told.report.consensus), (1, 101, 201));
    let evidence = told.evidence.unwrap();
    let shown = evidence.check().unwrap();
    assert_eq!((shown.consumer, shown.validator), (signer(9).hotkey(), network.validator.hotkey()));
    assert_eq!((shown.miner, &shown.question), (signer(2).hotkey(), &challenge));
    assert_eq!((&shown.answer.tokens, &shown.report), (&told.tokens, &told.report));
    assert_eq!(shown.examine(tiny::model(), Tolerance::F32).unwrap(), Finding::Genuine { checked: tokens.len() });
    assert_eq!(heard.len(), 1 + tokens.len());
    assert!(matches!(&heard[0], AskEvent::Asking(whom) if whom.uid == 1));
}

#[tokio::test]
async fn evidence_of_something_else_shows_nothing() {
    let network = network(vec![leaves(3).await, honest(2).await], GateLimits::default()).await;
    let evidence = asked(&network, &challenge(7)).await.0.unwrap().evidence.unwrap();
    assert!(evidence.check().is_ok(), "what came before is void");
    let json = serde_json::to_value(&evidence).unwrap();
    assert_eq!(serde_json::from_value::<Evidence>(json.clone()).unwrap(), evidence);
    let with = |pointer: &str, value: serde_json::Value| {
        let mut json = json.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        serde_json::from_value::<Evidence>(json).unwrap().check().unwrap_err()
    };
    assert!(matches!(with("/form", "other".into()), EvidenceError::Form(_)));
    assert!(matches!(with("/question/model", "00".into()), EvidenceError::Form(_)));
    assert_eq!(with("/question/seed", 8.into()), EvidenceError::Other(ReceiptSide::Validator, "question"));
    assert_eq!(with("/question/prompt", "Twice".into()), EvidenceError::Other(ReceiptSide::Validator, "question"));
    assert_eq!(with("/timeout_ms", 1.into()), EvidenceError::Other(ReceiptSide::Validator, "question"));
    let said = json["said"].as_str().unwrap().replacen("logprob", "logprop", 1);
    assert_eq!(with("/said", said.into()), EvidenceError::Other(ReceiptSide::Validator, "answer"));
    assert_eq!(with("/groups", serde_json::json!([])), EvidenceError::Other(ReceiptSide::Validator, "answer"));
    let text = json.pointer("/receipt/request/text").unwrap().as_str().unwrap().replace("/Ask", "/Text");
    assert!(matches!(with("/receipt/request/text", text.into()), EvidenceError::Receipt(ReceiptSide::Validator, _)));
}

/// Returns a validator that gives this answer to every caller.
async fn says(seed: u8, said: String) -> Axon {
    let fields = TextTask.class().fields().to_vec();
    let names: Vec<_> = fields.iter().map(|field| field.name().to_owned()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let class = Class::new("Ask", fields).and_then(|class| class.hashing(&names)).unwrap();
    let endpoint = Endpoint::new(class, move |request| {
        let piece = futures::stream::iter([Ok(Bytes::from(said.clone()))]);
        async move { Ok(HandlerOutput::stream(request.into_content(), piece)) }
    });
    serve(seed, endpoint).await
}

#[tokio::test]
async fn a_validator_cannot_spoil_the_evidence_of_what_it_said() {
    let network = network(vec![honest(2).await], GateLimits::default()).await;
    let evidence = asked(&network, &challenge(7)).await.0.unwrap().evidence.unwrap();
    let said = serde_json::to_value(&evidence).unwrap()["said"].as_str().unwrap().to_owned();
    // Another validator says the same. This is an answer, though no miner gave it to this validator.
    let told = asked(&Network { validator: says(3, said.clone()).await, ..network }, &challenge(7)).await.0.unwrap();
    assert!(!told.miner_signed);
    assert_eq!(told.evidence.unwrap().check().unwrap_err(), EvidenceError::Other(ReceiptSide::Miner, "validator"));
    // With more bytes behind the end it is no answer. Otherwise the evidence would be invalid.
    for tail in ["x", "\u{fffd}", "x\n"] {
        let spoiled = Network {
            validator: says(3, format!("{said}{tail}")).await,
            reputations: Arc::default(),
            failed: Arc::default(),
            miners: Vec::new(),
        };
        let told = asked(&spoiled, &challenge(7)).await.0;
        assert!(matches!(told, Err(AskFailure::Nonsense(_))), "{told:?}");
    }
}

#[tokio::test]
async fn when_a_miner_fails_the_next_one_begins_anew() {
    let network = network(vec![leaves(2).await, honest(3).await], GateLimits::default()).await;
    let challenge = challenge(8);
    let (told, heard) = asked(&network, &challenge).await;
    let told = told.unwrap();
    assert_eq!(told.report.uid, 2);
    assert_eq!(told.tokens.iter().map(|token| token.token).collect::<Vec<_>>(), here(&challenge, 3));
    assert_eq!(heard.iter().filter(|heard| matches!(heard, AskEvent::Asking(_))).count(), 2);
}

#[tokio::test]
async fn a_lie_is_found_out_and_remembered() {
    let other = tiny::load(tiny::folder(&Shape::TINY, 2).path());
    let liar = mischievous(2, Mischief::Smaller(other)).await;
    let liar_hotkey = liar.hotkey();
    let network = network(vec![liar, honest(3).await], GateLimits::default()).await;
    network.reputations.note((0..5).map(|_| ((liar_hotkey, 0), RoundConduct::Proven))).unwrap();
    let (told, _) = asked(&network, &challenge(9)).await;
    assert_eq!(told.unwrap().report.uid, 2);
    assert_eq!(network.reputations.of((liar_hotkey, 0)), Reputation::NONE);
    assert_eq!(*network.failed.lock().unwrap(), [(liar_hotkey, signer(9).hotkey())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_passes_questions_on_is_found_out() {
    // A miner that serves every caller, so that it also answers the copier, which no miner should serve.
    let other = honest(4).await;
    let peer = Peer::strict(other.hotkey(), other.address());
    let passes_on =
        Mischief::copies(Dendrite::new(signer(2)).local_addresses(true), move || vec![peer.clone()], Handle::current());
    let copier = mischievous(2, passes_on).await;
    let copier_hotkey = copier.hotkey();
    let network = network(vec![copier, honest(3).await], GateLimits::default()).await;
    let earned = (0..5).map(|_| ((copier_hotkey, 0), RoundConduct::Proven));
    network.reputations.note(earned).unwrap();

    // At temperature 0 there is one right answer, from any miner.
    let greedy = TextChallenge { sampling: Sampling::GREEDY, ..challenge(10) };
    let (told, _) = asked(&network, &greedy).await;
    assert_eq!(told.unwrap().report.uid, 1);
    let (told, heard) = asked(&network, &challenge(10)).await;
    let told = told.unwrap();
    assert_eq!(told.report.uid, 2);
    assert_eq!(told.tokens.iter().map(|token| token.token).collect::<Vec<_>>(), here(&challenge(10), 3));
    assert_eq!(network.reputations.of((copier_hotkey, 0)), Reputation::NONE);
    // Its lines were the other miner's answer, to the token.
    let voided = heard.iter().skip(1).map_while(|heard| match heard {
        AskEvent::Token(token) => Some(token.token),
        _ => None,
    });
    assert_eq!(voided.collect::<Vec<_>>(), here(&challenge(10), 4));
}

#[tokio::test]
async fn what_has_no_answer_says_why() {
    let limits = GateLimits { per_minute: 4, ..GateLimits::default() };
    let network = network(vec![mischievous(2, Mischief::Truncates).await], limits).await;
    let refused = async |challenge: TextChallenge| match asked(&network, &challenge).await.0 {
        Err(AskFailure::Refused(why)) => why.to_string(),
        other => panic!("{other:?}"),
    };
    let other = myelin_subnet_text::ModelHash::from_bytes([1; 32]);
    assert!(refused(TextChallenge { model: other, ..challenge(1) }).await.starts_with("the model of this subnet is"));
    let long = refused(TextChallenge { max_tokens: 2_000, ..challenge(1) }).await;
    assert!(long.contains("the model has room for"), "{long}");
    let wrong = refused(challenge(1)).await;
    assert!(wrong.starts_with("miner 1: its answer is not the model's"), "{wrong}");
    // One more question, and no fifth.
    refused(challenge(2)).await;
    assert_eq!(&*refused(challenge(3)).await, "4 questions were asked within a minute, and no more are answered");
}

#[tokio::test]
async fn nh_16_a_hotkey_has_one_free_question_and_an_address_two() {
    let silent = Endpoint::new(TextTask.class(), |_| std::future::pending());
    let limits = GateLimits { stall: Duration::from_mins(1), ..GateLimits::default() };
    let network = network(vec![serve(2, silent).await], limits).await;
    let validator = Peer::strict(network.validator.hotkey(), network.validator.address());
    let question = challenge(1);
    // The consumer leaves once the gate has asked the miner, and the gate goes on.
    let begun = async |seed| {
        let (dendrite, peers, begun) =
            (Dendrite::new(signer(seed)).local_addresses(true), [validator.clone()], Notify::new());
        let mut heard = |_| begun.notify_one();
        tokio::select! {
            told = ask(&dendrite, &peers, &question, Duration::from_secs(50), &mut heard) => panic!("{told:?}"),
            () = soon(begun.notified()) => {}
        }
    };
    let refused = async |seed| {
        let (dendrite, peers) = (Dendrite::new(signer(seed)).local_addresses(true), [validator.clone()]);
        match soon(ask(&dendrite, &peers, &question, Duration::from_secs(20), &mut |_| ())).await {
            Err(AskFailure::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    begun(10).await;
    assert_eq!(refused(10).await.as_str(), "another question of this hotkey is being answered; ask again");
    begun(11).await;
    assert_eq!(refused(12).await.as_str(), "2 other questions of this address are being answered; ask again");
}

#[tokio::test]
async fn without_anybody_to_ask_there_is_no_answer() {
    let network = network(Vec::new(), GateLimits::default()).await;
    let (told, heard) = asked(&network, &challenge(1)).await;
    assert_eq!(told, Err(AskFailure::Refused("no miner can be asked at present".into())));
    assert!(matches!(heard[..], [AskEvent::NoAnswer { .. }]));
    let (dendrite, question) = (Dendrite::new(signer(9)).local_addresses(true), challenge(1));
    let nobody = soon(ask(&dendrite, &[], &question, Duration::from_secs(1), &mut |_| ())).await;
    assert_eq!(nobody, Err(AskFailure::NoValidator));
}

/// Returns a miner that begins no answer, and records the timeouts of its requests.
async fn hangs(seed: u8, timeouts: Arc<Mutex<Vec<Option<f64>>>>) -> Axon {
    let endpoint = Endpoint::new(TextTask.class(), move |request| {
        timeouts.lock().unwrap().push(request.content().timeout);
        let pieces = futures::stream::pending::<Result<Bytes, Failure>>();
        async move { Ok(HandlerOutput::stream(request.into_content(), pieces)) }
    });
    serve(seed, endpoint).await
}

#[tokio::test]
async fn nh_40_a_miner_sees_the_patience_of_the_validator_and_not_that_of_the_consumer() {
    let timeouts = Arc::default();
    let limits = GateLimits { longest: Duration::from_millis(500), ..GateLimits::default() };
    let network = network(vec![hangs(2, Arc::clone(&timeouts)).await, honest(3).await], limits).await;
    let (told, _) = asked(&network, &challenge(1)).await;
    assert_eq!(told, Err(AskFailure::Refused("the time of the question is over".into())));
    assert_eq!(*timeouts.lock().unwrap(), [Some(12.0)]);
    // The miner had less time than for a challenge, so it did not fail.
    assert_eq!(*network.failed.lock().unwrap(), []);
}

#[tokio::test]
async fn nh_43_a_miner_that_fails_a_consumer_is_noted() {
    let limits = GateLimits { stall: Duration::from_millis(500), ..GateLimits::default() };
    let miners = vec![hangs(2, Arc::default()).await, leaves(4).await, mischievous(5, Mischief::Silent).await];
    let network = network(miners, limits).await;
    let (told, _) = asked(&network, &challenge(1)).await;
    assert!(matches!(told, Err(AskFailure::Refused(_))), "{told:?}");
    let consumer = signer(9).hotkey();
    assert_eq!(*network.failed.lock().unwrap(), [2, 4, 5].map(|miner| (signer(miner).hotkey(), consumer)));
    network.failed.lock().unwrap().clear();
    // Challenges here have up to 16 tokens, so this question tells nothing about a miner.
    let (told, _) = asked(&network, &TextChallenge { max_tokens: 17, ..challenge(1) }).await;
    assert!(matches!(told, Err(AskFailure::Refused(_))), "{told:?}");
    assert_eq!(*network.failed.lock().unwrap(), []);
}
