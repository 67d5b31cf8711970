//! Changes of a network from one final block to the next.

use super::{LastEpochRow, MetagraphRow};
use crate::{
    page::{Page, Render, Tone},
    share::u16_percent,
};
use myelin_client::{BlockNumber, MetagraphChanges, MetagraphInfo, Uid};
use schemars::JsonSchema;
use serde::Serialize;

/// A change of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum MetagraphWatchOutput {
    /// An epoch that ran.
    Epoch {
        /// Final block in which the change was seen.
        block: BlockNumber,
        /// Record of the epoch.
        epoch: LastEpochRow,
    },
    /// A seat that another neuron took.
    Seated {
        /// Final block in which the change was seen.
        block: BlockNumber,
        /// Neuron that took the seat.
        neuron: MetagraphRow,
        /// Address of the hotkey that had the seat before.
        replaced: Option<String>,
    },
    /// A neuron with another axon, or with none.
    Moved {
        /// Final block in which the change was seen.
        block: BlockNumber,
        /// Neuron after the change.
        neuron: MetagraphRow,
    },
    /// A neuron with any other new value.
    Updated {
        /// Final block in which the change was seen.
        block: BlockNumber,
        /// Neuron after the change.
        neuron: MetagraphRow,
    },
}

impl MetagraphWatchOutput {
    /// Returns all of `changes`, with the whole rows of their neurons.
    pub(super) fn all(changes: &MetagraphChanges, before: &MetagraphInfo, after: &MetagraphInfo) -> Vec<Self> {
        let block = after.block;
        let row = |uid: &Uid| after.neuron(*uid).map(MetagraphRow::from);
        let mut all = Vec::new();
        if let Some(epoch) = after.subnet.last_epoch.filter(|_| changes.epoch) {
            all.push(Self::Epoch { block, epoch: epoch.into() });
        }
        for uid in &changes.replaced {
            let replaced = before.neuron(*uid).map(|neuron| neuron.hotkey.to_string());
            all.extend(row(uid).map(|neuron| Self::Seated { block, neuron, replaced }));
        }
        all.extend(changes.moved.iter().filter_map(row).map(|neuron| Self::Moved { block, neuron }));
        all.extend(changes.updated.iter().filter_map(row).map(|neuron| Self::Updated { block, neuron }));
        all
    }

    /// Returns the neuron of the change; `None` for an epoch.
    pub(super) fn neuron(&self) -> Option<&MetagraphRow> {
        match self {
            Self::Epoch { .. } => None,
            Self::Seated { neuron, .. } | Self::Moved { neuron, .. } | Self::Updated { neuron, .. } => Some(neuron),
        }
    }
}

impl Render for MetagraphWatchOutput {
    fn render(&self, page: &mut Page) {
        let (block, text) = match self {
            Self::Epoch { block, epoch } => {
                let LastEpochRow { emission, miners, validators, .. } = epoch;
                (block, format!("epoch: {emission}, of it {miners} for mining and {validators} for validating"))
            }
            Self::Seated { block, neuron, replaced } => {
                let instead = replaced.as_ref().map_or_else(String::new, |hotkey| format!(", in place of {hotkey}"));
                (block, format!("uid {}: {} took the seat{instead}", neuron.uid, neuron.hotkey))
            }
            Self::Moved { block, neuron } => match &neuron.axon {
                Some(axon) => (block, format!("uid {}: has its axon at {axon}", neuron.uid)),
                None => (block, format!("uid {}: has no axon any more", neuron.uid)),
            },
            Self::Updated { block, neuron } => {
                let MetagraphRow { uid, stake, incentive, dividends, .. } = neuron;
                let (incentive, dividends) = (u16_percent(*incentive), u16_percent(*dividends));
                (block, format!("uid {uid}: {stake} staked, incentive {incentive}, dividends {dividends}"))
            }
        };
        page.line(format!("{} {text}", Tone::Faint.paint(&format!("block {block}"))));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rows::tests::*, *};
    use myelin_client::{Amount, NetUid};

    #[test]
    fn changes_are_told_in_full() {
        let subnet = subnet(NetUid::new(1));
        let before = MetagraphInfo { block: 5, subnet: subnet.clone(), neurons: (0..3).map(neuron).collect() };
        let mut after = MetagraphInfo { block: 6, subnet, neurons: (0..4).map(neuron).collect() };
        after.neurons[0].hotkey = neuron(9).hotkey;
        after.neurons[1].axon = None;
        after.neurons[2].stake = Amount::ONE_TAO;
        let all = MetagraphWatchOutput::all(&MetagraphChanges::between(&before, &after), &before, &after);
        let mut page = Page::new(usize::MAX);
        for change in &all {
            change.render(&mut page);
        }
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        let (old, new, fourth) = (neuron(0).hotkey, neuron(9).hotkey, neuron(3).hotkey);
        let expected = [
            format!("block 6 uid 0: {new} took the seat, in place of {old}"),
            format!("block 6 uid 3: {fourth} took the seat"),
            "block 6 uid 1: has no axon any more".to_owned(),
            "block 6 uid 2: 1 TAO staked, incentive 0.00 %, dividends 0.00 %".to_owned(),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
