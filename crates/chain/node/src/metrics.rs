//! Metrics of this chain, beside those of the engine.

use crate::service::{Backend, Client};
use codec::DecodeAll;
use frame_system::EventRecord;
use futures::{StreamExt, stream};
use myelin_runtime::{BlockNumber, Hash, OpaqueBlock as Block, Runtime, RuntimeEvent};
use myelin_runtime_api::MyelinApi;
use prometheus_endpoint::{Counter, F64, Gauge, PrometheusError, Registry, U64, register};
use sc_client_api::{Backend as _, BlockchainEvents, HeaderBackend, StorageKey, StorageProvider};
use sc_consensus_aura::find_pre_digest;
use sp_api::ProvideRuntimeApi;
use sp_consensus_aura::{
    AuraApi, Slot, SlotDuration,
    sr25519::{AuthorityId, AuthoritySignature},
};
use sp_core::crypto::{ByteArray, key_types};
use sp_keystore::KeystorePtr;
use sp_runtime::{
    Perbill,
    traits::{Block as BlockT, Header as _},
};
use sp_timestamp::Timestamp;
use std::sync::Arc;

type Header = <Block as BlockT>::Header;
type EmissionEvent = myelin_pallet_emission::Event<Runtime>;

/// The metrics of this chain. Those of blocks describe the blocks that were made since this node started.
pub(crate) struct ChainMetrics {
    epochs_put_off: Counter<U64>,
    epochs_failed: Counter<U64>,
    free_share: Gauge<F64>,
    finality_lag: Gauge<U64>,
    slots_missed: Counter<U64>,
    state_seconds: Gauge<U64>,
}

impl ChainMetrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// If one of these names is taken.
    pub(crate) fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let counter = |name, help| register(Counter::new(name, help)?, registry);
        let gauge = |name, help| register(Gauge::<U64>::new(name, help)?, registry);
        Ok(Self {
            epochs_put_off: counter(
                "myelin_epochs_put_off_total",
                "Epochs that found no room in the block of their turn",
            )?,
            epochs_failed: counter("myelin_epochs_failed_total", "Epochs that failed and paid nothing")?,
            free_share: register(
                Gauge::new("myelin_free_share", "Part of the best block that free calls took, at most a third")?,
                registry,
            )?,
            finality_lag: gauge("myelin_finality_lag_blocks", "Blocks from the last final block to the best one")?,
            slots_missed: counter("myelin_slots_missed_total", "Slots of this authority without a block of it")?,
            state_seconds: gauge("myelin_state_seconds", "Time back to the oldest block whose state this node keeps")?,
        })
    }
}

/// The parts of the node that the metrics describe.
pub(crate) struct MetricSources {
    pub(crate) client: Arc<Client>,
    pub(crate) backend: Arc<Backend>,
    /// The keys of this authority; `None` on a full node.
    pub(crate) keystore: Option<KeystorePtr>,
    pub(crate) slot_duration: SlotDuration,
}

impl MetricSources {
    /// Keeps the metrics up to date as long as the node runs.
    pub(crate) async fn follow(self, metrics: ChainMetrics) {
        let started = Slot::from_timestamp(Timestamp::current(), self.slot_duration);
        let best = self.client.import_notification_stream();
        let best = best.filter_map(async |block| block.is_new_best.then_some(Some(block.hash)));
        let finalised = self.client.finality_notification_stream().map(|_| None);
        let (mut counted, mut oldest_state) = (self.client.info().best_number, 0);
        let mut news = stream::select(Box::pin(best), finalised);
        while let Some(news) = news.next().await {
            let chain = self.client.info();
            metrics.finality_lag.set(chain.best_number.saturating_sub(chain.finalized_number).into());
            let Some(best) = news else { continue };
            for (hash, header, slot) in self.blocks_since(counted, started, best).into_iter().rev() {
                counted = *header.number();
                self.count_epochs(hash, &metrics);
                metrics.slots_missed.inc_by(self.slots_missed(&header, slot, started).unwrap_or_default());
            }
            if let Ok(share) = self.client.runtime_api().free_share(best) {
                metrics.free_share.set(f64::from(share.deconstruct()) / f64::from(Perbill::one().deconstruct()));
            }
            oldest_state = self.oldest_state(oldest_state, chain.finalized_number);
            let slots = self.slot_of_block(chain.best_number).zip(self.slot_of_block(oldest_state.max(1)));
            if let Some((newest, oldest)) = slots {
                let millis =
                    u64::from(newest).saturating_sub(oldest.into()).saturating_mul(self.slot_duration.as_millis());
                metrics.state_seconds.set(millis / 1_000);
            }
        }
    }

