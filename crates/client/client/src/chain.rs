//! A chain, through whichever of its nodes answers.

use crate::{
    blocks::Blocks,
    bodies::Bodies,
    error::ChainError,
    link::{Connect, NodeLink, Timeouts, WebSocket},
    node_urls::NodeUrls,
    state::ChainState,
};
use std::sync::Arc;
use subxt::{
    backend::LegacyBackend,
    config::RpcConfigFor,
    rpcs::{LegacyRpcMethods, RpcClient},
    utils::H256,
};

/// The configuration of the chain for the library underneath: a stock one.
pub type ChainConfig = subxt::SubstrateConfig;

/// A connection of the library underneath.
pub type SubxtClient = subxt::OnlineClient<ChainConfig>;

/// The questions of the older of the two protocols. It tells as a number why a transaction is not let into the pool,
/// and it has no state on the side of the node that a change of nodes would lose.
pub(crate) type Methods = LegacyRpcMethods<RpcConfigFor<ChainConfig>>;

/// A chain, through whichever of its nodes answers.
///
/// When a node is lost, questions go to the next one by themselves, in the order of [`NodeUrls`]; only a node of the
/// same chain is asked. Every wait has a limit ([`Timeouts`]). Copies share one connection.
#[derive(Clone, Debug)]
pub struct Chain {
    client: SubxtClient,
    link: NodeLink,
    bodies: Bodies,
}

impl Chain {
    /// Connects to the first of these nodes that answers.
    ///
    /// # Errors
    /// If none does.
    pub async fn connect(endpoints: NodeUrls) -> Result<Self, ChainError> {
        Self::connect_within(endpoints, Timeouts::default()).await
    }

    /// Connects to the first of these nodes that answers, and waits no longer than this for anything.
    ///
    /// # Errors
    /// If none does.
    pub async fn connect_within(endpoints: NodeUrls, limits: Timeouts) -> Result<Self, ChainError> {
        Self::connect_by(endpoints, limits, WebSocket).await
    }

    pub(crate) async fn connect_by(
        endpoints: NodeUrls,
        limits: Timeouts,
        connect: impl Connect,
    ) -> Result<Self, ChainError> {
        let link = NodeLink::new(endpoints, limits, connect);
        let backend = LegacyBackend::builder().build(link.clone());
        let client = SubxtClient::from_backend(Arc::new(backend)).await?;
        Ok(Self { client, link, bodies: Bodies::default() })
    }

    /// The hash of block 0, which names the chain.
    pub fn genesis(&self) -> H256 {
        self.client.genesis_hash()
    }

    /// The node that is asked at present.
    ///
    /// # Errors
    /// If no node answers.
    pub async fn node(&self) -> Result<String, ChainError> {
        Ok(self.link.connection().await?.url)
    }

    /// The chain as of its last final block: what is read there will never be undone.
    ///
    /// # Errors
    /// If no node answers.
    pub async fn at_finalised(&self) -> Result<ChainState, ChainError> {
        Ok(ChainState::new(self.client.at_current_block().await?))
    }

    /// The chain as of its best block, which another may still replace.
    ///
    /// # Errors
    /// If no node answers.
    pub async fn at_best(&self) -> Result<ChainState, ChainError> {
        let best = self.methods().chain_get_block_hash(None).await?;
        self.at_hash(best.ok_or_else(|| ChainError::NoBlock("at all".into()))?).await
    }

    /// The chain as of the block at this height. Nodes answer about old blocks if they keep their states, by default
    /// those of the last 256.
    ///
    /// # Errors
    /// If there is none, or no node answers.
    pub async fn at(&self, height: u64) -> Result<ChainState, ChainError> {
        Ok(ChainState::new(self.client.at_block(height).await?))
    }

    /// The chain as of the block with this hash.
    ///
    /// # Errors
    /// If there is none, or no node answers.
    pub async fn at_hash(&self, hash: H256) -> Result<ChainState, ChainError> {
        Ok(ChainState::new(self.client.at_block(hash).await?))
    }

    pub(crate) async fn at_block(&self, hash: H256, height: u64) -> Result<ChainState, ChainError> {
        Ok(ChainState::new(self.client.at_block_hash_and_number(hash, height).await?))
    }

    /// The final blocks that come from now on.
    ///
    /// # Errors
    /// If no node answers.
    pub async fn blocks(&self) -> Result<Blocks, ChainError> {
        let last = self.at_finalised().await?;
        Ok(self.blocks_from(last.height() + 1))
    }

    /// The final blocks from this height on, past ones at once and later ones as they come.
    pub fn blocks_from(&self, height: u64) -> Blocks {
        Blocks::new(self.clone(), height)
    }

    /// The library underneath, for what is not offered here.
    pub fn client(&self) -> &SubxtClient {
        &self.client
    }

    /// Any RPC method of the nodes. Requests go to the next node when one is lost; subscriptions end.
    pub fn rpc(&self) -> RpcClient {
        RpcClient::new(self.link.clone())
    }

    pub(crate) fn methods(&self) -> Methods {
        Methods::new(self.rpc())
    }

    pub(crate) fn link(&self) -> &NodeLink {
        &self.link
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        &self.bodies
    }
}
