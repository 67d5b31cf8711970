//! Cases in which our dendrite asks the axon of Python 10.2.0.

use crate::{
    Environment,
    messages::{
        AXON, CALLER, Key, OTHER, UNWANTED, asking, checked, everything, key, message, prioritised, signer, text,
        tokens, unknown,
    },
    python::Python,
    raw,
    report::Report,
};
use myelin_neuron::{Answer, AskError, Clock, Dendrite, ManualClock, Peer, Signer, SystemClock, V1Policy};
use myelin_wire::{
    Sign, Synapse,
    class::Class,
    python::{Dict, Value},
    tensor::{Element, Tensor},
    v1,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

const SECOND: u64 = 1_000_000_000;

/// An address without a host, from the block for documentation.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// A signer whose signatures are wrong.
struct Forger(Key);

impl Sign for Forger {
    fn public(&self) -> [u8; 32] {
        self.0.public()
    }

    fn sign(&self, _message: &[u8]) -> [u8; 64] {
        self.0.sign(b"something else")
    }
}

/// Returns a signer that signs another text than the given one.
pub(crate) fn forger(seed: u8) -> Signer {
    Signer::new(Forger(key(seed)))
}

/// Returns a dendrite that asks neurons of this machine by both protocols.
pub(crate) fn local(signer: Signer) -> Dendrite {
    Dendrite::new(signer).local_addresses(true).v1(V1Policy::Served)
}

/// Returns a dendrite whose clock is off by this number of seconds.
pub(crate) fn with_clock(seed: u8, seconds: i64) -> Dendrite {
    let now = SystemClock.now().saturating_add_signed(seconds.saturating_mul(SECOND.cast_signed()));
    local(signer(seed)).clock(ManualClock::new(now))
}

/// Returns a fault unless a result has this status and a text that contains this one.
fn fails(result: Result<Answer, AskError>, status: i128, said: &str) -> Option<String> {
    match result {
        Err(AskError::Claimed { status: Some(got), text }) if got == status && text.as_str().contains(said) => None,
        other => Some(format!("{status} with `{said}` was expected and {other:?} came")),
    }
}

/// Returns the message of an unsigned answer.
pub(crate) fn claimed(result: Result<Answer, AskError>) -> Result<Synapse, String> {
    match result {
        Ok(Answer::Claimed(message)) => Ok(message),
        other => Err(format!("{other:?} came")),
    }
}

pub(crate) async fn run(environment: &Environment, report: &mut Report) -> Result<(), String> {
    let mut python = Python::start(&environment.v10, "v10_serves.py", &[], &environment.logs)?;
    let address = SocketAddr::from(([127, 0, 0, 1], python.port().await?));
    let peer = Peer::v1(key(AXON).hotkey(), address);
    let dendrite = local(signer(CALLER));
    report.group("our dendrite asks the axon of Python 10.2.0");
    served(&dendrite, &peer, report).await;
    streams(&dendrite, &peer, report).await;
    refused(&dendrite, &peer, report).await;
    forged(&peer, report).await
}

/// Runs the cases that have an answer.
async fn served(dendrite: &Dendrite, peer: &Peer, report: &mut Report) {
    let numbers = [0.1, 1e-5, 1e16, 1e22, -0.0, 123_456_789.123, 5e-324].map(Value::Float);
    let backwards = Value::List(numbers.iter().rev().cloned().collect());
    let said = "naïve \"quotes\" 'single' \\ \t\n 日本 🧠 \u{7f}\u{a0}\u{200b}";
    let asked =
        message(crate::messages::echo(), &[("text", Value::from(said)), ("numbers", Value::List(numbers.to_vec()))]);
    let answer = claimed(dendrite.ask(peer, &asked).await.result);
    let answer = answer.map(|answer| (text(&answer).to_owned(), answer.get("numbers").cloned()));
    report.equal(
        "a plain message, with every kind of text and number",
        &answer,
        &Ok((said.to_uppercase(), Some(backwards))),
    );

    for (element, size) in
        [(Element::Float32, 4), (Element::Float64, 8), (Element::Float16, 2), (Element::Int64, 8), (Element::Bool, 1)]
    {
        let data = (0..6 * size).map(|byte| u8::from(byte % 3 == 0)).collect();
        let tensor = Tensor::new(element, vec![2, 3], data).expect("six elements").to_value();
        let mut asked = asking("tensor");
        asked.set("tensor", tensor.clone()).expect("a tensor");
        let answer = claimed(dendrite.ask(peer, &asked).await.result).map(|answer| answer.get("tensor").cloned());
        report.equal(&format!("a tensor of {}, read and written by numpy", element.name()), &answer, &Ok(Some(tensor)));
    }

    let table = Dict::from_iter([("one", Value::int(1)), ("two", Value::int(2))]);
    let free = Value::Dict(Dict::from_iter([("deep", Value::List(vec![Value::None, Value::Float(2.5)]))]));
    let fields = [
        ("count", Value::int(1_i128 << 70)),
        ("ratio", Value::Float(1e-7)),
        ("flag", Value::Bool(true)),
        ("items", Value::List(vec![Value::from("it's"), Value::from("\"")])),
        ("table", Value::Dict(table)),
        ("several", Value::Tuple(vec![Value::int(-1), Value::int(0)])),
        ("free", free),
    ];
    let asked = message(everything(), &fields);
    let answer = claimed(dendrite.ask(peer, &asked).await.result);
    let same = |message: &Synapse| message.fields().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    report.equal("a field of every type", &answer.as_ref().map(same), &Ok(same(&asked)));

    let ping = Synapse::new(Class::synapse().into(), &Dict::default()).expect("no fields");
    let answer = claimed(dendrite.ask(peer, &ping).await.result).map(|_| ());
    report.equal("a ping", &answer, &Ok(()));

    let many = dendrite.ask_many(&vec![peer.clone(); 12], &asking("many")).await;
    let answered = many.into_iter().filter(|asked| asked.result.is_ok()).count();
    report.equal("twelve side by side", &answered, &12);
}

async fn streams(dendrite: &Dendrite, peer: &Peer, report: &mut Report) {
    let asked = message(tokens(), &[("text", Value::from("one two three"))]);
    report.equal("a stream", &whole(dendrite, peer, &asked).await, &Ok("one two three".to_owned()));
    // The library may end such a stream with a valid end, or close the connection. The valid end looks like that of a
    // whole stream.
    let asked = message(tokens(), &[("text", Value::from("one !break"))]);
    let broken = whole(dendrite, peer, &asked).await;
    let is_expected = matches!(&broken, Err(AskError::Cut(_))) || broken.as_deref() == Ok("one");
    report.case("a stream that breaks off", (!is_expected).then(|| format!("{broken:?} came")).as_deref());
    let failed = whole(dendrite, peer, &message(tokens(), &[("text", Value::from("!fail"))])).await;
    let is_500 = matches!(&failed, Err(AskError::Claimed { status: Some(500), .. }));
    report.case("a stream that fails before it begins", (!is_500).then(|| format!("{failed:?} came")).as_deref());
}

/// Returns all bytes of a stream.
pub(crate) async fn whole(dendrite: &Dendrite, peer: &Peer, asked: &Synapse) -> Result<String, AskError> {
    let mut stream = dendrite.ask_stream(peer, asked).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs the cases that have an error, one for each error.
async fn refused(dendrite: &Dendrite, peer: &Peer, report: &mut Report) {
    let of = |class| message(class, &[]);
    let plain = || asking("plain");
    let unwanted = local(signer(UNWANTED));
    let stranger = Peer::v1(key(OTHER).hotkey(), peer.address);
    let fails_at_all = "Internal Server Error #";
    let cases = [
        ("the handler fails", dendrite, peer, asking("!fail"), 500, fails_at_all),
        ("the handler chooses a status", dendrite, peer, asking("!418"), 418, "as asked"),
        ("a class without a handler", dendrite, peer, of(unknown()), 404, "Synapse name 'Unknown' not found."),
        ("a caller on the blacklist", &unwanted, peer, plain(), 403, "Forbidden. Key is blacklisted: not on the list."),
        (
            "a check of the axon's own",
            dendrite,
            peer,
            of(checked()),
            401,
            "Not Verified with error: a check of its own",
        ),
        ("no room in time", dendrite, peer, of(prioritised()), 408, "Response timeout after: 12.0s"),
        ("signed for another axon", dendrite, &stranger, plain(), 401, "Signature mismatch"),
        ("a signature of something else", &local(forger(CALLER)), peer, plain(), 401, "Signature mismatch"),
        ("a stale nonce", &with_clock(CALLER, -3_600), peer, plain(), 401, "Nonce is too old: acceptable delta is"),
    ];
    for (name, dendrite, peer, asked, status, said) in cases {
        report.case(name, fails(dendrite.ask(peer, &asked).await.result, status, said).as_deref());
    }

    let mut slow = asking("!wait");
    slow.timeout = Some(1.0);
    let asked = dendrite.ask(peer, &slow).await;
    report.case("a slow handler", fails(asked.result, 408, "Request timeout after 1.0 seconds").as_deref());

    // The listener at this address has just stopped.
    let nobody = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr());
    let nobody = Peer::v1(peer.hotkey, nobody.expect("the loopback interface has free ports"));
    let asked = dendrite.ask(&nobody, &plain()).await;
    report.case("a closed port", fails(asked.result, 503, "Service unavailable at 127.0.0.1:").as_deref());

    let old = local(signer(CALLER)).v1(V1Policy::Refused).ask(peer, &plain()).await;
    report.equal("v1 is switched off in our dendrite", &old.result, &Err(AskError::V1Refused));
    let limited = local(signer(CALLER)).max_answer(64).ask(peer, &plain()).await;
    report.equal("an answer above the limit", &limited.result, &Err(AskError::TooLarge(64)));
}

/// Runs cases with requests that our dendrite never sends.
async fn forged(peer: &Peer, report: &mut Report) -> Result<(), String> {
    let caller = v1::V1Client { signer: key(CALLER), uuid: "interop".to_owned(), ip: OUTSIDE };
    let target = v1::V1Target { ip: peer.address.ip(), port: peer.address.port(), hotkey: peer.hotkey };
    let prepared = caller.prepare(asking("once"), &target, SystemClock.now());
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(raw::post(peer.address, "/Echo", &prepared.headers, &prepared.body).await?.0);
    }
    report.equal("the same request twice", &statuses, &vec![200, 401]);

    let prepared = caller.prepare(asking("honest"), &target, SystemClock.now());
    let body = String::from_utf8_lossy(&prepared.body).replace("honest", "forged");
    let (status, _) = raw::post(peer.address, "/Echo", &prepared.headers, body.as_bytes()).await?;
    report.equal("a body of another hash", &status, &500);
    Ok(())
}
