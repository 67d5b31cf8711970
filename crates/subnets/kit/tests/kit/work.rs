//! The work of miners: its number at a time, its order, and its end.

use crate::{class, key, signer, soon};
use myelin_neuron::{
    AskError, Axon, AxonLimits, Caller, Dendrite, Failure, Peer, Priority, PriorityError, Rules, ServeAnyone,
};
use myelin_subnet_kit::{JsonTask, Miner, endpoint, question};
use myelin_wire::{
    Sign, Synapse,
    class::{Class, Mismatch},
    python::{Dict, Value},
};
use std::{
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex},
};

type Task = JsonTask<String, String>;

/// A miner that works until a test lets it end.
#[derive(Clone, Default)]
struct Blocked(Arc<(Mutex<WorkLog>, Condvar)>);

#[derive(Default)]
struct WorkLog {
    begun: Vec<String>,
    running: usize,
    most: usize,
    may_end: usize,
}

/// A task with answers that stream.
struct Streamed;

impl myelin_subnet_kit::Task for Streamed {
    type Challenge = String;
    type Answer = ();

    fn class(&self) -> Class {
        class("Streamed", &[("text", "str")], &["text"])
    }

    fn ask(&self, challenge: &String) -> Dict {
        Dict::from_iter([("text", Value::from(challenge.as_str()))])
    }

    fn asked(&self, message: &Synapse) -> Result<String, Mismatch> {
        Ok(message.get("text").and_then(Value::as_text).unwrap_or_default().to_owned())
    }

    fn answer(&self, _: &mut Synapse, (): ()) -> Result<(), Mismatch> {
        Ok(())
    }

    fn answered(&self, _: &Synapse) -> Result<(), Mismatch> {
        Ok(())
    }

    fn streams(&self) -> bool {
        true
    }
}

impl Miner<Task> for Blocked {
    fn answer(&self, challenge: String) -> Result<String, Failure> {
        self.work(&challenge);
        Ok(challenge)
    }
}

impl Miner<Streamed> for Blocked {
    fn answer(&self, _: String) -> Result<(), Failure> {
        Err(Failure::from("the answer is a stream"))
    }

    fn stream(&self, challenge: String, pieces: &mut dyn FnMut(Vec<u8>) -> ControlFlow<()>) -> Result<(), Failure> {
        self.work(&challenge);
        let _ = pieces(challenge.into_bytes());
        Ok(())
    }
}

impl Blocked {
    fn work(&self, challenge: &str) {
        let (log, changed) = &*self.0;
        let mut log = log.lock().unwrap();
        log.begun.push(challenge.to_owned());
        log.running += 1;
        log.most = log.most.max(log.running);
        while log.may_end == 0 {
            log = changed.wait(log).unwrap();
        }
        log.may_end -= 1;
        log.running -= 1;
    }

    /// Lets the work of this many requests end.
    fn end(&self, number: usize) {
        self.0.0.lock().unwrap().may_end += number;
        self.0.1.notify_all();
    }

