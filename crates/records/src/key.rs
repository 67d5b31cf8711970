//! Records of coldkeys: swaps and identities.

use crate::{
    bounds::{MaxName, MaxText},
    subnet::utf8,
};
use alloc::{string::String, vec::Vec};
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_primitives::{Amount, BlockNumber, Tao};
use primitive_types::H256;
use scale_info::TypeInfo;

/// An announced swap of a coldkey. spec staking §10.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ColdkeySwap {
    /// BLAKE2-256 hash of the new coldkey.
    pub new_coldkey_hash: H256,
    /// First block in which the swap can be carried out.
    pub due: BlockNumber,
    /// True if the holder of the coldkey disputes the announcement.
    pub disputed: bool,
    /// TAO of the coldkey, which is in no account until the swap ends.
    pub escrow: Amount<Tao>,
}

/// Texts that a coldkey publishes about itself. The chain does not interpret them. spec subnets-and-neurons §15.2.
///
/// The argument of a call has [`Vec`]s, so a text that is too long is refused with an error of its own. The stored form
/// is bounded, see [`StoredChainIdentity`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ChainIdentity<Short = Vec<u8>, Long = Vec<u8>> {
    /// Name.
    pub name: Short,
    /// Web page.
    pub url: Short,
    /// Repository.
    pub github_repo: Short,
    /// URL of a picture.
    pub image: Long,
    /// Discord account.
    pub discord: Short,
    /// Description.
    pub description: Long,
    /// Free text.
    pub additional: Long,
}

/// An identity of a coldkey within its bounds.
pub type StoredChainIdentity = ChainIdentity<BoundedVec<u8, MaxName>, BoundedVec<u8, MaxText>>;

impl ChainIdentity {
    /// Returns the same texts within their bounds, or `None` if one of them is too long.
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

impl<Short: AsRef<[u8]>, Long: AsRef<[u8]>> ChainIdentity<Short, Long> {
    /// Returns the texts as UTF-8, with U+FFFD in place of other bytes.
    pub fn to_utf8(&self) -> ChainIdentity<String, String> {
        ChainIdentity {
            name: utf8(&self.name),
            url: utf8(&self.url),
            github_repo: utf8(&self.github_repo),
            image: utf8(&self.image),
            discord: utf8(&self.discord),
            description: utf8(&self.description),
            additional: utf8(&self.additional),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coldkey_swap_encodes_field_by_field() {
        let escrow = Amount::from_rao(3);
        let swap = ColdkeySwap { new_coldkey_hash: H256([4; 32]), due: 258, disputed: true, escrow };
        assert_eq!(swap.encode(), [&[4; 32][..], &[2, 1, 0, 0, 1], &[3, 0, 0, 0, 0, 0, 0, 0]].concat());
        assert_eq!(ColdkeySwap::decode(&mut &swap.encode()[..]), Ok(swap));
        assert_eq!(ColdkeySwap::max_encoded_len(), 45);
    }

    #[test]
    fn a_stored_identity_has_the_bytes_of_the_call() {
        let given = ChainIdentity { name: b"ab".to_vec(), image: b"i".to_vec(), ..ChainIdentity::default() };
        let encoded = [8, b'a', b'b', 0, 0, 4, b'i', 0, 0, 0];
        assert_eq!(given.encode(), encoded);
        assert_eq!(given.bounded().map(|stored| stored.encode()), Some(encoded.to_vec()));
    }

    #[test]
    fn texts_beyond_their_bounds_are_refused() {
        let given = |short, long| ChainIdentity {
            discord: vec![0; short],
            description: vec![0; long],
            ..ChainIdentity::default()
        };
        assert!(given(256, 1_024).bounded().is_some());
        assert!(given(257, 0).bounded().is_none());
        assert!(given(0, 1_025).bounded().is_none());
        assert_eq!(StoredChainIdentity::max_encoded_len(), 4 * (2 + 256) + 3 * (2 + 1_024));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced() {
        let given: ChainIdentity = ChainIdentity { url: vec![0xc3], ..ChainIdentity::default() };
        assert_eq!(given.to_utf8().url, "\u{fffd}");
    }
}
