//! The lines that a validator's answer to a consumer has.

use crate::answer::{EndLine, FinishReason, Token};
use myelin_wire::strict::Receipt;
use serde::{Deserialize, Serialize};

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinerRef {
    /// Its seat.
    pub uid: u16,
    /// Its address.
    pub hotkey: String,
}

/// What a validator says of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerReport {
    /// The seat of the miner.
    pub uid: u16,
    /// The address of the miner.
    pub hotkey: String,
    /// The hash of the model.
    pub model: String,
    /// The tokens of the answer.
    pub tokens: u32,
    /// Microseconds to the first token, as seen by the validator.
    pub first_us: u64,
    /// Microseconds to the end, as seen by the validator.
    pub elapsed_us: u64,
    /// Whether the validator proved that the model wrote it.
    pub proven: bool,
    /// How many tokens it recomputed.
    pub checked: u32,
    /// The miner's part of what miners earned in the last epoch, of 65 535.
    pub incentive: u16,
    /// The miner's consensus weight in the last epoch, of 65 535.
    pub consensus: u16,
    /// Milliseconds that the miner had, which the validator signed with the question.
    pub timeout_ms: u64,
    /// The bytes of each signed group in which the lines of the answer came.
    pub groups: Vec<u32>,
    /// What proves to anybody that the miner said this to the validator, in these groups.
    pub receipt: Option<Receipt>,
}

/// A line of what consumers are answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "GateMembers")]
pub enum GateLine {
    /// Somebody is asked; what came before is void.
    Asked(AttemptLine),
    /// A token.
    Token(Token),
    /// The answer ends.
    End(EndLine),
    /// The last line: what to think of it.
    Closing(Box<ReportLine>),
    /// The last line: there is no answer.
    Failed(FailureLine),
}

/// [`GateLine::Asked`]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttemptLine {
    /// Who.
    pub asked: MinerRef,
}

/// [`GateLine::Closing`]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportLine {
    /// What.
    pub report: AnswerReport,
}

/// [`GateLine::Failed`]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureLine {
    /// Why.
    pub failed: String,
}

/// The members that lines have, read like those of [`crate::answer::AnswerLine`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateMembers {
    asked: Option<MinerRef>,
    token: Option<u32>,
    logprob: Option<f32>,
    text: Option<String>,
    finish: Option<FinishReason>,
    report: Option<AnswerReport>,
    failed: Option<String>,
}

impl TryFrom<GateMembers> for GateLine {
    type Error = &'static str;

    fn try_from(members: GateMembers) -> Result<Self, &'static str> {
        let GateMembers { asked, token, logprob, text, finish, report, failed } = members;
        match (asked, (token, logprob, text), finish, report, failed) {
            (Some(asked), (None, None, None), None, None, None) => Ok(Self::Asked(AttemptLine { asked })),
            // Beyond the range of `f32` a number reads as infinite, which JSON does not have.
            (None, (Some(token), Some(logprob), Some(text)), None, None, None) if logprob.is_finite() => {
                Ok(Self::Token(Token { token, logprob, text }))
            }
            (None, (None, None, None), Some(finish), None, None) => Ok(Self::End(EndLine { finish })),
            (None, (None, None, None), None, Some(report), None) => Ok(Self::Closing(Box::new(ReportLine { report }))),
            (None, (None, None, None), None, None, Some(failed)) => Ok(Self::Failed(FailureLine { failed })),
            _ => Err("no line of an answer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let asked = GateLine::Asked(AttemptLine { asked: MinerRef { uid: 3, hotkey: "5F".into() } });
        assert_eq!(serde_json::to_string(&asked).unwrap(), r#"{"asked":{"uid":3,"hotkey":"5F"}}"#);
        for said in [asked, GateLine::Failed(FailureLine { failed: "no".into() })] {
            assert_eq!(serde_json::from_str::<GateLine>(&serde_json::to_string(&said).unwrap()).unwrap(), said);
        }
        let end = serde_json::from_str::<GateLine>(r#"{"finish":"stop"}"#).unwrap();
        assert!(matches!(end, GateLine::End(_)));
        assert!(serde_json::from_str::<GateLine>(r#"{"finish":"stop","more":1}"#).is_err());
        let token = |logprob: &str| {
            let line = format!(r#"{{"token":1,"logprob":{logprob},"text":""}}"#);
            serde_json::from_str::<GateLine>(&line).is_ok()
        };
        assert!(token("-3.4e38") && !token("-1.1e308"));
    }
}
