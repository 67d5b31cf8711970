//! Rounds of the whole subnet in memory, and the pay of miners.

use crate::tiny;
use myelin_primitives::{Fraction, MILLION};
use myelin_subnet_kit::{
    Judge, Miner as _, Reply, Verdict,
    simulation::{SimulatedLink, SimulatedMischief as Way, Trial, World},
};
use myelin_subnet_text::{
    Model, ModelHash, Shape,
    answer::{AnswerLine, FinishReason, TextAnswer, Token},
    challenge::TextChallenge,
    draw::{ChallengeDraw, Prompts},
    judge::{Finding, Judgement, TextJudge},
    miner::TextMiner,
    mischief::{Mischief, MischievousMiner},
    proof::Tolerance,
    reputation::Reputations,
    task::TextTask,
};
use myelin_wire::PublicKey;
use std::{
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Returns the model with one thread, with which small models are fastest.
fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| tiny::model().clone().with_threads(NonZeroUsize::MIN).unwrap())
}

fn examiner(model: &Model) -> TextJudge {
    let drawing = ChallengeDraw { model: model.hash(), prompts: Prompts::Made, lengths: 8..=16 };
    TextJudge::new(model.clone(), drawing, 5, Arc::new(Reputations::default())).with_checked_tokens(8)
}

/// Returns a link with this many milliseconds to the first token and between tokens, spread by a tenth.
fn link(pace: u64) -> SimulatedLink {
    let delay = Duration::from_millis(36 + pace)..Duration::from_millis(44 + pace);
    SimulatedLink { delay, pace: Duration::from_millis(pace), ..SimulatedLink::default() }
}

/// Returns the honest miner with this number.
fn honest(model: &Model, number: usize) -> TextMiner<Model> {
    TextMiner::local(model.clone(), World::<TextTask>::hotkey(number))
}

fn up_to(model: &Model, number: usize, mischief: Mischief) -> MischievousMiner {
    MischievousMiner::new(honest(model, number), mischief)
}

#[test]
fn honest_work_is_paid_by_its_speed_and_cheats_get_nothing() {
    let model = model();
    let other = tiny::load(tiny::folder(&Shape::TINY, 2).path()).with_threads(NonZeroUsize::MIN).unwrap();
    let world = World::new(TextTask, 3, Duration::from_secs(5))
        .named("fast", honest(model, 0), link(5), Way::None)
        .named("medium", honest(model, 1), link(10), Way::None)
        .named("slow", honest(model, 2), link(20), Way::None)
        .named("smaller", up_to(model, 3, Mischief::Smaller(other)), link(1), Way::None)
        .named("truncates", up_to(model, 4, Mischief::Truncates), link(5), Way::None)
        .named("nonsense", up_to(model, 5, Mischief::Nonsense), link(1), Way::None)
        .named("drops", up_to(model, 6, Mischief::drops(3)), link(5), Way::None)
        .named("copies", honest(model, 7), link(1), Way::Copies(0))
        .named("relays", honest(model, 8), link(1), Way::Relays(0))
        .named("replays", honest(model, 9), link(1), Way::Replays)
        .named("cuts off", honest(model, 10), link(5), Way::Truncates)
        .named("garbage", honest(model, 11), link(1), Way::Garbage)
        .named("silent", honest(model, 12), link(5), Way::Silent);
    let trial = Trial { rounds: 42, newest: Fraction::from_ppm(MILLION / 5).unwrap(), ..Trial::default() };
    let verdict = world.try_out(&examiner(model), &trial).unwrap();
    let weight = |name: &str| verdict.rows.iter().find(|row| row.name == name).unwrap().weight;
    let (fast, medium, slow) = (weight("fast"), weight("medium"), weight("slow"));
    assert!(fast > medium + medium / 4 && medium > slow + slow / 4 && slow > 0, "{verdict}");
    for row in &verdict.rows[3..] {
        assert!(u32::from(row.weight) * 100 < u32::from(medium), "{verdict}");
    }
    // The same world gives the same scores.
    let short = || world.try_out(&examiner(model), &Trial { rounds: 3, ..Trial::default() }).unwrap();
    assert_eq!(short(), short());
}

/// Returns a score in millionths.
fn score_of(verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Score(score) => score.of(MILLION.into()),
        Verdict::Abstain => panic!("the answer was not examined"),
    }
}

