//! Connections that stay open between requests.

use crate::{
    AXON, CALLER, builder, dendrite_of, echo,
    fake::{self, Asked, ECHO, Fake, Reply, answer, signed, signed_headers, stream_of},
    key, message, signer, soon, tokens,
};
use futures::future::join_all;
use myelin_neuron::{AskError, Dendrite, Peer, ServeAnyone, TlsIdentity, TlsOffer};
use myelin_wire::{Sign, strict::header};
use std::{
    collections::BTreeSet,
    io::Write,
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
async fn nh_92_an_axon_serves_many_requests_on_a_connection() {
    let identity = TlsIdentity::generate().unwrap();
    let certificate = identity.certificate().unwrap();
    let axon = builder(ServeAnyone).tls(identity, TlsOffer::Optional).start().await.unwrap();
    let clear = Peer::strict(axon.hotkey(), axon.address());
    for peer in [clear, Peer::encrypted(axon.hotkey(), axon.address(), certificate)] {
        let dendrite = dendrite_of(signer(CALLER));
        dendrite.keep(&peer);
        for _ in 0..20 {
            ask(&dendrite, &peer).await.unwrap();
        }
        assert!(axon.metrics().text().contains("myelin_axon_connections 1\n"));
        drop(dendrite);
        let metrics = axon.metrics();
        soon(async {
            while !metrics.text().contains("myelin_axon_connections 0\n") {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
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
    // The certificate is a part of it too.
    let certificate = TlsIdentity::generate().unwrap().certificate().unwrap();
    let encrypted = Peer::encrypted(fake.peer().hotkey, fake.address, certificate);
    assert!(matches!(ask(&dendrite, &encrypted).await, Err(AskError::Tls(_))));
    dendrite.keep(&encrypted);
    assert!(matches!(ask(&dendrite, &encrypted).await, Err(AskError::Tls(_))));
    let before = fake.connections();
    // With the new address the connections to the old one end.
    dendrite.keep(&other.peer());
    for _ in 0..2 {
        ask(&dendrite, &fake.peer()).await.unwrap();
    }
    assert_eq!(fake.connections(), before + 2);
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
    let barrier = Arc::new(Barrier::new(20));
    let fake = Fake::start(move |asked| Reply::Together(Arc::clone(&barrier), signed(&asked, 200, ECHO))).await;
    let dendrite = keeps(&fake);
    for connections in [20, 32] {
        let (peer, question) = (fake.peer(), message(echo(), "x"));
        let asked = soon(join_all((0..20).map(|_| dendrite.ask(&peer, &question)))).await;
        assert!(asked.iter().all(|asked| asked.result.is_ok()), "{asked:?}");
        assert_eq!(fake.connections(), connections);
    }
}

#[tokio::test]
async fn nh_92_streams_keep_their_connection() {
    let fake = Fake::start(|asked| Reply::Keep(stream_of(&asked, &[b"one", b"two"]))).await;
    let dendrite = keeps(&fake);
    for _ in 0..3 {
        let mut stream = soon(dendrite.ask_stream(&fake.peer(), &message(tokens(), "x"))).await.unwrap();
        while soon(stream.next()).await.unwrap().is_some() {}
        assert!(stream.is_complete());
    }
    assert_eq!(fake.connections(), 1);
    // A stream that is not read to its end closes it.
    let stream = soon(dendrite.ask_stream(&fake.peer(), &message(tokens(), "x"))).await.unwrap();
    drop(stream);
    assert!(soon(dendrite.ask_stream(&fake.peer(), &message(tokens(), "x"))).await.is_ok());
    assert_eq!(fake.connections(), 2);
}

#[tokio::test]
async fn nh_92_a_connection_that_the_system_knows_to_be_closed_is_not_used() {
    // This neuron is no part of the runtime, which therefore does not learn in time what it does.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = Peer::strict(key(AXON).hotkey(), listener.local_addr().unwrap());
    let (close, closing) = std::sync::mpsc::channel();
    let (sender, closed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let asked = fake::read_blocking(&mut stream);
            stream.write_all(&signed(&asked, 200, ECHO)).unwrap();
            let Ok(()) = closing.recv() else { return };
            drop(stream);
            sender.send(()).unwrap();
        }
    });
    let dendrite = dendrite_of(signer(CALLER));
    dendrite.keep(&peer);
    for _ in 0..50 {
        ask(&dendrite, &peer).await.unwrap();
        close.send(()).unwrap();
        closed.recv_timeout(Duration::from_secs(30)).unwrap();
    }
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
