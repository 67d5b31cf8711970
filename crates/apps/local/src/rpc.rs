//! RPC requests to a node.

use jsonrpsee::{
    core::client::{ClientT, Error, Subscription, SubscriptionClientT},
    core::params::ArrayParams,
    ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use std::time::Duration;

/// An RPC client of a node.
#[derive(Debug)]
pub(crate) struct NodeRpc(WsClient);

impl NodeRpc {
    /// Connects to a node. Each request waits at most `patience` for its answer.
    pub(crate) async fn connect(url: &str, patience: Duration) -> Result<Self, Error> {
        WsClientBuilder::default().connection_timeout(patience).request_timeout(patience).build(url).await.map(Self)
    }

    async fn ask(&self, method: &str, parameters: &[Value]) -> Result<Value, Error> {
        let mut positional = ArrayParams::new();
        for parameter in parameters {
            positional.insert(parameter)?;
        }
        self.0.request(method, positional).await
    }

    /// Returns the address at which the node listens for peers of this machine, with its identity.
    pub(crate) async fn peer_address(&self) -> Result<Option<String>, Error> {
        let addresses = self.ask("system_localListenAddresses", &[]).await?;
        let mut addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
        let here = addresses.find(|address| address.starts_with("/ip4/127.0.0.1/tcp/") && !address.contains("/ws"));
        Ok(here.map(str::to_owned))
    }

    /// Returns the height of the best block.
    pub(crate) async fn height(&self) -> Result<u64, Error> {
        Ok(height(&self.ask("chain_getHeader", &[]).await?))
    }

    /// Returns the height of the last final block.
    pub(crate) async fn finalised(&self) -> Result<u64, Error> {
        let hash = self.ask("chain_getFinalizedHead", &[]).await?;
        Ok(height(&self.ask("chain_getHeader", &[hash]).await?))
    }

    /// Returns the number of the node's peers.
    pub(crate) async fn peers(&self) -> Result<u64, Error> {
        Ok(self.ask("system_health", &[]).await?["peers"].as_u64().unwrap_or_default())
    }

    /// Returns the name and version of the runtime.
    pub(crate) async fn runtime(&self) -> Result<String, Error> {
        let version = self.ask("state_getRuntimeVersion", &[]).await?;
        Ok(format!("{} {}", version["specName"].as_str().unwrap_or_default(), version["specVersion"]))
    }

    /// Waits until one more block is final. Returns `None` if the subscription ends before.
    pub(crate) async fn next_final(&self) -> Result<Option<u64>, Error> {
        let mut heads: Subscription<Value> = self
            .0
            .subscribe("chain_subscribeFinalizedHeads", ArrayParams::new(), "chain_unsubscribeFinalizedHeads")
            .await?;
        let mut first = None;
        while let Some(head) = heads.next().await {
            let height = height(&head?);
            if *first.get_or_insert(height) < height {
                return Ok(Some(height));
            }
        }
        Ok(None)
    }
}

/// Returns the height in a header, or 0 if the header has none.
fn height(header: &Value) -> u64 {
    let digits = header["number"].as_str().unwrap_or_default().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap_or_default()
}
