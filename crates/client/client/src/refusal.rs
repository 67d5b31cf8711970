//! Why a node does not let a transaction into its pool.

use myelin_diagnostic::{Diagnostic, Hints};
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
    /// The call would fail, for this reason.
    #[error("the call would fail: {0}")]
    Call(PoolCode),
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
            Self::Call(reason) => reason.hints(out),
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

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal: $names:expr, $text:literal;)*) => {
        /// Why a call would fail, as the pool says it. spec events-and-errors §8.3
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum PoolCode {
            $($(#[doc = $doc])* #[error($text)] $name,)*
            /// A number that this crate does not know.
            #[error("reason {0}, which this program does not know")]
            Unknown(u8),
        }

        impl PoolCode {
            /// All reasons that have a number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The reason with this number.
            pub const fn from_number(number: u8) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Unknown(other),
                }
            }

            /// Its number.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Unknown(number) => number,
                }
            }

            /// The errors of pallets that it stands for. None for those that share a number with all others.
            pub const fn errors(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &$names,)*
                    Self::Unknown(_) => &[],
                }
            }
        }
    };
}

reasons! {
    /// The coldkey is about to be replaced.
    ColdkeySwapAnnounced = 0: ["ColdkeySwapAnnounced"], "a swap of the coldkey is announced";
    /// The amount is too small, there is nothing to unstake, or the hotkey has too little stake for weights.
    TooLittle = 1: ["AmountTooLow", "NotEnoughStakeToSetWeights"],
        "the amount is too low, or the stake too low to set weights";
    /// There is no such network.
    NoNetwork = 3: ["SubNetworkDoesNotExist"], "the network does not exist";
    /// Nobody owns the hotkey.
    NoHotkey = 4: ["HotKeyAccountNotExists"], "nobody owns this hotkey";
    /// There is less stake than that.
    NotEnoughStake = 5: ["NotEnoughStakeToWithdraw"], "there is less stake than that";
    /// Too soon after the last one.
    TooSoon = 6: ["StakingRateLimitExceeded", "SettingWeightsTooFast", "CommittingWeightsTooFast"],
        "it is too soon after the last one";
    /// The hotkey has no seat there, and wants to serve.
    NoSeatToServe = 10: ["HotKeyNotRegisteredInNetwork"], "the hotkey has no seat on this network";
    /// Not an address that others can reach.
    InvalidAddress = 11: ["InvalidIpAddress"], "the address cannot be reached by others";
    /// Too soon after the last announcement.
    ServedTooSoon = 12: ["ServingRateLimitExceeded"], "it is too soon after the last announcement";
    /// Port 0.
    InvalidPort = 13: ["InvalidPort"], "the port is 0";
    /// No commit that could still be revealed has this hash.
    NoCommit = 16: ["NoWeightsCommitFound", "ExpiredWeightCommit", "InvalidRevealCommitHashNotMatch"],
        "no open commit is one of these weights";
    /// The epoch in which it may be revealed has not begun.
    RevealedTooEarly = 17: ["RevealTooEarly"], "the commit may not be revealed yet";
    /// The lists of a batch are not of one length.
    UnequalLists = 18: ["InputLengthsUnequal"], "the lists of the batch have different lengths";
    /// The hotkey has no seat there, and wants to rate.
    NoSeatToRate = 19: ["HotKeyNotRegisteredInSubNet"], "the hotkey has no seat on this network";
    /// Somebody disputes the swap of the coldkey.
    ColdkeySwapDisputed = 21: ["ColdkeySwapDisputed"], "a swap of the coldkey is disputed";
    /// Work is to pay for the seat of a hotkey that another coldkey owns.
    ForeignHotkey = 25: ["NonAssociatedColdKey"], "another coldkey owns this hotkey";
    /// Any other, which the pool does not tell apart.
    Any = 255: [], "one of the checks that the call makes on chain";
}

