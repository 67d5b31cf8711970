//! Rounds on real sockets in which a miner, the task or the judge fails.

use crate::{CALLER, class, signer, soon};
use core::ops::ControlFlow;
use myelin_neuron::{AskError, Axon, Dendrite, Failure, Peer, ServeAnyone};
use myelin_primitives::Fraction;
use myelin_subnet_kit::{Exchange, Judge, Miner, Reply, RoundError, ScoredAnswer, Task, Verdict, endpoint, round};
use myelin_wire::{
    PublicKey, Synapse,
    class::{Class, Mismatch},
    python::{Dict, Value},
};
use std::{sync::Arc, time::Duration};

/// A task whose answers are a stream of bytes. It panics on a stream of `!`.
struct Streaming;

impl Task for Streaming {
    type Challenge = u64;
    type Answer = Vec<u8>;

    fn class(&self) -> Class {
        class("Streaming", &[("number", "int")], &["number"])
    }

    fn ask(&self, challenge: &u64) -> Dict {
        assert_ne!(*challenge, UNWRITABLE, "it is a test");
        Dict::from_iter([("number", Value::int(*challenge))])
    }

    fn asked(&self, _: &Synapse) -> Result<u64, Mismatch> {
        Ok(0)
    }

    fn answer(&self, _: &mut Synapse, _: Vec<u8>) -> Result<(), Mismatch> {
        unreachable!("answers stream")
    }

    fn answered(&self, _: &Synapse) -> Result<Vec<u8>, Mismatch> {
        unreachable!("answers stream")
    }

    fn streams(&self) -> bool {
        true
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        assert_ne!(bytes, b"?", "it is a test");
        !bytes.is_empty()
    }

    fn streamed(&self, bytes: &[u8]) -> Result<Vec<u8>, Mismatch> {
        assert_ne!(bytes, b"!", "it is a test");
        Ok(bytes.to_vec())
    }
}

/// A miner that sends these bytes, and then ends or breaks off.
struct Sends(&'static [u8], bool);

impl Miner<Streaming> for Sends {
    fn answer(&self, _: u64) -> Result<Vec<u8>, Failure> {
        Err(Failure::from("answers stream"))
    }

    fn stream(&self, _: u64, pieces: &mut dyn FnMut(Vec<u8>) -> ControlFlow<()>) -> Result<(), Failure> {
        let _ = pieces(self.0.to_vec());
        if self.1 { Ok(()) } else { Err(Failure::from("broken")) }
    }
}

/// The challenge that the task cannot write.
const UNWRITABLE: u64 = 99;

/// A judge that gives the full score to each answer, or does something wrong.
#[derive(Clone, Copy, PartialEq)]
enum Judging {
    Well,
    PanicsAtDraw,
    PanicsAtRank,
    DrawsUnwritable,
    Abstains,
    SaysTooLittle,
    SaysTooMuch,
}

const ALL: Verdict = Verdict::Score(Fraction::HALF);

impl Judge<Streaming> for Judging {
    fn draw(&self, _: u64, _: PublicKey) -> u64 {
        assert!(*self != Self::PanicsAtDraw, "it is a test");
        if *self == Self::DrawsUnwritable { UNWRITABLE } else { 7 }
    }

    fn score(&self, _: &u64, _: &Reply<Vec<u8>>) -> Fraction {
        Fraction::HALF
    }

    fn rank(&self, round: &[Exchange<Streaming>]) -> Vec<Verdict> {
        match self {
            Self::PanicsAtRank => panic!("it is a test"),
            Self::Abstains => vec![Verdict::Abstain; round.len()],
            Self::SaysTooLittle => Vec::new(),
            Self::SaysTooMuch => vec![ALL; round.len() + 1],
            // A score without an answer counts as 0.
            _ => vec![ALL; round.len()],
        }
    }
}

async fn serve(seed: u8, miner: Sends) -> Axon {
    let endpoint = endpoint(Arc::new(Streaming), Arc::new(miner));
    Axon::builder(signer(seed), ServeAnyone).port(0).never_served().endpoint(endpoint).start().await.unwrap()
}

async fn held(axons: &[Axon], judge: Judging) -> Result<Vec<ScoredAnswer>, RoundError> {
    let dendrite = Arc::new(Dendrite::new(signer(CALLER)).local_addresses(true));
    let peers: Vec<_> = axons.iter().map(|axon| Peer::strict(axon.hotkey(), axon.address())).collect();
    let patience = Duration::from_secs(20);
    soon(round(&dendrite, &Arc::new(Streaming), &Arc::new(judge), (7, patience), &peers)).await
}

/// Returns a score in percent, `None` without a judgement, or the kind of failure.
fn said(scored: &ScoredAnswer) -> Result<Option<u64>, &'static str> {
    match &scored.score {
        Ok(Verdict::Score(score)) => Ok(Some(score.of(100))),
        Ok(Verdict::Abstain) => Ok(None),
        Err(AskError::Cut(_)) => Err("cut"),
        Err(AskError::Content(_)) => Err("content"),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn m6_a_stream_that_ends_broken_is_no_answer() {
    let axons = [serve(50, Sends(b"all", true)).await, serve(51, Sends(b"all", false)).await];
    let scores = held(&axons, Judging::Well).await.unwrap();
    assert_eq!(scores.iter().map(said).collect::<Vec<_>>(), [Ok(Some(50)), Err("cut")]);
    assert_eq!(scores[1].first, None);
}

#[tokio::test]
async fn nh_48_an_answer_on_which_the_task_panics_is_none() {
    let axons =
        [serve(50, Sends(b"all", true)).await, serve(51, Sends(b"!", true)).await, serve(52, Sends(b"?", true)).await];
    let scores = held(&axons, Judging::Well).await.unwrap();
    assert_eq!(scores.iter().map(said).collect::<Vec<_>>(), [Ok(Some(50)), Err("content"), Err("content")]);
}

#[tokio::test]
async fn nh_48_a_panic_of_the_judge_ends_the_round_and_no_more() {
    let axons = [serve(50, Sends(b"all", true)).await];
    for judge in [Judging::PanicsAtDraw, Judging::PanicsAtRank, Judging::DrawsUnwritable] {
        let failed = held(&axons, judge).await;
        assert!(matches!(failed, Err(RoundError::Judge)), "{failed:?}");
    }
    assert!(held(&axons, Judging::Well).await.is_ok());
}

#[tokio::test]
async fn nh_39_verdicts_belong_to_exchanges() {
    let axons = [serve(50, Sends(b"all", true)).await, serve(51, Sends(b"all", false)).await];
    for judge in [Judging::Abstains, Judging::SaysTooLittle] {
        let scores = held(&axons, judge).await.unwrap();
        assert_eq!(scores.iter().map(said).collect::<Vec<_>>(), [Ok(None), Err("cut")]);
    }
    let failed = held(&axons, Judging::SaysTooMuch).await;
    assert!(matches!(failed, Err(RoundError::Verdicts)), "{failed:?}");
}
