//! Networks and the texts that their owners publish about them.

use crate::bounds::{MaxName, MaxText};
use alloc::{string::String, vec::Vec};
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_primitives::{Amount, BlockNumber, Tao};
use scale_info::TypeInfo;

/// A network, root included.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subnet<AccountId> {
    /// Block of its creation; 0 for a network of genesis.
    pub registered_at: BlockNumber,
    /// Coldkey that owns it. Root and some subnets of genesis have no owner.
    pub owner: Option<AccountId>,
    /// Hotkey whose seat is protected first among the owner's. spec subnets-and-neurons §12.
    ///
    /// It is `None` after a change of owner, until the new owner names one.
    pub owner_hotkey: Option<AccountId>,
    /// TAO that the owner locked and gets back at the end of the subnet.
    pub locked: Amount<Tao>,
}

/// Texts that the owner of a subnet publishes about it. The chain does not interpret them.
///
/// spec subnets-and-neurons §15.2. The argument of a call has [`Vec`]s, so a text that is too long is refused with an
/// error of its own. The stored form is bounded, see [`StoredSubnetIdentity`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SubnetIdentity<Name = Vec<u8>, Text = Vec<u8>> {
    /// Name of the subnet.
    pub subnet_name: Name,
    /// Repository of its code.
    pub github_repo: Text,
    /// Contact of its operator.
    pub subnet_contact: Text,
    /// Web page.
    pub subnet_url: Text,
    /// Discord server or channel.
    pub discord: Name,
    /// Description.
    pub description: Text,
    /// URL of a picture.
    pub logo_url: Text,
    /// Free text.
    pub additional: Text,
}

/// A subnet identity within its bounds.
pub type StoredSubnetIdentity = SubnetIdentity<BoundedVec<u8, MaxName>, BoundedVec<u8, MaxText>>;

impl SubnetIdentity {
    /// Returns the same texts within their bounds, or `None` if one of them is too long.
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

impl<Name: AsRef<[u8]>, Text: AsRef<[u8]>> SubnetIdentity<Name, Text> {
    /// Returns the texts as UTF-8, with U+FFFD in place of other bytes.
    pub fn to_utf8(&self) -> SubnetIdentity<String, String> {
        SubnetIdentity {
            subnet_name: utf8(&self.subnet_name),
            github_repo: utf8(&self.github_repo),
            subnet_contact: utf8(&self.subnet_contact),
            subnet_url: utf8(&self.subnet_url),
            discord: utf8(&self.discord),
            description: utf8(&self.description),
            logo_url: utf8(&self.logo_url),
            additional: utf8(&self.additional),
        }
    }
}

/// Returns bytes as UTF-8, with U+FFFD in place of invalid bytes.
pub(crate) fn utf8(bytes: &impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_encodes_field_by_field() {
        let subnet =
            Subnet { registered_at: 7, owner: Some([1_u8; 2]), owner_hotkey: None, locked: Amount::from_rao(9) };
        assert_eq!(subnet.encode(), [7, 0, 0, 0, 1, 1, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Subnet::decode(&mut &subnet.encode()[..]), Ok(subnet));
    }

    fn identity(name: usize, text: usize) -> SubnetIdentity {
        SubnetIdentity {
            subnet_name: vec![b'n'; name],
            github_repo: vec![b'r'; text],
            discord: vec![b'd'; name],
            ..SubnetIdentity::default()
        }
    }

    #[test]
    fn a_stored_identity_has_the_bytes_of_the_call() {
        let given = identity(2, 3);
        let encoded = [&[8, b'n', b'n', 12, b'r', b'r', b'r', 0, 0, 8, b'd', b'd'][..], &[0; 3]].concat();
        assert_eq!(given.encode(), encoded);
        assert_eq!(given.bounded().map(|stored| stored.encode()), Some(encoded));
    }

    #[test]
    fn texts_beyond_their_bounds_are_refused() {
        assert!(identity(256, 1_024).bounded().is_some());
        assert!(identity(257, 1_024).bounded().is_none());
        assert!(identity(256, 1_025).bounded().is_none());
        assert_eq!(StoredSubnetIdentity::max_encoded_len(), 2 * (2 + 256) + 6 * (2 + 1_024));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced() {
        let given: SubnetIdentity = SubnetIdentity { subnet_name: vec![b'a', 0xff], ..SubnetIdentity::default() };
        assert_eq!(given.to_utf8().subnet_name, "a\u{fffd}");
        assert_eq!(given.bounded().unwrap().to_utf8().subnet_name, "a\u{fffd}");
    }
}