#[test]
fn a_judge_says_what_is_wrong() {
    let model = model();
    let judged: Arc<Mutex<Vec<Judgement>>> = Arc::default();
    let told = Arc::clone(&judged);
    let examiner = examiner(model).with_judgement_sink(move |one| told.lock().unwrap().push(one));
    let miner = World::<TextTask>::hotkey(0);
    let challenge = examiner.draw(1, miner);
    let mut tokens = Vec::new();
    let mut ending = FinishReason::Length;
    honest(model, 0)
        .lines(&challenge, &mut |line| {
            match line {
                AnswerLine::Token(token) => tokens.push(token),
                AnswerLine::End(end) => ending = end.finish,
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let answer = TextAnswer { tokens, ending };
    let score = |answer: TextAnswer| {
        let reply = Reply { answer, first: Duration::from_millis(9), elapsed: Duration::from_millis(90) };
        score_of(examiner.rank(&[(challenge.clone(), Some(reply))])[0])
    };
    // The first answer of a new miner: a sixteenth, cubed.
    let first = score(answer.clone());
    assert!((1..=245).contains(&first), "{first}");
    let mut wrong = answer.clone();
    wrong.tokens[0].text.push('!');
    assert_eq!(score(wrong), 0);
    let mut shorter = answer.clone();
    shorter.tokens.pop();
    assert_eq!(score(shorter), 0);
    assert_eq!(score_of(examiner.rank(&[(challenge.clone(), None)])[0]), 0);

    let judged = judged.lock().unwrap();
    assert!(judged.iter().all(|one| one.miner == miner) && judged.len() == 4);
    assert!(matches!(judged[0].finding, Some(Finding::Genuine { checked: 1.. })));
    let Some(Finding::Wrong(why)) = &judged[1].finding else { panic!("{judged:?}") };
    assert_eq!(why, "the text of token 0 is not that token's");
    assert!(matches!(&judged[2].finding, Some(Finding::Wrong(why)) if why.contains("ends after")));
    assert_eq!(judged[3].finding, None);
}

#[test]
fn what_is_tolerated_is_the_validators_to_say() {
    let model = model();
    let miner = World::<TextTask>::hotkey(0);
    let challenge = examiner(model).draw(1, miner);
    let mut tokens = Vec::new();
    let take = &mut |line| {
        if let AnswerLine::Token(token) = line {
            tokens.push(token);
        }
        ControlFlow::Continue(())
    };
    honest(model, 0).lines(&challenge, take).unwrap();
    // The first token is always checked.
    tokens[0].logprob -= 0.01;
    let answer = TextAnswer { tokens, ending: FinishReason::Length };
    let finding = |examiner: TextJudge| examiner.examine(&challenge, miner, &answer).unwrap();
    assert!(matches!(finding(examiner(model)), Finding::Wrong(_)));
    let lenient = examiner(model).with_tolerance(Tolerance::new(20_000));
    assert!(matches!(finding(lenient), Finding::Genuine { .. }));
}

#[test]
fn a_miner_refuses_work_for_another_model() {
    let model = model();
    let mut challenge = examiner(model).draw(1, PublicKey::from_bytes([1; 32]));
    challenge.model = ModelHash::from_bytes([7; 32]);
    let refused = honest(model, 0).stream(challenge, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(refused.0.starts_with("asked for the model 0707"), "{refused}");
}

#[test]
fn nh_33_a_round_that_is_judged_counts_although_no_miner_answers() {
    let model = model();
    let reputations = Arc::new(Reputations::default());
    let drawing = ChallengeDraw { model: model.hash(), prompts: Prompts::Made, lengths: 8..=8 };
    let examiner = TextJudge::new(model.clone(), drawing, 5, Arc::clone(&reputations));
    let [one, two] = [1, 2].map(|seed| PublicKey::from_bytes([seed; 32]));
    for miner in [one, two] {
        for _ in 0..4 {
            examiner.note(miner, myelin_subnet_text::reputation::RoundConduct::Proven);
        }
    }
    let before = reputations.of((one, 0));
    // The validator judges no round of an own outage, so miners that fall silent together gain nothing by it.
    let silence = [one, two].map(|miner| (examiner.draw(1, miner), None));
    assert!(examiner.rank(&silence).into_iter().all(|verdict| score_of(verdict) == 0));
    assert!(reputations.of((one, 0)) < before);
}

#[test]
fn nh_38_a_reputation_belongs_to_a_seat() {
    let model = model();
    let reputations = Arc::new(Reputations::default());
    let drawing = ChallengeDraw { model: model.hash(), prompts: Prompts::Made, lengths: 8..=8 };
    let since = Arc::new(AtomicU32::new(5));
    let seat = Arc::clone(&since);
    let examiner = TextJudge::new(model.clone(), drawing, 5, Arc::clone(&reputations))
        .with_seats(move |_| Some(seat.load(Ordering::Relaxed)).filter(|since| *since > 0));
    let miner = PublicKey::from_bytes([1; 32]);
    let proven = || examiner.note(miner, myelin_subnet_text::reputation::RoundConduct::Proven);
    (0..4).for_each(|_| proven());
    since.store(9, Ordering::Relaxed);
    proven();
    since.store(0, Ordering::Relaxed);
    proven();
    let of = |since| reputations.of((miner, since)).cubed().of(1_000_000);
    // A sixteenth, cubed.
    assert_eq!((of(5), of(9)), (0, 244), "a hotkey without a seat has no record");
}

#[test]
fn nh_39_an_answer_that_cannot_be_examined_is_not_noted() {
    let model = model();
    let reputations = Arc::new(Reputations::default());
    let drawing = ChallengeDraw { model: model.hash(), prompts: Prompts::Made, lengths: 8..=8 };
    let examiner = TextJudge::new(model.clone(), drawing, 5, Arc::clone(&reputations));
    let miner = PublicKey::from_bytes([1; 32]);
    examiner.note(miner, myelin_subnet_text::reputation::RoundConduct::Proven);
    // The model has no room for this prompt.
    let prompt = "Once ".repeat(3_000);
    let challenge = TextChallenge { prompt, ..examiner.draw(1, miner) };
    let token = Token { token: 1, logprob: -1.0, text: " a".to_owned() };
    let answer = TextAnswer { tokens: vec![token; 8], ending: FinishReason::Length };
    let reply = Reply { answer, first: Duration::from_millis(9), elapsed: Duration::from_millis(90) };
    assert!(examiner.examine(&challenge, miner, &reply.answer).is_err());
    let verdicts = examiner.rank(&[(challenge, Some(reply))]);
    assert!(matches!(verdicts[..], [Verdict::Abstain]), "{verdicts:?}");
    assert_eq!(reputations.of((miner, 0)).cubed().of(1_000_000), 244);
}
