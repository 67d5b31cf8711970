//! What final blocks hold, for those who look for transactions.

use crate::{calls::blake2_256, chain::ChainConfig, error::ChainError, state::ChainState};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use subxt::{
    events::{Events, Phase},
    ext::codec::{Compact, Encode},
    utils::H256,
};
use tokio::sync::OnceCell;

/// How many blocks are kept. Whoever is further behind fetches anew.
const KEPT: usize = 16;

/// The bodies of the final blocks that were looked at last.
///
/// Many transactions of one program end in the same blocks, and each is looked for by itself. So a block is fetched and
/// taken apart once, by the first who needs it, while the others wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies(Arc<Mutex<CachedBodies>>);

/// By the hash of the block, the newest last.
type CachedBodies = VecDeque<(H256, Arc<BlockBody>)>;

/// A block's transactions, and the events that each caused. Filled by whoever asks first.
#[derive(Default)]
pub(crate) struct BlockBody {
    /// Where in the block each transaction is, by its hash.
    transactions: OnceCell<BTreeMap<H256, u32>>,
    /// By the place of the transaction.
    events: OnceCell<BTreeMap<u32, Arc<Events<ChainConfig>>>>,
}

impl fmt::Debug for BlockBody {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Body").field(&self.transactions.get().map(BTreeMap::len)).finish()
    }
}

impl Bodies {
    /// That of a block.
    pub(crate) fn of(&self, block: H256) -> Arc<BlockBody> {
        // Nothing that could panic happens while it is held.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, body)) = kept.iter().find(|(hash, _)| *hash == block) {
            return Arc::clone(body);
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let body = Arc::<BlockBody>::default();
        kept.push_back((block, Arc::clone(&body)));
        body
    }
}

impl BlockBody {
    /// Fetches the transactions, unless they are here.
    pub(crate) async fn fetch<Trouble>(
        &self,
        transactions: impl AsyncFnOnce() -> Result<Vec<Vec<u8>>, Trouble>,
    ) -> Result<(), Trouble> {
        let places = self.transactions.get_or_try_init(async || {
            let transactions = transactions().await?;
            // Blocks are far smaller than what a place can count.
            Ok((0..).zip(transactions).map(|(place, bytes)| (blake2_256(&bytes), place)).collect())
        });
        places.await.map(drop)
    }

    /// Where in the block a transaction is, if the transactions were fetched and it is among them.
    pub(crate) fn index_of(&self, transaction: H256) -> Option<u32> {
        self.transactions.get()?.get(&transaction).copied()
    }

    /// The events that a transaction caused.
    pub(crate) async fn events(&self, moment: &ChainState, place: u32) -> Result<Arc<Events<ChainConfig>>, ChainError> {
        let events = self.events.get_or_try_init(async || apart(moment).await).await?;
        Ok(events.get(&place).map_or_else(|| Arc::new(encoded(moment, 0, &[])), Arc::clone))
    }
}

/// The events of a block by the transaction that caused them.
async fn apart(moment: &ChainState) -> Result<BTreeMap<u32, Arc<Events<ChainConfig>>>, ChainError> {
    let mut parts: BTreeMap<u32, (u32, Vec<u8>)> = BTreeMap::new();
    for event in moment.all_events().await?.iter() {
        let event = event?;
        if let Phase::ApplyExtrinsic(place) = event.phase() {
            let (count, bytes) = parts.entry(place).or_default();
            *count += 1;
            bytes.extend_from_slice(event.bytes());
        }
    }
    Ok(parts.iter().map(|(place, (count, bytes))| (*place, Arc::new(encoded(moment, *count, bytes)))).collect())
}

fn encoded(moment: &ChainState, count: u32, bytes: &[u8]) -> Events<ChainConfig> {
    moment.client().events().from_bytes([Compact(count).encode().as_slice(), bytes].concat())
}