impl Diagnostic for PoolCode {
    fn code(&self) -> &'static str {
        "refused"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::ColdkeySwapAnnounced => out.push("carry the swap out, clear it, or dispute it if it is not yours"),
            Self::TooLittle => out.push("raise the amount, or the stake on the hotkey"),
            Self::NoNetwork => out.push("list the networks there are"),
            Self::NoHotkey => out.push("check the address of the hotkey"),
            Self::NotEnoughStake => out.push("look up the stake, and lower the amount"),
            Self::TooSoon | Self::ServedTooSoon => out.push("wait for the rate limit of the network and send it again"),
            Self::NoSeatToServe | Self::NoSeatToRate => out.push("register the hotkey on this network first"),
            Self::InvalidAddress => out.push("announce a public address"),
            Self::InvalidPort => out.push("announce the port on which the neuron listens"),
            Self::NoCommit => out.push("reveal exactly what was committed, with the same salt, and in time"),
            Self::RevealedTooEarly => out.push("look up the open commits: each says from which block on"),
            Self::UnequalLists => out.push("give each network one entry in every list"),
            Self::ColdkeySwapDisputed => out.push("ask governance to decide the dispute"),
            Self::ForeignHotkey => out.push("name the coldkey that owns the hotkey, or register another hotkey"),
            Self::Any => {
                out.push(
                    "see that the hotkey has a permit, that the uids exist, and that the weights are within bounds",
                );
            }
            Self::Unknown(_) => out.push("update this program"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, fs, path::Path};

    fn refusal(code: i32, data: &str) -> PoolRefusal {
        let error = format!(r#"{{"code":{code},"message":"Invalid Transaction","data":"{data}"}}"#);
        PoolRefusal::from(&serde_json::from_str(&error).unwrap())
    }

    #[test]
    fn what_the_pool_says_is_understood() {
        assert_eq!(refusal(1_010, "Custom error: 6"), PoolRefusal::Call(PoolCode::TooSoon));
        assert_eq!(refusal(1_010, "Custom error: 77"), PoolRefusal::Call(PoolCode::Unknown(77)));
        assert_eq!(refusal(1_010, "Transaction is outdated"), PoolRefusal::Stale);
        assert_eq!(refusal(1_010, "Transaction will be valid in the future"), PoolRefusal::Future);
        assert_eq!(refusal(1_010, "Transaction has an ancient birth block"), PoolRefusal::Expired);
        assert_eq!(refusal(1_010, "Inability to pay some fees (e.g. account balance too low)"), PoolRefusal::Payment);
        assert_eq!(refusal(1_014, "The transaction has too low priority"), PoolRefusal::Waiting);
        assert_eq!(refusal(1_013, "0x00"), PoolRefusal::Known);
        let strange = PoolRefusal::Other { code: 1_010, message: "Custom error: 256".to_owned() };
        assert_eq!(refusal(1_010, "Custom error: 256"), strange);
    }

    /// The table of the specification, numbers with the errors they stand for.
    fn specified() -> BTreeMap<u8, String> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/spec/events-and-errors.md");
        let page = fs::read_to_string(page).unwrap();
        let section = page.split("### 8.3 ").nth(1).unwrap().split("### 8.4 ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
        rows.filter_map(|row| {
            let (number, meaning) = row.split_once(" | ")?;
            Some((number.parse().ok()?, meaning.to_owned()))
        })
        .collect()
    }

    #[test]
    fn the_numbers_are_those_of_the_specification() {
        let specified = specified();
        assert_eq!(
            PoolCode::ALL.iter().map(|reason| reason.number()).collect::<Vec<_>>(),
            specified.keys().copied().collect::<Vec<_>>()
        );
        for reason in PoolCode::ALL {
            let meaning = &specified[&reason.number()];
            assert_eq!(PoolCode::from_number(reason.number()), *reason);
            // Names of calls begin in lower case.
            let names = meaning.split('`').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase));
            assert_eq!(names.collect::<Vec<_>>(), reason.errors(), "{reason:?}");
        }
    }
}
