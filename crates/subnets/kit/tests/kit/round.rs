//! A round on real sockets: seats, challenges, scores.

use crate::{CALLER, class, key, signer, soon};
use myelin_neuron::{
    AskError, Axon, Dendrite, Directory, DirectoryEntry, Failure, MemoryDirectory, SPEAKS_STRICT, ServeNeurons,
    ServedAxon,
};
use myelin_primitives::{Amount, Fraction, Uid};
use myelin_subnet_kit::{Judge, Miner, Reply, ScoredAnswer, Task, Verdict, endpoint, round};
use myelin_wire::{
    PublicKey, Sign, Synapse,
    class::{Class, Mismatch},
    python::{Dict, Value},
};
use std::{sync::Arc, time::Duration};

/// A task that reverses texts.
struct Turning;

fn read(message: &Synapse, field: &str) -> Result<String, Mismatch> {
    let text = message.get(field).and_then(Value::as_text);
    text.map(str::to_owned).ok_or_else(|| Mismatch { at: field.to_owned(), what: "is not text".to_owned() })
}

impl Task for Turning {
    type Challenge = String;
    type Answer = String;

    fn class(&self) -> Class {
        class("Turning", &[("text", "str"), ("turned", "str = \"\"")], &["text"])
    }

    fn ask(&self, challenge: &String) -> Dict {
        Dict::from_iter([("text", Value::from(challenge.as_str()))])
    }

    fn asked(&self, message: &Synapse) -> Result<String, Mismatch> {
        read(message, "text")
    }

    fn answer(&self, message: &mut Synapse, answer: String) -> Result<(), Mismatch> {
        message.set("turned", Value::Text(answer))
    }

    fn answered(&self, message: &Synapse) -> Result<String, Mismatch> {
        read(message, "turned")
    }
}

enum Mining {
    Well,
    Badly,
    Not,
}

impl Miner<Turning> for Mining {
    fn answer(&self, challenge: String) -> Result<String, Failure> {
        match self {
            Self::Well => Ok(challenge.chars().rev().collect()),
            Self::Badly => Ok(challenge),
            Self::Not => Err(Failure::from("no")),
        }
    }
}

struct Exact;

impl Judge<Turning> for Exact {
    fn draw(&self, seed: u64, _: PublicKey) -> String {
        format!("abc {seed}")
    }

    fn score(&self, challenge: &String, reply: &Reply<String>) -> Fraction {
        let is_right = challenge.chars().rev().eq(reply.answer.chars());
        Fraction::from_u16(if is_right { u16::MAX } else { 0 })
    }
}

fn seat(uid: u16, tao: u64, announced: Option<ServedAxon>) -> DirectoryEntry {
    DirectoryEntry { uid: Uid::new(uid), stake: Amount::from_tao(tao).unwrap(), may_validate: tao > 0, announced }
}

/// Returns a score in percent, or `None` without one.
fn percent(scored: &ScoredAnswer) -> Option<u64> {
    match scored.score {
        Ok(Verdict::Score(score)) => Some(score.of(100)),
        Ok(Verdict::Abstain) | Err(_) => None,
    }
}

#[tokio::test]
async fn a_round_scores_everybody_with_a_seat() {
    let table = Arc::new(MemoryDirectory::default());
    let least_stake = Amount::from_tao(10).unwrap();
    let mut axons = Vec::new();
    for (seed, mining) in (40..).zip([Mining::Well, Mining::Badly, Mining::Not]) {
        let rules = ServeNeurons { directory: Arc::clone(&table), least_stake };
        let axon = Axon::builder(signer(seed), rules).port(0).never_served();
        axons.push(axon.endpoint(endpoint(Arc::new(Turning), Arc::new(mining))).start().await.unwrap());
    }
    let announced = |axon: &Axon| {
        Some(ServedAxon { address: axon.address(), placeholder1: SPEAKS_STRICT, certificate: None, announced_at: 1 })
    };
    let miners = axons.iter().zip(1..).map(|(axon, uid)| (axon.hotkey(), seat(uid, 0, announced(axon))));
    let validators = [(key(CALLER).hotkey(), seat(0, 10, None)), (key(3).hotkey(), seat(9, 9, None))];
    table.set(miners.chain(validators));

    let serving = table.seats().into_iter().filter_map(|(hotkey, seat)| Some(seat.announced?.peer(hotkey).unwrap()));
    let peers: Vec<_> = serving.collect();
    let ask = async |seed| {
        let dendrite = Arc::new(Dendrite::new(signer(seed)).local_addresses(true));
        let (task, judge) = (Arc::new(Turning), Arc::new(Exact));
        soon(round(&dendrite, &task, &judge, (7, Duration::from_secs(20)), &peers)).await.unwrap()
    };
    let scores = ask(CALLER).await;
    assert_eq!((percent(&scores[0]), percent(&scores[1])), (Some(100), Some(0)));
    assert!(matches!(scores[2].score, Err(AskError::Refused { status: 500, .. })));
    // One caller has too little stake, and one has no seat.
    for seed in [3, 4] {
        let refused = |scored: &ScoredAnswer| matches!(scored.score, Err(AskError::Unproven { status: 403, .. }));
        assert!(ask(seed).await.iter().all(refused));
    }
}
