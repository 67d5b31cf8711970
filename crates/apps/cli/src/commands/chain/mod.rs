//! Commands that show the chain as a whole.

mod account;
mod blocks;
mod emission;
mod parameters;
mod runtime;
mod status;

pub use account::{Account, AccountView, HotkeyRow, StakeRow};
pub use blocks::{BlockRow, Blocks, EpochRow};
pub use emission::{Emission, EmissionView, HalvingRow, SubnetEmissionRow};
pub use parameters::{NetworkParameterRow, Parameters, ParametersView};
pub use runtime::{PalletRow, Runtime, RuntimeView};
pub use status::{Status, StatusView};

use myelin_client::{
    Chain, ChainConfig, ChainError, ChainState,
    runtime::storage,
    subxt::{config::RpcConfigFor, rpcs::LegacyRpcMethods},
};

/// The questions that nodes answer of themselves.
fn node(chain: &Chain) -> LegacyRpcMethods<RpcConfigFor<ChainConfig>> {
    LegacyRpcMethods::new(chain.rpc())
}

/// When the block was made, in milliseconds since 1970.
async fn made_at(block: &ChainState) -> Result<u64, ChainError> {
    block.read(storage().timestamp().now(), ()).await
}
