//! Connections: places, the first head, requests that fail.

use crate::{
    AXON, CALLER, Key, builder, flood_time, key, soon,
    wire::{Raw, strict},
};
use myelin_neuron::{Axon, AxonLimits, Caller, Clock, Rules, ServeAnyone, SystemClock, TlsIdentity, TlsOffer};
use myelin_wire::{PublicKey, Sign};
use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    time::{Instant, MissedTickBehavior, timeout},
};

const BODY: &[u8] = br#"{"text": "hello"}"#;

fn now() -> u64 {
    SystemClock.now()
}

/// Returns one of 2^16 addresses of the loopback interface.
fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low).into()
}

async fn axon(limits: AxonLimits) -> Axon {
    builder(ServeAnyone).limits(limits).start().await.unwrap()
}

/// Returns the status of a signed request from this address, or `None` if its connection is closed.
async fn status(axon: &Axon, from: IpAddr) -> Option<u16> {
    let mut raw = Raw::open_from(from, axon.address()).await;
    raw.say(&strict(CALLER, AXON, "/Echo", BODY, now())).await;
    raw.hear().await.map(|response| response.status)
}

/// Returns a request whose body is another one than was signed.
fn forged(seed: u8) -> Vec<u8> {
    String::from_utf8(strict(seed, AXON, "/Echo", BODY, now())).unwrap().replace("hello", "jello").into_bytes()
}

/// Returns the value of a series without labels.
fn count(axon: &Axon, series: &str) -> u64 {
    let (text, start) = (axon.metrics().text(), format!("myelin_axon_{series} "));
    text.lines().find_map(|line| line.strip_prefix(&start)).unwrap().parse().unwrap()
}

