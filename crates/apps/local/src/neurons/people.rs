//! The neurons of a local network.

use crate::NodeRole;
use myelin_primitives::{Amount, RAO_PER_TAO, Tao};

/// A miner or validator of a local network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalNeuron {
    /// Name of the neuron, its wallet and its log.
    pub(crate) name: &'static str,
    /// Task of the neuron.
    pub(crate) conduct: LocalRole,
}

/// The task of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalRole {
    /// A validator.
    Validates {
        /// Stake on the hotkey, in TAO.
        tao: u64,
    },
    /// A miner, honest or not.
    Mines(LocalMischief),
}

/// A way of a miner to be paid for less work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalMischief {
    /// None: an honest miner.
    None,
    /// Answers that take three times as long, and are honest.
    Slow,
    /// Answers of a smaller model.
    Smaller,
    /// Answers that are copied from other miners.
    Copies,
    /// Answers to one of three challenges.
    Drops,
}

impl LocalNeuron {
    /// Returns the role of the neuron's process.
    pub(crate) const fn role(&self) -> NodeRole {
        match self.conduct {
            LocalRole::Validates { .. } => NodeRole::Validator,
            LocalRole::Mines(_) => NodeRole::Miner,
        }
    }

    /// Returns the stake on the neuron's hotkey.
    pub(crate) const fn stake(&self) -> Amount<Tao> {
        match self.conduct {
            LocalRole::Validates { tao } => Amount::from_rao(tao * RAO_PER_TAO),
            LocalRole::Mines(_) => Amount::ZERO,
        }
    }
}

/// Name of the wallet of the subnet's owner, which has a seat and no process.
pub(crate) const OWNER: &str = "owner";

/// The neurons: two validators, two honest miners of different speed, and three dishonest miners.
pub(crate) const RESIDENTS: [LocalNeuron; 7] = [
    LocalNeuron { name: "validator-1", conduct: LocalRole::Validates { tao: 600 } },
    LocalNeuron { name: "validator-2", conduct: LocalRole::Validates { tao: 400 } },
    LocalNeuron { name: "fast", conduct: LocalRole::Mines(LocalMischief::None) },
    LocalNeuron { name: "slow", conduct: LocalRole::Mines(LocalMischief::Slow) },
    LocalNeuron { name: "smaller", conduct: LocalRole::Mines(LocalMischief::Smaller) },
    LocalNeuron { name: "copies", conduct: LocalRole::Mines(LocalMischief::Copies) },
    LocalNeuron { name: "drops", conduct: LocalRole::Mines(LocalMischief::Drops) },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_wallets_and_differ() {
        let names: BTreeSet<_> = RESIDENTS.iter().map(|resident| resident.name).chain([OWNER]).collect();
        assert_eq!(names.len(), RESIDENTS.len() + 1);
        for name in names {
            name.parse::<myelin_keys::WalletName>().unwrap();
        }
    }
}
