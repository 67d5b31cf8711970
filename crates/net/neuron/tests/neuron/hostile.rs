//! Hostile peers. Their connections end in time, and others are served meanwhile.

use crate::{
    AXON, CALLER, Gate, builder, dendrite_of, echo, key, message, signer, slow, soon, text,
    wire::{Raw, lines, strict, strict_head},
};
use myelin_neuron::{
    Answer, AskError, Axon, AxonLimits, Clock, Endpoint, HandlerOutput, Peer, ServeAnyone, SystemClock,
};
use myelin_wire::{Sign, python::Value, v1};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

/// A limit that a test can wait for, and that is far too short in practice.
const SHORT: Duration = Duration::from_millis(100);
/// Another address of the loopback interface.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

async fn axon(limits: AxonLimits) -> Axon {
    builder(ServeAnyone).limits(limits).start().await.unwrap()
}

/// Returns true if an honest caller is served.
async fn is_served(axon: &Axon, seed: u8) -> bool {
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let asked = soon(dendrite_of(signer(seed)).ask(&peer, &message(echo(), "hello"))).await;
    matches!(asked.result, Ok(Answer::Signed { .. }))
}

fn now() -> u64 {
    SystemClock.now()
}

#[tokio::test]
async fn who_says_nothing_is_let_go() {
    let axon = axon(AxonLimits { head_time: SHORT, ..AxonLimits::default() }).await;
    let mut silent = Raw::open(axon.address()).await;
    let mut half = Raw::open(axon.address()).await;
    half.say(b"POST /Echo HTTP/1.1\r\nHost: te").await;
    assert_eq!(silent.closed().await, 0);
    half.closed().await;
    assert!(is_served(&axon, CALLER).await);
}

#[tokio::test]
async fn a_slow_body_is_not_waited_for() {
    let axon = axon(AxonLimits { body_time: SHORT, ..AxonLimits::default() }).await;
    let mut slow = Raw::open(axon.address()).await;
    slow.say(strict_head(&key(CALLER), axon.hotkey(), "/Echo", &[b'x'; 100], now()).as_bytes()).await;
    slow.say(b"x").await;
    assert_eq!(slow.hear().await.unwrap().status, 408);
    slow.closed().await;
}

#[tokio::test]
async fn a_large_body_is_not_read() {
    let axon = axon(AxonLimits { body: 64, ..AxonLimits::default() }).await;
    let mut large = Raw::open(axon.address()).await;
    large.say(strict_head(&key(CALLER), axon.hotkey(), "/Echo", &[b'x'; 65], now()).as_bytes()).await;
    assert_eq!(large.hear().await.unwrap().status, 413);
    // A body without an announced length is not read either.
    let head = strict_head(&key(CALLER), axon.hotkey(), "/Echo", b"", now() + 1);
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let mut chunked = Raw::open(axon.address()).await;
    chunked.say(head.as_bytes()).await;
    chunked.say(format!("50\r\n{}\r\n", "x".repeat(80)).as_bytes()).await;
    assert_eq!(chunked.hear().await.unwrap().status, 413);
    assert!(is_served(&axon, CALLER).await);
}

