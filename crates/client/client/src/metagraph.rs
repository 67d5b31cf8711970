//! A network and its neurons, kept up to date.

use crate::{
    blocks::Blocks,
    chain::Chain,
    error::ChainError,
    views::{MetagraphInfo, NeuronInfo},
};
use myelin_primitives::{NetUid, Uid};
use std::ops::Deref;

/// A network and its neurons, as of a final block, kept up to date.
///
/// Reads as the [`MetagraphInfo`] that it holds.
///
/// ```no_run
/// # async fn run(chain: myelin_client::Chain) -> Result<(), myelin_client::ChainError> {
/// use myelin_client::{Metagraph, NetUid};
///
/// let mut metagraph = Metagraph::sync(&chain, NetUid::new(1)).await?;
/// loop {
///     let changes = metagraph.follow().await?;
///     for uid in &changes.replaced {
///         println!("block {}: seat {uid} has a new neuron", metagraph.block);
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Metagraph {
    blocks: Blocks,
    netuid: NetUid,
    snapshot: MetagraphInfo,
}

/// What became different from one look to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetagraphChanges {
    /// Seats that somebody has who did not have them: new ones, and those of others.
    pub replaced: Vec<Uid>,
    /// Seats whose neuron answers elsewhere, or no more.
    pub moved: Vec<Uid>,
    /// Seats whose neuron has anything else that is new: stake, weights, what an epoch found.
    pub updated: Vec<Uid>,
    /// Whether an epoch ran.
    pub epoch: bool,
}

impl Metagraph {
    /// The network as of the last final block.
    ///
    /// # Errors
    /// If there is no such network, or no node answers.
    pub async fn sync(chain: &Chain, netuid: NetUid) -> Result<Self, ChainError> {
        let now = chain.at_finalised().await?;
        let snapshot = now.metagraph(netuid).await?;
        let snapshot = snapshot.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?;
        Ok(Self { blocks: chain.blocks_from(now.height() + 1), netuid, snapshot })
    }

    /// Waits for the next final block and reads the network as of then. If several came meanwhile, as of the last.
    ///
    /// May be dropped while it waits, and called again after an error.
    ///
    /// # Errors
    /// If the network has ended, or no node answers or makes progress.
    pub async fn follow(&mut self) -> Result<MetagraphChanges, ChainError> {
        let now = self.blocks.latest().await?;
        let snapshot = now.metagraph(self.netuid).await?;
        let snapshot = snapshot.ok_or_else(|| ChainError::NoNetwork { netuid: self.netuid, block: now.height() })?;
        let changes = MetagraphChanges::between(&self.snapshot, &snapshot);
        self.snapshot = snapshot;
        Ok(changes)
    }

    /// Which network it is.
    pub const fn netuid(&self) -> NetUid {
        self.netuid
    }

    /// The network as it is now, to be kept.
    pub const fn snapshot(&self) -> &MetagraphInfo {
        &self.snapshot
    }
}

impl Deref for Metagraph {
    type Target = MetagraphInfo;

    fn deref(&self) -> &MetagraphInfo {
        &self.snapshot
    }
}

impl MetagraphChanges {
    /// What became different between two looks at one network.
    pub fn between(before: &MetagraphInfo, after: &MetagraphInfo) -> Self {
        let mut changes = Self { epoch: before.subnet.last_epoch != after.subnet.last_epoch, ..Self::default() };
        for now in &after.neurons {
            let then = before.neuron(now.uid);
            match then {
                Some(then) if same_seat(then, now) => {
                    if then.axon != now.axon || then.metrics != now.metrics {
                        changes.moved.push(now.uid);
                    } else if then != now {
                        changes.updated.push(now.uid);
                    }
                }
                _ => changes.replaced.push(now.uid),
            }
        }
        changes
    }

    /// Whether nothing is different, but for the block.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A swap of the hotkey keeps the seat and its block, but it is another key that works there.
fn same_seat(then: &NeuronInfo, now: &NeuronInfo) -> bool {
    then.hotkey == now.hotkey && then.registered_at == now.registered_at
}
