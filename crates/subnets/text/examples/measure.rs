//! Measurement of the differences between honest miners, and of the detection of cheats.
//!
//! ```sh
//! cargo run -p myelin-subnet-text --example measure -- ~/.cache/myelin/models
//! ```
//!
//! The example trains the models of a local network if they are not in the folder, and writes the tables of
//! `docs/benchmarks/text.md`.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few thousand of everything")]

use myelin_sources::world::generate;
use myelin_subnet_text::{
    GeneratedToken, GenerationEnd, Model, Query, Sampling,
    export::{self, Precision},
    proof::{ProofCheck, Tolerance, verify},
    train::{self, TrainOptions, TrainProgress},
};
use std::{
    error::Error,
    fs,
    io::{self, Write},
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

/// The number of queries for each strategy and sampling.
const QUERIES: u64 = 20;
const MAX_TOKENS: usize = 48;
const CHECKED: [usize; 5] = [1, 2, 4, 8, 16];
/// The number of checks of each answer, each with another seed.
const CHECKS: u64 = 4;
const SAMPLINGS: [Sampling; 3] =
    [Sampling { temperature_milli: 800, top_k: 0 }, Sampling { temperature_milli: 1_000, top_k: 40 }, Sampling::GREEDY];
const EVERYTHING: Tolerance = Tolerance { gap_micro: u32::MAX, logprob_micro: u32::MAX };

type Answer = (Vec<GeneratedToken>, GenerationEnd);
type Answered = Result<Answer, Box<dyn Error>>;
type Strategy<'a> = (&'a str, Box<dyn Fn(&Query<'_>) -> Answered + 'a>);

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("pass a folder for models".into());
    };
    fs::create_dir_all(&folder)?;
    let mut out = io::stdout().lock();
    let small = trained(&TrainOptions::small(TrainOptions::generated()), &folder, &mut out)?;
    let smaller = trained(&TrainOptions::smaller(TrainOptions::generated()), &folder, &mut out)?;
    let model = Model::load(&small)?;
    let other_precision = |precision| -> Result<Model, Box<dyn Error>> {
        let path = folder.join(format!("measured-{precision:?}.gguf"));
        export::gguf(&model, &path, precision)?;
        Ok(Model::load(&path)?)
    };
    let alone = Model::load(&small)?.with_threads(NonZeroUsize::MIN)?;
    sample(&alone, &mut out)?;

    let threads = |threads| model.clone().with_threads(NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN));
    let batches = |batch| model.clone().with_sequences(NonZeroUsize::new(batch).unwrap_or(NonZeroUsize::MIN));
    let honest = [
        ("1 thread", threads(1)?),
        ("2 threads", threads(2)?),
        ("batch of 2", batches(2)),
        ("batch of 4", batches(4)),
        ("batch of 8", batches(8)),
        ("batch of 16", batches(16)),
        ("GGUF of f32", other_precision(Precision::F32)?),
    ];
    let substitutes = [
        ("weights of f16", other_precision(Precision::F16)?),
        ("weights of q8_0", other_precision(Precision::Q8)?),
        ("weights of q4_0", other_precision(Precision::Q4)?),
        ("smaller model", Model::load(&smaller)?),
    ];
    let prompts = prompts(&model)?;

    writeln!(
        out,
        "\n| miner | answers | tokens | refused | ties | largest gap | largest deviation | mean deviation |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
    for (name, miner) in honest.iter().chain(&substitutes) {
        differences(&model, name, miner, &prompts, &mut out)?;
    }

    let shifted = |by: i64| {
        let alone = &alone;
        move |query: &Query<'_>| answer(alone, &Query { seed: query.seed.wrapping_add_signed(by), ..*query })
    };
    let mut strategies: Vec<Strategy<'_>> = Vec::new();
    for (name, substitute) in &substitutes {
        strategies.push((name, Box::new(|query| answer(substitute, query))));
    }
    let smaller = &substitutes[3].1;
    strategies.push(("smaller model, true probabilities", Box::new(|query| looked_up(&model, smaller, query))));
    strategies.push(("another seed", Box::new(shifted(1))));
    strategies.push((
        "answer to another prompt",
        Box::new(|query| answer(&alone, &Query { prompt: &prompts[query.seed as usize % prompts.len()], ..*query })),
    ));
    strategies.push(("half of it, then the smaller model", Box::new(|query| half(&alone, smaller, query))));
    strategies.push((
        "truncated to half",
        Box::new(|query| {
            let (mut steps, finish) = answer(&alone, query)?;
            steps.truncate(steps.len().div_ceil(2));
            Ok((steps, finish))
        }),
    ));
    strategies.push((
        "truncated, with an end",
        Box::new(|query| {
            let (mut steps, _) = answer(&alone, query)?;
            steps.truncate(steps.len().div_ceil(2));
            let end = (0..=u32::MAX).find(|token| model.ends(*token)).ok_or("no token ends answers")?;
            steps.push(GeneratedToken { token: end, logprob: -0.1 });
            Ok((steps, GenerationEnd::Stop))
        }),
    ));
    strategies.push((
        "nonsense",
        Box::new(|query| {
            Ok((vec![GeneratedToken { token: 300, logprob: -2.0 }; query.max_tokens], GenerationEnd::Length))
        }),
    ));
    write!(out, "\n| strategy | sampling | word for word right |")?;
    CHECKED.iter().try_for_each(|checked| write!(out, " {checked} checked |"))?;
    writeln!(out, "\n|---|---|---:|{}", "---:|".repeat(CHECKED.len()))?;
    for (name, strategy) in &strategies {
        for sampling in SAMPLINGS {
            if *name == "another seed" && sampling == Sampling::GREEDY {
                continue;
            }
            detection(&alone, name, sampling, strategy, &prompts, &mut out)?;
        }
    }
    costs(&alone, &prompts, &mut out)
}

