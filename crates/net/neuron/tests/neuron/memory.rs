//! The memory of an axon under a flood of bodies, in a process of its own.

use crate::{
    AXON, CALLER, builder, class, flood_time,
    wire::{Raw, strict},
};
use myelin_neuron::{AxonLimits, Clock, Endpoint, HandlerOutput, ServeAnyone, SystemClock};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, Lines, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The variable with which this program starts itself as an axon.
const SERVES: &str = "MYELIN_TEST_SERVES";

/// The most by which the memory may grow.
const MAX_GROWTH: usize = 128 << 20;

fn now() -> u64 {
    SystemClock.now()
}

/// The other process. Without its variable this test has nothing to do.
#[test]
fn an_axon_in_a_process_of_its_own() {
    if env::var_os(SERVES).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let class = class("Any", &[("any", "Any = null")], &[]);
        let any = Endpoint::new(class, |request| async move { Ok(HandlerOutput::from(request.into_content())) });
        let limits = AxonLimits { failures: u32::MAX, ..AxonLimits::default() };
        let axon = builder(ServeAnyone).limits(limits).endpoint(any).start().await.unwrap();
        writeln!(io::stdout(), "\nserves {}", axon.address()).unwrap();
        std::future::pending::<()>().await;
    });
}

/// An axon in another process, which ends when this is dropped.
struct Process {
    child: Child,
    #[expect(dead_code, reason = "a process that reports to a closed pipe ends")]
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start() -> (Self, SocketAddr) {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "memory::an_axon_in_a_process_of_its_own", "--nocapture"]);
        let mut child = command.env(SERVES, "1").stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = output.find_map(|line| Some(line.unwrap().strip_prefix("serves ")?.to_owned()));
        (Self { child, output }, address.unwrap().parse().unwrap())
    }

    /// Returns the highest resident memory so far, in bytes.
    fn peak(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        kibibytes.trim().strip_suffix(" kB").unwrap().trim().parse::<usize>().unwrap() << 10
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a body of this length of one form that costs much to read.
fn body(form: &str, length: usize) -> Vec<u8> {
    let mut body = br#"{"any": ["#.to_vec();
    while body.len() + form.len() + 8 < length {
        body.extend_from_slice(form.as_bytes());
    }
    body.extend_from_slice(b"0]}");
    body
}

async fn ping(address: SocketAddr, from: IpAddr) -> Duration {
    let begin = Instant::now();
    let mut raw = Raw::open_from(from, address).await;
    raw.say(&strict(CALLER, AXON, "/Synapse", b"{}", now())).await;
    assert_eq!(raw.hear().await.unwrap().status, 200);
    begin.elapsed()
}

/// Bodies of the costliest forms from 64 connections of callers that are admitted, above and below the limit of the class.
///
/// `MYELIN_FLOOD_SECONDS` sets the time of the flood.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nh_3_acceptance_1_bodies_of_many_values_take_little_memory() {
    let (process, address) = Process::start();
    let attacker = IpAddr::V4(Ipv4Addr::new(127, 3, 0, 1));
    let honest = IpAddr::V4(Ipv4Addr::new(127, 3, 0, 2));
    ping(address, attacker).await;
    let before = process.peak();
    let is_over = Arc::new(AtomicBool::new(false));
    let forms = ["0,", "[0],", "[[[[[[[[0]]]]]]]],", r#"{"a":0},"#, r#""","#];
    let bodies: Vec<_> =
        forms.iter().flat_map(|form| [8 << 20, 1 << 20, 128 << 10].map(|size| Arc::new(body(form, size)))).collect();
    let flood: Vec<_> = (0..64)
        .map(|number: usize| {
            let (body, is_over) = (Arc::clone(&bodies[number % bodies.len()]), Arc::clone(&is_over));
            let seed = 10 + u8::try_from(number).unwrap();
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let mut raw = Raw::open_from(attacker, address).await;
                    raw.say(&strict(seed, AXON, "/Any", &body, now())).await;
                    raw.hear().await;
                }
            })
        })
        .collect();
    let (begin, time) = (Instant::now(), flood_time(3));
    let mut slowest = Duration::ZERO;
    while begin.elapsed() < time {
        slowest = slowest.max(ping(address, honest).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let grown = process.peak() - before;
    assert!(grown <= MAX_GROWTH, "the memory grew by {} MiB", grown >> 20);
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    drop(flood);
}
