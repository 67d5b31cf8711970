//! The settings of consumers' questions, from which those of challenges are drawn.
//!
//! Settings of a fixed list would tell a miner which questions are challenges. Settings that consumers choose do not.
//! The prompts of consumers are not kept.

use crate::{Sampling, challenge::TextChallenge};
use myelin_sources::random::Random;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The number of questions whose settings are kept.
const KEPT: usize = 512;

/// The least number of questions from which settings are drawn.
const LEAST: usize = 64;

/// The settings of a question: all that a miner sees of it, but for its words and its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionSettings {
    /// The length of the prompt, in bytes.
    pub prompt_bytes: usize,
    /// The sampling of tokens.
    pub sampling: Sampling,
    /// The number of tokens.
    pub max_tokens: u16,
}

impl QuestionSettings {
    /// Returns the settings of a question.
    pub const fn of(question: &TextChallenge) -> Self {
        let TextChallenge { prompt, sampling, max_tokens, .. } = question;
        Self { prompt_bytes: prompt.len(), sampling: *sampling, max_tokens: *max_tokens }
    }
}

/// The settings of the last questions that were answered.
///
/// Only answered ones are kept, so that no consumer makes challenges that no miner can answer.
#[derive(Debug, Default)]
pub(crate) struct ConsumerSettings(Mutex<SettingsLog>);

#[derive(Debug, Default)]
struct SettingsLog {
    last: VecDeque<QuestionSettings>,
    /// The seed of the last round, and its settings. All challenges of a round have the same.
    drawn: Option<(u64, QuestionSettings)>,
}

impl ConsumerSettings {
    /// Records the settings of a question that was answered.
    pub(crate) fn push(&self, question: &TextChallenge) {
        let mut log = self.lock();
        log.last.push_back(QuestionSettings::of(question));
        if log.last.len() > KEPT {
            log.last.pop_front();
        }
    }

    /// Draws the settings of a round, or returns `None` while there are too few questions.
    pub(crate) fn draw(&self, seed: u64) -> Option<QuestionSettings> {
        let mut log = self.lock();
        if let Some((_, settings)) = log.drawn.filter(|(round, _)| *round == seed) {
            return Some(settings);
        }
        if log.last.len() < LEAST {
            return None;
        }
        let place = Random::new("myelin-text/settings", &[seed]).below(log.last.len());
        let settings = log.last.get(place).copied()?;
        log.drawn = Some((seed, settings));
        Some(settings)
    }

    /// Returns true if challenges with these settings are as large as the question.
    pub(crate) fn covers(&self, question: &TextChallenge) -> bool {
        let QuestionSettings { prompt_bytes, sampling, max_tokens } = QuestionSettings::of(question);
        let log = self.lock();
        let is_covered = |kept: &QuestionSettings| {
            kept.prompt_bytes >= prompt_bytes && kept.max_tokens >= max_tokens && kept.sampling.top_k == sampling.top_k
        };
        log.last.len() >= LEAST && log.last.iter().any(is_covered)
    }

