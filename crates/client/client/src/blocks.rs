//! Final blocks, one after another.

use crate::{
    bodies::BlockBody,
    chain::{Chain, ChainConfig, Methods},
    error::ChainError,
    link::{Connection, NodeError, NodeLink},
    state::ChainState,
};
use futures::FutureExt;
use std::{fmt, sync::Arc};
use subxt::{config::Header as _, rpcs::client::RpcSubscription, utils::H256};
use tokio::time::timeout;

type Header = <ChainConfig as subxt::Config>::Header;

/// The final blocks of a chain, each once and in order, whatever happens to nodes.
///
/// After a connection is lost, the next node goes on with the block after the last one that was given out, however many
/// were made meanwhile. Only a block that the node at hand holds for final is given out.
///
/// Nodes forget old states, by default those of more than 256 blocks ago. Whoever is further behind is given an error
/// for each such block, and can begin anew with [`Self::go_to`].
#[derive(Debug)]
pub struct Blocks {
    chain: Chain,
    next: u64,
    feed: Option<Feed>,
}

/// What one node says of final blocks.
struct Feed {
    connection: Connection,
    methods: Methods,
    heads: RpcSubscription<Header>,
    /// The last block that this node holds for final.
    finalised: u64,
}

impl fmt::Debug for Feed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Feed({}, {})", self.connection.url, self.finalised)
    }
}

/// A final block. Its body has the transactions if they were asked for.
pub(crate) struct FinalBlock {
    pub(crate) hash: H256,
    pub(crate) height: u64,
    pub(crate) body: Arc<BlockBody>,
}

impl Blocks {
    pub(crate) fn new(chain: Chain, next: u64) -> Self {
        Self { chain, next, feed: None }
    }

    /// The height of the block that comes next.
    pub const fn height(&self) -> u64 {
        self.next
    }

    /// Goes on with the block at this height.
    pub const fn go_to(&mut self, height: u64) {
        self.next = height;
    }

    /// The chain as of the next final block. May be dropped while it waits, and called again after an error: no block
    /// is lost.
    ///
    /// # Errors
    /// If no node answers or makes progress within the limits, or the block is too old.
    pub async fn next(&mut self) -> Result<ChainState, ChainError> {
        let block = self.final_block(false).await?;
        let moment = self.chain.at_block(block.hash, block.height).await?;
        self.next = block.height + 1;
        Ok(moment)
    }

    /// The chain as of the last final block, once that is not before the next one. Passes over those in between.
    ///
    /// # Errors
    /// If no node answers or makes progress within the limits.
    pub async fn latest(&mut self) -> Result<ChainState, ChainError> {
        // Also learns how far the node is.
        self.final_block(false).await?;
        if let Some(feed) = &self.feed {
            self.next = self.next.max(feed.finalised);
        }
        self.next().await
    }

    /// The next final block with its transactions.
    pub(crate) async fn next_body(&mut self) -> Result<FinalBlock, ChainError> {
        let block = self.final_block(true).await?;
        self.next = block.height + 1;
        Ok(block)
    }

    /// Waits until a node holds the next block for final, and asks that very node for it.
    async fn final_block(&mut self, with_body: bool) -> Result<FinalBlock, ChainError> {
        let link = self.chain.link().clone();
        let mut losses = 0;
        loop {
            match self.try_final_block(&link, with_body).await {
                Ok(block) => return Ok(block),
                Err(BlockError::Error(error)) => return Err(error),
                Err(BlockError::Lost) => {}
            }
            self.feed = None;
            losses += 1;
            if losses > link.nodes() {
                return Err(ChainError::Silent(link.limits().silence));
            }
        }
    }

    async fn try_final_block(&mut self, link: &NodeLink, with_body: bool) -> Result<FinalBlock, BlockError> {
        let feed = match &mut self.feed {
            Some(feed) => feed,
            none => none.insert(Feed::open(link).await?),
        };
        while feed.finalised < self.next {
            let Ok(Some(Ok(header))) = timeout(link.limits().silence, feed.heads.next()).await else {
                link.lost(&feed.connection).await;
                return Err(BlockError::Lost);
            };
            feed.finalised = feed.finalised.max(header.number());
        }
        // What has come meanwhile is read too, so that a slow reader knows how far the node is and overflows nothing.
        while let Some(Some(Ok(header))) = feed.heads.next().now_or_never() {
            feed.finalised = feed.finalised.max(header.number());
        }
        let height = self.next;
        let hash = link.ask(&feed.connection, feed.methods.chain_get_block_hash(Some(height.into()))).await?;
        let Some(hash) = hash else {
            link.lost(&feed.connection).await;
            return Err(BlockError::Lost);
        };
        let mut body = Arc::default();
        if with_body {
            body = self.chain.bodies().of(hash);
            let fetched = BlockBody::fetch(&body, async || {
                let block = link.ask(&feed.connection, feed.methods.chain_get_block(Some(hash))).await?;
                let block = block.ok_or_else(|| BlockError::Error(ChainError::NoBlock(height.to_string())))?;
                Ok::<_, BlockError>(block.block.extrinsics.into_iter().map(|transaction| transaction.0).collect())
            });
            fetched.await?;
        }
        Ok(FinalBlock { hash, height, body })
    }
}

impl Feed {
    async fn open(link: &NodeLink) -> Result<Self, BlockError> {
        let connection = link.connection().await.map_err(|error| BlockError::Error(error.into()))?;
        let methods = Methods::new(connection.rpc.clone());
        // Subscribed before asking, so that nothing falls in between.
        let heads = link.ask(&connection, methods.chain_subscribe_finalized_heads()).await?;
        let last = link.ask(&connection, methods.chain_get_finalized_head()).await?;
        let header = link.ask(&connection, methods.chain_get_header(Some(last))).await?;
        let finalised = header.map_or(0, |header| header.number());
        Ok(Self { connection, methods, heads, finalised })
    }
}

/// Why there is no block from one node.
enum BlockError {
    /// The node is given up.
    Lost,
    /// Another node would not help.
    Error(ChainError),
}

impl From<NodeError> for BlockError {
    fn from(lost: NodeError) -> Self {
        match lost {
            NodeError::Answered(error) => Self::Error(error.into()),
            NodeError::Connection(_) => Self::Lost,
        }
    }
}
