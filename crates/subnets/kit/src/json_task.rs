//! A task whose messages follow from its types.

use super::Task;
use core::{fmt, marker::PhantomData};
use myelin_wire::{
    Synapse,
    class::{Class, ClassError, Field, Mismatch, Type},
    python::{Dict, Value},
};
use serde::{Serialize, de::DeserializeOwned};

const CHALLENGE: &str = "challenge";
const ANSWER: &str = "answer";

/// The limit of a challenge, in bytes. An answer may be longer.
const MAX_CHALLENGE: usize = 64 * 1024;

/// A task whose challenges `C` and answers `A` travel as JSON, each in one text.
///
/// Implement [`Task`] for separate fields, or for answers that stream.
pub struct JsonTask<C, A> {
    class: Class,
    types: PhantomData<fn() -> (C, A)>,
}

impl<C, A> JsonTask<C, A> {
    /// Returns a task of this name, which is also the path at which miners serve it.
    ///
    /// # Errors
    /// [`ClassError`] if the name is invalid.
    pub fn new(name: &str) -> Result<Self, ClassError> {
        let answer = Field::with_default(ANSWER, Type::Text, Value::from(""));
        let class = Class::new(name, vec![Field::required(CHALLENGE, Type::Text), answer])?.hashing(&[CHALLENGE])?;
        Ok(Self { class: class.with_max_body(MAX_CHALLENGE), types: PhantomData })
    }
}

fn write(value: &impl Serialize, at: &str) -> Result<Value, Mismatch> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| mismatch(at, &error))
}

fn read<T: DeserializeOwned>(message: &Synapse, at: &str) -> Result<T, Mismatch> {
    let text = message.get(at).and_then(Value::as_text).unwrap_or_default();
    serde_json::from_str(text).map_err(|error| mismatch(at, &error))
}

fn mismatch(at: &str, error: &serde_json::Error) -> Mismatch {
    Mismatch { at: at.to_owned(), what: format!("is not JSON of the expected type: {error}") }
}

impl<C, A> Task for JsonTask<C, A>
where
    C: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    A: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    type Challenge = C;
    type Answer = A;

    fn class(&self) -> Class {
        self.class.clone()
    }

    fn ask(&self, challenge: &C) -> Dict {
        // A challenge that cannot be written is missing from the message, which then is invalid.
        write(challenge, CHALLENGE).map(|text| Dict::from_iter([(CHALLENGE, text)])).unwrap_or_default()
    }

    fn asked(&self, message: &Synapse) -> Result<C, Mismatch> {
        read(message, CHALLENGE)
    }

    fn answer(&self, message: &mut Synapse, answer: A) -> Result<(), Mismatch> {
        message.set(ANSWER, write(&answer, ANSWER)?)
    }

    fn answered(&self, message: &Synapse) -> Result<A, Mismatch> {
        read(message, ANSWER)
    }
}

impl<C, A> fmt::Debug for JsonTask<C, A> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Typed").field(&self.class.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question;

    #[test]
    fn types_travel_and_strangers_do_not() {
        let task = JsonTask::<(u8, String), Vec<u64>>::new("Things").unwrap();
        let asked = (7, "äh".to_owned());
        let mut message = question(&task, &asked).unwrap();
        assert_eq!(task.asked(&message).unwrap(), asked);
        task.answer(&mut message, vec![1, u64::MAX]).unwrap();
        assert_eq!(task.answered(&message).unwrap(), [1, u64::MAX]);
        for bad in ["", "[-1]", "[1", "{}"] {
            message.set(ANSWER, Value::from(bad)).unwrap();
            assert!(task.answered(&message).is_err(), "{bad}");
        }
        assert!(JsonTask::<u8, u8>::new("no name").is_err());
    }
}
