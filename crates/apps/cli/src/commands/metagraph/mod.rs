//! Commands that show a network and its neurons.

mod change;
mod export;
mod rows;
mod show;
mod watch;

pub use change::MetagraphWatchOutput;
pub use export::{Export, MetagraphExportOutput};
pub use rows::{LastEpochRow, MetagraphRow};
pub use show::{MetagraphShowOutput, Show};
pub use watch::Watch;

#[cfg(test)]
pub(crate) use rows::tests as example;
pub(crate) use rows::{decimal, none, title};

use crate::{context::Context, error::CliError, named_key::HotkeyArg};
use clap::ValueEnum;
use myelin_client::{MetagraphInfo, NeuronInfo};
use std::cmp::Ordering;

/// Column by which neurons are sorted.
///
/// Numbers are sorted from the highest, uids from the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SortColumn {
    /// Uid
    Uid,
    /// Stake on the hotkey
    Stake,
    /// Stake weight
    StakeWeight,
    /// Consensus weight
    Consensus,
    /// Part of the miners' emission
    Incentive,
    /// Part of the validators' emission
    Dividends,
    /// Part of its weights that consensus left
    ValidatorTrust,
    /// Emission of the last epoch
    Emission,
    /// Block of the registration
    RegisteredAt,
    /// Block in which weights were last set
    LastUpdate,
}

impl SortColumn {
    fn compare(self, one: &NeuronInfo, other: &NeuronInfo) -> Ordering {
        let by_uid = one.uid.cmp(&other.uid);
        match self {
            Self::Uid => by_uid,
            Self::Stake => other.stake.cmp(&one.stake),
            Self::StakeWeight => other.stake_weight.cmp(&one.stake_weight),
            Self::Consensus => other.consensus.cmp(&one.consensus),
            Self::Incentive => other.incentive.cmp(&one.incentive),
            Self::Dividends => other.dividends.cmp(&one.dividends),
            Self::ValidatorTrust => other.validator_trust.cmp(&one.validator_trust),
            Self::Emission => other.emission.cmp(&one.emission),
            Self::RegisteredAt => other.registered_at.cmp(&one.registered_at),
            Self::LastUpdate => other.last_update.cmp(&one.last_update),
        }
        .then(by_uid)
    }
}

/// Selection and order of neurons.
#[allow(clippy::struct_excessive_bools, reason = "each of them is a flag that is typed")]
#[derive(Clone, Debug, clap::Args)]
struct NeuronFilter {
    /// Column to sort by
    #[arg(long, value_enum, value_name = "COLUMN", default_value = "uid")]
    sort: SortColumn,

    /// Reverse the order
    #[arg(long)]
    reverse: bool,

    /// Only neurons with a validator permit
    #[arg(long, conflicts_with = "miners")]
    validators: bool,

    /// Only neurons without a validator permit
    #[arg(long)]
    miners: bool,

    /// Only neurons with an axon
    #[arg(long)]
    serving: bool,

    /// Only this hotkey: an address, the name of a hotkey on this machine, or `myself`; may be repeated
    #[arg(long = "only", value_name = "HOTKEY")]
    only: Vec<HotkeyArg>,

    /// Show at most this many neurons
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

/// A filter with resolved hotkeys.
#[derive(Clone, Debug)]
struct ResolvedFilter {
    choice: NeuronFilter,
    hotkeys: Vec<myelin_client::PublicKey>,
}

impl NeuronFilter {
    fn find(self, context: &Context) -> Result<ResolvedFilter, CliError> {
        let hotkeys: Result<_, CliError> = self.only.iter().map(|hotkey| Ok(hotkey.find(context)?.key)).collect();
        Ok(ResolvedFilter { hotkeys: hotkeys?, choice: self })
    }
}

impl ResolvedFilter {
    fn has(&self, neuron: &NeuronInfo) -> bool {
        let NeuronFilter { validators, miners, serving, .. } = self.choice;
        (!validators || neuron.validator_permit)
            && (!miners || !neuron.validator_permit)
            && (!serving || neuron.axon.is_some())
            && (self.hotkeys.is_empty() || self.hotkeys.contains(&neuron.hotkey))
    }

    /// Returns the rows that pass the filter, at most `most`.
    fn rows(&self, snapshot: &MetagraphInfo, most: usize) -> Vec<MetagraphRow> {
        let mut neurons: Vec<_> = snapshot.neurons.iter().filter(|neuron| self.has(neuron)).collect();
        neurons.sort_by(|one, other| {
            let order = self.choice.sort.compare(one, other);
            if self.choice.reverse { order.reverse() } else { order }
        });
        let most = self.choice.limit.unwrap_or(usize::MAX).min(most);
        neurons.into_iter().take(most).map(MetagraphRow::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{rows::tests::neuron, *};
    use myelin_client::{Amount, NetUid};

    fn snapshot() -> MetagraphInfo {
        let mut neurons: Vec<_> = (0..4).map(neuron).collect();
        neurons[1].stake = Amount::from_rao(7);
        neurons[2].stake = Amount::from_rao(9);
        neurons[3].stake = Amount::from_rao(7);
        neurons[2].validator_permit = true;
        neurons[3].axon = None;
        MetagraphInfo { block: 5, subnet: rows::tests::subnet(NetUid::new(1)), neurons }
    }

    fn uids(choice: NeuronFilter, hotkeys: &[u16]) -> Vec<u16> {
        let hotkeys = hotkeys.iter().map(|uid| neuron(*uid).hotkey).collect();
        let rows = ResolvedFilter { choice, hotkeys }.rows(&snapshot(), usize::MAX);
        rows.iter().map(MetagraphRow::uid).collect()
    }

    fn all() -> NeuronFilter {
        NeuronFilter {
            sort: SortColumn::Uid,
            reverse: false,
            validators: false,
            miners: false,
            serving: false,
            only: Vec::new(),
            limit: None,
        }
    }

    #[test]
    fn numbers_go_from_the_highest_down_and_equals_by_uid() {
        assert_eq!(uids(NeuronFilter { sort: SortColumn::Stake, ..all() }, &[]), [2, 1, 3, 0]);
        assert_eq!(uids(NeuronFilter { sort: SortColumn::Stake, reverse: true, ..all() }, &[]), [0, 3, 1, 2]);
        assert_eq!(uids(NeuronFilter { reverse: true, limit: Some(2), ..all() }, &[]), [3, 2]);
    }

    #[test]
    fn every_filter_must_let_a_neuron_through() {
        assert_eq!(uids(NeuronFilter { validators: true, ..all() }, &[]), [2]);
        assert_eq!(uids(NeuronFilter { miners: true, serving: true, ..all() }, &[]), [0, 1]);
        assert_eq!(uids(NeuronFilter { serving: true, ..all() }, &[3, 1]), [1]);
    }
}
