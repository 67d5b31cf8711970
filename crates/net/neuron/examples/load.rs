//! A load test of an axon: requests per second and their times, from dendrites in the same process.
//!
//! ```sh
//! cargo run --example load -- 5          # seconds for each row
//! cargo run --example load -- 5 strict   # only this protocol
//! ```
//!
//! All connections are on the loopback interface. A dendrite opens a connection for each request, so a request consists
//! of connecting, signing and verification on both sides. An answer is the text of the request, or a stream of 32
//! pieces. The pieces come one by one or, as a burst, all at once. Each concurrent request needs two open files:
//! `ulimit -n 4096`.

#![allow(clippy::print_stdout, reason = "it reports")]

use bytes::Bytes;
use futures::{
    future::join_all,
    stream::{self, StreamExt},
};
use myelin_neuron::{
    Axon, AxonLimits, Dendrite, Endpoint, Failure, HandlerOutput, Peer, ServeAnyone, Signer, TlsIdentity, TlsOffer,
};
use myelin_wire::{
    Sign, Synapse,
    class::{Class, Field, Type},
    python::{Dict, Value},
    replay::ReplayLimits,
};
use std::{
    env,
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

/// Concurrent requests.
const CONCURRENT: [usize; 3] = [1, 64, 512];

/// The number of hotkeys that ask. Each has nonces of its own.
const CALLERS: usize = 64;

/// The text of a request.
const QUESTION: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The pieces of a stream.
const PIECES: usize = 32;

/// The divisor of the measured time that gives the warm-up before it.
const WARM_UP: u32 = 5;

/// The longest time of a row, in seconds.
const MAX_SECONDS: u64 = 600;

struct Key(schnorrkel::Keypair);

impl Sign for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}

fn signer(number: usize) -> Signer {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let secret = schnorrkel::MiniSecretKey::from_bytes(&seed).expect("32 bytes are a seed");
    Signer::new(Key(secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Stream,
    Burst,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Stream => "stream",
            Self::Burst => "burst",
        }
    }

    fn class(self) -> Class {
        let class = Class::new(self.name(), vec![Field::required("text", Type::Text)]).expect("a name and a field");
        class.hashing(&["text"]).expect("its own field")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |seconds| seconds.parse::<u64>())?;
    if !(1..=MAX_SECONDS).contains(&seconds) {
        return Err(format!("pass 1 to {MAX_SECONDS} seconds for each row").into());
    }
    let only = arguments.next();
    let identity = TlsIdentity::generate()?;
    let certificate = identity.certificate()?;
    let axon = axon(identity).await?;
    let peers = [
        ("v1", Peer::v1(axon.hotkey(), axon.address())),
        ("strict", Peer::strict(axon.hotkey(), axon.address())),
        ("tls", Peer::encrypted(axon.hotkey(), axon.address(), certificate)),
    ];
    println!("| protocol | answer | at a time | requests/s | p50 | p90 | p99 | max | failed |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    for (protocol, peer) in peers.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name)) {
        for form in [Form::Plain, Form::Stream, Form::Burst] {
            for concurrent in CONCURRENT {
                let row = measure(peer, form, concurrent, Duration::from_secs(seconds)).await;
                println!("| {protocol} | {} | {concurrent} | {} |", form.name(), row.cells());
                if let Some(failure) = &row.failure {
                    eprintln!("the first that failed: {failure}");
                }
            }
        }
    }
    axon.stop().await?;
    Ok(())
}

