//! Cases in which Python asks our axon.

use crate::{
    Environment, messages,
    messages::{AXON, UNWANTED, key, signer, text},
    python::{Python, member},
    report::Report,
};
use bytes::Bytes;
use myelin_neuron::{
    Axon, AxonBuilder, AxonLimits, Caller, Endpoint, Failure, HandlerOutput, Priority, PriorityError, Rules, V1Policy,
};
use myelin_wire::{
    PublicKey, Sign,
    python::Value,
    strict::{Content, Receipt},
    v1::HandlerReply,
};

/// Rules with the same decisions as the Python axon of the other direction.
struct Decisions {
    unwanted: PublicKey,
}

impl Rules for Decisions {
    fn verify(&self, caller: &Caller<'_>) -> Result<(), String> {
        if caller.endpoint == "Checked" { Err("a check of its own".to_owned()) } else { Ok(()) }
    }

    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        if caller.hotkey == self.unwanted { Err("not on the list".to_owned()) } else { Ok(()) }
    }

    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        if caller.endpoint == "Prioritised" { Err(PriorityError::Late) } else { Ok(Priority::Seat(1)) }
    }
}

fn echo() -> Endpoint {
    Endpoint::new(messages::echo(), |request| async move {
        let mut message = request.into_content();
        let said = text(&message).to_owned();
        match said.strip_prefix('!') {
            Some("fail") => return Err(Failure::from("as asked")),
            // This does not print the message of a panic.
            Some("panic") => std::panic::resume_unwind(Box::new("as asked")),
            Some("wait") => std::future::pending().await,
            Some(status) => {
                let status = status.parse().map_err(|_| Failure(format!("{status} is no status")))?;
                return Ok(
                    HandlerReply { message, status: Some(status), status_message: Some("as asked".to_owned()) }.into()
                );
            }
            None => {}
        }
        let failed = |error: myelin_wire::class::Mismatch| Failure(error.to_string());
        if let Some(Value::List(numbers)) = message.get("numbers").cloned() {
            message.set("numbers", Value::List(numbers.into_iter().rev().collect())).map_err(failed)?;
        }
        message.set("text", Value::Text(said.to_uppercase())).map_err(failed)?;
        Ok(message.into())
    })
}

fn tokens() -> Endpoint {
    Endpoint::new(messages::tokens(), |request| async move {
        let message = request.into_content();
        let pieces: Vec<Result<Bytes, Failure>> = text(&message)
            .split_inclusive(' ')
            .map(|word| if word == "!break" { Err(Failure::from("as asked")) } else { Ok(word.to_owned().into()) })
            .collect();
        Ok(HandlerOutput::stream(message, futures::stream::iter(pieces)))
    })
}

fn builder() -> AxonBuilder {
    let unchanged =
        |class| Endpoint::new(class, |request| async move { Ok(HandlerOutput::from(request.into_content())) });
    // Many cases are requests that fail, all of one address.
    let limits = AxonLimits { per_caller: 4, failures: 1_000, ..AxonLimits::default() };
    Axon::builder(signer(AXON), Decisions { unwanted: key(UNWANTED).hotkey() })
        .port(0)
        .limits(limits)
        .never_served()
        .endpoint(echo())
        .endpoint(tokens())
        .endpoint(unchanged(messages::everything()))
        .endpoint(unchanged(messages::checked()))
        .endpoint(unchanged(messages::prioritised()))
}

pub(crate) async fn run(environment: &Environment, report: &mut Report) -> Result<(), String> {
    let failed = |error: myelin_neuron::AxonStartError| error.to_string();
    let axon = builder().start().await.map_err(failed)?;
    let strict = builder().v1(V1Policy::Refused).start().await.map_err(failed)?;
    let ports = [axon.address().port(), strict.address().port()].map(|port| port.to_string());

    report.group("Python 10.2.0 asks our axon");
    cases(Python::start(&environment.v10, "v10_asks.py", &ports, &environment.logs)?, report).await?;
    report.group("requests signed by Python 11.3.0 ask our axon");
    cases(Python::start(&environment.v11, "v11_asks.py", &ports, &environment.logs)?, report).await?;

    for axon in [axon, strict] {
        axon.stop().await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Reads the cases of a script, and checks the receipts that it made.
async fn cases(mut python: Python, report: &mut Report) -> Result<(), String> {
    while let Some(line) = python.next().await? {
        let name = member(&line, "case").and_then(Value::as_text).unwrap_or_default();
        let receipt = member(&line, "receipt").and_then(Value::as_text);
        let fault = match receipt {
            Some(receipt) => check(receipt).err(),
            None => member(&line, "fault").and_then(Value::as_text).map(str::to_owned),
        };
        report.case(name, fault.as_deref());
    }
    Ok(())
}

fn check(receipt: &str) -> Result<(), String> {
    let receipt: Receipt = serde_json::from_str(receipt).map_err(|error| error.to_string())?;
    let statement = receipt.verify().map_err(|error| error.to_string())?;
    match statement.content {
        _ if statement.responder != key(AXON).hotkey() => Err(format!("it is from {}", statement.responder)),
        Content::Whole(_) | Content::Stream { .. } => Ok(()),
    }
}
