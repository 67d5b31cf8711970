//! What is stored, and what calls take.

use crate::parameters::ParametersPatch;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The networks that can exist at the same time, root included.
pub const MAX_NETWORKS: u32 = 256;

/// The most seats that a network can have. spec subnets-and-neurons §17
pub const MAX_UIDS: u16 = 256;

/// [`MAX_NETWORKS`] as the bound of a collection.
pub type MaxNetworks = ConstU32<MAX_NETWORKS>;

/// [`MAX_UIDS`] as the bound of a collection.
pub type MaxUids = ConstU32<{ MAX_UIDS as u32 }>;

/// A network that exists, root included.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Subnet<AccountId> {
    /// When it was created; block 0 for those of genesis.
    pub registered_at: BlockNumber,
    /// The coldkey that owns it. Root, and subnets of genesis that were given none, have no owner.
    pub owner: Option<AccountId>,
    /// The hotkey whose seat is protected before any other of the owner's. `None` until the owner of a subnet that
    /// changed hands names one. spec subnets-and-neurons §12
    pub owner_hotkey: Option<AccountId>,
    /// What the owner locked for it and is given back when it ends.
    pub locked: Amount<Tao>,
}

/// How far the storage of an ended subnet has been cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanupProgress {
    /// Nothing is left.
    Done,
    /// The meter did not allow all of it; ask again in a later block.
    More,
}

/// What a subnet says about itself. Its content is not interpreted. spec subnets-and-neurons §15.2
///
/// As the argument of a call its texts are [`Vec`]s, so that one that is too long is refused with its reason; stored
/// they are bounded, see [`StoredSubnetIdentity`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SubnetIdentity<Name = Vec<u8>, Text = Vec<u8>> {
    /// The name of the subnet.
    pub subnet_name: Name,
    /// Where its code is.
    pub github_repo: Text,
    /// How to reach who runs it.
    pub subnet_contact: Text,
    /// Its page.
    pub subnet_url: Text,
    /// Where its people talk.
    pub discord: Name,
    /// What it is for.
    pub description: Text,
    /// Its picture.
    pub logo_url: Text,
    /// Anything else.
    pub additional: Text,
}

/// The most bytes of a name. spec subnets-and-neurons §15.2
pub const MAX_NAME: u32 = 256;

/// The most bytes of a text. spec subnets-and-neurons §15.2
pub const MAX_TEXT: u32 = 1_024;

/// An identity within its bounds.
pub type StoredSubnetIdentity = SubnetIdentity<BoundedVec<u8, ConstU32<MAX_NAME>>, BoundedVec<u8, ConstU32<MAX_TEXT>>>;

impl SubnetIdentity {
    /// The same within the bounds, or `None` if a text is too long.
    pub fn bounded(self) -> Option<StoredSubnetIdentity> {
        Some(SubnetIdentity {
            subnet_name: self.subnet_name.try_into().ok()?,
            github_repo: self.github_repo.try_into().ok()?,
            subnet_contact: self.subnet_contact.try_into().ok()?,
            subnet_url: self.subnet_url.try_into().ok()?,
            discord: self.discord.try_into().ok()?,
            description: self.description.try_into().ok()?,
            logo_url: self.logo_url.try_into().ok()?,
            additional: self.additional.try_into().ok()?,
        })
    }
}

/// A subnet that exists from the first block on. It pays no price and nothing is locked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisSubnet<AccountId> {
    /// Its number, 1 or above.
    pub netuid: NetUid,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<GenesisOwner<AccountId>>,
    /// What differs from the default parameters of the chain.
    #[serde(default)]
    pub parameters: ParametersPatch,
}

/// The owner of a subnet of genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisOwner<AccountId> {
    /// The owner.
    pub coldkey: AccountId,
    /// Its hotkey, which takes the first seat.
    pub hotkey: AccountId,
}
