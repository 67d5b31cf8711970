//! Refusals of transactions by the pool of a node.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_records::pool_code::PoolCode;
use std::borrow::Cow;
use subxt::rpcs::UserError;

/// The codes of a node whose pool refuses a transaction.
mod code {
    pub(super) const INVALID: i32 = 1_010;
    pub(super) const BANNED: i32 = 1_012;
    pub(super) const KNOWN: i32 = 1_013;
    pub(super) const LOW_PRIORITY: i32 = 1_014;
    pub(super) const FULL: i32 = 1_016;
}

/// A transaction that the pool of a node refused. No fee was paid, and no nonce was used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolRefusal {
    /// The call would fail, for the reason of this code. `Err` has a number that this version does not know.
    #[error("the call would fail: {}", meaning(*.0))]
    Call(Result<PoolCode, u8>),
    /// The nonce was used.
    #[error("the nonce was used by another transaction")]
    Stale,
    /// Too many transactions of this key are waiting.
    #[error("too many transactions of this key are waiting")]
    Future,
    /// The account cannot pay the fee.
    #[error("the account cannot pay the fee")]
    Payment,
    /// Another transaction of this key, of the same kind or with the same nonce, is waiting.
    #[error("another transaction of this key, of the same kind or with the same nonce, is waiting")]
    Waiting,
    /// The transaction is in the pool already.
    #[error("the transaction is in the pool already")]
    Known,
    /// No block has room for the transaction at present.
    #[error("no block has room for the transaction at present")]
    Exhausted,
    /// The pool is full.
    #[error("the pool is full")]
    Full,
    /// The node rejects the transaction for some time, because it was invalid before.
    #[error("the node rejects this transaction for some time, because it was invalid before")]
    Banned,
    /// The signature does not match the signer, the call and the chain.
    #[error("the signature does not match the signer, the call and the chain")]
    Signature,
    /// The runtime of the chain changed after the transaction was signed.
    #[error("the runtime of the chain changed after the transaction was signed")]
    Version,
    /// The mortality of the transaction is over.
    #[error("the transaction was signed too long ago")]
    Expired,
    /// Any other refusal.
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
        // The reason is in the data, as a JSON string.
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
            Self::Stale => out.push("send the call again, with the next nonce"),
            Self::Future => out.push("wait until the transactions before it are included"),
            Self::Payment => out.push("add TAO to the account that signs"),
            Self::Waiting => out.push("wait until the other transaction is included"),
            Self::Known => out.push("search the chain for the transaction"),
            Self::Exhausted | Self::Full => out.push("send the transaction again after a few blocks"),
            Self::Banned => out.push("sign the call again, because the same bytes are refused for half an hour"),
            Self::Signature => out.push("check that this program was built for the runtime of this chain"),
            Self::Version => out.push("send the call again, and check that this program knows the new runtime"),
            Self::Expired => out.push("sign the call again"),
            Self::Other { .. } => out.push("read the log of the node"),
        }
    }
}

/// Returns the meaning of a pool code, or names a number that is unknown.
fn meaning(code: Result<PoolCode, u8>) -> Cow<'static, str> {
    match code {
        Ok(code) => texts(code).0.into(),
        Err(number) => format!("unknown pool code {number}").into(),
    }
}

/// Returns the meaning of a pool code and its hint (spec events-and-errors §8.3).
const fn texts(code: PoolCode) -> (&'static str, &'static str) {
    match code {
        PoolCode::ColdkeySwapAnnounced => {
            ("a swap of the coldkey is announced", "carry the swap out, clear it, or dispute it if it is not yours")
        }
        PoolCode::TooLittle => (
            "the amount is too low, or the stake too low to set weights",
            "raise the amount, or the stake on the hotkey",
        ),
        PoolCode::NoNetwork => ("the network does not exist", "list the networks"),
        PoolCode::NoHotkey => ("the hotkey has no owner", "check the address of the hotkey"),
        PoolCode::NotEnoughStake => ("the stake is lower than the amount", "look up the stake, and lower the amount"),
        PoolCode::TooSoon => {
            ("the last call was too recent", "wait for the rate limit of the network, and send the call again")
        }
        PoolCode::NoSeatToServe | PoolCode::NoSeatToRate => {
            ("the hotkey has no seat on this network", "register the hotkey on this network first")
        }
        PoolCode::InvalidAddress => ("other machines cannot reach the address", "announce a public address"),
        PoolCode::ServedTooSoon => {
            ("the last announcement was too recent", "wait for the rate limit of the network, and send the call again")
        }
        PoolCode::InvalidPort => ("the port is 0", "announce the port on which the neuron listens"),
        PoolCode::NoCommit => (
            "no open commit matches these weights",
            "reveal exactly the committed weights, with the same salt, before the commit expires",
        ),
        PoolCode::RevealedTooEarly => {
            ("the commit may not be revealed yet", "wait for the block that the list of open commits shows")
        }
        PoolCode::UnequalLists => {
            ("the lists of the batch have different lengths", "give each network one entry in every list")
        }
        PoolCode::ColdkeySwapDisputed => ("a swap of the coldkey is disputed", "ask governance to decide the dispute"),
        PoolCode::ForeignHotkey => {
            ("another coldkey owns this hotkey", "name the coldkey that owns the hotkey, or register another hotkey")
        }
        PoolCode::NotOpenYet => {
            ("registration by work is not open yet", "wait for the block in which registration opens")
        }
        PoolCode::RepeatedNetwork => {
            ("the networks of the batch do not ascend", "list each network once, in ascending order of netuids")
        }
        PoolCode::KeyConsentMissing => {
            ("the other key of the pair did not agree to it", "add the consent that the other key has signed")
        }
        PoolCode::ColdkeyReserved => {
            ("a coldkey will be swapped for this account", "wait until the swap is done, or name another account")
        }
        PoolCode::Unreadable => {
            ("the chain cannot read the parameters of all networks", "wait for an upgrade of the chain")
        }
        PoolCode::Any => (
            "a check of the call on chain fails",
            "check that the hotkey has a permit, that the uids exist, and that the weights are within bounds",
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
