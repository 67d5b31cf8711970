//! Peers that send much, or little for a long time. Their use of resources is bounded, and others are served meanwhile.

use crate::{
    AXON, CALLER, Gate, builder, dendrite_of, key, message, signer, slow, soon, tokens, waiting,
    wire::{Raw, strict, strict_head},
};
use myelin_neuron::{
    Answer, AskError, Axon, AxonLimits, Caller, Clock, Peer, Priority, PriorityError, Rules, ServeAnyone, SystemClock,
};
use myelin_wire::{Sign, replay::ReplayLimits};
use std::{iter, time::Duration};
use tokio::{io::AsyncWriteExt, net::TcpListener};

/// A limit that a test can wait for, and that is far too short in practice.
const SHORT: Duration = Duration::from_millis(100);
/// The pause between two bytes of a slow peer.
const DRIP: Duration = Duration::from_millis(5);

const BODY: &[u8] = br#"{"text": "hello"}"#;

fn now() -> u64 {
    SystemClock.now()
}

async fn axon(limits: AxonLimits) -> Axon {
    builder(ServeAnyone).limits(limits).start().await.unwrap()
}

/// Returns the status of a signed request of an honest caller.
async fn status(axon: &Axon, seed: u8) -> u16 {
    let mut raw = Raw::open(axon.address()).await;
    raw.say(&strict(seed, AXON, "/Echo", BODY, now())).await;
    raw.hear().await.unwrap().status
}

#[tokio::test]
async fn a_head_in_drops_ends_in_time() {
    let axon = axon(AxonLimits { head_time: SHORT, ..AxonLimits::default() }).await;
    let mut raw = Raw::open(axon.address()).await;
    raw.say(b"POST /Echo HTTP/1.1\r\n").await;
    raw.drip(DRIP, iter::repeat(b'x')).await;
    assert_eq!(status(&axon, CALLER).await, 200);
}

#[tokio::test]
async fn a_body_in_drops_ends_in_time() {
    let axon = axon(AxonLimits { body_time: SHORT, ..AxonLimits::default() }).await;
    let mut raw = Raw::open(axon.address()).await;
    raw.say(strict_head(&key(CALLER), axon.hotkey(), "/Echo", &vec![b'x'; 100_000], now()).as_bytes()).await;
    raw.drip(DRIP, iter::repeat(b'x')).await;
    assert_eq!(raw.hear().await.unwrap().status, 408);
    assert_eq!(status(&axon, CALLER).await, 200);
}

