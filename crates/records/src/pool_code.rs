//! Numbers with which the transaction pool refuses free calls. spec events-and-errors §8.3.

use core::fmt;

macro_rules! pool_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal: $errors:expr;)*) => {
        /// The number with which the pool refuses a call that would fail. spec events-and-errors §8.3.
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

            /// Returns the names of the pallet errors with this code. spec events-and-errors §8.3.
            ///
            /// The list is empty for [`PoolCode::Any`], which all other errors share. An error of another pallet with
            /// one of these names may be among those.
            pub const fn errors(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &$errors,)*
                }
            }
        }
    };
}

pool_codes! {
    /// An announced swap of the coldkey.
    ColdkeySwapAnnounced = 0: ["ColdkeySwapAnnounced"];
    /// An amount that is too low, nothing to unstake, or a hotkey with too little stake to set weights.
    TooLittle = 1: ["AmountTooLow", "NotEnoughStakeToSetWeights"];
    /// A network that does not exist.
    NoNetwork = 3: ["SubNetworkDoesNotExist"];
    /// A hotkey without an owner.
    NoHotkey = 4: ["HotKeyAccountNotExists"];
    /// A stake lower than the amount.
    NotEnoughStake = 5: ["NotEnoughStakeToWithdraw"];
    /// A call before its rate limit has passed since the last one.
    TooSoon = 6: ["StakingRateLimitExceeded", "SettingWeightsTooFast", "CommittingWeightsTooFast"];
    /// A hotkey without a seat on the network on which it wants to serve.
    NoSeatToServe = 10: ["HotKeyNotRegisteredInNetwork"];
    /// An address that others cannot dial.
    InvalidAddress = 11: ["InvalidIpAddress"];
    /// An announcement before its rate limit has passed since the last one.
    ServedTooSoon = 12: ["ServingRateLimitExceeded"];
    /// A port of 0.
    InvalidPort = 13: ["InvalidPort"];
    /// A hash that no open commit has.
    NoCommit = 16: ["NoWeightsCommitFound", "ExpiredWeightCommit", "InvalidRevealCommitHashNotMatch"];
    /// A reveal before the reveal window of its commit.
    RevealedTooEarly = 17: ["RevealTooEarly"];
    /// Lists of a batch with different lengths.
    UnequalLists = 18: ["InputLengthsUnequal"];
    /// A hotkey without a seat on the network on which it wants to set weights.
    NoSeatToRate = 19: ["HotKeyNotRegisteredInSubNet"];
    /// A disputed swap of the coldkey.
    ColdkeySwapDisputed = 21: ["ColdkeySwapDisputed"];
    /// A hotkey that is to be registered by work, and that another coldkey owns.
    ForeignHotkey = 25: ["NonAssociatedColdKey"];
    /// A registration by work before the block in which registration opens.
    NotOpenYet = 26: ["RegistrationNotOpenYet"];
    /// Networks of a batch that do not ascend.
    RepeatedNetwork = 27: ["DuplicateNetuid"];
    /// A new pair of keys without the consent of the other key.
    KeyConsentMissing = 28: ["KeyConsentMissing"];
    /// An account that a coldkey will be swapped for.
    ColdkeyReserved = 29: ["ColdkeyReserved"];
    /// The parameters that all networks share cannot be decoded, so all calls that rely on them are closed.
    Unreadable = 30: ["StateUnreadable"];
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

    /// Returns the table of the specification: numbers with the errors they stand for.
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
        assert_eq!(numbers, [0, 1, 3, 4, 5, 6, 10, 11, 12, 13, 16, 17, 18, 19, 21, 25, 26, 27, 28, 29, 30, 255]);
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
