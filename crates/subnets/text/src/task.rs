//! The task: the form in which challenges and answers travel.

use crate::{ModelHash, Sampling, answer::TextAnswer, challenge::TextChallenge};
use myelin_subnet_kit::Task;
use myelin_wire::{
    Synapse,
    class::{Class, ClassError, Field, Mismatch, Type},
    python::{Dict, Value},
};
use std::{sync::Arc, time::Duration};

/// The task of continuing texts.
///
/// A challenge is a message of the class `TextTask`, an answer a stream of [lines](crate::answer).
#[derive(Clone, Copy, Debug, Default)]
pub struct TextTask;

/// The fields of a challenge, all of them signed in both protocols.
const FIELDS: [(&str, Type); 6] = [
    ("model", Type::Text),
    ("prompt", Type::Text),
    ("seed", Type::Int),
    ("temperature_milli", Type::Int),
    ("top_k", Type::Int),
    ("max_tokens", Type::Int),
];

/// The limit of a challenge or a question, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Returns a class of this name with the fields of a challenge.
pub(crate) fn class(name: &str) -> Class {
    let fields = FIELDS.into_iter().map(|(name, kind)| Field::required(name, kind)).collect();
    let hashed = FIELDS.map(|(name, _)| name);
    let class = Class::new(name, fields).and_then(|class| class.hashing(&hashed));
    // The names are constants, and a test reads them.
    class.unwrap_or_else(|_: ClassError| Class::synapse()).with_max_body(MAX_BODY)
}

/// Returns the fields of a challenge.
fn fields(challenge: &TextChallenge) -> Dict {
    let TextChallenge { model, prompt, seed, sampling, max_tokens, miner: _ } = challenge;
    Dict::from_iter([
        ("model", Value::Text(model.to_string())),
        ("prompt", Value::from(prompt.as_str())),
        ("seed", Value::int(*seed)),
        ("temperature_milli", Value::int(sampling.temperature_milli)),
        ("top_k", Value::int(sampling.top_k)),
        ("max_tokens", Value::int(*max_tokens)),
    ])
}

/// Returns the message of a class that asks this challenge, with this timeout.
pub(crate) fn message(class: &Class, challenge: &TextChallenge, timeout_ms: u64) -> Result<Synapse, Mismatch> {
    let mut message = Synapse::new(Arc::new(class.clone()), &fields(challenge))?;
    message.timeout = Some(Duration::from_millis(timeout_ms).as_secs_f64());
    Ok(message)
}

/// Reads the challenge in a message.
pub(crate) fn question(message: &Synapse) -> Result<TextChallenge, Mismatch> {
    let model = text(message, "model")?;
    let model: ModelHash = model.parse().map_err(|error| wrong("model", format!("is no hash: {error}")))?;
    let challenge = TextChallenge {
        model,
        prompt: text(message, "prompt")?.to_owned(),
        seed: number(message, "seed")?,
        sampling: Sampling {
            temperature_milli: number(message, "temperature_milli")?,
            top_k: number(message, "top_k")?,
        },
        max_tokens: number(message, "max_tokens")?,
        miner: None,
    };
    challenge.check().map_err(|error| wrong("question", format!("is not answered: {error}")))?;
    Ok(challenge)
}

fn wrong(at: &str, what: impl Into<String>) -> Mismatch {
    Mismatch { at: at.to_owned(), what: what.into() }
}

fn text<'a>(message: &'a Synapse, name: &str) -> Result<&'a str, Mismatch> {
    message.get(name).and_then(Value::as_text).ok_or_else(|| wrong(name, "is not text"))
}

fn number<T: TryFrom<i128>>(message: &Synapse, name: &str) -> Result<T, Mismatch> {
    let number = match message.get(name) {
        Some(Value::Int(number)) => number.to_i128().and_then(|number| T::try_from(number).ok()),
        _ => None,
    };
    number.ok_or_else(|| wrong(name, "is negative or too large"))
}

impl Task for TextTask {
    type Challenge = TextChallenge;
    type Answer = TextAnswer;

    fn class(&self) -> Class {
        class("Text")
    }

    fn ask(&self, challenge: &TextChallenge) -> Dict {
        fields(challenge)
    }

    fn asked(&self, message: &Synapse) -> Result<TextChallenge, Mismatch> {
        question(message)
    }

    fn answer(&self, _: &mut Synapse, _: TextAnswer) -> Result<(), Mismatch> {
        Err(wrong("answer", "is a stream in this task"))
    }

    fn answered(&self, _: &Synapse) -> Result<TextAnswer, Mismatch> {
        Err(wrong("answer", "is a stream in this task"))
    }

    fn streams(&self) -> bool {
        true
    }

    /// Returns true if the bytes have a whole line.
    ///
    /// The first token is always checked, so only it counts as a beginning.
    fn begins(&self, bytes: &[u8]) -> bool {
        bytes.contains(&b'\n')
    }

    fn streamed(&self, bytes: &[u8]) -> Result<TextAnswer, Mismatch> {
        TextAnswer::read(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_wire::PublicKey;

    fn challenge() -> TextChallenge {
        TextChallenge {
            model: ModelHash::from_bytes([3; 32]),
            prompt: "Once ünder".into(),
            seed: u64::MAX,
            sampling: Sampling { temperature_milli: 800, top_k: 20 },
            max_tokens: 64,
            miner: Some(PublicKey::from_bytes([1; 32])),
        }
    }

    fn message(change: impl FnOnce(&mut Synapse)) -> Result<TextChallenge, Mismatch> {
        let mut message = Synapse::new(Arc::new(TextTask.class()), &TextTask.ask(&challenge())).unwrap();
        change(&mut message);
        TextTask.asked(&message)
    }

    #[test]
    fn every_field_is_signed() {
        assert_eq!(TextTask.class().name(), "Text");
        assert_eq!(TextTask.class().hash_order(), FIELDS.map(|(name, _)| name));
    }

    #[test]
    fn a_question_arrives_as_it_was_asked() {
        assert_eq!(message(|_| ()), Ok(TextChallenge { miner: None, ..challenge() }));
    }

    #[test]
    fn a_question_beyond_a_limit_is_refused() {
        let wrong =
            |name: &'static str, value: Value| message(|message| message.set(name, value).unwrap()).unwrap_err();
        assert_eq!(wrong("seed", Value::int(-1)).at, "seed");
        assert_eq!(wrong("max_tokens", Value::int(70_000)).at, "max_tokens");
        assert_eq!(wrong("max_tokens", Value::int(0)).at, "question");
        assert_eq!(wrong("model", Value::from("abc")).at, "model");
        assert_eq!(wrong("prompt", Value::from("")).at, "question");
    }
}
