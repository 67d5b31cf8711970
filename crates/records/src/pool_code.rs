//! Numbers with which the transaction pool refuses free calls. spec events-and-errors §8.3

use core::fmt;

macro_rules! pool_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal: $errors:expr;)*) => {
        /// The number with which the pool refuses a call that would fail. spec events-and-errors §8.3
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum PoolCode {
            $($(#[$doc])* $name = $number,)*
        }

        impl PoolCode {
            /// All codes, numbers ascending.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the code with this number.
            ///
            /// # Errors
            /// The number itself if it is no code of this version.
            pub const fn from_number(number: u8) -> Result<Self, u8> {
                match number {
                    $($number => Ok(Self::$name),)*
                    other => Err(other),
                }
            }

            /// Returns the number, which the pool shows as `Custom error: <number>`.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Returns the names of the pallet errors with this code. Empty for [`PoolCode::Any`], which all other
            /// errors share.
            pub const fn errors(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &$errors,)*
                }
            }
        }
    };
}

pool_codes! {
    /// A swap of the coldkey is announced.
    ColdkeySwapAnnounced = 0: ["ColdkeySwapAnnounced"];
    /// The amount is too low, there is nothing to unstake, or the hotkey has too little stake to set weights.
    TooLittle = 1: ["AmountTooLow", "NotEnoughStakeToSetWeights"];
    /// The network does not exist.
    NoNetwork = 3: ["SubNetworkDoesNotExist"];
    /// The hotkey has no owner.
    NoHotkey = 4: ["HotKeyAccountNotExists"];
    /// The stake is lower than the amount.
    NotEnoughStake = 5: ["NotEnoughStakeToWithdraw"];
    /// A rate limit has not passed since the last call.
    TooSoon = 6: ["StakingRateLimitExceeded", "SettingWeightsTooFast", "CommittingWeightsTooFast"];
    /// The hotkey has no seat on the network where it wants to serve.
    NoSeatToServe = 10: ["HotKeyNotRegisteredInNetwork"];
    /// The address cannot be dialled by others.
    InvalidAddress = 11: ["InvalidIpAddress"];
    /// The rate limit of announcements has not passed since the last one.
    ServedTooSoon = 12: ["ServingRateLimitExceeded"];
    /// The port is 0.
    InvalidPort = 13: ["InvalidPort"];
    /// No open commit has this hash.
    NoCommit = 16: ["NoWeightsCommitFound", "ExpiredWeightCommit", "InvalidRevealCommitHashNotMatch"];
    /// The reveal window of the commit has not begun.
    RevealedTooEarly = 17: ["RevealTooEarly"];
    /// The lists of a batch have different lengths.
    UnequalLists = 18: ["InputLengthsUnequal"];
    /// The hotkey has no seat on the network where it wants to set weights.
    NoSeatToRate = 19: ["HotKeyNotRegisteredInSubNet"];
    /// A swap of the coldkey is disputed.
    ColdkeySwapDisputed = 21: ["ColdkeySwapDisputed"];
    /// Another coldkey owns the hotkey that is to be registered by work.
    ForeignHotkey = 25: ["NonAssociatedColdKey"];
    /// Any other error. The pool does not tell them apart.
    Any = 255: [];
}

impl fmt::Display for PoolCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    /// The table of the specification: numbers with the errors they stand for.
    fn specified() -> BTreeMap<u8, Vec<String>> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/events-and-errors.md");
        let page = fs::read_to_string(page).unwrap();
        let section = page.split("### 8.3 ").nth(1).unwrap().split("### 8.4 ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
        rows.filter_map(|row| {
            let (number, meaning) = row.split_once(" | ")?;
            // Names of calls begin in lower case.
            let names = meaning.split('`').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase));
            Some((number.parse().ok()?, names.map(str::to_owned).collect()))
        })
        .collect()
    }

    #[test]
    fn the_codes_are_those_of_the_specification() {
        let ours = PoolCode::ALL
            .iter()
            .map(|code| (code.number(), code.errors().iter().map(|error| (*error).to_owned()).collect::<Vec<_>>()));
        assert_eq!(ours.collect::<BTreeMap<_, _>>(), specified());
    }

    #[test]
    fn numbers_are_stable() {
        let numbers: Vec<u8> = PoolCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, [0, 1, 3, 4, 5, 6, 10, 11, 12, 13, 16, 17, 18, 19, 21, 25, 255]);
    }

    #[test]
    fn a_number_and_an_error_belong_to_one_code() {
        let numbers: BTreeSet<u8> = PoolCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers.len(), PoolCode::ALL.len());
        let errors: Vec<&str> = PoolCode::ALL.iter().flat_map(|code| code.errors()).copied().collect();
        assert_eq!(errors.iter().collect::<BTreeSet<_>>().len(), errors.len());
    }

    #[test]
    fn every_number_is_a_code_or_itself() {
        for number in 0..=u8::MAX {
            match PoolCode::from_number(number) {
                Ok(code) => assert_eq!(code.number(), number),
                Err(unknown) => {
                    assert_eq!(unknown, number);
                    assert!(PoolCode::ALL.iter().all(|code| code.number() != number));
                }
            }
        }
        assert_eq!(PoolCode::TooSoon.to_string(), "6");
    }
}
