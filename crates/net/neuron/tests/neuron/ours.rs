//! Exchanges between our axon and our dendrite, in both protocols.

use crate::{
    AXON, CALLER, Gate, axon, builder, dendrite_of, echo, key, message, signer, slow, soon, text, tokens, waiting, wire,
};
use futures::{
    FutureExt,
    stream::{self, StreamExt},
};
use myelin_neuron::{
    Answer, AskError, Axon, AxonLimits, Caller, Clock, Dendrite, DialRules, Endpoint, HandlerOutput, ManualClock, Peer,
    Place, Priority, PriorityError, Rules, ServeAnyone, SystemClock, UnplacedRequests, UnsignedAnswers, V1Policy,
};
use myelin_primitives::{AddressScope, NetUid};
use myelin_wire::{
    PublicKey, Sign,
    strict::{AnswerError, Content, RequestTarget, StreamOutcome},
};
use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};
use tokio::{io::AsyncWriteExt, net::TcpListener, sync::Notify};

fn dendrite() -> Dendrite {
    dendrite_of(signer(CALLER))
}

fn unproven(result: Result<Answer, AskError>) -> (u16, AnswerError) {
    match result {
        Err(AskError::Unproven { status, reason }) => (status, reason),
        other => panic!("not unproven: {other:?}"),
    }
}

#[tokio::test]
async fn a_strict_answer_is_signed_and_leaves_a_receipt() {
    let axon = axon().await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let asked = soon(dendrite().ask(&peer, &message(echo(), "héllo"))).await;
    let Ok(Answer::Signed { message, receipt }) = asked.result else { panic!("{asked:?}") };
    assert_eq!((text(message.content()), message.sender()), ("héllo", axon.hotkey()));
    let statement = receipt.verify().unwrap();
    assert_eq!((statement.caller, statement.responder), (key(CALLER).hotkey(), key(AXON).hotkey()));
    assert!(matches!(statement.content, Content::Whole(_)));
    soon(axon.stop()).await.unwrap();
}

fn place(netuid: u16) -> Place {
    Place::new(&[7; 32], NetUid::new(netuid))
}

/// Returns the status of a whole request, and the body of its answer.
async fn answered(axon: &Axon, request: &[u8]) -> (u16, String) {
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(request).await;
    let response = raw.hear().await.unwrap();
    (response.status, String::from_utf8_lossy(&response.body).into_owned())
}

