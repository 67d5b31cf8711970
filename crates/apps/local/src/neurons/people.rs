//! The neurons of a local network.

use crate::NodeRole;
use myelin_primitives::{Amount, RAO_PER_TAO, Tao};

/// A miner or validator of a local network, with a wallet of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalNeuron {
    /// The name of the neuron, its wallet and its log.
    pub(crate) name: &'static str,
    /// Its work.
    pub(crate) conduct: LocalRole,
}

/// The work of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalRole {
    /// It validates, with this many TAO staked on it.
    Validates {
        /// The stake, in TAO.
        tao: u64,
    },
    /// It mines, with this in mind.
    Mines(LocalMischief),
}

/// A way to be paid for less work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalMischief {
    /// It does not.
    None,
    /// It takes three times as long, and is honest otherwise.
    Slow,
    /// It serves a smaller model.
    Smaller,
    /// It lets others work.
    Copies,
    /// It answers one question of three.
    Drops,
}

impl LocalNeuron {
    /// Returns its task.
    pub(crate) const fn role(&self) -> NodeRole {
        match self.conduct {
            LocalRole::Validates { .. } => NodeRole::Validator,
            LocalRole::Mines(_) => NodeRole::Miner,
        }
    }

    /// Returns the stake that it gets.
    pub(crate) const fn stake(&self) -> Amount<Tao> {
        match self.conduct {
            LocalRole::Validates { tao } => Amount::from_rao(tao * RAO_PER_TAO),
            LocalRole::Mines(_) => Amount::ZERO,
        }
    }
}

/// The wallet of the subnet's owner, who has a seat and runs nothing.
pub(crate) const OWNER: &str = "owner";

/// Two that rate, two that do honest work at different speed, and three that try to be paid for less.
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