#[tokio::test]
async fn large_heads_and_many_headers_are_refused() {
    let axon = axon(AxonLimits::default()).await;
    for head in [
        format!("POST /Echo HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000)),
        format!("POST /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000)),
        format!("POST /Echo HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1_000)),
    ] {
        let mut raw = Raw::open(axon.address()).await;
        raw.say(head.as_bytes()).await;
        let status = raw.hear().await.map(|response| response.status);
        assert!(matches!(status, None | Some(400 | 414 | 431)), "{status:?}");
        raw.closed().await;
    }
    assert!(is_served(&axon, CALLER).await);
}

#[tokio::test]
async fn garbage_is_not_http() {
    let axon = axon(AxonLimits { head_time: SHORT, ..AxonLimits::default() }).await;
    let mut state = 0x9e37_79b9_u32;
    for length in 1..60 {
        let garbage: Vec<u8> = (0..length * 7)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        let mut raw = Raw::open(axon.address()).await;
        raw.say(&garbage).await;
        let status = raw.hear().await.map(|response| response.status);
        assert!(matches!(status, None | Some(400)), "{status:?}");
    }
    for other in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut raw = Raw::open(axon.address()).await;
        raw.say(other).await;
        let status = raw.hear().await.map(|response| response.status);
        assert!(matches!(status, None | Some(400)), "{status:?}");
    }
    // The head is valid HTTP, and its values are not valid in the protocol.
    let mut raw = Raw::open(axon.address()).await;
    raw.say(b"POST /Echo HTTP/1.1\r\nHost: x\r\nX-Bittensor-Version: \xff\xfe\r\n\r\n").await;
    assert_eq!(raw.hear().await.unwrap().status, 401);
    assert!(is_served(&axon, CALLER).await);
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let axon = axon(AxonLimits { connections: 8, connections_each: 4, ..AxonLimits::default() }).await;
    let mut flood = Vec::new();
    for _ in 0..20 {
        flood.push(Raw::open_from(ATTACKER, axon.address()).await);
    }
    // The first connections are accepted and send nothing. The others are closed at once.
    for raw in flood.iter_mut().skip(4) {
        assert_eq!(raw.closed().await, 0);
    }
    assert!(is_served(&axon, CALLER).await);
    assert!(axon.metrics().text().contains("myelin_axon_turned_away_total 16\n"), "{:?}", axon.metrics());
}

#[tokio::test]
async fn one_address_does_not_take_all_memory() {
    let axon = axon(AxonLimits { unproven: 3_000, unproven_each: 1_000, ..AxonLimits::default() }).await;
    let mut flood = Vec::new();
    for seed in 20..24 {
        let mut raw = Raw::open_from(ATTACKER, axon.address()).await;
        raw.say(strict_head(&key(seed), axon.hotkey(), "/Echo", &[b'x'; 801], now()).as_bytes()).await;
        raw.say(&[b'x'; 800]).await;
        flood.push(raw);
    }
    // One of them has its share and waits for its last byte. The others are refused.
    let mut refused = Vec::new();
    for mut raw in flood {
        refused.push(tokio::spawn(async move { raw.hear().await.map(|response| response.status) }));
    }
    let mut statuses = Vec::new();
    while statuses.len() < 3 {
        let (status, _, rest) = soon(futures::future::select_all(refused)).await;
        statuses.push(status.unwrap());
        refused = rest;
    }
    assert_eq!(statuses, [Some(429); 3]);
    assert!(is_served(&axon, CALLER).await);
}

#[tokio::test]
async fn one_hotkey_does_not_take_all_workers() {
    let gate = Gate::default();
    let limits = AxonLimits { workers: 2, per_caller: 1, ..AxonLimits::default() };
    let axon = builder(ServeAnyone).limits(limits).endpoint(gate.endpoint()).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let greedy = Arc::new(dendrite_of(signer(30)));
    let first = {
        let (greedy, peer) = (Arc::clone(&greedy), peer.clone());
        tokio::spawn(async move { greedy.ask(&peer, &message(slow(), "x")).await.result })
    };
    gate.begun().await;
    let second = soon(greedy.ask(&peer, &message(slow(), "x"))).await;
    assert!(matches!(second.result, Err(AskError::Refused { status: 429, .. })), "{second:?}");
    let second = soon(greedy.ask(&Peer::v1(peer.hotkey, peer.address), &message(echo(), "x"))).await;
    assert!(matches!(second.result, Err(AskError::Claimed { status: Some(429), .. })), "{second:?}");
    assert!(is_served(&axon, CALLER).await);
    gate.open();
    assert!(soon(first).await.unwrap().is_ok());
}

#[tokio::test]
async fn who_reads_nothing_is_let_go() {
    let endpoint = Endpoint::new(crate::class("Flood", &[], &[]), |request| async move {
        let piece = || Ok(bytes::Bytes::from(vec![b'x'; 1 << 16]));
        Ok(HandlerOutput::stream(request.into_content(), futures::stream::repeat_with(piece)))
    });
    let limits = AxonLimits { write_stall: SHORT, workers: 1, ..AxonLimits::default() };
    let axon = builder(ServeAnyone).limits(limits).endpoint(endpoint).start().await.unwrap();
    let mut lazy = Raw::open(axon.address()).await;
    lazy.say(&strict(CALLER, AXON, "/Flood", b"{}", now())).await;
    // The only worker serves the endless stream until the connection ends.
    assert!(is_served(&axon, 3).await);
    assert!(lazy.closed().await > 0);
}

#[tokio::test]
async fn nobody_keeps_an_answer_in_memory() {
    const LARGE: usize = 16 << 20;
    let endpoint = Endpoint::new(crate::class("Large", &[("text", "str = \"\"")], &[]), |request| async move {
        let mut message = request.into_content();
        message.set("text", Value::Text("x".repeat(LARGE))).unwrap();
        Ok(HandlerOutput::from(message))
    });
    let limits = AxonLimits {
        connection_time: SHORT,
        answer_time: SHORT * 10,
        write_stall: Duration::from_hours(1),
        ..AxonLimits::default()
    };
    let axon = builder(ServeAnyone).limits(limits).endpoint(endpoint).start().await.unwrap();
    let mut lazy = Raw::open(axon.address()).await;
    lazy.say(&strict(CALLER, AXON, "/Large", b"{}", now())).await;
    // The connection counts until the axon has given it up.
    let metrics = axon.metrics();
    let is_open = || metrics.text().contains("myelin_axon_connections 1\n");
    soon(async {
        while !is_open() {
            tokio::task::yield_now().await;
        }
        while is_open() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(lazy.closed().await < LARGE);
}

#[tokio::test]
async fn unsigned_requests_reach_no_handler() {
    let axon = axon(AxonLimits::default()).await;
    let body = r#"{"text": "hello"}"#;
    let unsigned = format!(
        "POST /Echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nbt_header_input_obj_text: IiI=\r\n\
         bt_header_dendrite_hotkey: {}\r\nbt_header_dendrite_nonce: {}\r\nContent-Length: {}\r\n\r\n{body}",
        key(CALLER).hotkey(),
        now(),
        body.len()
    );
    let mut raw = Raw::open(axon.address()).await;
    raw.say(unsigned.as_bytes()).await;
    let response = raw.hear().await.unwrap();
    assert_eq!(response.status, 401);
    assert!(!response.headers.contains("bt_header_axon_signature"), "a stranger's words are signed");

    // A strict request with another body, path, method or receiver than was signed.
    let good = String::from_utf8(strict(CALLER, AXON, "/Echo", body.as_bytes(), now())).unwrap();
    for (from, to, status) in [
        ("hello", "jello", 401),
        ("POST /Echo", "POST /Tokens", 401),
        ("POST /Echo", "POST /Echo?x", 401),
        ("POST /Echo", "PUT /Echo", 405),
        ("X-Bittensor-Version: 1", "X-Bittensor-Version: 2", 401),
        ("X-Bittensor-Signature: 0x", "X-Other: 0x", 401),
        (&key(AXON).hotkey().to_string(), &key(9).hotkey().to_string(), 403),
    ] {
        // The names have this case here, although HTTP ignores case.
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        let mut raw = Raw::open(axon.address()).await;
        raw.say(changed.as_bytes()).await;
        assert_eq!(raw.hear().await.unwrap().status, status, "{from} -> {to}");
    }
    let mut raw = Raw::open(axon.address()).await;
    raw.say(good.as_bytes()).await;
    assert_eq!(raw.hear().await.unwrap().status, 200);
    let refusals = axon.metrics().text();
    assert!(refusals.contains("reason=\"BadSignature\"} 3\n"), "{refusals}");
}

#[tokio::test]
async fn a_forged_caller_in_an_old_body_is_refused() {
    let axon = axon(AxonLimits::default()).await;
    let caller = key(CALLER);
    let dendrite = v1::V1Client { signer: &caller, uuid: "u".to_owned(), ip: ATTACKER };
    let target = v1::V1Target { ip: axon.address().ip(), port: axon.address().port(), hotkey: axon.hotkey() };
    let prepared = dendrite.prepare(message(echo(), "hello"), &target, now());
    let body = String::from_utf8(prepared.body).unwrap();
    let forged = body.replace(&caller.hotkey().to_string(), &key(3).hotkey().to_string());
    let lines = lines(&prepared.headers);
    let mut raw = Raw::open(axon.address()).await;
    raw.say(format!("POST /Echo HTTP/1.1\r\n{lines}Content-Length: {}\r\n\r\n{forged}", forged.len()).as_bytes()).await;
    let response = raw.hear().await.unwrap();
    assert_eq!(response.status, 401);
    let body = myelin_wire::python::json::read(&response.body).unwrap();
    let Value::Dict(body) = body else { panic!("no object") };
    assert!(body.get("message").and_then(Value::as_text).unwrap().contains("another caller"));
    assert_eq!(text(&prepared.message), "hello");
}
