//! Commands that manage a neuron.

mod commitment;
mod probe;
mod register;
mod search;
mod serve;
mod show;
mod swap_hotkey;

pub use commitment::{SetCommitment, ShowCommitment};
pub use probe::Probe;
pub use register::Register;
pub use serve::Serve;
pub use show::Show;
pub use swap_hotkey::SwapHotkey;

use crate::error::CliError;
use crate::named_key::NamedKey;
use myelin_client::{ChainState, NetUid, NeuronInfo};

/// Reads the neuron of a hotkey on a network.
async fn seat(now: &ChainState, netuid: NetUid, hotkey: &NamedKey) -> Result<NeuronInfo, CliError> {
    let nowhere = || CliError::NotFound {
        message: format!("{hotkey} has no seat on network {netuid}"),
        hint: format!("register it with `myelin neuron register --netuid {netuid}`").into(),
    };
    let uid = now.uid(netuid, &hotkey.key).await?.ok_or_else(nowhere)?;
    now.neuron(netuid, uid).await?.ok_or_else(nowhere)
}
