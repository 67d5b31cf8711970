//! Work: the places that it holds, also when its caller has gone, and the order in which callers get them.

use crate::{AXON, CALLER, builder, key, message, signer, slow, soon, text, waiting, wire};
use myelin_neuron::{
    Answer, AskError, Axon, AxonLimits, Caller, Clock, Dendrite, Endpoint, HandlerOutput, ManualClock, Peer, Priority,
    PriorityError, Rules, ServeAnyone, SystemClock,
};
use myelin_wire::Sign;
use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};
use tokio::task::JoinHandle;

/// A miner whose work blocks a thread, and goes on when its caller has gone.
#[derive(Clone, Default)]
struct Miner(Arc<(Mutex<MinerState>, Condvar)>);

#[derive(Default)]
struct MinerState {
    /// The texts of the requests, in the order in which their work began.
    begun: Vec<String>,
    /// The number of requests that may end.
    may_end: usize,
    ended: usize,
}

impl Miner {
    fn endpoint(&self) -> Endpoint {
        let miner = self.clone();
        Endpoint::with_place(slow(), move |request, place| {
            let miner = miner.clone();
            async move {
                let text = text(request.content()).to_owned();
                tokio::task::spawn_blocking(move || {
                    miner.work(text);
                    drop(place);
                })
                .await
                .unwrap();
                Ok(HandlerOutput::from(request.into_content()))
            }
        })
    }

    fn work(&self, text: String) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.begun.push(text);
        changed.notify_all();
        while state.may_end == 0 {
            state = changed.wait(state).unwrap();
        }
        state.may_end -= 1;
        state.ended += 1;
    }

    /// Lets the work of this number of requests end.
    fn end(&self, number: usize) {
        self.0.0.lock().unwrap().may_end += number;
        self.0.1.notify_all();
    }

    /// Waits until the work of this number of requests has begun.
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

/// Rules in which a seed is a stake, and in which seeds from 100 on have no seat.
struct BySeed;

impl Rules for BySeed {
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        let seed = (1..100_u8).find(|&seed| key(seed).hotkey() == caller.hotkey);
        Ok(seed.map_or(Priority::Stranger, |seed| Priority::Seat(seed.into())))
    }
}

async fn axon(miner: &Miner, limits: AxonLimits) -> Axon {
    builder(BySeed).limits(limits).endpoint(miner.endpoint()).start().await.unwrap()
}

fn ask(axon: &Axon, seed: u8, timeout: f64) -> JoinHandle<Result<Answer, AskError>> {
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let mut question = message(slow(), &seed.to_string());
    question.timeout = Some(timeout);
    tokio::spawn(async move { Dendrite::new(signer(seed)).local_addresses(true).ask(&peer, &question).await.result })
}

/// Sends a request and returns its status.
async fn status(axon: &Axon, seed: u8, body: &str) -> u16 {
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&wire::strict(seed, AXON, "/Slow", body.as_bytes(), SystemClock.now())).await;
    raw.hear().await.unwrap().status
}

