//! Why a node does not let a transaction into its pool.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_records::pool_code::PoolCode;
use std::borrow::Cow;
use subxt::rpcs::UserError;

/// What a node answers when its pool rejects a transaction, by kind.
mod code {
    pub(super) const INVALID: i32 = 1_010;
    pub(super) const BANNED: i32 = 1_012;
    pub(super) const KNOWN: i32 = 1_013;
    pub(super) const LOW_PRIORITY: i32 = 1_014;
    pub(super) const FULL: i32 = 1_016;
}

/// Why a node does not let a transaction into its pool. Nothing was paid, and no nonce was used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolRefusal {
    /// The call would fail, for the reason of this code. `Err` has a number that is no code of this version.
    #[error("the call would fail: {}", meaning(*.0))]
    Call(Result<PoolCode, u8>),
    /// The nonce was used.
    #[error("the nonce was used by another transaction")]
    Stale,
    /// Too many transactions of this key wait already.
    #[error("too many transactions of this key are waiting")]
    Future,
    /// The account cannot pay the fee.
    #[error("the account cannot pay the fee")]
    Payment,
    /// Another transaction of this key, of the same kind or with the same nonce, waits already.
    #[error("another transaction of this key is waiting in its place")]
    Waiting,
    /// It is in the pool already.
    #[error("the transaction is in the pool already")]
    Known,
    /// No block takes it at present.
    #[error("blocks have no room for it at present")]
    Exhausted,
    /// The pool has no room.
    #[error("the pool is full")]
    Full,
    /// The node does not look at it for a while, because it was invalid before.
    #[error("the node refused this transaction before, and does not look at it for a while")]
    Banned,
    /// The signature is not that of the signer over this call on this chain.
    #[error("the signature is wrong for this chain")]
    Signature,
    /// The time in which it could have been included is over.
    #[error("the transaction was signed too long ago")]
    Expired,
    /// Anything else.
    #[error("the node answers: {message} ({code})")]
    Other {
        /// The number of the kind of refusal.
        code: i32,
        /// The reason.
        message: String,
    },
}

impl From<&UserError> for PoolRefusal {
    fn from(error: &UserError) -> Self {
        // The reason stands in the data, as a text in JSON.
        let said = error.data.as_ref().map_or(error.message.as_str(), |data| data.get().trim_matches('"'));
        let other = || Self::Other { code: error.code, message: said.to_owned() };
        match error.code {
            code::INVALID => match said {
                "Transaction is outdated" => Self::Stale,
                "Transaction will be valid in the future" => Self::Future,
                "Transaction has a bad signature" => Self::Signature,
                "Transaction has an ancient birth block" => Self::Expired,
                "Transaction would exhaust the block limits" => Self::Exhausted,
                "Inability to pay some fees (e.g. account balance too low)" => Self::Payment,
                _ => match said.strip_prefix("Custom error: ").and_then(|number| number.parse().ok()) {
                    Some(number) => Self::Call(PoolCode::from_number(number)),
                    None => other(),
                },
            },
            code::BANNED => Self::Banned,
            code::KNOWN => Self::Known,
            code::LOW_PRIORITY => Self::Waiting,
            code::FULL => Self::Full,
            _ => other(),
        }
    }
}

impl Diagnostic for PoolRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Payment => "funds",
            _ => "refused",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Call(Ok(code)) => out.push(texts(*code).1),
            Self::Call(Err(_)) => out.push("update this program"),
            Self::Stale => out.push("send it again: it is then signed with the next nonce"),
            Self::Future => out.push("wait until those before it are included"),
            Self::Payment => out.push("add TAO to the account that signs"),
            Self::Waiting => out.push("wait until the other one is included"),
            Self::Known => out.push("look for it on the chain"),
            Self::Exhausted | Self::Full | Self::Banned => out.push("send it again in a few blocks"),
            Self::Signature => out.push("see that this program was built for the runtime of this chain"),
            Self::Expired => out.push("sign it again"),
            Self::Other { .. } => out.push("look into the log of the node"),
        }
    }
}

