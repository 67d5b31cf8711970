//! Axons and dendrites on real sockets of the loopback interface. Each wait has a limit, and no test sleeps.

mod answers;
mod bodies;
mod connections;
mod exchanges;
mod fake;
mod floods;
mod hostile;
mod kept;
mod limits;
mod logs;
mod memory;
mod ours;
mod probe;
mod restart;
mod tls;
mod wire;
mod work;

use bytes::Bytes;
use myelin_neuron::{
    Axon, AxonBuilder, Dendrite, Endpoint, Failure, HandlerOutput, Rules, ServeAnyone, Signer, V1Policy,
};
use myelin_wire::{
    Sign, Synapse,
    class::{Class, Field, Types},
    python::{Dict, Value},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

/// A key of the tests.
#[derive(Clone)]
struct Key(schnorrkel::Keypair);

impl Sign for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}

fn key(seed: u8) -> Key {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap();
    Key(secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519))
}

fn signer(seed: u8) -> Signer {
    Signer::new(key(seed))
}

/// Returns a dendrite that asks neurons of this machine by both protocols.
fn dendrite_of(signer: Signer) -> Dendrite {
    Dendrite::new(signer).local_addresses(true).v1(V1Policy::Served)
}

/// The seed of the axon of most tests.
const AXON: u8 = 1;
/// The seed of the caller.
const CALLER: u8 = 2;

fn class(name: &str, fields: &[(&str, &str)], hashed: &[&str]) -> Class {
    let types = Types::default();
    let field = |(name, kind): &(&str, &str)| match kind.split_once(" = ") {
        None => Field::required(name, types.parse(kind).unwrap()),
        Some((kind, default)) => {
            let default = myelin_wire::python::json::read(default.as_bytes()).unwrap();
            Field::with_default(name, types.parse(kind).unwrap(), default)
        }
    };
    Class::new(name, fields.iter().map(field).collect()).unwrap().hashing(hashed).unwrap()
}

fn echo() -> Class {
    class("Echo", &[("text", "str")], &["text"])
}

fn tokens() -> Class {
    class("Tokens", &[("text", "str")], &["text"])
}

fn message(class: Class, text: &str) -> Synapse {
    Synapse::new(Arc::new(class), &Dict::from_iter([("text", Value::from(text))])).unwrap()
}

fn text(message: &Synapse) -> &str {
    message.get("text").and_then(Value::as_text).unwrap_or_default()
}

/// Returns an endpoint that answers with the request. Some texts are instructions.
fn echo_endpoint() -> Endpoint {
    Endpoint::new(echo(), |request| async move {
        let message = request.into_content();
        match text(&message) {
            "fail" => Err(Failure::from("as asked")),
            "panic" => panic!("as asked"),
            "wait" => std::future::pending().await,
            _ => Ok(message.into()),
        }
    })
}

/// Returns an endpoint that streams the words of the text. One word breaks the stream off.
fn tokens_endpoint() -> Endpoint {
    Endpoint::new(tokens(), |request| async move {
        let message = request.into_content();
        let pieces: Vec<Result<Bytes, Failure>> = text(&message)
            .split_inclusive(' ')
            .map(|word| if word == "break" { Err(Failure::from("as asked")) } else { Ok(word.to_owned().into()) })
            .collect();
        Ok(HandlerOutput::stream(message, futures::stream::iter(pieces)))
    })
}

fn slow() -> Class {
    class("Slow", &[("text", "str")], &[])
}

/// A gate that holds back the answers of an endpoint until a test releases them one by one.
#[derive(Clone, Default)]
struct Gate {
    begun: Arc<Notify>,
    go: Arc<Notify>,
    order: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    fn endpoint(&self) -> Endpoint {
        let gate = self.clone();
        Endpoint::new(slow(), move |request| {
            let gate = gate.clone();
            async move {
                gate.order.lock().unwrap().push(text(request.content()).to_owned());
                gate.begun.notify_one();
                gate.go.notified().await;
                Ok(HandlerOutput::from(request.into_content()))
            }
        })
    }

    /// Waits until a worker has begun a request.
    async fn begun(&self) {
        soon(self.begun.notified()).await;
    }

    fn open(&self) {
        self.go.notify_one();
    }

    /// Returns the texts of the requests, in the order in which workers began them.
    fn order(&self) -> Vec<String> {
        self.order.lock().unwrap().clone()
    }
}

/// Waits until this number of requests wait for a worker.
async fn waiting(axon: &Axon, number: usize) {
    let (metrics, line) = (axon.metrics(), format!("myelin_axon_waiting {number}\n"));
    soon(async {
        while !metrics.text().contains(&line) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn builder(rules: impl Rules) -> AxonBuilder {
    Axon::builder(signer(AXON), rules).port(0).endpoint(echo_endpoint()).endpoint(tokens_endpoint()).never_served()
}

async fn axon() -> Axon {
    builder(ServeAnyone).start().await.unwrap()
}

/// Waits for a future, up to a limit far beyond the time of any test.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("nothing happened for 30 s")
}

/// Returns the time of a flood: these seconds, or those of `MYELIN_FLOOD_SECONDS` for a longer one.
fn flood_time(seconds: u64) -> Duration {
    let set = std::env::var("MYELIN_FLOOD_SECONDS").ok();
    Duration::from_secs(set.map_or(seconds, |seconds| seconds.parse().unwrap()))
}
