//! Connections that stay open between requests.

use crate::{
    CALLER, dendrite_of, echo,
    fake::{Asked, ECHO, Fake, Reply, answer, signed, signed_headers},
    key, message, signer, soon,
};
use futures::future::join_all;
use myelin_neuron::{AskError, Dendrite, Peer};
use myelin_wire::{Sign, strict::header};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Barrier, time::advance};

/// Returns a dendrite that keeps connections to this neuron.
fn keeps(fake: &Fake) -> Dendrite {
    let dendrite = dendrite_of(signer(CALLER));
    dendrite.keep(&fake.peer());
    dendrite
}

async fn ask(dendrite: &Dendrite, peer: &Peer) -> Result<(), AskError> {
    soon(dendrite.ask(peer, &message(echo(), "x"))).await.result.map(drop)
}

#[expect(clippy::needless_pass_by_value, reason = "a fake neuron takes it by value")]
fn echoes(asked: Asked) -> Reply {
    let bytes = signed(&asked, 200, ECHO);
    if asked.headers.get("connection") == Some("close") { Reply::Close(bytes) } else { Reply::Keep(bytes) }
}

#[tokio::test]
async fn nh_92_a_named_peer_is_asked_on_one_connection() {
    let fake = Fake::start(echoes).await;
    let dendrite = dendrite_of(signer(CALLER));
    for _ in 0..3 {
        ask(&dendrite, &fake.peer()).await.unwrap();
    }
    assert_eq!(fake.connections(), 3);
    dendrite.keep(&fake.peer());
    for _ in 0..9 {
        ask(&dendrite, &fake.peer()).await.unwrap();
        // The connection stays with the peer also if it is named again.
        dendrite.keep(&fake.peer());
    }
    assert_eq!(fake.connections(), 4);
}

#[tokio::test]
async fn nh_93_a_connection_belongs_to_one_hotkey_address_and_certificate() {
    let (fake, other) = (Fake::start(echoes).await, Fake::start(echoes).await);
    let dendrite = keeps(&fake);
    ask(&dendrite, &fake.peer()).await.unwrap();
    // Another address of the hotkey is not named, and has connections of its own.
    for _ in 0..2 {
        ask(&dendrite, &other.peer()).await.unwrap();
    }
    assert_eq!((fake.connections(), other.connections()), (1, 2));
    let stranger = Peer { hotkey: key(9).hotkey(), ..fake.peer() };
    assert!(ask(&dendrite, &stranger).await.is_err());
    assert_eq!(fake.connections(), 2);
    // With the new address the connections to the old one end.
    dendrite.keep(&other.peer());
    for _ in 0..2 {
        ask(&dendrite, &fake.peer()).await.unwrap();
    }
    assert_eq!(fake.connections(), 4);
}

#[tokio::test]
async fn nh_92_a_connection_that_was_closed_fails_no_request() {
    const REQUESTS: usize = 400;
    let nonces = Arc::new(Mutex::new(BTreeSet::new()));
    let (seen, state, closes) = (Arc::clone(&nonces), AtomicU32::new(0x9e37_79b9), Arc::new(AtomicBool::new(false)));
    let (state, told) = (Arc::new(state), Arc::clone(&closes));
    let mut fake = Fake::start(move |asked: Asked| {
        assert!(seen.lock().unwrap().insert(asked.headers.get(header::NONCE).unwrap().to_owned()));
        let next = state.load(Ordering::SeqCst).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.store(next, Ordering::SeqCst);
        told.store(next >> 30 == 0, Ordering::SeqCst);
        let bytes = signed(&asked, 200, ECHO);
        if next >> 30 == 0 { Reply::Close(bytes) } else { Reply::Keep(bytes) }
    })
    .await;
    let dendrite = keeps(&fake);
    for number in 1..=REQUESTS {
        ask(&dendrite, &fake.peer()).await.unwrap_or_else(|error| panic!("{number}: {error}"));
        // The neuron has closed an idle connection before the next request, if it does.
        if closes.load(Ordering::SeqCst) {
            soon(fake.closed.recv()).await.unwrap();
        }
    }
    assert_eq!(nonces.lock().unwrap().len(), REQUESTS, "each request is handled once");
    assert!((10..REQUESTS / 2).contains(&fake.connections()), "{}", fake.connections());
}