/// Returns the meaning of a pool code, or of a number that is none.
fn meaning(code: Result<PoolCode, u8>) -> Cow<'static, str> {
    match code {
        Ok(code) => texts(code).0.into(),
        Err(number) => format!("reason {number}, which this program does not know").into(),
    }
}

/// Returns the meaning of a pool code and its hint. spec events-and-errors §8.3
const fn texts(code: PoolCode) -> (&'static str, &'static str) {
    match code {
        PoolCode::ColdkeySwapAnnounced => {
            ("a swap of the coldkey is announced", "carry the swap out, clear it, or dispute it if it is not yours")
        }
        PoolCode::TooLittle => (
            "the amount is too low, or the stake too low to set weights",
            "raise the amount, or the stake on the hotkey",
        ),
        PoolCode::NoNetwork => ("the network does not exist", "list the networks there are"),
        PoolCode::NoHotkey => ("the hotkey has no owner", "check the address of the hotkey"),
        PoolCode::NotEnoughStake => ("there is less stake than that", "look up the stake, and lower the amount"),
        PoolCode::TooSoon => {
            ("it is too soon after the last one", "wait for the rate limit of the network and send it again")
        }
        PoolCode::NoSeatToServe | PoolCode::NoSeatToRate => {
            ("the hotkey has no seat on this network", "register the hotkey on this network first")
        }
        PoolCode::InvalidAddress => ("the address cannot be reached by others", "announce a public address"),
        PoolCode::ServedTooSoon => {
            ("it is too soon after the last announcement", "wait for the rate limit of the network and send it again")
        }
        PoolCode::InvalidPort => ("the port is 0", "announce the port on which the neuron listens"),
        PoolCode::NoCommit => (
            "no open commit is one of these weights",
            "reveal exactly what was committed, with the same salt, and in time",
        ),
        PoolCode::RevealedTooEarly => {
            ("the commit may not be revealed yet", "look up the open commits: each says from which block on")
        }
        PoolCode::UnequalLists => {
            ("the lists of the batch have different lengths", "give each network one entry in every list")
        }
        PoolCode::ColdkeySwapDisputed => ("a swap of the coldkey is disputed", "ask governance to decide the dispute"),
        PoolCode::ForeignHotkey => {
            ("another coldkey owns this hotkey", "name the coldkey that owns the hotkey, or register another hotkey")
        }
        PoolCode::Any => (
            "one of the checks that the call makes on chain",
            "see that the hotkey has a permit, that the uids exist, and that the weights are within bounds",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: i32, data: &str) -> PoolRefusal {
        let error = format!(r#"{{"code":{code},"message":"Invalid Transaction","data":"{data}"}}"#);
        PoolRefusal::from(&serde_json::from_str(&error).unwrap())
    }

    #[test]
    fn what_the_pool_says_is_understood() {
        assert_eq!(refusal(1_010, "Custom error: 6"), PoolRefusal::Call(Ok(PoolCode::TooSoon)));
        assert_eq!(refusal(1_010, "Custom error: 77"), PoolRefusal::Call(Err(77)));
        assert_eq!(refusal(1_010, "Transaction is outdated"), PoolRefusal::Stale);
        assert_eq!(refusal(1_010, "Transaction will be valid in the future"), PoolRefusal::Future);
        assert_eq!(refusal(1_010, "Transaction has an ancient birth block"), PoolRefusal::Expired);
        assert_eq!(refusal(1_010, "Inability to pay some fees (e.g. account balance too low)"), PoolRefusal::Payment);
        assert_eq!(refusal(1_014, "The transaction has too low priority"), PoolRefusal::Waiting);
        assert_eq!(refusal(1_013, "0x00"), PoolRefusal::Known);
        let strange = PoolRefusal::Other { code: 1_010, message: "Custom error: 256".to_owned() };
        assert_eq!(refusal(1_010, "Custom error: 256"), strange);
    }
}