/// Waits until a series has a value.
async fn until(axon: &Axon, series: &str, value: u64) {
    soon(async {
        while count(axon, series) != value {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn nh_10_a_full_axon_takes_a_new_connection() {
    let axon = axon(AxonLimits { connections: 64, connections_each: 4, ..AxonLimits::default() }).await;
    let mut silent = Vec::new();
    for number in 0..64 {
        silent.push(Raw::open_from(address(number / 4), axon.address()).await);
    }
    // Three quarters of the room are for unknown addresses.
    until(&axon, "displaced_total", 16).await;
    assert_eq!(status(&axon, address(17)).await, Some(200));
    until(&axon, "displaced_total", 17).await;
    // The oldest connections were closed.
    for raw in silent.iter_mut().take(17) {
        assert_eq!(raw.closed().await, 0);
    }
    assert_eq!(count(&axon, "turned_away_total"), 0);
}

#[tokio::test]
async fn nh_10_an_admitted_connection_outlives_a_flood() {
    let axon = axon(AxonLimits { connections: 8, connections_each: 8, ..AxonLimits::default() }).await;
    let mut admitted = Raw::open_from(address(1), axon.address()).await;
    for _ in 0..4 {
        admitted.say(&strict(CALLER, AXON, "/Echo", BODY, now())).await;
        assert_eq!(admitted.hear().await.unwrap().status, 200);
        let mut flood = Vec::new();
        for number in 0..20 {
            flood.push(Raw::open_from(address(2 + number), axon.address()).await);
        }
    }
    admitted.say(&strict(CALLER, AXON, "/Echo", BODY, now())).await;
    assert_eq!(admitted.hear().await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn nh_11_the_first_head_has_5_s_and_later_ones_30_s() {
    let closed = async |raw: &mut Raw| {
        let begin = Instant::now();
        timeout(Duration::from_mins(5), raw.wait_for_end()).await.unwrap();
        begin.elapsed().as_secs()
    };
    let plain = axon(AxonLimits::default()).await;
    let identity = TlsIdentity::generate().unwrap();
    let secure = builder(ServeAnyone).tls(identity, TlsOffer::Required).start().await.unwrap();
    for (axon, begun) in [(&plain, &b""[..]), (&plain, b"POST /Ec"), (&secure, b""), (&secure, &[0x16, 3, 1])] {
        let mut silent = Raw::open(axon.address()).await;
        silent.say(begun).await;
        assert_eq!(closed(&mut silent).await, 5, "{begun:?}");
    }
    let mut idle = Raw::open(plain.address()).await;
    idle.say(&strict(CALLER, AXON, "/Echo", BODY, now())).await;
    assert_eq!(idle.hear().await.unwrap().status, 200);
    assert_eq!(closed(&mut idle).await, 30);
}

#[tokio::test]
async fn nh_13_a_refused_signature_closes_the_connection() {
    let axon = axon(AxonLimits::default()).await;
    let good = strict(CALLER, AXON, "/Echo", BODY, now());
    let other = String::from_utf8(good.clone()).unwrap();
    let unsigned = b"POST /Echo HTTP/1.1\r\nbt_header_input_obj_text: IiI=\r\nContent-Length: 0\r\n\r\n".to_vec();
    let wrong = other.replace(&key(AXON).hotkey().to_string(), &key(9).hotkey().to_string()).into_bytes();
    for (request, status) in [(forged(CALLER), 401), (unsigned, 401), (wrong, 403)] {
        let mut raw = Raw::open(axon.address()).await;
        raw.say(&request).await;
        let response = raw.hear().await.unwrap();
        assert_eq!((response.status, response.headers.get("connection")), (status, Some("close")));
        raw.closed().await;
    }
    let mut raw = Raw::open(axon.address()).await;
    raw.say(b"GET /None HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(raw.hear().await.unwrap().status, 404);
    raw.say(&good).await;
    assert_eq!(raw.hear().await.unwrap().status, 200);
    // A replay is refused before admission too.
    raw.say(&good).await;
    assert_eq!(raw.hear().await.unwrap().status, 403);
    raw.closed().await;
}

#[tokio::test]
async fn nh_13_bad_signatures_of_an_address_are_few() {
    let (axon, begin) = (axon(AxonLimits::default()).await, Instant::now());
    assert_eq!(status(&axon, address(1)).await, Some(200));
    let mut refused = 0;
    for _ in 0..200 {
        let mut raw = Raw::open_from(address(1), axon.address()).await;
        raw.say(&forged(CALLER)).await;
        match raw.hear().await {
            Some(response) => {
                assert_eq!(response.status, 401);
                refused += 1;
            }
            None => assert!(refused >= 32),
        }
    }
    let checked = count(&axon, "signatures_checked_total");
    let quarters = u64::try_from(begin.elapsed().as_millis() / 250).unwrap();
    assert_eq!(checked, refused + 1);
    assert!(checked <= 1 + 32 + quarters + 1, "{checked} in {quarters} quarters of a second");
    // Other addresses are served. This one is closed without an answer, and without being read.
    assert_eq!(status(&axon, address(2)).await, Some(200));
}

#[tokio::test]
async fn nh_13_an_address_without_tokens_is_not_heard() {
    let limits = AxonLimits { failures: 2, failure_refill: Duration::from_hours(1), ..AxonLimits::default() };
    let axon = axon(limits).await;
    // This connection is open from before.
    let mut open = Raw::open_from(address(1), axon.address()).await;
    for _ in 0..2 {
        let mut raw = Raw::open_from(address(1), axon.address()).await;
        raw.say(&forged(CALLER)).await;
        assert_eq!(raw.hear().await.unwrap().status, 401);
    }
    let received = count(&axon, "received_bytes_total");
    open.say(&forged(CALLER)).await;
    assert!(open.hear().await.is_none());
    assert_eq!(status(&axon, address(1)).await, None);
    assert_eq!(count(&axon, "received_bytes_total"), received);
    assert_eq!(count(&axon, "signatures_checked_total"), 2);
    assert_eq!(count(&axon, "turned_away_total"), 1);
    assert_eq!(status(&axon, address(2)).await, Some(200));
}

#[tokio::test]
async fn nh_13_good_requests_take_no_tokens() {
    let limits = AxonLimits { failures: 1, failure_refill: Duration::from_hours(1), ..AxonLimits::default() };
    let axon = axon(limits).await;
    for _ in 0..5 {
        assert_eq!(status(&axon, address(1)).await, Some(200));
    }
}

#[tokio::test]
async fn nh_13_handshakes_without_a_request_are_failures() {
    let limits = AxonLimits { failures: 2, failure_refill: Duration::from_hours(1), ..AxonLimits::default() };
    let identity = TlsIdentity::generate().unwrap();
    let axon = builder(ServeAnyone).limits(limits).tls(identity, TlsOffer::Optional).start().await.unwrap();
    for number in 1..=2 {
        let mut raw = Raw::open_from(address(1), axon.address()).await;
        raw.say(&[0x16; 5_000]).await;
        raw.closed().await;
        until(&axon, "handshakes_failed_total", number).await;
    }
    assert_eq!(status(&axon, address(1)).await, None);
    assert_eq!(status(&axon, address(2)).await, Some(200));
}

/// Rules that refuse one caller.
struct Unwanted(PublicKey);

impl Rules for Unwanted {
    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        if caller.hotkey == self.0 { Err("unwanted".to_owned()) } else { Ok(()) }
    }
}

#[tokio::test]
async fn nh_m7_the_body_of_a_refused_caller_is_not_read() {
    let unwanted: Key = key(7);
    let axon = builder(Unwanted(unwanted.hotkey())).start().await.unwrap();
    let mut raw = Raw::open(axon.address()).await;
    raw.say(&strict(7, AXON, "/Echo", BODY, now())).await;
    assert_eq!(raw.hear().await.unwrap().status, 403);
    assert_eq!(count(&axon, "received_bytes_total"), 0);
    assert_eq!(count(&axon, "signatures_checked_total"), 0);
    assert_eq!(status(&axon, address(1)).await, Some(200));
    assert_eq!(count(&axon, "received_bytes_total"), BODY.len() as u64);
}

#[tokio::test]
async fn nh_18_a_silent_reader_of_metrics_delays_no_other() {
    let axon = builder(ServeAnyone).metrics_at(([127, 0, 0, 1], 0).into()).start().await.unwrap();
    let address = axon.metrics_address().unwrap();
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(Raw::open(address).await);
    }
    for _ in 0..5 {
        let mut raw = Raw::open(address).await;
        raw.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(timeout(Duration::from_secs(4), raw.hear()).await.unwrap().unwrap().status, 200);
        raw.closed().await;
    }
}

#[tokio::test]
async fn nh_8_a_stop_leaves_no_task() {
    let before = Handle::current().metrics().num_alive_tasks();
    let limits = AxonLimits { stop_time: Duration::from_millis(100), ..AxonLimits::default() };
    let axon = axon(limits).await;
    let mut flood = Vec::new();
    for number in 0..100 {
        let mut raw = Raw::open_from(address(number), axon.address()).await;
        raw.say(b"POST /Echo HTTP/1.1\r\nbt_header_input_obj_text: IiI=\r\nContent-Length: 100000\r\n\r\nxxx").await;
        assert_eq!(raw.hear().await.unwrap().status, 401);
        flood.push(raw);
    }
    assert_eq!(count(&axon, "connections"), 100);
    soon(axon.stop()).await.unwrap();
    assert_eq!(Handle::current().metrics().num_alive_tasks(), before);
}

/// 16 addresses with 34 connections a second each.
///
/// `MYELIN_FLOOD_SECONDS` sets the time of the flood.
#[tokio::test]
async fn acceptance_2_silent_connections_delay_no_request() {
    let axon = axon(AxonLimits { connections: 256, connections_each: 16, ..AxonLimits::default() }).await;
    assert_eq!(status(&axon, address(20)).await, Some(200));
    let here = axon.address();
    let flood = async move {
        let mut open = std::collections::VecDeque::new();
        let mut pauses = tokio::time::interval(Duration::from_secs(1) / 34);
        pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..34 * flood_time(3).as_secs() {
            pauses.tick().await;
            for number in 0..16 {
                open.push_back(Raw::open_from(address(number), here).await);
            }
            while open.len() > 320 {
                open.pop_front();
            }
        }
    };
    let flood = tokio::spawn(flood);
    let mut pauses = tokio::time::interval(Duration::from_millis(100));
    let mut asked = 0;
    while !flood.is_finished() {
        pauses.tick().await;
        assert_eq!(status(&axon, address(20)).await, Some(200));
        asked += 1;
    }
    assert!(asked >= 10);
    flood.await.unwrap();
}
