//! Commands about subnets and their parameters.

mod create;
mod identity;
mod list;
mod owner_hotkey;
mod parameters;
mod price;
mod remove;
mod rows;
mod show;
mod transfer;

pub use create::Create;
pub use identity::{SetIdentity, ShowIdentity};
pub use list::List;
pub use owner_hotkey::OwnerHotkey;
pub use parameters::{SetParameters, ShowParameters};
pub use price::Price;
pub use remove::Remove;
pub use show::Show;
pub use transfer::Transfer;

use crate::{error::CliError, key::WalletSigner};
use myelin_client::{ChainError, ChainState, NetUid, SubnetInfo};

/// Reads a network.
///
/// # Errors
/// [`ChainError::NoNetwork`] if it does not exist.
async fn find(now: &ChainState, netuid: NetUid) -> Result<SubnetInfo, CliError> {
    let subnet = now.subnet(netuid).await?;
    Ok(subnet.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?)
}

/// Reads a subnet that this key owns. The chain refuses changes by any other key.
async fn find_own(now: &ChainState, netuid: NetUid, owner: &WalletSigner) -> Result<SubnetInfo, CliError> {
    let subnet = find(now, netuid).await?;
    if subnet.owner == Some(owner.public()) {
        return Ok(subnet);
    }
    let whose = subnet.owner.map_or_else(|| "no account".to_owned(), |other| other.to_string());
    Err(CliError::Impossible {
        message: format!("subnet {netuid} belongs to {whose}, not to {owner}"),
        hint: "choose the owner's wallet with `--wallet`".into(),
    })
}
