//! A load test of an axon: requests per second and their times, from dendrites in the same process.
//!
//! ```sh
//! cargo run --example load -- 5          # seconds for each row
//! cargo run --example load -- 5 strict   # only this protocol
//! cargo run --release --example load -- 10 --kept --peer python
//! ```
//!
//! All connections are on the loopback interface. Without `--kept` a dendrite opens a connection for each request, so a
//! request consists of connecting, signing and verification on both sides. An answer is the text of the request, or a
//! stream of 32 pieces. The pieces come one by one or, as a burst, all at once. Each concurrent request needs two open
//! files: `ulimit -n 4096`.
//!
//! With `--kept` the program runs on two cores. It measures the cost of signatures, and plain strict requests on kept
//! connections and on new ones. With `--peer python` the axon and the dendrite of the Python library take turns with
//! ours, three times. `make interop` installs that library.

#![allow(clippy::print_stdout, reason = "it reports")]

mod python;
mod signatures;

use bytes::Bytes;
use futures::{
    future::join_all,
    stream::{self, StreamExt},
};
use myelin_neuron::{
    Axon, AxonLimits, Dendrite, Endpoint, Failure, HandlerOutput, Peer, ServeAnyone, Signer, TlsIdentity, TlsOffer,
    V1Policy,
};
use myelin_wire::{
    Sign, Synapse,
    class::{Class, Field, Type},
    python::{Dict, Value},
    replay::ReplayLimits,
};
use python::Python;
use std::{
    env,
    error::Error,
    os::unix::process::CommandExt,
    process::Command,
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

/// Requests at a time on kept connections. A dendrite keeps up to 8 connections to a peer.
const KEPT: usize = 64;

/// The number of turns that both libraries take.
const TURNS: usize = 3;

/// The variable that is set in a process that runs on two cores.
const PINNED: &str = "MYELIN_LOAD_PINNED";

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

/// Arguments of the program.
struct Arguments {
    /// The time of each row.
    time: Duration,
    /// The only protocol that is measured.
    only: Option<String>,
    /// True if kept connections are measured.
    kept: bool,
    /// True if the Python library is measured too.
    python: bool,
}

impl Arguments {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut seconds, mut only, mut kept, mut python) = (5, None, false, false);
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--kept" => kept = true,
                "--peer" if arguments.next().as_deref() == Some("python") => python = true,
                "v1" | "strict" | "tls" => only = Some(argument),
                number => seconds = number.parse().map_err(|_| format!("`{number}` is no argument"))?,
            }
        }
        if !(1..=MAX_SECONDS).contains(&seconds) {
            return Err(format!("pass 1 to {MAX_SECONDS} seconds for each row").into());
        }
        if python && !kept {
            return Err("pass `--kept` with `--peer python`".into());
        }
        Ok(Self { time: Duration::from_secs(seconds), only, kept, python })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read(env::args().skip(1))?;
    if arguments.kept && env::var_os(PINNED).is_none() {
        // Python inherits the two cores.
        let program = env::current_exe()?;
        let mut pinned = Command::new("taskset");
        pinned.args(["--cpu-list", "0,1"]).arg(program).args(env::args().skip(1)).env(PINNED, "1");
        return Err(format!("cannot run `taskset`: {}", pinned.exec()).into());
    }
    let workers = if arguments.kept { 2 } else { std::thread::available_parallelism()?.get() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    runtime.block_on(async {
        let identity = TlsIdentity::generate()?;
        let certificate = identity.certificate()?;
        let axon = axon(identity).await?;
        if arguments.kept {
            measure_kept(&Peer::strict(axon.hotkey(), axon.address()), &arguments).await?;
        } else {
            let peers = [
                ("v1", Peer::v1(axon.hotkey(), axon.address())),
                ("strict", Peer::strict(axon.hotkey(), axon.address())),
                ("tls", Peer::encrypted(axon.hotkey(), axon.address(), certificate)),
            ];
            measure_all(&peers, &arguments).await;
        }
        axon.stop().await?;
        Ok(())
    })
}

