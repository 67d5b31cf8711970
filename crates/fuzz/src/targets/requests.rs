//! Heads and whole requests of both protocols.

use crate::{
    message::MessageText,
    signing::{FuzzKey, NOW, is_signed, question},
};
use myelin_primitives::NetUid;
use myelin_wire::{
    Headers, PublicKey, ReceivedRequest, Scheme, Sign, SignedProof, Synapse, UnixNanos, Verified,
    class::{Class, Field, Types},
    from_ss58,
    python::{Dict, Value, json},
    replay::{ReplayLimits, ReplayWindow},
    strict::{Place, Receiver, RequestTarget, StrictDoor, StrictRefusal, StrictRequest, header, verify_answer},
    synapse::{DEFAULT_TIMEOUT, TerminalInfo},
    v1::{
        AnswerTime, Classes, ClientReport, Freshness, HandlerReply, HttpResponse, RefusedRequest, TransportEvent,
        UnsignedFields, V1Door, V1Server,
    },
};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// The hotkey that serves in the recorded exchanges.
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

const SECOND: u64 = 1_000_000_000;

fn window() -> ReplayWindow {
    ReplayWindow::new(ReplayLimits::default())
}

/// Returns the number in the header of this name, so that each signed request is fresh.
fn time(headers: &Headers, name: &str) -> Option<UnixNanos> {
    let (_, nonce) = headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    nonce.trim().parse().ok()
}

fn is_sendable(headers: &Headers) {
    assert!(headers.can_be_sent(), "an answer has headers that cannot be sent: {headers:?}");
}

// Items of the strict protocol.

/// Returns the request to which the heads of answers belong.
fn asked() -> &'static SignedProof {
    static PROOF: OnceLock<SignedProof> = OnceLock::new();
    PROOF.get_or_init(|| question().1)
}

/// Checks a head of a strict request or answer. Only a good signature turns a claim into a proof.
pub fn btauth_head(bytes: &[u8]) {
    let message = MessageText::new(bytes);
    let _ = message.request().mode();
    if let Some(target) = RequestTarget::read(message.request().target) {
        let written = target.to_string();
        assert_eq!(RequestTarget::read(&written).map(|again| again.to_string()), Some(written));
    }
    for receiver in [Receiver::Required, Receiver::Optional] {
        let door = StrictDoor { receiver, ..StrictDoor::new(FuzzKey::neuron().hotkey()) };
        if let Ok(claimed) = door.open(message.request(), NOW) {
            let hotkey = message.headers.get(header::HOTKEY).map(from_ss58);
            assert_eq!(hotkey, Some(Ok(claimed.claimed_sender())));
        }
    }
    if let Ok(answer) = verify_answer(asked(), FuzzKey::neuron().hotkey(), 200, &message.headers, message.body.clone())
    {
        assert_eq!(answer.sender(), FuzzKey::neuron().hotkey());
        check_proof(answer.proof());
        assert_eq!(answer.content().body, message.body);
    }
}

fn check_proof(proof: &SignedProof) {
    let signature = proof.signature();
    assert!(
        is_signed(proof.scheme(), proof.signer(), proof.text().as_bytes(), signature.as_bytes()),
        "a proof without a good signature"
    );
}

/// Returns the place of the axon to which strict requests come.
fn place() -> Place {
    Place { genesis: [7; 8], netuid: NetUid::new(7) }
}