#[tokio::test]
async fn nh_88_work_keeps_its_place_when_its_caller_has_gone() {
    let miner = Miner::default();
    let axon = axon(&miner, AxonLimits { workers: 1, ..AxonLimits::default() }).await;
    assert_eq!(status(&axon, CALLER, r#"{"timeout": 1, "text": "left"}"#).await, 408);
    assert_eq!(miner.begun(1).await, ["left"]);
    // The work goes on, so the only worker is not free.
    let next = ask(&axon, 3, 20.0);
    waiting(&axon, 1).await;
    assert_eq!(miner.begun(1).await.len(), 1);
    miner.end(2);
    assert!(soon(next).await.unwrap().is_ok());
    assert_eq!(miner.begun(2).await, ["left", "3"]);
}

#[tokio::test]
async fn nh_88_the_work_of_one_caller_leaves_room_for_others() {
    let miner = Miner::default();
    let axon = axon(&miner, AxonLimits::default()).await;
    let flood: Vec<_> = (0..16)
        .map(|_| {
            let peer = Peer::strict(axon.hotkey(), axon.address());
            let mut question = message(slow(), "flood");
            question.timeout = Some(2.0);
            tokio::spawn(async move {
                Dendrite::new(signer(CALLER)).local_addresses(true).ask(&peer, &question).await.result
            })
        })
        .collect();
    // An eighth of the workers have begun. Their callers have gone, and the work goes on.
    miner.begun(8).await;
    for asked in flood {
        assert!(soon(asked).await.unwrap().is_err());
    }
    let best = ask(&axon, 99, 20.0);
    assert_eq!(miner.begun(9).await.last().unwrap(), "99");
    miner.end(9);
    assert!(soon(best).await.unwrap().is_ok());
}

#[tokio::test]
async fn nh_15_a_caller_has_16_requests_at_a_time() {
    let miner = Miner::default();
    let axon = axon(&miner, AxonLimits::default()).await;
    let asking: Vec<_> = (0..16).map(|_| ask(&axon, CALLER, 20.0)).collect();
    waiting(&axon, 8).await;
    assert_eq!(status(&axon, CALLER, r#"{"text": "one more"}"#).await, 429);
    miner.end(16);
    for asked in asking {
        assert!(soon(asked).await.unwrap().is_ok());
    }
    assert_eq!(miner.begun(16).await.len(), 16);
}

#[tokio::test]
async fn nh_89_places_are_given_by_stake() {
    let miner = Miner::default();
    let axon = axon(&miner, AxonLimits { workers: 1, ..AxonLimits::default() }).await;
    assert_eq!(status(&axon, CALLER, r#"{"timeout": 1, "text": "left"}"#).await, 408);
    let mut asking = Vec::new();
    for (number, seed) in (1..).zip([10, 100, 30, 20]) {
        asking.push(ask(&axon, seed, 20.0));
        waiting(&axon, number).await;
    }
    miner.end(5);
    for asked in asking {
        assert!(soon(asked).await.unwrap().is_ok());
    }
    assert_eq!(miner.begun(5).await, ["left", "30", "20", "10", "100"]);
}

#[tokio::test]
async fn nh_90_a_timeout_that_is_too_short_starts_no_work() {
    let miner = Miner::default();
    let axon = axon(&miner, AxonLimits::default()).await;
    miner.end(1);
    for timeout in ["1e-6", "0.0999"] {
        assert_eq!(status(&axon, CALLER, &format!(r#"{{"timeout": {timeout}, "text": "x"}}"#)).await, 408);
    }
    assert_eq!(status(&axon, CALLER, r#"{"timeout": 20, "text": "long"}"#).await, 200);
    assert_eq!(miner.begun(1).await, ["long"]);
}

#[tokio::test]
async fn nh_m9_many_requests_have_few_threads() {
    let miner = Miner::default();
    let axon = axon(&miner, AxonLimits { connections_each: 200, ..AxonLimits::default() }).await;
    let asking: Vec<_> = (0..200).map(|number| ask(&axon, number / 10 + 1, 25.0)).collect();
    miner.begun(64).await;
    waiting(&axon, 136).await;
    assert_eq!(miner.begun(64).await.len(), 64);
    miner.end(200);
    for asked in asking {
        assert!(soon(asked).await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn nh_m4_an_axon_without_a_memory_refuses_requests_of_before() {
    const SECOND: u64 = 1_000_000_000;
    let clock = Arc::new(ManualClock::new(1_760_000_000 * SECOND));
    let axon = Axon::builder(signer(AXON), ServeAnyone).port(0).clock(Arc::clone(&clock)).start().await.unwrap();
    let status = async |nonce| {
        let mut raw = wire::Raw::open(axon.address()).await;
        raw.say(&wire::strict(CALLER, AXON, "/Synapse", b"{}", nonce)).await;
        raw.hear().await.unwrap().status
    };
    assert_eq!(status(clock.now() - SECOND).await, 401);
    clock.advance(5 * SECOND);
    assert_eq!(status(clock.now() - 6 * SECOND).await, 401);
    assert_eq!(status(clock.now()).await, 200);
}

#[tokio::test(start_paused = true)]
async fn nh_15_a_seat_without_stake_is_answered_in_time() {
    // Each request takes as long as its timeout allows.
    let long = Endpoint::new(slow(), |request| async move {
        tokio::time::sleep(Duration::from_secs(4)).await;
        Ok(HandlerOutput::from(request.into_content()))
    });
    let limits = AxonLimits { workers: 8, ..AxonLimits::default() };
    let axon = builder(Stakes).limits(limits).endpoint(long).start().await.unwrap();
    let mut flood = Vec::new();
    for seed in [90, 91, 92, 93].into_iter().cycle().take(60) {
        flood.push(ask(&axon, seed, 100.0));
    }
    waiting(&axon, 56).await;
    let begin = tokio::time::Instant::now();
    let poor = ask(&axon, 1, 15.0);
    assert!(poor.await.unwrap().is_ok());
    assert!(begin.elapsed() <= Duration::from_secs(15));
}

/// Rules in which the seed 1 has a seat without stake, and all others have much stake.
struct Stakes;

impl Rules for Stakes {
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        Ok(Priority::Seat(if key(1).hotkey() == caller.hotkey { 0 } else { 1_000 }))
    }
}