#[tokio::test]
async fn nh_92_a_request_that_was_sent_is_not_sent_again() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let fake = Fake::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
        0 => echoes(asked),
        _ => Reply::Close(Vec::new()),
    })
    .await;
    let dendrite = keeps(&fake);
    ask(&dendrite, &fake.peer()).await.unwrap();
    assert_eq!(ask(&dendrite, &fake.peer()).await, Err(AskError::Disconnected));
    assert_eq!((handled.load(Ordering::SeqCst), fake.connections()), (2, 1));
}

#[tokio::test]
async fn nh_93_a_connection_with_a_bad_answer_is_closed() {
    let bad: [fn(&Asked) -> Vec<u8>; 4] = [
        // Not signed, another content, a body that goes on, and bytes after the answer.
        |_| answer(200, &[("content-type", "application/json")].into_iter().collect(), ECHO),
        |asked| answer(200, &signed_headers(asked, 200, b"{}"), ECHO),
        |asked| signed(asked, 500, &[b'['; 5_000]),
        |asked| [signed(asked, 200, ECHO), b"HTTP/1.1 200 OK\r\n\r\n".to_vec()].concat(),
    ];
    for (number, bad) in bad.into_iter().enumerate() {
        let handled = Arc::new(AtomicUsize::new(0));
        let fake = Fake::start(move |asked| match handled.fetch_add(1, Ordering::SeqCst) {
            1 => Reply::Keep(bad(&asked)),
            _ => Reply::Keep(signed(&asked, 200, ECHO)),
        })
        .await;
        let dendrite = keeps(&fake);
        ask(&dendrite, &fake.peer()).await.unwrap();
        assert_eq!(ask(&dendrite, &fake.peer()).await.is_ok(), number == 3);
        assert_eq!(fake.connections(), 1, "{number}");
        ask(&dendrite, &fake.peer()).await.unwrap();
        assert_eq!(fake.connections(), 2, "{number}");
    }
    // A signed refusal that is read to its end closes nothing.
    let fake = Fake::start(move |asked| Reply::Keep(signed(&asked, 500, b"{}"))).await;
    let dendrite = keeps(&fake);
    for _ in 0..2 {
        assert!(matches!(ask(&dendrite, &fake.peer()).await, Err(AskError::Refused { status: 500, .. })));
    }
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn nh_92_eight_connections_are_kept() {
    let fake = Fake::start(echoes).await;
    let dendrite = Arc::new(keeps(&fake));
    for expected in [20, 32] {
        // No request ends before all have begun.
        let barrier = Arc::new(Barrier::new(20));
        let asking = (0..20).map(|_| {
            let (dendrite, barrier, peer) = (Arc::clone(&dendrite), Arc::clone(&barrier), fake.peer());
            tokio::spawn(async move {
                barrier.wait().await;
                ask(&dendrite, &peer).await.unwrap();
            })
        });
        for asked in join_all(asking).await {
            asked.unwrap();
        }
        assert!((expected - 12..=expected).contains(&fake.connections()), "{}", fake.connections());
    }
    let before = fake.connections();
    for _ in 0..30 {
        ask(&dendrite, &fake.peer()).await.unwrap();
    }
    assert_eq!(fake.connections(), before);
}

/// Advances the time, while no request is under way.
async fn later(time: Duration) {
    tokio::time::pause();
    advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn nh_92_an_idle_connection_is_closed_after_15_s() {
    let mut fake = Fake::start(echoes).await;
    let dendrite = keeps(&fake);
    for (idle, connections) in [(14, 1), (14, 1), (15, 2)] {
        ask(&dendrite, &fake.peer()).await.unwrap();
        later(Duration::from_secs(idle)).await;
        ask(&dendrite, &fake.peer()).await.unwrap();
        assert_eq!(fake.connections(), connections, "{idle} s");
    }
    later(Duration::from_secs(16)).await;
    assert!(soon(fake.closed.recv()).await.is_some(), "no request is needed for that");
}

#[tokio::test]
async fn nh_92_a_connection_is_kept_for_9_min() {
    let fake = Fake::start(echoes).await;
    let dendrite = keeps(&fake);
    for second in (0..540).step_by(10) {
        ask(&dendrite, &fake.peer()).await.unwrap();
        assert_eq!(fake.connections(), 1, "{second} s");
        later(Duration::from_secs(10)).await;
    }
    ask(&dendrite, &fake.peer()).await.unwrap();
    assert_eq!(fake.connections(), 2);
}
