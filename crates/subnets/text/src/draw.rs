//! The drawing of challenges: from a seed to the challenge of a miner.
//!
//! Each miner has a prompt and a seed of its own, so the answer of another miner is of no use. All answers of a round
//! have the same length, so that miners are compared at the same work.

use crate::{
    ModelHash, Sampling,
    challenge::{MAX_PROMPT, MAX_TOKENS, TOP_K, TextChallenge},
    settings::QuestionSettings,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_sources::{random::Random, world::generate};
use myelin_wire::PublicKey;
use std::ops::RangeInclusive;

/// The number of words of a prompt.
const WORDS: RangeInclusive<usize> = 3..=24;

/// The temperatures that are drawn, in thousandths. One in four challenges has one right answer for any seed.
const TEMPERATURES: [u32; 4] = [0, 700, 800, 1_000];

/// The longest prompt of a challenge with the fixed settings that is usual, in bytes.
const USUAL_PROMPT: usize = 256;

/// The greatest number of texts for prompts.
const MAX_TEXTS: usize = 100_000;

/// The source of prompts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompts {
    /// Passages of the texts that [`generate`] returns, without end.
    Made,
    /// Passages of these texts.
    Of(Vec<String>),
}

/// The reason for which prompts cannot be taken from texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptsError {
    /// Texts without words.
    #[error("there is no text to take prompts from")]
    Empty,
    /// More texts than the limit.
    #[error("there are {0} texts to take prompts from, and {MAX_TEXTS} are allowed")]
    Many(usize),
}

impl Diagnostic for PromptsError {
    fn code(&self) -> &'static str {
        "usage"
    }

    fn hints(&self, _: &mut Hints) {}
}

impl Prompts {
    /// Returns passages of these texts, without texts that have no word.
    ///
    /// # Errors
    /// [`PromptsError::Empty`] if no text is left, [`PromptsError::Many`] if there are too many.
    pub fn of(texts: impl IntoIterator<Item = String>) -> Result<Self, PromptsError> {
        let texts: Vec<_> = texts.into_iter().filter(|text| text.split_whitespace().next().is_some()).collect();
        match texts.len() {
            0 => Err(PromptsError::Empty),
            count if count > MAX_TEXTS => Err(PromptsError::Many(count)),
            _ => Ok(Self::Of(texts)),
        }
    }

    fn draw(&self, random: &mut Random) -> String {
        passage(&self.text(random), random)
    }

    /// Returns a random text.
    fn text(&self, random: &mut Random) -> String {
        match self {
            Self::Made => generate(random.next(), 1).pop(),
            Self::Of(texts) => texts.get(random.below(texts.len())).cloned(),
        }
        .unwrap_or_default()
    }

    /// Returns successive words of this many bytes, or of a few less if a character does not fit.
    ///
    /// Few texts are as long as a consumer's prompt, so several are joined.
    pub(crate) fn draw_bytes(&self, random: &mut Random, bytes: usize) -> String {
        let mut drawn = self.text(random);
        let start = random.below(drawn.split_whitespace().count());
        drawn = drawn.split_whitespace().skip(start).collect::<Vec<_>>().join(" ");
        // Each text has a word, so this ends.
        while drawn.len() < bytes.min(MAX_PROMPT) {
            drawn.push(' ');
            drawn.push_str(&self.text(random).split_whitespace().collect::<Vec<_>>().join(" "));
        }
        drawn.truncate(drawn.floor_char_boundary(bytes.clamp(1, MAX_PROMPT)));
        drawn
    }
}

/// Returns a random number in a range.
fn within(random: &mut Random, range: &RangeInclusive<usize>) -> usize {
    range.start().saturating_add(random.below(range.end().saturating_sub(*range.start()).saturating_add(1)))
}

/// Returns some successive words of a text.
fn passage(text: &str, random: &mut Random) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let (start, count) = (random.below(words.len()), within(random, &WORDS));
    let mut passage = words.into_iter().skip(start).take(count).collect::<Vec<_>>().join(" ");
    while passage.len() > MAX_PROMPT {
        passage.pop();
    }
    passage
}