fn trained(options: &TrainOptions, folder: &Path, out: &mut impl Write) -> Result<PathBuf, Box<dyn Error>> {
    let mut last = None;
    let path = train::cached(options, folder, &mut |progress: TrainProgress| {
        last = Some(progress);
        ControlFlow::Continue(())
    })?;
    match last {
        None => writeln!(out, "{:?}: was trained before", options.shape)?,
        Some(TrainProgress { steps, loss, elapsed, .. }) => writeln!(
            out,
            "{:?}: {steps} steps of {} texts with {} tokens, {:.0} s, {loss:.2} nats a token at last",
            options.shape,
            options.batch,
            options.window,
            elapsed.as_secs_f32()
        )?,
    }
    Ok(path)
}

/// Writes texts of the model, for a reader.
fn sample(model: &Model, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for (seed, text) in ["Once there was", "Question: What is 3 plus 4?\n", "Ada has two lamps and finds five lamps.\n"]
        .into_iter()
        .enumerate()
    {
        let prompt = model.encode(text)?;
        let sampling = Sampling { temperature_milli: 500, top_k: 0 };
        let query = Query { prompt: &prompt, seed: seed as u64, sampling, max_tokens: 96 };
        let tokens: Vec<u32> = answer(model, &query)?.0.iter().map(|step| step.token).collect();
        writeln!(out, "> {text}{}", model.decode(&tokens)?)?;
    }
    Ok(())
}

/// Returns the beginnings of texts from which the model has not learned.
fn prompts(model: &Model) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
    let mut prompts = Vec::new();
    for document in generate(99, 20_000).iter().take(QUERIES as usize) {
        let words: Vec<&str> = document.split_inclusive(' ').take(6).collect();
        prompts.push(model.encode(&words.concat())?);
    }
    Ok(prompts)
}

fn queries(prompts: &[Vec<u32>], sampling: Sampling) -> impl Iterator<Item = Query<'_>> {
    let numbered = (1..).zip(prompts);
    numbered.map(move |(seed, prompt)| Query { prompt, seed, sampling, max_tokens: MAX_TOKENS })
}

fn answer(model: &Model, query: &Query<'_>) -> Answered {
    let mut steps = Vec::new();
    let finish = model.generate(query, &mut |step| {
        steps.push(step);
        ControlFlow::Continue(())
    })?;
    Ok((steps, finish))
}

/// Returns tokens of the substitute with the probabilities of the model, which a cheat could look up in one pass.
fn looked_up(model: &Model, substitute: &Model, query: &Query<'_>) -> Answered {
    let (mut steps, finish) = answer(substitute, query)?;
    let text: Vec<u32> = query.prompt.iter().copied().chain(steps.iter().map(|step| step.token)).collect();
    let logprobs = model.logprobs(&text)?;
    for (step, logprob) in steps.iter_mut().zip(logprobs.iter().skip(query.prompt.len() - 1)) {
        step.logprob = *logprob;
    }
    Ok((steps, finish))
}

