//! Networks and the texts that their owners publish about them.

use crate::bounds::{MaxName, MaxText};
use alloc::{string::String, vec::Vec};
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_primitives::{Amount, BlockNumber, PublicKey, Tao};
use scale_info::TypeInfo;

/// A network, root included.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subnet<AccountId = PublicKey> {
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

/// The launch phase of a chain. Written at genesis and never changed. spec tokenomics §10.
///
/// A block number ends it, because no party can move one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct LaunchPhase {
    /// First block in which registration by work is open.
    pub opens_at: BlockNumber,
    /// First block after the launch phase; 0 on a chain without one.
    pub ends_at: BlockNumber,
    /// Seats of a subnet below which its epochs pay no neuron in the launch phase.
    pub least_seats: u16,
}

impl LaunchPhase {
    /// Returns true if registration by work is open in this block.
    pub const fn is_open(&self, block: BlockNumber) -> bool {
        block >= self.opens_at
    }

    /// Returns true if this block is of the launch phase.
    pub const fn is_running(&self, block: BlockNumber) -> bool {
        block < self.ends_at
    }

    /// Returns true if a subnet pays and replaces seats by the time they are held: one without an owner, in the phase.
    pub const fn covers<AccountId>(&self, owner: Option<&AccountId>, block: BlockNumber) -> bool {
        owner.is_none() && self.is_running(block)
    }

    /// Returns true if a subnet earns nothing without a share: one with an owner, on a chain with a launch phase.
    ///
    /// The first TAO is spread by work, and an owner buys a subnet with TAO. spec tokenomics §5.4
    pub const fn needs_share<AccountId>(&self, owner: Option<&AccountId>) -> bool {
        self.ends_at > 0 && owner.is_some()
    }
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
