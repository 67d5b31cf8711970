//! Cases in which our dendrite asks a server that verifies with Python 11.3.0.

use crate::{
    Environment,
    asks_v10::{claimed, forger, local, whole, with_clock},
    messages::{AXON, CALLER, OTHER, asking, key, message, signer, text, tokens},
    python::Python,
    raw,
    report::Report,
};
use myelin_neuron::{Answer, AskError, Clock, Dendrite, Peer, SystemClock, UnsignedAnswers};
use myelin_wire::{
    Headers, Sign,
    python::Value,
    strict::{AnswerError, sign_request},
};
use std::net::SocketAddr;

const BODY: &[u8] = br#"{"text": "raw", "numbers": []}"#;

fn refuses(result: &Result<Answer, AskError>, status: i128, name: &str) -> Option<String> {
    match result {
        Err(AskError::Claimed { status: Some(got), text }) if *got == status && text.as_str() == name => None,
        other => Some(format!("{status} {name} was expected and {other:?} came")),
    }
}

pub(crate) async fn run(environment: &Environment, report: &mut Report) -> Result<(), String> {
    let mut python = Python::start(&environment.v11, "v11_serves.py", &[], &environment.logs)?;
    let address = SocketAddr::from(([127, 0, 0, 1], python.port().await?));
    let peer = Peer::strict(key(AXON).hotkey(), address);
    report.group("our dendrite asks a server that verifies with Python 11.3.0");
    asked(&peer, report).await;
    forged(address, report).await
}

/// Runs the cases with requests of our dendrite.
async fn asked(peer: &Peer, report: &mut Report) {
    let accepting = |dendrite: Dendrite| dendrite.unsigned_answers(UnsignedAnswers::Accepted);
    let dendrite = accepting(local(signer(CALLER)));
    let answer = claimed(dendrite.ask(peer, &asking("naïve")).await.result).map(|answer| text(&answer).to_owned());
    report.equal("a plain message", &answer, &Ok("NAÏVE".to_owned()));
    let answer = claimed(dendrite.ask(peer, &asking("!who")).await.result).map(|answer| text(&answer).to_owned());
    report.equal("the server knows the caller", &answer, &Ok(key(CALLER).hotkey().to_string()));
    let many = dendrite.ask_many(&vec![peer.clone(); 12], &asking("many")).await;
    let answered = many.into_iter().filter(|asked| asked.result.is_ok()).count();
    report.equal("twelve side by side", &answered, &12);
    let stream = whole(&dendrite, peer, &message(tokens(), &[("text", Value::from("one two"))])).await;
    report.equal("a stream", &stream, &Ok("one two".to_owned()));

    // By default an unsigned answer of a strict peer is an error.
    let result = local(signer(CALLER)).ask(peer, &asking("plain")).await.result;
    let unsigned = Err(AskError::Unproven { status: 200, reason: AnswerError::Unsigned });
    report.equal("an unsigned answer is refused by default", &result, &unsigned);

    let stranger = Peer::strict(key(OTHER).hotkey(), peer.address);
    let cases = [
        ("signed for another receiver", &dendrite, &stranger, 403, "WrongReceiver"),
        ("a signature of something else", &accepting(local(forger(CALLER))), peer, 401, "BadSignature"),
        ("too old", &accepting(with_clock(CALLER, -11)), peer, 401, "StaleRequest"),
        ("from the future", &accepting(with_clock(CALLER, 30)), peer, 401, "StaleRequest"),
    ];
    for (name, dendrite, peer, status, refusal) in cases {
        report.case(name, refuses(&dendrite.ask(peer, &asking("plain")).await.result, status, refusal).as_deref());
    }
}

/// Runs cases with requests that our dendrite never sends.
async fn forged(address: SocketAddr, report: &mut Report) -> Result<(), String> {
    let signed = || {
        let signed = sign_request(&key(CALLER), ("POST", "/Echo"), BODY, SystemClock.now(), Some(key(AXON).hotkey()));
        signed.map(|(headers, _)| headers).map_err(|error| error.to_string())
    };
    let headers = signed()?;
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        outcomes.push(outcome(raw::post(address, "/Echo", &headers, BODY).await?));
    }
    report.equal("the same request twice", &outcomes, &vec![(200, String::new()), (403, "ReplayedRequest".to_owned())]);

    let without = |name: &str, headers: &Headers| -> Headers {
        headers.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)).collect()
    };
    let cases = [
        ("another body", "/Echo", signed()?, &b"{}"[..], 401, "BadSignature"),
        ("another path", "/Echo?x=1", signed()?, BODY, 401, "BadSignature"),
        ("no signature", "/Echo", without("x-bittensor-signature", &signed()?), BODY, 401, "MalformedAuth"),
        ("no nonce", "/Echo", without("x-bittensor-nonce", &signed()?), BODY, 401, "MalformedAuth"),
        ("no receiver", "/Echo", without("x-bittensor-receiver", &signed()?), BODY, 403, "WrongReceiver"),
    ];
    for (name, target, headers, body, status, refusal) in cases {
        let got = outcome(raw::post(address, target, &headers, body).await?);
        report.equal(name, &got, &(status, refusal.to_owned()));
    }
    Ok(())
}

/// Returns the status, and the name of the refusal if it is one.
fn outcome((status, answer): (u16, String)) -> (u16, String) {
    let name =
        answer.rsplit("\"message\": \"").next().filter(|_| status != 200).and_then(|rest| rest.split('"').next());
    (status, name.unwrap_or_default().to_owned())
}