/// The rule by which challenges are drawn.
#[derive(Clone, Debug)]
pub struct ChallengeDraw {
    /// The model that must answer.
    pub model: ModelHash,
    /// The source of prompts.
    pub prompts: Prompts,
    /// The range of the number of tokens.
    pub lengths: RangeInclusive<u16>,
}

impl ChallengeDraw {
    /// Returns the greatest number of tokens of a challenge.
    pub fn longest(&self) -> u16 {
        (*self.lengths.end()).clamp(1, MAX_TOKENS)
    }

    /// Returns true if challenges with the fixed settings look like this question.
    pub fn covers(&self, question: &TextChallenge) -> bool {
        let TextChallenge { prompt, sampling, max_tokens, .. } = question;
        let is_short = prompt.len() <= USUAL_PROMPT && *max_tokens <= self.longest();
        is_short && (1..=TOP_K).contains(&sampling.top_k)
    }

    /// Returns the challenge of this seed for this miner, with the settings of a consumer's question if there are some.
    pub fn draw(&self, seed: u64, miner: PublicKey, settings: Option<QuestionSettings>) -> TextChallenge {
        let longest = self.longest();
        let lengths = usize::from((*self.lengths.start()).clamp(1, longest))..=usize::from(longest);
        let length = within(&mut Random::new("myelin-text/round", &[seed]), &lengths);
        let key = miner.as_bytes().chunks(8).map(|part| part.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)));
        let mut random = Random::new("myelin-text/challenge", &std::iter::once(seed).chain(key).collect::<Vec<_>>());
        let prompt = match settings {
            None => self.prompts.draw(&mut random),
            Some(settings) => self.prompts.draw_bytes(&mut random, settings.prompt_bytes),
        };
        let own_seed = random.next();
        let temperature = TEMPERATURES.get(random.below(TEMPERATURES.len())).copied().unwrap_or_default();
        let fixed = Sampling { temperature_milli: temperature, top_k: TOP_K };
        TextChallenge {
            model: self.model,
            prompt,
            seed: own_seed,
            sampling: settings.map_or(fixed, |settings| settings.sampling),
            max_tokens: settings.map_or(u16::try_from(length).unwrap_or(MAX_TOKENS), |settings| settings.max_tokens),
            miner: Some(miner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn drawing(prompts: Prompts) -> ChallengeDraw {
        ChallengeDraw { model: ModelHash::from_bytes([1; 32]), prompts, lengths: 16..=64 }
    }

    fn miner(seed: u8) -> PublicKey {
        PublicKey::from_bytes([seed; 32])
    }

    #[test]
    fn a_seed_draws_one_challenge_for_each_miner() {
        let drawing = drawing(Prompts::Made);
        let mut seen = BTreeSet::new();
        for seed in 0..20 {
            let of = |number| drawing.draw(seed, miner(number), None);
            assert_eq!(of(1), of(1));
            for number in 0..10 {
                let challenge = of(number);
                assert_eq!(challenge.check(), Ok(()), "{challenge:?}");
                assert_eq!(challenge.max_tokens, of(0).max_tokens);
                assert!((16..=64).contains(&challenge.max_tokens));
                assert!(seen.insert((challenge.prompt, challenge.seed)));
            }
        }
    }

    #[test]
    fn prompts_come_from_the_texts_that_are_given() {
        let texts = ["  ".to_owned(), "one two three four five six".to_owned(), "seven eight nine".to_owned()];
        let prompts = Prompts::of(texts.clone()).unwrap();
        let drawing = drawing(prompts);
        let drawn: BTreeSet<_> = (0..100).map(|seed| drawing.draw(seed, miner(1), None).prompt).collect();
        assert!(
            drawn.iter().all(|prompt| !prompt.is_empty() && texts.iter().any(|text| text.contains(prompt))),
            "{drawn:?}"
        );
        assert!(drawn.len() > 5);
        assert_eq!(Prompts::of([" ".to_owned()]), Err(PromptsError::Empty));
    }

    #[test]
    fn lengths_beyond_the_limits_are_brought_back() {
        let of = |lengths| ChallengeDraw { lengths, ..drawing(Prompts::Made) }.draw(1, miner(1), None).max_tokens;
        assert_eq!(of(0..=0), 1);
        assert_eq!(of(u16::MAX..=u16::MAX), MAX_TOKENS);
    }
}