#[tokio::test]
async fn nh_65_a_request_of_one_subnet_is_not_served_at_another() {
    let at = |netuid| builder(ServeAnyone).place(place(netuid)).start();
    let (here, elsewhere) = (at(1).await.unwrap(), at(2).await.unwrap());
    let target = RequestTarget { place: Some(place(1)), class: "Echo", is_streamed: false }.to_string();
    let request = wire::strict(CALLER, AXON, &target, br#"{"text": "hello"}"#, SystemClock.now());
    assert_eq!(answered(&here, &request).await.0, 200);
    let (status, body) = answered(&elsewhere, &request).await;
    assert!(status == 403 && body.contains("WrongPlace"), "{status} {body}");
    // The refusal comes before the body, and before the age of the request is known.
    let old = wire::strict_head(&key(CALLER), here.hotkey(), &target, &vec![b'x'; 1 << 20], 1);
    assert_eq!(answered(&elsewhere, old.as_bytes()).await.0, 403);

    let peer = Peer::strict(here.hotkey(), here.address());
    let asked = soon(dendrite().place(place(1)).ask(&peer, &message(echo(), "hello"))).await;
    let Ok(Answer::Signed { receipt, .. }) = asked.result else { panic!("{asked:?}") };
    assert_eq!(receipt.verify_at(place(1)).unwrap().class, "Echo");
    let asked = soon(dendrite().place(place(2)).ask(&peer, &message(echo(), "hello"))).await;
    assert_eq!(unproven(asked.result), (403, AnswerError::Unsigned));
}

#[tokio::test]
async fn nh_66_an_axon_may_refuse_requests_without_a_place() {
    let axon = builder(ServeAnyone).place(place(1)).start().await.unwrap();
    let request = || wire::strict(CALLER, AXON, "/Echo", br#"{"text": "hello"}"#, SystemClock.now());
    assert_eq!(answered(&axon, &request()).await.0, 200);
    let axon = builder(ServeAnyone).place(place(1)).unplaced(UnplacedRequests::Refused).start().await.unwrap();
    let (status, body) = answered(&axon, &request()).await;
    assert!(status == 403 && body.contains("WrongPlace"), "{status} {body}");
    let peer = Peer::strict(axon.hotkey(), axon.address());
    assert!(soon(dendrite().place(place(1)).ask(&peer, &message(echo(), "hello"))).await.result.is_ok());
}

#[tokio::test]
async fn nh_69_the_signed_target_decides_on_the_form_of_a_stream() {
    let axon = axon().await;
    let stream = |target: &str, more: &str| {
        let body = br#"{"text": "one two"}"#;
        let head = wire::strict_head(&key(CALLER), axon.hotkey(), target, body, SystemClock.now());
        let head = head.replace("Host: test", &format!("Host: test{more}"));
        [head.as_bytes(), body].concat()
    };
    let (status, body) = answered(&axon, &stream("/Tokens?stream=1", "")).await;
    assert!(status == 200 && body.starts_with('\u{1}'), "{body}");
    for (target, more) in [("/Tokens", ""), ("/Tokens", "\r\nX-Myelin-Accept: 1"), ("/Tokens?stream=0", "")] {
        assert_eq!(answered(&axon, &stream(target, more)).await, (200, "one two".to_owned()), "{target}");
    }
}

#[tokio::test]
async fn strict_errors_are_signed_once_the_caller_is_verified() {
    let axon = axon().await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    for (said, status) in [("fail", 500), ("panic", 500)] {
        let asked = soon(dendrite().ask(&peer, &message(echo(), said))).await;
        let Err(AskError::Refused { status: got, text }) = asked.result else { panic!("{asked:?}") };
        assert_eq!(got, status);
        assert!(text.as_str().starts_with("Internal Server Error #") && !text.as_str().contains("as asked"), "{text}");
    }
    // A field is missing.
    let other = crate::class("Echo", &[("number", "int = 1")], &[]);
    let other = myelin_wire::Synapse::new(other.into(), &myelin_wire::python::Dict::default()).unwrap();
    let asked = soon(dendrite().ask(&peer, &other)).await;
    assert!(
        matches!(&asked.result, Err(AskError::Refused { status: 422, text }) if text.as_str().contains("text")),
        "{asked:?}"
    );
    let unknown = soon(dendrite().ask(&peer, &message(crate::class("None", &[("text", "str")], &[]), ""))).await;
    assert_eq!(unproven(unknown.result), (404, AnswerError::Unsigned));
}

#[tokio::test]
async fn somebody_else_cannot_answer() {
    let axon = axon().await;
    let peer = Peer::strict(key(9).hotkey(), axon.address());
    let asked = soon(dendrite().ask(&peer, &message(echo(), "hello"))).await;
    assert_eq!(unproven(asked.result), (403, AnswerError::Unsigned));
}

#[tokio::test]
async fn the_older_protocol_is_served_and_asked() {
    let axon = axon().await;
    let peer = Peer::v1(axon.hotkey(), axon.address());
    let dendrite = dendrite();
    for said in ["one", "two", "three"] {
        let asked = soon(dendrite.ask(&peer, &message(echo(), said))).await;
        let Ok(Answer::Claimed(answer)) = asked.result else { panic!("{asked:?}") };
        assert_eq!(text(&answer), said);
        assert_eq!(answer.axon.unwrap().status_message.as_deref(), Some("Success"));
    }
    let asked = soon(dendrite.ask(&peer, &message(echo(), "fail"))).await;
    assert!(matches!(&asked.result, Err(AskError::Claimed { status: Some(500), .. })), "{asked:?}");
    let asked = soon(dendrite.ask(&peer, &message(tokens(), "no break"))).await;
    assert!(asked.result.is_err(), "{asked:?}");
}

#[tokio::test]
async fn both_sides_can_refuse_the_older_protocol() {
    let axon = builder(ServeAnyone).v1(V1Policy::Refused).start().await.unwrap();
    let peer = Peer::v1(axon.hotkey(), axon.address());
    let asked = soon(dendrite().ask(&peer, &message(echo(), ""))).await;
    assert!(matches!(&asked.result, Err(AskError::Claimed { status: Some(403), .. })), "{asked:?}");
    let asked = soon(dendrite().v1(V1Policy::Refused).ask(&peer, &message(echo(), ""))).await;
    assert_eq!(asked.result, Err(AskError::V1Refused));
    let nowhere = Peer::strict(axon.hotkey(), ([0, 0, 0, 0], axon.address().port()).into());
    assert_eq!(soon(dendrite().ask(&nowhere, &message(echo(), ""))).await.result, Err(AskError::NotServing));
    let peer = Peer::strict(axon.hotkey(), axon.address());
    assert!(soon(dendrite().ask(&peer, &message(echo(), ""))).await.result.is_ok());
}

async fn all(stream: &mut myelin_neuron::AnswerStream) -> Result<String, AskError> {
    let mut bytes = Vec::new();
    while let Some(piece) = soon(stream.next()).await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn signed_streams_say_how_they_end() {
    let axon = axon().await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    for (said, whole, outcome) in [
        ("a b c", "a b c", StreamOutcome::Complete),
        ("", "", StreamOutcome::Complete),
        ("a break", "a ", StreamOutcome::Broken),
    ] {
        let mut stream = soon(dendrite().ask_stream(&peer, &message(tokens(), said))).await.unwrap();
        assert_eq!(all(&mut stream).await.unwrap(), whole);
        assert_eq!(stream.is_complete(), outcome == StreamOutcome::Complete, "{said}");
        let statement = stream.receipt().unwrap().verify().unwrap();
        assert!(matches!(statement.content, Content::Stream { outcome: ended, .. } if ended == outcome));
    }
    let whole = soon(dendrite().ask_stream(&peer, &message(echo(), "x"))).await;
    assert_eq!(whole.unwrap_err(), AskError::NotAStream);
    let failed = soon(dendrite().ask_stream(&peer, &message(echo(), "fail"))).await;
    assert!(matches!(failed, Err(AskError::Refused { status: 500, .. })), "{failed:?}");
    // A client that does not announce signed streams gets plain bytes, and does not accept them as an answer.
    let plain = soon(dendrite().ask(&peer, &message(tokens(), "a b"))).await;
    assert_eq!(unproven(plain.result), (200, AnswerError::Unsigned));
}

#[tokio::test]
async fn old_streams_prove_nothing() {
    let axon = axon().await;
    let peer = Peer::v1(axon.hotkey(), axon.address());
    let mut stream = soon(dendrite().ask_stream(&peer, &message(tokens(), "a b c"))).await.unwrap();
    assert_eq!(all(&mut stream).await.unwrap(), "a b c");
    assert!(!stream.is_complete() && stream.receipt().is_none());
    let mut stream = soon(dendrite().ask_stream(&peer, &message(tokens(), "a break"))).await.unwrap();
    assert!(matches!(all(&mut stream).await, Err(AskError::Cut(_))));
    let failed = soon(dendrite().ask_stream(&peer, &message(echo(), "fail"))).await;
    assert!(matches!(failed, Err(AskError::Claimed { status: Some(500), .. })), "{failed:?}");
}

#[tokio::test]
async fn many_are_asked_and_one_fails_alone() {
    let (first, second) = (axon().await, axon().await);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let peers = [
        Peer::strict(first.hotkey(), first.address()),
        Peer::strict(key(9).hotkey(), nobody),
        Peer::v1(second.hotkey(), second.address()),
    ];
    let asked = soon(dendrite().ask_many(&peers, &message(echo(), "all"))).await;
    assert_eq!(asked.iter().map(|asked| asked.hotkey).collect::<Vec<_>>(), peers.map(|peer| peer.hotkey));
    assert!(matches!(asked[0].result, Ok(Answer::Signed { .. })));
    assert_eq!(asked[1].result, Err(AskError::Closed));
    assert!(matches!(asked[2].result, Ok(Answer::Claimed(_))));
}

#[tokio::test]
async fn the_older_protocol_is_asked_side_by_side() {
    let axon = axon().await;
    let peers = vec![Peer::v1(axon.hotkey(), axon.address()); 12];
    let asked = soon(dendrite().ask_many(&peers, &message(echo(), "x"))).await;
    assert!(asked.iter().all(|asked| asked.result.is_ok()), "{asked:?}");
}

/// Starts a server that sends the same bytes to each client and closes.
async fn says(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

#[tokio::test]
async fn whatever_a_peer_says_is_survived() {
    let ok: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"text\":\"x\"}";
    let ask = |address, unsigned| async move {
        let dendrite = dendrite().unsigned_answers(unsigned).max_answer(1_000);
        soon(dendrite.ask(&Peer::strict(key(AXON).hotkey(), address), &message(echo(), "x"))).await.result
    };
    let refused = UnsignedAnswers::Refused;
    assert_eq!(unproven(ask(says(ok).await, refused).await), (200, AnswerError::Unsigned));
    assert!(matches!(ask(says(ok).await, UnsignedAnswers::Accepted).await, Ok(Answer::Claimed(_))));
    assert_eq!(ask(says(b"").await, refused).await, Err(AskError::Disconnected));
    assert!(matches!(ask(says(b"\x00\xff garbage\r\n\r\n").await, refused).await, Err(AskError::NotHttp(_))));
    let cut = says(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
    assert!(matches!(ask(cut, refused).await, Err(AskError::Cut(_))));
    let endless = Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2_000)).into_bytes().into_boxed_slice());
    assert_eq!(ask(says(endless).await, refused).await, Err(AskError::TooLarge(1_000)));
    let headers = "x: 1\r\n".repeat(200);
    let headers = Box::leak(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes().into_boxed_slice());
    assert!(matches!(ask(says(headers).await, refused).await, Err(AskError::NotHttp(_))));
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::strict(key(AXON).hotkey(), listener.local_addr().unwrap());
    let mut question = message(echo(), "x");
    question.timeout = Some(0.05);
    assert_eq!(soon(dendrite().ask(&peer, &question)).await.result, Err(AskError::TimedOut(0.05)));
}

#[tokio::test]
async fn a_handler_is_not_waited_for_beyond_the_callers_patience() {
    let axon = axon().await;
    let body = br#"{"timeout": 0.05, "text": "wait"}"#;
    let now = myelin_neuron::Clock::now(&myelin_neuron::SystemClock);
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&wire::strict(CALLER, AXON, "/Echo", body, now)).await;
    let response = raw.hear().await.unwrap();
    assert_eq!(response.status, 408);
    assert!(response.headers.contains("x-myelin-signature"));
}

#[tokio::test]
async fn stopping_finishes_what_was_begun() {
    let gate = Gate::default();
    let axon = builder(ServeAnyone).endpoint(gate.endpoint()).start().await.unwrap();
    let (address, peer) = (axon.address(), Peer::strict(axon.hotkey(), axon.address()));
    let asking = tokio::spawn(async move { dendrite().ask(&peer, &message(slow(), "x")).await });
    gate.begun().await;
    let stopping = tokio::spawn(axon.stop());
    // No new connection is accepted once the listener is closed.
    soon(async { while tokio::net::TcpStream::connect(address).await.is_ok() {} }).await;
    assert!(!stopping.is_finished());
    gate.open();
    assert!(soon(asking).await.unwrap().result.is_ok());
    soon(stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn stopping_does_not_wait_for_idle_connections() {
    let limits = AxonLimits { stop_time: std::time::Duration::from_hours(1), ..AxonLimits::default() };
    let axon = builder(ServeAnyone).limits(limits).start().await.unwrap();
    let mut silent = wire::Raw::open(axon.address()).await;
    let mut idle = wire::Raw::open(axon.address()).await;
    let now = myelin_neuron::Clock::now(&myelin_neuron::SystemClock);
    idle.say(&wire::strict(CALLER, AXON, "/Synapse", b"{}", now)).await;
    assert_eq!(idle.hear().await.unwrap().status, 200);
    soon(axon.stop()).await.unwrap();
    assert_eq!((silent.closed().await, idle.closed().await), (0, 0));
}

#[tokio::test]
async fn stopping_finishes_streams() {
    let go = Arc::new(Notify::new());
    let endpoint = {
        let go = Arc::clone(&go);
        Endpoint::new(slow(), move |request| {
            let go = Arc::clone(&go);
            let rest = async move {
                go.notified().await;
                Ok("rest".into())
            };
            let pieces = stream::once(async { Ok("first ".into()) }).chain(stream::once(rest));
            async move { Ok(HandlerOutput::stream(request.into_content(), pieces)) }
        })
    };
    let axon = builder(ServeAnyone).endpoint(endpoint).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let question = message(slow(), "x");
    let mut answer = soon(dendrite().ask_stream(&peer, &question)).await.unwrap();
    assert_eq!(soon(answer.next()).await, Ok(Some("first ".into())));
    let stopping = tokio::spawn(axon.stop());
    go.notify_one();
    assert_eq!(all(&mut answer).await.unwrap(), "rest");
    assert!(answer.is_complete());
    soon(stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn stopping_ends_in_time() {
    let limits = AxonLimits { stop_time: std::time::Duration::from_millis(50), ..AxonLimits::default() };
    let axon = builder(ServeAnyone).limits(limits).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let asking = tokio::spawn(async move { dendrite().ask(&peer, &message(echo(), "wait")).await.result });
    let metrics = axon.metrics();
    soon(async {
        while !metrics.text().contains("myelin_axon_connections 1\n") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    soon(axon.stop()).await.unwrap();
    assert_eq!(soon(asking).await.unwrap(), Err(AskError::Disconnected));
}

#[tokio::test]
async fn prometheus_is_served() {
    let axon = builder(ServeAnyone).metrics_at(([127, 0, 0, 1], 0).into()).start().await.unwrap();
    let address = axon.metrics_address().unwrap();
    for _ in 0..2 {
        let mut raw = wire::Raw::open(address).await;
        raw.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let response = raw.hear().await.unwrap();
        assert_eq!(response.status, 200);
        assert!(String::from_utf8(response.body).unwrap().ends_with("# EOF\n"));
    }
    // The axon itself does not serve metrics.
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(raw.hear().await.unwrap().status, 404);
}

/// Rules with a table of stakes.
#[derive(Clone)]
struct Stakes(BTreeMap<PublicKey, u64>);

impl Rules for Stakes {
    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        self.0.get(&caller.hotkey).map(|_| ()).ok_or_else(|| "unknown".to_owned())
    }

    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        Ok(Priority(self.0[&caller.hotkey]))
    }
}

#[tokio::test]
async fn the_highest_stake_is_served_first() {
    let gate = Gate::default();
    let stakes = Stakes((10..14).map(|seed| (key(seed).hotkey(), u64::from(seed))).collect());
    let limits = AxonLimits { workers: 1, ..AxonLimits::default() };
    let axon = builder(stakes).limits(limits).endpoint(gate.endpoint()).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let ask = |seed: u8| {
        let peer = peer.clone();
        tokio::spawn(
            async move { dendrite_of(signer(seed)).ask(&peer, &message(slow(), &seed.to_string())).await.result },
        )
    };
    let mut asking = vec![ask(10)];
    gate.begun().await;
    for (number, seed) in (1..).zip([11, 13, 12]) {
        asking.push(ask(seed));
        waiting(&axon, number).await;
    }
    for _ in 0..3 {
        gate.open();
        gate.begun().await;
    }
    gate.open();
    for answer in asking {
        assert!(soon(answer).await.unwrap().is_ok());
    }
    assert_eq!(gate.order(), ["10", "13", "12", "11"]);
    // A caller outside of the table is refused, before and after the verification of its signature.
    let asked = soon(dendrite().ask(&peer, &message(echo(), "x"))).await;
    assert_eq!(unproven(asked.result), (403, AnswerError::Unsigned));
}

#[tokio::test]
async fn nh_61_the_own_address_is_dialled_as_any_other() {
    // This machine as seen from outside, by an address at which nothing listens.
    let outside = Ipv4Addr::new(127, 0, 0, 3);
    let other_service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other_service.local_addr().unwrap().port();
    let dendrite = dendrite().on_chain(Arc::new(DialRules::new(AddressScope::Local, || 1)));
    for seed in [50, 51] {
        let peer = Peer::strict(key(seed).hotkey(), (outside, port).into());
        assert_eq!(soon(dendrite.ask(&peer, &message(echo(), ""))).await.result, Err(AskError::Closed));
    }
    assert!(other_service.accept().now_or_never().is_none(), "a stranger had this port dialled");
}

#[tokio::test]
async fn nh_60_an_address_has_one_spelling() {
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mapped = Ipv4Addr::new(127, 0, 0, 2).to_ipv6_mapped();
    let local = Arc::new(DialRules::new(AddressScope::Local, || 1));
    for dendrite in [dendrite(), Dendrite::new(signer(CALLER)), dendrite().on_chain(local)] {
        let peer = Peer::strict(key(AXON).hotkey(), (mapped, port).into());
        assert_eq!(soon(dendrite.ask(&peer, &message(echo(), ""))).await.result, Err(AskError::OutOfScope));
        assert_eq!(soon(dendrite.ask_stream(&peer, &message(echo(), ""))).await.unwrap_err(), AskError::OutOfScope);
    }
    assert!(listener.accept().now_or_never().is_none(), "the address was dialled");
}

#[tokio::test]
async fn nh_60_a_bare_dendrite_dials_global_addresses() {
    let axon = axon().await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let bare = || Dendrite::new(signer(CALLER));
    assert_eq!(soon(bare().ask(&peer, &message(echo(), ""))).await.result, Err(AskError::OutOfScope));
    assert!(soon(bare().local_addresses(true).ask(&peer, &message(echo(), ""))).await.result.is_ok());
    // The rules of a chain come first.
    let global = Arc::new(DialRules::new(AddressScope::Global, || 1));
    let asked = soon(bare().local_addresses(true).on_chain(global).ask(&peer, &message(echo(), ""))).await;
    assert_eq!(asked.result, Err(AskError::OutOfScope));
}

#[tokio::test]
async fn nh_52_a_dendrite_asks_v1_only_if_it_is_told_to() {
    let axon = axon().await;
    let peer = Peer::v1(axon.hotkey(), axon.address());
    let asked = soon(Dendrite::new(signer(CALLER)).local_addresses(true).ask(&peer, &message(echo(), ""))).await;
    assert_eq!(asked.result, Err(AskError::V1Refused));
}

#[tokio::test]
async fn nh_74_a_clock_that_goes_back_is_followed() {
    let axon = axon().await;
    let peer = Peer::strict(axon.hotkey(), axon.address());
    let now = myelin_neuron::Clock::now(&myelin_neuron::SystemClock);
    let clock = Arc::new(ManualClock::new(now + 3_600_000_000_000));
    let dendrite = dendrite().clock(Arc::clone(&clock));
    let asked = soon(dendrite.ask(&peer, &message(echo(), ""))).await.result;
    assert_eq!(unproven(asked), (401, AnswerError::Unsigned));
    clock.set(now);
    for _ in 0..9 {
        assert!(soon(dendrite.ask(&peer, &message(echo(), ""))).await.result.is_ok());
    }
}

#[tokio::test]
async fn addresses_of_a_chain_are_dialled_by_its_rules() {
    let (axon, other) = (axon().await, TcpListener::bind("127.0.0.2:0").await.unwrap());
    let dendrite = dendrite().on_chain(Arc::new(DialRules::new(AddressScope::Local, || 1)));
    let asked = async |peer: Peer| soon(dendrite.ask(&peer, &message(echo(), "hello"))).await.result;
    assert_eq!(asked(Peer::strict(axon.hotkey(), axon.address())).await, Err(AskError::OutOfScope));

    // A neuron that signs is dialled at will, also if it refuses.
    let listening = builder(ServeAnyone).listen(([127, 0, 0, 2], 0).into()).start().await.unwrap();
    for said in ["hello", "fail", "fail", "hello"] {
        let peer = Peer::strict(listening.hotkey(), listening.address());
        let result = soon(dendrite.ask(&peer, &message(echo(), said))).await.result;
        assert_eq!(result.is_ok(), said == "hello", "{result:?}");
    }
    // A third party is dialled once.
    let third = Peer::strict(key(60).hotkey(), other.local_addr().unwrap());
    drop(other);
    assert_eq!(asked(third.clone()).await, Err(AskError::Closed));
    assert_eq!(asked(third.clone()).await, Err(AskError::NotProved));
    let stream = soon(dendrite.ask_stream(&third, &message(tokens(), "a"))).await;
    assert_eq!(stream.unwrap_err(), AskError::NotProved);
    assert_eq!(asked(Peer { announced_at: 9, ..third }).await, Err(AskError::Closed));
    soon(axon.stop()).await.unwrap();
    soon(listening.stop()).await.unwrap();
}

#[tokio::test]
async fn only_a_signed_answer_proves_a_hotkey() {
    let answer: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"text\":\"x\"}";
    let other: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"text\":7}";
    for (bytes, is_answer) in [(answer, true), (other, false)] {
        let rules = Arc::new(DialRules::new(AddressScope::Local, || 1));
        let dendrite = dendrite().unsigned_answers(UnsignedAnswers::Accepted).on_chain(rules);
        let peer = Peer::strict(key(AXON).hotkey(), says(bytes).await);
        let asked = soon(dendrite.ask(&peer, &message(echo(), "x"))).await.result;
        assert_eq!((asked.is_ok(), dendrite.rests(&peer)), (is_answer, is_answer), "{asked:?}");
        let again = soon(dendrite.ask(&peer, &message(echo(), "x"))).await.result;
        assert_eq!(again, Err(AskError::NotProved));

        let peer = Peer { announced_at: 2, ..peer };
        let stream = soon(dendrite.ask_stream(&peer, &message(tokens(), "x"))).await;
        assert!(stream.is_ok() && dendrite.rests(&peer), "{stream:?}");
        assert_eq!(soon(dendrite.ask_stream(&peer, &message(tokens(), "x"))).await.unwrap_err(), AskError::NotProved);
    }
}
