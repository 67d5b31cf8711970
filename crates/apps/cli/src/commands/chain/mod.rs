//! Commands that show the chain as a whole.

mod account;
mod blocks;
mod emission;
mod outcome;
mod parameters;
mod runtime;
mod status;

pub use account::Account;
pub use blocks::Blocks;
pub use emission::Emission;
pub use outcome::Outcome;
pub use parameters::Parameters;
pub use runtime::Runtime;
pub use status::Status;

use myelin_client::{
    Chain, ChainConfig, ChainError, ChainState,
    runtime::storage,
    subxt::{config::RpcConfigFor, rpcs::LegacyRpcMethods},
};

/// Returns the RPC methods in which a node describes itself.
fn node(chain: &Chain) -> LegacyRpcMethods<RpcConfigFor<ChainConfig>> {
    LegacyRpcMethods::new(chain.rpc())
}

/// Returns the timestamp of a block, in milliseconds since 1970.
async fn made_at(block: &ChainState) -> Result<u64, ChainError> {
    block.read(storage().timestamp().now(), ()).await
}
