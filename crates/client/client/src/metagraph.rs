//! A network and its neurons, kept up to date.

use crate::{blocks::Blocks, chain::Chain, error::ChainError};
use myelin_primitives::{NetUid, Uid};
use myelin_records::info::{MetagraphInfo, NeuronInfo};
use std::ops::Deref;

/// A network and its neurons as of a final block, kept up to date.
///
/// It dereferences to the [`MetagraphInfo`] that it holds.
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

/// The differences between two states of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetagraphChanges {
    /// Seats with another neuron than before, and new seats.
    pub replaced: Vec<Uid>,
    /// Seats whose neuron has another axon address, or none any more.
    pub moved: Vec<Uid>,
    /// Seats with any other change: stake, weights, results of an epoch.
    pub updated: Vec<Uid>,
    /// True if an epoch ran.
    pub epoch: bool,
}

impl Metagraph {
    /// Reads the network as of the last final block.
    ///
    /// # Errors
    /// [`ChainError::NoNetwork`] if there is no such network; another variant if no node answers.
    pub async fn sync(chain: &Chain, netuid: NetUid) -> Result<Self, ChainError> {
        let now = chain.at_finalised().await?;
        let snapshot = now.metagraph(netuid).await?;
        let snapshot = snapshot.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?;
        Ok(Self { blocks: chain.blocks_from(now.height() + 1), netuid, snapshot })
    }

    /// Waits for the next final block, and reads the network as of the last one.
    ///
    /// The future may be dropped, and the call repeated after an error.
    ///
    /// # Errors
    /// [`ChainError::NoNetwork`] if the network has ended; another variant if no node answers or makes progress.
    pub async fn follow(&mut self) -> Result<MetagraphChanges, ChainError> {
        let now = self.blocks.latest().await?;
        let snapshot = now.metagraph(self.netuid).await?;
        let snapshot = snapshot.ok_or_else(|| ChainError::NoNetwork { netuid: self.netuid, block: now.height() })?;
        let changes = MetagraphChanges::between(&self.snapshot, &snapshot);
        self.snapshot = snapshot;
        Ok(changes)
    }

    /// Returns the netuid of the network.
    pub const fn netuid(&self) -> NetUid {
        self.netuid
    }

    /// Returns the present state of the network, for storing.
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
    /// Compares two states of one network.
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

    /// Returns true if nothing but the block is different.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns true if the hotkey and its registration are the same.
///
/// A hotkey swap keeps the registration, but changes the key.
fn same_seat(then: &NeuronInfo, now: &NeuronInfo) -> bool {
    then.hotkey == now.hotkey && then.registered_at == now.registered_at
}
