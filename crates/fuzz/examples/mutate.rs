//! Runs one target on mutations of its corpus for some seconds, without libFuzzer.
//!
//! `cargo run -p myelin-fuzz --example mutate -- TARGET SECONDS [SEED]`
//!
//! With `--max-len TARGET` it prints the length of the longest input instead, which libFuzzer has to be told.
//!
//! The mutations run in a second process, which writes down the number of each before it runs. If that process fails,
//! the input follows from the number, and is written to the corpus.

use myelin_fuzz::{FuzzTarget, check, corpus, mutation::mutated, target};
use std::{
    env,
    error::Error,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::FileExt,
    process::{Command, ExitCode},
    time::{Duration, Instant, SystemTime},
};

/// The first argument of the second process.
const WORKER: &str = "--worker";

/// Mutations between two reads of the clock.
const BATCH: u64 = 256;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match texts.as_slice() {
        [WORKER, name, seconds, seed, notes] => work(name, seconds, seed, notes).map(|()| true),
        ["--max-len", name] => max_len(name).map(|()| true),
        [name, seconds] => fuzz(name, seconds, &clock().to_string()),
        [name, seconds, seed] => fuzz(name, seconds, seed),
        _ => Err("pass a target and a number of seconds".into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("mutate: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    // A closed standard error is no failure.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Returns a seed that differs from run to run.
fn clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()) << 32
}

/// Prints the length of the longest input of a target, in bytes.
fn max_len(name: &str) -> Outcome<()> {
    let target = target(name).ok_or_else(|| format!("there is no target `{name}`"))?;
    Ok(writeln!(io::stdout(), "{}", target.max_len)?)
}

fn named(name: &str) -> Outcome<(FuzzTarget, Vec<Vec<u8>>)> {
    let target = target(name).ok_or_else(|| format!("there is no target `{name}`"))?;
    Ok((target, corpus::read(name)?))
}

/// Runs the second process. Returns true if it found nothing.
fn fuzz(name: &str, seconds: &str, seed: &str) -> Outcome<bool> {
    let (target, seeds) = named(name)?;
    let notes = env::temp_dir().join(format!("myelin-fuzz-{name}-{}", std::process::id()));
    File::create(&notes)?;
    let arguments: [OsString; 5] =
        [WORKER.into(), name.into(), seconds.into(), seed.into(), notes.clone().into_os_string()];
    let status = Command::new(env::current_exe()?).args(arguments).status()?;
    let written = fs::read(&notes)?;
    fs::remove_file(&notes)?;
    let (number, begun) = match written.try_into() {
        Ok(bytes) => (u64::from_le_bytes(bytes), true),
        Err(_) => (0, false),
    };
    let first: u64 = seed.parse()?;
    say(&format!("mutate: {} mutations of `{name}` from seed {seed} on", number.wrapping_sub(first)));
    if status.success() {
        return Ok(true);
    }
    if !begun {
        return Err(format!("the second process ended before it began: {status}").into());
    }
    let input = mutated(&seeds, target.max_len, number);
    let path = corpus::folder().join(name).join(format!("crash-{number:016x}"));
    fs::write(&path, input)?;
    say(&format!("mutate: mutation {number} failed ({status}); the input is in {}", path.display()));
    Ok(false)
}

/// Runs mutations until the time is over.
fn work(name: &str, seconds: &str, seed: &str, notes: &str) -> Outcome<()> {
    let (target, seeds) = named(name)?;
    let notes = File::options().write(true).open(notes)?;
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    let mut number: u64 = seed.parse()?;
    while Instant::now() < end {
        for _ in 0..BATCH {
            notes.write_all_at(&number.to_le_bytes(), 0)?;
            check(name, &mutated(&seeds, target.max_len, number))?;
            number = number.wrapping_add(1);
        }
    }
    notes.write_all_at(&number.to_le_bytes(), 0)?;
    Ok(())
}
