//! The model of a subnet, as its owner publishes it: a commitment of the owner's hotkey. spec subnets-and-neurons §16.
//!
//! The item is raw text, `myelin-text/1` and the hash, so that it explains itself to a reader of the chain.

use crate::ModelHash;
use myelin_client::{BlockNumber, ChainError, ChainState, CommitmentData, NetUid, PublicKey};
use myelin_diagnostic::{Diagnostic, Hints};

/// The beginning of the item.
const FORM: &str = "myelin-text/1 ";

/// The published model of a subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedModel {
    /// The hash of the model.
    pub model: ModelHash,
    /// The block of the commitment.
    pub block: BlockNumber,
    /// The hotkey of the owner, which published it.
    pub owner_hotkey: PublicKey,
}

/// The reason for which the model of a subnet is not known.
#[derive(Debug, thiserror::Error)]
pub enum PublishedModelError {
    /// A failure to read the chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A subnet that does not exist.
    #[error("there is no subnet {0}")]
    NoSubnet(NetUid),
    /// A subnet without an owner.
    #[error("subnet {0} has no owner that could publish a model")]
    NoOwner(NetUid),
    /// An owner without a commitment.
    #[error("the owner of subnet {0} has not published a model")]
    Nothing(NetUid),
    /// A commitment that is no model of this task.
    #[error("the commitment of the owner of subnet {0} is not a model of this task")]
    Other(NetUid),
    /// Another model than the one at hand.
    #[error("the model of subnet {netuid} is {published}, and this one is {found}")]
    Differs {
        /// The subnet.
        netuid: NetUid,
        /// Its published model.
        published: ModelHash,
        /// The model at hand.
        found: ModelHash,
    },
}

impl Diagnostic for PublishedModelError {
    fn code(&self) -> &'static str {
        match self {
            Self::Chain(_) => "unreachable",
            Self::NoSubnet(_) => "not-found",
            Self::NoOwner(_) | Self::Nothing(_) | Self::Other(_) => "no-model",
            Self::Differs { .. } => "other-model",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Chain(error) => error.hints(out),
            Self::NoSubnet(_) => out.push("list the subnets"),
            Self::NoOwner(_) => out.push("choose a subnet that has an owner"),
            Self::Nothing(_) | Self::Other(_) => out.push("ask the owner of the subnet to publish a model"),
            Self::Differs { .. } => out.push("get the model with that hash"),
        }
    }
}

/// Returns the item to commit for a model.
pub fn item(model: ModelHash) -> CommitmentData {
    // Always raw: the text is shorter than the longest item.
    CommitmentData::raw(format!("{FORM}{model}").as_bytes()).unwrap_or(CommitmentData::None)
}

/// Returns the model in an item.
fn model(item: &CommitmentData) -> Option<ModelHash> {
    let CommitmentData::Raw(bytes) = item else { return None };
    std::str::from_utf8(bytes).ok()?.strip_prefix(FORM)?.parse().ok()
}

/// Returns the published model of a subnet, as of some block.
///
/// # Errors
/// [`PublishedModelError`] with the reason for which it is not known.
pub async fn published(now: &ChainState, netuid: NetUid) -> Result<PublishedModel, PublishedModelError> {
    let subnet = now.subnet(netuid).await?.ok_or(PublishedModelError::NoSubnet(netuid))?;
    let owner_hotkey = subnet.owner_hotkey.ok_or(PublishedModelError::NoOwner(netuid))?;
    let uid = now.uid(netuid, &owner_hotkey).await?.ok_or(PublishedModelError::NoOwner(netuid))?;
    let commitment = now.commitment(netuid, uid).await?.ok_or(PublishedModelError::Nothing(netuid))?;
    let model = model(&commitment.info).ok_or(PublishedModelError::Other(netuid))?;
    Ok(PublishedModel { model, block: commitment.block, owner_hotkey })
}

/// Returns the first subnet whose owner has published a model.
///
/// # Errors
/// [`ChainError`] if the chain cannot be read.
pub async fn first(now: &ChainState) -> Result<Option<NetUid>, ChainError> {
    for subnet in now.subnets().await? {
        match published(now, subnet.netuid).await {
            Ok(_) => return Ok(Some(subnet.netuid)),
            Err(PublishedModelError::Chain(error)) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(None)
}

/// Checks that a model is the subnet's.
///
/// # Errors
/// [`PublishedModelError::Differs`] if it is another one, otherwise the reason for which the subnet's is not known.
pub async fn require(
    now: &ChainState,
    netuid: NetUid,
    found: ModelHash,
) -> Result<PublishedModel, PublishedModelError> {
    let known = published(now, netuid).await?;
    let published = known.model;
    if published == found { Ok(known) } else { Err(PublishedModelError::Differs { netuid, published, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_says_what_it_is_and_fits() {
        let hash = ModelHash::from_bytes([0xab; 32]);
        let CommitmentData::Raw(bytes) = item(hash) else { panic!("it is raw") };
        assert_eq!(String::from_utf8(bytes.into_inner()).unwrap(), format!("myelin-text/1 {}", "ab".repeat(32)));
        assert_eq!(model(&item(hash)), Some(hash));
    }

    #[test]
    fn other_items_are_no_models() {
        for other in [
            CommitmentData::None,
            CommitmentData::raw(b"myelin-text/1 abc").unwrap(),
            CommitmentData::raw(&[0xff]).unwrap(),
            CommitmentData::Sha256([1; 32]),
        ] {
            assert_eq!(model(&other), None);
        }
    }
}
