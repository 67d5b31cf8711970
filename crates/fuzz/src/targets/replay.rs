//! The window of accepted requests and its stored form.

use crate::{
    input::ByteReader,
    signing::{FuzzKey, NOW},
};
use myelin_wire::{
    Headers, PublicKey, ReceivedRequest, Sign, Synapse, UnixNanos,
    class::Class,
    python::Dict,
    replay::{ReplayLimits, ReplayWindow, RequestContext},
    strict::{StrictAuthentic, StrictDoor, sign_request},
    v1::{Classes, Freshness, UnsignedFields, V1Authentic, V1Client, V1Door, V1Target},
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::{Arc, OnceLock},
};

const SECOND: u64 = 1_000_000_000;
const LIMITS: ReplayLimits = ReplayLimits { keep: 16 * SECOND, callers: 2, per_caller: 4, total: 6 };

/// Bytes of the name of the stored form.
const NAME: usize = 16;

/// Times that each caller signs a request for.
const TIMES: u64 = 12;

/// A request that may be replayed.
#[derive(Clone)]
enum SignedRequest {
    Strict(StrictAuthentic),
    V1(Box<V1Authentic>, &'static str),
}

/// A request with its nonce, signed once: signing takes too long to do it for each input.
struct TimedRequest {
    request: SignedRequest,
    nonce: UnixNanos,
}

fn requests() -> &'static [TimedRequest] {
    static REQUESTS: OnceLock<Vec<TimedRequest>> = OnceLock::new();
    REQUESTS.get_or_init(|| {
        let times = (0..TIMES).map(|time| NOW + time * 2 * SECOND);
        let all = times.flat_map(|nonce| (1..=3).map(move |caller| (nonce, caller)));
        all.flat_map(|(nonce, caller)| {
            let v1 = ["one", "other"].map(|uuid| SignedRequest::V1(Box::new(v1(caller, nonce, uuid)), uuid));
            let strict = SignedRequest::Strict(strict(caller, nonce));
            v1.into_iter().chain([strict]).map(move |request| TimedRequest { request, nonce })
        })
        .collect()
    })
}

fn here() -> PublicKey {
    FuzzKey::new(9).hotkey()
}

fn strict(caller: u8, nonce: UnixNanos) -> StrictAuthentic {
    let signed = sign_request(&FuzzKey::new(caller), ("POST", "/a"), b"", nonce, Some(here()));
    let (headers, _) = signed.expect("the request can be signed");
    let request = ReceivedRequest { method: "POST", target: "/a", headers: &headers };
    let claimed = StrictDoor::new(here()).open(request, nonce).expect("it is fresh");
    claimed.verify(Vec::new()).expect("it is signed")
}

fn v1(caller: u8, nonce: UnixNanos, uuid: &str) -> V1Authentic {
    let client = V1Client { signer: FuzzKey::new(caller), uuid: uuid.to_owned(), ip: Ipv4Addr::LOCALHOST.into() };
    let message = Synapse::new(Arc::new(Class::synapse()), &Dict::default()).expect("it has no fields");
    let target = V1Target { ip: Ipv4Addr::LOCALHOST.into(), port: 1, hotkey: here() };
    let headers: Headers = client.prepare(message, &target, nonce).headers;
    let classes = Classes::new([]);
    let door = V1Door {
        here: here(),
        classes: &classes,
        freshness: Freshness::default(),
        unsigned_fields: UnsignedFields::Pass,
    };
    let request = ReceivedRequest { method: "POST", target: "/Synapse", headers: &headers };
    door.open(request, nonce).expect("it is signed and fresh")
}

/// All requests that were ever accepted. A window may forget some; this record does not.
#[derive(Default)]
struct AcceptedRequests {
    once: BTreeSet<(PublicKey, UnixNanos)>,
    last: BTreeMap<(PublicKey, &'static str), UnixNanos>,
}

impl AcceptedRequests {
    fn note(&mut self, caller: PublicKey, request: &TimedRequest) {
        match request.request {
            SignedRequest::Strict(_) => {
                assert!(self.once.insert((caller, request.nonce)), "a nonce is accepted twice");
            }
            SignedRequest::V1(_, uuid) => {
                let before = self.last.insert((caller, uuid), request.nonce);
                assert!(before.is_none_or(|before| before < request.nonce), "a nonce does not rise");
            }
        }
    }
}

/// Requests and restarts, stored bytes with a good sum, or any bytes, by the first byte.
///
/// A nonce is accepted once, the window stays within its limits, and stored bytes read back or are refused.
pub fn replay_file(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match choice % 3 {
        0 => operations(rest),
        1 => {
            let mut stored = ReplayWindow::new(LIMITS).to_bytes()[..NAME].to_vec();
            stored.extend_from_slice(rest);
            let sum = Sha256::digest(&stored);
            stored.extend(sum);
            read_back(&stored);
        }
        _ => read_back(rest),
    }
}

fn read_back(stored: &[u8]) {
    let Ok(window) = ReplayWindow::from_bytes(stored, LIMITS) else { return };
    let again = ReplayWindow::from_bytes(&window.to_bytes(), LIMITS).expect("a window is stored as one");
    assert_eq!(again.to_bytes(), window.to_bytes());
}

fn operations(bytes: &[u8]) {
    let mut input = ByteReader::new(bytes);
    let mut window = ReplayWindow::new(LIMITS);
    let mut accepted = AcceptedRequests::default();
    let (mut clock, mut steady) = (NOW, 0);
    while !input.is_empty() {
        match input.below(8) {
            0 => {
                let again = ReplayWindow::from_bytes(&window.to_bytes(), LIMITS).expect("a window is stored as one");
                assert_eq!(again.to_bytes(), window.to_bytes());
                window = again;
            }
            1 => clock = NOW + u64::from(input.below(64)) * SECOND / 2,
            2 => window = ReplayWindow::after_loss(LIMITS, clock.max(NOW + TIMES * 2 * SECOND), SECOND),
            _ => {
                let all = requests();
                let request = &all[usize::from(input.byte()) % all.len()];
                let has_seat = input.below(2) == 0;
                steady += u64::from(input.below(16)) * SECOND / 2;
                let context = RequestContext { now: clock, steady, has_seat };
                let admitted = match request.request.clone() {
                    SignedRequest::Strict(authentic) => {
                        let caller = authentic.caller();
                        authentic.admit(&mut window, context).map(|_| caller).ok()
                    }
                    SignedRequest::V1(authentic, _) => {
                        let caller = authentic.caller();
                        authentic.admit(&mut window, context).map(|_| caller).ok()
                    }
                };
                if let Some(caller) = admitted {
                    accepted.note(caller, request);
                }
            }
        }
        // The limits hold for callers with a seat and for others.
        assert!(window.len() <= 2 * LIMITS.total, "the window has no limit");
    }
}