/// Returns an answer whose first half is from the model and whose second half is from the substitute.
fn half(model: &Model, substitute: &Model, query: &Query<'_>) -> Answered {
    let (mut steps, finish) = answer(model, query)?;
    let kept = steps.len() / 2;
    if kept == 0 {
        return Ok((steps, finish));
    }
    steps.truncate(kept);
    let prompt: Vec<u32> = query.prompt.iter().copied().chain(steps.iter().map(|step| step.token)).collect();
    let (rest, finish) = answer(substitute, &Query { prompt: &prompt, max_tokens: query.max_tokens - kept, ..*query })?;
    steps.extend(rest);
    Ok((steps, finish))
}

/// Writes the differences between answers of this miner and the model, over all positions.
fn differences(
    model: &Model,
    name: &str,
    miner: &Model,
    prompts: &[Vec<u32>],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let (mut answers, mut tokens, mut refused, mut ties) = (0, 0, 0, 0);
    let (mut gap, mut deviation, mut sum) = (0.0_f64, 0.0_f64, 0.0);
    for sampling in SAMPLINGS {
        for query in queries(prompts, sampling) {
            let (steps, finish) = answer(miner, &query)?;
            let verdict = verify(model, &query, &steps, finish, &ProofCheck::new(0, usize::MAX))?;
            refused += usize::from(!verdict.is_genuine());
            let check = ProofCheck { tolerance: EVERYTHING, ..ProofCheck::new(0, usize::MAX) };
            let all = verify(model, &query, &steps, finish, &check)?;
            (answers, tokens, ties) = (answers + 1, tokens + steps.len(), ties + all.ties);
            (gap, deviation) = (gap.max(all.gap), deviation.max(all.deviation));
            let text: Vec<u32> = query.prompt.iter().copied().chain(steps.iter().map(|step| step.token)).collect();
            let logprobs = model.logprobs(&text)?;
            let logprobs = logprobs.iter().skip(query.prompt.len() - 1);
            sum += steps.iter().zip(logprobs).map(|(step, own)| f64::from((step.logprob - own).abs())).sum::<f64>();
        }
    }
    writeln!(
        out,
        "| {name} | {answers} | {tokens} | {refused} | {ties} | {gap:.1e} | {deviation:.1e} | {:.1e} |",
        sum / tokens as f64
    )?;
    Ok(())
}

/// Writes the detection of a strategy by the number of checked positions.
///
/// The columns are the answers that have the model's own tokens, and the answers that are refused.
fn detection(
    model: &Model,
    name: &str,
    sampling: Sampling,
    strategy: &dyn Fn(&Query<'_>) -> Answered,
    prompts: &[Vec<u32>],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut refused = [0_u64; CHECKED.len()];
    let (mut answers, mut right, mut checks) = (0, 0, 0);
    for query in queries(prompts, sampling) {
        let (steps, finish) = strategy(&query)?;
        let own = answer(model, &query)?;
        let tokens = |steps: &[GeneratedToken]| steps.iter().map(|step| step.token).collect::<Vec<_>>();
        answers += 1;
        right += u64::from((tokens(&steps), finish) == (tokens(&own.0), own.1));
        for seed in 0..CHECKS {
            checks += 1;
            for (refused, positions) in refused.iter_mut().zip(CHECKED) {
                let verdict = verify(model, &query, &steps, finish, &ProofCheck::new(seed, positions))?;
                *refused += u64::from(!verdict.is_genuine());
            }
        }
    }
    let Sampling { temperature_milli, top_k } = sampling;
    write!(out, "| {name} | {:.1}, top {top_k} | {right} of {answers} |", f64::from(temperature_milli) / 1_000.0)?;
    for refused in refused {
        write!(out, " {:.1} % |", 100.0 * refused as f64 / f64::from(checks))?;
    }
    writeln!(out)?;
    Ok(())
}

/// Writes the cost of checking, relative to the cost of generation.
fn costs(model: &Model, prompts: &[Vec<u32>], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (mut tokens, mut written, mut checked) = (0, 0.0, 0.0);
    for query in queries(prompts, Sampling::default()) {
        let begin = Instant::now();
        let (steps, finish) = answer(model, &query)?;
        written += begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        verify(model, &query, &steps, finish, &ProofCheck::new(1, 16))?;
        checked += begin.elapsed().as_secs_f64();
        tokens += steps.len();
    }
    let speed = tokens as f64 / written;
    writeln!(
        out,
        "\n{tokens} tokens, {speed:.0} a second with one thread; checking 16 positions takes {:.1} % of that",
        100.0 * checked / written
    )?;
    Ok(())
}