    /// Returns the blocks above the height `counted` that were made since this node started, newest first.
    ///
    /// A node that has fallen behind is told of its last blocks only, so the others are found through their children.
    fn blocks_since(&self, counted: BlockNumber, started: Slot, best: Hash) -> Vec<(Hash, Header, Slot)> {
        let mut blocks = Vec::new();
        let mut next = best;
        while let Ok(Some(header)) = self.client.header(next) {
            let made = slot(&header).filter(|slot| *slot >= started && *header.number() > counted);
            let Some(slot) = made else { break };
            let parent = *header.parent_hash();
            blocks.push((next, header, slot));
            next = parent;
        }
        blocks
    }

    /// Counts the epochs of a block that were put off or failed.
    ///
    /// Events of a runtime that this node was not built with may be unreadable; they are not counted.
    fn count_epochs(&self, block: Hash, metrics: &ChainMetrics) {
        let key = StorageKey(frame_support::storage::storage_prefix(b"System", b"Events").to_vec());
        let Ok(Some(stored)) = self.client.storage(block, &key) else { return };
        let Ok(events) = Vec::<Box<EventRecord<RuntimeEvent, Hash>>>::decode_all(&mut &stored.0[..]) else { return };
        for record in events {
            match record.event {
                RuntimeEvent::Emission(EmissionEvent::EpochPutOff { .. }) => metrics.epochs_put_off.inc(),
                RuntimeEvent::Emission(EmissionEvent::EpochFailed { .. }) => metrics.epochs_failed.inc(),
                _ => {}
            }
        }
    }

    /// Returns the number of slots between a block and its parent in which this authority made no block.
    fn slots_missed(&self, header: &Header, slot: Slot, started: Slot) -> Option<u64> {
        let keystore = self.keystore.as_ref()?;
        let parent = self.client.header(*header.parent_hash()).ok()??;
        if parent.number() == &0 {
            // Genesis has no slot.
            return None;
        }
        let authorities: Vec<AuthorityId> = self.client.runtime_api().authorities(*header.parent_hash()).ok()?;
        let own = |id: &AuthorityId| keystore.has_keys(&[(id.to_raw_vec(), key_types::AURA)]);
        let between = (u64::from(self::slot(&parent)?) + 1).max(started.into())..slot.into();
        let turns = |(turn, id)| if own(id) { turns(&between, turn, authorities.len()) } else { 0 };
        Some(authorities.iter().enumerate().map(turns).sum())
    }

    /// Returns the oldest block whose state is kept, from `least` on; the last final block if there is none.
    ///
    /// States are pruned in order, so bisection finds it.
    fn oldest_state(&self, least: BlockNumber, finalised: BlockNumber) -> BlockNumber {
        let kept = |number| {
            let hash = self.client.hash(number).ok().flatten();
            hash.is_some_and(|hash| self.backend.have_state_at(hash, number))
        };
        let (mut low, mut high) = (least, finalised.max(least));
        // An archive keeps the least.
        if kept(low) {
            return low;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if kept(middle) { high = middle } else { low = middle + 1 }
        }
        low
    }

    fn slot_of_block(&self, number: BlockNumber) -> Option<Slot> {
        let hash = self.client.hash(number).ok()??;
        slot(&self.client.header(hash).ok()??)
    }
}

fn slot(header: &Header) -> Option<Slot> {
    find_pre_digest::<Block, AuthoritySignature>(header).ok()
}

/// Returns the number of slots in which it is the turn of an authority.
fn turns(slots: &std::ops::Range<u64>, turn: usize, authorities: usize) -> u64 {
    let (turn, authorities) = (turn as u64, authorities as u64);
    let before = |slot: u64| slot.saturating_add(authorities - 1 - turn) / authorities;
    before(slots.end).saturating_sub(before(slots.start))
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn turns_are_counted_as_the_engine_gives_them() {
        for authorities in 1..6_usize {
            for turn in 0..authorities {
                for start in 0..12_u64 {
                    for end in start..20 {
                        let expected = (start..end).filter(|slot| slot % authorities as u64 == turn as u64).count();
                        assert_eq!(turns(&(start..end), turn, authorities), expected as u64, "{start}..{end}");
                    }
                }
            }
        }
    }
}
