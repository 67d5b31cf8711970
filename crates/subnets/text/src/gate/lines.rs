//! The lines of a validator's answer to a consumer.

use crate::answer::{EndLine, FinishReason, Token};
use myelin_wire::strict::Receipt;
use serde::{Deserialize, Serialize};

/// A reference to the miner that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinerRef {
    /// The uid of the miner.
    pub uid: u16,
    /// The address of its hotkey.
    pub hotkey: String,
}

/// The report of a validator on an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerReport {
    /// The uid of the miner.
    pub uid: u16,
    /// The address of the miner's hotkey.
    pub hotkey: String,
    /// The hash of the model.
    pub model: String,
    /// The number of tokens of the answer.
    pub tokens: u32,
    /// The time to the first token as seen by the validator, in microseconds.
    pub first_us: u64,
    /// The time to the end as seen by the validator, in microseconds.
    pub elapsed_us: u64,
    /// True if the validator proved that the model wrote the answer.
    pub proven: bool,
    /// The number of tokens that the validator recomputed.
    pub checked: u32,
    /// The miner's incentive in the last epoch, in parts of 65 535.
    pub incentive: u16,
    /// The miner's consensus weight in the last epoch, in parts of 65 535.
    pub consensus: u16,
    /// The timeout of the miner in milliseconds, which the validator signed with the question.
    pub timeout_ms: u64,
    /// The lengths of the signed groups in which the lines arrived, in bytes.
    pub groups: Vec<u32>,
    /// The receipt, which proves to third parties that the miner sent the lines in these groups to the validator.
    pub receipt: Option<Receipt>,
}

/// A line of an answer to a consumer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "GateMembers")]
pub enum GateLine {
    /// The validator asks a miner; earlier tokens are void.
    Asked(AttemptLine),
    /// A token.
    Token(Token),
    /// The answer ends.
    End(EndLine),
    /// The last line: the report on the answer.
    Closing(Box<ReportLine>),
    /// The last line: there is no answer.
    Failed(FailureLine),
}

/// The content of [`GateLine::Asked`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttemptLine {
    /// The miner.
    pub asked: MinerRef,
}

/// The content of [`GateLine::Closing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportLine {
    /// The report.
    pub report: AnswerReport,
}

/// The content of [`GateLine::Failed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureLine {
    /// The reason.
    pub failed: String,
}

/// The members of lines, read like those of [`crate::answer::AnswerLine`].
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
            // A number beyond the range of `f32` becomes infinite, which JSON cannot write.
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
