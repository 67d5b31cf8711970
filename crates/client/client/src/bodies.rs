//! A cache of the transactions and events of final blocks.

use crate::{
    calls::blake2_256,
    chain::{ChainConfig, Header},
    error::ChainError,
    state::ChainState,
};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use subxt::{
    config::substrate::DigestItem,
    events::{Events, Phase},
    ext::codec::{Compact, Encode},
    utils::H256,
};
use tokio::sync::OnceCell;

/// The number of blocks that are kept. A reader that is further behind reads from a node again.
const KEPT: usize = 16;

/// The bodies of the final blocks that were read last.
///
/// Many transactions of one program end in the same blocks, and each has a search of its own. The first search that
/// needs a block fetches and decodes it once, while the others wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies(Arc<Mutex<CachedBodies>>);

/// Bodies by the hash of their block, the newest last.
type CachedBodies = VecDeque<(H256, Arc<BlockBody>)>;

/// The transactions of a block, and the events of each. The first reader fills it.
#[derive(Default)]
pub(crate) struct BlockBody {
    /// The transactions of the block.
    transactions: OnceCell<BlockTransactions>,
    /// The events by the index of their transaction.
    events: OnceCell<BTreeMap<u32, Arc<Events<ChainConfig>>>>,
}

/// The transactions of one block.
#[derive(Debug)]
struct BlockTransactions {
    /// The index of each transaction in the block, by its hash.
    indices: BTreeMap<H256, u32>,
    /// True if they replaced the runtime.
    upgrade: bool,
}

impl fmt::Debug for BlockBody {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Body").field(&self.transactions.get().map(|all| all.indices.len())).finish()
    }
}

impl Bodies {
    /// Returns the body of a block.
    pub(crate) fn of(&self, block: H256) -> Arc<BlockBody> {
        // No code that could panic runs while the lock is held.
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
    /// Fetches the header and the transactions, unless they are cached.
    pub(crate) async fn fetch<Trouble>(
        &self,
        block: impl AsyncFnOnce() -> Result<(Header, Vec<Vec<u8>>), Trouble>,
    ) -> Result<(), Trouble> {
        let transactions = self.transactions.get_or_try_init(async || {
            let (header, transactions) = block().await?;
            // The index cannot overflow, because blocks are far smaller.
            let indices = (0..).zip(transactions).map(|(index, bytes)| (blake2_256(&bytes), index)).collect();
            Ok(BlockTransactions {
                indices,
                upgrade: header.digest.logs.contains(&DigestItem::RuntimeEnvironmentUpdated),
            })
        });
        transactions.await.map(drop)
    }

    /// Returns the index of a transaction in the block, if the transactions were fetched and it is among them.
    pub(crate) fn index_of(&self, transaction: H256) -> Option<u32> {
        self.transactions.get()?.indices.get(&transaction).copied()
    }

    /// Returns true if the transactions were fetched and have replaced the runtime.
    pub(crate) fn has_upgrade(&self) -> bool {
        self.transactions.get().is_some_and(|all| all.upgrade)
    }

    /// Returns the events of a transaction.
    pub(crate) async fn events(&self, moment: &ChainState, place: u32) -> Result<Arc<Events<ChainConfig>>, ChainError> {
        let events = self.events.get_or_try_init(async || apart(moment).await).await?;
        Ok(events.get(&place).map_or_else(|| Arc::new(encoded(moment, 0, &[])), Arc::clone))
    }
}

/// Returns the events of a block by the index of their transaction.
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