/// Starts an axon that accepts all these requests from one address.
async fn axon(identity: TlsIdentity) -> Result<Axon, myelin_neuron::AxonStartError> {
    let plain =
        Endpoint::new(Form::Plain.class(), |request| async move { Ok(HandlerOutput::from(request.into_content())) });
    let pieces = || stream::iter((0..PIECES).map(|_| Ok::<_, Failure>(Bytes::from_static(QUESTION.as_bytes()))));
    let burst = Endpoint::new(Form::Burst.class(), move |request| async move {
        Ok(HandlerOutput::stream(request.into_content(), pieces()))
    });
    let stream = Endpoint::new(Form::Stream.class(), move |request| async move {
        let one_by_one = pieces().then(|piece| async {
            tokio::task::yield_now().await;
            piece
        });
        Ok(HandlerOutput::stream(request.into_content(), one_by_one))
    });
    let most = CONCURRENT.into_iter().max().unwrap_or_default();
    let limits = AxonLimits {
        connections_each: 2 * most,
        waiting: most,
        per_caller: most,
        replay: ReplayLimits { per_caller: 1 << 20, total: 1 << 20, ..ReplayLimits::default() },
        ..AxonLimits::default()
    };
    let builder = Axon::builder(signer(0), ServeAnyone).port(0).limits(limits).never_served();
    builder.endpoint(plain).endpoint(stream).endpoint(burst).tls(identity, TlsOffer::Optional).start().await
}

/// The result of one row.
#[derive(Default)]
struct Row {
    /// The times of the answers, in ascending order.
    times: Vec<Duration>,
    took: Duration,
    failed: usize,
    failure: Option<String>,
}

impl Row {
    fn at(&self, percent: usize) -> String {
        let last = self.times.len().saturating_sub(1);
        let time = self.times.get(last * percent / 100).copied().unwrap_or_default();
        format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
    }

    fn cells(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52")]
        let rate = self.times.len() as f64 / self.took.as_secs_f64();
        let [p50, p90, p99, max] = [50, 90, 99, 100].map(|percent| self.at(percent));
        format!("{rate:.0} | {p50} | {p90} | {p99} | {max} | {}", self.failed)
    }
}

/// Sends requests without a pause, with this concurrency and for this time.
async fn measure(peer: &Peer, form: Form, concurrent: usize, time: Duration) -> Row {
    let fields = Dict::from_iter([("text", Value::from(QUESTION))]);
    let message = Synapse::new(Arc::new(form.class()), &fields).expect("the field of the class");
    let callers: Vec<_> = (1..=concurrent.min(CALLERS)).map(|number| Arc::new(Dendrite::new(signer(number)))).collect();
    let begin = Instant::now() + time / WARM_UP;
    let end = begin + time;
    let asking = (0..concurrent).map(|number| {
        let (dendrite, peer, message) = (Arc::clone(&callers[number % callers.len()]), peer.clone(), message.clone());
        tokio::spawn(async move {
            let mut row = Row::default();
            loop {
                let started = Instant::now();
                if started >= end {
                    return row;
                }
                let result = ask(&dendrite, &peer, &message, form).await;
                match result {
                    Err(error) => {
                        row.failed += 1;
                        row.failure.get_or_insert(error);
                    }
                    Ok(()) if (begin..end).contains(&Instant::now()) => row.times.push(started.elapsed()),
                    Ok(()) => {}
                }
            }
        })
    });
    let mut row = Row::default();
    for asked in join_all(asking).await {
        let asked = asked.expect("a caller does not panic");
        row.times.extend(asked.times);
        row.failed += asked.failed;
        row.failure = row.failure.or(asked.failure);
    }
    row.times.sort_unstable();
    row.took = time;
    row
}

/// Asks for one whole answer.
async fn ask(dendrite: &Dendrite, peer: &Peer, message: &Synapse, form: Form) -> Result<(), String> {
    if form == Form::Plain {
        return dendrite.ask(peer, message).await.result.map(drop).map_err(|error| error.to_string());
    }
    let mut stream = dendrite.ask_stream(peer, message).await.map_err(|error| error.to_string())?;
    let mut bytes = 0;
    while let Some(piece) = stream.next().await.map_err(|error| error.to_string())? {
        bytes += piece.len();
    }
    if bytes == PIECES * QUESTION.len() { Ok(()) } else { Err(format!("only {bytes} bytes came")) }
}
