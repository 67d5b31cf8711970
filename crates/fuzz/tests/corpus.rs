//! Replays of the corpus of each target, and of seeded mutations of it.
//!
//! The number of mutations is fixed, so a run is the same on each machine.

use myelin_fuzz::{FuzzFailure, TARGETS, corpus, mutation::mutated, target};
use std::{fs, hint::black_box, panic, thread};

/// Mutations of the corpus that are run for each target.
const MUTATIONS: u64 = 20_000;

/// Bytes of the stack of a thread that runs a target, as much as the runtime of a neuron gives its threads.
const STACK: usize = 2 << 20;

fn replay(name: &str) {
    let target = target(name).expect("the target is in the table");
    let seeds = corpus::read(name).unwrap_or_else(|error| panic!("crates/fuzz/corpus/{name}: {error}"));
    assert!(!seeds.is_empty(), "crates/fuzz/corpus/{name} is empty");
    let run = move || {
        for (index, seed) in seeds.iter().enumerate() {
            check(target.name, &format!("input {index} of the corpus"), seed);
        }
        for number in 0..MUTATIONS {
            let input = mutated(&seeds, target.max_len, number);
            check(target.name, &format!("mutation {number}"), &input);
        }
    };
    let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK).spawn(run);
    if let Err(cause) = thread.expect("a thread can be started").join() {
        panic::resume_unwind(cause);
    }
}

fn check(name: &str, what: &str, input: &[u8]) {
    let Err(failure) = myelin_fuzz::check(name, input) else { return };
    let path = std::env::temp_dir().join(format!("myelin-fuzz-{name}"));
    fs::write(&path, input).expect("the input can be written");
    let shown = String::from_utf8_lossy(&input[..input.len().min(400)]);
    panic!(
        "{what} of `{name}`: {failure}\n{shown}\nThe input is in {}. Fix the fault, then add the input to \
         crates/fuzz/corpus/{name}",
        path.display(),
    );
}

/// Declares the test of each target, and the list of all.
macro_rules! replay_each {
    ($($(#[$attribute:meta])* $name:ident)*) => {
        const REPLAYED: &[&str] = &[$($(#[$attribute])* stringify!($name),)*];

        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*
    };
}

replay_each! {
    amount
    ss58
    btauth_head
    certificate
    class
    json
    receipt
    replay_file
    stream_reader
    strict_request
    tensor
    v1_head
    v1_request
    keyfile
    polkadot_export
    secret_uri
    commitment
    patch
    pool
    epoch
    #[cfg(feature = "text")] validator_file
    #[cfg(feature = "text")] evidence
    #[cfg(feature = "text")] gate_line
    #[cfg(feature = "text")] gguf
    #[cfg(feature = "text")] model_config
    #[cfg(feature = "text")] text_line
}

#[test]
fn each_target_is_replayed() {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, REPLAYED);
}

#[test]
fn corpora_are_small() {
    let mut total = 0;
    for folder in fs::read_dir(corpus::folder()).expect("there are corpora") {
        let folder = folder.expect("it can be listed").path();
        let name = folder.file_name().and_then(|name| name.to_str()).expect("names are text").to_owned();
        let is_known = target(&name).is_some();
        assert!(is_known || cfg!(not(feature = "text")), "crates/fuzz/corpus/{name} is of no target");
        let files = fs::read_dir(&folder).expect("it can be listed");
        let sizes = files.map(|file| file.and_then(|file| file.metadata()).expect("it has a size").len());
        let size: u64 = sizes.sum();
        assert!(size <= corpus::MAX_TARGET, "crates/fuzz/corpus/{name} has {size} bytes");
        total += size;
    }
    assert!(total <= corpus::MAX_TOTAL, "all corpora have {total} bytes");
}

#[test]
fn memory_is_counted() {
    let target = target("json").expect("the target is in the table");
    // Nested lists cost the most. They stay within the limit up to the longest input.
    let (open, close) = ("[".repeat(127), "]".repeat(127));
    let nested = format!("[{}]", vec![format!("{open}{close}"); target.max_len / 255 - 1].join(","));
    assert!(nested.len() <= target.max_len);
    assert_eq!(myelin_fuzz::check("json", nested.as_bytes()), Ok(()));
    let memory = myelin_fuzz::memory::MemoryUse::begin();
    // The optimiser removes an allocation that is not used.
    drop(black_box(vec![1_u8; 5_000_000]));
    let peak = memory.peak();
    assert!((5_000_000..5_100_000).contains(&peak), "{peak}");
}

#[test]
fn an_input_has_a_maximal_length() {
    assert_eq!(myelin_fuzz::check("ss58", &[b'5'; 256]), Ok(()));
    assert_eq!(myelin_fuzz::check("ss58", &[b'5'; 257]), Err(FuzzFailure::TooLong { length: 257, limit: 256 }));
    assert_eq!(myelin_fuzz::check("none", b""), Err(FuzzFailure::Unknown));
}

/// The wrappers of libFuzzer are outside of the workspace, so no build of it sees a wrong name.
#[test]
fn each_wrapper_checks_its_own_target() {
    let folder = corpus::folder().join("../libfuzzer/fuzz_targets");
    let mut wrapped = Vec::new();
    for file in fs::read_dir(folder).expect("there are wrappers") {
        let path = file.expect("it can be listed").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are text").to_owned();
        let text = fs::read_to_string(&path).expect("it is text");
        assert!(text.contains(&format!("myelin_fuzz::check(\"{name}\", bytes)")), "{name}");
        wrapped.push(name);
    }
    for target in TARGETS {
        assert!(wrapped.iter().any(|name| name == target.name), "`{}` has no wrapper", target.name);
    }
}