/// Checks a strict request at the time of its nonce. It is accepted once, at its place, and only as its sender signed it.
pub fn strict_request(bytes: &[u8]) {
    let message = MessageText::new(bytes);
    // An empty header names no receiver.
    let receiver = message.headers.get(header::RECEIVER).filter(|receiver| !receiver.is_empty());
    let here = receiver.and_then(|address| from_ss58(address).ok());
    let here = here.unwrap_or_else(|| FuzzKey::neuron().hotkey());
    let now = time(&message.headers, header::NONCE).unwrap_or(NOW);
    let accept_at = |place, here, window: &mut ReplayWindow| -> Result<Verified<StrictRequest>, StrictRefusal> {
        let door = StrictDoor { receiver: Receiver::Optional, place: Some(place), ..StrictDoor::new(here) };
        door.open(message.request(), now)?.verify(message.body.clone())?.admit(window, now)
    };
    let accept = |here: PublicKey, window: &mut ReplayWindow| accept_at(place(), here, window);
    let mut window = window();
    let Ok(request) = accept(here, &mut window) else { return };
    let elsewhere = accept_at(Place { netuid: NetUid::new(8), ..place() }, here, &mut self::window());
    assert_eq!(elsewhere.is_err(), message.target.starts_with("/myelin/"), "a request is accepted at another place");
    let proof = request.proof();
    let expected = [
        "btauth/1",
        proof.scheme().name(),
        &message.method.to_ascii_uppercase(),
        &message.target,
        &hex::encode(Sha256::digest(&message.body)),
        &now.to_string(),
        message.headers.get(header::HOTKEY).unwrap_or_default(),
        receiver.unwrap_or("-"),
    ];
    assert_eq!(proof.text(), expected.join("\n"), "another text was signed");
    check_proof(proof);
    assert_eq!(from_ss58(expected[6]), Ok(request.sender()));
    assert_eq!(request.content().body, message.body);
    assert!(accept(here, &mut window).is_err(), "a request is accepted twice");
    if receiver.is_some() {
        // A new window, because the one above refuses the nonce for each receiver.
        let other = accept(PublicKey::from_bytes([9; 32]), &mut self::window());
        assert!(other.is_err(), "a request for another hotkey is accepted");
    }
}

// Items of v1, the protocol of the Python neurons.

/// Returns the classes of the recorded exchanges.
fn classes() -> &'static Classes {
    static CLASSES: OnceLock<Classes> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let kind = |name: &str| Types::default().parse(name).expect("Python has it");
        let text = || Field::with_default("text", kind("str"), Value::from(""));
        let echo = vec![
            Field::required("text", kind("str")),
            Field::required("numbers", kind("list[float]")),
            Field::with_default("tensor", kind("Optional[Tensor]"), None),
        ];
        let count = vec![text(), Field::with_default("extra", kind("str"), Value::from(""))];
        let stream = vec![
            Field::required("text", kind("str")),
            Field::with_default("delay_ms", kind("int"), Value::int(0)),
            Field::with_default("completion", kind("str"), Value::from("")),
        ];
        Classes::new(
            [
                ("Echo", echo, &["text", "numbers", "tensor"][..]),
                ("EchoStream", stream, &["text"]),
                ("Count", count, &["text"]),
                ("Verified", vec![text()], &[]),
                ("Prioritised", vec![text()], &[]),
            ]
            .map(|(name, fields, hashed)| {
                let class = Class::new(name, fields).and_then(|class| class.hashing(hashed));
                class.expect("the recorded classes can be declared")
            }),
        )
    })
}

fn server() -> &'static V1Server<FuzzKey> {
    static SERVER: OnceLock<V1Server<FuzzKey>> = OnceLock::new();
    SERVER.get_or_init(|| V1Server {
        signer: FuzzKey::neuron(),
        uuid: "11111111-aaaa-11f0-8000-000000000001".to_owned(),
        ip: "127.0.0.1".to_owned(),
        port: 8_091,
    })
}

const AT: AnswerTime = AnswerTime { now: NOW, process_time: 0.25, incident: 5 };

fn same_terminal(what: &str, one: Option<&TerminalInfo>, other: Option<&TerminalInfo>) {
    // The texts are compared, because NaN is not equal to itself.
    assert_eq!(format!("{one:?}"), format!("{other:?}"), "{what}");
}

/// Checks a head of a request or an answer of a Python neuron. It is written as headers that read the same.
pub fn v1_head(bytes: &[u8]) {
    let message = MessageText::new(bytes);
    let lower: Headers = message.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    for name in ["Synapse", "Echo"] {
        let class = classes().get(name).expect("the class is declared");
        let Ok(mut read) = Synapse::from_headers(class.clone(), &lower) else { continue };
        // A missing field is written as `None`, as Python writes it, and no peer reads it.
        read.timeout = read.timeout.or(Some(DEFAULT_TIMEOUT));
        let written = read.to_headers();
        let again = Synapse::from_headers(class.clone(), &written).expect("headers are written as headers");
        same_terminal("axon", again.axon.as_ref(), read.axon.as_ref());
        same_terminal("dendrite", again.dendrite.as_ref(), read.dendrite.as_ref());
        assert_eq!(again.timeout.map(f64::to_bits), read.timeout.map(f64::to_bits));
        let once_more = again.to_headers();
        let sizes = |headers: &Headers| headers.get("total_size").map(str::to_owned);
        assert_eq!(sizes(&once_more), sizes(&written));
    }
    let door = V1Door {
        here: FuzzKey::neuron().hotkey(),
        classes: classes(),
        freshness: Freshness::default(),
        unsigned_fields: UnsignedFields::Pass,
    };
    if let Err(refused) = door.open(message.request(), NOW) {
        is_sendable(&server().refuse(&refused, AT).headers);
    }
    report(&message);
}