fn print_head(first: &str) {
    println!("| {first} | answer | at a time | requests/s | p50 | p90 | p99 | max | failed |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
}

fn print_row(first: &str, form: Form, concurrent: usize, row: &Row) {
    println!("| {first} | {} | {concurrent} | {} |", form.name(), row.cells());
    if let Some(failure) = &row.failure {
        eprintln!("the first that failed: {failure}");
    }
}

/// Measures each protocol and form, with a connection for each request.
async fn measure_all(peers: &[(&str, Peer)], arguments: &Arguments) {
    print_head("protocol");
    for (protocol, peer) in peers.iter().filter(|(name, _)| arguments.only.as_deref().is_none_or(|only| only == *name))
    {
        for form in [Form::Plain, Form::Stream, Form::Burst] {
            for concurrent in CONCURRENT {
                print_row(protocol, form, concurrent, &measure(peer, form, concurrent, arguments.time, false).await);
            }
        }
    }
}

/// Measures signatures, and plain requests on kept connections.
async fn measure_kept(peer: &Peer, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    signatures::measure();
    let mut python = if arguments.python { Some(Python::start(KEPT)?) } else { None };
    print_head("strict, connection");
    for (concurrent, kept) in [(1, true), (KEPT, true), (KEPT, false)] {
        let row = measure(peer, Form::Plain, concurrent, arguments.time, kept).await;
        print_row(if kept { "kept" } else { "new" }, Form::Plain, concurrent, &row);
    }
    let Some(python) = &mut python else { return Ok(()) };
    println!();
    print_head("library, kept connections");
    let (mut ours, mut theirs) = (Row::default(), Row::default());
    for _ in 0..TURNS {
        let row = measure(peer, Form::Plain, KEPT, arguments.time, true).await;
        print_row("myelin", Form::Plain, KEPT, &row);
        ours.add(row);
        let row = tokio::task::block_in_place(|| python.measure(arguments.time / WARM_UP, arguments.time))?;
        let mut sorted = Row::default();
        sorted.add(row);
        print_row("bittensor 10.2.0", Form::Plain, KEPT, &sorted);
        theirs.add(sorted);
    }
    print_row("myelin, all turns", Form::Plain, KEPT, &ours);
    print_row("bittensor 10.2.0, all turns", Form::Plain, KEPT, &theirs);
    let p99 = |row: &Row| row.time(99).as_secs_f64();
    println!();
    println!("rate: {:.1} times; p99: {:.4} times", ours.rate() / theirs.rate(), p99(&ours) / p99(&theirs));
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
    /// Adds the times of another row, and keeps their order.
    fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.times.sort_unstable();
        self.took += other.took;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
    }

    /// Returns the time below which this part of the answers came.
    fn time(&self, percent: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or_default()
    }

    /// Returns the answers of a second.
    fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52")]
        let answers = self.times.len() as f64;
        answers / self.took.as_secs_f64()
    }

    fn cells(&self) -> String {
        let [p50, p90, p99, max] =
            [50, 90, 99, 100].map(|percent| format!("{:.2} ms", self.time(percent).as_secs_f64() * 1_000.0));
        format!("{:.0} | {p50} | {p90} | {p99} | {max} | {}", self.rate(), self.failed)
    }
}

/// Sends requests without a pause, with this concurrency and for this time.
async fn measure(peer: &Peer, form: Form, concurrent: usize, time: Duration, kept: bool) -> Row {
    let fields = Dict::from_iter([("text", Value::from(QUESTION))]);
    let message = Synapse::new(Arc::new(form.class()), &fields).expect("the field of the class");
    let caller = |number| {
        let dendrite = Dendrite::new(signer(number)).local_addresses(true).v1(V1Policy::Served);
        if kept {
            dendrite.keep(peer);
        }
        Arc::new(dendrite)
    };
    let callers: Vec<_> = (1..=concurrent.min(CALLERS)).map(caller).collect();
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
