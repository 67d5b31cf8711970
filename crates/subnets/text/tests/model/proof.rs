//! Proofs of genuine answers and of wrong ones.

use crate::tiny::{answer, folder, load, model, query};
use myelin_subnet_text::{
    GeneratedToken, GenerationEnd, Query, Sampling, Shape,
    export::{self, Precision},
    proof::{AnswerFault, ProofCheck, ProofResult, verify},
};
use std::num::NonZeroUsize;

fn prompt(text: &str) -> Vec<u32> {
    model().encode(text).unwrap()
}

fn judge(query: &Query<'_>, (steps, finish): &(Vec<GeneratedToken>, GenerationEnd)) -> ProofResult {
    verify(model(), query, steps, *finish, &ProofCheck::new(5, 16)).unwrap()
}

/// Returns the faults found in answers of a cheat to several queries.
fn faults(mut cheat: impl FnMut(&Query<'_>) -> (Vec<GeneratedToken>, GenerationEnd)) -> Vec<Option<AnswerFault>> {
    let prompt = prompt("Once there was a small fox");
    (0..12).map(|seed| query(&prompt, seed)).map(|query| judge(&query, &cheat(&query)).fault).collect()
}

#[test]
fn honest_answers_are_genuine_however_they_are_computed() {
    let prompt = prompt("Question: What is 3 plus 4?");
    let one = model().clone().with_threads(NonZeroUsize::MIN).unwrap();
    let three = model().clone().with_sequences(NonZeroUsize::new(3).unwrap());
    let samplings = [
        Sampling::default(),
        Sampling::GREEDY,
        Sampling { temperature_milli: 1_500, top_k: 5 },
        Sampling { temperature_milli: 700, top_k: 1 },
    ];
    let mut ends = [false; 2];
    for miner in [model(), &one, &three] {
        for sampling in samplings {
            for seed in 0..4 {
                let query = Query { sampling, ..query(&prompt, seed) };
                let answer = answer(miner, &query);
                let verdict = verify(model(), &query, &answer.0, answer.1, &ProofCheck::new(seed, usize::MAX)).unwrap();
                assert!(verdict.is_genuine(), "{query:?}: {verdict:?}");
                assert_eq!(verdict.checked, answer.0.len());
                ends[usize::from(answer.1 == GenerationEnd::Stop)] = true;
            }
        }
    }
    assert_eq!(ends, [true; 2], "no answer stopped, or all did");
}

#[test]
fn what_is_checked_follows_from_the_seed() {
    let prompt = prompt("Once");
    let query = query(&prompt, 1);
    let answer = answer(model(), &query);
    assert_eq!(judge(&query, &answer), judge(&query, &answer));
    let positions = |seed| {
        let mut wrong = answer.clone();
        // The first position is checked for any seed.
        wrong.0.iter_mut().skip(1).for_each(|step| step.logprob = 1.0);
        verify(model(), &query, &wrong.0, wrong.1, &ProofCheck::new(seed, 1)).unwrap().fault
    };
    assert!((1..20).any(|seed| positions(seed) != positions(0)), "every seed checks the same position");
}

#[test]
fn another_model_is_noticed() {
    let other = folder(&Shape::TINY, 2);
    let other = load(other.path());
    assert!(faults(|query| answer(&other, query)).iter().all(Option::is_some));
}

#[test]
fn a_smaller_model_is_noticed() {
    let smaller = folder(&Shape { layers: 1, ..Shape::TINY }, 1);
    let smaller = load(smaller.path());
    assert!(faults(|query| answer(&smaller, query)).iter().all(Option::is_some));
}

#[test]
fn another_model_that_looks_up_the_probabilities_is_noticed() {
    let smaller = folder(&Shape { layers: 1, ..Shape::TINY }, 1);
    let smaller = load(smaller.path());
    let found = faults(|query| {
        let (mut steps, finish) = answer(&smaller, query);
        // The cheat computes the same as the verifier, once the tokens are there.
        for position in 0..steps.len() {
            let mut forced = steps.clone();
            forced[position].logprob = f32::NAN;
            let check = ProofCheck { positions: usize::MAX, tolerance: anything(), ..ProofCheck::new(0, 0) };
            let Some(AnswerFault::Probability { computed, .. }) =
                verify(model(), query, &forced, finish, &check).unwrap().fault
            else {
                panic!("a probability that is no number is none");
            };
            steps[position].logprob = computed;
        }
        (steps, finish)
    });
    assert!(found.iter().all(|fault| matches!(fault, Some(AnswerFault::Token { .. }))), "{found:?}");
}

fn anything() -> myelin_subnet_text::proof::Tolerance {
    myelin_subnet_text::proof::Tolerance { gap_micro: u32::MAX, logprob_micro: u32::MAX }
}

#[test]
fn quantised_weights_are_noticed() {
    for precision in [Precision::Q8, Precision::Q4] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        export::gguf(model(), &path, precision).unwrap();
        let quantised = load(&path);
        assert!(faults(|query| answer(&quantised, query)).iter().all(Option::is_some), "{precision:?}");
    }
}

