//! Bodies: their limits by class, and the memory that they take before and after their signatures are verified.

use crate::{
    AXON, CALLER, builder, class, key, signer, soon,
    wire::{Raw, strict, strict_head},
};
use myelin_neuron::{Axon, AxonLimits, Clock, Endpoint, HandlerOutput, ServeAnyone, SystemClock};
use myelin_wire::class::Class;
use std::net::{IpAddr, Ipv4Addr};

/// The address of an honest caller.
const HONEST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 17));

fn now() -> u64 {
    SystemClock.now()
}

fn attacker(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 2, 0, number).into()
}

/// Returns a body of a text with this length in all.
fn body(length: usize) -> Vec<u8> {
    let text = "x".repeat(length - r#"{"text": ""}"#.len());
    format!(r#"{{"text": "{text}"}}"#).into_bytes()
}

fn echo(class: Class) -> Endpoint {
    Endpoint::new(class, |request| async move { Ok(HandlerOutput::from(request.into_content())) })
}

async fn axon(limits: AxonLimits) -> Axon {
    let fields = &[("text", "str")];
    let small = class("Small", fields, &[]).with_max_body(65_536);
    let large = class("Large", fields, &[]).with_max_body(64 << 20);
    builder(ServeAnyone).limits(limits).endpoint(echo(small)).endpoint(echo(large)).start().await.unwrap()
}

/// Returns the status of a signed request from this address.
async fn status(axon: &Axon, from: IpAddr, path: &str, body: &[u8]) -> u16 {
    let mut raw = Raw::open_from(from, axon.address()).await;
    raw.say(&strict(CALLER, AXON, path, body, now())).await;
    raw.hear().await.unwrap().status
}

#[tokio::test]
async fn nh_4_a_class_has_its_own_limit_of_body() {
    let axon = axon(AxonLimits::default()).await;
    assert_eq!(status(&axon, HONEST, "/Synapse", b"{}").await, 200);
    for (path, limit) in [("/Small", 65_536), ("/Echo", 1 << 20), ("/Large", 8 << 20)] {
        assert_eq!(status(&axon, HONEST, path, &body(limit)).await, 200, "{path}");
        let received = axon.metrics().text();
        assert_eq!(status(&axon, HONEST, path, &body(limit + 1)).await, 413, "{path}");
        let bytes =
            |text: &str| text.lines().find(|line| line.contains("axon_received_bytes_total ")).unwrap().to_owned();
        assert_eq!(bytes(&axon.metrics().text()), bytes(&received), "a body that is too large is not read");
    }
}

#[tokio::test]
async fn nh_7_an_unknown_address_sends_little_before_it_is_trusted() {
    let axon = axon(AxonLimits::default()).await;
    assert_eq!(status(&axon, HONEST, "/Echo", &body(65_537)).await, 413);
    assert_eq!(status(&axon, HONEST, "/Echo", &body(65_536)).await, 200);
    // Its address is known from now on, and others are not.
    assert_eq!(status(&axon, HONEST, "/Echo", &body(65_537)).await, 200);
    assert_eq!(status(&axon, attacker(1), "/Echo", &body(65_537)).await, 413);
    // In v1 the signature is verified before the body is read.
    let (caller, other) = (key(CALLER), attacker(2));
    let client = myelin_wire::v1::V1Client { signer: &caller, uuid: "u".to_owned(), ip: other };
    let target =
        myelin_wire::v1::V1Target { ip: axon.address().ip(), port: axon.address().port(), hotkey: axon.hotkey() };
    let prepared = client.prepare(crate::message(crate::echo(), &"x".repeat(100_000)), &target, now());
    let lines = crate::wire::lines(&prepared.headers);
    let mut raw = Raw::open_from(other, axon.address()).await;
    raw.say(format!("POST /Echo HTTP/1.1\r\n{lines}Content-Length: {}\r\n\r\n", prepared.body.len()).as_bytes()).await;
    raw.say(&prepared.body).await;
    assert_eq!(raw.hear().await.unwrap().status, 200);
}

/// Sends all bytes of bodies but the last, in the name of a validator.
async fn hold_bodies(axon: &Axon, from: IpAddr, count: usize, length: usize) -> Vec<Raw> {
    let (body, mut held) = (body(length), Vec::new());
    for _ in 0..count {
        let mut raw = Raw::open_from(from, axon.address()).await;
        raw.say(strict_head(&key(CALLER), axon.hotkey(), "/Echo", &body, now()).as_bytes()).await;
        raw.say_all(&body[..length - 1]).await;
        held.push(raw);
    }
    held
}

#[tokio::test]
async fn nh_7_bodies_in_a_validators_name_leave_room_for_its_own() {
    let axon = axon(AxonLimits::default()).await;
    let mut held = Vec::new();
    for number in 1..=4 {
        held.extend(hold_bodies(&axon, attacker(number), 63, 65_536).await);
    }
    assert_eq!(status(&axon, HONEST, "/Echo", &body(60_000)).await, 200);
    drop(held);
}

#[tokio::test]
async fn nh_7_known_addresses_have_room_of_their_own() {
    let limits = AxonLimits { unproven: 2_000, unproven_each: 1_000, ..AxonLimits::default() };
    let axon = axon(limits).await;
    assert_eq!(status(&axon, HONEST, "/Echo", &body(100)).await, 200);
    let held = hold_bodies(&axon, attacker(1), 1, 1_001).await;
    // An unknown address has at most half of the rest, as soon as all these bytes have arrived.
    for number in 3.. {
        if status(&axon, attacker(number), "/Echo", &body(600)).await == 429 {
            break;
        }
    }
    assert_eq!(status(&axon, attacker(2), "/Echo", &body(400)).await, 200);
    assert_eq!(status(&axon, HONEST, "/Echo", &body(5_000)).await, 200);
    drop(held);
}

#[tokio::test]
async fn nh_7_a_verified_body_leaves_the_room_of_unknown_addresses() {
    let gate = crate::Gate::default();
    let limits = AxonLimits { unproven: 1_900, unproven_each: 1_000, ..AxonLimits::default() };
    let axon = builder(ServeAnyone).limits(limits).endpoint(gate.endpoint()).start().await.unwrap();
    let mut waiting = Raw::open_from(attacker(1), axon.address()).await;
    waiting.say(&strict(CALLER, AXON, "/Slow", &body(900), now())).await;
    gate.begun().await;
    assert_eq!(status(&axon, HONEST, "/Echo", &body(900)).await, 200);
    gate.open();
    assert_eq!(waiting.hear().await.unwrap().status, 200);
}

#[tokio::test]
async fn nh_3_values_are_charged_while_they_exist() {
    let any = class("Any", &[("list", "list[int] = []")], &[]);
    // The body has 2 048 bytes and 1 024 values, of 64 bytes each.
    let numbers = format!(r#"{{"list": [{}0]}}"#, "0,".repeat(1_016));
    let (charge, length) = (64 * 1_020, numbers.len());
    for (bodies_each, status) in [(length + charge + 64, 200), (charge / 2, 429)] {
        let limits = AxonLimits { bodies_each, ..AxonLimits::default() };
        let axon = builder(ServeAnyone).limits(limits).endpoint(echo(any.clone())).start().await.unwrap();
        for _ in 0..3 {
            let mut raw = Raw::open(axon.address()).await;
            raw.say(&strict(CALLER, AXON, "/Any", numbers.as_bytes(), now())).await;
            let response = raw.hear().await.unwrap();
            assert_eq!(response.status, status);
            // The caller is admitted, so the refusal is signed.
            assert!(response.headers.contains("x-myelin-signature"));
        }
    }
}

#[tokio::test]
async fn nh_3_a_body_waits_unread_for_its_turn() {
    let gate = crate::Gate::default();
    let limits = AxonLimits { workers: 1, ..AxonLimits::default() };
    let axon = builder(ServeAnyone).limits(limits).endpoint(gate.endpoint()).start().await.unwrap();
    let peer = myelin_neuron::Peer::strict(axon.hotkey(), axon.address());
    let asking = tokio::spawn(async move {
        myelin_neuron::Dendrite::new(signer(3))
            .local_addresses(true)
            .ask(&peer, &crate::message(crate::slow(), "x"))
            .await
            .result
    });
    gate.begun().await;
    // Not JSON, and not refused before a worker is free.
    let mut broken = Raw::open(axon.address()).await;
    broken.say(&strict(CALLER, AXON, "/Echo", b"{", now())).await;
    crate::waiting(&axon, 1).await;
    gate.open();
    assert_eq!(broken.hear().await.unwrap().status, 422);
    assert!(soon(asking).await.unwrap().is_ok());
}
