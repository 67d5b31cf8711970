//! Challenges: a prompt, and all parameters that decide on the tokens of the answer.

use crate::{ModelHash, Query, Sampling};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_subnet_kit::seed_for;
use myelin_wire::PublicKey;

/// The longest prompt, in bytes.
pub const MAX_PROMPT: usize = 16 * 1024;

/// The greatest number of tokens of an answer.
pub const MAX_TOKENS: u16 = 2_048;

/// The number of likeliest tokens from which challenges draw. Common servers return the probabilities of at most 20.
pub const TOP_K: u32 = 20;

/// A challenge to a miner.
///
/// Challenges of validators and questions of consumers look the same, so that a miner cannot serve consumers worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChallenge {
    /// The model that must answer.
    pub model: ModelHash,
    /// The text to continue.
    pub prompt: String,
    /// The seed, which decides on tokens together with the miner's hotkey.
    pub seed: u64,
    /// The sampling of tokens.
    pub sampling: Sampling,
    /// The number of tokens, unless the model ends its text earlier.
    pub max_tokens: u16,
    /// The miner for which it was drawn. The judge that drew it knows the miner, and it is not sent.
    pub miner: Option<PublicKey>,
}

/// The reason for which a challenge is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// An empty prompt.
    #[error("the prompt is empty")]
    NoPrompt,
    /// A prompt that is too long.
    #[error("the prompt has {0} bytes, and {MAX_PROMPT} are allowed")]
    LongPrompt(usize),
    /// A number of tokens that is zero or too large.
    #[error("{0} tokens are asked for, and 1 to {MAX_TOKENS} are allowed")]
    Tokens(u16),
    /// A temperature above the limit.
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
    /// Checks the limits before any work is done. Only the model knows whether prompt and answer fit its context.
    ///
    /// # Errors
    /// [`ChallengeError`] with the part that is beyond its limit.
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

    /// Returns the query of this challenge for this miner, with the tokens of the prompt.
    ///
    /// Each miner draws with noise of its own, so two miners answer the same challenge with different texts. The texts
    /// are equal only if noise decides nothing, at a low temperature or in a certain text. `docs/text-subnet.md`, "How
    /// a token is drawn"
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