#[test]
fn another_seed_is_noticed() {
    let found = faults(|query| answer(model(), &Query { seed: query.seed + 1, ..*query }));
    assert!(found.iter().all(Option::is_some), "{found:?}");
}

#[test]
fn an_answer_to_something_else_is_noticed() {
    let other = prompt("Today is Monday. Which day is it?");
    assert!(faults(|query| answer(model(), &Query { prompt: &other, ..*query })).iter().all(Option::is_some));
}

#[test]
fn nonsense_is_noticed() {
    let found =
        faults(|query| (vec![GeneratedToken { token: 65, logprob: -1.0 }; query.max_tokens], GenerationEnd::Length));
    assert!(found.iter().all(Option::is_some), "{found:?}");
}

#[test]
fn a_lower_temperature_is_noticed() {
    let colder = Sampling { temperature_milli: 300, top_k: 0 };
    assert!(faults(|query| answer(model(), &Query { sampling: colder, ..*query })).iter().all(Option::is_some));
}

#[test]
fn answers_end_where_they_should() {
    let prompt = prompt("Once there was");
    let query = query(&prompt, 3);
    let (steps, finish) = answer(model(), &query);
    assert_eq!(finish, GenerationEnd::Length, "choose a seed whose answer is as long as asked for");
    let shorter = steps[..20].to_vec();
    let fault = |steps: &[GeneratedToken], finish| judge(&query, &(steps.to_vec(), finish)).fault;

    let truncated = Some(AnswerFault::Truncated { length: 20, wanted: 48 });
    assert_eq!(fault(&shorter, GenerationEnd::Length), truncated);
    assert_eq!(fault(&shorter, GenerationEnd::Stop), truncated);
    assert_eq!(fault(&shorter, GenerationEnd::Interrupted), truncated);
    assert_eq!(fault(&[], GenerationEnd::Stop), Some(AnswerFault::Truncated { length: 0, wanted: 48 }));
    assert_eq!(fault(&steps, GenerationEnd::Interrupted), Some(AnswerFault::Truncated { length: 48, wanted: 48 }));

    // An end that the model did not give is checked for any seed of the check.
    let end = (0..288).find(|token| model().ends(*token)).unwrap();
    let mut ended = shorter;
    ended.push(GeneratedToken { token: end, logprob: -0.5 });
    let check = ProofCheck::new(9, 0);
    let verdict = verify(model(), &query, &ended, GenerationEnd::Stop, &check).unwrap();
    assert!(matches!(verdict.fault, Some(AnswerFault::Token { position: 20, .. })), "{verdict:?}");

    ended.push(GeneratedToken { token: 65, logprob: -0.5 });
    assert_eq!(fault(&ended, GenerationEnd::Stop), Some(AnswerFault::Overrun { position: 20 }));
    let mut longer = steps.clone();
    longer.push(steps[0]);
    assert_eq!(fault(&longer, GenerationEnd::Length), Some(AnswerFault::Overrun { position: 48 }));
}

#[test]
fn answers_out_of_bounds_are_faults_and_not_errors() {
    let prompt = prompt("Once there was");
    let query = query(&prompt, 3);
    let (steps, finish) = answer(model(), &query);
    let with = |step| {
        let mut steps = steps.clone();
        steps[7] = step;
        verify(model(), &query, &steps, finish, &ProofCheck::new(0, usize::MAX)).unwrap().fault
    };
    let unknown = GeneratedToken { token: u32::MAX, logprob: -1.0 };
    assert_eq!(with(unknown), Some(AnswerFault::UnknownToken { position: 7, token: u32::MAX }));
    for logprob in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        let fault = with(GeneratedToken { logprob, ..steps[7] });
        assert!(matches!(fault, Some(AnswerFault::Probability { position: 7, .. })), "{logprob}: {fault:?}");
    }
}
