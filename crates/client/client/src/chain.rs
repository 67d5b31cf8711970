//! The connection to a chain through its nodes.

use crate::{
    blocks::Blocks,
    bodies::Bodies,
    error::ChainError,
    link::{Connect, Connection, NodeLink, Timeouts, WebSocket},
    node_urls::NodeUrls,
    state::ChainState,
};
use myelin_keys::{Keypair, PublicKey};
use myelin_records::consent::{KeyConsent, pair_text};
use std::sync::Arc;
use subxt::{
    backend::LegacyBackend,
    config::RpcConfigFor,
    rpcs::{LegacyRpcMethods, RpcClient},
    utils::H256,
};

/// The configuration of the chain for subxt: the stock one of Substrate.
pub type ChainConfig = subxt::SubstrateConfig;

/// A client of subxt.
pub type SubxtClient = subxt::OnlineClient<ChainConfig>;

/// The header of a block.
pub(crate) type Header = <ChainConfig as subxt::Config>::Header;

/// The methods of the older RPC protocol.
///
/// It reports the reason of the pool as a number. It keeps no state on the node that a change of nodes would lose.
pub(crate) type Methods = LegacyRpcMethods<RpcConfigFor<ChainConfig>>;

/// A chain, read through the first of its nodes that answers.
///
/// If a node is lost, requests go to the next one in the order of [`NodeUrls`]. A node of another chain is never used.
/// Every wait has a limit ([`Timeouts`]). Copies share one connection.
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
    /// [`ChainError`] if no node answers, or the first answer cannot be read.
    pub async fn connect(endpoints: NodeUrls) -> Result<Self, ChainError> {
        Self::connect_within(endpoints, Timeouts::default()).await
    }

    /// Connects to the first of these nodes that answers, with these timeouts.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers, or the first answer cannot be read.
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

    /// Returns the hash of block 0, which identifies the chain.
    pub fn genesis(&self) -> H256 {
        self.client.genesis_hash()
    }

    /// Returns the text with which a key agrees to a pair on this chain (spec staking §2).
    pub fn pair_text(&self, coldkey: &PublicKey, hotkey: &PublicKey) -> Vec<u8> {
        pair_text(&self.genesis().0, coldkey, hotkey)
    }

    /// Signs the consent of one key of a pair on this chain (spec staking §2).
    pub fn consent(&self, key: &Keypair, coldkey: &PublicKey, hotkey: &PublicKey) -> KeyConsent {
        key.sign(&self.pair_text(coldkey, hotkey)).to_bytes()
    }

    /// Returns the URL of the current node.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if no node answers.
    pub async fn node(&self) -> Result<String, ChainError> {
        Ok(self.link.connection().await?.url)
    }

    /// Returns the chain as of its last final block, which is never reverted.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers.
    pub async fn at_finalised(&self) -> Result<ChainState, ChainError> {
        let connection = self.link.connection().await?;
        Ok(self.seen(&connection, ChainState::new(self.client.at_current_block().await?)).await)
    }

    /// Returns the chain as of its best block, which another block may still replace.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers.
    pub async fn at_best(&self) -> Result<ChainState, ChainError> {
        let connection = self.link.connection().await?;
        let best = self.methods().chain_get_block_hash(None).await?;
        let best = best.ok_or_else(|| ChainError::NoBlock("at all".into()))?;
        Ok(self.seen(&connection, self.at_hash(best).await?).await)
    }

    /// Notes the height of a block that the node of this connection has shown.
    async fn seen(&self, connection: &Connection, state: ChainState) -> ChainState {
        self.link.saw(connection, state.height()).await;
        state
    }

    /// Returns the chain as of the block at this height.
    ///
    /// A node answers for an old block only if it keeps its state, by default for the last 1 024 blocks.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`] if there is no such block; [`ChainError::StateDiscarded`] if the node no longer keeps its
    /// state; another variant if no node answers.
    pub async fn at(&self, height: u64) -> Result<ChainState, ChainError> {
        Ok(ChainState::new(self.client.at_block(height).await.map_err(|error| ChainError::from(error).of(&height))?))
    }

    /// Returns the oldest block whose state the current node keeps.
    ///
    /// A node discards states in order, so bisection finds it: for a million blocks with twenty requests.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers.
    pub async fn oldest_state(&self) -> Result<u64, ChainError> {
        let (mut low, mut high) = (0, self.at_finalised().await?.height());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.at(middle).await {
                Ok(_) => high = middle,
                Err(ChainError::StateDiscarded(_)) => low = middle + 1,
                Err(error) => return Err(error),
            }
        }
        Ok(low)
    }

    /// Returns the chain as of the block with this hash.
    ///
    /// # Errors
    /// As [`Chain::at`].
    pub async fn at_hash(&self, hash: H256) -> Result<ChainState, ChainError> {
        Ok(ChainState::new(self.client.at_block(hash).await.map_err(|error| ChainError::from(error).of(&hash))?))
    }

    pub(crate) async fn at_block(&self, hash: H256, height: u64) -> Result<ChainState, ChainError> {
        let at = self.client.at_block_hash_and_number(hash, height).await;
        Ok(ChainState::new(at.map_err(|error| ChainError::from(error).of(&height))?))
    }

    /// Returns the final blocks from now on.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers.
    pub async fn blocks(&self) -> Result<Blocks, ChainError> {
        let last = self.at_finalised().await?;
        Ok(self.blocks_from(last.height() + 1))
    }

    /// Returns the final blocks from this height on: past ones at once, later ones as they are finalised.
    pub fn blocks_from(&self, height: u64) -> Blocks {
        Blocks::new(self.clone(), height)
    }

    /// Returns the client of subxt, for requests that this crate does not offer.
    pub fn client(&self) -> &SubxtClient {
        &self.client
    }

    /// Returns an RPC client for any method of the nodes.
    ///
    /// Requests go to the next node if one is lost; subscriptions end.
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