#[tokio::test]
async fn whoever_still_writes_finds_the_answer() {
    let axon = axon(AxonLimits { body: 4 << 20, ..AxonLimits::default() }).await;
    let body = vec![b'x'; 6 << 20];
    // The requests are too large, unsigned, or for an unknown path. Each is refused before its body is read.
    let signed = strict_head(&key(CALLER), axon.hotkey(), "/Echo", &body, now());
    let stranger = format!("POST /Echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    let unknown = strict_head(&key(CALLER), axon.hotkey(), "/None", &body, now());
    for (head, status) in [(signed, 413), (stranger, 500), (unknown, 404)] {
        let mut raw = Raw::open(axon.address()).await;
        raw.say(head.as_bytes()).await;
        raw.say_all(&body).await;
        assert_eq!(raw.hear().await.unwrap().status, status);
    }
}

#[tokio::test]
async fn what_is_no_data_in_a_body_is_bounded() {
    let axon = axon(AxonLimits::default()).await;
    let head = strict_head(&key(CALLER), axon.hotkey(), "/Echo", b"", now());
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for endless in ["1;".to_owned() + &"x".repeat(1 << 20), "0\r\n".to_owned() + &"x: y\r\n".repeat(1 << 17)] {
        let mut raw = Raw::open(axon.address()).await;
        raw.say(head.as_bytes()).await;
        raw.say(endless.as_bytes()).await;
        // A reset of the connection may drop the answer.
        let status = raw.hear().await.map(|response| response.status);
        assert!(matches!(status, None | Some(400)), "{status:?}");
        raw.closed().await;
    }
    assert_eq!(status(&axon, CALLER).await, 200);
}

#[tokio::test]
async fn many_connect_at_a_time() {
    let axon = axon(AxonLimits { connections_each: 600, ..AxonLimits::default() }).await;
    // The axon accepts no connection while this thread blocks. A connection that the system drops is never accepted.
    let connect = || std::net::TcpStream::connect_timeout(&axon.address(), Duration::from_secs(30)).unwrap();
    let waiting: Vec<_> = (0..512).map(|_| connect()).collect();
    assert_eq!(status(&axon, CALLER).await, 200);
    drop(waiting);
}

#[tokio::test]
async fn requests_on_one_connection_wait_for_their_answers_to_be_read() {
    let axon = axon(AxonLimits { write_stall: SHORT, ..AxonLimits::default() }).await;
    let mut raw = Raw::open(axon.address()).await;
    // The answers exceed the buffers of both sides by far.
    raw.say("GET /None HTTP/1.1\r\nHost: x\r\n\r\n".repeat(400_000).as_bytes()).await;
    raw.closed().await;
    assert_eq!(status(&axon, CALLER).await, 200);
}

#[tokio::test]
async fn deep_bodies_are_refused() {
    let axon = axon(AxonLimits::default()).await;
    let body = format!("{{\"text\": {}", "[".repeat(200_000));
    let mut raw = Raw::open(axon.address()).await;
    raw.say(&strict(CALLER, AXON, "/Echo", body.as_bytes(), now())).await;
    assert_eq!(raw.hear().await.unwrap().status, 422);
}

#[tokio::test]
async fn strangers_do_not_fill_the_memory_of_nonces() {
    let replay = ReplayLimits { callers: 2, per_caller: 2, total: 4, ..ReplayLimits::default() };
    let axon = axon(AxonLimits { replay, ..AxonLimits::default() }).await;
    for seed in 20..60 {
        let forged = strict(seed, AXON, "/Echo", BODY, now());
        let forged = String::from_utf8(forged).unwrap().replace("hello", "jello");
        let mut raw = Raw::open(axon.address()).await;
        raw.say(forged.as_bytes()).await;
        assert_eq!(raw.hear().await.unwrap().status, 401);
    }
    assert_eq!([status(&axon, 2).await, status(&axon, 3).await], [200, 200]);
    // Admitted strangers take the room of others, and no request of those is accepted again.
    let mut first = Raw::open(axon.address()).await;
    let request = strict(4, AXON, "/Echo", BODY, now());
    first.say(&request).await;
    assert_eq!(first.hear().await.unwrap().status, 200);
    assert_eq!([status(&axon, 5).await, status(&axon, 6).await], [200, 200]);
    let mut again = Raw::open(axon.address()).await;
    again.say(&request).await;
    let refused = again.hear().await.unwrap();
    let text = String::from_utf8_lossy(&refused.body).into_owned();
    assert!(refused.status == 401 && text.contains("StaleRequest"), "{} {text}", refused.status);
}

/// Rules in which the hotkeys of some seeds have seats.
struct Seats(&'static [u8]);

impl Rules for Seats {
    fn has_seat(&self, caller: &Caller<'_>) -> bool {
        self.0.iter().any(|&seed| key(seed).hotkey() == caller.hotkey)
    }
}

#[tokio::test]
async fn nh_14_fresh_hotkeys_of_an_address_are_slowed_and_seats_are_not() {
    let axon = builder(Seats(&[2])).start().await.unwrap();
    let started = std::time::Instant::now();
    let mut refused = 0;
    for seed in 100..=250 {
        assert_eq!(status(&axon, 2).await, 200);
        match status(&axon, seed).await {
            200 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    let most = 64 + 8 * (started.elapsed().as_secs() + 1);
    assert!(151 - refused <= most, "{refused} in {:?}", started.elapsed());
    // A caller that is known is no new one.
    assert_eq!(status(&axon, 100).await, 200);
}

#[tokio::test]
async fn a_caller_fills_its_own_memory_only() {
    let replay = ReplayLimits { per_caller: 2, ..ReplayLimits::default() };
    let axon = axon(AxonLimits { replay, ..AxonLimits::default() }).await;
    let mut statuses = Vec::new();
    for seed in [2, 2, 2, 3] {
        statuses.push(status(&axon, seed).await);
    }
    assert_eq!(statuses, [200, 200, 429, 200]);
}

/// Rules in which a higher seed has a higher stake.
struct BySeed;

impl Rules for BySeed {
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        let seed = (1..=u8::MAX).find(|&seed| key(seed).hotkey() == caller.hotkey);
        Ok(Priority(seed.unwrap_or_default().into()))
    }
}

#[tokio::test]
async fn a_full_queue_is_left_by_the_lowest_stake() {
    let gate = Gate::default();
    let limits = AxonLimits { workers: 1, waiting: 2, ..AxonLimits::default() };
    let axon = builder(BySeed).limits(limits).endpoint(gate.endpoint()).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let ask = |seed: u8| {
        let peer = peer.clone();
        let question = message(slow(), &seed.to_string());
        tokio::spawn(async move { dendrite_of(signer(seed)).ask(&peer, &question).await.result })
    };
    let is_busy = |result: &Result<Answer, AskError>| {
        matches!(result, Err(AskError::Refused { status: 429, .. } | AskError::Unproven { status: 429, .. }))
    };
    let mut asking = vec![ask(10)];
    gate.begun().await;
    let low = ask(11);
    waiting(&axon, 1).await;
    asking.push(ask(12));
    waiting(&axon, 2).await;
    // A caller with less stake finds no room, and a caller with more stake takes the room of another.
    assert!(is_busy(&soon(ask(9)).await.unwrap()));
    asking.push(ask(13));
    assert!(is_busy(&soon(low).await.unwrap()));
    for _ in 0..2 {
        gate.open();
        gate.begun().await;
    }
    gate.open();
    for answer in asking {
        assert!(soon(answer).await.unwrap().is_ok());
    }
    assert_eq!(gate.order(), ["10", "13", "12"]);
}

#[tokio::test]
async fn an_answer_in_drops_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\nbt_header_axon_status_code: 200\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut said = stream.write_all(head.as_bytes()).await;
        let mut drops = tokio::time::interval(DRIP);
        while said.is_ok() {
            drops.tick().await;
            said = stream.write_all(b"1\r\nx\r\n").await;
        }
    });
    let mut question = message(tokens(), "x");
    question.timeout = Some(0.1);
    let peer = Peer::v1(key(AXON).hotkey(), address);
    let mut stream = soon(dendrite_of(signer(CALLER)).ask_stream(&peer, &question)).await.unwrap();
    let end = loop {
        match soon(stream.next()).await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert_eq!(end, Err(AskError::TimedOut(0.1)));
    assert_eq!(soon(stream.next()).await, Ok(None));
}
