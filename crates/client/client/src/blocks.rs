//! Final blocks in their order.

use crate::{
    bodies::BlockBody,
    chain::{Chain, Header, Methods},
    error::{ChainError, Unreachable},
    extrinsics_root::is_body,
    link::{Connection, NodeError, NodeLink},
    state::ChainState,
};
use futures::FutureExt;
use std::{fmt, sync::Arc};
use subxt::{config::Header as _, rpcs::client::RpcSubscription, utils::H256};
use tokio::time::{Instant, timeout};

/// The final blocks of a chain, each once and in order.
///
/// If a connection is lost, the next node continues with the block after the last one that was returned. No block is
/// missed or repeated. A block is returned only if the current node has finalised it.
///
/// Nodes discard old states, by default those of more than 1 024 blocks ago. A reader that is further behind gets an
/// error for each such block, and can continue with [`Self::go_to`].
#[derive(Debug)]
pub struct Blocks {
    chain: Chain,
    next: u64,
    feed: Option<Feed>,
}

/// A subscription to the final blocks of one node.
struct Feed {
    connection: Connection,
    methods: Methods,
    heads: RpcSubscription<Header>,
    /// The height of the last block that this node has finalised.
    finalised: u64,
}

impl fmt::Debug for Feed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Feed({}, {})", self.connection.url, self.finalised)
    }
}

/// A final block. Its body is filled if the transactions were requested.
pub(crate) struct FinalBlock {
    pub(crate) hash: H256,
    pub(crate) height: u64,
    pub(crate) body: Arc<BlockBody>,
}

impl Blocks {
    pub(crate) fn new(chain: Chain, next: u64) -> Self {
        Self { chain, next, feed: None }
    }

    /// Returns the height of the next block.
    pub const fn height(&self) -> u64 {
        self.next
    }

    /// Continues with the block at this height.
    pub const fn go_to(&mut self, height: u64) {
        self.next = height;
    }

    /// Waits for the next final block and returns its state.
    ///
    /// The future may be dropped, and the call repeated after an error. No block is lost.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers or makes progress within the limits, or the state of the block was discarded.
    pub async fn next(&mut self) -> Result<ChainState, ChainError> {
        let block = self.final_block(false).await?;
        let moment = self.chain.at_block(block.hash, block.height).await?;
        self.next = block.height + 1;
        Ok(moment)
    }

    /// Waits for the next final block and returns the state of the last one. Blocks in between are skipped.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers or makes progress within the limits.
    pub async fn latest(&mut self) -> Result<ChainState, ChainError> {
        // This call also updates the last block of the node.
        self.final_block(false).await?;
        if let Some(feed) = &self.feed {
            self.next = self.next.max(feed.finalised);
        }
        self.next().await
    }

    /// Waits for the next final block and returns it with its transactions.
    pub(crate) async fn next_body(&mut self) -> Result<FinalBlock, ChainError> {
        let block = self.final_block(true).await?;
        self.next = block.height + 1;
        Ok(block)
    }

    /// Waits until a node has finalised the next block, and reads the block from that node.
    async fn final_block(&mut self, with_body: bool) -> Result<FinalBlock, ChainError> {
        let link = self.chain.link().clone();
        let began = Instant::now();
        let mut losses = 0;
        loop {
            match self.try_final_block(&link, with_body).await {
                Ok(block) => return Ok(block),
                Err(BlockError::Error(error)) => return Err(error),
                Err(BlockError::Limited(_)) if link.may_wait(began) => {}
                Err(BlockError::Limited(why)) => return Err(why.into()),
                Err(BlockError::Lost) => losses += 1,
            }
            self.feed = None;
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
        // Headers that have arrived are read as well. A slow reader therefore knows the last block, and the queue stays
        // short.
        while let Some(Some(Ok(header))) = feed.heads.next().now_or_never() {
            feed.finalised = feed.finalised.max(header.number());
        }
        link.saw(&feed.connection, feed.finalised).await;
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
                let block = block.ok_or_else(|| BlockError::Error(ChainError::NoBlock(height.to_string())))?.block;
                let transactions: Vec<_> = block.extrinsics.into_iter().map(|transaction| transaction.0).collect();
                if !is_body(hash, &block.header, &transactions) {
                    link.untrue(&feed.connection).await;
                    return Err(BlockError::Lost);
                }
                Ok((block.header, transactions))
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
        // The subscription comes first, so that no block is missed between the two requests.
        let heads = link.ask(&connection, methods.chain_subscribe_finalized_heads()).await?;
        let last = link.ask(&connection, methods.chain_get_finalized_head()).await?;
        let header = link.ask(&connection, methods.chain_get_header(Some(last))).await?;
        let finalised = header.map_or(0, |header| header.number());
        Ok(Self { connection, methods, heads, finalised })
    }
}

/// A failure to read a block from one node.
enum BlockError {
    /// The node is given up.
    Lost,
    /// The node has refused a request because of its rate limit.
    Limited(Unreachable),
    /// Another node would not help.
    Error(ChainError),
}

impl From<NodeError> for BlockError {
    fn from(lost: NodeError) -> Self {
        match lost {
            NodeError::Answered(error) => Self::Error(error.into()),
            NodeError::Connection(_) => Self::Lost,
            NodeError::Limited(why) => Self::Limited(why),
        }
    }
}
