//! Commands about subnets and how they are set.

mod change;
mod field;
mod identity;
mod parameters;
mod price;
mod read;

pub use change::{Create, OwnerHotkey, Remove, Transfer};
pub use identity::{SetIdentity, ShowIdentity, SubnetIdentityTexts};
pub use parameters::{SetParameters, ShowParameters};
pub use price::Price;
pub use read::{List, Show};

use crate::{error::CliError, key::WalletSigner};
use myelin_client::{ChainError, ChainState, NetUid, SubnetInfo};

/// A network that exists.
async fn find(now: &ChainState, netuid: NetUid) -> Result<SubnetInfo, CliError> {
    let subnet = now.subnet(netuid).await?;
    Ok(subnet.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?)
}

/// A subnet that this key owns, because the chain lets nobody else change it.
async fn find_own(now: &ChainState, netuid: NetUid, owner: &WalletSigner) -> Result<SubnetInfo, CliError> {
    let subnet = find(now, netuid).await?;
    if subnet.owner == Some(owner.public()) {
        return Ok(subnet);
    }
    let whose = subnet.owner.map_or_else(|| "nobody".to_owned(), |other| other.to_string());
    Err(CliError::Impossible {
        message: format!("subnet {netuid} belongs to {whose}, and not to {owner}"),
        hint: "choose the owner's wallet with `--wallet`".into(),
    })
}