/// Reads the same bytes as an answer.
fn report(message: &MessageText) {
    let echo = classes().get("Echo").expect("the class is declared");
    let fields = [("text", Value::from("hello")), ("numbers", Value::List(Vec::new()))];
    let sent =
        Synapse::new(echo.clone(), &fields.into_iter().collect::<Dict>()).expect("the fields are of their types");
    for status in [200, 500] {
        let MessageText { headers, body, .. } = message;
        let response = HttpResponse { status, headers: headers.clone(), body: body.clone() };
        let reported = ClientReport::new(&sent, "127.0.0.1:8091/Echo", TransportEvent::Answered(response));
        let text = json::write_spaced(&reported.message.to_value());
        json::read(text.as_bytes()).expect("a report is JSON");
        let _ = (reported.is_success(), reported.status_message().map(str::len), reported.fields());
    }
}

fn receive(
    request: ReceivedRequest<'_>,
    body: &[u8],
    unsigned_fields: UnsignedFields,
    window: &mut ReplayWindow,
    now: UnixNanos,
) -> Result<Verified<Synapse>, RefusedRequest> {
    let here = from_ss58(ALICE).expect("it is an address");
    let door = V1Door { here, classes: classes(), freshness: Freshness::default(), unsigned_fields };
    door.open(request, now)?.admit(window, now)?.read(body)
}

/// Checks a request of a Python neuron, a second after its nonce.
///
/// It is accepted once, and only with a good signature over its hashed fields.
pub fn v1_request(bytes: &[u8]) {
    let message = MessageText::new(bytes);
    let now = time(&message.headers, "bt_header_dendrite_nonce").map_or(NOW, |nonce| nonce.saturating_add(SECOND));
    let mut window = window();
    let request = match receive(message.request(), &message.body, UnsignedFields::Pass, &mut window, now) {
        Ok(request) => request,
        Err(refused) => {
            is_sendable(&server().refuse(&refused, AT).headers);
            return;
        }
    };
    check_signed_hash(&request);
    let content = request.content();
    let caller = content.dendrite.as_ref().and_then(|caller| caller.hotkey.as_deref());
    assert_eq!(caller.map(from_ss58), Some(Ok(request.sender())));
    assert!(
        receive(message.request(), &message.body, UnsignedFields::Pass, &mut window, now).is_err(),
        "a request is accepted twice"
    );
    if let Ok(strict) = receive(message.request(), &message.body, UnsignedFields::Refuse, &mut self::window(), now) {
        assert_eq!(strict.content().unsigned_fields().count(), 0, "a field that is not signed passes");
    }
    is_sendable(&server().answer(HandlerReply::from(content.clone()), AT).headers);
}

/// Checks the signed text without the crate under test: `nonce.caller.here.uuid.hash`.
fn check_signed_hash(request: &Verified<Synapse>) {
    let proof = request.proof();
    let text = proof.text();
    let mut parts = text.splitn(4, '.');
    let (_, caller, here, rest) = (parts.next(), parts.next(), parts.next(), parts.next().unwrap_or_default());
    assert_eq!(caller.map(from_ss58), Some(Ok(request.sender())), "another caller signed");
    assert_eq!(here, Some(ALICE), "the request is for another hotkey");
    let hash = rest.rsplit('.').next().unwrap_or_default();
    assert_eq!(hash, request.content().body_hash(), "another body was signed");
    let signature = proof.signature();
    let is_good = |message: &[u8]| is_signed(Scheme::Sr25519, request.sender(), message, signature.as_bytes());
    assert!(
        is_good(text.as_bytes()) || is_good(format!("<Bytes>{text}</Bytes>").as_bytes()),
        "an unsigned request is accepted"
    );
}