    /// Waits until this many requests have begun, and returns their challenges in order.
    async fn begun(&self, number: usize) -> Vec<String> {
        soon(async {
            loop {
                let begun = self.0.0.lock().unwrap().begun.clone();
                if begun.len() >= number {
                    return begun;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }
}

/// Rules in which a seed is a stake.
struct BySeed;

impl Rules for BySeed {
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        let seed = (1..=u8::MAX).find(|&seed| key(seed).hotkey() == caller.hotkey);
        Ok(Priority::Seat(seed.unwrap_or_default().into()))
    }
}

fn task() -> Arc<Task> {
    Arc::new(JsonTask::new("Work").unwrap())
}

async fn serve(miner: &Blocked, rules: impl Rules, limits: AxonLimits) -> Axon {
    let axon = Axon::builder(signer(1), rules).port(0).never_served().limits(limits);
    axon.endpoint(endpoint(task(), Arc::new(miner.clone()))).start().await.unwrap()
}

/// Asks a challenge, and returns the status of a refusal.
async fn ask(peer: Peer, seed: u8, challenge: String, timeout: f64) -> Result<(), AskError> {
    let mut message = question(&*task(), &challenge).unwrap();
    message.timeout = Some(timeout);
    soon(Dendrite::new(signer(seed)).local_addresses(true).ask(&peer, &message)).await.result.map(drop)
}

fn status(result: Result<(), AskError>) -> u16 {
    match result {
        Ok(()) => 200,
        Err(AskError::Refused { status, .. } | AskError::Unproven { status, .. }) => status,
        Err(other) => panic!("{other:?}"),
    }
}

/// Waits until this many requests wait for a worker.
async fn waiting(axon: &Axon, number: usize) {
    let (metrics, line) = (axon.metrics(), format!("myelin_axon_waiting {number}\n"));
    soon(async {
        while !metrics.text().contains(&line) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn nh_m9_two_hundred_requests_have_64_threads() {
    let miner = Blocked::default();
    let limits = AxonLimits { connections_each: 200, ..AxonLimits::default() };
    let axon = serve(&miner, ServeAnyone, limits).await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let asking: Vec<_> =
        (0..200).map(|number| tokio::spawn(ask(peer.clone(), 10 + number / 10, "x".to_owned(), 25.0))).collect();
    miner.begun(64).await;
    waiting(&axon, 136).await;
    miner.end(200);
    for asked in asking {
        assert_eq!(status(asked.await.unwrap()), 200);
    }
    assert_eq!(miner.0.0.lock().unwrap().most, 64);
}

#[tokio::test]
async fn nh_89_miners_work_for_the_highest_stake_first() {
    let miner = Blocked::default();
    let axon = serve(&miner, BySeed, AxonLimits { workers: 1, ..AxonLimits::default() }).await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    // The caller has gone, and its work goes on.
    assert!(ask(peer.clone(), 9, "left".to_owned(), 1.0).await.is_err());
    miner.begun(1).await;
    let mut asking = Vec::new();
    for (number, seed) in (1..).zip([10, 30, 20]) {
        asking.push(tokio::spawn(ask(peer.clone(), seed, seed.to_string(), 20.0)));
        waiting(&axon, number).await;
    }
    assert_eq!(miner.begun(1).await, ["left"]);
    miner.end(4);
    for asked in asking {
        assert_eq!(status(asked.await.unwrap()), 200);
    }
    assert_eq!(miner.begun(4).await, ["left", "30", "20", "10"]);
}

#[tokio::test]
async fn nh_88_a_stream_keeps_its_place_when_its_caller_has_gone() {
    let miner = Blocked::default();
    let axon = Axon::builder(signer(1), ServeAnyone).port(0).never_served();
    let axon = axon.limits(AxonLimits { workers: 1, ..AxonLimits::default() });
    let axon = axon.endpoint(endpoint(Arc::new(Streamed), Arc::new(miner.clone()))).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let message = |text: &str| question(&Streamed, &text.to_owned()).unwrap();
    let (gone, next) =
        (Dendrite::new(signer(10)).local_addresses(true), Dendrite::new(signer(11)).local_addresses(true));
    drop(soon(gone.ask_stream(&peer, &message("left"))).await.unwrap());
    miner.begun(1).await;
    let question = message("next");
    let asking = next.ask_stream(&peer, &question);
    tokio::pin!(asking);
    tokio::select! {
        _ = asking.as_mut() => panic!("the only worker is not free"),
        () = waiting(&axon, 1) => {}
    }
    assert_eq!(miner.begun(1).await, ["left"]);
    miner.end(2);
    let mut stream = soon(asking).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().as_deref(), Some(&b"next"[..]));
}

#[tokio::test]
async fn nh_4_a_challenge_has_64_kib() {
    let miner = Blocked::default();
    let axon = serve(&miner, ServeAnyone, AxonLimits::default()).await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    miner.end(1);
    assert_eq!(status(ask(peer.clone(), 10, "x".repeat(64_000), 20.0).await), 200);
    // The address is known now, so the limit is that of the class.
    assert_eq!(status(ask(peer, 10, "x".repeat(65_536), 20.0).await), 413);
    assert_eq!(miner.begun(1).await.len(), 1);
}
