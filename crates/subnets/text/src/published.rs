//! The model of a subnet, as its owner publishes it: a commitment of the owner's hotkey. spec subnets-and-neurons §16
//!
//! The item is raw text, `myelin-text/1` and the hash, so that whoever reads the chain sees what it is.

use crate::ModelHash;
use myelin_client::{BlockNumber, ChainError, ChainState, CommitmentData, Hint, Hints, NetUid, PublicKey};

/// What the item begins with.
const FORM: &str = "myelin-text/1 ";

/// Which model a subnet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedModel {
    /// The model.
    pub model: ModelHash,
    /// Since when.
    pub block: BlockNumber,
    /// Who published it.
    pub owner_hotkey: PublicKey,
}

/// Why the model of a subnet is not known.
#[derive(Debug, thiserror::Error)]
pub enum PublishedModelError {
    /// The chain cannot be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// There is no such subnet.
    #[error("there is no subnet {0}")]
    NoSubnet(NetUid),
    /// Nobody owns it.
    #[error("subnet {0} has no owner who could say which model it has")]
    NoOwner(NetUid),
    /// Its owner has not said.
    #[error("the owner of subnet {0} has not published a model")]
    Nothing(NetUid),
    /// Its owner has said something else.
    #[error("what the owner of subnet {0} has published is not a model of this task")]
    Other(NetUid),
    /// It is another one.
    #[error("the model of subnet {netuid} is {published}, and this one is {found}")]
    Differs {
        /// Where.
        netuid: NetUid,
        /// Its model.
        published: ModelHash,
        /// The one at hand.
        found: ModelHash,
    },
}

impl PublishedModelError {
    /// A name of the cause that stays the same when the text becomes better.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Chain(_) => "unreachable",
            Self::NoSubnet(_) => "not-found",
            Self::NoOwner(_) | Self::Nothing(_) | Self::Other(_) => "no-model",
            Self::Differs { .. } => "other-model",
        }
    }
}

impl Hint for PublishedModelError {
    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Chain(error) => error.hints(out),
            Self::NoSubnet(_) => out.push("choose a subnet that exists"),
            Self::NoOwner(_) => out.push("choose a subnet that has an owner"),
            Self::Nothing(_) | Self::Other(_) => out.push("ask its owner to publish a model"),
            Self::Differs { .. } => out.push("get the model with that hash"),
        }
    }
}

/// What is committed for a model.
pub fn item(model: ModelHash) -> CommitmentData {
    CommitmentData::Raw(format!("{FORM}{model}").into_bytes())
}

/// The model in an item.
fn model(item: &CommitmentData) -> Option<ModelHash> {
    let CommitmentData::Raw(bytes) = item else { return None };
    std::str::from_utf8(bytes).ok()?.strip_prefix(FORM)?.parse().ok()
}

/// Which model a subnet has, as of some block.
///
/// # Errors
/// [`PublishedModelError`], if that is not known.
pub async fn published(now: &ChainState, netuid: NetUid) -> Result<PublishedModel, PublishedModelError> {
    let subnet = now.subnet(netuid).await?.ok_or(PublishedModelError::NoSubnet(netuid))?;
    let owner_hotkey = subnet.owner_hotkey.ok_or(PublishedModelError::NoOwner(netuid))?;
    let uid = now.uid(netuid, &owner_hotkey).await?.ok_or(PublishedModelError::NoOwner(netuid))?;
    let commitment = now.commitment(netuid, uid).await?.ok_or(PublishedModelError::Nothing(netuid))?;
    let model = model(&commitment.data).ok_or(PublishedModelError::Other(netuid))?;
    Ok(PublishedModel { model, block: commitment.block, owner_hotkey })
}

/// The first subnet whose owner has published a model.
///
/// # Errors
/// If the chain cannot be asked.
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

/// Refuses a model that is not the subnet's.
///
/// # Errors
/// [`PublishedModelError`]; [`PublishedModelError::Differs`], when it is another one.
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
        assert!(CommitmentData::raw(&bytes).is_some(), "{} bytes are too many", bytes.len());
        assert_eq!(String::from_utf8(bytes).unwrap(), format!("myelin-text/1 {}", "ab".repeat(32)));
        assert_eq!(model(&item(hash)), Some(hash));
    }

    #[test]
    fn other_items_are_no_models() {
        for other in [
            CommitmentData::None,
            CommitmentData::Raw(b"myelin-text/1 abc".to_vec()),
            CommitmentData::Raw(vec![0xff]),
            CommitmentData::Hash(131, [1; 32]),
        ] {
            assert_eq!(model(&other), None);
        }
    }
}
