//! Measurement of generation by a small model, and of the proof of its answers.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use myelin_subnet_text::{
    GeneratedToken, GenerationEnd, Model, Query, Sampling, Shape,
    proof::{ProofCheck, verify},
    train,
};
use std::{hint::black_box, num::NonZeroUsize, ops::ControlFlow};

const TOKENS: usize = 128;

/// Returns a model of this shape with initial weights, because weights do not matter here.
fn model(shape: &Shape) -> Model {
    let folder = tempfile::tempdir().expect("a folder can be made");
    train::initialise(folder.path(), shape, 1).expect("a model can be written");
    Model::load(folder.path()).expect("and read")
}

fn answer(model: &Model, query: &Query<'_>) -> (Vec<GeneratedToken>, GenerationEnd) {
    let mut steps = Vec::with_capacity(query.max_tokens);
    let finish = model.generate(query, &mut |step| {
        steps.push(step);
        ControlFlow::Continue(())
    });
    (steps, finish.expect("the query is sound"))
}

/// Returns a query whose answer has the full length.
fn full_length<'a>(model: &Model, prompt: &'a [u32]) -> Query<'a> {
    let query = |seed| Query { prompt, seed, sampling: Sampling::default(), max_tokens: TOKENS };
    (0..1_000).map(query).find(|query| answer(model, query).0.len() == TOKENS).expect("most answers are")
}

fn benches(criterion: &mut Criterion) {
    for (name, shape) in [("small", Shape::SMALL), ("smaller", Shape::SMALLER)] {
        let shared = model(&shape);
        let prompt = shared.encode("Question: What is 3 plus 4?").expect("a text has tokens");
        let query = full_length(&shared, &prompt);
        let (steps, finish) = answer(&shared, &query);

        let mut group = criterion.benchmark_group("generate");
        group.sample_size(20).throughput(Throughput::Elements(TOKENS as u64));
        for threads in [1, 2] {
            let threads = NonZeroUsize::new(threads).expect("it is not zero");
            let model = shared.clone().with_threads(threads).expect("threads can be started");
            group.bench_function(BenchmarkId::new(name, format!("threads={threads}")), |bench| {
                bench.iter(|| answer(&model, black_box(&query)));
            });
        }
        group.finish();

        let mut group = criterion.benchmark_group("verify");
        group.sample_size(20);
        let model = shared.with_threads(NonZeroUsize::MIN).expect("a thread can be started");
        for positions in [1, 16, TOKENS] {
            let check = ProofCheck::new(1, positions);
            group.bench_function(BenchmarkId::new(name, format!("positions={positions}")), |bench| {
                bench.iter(|| verify(&model, black_box(&query), &steps, finish, &check));
            });
        }
        group.finish();
    }
}

criterion_group!(text, benches);
criterion_main!(text);
