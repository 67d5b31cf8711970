//! What is asked: a prompt, and everything that decides which tokens follow it.

use crate::{ModelHash, Query, Sampling};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_subnet_kit::seed_for;
use myelin_wire::PublicKey;

/// The bytes a prompt may have.
pub const MAX_PROMPT: usize = 16 * 1024;

/// The tokens that may be asked for at once.
pub const MAX_TOKENS: u16 = 2_048;

/// The likeliest tokens that challenges draw from. Servers of others give the probabilities of at most so many.
pub const TOP_K: u32 = 20;

/// A question to a miner. Those of validators and those of consumers look the same, so that nobody is served worse when
/// nobody looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChallenge {
    /// The model that is to answer.
    pub model: ModelHash,
    /// What is to be continued.
    pub prompt: String,
    /// What decides between tokens, together with who is asked.
    pub seed: u64,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// How many tokens, unless the model ends its text before.
    pub max_tokens: u16,
    /// For whom it was drawn. Known to the judge that drew it, and not sent.
    pub miner: Option<PublicKey>,
}

/// Why something cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// There is nothing to continue.
    #[error("the prompt is empty")]
    NoPrompt,
    /// The prompt is too long.
    #[error("the prompt has {0} bytes, and {MAX_PROMPT} are allowed")]
    LongPrompt(usize),
    /// Nothing is asked for, or too much.
    #[error("{0} tokens are asked for, and 1 to {MAX_TOKENS} are allowed")]
    Tokens(u16),
    /// The temperature says nothing any more.
    #[error("a temperature of {0} thousandths is above {max}", max = Sampling::MAX_TEMPERATURE_MILLI)]
    Temperature(u32),
}

impl Diagnostic for ChallengeError {
    fn code(&self) -> &'static str {
        "usage"
    }

    fn hints(&self, _: &mut Hints) {}
}

impl TextChallenge {
    /// Looks at it before any work is done for it. Whether prompt and answer fit the model is known to the model.
    ///
    /// # Errors
    /// [`ChallengeError`], with what is beyond its limit.
    pub fn check(&self) -> Result<(), ChallengeError> {
        match (self.prompt.len(), self.max_tokens, self.sampling.temperature_milli) {
            (0, ..) => Err(ChallengeError::NoPrompt),
            (length, ..) if length > MAX_PROMPT => Err(ChallengeError::LongPrompt(length)),
            (_, tokens, _) if tokens == 0 || tokens > MAX_TOKENS => Err(ChallengeError::Tokens(tokens)),
            (.., temperature) if temperature > Sampling::MAX_TEMPERATURE_MILLI => {
                Err(ChallengeError::Temperature(temperature))
            }
            _ => Ok(()),
        }
    }

    /// What the model is to write when this miner is asked, with the tokens of the prompt.
    ///
    /// Each miner draws with noise of its own, so what another answers to the same question is another text, unless the
    /// temperature is so low, or the text so certain, that noise decides nothing. `docs/text-subnet.md`, "How a token is drawn"
    pub fn query<'a>(&self, prompt: &'a [u32], miner: PublicKey) -> Query<'a> {
        Query { prompt, seed: seed_for(self.seed, miner), sampling: self.sampling, max_tokens: self.max_tokens.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok() -> TextChallenge {
        TextChallenge {
            model: ModelHash::from_bytes([1; 32]),
            prompt: "Once".into(),
            seed: 7,
            sampling: Sampling::GREEDY,
            max_tokens: 1,
            miner: None,
        }
    }

    #[test]
    fn a_miner_has_a_seed_of_its_own() {
        let [one, two] = [1, 2].map(|miner| ok().query(&[1], PublicKey::from_bytes([miner; 32])).seed);
        // The first 8 bytes of SHA-256 over 7 in 8 bytes and the hotkey, big endian.
        assert_eq!(one, 2_086_928_780_815_590_567);
        assert_ne!(one, two);
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused_at_the_door() {
        let ok = ok();
        assert_eq!(ok.check(), Ok(()));
        let with = |change: fn(&mut TextChallenge)| {
            let mut challenge = ok.clone();
            change(&mut challenge);
            challenge.check()
        };
        assert_eq!(with(|it| it.prompt.clear()), Err(ChallengeError::NoPrompt));
        assert_eq!(with(|it| it.prompt = "x".repeat(MAX_PROMPT)), Ok(()));
        assert_eq!(with(|it| it.prompt = "x".repeat(MAX_PROMPT + 1)), Err(ChallengeError::LongPrompt(MAX_PROMPT + 1)));
        assert_eq!(with(|it| it.max_tokens = 0), Err(ChallengeError::Tokens(0)));
        assert_eq!(with(|it| it.max_tokens = MAX_TOKENS + 1), Err(ChallengeError::Tokens(MAX_TOKENS + 1)));
        assert_eq!(with(|it| it.sampling.temperature_milli = 10_001), Err(ChallengeError::Temperature(10_001)));
    }
}