    fn lock(&self) -> MutexGuard<'_, SettingsLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ModelHash,
        challenge::TOP_K,
        draw::{ChallengeDraw, Prompts},
        task::{TextTask, message},
    };
    use myelin_subnet_kit::Task as _;
    use myelin_wire::{PublicKey, python::Value};
    use std::collections::BTreeSet;

    fn question(prompt: String, temperature_milli: u32, max_tokens: u16) -> TextChallenge {
        let sampling = Sampling { temperature_milli, top_k: TOP_K };
        TextChallenge { model: ModelHash::from_bytes([1; 32]), prompt, seed: 7, sampling, max_tokens, miner: None }
    }

    #[test]
    fn nh_42_settings_are_those_of_the_last_questions() {
        let asked = ConsumerSettings::default();
        for tokens in 1..64 {
            asked.push(&question("a".repeat(9), 700, tokens));
            assert_eq!(asked.draw(tokens.into()), None);
        }
        asked.push(&question("a".repeat(9), 700, 64));
        let drawn = |seeds: u64| (0..seeds).map(|seed| asked.draw(seed).unwrap().max_tokens).collect::<BTreeSet<_>>();
        assert_eq!(drawn(2_000), (1..=64).collect());
        for _ in 0..KEPT {
            asked.push(&question("a".repeat(9), 700, 99));
        }
        assert_eq!((drawn(2_000), asked.lock().last.len()), ([99].into(), KEPT));
    }

    #[test]
    fn nh_42_a_round_has_one_setting_although_questions_arrive_meanwhile() {
        let asked = ConsumerSettings::default();
        (0..LEAST).for_each(|_| asked.push(&question("a".into(), 0, 5)));
        let before = asked.draw(3);
        (0..KEPT).for_each(|_| asked.push(&question("a".into(), 0, 6)));
        assert_eq!(asked.draw(3), before);
        assert_eq!(asked.draw(4).unwrap().max_tokens, 6);
    }

    #[test]
    fn nh_43_only_what_challenges_ask_for_too_is_usual() {
        let asked = ConsumerSettings::default();
        let long = question("a".repeat(4_000), 700, 512);
        assert!(!asked.covers(&long));
        (0..LEAST).for_each(|_| asked.push(&long));
        assert!(asked.covers(&long) && asked.covers(&question("a".into(), 0, 1)));
        assert!(!asked.covers(&question("a".repeat(4_001), 700, 512)));
        assert!(!asked.covers(&question("a".into(), 700, 513)));
        let drawing = ChallengeDraw { model: long.model, prompts: Prompts::Made, lengths: 8..=64 };
        assert!(drawing.covers(&question("Once upon a time".into(), 700, 64)) && !drawing.covers(&long));
        let any = Sampling { temperature_milli: 700, top_k: 0 };
        assert!(!drawing.covers(&TextChallenge { sampling: any, ..question("Once".into(), 700, 8) }));
    }

    /// Returns the area under the curve of the best threshold, from one half to one, of two sets of numbers.
    fn area(ones: &[f64], others: &[f64]) -> f64 {
        let mut all: Vec<_> =
            ones.iter().map(|one| (*one, true)).chain(others.iter().map(|one| (*one, false))).collect();
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (mut below, mut wins, mut place) = (0.0, 0.0, 0);
        while let Some((value, _)) = all.get(place) {
            let ties =
                &all[place..][..all[place..].iter().take_while(|other| other.0.total_cmp(value).is_eq()).count()];
            let (mine, theirs) = ties.iter().fold((0.0, 0.0), |(mine, theirs), (_, is_mine)| match is_mine {
                true => (mine + 1.0, theirs),
                false => (mine, theirs + 1.0),
            });
            wins += mine * (below + theirs / 2.0);
            below += theirs;
            place += ties.len();
        }
        let area = wins / (count(ones) * count(others));
        area.max(1.0 - area)
    }

    fn count(of: &[f64]) -> f64 {
        f64::from(u32::try_from(of.len()).unwrap())
    }

    /// The numbers by which a miner could tell two messages apart: the length and the value of each field.
    fn features(challenge: &TextChallenge) -> Vec<(String, f64)> {
        let message = message(&TextTask.class(), challenge, 12_000).unwrap();
        let mut features = vec![("timeout".to_owned(), message.timeout.unwrap())];
        for (field, value) in message.fields() {
            let number = match value {
                Value::Text(text) => {
                    let words = text.split(' ').count();
                    features.push((format!("words of {}", field.name()), f64::from(u32::try_from(words).unwrap())));
                    f64::from(u32::try_from(text.len()).unwrap())
                }
                // The order of large numbers is what counts.
                Value::Int(number) => number.to_string().parse().unwrap(),
                other => panic!("{other:?}"),
            };
            features.push((field.name().to_owned(), number));
        }
        features
    }

    #[test]
    fn nh_42_no_field_tells_a_challenge_from_a_question() {
        let drawing =
            ChallengeDraw { model: ModelHash::from_bytes([1; 32]), prompts: Prompts::Made, lengths: 32..=128 };
        let asked = ConsumerSettings::default();
        let mut random = Random::new("test", &[42]);
        // Consumers ask in ways that are not those of the fixed list.
        let mut consumer = |asked: &ConsumerSettings| {
            let tokens = [16, 200, 256][random.below(3)];
            let temperature = [0, 300, 700, 1_300][random.below(4)];
            let bytes = 20 + random.below(900);
            let prompt = Prompts::Made.draw_bytes(&mut random, bytes);
            let question = TextChallenge { seed: random.next(), ..question(prompt, temperature, tokens) };
            asked.push(&question);
            question
        };
        (0..KEPT).for_each(|_| drop(consumer(&asked)));
        let (mut challenges, mut questions) = (Vec::new(), Vec::new());
        for round in 0..2_000_u64 {
            questions.push(features(&consumer(&asked)));
            let seed = Random::new("test/round", &[round]).next();
            let miner = PublicKey::from_bytes([5; 32]);
            challenges.push(features(&drawing.draw(seed, miner, asked.draw(seed))));
        }
        for place in 0..challenges[0].len() {
            let column = |rows: &[Vec<(String, f64)>]| rows.iter().map(|row| row[place].1).collect::<Vec<_>>();
            let area = area(&column(&challenges), &column(&questions));
            assert!(area <= 0.55, "{}: {area}", challenges[0][place].0);
        }
        // The test does tell the fixed list apart.
        let fixed: Vec<_> = (0..2_000)
            .map(|seed| f64::from(drawing.draw(seed, PublicKey::from_bytes([5; 32]), None).max_tokens))
            .collect();
        let tokens: Vec<_> = questions.iter().map(|row| row.last().unwrap().1).collect();
        assert!(area(&fixed, &tokens) > 0.6);
    }
}
