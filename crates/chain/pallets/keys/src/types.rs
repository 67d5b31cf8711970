//! Records of key swaps and identities.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use myelin_primitives::BlockNumber;
use scale_info::TypeInfo;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// The most hotkeys of one coldkey. All of them move at once when the coldkey is swapped.
pub const MAX_HOTKEYS: u32 = 256;

/// [`MAX_HOTKEYS`] as the bound of a collection.
pub type MaxHotkeys = ConstU32<MAX_HOTKEYS>;

/// The hash of the account that a coldkey is to be swapped for. spec staking §10.3
pub type ColdkeyHash = <BlakeTwo256 as Hash>::Output;

/// The limits in time of key swaps, in blocks. spec staking §10
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// Blocks that must pass between a stake operation or swap of a coldkey and the swap of one of its hotkeys. 0 is no
    /// limit.
    pub swap_rate_limit: BlockNumber,
    /// Blocks from the announcement of a coldkey swap to the swap.
    pub announcement_delay: BlockNumber,
    /// Blocks from when a coldkey swap is due to when it may be announced anew or withdrawn.
    pub reannouncement_delay: BlockNumber,
}

/// A coldkey that is to be replaced, announced by itself. spec staking §10.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ColdkeySwap {
    /// The hash of the new coldkey.
    pub new_coldkey_hash: ColdkeyHash,
    /// The block from which on it can be replaced.
    pub due: BlockNumber,
    /// True if its holder denies the announcement.
    pub disputed: bool,
}

/// The texts of a coldkey about itself, which are not verified. spec subnets-and-neurons §15.2
///
/// As the argument of a call its texts are [`Vec`]s, so that one that is too long is refused with its reason; stored
/// they are bounded, see [`StoredChainIdentity`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ChainIdentity<Short = Vec<u8>, Long = Vec<u8>> {
    /// A name.
    pub name: Short,
    /// A web page.
    pub url: Short,
    /// A repository.
    pub github_repo: Short,
    /// The address of a picture.
    pub image: Long,
    /// A Discord account.
    pub discord: Short,
    /// A description.
    pub description: Long,
    /// Anything else.
    pub additional: Long,
}

/// An identity within its bounds.
pub type StoredChainIdentity = ChainIdentity<BoundedVec<u8, ConstU32<256>>, BoundedVec<u8, ConstU32<1024>>>;

impl ChainIdentity {
    /// Returns the same within the bounds, or `None` if a text is too long.
    pub fn bounded(self) -> Option<StoredChainIdentity> {
        Some(ChainIdentity {
            name: self.name.try_into().ok()?,
            url: self.url.try_into().ok()?,
            github_repo: self.github_repo.try_into().ok()?,
            image: self.image.try_into().ok()?,
            discord: self.discord.try_into().ok()?,
            description: self.description.try_into().ok()?,
            additional: self.additional.try_into().ok()?,
        })
    }
}
